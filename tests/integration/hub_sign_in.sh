# shellcheck shell=bash
# The whole road: an ordinary user prints at a desk; signs in at a printer with
# a PIN; the hub, which knows from the broker what is held where, gives a grant;
# the printer takes the paper from the workstation.
. "$SOURCE/tests/integration/host.sh"

. "$SOURCE/tests/integration/hub_host.sh"

host_start
hub_start
for person in alice bob; do
    hub user add "$person@example.com" >/dev/null
done
hub printer add --cert "$HOST/pki/$PRINTER.crt" >/dev/null
hub workstation add --cert "$HOST/pki/$WS.crt" >/dev/null
PIN=$(hub pin make alice@example.com --json | jq -r .pin)
OTHER=$(hub pin make bob@example.com --json | jq -r .pin)

until_true 15 cloud_is_online || fail 'the cloud link does not come up'
text_pdf "$HOST/page.pdf" page
print_as alice -t 'Offer for Bob' "$HOST/page.pdf"
check 'the job is held' until_true 20 has_jobs alice 1
ID=$(job_field alice 0 .id)

# --- who is told what ---

listed() { # pin jq-filter
    sign_in pin --json <<<"$1" >"$HOST/listed.json" && jq -e "$2" "$HOST/listed.json" >/dev/null
}
check 'a workstation that is not bound to the person is not told of' \
    listed "$PIN" '.workstations == []'
hub workstation bind "$WS" alice@example.com >/dev/null
check 'the list has the job, from the broker' until_true 20 listed "$PIN" \
    ".workstations[0].jobs[0].id == \"$ID\" and .workstations[0].presence == \"on\""
is 'with its title' "$(jq -r '.workstations[0].jobs[0]["job-name"]' "$HOST/listed.json")" 'Offer for Bob'
hub workstation bind "$WS" bob@example.com >/dev/null
check 'another person of the same workstation is told of nothing' \
    listed "$OTHER" '.workstations[0].jobs == []'

# --- who gets in ---

status=0
sign_in pin <<<000111 2>"$HOST/said" || status=$?
is 'a wrong PIN is refused' "$status" 3
grep -q 'did not work' "$HOST/said" || fail "it says: $(cat "$HOST/said")"
status=0
sign_in badge <<<abcd1234 2>"$HOST/said" || status=$?
is 'a way that the printer does not take is refused' "$status" 3
refuse 'no secret stands in the log' grep -q "$PIN" "$HOST/hub.log"

# --- straight to the routes: who may not, and what is no request ---

"$SOURCE/tests/support/pki" printer "$HOST/pki" pr-second
"$SOURCE/tests/support/pki" printer "$HOST/pki" pr-unknown
"$SOURCE/tests/support/pki" printer "$HOST/pki" pr-foreign --tenant other
hub printer add --cert "$HOST/pki/pr-second.crt" >/dev/null

