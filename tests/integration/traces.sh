# shellcheck shell=bash disable=SC2034
# SR-02, SR-13, SR-14, SR-33, SR-61: a word stands in title, text, options, file
# name and login of a job. After capture, after release and after expiry it is
# in no byte of what CUPS and we have on disk, in no log, in no temporary
# directory; nor is a key, a token or a session. Files have the modes that they
# should have.
. "$SOURCE/tests/integration/host.sh"
HOST_PURGE=yes
CUPS_STOCK=yes
mount -t tmpfs tmpfs /var/tmp
mount -t tmpfs tmpfs /dev/shm
WORD=zq$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
trap host_end EXIT
install -d "$HOST/open" "$HOST/etc/conf.d"
: >"$HOST/started"
host_config jobs retention 1h
host_start
host_config owner domain "$WORD.example"
agent_stop
agent_start

# --- the search finds each form ---

finds() { "$SOURCE/tests/support/find-marker" "$WORD" "$@" >"$HOST/hits"; }
control() { # text, then the bytes on standard input
    cat >"$HOST/open/control"
    check "the search finds $1" finds "$HOST/open"
    rm "$HOST/open/control"
}
printf 'xx%syy' "$WORD" | control 'it as it is'
printf 'xx%syy' "${WORD^^}" | control 'it in capitals'
printf 'xx%syy' "$WORD" | iconv -t UTF-16LE | control 'UTF-16, little end first'
printf 'xx%syy' "$WORD" | iconv -t UTF-16BE | control 'UTF-16, big end first'
for before in '' a ab; do
    printf '%s%s tail' "$before" "$WORD" | base64 -w0 | control "Base64 after '$before'"
done
printf 'xx%syy' "$WORD" | od -An -v -tx1 | tr -d ' \n' | control hexadecimal
printf 'xx%syy' "$WORD" | gzip | control gzip
: >"$HOST/open/$WORD.txt"
check 'the search finds a name' finds "$HOST/open"
rm "$HOST/open/$WORD.txt"
printf 'nothing' >"$HOST/open/control"
refuse 'the search finds nothing in nothing' finds "$HOST/open"

install -d "$HOST/desk"
text_pdf "$HOST/desk/$WORD.pdf" "$WORD in the text" "and $WORD again"
cp "$HOST/desk/$WORD.pdf" "$HOST/open/control"
check 'the search finds a PDF' finds "$HOST/open"
check 'its text too, which is compressed' grep -q inflated "$HOST/hits"
rm "$HOST/open/control"

# --- everything that may hold it ---

# CUPS's directories, ours, and what is new in the temporary ones. What the
# broker keeps is what policy lets the cloud know.
searched() {
    printf '%s\0' "$HOST/cups" "$HOST/spool" "$HOST/agent" "$HOST/run" \
        "$HOST/agent.log" "$HOST/open" /var/tmp /dev/shm
    find /tmp -xdev -path '/tmp/printhold-test-*' -prune -o -type f \
        \( -user lp -o -user printhold -o -user alice -o -user root \) \
        -newer "$HOST/started" -size -16M -print0 2>/dev/null || true
}
no_trace() {
    local files rc=0
    mapfile -d '' files < <(searched)
    finds "${files[@]}" || rc=$?
    [ "$rc" -lt 2 ] || fail 'the search failed'
    [ "$rc" = 1 ]
}
clean() { # text
    check "$1: nothing readable is left" until_true 15 no_trace
}

for place in cups/spool cups/cache cups/log cups/state agent spool run; do
    check "there is $place" test -d "$HOST/$place"
done

print_it() {
    print_as alice -t "Title $WORD" -o "job-billing=$WORD" -o "account-id=x$WORD" \
        -o number-up=1 "$HOST/desk/$WORD.pdf"
}

# While it waits in CUPS it is there: this is what the purge is for.
agent_stop
print_it
check 'it waits' until_true 10 job_is "$JOB_ID" processing
check 'and is in CUPS meanwhile' finds "$HOST/cups/spool"
agent_start
check 'it is captured' until_true 20 has_jobs alice 1
is 'the owner has the word too' "$(job_field alice 0 '.ticket["owner-login"]')" \
    "alice@$WORD.example"
