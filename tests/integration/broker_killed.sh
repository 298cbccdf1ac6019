# shellcheck shell=bash
# The broker is killed again and again during a stream of jobs that are printed,
# deleted and released; twice it loses its data. In the end each job's state has
# reached it exactly once in effect: the document names what is held and nothing
# else, and a report that counts each event once has the life of every job.
. "$SOURCE/tests/integration/host.sh"
host_start
. "$SOURCE/tests/integration/printer.sh"
until_true 30 cloud_is_online || fail 'the cloud link does not come up'
text_pdf "$HOST/page.pdf" page
KILLS=5
[ "${PH_LONG:-}" != ON ] || KILLS=20
PRINTED=0

print_one() {
    print_as alice "$HOST/page.pdf"
    PRINTED=$((PRINTED + 1))
    check "job $PRINTED is there" until_true 30 all_there
}
all_there() { [ "$(events_made)" = "$PRINTED" ]; }
# Captures, whatever became of them: the log has one line for each.
events_made() { grep -c ': held, ' "$HOST/agent.log" || true; }

delete_oldest() {
    ph alice delete "$(job_field alice 0 .id)" >/dev/null
}

release_oldest() {
    local id
    id=$(job_field alice 0 .id)
    open_session --sub alice@example.com
    is 'claimed' "$(call POST "/jobs/$id/claim")" 200
    is 'pulled' "$(call GET "/jobs/$id/document")" 200
    is 'released' "$(complete "$id" printed)" 200
}

broker_die() {
    kill -9 "$(cat "$HOST/broker/broker.pid")"
    kill "$WATCH_PID" 2>/dev/null || true
    wait "$WATCH_PID" 2>/dev/null || true
}

for ((kill = 1; kill <= KILLS; kill++)); do
    print_one
    print_one
    release_oldest
    broker_die
    print_one
    delete_oldest
    [ $((kill % 2)) = 1 ] || rm -f "$HOST/broker/data/mosquitto.db"
    broker_start
    watch_start
    check "kill $kill: the link comes back" until_true 90 cloud_is_online
done

outbox_is_empty() {
    ph root status --json |
        jq -e '."outbox-events" == 0 and ."outbox-documents" == 0' >/dev/null
}
check 'everything is told' until_true 30 outbox_is_empty

# What it has, asked anew: not what passed by.
retained() {
    mosquitto_sub -V 5 -h localhost -p "$TLS_PORT" --cafile "$HOST/pki/ca.crt" \
        --cert "$HOST/pki/$PRINTER.crt" --key "$HOST/pki/$PRINTER.key" \
        --retained-only -W 3 -F '%p' -t "ph1/$TENANT/u/+/$WS" 2>/dev/null || true
}
document_fits() {
    [ "$(retained | jq -sc '[.[].jobs[].id] | sort')" = \
        "$(ph alice jobs --json | jq -c '[.[].id] | sort')" ]
}
check 'the document is what the agent has' until_true 30 document_fits

# Told again to the report, which was away at times: the agent comes back.
agent_stop
agent_start
told() { # type: jobs of which that was told, each with how many ids
    grep "^ph1/$TENANT/ev/" "$HOST/watch.log" | cut -d' ' -f2- |
        jq -sr --arg type "org.printhold.job.$1.v1" \
            '[.[] | select(.type == $type) | {job: .subject, id}] | unique |
             group_by(.job) | map(length) | [length, add // 0] | join(" ")'
}
is_told() { [ "$(told "$1")" = "$2 $2" ]; }
check 'each job was held once' until_true 30 is_told held "$PRINTED"
check 'as many were released' until_true 10 is_told released "$KILLS"
check 'and deleted' until_true 10 is_told deleted "$KILLS"
is 'nothing was dropped or refused' "$(ph root status --json |
    jq -c '[."outbox-dropped", ."cloud-refused"]')" '[0,0]'
agent_stop
