# shellcheck shell=bash disable=SC2016,SC2119
# printhold doctor on a booted system with cupsd and agent: what is well is said
# to be well, and each thing that is broken is named, with what helps.
. "$SOURCE/tests/system/host.sh"
BIN=/usr/local

ask() { inside printhold doctor --json >"$WORK/said" || true; }
level() { jq -r --arg name "$1" '.checks[] | select(.check == $name) | .level' "$WORK/said"; }
result() { jq -r .result "$WORK/said"; }
remedy() { jq -r --arg name "$1" '.checks[] | select(.check == $name) | .remedy' "$WORK/said"; }
exits() { # code; as root or, with more words, as somebody
    local rc=0
    inside "${@:2}" printhold doctor >"$WORK/lines" 2>&1 || rc=$?
    [ "$rc" = "$1" ] || fail "doctor ends with $rc, not with $1: $(cat "$WORK/lines")"
    say "ok  doctor ends with $1"
}
finds() { # check level
    ask
    is "doctor: $1" "$(level "$1")" "$2"
    [ "$2" = ok ] || [ -n "$(remedy "$1")" ] || fail "$1: nothing helps"
}
is_active() { inside systemctl -q is-active "$1"; }

system_install
# Where cupsd looks.
cp "$ROOT$BIN/lib/cups/backend/printhold" "$ROOT/usr/lib/cups/backend/printhold"
printf '[owner]\ndomain = example.com\n' >"$ROOT$BIN/etc/printhold/conf.d/10-site.conf"
in_files useradd -m alice
system_unit_tree cups.service
system_boot
check 'cupsd runs' until_true 20 is_active cups.service
inside systemctl start printhold-capture.socket printhold-control.socket \
    printhold-key.service printhold-agent.service printhold-queue.service
check 'the agent runs' until_true 20 is_active printhold-agent.service

ask
is 'nothing is a problem' \
    "$(jq -r '.checks[] | select(.level == "problem") | "\(.check): \(.text)"' "$WORK/said")" ''
for one in version files directories configuration service queue ppd \
    queue-policy backend cups-purge disk spool catalogue key clock owners firewall; do
    is "$one is well" "$(level "$one")" ok
done
is 'a site that has set nothing is told what is missing' "$(level certificate)/$(level cloud)/$(level release)" \
    warning/warning/warning
exits 1
exits 1 setpriv --reuid alice --regid alice --init-groups

# What may be given away, while a person's document is held.
SECRETS=(Kuendigung alice example.com geheim)
printf 'geheim\n' >"$ROOT$BIN/etc/printhold/token"
chmod 0600 "$ROOT$BIN/etc/printhold/token"
printf '[cloud]\nuser = geheim\ntoken_file = %s/etc/printhold/token\n' "$BIN" \
    >"$ROOT$BIN/etc/printhold/conf.d/15-cloud.conf"
inside setpriv --reuid alice --regid alice --init-groups \
    lp -d PrintHold -t Kuendigung /etc/passwd >/dev/null
holds_one() { [ "$(inside printhold status --json | jq .held)" = 1 ]; }
check 'a document is held' until_true 30 holds_one
is 'support-bundle says where it is' "$(inside printhold support-bundle -o /tmp/b.tar.gz)" /tmp/b.tar.gz
is 'only root may read it' "$(inside stat -c '%a %u' /tmp/b.tar.gz)" '600 0'
is 'what is in it' "$(tar -tzf "$ROOT/tmp/b.tar.gz" | sort | paste -sd' ')" \
    'printhold-support/ printhold-support/README printhold-support/doctor.json printhold-support/settings.json printhold-support/status.json printhold-support/system.json'
mkdir "$WORK/bundle"
tar -C "$WORK/bundle" -xzf "$ROOT/tmp/b.tar.gz"
for one in "${SECRETS[@]}"; do
    refuse "it does not say $one" grep -rqi -- "$one" "$WORK/bundle"
done
is 'it says how many jobs are held' "$(jq .held "$WORK"/bundle/*/status.json)" 1
refuse 'a file that is there is not written over' inside printhold support-bundle -o /tmp/b.tar.gz
refuse 'nothing else is left' ls -d "$ROOT"/tmp/printhold-support-* 2>/dev/null
rm "$ROOT$BIN/etc/printhold/conf.d/15-cloud.conf"

