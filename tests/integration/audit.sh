# shellcheck shell=bash
# The audit as an administrator and as people meet it: each session, claim,
# download, refusal and end of a job is one record, durable when the printer has
# its answer (kill -9), without login or title in the clear; a flood of refusals
# is a few records; whatever is changed, removed or put back is found.
. "$SOURCE/tests/integration/host.sh"
host_start

ISSUER=https://hub.example.com
URL=https://127.0.0.1:$RELEASE_PORT/v1
PKI=$HOST/pki
BODY=$HOST/body
RECORDS=$HOST/records
NOBODY=00000000000000000000000000000000
"$SOURCE/tests/support/pki" printer "$PKI" pr-test-second
"$SOURCE/tests/support/pki" printer "$PKI" pr-old --expired

# --- helpers ---

audit() { # argument...
    ASAN_OPTIONS=detect_leaks=0 "$BUILD/agent/printhold-agent" \
        --config-dir "$HOST/etc" audit "$@"
}

exit_of() { # command...
    local rc=0
    "$@" >"$HOST/out" 2>"$HOST/err" || rc=$?
    printf '%d' "$rc"
}

# Refusals follow their answers by moments.
read_records() {
    audit export --json >"$RECORDS"
}
records() { # jq condition; how many there are
    jq "[.[] | select($1)] | length" "$RECORDS"
}
there_are() { # count jq condition
    read_records
    [ "$(records "$2")" = "$1" ]
}
recorded() { # text count jq condition
    until_true 10 there_are "$2" "$3" ||
        fail "$1: $(records "$3") records: $(jq -c '.[-6:]' "$RECORDS")"
    say "ok  $1"
}

curl_as() { # certificate-name curl-option...
    local name=$1
    shift
    curl -sS --http1.1 --tlsv1.3 --max-time 20 --cacert "$PKI/ca.crt" \
        --cert "$PKI/$name.crt" --key "$PKI/$name.key" \
        -o "$BODY" -w '%{http_code}' "$@"
}

open_session() { # certificate-name ph-test-grant option...; sets SESSION
    local name=$1
    shift
    is "$name signs in" "$("$BUILD/tests/support/ph-test-grant" \
        --key "$PKI/issuer.key" --iss "$ISSUER" --aud "$WS" \
        --sub alice@example.com --printer-cert "$PKI/$name.crt" "$@" |
        jq -Rc '{grant: .}' | curl_as "$name" --data-binary @- \
        -H 'Content-Type: application/json' "$URL/sessions")" 201
    SESSION=$(jq -r .session "$BODY")
}

call() { # method path curl-option...
    local method=$1 path=$2
    shift 2
    curl_as "${AT:-$PRINTER}" -X "$method" "$URL$path" \
        -H "Authorization: Bearer $SESSION" "$@"
}

complete() { # id json
    call POST "/jobs/$1/complete" -H 'Content-Type: application/json' -d "$2"
}

database() { # SQL
    python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
for row in db.execute(sys.argv[2]): print(*row)' "$HOST/agent/catalogue.db" "$1"
}

# --- what happens ---

text_pdf "$HOST/two.pdf" one two
for name in zebra1 zebra2 zebra3 zebra4; do
    print_as alice -t "=$name" "$HOST/two.pdf"
done
print_as bob -t zebra5 "$HOST/two.pdf"
until_true 30 has_jobs alice 4 || fail "alice's jobs do not arrive"
until_true 30 has_jobs bob 1 || fail "bob's job does not arrive"
read -r A1 A2 A3 A4 < <(ph alice jobs --json | jq -r '[.[].id] | join(" ")')
B1=$(job_field bob 0 .id)

recorded 'captures are none' 1 true
is 'the first begins the chain' \
    "$(jq -r '.[0] | "\(.number) \(.event) \(.reason)"' "$RECORDS")" '1 began new'

open_session "$PRINTER" --amr 'badge pin'
FIRST=$SESSION
recorded 'a session' 1 '.event == "session" and .printer == "'"$PRINTER"'"
    and .amr == "badge pin" and ."owner-login" == "alice@example.com"'
is 'claim' "$(call POST "/jobs/$A1/claim")" 200
is 'and again, which renews it' "$(call POST "/jobs/$A1/claim")" 200
recorded 'a claim' 1 '.event == "claimed" and .job == "'"$A1"'"
    and .amr == "badge pin" and ."job-name" == "=zebra1"'
is 'head' "$(call HEAD "/jobs/$A1/document" -I)" 200
is 'download' "$(call GET "/jobs/$A1/document")" 200
is 'a part' "$(call GET "/jobs/$A1/document" -r 0-9)" 206
recorded 'a download' 1 '.event == "download" and .job == "'"$A1"'" and .reason == "whole"'
recorded 'of a part' 1 '.event == "download" and .job == "'"$A1"'" and .reason == "part"'
is 'not printed' "$(complete "$A1" '{"result":"failed"}')" 200
recorded 'that it failed' 1 '.event == "completed" and .reason == "failed"'
is 'claim again' "$(call POST "/jobs/$A1/claim")" 200
is 'printed' "$(complete "$A1" '{"result":"printed","sheets":2,"impressions":3}')" 200
is 'and once more' "$(complete "$A1" '{"result":"printed","sheets":2,"impressions":3}')" 200
recorded 'that it was printed' 1 '.event == "completed" and .reason == "printed"
    and .printer == "'"$PRINTER"'" and ."job-media-sheets-completed" == 2
    and ."job-impressions-completed" == 3 and ."owner-uid" == '"$(id -u alice)"

