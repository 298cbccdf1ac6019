# shellcheck shell=bash disable=SC2034
# The hold service is away: the job waits with a reason, and arrives.
. "$SOURCE/tests/integration/host.sh"
CUPS_HISTORY=Yes
host_start
text_pdf "$HOST/page.pdf" page

waiting_is_said() {
    LC_ALL=C lpstat -p PrintHold | grep -qi 'hold service'
}

agent_stop
print_as alice "$HOST/page.pdf"
check 'the queue says what it waits for' until_true 10 waiting_is_said
check 'the job is being processed' job_is "$JOB_ID" processing
agent_start
check 'it arrives when the service is back' until_true 20 has_jobs alice 1
check 'and is completed for CUPS' until_true 10 job_is "$JOB_ID" completed

# Longer than backend.agent_wait (3 s here): held in CUPS, nothing lost.
agent_stop
print_as alice "$HOST/page.pdf"
check 'after the wait it is held in the queue' until_true 15 job_is "$JOB_ID" pending-held
agent_start
is 'still one job' "$(jobs_of alice)" 1
lp -i "$JOB_ID" -H resume
check 'released, it arrives' until_true 20 has_jobs alice 2
check 'and is completed for CUPS' until_true 10 job_is "$JOB_ID" completed

# A clean stop and start loses nothing that was held.
agent_stop
agent_start
is 'both are there after a restart' "$(jobs_of alice)" 2
agent_stop
