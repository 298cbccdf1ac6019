# shellcheck shell=bash disable=SC2034
# A workstation for scenarios: private cupsd, mosquitto and the real agent below
# one directory, with alice, bob and printhold as accounts. Source it in a
# script that tests/integration/run started; it sets
#   HOST   the directory        BUILD  where the programs were built
# and offers
#   host_start [PART...]        cups, broker, agent, queue (all if none named)
#   agent_start, agent_stop, agent_kill; broker_start, broker_stop
#   ph USER ARGUMENT...         the printhold command as that person
#   jobs_of USER                how many jobs the person sees
#   job_field USER N FIELD      jq field of the Nth job (0 = oldest)
#   cloud_document              the retained directory document, or nothing
#   events TYPE                 how many events of that type were published
#   text_pdf FILE LINE...       a one-page PDF per line
#   HOST_NEED=MEMBER,...        must stand in the events of held jobs
#   HOST_ENDS+=(COMMAND)        called at the end, however the scenario ends
#   check TEXT COMMAND...       the command must succeed
#   refuse TEXT COMMAND...      the command must fail
# HOST_PURGE=yes before host_start lets the agent purge CUPS (off otherwise:
# most scenarios ask CUPS how a job ended).
# Each check prints a line; the first that fails ends the scenario. At its end
# everything that was published meanwhile is checked against the contract in docs/
# (tests/support/check-messages).
set -euo pipefail

# shellcheck source=/dev/null
. "$SOURCE/tests/support/cups/rig.sh"

TENANT='test'
AGENT_IN=(env) # what agent_start runs the agent in
BROKER_IN=(env) # and broker_start the broker
BROKER_HOST=localhost # its name for everybody, and where it listens
BROKER_ADDRESS=127.0.0.1
WS_NAMES=() # more names of the workstation's certificate, as options of pki
WS=ws-test-desktop
PRINTER=pr-test-lobby
HOST_ENDS=()

# shellcheck source=tests/support/checks.sh
. "$SOURCE/tests/support/checks.sh"

# --- the parts ---

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    printf '%d' "$port"
}

host_pki() {
    local pki=$SOURCE/tests/support/pki
    "$pki" init "$HOST/pki" --tenant "$TENANT"
    "$pki" workstation "$HOST/pki" "$WS" --dns localhost --ip 127.0.0.1 \
        ${WS_NAMES[@]+"${WS_NAMES[@]}"}
    "$pki" printer "$HOST/pki" "$PRINTER"
    "$pki" service "$HOST/pki" broker --dns localhost --ip "$BROKER_ADDRESS"
    "$pki" service "$HOST/pki" reader
    "$pki" service "$HOST/pki" recorder
    "$pki" service "$HOST/pki" hub
    "$pki" issuer "$HOST/pki"
    "$pki" directory-key "$HOST/pki"
    chmod 0755 "$HOST/pki"
    chown printhold "$HOST/pki/$WS.key" "$HOST/pki/directory.key"
}

# What a scenario adds: host_config SECTION KEY VALUE, before agent_start.
host_config() {
    printf '[%s]\n%s = %s\n' "$1" "$2" "$3" >>"$HOST/etc/conf.d/$1-$2.conf"
}

host_write_config() {
    install -d -m 0755 "$HOST/etc/conf.d"
    install -d -m 0700 -o printhold -g printhold "$HOST/agent" "$HOST/spool"
    install -d -m 0755 -o printhold -g printhold "$HOST/run"
    cat >"$HOST/etc/printhold.conf" <<TXT
[agent]
state_dir = $HOST/agent
spool_dir = $HOST/spool
capture_socket = $HOST/run/capture.sock
control_socket = $HOST/run/control.sock
https_program = $BUILD/core/net/printhold-https
[jobs]
free_reserve = 1M
[cups]
socket = ${HOST_PURGE:+$HOST/cups/cups.sock}
[owner]
domain = example.com
[identity]
ca_file = $HOST/pki/ca.crt
cert_file = $HOST/pki/$WS.crt
key_file = $HOST/pki/$WS.key
[cloud]
url = wss://$BROKER_HOST:$WSS_PORT/mqtt
directory_key_file = $HOST/pki/directory.key
[release]
address = 127.0.0.1
port = $RELEASE_PORT
issuer = https://hub.example.com
issuer_key_file = $HOST/pki/issuer.pub
[backend]
pagecount_program = $BUILD/backend/printhold-pagecount
agent_wait = 3s
TXT
}

