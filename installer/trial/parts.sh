# shellcheck shell=bash disable=SC2034,SC2154
# The private cupsd, the broker, the agent and the queue. Sourced by
# installer/try.

# --- CUPS: the tests' private cupsd, with Debian's settings for keeping jobs ---

cups_runs() {
    must_live cups
    lpstat -r | grep -q 'is running'
}

start_cups() {
    # shellcheck source=../../tests/support/cups/rig.sh
    . "$SOURCE/tests/support/cups/rig.sh"
    install -d -m 0755 "$DIR/cups"
    install -d -m 0700 -o lp -g lp "$DIR/witness"
    CUPS_STOCK=yes CUPS_SETENV="SetEnv PRINTHOLD_CONFIG_DIR $DIR/etc"
    cups_make "$DIR/cups" "$DIR/usr/lib/cups/backend/printhold"
    make_witness "$DIR/cups/bin/filter/printhold-witness"
    cupsd -t -c "$DIR/cups/cupsd.conf" -s "$DIR/cups/cups-files.conf"
    launch cups cupsd -f -c "$DIR/cups/cupsd.conf" \
        -s "$DIR/cups/cups-files.conf"
    wait_for 20 'cupsd' cups_runs
}

# The last filter before the backend: passes everything on unchanged and notes
# its SHA-256, when the last byte went, and a few samples of the bytes. This is
# how the trial knows what was captured without asking the parts under trial.
make_witness() { # file
    cat >"$1" <<TXT
#!/bin/bash
# filter(7): job user title copies options [file]
set -eu
notes=$DIR/witness/\$1
work=\$(mktemp -d)
trap 'rm -rf "\$work"' EXIT
mkfifo "\$work/sum" "\$work/samples"
sha256sum <"\$work/sum" >"\$notes.sha256" &
od -An -v -tx1 -w24 <"\$work/samples" |
    awk 'NR % 31 == 7 && ++n <= 24' >"\$notes.samples" &
if [ \$# -ge 6 ]; then cat -- "\$6"; else cat; fi |
    tee "\$work/sum" "\$work/samples"
wait
date +%s%3N >"\$notes.end"
TXT
    chmod 0755 "$1"
}

# --- the queue: our PPD with the witness in front of the backend ---

make_queue() {
    local ppd=$DIR/usr/share/printhold/printhold.ppd
    local with=$DIR/etc/printhold-witness.ppd
    sed 's|^\(\*cupsFilter2: "application/vnd.cups-pdf application/pdf [0-9]*\) -"|\1 printhold-witness"|' \
        "$ppd" >"$with"
    grep -q printhold-witness "$with" ||
        fail 'the PPD has no line for the witness'
    "$DIR/usr/libexec/printhold/queue" ensure --ppd "$with"
}

# --- the broker ---

broker_listens() {
    must_live broker
    ! port_is_free "$BROKER_WSS_PORT" && ! port_is_free "$BROKER_TLS_PORT"
}

start_broker() {
    launch broker "$SOURCE/cloud/mosquitto/start" --dir "$DIR/broker" \
        --ca "$PKI/ca.crt" --cert "$PKI/broker.pem" --key "$PKI/broker.pem" \
        --wss-port "$BROKER_WSS_PORT" --tls-port "$BROKER_TLS_PORT" \
        --service hub --reader reader --reader recorder
    wait_for 20 'mosquitto' broker_listens
    record_broker
    NOTE="$BROKER_WSS_PORT for workstations, $BROKER_TLS_PORT for printers"
}

# --- the hub ---

hub_is_ready() {
    must_live hub
    grep -q ' ready: ' "$DIR/log/hub.log"
}

start_hub() {
    launch hub "${HUB_USER[@]}" "$DIR/usr/sbin/printhold-hub" serve --dir "$DIR/hub" \
        --config "$DIR/etc/hub.conf"
    wait_for 20 'the hub' hub_is_ready
    NOTE="$HUB_PORT for devices, $ENROL_PORT for tokens"
}

# --- the agent ---

agent_answers() {
    must_live agent
    as_person printhold printhold status
}

start_agent() {
    as_person printhold printhold-agent --config-dir "$DIR/etc" key init
    person printhold
    launch agent "${PERSON[@]}" printhold-agent --config-dir "$DIR/etc"
    wait_for 20 'the agent' agent_answers
    NOTE='as user printhold, no capability, nobody yet'
}
