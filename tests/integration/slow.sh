# shellcheck shell=bash disable=SC2034
# SR-49, SR-74: 2,000 half-open connections and slowhttptest with slow heads, slow bodies
# and slow readers, strangers and a printer with its certificate and a session, all
# at once. Meanwhile a good printer pulls again and again with fresh handshakes, the
# desktop prints and the cloud hears of it.
. "$SOURCE/tests/integration/host.sh"
host_start
. "$SOURCE/tests/integration/printer.sh"
SLOW=pr-test-slow
LENGTH=10
CROWD=100
[ "${PH_LONG:-OFF}" != ON ] || LENGTH=40 CROWD=1000
pki printer "$PKI" "$SLOW"
ulimit -n 4096 2>/dev/null || fail 'needs 4096 open files (ulimit -Hn)'
until_true 15 cloud_is_online || fail 'the cloud link does not come up'

text_pdf "$HOST/page.pdf" page
sized_filter
print_as alice -t 6000000 "$HOST/page.pdf"
print_as alice -t 48000000 "$HOST/page.pdf" # more than sockets keep
until_true 30 has_jobs alice 2 || fail "alice's jobs do not arrive"
GOOD_JOB=$(job_field alice 0 .id) SLOW_JOB=$(job_field alice 1 .id)
SUM=$(document_sha "$GOOD_JOB")

# --- who hurts ---

ATTACKERS=()
stop_attackers() {
    local one
    for one in ${ATTACKERS[@]+"${ATTACKERS[@]}"}; do
        kill "$one" 2>/dev/null || true
    done
}
HOST_ENDS+=(stop_attackers)

(
    PRINTER=$SLOW
    open_session --amr pin
    is 'the slow printer claims its job' "$(call POST "/jobs/$SLOW_JOB/claim")" 200
    printf '%s' "$SESSION" >"$HOST/slow.session"
) || exit 1
SLOW_SESSION=$(cat "$HOST/slow.session")
RELAY_PORT=$(free_port)
"$SOURCE/tests/support/tls-relay" "$RELAY_PORT" "$RELEASE_PORT" "$PKI/ca.crt" \
    "$PKI/$SLOW.crt" "$PKI/$SLOW.key" >"$HOST/relay.log" 2>&1 &
ATTACKERS+=($!)
until_true 10 grep -q ready "$HOST/relay.log" || fail 'the relay does not start'

slow() { # name connections slowhttptest-option...
    local name=$1 count=$2
    shift 2
    slowhttptest -c "$count" -r "$count" -l "$LENGTH" -i 1 -p 1 "$@" \
        >"$HOST/$name.log" 2>&1 &
    ATTACKERS+=($!)
    SLOWEST+=($!)
}
half_open() {
    python3 - "$RELEASE_PORT" "$LENGTH" >"$HOST/half-open" <<'PY' &
import socket, sys, time
held = []
end = time.monotonic() + int(sys.argv[2])
for n in range(2000):
    one = socket.socket()
    one.bind((f'127.0.0.{1 + n % 20}', 0))
    one.settimeout(10)
    one.connect(('127.0.0.1', int(sys.argv[1])))
    held.append(one)
print(len(held), flush=True)
time.sleep(max(0, end - time.monotonic()))
PY
    ATTACKERS+=($!)
    SLOWEST+=($!)
}

# --- who works ---

# It has an address of its own; the crowd comes from 20 others.
FROM=(--interface 127.0.0.99)
pull_again_and_again() {
    local rounds=0
    while [ ! -e "$HOST/over" ] || [ "$rounds" -lt 3 ]; do
        [ "$(call GET /jobs "${FROM[@]}")" = 200 ] || fail "no list: $(tail -3 "$HOST/agent.log")"
        [ "$(call GET "/jobs/$GOOD_JOB/document" "${FROM[@]}")" = 200 ] || fail 'no document'
        [ "$(sha256sum <"$BODY" | cut -d' ' -f1)" = "$SUM" ] || fail 'not the document'
        rounds=$((rounds + 1))
        printf '%d\n' "$rounds" >"$HOST/rounds"
    done
}
open_session --amr card
is 'the good printer claims its job' "$(call POST "/jobs/$GOOD_JOB/claim")" 200
refused() {
    ph root status --json | jq '.["release-refused"]'
}
has_at_least() { # status-member count
    [ "$(ph root status --json | jq ".[\"$1\"]")" -ge "$2" ]
}
BEFORE=$(refused)
SLOWEST=()
half_open
slow strangers-head "$CROWD" -H -u "https://127.0.0.1:$RELEASE_PORT/v1"
slow strangers-body "$CROWD" -B -u "https://127.0.0.1:$RELEASE_PORT/v1/sessions"
slow strangers-read "$CROWD" -X -u "https://127.0.0.1:$RELEASE_PORT/v1"
slow printer-head 5 -H -u "http://127.0.0.1:$RELAY_PORT/v1"
slow printer-body 5 -B -s 30000 -f application/json \
    -u "http://127.0.0.1:$RELAY_PORT/v1/sessions"
slow printer-read 5 -X -w 10 -y 20 -z 8 -n 1 \
    -j $'none\r\nAuthorization: Bearer '"$SLOW_SESSION" \
    -u "http://127.0.0.1:$RELAY_PORT/v1/jobs/$SLOW_JOB/document"
check 'the slow printer reads slowly' until_true 10 has_at_least release-pulls 5
check 'and has its other connections' until_true 10 has_at_least release-connections 15
slow printer-more "$CROWD" -H -u "http://127.0.0.1:$RELAY_PORT/v1"
pull_again_and_again &
GOOD=$!
print_as bob -t 100000 "$HOST/page.pdf"
check 'the desktop prints meanwhile' until_true 30 has_jobs bob 1
check 'and the cloud hears of it' until_true 10 has_events held 3
for one in "${SLOWEST[@]}"; do
    wait "$one" || true # slowhttptest's word is about its own probe
done
is 'all who open halfway came' "$(cat "$HOST/half-open")" 2000
: >"$HOST/over"
wait "$GOOD" || fail 'the good printer was hurt'
say "it pulled $(cat "$HOST/rounds") times; refused: $(($(refused) - BEFORE))"
check 'strangers were refused' test "$(refused)" -gt $((BEFORE + 500))
check 'the link to the cloud has never been down' test \
    "$(grep -c 'cloud: connected' "$HOST/agent.log")" = 1
stop_attackers
is 'printed' "$(complete "$GOOD_JOB" printed)" 200
check 'the cloud hears of that' until_true 10 has_events released 1
agent_stop
