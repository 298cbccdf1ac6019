# shellcheck shell=bash disable=SC2034
# The agent dies between BEGIN and COMMIT: CUPS sends the job again, it arrives
# once, and the half job is nobody's.
. "$SOURCE/tests/integration/host.sh"
CUPS_HISTORY=Yes
host_start
text_pdf "$HOST/page.pdf" page
slow_filter 1

print_as alice "$HOST/page.pdf"
check 'the capture has begun' until_true 10 file_in "$HOST/spool/incoming"
agent_kill
is 'the half job is on disk' "$(find "$HOST/spool/incoming" -type f | wc -l)" 1
slow_filter_go
agent_start
is 'the half job was swept at start' "$(find "$HOST/spool/incoming" -type f | wc -l)" 0
check 'CUPS sent it again' until_true 30 has_jobs alice 1
check 'CUPS is done with it' until_true 15 job_is "$JOB_ID" completed
is 'once' "$(find "$HOST/spool/held" -type f | wc -l)" 1

# Killed with jobs held: all of them are there again.
agent_kill
agent_start
is 'held jobs survive kill -9' "$(jobs_of alice)" 1
agent_stop
