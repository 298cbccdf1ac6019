# shellcheck shell=bash disable=SC2119,SC2016
# The packages of hub and station on a booted system: the hub starts nothing by
# itself, is made ready and serves under its unit with its sandbox, and nothing of
# either is left after a purge.
. "$SOURCE/tests/system/host.sh"
PACKAGES=$BUILD/packages/deb

apt() { # words of apt-get...; in the running system
    inside env DEBIAN_FRONTEND=noninteractive apt-get -qy \
        -o Dpkg::Use-Pty=0 --no-install-recommends "$@" </dev/null >"$WORK/apt" 2>&1 ||
        fail "apt-get $1: $(tail -n 20 "$WORK/apt")"
}
hub() { inside printhold-hub "$@"; }
state_of() { inside systemctl show -P ActiveState printhold-hub.service; }
property() { inside systemctl show -P "$1" printhold-hub.service; }
traces() {
    (cd "$WORK/upper" && find . -mindepth 1 -not -type d |
        grep -vE '^\./(packages|etc/(machine-id|.pwd.lock|hosts)$|var/(log|cache/(apt|debconf|man)|lib/(apt|dpkg))|etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$)' |
        sort)
}
answers() { # port...; over TLS, by the name in its certificate
    local port
    for port; do
        inside curl -sS -o /dev/null --cacert /tmp/ca.crt \
            "https://hub.example.com:$port/" --connect-to "::127.0.0.1:" \
            2>>"$WORK/curl" || return 1
    done
}

system_files
mkdir "$ROOT/packages"
cp "$PACKAGES"/printhold-hub_*.deb "$ROOT/packages/hub.deb"
cp "$PACKAGES"/printhold-station_*.deb "$ROOT/packages/station.deb"
system_unit_tree multi-user.target
rm -f "$ROOT/usr/sbin/policy-rc.d"
traces >"$WORK/before"
system_boot

apt install /packages/hub.deb /packages/station.deb
is 'the station says its version' \
    "$(inside printhold-station --version)" "printhold-station $(cat "$SOURCE/VERSION")"
timer() { inside systemctl "$1" printhold-station-renew.timer; }
is "the station's timer runs" "$(timer is-enabled) $(timer is-active)" 'enabled active'
inside systemctl start printhold-station-renew.service
is 'before it is enrolled it does nothing' \
    "$(inside systemctl show -P ConditionResult printhold-station-renew.service)" no
is 'the hub does not run' "$(state_of)" inactive
refuse 'nor will it' inside systemctl -q is-enabled printhold-hub.service
check 'started before it is made ready, it fails' \
    sh -c '! nsenter -t "$0" -a systemctl start printhold-hub.service 2>/dev/null' "$FIRST"
is 'for good' "$(property ExecMainStatus)" 78
inside systemctl reset-failed

hub init --tenant acme --name hub.example.com >"$WORK/init" ||
    fail "printhold-hub init: $(cat "$WORK/init")"
is 'root has made it ready, and it is the account'"'"'s alone' \
    "$(inside find /var/lib/printhold-hub ! -user printhold-hub)" ''
is 'closed to others' "$(inside stat -c '%a %U' /var/lib/printhold-hub)" '700 printhold-hub'
inside systemctl enable --now printhold-hub.service 2>/dev/null ||
    fail "it does not start: $(inside journalctl -o cat -n 20 -u printhold-hub)"
is 'it runs, as it says itself' "$(state_of)" active
is 'as its account' "$(inside ps -o user= -p "$(property MainPID)")" printhold-hub
is 'without a privilege' \
    "$(inside sed -n 's/^CapBnd:[[:space:]]*//p' "/proc/$(property MainPID)/status")" \
    0000000000000000
inside sh -c 'cat /var/lib/printhold-hub/ca.crt >/tmp/ca.crt'
inside ss -Hltn | awk '{print $4}' | sed 's/.*://' | sort -u >"$WORK/ports"
for port in 9444 9445; do
    check "it listens on $port" grep -qx "$port" "$WORK/ports"
done
check 'and devices get its certificate' answers 9445

# For the station below, which renews at once.
mkdir -p "$ROOT/etc/printhold"
printf '[devices]\nrenewal_interval = 0s\n' >"$ROOT/etc/printhold/hub.conf"
inside systemctl restart printhold-hub.service
check 'the hub is there again' until_true 10 answers 9445
# A station of the same computer, and what its timer starts.
station_runs() {
    inside systemctl start printhold-station-renew.service 2>/dev/null ||
        fail "it fails: $(inside journalctl -o cat -n 20 -u printhold-station-renew)"
}
current() { inside readlink /var/lib/printhold-station/identity/current; }
echo '127.0.0.1 hub.example.com' >>"$ROOT/etc/hosts"
hub token add --class printer --json >"$WORK/token" || fail 'there is no token'
jq -r .token "$WORK/token" | inside printhold-station enrol --token-file - \
    --server https://hub.example.com --ca /tmp/ca.crt >"$WORK/said" 2>&1 ||
    fail "the station is not enrolled: $(cat "$WORK/said")"
IDENTITY=$(current)
station_runs
is 'not due, it is left alone' "$(current)" "$IDENTITY"
inside sh -c 'cd /var/lib/printhold-station/identity/current && jq -c ".\"renew-after\" = \"2026-01-01T00:00:00.000Z\"" answer.json >/tmp/due && cat /tmp/due >answer.json'
station_runs
refuse 'due, it is renewed in its sandbox' [ "$(current)" = "$IDENTITY" ]

# Administration works beside it, as root.
hub user add alice@example.com >/dev/null || fail 'a person cannot be added'
is 'a person is known' "$(hub user list --json | jq length)" 1
inside systemctl restart printhold-hub.service
is 'after a restart too' "$(hub user list --json | jq length) $(state_of)" '1 active'
PID=$(property MainPID)
apt install --reinstall /packages/hub.deb
is 'after an upgrade it runs, with what it knew' \
    "$(state_of) $(hub user list --json | jq length)" 'active 1'
refuse 'it is another process' [ "$(property MainPID)" = "$PID" ]

apt remove printhold-hub
rm -r "$ROOT/etc/printhold" # the site's
is 'removed, it does not run' "$(inside systemctl list-units --plain --no-legend 'printhold-hub*')" ''
check 'its keys stay' inside test -e /var/lib/printhold-hub/ca.crt
apt purge printhold-hub printhold-station
is 'purged, nothing of ours is left' "$(diff "$WORK/before" <(traces))" ''
is 'no account, no group' \
    "$(inside getent passwd printhold-hub; inside getent group printhold-hub)" ''
