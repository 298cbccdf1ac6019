# shellcheck shell=bash
# What the hub says: policies, keys and commands that are signed (SR-50), over a
# real broker to the real agent. Policies hold without the broker, older ones never
# come back, commands work once, what is forged is dropped and counted, and the
# agent connects to nothing but its broker all the while (SR-51).
. "$SOURCE/tests/integration/host.sh"
AGENT_IN=(strace -D -f -qq -e 'trace=connect,sendto,sendmsg,sendmmsg' -o "$HOST/strace.log")
host_start
. "$SOURCE/tests/integration/printer.sh"
until_true 30 cloud_is_online || fail 'the cloud link does not come up'

# --- helpers ---

# A token of that type; more options of ph-test-grant spoil it.
sign() { # type audience option...
    local type=$1 aud=$2
    shift 2
    "$BUILD/tests/support/ph-test-grant" --key "$PKI/issuer.key" --iss "$ISSUER" \
        --aud "$aud" --header "typ=\"$type\"" --no-claim nbf --no-claim amr \
        --output "$HOST/token" "$@"
    tr -d '\n' <"$HOST/token" >"$HOST/message"
}
policy() { # version policy-json option...
    sign phpolicy+jwt "urn:printhold:$TENANT" --no-claim jti --no-claim exp \
        --claim "ver=$1" --claim "policy=$2" "${@:3}"
    hub_says cfg/policy -r -f "$HOST/message"
}
command_of() { # op args-json option...
    sign phcmd+jwt "$WS" --claim "op=\"$1\"" --claim "args=$2" "${@:3}"
}
command() { # op args-json option...
    command_of "$@"
    hub_says "cmd/$WS" -f "$HOST/message"
}
status_is() { # member value
    [ "$(ph root status --json | jq -r ".[\"$1\"]")" = "$2" ]
}
dropped() {
    ph root status --json | jq -r '.["cloud-dropped"]'
}
answers() { # type jq-filter-of-data; prints how many, each id once
    grep "^ph1/$TENANT/ev/" "$HOST/watch.log" | cut -d' ' -f2- |
        jq -r "select(.type == \"org.printhold.$1.v1\") | select(.data | $2) | .id" |
        sort -u | wc -l
}
answered() { # type jq-filter-of-data
    [ "$(answers "$1" "$2")" -ge 1 ]
}
title_is() { # title
    [ "$(cloud_document | jq -r '.jobs[0]["job-name"] // "none"')" = "$1" ]
}

# --- a policy takes effect ---

text_pdf "$HOST/one.pdf" one
print_as alice -t 'zebra stripes' "$HOST/one.pdf"
until_true 30 has_jobs alice 1 || fail "alice's job does not arrive"
until_true 30 title_is 'zebra stripes' || fail 'the document has no title'
A1=$(job_id_of alice@example.com 0)
check 'a job can be kept' ph alice keep "${A1:0:12}"

policy 5 '{"retention-s":7200,"keep":false,"title":"hidden","user-jobs-max":2,
    "sign-in":["badge+pin"],"offline-code":false,"colour":1}' --claim 'crit=["keep"]'
until_true 15 status_is policy-version 5 || fail 'the policy is not in force'
say 'ok  the policy is in force'
until_true 15 title_is none || fail 'the title is still told'
say 'ok  the document is published again without the title'
check 'status says what it changed' status_is policy-text \
    'retention-s 7200, user-jobs-max 2, keep no, offline-code no, title hidden, sign-in badge+pin'
until_true 15 answered policy.applied '.ver == 5 and .scope == "tenant"' ||
    fail 'nobody is told of the policy'
refuse 'keep is refused' ph alice keep "${A1:0:12}" 2>"$HOST/err"
check 'with the reason' grep -q 'your organisation does not let jobs be kept' "$HOST/err"
refuse 'no code is made' ph alice code 2>"$HOST/err"
print_as alice -t second "$HOST/one.pdf"
until_true 30 has_jobs alice 2 || fail 'the second job does not arrive'
is 'a new job is held for two hours' \
    "$(ph alice jobs --json | jq '.[1] | (."expires-ms" - ."held-ms") / 1000')" 7200
print_as alice -t third "$HOST/one.pdf"
until_true 30 job_is "$JOB_ID" pending-held || fail 'the third job does not wait'
check 'a third one waits in CUPS' has_jobs alice 2
as alice cancel "$JOB_ID"
is 'a PIN alone signs nobody in' "$(grant --amr pin | sign_in_as "$PRINTER")" 403
is "and it is said why" "$(problem)" urn:printhold:problem:sign-in
is 'badge and PIN do' "$(grant --amr badge,pin | sign_in_as "$PRINTER")" 201

# --- without the broker, after a restart ---

broker_stop
agent_kill
agent_start
check 'it holds after a crash without the broker' status_is policy-version 5
refuse 'keep is still refused' ph alice keep "${A1:0:12}" 2>"$HOST/err"
broker_start
until_true 30 cloud_is_online || fail 'the link does not come back'