is 'claim and back' "$(call POST "/jobs/$A2/claim"; call DELETE "/jobs/$A2/claim")" 200204
recorded 'that it was given back' 1 '.event == "returned" and .job == "'"$A2"'"'
is 'deleted at the printer' "$(call DELETE "/jobs/$A2")" 204
recorded 'of whom' 1 '.event == "deleted" and .reason == "by-user"
    and .printer == "'"$PRINTER"'" and .job == "'"$A2"'"'
ph alice delete "$A3" >/dev/null
ph root delete "$B1" >/dev/null
recorded 'deleted at the desk' 1 '.event == "deleted" and .job == "'"$A3"'"
    and .reason == "by-user" and (has("printer") | not)'
recorded 'deleted by root' 1 '.event == "deleted" and .job == "'"$B1"'"
    and .reason == "by-administrator"'

# --- killed as soon as the printer has its answer ---

is 'claim' "$(call POST "/jobs/$A4/claim")" 200
is 'printed' "$(complete "$A4" '{"result":"printed"}')" 200
agent_kill
is 'intact after kill -9' "$(exit_of audit verify)" 0
recorded 'and the record is there' 1 '.event == "completed" and .job == "'"$A4"'"'
agent_start
is 'intact after the start' "$(exit_of audit verify)" 0
recorded 'the chain goes on' 1 '.event == "began"'

# --- refusals ---

text_pdf "$HOST/two.pdf" one two
print_as alice -t zebra6 -o printhold-confidential "$HOST/two.pdf"
until_true 30 has_jobs alice 1 || fail "the confidential job does not arrive"
SECRET=$(job_field alice 0 .id)
SESSION=$FIRST
is 'the session is over' "$(call GET /jobs)" 401
recorded 'which is a refusal' 1 '.event == "refused" and .reason == "no-session"
    and .printer == "'"$PRINTER"'" and .count == 1'
open_session pr-test-second --amr badge
AT=pr-test-second
is 'too weak' "$(call POST "/jobs/$SECRET/claim")" 403
recorded 'which job and how it was tried' 1 '.event == "refused"
    and .reason == "confidential" and .job == "'"$SECRET"'" and .amr == "badge"
    and ."owner-login" == "alice@example.com" and ."job-name" == "zebra6"'
is 'a job that is none' "$(call POST "/jobs/$NOBODY/claim")" 404
recorded 'neither' 1 '.event == "refused" and .reason == "no-job"'
refuse 'no handshake' curl_as pr-old "$URL" >/dev/null 2>&1
is 'which only counts' "$(read_records && records '.printer == "pr-old"')" 0
SESSION=$NOBODY
for ((i = 0; i < 40; i++)); do call GET /jobs; done >"$HOST/statuses"
is 'a flood is refused' "$(cat "$HOST/statuses")" "$(printf '401%.0s' {1..40})"
recorded 'of a flood there are five' 5 '.event == "refused"
    and .printer == "pr-test-second" and .reason == "no-session"'

# --- what people see ---

is 'alice sees what became of her job' "$(ph alice history --json | jq -r \
    '.[] | select(.job == "'"$A1"'" and .event == "completed" and .reason == "printed")
    | "\(.printer) \(.amr) \(."job-media-sheets-completed") \(."job-name")"')" \
    "$PRINTER badge pin 2 =zebra1"
is 'and why not' "$(ph alice history --json | jq -r \
    '[.[] | select(.event == "refused") | .reason] | join(" ")')" confidential
is 'bob sees his' "$(ph bob history --json | jq -r '[.[].job] | unique[]')" "$B1"
ph bob history >"$HOST/shown"
check 'in words' grep -qE 'deleted: by-administrator .* zebra5$' "$HOST/shown"
is 'not that of all' "$(exit_of ph bob history --all)" 5
is 'root does' "$(ph root history --all --json | jq length)" \
    "$(read_records && jq length "$RECORDS")"

# --- export ---

agent_stop
recorded 'what was only counted is there at the end' 1 '.event == "refused"
    and .printer == "pr-test-second" and .reason == "no-session" and .count == 35'
is 'numbers have no gaps' "$(jq '[.[].number] == [range(1; length + 1)]' "$RECORDS")" true
audit export --csv >"$HOST/csv"
is 'the table has as many' "$(python3 -c 'import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
assert all(None not in row and None not in row.values() for row in rows)
print(len(rows))' "$HOST/csv")" "$(jq length "$RECORDS")"
check 'lines end as RFC 4180 says' test "$(grep -c $'\r$' "$HOST/csv")" = \
    "$(wc -l <"$HOST/csv")"
