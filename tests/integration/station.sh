# shellcheck shell=bash
# One person, two workstations, one printer: the list of both, all of it at once,
# chosen jobs, one that is off or asleep, and a hub that goes away before it is
# told. docs/sign-in.md, printhold-station(1).
. "$SOURCE/tests/integration/host.sh"
. "$SOURCE/tests/integration/enrolled_host.sh"
host_start
hub_start
hub user add alice@example.com >/dev/null
PIN=$(hub pin make alice@example.com --json | jq -r .pin)
sign_in() { station sign-in --way pin "$@" <<<"$PIN" 2>"$HOST/said"; }
said() { grep -q -- "$1" "$HOST/said" || fail "'$(cat "$HOST/said")' has not '$1'"; }
released() { # number
    [ "$(hub report releases --format json | jq 'length')" = "$1" ]
}
told_by() { # number who
    [ "$(hub report releases --format json | jq "[.[] | select(.\"told-by\" == \"$2\")] | length")" = "$1" ]
}

check 'one workstation is enrolled' enrol_workstation --id "$WS" --person alice@example.com
check 'a printer too' enrol_station --id "$PRINTER"
text_pdf "$HOST/page.pdf" page
for title in one two three; do
    print_as alice -t "$title" "$HOST/page.pdf"
done
check 'three jobs are held there' until_true 20 has_jobs alice 3

# --- the second: another agent, with its own directories, ports and identity ---

SECOND=$HOST/second
install -d -m 0755 "$SECOND" "$SECOND/etc" "$SECOND/cups"
install -d -m 0700 -o printhold -g printhold "$SECOND/agent" "$SECOND/spool"
install -d -m 0755 -o printhold -g printhold "$SECOND/run"
SECOND_PORT=$(free_port)
sed "s|$HOST/agent|$SECOND/agent|; s|$HOST/spool|$SECOND/spool|; s|$HOST/run|$SECOND/run|g;
    s|^port = .*|port = $SECOND_PORT|; s|^socket = .*|socket =|" "$HOST/etc/printhold.conf" >"$SECOND/etc/printhold.conf"
second() { # program argument...
    local program=$1
    shift
    setpriv --reuid printhold --regid printhold --init-groups --inh-caps=-all \
        env -i "PATH=$PATH" ASAN_OPTIONS=detect_leaks=0 "PRINTHOLD_CONFIG_DIR=$SECOND/etc" "$program" "$@"
}
second_answers() { second "$BUILD/cli/printhold" status >/dev/null 2>&1; }
second_start() {
    setpriv --reuid printhold --regid printhold --init-groups --inh-caps=-all \
        env -i "PATH=$PATH" ASAN_OPTIONS=detect_leaks=0 \
        "$BUILD/agent/printhold-agent" --config-dir "$SECOND/etc" >>"$SECOND/agent.log" 2>&1 &
    SECOND_PID=$!
    until_true 20 second_answers || fail "the second agent: $(tail -3 "$SECOND/agent.log")"
}
second_stop() {
    kill "$SECOND_PID" 2>/dev/null || return 0
    wait "$SECOND_PID" 2>/dev/null || true
}
HOST_ENDS+=(second_stop)
second "$BUILD/agent/printhold-agent" --config-dir "$SECOND/etc" key init
second_start
new_token --class workstation --id ws-second --person alice@example.com
env "PRINTHOLD_CONFIG_DIR=$SECOND/etc" "$BUILD/cli/printhold" \
    enrol --server "https://localhost:$ENROL_PORT" --token-file "$HOST/token" --pin "$PIN_OF_HUB" >/dev/null || fail "the second workstation is not enrolled"
# Its jobs come by the same cupsd, from another backend's point of view.
hold_there() { # title
    lp_there "$1" 2>"$HOST/said" || fail "$(cat "$HOST/said")"
}
lp_there() { # title; the backend as cupsd would run it, for the second agent
    env -i "PATH=$PATH" "PRINTHOLD_CONFIG_DIR=$SECOND/etc" ASAN_OPTIONS=detect_leaks=0 \
        AUTH_UID="$(id -u alice)" AUTH_USERNAME=alice DEVICE_URI=printhold:/ PRINTER=PrintHold \
        CONTENT_TYPE=application/pdf \
        setpriv --reuid lp --regid lp --clear-groups --inh-caps=-all \
        "$BUILD/backend/printhold-backend" 77 alice "$1" 1 'job-uuid=urn:uuid:00000000-0000-0000-0000-000000000077' \
        <"$HOST/page.pdf"
}
hold_there four

# --- the list ---

both() {
    sign_in --json >"$HOST/list.json" &&
        jq -e '[.workstations[] | .workstation + " " + .presence + " " + (.jobs | length | tostring)] | sort ==
            ["ws-second on 1", "'"$WS"' on 3"]' "$HOST/list.json" >/dev/null
}
check 'the list has the jobs of both' until_true 30 both
ONE=$(jq -r '.workstations[].jobs[] | select(.["job-name"] == "one") | .id' "$HOST/list.json")
FOUR=$(jq -r '.workstations[].jobs[] | select(.["job-name"] == "four") | .id' "$HOST/list.json")

# --- chosen jobs, of both at once ---

check 'chosen jobs are pulled from both' sign_in --job "$ONE" --job "$FOUR" --output "$HOST/paper"
is 'and no others' "$(find "$HOST/paper" -name '*.pdf' | sort | xargs -n1 basename | paste -sd' ')" \
    "$(printf '%s.pdf\n' "$ONE" "$FOUR" | sort | paste -sd' ')"
check 'the hub counts both, once, told by printer and workstation' until_true 20 told_by 2 both
is 'nothing waits to be told' "$(find "$HOST/station/reports" -type f | wc -l)" 0
status=0
sign_in --job "$ONE" --output "$HOST/paper" || status=$?
is 'one that is gone is no job' "$status" 4

# --- one that is off ---

hold_there five
held_there() { sign_in --json | jq -e '.workstations[] | select(.workstation == "ws-second") | .jobs | length == 1' >/dev/null; }
check 'a job is held on the second again' until_true 20 held_there
second_stop
off() { sign_in --json | jq -e '.workstations[] | select(.workstation == "ws-second") | .presence == "off"' >/dev/null; }
check 'it is off' until_true 20 off
sign_in >"$HOST/list"
is 'the list says so, with its jobs' "$(grep -A1 '^ws-second' "$HOST/list" | grep -c ' off$\|five')" 2
status=0 BEGAN=$SECONDS
sign_in --all --output "$HOST/paper" || status=$?
is 'of all jobs those of the other are pulled' "$status $(find "$HOST/paper" -name '*.pdf' | wc -l)" '5 4'
said 'is off; switch it on'
check 'without long waiting' test $((SECONDS - BEGAN)) -le 20
second_start
check 'when it is back its job is there' until_true 30 held_there

# --- by numbers ---

text_pdf "$HOST/other.pdf" other
print_as alice -t six "$HOST/page.pdf"
print_as alice -t seven "$HOST/other.pdf"
six_and_seven() { sign_in --json | jq -e '[.workstations[].jobs[]["job-name"]] | contains(["six", "seven"])' >/dev/null; }
check 'two more are held' until_true 20 six_and_seven
BEFORE=$(find "$HOST/paper" -name '*.pdf' | wc -l)
# The second of the list is taken, and it is what the list says.
station sign-in --way pin --choose --output "$HOST/paper" <<<"$PIN"$'\n2' >"$HOST/out" 2>"$HOST/said" ||
    fail "$(cat "$HOST/said")"
is 'one is chosen by its number' "$(($(find "$HOST/paper" -name '*.pdf' | wc -l) - BEFORE)) $(wc -l <"$HOST/out")" '1 1'
said '^  2  '
status=0
station sign-in --way pin --choose --output "$HOST/paper" <<<"$PIN"$'\n9' >"$HOST/out" 2>"$HOST/said" || status=$?
is 'a number that is not there takes nothing' "$status $(wc -l <"$HOST/out")" '1 0'

# --- killed while it tells ---

# What is counted, and struck, is what the station sends: to the workstation that
# the job is printed, to the hub that it was, and that the person goes.
PRELOAD=$(ldd "$BUILD/station/printhold-station" | awk '/libasan/ {print $3}')
PRELOAD="$PRELOAD $BUILD/tests/support/ph-fault.so"
struck() { # action n
    python3 - "$HOST/fault.page" "$1" "$2" <<'PY'
import struct, sys
SEND = 1 << 9
page = struct.pack('=IIIiIIII', 1, SEND, int(sys.argv[2]), 0, int(sys.argv[3]), int(sys.argv[3]), 0, 0)
open(sys.argv[1], 'wb').write(page + bytes(4096 - len(page)))
PY
    env LD_PRELOAD="$PRELOAD" PH_FAULT_PAGE="$HOST/fault.page" PH_FAULT_PROGRAM=printhold-station \
        "$BUILD/station/printhold-station" sign-in --way pin --all --output "$HOST/paper" --force \
        --state "$HOST/station" <<<"$PIN" >"$HOST/out" 2>"$HOST/said"
}
sent() { python3 -c 'import struct,sys; print(struct.unpack_from("=I", open(sys.argv[1],"rb").read(), 24)[0])' "$HOST/fault.page"; }
listed() { sign_in --json >"$HOST/list.json"; }
waits() { find "$HOST/station/reports" -type f -name '????????????????????????????????' | wc -l; }
hold_one() { # title
    print_as alice -t "$1" "$HOST/page.pdf"
    until_true 20 has_jobs alice 1 || fail 'the job is not held'
    until_true 20 is_listed "$1" || fail 'the hub does not know of the job'
}
is_listed() { listed && jq -e ".workstations[].jobs[] | select(.\"job-name\" == \"$1\")" "$HOST/list.json" >/dev/null; }
check 'what is left is taken' sign_in --all --output "$HOST/paper"
check 'all is told so far' until_true 20 told_by 7 both
hold_one counted
check 'what is sent is counted' struck 0 1
SENT=$(sent)
TOLD=8
LEFT=0
for ((back = 0; back < 6; back++)); do
    hold_one "killed-$back"
    ! { struck 1 $((SENT - back)); } 2>/dev/null || fail "nothing was struck, $back before the last"
    LEFT=$((LEFT + $(waits)))
    until_true 20 listed || fail "after the kill: $(cat "$HOST/said")"
    has_jobs alice 0 || sign_in --all --output "$HOST/paper" --force || fail "the job: $(cat "$HOST/said")"
    TOLD=$((TOLD + 1))
    until_true 20 told_by "$TOLD" both || fail "$back before the last: $(hub report releases --format json)"
    [ "$(waits)" = 0 ] || fail 'something waits still'
done
check 'a kill at each of the last six that it sends: told once by each' released "$TOLD"
check 'some had been written down and not told' [ "$LEFT" -ge 1 ]

# --- what was left of another call, and cannot be told ---

REPORT=$(openssl rand -hex 16)
(umask 077 && printf '%s\n{"id":"%s","workstation":"ws-second","job":"%s","result":"printed"}' \
    "$(printf 'A%.0s' {1..43})" "$REPORT" "$FOUR" >"$HOST/station/reports/$REPORT")
check 'a session that is over' listed
said 'a report to the hub is given up'
is 'ends the waiting' "$(waits)" 0
printf 'no report' >"$HOST/station/reports/$REPORT"
check 'what is no report' listed
is 'goes too' "$(waits)" 0
is 'nothing of it was counted' "$(hub report releases --format json | jq length)" "$TOLD"
