# shellcheck shell=bash disable=SC2016,SC2119 # quotes are for another shell
# What IT does with our packages: a silent installation, people
# print and are told, upgrade in the middle of it, roll-back, removal, purge. Nothing is lost
# before the purge, nothing of ours is left after it, and queues of others are
# as they were.
. "$SOURCE/tests/system/host.sh"
PACKAGES=$BUILD/packages/deb
OTHER_URI=ipp://127.0.0.1:9/ipp/print

apt() { # words of apt-get...; in the running system
    inside env DEBIAN_FRONTEND=noninteractive apt-get -qy \
        -o Dpkg::Use-Pty=0 --no-install-recommends "$@" </dev/null >"$WORK/apt" 2>&1
}
install_silently() { # file
    apt install --allow-downgrades --reinstall "/packages/$1" ||
        fail "apt-get install $1: $(tail -n 20 "$WORK/apt")"
}
queue_uri() { inside lpstat -v "$1" 2>/dev/null | sed 's/.*: //'; }
as_alice() { inside setpriv --reuid alice --regid alice --init-groups "$@"; }
prints() { as_alice lp -d PrintHold /usr/share/doc/printhold/copyright >/dev/null; }
held() { as_alice printhold jobs --json 2>/dev/null | jq "[.[] | select(.state == \"held\")] | length"; }
holds() { [ "$(held)" = "$1" ]; }
state_of() { inside systemctl show -P ActiveState "$1"; }
is_active() { [ "$(state_of "$1")" = active ]; }
cups_has_none() {
    [ -z "$(find "$ROOT/var/spool/cups" -maxdepth 1 -name "[cd][0-9]*")" ] &&
        [ -z "$(inside lpstat -W all -o PrintHold 2>/dev/null)" ]
}

# A package of the same files with a higher number.
higher() {
    dpkg-deb -R "$PACKAGES"/printhold_*.deb "$WORK/higher"
    sed -i 's/^Version: .*/Version: 99.0-1/' "$WORK/higher/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$WORK/higher" "$ROOT/packages/new.deb" >/dev/null
}

# Every path that the system's own layer has, beside what apt, dpkg, desktops, cupsd and
# the journal write for themselves.
traces() {
    (cd "$WORK/upper" && find . -mindepth 1 -not -type d |
        grep -vE '^\./(packages|etc/machine-id$|home/alice|var/(log|cache/(apt|cups|debconf|man)|lib/(apt|dpkg)|spool/cups)|usr/share/applications/mimeinfo\.cache|etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|etc/cups/(printers|subscriptions|classes)\.conf)' |
        sort)
}

# What cupsd has to say, when something failed.
scenario_end() {
    [ "$rc" = 0 ] || [ -z "$FIRST" ] || inside sh -c 'lpstat -l -W not-completed -o
        tail -n 20 /var/log/cups/error_log' || true
}

system_files
mkdir "$ROOT/packages"
cp "$PACKAGES"/printhold_*.deb "$ROOT/packages/old.deb"
higher
in_files useradd -m alice
system_unit_tree sockets.target multi-user.target cups.service
rm -f "$ROOT/usr/sbin/policy-rc.d"
traces >"$WORK/before"

# An image that is made ready and copied must have no secret.
in_files env DEBIAN_FRONTEND=noninteractive strace -f -qq -e trace=file \
    -e signal=none -o /packages/calls dpkg -i /packages/old.deb </dev/null >"$WORK/apt" 2>&1 ||
    fail "in files that do not run: $(tail -n 20 "$WORK/apt")"
check 'its scripts were watched' grep -q 'sysusers.*printhold' "$ROOT/packages/calls"
# Where everybody may write, they make nothing and read nothing (SR-64).
is 'they have nothing to do where others may write' \
    "$(grep -E '"(/var)?/tmp|"/dev/shm|"/home' "$ROOT/packages/calls" | head -n 3)" ''
