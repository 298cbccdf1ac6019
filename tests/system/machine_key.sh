# shellcheck shell=bash disable=SC2034
# SR-31, SR-93: systemd decrypts the machine key for the agent's unit and nobody
# else, at the levels host and tpm2; what it cannot decrypt is a service that
# does not start.
. "$SOURCE/tests/system/host.sh"
command -v swtpm >/dev/null || fail 'swtpm is not installed, see tests/run'
STATE=$ROOT/var/lib/printhold
TPM_PORT=2321
TPM_DEVICE=SYSTEMD_TPM2_DEVICE=swtpm:host=127.0.0.1,port=$TPM_PORT
TPM=
FILES_ENV=("$TPM_DEVICE")

tpm_start() { # fresh sessions, from the state after the first start
    tpm_stop # its port must be free
    rm -rf "$WORK/tpm"
    mkdir "$WORK/tpm"
    [ ! -d "$WORK/tpm-first" ] || cp -a "$WORK/tpm-first/." "$WORK/tpm"
    swtpm socket --tpm2 --tpmstate "dir=$WORK/tpm" \
        --server "type=tcp,port=$TPM_PORT,bindaddr=127.0.0.1" \
        --ctrl "type=tcp,port=$((TPM_PORT + 1)),bindaddr=127.0.0.1" \
        --flags not-need-init,startup-clear >"$WORK/swtpm.log" 2>&1 &
    TPM=$!
    until_true 10 tpm_listens || fail "swtpm: $(cat "$WORK/swtpm.log")"
    # Its seeds are in the file; a copy without would be another TPM.
    until_true 10 test -s "$WORK/tpm/tpm2-00.permall" || fail 'the TPM has no state'
    [ -d "$WORK/tpm-first" ] || cp -a "$WORK/tpm" "$WORK/tpm-first"
}
tpm_listens() { grep -q ":$(printf '%04X' "$TPM_PORT") 00000000:0000 0A" /proc/net/tcp; }
tpm_stop() {
    [ -n "$TPM" ] || return 0
    kill "$TPM" 2>/dev/null || true
    wait "$TPM" 2>/dev/null || true
    TPM=
}
scenario_end() { tpm_stop; }

level() { # level
    printf '[keys]\nlevel = %s\n' "$1" >"$ROOT/usr/local/etc/printhold/conf.d/keys.conf"
}
agent() { # how its service ended, or "active"
    inside systemctl start printhold-agent.service 2>/dev/null || true
    local one
    for one in ActiveState Result ExecMainStatus; do
        inside systemctl show -P "$one" printhold-agent.service
    done | paste -sd' '
}
agent_stop() {
    inside systemctl stop printhold-agent.service printhold-capture.socket \
        printhold-control.socket
    inside systemctl reset-failed
}
shown() { inside printhold status --json | jq -r '.["key-level"]'; }
key() { in_files printhold-agent key "$@"; }
journal_says() { inside journalctl -o cat | grep -qF -- "$1"; }

system_install
system_boot
level host
check 'its unit makes a key of level host, in its sandbox' \
    inside systemctl start printhold-key.service
is 'for the agent alone' "$(inside stat -c '%U %a' /var/lib/printhold/machine.cred)" 'printhold 400'
is 'which takes it' "$(agent)" 'active success 0'
agent_stop
system_off
rm "$ROOT/usr/local/etc/printhold/conf.d/keys.conf"
find "$STATE" -mindepth 1 -delete

key init
is "root makes the key for the agent's user" \
    "$(in_files stat -c '%U %a' /var/lib/printhold/machine.key)" 'printhold 400'
system_boot "$TPM_DEVICE"

is 'level file' "$(agent)" 'active success 0'
is 'is shown' "$(shown)" file
agent_stop

level host
key rotate --from file >/dev/null
is 'level host' "$(agent)" 'active success 0'
is 'is shown' "$(shown)" host
PID=$(inside systemctl show -P MainPID printhold-agent.service)
# shellcheck disable=SC2016 # the inner shell's
is 'the key lies in memory, for its user alone' "$(inside sh -c \
    'd=/run/credentials/printhold-agent.service
     stat -f -c %T "$d"; stat -c "%U %a" "$d"/*' | paste -sd' ')" \
    'ramfs printhold 400'
refuse 'and in no environment' grep -qaF "$(inside cat \
    /run/credentials/printhold-agent.service/printhold.machine-key |
    od -An -v -tx1 | tr -d ' \n')" <(inside cat "/proc/$PID/environ" | od -An -v -tx1 |
    tr -d ' \n')
agent_stop

mv "$STATE/machine.cred" "$STATE/aside"
is 'the file is missing' "$(agent)" 'failed exit-code 78'
check 'the agent says which' until_true 5 journal_says \
    'there is no encrypted machine key /var/lib/printhold/machine.cred'
mv "$STATE/aside" "$STATE/machine.cred"
inside systemctl reset-failed
mv "$ROOT/var/lib/systemd/credential.secret" "$ROOT/var/lib/systemd/aside"
is "the system's secret is missing" "$(agent | cut -d' ' -f1)" activating
agent_stop
mv "$ROOT/var/lib/systemd/aside" "$ROOT/var/lib/systemd/credential.secret"
is 'all is back' "$(agent)" 'active success 0'
agent_stop

level tpm2
is 'level tpm2 with a key of level host' "$(agent)" 'failed exit-code 78'
check 'is called weaker' until_true 5 journal_says 'weaker than [keys] level = tpm2'
inside systemctl reset-failed
tpm_start
key rotate --from host >/dev/null
tpm_start
is 'level tpm2' "$(agent)" 'active success 0'
is 'is shown' "$(shown)" tpm2

# After a power cut, the same; without its TPM it does not start.
system_off
tpm_start
umount "$ROOT/run"
mount -t tmpfs -o mode=755 tmpfs "$ROOT/run"
in_files systemd-tmpfiles --create /usr/local/lib/tmpfiles.d/printhold.conf
system_boot "$TPM_DEVICE"
is 'after a power cut' "$(agent)" 'active success 0'
agent_stop
SUM=$(sha256sum <"$STATE/machine.cred")
tpm_stop
is 'without its TPM' "$(agent | cut -d' ' -f1)" activating
agent_stop
is 'no other key was made' "$(sha256sum <"$STATE/machine.cred")" "$SUM"
refuse 'nor one of another level' test -e "$STATE/machine.key"
