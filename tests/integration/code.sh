# shellcheck shell=bash
# Release without the cloud (SR-48): alice makes a code on her computer and types
# it at a printer. Wrong, used, replaced and too many codes get nothing, neither
# does anybody without a printer's certificate; the broker is down all the time.
. "$SOURCE/tests/integration/host.sh"
host_start
broker_stop

URL=https://127.0.0.1:$RELEASE_PORT/v1
PKI=$HOST/pki
BODY=$HOST/body
"$SOURCE/tests/support/pki" printer "$PKI" pr-test-second

# --- helpers ---

curl_as() { # certificate-name curl-option...
    local name=$1
    shift
    curl -sS --http1.1 --tlsv1.3 --max-time 20 --cacert "$PKI/ca.crt" \
        --cert "$PKI/$name.crt" --key "$PKI/$name.key" "$@"
}

# The code on standard input; prints the status, the body is in $BODY.
sign_in_as() { # certificate-name
    jq -Rc '{code: .}' | curl_as "$1" -o "$BODY" -D "$HOST/head" \
        -w '%{http_code}' -H 'Content-Type: application/json' \
        --data-binary @- "$URL/sessions"
}

call() { # method path curl-option...
    local method=$1 path=$2
    shift 2
    curl_as "$PRINTER" -o "$BODY" -w '%{http_code}' -X "$method" \
        -H "Authorization: Bearer $SESSION" "$@" "$URL$path"
}

problem() {
    jq -r .type "$BODY"
}

SEEN=()
code_of() { # user; sets CODE
    CODE=$(ph "$1" code --json | jq -r .code)
    [[ $CODE =~ ^[0-9]{8}$ ]] || fail "no code for $1"
    SEEN+=("$CODE")
}

