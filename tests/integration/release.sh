# shellcheck shell=bash
# The release service as printers meet it: curl and openssl as the printer, the
# station at the end. The wrong certificate, grant, user, printer and job get
# nothing; the right one pulls, resumes and completes.
. "$SOURCE/tests/integration/host.sh"
host_start
. "$SOURCE/tests/integration/printer.sh"
until_true 15 cloud_is_online || fail 'the cloud link does not come up'

no_http() { # what certificate-name
    if status_as "$2" "" >"$HOST/status" 2>"$HOST/curl.err"; then
        fail "$1 got the status $(cat "$HOST/status")"
    fi
    [ "$(cat "$HOST/status")" = 000 ] || fail "$1 got an answer"
    say "ok  $1 gets no HTTP"
}

# --- what is held ---

text_pdf "$HOST/five.pdf" one two three four five
for name in zebra1 zebra2 zebra3; do
    print_as alice -t "$name" "$HOST/five.pdf"
done
print_as bob -t zebra4 "$HOST/five.pdf"
until_true 30 has_jobs alice 3 || fail "alice's jobs do not arrive"
until_true 30 has_jobs bob 1 || fail "bob's job does not arrive"
A1=$(job_id_of alice@example.com 0)
A2=$(job_id_of alice@example.com 1)
A3=$(job_id_of alice@example.com 2)
B1=$(job_id_of bob@example.com 0)
NOBODY=00000000000000000000000000000000

# --- certificates ---

pki printer "$PKI" pr-test-second
pki printer "$PKI" pr-old --expired
pki printer "$PKI" pr-server --eku server
pki printer "$PKI" pr-foreign --tenant other
pki printer "$PKI" pr-nobody --no-uri
pki printer "$PKI" pr-double --uri "urn:printhold:$TENANT:pr:pr-else"
pki workstation "$PKI" ws-else
pki service "$PKI" svc-else
pki init "$HOST/strange" --tenant "$TENANT"
pki printer "$PKI" pr-strange --ca "$HOST/strange"

is 'the printer sees the service' "$(status_as "$PRINTER" "")" 200
no_http 'an expired certificate' pr-old
no_http 'a certificate for servers' pr-server
no_http 'a printer of another tenant' pr-foreign
no_http 'a certificate without identity' pr-nobody
no_http 'a certificate with two identities' pr-double
no_http 'a workstation' ws-else
no_http 'a service' svc-else
no_http 'a certificate of a strange authority' pr-strange
refuse 'no certificate gets no HTTP' curl -sS --max-time 20 \
    --cacert "$PKI/ca.crt" "$URL" 2>/dev/null
refuse 'plain HTTP gets nothing' curl -sS --max-time 20 \
    "http://127.0.0.1:$RELEASE_PORT/v1" 2>/dev/null

s_client() { # openssl-option...
    printf 'GET /v1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' |
        timeout 20 openssl s_client -connect "127.0.0.1:$RELEASE_PORT" \
            -CAfile "$PKI/ca.crt" -cert "$PKI/$PRINTER.crt" \
            -key "$PKI/$PRINTER.key" -ign_eof -verify_return_error "$@" 2>&1
}
s_client -tls1_3 >"$HOST/tls" || fail 'openssl cannot connect'
check 'openssl is answered too' grep -q '^HTTP/1.1 200' "$HOST/tls"
refuse 'no session ticket is given' grep -qi 'session ticket' "$HOST/tls"
refuse 'TLS 1.2 is refused' s_client -tls1_2 >/dev/null

# --- grants ---

pki issuer "$PKI" stranger
wrong_grant() { # problem what grant-option...
    local type=$1 what=$2
    shift 2
    is "$what: status" "$(grant "$@" | sign_in_as "$PRINTER")" 403
    is "$what: reason" "$(problem)" "urn:printhold:problem:$type"
}
wrong_grant grant-untrusted 'grant of a strange issuer key' \
    --key "$PKI/stranger.key"
wrong_grant grant-untrusted 'changed payload' --tamper payload
wrong_grant grant-untrusted 'changed signature' --tamper signature
wrong_grant grant-untrusted 'algorithm none' --header 'alg="none"'
wrong_grant grant-untrusted 'algorithm HS256' --header 'alg="HS256"'
wrong_grant grant-untrusted 'type of another token' --header 'typ="JWT"'
wrong_grant grant-untrusted 'a key in the header' --header 'jwk={}'
wrong_grant grant-untrusted 'unknown key id' --header 'kid="other"'
wrong_grant grant-other-issuer 'another issuer' --iss https://evil.example
wrong_grant grant-other-workstation 'another workstation' --aud ws-else
wrong_grant grant-other-printer 'bound to another printer' \
    --printer-cert "$PKI/pr-test-second.crt"
