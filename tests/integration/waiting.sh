# shellcheck shell=bash disable=SC2034
# Jobs that the backend has had CUPS hold go on by themselves when the agent is
# back or has room; what a person holds, and other queues, are left alone.
. "$SOURCE/tests/integration/host.sh"
HOST_PURGE=yes
CUPS_HISTORY=Yes
host_start
text_pdf "$HOST/page.pdf" page
ln -s /usr/lib/cups/backend/socket "$HOST/cups/bin/backend/socket"
lpadmin -p Other -E -v socket://127.0.0.1:9 -m raw 2>/dev/null

state_of() { LC_ALL=C lpstat -l -W not-completed -o "$@"; }
is_held() { job_is "$1" pending-held; }
waits() { # count
    [ "$(ph root status --json | jq '.["cups-waiting"]')" = "$1" ]
}
# In every window: never released, however often the agent looks.
stays_held() {
    local id
    for id; do is_held "$id" || return 1; done
}

# The agent is away longer than agent_wait.
agent_stop
print_as alice -H hold "$HOST/page.pdf"
BY_ALICE=$JOB_ID
print_as alice "$HOST/page.pdf"
check 'a job is being processed' until_true 10 job_is "$JOB_ID" processing
as alice lp -i "$JOB_ID" -H hold
check 'alice holds it in the middle of the wait' until_true 15 is_held "$JOB_ID"
IN_THE_MIDDLE=$JOB_ID
print_as alice "$HOST/page.pdf"
MOVED=$JOB_ID
check 'another is held' until_true 15 is_held "$MOVED"
lpmove "$MOVED" Other
print_as alice "$HOST/page.pdf"
FIRST=$JOB_ID
print_as bob "$HOST/page.pdf"
check 'held after the wait' until_true 15 is_held "$FIRST"
check 'and the next' until_true 15 is_held "$JOB_ID"
check 'the queue says why' grep -q 'Waiting here: the hold service' <(state_of PrintHold)
cups_stop
cups_start
check 'also after a restart of cupsd' grep -q 'Waiting here: the hold service' <(state_of PrintHold)

agent_start
check "the agent lets alice's job go on" until_true 15 has_jobs alice 1
check "and bob's" until_true 15 has_jobs bob 1
check 'status says that none waits' until_true 10 waits 0
check 'what people hold stays held' stays_held "$BY_ALICE" "$IN_THE_MIDDLE" "$MOVED"

# Started again in the middle of nothing: still nobody's job is touched.
agent_stop
agent_start
print_as bob "$HOST/page.pdf"
check 'a new job arrives' until_true 20 has_jobs bob 2
check 'what people hold stays held' stays_held "$BY_ALICE" "$IN_THE_MIDDLE" "$MOVED"
lp -i "$BY_ALICE" -H resume
check 'she releases it herself' until_true 20 has_jobs alice 2

# No room: the job waits in CUPS, and goes on when a job has left.
agent_stop
host_config jobs user_jobs_max 2
agent_start
print_as alice "$HOST/page.pdf"
WAITS=$JOB_ID
check 'over the quota it waits in CUPS' until_true 20 is_held "$WAITS"
check 'the queue says why' grep -q 'Waiting here: ' <(state_of PrintHold)
check 'status counts it' until_true 10 waits 1
check 'in words' grep -q 'Waiting in CUPS.*1 job' <(ph alice status)
is 'tries are few' "$(($(grep -c 'Release-Job ipp' "$HOST/cups/log/error_log") < 12))" 1
ph alice delete "$(job_field alice 0 .id)"
check 'with room it goes on' until_true 15 has_jobs alice 2
check 'and is done for CUPS' until_true 10 job_is "$WAITS" gone
check 'none waits' until_true 10 waits 0

# Not in CUPS's system group: the agent says so, and what to do.
agent_stop
print_as bob "$HOST/page.pdf"
check 'one more waits' until_true 15 is_held "$JOB_ID"
sed -i '/^lpadmin:/s/printhold//' "$HOST/group"
cat "$HOST/group" >/etc/group
agent_start
says_group() { ph root status | grep -q 'release the jobs.*SystemGroup'; }
check 'status says that it may not release' until_true 15 says_group
is 'health is not ok' "$(ph root status --json | jq -r .health)" error
check 'the job waits' is_held "$JOB_ID"

# The same for the purge (SR-02): what CUPS keeps stays, and status says so.
ph bob delete "$(job_field bob 0 .id)" >/dev/null
print_as bob "$HOST/page.pdf"
check 'a job is captured all the same' until_true 15 has_jobs bob 2
says_purge() { ph root status | grep -q 'remove its copies.*SystemGroup'; }
check 'status says that it may not purge' until_true 15 says_purge
agent_stop