inside chmod 0744 "$BIN/lib/cups/backend/printhold"
finds backend problem
finds files problem
exits 2
inside chmod 0755 "$BIN/lib/cups/backend/printhold"

inside lpadmin -p PrintHold -o printer-op-policy=default
finds queue-policy problem
inside sh -c "$(remedy queue-policy)"
finds queue-policy ok
inside cupsdisable PrintHold
finds queue problem
inside sh -c "$(remedy queue)"
finds queue ok
inside lpadmin -x PrintHold
finds queue problem
inside sh -c "$(remedy queue)" 2>/dev/null
finds queue ok

# No member of a group that cupsd lets purge.
sed -i 's/^SystemGroup .*/SystemGroup root/' "$ROOT/etc/cups/cups-files.conf"
inside systemctl restart cups.service
inside setpriv --reuid alice --regid alice --init-groups lp -d PrintHold /etc/passwd >/dev/null
purge_is() { ask && [ "$(level cups-purge)" = "$1" ]; }
check 'doctor: cups-purge' until_true 30 purge_is problem

mends() { # check; what helps, helps
    inside sh -c "$(remedy "$1")" 2>"$WORK/mend" || fail "$1: $(remedy "$1"): $(cat "$WORK/mend")"
    finds "$1" ok
}
inside chmod 0755 /var/spool/printhold
finds directories problem
mends directories
inside chown lp /var/spool/printhold
finds directories problem
mends directories

# The PPD of another version, and one that somebody has changed.
sed 's/^\*NickName:.*/*NickName: "PrintHold secure queue, 0.0.1"/' \
    "$ROOT$BIN/share/printhold/printhold.ppd" >"$ROOT/tmp/old.ppd"
inside lpadmin -p PrintHold -P /tmp/old.ppd 2>/dev/null
finds ppd warning
mends ppd

# Units that are masked or do not start with the computer, one after the other.
inside systemctl --quiet mask printhold-queue.service
finds units problem
for _ in 1 2 3 4 5 6; do
    [ "$(level units)" = ok ] || { inside sh -c "$(remedy units)" 2>/dev/null && ask; }
done
is 'doctor: units, after all that helps' "$(level units)" ok
inside systemctl --quiet disable printhold-agent.service
finds units warning
mends units

# The road to the broker.
site() { # line...
    printf '%s\n' "$@" >"$ROOT$BIN/etc/printhold/conf.d/15-road.conf"
}
printf 'user:password\n' >"$ROOT/root/proxy"
inside chmod 0644 /root/proxy
site '[cloud]' 'url = wss://broker.invalid/' 'proxy = http://127.0.0.1:9' \
    'proxy_credentials_file = /root/proxy'
finds proxy problem
mends proxy
finds dns ok
site '[cloud]' 'url = wss://broker.invalid/'
finds dns problem
site '[identity]' 'ca_file = /root/proxy'
finds authority problem
site '[keys]' 'level = host'
finds key problem
site '[owner]' 'domain ='
finds owners warning
site '[jobs]' 'free_reserve = 900T'
finds disk problem
site
finds disk ok

# A firewall that is on, by the files that it keeps.
mkdir -p "$ROOT/etc/ufw"
printf 'ENABLED=yes\n' >"$ROOT/etc/ufw/ufw.conf"
printf '### RULES ###\n' >"$ROOT/etc/ufw/user.rules"
finds firewall warning
rm -r "$ROOT/etc/ufw"
finds firewall ok
rm "$ROOT$BIN/etc/printhold/conf.d/15-road.conf"

printf '[jobs]\nretention = 8d\n' >"$ROOT$BIN/etc/printhold/conf.d/20-bad.conf"
finds configuration problem
check 'with file and line' grep -q '20-bad.conf:2' "$WORK/said"
rm "$ROOT$BIN/etc/printhold/conf.d/20-bad.conf"
inside systemctl stop printhold-agent.service printhold-capture.socket printhold-control.socket
finds service problem
exits 2
