# shellcheck shell=bash
# Shared by the tests of cloud/: certificates, ports, clients, and a fresh
# directory that goes with everything that was started in it.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d /tmp/printhold-cloud-XXXXXX)
chmod 0711 "$work"
keys=$work/pki
brokers=() # start scripts and directories to stop

# shellcheck source=tests/support/checks.sh
. "$source/tests/support/checks.sh"

# shellcheck disable=SC2317
end_all() {
    local rc=$? one
    for one in ${brokers[@]+"${brokers[@]}"}; do
        [ ! -s "${one#*:}/broker.pid" ] ||
            "$source/cloud/${one%%:*}/start" --dir "${one#*:}" --stop || true
        [ "$rc" = 0 ] || tail -n 20 "${one#*:}/broker.log" >&2 || true
    done
    rm -rf "$work"
    exit "$rc"
}
trap end_all EXIT

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    printf '%d' "$port"
}

pki() {
    local command=$1
    shift
    "$source/tests/support/pki" "$command" "$keys" "$@"
}

# Who talks to which port; the client id is the certificate's name unless -i
# comes later.
client() { # program port id argument...
    local program=$1 port=$2 id=$3
    shift 3
    timeout 30 "$program" -h localhost -p "$port" --cafile "$keys/ca.crt" \
        --cert "$keys/$id.crt" --key "$keys/$id.key" -i "$id" "$@"
}
