# shellcheck shell=bash disable=SC2034,SC2154
# The directory, the people, the ports, keys and configuration of a trial.
# Sourced by installer/try.

TENANT=try
WORKSTATION=ws-try-desktop
PRINTER=pr-try-lobby
DOMAIN=example.com
ISSUER=https://hub.example.com

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

# --- certificates, keys, configuration ---

make_pki() {
    local pki=$SOURCE/tests/support/pki
    PKI=$DIR/pki
    "$pki" init "$PKI" --tenant "$TENANT"
    "$pki" workstation "$PKI" "$WORKSTATION" --dns localhost --ip 127.0.0.1
    "$pki" printer "$PKI" "$PRINTER"
    "$pki" service "$PKI" broker --dns localhost --ip 127.0.0.1
    "$pki" service "$PKI" reader
    "$pki" service "$PKI" recorder # at the broker one certificate is one client
    "$pki" issuer "$PKI"
    "$pki" directory-key "$PKI"
    # The agent gets its own certificate and the directory key, no other key.
    install -d -m 0755 "$DIR/etc/tls"
    install -m 0644 "$PKI/ca.crt" "$PKI/issuer.pub" \
        "$PKI/$WORKSTATION.crt" "$DIR/etc/tls"
    install -m 0400 -o printhold -g printhold \
        "$PKI/$WORKSTATION.key" "$PKI/directory.key" "$DIR/etc/tls"
}

write_configuration() {
    BROKER_WSS_PORT=$(choose_port 8443)
    BROKER_TLS_PORT=$(choose_port 8883)
    RELEASE_PORT=$(choose_port 9443)
    install -d -m 0700 -o printhold -g printhold \
        "$DIR/agent" "$DIR/agent/state" "$DIR/agent/spool"
    install -d -m 0755 -o printhold -g printhold "$DIR/run/printhold"
    cat >"$DIR/etc/printhold.conf" <<TXT
[agent]
state_dir = $DIR/agent/state
spool_dir = $DIR/agent/spool
capture_socket = $DIR/run/printhold/capture.sock
control_socket = $DIR/run/printhold/control.sock
[owner]
domain = $DOMAIN
[cups]
socket = $DIR/cups/cups.sock
[identity]
ca_file = $DIR/etc/tls/ca.crt
cert_file = $DIR/etc/tls/$WORKSTATION.crt
key_file = $DIR/etc/tls/$WORKSTATION.key
[cloud]
url = wss://127.0.0.1:$BROKER_WSS_PORT/mqtt
directory_key_file = $DIR/etc/tls/directory.key
[release]
address = 127.0.0.1
port = $RELEASE_PORT
issuer = $ISSUER
issuer_key_file = $DIR/etc/tls/issuer.pub
[backend]
pagecount_program = $DIR/usr/libexec/printhold/printhold-pagecount
TXT
    cat "$DIR/etc/printhold.conf"
    NOTE="printers pull from $RELEASE_PORT"
}