wrong_grant grant-malformed 'bound to no printer' --no-claim cnf
wrong_grant grant-malformed 'no end' --no-claim exp
wrong_grant grant-malformed 'end as text' --claim 'exp="1795299120"'
wrong_grant grant-malformed 'no serial number' --no-claim jti
wrong_grant grant-malformed 'short serial number' --jti abc
wrong_grant grant-expired 'over since an hour' --shift -3600
wrong_grant grant-expired 'not yet good' --shift 3600
wrong_grant grant-expired 'lives too long' --life 301
wrong_grant grant-no-user 'a user with a blank' --sub 'alice @example.com'

grant >"$HOST/grant"
is 'a grant opens a session' "$(sign_in_as "$PRINTER" <"$HOST/grant")" 201
is 'a second time it does not' "$(sign_in_as "$PRINTER" <"$HOST/grant")" 403
is 'because it was used' "$(problem)" urn:printhold:problem:grant-used
agent_kill
agent_start
is 'nor after the agent was killed' \
    "$(sign_in_as "$PRINTER" <"$HOST/grant")" 403
is 'because it was used' "$(problem)" urn:printhold:problem:grant-used

# --- sessions and owners ---

open_session --amr badge
is 'alice has three jobs here' \
    "$(call GET /jobs >/dev/null && jq '.jobs | length' "$BODY")" 3
is 'no session, no list' "$(status_as "$PRINTER" /jobs)" 401
is 'a made-up session, no list' "$(status_as "$PRINTER" /jobs \
    -H "Authorization: Bearer $NOBODY")" 401
is "another printer's session, no list" "$(status_as pr-test-second /jobs \
    -H "Authorization: Bearer $SESSION")" 401

for id in "$B1" "$NOBODY" ..%2f..%2fetc x; do
    is "GET of $id" "$(call GET "/jobs/$id" --path-as-is)" 404
    is "claim of $id" "$(call POST "/jobs/$id/claim")" 404
    is "document of $id" "$(call GET "/jobs/$id/document")" 404
    is "complete of $id" "$(complete "$id" printed)" 404
    is "delete of $id" "$(call DELETE "/jobs/$id")" 404
done
call GET "/jobs/$B1" >/dev/null && cp "$BODY" "$HOST/theirs"
call GET "/jobs/$NOBODY" >/dev/null
check "bob's job looks like none" cmp -s "$BODY" "$HOST/theirs"
is "bob's job is untouched" "$(jobs_of bob)" 1

is 'no document without a claim' "$(call GET "/jobs/$A1/document")" 409
is 'no completion without a claim' "$(complete "$A1" printed)" 409
is 'nothing is gone' "$(jobs_of alice)" 3

open_session --jobs "$A2" --amr pin
is 'a grant for one job shows one job' \
    "$(call GET /jobs >/dev/null && jq -r '.jobs[].id' "$BODY")" "$A2"
is 'and not the others' "$(call POST "/jobs/$A1/claim")" 404

# --- claim, download, complete ---

open_session --amr card
is 'claim' "$(call POST "/jobs/$A1/claim")" 200
MINE=$SESSION
second() { # path curl-option...
    status_as pr-test-second "$@" -H "Authorization: Bearer $SECOND"
}
is 'a second printer signs in' "$(grant \
    --printer-cert "$PKI/pr-test-second.crt" | sign_in_as pr-test-second)" 201
SECOND=$(jq -r .session "$BODY")
is 'but cannot claim it' "$(second "/jobs/$A1/claim" -X POST)" 409
is 'because of a claim' "$(problem)" urn:printhold:problem:claimed
is 'nor read it' "$(second "/jobs/$A1/document")" 409
is 'nor complete it' "$(second "/jobs/$A1/complete" \
    -H 'Content-Type: application/json' -d '{"result":"printed"}')" 409
is 'the owner cannot delete it now' "$(ph alice delete "$A1" 2>/dev/null &&
    echo deleted || echo busy)" busy

SESSION=$MINE
SHA=$(document_sha "$A1")
is 'download' "$(call GET "/jobs/$A1/document" -D "$HOST/head")" 200
cp "$BODY" "$HOST/whole.pdf"
SIZE=$(stat -c %s "$HOST/whole.pdf")
is 'digest' "$(sha256sum <"$HOST/whole.pdf" | cut -d' ' -f1)" "$SHA"
is 'pages' "$(qpdf --show-npages "$HOST/whole.pdf")" 5
ETAG=$(tr -d '\r' <"$HOST/head" | sed -nE 's/^[Ee][Tt]ag: //p')
is 'tag' "$ETAG" "\"$SHA\""
check 'digest in the header' grep -qF "$(openssl dgst -sha256 -binary \
    "$HOST/whole.pdf" | base64)" "$HOST/head"
is 'a range' "$(call GET "/jobs/$A1/document" -r 100-199)" 206
check 'has those bytes' cmp -s "$BODY" \
    <(tail -c +101 "$HOST/whole.pdf" | head -c 100)
is 'the last bytes' "$(call GET "/jobs/$A1/document" -r -7)" 206
check 'are those' cmp -s "$BODY" <(tail -c 7 "$HOST/whole.pdf")
is 'a range behind the end' "$(call GET "/jobs/$A1/document" -r "$SIZE-")" 416
is 'a range of another document' "$(call GET "/jobs/$A1/document" -r 100- \
    -H 'If-Range: "other"')" 200
