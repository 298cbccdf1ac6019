# shellcheck shell=bash disable=SC2034,SC2154
# The directory, the people, the ports, keys and configuration of a trial.
# Sourced by installer/try.

TENANT=try
WORKSTATION=ws-try-desktop
PRINTER=pr-try-lobby
DOMAIN=example.com
LOGIN=alice@$DOMAIN

make_directory() {
    if [ -z "$DIR" ]; then
        DIR=$(mktemp -d /tmp/printhold-try.XXXXXX)
    else
        mkdir -p "$DIR"
        DIR=$(cd "$DIR" && pwd -P)
        [ -z "$(ls -A "$DIR")" ] || wrong "$DIR is not empty"
    fi
    # The name of a socket may have 107 bytes.
    [ "${#DIR}" -le 80 ] || wrong "the name of $DIR is too long for sockets"
    chmod 0755 "$DIR"
    mkdir -p "$DIR"/{log,run/pids,etc,usr,people}
    install -d -m 0700 "$DIR/cloud"
    date -u +%FT%TZ >"$DIR/printhold-try"
}

# --- people: alice, bob and printhold exist for this trial only ---

# An ordinary login: own groups, no capability, nothing of our environment.
person() { # name; sets PERSON, the words to put before a command
    PERSON=(
        setpriv --reuid "$1" --regid "$1" --init-groups
        --inh-caps=-all --bounding-set=-all --no-new-privs --
        env -i "PATH=$PATH" LANG=C.UTF-8 "USER=$1" "LOGNAME=$1"
        "HOME=$DIR/people" "TMPDIR=/tmp"
        "CUPS_SERVER=$DIR/cups/cups.sock" "PRINTHOLD_CONFIG_DIR=$DIR/etc"
    )
}

as_person() { # name command...
    local PERSON
    person "$1"
    shift
    "${PERSON[@]}" "$@"
}

# --- ports: the usual one if it is free on loopback, else any free one ---

port_is_free() {
    ! (exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

choose_port() { # usual
    local port=$1
    while ! port_is_free "$port"; do
        port=$((20000 + RANDOM % 12000))
    done
    printf '%d' "$port"
}

# --- the tenant, and what the agent is configured with ---

# The hub runs as an account that has nothing to do with the others.
HUB_USER=(setpriv --reuid daemon --regid daemon --clear-groups --inh-caps=-all --)

hub() {
    "${HUB_USER[@]}" "$DIR/usr/sbin/printhold-hub" "$@" --dir "$DIR/hub" \
        --config "$DIR/etc/hub.conf"
}

choose_ports() {
    BROKER_WSS_PORT=$(choose_port 8443)
    BROKER_TLS_PORT=$(choose_port 8883)
    RELEASE_PORT=$(choose_port 9443)
    HUB_PORT=$(choose_port 9444)
    ENROL_PORT=$(choose_port 9445)
}

# What no device makes for itself: the servers' certificates. They are of the
# tenant's own authority; workstation and printer will ask for theirs.
make_tenant() {
    local service
    choose_ports
    cat >"$DIR/etc/hub.conf" <<TXT
[listen]
device_address = 127.0.0.1
device_port = $HUB_PORT
enrol_address = 127.0.0.1
enrol_port = $ENROL_PORT
[cloud]
broker_url = wss://localhost:$BROKER_WSS_PORT/mqtt
[directory]
url = wss://localhost:$BROKER_WSS_PORT/mqtt
TXT
    install -d -m 0700 -o daemon -g daemon "$DIR/hub"
    hub init --tenant "$TENANT" --name localhost --admin "admin@$DOMAIN"
    PKI=$DIR/services
    install -d -m 0700 "$PKI"
    "${HUB_USER[@]}" cat "$DIR/hub/ca.crt" >"$PKI/ca.crt"
    for service in broker reader recorder; do # one certificate, one client
        hub service issue "$service" >"$PKI/$service.pem"
    done
    hub user add "$LOGIN" --name Alice
    # The PIN is hers; here it goes into a file that root alone can read.
    (umask 077 && hub pin make "$LOGIN" --json | jq -r .pin >"$DIR/pin")
    NOTE="authority, issuer, alice with a PIN"
}

write_configuration() {
    install -d -m 0700 -o printhold -g printhold \
        "$DIR/agent" "$DIR/agent/state" "$DIR/agent/spool"
    install -d -m 0755 -o printhold -g printhold "$DIR/run/printhold"
    cat >"$DIR/etc/printhold.conf" <<TXT
[agent]
state_dir = $DIR/agent/state
spool_dir = $DIR/agent/spool
capture_socket = $DIR/run/printhold/capture.sock
control_socket = $DIR/run/printhold/control.sock
https_program = $DIR/usr/libexec/printhold/printhold-https
[owner]
domain = $DOMAIN
[cups]
socket = $DIR/cups/cups.sock
[release]
address = 127.0.0.1
port = $RELEASE_PORT
[backend]
pagecount_program = $DIR/usr/libexec/printhold/printhold-pagecount
TXT
    cat "$DIR/etc/printhold.conf"
    NOTE='no certificate, no key, no address of a cloud'
}

# --- a token each, and the pin of the authority that came with it ---

token() { # option...; sets PIN_OF_HUB
    local made
    made=$(hub token add --json "$@")
    PIN_OF_HUB=$(jq -r '."authority-pin"' <<<"$made")
    (umask 077 && jq -r .token <<<"$made" >"$DIR/token")
    ENROL=(--server "https://localhost:$ENROL_PORT" --token-file "$DIR/token"
        --pin "$PIN_OF_HUB")
}

is_enrolled() {
    PRINTHOLD_CONFIG_DIR=$DIR/etc printhold status --json >"$DIR/cloud/status.json" &&
        jq -e '.identity == "enrolled" and .cloud == "online"' "$DIR/cloud/status.json"
}

enrol_workstation() {
    token --class workstation --id "$WORKSTATION" --person "$LOGIN"
    PRINTHOLD_CONFIG_DIR=$DIR/etc printhold enrol "${ENROL[@]}"
    wait_for 20 'the agent with its identity' is_enrolled
    NOTE="for 90 days; its key never left it"
}

enrol_printer() {
    token --class printer --id "$PRINTER" --name 'Lobby'
    printhold-station enrol --state "$DIR/printer" "${ENROL[@]}"
    rm "$DIR/token"
    NOTE='for 7 days'
}