CALLS=0
mkdir "$HOST/answers"
ask() { # certificate method path curl-option...; sets STATUS, answer in $HOST/answer
    local cert=$1 method=$2 path=$3
    shift 3
    : >"$HOST/answer"
    STATUS=$(curl -s --cacert "$HOST/pki/ca.crt" --cert "$HOST/pki/$cert.crt" \
        --key "$HOST/pki/$cert.key" --resolve "localhost:$HUB_PORT:127.0.0.1" -X "$method" \
        -o "$HOST/answer" -w '%{http_code} %{content_type}' "$@" \
        "https://localhost:$HUB_PORT$path") || { STATUS=none && return; }
    CALLS=$((CALLS + 1))
    {
        printf '%s %s %s %s\n' "${path#/v1}" "${STATUS%% *}" "$method" "${STATUS#* }"
        cat "$HOST/answer"
    } >"$HOST/answers/$CALLS"
    STATUS=${STATUS%% *}
}
json=(-H 'Content-Type: application/json' --data)
answers() { # certificate method path status type curl-option...
    local want="$4 $5" said
    ask "$1" "$2" "$3" "${@:6}"
    said=$(jq -r '.type // "none"' "$HOST/answer" 2>/dev/null || echo none)
    said=${said#urn:printhold:problem:}
    is "$1: $2 $3 is answered $4" "$STATUS ${said:-none}" "$want"
}
right="{\"way\":\"pin\",\"pin\":\"$PIN\"}"
answers "$WS" POST /v1/sign-in 403 role "${json[@]}" "$right"
answers "$WS" GET /v1/directory 403 role
answers "$WS" POST /v1/releases 403 role "${json[@]}" '{}'
answers pr-unknown POST /v1/sign-in 403 unknown-device "${json[@]}" "$right"
ask pr-foreign POST /v1/sign-in "${json[@]}" "$right"
is 'a printer of another tenant gets no HTTP' "$STATUS" none
answers pr-second POST /v1/sign-in 415 not-json --data "$right"
for wrong in '[]' '{}' '{"way":"pin"}' '{"way":"pin","pin":"12"}' '{"way":"pin","pin":123456}' \
    '{"way":"face"}' '{"way":"pin","pin":"482913","login":"alice@example.com"}' \
    "{\"way\":\"pin\",\"pin\":\"1234\",\"pin\":\"$PIN\"}" \
    "{\"way\":\"password\",\"login\":\"a' OR 1=1 --\",\"password\":\"x\"}"; do
    answers pr-second POST /v1/sign-in 400 malformed "${json[@]}" "$wrong"
done
answers pr-second POST /v1/sign-in 403 sign-in-failed "${json[@]}" \
    "{\"way\":\"password\",\"login\":\"a'OR'1'='1\",\"password\":\"x\"}"
answers pr-second GET /v1/directory 401 no-session
answers pr-second GET /v1/directory 401 no-session -H 'Authorization: Bearer x'
answers pr-second GET /v1/sign-in 200 none
is 'what the printer takes' "$(jq -c .ways "$HOST/answer")" '["pin","badge+pin","code","password"]'

ask pr-second POST /v1/sign-in "${json[@]}" "$right"
is 'signed in' "$STATUS" 201
is 'the grant says how' "$(jq -c .amr "$HOST/answer")" '["pin"]'
BEARER="Authorization: Bearer $(jq -r .session "$HOST/answer")"
jq -r '.workstations[0].grant' "$HOST/answer" >"$HOST/grant"
answers pr-second GET /v1/directory 200 none -H "$BEARER"
is 'the list comes again' "$(jq -r '.workstations[0].jobs[0].id' "$HOST/answer")" "$ID"
refuse 'with a fresh grant' test "$(jq -r '.workstations[0].grant' "$HOST/answer")" = "$(cat "$HOST/grant")"
answers "$PRINTER" GET /v1/directory 401 no-session -H "$BEARER"
pulls() { # certificate
    "$BUILD/station/printhold-station" list --workstation "localhost:$RELEASE_PORT" \
        --cert "$HOST/pki/$1.crt" --key "$HOST/pki/$1.key" --ca "$HOST/pki/ca.crt" \
        --grant-file "$HOST/grant" 2>/dev/null | grep -q "$ID"
}
refuse 'another printer can do nothing with the grant' pulls "$PRINTER"
check 'the one it was made for can' pulls pr-second
for wrong in '{}' '{"id":1}' "{\"id\":\"$ID\",\"workstation\":\"../x\",\"job\":\"$ID\",\"result\":\"printed\"}" \
    "{\"id\":\"$ID\",\"workstation\":\"$WS\",\"job\":\"$ID\",\"result\":\"eaten\"}"; do
    answers pr-second POST /v1/releases 400 malformed -H "$BEARER" "${json[@]}" "$wrong"
done
reports() { # printer
    sqlite3 "$HUB/hub.db" "SELECT login, printer, device, result FROM released WHERE printer = '$1'"
}
report="{\"id\":\"$ID\",\"workstation\":\"$WS\",\"job\":\"$ID\",\"result\":\"partly\",\"sheets\":1}"
answers pr-second POST /v1/releases 204 none -H "$BEARER" "${json[@]}" "$report"
answers pr-second POST /v1/releases 204 none -H "$BEARER" "${json[@]}" "$report"
is 'the same report counts once' "$(reports pr-second)" "alice@example.com|pr-second|$WS|partly"
answers "$PRINTER" POST /v1/releases 401 no-session -H "$BEARER" "${json[@]}" "$report"
answers pr-second DELETE /v1/session 204 none -H "$BEARER"
answers pr-second GET /v1/directory 401 no-session -H "$BEARER"

hub quota set --person alice@example.com --pages 0 --period day >/dev/null
answers pr-second POST /v1/sign-in 403 quota-used-up "${json[@]}" "$right"
is 'and why' "$(jq -r '"\(.detail) \(.quota.left)"' "$HOST/answer")" \
    'All 0 pages of this day are used up; print again next day, or ask an administrator. 0'
answers pr-second POST /v1/sign-in 403 sign-in-failed "${json[@]}" '{"way":"pin","pin":"000111"}'
hub quota set --person alice@example.com --pages 100 --period day >/dev/null
ask pr-second POST /v1/sign-in "${json[@]}" "$right"
is 'what is left is told' "$STATUS $(jq -r '"\(.quota.limit) \(.quota.left + .quota.used)"' "$HOST/answer")" '201 100 100'
hub quota remove --person alice@example.com --period day
hub access allow --people staff --printer pr-second
answers pr-second POST /v1/sign-in 403 not-at-this-printer "${json[@]}" "$right"
is 'it is said in words' "$(jq -r .detail "$HOST/answer")" \
    'You may not print at this printer; choose another one, or ask an administrator.'
answers pr-second POST /v1/sign-in 403 sign-in-failed "${json[@]}" '{"way":"pin","pin":"000111"}'
hub user set alice@example.com --group staff >/dev/null
answers pr-second POST /v1/sign-in 201 none "${json[@]}" "$right"
hub access deny --person alice@example.com
answers pr-second POST /v1/sign-in 201 none "${json[@]}" "$right"
answers "$PRINTER" POST /v1/sign-in 403 not-at-this-printer "${json[@]}" "$right"
hub access remove --person alice@example.com
hub access remove --people staff --printer pr-second
is 'no list is left' "$(hub access list --json)" '[]'
is 'who was kept out is on the record' "$(hub audit list --json | jq -r '[.[] |
    select(.act == "sign-in" and .detail == "pin not-at-this-printer") | .object] | unique | .[]')" \
    alice@example.com

