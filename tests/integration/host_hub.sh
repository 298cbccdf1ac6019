# shellcheck shell=bash disable=SC2034
# A real hub beside the workstation of host.sh, of the same authority, reading and
# writing the same broker. Source it after host.sh and before host_start; it
# sets HUB (its directory) and HUB_PORT, and offers
#   hub COMMAND...                 a command of administration
#   hub_start, hub_stop, hub_kill  "serve"
HUB=$HOST/hub
HUB_PID=
hub() { "$BUILD/cloud/hub/printhold-hub" --dir "$HUB" --config "$HOST/hub.conf" "$@"; }

# The authority is that of the other certificates here.
eval "$(declare -f host_pki | sed '1s/host_pki/host_pki_alone/')"
host_pki() {
    host_pki_alone
    "$SOURCE/tests/support/pki" workstation "$HOST/pki" ws-stranger
    HUB_PORT=$(free_port)
    cat >"$HOST/hub.conf" <<TXT
[listen]
device_address = 127.0.0.1
device_port = $HUB_PORT
enrol_address = 127.0.0.1
enrol_port = 0
[directory]
url = wss://$BROKER_HOST:$WSS_PORT/mqtt
TXT
    hub init --tenant "$TENANT" --name localhost --ca-cert "$HOST/pki/ca.crt" \
        --ca-key "$HOST/pki/ca.key" >/dev/null
    install -m 0400 -o printhold "$HUB/directory.key" "$HOST/pki/directory.key"
    install -m 0644 "$HUB/issuer.pub" "$HOST/pki/issuer.pub"
    install -m 0600 "$HUB/issuer.key" "$HOST/pki/issuer.key"
}
eval "$(declare -f host_write_config | sed '1s/host_write_config/host_write_config_alone/')"
host_write_config() {
    host_write_config_alone
    host_config release issuer https://localhost
}

hub_listens() {
    kill -0 "$HUB_PID" 2>/dev/null || fail "the hub ended: $(tail -3 "$HOST/hub.log")"
    grep -q ' ready: ' "$HOST/hub.log"
}
hub_start() {
    : >"$HOST/hub.log"
    "$BUILD/cloud/hub/printhold-hub" --dir "$HUB" --config "$HOST/hub.conf" serve \
        >>"$HOST/hub.log" 2>&1 &
    HUB_PID=$!
    until_true 20 hub_listens || fail 'the hub does not start'
}
hub_stop() {
    [ -n "$HUB_PID" ] || return 0
    kill "$HUB_PID"
    wait "$HUB_PID" || fail "the hub ended with $?: $(tail -20 "$HOST/hub.log")"
    HUB_PID=
}
hub_kill() {
    kill -KILL "$HUB_PID"
    wait "$HUB_PID" 2>/dev/null || true
    HUB_PID=
}
hub_end() {
    [ -z "$HUB_PID" ] || kill "$HUB_PID" 2>/dev/null || true
    tail -20 "$HOST/hub.log" | sed 's/^/    hub: /' | cut -c1-300
}
HOST_ENDS+=(hub_end)
