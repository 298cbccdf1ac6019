# shellcheck shell=bash
# A workstation that nobody has set up: it holds, is enrolled with a token while
# it runs, tells what it held, serves printers, renews its certificate, and
# notices that its disk was copied. docs/enrolment.md.
. "$SOURCE/tests/integration/host.sh"
. "$SOURCE/tests/integration/enrolled_host.sh"
HUB_SETTINGS=('[devices]' 'renewal_interval = 0s')

status_of() { ph root status --json | jq -r ".[\"$1\"]"; }
status_is() { [ "$(status_of "$1")" = "$2" ]; }
current() { printf '%s' "$HOST/agent/identity/current/$1"; }
finger() { openssl x509 -in "$(current cert.pem)" -noout -fingerprint -sha256; }
# What 9443 shows.
served() {
    openssl s_client -connect "127.0.0.1:$RELEASE_PORT" </dev/null 2>/dev/null |
        openssl x509 -noout -fingerprint -sha256 2>/dev/null
}
serves_current() { [ "$(served)" = "$(finger)" ]; }

# --- nobody yet ---

host_start
hub_start
hub user add alice@example.com >/dev/null
is 'it runs without an identity' "$(status_of identity)" none
is 'and says so' "$(ph root status | grep -c "^Identity.*not enrolled.*printhold enrol")" 1
is 'the cloud is off' "$(status_of cloud)" off
text_pdf "$HOST/page.pdf" page
print_as alice -t 'Before anybody knew' "$HOST/page.pdf"
check 'what is printed is held' until_true 20 has_jobs alice 1
ID=$(job_field alice 0 .id)
agent_stop
agent_start
check 'also after a restart' has_jobs alice 1

# --- enrolled while it runs ---

new_token --class workstation --id "$WS" --person alice@example.com
AS_ASKED=(enrol --json --server "https://localhost:$ENROL_PORT" --token-file "$HOST/token")
chown alice "$HOST/token"
status=0
ph alice "${AS_ASKED[@]}" --pin "$PIN_OF_HUB" 2>"$HOST/said" || status=$?
is 'only the administrator may' "$status $(grep -c 'only the administrator' "$HOST/said")" '5 1'
chown root "$HOST/token"
refuse 'by another pin nobody' ph root "${AS_ASKED[@]}" --pin "sha256-$(printf 'B%.0s' {1..43})"
refuse 'without pin or authority neither' ph root "${AS_ASKED[@]}"
is 'it is nobody still' "$(status_of identity)" none
PID=$(status_of pid)
check 'with the pin' ph root "${AS_ASKED[@]}" --pin "$PIN_OF_HUB" >"$HOST/enrolled"
is 'it is told who it is' "$(jq -r '.id + " " + .tenant' "$HOST/enrolled")" "$WS $TENANT"
check 'it begins anew with that' until_true 20 status_is identity enrolled
is 'and did not end' "$(status_of pid)" "$PID"
check 'the cloud link comes up' until_true 20 status_is cloud online
check 'what was held before is told' until_true 20 has_events held 1
is 'as that of this workstation' "$(cloud_document | jq -r '.ws + " " + .jobs[0].id')" "$WS $ID"
refuse 'the token stands in no log' grep -rqF "$(cat "$HOST/token")" "$HOST/agent.log" "$HOST/hub.log"
is 'the key is its own' "$(stat -c '%U %a' "$(current key.pem)")" 'printhold 600'
agent_stop
agent_start
PID=$(status_of pid)
check 'it is enrolled after a restart' status_is identity enrolled
is 'and what is told again is the same' "$(grep '"org.printhold.job.held.v1"' "$HOST/watch.log" |
    cut -d' ' -f2- | jq -r .id | sort -u | wc -l)" 1

# --- a printer takes the paper ---

