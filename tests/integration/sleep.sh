# shellcheck shell=bash disable=SC2034
# The computer's sleep: the cloud hears "asleep" before it, and neither the will
# nor anything else says otherwise until it wakes; no sleep while a printer
# fetches a document. A real system bus, and a strict logind on it.
. "$SOURCE/tests/integration/host.sh"
BUS=$HOST/bus
LOGIND=$HOST/logind.log
for tool in dbus-daemon dbus-send; do
    command -v "$tool" >/dev/null || fail "missing tool: $tool, see tests/run"
done

bus_start() {
    cat >"$HOST/bus.conf" <<XML
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=$BUS</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
XML
    dbus-daemon "--config-file=$HOST/bus.conf" --nofork --nopidfile >"$HOST/bus.log" 2>&1 &
    BUS_PID=$!
    until_true 10 test -S "$BUS" || fail 'no bus'
}
bus_stop() {
    kill "$BUS_PID"
    wait "$BUS_PID" 2>/dev/null || true
    rm -f "$BUS"
}
logind_start() { # option...
    : >"$LOGIND"
    rm -f "$HOST/logind.in"
    mkfifo "$HOST/logind.in"
    "$SOURCE/tests/support/fake-logind" "$@" <"$HOST/logind.in" >"$LOGIND" 2>&1 &
    LOGIND_PID=$!
    exec 7>"$HOST/logind.in"
    until_true 10 logind_said ready || fail "logind: $(cat "$LOGIND")"
}
logind_stop() {
    logind quit
    exec 7>&-
    wait "$LOGIND_PID" || fail "logind: $(cat "$LOGIND")"
}
logind() { printf '%s\n' "$1" >&7; }
logind_said() { grep -qE "^$1" "$LOGIND"; }
logind_says() { # text, from here on: in what is new
    tail -n "+$((FROM + 1))" "$LOGIND" | grep -E "^$1" >/dev/null
}
mark() { FROM=$(wc -l <"$LOGIND"); }
parts_end() {
    kill "$BUS_PID" "$LOGIND_PID" 2>/dev/null
}
presence() { grep "/ws/$WS/st " "$HOST/watch.log" | tail -n 1 | cut -d' ' -f2- | jq -r "$1"; }
presence_is() { [ "$(presence '"\(.on) \(.asleep // "")"')" = "$1" ]; }
presences() { grep -c "/ws/$WS/st " "$HOST/watch.log"; }
status_is() { [ "$(ph root status --json | jq -r "$1")" = "$2" ]; }
agent_logs() { grep -qE "$1" "$HOST/agent.log"; }

export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$BUS
AGENT_ENV=("DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SYSTEM_BUS_ADDRESS")
HOST_ENDS+=(parts_end)
BUS_PID='' LOGIND_PID=''
bus_start
logind_start
host_start
until_true 15 cloud_is_online || fail 'the cloud link does not come up'
. "$SOURCE/tests/integration/printer.sh"
check 'sleep waits for us' until_true 10 logind_said 'lock 1 delay PrintHold'
refuse 'but is not blocked' logind_said 'lock [0-9]* block'
check 'the cloud has us on' until_true 10 presence_is 'true '

# --- asleep, and awake again ---
mark
logind sleep
check 'it sleeps' until_true 10 logind_says 'asleep'
check 'the cloud knew before' until_true 2 presence_is 'false true'
TOOK=$(sed -n 's/^asleep //p' "$LOGIND" | tail -1)
check "within 2 s: $TOOK ms" test "$TOOK" -lt 2000
is 'status says it' "$(ph root status --json | jq -r .presence)" asleep
check 'we have left the broker' until_true 5 status_is .cloud connecting
# The will has a delay of 10 s: nothing may come of it, nor do we come back.
COUNT=$(presences)
text_pdf "$HOST/page.pdf" page
print_as alice "$HOST/page.pdf"
check 'what is printed is held' until_true 20 has_jobs alice 1
will_is_over() { [ "$SECONDS" -ge "$WILL" ]; }
WILL=$((SECONDS + 13))
check 'the time of the will passes' until_true 20 will_is_over
is 'nothing else was said' "$(presences)" "$COUNT"
is 'we stay away' "$(ph root status --json | jq -r .cloud)" connecting
mark
logind wake
check 'awake: the next sleep waits for us too' until_true 10 logind_says 'lock [0-9]* delay'
check 'the cloud hears it' until_true 5 presence_is 'true '
check 'and of what was printed' until_true 10 has_events held 1
is 'status says it' "$(ph root status --json | jq -r .presence)" on

# --- only logind is believed ---
NAME=$(dbus-send --system --print-reply=literal --dest=org.freedesktop.DBus / \
    org.freedesktop.DBus.ListNames | tr -s ' ' '\n' | grep '^:')
COUNT=$(presences)
for one in $NAME; do
    dbus-send --system --type=signal "--dest=$one" /org/freedesktop/login1 \
        org.freedesktop.login1.Manager.PrepareForSleep boolean:true
done
mark
logind sleep # comes after the forged one
check 'a forged signal is nothing' until_true 10 logind_says 'asleep'
is 'said once' "$(presences)" $((COUNT + 1))
logind wake
check 'awake' until_true 10 presence_is 'true '

# --- a broker that does not answer ---
check 'a lock is there' until_true 10 test "$(grep -c '^lock.*delay' "$LOGIND")" -ge 3
kill -STOP "$(cat "$HOST/broker/broker.pid")"
mark
logind sleep
check 'sleep does not wait for it long' until_true 10 logind_says 'asleep'
refuse 'nor until logind is tired of us' logind_says 'late'
TOOK=$(sed -n 's/^asleep //p' "$LOGIND" | tail -1)
check "2 s at most: $TOOK ms" test "$TOOK" -lt 3000
kill -CONT "$(cat "$HOST/broker/broker.pid")"
logind wake
check 'it heals' until_true 20 presence_is 'true '
check 'and is online' until_true 20 status_is .cloud online

# --- no sleep while a printer fetches a document ---
sized_filter
print_as alice -t 20000000 "$HOST/page.pdf"
check 'a long document is held' until_true 30 has_jobs alice 2
ID=$(job_field alice 1 .id)
open_session --amr pin
is 'the printer claims it' "$(call POST "/jobs/$ID/claim")" 200
pull() {
    # Not curl_as: a shell around it would be killed in its place.
    curl -sS --http1.1 --limit-rate "$1" --max-time 60 --cacert "$PKI/ca.crt" \
        --cert "$PKI/$PRINTER.crt" --key "$PKI/$PRINTER.key" \
        -H "Authorization: Bearer $SESSION" "$URL/jobs/$ID/document" \
        >"$HOST/pulled" &
    CURL=$!
}
pull_end() {
    kill -KILL "$CURL"
    wait "$CURL" 2>/dev/null || true
}
mark
pull 500k
check 'sleep is held off' until_true 10 logind_says 'lock [0-9]* block'
logind sleep
check 'and does not come' until_true 10 logind_says 'blocked'
BEGAN=$(date +%s%3N)
pull_end
NUMBER=$(sed -n 's/^lock \([0-9]*\) block.*/\1/p' "$LOGIND" | tail -1)
check 'afterwards it may' until_true 10 logind_says "released $NUMBER"
TOOK=$(($(date +%s%3N) - BEGAN))
check "soon: $TOOK ms" test "$TOOK" -lt 2500
refuse 'no lock was asked for in a bad way' logind_said bad

# --- logind goes, and another comes, which does not let us block ---
logind_stop
logind_start --deny-block
check 'we are there at once' until_true 10 logind_said 'lock 1 delay'
pull 500k
check 'it denies' until_true 10 logind_said 'denied block'
check 'the log says what that means' until_true 5 agent_logs \
    'warning: this computer may fall asleep while a printer fetches a document: Permission denied'
check 'status too' grep -q '^Sleep  *this computer may fall asleep while' <(ph root status)
mark
logind sleep
check 'the delay is used as long as there is some' until_true 15 logind_says 'late'
pull_end
check 'and given up with the last document' until_true 5 logind_says 'released 1'
logind wake
check 'awake' until_true 10 presence_is 'true '
pull 500k
pull_end
is 'it was asked once and said once' "$(grep -c '^denied' "$LOGIND") $(grep -c \
    'warning: this computer may fall' "$HOST/agent.log")" '1 1'

# --- asleep when the bus goes: awake, as far as anybody can tell ---
mark
logind sleep
check 'asleep once more' until_true 10 logind_says 'asleep'
bus_stop
wait "$LOGIND_PID" 2>/dev/null || true
exec 7>&-
check 'the bus goes: we are on' until_true 20 presence_is 'true '
check 'the log says what is missing' agent_logs 'sleep of this computer is not noticed'
agent_stop
check 'a clean stop says off' until_true 5 presence_is 'false '

# --- a computer without a bus ---
agent_start
check 'works too' until_true 15 cloud_is_online
agent_stop
