# shellcheck shell=bash
# SR-32: the key of a document is in the agent's memory while a printer pulls
# it, and at no other time.
. "$SOURCE/tests/integration/host.sh"
host_start

FIND=$BUILD/tests/support/ph-test-find-key
PKI=$HOST/pki
found() { # key-name
    "$FIND" scan "$AGENT_PID" <"$HOST/keys" | sed -n "s/^$1 //p"
}
is_found() { # key-name
    [ "$(found "$1")" -gt 0 ]
}
is_not_found() { # key-name
    [ "$(found "$1")" = 0 ]
}
PRINTER_CURL=(curl -sS --http1.1 --tlsv1.3 --max-time 60 --cacert "$PKI/ca.crt"
    --cert "$PKI/$PRINTER.crt" --key "$PKI/$PRINTER.key")
printer() { # curl-option...
    "${PRINTER_CURL[@]}" "$@"
}
URL=https://127.0.0.1:$RELEASE_PORT/v1

# Too long for the socket's buffers: a slow printer is seen pulling it.
{
    printf '%%!PS\n'
    head -c 24000000 /dev/urandom | base64 | sed 's/^/%/'
    printf '%%%%EOF\n'
} >"$HOST/long.ps"
chmod 0644 "$HOST/long.ps"
print_as alice -o raw "$HOST/long.ps"
check 'the job is held' until_true 60 has_jobs alice 1
ID=$(job_field alice 0 .id)
"$FIND" unwrap "$HOST/agent" "$HOST/spool/held/$ID" >"$HOST/keys"
is 'three keys to look for' "$(wc -l <"$HOST/keys")" 3
check 'the key of the day is found: the search works' is_found epoch
check 'not the data key of a held job' until_true 10 is_not_found data
check 'nor the key of its body' until_true 10 is_not_found segment

SESSION=$("$BUILD/tests/support/ph-test-grant" --key "$PKI/issuer.key" \
    --iss https://hub.example.com --aud "$WS" --sub alice@example.com \
    --printer-cert "$PKI/$PRINTER.crt" | jq -Rc '{grant: .}' |
    printer -H 'Content-Type: application/json' --data-binary @- \
        "$URL/sessions" | jq -r .session)
AUTH="Authorization: Bearer $SESSION"
printer -X POST -H "$AUTH" "$URL/jobs/$ID/claim" >/dev/null
"${PRINTER_CURL[@]}" -H "$AUTH" --limit-rate 100k -o /dev/null \
    "$URL/jobs/$ID/document" &
PULL=$!
check 'the key of the body while it is pulled' until_true 20 is_found segment
kill "$PULL"
wait "$PULL" || true
check 'not after the printer went away' until_true 20 is_not_found segment
check 'nor the data key' is_not_found data

printer -H "$AUTH" -o "$HOST/pulled" "$URL/jobs/$ID/document"
check 'the document came' cmp -s "$HOST/pulled" "$HOST/long.ps"
printer -X POST -H "$AUTH" -H 'Content-Type: application/json' \
    -d '{"result":"printed"}' "$URL/jobs/$ID/complete" >/dev/null
is 'it is released' "$(jobs_of alice)" 0
check 'the data key is gone' until_true 10 is_not_found data
check 'the key of the body is gone' until_true 10 is_not_found segment
check 'the key of the day is still there' is_found epoch
agent_stop