other_than() { # code
    printf '%08d' $(((10#$1 + 1) % 100000000))
}

exit_of() { # command...
    local rc=0
    "$@" >"$HOST/out" 2>"$HOST/err" || rc=$?
    printf '%d' "$rc"
}

# --- what is held ---

text_pdf "$HOST/two.pdf" one two
print_as alice -t zebra1 "$HOST/two.pdf"
print_as alice -t zebra2 "$HOST/two.pdf"
print_as bob -t zebra3 "$HOST/two.pdf"
until_true 30 has_jobs alice 2 || fail "alice's jobs do not arrive"
until_true 30 has_jobs bob 1 || fail "bob's job does not arrive"
A1=$(job_field alice 0 .id)
B1=$(job_field bob 0 .id)

# --- making one ---

ph alice code >"$HOST/shown"
check 'a person reads it in two groups' \
    grep -qE '^Code +[0-9]{4} [0-9]{4}$' "$HOST/shown"
check 'for whom it is' grep -qF alice@example.com "$HOST/shown"
check 'and what to do with it' grep -q 'type' "$HOST/shown"
ph alice code --json >"$HOST/json"
is 'it lives for 15 minutes' "$(jq --argjson now "$(date +%s)" \
    '(."expires-ms" / 1000 - $now) | . > 880 and . < 901' "$HOST/json")" true
is 'a code takes no argument' "$(exit_of ph alice code 1h)" 2
is 'printhold has no login here' "$(ph printhold code --json |
    jq -r .login)" printhold@example.com

# --- using it ---

code_of alice
is 'a code opens a session' \
    "$(printf '%s' "$CODE" | sign_in_as "$PRINTER")" 201
is 'of its maker' "$(jq -r .user "$BODY")" alice@example.com
SESSION=$(jq -r .session "$BODY")
is 'a second time it does not' \
    "$(printf '%s' "$CODE" | sign_in_as "$PRINTER")" 403
is 'without saying that it was one' "$(problem)" \
    urn:printhold:problem:code-wrong
is 'her two jobs are there' \
    "$(call GET /jobs >/dev/null && jq '.jobs | length' "$BODY")" 2
is "bob's is not" "$(call POST "/jobs/$B1/claim")" 404
is 'claim' "$(call POST "/jobs/$A1/claim")" 200
is 'download' "$(call GET "/jobs/$A1/document")" 200
check 'it is the document' qpdf --check "$BODY" >/dev/null
is 'printed' "$(call POST "/jobs/$A1/complete" \
    -H 'Content-Type: application/json' -d '{"result":"printed"}')" 200
is 'it is gone' "$(jobs_of alice)" 1
is 'the session is of this printer only' "$(curl_as pr-test-second -o "$BODY" \
    -w '%{http_code}' -H "Authorization: Bearer $SESSION" "$URL/jobs")" 401

code_of alice
USED=$CODE
is 'a code is used' "$(printf '%s' "$USED" | sign_in_as pr-test-second)" 201
code_of alice
agent_kill
agent_start
is 'after the agent was killed it stays used' \
    "$(printf '%s' "$USED" | sign_in_as pr-test-second)" 403
is 'and a live one lives' \
    "$(printf '%s' "$CODE" | sign_in_as pr-test-second)" 201

# --- nobody else ---

code_of alice
refuse 'no certificate, no code' curl -sS --max-time 20 \
    --cacert "$PKI/ca.crt" -d "{\"code\":\"$CODE\"}" \
    -H 'Content-Type: application/json' "$URL/sessions" 2>/dev/null
"$SOURCE/tests/support/pki" workstation "$PKI" ws-else
refuse 'a workstation is no printer' sign_in_as ws-else \
    <<<"$CODE" >/dev/null 2>&1
openssl_says() {
    printf '%s' "$CODE" | jq -Rc '{code: .}' >"$HOST/request"
    {
        printf 'POST /v1/sessions HTTP/1.1\r\nHost: h\r\nConnection: close\r\n'
        printf 'Content-Type: application/json\r\nContent-Length: %d\r\n\r\n' \
            "$(stat -c %s "$HOST/request")"
        cat "$HOST/request"
    } | timeout 20 openssl s_client -quiet -tls1_3 -ign_eof \
        -connect "127.0.0.1:$RELEASE_PORT" -CAfile "$PKI/ca.crt" \
        -cert "$PKI/$PRINTER.crt" -key "$PKI/$PRINTER.key" 2>/dev/null
}
openssl_says >"$HOST/answer" || true
check 'openssl as the printer gets a session' \
    grep -q '^HTTP/1.1 201' "$HOST/answer"

# --- the station ---

station() { # command option...
    "$BUILD/station/printhold-station" "$@" \
        --workstation "127.0.0.1:$RELEASE_PORT" --workstation-id "$WS" \
        --ca "$PKI/ca.crt" --cert "$PKI/$PRINTER.crt" \
        --key "$PKI/$PRINTER.key" --tries 2
}
code_of alice
printf '%s %s\n' "${CODE:0:4}" "${CODE:4}" >"$HOST/code"
is 'the station lists by code' "$(station list --json \
    --code-file "$HOST/code" | jq '.jobs | length')" 1
is 'once' "$(exit_of station list --code-file "$HOST/code")" 3
check 'and says why' grep -q 'printhold code' "$HOST/err"
printf 'no code\n' >"$HOST/code"
is 'a file without a code' "$(exit_of station list --code-file "$HOST/code")" 1
check 'is named' grep -qF "$HOST/code" "$HOST/err"
is 'grant and code at once' "$(exit_of station list \
    --code-file "$HOST/code" --grant-file "$HOST/code")" 2
code_of alice
is 'the station pulls by code' "$(printf '%s' "$CODE" |
    station pull --all --json --output "$HOST/paper" --code-file - |
    jq -r '.jobs[].completed')" true
is 'nothing is held for alice' "$(jobs_of alice)" 0

# --- an exhaust script ---

code_of alice
ALICE=$CODE
code_of bob
BOB=$CODE
GUESS=$ALICE
tries=0
statuses=
for ((i = 0; i < 16; i++)); do
    GUESS=$(other_than "$GUESS")
    [ "$GUESS" != "$BOB" ] || GUESS=$(other_than "$GUESS")
    status=$(printf '%s' "$GUESS" | sign_in_as pr-test-second)
    [ "$status" != 403 ] || tries=$((tries + 1))
    statuses="$statuses $status"
    [ "$i" != 4 ] || {
        is "after five wrong ones alice's code is dead" \
            "$(printf '%s' "$ALICE" | sign_in_as "$PRINTER")" 403
        is "and bob's" "$(printf '%s' "$BOB" | sign_in_as "$PRINTER")" 403
    }
done
check 'the script is stopped' test "$tries" -le 10
is 'with the reason' "$(problem)" urn:printhold:problem:code-limit
check 'and until when' grep -qi '^retry-after: [0-9]' "$HOST/head"
agent_stop
agent_start
code_of alice
is 'a restart does not help it' \
    "$(printf '%s' "$CODE" | sign_in_as pr-test-second)" 429
is 'at another printer she gets in' \
    "$(printf '%s' "$CODE" | sign_in_as "$PRINTER")" 201

# --- switched off ---

code_of bob
agent_stop
host_config release offline_code no
agent_start
is 'switched off: nobody makes one' "$(exit_of ph alice code)" 5
check 'and is told why' grep -q 'release.offline_code' "$HOST/err"
is 'nor uses one' "$(printf '%s' "$CODE" | sign_in_as "$PRINTER")" 403
is 'and is told why' "$(problem)" urn:printhold:problem:code-off

# --- an account without a login ---

agent_stop
host_config release offline_code yes
sed -i '/^domain = /d' "$HOST/etc/printhold.conf"
agent_start
is 'no login, no code' "$(exit_of ph alice code)" 5
check 'and the reason' grep -q 'no login' "$HOST/err"

agent_stop
for code in "${SEEN[@]}"; do
    if grep -rqaF -e "$code" "$HOST/agent.log" "$HOST/agent" "$HOST/cups/log"; then
        fail "the code $code is in a log or on the disk"
    fi
done
say "ok  none of ${#SEEN[@]} codes is in a log or on the disk"
