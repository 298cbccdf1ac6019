# shellcheck shell=bash disable=SC2034
# A workstation with networks of its own. Source it in a scenario, in the place
# of host.sh, which it sources: the scenario runs once more in network and host
# name namespaces, so nothing of this computer's network changes or is needed.
#
#   this namespace   the workstation: lo, lan0 to the cloud, lan1 to the printer
#   CLOUD            process id of the cloud's namespace: the broker, a subscriber
#   PRINTER_NET      of the printer's
#
#   networks_start           make them; before host_start
#   in_net PID COMMAND...    in the namespace of that process
#   drop_packets PID RULE    nft: what matches is lost; per cent: "lost 20"
#   drop_nothing PID
#   documents_start          from now on $HOST/documents.log has every message
#                            to u/+/+: when it came (seconds), and the document
#   last_document JQ         of the newest document
#   document_ms JQ-CONDITION how long after $SINCE (ns) the first document came
#                            of which that is true
if [ "${PH_OWN_NETWORK:-}" != yes ]; then
    export PH_OWN_NETWORK=yes
    exec unshare --net --uts -- bash "$0"
fi
# shellcheck source=/dev/null
. "$SOURCE/tests/integration/host.sh"

WKS_CLOUD=10.77.0.2 CLOUD_WKS=10.77.0.1
WKS_PRINTER=10.78.0.2 PRINTER_WKS=10.78.0.1
NETWORKS=()
for tool in ip nft tc; do
    command -v "$tool" >/dev/null || fail "missing tool: $tool, see tests/run"
done

in_net() { # pid command...
    nsenter -t "$1" -n -- "${@:2}"
}
is_apart() { # pid
    [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

network_add() { # our-link our-address their-address; sets NETWORK
    unshare --net sleep 1000000 &
    NETWORK=$!
    NETWORKS+=("$NETWORK")
    until_true 10 is_apart "$NETWORK" || fail 'no network namespace'
    ip link add "$1" type veth peer name eth0 netns "$NETWORK"
    ip addr add "$2/24" dev "$1"
    ip link set "$1" up
    in_net "$NETWORK" ip link set lo up
    in_net "$NETWORK" ip addr add "$3/24" dev eth0
    in_net "$NETWORK" ip link set eth0 up
}

networks_end() {
    kill "${NETWORKS[@]}" 2>/dev/null
}

networks_start() {
    ip link set lo up
    hostname lt-first
    HOST_ENDS+=(networks_end)
    network_add lan0 "$WKS_CLOUD" "$CLOUD_WKS"
    CLOUD=$NETWORK
    network_add lan1 "$WKS_PRINTER" "$PRINTER_WKS"
    PRINTER_NET=$NETWORK
    ip route add default via "$CLOUD_WKS"
    BROKER_IN=(nsenter -t "$CLOUD" -n --)
    BROKER_HOST=$CLOUD_WKS BROKER_ADDRESS=$CLOUD_WKS
    WS_NAMES=(--ip "$WKS_PRINTER")
    mkdir -p "$HOST/etc/conf.d"
    host_config release address ::
}

drop_packets() { # pid rule
    local rule=$2
    [[ $rule != lost\ * ]] || rule="numgen random mod 100 < ${rule#lost }"
    in_net "$1" nft "add table inet test
        add chain inet test in { type filter hook input priority 0; }
        add rule inet test in $rule drop"
}
drop_nothing() { # pid
    in_net "$1" nft delete table inet test
}

documents_start() {
    # Not in_net: a function in the background is a shell of its own, and killing
    # it would leave the subscriber.
    nsenter -t "$CLOUD" -n -- mosquitto_sub -V 5 -h "$BROKER_HOST" -p "$TLS_PORT" \
        --cafile "$HOST/pki/ca.crt" --cert "$HOST/pki/$PRINTER.crt" \
        --key "$HOST/pki/$PRINTER.key" -q 1 -F '%U %p' \
        -t "ph1/$TENANT/u/+/+" >"$HOST/documents.log" 2>&1 &
    DOCUMENTS_PID=$!
    HOST_ENDS+=(documents_end)
}
documents_end() {
    kill "$DOCUMENTS_PID" 2>/dev/null
}

last_document() { # jq-filter
    tail -n 1 "$HOST/documents.log" | cut -d' ' -f2- | jq -r "$1"
}

# Prints milliseconds from $SINCE, nanoseconds, to the broker's message.
document_ms() { # jq-condition
    local when document
    while read -r when document; do
        when=${when/./}
        [ "${when:0:19}" -ge "$SINCE" ] || continue
        jq -e "$1" <<<"$document" >/dev/null || continue
        printf '%d' $(((${when:0:19} - SINCE) / 1000000))
        return
    done <"$HOST/documents.log"
    return 1
}
has_document() { # jq-condition
    document_ms "$1" >/dev/null
}

status_has() { # jq-condition
    ph root status --json | jq -e "$1" >/dev/null
}