hub sign-in set lobby --ways badge --self-registration yes >/dev/null
hub printer set pr-second --group lobby >/dev/null
answers pr-second POST /v1/sign-in 403 way-not-allowed "${json[@]}" "$right"
is 'and which are' "$(jq -c .ways "$HOST/answer")" '["badge"]'
answers pr-second POST /v1/sign-in 403 badge-unknown "${json[@]}" '{"way":"badge","badge":"beef0001"}'
hub code make alice@example.com --json >"$HOST/code"
register="{\"way\":\"code\",\"code\":\"$(jq -r .code "$HOST/code")\",\"new-badge\":\"beef0001\"}"
answers pr-second POST /v1/sign-in 200 none "${json[@]}" "$register"
is 'a badge is registered' "$(jq -c . "$HOST/answer")" '{"person":{"login":"alice@example.com"},"registered":true}'
ask pr-second POST /v1/sign-in "${json[@]}" '{"way":"badge","badge":"BE:EF:00:01"}'
is 'and opens' "$STATUS $(jq -r .person.login "$HOST/answer")" '201 alice@example.com'
hub code make bob@example.com --json >"$HOST/code"
register="{\"way\":\"code\",\"code\":\"$(jq -r .code "$HOST/code")\",\"new-badge\":\"beef0001\"}"
answers pr-second POST /v1/sign-in 409 badge-taken "${json[@]}" "$register"
for _ in $(seq 12); do
    ask pr-second POST /v1/sign-in "${json[@]}" '{"way":"badge","badge":"beef0002"}'
    [ "$STATUS" = 403 ] || break
done
is 'a printer that guesses has to wait' "$STATUS $(jq -r .type "$HOST/answer")" \
    '429 urn:printhold:problem:too-many-attempts'
check 'every answer is as the contract says' "$SOURCE/tests/support/check-answers" \
    "$SOURCE/docs/hub-api.openapi.yaml" "$HOST/answers" 16

# --- the paper ---

refuse 'bob cannot take it' sign_in pin --output "$HOST/paper" --job "$ID" <<<"$OTHER"
check 'alice takes it' sign_in pin --output "$HOST/paper" --all <<<"$PIN"
check 'it is the page' grep -q '%PDF' "$HOST/paper/$ID.pdf"
check 'and is held no more' until_true 10 has_jobs alice 0
check 'nor listed' until_true 20 listed "$PIN" '.workstations[0].jobs == []'
is 'the release is reported once' "$(reports "$PRINTER")" \
    "alice@example.com|$PRINTER|$WS|printed"

# --- code and password, and the hub away and back ---

hub code make alice@example.com >"$HOST/code"
hub_stop
status=0
sign_in code --tries 1 <"$HOST/code" 2>"$HOST/said" || status=$?
is 'without the hub nobody signs in' "$status" 5
print_as alice "$HOST/page.pdf"
check 'printing goes on' until_true 20 has_jobs alice 1
hub_start
check 'what was printed meanwhile is listed after the start' until_true 20 listed "$PIN" \
    '.workstations[0].jobs | length == 1'
check 'the code opens' sign_in code <"$HOST/code"
status=0
sign_in code <"$HOST/code" 2>/dev/null || status=$?
is 'once' "$status" 3
hub password set alice@example.com <<<'correct horse' >/dev/null
check 'a password opens too, and all is taken' sign_in password --login Alice@Example.com \
    --output "$HOST/paper" --all <<<'correct horse'
check 'nothing is held any more' until_true 10 has_jobs alice 0

# --- guesses ---

hub password set bob@example.com <<<'battery staple' >/dev/null
for _ in 1 2 3 4 5; do
    refuse 'a wrong password' sign_in password --login bob@example.com <<<wrong-one 2>/dev/null
done
status=0
sign_in password --login bob@example.com <<<'battery staple' 2>"$HOST/said" || status=$?
is 'after five even the right one waits' "$status" 5
grep -q 'too many failed attempts' "$HOST/said" || fail "it says: $(cat "$HOST/said")"
check 'the record of acts is whole' hub audit verify
