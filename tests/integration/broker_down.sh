# shellcheck shell=bash
# Printing never waits for the cloud; what happened meanwhile is told later.
. "$SOURCE/tests/integration/host.sh"
host_start
until_true 15 cloud_is_online || fail 'the cloud link does not come up'
text_pdf "$HOST/page.pdf" page

cloud_is_away() { [ "$(ph root status --json | jq -r .cloud)" = connecting ]; }
documents_name() { cloud_document | jq -e --arg id "$1" '.jobs[] | select(.id == $id)' >/dev/null; }

kill -9 "$(cat "$HOST/broker/broker.pid")"
check 'the agent notices' until_true 10 cloud_is_away
check 'and says why in words' test -n "$(ph root status --json | jq -r '.["cloud-text"]')"
print_as alice "$HOST/page.pdf"
check 'the job is held all the same' until_true 20 has_jobs alice 1
ID=$(job_field alice 0 .id)
refuse 'the cloud does not know it yet' documents_name "$ID"
broker_start
watch_start
check 'the link comes back' until_true 40 cloud_is_online
check 'the document has the job' until_true 10 documents_name "$ID"
check 'and the event came' until_true 10 has_events held 1

# A frozen broker: jobs go on, and come through when it thaws.
kill -STOP "$(cat "$HOST/broker/broker.pid")"
print_as alice "$HOST/page.pdf"
check 'held with the broker frozen' until_true 20 has_jobs alice 2
ID=$(job_field alice 1 .id)
kill -CONT "$(cat "$HOST/broker/broker.pid")"
check 'told when it thaws' until_true 40 documents_name "$ID"
agent_stop
check 'a clean stop says off' until_true 5 grep -q "/st .*\"on\":false" "$HOST/watch.log"
