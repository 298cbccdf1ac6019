# shellcheck shell=bash
# What the hub says to workstations: policies of the tenant, of a group and of a
# workstation, commands until they are answered, printers that are revoked. A
# real hub, a real broker, a real agent: each is stopped, killed and wiped.
. "$SOURCE/tests/integration/host.sh"
. "$SOURCE/tests/integration/hub_host.sh"

host_start
. "$SOURCE/tests/integration/printer.sh"
ISSUER=https://localhost
pki workstation "$PKI" ws-stranger
hub_start
for person in alice bob; do
    hub user add "$person@example.com" >/dev/null
done
hub printer add --cert "$PKI/$PRINTER.crt" >/dev/null
hub workstation add --cert "$PKI/$WS.crt" >/dev/null
hub workstation bind "$WS" alice@example.com >/dev/null
until_true 30 cloud_is_online || fail 'the cloud link does not come up'

status_is() { # member value
    [ "$(ph root status --json | jq -r ".[\"$1\"]")" = "$2" ]
}
title_is() { # title
    [ "$(cloud_document | jq -r '.jobs[0]["job-name"] // "none"')" = "$1" ]
}
told() { # tenant|workstation
    hub policy show --workstation "$WS" --json | jq -r ".told.$1"
}
applied() { # tenant|workstation
    hub policy show --workstation "$WS" --json | jq -e ".told.$1 > 0 and .told.$1 == .applied.$1" >/dev/null
}
retained() { # topic; the message, or nothing
    mosquitto_sub -V 5 -h localhost -p "$TLS_PORT" --cafile "$PKI/ca.crt" \
        --cert "$PKI/$PRINTER.crt" --key "$PKI/$PRINTER.key" -i "$PRINTER" -q 0 \
        -W 1 -C 1 --retained-only -t "ph1/$TENANT/$1" 2>/dev/null || true
}
is_retained() { [ -n "$(retained "$1")" ]; }
claims() { # topic
    retained "$1" | cut -d. -f2 | tr '_-' '/+' | { tr -d '\n' && printf '==='; } |
        base64 -di 2>/dev/null
}

# --- policies ---

text_pdf "$HOST/one.pdf" one
print_as alice -t 'zebra stripes' "$HOST/one.pdf"
until_true 30 has_jobs alice 1 || fail "alice's job does not arrive"
until_true 30 title_is 'zebra stripes' || fail 'the document has no title'
refuse 'a bound that no workstation keeps is refused' hub policy set retention 30m 2>"$HOST/err"
check 'with what it may be' grep -q '1h to 7d' "$HOST/err"
hub policy set retention 2h >/dev/null
hub policy set title hidden >/dev/null
hub policy set keep no >/dev/null
check 'the policy is in force there' until_true 30 status_is policy-text \
    'retention-s 7200, keep no, title hidden'
check 'under the version that was told' until_true 10 status_is policy-version "$(told tenant)"
check 'which the hub knows' until_true 20 applied tenant
check 'titles are told no more' until_true 15 title_is none
A1=$(job_id_of alice@example.com 0)
refuse 'and jobs are not kept' ph alice keep "${A1:0:12}" 2>/dev/null
is 'who set it is on the record' "$(hub audit list --json |
    jq -r '[.[] | select(.act == "policy.set")] | length')" 3

hub policy set retention 3h --group desks >/dev/null
check 'a group it is not of changes nothing' status_is policy-ws-version 0
hub workstation set "$WS" --group desks >/dev/null
check "its group's policy lies over the tenant's" until_true 30 status_is policy-text \
    'retention-s 10800, keep no, title hidden'
hub policy set retention 4h --workstation "$WS" >/dev/null
check "its own over its group's" until_true 30 status_is policy-text \
    'retention-s 14400, keep no, title hidden'
check 'and the hub knows' until_true 20 applied workstation
hub policy unset retention --workstation "$WS" >/dev/null
hub workstation set "$WS" --group '' >/dev/null
check 'out of the group, it is as before' until_true 30 status_is policy-text \
    'retention-s 7200, keep no, title hidden'

# --- hub and broker away and back ---

hub_stop
hub policy set user-jobs-max 5 >/dev/null
broker_stop
rm -rf "$HOST/broker/data"
broker_start
check 'the broker has forgotten everything' until_true 10 cloud_is_online
is 'nothing is retained' "$(retained cfg/policy)" ''
hub_start
check 'the policy is there again' until_true 30 is_retained cfg/policy
check "and the workstation's" until_true 30 is_retained "cfg/ws/$WS"
check 'and the keys' until_true 30 is_retained cfg/keys
check 'and what was set without the hub is in force' until_true 30 status_is policy-text \
    'retention-s 7200, user-jobs-max 5, keep no, title hidden'
TOLD=$(told tenant)
hub_stop
broker_stop
rm -rf "$HOST/broker/data"
broker_start
hub_start
until_true 30 is_retained cfg/policy || fail 'the policy is not there again'
is 'what has not changed keeps its version' "$(claims cfg/policy | jq .ver)" "$TOLD"
until_true 30 cloud_is_online || fail 'the link does not come back'

