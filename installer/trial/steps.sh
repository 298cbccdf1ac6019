# shellcheck shell=bash disable=SC2034,SC2154
# Steps, their clock and log, processes, and the end of it all. Sourced by
# installer/try.

# --- what a person sees; 3 is the terminal, 1 and 2 are a step's log ---

begin_steps() {
    exec 3>&1
    STEP='' STEP_LOG='' REASON=''
    STEP_NUMBER=${PRINTHOLD_TRY_STEP:-0}
    BEGAN=${PRINTHOLD_TRY_BEGAN:-$(now_ms)}
    LOG=$DIR/log/steps.log
    : >>"$LOG"
    GREEN='' RED='' DIM='' PLAIN=''
    if [ -t 1 ]; then
        GREEN=$'\e[32m' RED=$'\e[31m' DIM=$'\e[2m' PLAIN=$'\e[0m'
    fi
    trap at_exit EXIT
    trap 'REASON="interrupted"; exit 130' INT TERM HUP
    [ "$STEP_NUMBER" = 0 ] || return 0
    say "PrintHold, from the print dialog to the paper tray"
    say "${DIM}everything is below $DIR${PLAIN}"
    say ''
}

now_ms() {
    date +%s%3N
}

seconds() { # milliseconds
    printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100))
}

say() {
    printf '%s\n' "$*" >&3
}

indent() {
    sed 's/^/       /' >&3
}

# A step runs in this shell with errexit: the first failing command ends it.
step() { # words function
    STEP=$1 STEP_NUMBER=$((STEP_NUMBER + 1)) REASON='' NOTE=''
    STEP_LOG=$DIR/log/step-$STEP_NUMBER.log
    local began
    began=$(now_ms)
    printf '%2d  %-40s ' "$STEP_NUMBER" "$STEP" >&3
    if [ "$VERBOSE" = yes ]; then
        printf '\n' >&3
        "$2" > >(tee -a "$STEP_LOG" | indent) 2>&1
    else
        "$2" >>"$STEP_LOG" 2>&1
    fi
    cat "$STEP_LOG" >>"$LOG" 2>/dev/null || true
    say "${GREEN}ok${PLAIN} $(seconds $(($(now_ms) - began))) s${NOTE:+   $NOTE}"
    STEP=''
}

fail() { # sentence
    REASON=$*
    printf '%s\n' "$*"
    exit 1
}

# Wait until a command succeeds; no longer than the given seconds.
wait_for() { # seconds what command...
    local end what=$2
    end=$(($(now_ms) + $1 * 1000))
    shift 2
    until "$@"; do
        [ "$(now_ms)" -lt "$end" ] || fail "waited too long for $what"
        sleep 0.05
    done
}

# --- processes: each has a file "PID START-TIME LOG" in run/pids ---

start_time() { # pid; the 22nd field, counted after the name in brackets
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    printf '%s' "${20}"
}

remember() { # name pid
    printf '%s %s\n' "$2" "$(start_time "$2")" >"$DIR/run/pids/$1"
}

alive() { # name
    local pid started
    read -r pid started 2>/dev/null <"$DIR/run/pids/$1" || return 1
    [ "$(start_time "$pid")" = "$started" ]
}

launch() { # name command...; its words go to log/NAME.log
    local name=$1
    shift
    setsid "$@" </dev/null >>"$DIR/log/$name.log" 2>&1 3>&- &
    remember "$name" $!
}

must_live() { # name
    alive "$1" || fail "$1 ended: $(tail -n 1 "$DIR/log/$1.log")"
}

# A number in a file is not enough to end a process: its start must match.
signal_process() { # dir name signal; fails when it is gone
    local pid started
    read -r pid started 2>/dev/null <"$1/run/pids/$2" || return 1
    [ "$(start_time "$pid")" = "$started" ] || return 1
    kill "-$3" "$pid" 2>/dev/null
}

end_process() { # dir name
    local tries
    signal_process "$1" "$2" TERM || true
    for tries in $(seq 100); do
        signal_process "$1" "$2" 0 || break
        [ "$tries" != 60 ] || signal_process "$1" "$2" KILL || true
        sleep 0.05
    done
    rm -f "$1/run/pids/$2"
}

# The last one first: the agent says good-bye to the broker.
end_processes() { # dir
    local name
    for name in reader agent cups hub broker; do
        [ ! -f "$1/run/pids/$name" ] || end_process "$1" "$name"
    done
}

# --- the end ---

at_exit() {
    local code=$?
    trap - EXIT INT TERM HUP
    set +e
    forget_policy
    if [ "$code" = 0 ] && [ "$STAY" = yes ]; then
        exit 0
    fi
    [ "$code" = 0 ] || report_failure
    end_processes "$DIR"
    if [ "$KEEP" = yes ]; then
        say "${DIM}kept: $DIR${PLAIN}"
    elif [ "$code" = 0 ]; then
        rm -rf "$DIR"
    else
        say "The logs are in $DIR/log; remove the directory when done."
    fi
    case $code in 0 | 130) exit "$code" ;; esac
    exit 1
}

report_failure() {
    local log
    say "${RED}failed${PLAIN}"
    say ''
    say "${RED}FAILED${PLAIN} in step $STEP_NUMBER, ${STEP:-between two steps}${REASON:+: $REASON}"
    for log in "$STEP_LOG" "$DIR"/log/{agent,cups,hub,broker}.log \
        "$DIR"/cups/log/error_log; do
        [ -s "$log" ] || continue
        say "--- the last lines of ${log#"$DIR"/}"
        tail -n 15 "$log" | cut -c1-300 | indent
    done
}

# Only what this program left there, as root, is touched; without a directory
# only what was meant to stay, not a trial that is still at work.
stop_earlier() { # dir or nothing
    local dir mark=printhold-try found=no
    [ -n "$1" ] || mark=stay
    for dir in "${1:-/tmp/printhold-try.}"*; do
        if [ -n "$1" ] && [ "$dir" != "$1" ]; then
            continue
        fi
        if [ ! -d "$dir" ] || [ -L "$dir" ] || [ ! -f "$dir/$mark" ] ||
            [ "$(stat -c %u "$dir")" != 0 ]; then
            continue
        fi
        end_processes "$dir"
        rm -rf "$dir"
        printf 'stopped and removed %s\n' "$dir"
        found=yes
    done
    [ "$found" = yes ] || printf 'nothing to stop\n'
}
