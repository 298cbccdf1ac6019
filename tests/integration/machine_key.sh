# shellcheck shell=bash disable=SC2034
# SR-31, SR-93: the levels of the machine key with the real systemd-creds and a
# TPM emulator; jobs are held through every change of key and level. The
# system's own secret and TPM are not touched: /var/lib/systemd is a fresh one
# in this mount namespace. The place of the service manager is taken here by
# decrypting as root; tests/system boots the real one.
. "$SOURCE/tests/integration/host.sh"
for tool in systemd-creds swtpm; do
    command -v "$tool" >/dev/null || fail "$tool is not installed, see tests/run"
done
mount -t tmpfs -o mode=755 tmpfs /var/lib/systemd
STATE=$HOST/agent
CREDENTIALS=$HOST/credentials
TPM_PORT=$(free_port)
TPM=

# --- parts ---

tpm_stop() {
    [ -z "$TPM" ] || kill "$TPM" 2>/dev/null || true
    [ -z "$TPM" ] || wait "$TPM" 2>/dev/null || true
    TPM=
}

# A fresh start for each use, as a resource manager would give fresh sessions.
# Each is from the state after the first: to this TPM a kill is a power cut, and
# it locks itself after the third.
tpm_start() { # [name of the TPM]
    local state=$HOST/tpm-${1:-this}
    tpm_stop
    rm -rf "$HOST/tpm"
    mkdir -p "$HOST/tpm"
    [ ! -d "$state" ] || cp -a "$state/." "$HOST/tpm"
    swtpm socket --tpm2 --tpmstate "dir=$HOST/tpm" \
        --server "type=tcp,port=$TPM_PORT,bindaddr=127.0.0.1" \
        --ctrl "type=tcp,port=$((TPM_PORT + 1)),bindaddr=127.0.0.1" \
        --flags not-need-init,startup-clear >"$HOST/swtpm.log" 2>&1 &
    TPM=$!
    until_true 10 tpm_listens || fail "swtpm: $(cat "$HOST/swtpm.log")"
    # Its seeds are in the file; a copy without would be another TPM.
    until_true 10 test -s "$HOST/tpm/tpm2-00.permall" || fail 'the TPM has no state'
    [ -d "$state" ] || cp -a "$HOST/tpm" "$state"
}
# Not by connecting: swtpm serves one connection and ends.
tpm_listens() {
    grep -q ":$(printf '%04X' "$TPM_PORT") 00000000:0000 0A" /proc/net/tcp
}
with_tpm() {
    env "SYSTEMD_TPM2_DEVICE=swtpm:host=127.0.0.1,port=$TPM_PORT" "$@"
}
key() { # word...
    with_tpm ASAN_OPTIONS=detect_leaks=0 "$BUILD/agent/printhold-agent" --config-dir "$HOST/etc" key "$@"
}
level() { # level
    printf '[keys]\nlevel = %s\n' "$1" >"$HOST/etc/conf.d/keys.conf"
}
# What systemd does for LoadCredentialEncrypted= before the agent starts.
hand_over() {
    rm -rf "$CREDENTIALS"
    install -d -m 0700 -o printhold "$CREDENTIALS"
    with_tpm systemd-creds decrypt --name=printhold.machine-key \
        "$STATE/machine.cred" "$CREDENTIALS/printhold.machine-key" \
        2>"$HOST/creds.log" || {
        sed 's/^/      | /' "$HOST/creds.log" | tail -2
        return 1
    }
    chown printhold "$CREDENTIALS/printhold.machine-key"
}
# The exit code of an agent that shall not start; what it says is in err.
agent_refuses() {
    local rc=0
    as printhold env "CREDENTIALS_DIRECTORY=$CREDENTIALS" ASAN_OPTIONS=detect_leaks=0 \
        timeout 20 "$BUILD/agent/printhold-agent" --config-dir "$HOST/etc" \
        2>"$HOST/err" || rc=$?
    printf '%d' "$rc"
}
key_refuses() { # word...
    local rc=0
    key "$@" >"$HOST/out" 2>"$HOST/err" || rc=$?
    printf '%d' "$rc"
}
says() { # words
    grep -qF -- "$1" "$HOST/err" || {
        cat "$HOST/err" >&2
        return 1
    }
}
keys_of_days() { # prints what identifies them all
    sha256sum "$STATE"/keys/*.epoch "$STATE/keys/owner.key"
}
print_one() { # n
    print_as alice "$HOST/note.txt"
    check "job $1 is held" until_true 20 has_jobs alice "$1"
}
status_level() {
    ph root status --json | jq -r '.["key-level"]'
}

HOST_ENDS+=(tpm_stop)
host_start
printf 'a text\n' >"$HOST/note.txt"
chmod 0644 "$HOST/note.txt"

# --- level file; two agents, and a rotation beside an agent, are refused ---

print_one 1
is 'status says the level' "$(status_level)" file
is 'a second agent ends' "$(agent_refuses)" 1
check 'and says why' says "another printhold-agent uses $STATE"
is 'no rotation while the agent runs' "$(key_refuses rotate)" 1
check 'it says what to do' says 'systemctl stop'
is 'and no new key' "$(key_refuses init)" 1
agent_stop
cp "$STATE/machine.key" "$HOST/old.key"
key rotate >"$HOST/out"
refuse 'the key is another one' cmp -s "$STATE/machine.key" "$HOST/old.key"
is "it is the agent's own" "$(stat -c '%U %a' "$STATE/machine.key")" 'printhold 400'
is 'status of the key' "$(key status --json | jq -r \
    '"\(.level) \(.source) \(.epochs) \(.["rotation-unfinished"])"')" \
    "file $STATE/machine.key 1 false"
refuse 'which is not shown' grep -qF "$(od -An -v -tx1 "$STATE/machine.key" | tr -d ' \n')" \
    <(key status; key status --json)
agent_start
is 'the job is there' "$(jobs_of alice)" 1
agent_stop

# --- file to host ---

level host
DAYS=$(keys_of_days)
is 'level host with the key of level file: no start' "$(agent_refuses)" 78
check 'it names the file' says "$STATE/machine.cred"
is 'no new key beside jobs' "$(key_refuses init)" 1
check 'it names the way' says 'key rotate --from'
is 'not for an ordinary user' "$(
    as printhold env ASAN_OPTIONS=detect_leaks=0 "$BUILD/agent/printhold-agent" \
        --config-dir "$HOST/etc" key rotate --from file >/dev/null 2>"$HOST/err" && echo 0 || echo $?)" 78
check 'who is told why' says 'as root'
is 'and nothing changed' "$(keys_of_days)" "$DAYS"
key rotate --from file >"$HOST/out" 2>"$HOST/err"
refuse 'the old key is gone' test -e "$STATE/machine.key"
check 'the new one is what systemd calls host' \
    grep -q '^Whxqht+dQJax1aZeCGLxm' "$STATE/machine.cred"
is 'without a credential: no start' "$(agent_refuses)" 78
check 'it names the setting' says \
    "LoadCredentialEncrypted=printhold.machine-key:$STATE/machine.cred"
AGENT_ENV=("CREDENTIALS_DIRECTORY=$CREDENTIALS")
agent_make_key() { hand_over || fail "$(cat "$HOST/creds.log")"; }
agent_start
is 'status says host' "$(status_level)" host
is 'the job is still there' "$(jobs_of alice)" 1
print_one 2
agent_stop

# --- host to tpm2, first without a TPM ---

level tpm2
DAYS=$(keys_of_days)
hand_over
is 'level tpm2 with a key of level host: no start' "$(agent_refuses)" 78
check 'it says weaker' says weaker
is 'no TPM, no key' "$(key_refuses rotate --from host)" 78
check 'it says so' says 'is there a TPM 2.0'
is 'nothing changed' "$(keys_of_days)" "$DAYS"
refuse 'and nothing is left' test -e "$STATE/machine.cred.next"
tpm_start
key rotate --from host >"$HOST/out" 2>"$HOST/err" || fail "$(cat "$HOST/err")"
check 'the new one is what systemd calls tpm2' \
    grep -q '^DHzAexF2RZGcSwvqCLwg/' "$STATE/machine.cred"
tpm_start
agent_start
is 'status says tpm2' "$(status_level)" tpm2
check 'to people too' grep -qE '^Machine key +tpm2$' <(ph root status)
is 'both jobs are there' "$(jobs_of alice)" 2
print_one 3
agent_stop

# --- within tpm2; another TPM, none, and another system secret ---

tpm_start
key rotate >"$HOST/out" 2>"$HOST/err" || fail "$(cat "$HOST/err")"
cp "$STATE/machine.cred" "$HOST/good.cred"
tpm_stop
refuse 'without the TPM systemd hands over nothing' hand_over
is 'and the agent does not start' "$(agent_refuses)" 78
tpm_start another
refuse 'nor with another TPM' hand_over
is 'and the agent does not start' "$(agent_refuses)" 78
check 'no other key was made' cmp -s "$HOST/good.cred" "$STATE/machine.cred"

# --- an interrupted rotation ---

as printhold cp "$STATE/machine.cred" "$STATE/machine.cred.next"
tpm_start
check 'with the right TPM it is handed over' hand_over
is 'in the middle of a rotation: no start' "$(agent_refuses)" 78
check 'it says how to go on' says 'key rotate'
is 'status says so too' "$(key status --json | jq '.["rotation-unfinished"]')" true
tpm_start
key rotate >"$HOST/out" 2>"$HOST/err" || fail "$(cat "$HOST/err")"
refuse 'it is finished' test -e "$STATE/machine.cred.next"

# --- the jobs of all levels come out ---

tpm_start
agent_start
is 'all three are there' "$(jobs_of alice)" 3
"$BUILD/tests/support/ph-test-grant" --key "$HOST/pki/issuer.key" \
    --iss https://hub.example.com --aud "$WS" --sub alice@example.com \
    --printer-cert "$HOST/pki/$PRINTER.crt" >"$HOST/grant"
install -d -m 0700 "$HOST/paper"
is 'a printer pulls them all' "$("$BUILD/station/printhold-station" pull --all --json \
    --output "$HOST/paper" --grant-file "$HOST/grant" \
    --workstation "127.0.0.1:$RELEASE_PORT" --workstation-id "$WS" \
    --ca "$HOST/pki/ca.crt" --cert "$HOST/pki/$PRINTER.crt" \
    --key "$HOST/pki/$PRINTER.key" --tries 2 |
    jq '[.jobs[] | select(.completed)] | length')" 3
is 'nothing is held' "$(jobs_of alice)" 0
agent_stop

# --- what this system cannot do ---

level keychain
rm -rf "$STATE/keys" "$STATE/machine.cred"
is 'keychain is of macOS: no key' "$(key_refuses init)" 78
check 'it says so' says macOS
is 'and no start' "$(agent_refuses)" 78
level host
mount --bind /dev/null /usr/bin/systemd-creds
is 'host without systemd-creds: no key' "$(key_refuses init)" 78
check 'it says so' says systemd-creds
umount /usr/bin/systemd-creds
key init
check 'a first key at level host' test -s "$STATE/machine.cred"
is "is the agent's own" "$(stat -c '%U %a' "$STATE/machine.cred")" 'printhold 400'
is 'and is never replaced' "$(key_refuses init)" 1