check 'is the whole document' cmp -s "$BODY" "$HOST/whole.pdf"

is 'not printed after all' "$(complete "$A1" failed)" 200
is 'it is held as before' "$(jobs_of alice)" 3
is 'claim again, with a choice' "$(call POST "/jobs/$A1/claim" \
    -H 'Content-Type: application/json' -d '{"sides":"one-sided"}')" 200
is 'a choice beyond the ticket' "$(call POST "/jobs/$A1/claim" \
    -H 'Content-Type: application/json' -d '{"page-ranges":"1-6"}')" 409
is 'is not allowed' "$(problem)" urn:printhold:problem:not-allowed
is 'what is here' "$(call GET '')" 200
is 'an unknown result is refused' "$(complete "$A1" eaten)" 400
is 'it is still there' "$(jobs_of alice)" 3
is 'printed' "$(complete "$A1" printed)" 200
is 'it is gone' "$(jobs_of alice)" 2
is 'the same report again' "$(complete "$A1" printed)" 200
is 'its document is gone' "$(call GET "/jobs/$A1/document")" 404
check 'the cloud hears of one release' until_true 5 has_events released 1
check 'with the choice' grep -qF '"sides":"one-sided"' \
    <(grep '"org.printhold.job.released.v1"' "$HOST/watch.log")
check 'which printer' grep -qF "\"$PRINTER\"" \
    <(grep '"org.printhold.job.released.v1"' "$HOST/watch.log")
is 'sign out' "$(call DELETE /sessions/current)" 204
is 'after that nothing' "$(call GET /jobs)" 401

# --- the station ---

station() { # command option...
    "$BUILD/station/printhold-station" "$@" --grant-file "$HOST/grant" \
        --workstation "127.0.0.1:$RELEASE_PORT" --workstation-id "$WS" \
        --ca "$PKI/ca.crt" --cert "$PKI/$PRINTER.crt" \
        --key "$PKI/$PRINTER.key" --tries 2
}
exit_of() { # command...
    local rc=0
    "$@" >"$HOST/out" 2>"$HOST/err" || rc=$?
    printf '%d' "$rc"
}
new_grant() {
    grant >"$HOST/grant"
}

rm "$HOST/grant"
is 'without its grant it cannot start' "$(exit_of station list)" 1
check 'and names the file' grep -qF "$HOST/grant" "$HOST/err"
new_grant
is 'nor without a place for the paper' \
    "$(exit_of station pull --all --output /proc/none)" 7
# The grant was not spent by either.
is 'the station lists' "$(station list --json | jq '.jobs | length')" 2
is 'with a used grant it is refused' "$(exit_of station list)" 3
check 'and says why' grep -q 'used before' "$HOST/err"

# A part from an earlier run: the station goes on behind it.
PAPER=$HOST/paper
install -d -m 0700 "$PAPER"
SHA=$(document_sha "$A2")
open_session --amr fob
call POST "/jobs/$A2/claim" >/dev/null
call GET "/jobs/$A2/document" -r 0-999 >/dev/null
cp "$BODY" "$PAPER/$A2.part"
is 'the claim is given back' "$(call DELETE "/jobs/$A2/claim")" 204
printf '"%s"' "$SHA" >"$PAPER/$A2.part.etag"
new_grant
is 'the station resumes' "$(station pull --json --output "$PAPER" --job "$A2" |
    jq -r '.jobs[] | "\(.completed) \(.["resumed-at"])"')" 'true 1000'
is 'byte for byte' "$(sha256sum <"$PAPER/$A2.pdf" | cut -d' ' -f1)" "$SHA"
is 'nothing else is left' "$(ls "$PAPER")" "$A2.pdf"
is 'and the job is gone' "$(jobs_of alice)" 1

new_grant
is 'a job that is not held' "$(exit_of station pull --output "$PAPER" \
    --job "$A2")" 4
new_grant
is 'without completion' "$(exit_of station pull --output "$PAPER" --all \
    --no-complete)" 0
is 'the job stays' "$(jobs_of alice)" 1
printf 'mine' >"$PAPER/$A3.pdf"
new_grant
is 'a file of that name' "$(exit_of station pull --output "$PAPER" --all)" 7
is 'is not replaced' "$(cat "$PAPER/$A3.pdf")" mine
new_grant
is 'but by force' "$(exit_of station pull --output "$PAPER" --all --force)" 0
check 'it is the document' qpdf --check "$PAPER/$A3.pdf" >/dev/null
is 'nothing is held for alice' "$(jobs_of alice)" 0
is "bob's job was never touched" "$(jobs_of bob)" 1
is 'his is the one document in the spool' \
    "$(find "$HOST/spool" -type f -size +2k | wc -l)" 1
check 'the cloud hears of three releases' until_true 5 has_events released 3

check 'every answer is as the API description says' answers_fit 21

agent_stop
refuse 'no token, session or title is in the log' grep -qE \
    "$SESSION|$SECOND|eyJ|zebra" "$HOST/agent.log"
