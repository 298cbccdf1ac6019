# shellcheck shell=bash disable=SC2034
# A real hub below $HOST. Source it after host.sh; it sets HUB (its directory)
# and offers
#   hub_init [OPTION...]      printhold-hub init, tenant and name given
#   hub_start, hub_stop, hub_kill
#   hub COMMAND...            a command of administration
#   device_key NAME [CURVE]   $HOST/dev/NAME.key and NAME.csr
#   call METHOD PORT PATH [CURL-OPTION...]
#                             sets STATUS and BODY; the answer is kept for
#                             answers_are_good
#   as NAME                   curl's options for a device's certificate
#   problem                   the keyword of the last answer
HUB=$HOST/hub
HUB_CONF=$HOST/hub.conf
HUB_SETTINGS=()
HUB_PID=
CALLS=0
mkdir -p "$HOST/dev" "$HOST/answers"

hub() {
    "$BUILD/cloud/hub/printhold-hub" "$@" --dir "$HUB" --config "$HUB_CONF"
}

hub_write_config() {
    {
        printf '[listen]\ndevice_address = 127.0.0.1\ndevice_port = 0\n'
        printf 'enrol_address = 127.0.0.1\nenrol_port = 0\n'
        [ "${#HUB_SETTINGS[@]}" -eq 0 ] || printf '%s\n' "${HUB_SETTINGS[@]}"
    } >"$HUB_CONF"
}

hub_init() {
    hub_write_config
    hub init --tenant "$TENANT" --name localhost "$@" >"$HOST/init.log"
}

hub_ready() { grep -q ' ready: ' "$HOST/hub.log"; }

hub_start() {
    hub_write_config
    : >"$HOST/hub.log" # before it starts: of the last one too it says "ready"
    "$BUILD/cloud/hub/printhold-hub" serve --dir "$HUB" --config "$HUB_CONF" \
        >>"$HOST/hub.log" 2>&1 &
    HUB_PID=$!
    until_true 60 hub_ready || fail "the hub is not ready: $(tail -3 "$HOST/hub.log")"
    DEVICES=$(sed -nE 's/.* ready: devices on port ([0-9]+), .*/\1/p' "$HOST/hub.log")
    ENROL=$(sed -nE 's/.*, enrolment on port ([0-9]+).*/\1/p' "$HOST/hub.log")
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
    local rc=$?
    [ -z "$HUB_PID" ] || kill "$HUB_PID" 2>/dev/null || true
    [ "$rc" -eq 0 ] || sed 's/^/    hub: /' "$HOST/hub.log" 2>/dev/null | tail -20
    exit "$rc"
}
trap hub_end EXIT

device_key() { # name [curve]
    openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:${2:-P-256}" \
        -out "$HOST/dev/$1.key" 2>/dev/null
    openssl req -new -key "$HOST/dev/$1.key" -config /dev/null -sha256 \
        -subj "/O=other/CN=somebody-else" \
        -addext "subjectAltName=URI:urn:printhold:$TENANT:svc:hub" \
        -out "$HOST/dev/$1.csr"
}

as() { # name
    printf -- '--cert\n%s\n--key\n%s\n' "$HOST/dev/$1.crt" "$HOST/dev/$1.key"
}

call() { # method port path curl-option...
    local method=$1 port=$2 path=$3 kind
    shift 3
    CALLS=$((CALLS + 1))
    [ "$method" != HEAD ] || set -- --head "$@"
    STATUS=$(curl --silent --max-time 60 --cacert "$HUB/ca.crt" --request "$method" \
        --output "$HOST/body" --write-out '%{http_code} %{content_type}' "$@" \
        "https://localhost:$port$path") || true
    kind=${STATUS#* }
    STATUS=${STATUS%% *}
    BODY=$(cat "$HOST/body" 2>/dev/null || true)
    {
        [ "$path" != /v1 ] || path=/
        printf '%s %s %s %s\n' "${path#/v1}" "$STATUS" "$method" "$kind"
        [ "$method" = HEAD ] || case $kind in
        *json*) printf '%s' "$BODY" ;;
        text/*) printf '%s' "$BODY" | jq -Rs . ;;
        esac
    } | sed '1s/?[^ ]*//' >"$HOST/answers/$CALLS"
    rm -f "$HOST/body"
}

problem() { jq -r '.type | ltrimstr("urn:printhold:problem:")' <<<"$BODY"; }

token() { # options of token add
    hub token add --json "$@" | jq -r .token
}

# The body of a request: token (or - for none) and the CSR of a name.
body() { # token name
    jq -n --arg token "$1" --rawfile csr "$HOST/dev/$2.csr" \
        'if $token == "-" then {$csr} else {$token, $csr} end'
}

post() { # port path body curl-option...
    local port=$1 path=$2 data=$3
    shift 3
    call POST "$port" "$path" --header "Content-Type: ${TYPE:-application/json}" \
        --data-binary "$data" "$@"
}

# Enrol under a name; the certificate lands beside its key.
enrol() { # name token
    post "$ENROL" /v1/enrol "$(body "$2" "$1")"
    case $STATUS in 200 | 201) jq -r .certificate <<<"$BODY" >"$HOST/dev/$1.crt" ;; esac
}

answers_are_good() { # least number of kinds
    "$SOURCE/tests/support/check-answers" "$SOURCE/docs/hub-api.openapi.yaml" \
        "$HOST/answers" "$1"
}