# --- older, and the workstation's own ---

BEFORE=$(dropped)
policy 4 '{}'
until_true 15 status_is cloud-dropped "$((BEFORE + 1))" || fail 'the older policy is not counted'
check 'an older policy is dropped and counted' status_is policy-version 5
check 'by its reason' status_is cloud-dropped-text '1 older than what is in force'
agent_kill
agent_start
until_true 30 cloud_is_online || fail 'the link does not come back'
until_true 15 status_is cloud-dropped 1 || fail 'the retained older policy is not counted'
check 'it does not come back with a restart' status_is policy-version 5
sign phpolicy+jwt "$WS" --no-claim jti --no-claim exp --claim ver=1 \
    --claim 'policy={"keep":true,"retention-s":1}'
hub_says "cfg/ws/$WS" -r -f "$HOST/message"
until_true 15 status_is policy-ws-version 1 || fail "the workstation's policy is not in force"
check 'its own policy lies over it' ph alice keep "${A1:0:12}"
until_true 15 answered policy.applied \
    '.scope == "workstation" and .clamped == ["retention-s"]' ||
    fail 'the bound is not told'
say 'ok  a retention of a second becomes an hour, and that is said'

# --- keys ---

mkdir "$HOST/strange-issuer"
pki issuer "$HOST/strange-issuer"
STRANGE=$HOST/strange-issuer/issuer.key
jwk() { # private-key
    openssl pkey -in "$1" -pubout -outform DER | tail -c 64 >"$HOST/point"
    printf '{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}' \
        "$(head -c 32 "$HOST/point" | basenc --base64url | tr -d =)" \
        "$(tail -c 32 "$HOST/point" | basenc --base64url | tr -d =)"
}
keys() { # version jwk option...
    sign phkeys+jwt "urn:printhold:$TENANT" --no-claim jti --claim "ver=$1" \
        --claim "keys=[$2]" "${@:3}"
    hub_says cfg/keys -r -f "$HOST/message"
}
is 'a grant by a strange key signs nobody in' \
    "$(grant --amr badge,pin --key "$STRANGE" | sign_in_as "$PRINTER")" 403
keys 1 "$(jwk "$STRANGE")" --key "$STRANGE"
until_true 15 status_is cloud-dropped 2 || fail 'keys by a strange key are not counted'
keys 2 "$(jwk "$STRANGE")"
strange_signs_in() {
    [ "$(grant --amr badge,pin --key "$STRANGE" | sign_in_as "$PRINTER")" = 201 ]
}
until_true 15 strange_signs_in || fail 'the further key does not count'
say 'ok  a key that a pinned one has signed counts'
is 'its file is private' "$(stat -c %a "$HOST/agent/issuer-keys")" 600
keys 3 '' --key "$STRANGE"
until_true 15 status_is cloud-dropped 3 || fail 'keys of a further key are not counted'
check 'a further key brings none and takes none' strange_signs_in

# --- commands ---

command refresh '{}'
until_true 15 answered command.done '.op == "refresh"' || fail 'no answer to refresh'
say 'ok  refresh is answered'
command renew-certificate '{}'
until_true 15 answered command.refused '.op == "renew-certificate" and .reason == "not-enrolled"' ||
    fail 'no answer to renew-certificate'
check 'the wish for a certificate is in the status' \
    test "$(ph root status --json | jq '.["renewal-wanted-ms"] > 0')" = true
command delete-jobs "{\"jobs\":[\"$A1\"]}" --jti jti-that-is-used-once-1
cp "$HOST/message" "$HOST/delete"
until_true 15 answered command.done \
    '.cause == "jti-that-is-used-once-1" and .deleted == 1' || fail 'no answer to delete-jobs'
check 'the job is deleted' has_jobs alice 1
until_true 15 has_events deleted 1 || fail 'no event of the deletion'
BEFORE=$(dropped)
hub_says "cmd/$WS" -f "$HOST/delete"
until_true 15 status_is cloud-dropped "$((BEFORE + 1))" || fail 'the replay is not counted'
agent_kill
agent_start
# What is retained, an older policy and keys of a strange key, comes first.
until_true 30 status_is cloud-dropped 2 || fail 'what is retained is not counted'
hub_says "cmd/$WS" -f "$HOST/delete"
until_true 15 status_is cloud-dropped 3 || fail 'the replay after the restart is not counted'
is 'a command works once, also after a restart' \
    "$(answers command.done '.cause == "jti-that-is-used-once-1"')" 1