broker_start() {
    "${BROKER_IN[@]}" "$SOURCE/cloud/mosquitto/start" --dir "$HOST/broker" \
        --bind "$BROKER_ADDRESS" --ca "$HOST/pki/ca.crt" \
        --cert "$HOST/pki/broker.crt" --key "$HOST/pki/broker.key" --wss-port "$WSS_PORT" \
        --tls-port "$TLS_PORT" --reader reader --reader recorder \
        --reader "$PRINTER" --service hub --background >/dev/null
}

broker_stop() {
    "$SOURCE/cloud/mosquitto/start" --dir "$HOST/broker" --stop >/dev/null
}

# Everything that is published, one line each: topic, then payload.
watch_start() {
    "${BROKER_IN[@]}" mosquitto_sub -V 5 -h "$BROKER_HOST" -p "$TLS_PORT" \
        --cafile "$HOST/pki/ca.crt" --cert "$HOST/pki/reader.crt" --key "$HOST/pki/reader.key" \
        -i reader -q 1 -c -x 600 -v -t "ph1/$TENANT/#" >>"$HOST/watch.log" 2>&1 &
    WATCH_PID=$!
}

# The same, with all that MQTT says of each message; mosquitto_sub ends with its
# connection, so it is started again.
record() {
    local child=
    trap 'kill "$child"; exit' TERM
    while :; do
        "${BROKER_IN[@]}" mosquitto_sub -V 5 -h "$BROKER_HOST" -p "$TLS_PORT" \
            --cafile "$HOST/pki/ca.crt" --cert "$HOST/pki/recorder.crt" \
            --key "$HOST/pki/recorder.key" -i recorder -q 1 -c -x 600 \
            --retain-as-published -F %j -t "ph1/$TENANT/#" \
            >>"$HOST/messages" 2>&1 &
        child=$!
        wait "$child" || true
        sleep 0.1
    done
}
record_start() {
    record &
    RECORD_PID=$!
}

# What a printer says last is the end of what is checked.
record_end() {
    "${BROKER_IN[@]}" mosquitto_pub -V 5 -h "$BROKER_HOST" -p "$TLS_PORT" --cafile "$HOST/pki/ca.crt" \
        --cert "$HOST/pki/$PRINTER.crt" --key "$HOST/pki/$PRINTER.key" -q 1 \
        -t "ph1/$TENANT/rel/$PRINTER" -m end >/dev/null 2>&1
}
record_has_end() { grep -q "/rel/$PRINTER\"" "$HOST/messages"; }

messages_are_good() {
    if record_end; then
        until_true 20 record_has_end || return 1
    fi
    grep -v "/rel/$PRINTER\"" "$HOST/messages" >"$HOST/published" || true
    "$SOURCE/tests/support/check-messages" --need "${HOST_NEED:-}" \
        "$SOURCE/docs/cloud-protocol.asyncapi.yaml" "$HOST/published"
}

agent_answers() {
    kill -0 "$AGENT_PID" 2>/dev/null || fail "the agent ended: $(tail -3 "$HOST/agent.log")"
    as printhold env "PRINTHOLD_CONFIG_DIR=$HOST/etc" \
        "$BUILD/cli/printhold" status >/dev/null 2>&1
}

# What a scenario about keys does in its own way; AGENT_ENV is what the agent
# finds in its environment beside the path.
AGENT_ENV=()
agent_make_key() {
    [ -e "$HOST/agent/machine.key" ] ||
        as printhold "$BUILD/agent/printhold-agent" --config-dir "$HOST/etc" key init
}

