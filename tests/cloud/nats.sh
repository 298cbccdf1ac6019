#!/bin/bash
# cloud/nats as shipped: a cluster of three, MQTT 3.1.1 over TLS with client
# certificates. Who may say what, that a node that dies loses nothing, and who
# may not join. MQTT over WebSocket: broker-conformance.
. "$(dirname "$0")/lib.sh"

pki init --tenant acme
for n in 1 2 3; do
    pki service node-$n --dns localhost --ip 127.0.0.1
    tls[n]=$(free_port) nats[n]=$(free_port) route[n]=$(free_port)
done
for id in ws-1 ws-2 ws-3; do pki workstation "$id"; done
pki printer pr-1
pki service hub

start_node() { # n
    local n=$1 other arguments=()
    for other in 1 2 3; do
        arguments+=(--node-cert "$keys/node-$other.crt")
        [ "$other" = "$n" ] || arguments+=(--node "127.0.0.1:${route[other]}")
    done
    "$source/cloud/nats/start" --dir "$work/node-$n" --tenant acme \
        --ca "$keys/ca.crt" --cert "$keys/node-$n.crt" \
        --key "$keys/node-$n.key" --name "node-$n" \
        --wss-port "$(free_port)" --tls-port "${tls[n]}" \
        --nats-port "${nats[n]}" --cluster-port "${route[n]}" \
        --workstation ws-1 --workstations "$work/fleet" --reader pr-1 \
        --service hub --background "${arguments[@]}"
}
echo ws-2 >"$work/fleet"
for n in 1 2 3; do
    start_node $n
    brokers+=("nats:$work/node-$n")
done

pub() { # node id argument...
    local n=$1
    shift
    client mosquitto_pub "${tls[n]}" "$@" -V 311 -q 1
}
sub() { # node id argument...
    local n=$1
    shift
    client mosquitto_sub "${tls[n]}" "$@" -V 311 -q 1
}
answers() { # node: its half of the cluster has a leader
    sub "$1" pr-1 -t ph1/acme/cfg/+ -E >/dev/null 2>&1
}
for n in 1 2 3; do
    check "node $n answers" until_true 60 answers $n
done

# --- who may say what ---

u=ph1/acme/u/aaaaaaaaaaaaaaaaaaaaaaaaaa
seen() { # node topic text: what a printer finds there
    [ "$(sub "$1" pr-1 -t "$2" -C 1 -W 5 2>/dev/null)" = "$3" ]
}
pub 1 ws-1 -r -t "$u/ws-1" -m mine
check 'a document said at one node is found at another' \
    until_true 20 seen 3 "$u/+" mine
check 'and a printer may ask for everything' seen 2 'ph1/acme/#' mine
# nats-server acknowledges what it does not take, so look at what came of it.
pub 2 ws-1 -r -t "$u/ws-2" -m forged
pub 2 ws-2 -r -t ph1/acme/ws/ws-1/st -m forged
pub 2 ws-2 -r -t ph1/acme/cfg/policy -m forged
pub 2 ws-2 -r -t ph1/other/u/x/ws-2 -m forged
pub 2 ws-2 -r -t "$u/ws-2" -m true
check "and nobody's but the own" until_true 20 seen 2 "$u/ws-2" true
for topic in ph1/acme/ws/ws-1/st ph1/acme/cfg/policy; do
    refuse "nothing is at $topic" seen 2 "$topic" forged
done
violations() { grep -c 'Publish Violation' "$work/node-2/broker.log"; }
check 'the log of the node names four' test "$(violations)" = 4
is_denied() { # id topic
    sub 2 "$1" -t "$2" -W 5 2>&1 | grep -q 'requests were denied'
}
check 'a workstation does not read documents' is_denied ws-2 "$u/+"
check 'nor what others are told' is_denied ws-2 ph1/acme/cmd/ws-1
pub 1 hub -r -t ph1/acme/cfg/policy -m rules
policy() { [ "$(sub 3 ws-2 -t ph1/acme/cfg/+ -C 1 -W 5 2>/dev/null)" = rules ]; }
check 'but the policy' until_true 20 policy
refuse 'who is not named does not connect' \
    sub 1 ws-3 -t ph1/acme/cfg/+ -E >/dev/null 2>&1
