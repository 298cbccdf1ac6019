# shellcheck shell=bash disable=SC2034
# SR-01, SR-04, SR-06, SR-09: what another process of the backend's account, a
# kill, and things planted in our directories can do.
. "$SOURCE/tests/integration/host.sh"
CUPS_HISTORY=Yes
host_start
text_pdf "$HOST/page.pdf" page
print_as alice "$HOST/page.pdf"
check 'a job is held' until_true 20 has_jobs alice 1

# --- things planted in the spool (SR-09) ---

as_lp() {
    setpriv --reuid lp --regid lp --init-groups --inh-caps=-all -- "$@"
}
list_as_lp() { as_lp ls "$1" >/dev/null 2>&1; }
for place in incoming held; do
    refuse "lp cannot list $place" list_as_lp "$HOST/spool/$place"
    refuse "lp cannot make a file in $place" \
        as_lp touch "$HOST/spool/$place/0000000000000000000000000000000f" 2>/dev/null
done
HELD=$(find "$HOST/spool/held" -type f)
SUM=$(sha256sum <"$HELD")
cp "$HELD" "$HOST/elsewhere"
chown printhold "$HOST/elsewhere"
printf 'precious' >"$HOST/precious"
agent_stop
for place in held incoming; do
    at=$HOST/spool/$place
    ln -s "$HOST/elsewhere" "$at/000000000000000000000000000000a1"
    ln -s "$HOST/precious" "$at/000000000000000000000000000000a2"
    ln -s /dev/zero "$at/000000000000000000000000000000a3"
    mkfifo "$at/000000000000000000000000000000b1"
    mkdir "$at/000000000000000000000000000000c1"
    : >"$at/000000000000000000000000000000c1/inside"
    ln "$HOST/elsewhere" "$at/000000000000000000000000000000d1"
    cp "$HELD" "$at/000000000000000000000000000000e1" # root's
    chown -h printhold "$at"/0000*[a-d]?
done
agent_start
is 'planted things are no jobs' "$(jobs_of alice)" 1
is 'of nobody' "$(ph root jobs --all --json | jq length)" 1
is 'the held job is as it was' "$(sha256sum <"$HELD")" "$SUM"
is 'what a link led to is as it was' "$(cat "$HOST/precious")" precious
is 'and the other' "$(sha256sum <"$HOST/elsewhere")" "$SUM"
check 'the agent takes jobs' print_as alice "$HOST/page.pdf"
check 'as before' until_true 20 has_jobs alice 2
ph alice delete "$(job_field alice 1 .id)" >/dev/null
refuse 'no title is in the log' grep -q page.pdf "$HOST/agent.log"

# --- a job that is being taken ---

is_boxed() { [ "$(status_of "$WORKER" Seccomp)" = 2 ]; }
start_job() {
    rm -f "$HOST/filter.go"
    print_as alice -t 'SECRET-TITLE' -o job-billing=SECRET-OPTION "$HOST/page.pdf"
    check 'a capture has begun' until_true 10 file_in "$HOST/spool/incoming"
    check 'by supervisor and worker' until_true 5 find_backend
    check 'and a page counter' test -n "$COUNTER"
    check 'and the worker is in its box' until_true 5 is_boxed
}
arrives() { # text count: once, and CUPS is done
    slow_filter_go
    check "$1: it arrives" until_true 30 has_jobs alice "$2"
    check "$1: CUPS is done with it" until_true 15 job_is "$JOB_ID" completed
    is "$1: once" "$(find "$HOST/spool/held" -type f -user printhold -links 1 | wc -l)" "$2"
}

rm -rf "$HOST"/spool/held/0000* "$HOST"/spool/incoming/*
slow_filter 1
start_job
for pid in "$SUPERVISOR" "$WORKER" "$COUNTER"; do
    is "$(ps -o comm= -p "$pid") runs as lp (SR-01)" "$(status_of "$pid" Uid | cut -f1)" "$(id -u lp)"
    is 'without a capability' "$(status_of "$pid" CapEff)" 0000000000000000
    is 'without core dumps' "$(sed -n 's/^Max core file size *//p' "/proc/$pid/limits" |
        tr -s ' ' | cut -d' ' -f1)" 0
done
is 'the worker gains no privileges (SR-06)' "$(status_of "$WORKER" NoNewPrivs)" 1
nobody_sees() {
    ! setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps=-all -- \
        cat "/proc/$SUPERVISOR/cmdline" "/proc/$WORKER/cmdline" "/proc/$COUNTER/cmdline" |
        grep -qa 'SECRET\|alice\|page.pdf\|job-uuid'
}
check 'nobody sees title, options, file or person with ps (SR-04)' nobody_sees

# The control is a process of lp that takes no care.
setpriv --reuid lp --regid lp --init-groups --inh-caps=-all -- sleep 100 &
CARELESS=$!
until_true 5 runs "$CARELESS" "$(readlink -f "$(command -v sleep)")"
attach() { # pid
    as_lp timeout 20 python3 - "$1" <<'PY'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pid = int(sys.argv[1])
if libc.ptrace(16, pid, None, None) != 0:  # PTRACE_ATTACH
    sys.exit(1)
os.waitpid(pid, 0)
libc.ptrace(17, pid, None, None)  # PTRACE_DETACH
PY
}
read_memory() { # pid: its first mapping
    as_lp timeout 20 python3 - 2>/dev/null "$1" <<'PY'
import sys
pid = sys.argv[1]
start = int(open(f"/proc/{pid}/maps").readline().split("-")[0], 16)
with open(f"/proc/{pid}/mem", "rb") as memory:
    memory.seek(start)
    sys.exit(0 if memory.read(4) else 1)
PY
}
read_environment() { as_lp cat "/proc/$1/environ" >"$HOST/environ" 2>/dev/null; }
list_descriptors() { as_lp ls "/proc/$1/fd" >"$HOST/fds" 2>/dev/null; }
for what in attach read_memory read_environment list_descriptors; do
    check "lp can ${what/_/ }: a careless process" "$what" "$CARELESS"
    for pid in "$SUPERVISOR" "$WORKER" "$COUNTER"; do
        refuse "lp cannot ${what/_/ }: $(ps -o comm= -p "$pid") (SR-06)" "$what" "$pid"
    done
done
kill "$CARELESS"
is 'the document is not readable meanwhile' \
    "$(find "$HOST/spool/incoming" -type f -perm /077)" ''
arrives 'after all that' 2

# --- kills: the job is tried again, or taken; never "completed" and lost ---

COUNT=2
for victim in WORKER COUNTER SUPERVISOR; do
    start_job
    kill -KILL "${!victim}"
    COUNT=$((COUNT + 1))
    arrives "$victim killed" "$COUNT"
done
start_job
kill -SEGV "$WORKER"
COUNT=$((COUNT + 1))
arrives 'WORKER with SIGSEGV' "$COUNT"
is 'no core was dumped (SR-13)' "$(find "$HOST" -name 'core*' -type f)" ''
refuse 'no title is in our log' grep -q 'SECRET' "$HOST/agent.log"
agent_stop