check 'a printer is enrolled' enrol_station --id "$PRINTER"
PIN=$(hub pin make alice@example.com --json | jq -r .pin)
lists() { station sign-in --way pin --json <<<"$PIN" | jq -e ".workstations[0].jobs[0].id == \"$ID\"" >/dev/null; }
check 'who signs in there is told of the job' until_true 20 lists
check 'and gets it' station sign-in --way pin --all --output "$HOST/paper" <<<"$PIN"
check 'the paper is there' test -s "$HOST/paper/$ID.pdf"
check 'and the job gone' until_true 20 has_jobs alice 0

# --- renewal ---

BEFORE=$(finger)
"$BUILD/tests/support/ph-test-grant" --key "$HOST/pki/issuer.key" --iss https://localhost \
    --aud "$WS" --header 'typ="phcmd+jwt"' --no-claim nbf --no-claim amr \
    --claim 'op="renew-certificate"' --claim 'args={}' --output "$HOST/command"
tr -d '\n' <"$HOST/command" >"$HOST/message"
hub_says "cmd/$WS" -f "$HOST/message"
renewed() { [ "$(finger)" != "$BEFORE" ]; }
check 'on command it renews' until_true 20 renewed
check '9443 shows the new one' until_true 20 serves_current
check 'the cloud link uses it' until_true 20 status_is cloud online
check 'nobody waits for it any more' until_true 20 status_is renewal-wanted-ms 0
is 'that took no restart' "$(status_of pid)" "$PID"
command_done() { grep -q '"org.printhold.command.done.v1"' "$HOST/watch.log"; }
check 'and was answered' until_true 20 command_done

# Two thirds are over while the hub is away.
hub_stop
BEFORE=$(finger)
agent_stop
jq -c '."renew-after" = "2026-01-01T00:00:00.000Z"' "$(current answer.json)" >"$HOST/answer"
cat "$HOST/answer" >"$(current answer.json)"
agent_start
says_why() { [ "$(status_of identity-text)" != null ]; }
check 'without the hub it says why' until_true 20 says_why
is 'and that is a warning' "$(status_of health)" warning
print_as alice "$HOST/page.pdf"
check 'it goes on holding' until_true 20 has_jobs alice 1
check 'with the cloud' status_is cloud online
hub_start
agent_stop
agent_start
check 'with the hub it renews' until_true 20 renewed
is 'with the key that was made before' "$(find "$HOST/agent/identity" -mindepth 1 -maxdepth 1 | wc -l)" 2

# Ended between the two steps of a change.
agent_kill
rm "$(dirname "$(current x)")"
agent_start
check 'what was whole comes into force at the start' status_is identity enrolled

# --- a copy of the disk ---

agent_stop
tr '0-9a-f' '1-9a-f0' </etc/machine-id >"$HOST/machine-id"
# shellcheck disable=SC2016 # the inner shell's own
AGENT_IN=(unshare --mount bash -c 'mount --bind "$0" /etc/machine-id && exec "$@"' "$HOST/machine-id")
agent_start
is 'on another computer it is nobody' "$(status_of identity)" none
is 'and says why' "$(ph root status | grep -c '^Identity.*another computer, of which this disk is a copy')" 1
refuse 'it shows nobody that certificate' serves_current
check 'it holds all the same' has_jobs alice 1
check 'a token of its own makes it another' enrol_workstation --id ws-copied --person alice@example.com
check 'that is enrolled' until_true 20 status_is identity enrolled
is 'by its own name' "$(status_of workstation)" ws-copied
is 'the hub saw no copy of the first' "$(hub workstation show "$WS" --json | jq '."copy-noticed"')" null
check 'and is online' until_true 20 status_is cloud online

# --- by files ---

host_config identity cert_file "$HOST/pki/$WS.crt"
host_config identity key_file "$HOST/pki/$WS.key"
agent_stop
agent_start
is 'files that are set count before it' "$(status_of identity)" files
status=0
enrol_workstation --id ws-late 2>"$HOST/said" || status=$?
is 'then it is not enrolled' "$(grep -c 'identity.cert_file is set' "$HOST/said")" 1