check 'and no cell is a formula' grep -qF "\"'=zebra1\"" "$HOST/csv"
refuse 'not one' grep -qF ',"=' "$HOST/csv"
is 'since tomorrow there are none' \
    "$(audit export --json --since "$(date -u -d tomorrow +%F)" | jq length)" 0
is 'since an hour all' "$(audit export --json --since 1h | jq length)" \
    "$(jq length "$RECORDS")"

for bad in 'export' 'export --csv --json' 'export --csv --since yesterday' \
    'export --csv --since 2026-02-30' 'export --json --since 2026-01-01T25:00:00Z' \
    'export --csv --expect 1:00' 'verify --json' 'verify --expect 5' \
    'verify --expect 0:0011223344556677' 'verify --expect 5:0011' \
    'verify --expect 5:ZZ11223344556677' 'verify now' 'import' ''; do
    # shellcheck disable=SC2086 # words
    is "audit $bad" "$(exit_of audit $bad)" 2
done
check 'with a reason' test -s "$HOST/err"
is 'bob cannot' "$(exit_of as bob env ASAN_OPTIONS=detect_leaks=0 \
    "$BUILD/agent/printhold-agent" --config-dir "$HOST/etc" audit verify)" 78

# --- nothing in the clear, and the log ---

refuse 'no login and no title in the catalogue' \
    grep -qaE 'alice@|example\.com|zebra' "$HOST/agent/catalogue.db"
refuse 'nor in the log' grep -E 'audit: .*(alice|bob|zebra|127\.0\.0)' \
    "$HOST/agent.log"
MARK=$(sed -nE 's/.* audit: ([0-9]+:[0-9a-f]{16}) completed printed, job '"$A4"'.*/\1/p' \
    "$HOST/agent.log")
is 'the log has each record' "$(grep -c ' info: audit: ' "$HOST/agent.log")" \
    "$(jq length "$RECORDS")"
is 'and its mark' "$(exit_of audit verify --expect "$MARK")" 0
check 'which is the expected one' grep -q 'the one that was expected' "$HOST/out"
is 'the mark is the chain' "$(jq -r '.[] | select(.event == "completed"
    and .job == "'"$A4"'") | "\(.number):\(.chain[:16])"' "$RECORDS")" "$MARK"

# --- tampering ---

broken() { # text record
    is "$1 is found" "$(exit_of audit verify)" 1
    check "at record $2" grep -q "broken at record $2:" "$HOST/out"
    cp -p "$HOST/whole.db" "$HOST/agent/catalogue.db"
    is 'put back it is intact' "$(exit_of audit verify)" 0
}
LAST=$(jq length "$RECORDS")
refuse 'the agent left no log' test -s "$HOST/agent/catalogue.db-wal"
cp -p "$HOST/agent/catalogue.db" "$HOST/whole.db"
database "UPDATE audit SET printer = 'pr-else' WHERE number = 3"
broken 'another printer' 3
database "DELETE FROM audit WHERE number = 4"
broken 'one that is gone' 4
database "DELETE FROM audit WHERE number = $LAST"
broken 'the last that is gone' "$LAST"
database "UPDATE audit SET sealed = (SELECT sealed FROM audit WHERE number = 2)
    WHERE number = 3"
broken 'another login' 3

# The agent finds it by itself.
audit_is_broken() { ph root status --json | jq -e '.["audit-text"] // "" | test("Record 3 ")' >/dev/null; }
database "UPDATE audit SET count = 2 WHERE number = 3"
agent_start
check 'the status says it' until_true 20 audit_is_broken
is 'and warns' "$(ph root status --json | jq -r .health)" warning
agent_stop
cp -p "$HOST/whole.db" "$HOST/agent/catalogue.db"

# An older catalogue, whole in itself: only the log knows better.
agent_start
open_session "$PRINTER" --amr pin
agent_stop
MARK=$(sed -nE 's/.* audit: ([0-9]+:[0-9a-f]{16}) session.*/\1/p' "$HOST/agent.log" | tail -1)
is 'with the newest mark' "$(exit_of audit verify --expect "$MARK")" 0
cp -p "$HOST/whole.db" "$HOST/agent/catalogue.db"
is 'an older catalogue is whole' "$(exit_of audit verify)" 0
is 'but not what the log knows' "$(exit_of audit verify --expect "$MARK")" 1

# --- a lost catalogue ---

rm -f "$HOST/agent"/catalogue.db*
agent_start
recorded 'a lost catalogue begins a new chain' 1 \
    '.number == 1 and .event == "began" and .reason == "catalogue-lost"'
check 'the log says so' grep -q 'audit: 1:[0-9a-f]* began catalogue-lost' "$HOST/agent.log"
is 'it is intact, and not the one that was' "$(exit_of audit verify)" 0
is 'which the log shows' "$(exit_of audit verify --expect "$MARK")" 1