is 'in an image, without a running system, nothing is made yet' \
    "$(find "$ROOT/var/lib/printhold" "$ROOT/var/spool/printhold" -mindepth 1)" ''
in_files env DEBIAN_FRONTEND=noninteractive apt-get -qy purge printhold \
    </dev/null >"$WORK/apt" 2>&1 || fail "purge: $(tail -n 20 "$WORK/apt")"
is 'and it leaves the image as it was' "$(diff "$WORK/before" <(traces))" ''

system_boot
check 'cupsd runs' until_true 20 is_active cups.service
inside lpadmin -p other -v "$OTHER_URI" -E 2>/dev/null || fail 'cannot make another queue'
install_silently old.deb
check 'after the installation the agent runs' until_true 10 is_active printhold-agent.service
is 'and has made the queue' "$(queue_uri PrintHold)" printhold:/
is 'with cupsd as it was' "$(queue_uri other)" "$OTHER_URI"
is 'it says that it is alive' \
    "$(inside systemctl show -P WatchdogUSec printhold-agent.service)" 2min
KEY=$(sha256sum <"$ROOT/var/lib/printhold/machine.key")

prints
check 'a person prints, and the job is held' until_true 30 holds 1
check 'and CUPS keeps nothing of it' until_true 15 cups_has_none

# A person logs in at a desktop: their own service manager starts what tells them
# of their jobs, which finds their bus and the agent.
alices() { # command...; as in her session
    as_alice env "XDG_RUNTIME_DIR=/run/user/$ALICE" "$@"
}
notices_say() { inside journalctl -o cat _SYSTEMD_USER_UNIT=printhold-notify.service | grep -q "$1"; }
notices_are() { alices systemctl --user show -P ActiveState printhold-notify.service; }
ALICE=$(inside id -u alice)
inside mkdir -p /run/systemd/user
inside sh -c 'printf "[Unit]\nRequires=graphical-session.target\n" >/run/systemd/user/desk.target'
inside systemctl start dbus.socket systemd-logind.service "user@$ALICE.service"
alices systemctl --user start dbus.socket
is 'without a desktop nothing tells people' "$(notices_are)" inactive
alices systemctl --user start desk.target
check 'a desktop starts what does, and the agent takes it' \
    until_true 20 notices_say 'watching, from now'
is 'as a service of hers' "$(notices_are)" active
alices systemctl --user stop graphical-session.target
check 'which ends with the desktop' until_true 10 [ "$(notices_are)" = inactive ]
inside systemctl --global mask printhold-notify.service 2>/dev/null
alices systemctl --user daemon-reload
alices systemctl --user start desk.target
is 'where the site has masked it, it stays off' "$(notices_are)" inactive
inside systemctl --global unmask printhold-notify.service 2>/dev/null
inside systemctl stop "user@$ALICE.service" systemd-logind.service dbus.socket dbus.service

# Upgrade: the agent does not answer while a job is handed over, and others
# follow all the time.
mkdir -p "$ROOT/etc/printhold/conf.d"
printf '\357\273\277[jobs]\r\nretention = 48h\r\n' >"$ROOT/etc/printhold/conf.d/10-site.conf"
SITE=$(sha256sum <"$ROOT/etc/printhold/conf.d/10-site.conf")
PID=$(inside systemctl show -P MainPID printhold-agent.service)
INODE=$(stat -c %i "$ROOT/run/printhold/capture.sock" 2>/dev/null || inside stat -c %i /run/printhold/capture.sock)
inside kill -STOP "$PID"
prints
check 'a job waits for the agent' until_true 30 inside sh -c 'pgrep -u lp -x printhold >/dev/null'
(for _ in 1 2 3 4 5 6; do prints; done) &
PRINTS=$!
install_silently new.deb
wait "$PRINTS"
refuse 'the upgrade has started another agent' \
    [ "$(inside systemctl show -P MainPID printhold-agent.service)" = "$PID" ]