# --- who else may say it ---

is 'a workstation cannot say policies, keys or commands' "$(
    cd "$SOURCE/tests/broker-conformance" && python3 - "$WSS_PORT" "$PKI" "$WS" "$TENANT" <<'PY'
import sys
import wire
port, pki, ws, tenant = sys.argv[1:]
server = wire.Server(url=f"wss://localhost:{port}/mqtt", ca=f"{pki}/ca.crt")
identity = wire.Identity(id="ws-stranger", cert=f"{pki}/ws-stranger.crt",
                                 key=f"{pki}/ws-stranger.key")
client = wire.Client(server, identity)
client.connect()
for topic in ("cfg/policy", "cfg/keys", "cfg/denied", f"cfg/ws/{ws}",
              "cfg/ws/ws-stranger", f"cmd/{ws}", "cmd/ws-stranger"):
    print("%02x" % client.publish(f"ph1/{tenant}/{topic}", b"x", retain=True), end=" ")
client.leave()
PY
)" '87 87 87 87 87 87 87 '

# --- commands ---

ended() { # number state
    [ "$(hub command show "$1" --json | jq -r '.[0].state')" = "$2" ]
}
answers_to() { # number
    local jti
    jti=$(hub command show "$1" --json | jq -r '.[0].jti')
    grep "^ph1/$TENANT/ev/" "$HOST/watch.log" | cut -d' ' -f2- |
        jq -r "select(.data.cause == \"$jti\") | .id" | sort -u | wc -l
}
tell() { hub command "$@" --json >"$HOST/command"; }
number() { jq -r '.[0].number' "$HOST/command"; }

print_as alice -t second "$HOST/one.pdf"
until_true 30 has_jobs alice 2 || fail 'the second job does not arrive'
check 'delete-jobs is done' tell delete-jobs "$WS" --person Alice@Example.com --wait 30s
is 'with its answer' "$(jq -c '.[0] | [.state, .answer.deleted]' "$HOST/command")" '["done",2]'
check 'and the jobs are gone' has_jobs alice 0
check 'refresh is done' hub command refresh "$WS" --wait 30s >/dev/null
refuse 'what the workstation refuses fails' tell renew-certificate "$WS" --wait 30s 2>/dev/null
is 'with its reason' "$(jq -c '.[0] | [.state, .answer.reason]' "$HOST/command")" \
    '["refused","not-enrolled"]'
refuse 'nobody is nobody' hub command purge-user nobody@example.com 2>/dev/null
refuse 'a printer is no workstation' hub command refresh "$PRINTER" 2>/dev/null

# The hub has stored it and said nothing.
print_as alice -t third "$HOST/one.pdf"
until_true 30 has_jobs alice 1 || fail 'the third job does not arrive'
hub workstation unbind "$WS" alice@example.com >/dev/null
hub_kill
tell purge-user alice@example.com
is 'a purge goes where the person was once' "$(jq -r '.[].workstation' "$HOST/command")" "$WS"
N=$(number)
check 'it waits for the hub' ended "$N" waiting
hub_start
check 'a hub that was killed before it said it says it' until_true 40 ended "$N" 'done'
check 'nothing is held any more' has_jobs alice 0
hub_kill
hub_start
check 'another hub says what there is' tell refresh "$WS" --wait 30s
is 'and nothing was done twice' "$(answers_to "$N")" 1

# The workstation is away.
print_as bob "$HOST/one.pdf"
until_true 30 has_jobs bob 1 || fail "bob's job does not arrive"
JOB=$(job_id_of bob@example.com 0)
agent_stop
tell delete-jobs "$WS" --jobs "$JOB"
N=$(number)
refuse 'a command to a workstation that is away waits' hub command show "$N" --wait 2s >/dev/null 2>&1
tell refresh "$WS" --life 1s
E=$(number)
check 'one of a second expires' until_true 20 ended "$E" expired
broker_stop
rm -rf "$HOST/broker/data" # what it kept for the workstation is gone, too
broker_start
agent_start
check 'it is done when the workstation comes back' until_true 60 ended "$N" 'done'
check "bob's job is deleted" has_jobs bob 0
check 'what has expired stays so' ended "$E" expired
is 'and was never said there' "$(answers_to "$E")" 0

# --- a printer is revoked ---

sign_in_status() { grant | sign_in_as "$PRINTER" 2>/dev/null || true; }
is 'the printer may come' "$(sign_in_status)" 201
hub printer revoke "$PRINTER" >/dev/null
is_refused() { [ "$(sign_in_status)" != 201 ] && [ "$(sign_in_status)" = 000 ]; }
check 'a revoked one is refused on 9443' until_true 10 is_refused
hub_stop
broker_stop
agent_kill
agent_start
check 'also after a restart, without hub and broker' is_refused
is 'its file is private' "$(stat -c %a "$HOST/agent/denied-cloud")" 600
broker_start
hub_start
check 'the record of acts is whole' hub audit verify
