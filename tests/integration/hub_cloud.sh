# shellcheck shell=bash disable=SC2046
# cloud/start: broker and hub with one command; what is made once stays.
. "$SOURCE/tests/integration/host.sh"
. "$SOURCE/tests/integration/hub.sh"
# A hub that gave up root cannot be looked through for leaks.
export ASAN_OPTIONS=detect_leaks=0
CLOUD=$HOST/cloud
HUB=$CLOUD/hub
HUB_CONF=$CLOUD/hub.conf
DEVICES=$(free_port) ENROL=$(free_port) WSS=$(free_port) READERS=$(free_port)

cloud() {
    "$SOURCE/cloud/start" --dir "$CLOUD" --no-install --build "$BUILD" "$@"
}
cloud_start() {
    PH_REVOKED_INTERVAL=1 cloud --tenant "$TENANT" --name localhost --bind 127.0.0.1 --admin admin@example.com \
        --device-port "$DEVICES" --enrol-port "$ENROL" --wss-port "$WSS" --tls-port "$READERS" \
        --background >"$HOST/said" 2>&1 || fail "cloud/start: $(tail -5 "$HOST/said")"
}
cloud_end() {
    local rc=$?
    cloud --stop || true
    [ "$rc" -eq 0 ] || sed 's/^/    hub: /' "$CLOUD/hub.log" | tail -20
    exit "$rc"
}
trap cloud_end EXIT
# Of a service without an account of its own in the tests' list.
id -u printhold-hub >/dev/null 2>&1 ||
    printf 'printhold-hub:x:879:879::/nonexistent:/usr/sbin/nologin\n' >>/etc/passwd
getent group printhold-hub >/dev/null || printf 'printhold-hub:x:879:\n' >>/etc/group

cloud_start
say "$(head -1 "$HOST/said")"
is 'the hub is not root' "$(ps -o user:20= -p "$(cat "$CLOUD/hub.pid")" | tr -d ' ')" printhold-hub
is 'its directory is its own' "$(stat -c '%U %a' "$HUB")" 'printhold-hub 700'
is 'the administrator is there' "$(hub user list --json | jq -r '.[].login')" admin@example.com

device_key desk
enrol desk "$(token --class workstation --person admin@example.com)"
is 'a workstation is enrolled' "$STATUS" 201
is 'and told where the broker is' "$(jq -r .broker <<<"$BODY")" "wss://localhost:$WSS/mqtt"
upgrade() { # name
    curl --silent --http1.1 --max-time 20 --cacert "$HUB/ca.crt" $(as "$1") --output /dev/null \
        --write-out '%{http_code}' --header 'Connection: Upgrade' --header 'Upgrade: websocket' \
        --header 'Sec-WebSocket-Version: 13' --header 'Sec-WebSocket-Protocol: mqtt' \
        --header "Sec-WebSocket-Key: $(openssl rand -base64 16)" "https://localhost:$WSS/mqtt" || true
}
is 'the broker takes its certificate' "$(upgrade desk)" 101
device_key stranger
"$SOURCE/tests/support/pki" init "$HOST/strange" --tenant "$TENANT"
"$SOURCE/tests/support/pki" workstation "$HOST/strange" ws-x
cp "$HOST"/strange/ws-x.* "$HOST/dev/"
is 'and not that of a stranger' "$(upgrade ws-x)" 000

# The hub's own certificate is the broker's service: it may write the policy.
publish() { # certificate key
    timeout 30 mosquitto_pub -V 5 -h localhost -p "$READERS" --cafile "$HUB/ca.crt" --cert "$1" --key "$2" \
        -q 1 -r -t "ph1/$TENANT/cfg/ws/ws-none" -m '{}' 2>&1
}
check 'the hub may publish' publish "$HUB/hub.crt" "$HUB/hub.key"
heard() {
    timeout 30 mosquitto_sub -V 5 -h localhost -p "$READERS" --cafile "$HUB/ca.crt" --cert "$1" --key "$2" \
        -t "ph1/$TENANT/cfg/ws/ws-none" -C 1 -W "$3" 2>/dev/null || true
}
is 'and reads what it published' "$(heard "$HUB/hub.crt" "$HUB/hub.key" 20)" '{}'
is 'a workstation reads nothing at that port' "$(heard "$HOST/dev/desk.crt" "$HOST/dev/desk.key" 2)" ''

# Who is revoked is told to the broker.
says() { # id; the reason of the PUBACK of its presence, or none
    (cd "$SOURCE/tests/broker-conformance" && python3 - "$1" "$2" "$3" <<'PY'
import os
import sys
import wire
name, ident, port = sys.argv[1:]
dev = os.environ["HOST"] + "/dev/"
client = wire.Client(wire.Server(f"wss://localhost:{port}/mqtt", os.environ["HOST"] + "/cloud/hub/ca.crt"),
                     wire.Identity(ident, f"{dev}{name}.crt", f"{dev}{name}.key"))
client.connect()
print("%02x" % client.publish(f"ph1/test/ws/{ident}/st", b"{}"))
client.leave()
PY
    ) 2>/dev/null || echo none
}
export HOST
device_key lost
enrol lost "$(token --class workstation --id ws-lost)"
is 'another workstation is enrolled' "$STATUS" 201
heeded() { [ "$(says "$1" "$2" "$WSS")" != 87 ]; }
ignored() { ! heeded "$@"; }
DESK=$(hub workstation list --json | jq -r '.[] | select(.id != "ws-lost") | .id')
check 'the broker takes what it says' heeded lost ws-lost
pki_printer() { # name id
    device_key "$1"
    enrol "$1" "$(token --class printer --id "$2")"
}
pki_printer stolen pr-stolen
reads() { # name; does the port of printers let it in?
    mosquitto_sub -V 5 -h localhost -p "$READERS" --cafile "$HUB/ca.crt" --cert "$HOST/dev/$1.crt" \
        --key "$HOST/dev/$1.key" -t ph1/nothing -E -W 10 >"$HOST/tls" 2>&1
}
is_out() { ! reads "$1"; }
check 'and the port of printers a printer' reads stolen
hub workstation revoke ws-lost
hub printer revoke pr-stolen
check 'who is revoked is not heeded any more' until_true 30 ignored lost ws-lost
check 'others are' heeded desk "$DESK"
check 'a printer that is revoked does not come in' until_true 30 is_out stolen

BEFORE=$(sha256sum "$HUB"/{ca,issuer,directory,pepper}.key)
cloud --stop
call GET "$DEVICES" /v1/device $(as desk)
is 'all of it ends' "$STATUS" 000
cloud_start
is 'and goes on with the same keys' "$(sha256sum "$HUB"/{ca,issuer,directory,pepper}.key)" "$BEFORE"
call GET "$DEVICES" /v1/device $(as desk)
is 'and the same devices' "$STATUS" 200
check 'who is revoked stays so' ignored lost ws-lost
check 'the printer too' is_out stolen
check 'and no other is' heeded desk "$DESK"
