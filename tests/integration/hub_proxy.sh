# shellcheck shell=bash
# The workstation reaches the hub through the proxy that it reaches the broker
# through: enrolment, renewal, signing in. A real tinyproxy with a password.
. "$SOURCE/tests/integration/host.sh"
. "$SOURCE/tests/integration/enrolled_host.sh"
HUB_SETTINGS=('[devices]' 'renewal_interval = 0s')
SECRET='a right marker 7431'
PROXY=
PROXY_PORT=$(free_port)

proxy_listens() { (: <"/dev/tcp/127.0.0.1/$PROXY_PORT") 2>/dev/null; }
proxy_start() {
    printf 'Port %s\nListen 127.0.0.1\nLogFile "%s"\nLogLevel Connect\nTimeout 60\nBasicAuth agent s3cret\n' \
        "$PROXY_PORT" "$HOST/proxy.log" >"$HOST/proxy.conf"
    tinyproxy -d -c "$HOST/proxy.conf" >/dev/null 2>&1 &
    PROXY=$!
    until_true 10 proxy_listens || fail 'tinyproxy does not listen'
}
proxy_end() {
    [ -n "$PROXY" ] || return 0
    kill "$PROXY" 2>/dev/null || true
    wait "$PROXY" 2>/dev/null || true
    PROXY=
}
HOST_ENDS+=(proxy_end)
asked() { grep -c "CONNECT localhost:$1 " "$HOST/proxy.log" || true; }
password_is() { # user:password
    printf '%s\n' "$1" >"$HOST/proxy.secret"
    chmod 0600 "$HOST/proxy.secret"
    chown printhold "$HOST/proxy.secret"
}
login() { ph alice login <<<"$SECRET" >"$HOST/out" 2>"$HOST/said"; }
login_fails() { # code words
    local status=0
    login || status=$?
    [ "$status" = "$1" ] || fail "code $status, not $1: $(cat "$HOST/said")"
    grep -q -- "$2" "$HOST/said" || fail "'$(cat "$HOST/said")' has not '$2'"
}

eval "$(declare -f host_write_config | sed '1s/host_write_config/host_write_config_without/')"
host_write_config() {
    host_write_config_without
    host_config cloud proxy "http://127.0.0.1:$PROXY_PORT"
    host_config cloud proxy_credentials_file "$HOST/proxy.secret"
}

host_start
hub_start
hub user add alice@example.com >/dev/null
hub password set alice@example.com <<<"$SECRET" >/dev/null
password_is agent:s3cret
proxy_start

check 'it is enrolled' enrol_workstation --id "$WS"
is 'through the proxy' "$(asked "$ENROL_PORT")" 1
is_online() { [ "$(ph root status --json | jq -r .cloud)" = online ]; }
check 'and online' until_true 30 is_online
check 'through it, too' test "$(asked "$WSS_PORT")" -ge 1
check 'alice signs in' login
is 'through it' "$(asked "$HUB_PORT")" 1
hub command renew-certificate "$WS" --wait 30s >/dev/null
renewed() { [ "$(asked "$HUB_PORT")" -ge 2 ] && hub audit list --json | jq -e 'any(.act == "renew")' >/dev/null; }
check 'it renews, through it' until_true 30 renewed
refuse 'the proxy heard nothing of what was said' grep -q 'v1/\|marker' "$HOST/proxy.log"

password_is agent:wrong
check 'with a wrong password it says where that stands' login_fails 1 'cloud.proxy_credentials_file'
password_is agent:s3cret
chmod 0644 "$HOST/proxy.secret"
check 'a file that others read is not taken' login_fails 5 "$HOST/proxy.secret"
password_is agent:s3cret
check 'then it goes on' login
proxy_end
check 'without the proxy it says so' login_fails 1 "127.0.0.1 port $PROXY_PORT"

agent_stop
host_config cloud no_proxy localhost
agent_start
check 'hosts of no_proxy are reached without' login
agent_stop
hub_stop
