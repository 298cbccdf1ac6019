# shellcheck shell=bash
# What people print is in the hub's reports, each job and each release once: the
# broker loses its data and is told everything again, the hub is killed while
# events wait for it, and titles and logins try to be SQL and formulas.
. "$SOURCE/tests/integration/host.sh"
. "$SOURCE/tests/integration/hub_host.sh"

host_start
hub_start
for person in alice bob; do
    hub user add "$person@example.com" --group staff >/dev/null
done
hub printer add --cert "$HOST/pki/$PRINTER.crt" --group lobby >/dev/null
hub workstation add --cert "$HOST/pki/$WS.crt" >/dev/null
hub workstation bind "$WS" alice@example.com >/dev/null
PIN=$(hub pin make alice@example.com --json | jq -r .pin)
until_true 15 cloud_is_online || fail 'the cloud link does not come up'
text_pdf "$HOST/page.pdf" one two three

reported() { # kind jq-filter: is it true of the report?
    hub report "$1" --json >"$HOST/report.json" && jq -e "$2" "$HOST/report.json" >/dev/null
}
count() { # kind state
    hub report "$1" --json | jq "[.[] | select(.state == \"$2\")] | length"
}
jobs_are() { [ "$(count jobs held) $(count jobs released) $(count jobs deleted)" = "$1" ]; }

# --- a job, and its release, told by both ---

TITLE="=HYPERLINK(\"http://x\"),'); DROP TABLE job; --"
print_as alice -t "$TITLE" -o sides=two-sided-long-edge -n 2 "$HOST/page.pdf"
check 'what was printed is reported' until_true 20 reported jobs 'length == 1'
is 'by whom' "$(jq -r '.[0] | .person + " " + .group' "$HOST/report.json")" 'alice@example.com staff'
is 'what' "$(jq -r '.[0]["job-name"]' "$HOST/report.json")" "$TITLE"
is 'how' "$(jq -r '.[0] | "\(.state) \(.workstation) \(.["job-impressions"]) \(.copies) \(.sides)"' "$HOST/report.json")" \
    "held $WS 3 2 two-sided-long-edge"
for field in submitted submission-ip driver document-format number-up size-bytes host; do
    check "the report has $field" jq -e ".[0][\"$field\"] != null" "$HOST/report.json" >/dev/null
done
check 'and is taken by alice' sign_in pin --output "$HOST/paper" --all <<<"$PIN"
check 'one release, told by both' until_true 20 reported releases \
    'length == 1 and .[0]["told-by"] == "both"'
is 'of whom, where, how much' \
    "$(jq -r '.[0] | "\(.["release-user"]) \(.printer) \(.["final-site"]) \(.pages) \(.sheets)"' "$HOST/report.json")" \
    "alice@example.com $PRINTER lobby 6 4"
hub printer set "$PRINTER" --name 'By the door' --model 'Ink 9' --type 'inkjet, A3' >/dev/null
hub report releases --json >"$HOST/report.json"
is 'and at what' \
    "$(jq -r '.[0] | "\(.["release-host-name"]) \(.["release-model"]) \(.["release-type"])"' "$HOST/report.json")" \
    'By the door Ink 9 inkjet, A3'
check 'the job has ended' jobs_are '0 1 0'

# A printer with MQTT says it on its own topic; of nobody until the workstation
# tells of it, and never for another printer.
mqtt_says() { # topic payload
    "${BROKER_IN[@]}" mosquitto_pub -V 5 -h "$BROKER_HOST" -p "$TLS_PORT" \
        --cafile "$HOST/pki/ca.crt" --cert "$HOST/pki/$PRINTER.crt" \
        --key "$HOST/pki/$PRINTER.key" -i "$PRINTER" -q 1 -t "ph1/$TENANT/$1" -m "$2"
}
said="{\"id\":\"0000000000000000000000000000000a\",\"workstation\":\"$WS\",\"job\":\"0000000000000000000000000000000b\",\"result\":\"failed\"}"
mqtt_says "rel/$PRINTER" "$said"
mqtt_says "rel/$PRINTER" "$said"
check 'a printer reports over MQTT' until_true 20 reported releases \
    'length == 2 and .[1]["final-action"] == "failed" and .[1]["release-user"] == null'

# --- the same events again ---

print_as alice "$HOST/page.pdf"
check 'another is held' until_true 20 jobs_are '1 1 0'
kill -9 "$(cat "$HOST/broker/broker.pid")"
rm -f "$HOST/broker/data/mosquitto.db"
broker_start
check 'the broker that lost everything is told again' until_true 90 cloud_is_online
print_as alice "$HOST/page.pdf"
check 'and what is new comes behind it' until_true 60 jobs_are '2 1 0'
check 'nothing counts twice' reported releases 'length == 2'

# --- the hub away, and killed ---

hub_kill
for _ in 1 2 3 4 5 6; do
    print_as alice "$HOST/page.pdf"
done
check 'alice has eight' until_true 30 has_jobs alice 8
ph alice delete "$(job_field alice 0 .id)" >/dev/null
ph alice delete "$(job_field alice 0 .id)" >/dev/null
outbox_is_empty() { ph root status --json | jq -e '."outbox-events" == 0' >/dev/null; }
check 'the broker has all of it' until_true 30 outbox_is_empty
for _ in 1 2 3 4 5; do
    hub_start
    hub_kill
done
hub_start
check 'what happened meanwhile is reported' until_true 30 jobs_are '6 1 2'
check 'each once' reported jobs 'length == 9 and ([.[]["job-id"]] | unique | length) == 9'

