# shellcheck shell=bash disable=SC2034,SC2119
# The power of the whole computer goes at a random moment while people print;
# the disk is what the journal of ext4 makes of it; it starts again. What a person
# was shown as held is held and intact, nothing is there twice or half, what CUPS
# had and had not handed over follows, and the queue is there (SR-70).
# PH_CUTS says how often; PH_SEED for the moments of an earlier run.
. "$SOURCE/tests/system/host.sh"
CUTS=${PH_CUTS:-6}
RANDOM=${PH_SEED:-$(($(date +%s) % 32768))}
say "$CUTS cuts"
SYSTEM_DISK=768M
PRINTED=$WORK/printed
HELD=$WORK/held
: >"$WORK/now"

held() { inside setpriv --reuid alice --regid alice --init-groups printhold jobs --json; }
is_active() { [ "$(inside systemctl show -P ActiveState "$1")" = active ]; }
has_queue() { [ "$(inside lpstat -v PrintHold 2>/dev/null | sed 's/.*: //')" = printhold:/ ]; }
is_ready() { is_active printhold-agent.service && has_queue && held >/dev/null 2>&1; }
cups_is_empty() { [ -z "$(inside lpstat -W not-completed -o PrintHold 2>/dev/null)" ]; }

# People print until the power goes; each title once.
prints() { # cut
    local n=0
    while inside setpriv --reuid alice --regid alice --init-groups \
        lp -d PrintHold -t "job-$1-$n" /usr/share/doc/printhold/copyright >/dev/null 2>&1; do
        n=$((n + 1))
    done
}
# What a person is shown meanwhile. Each line was whole before the next one began.
looks() {
    local said
    while said=$(held 2>/dev/null); do
        jq -c '[.[] | select(.state == "held") | .id]' <<<"$said" >>"$WORK/shown"
    done
}

facts() { # as the agent's account sees its files
    inside setpriv --reuid printhold --regid printhold --clear-groups \
        env ASAN_OPTIONS=detect_leaks=0 /ph-spool-facts /etc/printhold
}
check_disk() { # what was held before must be there
    local said
    held >"$WORK/jobs"
    said=$(facts)
    [ "$(jq -r .integrity <<<"$said")" = ok ] || fail "cut $1: the catalogue: $said"
    [ "$(jq '[.files[] | select(.error != null and .error != "")] | length' <<<"$said")" = 0 ] ||
        fail "cut $1: a file is damaged: $(jq -c .files <<<"$said")"
    jq -r '.[] | select(.state == "held") | .id' "$WORK/jobs" | sort >"$WORK/now"
    comm -23 "$HELD" "$WORK/now" >"$WORK/lost"
    [ ! -s "$WORK/lost" ] || fail "cut $1: lost: $(cat "$WORK/lost")"
    jq -r '.[] | select(.state == "held") | .ticket["job-name"]' "$WORK/jobs" | sort | uniq -d >"$WORK/twice"
    [ ! -s "$WORK/twice" ] || fail "cut $1: twice: $(cat "$WORK/twice")"
}

system_files
cp "$BUILD/tests/support/ph-spool-facts" "$ROOT/ph-spool-facts"
mkdir "$ROOT/packages"
cp "$BUILD"/packages/deb/printhold_*.deb "$ROOT/packages/"
in_files useradd -m alice
system_unit_tree sockets.target multi-user.target cups.service
rm -f "$ROOT/usr/sbin/policy-rc.d"
echo 'JobRetryInterval 1' >>"$ROOT/etc/cups/cupsd.conf"
system_boot
check 'cupsd runs' until_true 20 is_active cups.service
inside env DEBIAN_FRONTEND=noninteractive apt-get -qy -o Dpkg::Use-Pty=0 \
    --no-install-recommends install "/packages/$(basename "$BUILD"/packages/deb/printhold_*.deb)" \
    </dev/null >"$WORK/apt" 2>&1 || fail "apt-get: $(tail -n 20 "$WORK/apt")"
mkdir -p "$ROOT/etc/printhold/conf.d"
printf '[jobs]\nuser_jobs_max = 100000\n' >"$ROOT/etc/printhold/conf.d/test.conf"
inside systemctl restart printhold-agent.service
check 'it is ready' until_true 20 is_ready
sync -f "$LAYER"

for cut in $(seq "$CUTS"); do
    : >"$WORK/shown"
    prints "$cut" &
    PRINTS=$!
    looks &
    LOOKS=$!
    # Not waiting for an event: any moment is what is looked for.
    sleep "$((RANDOM % 2)).$((RANDOM % 900 + 100))"
    # What was told until now was told to a person.
    sed '$!d' "$WORK/shown" | jq -r '.[]' | sort -u - "$WORK/now" >"$HELD"
    system_cut
    wait "$PRINTS" "$LOOKS" 2>/dev/null || true
    system_files_again
    system_boot
    until_true 30 is_ready || fail "cut $cut: it is not ready: $(inside systemctl --failed --plain --no-legend)"
    check_disk "$cut"
    until_true 60 cups_is_empty || fail "cut $cut: CUPS keeps $(inside lpstat -W not-completed -o)"
    check_disk "$cut, after what CUPS still had"
    say "ok  cut $cut: $(wc -l <"$HELD") of before, $(wc -l <"$WORK/now") held"
done
check 'some were held when the power went' [ -s "$HELD" ]
refuse 'nothing failed' inside sh -c 'systemctl --failed --plain --no-legend | grep printhold'
