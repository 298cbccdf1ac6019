# shellcheck shell=bash disable=SC2034
# A desktop for scenarios: alice at an X server without a screen (Xvfb), on a
# host of tests/integration. Source it in a script that tests/integration/run
# started; it offers
#   desktop_start              host_start, and the X server
#   desktop_end                the agent stops well
#   app COMMAND...             start a program as alice; sets APP_PID
#   app_end                    end it, if it has not ended
#   app_ended_well             it ends by itself, with exit code 0
#   dialog NAME                wait for that window, and focus it
#   keys KEY...                press keys there
#   confirm                    press Return until the window has gone
#   printed WHAT N             job N has come from the program WHAT, without a
#                              question for a password; sets JOB, for ...
#   ticket MEMBER              ... one member of its ticket
#   picture NAME               the screen into $PH_DESKTOP_PICTURES, if set
. "$SOURCE/tests/integration/host.sh"

for tool in Xvfb xdotool "${DESKTOP_TOOLS[@]}"; do
    command -v "$tool" >/dev/null || fail "missing program: $tool"
done

# In a process group of its own, so that it ends with all that it started.
in_group() { # variable for its process id, command...
    local -n group=$1
    shift
    set -m
    "$@" &
    group=$!
    set +m
}

end_group() { # process id, or nothing
    [ -n "$1" ] || return 0
    kill -- "-$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

desktop_end() {
    app_end
    end_group "${XVFB_PID:-}"
}

# alice's programs find the queue the way all CUPS clients do.
on_desktop() { # command...
    as alice env "HOME=$HOST/home" "XDG_RUNTIME_DIR=$HOST/home" \
        "DISPLAY=${X_DISPLAY:-}" NO_AT_BRIDGE=1 GSETTINGS_BACKEND=memory \
        GDK_BACKEND=x11 GSK_RENDERER=cairo "CUPS_SERVER=${APP_CUPS:-$CUPS_SERVER}" \
        QT_QPA_PLATFORM=xcb "$@"
}

desktop_start() {
    CUPS_TCP_PORT=$(free_port)
    HOST_ENDS+=(desktop_end)
    host_start
    install -d -m 0700 -o alice -g alice "$HOST/home"
    on_desktop lpoptions -d PrintHold >/dev/null # her choice in every dialog
    install -d -m 1777 /tmp/.X11-unix
    : >"$HOST/display"
    # Without -noreset it starts anew when the last program closes, and refuses
    # whoever comes just then.
    in_group XVFB_PID as alice Xvfb -displayfd 3 -noreset \
        -screen 0 1280x1024x24 -nolisten tcp 3>>"$HOST/display" >"$HOST/xvfb.log" 2>&1
    until_true 20 grep -q . "$HOST/display" || fail "no X server: $(cat "$HOST/xvfb.log")"
    X_DISPLAY=:$(cat "$HOST/display")
    JOBS=0
}

# --- programs and windows ---

app() { # command...
    app_logged=$(wc -l <"$HOST/cups/log/access_log")
    in_group APP_PID on_desktop "$@" >"$HOST/app.log" 2>&1
}

app_end() {
    end_group "${APP_PID:-}"
    APP_PID=
}

app_ended_well() {
    wait "$APP_PID" || app_failed 'the program does not end well'
    APP_PID=
}

windows() { # name: ids of the visible windows that are called so
    on_desktop xdotool search --onlyvisible --name "$1" 2>/dev/null
}

asks_password() {
    windows '[Aa]uthenti|[Pp]assword' >/dev/null
}

has_window() {
    DIALOG=$(windows "$1" | tail -1)
    [ -n "$DIALOG" ]
}

dialog() { # name
    DIALOG_NAME=$1
    until_true 60 has_window "$1" || app_failed "there is no window '$1'"
    on_desktop xdotool windowfocus --sync "$DIALOG"
}

keys() {
    on_desktop xdotool key --window "$DIALOG" "$@"
}

dialog_has_gone() {
    windows "$DIALOG_NAME" | grep -qx "$DIALOG" || return 0
    keys Return 2>/dev/null || true # it may have gone just now
    return 1
}

# "Print" can be pressed once the program has asked for the printer's options.
confirm() {
    until_true 30 dialog_has_gone || app_failed 'the dialog cannot be confirmed'
}

picture() { # name
    [ -z "${PH_DESKTOP_PICTURES:-}" ] ||
        on_desktop import -window root png:- >"$PH_DESKTOP_PICTURES/$1.png"
}

app_failed() { # text
    picture failed
    tail -n 60 "$HOST/app.log" >&2
    since_app >&2
    fail "$1"
}

# --- what must come of it ---

since_app() { # what cupsd was asked to make
    tail -n +$((app_logged + 1)) "$HOST/cups/log/access_log" |
        grep -E 'POST .* (Create|Print)-Job' || true
}

has_come() {
    ! asks_password || app_failed 'the program asks for a password'
    has_jobs alice "$JOBS"
}

ticket() { job_field alice $((JOBS - 1)) ".ticket[\"$1\"]"; }

# The order of one print: refused once, as nobody; then taken, as alice.
printed() { # what
    JOBS=$((JOBS + 1))
    until_true 60 has_come || app_failed "$1: the job does not come"
    say "ok  $1: the job is held, nobody was asked for a password"
    check "$1: cupsd asked who it is, once" \
        test "$(since_app | grep -c '^localhost - - .* 401 ')" = 1
    check "$1: and took it from alice, once" \
        test "$(since_app | grep -c '^localhost - alice .* 200 ')" = 1
    is "$1: the account" "$(ticket job-originating-user-name)" alice
    is "$1: known by the kernel's word" "$(ticket owner-auth)" peercred
    is "$1: uid" "$(ticket owner-uid)" "$(id -u alice)"
    is "$1: state" "$(job_field alice $((JOBS - 1)) .state)" held
}

in_ticket() { # what; lines of member|value on standard input
    local member value
    while IFS='|' read -r member value; do
        is "$1: $member" "$(ticket "$member")" "$value"
    done
}
