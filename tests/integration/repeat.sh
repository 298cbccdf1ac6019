# shellcheck shell=bash disable=SC2034
# Two documents in one CUPS job, the agent dies in the second: cupsd sends both
# again, with other bytes; each is held once.
. "$SOURCE/tests/integration/host.sh"
CUPS_HISTORY=Yes
host_start
text_pdf "$HOST/one.pdf" one
text_pdf "$HOST/two.pdf" two pages
slow_filter 2

print_as alice "$HOST/one.pdf" "$HOST/two.pdf"
check 'the first document is held' until_true 20 has_jobs alice 1
FIRST=$(job_field alice 0 .id)
check 'the second is being captured' until_true 10 file_in "$HOST/spool/incoming"
agent_kill
slow_filter_go
agent_start
check 'the second document arrives' until_true 30 has_jobs alice 2
check 'CUPS is done with the job' until_true 15 job_is "$JOB_ID" completed
is 'each document once' "$(find "$HOST/spool/held" -type f | wc -l)" 2
is 'the first is the one that was held before' "$(job_field alice 0 .id)" "$FIRST"
is 'it was brought twice' "$(($(wc -l <"$HOST/filter.runs") >= 4))" 1
is 'the second has two pages' "$(job_field alice 1 '.ticket["job-impressions"]')" 2
agent_stop
