# shellcheck shell=bash disable=SC2034
# Two people print; each sees the own job, the cloud knows both within a second.
. "$SOURCE/tests/integration/host.sh"
HOST_PURGE=yes
CUPS_STOCK=yes
# What the cloud is told of a submission, beside usr and host: who, where, when,
# what, how much, and how.
HOST_NEED=usr,host,submission-ip,job-name,date-time-at-creation,job-impressions
HOST_NEED=$HOST_NEED,number-up,print-color-mode,sides,driver,source,copies,size-bytes
host_start
until_true 15 cloud_is_online || fail 'the cloud link does not come up'

ticket() { job_field alice 0 ".ticket[\"$1\"]"; } # member
# What the events say of the job with this title.
told() { # event-type jq-path
    grep "^ph1/$TENANT/ev/" "$HOST/watch.log" | cut -d' ' -f2- |
        jq -r --arg type "org.printhold.job.$1.v1" 'select(.type == $type and
            .data["job-name"] == "Quarterly MARKER report") | '"$2"
}
near_now() { # milliseconds
    local age=$(($(date +%s%3N) - $1))
    [ "$age" -ge 0 ] && [ "$age" -lt 60000 ]
}

text_pdf "$HOST/five.pdf" one two three four five
print_as alice -n 2 -o sides=two-sided-long-edge -o print-color-mode=monochrome \
    -o media=A4 -o StapleLocation=TopLeft -o orientation-requested=3 \
    -t 'Quarterly MARKER report' "$HOST/five.pdf"
ALICES_JOB=$JOB_ID
check "alice's job is held" until_true 20 has_jobs alice 1
printf 'a text for bob\n' >"$HOST/note.txt"
print_as bob "$HOST/note.txt"
check "bob's job is held" until_true 20 has_jobs bob 1

is 'alice sees only her job' "$(jobs_of alice)" 1
is 'the administrator sees both' "$(ph root jobs --all --json | jq length)" 2

# The ticket, and what the cloud is told: the same, member by member.
check 'the held event came' until_true 5 has_events held 2
SOURCE_SAYS="GPL Ghostscript $(gs --version)"
while IFS='|' read -r member value; do
    is "ticket: $member" "$(ticket "$member")" "$value"
    is "event: $member" "$(told held ".data[\"$member\"]")" "$value"
done <<TXT
job-name|Quarterly MARKER report
submission-ip|127.0.0.1
job-originating-host-name|localhost
job-impressions|5
number-up|1
copies|2
sides|two-sided-long-edge
print-color-mode|monochrome
media|iso_a4_210x297mm
finishings|staple-top-left
orientation-requested|portrait
document-format|application/pdf
driver|$(sed -n 's/^\*NickName: *"\(.*\)".*/\1/p' "$BUILD/installer/printhold.ppd")
source|$SOURCE_SAYS
TXT
is 'event: e-mail' "$(told held .data.usr)" alice@example.com
is 'event: computer' "$(told held .data.host)" "$(uname -n)"
is 'e-mail' "$(ticket owner-login)" alice@example.com
is 'account' "$(ticket job-originating-user-name)" alice
is 'how the owner is known' "$(ticket owner-auth)" peercred
is 'CUPS job' "$(ticket job-id)" "$ALICES_JOB"
check 'submission date' near_now "$(ticket submitted-ms)"
is 'event: submission date' \
    "$(date -d "$(told held '.data["date-time-at-creation"]')" +%s)" \
    "$(($(ticket submitted-ms) / 1000))"
check 'job-uuid' grep -qE '^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' \
    <(ticket job-uuid)
is 'event: job-uuid' "$(told held '.data["job-uuid"]')" "$(ticket job-uuid)"
check 'bytes' test "$(ticket size-bytes)" -gt 1000
is 'event: bytes' "$(told held '.data["size-bytes"]')" "$(ticket size-bytes)"

# A person reads the same.
ph alice show "$(job_field alice 0 .id)" >"$HOST/shown"
while IFS='|' read -r fact value; do
    check "shown: $fact" grep -qE "^$fact {2,}$value\$" "$HOST/shown"
done <<TXT
Title|Quarterly MARKER report
State|held
Pages|5
Pages per side|1
Format|application/pdf
Application|$SOURCE_SAYS
Copies|2
Sides|two-sided-long-edge
Colour|monochrome
Paper|iso_a4_210x297mm
Finishing|staple-top-left
Orientation|portrait
Owner|alice
Login|alice@example.com
Known by|peercred
Submitted|20.*
From host|localhost
From address|127.0.0.1
Queue|PrintHold
Driver|PrintHold .*
CUPS job|$ALICES_JOB
Job UUID|urn:uuid:.*
SHA-256|[0-9a-f]{64}
TXT
is 'one job per person in the cloud' "$(grep -c "^ph1/$TENANT/u/" "$HOST/watch.log")" 2

# N-up is applied before capture: 5 pages become 3, and the ticket says so.
print_as alice -o number-up=2 "$HOST/five.pdf"
check 'the 2-up job is held' until_true 20 has_jobs alice 2
is '2-up pages' "$(job_field alice 1 '.ticket["job-impressions"]')" 3
is '2-up number-up' "$(job_field alice 1 '.ticket["number-up"]')" 2

# No plaintext: the search finds what lies open, and here there is nothing.
has_text() { # text path...
    grep -rqaF -e "$@"
}
install -d "$HOST/open"
printf 'Quarterly MARKER report' >"$HOST/open/title"
check 'the search finds an open title' has_text 'Quarterly MARKER' "$HOST/open"
check 'the search finds an open PDF' has_text '%PDF-' "$HOST/five.pdf"
refuse 'no title in spool, catalogue, CUPS or the log' has_text 'Quarterly MARKER' \
    "$HOST/spool" "$HOST/agent" "$HOST/cups/spool" "$HOST/agent.log"
no_copy_in_cups() { [ -z "$(find "$HOST/cups/spool" -maxdepth 1 -type f)" ]; }
check 'CUPS has purged documents and titles' until_true 10 no_copy_in_cups
is 'and status says so' "$(ph root status --json | jq -r '.["cups-text"]')" null
refuse 'the document is not readable in the spool' \
    has_text '%PDF-' "$HOST/spool" "$HOST/cups/spool"

# keep, delete, show: own jobs only.
ID=$(job_field alice 0 .id)
refuse 'bob cannot delete it' ph bob delete "$ID" 2>/dev/null
refuse 'bob cannot see it' ph bob show "$ID" 2>/dev/null
check 'alice keeps it' ph alice keep "$ID"
is 'it says so' "$(job_field alice 0 .keep)" true
check 'alice deletes it' ph alice delete "$ID"
is 'it is gone' "$(jobs_of alice)" 1
check 'deleted event' until_true 5 has_events deleted 1
agent_stop
