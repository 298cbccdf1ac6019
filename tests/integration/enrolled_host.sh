# shellcheck shell=bash disable=SC2034
# A workstation that has no identity but the one it is enrolled with. Source it
# after host.sh; it is hub_host.sh and
#   HUB_SETTINGS              further lines of the hub's configuration
#   ENROL_PORT                where devices come for their first certificate
#   new_token OPTION...       $HOST/token, and sets PIN_OF_HUB
#   enrol_workstation OPTION...  options of token add
#   enrol_station OPTION...
#   station ARGUMENT...       printhold-station with the state $HOST/station
. "$SOURCE/tests/integration/hub_host.sh"
HUB_SETTINGS=()
HUB_PID=

eval "$(declare -f host_pki | sed '1s/host_pki/host_pki_with_hub/')"
host_pki() {
    host_pki_with_hub
    ENROL_PORT=$(free_port)
    sed -i "s/^enrol_port = 0/enrol_port = $ENROL_PORT/" "$HOST/hub.conf"
    {
        printf '[cloud]\nbroker_url = wss://%s:%s/mqtt\n' "$BROKER_HOST" "$WSS_PORT"
        [ "${#HUB_SETTINGS[@]}" -eq 0 ] || printf '%s\n' "${HUB_SETTINGS[@]}"
    } >>"$HOST/hub.conf"
    install -m 0600 "$HUB/issuer.key" "$HOST/pki/issuer.key"
}

# Nothing of it is set; the hub says it.
host_write_config() {
    host_write_config_alone
    sed -i '/^\[identity\]/,/^\[release\]/{/^\[release\]/!d}; /^issuer/d' "$HOST/etc/printhold.conf"
}

hub_stop() {
    [ -n "$HUB_PID" ] || return 0
    kill "$HUB_PID" 2>/dev/null || true
    wait "$HUB_PID" 2>/dev/null || true
    HUB_PID=
}

new_token() { # option...
    local made
    made=$(hub token add --json "$@")
    PIN_OF_HUB=$(jq -r '."authority-pin"' <<<"$made")
    (umask 077 && jq -r .token <<<"$made" >"$HOST/token")
}
enrol_workstation() { # option...
    new_token --class workstation "$@"
    ph root enrol --json --server "https://localhost:$ENROL_PORT" --token-file "$HOST/token" \
        --pin "$PIN_OF_HUB" >"$HOST/enrolled"
}
station() { "$BUILD/station/printhold-station" "$@" --state "$HOST/station"; }
enrol_station() { # option...
    new_token --class printer "$@"
    station enrol --server "https://localhost:$ENROL_PORT" --token-file "$HOST/token" \
        --pin "$PIN_OF_HUB" --json >/dev/null
}