for n in 1 2 3; do
    "$source/cloud/nats/start" --dir "$work/node-$n" --reload --workstation ws-3
done
known() { sub 1 ws-3 -t ph1/acme/cfg/+ -E >/dev/null 2>&1; }
check 'after --reload it does' until_true 20 known

# --- the protocol of NATS, and the cluster's port ---

# CONNECT over TLS after INFO, and what is said to it.
cat >"$work/nats.py" <<'PY'
import json, socket, ssl, sys
port, ca, cert, key, route = sys.argv[1:]
plain = socket.create_connection(("localhost", int(port)), 10)
plain.settimeout(10)
context = ssl.create_default_context(cafile=ca)
context.load_cert_chain(cert, key)
try:
    if not int(route):
        plain.recv(4096)  # INFO; TLS begins after it
    link = context.wrap_socket(plain, server_hostname="localhost")
    link.sendall(b"CONNECT " + json.dumps(
        {"verbose": True, "tls_required": True, "name": "x"}).encode()
        + b"\r\nPING\r\n")
    said = b""
    while b"PONG" not in said and b"-ERR" not in said:
        piece = link.recv(4096)
        if not piece:
            break
        said += piece
except (ssl.SSLError, ConnectionError) as error:
    said = str(error).encode()
sys.exit(0 if b"PONG" in said else 1)
PY
speaks_nats() { # port id route
    python3 "$work/nats.py" "$1" "$keys/ca.crt" "$keys/$2.crt" \
        "$keys/$2.key" "$3"
}
refuse 'a workstation does not speak NATS' speaks_nats "${nats[1]}" ws-1 0
refuse 'nor does the hub' speaks_nats "${nats[1]}" hub 0
unpinned() { grep -c 'certificate not pinned' "$work/node-1/broker.log"; }
refuse "a workstation's certificate joins no cluster" \
    speaks_nats "${route[1]}" ws-1 1
check 'and the log says so' test "$(unpinned)" = 1
# A node's gets as far as to the name of the cluster, which it does not say.
refuse 'nor does who knows not its name' speaks_nats "${route[1]}" node-2 1
check "but a node's certificate is taken" test "$(unpinned)" = 1

# --- a node dies ---

kill -KILL "$(cat "$work/node-1/broker.pid")"
rm "$work/node-1/broker.pid"
check 'the document survives a node' until_true 60 seen 2 "$u/ws-1" mine
replaced() {
    pub 3 ws-1 -r -t "$u/ws-1" -m newer 2>/dev/null &&
        seen 2 "$u/ws-1" newer
}
check 'its workstation goes on at another' until_true 60 replaced
start_node 1
check 'and the node comes back' until_true 60 seen 1 "$u/ws-1" newer
pub 1 ws-1 -r -t "$u/ws-1" -n
gone() { ! seen 3 "$u/ws-1" newer; }
check 'an empty document deletes it everywhere' until_true 20 gone

# --- the purge: nothing expires by itself with MQTT 3.1.1 (SR-65) ---

document() { # exp...
    jq -cn --args '{v: 1, jobs: [$ARGS.positional[] | {exp: .}]}' "$@"
}
past=2020-01-01T00:00:00.000Z later=2099-01-01T00:00:00.000Z
pub 2 ws-1 -r -t "$u/ws-1" -m "$(document $past $past)"
pub 2 ws-2 -r -t "$u/ws-2" -m "$(document $past $later)"
pub 2 ws-3 -r -t "$u/ws-3" -m 'not understood'
purge() {
    "$source/cloud/nats/purge" --tenant acme --ca "$keys/ca.crt" \
        --cert "$keys/hub.crt" --key "$keys/hub.key" --id hub \
        --tls-port "${tls[3]}" --quiet-s 2 | grep -q "^$1 documents"
}
check 'a document of which all jobs have expired is deleted' purge 1
check 'one with a job that has not stays' \
    until_true 20 seen 1 "$u/ws-2" "$(document $past $later)"
check 'and so does what is not understood' seen 1 "$u/ws-3" 'not understood'
nothing() { [ -z "$(sub 1 pr-1 -t "$u/ws-1" -W 2 2>/dev/null)" ]; }
check 'the deleted one is gone at every node' nothing
