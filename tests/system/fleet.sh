# shellcheck shell=bash disable=SC2034,SC2119 # others read them
# Five computers on one network, each with one of our packages: a server (hub and
# broker), a desk (two people) that was answered for before it was installed, a
# second one from an image, a third one by the role for Ansible, and the station beside
# a printer. Devices enrol with tokens, the desks by themselves; people print and take their paper with a PIN; the
# desk is upgraded in the middle of it, rolled back, started again, and cleared away;
# the report says what happened.
. "$SOURCE/tests/system/host.sh"
PACKAGES=$BUILD/packages/deb
CLOUD=10.77.0.1 DESK=10.77.0.2 LOBBY=10.77.0.3 COPY=10.77.0.4 OFFICE=10.77.0.5

is_active() { [ "$(inside systemctl show -P ActiveState "$1")" = active ]; }
give() { # file path-there mode
    install -D -m "$3" "$1" "$ROOT/$2"
}
computer() { # name package unit...
    system_use "$1"
    system_files
    give "$(echo "$PACKAGES/$2"_[0-9]*.deb)" /package.deb 0644
    printf '%s %s\n' 127.0.0.1 localhost "$CLOUD" hub.test "$DESK" desk.test >"$ROOT/etc/hosts"
    for one in alice bob; do in_files useradd -m "$one"; done
    system_unit_tree "${@:3}"
    rm -f "$ROOT/usr/sbin/policy-rc.d"
}
apt() { # words of apt-get...; in the running system
    inside env DEBIAN_FRONTEND=noninteractive apt-get -qy -o Dpkg::Use-Pty=0 \
        --no-install-recommends "$@" </dev/null >"$WORK/apt" 2>&1 ||
        fail "apt-get $* on $SYSTEM: $(tail -n 20 "$WORK/apt")"
    say "ok  apt-get $* on $SYSTEM"
}
unpack() { # words of dpkg...; what apt does in the end, without its long thoughts
    inside env DEBIAN_FRONTEND=noninteractive dpkg "$@" </dev/null >"$WORK/apt" 2>&1 ||
        fail "dpkg $* on $SYSTEM: $(tail -n 20 "$WORK/apt")"
    say "ok  dpkg $* on $SYSTEM"
}
traces() {
    (cd "$WORK/$SYSTEM/upper" && find . -mindepth 1 -not -type d |
        grep -vE '^\./(.*\.deb|etc/(machine-id|ld\.so\.cache)$|home/|var/(log|cache/(apt|cups|debconf|ldconfig|man)|lib/(apt|dpkg)|spool/cups)|usr/share/applications/mimeinfo\.cache|etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|etc/cups/(printers|subscriptions|classes)\.conf)' |
        sort)
}
status_has() { inside printhold status --json | jq -e "$1" >/dev/null; }
finds() { # check; its level
    inside printhold doctor --json >"$WORK/doctor" || true
    is "doctor: $1" "$(jq -r ".checks[] | select(.check == \"$1\") | .level" "$WORK/doctor")" "$2"
}
remedy() { jq -r ".checks[] | select(.check == \"$1\") | .remedy" "$WORK/doctor"; }
# Everywhere that was written to since the computer was made, and its memory disks.
lies_about() { # file with the text
    inside sh -c 'cat >/root/sought
        grep -rlFf /root/sought /run /tmp /dev/shm /var/tmp
        journalctl -o export | grep -aFf /root/sought
        rm /root/sought' <"$1" >"$WORK/found" 2>"$WORK/grep" || true
    grep -rlaFf "$1" "$WORK/$SYSTEM/upper" "$WORK/$SYSTEM/systemd" >>"$WORK/found" || true
    [ -s "$WORK/found" ]
}

computer cloud printhold-hub multi-user.target
system_boot
unpack -i /package.deb
computer lobby printhold-station multi-user.target
system_boot
unpack -i /package.deb
computer desk printhold sockets.target multi-user.target cups.service
traces >"$WORK/before"
system_boot
# An image: installed in files that do not run yet.
computer copy printhold sockets.target multi-user.target cups.service
in_files env DEBIAN_FRONTEND=noninteractive dpkg -i /package.deb </dev/null >"$WORK/apt" 2>&1 ||
    fail "in an image: $(tail -n 20 "$WORK/apt")"
system_boot
computer office printhold sockets.target multi-user.target cups.service
system_boot
system_wire cloud "$CLOUD/24" desk "$DESK/24" lobby "$LOBBY/24" copy "$COPY/24" office "$OFFICE/24"

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

# --- the desk: answered before it is installed, and nothing done after that ---

