# shellcheck shell=bash disable=SC2034
# A hub beside the host: it knows from the host's broker what is held, and its
# authority is that of the other certificates. Source it after host.sh.
#   hub COMMAND...              a command of administration
#   hub_start, hub_stop (fails when the hub does), hub_kill
# $HOST/pki/issuer.key is the hub's, so that printer.sh can sign grants, too.
#   sign_in WAY ARGUMENT...     the station; what a person types comes on stdin
HUB=$HOST/hub
HUB_PID=
hub() { "$BUILD/cloud/hub/printhold-hub" --dir "$HUB" --config "$HOST/hub.conf" "$@"; }

# The authority is that of the other certificates here.
eval "$(declare -f host_pki | sed '1s/host_pki/host_pki_alone/')"
host_pki() {
    host_pki_alone
    HUB_PORT=$(free_port)
    printf '[listen]\ndevice_address = 127.0.0.1\ndevice_port = %s\n' "$HUB_PORT" >"$HOST/hub.conf"
    printf 'enrol_address = 127.0.0.1\nenrol_port = 0\n' >>"$HOST/hub.conf"
    printf '[directory]\nurl = wss://%s:%s/mqtt\n' "$BROKER_HOST" "$WSS_PORT" >>"$HOST/hub.conf"
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
broker_start() {
    "$SOURCE/cloud/mosquitto/start" --dir "$HOST/broker" --bind 127.0.0.1 \
        --ca "$HOST/pki/ca.crt" --cert "$HOST/pki/broker.crt" --key "$HOST/pki/broker.key" \
        --wss-port "$WSS_PORT" --tls-port "$TLS_PORT" --reader reader --reader recorder \
        --reader "$PRINTER" --service hub --background >/dev/null
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
    [ -n "$HUB_PID" ] && kill "$HUB_PID" 2>/dev/null || return 0
    wait "$HUB_PID" || return 1
    HUB_PID=
}
hub_kill() {
    kill -KILL "$HUB_PID"
    wait "$HUB_PID" 2>/dev/null || true
    HUB_PID=
}
HOST_ENDS+=(hub_stop)

# What a person types, a line each, then the command.
sign_in() { # way argument...
    local way=$1
    shift
    "$BUILD/station/printhold-station" sign-in --hub "localhost:$HUB_PORT" --way "$way" \
        --cert "$HOST/pki/$PRINTER.crt" --key "$HOST/pki/$PRINTER.key" \
        --ca "$HOST/pki/ca.crt" "$@"
}