# Nothing is acknowledged that is not durable: the hub has the events, cannot
# write, and is killed.
coproc LOCK { python3 -c '
import sqlite3, sys
link = sqlite3.connect(sys.argv[1], isolation_level=None)
for _ in sys.stdin:
    link.execute("BEGIN IMMEDIATE" if not link.in_transaction else "ROLLBACK")
    print("done", flush=True)' "$HUB/hub.db"; }
lock() { # take it, or give it back
    echo >&"${LOCK[1]}"
    read -r -t 20 -u "${LOCK[0]}" || fail 'the database is never free'
}
hub_connects() { grep -q ': connected to the broker' "$HOST/hub.log"; }
hub_cannot_write() { grep -q 'cannot be stored: ' "$HOST/hub.log"; }
check 'the hub is at the broker' until_true 20 hub_connects
lock
print_as alice "$HOST/page.pdf"
ph alice delete "$(job_field alice 0 .id)" >/dev/null
check 'the hub has what it cannot write' until_true 30 hub_cannot_write
hub_kill
lock
hub_start
check 'it comes again' until_true 30 jobs_are '6 1 3'
check 'each once' reported jobs 'length == 10'
hub_stop || fail "the hub does not end well: $(tail -3 "$HOST/hub.log")"
hub_start

# --- sums ---

for by in person group day month; do
    hub report usage --by "$by" --json >"$HOST/usage.json"
    is "usage by $by" "$(jq -r 'map(select(.person != null or .group != null or .day != null or .month != null))[0] | "\(.jobs) \(.deleted) \(.releases) \(.pages) \(.sheets) \(.["two-sided-pages"])"' "$HOST/usage.json")" \
        '10 3 1 6 4 6'
done
is 'usage by printer' "$(hub report usage --by printer --json | jq -r '.[0] | "\(.printer) \(.releases) \(.pages)"')" \
    "$PRINTER 1 6"
is 'a span without anything' "$(hub report usage --to 2020-01 --json | jq length)" 0
is 'nor anybody else' "$(hub report jobs --person bob@example.com --json | jq length)" 0
refuse 'a time that is none' hub report jobs --from yesterday 2>/dev/null
refuse 'a format that is none' hub report jobs --format xml 2>/dev/null

# --- what a spreadsheet gets ---

FORMULA="=cmd|'/c'!a0@example.com"
hub user add "$FORMULA" >/dev/null
CODE=$(hub code make "$FORMULA" --json | jq -r .code)
curl_printer() { # method path curl-option...
    curl -s --fail --cacert "$HOST/pki/ca.crt" --cert "$HOST/pki/$PRINTER.crt" \
        --key "$HOST/pki/$PRINTER.key" --resolve "localhost:$HUB_PORT:127.0.0.1" -X "$1" \
        -H 'Content-Type: application/json' "${@:3}" "https://localhost:$HUB_PORT$2"
}
curl_printer POST /v1/sign-in --data "{\"way\":\"code\",\"code\":\"$CODE\"}" >"$HOST/in.json"
report="{\"id\":\"00000000000000000000000000000001\",\"workstation\":\"$WS\",\"job\":\"00000000000000000000000000000002\",\"result\":\"printed\",\"impressions\":1,\"sheets\":1}"
for _ in 1 2; do
    curl_printer POST /v1/releases -H "Authorization: Bearer $(jq -r .session "$HOST/in.json")" --data "$report"
done
hub report jobs --format csv >"$HOST/jobs.csv"
hub report releases --format csv >"$HOST/releases.csv"
check 'the CSV is that of RFC 4180, and no cell is a formula' python3 - "$HOST" "$TITLE" "$FORMULA" <<'PY'
import csv, sys
top, title, login = sys.argv[1:]
jobs = list(csv.DictReader(open(top + '/jobs.csv', newline='', encoding='utf-8'), strict=True))
releases = list(csv.DictReader(open(top + '/releases.csv', newline='', encoding='utf-8'), strict=True))
assert len(jobs) == 10, len(jobs)
assert len(releases) == 3, len(releases)
assert "'" + title in [row['job-name'] for row in jobs]
assert "'" + login in [row['release-user'] for row in releases]
for row in jobs + releases:
    assert not [v for v in row.values() if v[:1] in tuple('=+-@\t\r')], row
assert open(top + '/jobs.csv', 'rb').read().count(b'\r\n') == 11
PY
check 'the table has a line for each' test "$(hub report jobs | wc -l)" -eq 11
check 'the tables are as they were' reported jobs 'length == 10'
check 'the record of acts is whole' hub audit verify

# --- a person goes ---

markers() { # text: in how many of the database's files
    cat "$HUB"/hub.db* | grep -aic -- "$1" || true
}
[ "$(markers alice@example.com)" -gt 0 ] || fail 'the search finds nothing that is there'
check 'alice has jobs at her desk' test "$(jobs_of alice)" -gt 0
hub user erase alice@example.com --json >"$HOST/erased.json"
is 'what was deleted' "$(jq -r '.erased | "\(.people) \(.pins) \(.bindings) \(.["jobs-of-nobody"])"' "$HOST/erased.json")" '1 1 1 10'
is 'who is told' "$(jq -r '.waiting[].workstation' "$HOST/erased.json")" "$WS"
check 'her workstation deletes what it held' until_true 30 has_jobs alice 0
waits_for_nobody() { hub user erase alice@example.com --json | jq -e '.waiting == []' >/dev/null; }
check 'and says so' until_true 30 waits_for_nobody
is 'no byte of the files has her login' "$(markers alice@example.com)" 0
is 'nor a title' "$(markers HYPERLINK)" 0
is 'the sums are as they were' \
    "$(hub report usage --by month --json | jq -r '.[0] | "\(.jobs) \(.releases)"')" '10 2'
check 'the record of acts is whole' hub audit verify
status=0
sign_in pin <<<"$PIN" 2>/dev/null || status=$?
is 'she cannot sign in' "$status" 3
