# shellcheck shell=bash disable=SC2034,SC2119 # others read them
# Three computers on one network, each with one of our packages: a server (hub and
# broker), a desk (two people), and the station beside a printer. Devices enrol with
# tokens; people print and take their paper with a PIN; the desk starts again; the
# report says what happened.
. "$SOURCE/tests/system/host.sh"
PACKAGES=$BUILD/packages/deb
CLOUD=10.77.0.1 DESK=10.77.0.2 LOBBY=10.77.0.3

is_active() { [ "$(inside systemctl show -P ActiveState "$1")" = active ]; }
give() { # file path-there mode
    install -D -m "$3" "$1" "$ROOT/$2"
}
computer() { # name package unit...
    local deb
    deb=$(echo "$PACKAGES/$2"_[0-9]*.deb)
    system_use "$1"
    system_files
    give "$deb" /package.deb 0644
    printf '%s %s\n' 127.0.0.1 localhost "$CLOUD" hub.test "$DESK" desk.test >"$ROOT/etc/hosts"
    for one in alice bob; do in_files useradd -m "$one"; done
    system_unit_tree "${@:3}"
    rm -f "$ROOT/usr/sbin/policy-rc.d"
    system_boot
    inside env DEBIAN_FRONTEND=noninteractive apt-get -qy -o Dpkg::Use-Pty=0 \
        --no-install-recommends install /package.deb </dev/null >"$WORK/apt" 2>&1 ||
        fail "apt-get on $1: $(tail -n 20 "$WORK/apt")"
    say "ok  $2 is installed on its own computer"
}
computer cloud printhold-hub multi-user.target
computer desk printhold sockets.target multi-user.target cups.service
computer lobby printhold-station multi-user.target
system_wire cloud "$CLOUD/24" desk "$DESK/24" lobby "$LOBBY/24"

# --- the server ---

system_use cloud
hub() { inside setpriv --reuid printhold-hub --regid printhold-hub --clear-groups printhold-hub "$@"; }
cp -r "$SOURCE/cloud" "$ROOT/opt/cloud"
hub init --tenant acme --name hub.test --admin admin@example.com >/dev/null
install -d "$ROOT/etc/printhold"
printf '[directory]\nurl = wss://hub.test:8443/mqtt\n[cloud]\nbroker_url = wss://hub.test:8443/mqtt\n' \
    >"$ROOT/etc/printhold/hub.conf"
hub service issue broker >"$WORK/broker.pem"
give "$WORK/broker.pem" /opt/broker.pem 0600
inside /opt/cloud/mosquitto/start --dir /var/lib/broker --bind 0.0.0.0 \
    --ca /var/lib/printhold-hub/ca.crt --cert /opt/broker.pem --key /opt/broker.pem \
    --service hub --background >/dev/null
inside systemctl enable --now printhold-hub.service 2>/dev/null
check 'the hub runs under its unit' until_true 20 is_active printhold-hub.service
for one in alice bob; do
    hub user add "$one@example.com" >/dev/null
    hub pin make "$one@example.com" --json | jq -r .pin >"$WORK/$one.pin"
done
token() { # options
    hub token add --json "$@" >"$WORK/token.json"
    jq -r .token "$WORK/token.json" >"$WORK/token"
    PIN=$(jq -r '."authority-pin"' "$WORK/token.json")
}

# --- the desk ---

token --class workstation --id ws-desk --person alice@example.com
system_use desk
mkdir -p "$ROOT/etc/printhold/conf.d"
printf '[owner]\ndomain = example.com\n' >"$ROOT/etc/printhold/conf.d/site.conf"
inside systemctl restart printhold-agent.service
give "$WORK/token" /root/token 0600
status_has() { inside printhold status --json | jq -e "$1" >/dev/null; }
check 'the desk enrols' inside printhold enrol --server https://hub.test \
    --token-file /root/token --pin "$PIN"
check 'and is connected' until_true 30 status_has '.cloud == "online"'
system_use cloud
hub workstation bind ws-desk bob@example.com >/dev/null

# --- the station ---

token --class printer --id pr-lobby --name Lobby
system_use lobby
give "$WORK/token" /root/token 0600
check 'the station enrols' inside printhold-station enrol --server https://hub.test \
    --token-file /root/token --pin "$PIN"

# --- people ---

prints() { # person title
    system_use desk
    inside setpriv --reuid "$1" --regid "$1" --init-groups lp -d PrintHold -t "$2" \
        /usr/share/doc/printhold/copyright >/dev/null
}
lists() { # person; what the station is told
    system_use lobby
    give "$WORK/$1.pin" /root/pin 0600
    inside printhold-station sign-in --hub hub.test --way pin --secret-file /root/pin --json
}
titles() { lists "$1" 2>/dev/null | jq -r '[.workstations[].jobs[]["job-name"]] | sort | join(" ")'; }
are_listed() { [ "$(titles "$1")" = "$2" ]; }
takes() { # person
    system_use lobby
    rm -rf "$ROOT/root/paper"
    give "$WORK/$1.pin" /root/pin 0600
    inside printhold-station sign-in --hub hub.test --way pin --secret-file /root/pin \
        --output /root/paper --all --quiet
    find "$ROOT/root/paper" -name '*.pdf' | wc -l >"$WORK/papers"
}

prints alice offer
prints alice minutes
prints bob letter
check 'alice is shown what is hers' until_true 30 are_listed alice 'minutes offer'
check 'bob what is his' until_true 30 are_listed bob letter
check 'bob takes his paper' takes bob
is 'one of it' "$(cat "$WORK/papers")" 1
check 'and is shown nothing more' until_true 30 are_listed bob ''

# --- the desk starts again ---

system_use desk
system_reboot
system_wire desk "$DESK/24"
check 'after a new start the desk is connected' until_true 60 status_has '.cloud == "online"'
check 'alice is shown the same' until_true 30 are_listed alice 'minutes offer'
check 'she takes all' takes alice
is 'two of them' "$(cat "$WORK/papers")" 2

# --- what was printed, and a printer that is taken away ---

system_use cloud
releases() { hub report releases --json | jq -r '[.[] | ."release-user"] | sort | join(" ")'; }
told() { [ "$(releases)" = 'alice@example.com alice@example.com bob@example.com' ]; }
until_true 30 told || fail "the report has not each once: $(hub report releases --json)"
say 'ok  the report has each once'
hub printer revoke pr-lobby >/dev/null
is_refused() { ! lists alice >/dev/null 2>&1; }
check 'a printer that was revoked serves nobody' until_true 20 is_refused
