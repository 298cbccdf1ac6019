# shellcheck shell=bash disable=SC2119
# The scripts of the packages for rpm on a booted system: silent installation,
# printing, upgrade, removal. The system is this one, whose libraries are no rpm
# packages, so dependencies are not asked for; cupsd is set up as on Fedora.
. "$SOURCE/tests/system/host.sh"

as_alice() { inside setpriv --reuid alice --regid alice --init-groups "$@"; }
held() { as_alice printhold jobs --json 2>/dev/null | jq "[.[] | select(.state == \"held\")] | length"; }
holds() { [ "$(held)" = "$1" ]; }
is_active() { inside systemctl -q is-active "$1"; }
cups_has_none() {
    [ -z "$(find "$ROOT/var/spool/cups" -maxdepth 1 -name "[cd][0-9]*")" ] &&
        [ -z "$(inside lpstat -W all -o PrintHold 2>/dev/null)" ]
}
prints() { as_alice lp -d PrintHold /usr/share/doc/printhold/README.md >/dev/null; }
rpm_does() { # words of rpm...
    inside rpm --nodeps "$@" </dev/null >"$WORK/rpm" 2>&1 ||
        fail "rpm $1: $(tail -n 20 "$WORK/rpm")"
    # But that this is no system for rpm.
    is "rpm $1 says nothing" "$(grep -v '^rpm: ' "$WORK/rpm")" ''
}

system_files
mkdir "$ROOT/packages"
cp "$BUILD"/packages/rpm/*.rpm "$ROOT/packages"
in_files useradd -m alice
sed -i 's/^SystemGroup .*/SystemGroup sys root/' "$ROOT/etc/cups/cups-files.conf"
system_unit_tree sockets.target multi-user.target cups.service
system_boot
check 'cupsd runs' until_true 20 is_active cups.service
BACKENDS=$(ls "$ROOT/usr/lib/cups/backend")

rpm_does -i /packages/printhold-[0-9]*.rpm
check 'after the installation the agent runs' until_true 10 is_active printhold-agent.service
is 'the queue is there' "$(inside lpstat -v PrintHold | sed 's/.*: //')" printhold:/
is 'state and spool are the account'"'"'s alone' \
    "$(inside stat -c '%a %U:%G' /var/lib/printhold /var/spool/printhold | uniq)" \
    '700 printhold:printhold'
is 'a token would be seen' \
    "$(inside systemctl is-enabled printhold-enrol.path) $(inside systemctl is-active printhold-enrol.path)" \
    'enabled active'
mkdir -p "$ROOT/etc/printhold"
(umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$ROOT/etc/printhold/enrol-token")
waits_for_hub() { inside journalctl -o cat -u printhold-enrol | grep -q 'not enrolled yet.*enrolment.server'; }
check 'and this one wants to know the hub' until_true 20 waits_for_hub
prints
check 'a person prints, and the job is held' until_true 30 holds 1
check 'and the agent may purge what CUPS has of it' until_true 15 cups_has_none

PID=$(inside systemctl show -P MainPID printhold-agent.service)
rpm_does -U --replacepkgs /packages/printhold-[0-9]*.rpm
refuse 'the same again has started another agent' \
    [ "$(inside systemctl show -P MainPID printhold-agent.service)" = "$PID" ]
check 'which runs' until_true 10 is_active printhold-agent.service
check 'with what it held' until_true 20 holds 1
is 'the packaged files are as packaged' "$(inside rpm -V --nodeps printhold)" ''

rpm_does -i /packages/printhold-hub-*.rpm /packages/printhold-station-*.rpm
refuse 'the hub does not start' is_active printhold-hub.service
refuse 'nor will it' inside systemctl -q is-enabled printhold-hub.service

rpm_does -e printhold printhold-hub printhold-station
is 'removed, its queue is gone' "$(inside lpstat -v PrintHold 2>/dev/null || true)" ''
is 'nothing of ours runs' "$(inside systemctl list-units --plain --no-legend 'printhold*')" ''
is 'its backend is gone' "$(ls "$ROOT/usr/lib/cups/backend")" \
    "$(grep -vx printhold <<<"$BACKENDS")"
is 'held jobs stay' "$(find "$ROOT/var/spool/printhold" -type f | wc -l)" 1
is 'and their key' "$(find "$ROOT/var/lib/printhold" -name machine.key | wc -l)" 1
rpm_does -i /packages/printhold-[0-9]*.rpm
check 'and are there when it is installed again' until_true 20 holds 1