is 'and the title' "$(job_field alice 0 '.ticket["job-name"]')" "Title $WORD"
clean 'after capture'
cups_stop # it writes its caches
clean 'after capture, with cupsd ended'
cups_start

# --- release ---

PKI=$HOST/pki
curl_as_printer() { # path curl-option...
    local path=$1
    shift
    curl -sS --http1.1 --max-time 20 --cacert "$PKI/ca.crt" --cert "$PKI/$PRINTER.crt" \
        --key "$PKI/$PRINTER.key" "$@" "https://127.0.0.1:$RELEASE_PORT/v1$path"
}
ID=$(job_field alice 0 .id)
GRANT=$("$BUILD/tests/support/ph-test-grant" --key "$PKI/issuer.key" \
    --iss https://hub.example.com --aud "$WS" --sub "alice@$WORD.example" \
    --printer-cert "$PKI/$PRINTER.crt" --amr fob)
SESSION=$(jq -nc --arg grant "$GRANT" '{grant: $grant}' |
    curl_as_printer /sessions -H 'Content-Type: application/json' --data-binary @- |
    jq -r .session)
with=(-H "Authorization: Bearer $SESSION")
curl_as_printer "/jobs/$ID/claim" "${with[@]}" -X POST -o /dev/null
curl_as_printer "/jobs/$ID/document" "${with[@]}" -o "$HOST/desk/pulled.pdf"
check 'the document comes out' qpdf --check "$HOST/desk/pulled.pdf" >/dev/null
clean 'while a printer holds it'
curl_as_printer "/jobs/$ID/complete" "${with[@]}" -X POST \
    -H 'Content-Type: application/json' -d '{"result":"printed"}' -o /dev/null
check 'it is released' has_jobs alice 0
clean 'after release'

# --- expiry: two hours pass for the agent ---

print_it
check 'another is captured' until_true 20 has_jobs alice 1
print_it
check 'and another' until_true 20 has_jobs alice 2
ph alice delete "$(job_field alice 1 .id)" >/dev/null
clean 'after a deletion'
agent_stop
AGENT_IN=(unshare --time --boottime 7200 --monotonic 7200)
agent_start
check 'it expires' until_true 10 has_jobs alice 0
clean 'after expiry'
agent_stop
clean 'with the agent ended'

# --- logs ---

logs=("$HOST/agent.log" "$HOST"/cups/log/*)
refuse 'no grant and no session is in a log' grep -qF -e "$GRANT" -e "$SESSION" \
    -e "${GRANT##*.}" "${logs[@]}"
refuse 'no key either' grep -aqF -f <(od -An -v -tx1 "$HOST/agent/machine.key" |
    tr -d ' \n' && echo) "${logs[@]}"
refuse 'no control byte is in our log' grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$HOST/agent.log"
is 'each line of our log is one record' \
    "$(grep -cvE '^[0-9T:.-]+Z (debug|info|notice|warning|error): ' "$HOST/agent.log" || true)" 0

# --- modes (SR-61) ---

ours=("$HOST/agent" "$HOST/spool" "$HOST/run" "$HOST/cups/bin/backend/printhold"
    "$BUILD/backend/printhold-pagecount")
is 'nothing of ours is world-writable, but sockets' \
    "$(find "${ours[@]}" -perm -002 ! -type s ! -type l)" ''
is 'nothing is setuid or setgid' "$(find "${ours[@]}" -perm /6000)" ''
is 'the state is 0700' "$(stat -c '%a %U' "$HOST/agent")" '700 printhold'
is 'nobody else reads it' "$(find "$HOST/agent" ! -type d -perm /077)" ''
is 'held jobs are 0700' "$(stat -c '%a %U' "$HOST/spool/held")" '700 printhold'
is 'and incoming ones' "$(stat -c '%a %U' "$HOST/spool/incoming")" '700 printhold'
is 'the machine key is 0400' "$(stat -c '%a %U' "$HOST/agent/machine.key")" '400 printhold'
is 'all is of the account' "$(find "$HOST/agent" "$HOST/spool" ! -user printhold)" ''
is 'no core was dumped' "$(find "$HOST" -name 'core*' -type f)" ''