token --class workstation --id ws-desk --person alice@example.com
cp "$WORK/token" "$WORK/token.desk"
system_use desk
mkdir -p "$ROOT/etc/printhold/conf.d"
printf '[owner]\ndomain = example.com\n' >"$ROOT/etc/printhold/conf.d/site.conf"
SITE=$(sha256sum <"$ROOT/etc/printhold/conf.d/site.conf")
printf 'printhold printhold/enrolment-%s %s %s\n' server string https://hub.test \
    pin string "$PIN" token password "$(cat "$WORK/token")" |
    inside debconf-set-selections
check 'the token is found where it lies' lies_about "$WORK/token"
apt install /package.deb
check 'the desk enrols by itself' until_true 30 status_has '.identity == "enrolled"'
check 'and is connected' until_true 30 status_has '.cloud == "online"'
enrol_has_ended() { ! is_active printhold-enrol.service; }
check 'the service has ended' until_true 20 enrol_has_ended
is 'well' "$(inside systemctl show -P Result printhold-enrol.service)" success
! lies_about "$WORK/token" || fail "the token still lies about: $(cat "$WORK/found")"
say 'ok  the token is nowhere any more: not in a file, not in the journal'
is 'debconf has forgotten the answers' "$(inside debconf-show printhold | grep -c 'sha256\|https')" 0
finds enrolment ok
finds certificate ok
finds units ok
is 'nothing is a problem' \
    "$(jq -r '.checks[] | select(.level == "problem") | "\(.check): \(.text)"' "$WORK/doctor")" ''
system_use cloud
hub workstation bind ws-desk bob@example.com >/dev/null

# --- the image: what is wrong with a token is said, and then it enrols too ---

system_use copy
prints_at_copy() { inside setpriv --reuid alice --regid alice --init-groups \
    lp -d PrintHold -t image /usr/share/doc/printhold/copyright >/dev/null; }
mkdir -p "$ROOT/etc/printhold/conf.d"
printf '[owner]\ndomain = example.com\n' >"$ROOT/etc/printhold/conf.d/site.conf"
inside systemctl restart printhold-agent.service
prints_at_copy
check 'an image that nobody has enrolled holds' until_true 30 status_has '.held == 1'
finds enrolment warning
head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$WORK/wrong"
give "$WORK/wrong" /etc/printhold/enrol-token 0644
finds enrolment problem
inside sh -c "$(remedy enrolment)"
finds enrolment problem
check 'it wants to know the hub' grep -q 'set enrolment.server' "$WORK/doctor"
printf '[enrolment]\nserver = https://hub.test\npin = %s\n' "$PIN" \
    >"$ROOT/etc/printhold/conf.d/enrolment.conf"
enrol_failed() { [ "$(inside systemctl show -P ActiveState printhold-enrol.service)" = failed ]; }
check 'a token that the hub does not know is the end of it' until_true 30 enrol_failed
is 'it is put aside' "$(inside sh -c 'cd /etc/printhold && ls enrol-token*')" enrol-token.refused
finds enrolment problem
check 'the status says so' status_has '."identity-text" | test("refuse|not valid|token")'
inside systemctl restart printhold-agent.service
check 'and after a restart too' status_has '."identity-text" | test("refused its token")'

system_use cloud
token --class workstation --id ws-copy --person alice@example.com
system_use copy
inside ip link set lan0 down
give "$WORK/token" "/etc/printhold/enrol-token.new" 0600
inside mv /etc/printhold/enrol-token.new /etc/printhold/enrol-token
tries() { inside journalctl -o cat -u printhold-enrol | grep -q 'not enrolled yet.*trying again'; }
tries_again() { is_active printhold-enrol.service && status_has '."identity-text" | test("hub")'; }
check 'without a network it waits' until_true 20 tries_again
check 'and says why' until_true 20 tries
finds enrolment warning
inside ip link set lan0 up
check 'with the network it enrols' until_true 60 status_has '.identity == "enrolled"'
check 'the service has ended' until_true 20 enrol_has_ended
is 'nothing is put aside any more' "$(inside sh -c 'ls /etc/printhold')" conf.d
! lies_about "$WORK/token" || fail "the token still lies about: $(cat "$WORK/found")"
say 'ok  the token is nowhere any more'
finds enrolment ok
give "$WORK/wrong" /etc/printhold/enrol-token 0600
gone() { ! [ -e "$ROOT/etc/printhold/enrol-token" ]; }
check 'a token that is not needed any more is deleted' until_true 20 gone
check 'it is who it was' status_has '.identity == "enrolled" and .workstation == "ws-copy"'

# --- by the role for Ansible ---

system_use cloud
token --class workstation --id ws-office --person bob@example.com
system_use office
mkdir -p "$ROOT/root/play/roles" "$ROOT/root/play/files"
cp -r "$SOURCE/installer/examples/ansible" "$ROOT/root/play/roles/printhold"
printf '[owner]\ndomain = example.com\n[enrolment]\nserver = https://hub.test\npin = %s\n' "$PIN" \
    >"$ROOT/root/play/files/10-site.conf"
