#!/bin/bash
# cloud/mosquitto as shipped, with an authority of its own for printers and
# services: who may connect at their port, who may say what, that nobody takes
# over another's connection, and that what has expired is gone from memory and
# disk after the purge. The port of workstations: component/mqtt_link and
# broker-conformance.
. "$(dirname "$0")/lib.sh"

port=$(free_port)
dir=$work/broker
fleet=$work/fleet
keys=$work/printers
"$source/tests/support/pki" init "$fleet" --tenant acme
"$source/tests/support/pki" workstation "$fleet" ws-1
pki init --tenant acme
pki service broker --dns localhost
for id in pr-1 pr-2; do pki printer "$id"; done
for id in hub looker purge; do pki service "$id"; done
"$source/cloud/mosquitto/start" --dir "$dir" --ca "$fleet/ca.crt" \
    --printer-ca "$keys/ca.crt" --cert "$keys/broker.crt" \
    --key "$keys/broker.key" --wss-port "$(free_port)" --tls-port "$port" \
    --service hub --background
brokers+=("mosquitto:$dir")

pub() { client mosquitto_pub "$port" "$@" -V 5 -q 1; }
sub() { client mosquitto_sub "$port" "$@" -V 5 -q 1; }
may_publish() { # id topic
    local said
    said=$(pub "$1" -t "$2" -m x 2>&1) && [ -z "$said" ]
}

# --- who, and what ---

as_workstation() { # a certificate of the workstations' authority
    timeout 30 mosquitto_sub -h localhost -p "$port" --cafile "$keys/ca.crt" \
        --cert "$fleet/ws-1.crt" --key "$fleet/ws-1.key" -t 'ph1/#' -E \
        >/dev/null 2>&1
}
nobody() {
    timeout 30 mosquitto_sub -h localhost -p "$port" --cafile "$keys/ca.crt" \
        -t 'ph1/#' -E >/dev/null 2>&1
}
refuse 'nobody connects without a certificate' nobody
refuse "a workstation cannot read at the printers' port" as_workstation
check 'a printer reports its releases' may_publish pr-1 ph1/acme/rel/pr-1
refuse 'and nobody else' may_publish pr-1 ph1/acme/rel/pr-2
refuse 'a printer writes no document' may_publish pr-1 ph1/acme/u/abc/ws-1
refuse 'a printer gives no command' may_publish pr-1 ph1/acme/cmd/ws-1
check 'the hub gives commands' may_publish hub ph1/acme/cmd/ws-1
check 'and policy' may_publish hub ph1/acme/cfg/policy

# --- take-over: a client id is the certificate's name, whatever is asked for ---

watch_has() { grep -q "$1" "$work/watch"; }
sub pr-2 -t 'ph1/acme/cfg/#' -F '%p' >"$work/watch" 2>&1 &
watcher=$!
pub hub -r -t ph1/acme/cfg/policy -m first
until_true 20 watch_has first || fail 'the watcher hears nothing'
# The last -i counts: pr-1 says it were pr-2, then the workstation ws-1.
for id in pr-2 ws-1; do
    sub pr-1 -i "$id" -t ph1/none -E || fail "pr-1 cannot connect"
done
pub hub -r -t ph1/acme/cfg/policy -m second
check 'a stolen client id disturbs nobody' until_true 20 watch_has second
check 'the connection is the same one' kill -0 "$watcher"
refuse 'the broker ended no connection for another' \
    grep -qiE 'already connected|session taken' "$dir/broker.log"
kill "$watcher"

# --- the purge (SR-65: titles go when their time is over) ---

database_has() { grep -qaF "$1" "$dir/data/mosquitto.db"; }
save() { # the broker writes its file anew
    rm -f "$dir/data/mosquitto.db"
    kill -USR1 "$(cat "$dir/broker.pid")"
    until_true 20 test -s "$dir/data/mosquitto.db" || fail 'it does not save'
}
retained() { # topic
    sub looker -t "$1" --retained-only -W 1 2>/dev/null || true
}
is_gone() { [ -z "$(retained "$1")" ]; }
purge() { # id
    "$source/cloud/mosquitto/purge" --ca "$keys/ca.crt" \
        --cert "$keys/$1.crt" --key "$keys/$1.key" --tls-port "$port"
}
lasts() { # seconds topic text
    pub hub -r -t "$2" -m "$3" -D publish message-expiry-interval "$1"
}
u=ph1/acme/u/aaaaaaaaaaaaaaaaaaaaaaaaaa
lasts 600 "$u/ws-1" Living-Title
lasts 1 "$u/ws-2" Expired-Title
save
check 'a title is in the file' database_has Expired-Title
# Looking at a topic removes what has expired there, so look at another one
# that was said later and for as long.
lasts 1 "$u/ws-3" Marker
check 'a second goes by' until_true 20 is_gone "$u/ws-3"
save
check 'the expired title stays in the file by itself' database_has Expired-Title
refuse 'the purge fails aloud without a certificate' purge pr-9 2>/dev/null
check 'the purge runs' purge purge
save
refuse 'after it the title is gone from the file' database_has Expired-Title
check 'the living one is still there' database_has Living-Title
check 'and is told' test "$(retained "$u/ws-1")" = Living-Title
