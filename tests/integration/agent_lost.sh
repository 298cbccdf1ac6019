# shellcheck shell=bash disable=SC2034
# The agent is lost in the middle of a large job, and cupsd would try again
# after minutes only: the job is held within seconds, once. One that dies at
# each attempt does not make cupsd go round.
. "$SOURCE/tests/integration/host.sh"
CUPS_HISTORY=Yes
CUPS_RETRY_S=300
install -d "$HOST/etc/conf.d"
host_config backend agent_wait 10s # a busy computer needs some for a restart
host_start
text_pdf "$HOST/page.pdf" page
text_pdf "$HOST/two.pdf" two pages

runs() { wc -l <"$HOST/filter.runs"; }
waiting_is_said() {
    LC_ALL=C lpstat -p PrintHold | grep -q 'Waiting for the hold service'
}
filter_ended() { ! pgrep -u lp --parent "$CUPS_PID" -x pdftopdf >/dev/null; }
# The document comes to its end without the agent, or cupsd waits for its filter.
lose_agent() {
    agent_kill
    slow_filter_go
    check 'the agent dies, the filter ends' until_true 10 filter_ended
    rm "$HOST/filter.go"
}
capture_begins() { file_in "$HOST/spool/incoming"; }

# Two documents in one job; the second is half handed over.
slow_filter 2
print_as alice "$HOST/page.pdf" "$HOST/two.pdf"
check 'the first document is held' until_true 20 has_jobs alice 1
FIRST=$(job_field alice 0 .id)
check 'the second is being captured' until_true 10 capture_begins
agent_kill
check 'the queue says what it waits for' until_true 10 waiting_is_said
slow_filter_go
agent_start
check 'the second arrives, long before CUPS would try again' until_true 30 has_jobs alice 2
check 'CUPS is done with the job' until_true 15 job_is "$JOB_ID" completed
is 'each document once' "$(find "$HOST/spool/held" -type f | wc -l)" 2
is 'the first is the one that was held before' "$(job_field alice 0 .id)" "$FIRST"
is 'documents were brought four times' "$(runs)" 4
rm "$HOST/filter.go"

# One that does not come back within agent_wait.
half_handed_over() { # sets JOB_ID
    print_as alice "$HOST/page.pdf"
    check 'another is being captured' until_true 10 capture_begins
}
half_handed_over
lose_agent
check 'without the agent the job is held in CUPS' until_true 30 job_is "$JOB_ID" pending-held
check 'and the queue says why' grep -q 'Waiting here: the hold service' \
    <(LC_ALL=C lpstat -l -W not-completed -o PrintHold)
slow_filter_go
lp -i "$JOB_ID" -H resume
agent_start
check 'released, it arrives' until_true 20 has_jobs alice 3
rm "$HOST/filter.go"

# One that dies at each attempt: two losses are counted by now, three may be.
RUNS=$(runs)
half_handed_over
lose_agent
agent_start
check 'cupsd tries again at once' until_true 10 capture_begins
lose_agent
agent_start
check 'and then takes its time' until_true 10 job_is "$JOB_ID" pending-held
is 'two attempts' "$(runs)" $((RUNS + 2))
is 'by the time, not for a person' "$(cups_job_state "$JOB_ID" | grep -c indefinite)" 0
slow_filter_go
lp -i "$JOB_ID" -H resume
check 'the job is not lost' until_true 20 has_jobs alice 4
is 'each document once' "$(find "$HOST/spool/held" -type f | wc -l)" 4
agent_stop