cat >"$ROOT/root/play/play.yml" <<'TXT'
- hosts: localhost
  gather_facts: false
  roles:
    - role: printhold
      vars:
        printhold_package: /package.deb
        printhold_settings: files/10-site.conf
        printhold_token: "{{ lookup('file', '/run/token') }}"
TXT
give "$WORK/token" /run/token 0600
plays() {
    inside env HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive ansible-playbook -c local \
        -i localhost, /root/play/play.yml </dev/null >"$WORK/play" 2>&1
}
plays || fail "the role: $(tail -n 20 "$WORK/play")"
say 'ok  the role installs and enrols'
check 'it is connected' until_true 30 status_has '.cloud == "online"'
plays || fail "the role once more: $(tail -n 20 "$WORK/play")"
is 'once more it changes nothing' "$(grep -o 'changed=[0-9]*' "$WORK/play")" changed=0
inside rm /run/token
! lies_about "$WORK/token" || fail "the token still lies about: $(cat "$WORK/found")"
say 'ok  the token is nowhere any more'
is 'Intune is told so' "$(inside sh /usr/share/doc/printhold/examples/intune/discover.sh |
    jq -r '"\(.installed) \(.enrolment)"')" 'true ok'

# --- the station ---

system_use cloud
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
check 'alice is shown what is hers, from both computers' until_true 30 are_listed alice 'image minutes offer'
check 'bob what is his' until_true 30 are_listed bob letter
check 'bob takes his paper' takes bob
is 'one of it' "$(cat "$WORK/papers")" 1
check 'and is shown nothing more' until_true 30 are_listed bob ''

# --- the desk is upgraded while they print, rolled back, started again ---

system_use desk
dpkg-deb -R "$PACKAGES"/printhold_[0-9]*.deb "$WORK/higher"
sed -i 's/^Version: .*/Version: 99.0-1/' "$WORK/higher/DEBIAN/control"
dpkg-deb --root-owner-group -b "$WORK/higher" "$ROOT/new.deb" >/dev/null
CERTIFICATE=$(sha256sum <"$ROOT/var/lib/printhold/identity/current/cert.pem")
inside kill -STOP "$(inside systemctl show -P MainPID printhold-agent.service)"
prints alice waits
check 'a job is half handed over' until_true 30 inside sh -c 'pgrep -u lp -x printhold >/dev/null'
(for one in one two three; do prints bob "$one"; done) &
PRINTS=$!
unpack -i /new.deb
wait "$PRINTS"
check 'upgraded, the desk is connected again' until_true 60 status_has '.cloud == "online"'
check 'and holds every job' until_true 60 status_has '.held == 6'
finds version ok
finds enrolment ok
unpack -i /package.deb
check 'rolled back, it is connected again' until_true 60 status_has '.cloud == "online"'
check 'and holds every job' until_true 60 status_has '.held == 6'
is 'as who it was' "$(sha256sum <"$ROOT/var/lib/printhold/identity/current/cert.pem")" "$CERTIFICATE"
is 'with the settings of the site' "$(sha256sum <"$ROOT/etc/printhold/conf.d/site.conf")" "$SITE"
check 'bob is shown what he printed meanwhile' until_true 30 are_listed bob 'one three two'
system_use desk
system_reboot
system_wire desk "$DESK/24"
check 'after a new start the desk is connected' until_true 60 status_has '.cloud == "online"'
check 'alice is shown the same' until_true 30 are_listed alice 'image minutes offer waits'
check 'she takes all' takes alice
is 'four of them' "$(cat "$WORK/papers")" 4
check 'and bob his' takes bob
is 'three of them' "$(cat "$WORK/papers")" 3

# --- what was printed, and a printer that is taken away ---

system_use cloud
releases() { hub report releases --json |
    jq "[.[] | select(.\"release-user\" == \"$1@example.com\")] | length"; }
told() { [ "$(releases alice) $(releases bob)" = '4 4' ]; }
until_true 30 told || fail "the report has not each once: $(hub report releases --json)"
say 'ok  the report has each once'
hub printer revoke pr-lobby >/dev/null
is_refused() { ! lists alice >/dev/null 2>&1; }
check 'a printer that was revoked serves nobody' until_true 20 is_refused

# --- the desk is cleared away ---

prints alice forgotten
check 'a job is held to the end' until_true 30 status_has '.held == 1'
apt purge printhold
is 'nothing of ours runs' "$(inside systemctl list-units --plain --no-legend 'printhold*')" ''
refuse 'and the queue is gone' inside lpstat -v PrintHold 2>/dev/null
is 'nothing of ours is left' "$(diff "$WORK/before" <(traces))" ''
system_use cloud
check 'the administrator takes it off the list' hub workstation revoke ws-desk
