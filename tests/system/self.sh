# shellcheck shell=bash disable=SC2034,SC2119
# In the unit's sandbox the agent knows this computer: another host name and
# another address are noticed, and logind gives it the locks that it asks for.
. "$SOURCE/tests/system/host.sh"
for unit in dbus.socket systemd-logind.service polkit.service; do
    [ -e "/lib/systemd/system/$unit" ] || fail "missing unit: $unit, see tests/run"
done

status_has() { # jq-condition
    inside printhold status --json | jq -e "$1" >/dev/null
}
locks() { inside systemd-inhibit --list --no-legend 2>/dev/null | grep PrintHold; }
has_lock() { # mode
    locks | grep -qE "printhold .* sleep .* $1$"
}
journal_says() { inside journalctl -o cat | grep -qF -- "$1"; }

system_install
in_files printhold-agent key init >/dev/null
printf 'lt-first\n' >"$ROOT/etc/hostname"
# polkit looks here and below /usr/share, not below /usr/local.
install -d "$ROOT/etc/polkit-1/rules.d"
system_boot
inside hostname lt-first
inside systemctl start dbus.socket systemd-logind.service printhold-agent.service ||
    fail 'a service does not start'

check 'the agent runs' status_has '.host == "lt-first"'
inside hostname lt-second
check 'another host name is noticed, in the sandbox' until_true 3 status_has \
    '.host == "lt-second"'
ip link add lan0 type veth peer name far0
ip link set far0 up
ip link set lan0 up
ip addr add 10.66.0.2/24 dev lan0
check 'another address too' until_true 3 status_has \
    '.addresses == [{"address": "10.66.0.2:9443", "interface": "lan0"}]'
refuse 'nothing is noticed late' journal_says 'noticed late'

check 'logind gave the lock that delays sleep' until_true 5 has_lock delay
refuse 'and none that blocks it' has_lock block
PID=$(inside systemctl show -P MainPID printhold-agent.service)
RSS=$(inside sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$PID/status")
say "RSS of the agent: $RSS KiB"
inside systemctl restart systemd-logind.service
check 'another logind gives it again' until_true 10 has_lock delay
inside systemctl stop printhold-agent.service printhold-capture.socket \
    printhold-control.socket
refuse 'with the agent it goes' has_lock delay

# What the polkit rule is for, asked of polkit itself.
may_block() {
    inside setpriv --reuid printhold --regid printhold --init-groups \
        systemd-inhibit --what=sleep --who=test --why=test --mode=block true 2>/dev/null
}
refuse 'without the rule nobody blocks sleep' may_block
cp "$SOURCE/polkit/printhold.rules" "$ROOT/etc/polkit-1/rules.d/60-printhold.rules"
inside systemctl restart polkit.service
check 'with it the user printhold may' until_true 10 may_block
