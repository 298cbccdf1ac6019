# shellcheck shell=bash disable=SC2034
# Two people print; each sees the own job, the cloud knows both within a second.
. "$SOURCE/tests/integration/host.sh"
HOST_PURGE=yes
CUPS_STOCK=yes
host_start
until_true 15 cloud_is_online || fail 'the cloud link does not come up'

text_pdf "$HOST/five.pdf" one two three four five
print_as alice -n 2 -o sides=two-sided-long-edge -o print-color-mode=monochrome \
    -t 'Quarterly MARKER report' "$HOST/five.pdf"
check "alice's job is held" until_true 20 has_jobs alice 1
printf 'a text for bob\n' >"$HOST/note.txt"
print_as bob "$HOST/note.txt"
check "bob's job is held" until_true 20 has_jobs bob 1

is 'alice sees only her job' "$(jobs_of alice)" 1
is 'the administrator sees both' "$(ph root jobs --all --json | jq length)" 2
is 'title' "$(job_field alice 0 '.ticket["job-name"]')" 'Quarterly MARKER report'
is 'copies' "$(job_field alice 0 .ticket.copies)" 2
is 'sides' "$(job_field alice 0 .ticket.sides)" two-sided-long-edge
is 'colour' "$(job_field alice 0 '.ticket["print-color-mode"]')" monochrome
is 'pages' "$(job_field alice 0 '.ticket["job-impressions"]')" 5
is 'pages per side' "$(job_field alice 0 '.ticket["number-up"]')" 1
is 'e-mail' "$(job_field alice 0 '.ticket["owner-login"]')" alice@example.com
is 'account' "$(job_field alice 0 '.ticket["job-originating-user-name"]')" alice
is 'how the owner is known' "$(job_field alice 0 '.ticket["owner-auth"]')" peercred
is 'format' "$(job_field alice 0 '.ticket["document-format"]')" application/pdf
is 'submission address' "$(job_field alice 0 '.ticket["submission-ip"]')" 127.0.0.1
check 'driver is our PPD' test -n "$(job_field alice 0 .ticket.driver | grep PrintHold)"
check 'source is known' test "$(job_field alice 0 .ticket.source)" != null
is 'one job per person in the cloud' "$(grep -c "^ph1/$TENANT/u/" "$HOST/watch.log")" 2
check 'two held events' until_true 5 has_events held 2

# N-up is applied before capture: 5 pages become 3, and the ticket says so.
print_as alice -o number-up=2 "$HOST/five.pdf"
check 'the 2-up job is held' until_true 20 has_jobs alice 2
is '2-up pages' "$(job_field alice 1 '.ticket["job-impressions"]')" 3
is '2-up number-up' "$(job_field alice 1 '.ticket["number-up"]')" 2

# No plaintext: the marker is in the source and nowhere else.
check 'the search finds the marker in the source' \
    grep -qaF MARKER <(printf 'Quarterly MARKER report')
refuse 'no title in spool, catalogue or CUPS' \
    grep -rqaF 'Quarterly MARKER' "$HOST/spool" "$HOST/agent" "$HOST/cups/spool"
no_copy_in_cups() { [ -z "$(find "$HOST/cups/spool" -maxdepth 1 -type f)" ]; }
check 'CUPS has purged documents and titles' until_true 10 no_copy_in_cups
is 'and status says so' "$(ph root status --json | jq -r '.["cups-text"]')" null
refuse 'the document is not readable in the spool' \
    grep -rqaF '%PDF-' "$HOST/spool" "$HOST/cups/spool"

# keep, delete, show: own jobs only.
ID=$(job_field alice 0 .id)
refuse 'bob cannot delete it' ph bob delete "$ID" 2>/dev/null
refuse 'bob cannot see it' ph bob show "$ID" 2>/dev/null
check 'alice keeps it' ph alice keep "$ID"
check 'alice deletes it' ph alice delete "$ID"
is 'it is gone' "$(jobs_of alice)" 1
check 'deleted event' until_true 5 has_events deleted 1
agent_stop