agent_start() {
    agent_make_key
    # The agent is not dumpable, so the leak checker cannot attach to it.
    "${AGENT_IN[@]}" \
        setpriv --reuid printhold --regid printhold --init-groups --inh-caps=-all \
        env -i "PATH=$PATH" ASAN_OPTIONS=detect_leaks=0 \
        ${AGENT_ENV[@]+"${AGENT_ENV[@]}"} \
        "$BUILD/agent/printhold-agent" --config-dir "$HOST/etc" \
        >>"$HOST/agent.log" 2>&1 &
    AGENT_PID=$!
    until_true 20 agent_answers || fail 'the agent does not answer'
}

agent_stop() {
    kill -TERM "$AGENT_PID"
    wait "$AGENT_PID" || fail "the agent's exit code: $?"
    AGENT_PID=
}

agent_kill() {
    kill -KILL "$AGENT_PID"
    wait "$AGENT_PID" 2>/dev/null || true
    AGENT_PID=
}

cloud_is_online() {
    [ "$(ph root status --json | jq -r .cloud)" = online ]
}

host_logs() {
    local log
    for log in agent.log cups/log/error_log watch.log; do
        [ -e "$HOST/$log" ] || continue
        printf -- '--- %s\n' "$log"
        tail -n 25 "$HOST/$log" | cut -c1-400
    done
}

host_end() {
    local rc=$? end
    for end in "${HOST_ENDS[@]}"; do
        "$end" || true
    done
    [ -z "${AGENT_PID:-}" ] || kill "$AGENT_PID" 2>/dev/null || true
    if [ "$rc" = 0 ] && [ -n "${RECORD_PID:-}" ]; then
        messages_are_good || rc=1
    fi
    [ -z "${RECORD_PID:-}" ] || kill "$RECORD_PID" 2>/dev/null || true
    [ -z "${WATCH_PID:-}" ] || kill "$WATCH_PID" 2>/dev/null || true
    cups_stop || true
    [ ! -e "$HOST/broker/broker.pid" ] || broker_stop || true
    [ "$rc" = 0 ] || host_logs
    exit "$rc"
}

host_start() {
    trap host_end EXIT
    WSS_PORT=$(free_port) TLS_PORT=$(free_port) RELEASE_PORT=$(free_port)
    : >"$HOST/agent.log"
    : >"$HOST/watch.log"
    : >"$HOST/messages"
    install -d -m 0755 "$HOST/cups"
    # Sanitizers: leaks of the backend are looked for in its own tests.
    CUPS_SETENV='SetEnv ASAN_OPTIONS detect_leaks=0'
    cups_make "$HOST/cups" "$BUILD/backend/printhold-backend"
    rm -rf "$HOST/cups/etc"
    mkdir -p "$HOST/etc"
    ln -s "$HOST/etc" "$HOST/cups/etc"
    host_pki
    host_write_config
    broker_start
    watch_start
    record_start
    agent_start
    cups_start || fail 'cupsd does not start'
    cups_queue --ppd "$BUILD/installer/printhold.ppd" >/dev/null
}

# --- asking ---

ph() { # user argument...
    local user=$1
    shift
    as "$user" env "PRINTHOLD_CONFIG_DIR=$HOST/etc" "$BUILD/cli/printhold" "$@"
}

jobs_of() { # user
    ph "$1" jobs --json | jq length
}

job_field() { # user n field
    ph "$1" jobs --json | jq -r ".[$2]$3"
}

has_jobs() { # user count
    [ "$(jobs_of "$1")" = "$2" ]
}

cloud_document() {
    grep "^ph1/$TENANT/u/" "$HOST/watch.log" | tail -1 | cut -d' ' -f2-
}

events() { # type
    grep "^ph1/$TENANT/ev/" "$HOST/watch.log" | grep -c "\"org.printhold.job.$1.v1\"" || true
}

# As the hub: a message, retained or not, on a topic below the tenant's.
hub_says() { # topic mosquitto_pub-option...
    local topic=$1
    shift
    mosquitto_pub -V 5 -h localhost -p "$TLS_PORT" --cafile "$HOST/pki/ca.crt" \
        --cert "$HOST/pki/hub.crt" --key "$HOST/pki/hub.key" \
        -i hub -q 1 -t "ph1/$TENANT/$topic" "$@"
}

has_events() { # type count
    [ "$(events "$1")" = "$2" ]
}