# A printer has one of them.
A2=$(job_id_of alice@example.com 0)
open_session --amr badge,pin
is 'a printer claims a job' "$(call POST "/jobs/$A2/claim")" 200
print_as alice -t fourth "$HOST/one.pdf"
print_as bob -t zebra4 "$HOST/one.pdf"
until_true 30 has_jobs alice 2 || fail "alice's job does not arrive"
until_true 30 has_jobs bob 1 || fail "bob's job does not arrive"
command purge-user '{"user":"Alice@example.com"}' --jti jti-that-is-used-once-2
until_true 15 answered command.done ".cause == \"jti-that-is-used-once-2\" and
    .deleted == 1 and .busy == 1 and .[\"busy-jobs\"] == [\"$A2\"]" ||
    fail 'no answer to purge-user'
check 'a job that a printer has stays, and is named' has_jobs alice 1
is 'it is given back' "$(complete "$A2" failed)" 200
command purge-user '{"user":"alice@example.com"}' --jti jti-that-is-used-once-3
until_true 15 answered command.done \
    '.cause == "jti-that-is-used-once-3" and .deleted == 1 and .busy == 0' ||
    fail 'no answer to the second purge-user'
check 'alice has nothing here any more' has_jobs alice 0
check "bob's job stays" has_jobs bob 1
emptied() {
    grep "^ph1/$TENANT/u/" "$HOST/watch.log" | tail -20 | grep -q "/$WS \$\|/$WS\$\|(null)"
}
until_true 15 emptied || fail 'her document is not emptied'
check 'the audit holds' as printhold "$BUILD/agent/printhold-agent" \
    --config-dir "$HOST/etc" audit verify >/dev/null

# --- what is forged ---

BEFORE=$(dropped)
ANSWERS_BEFORE=$(grep -c 'org.printhold.command' "$HOST/watch.log")
COUNT=0
hostile() { # topic mosquitto_pub-option...
    hub_says "$@"
    COUNT=$((COUNT + 1))
}
DELETE='{"user":"bob@example.com"}'
hostile "cmd/$WS" -m '{"op":"delete-jobs","args":{"user":"bob@example.com","url":"http://127.0.0.1:9/"}}'
hostile "cmd/$WS" -m 'http://127.0.0.1:9/'
hostile cfg/policy -m 'http://127.0.0.1:9/'
hostile cfg/keys -m '{"keys":[],"jku":"http://127.0.0.1:9/"}'
command_of delete-jobs "$DELETE" --key "$PKI/hub.key" 2>/dev/null &&
    hostile "cmd/$WS" -f "$HOST/message"
# shellcheck disable=SC2089
for wrong in '--aud ws-else' '--iss https://evil.example' '--shift -4000' '--shift 4000' \
    '--header typ="phgrant+jwt"' '--header alg="none"' '--header alg="HS256"' \
    '--header jku="http://127.0.0.1:9/"' '--header x5u="http://127.0.0.1:9/"' \
    '--header kid="http://127.0.0.1:9/"' '--no-claim jti' '--no-claim exp' \
    '--life 800000' '--tamper payload' '--tamper signature' \
    '--claim args={"user":"bob@example.com","url":"http://127.0.0.1:9/"}'; do
    # shellcheck disable=SC2086,SC2090
    command_of delete-jobs "$DELETE" $wrong
    hostile "cmd/$WS" -f "$HOST/message"
done
grant --sub bob@example.com --aud "$WS" | tr -d '\n' >"$HOST/message"
hostile "cmd/$WS" -f "$HOST/message"
sign phpolicy+jwt 'urn:printhold:other' --no-claim jti --claim ver=99 --claim 'policy={}'
hostile cfg/policy -f "$HOST/message"
sign phpolicy+jwt "urn:printhold:$TENANT" --no-claim jti --claim ver=99 \
    --claim 'policy={"url":"http://127.0.0.1:9/"}' --claim 'crit=["url"]'
hostile cfg/policy -f "$HOST/message"
head -c 70000 /dev/zero | tr '\0' A >"$HOST/huge"
hostile "cmd/$WS" -f "$HOST/huge"
until_true 20 status_is cloud-dropped "$((BEFORE + COUNT))" ||
    fail "$COUNT forged messages, $(($(dropped) - BEFORE)) counted: $(ph root status | grep 'From the cloud')"
say "ok  $COUNT forged messages are dropped and counted"
check "bob's job is still there" has_jobs bob 1
check 'the policy is the same' status_is policy-version 5
is 'none of them is answered' "$(grep -c 'org.printhold.command' "$HOST/watch.log")" "$ANSWERS_BEFORE"
# What is signed, but on no list, is refused and moves nothing.
for op in send-job upload release print run set-url report-logs; do
    command "$op" '{"job":"all","url":"http://127.0.0.1:9/"}' --jti "jti-of-no-list-at-all-$op"
    until_true 15 answered command.refused \
        ".cause == \"jti-of-no-list-at-all-$op\" and .reason == \"unknown-op\"" ||
        fail "no refusal of $op"
done
check 'an op that is on no list moves nothing' has_jobs bob 1

# --- nothing was connected to but the broker ---

grep -E 'sa_family=AF_INET' "$HOST/strace.log" |
    grep -vE "htons\\($WSS_PORT\\)|htons\\($RELEASE_PORT\\)" >"$HOST/others" || true
check 'the agent connected to its broker alone' test ! -s "$HOST/others"
check 'and it did connect' grep -q "connect(.*htons($WSS_PORT)" "$HOST/strace.log"
