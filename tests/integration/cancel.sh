# shellcheck shell=bash disable=SC2034
# Cancelled half-way: nothing is held, nothing is left.
. "$SOURCE/tests/integration/host.sh"
CUPS_HISTORY=Yes
host_start
text_pdf "$HOST/page.pdf" page
slow_filter 1

print_as alice "$HOST/page.pdf"
check 'the capture has begun' until_true 10 file_in "$HOST/spool/incoming"
as alice cancel "PrintHold-$JOB_ID"
check 'CUPS says canceled' until_true 10 job_is "$JOB_ID" canceled
check 'the half job is removed' until_true 10 no_file_in "$HOST/spool/incoming"
is 'nothing is held' "$(jobs_of alice)" 0

# Stopped by the administrator, then started: the same job comes whole.
rm -f "$HOST/filter.go"
print_as alice "$HOST/page.pdf"
check 'the second capture has begun' until_true 10 file_in "$HOST/spool/incoming"
cupsdisable PrintHold
check 'the half job is removed again' until_true 10 no_file_in "$HOST/spool/incoming"
slow_filter_go
cupsenable PrintHold
check 'it arrives when the queue runs again' until_true 20 has_jobs alice 1
check 'and CUPS is done with it' until_true 10 job_is "$JOB_ID" completed
agent_stop
