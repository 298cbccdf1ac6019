#!/bin/bash
# broker-conformance on the brokers that we ship, against the table that is
# known for each:  test.sh mosquitto|nats
. "$(dirname "$0")/../cloud/lib.sh"
here=$source/tests/broker-conformance

pki init --tenant acme
pki service broker --dns localhost --ip 127.0.0.1
for id in ws-1 ws-2; do pki workstation "$id"; done
for id in hub report; do pki service "$id"; done
wss=$(free_port) tls=$(free_port)
common=(--dir "$work/broker" --ca "$keys/ca.crt" --cert "$keys/broker.crt"
    --key "$keys/broker.key" --wss-port "$wss" --tls-port "$tls"
    --service hub --service report --background)
case ${1-} in
mosquitto) "$source/cloud/mosquitto/start" "${common[@]}" ;;
nats)
    "$source/cloud/nats/start" "${common[@]}" --tenant acme \
        --nats-port "$(free_port)" --workstation ws-1 --workstation ws-2
    ;;
*) fail 'which broker: mosquitto or nats?' ;;
esac
brokers+=("$1:$work/broker")

of() { # id
    printf '%s,cert=%s/%s.crt,key=%s/%s.key' "$1" "$keys" "$1" "$keys" "$1"
}
"$here/run" "wss://localhost:$wss/mqtt" --read-url "mqtts://localhost:$tls" \
    --ca "$keys/ca.crt" --tenant acme --workstation "$(of ws-1)" \
    --workstation "$(of ws-2)" --service "$(of hub)" --service "$(of report)" \
    --json >"$work/found" || fail "no mode fits: $(cat "$work/found")"
jq -r '"mode \(.mode)", (.found | to_entries[] | .key as $l | .value |
    to_entries[] | "\($l) \(.key): \(.value | sub(" \\([0-9.]+ ms\\)"; ""))")' \
    "$work/found" >"$work/table"
jq -r '.found[]["big-document"] // empty' "$work/found"
diff -u "$here/$1.table" "$work/table" || fail 'the table is another one'
say 'as known'