is 'at the same socket' "$(inside stat -c %i /run/printhold/capture.sock)" "$INODE"
check 'every job of before, meanwhile and after is held' until_true 60 holds 8
check 'and CUPS keeps none' until_true 15 cups_has_none
is 'settings of the site are as they were' \
    "$(sha256sum <"$ROOT/etc/printhold/conf.d/10-site.conf")" "$SITE"
is 'and in force' "$(as_alice printhold config show | sed -n 's/^retention = //p')" 2d

install_silently old.deb
check 'rolled back, everything is there' until_true 20 holds 8
is 'under the same key' "$(sha256sum <"$ROOT/var/lib/printhold/machine.key")" "$KEY"

# A catalogue of a newer program is left alone.
catalogue() { # version
    inside python3 - "$1" <<'PY'
import sqlite3, sys
db = sqlite3.connect("/var/lib/printhold/catalogue.db")
print(db.execute("PRAGMA user_version").fetchone()[0])
db.execute(f"PRAGMA user_version = {int(sys.argv[1])}")
PY
}
agent_stop() {
    inside systemctl stop printhold-agent.service printhold-capture.socket \
        printhold-control.socket
}
agent_stop
VERSION=$(catalogue 99)
inside systemctl start printhold-agent.service 2>/dev/null || true
is 'with the catalogue of a newer program it does not start' \
    "$(inside systemctl show -P ExecMainStatus printhold-agent.service)" 78
check 'and says what to do' until_true 5 sh -c \
    'nsenter -t "$0" -a journalctl -o cat -u printhold-agent | grep -q "install the newer printhold again"' "$FIRST"
inside systemctl reset-failed
catalogue "$VERSION" >/dev/null
inside systemctl start printhold-capture.socket printhold-control.socket \
    printhold-agent.service
check 'with the newer program again, all is there' until_true 20 holds 8

# The queue after a boot that has lost it, and one that is somebody's.
inside lpadmin -x PrintHold
inside systemctl restart printhold-queue.service
is 'a lost queue comes back' "$(queue_uri PrintHold)" printhold:/

# With a token that waits for somebody to name the hub.
(umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$ROOT/etc/printhold/enrol-token")
check 'a token starts its service' until_true 20 is_active printhold-enrol.service

apt remove printhold || fail "remove: $(tail -n 20 "$WORK/apt")"
is 'removed, its queue is gone' "$(queue_uri PrintHold)" ''
is 'another is not' "$(queue_uri other)" "$OTHER_URI"
is 'nothing of ours runs' "$(inside systemctl list-units --plain --no-legend 'printhold*')" ''
is 'held jobs stay' "$(find "$ROOT/var/spool/printhold" -type f | wc -l)" 8
install_silently old.deb
check 'and are there when it is installed again' until_true 20 holds 8

apt purge printhold || fail "purge: $(tail -n 20 "$WORK/apt")"
is 'purged, nothing of ours is left' "$(diff "$WORK/before" <(traces))" ''
is 'no account, no group' "$(inside getent passwd printhold; inside getent group printhold)" ''
is 'nor a member of another group' "$(grep -c printhold "$ROOT/etc/group")" 0
is 'another queue is as it was' "$(queue_uri other)" "$OTHER_URI"

# The name is taken.
inside lpadmin -p PrintHold -v "$OTHER_URI" -E 2>/dev/null
install_silently old.deb
is 'where somebody else has a queue of that name, it stays' \
    "$(queue_uri PrintHold)" "$OTHER_URI"
is 'and the unit says so' \
    "$(inside systemctl show -P ExecMainStatus printhold-queue.service)" 78
refuse 'two installations have no secret in common' \
    [ "$(sha256sum <"$ROOT/var/lib/printhold/machine.key")" = "$KEY" ]
apt purge printhold || fail "purge: $(tail -n 20 "$WORK/apt")"
is 'nor does a purge take it' "$(queue_uri PrintHold)" "$OTHER_URI"
is 'nothing of ours is left' "$(diff "$WORK/before" <(traces))" ''