# --- printing ---

print_as() { # user argument...; sets JOB_ID
    local user=$1 said
    shift
    said=$(as "$user" lp -d PrintHold "$@") || return 1
    JOB_ID=${said#*PrintHold-}
    JOB_ID=${JOB_ID%% *}
}

# "completed", "pending-held", ... ; "gone" when cupsd keeps no history.
job_is() { # id state
    case $(cups_job_state "$1") in "$2"*) true ;; *) false ;; esac
}

text_pdf() { # file line...
    local file=$1 line
    shift
    {
        echo '%!PS'
        for line; do
            printf '/Helvetica 18 selectfont 72 720 moveto (%s) show showpage\n' "$line"
        done
    } | gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=pdfwrite "-sOutputFile=$file" -
    chmod 0644 "$file"
}

# --- a filter that stops half-way until slow_filter_go ---

slow_filter() { # [run]: the first run that stops, counted from 1
    local filter=$HOST/cups/bin/filter/pdftopdf
    rm "$filter"
    cat >"$filter" <<TXT
#!/bin/bash
# Half of the document, then the rest when told to; a cut stream if it ends.
set -eu
work=\$(mktemp)
trap 'rm -f "\$work"' EXIT
/usr/lib/cups/filter/pdftopdf "\$@" >"\$work"
size=\$(stat -c %s "\$work")
echo >>"$HOST/filter.runs"
[ "\$(wc -l <"$HOST/filter.runs")" -ge $1 ] || { cat "\$work"; exit; }
head -c \$((size / 2)) "\$work"
for ((i = 0; i < 600; i++)); do
    [ ! -e "$HOST/filter.go" ] || break
    sleep 0.05
done
tail -c +\$((size / 2 + 1)) "\$work"
TXT
    chmod 0755 "$filter"
    install -m 0666 /dev/null "$HOST/filter.runs"
}

slow_filter_go() {
    : >"$HOST/filter.go"
}

file_in() { # directory
    [ -n "$(find "$1" -type f)" ]
}

no_file_in() { # directory
    [ -z "$(find "$1" -type f)" ]
}

# --- the backend's processes ---

runs() { # pid program
    [ "$(readlink "/proc/$1/exe")" = "$2" ]
}

status_of() { # pid field, of /proc
    sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

# SUPERVISOR, WORKER and COUNTER of the one backend that runs; the counter may
# have ended.
find_backend() {
    local pid
    SUPERVISOR='' WORKER='' COUNTER=''
    for pid in $(pgrep -u lp --parent "$CUPS_PID"); do
        ! runs "$pid" "$HOST/cups/bin/backend/printhold" || SUPERVISOR=$pid
    done
    [ -n "$SUPERVISOR" ] || return 1
    for pid in $(pgrep --parent "$SUPERVISOR"); do
        ! runs "$pid" "$HOST/cups/bin/backend/printhold" || WORKER=$pid
        ! runs "$pid" "$BUILD/backend/printhold-pagecount" || COUNTER=$pid
    done
    [ -n "$WORKER" ]
}

# The most memory that a process ever had, MiB.
peak_of() { # pid
    local kib
    kib=$(status_of "$1" VmHWM)
    printf '%d' $((${kib% kB} / 1024))
}

# From now on a document is $HOST/page.pdf and a comment as long as its title
# says; no two are alike.
sized_filter() {
    local filter=$HOST/cups/bin/filter/pdftopdf
    rm "$filter"
    cat >"$filter" <<TXT
#!/bin/bash
cat "$HOST/page.pdf"
head -c "\$((\$3 * 3 / 4))" /dev/urandom | base64 | sed 's/^/%/'
tail -n 3 "$HOST/page.pdf"
TXT
    chmod 0755 "$filter"
}

is_sanitized() { # program
    # Not grep -q: nm would die of its broken pipe, and the pipeline with it.
    nm "$1" | grep __asan_init >/dev/null
}

# A program with sanitizers keeps what it has freed: no measure.
peak_is_below() { # pid MiB
    is_sanitized "/proc/$1/exe" || [ "$(peak_of "$1")" -le "$2" ]
}
