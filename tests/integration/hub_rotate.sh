# shellcheck shell=bash
# A new key of the issuer takes over: printers are served all the time, and what
# the old key signed opens nothing afterwards. docs/hub.md, "A new key for grants".
. "$SOURCE/tests/integration/host.sh"
. "$SOURCE/tests/integration/enrolled_host.sh"
HUB_SETTINGS=('[devices]' 'renewal_interval = 0s' '[sign-in]' 'grant_life = 15s')

host_start
. "$SOURCE/tests/integration/printer.sh"
ISSUER=https://localhost
# Its certificate is of the hub, and of no address.
URL=https://$WS:$RELEASE_PORT/v1
eval "$(declare -f curl_as | sed '1s/curl_as/curl_as_alone/')"
curl_as() { curl_as_alone "$@" --resolve "$WS:$RELEASE_PORT:127.0.0.1"; }
hub_start
hub user add alice@example.com >/dev/null
enrol_workstation --id "$WS" --person alice@example.com || fail 'the workstation is not enrolled'
enrol_station --id "$PRINTER" || fail 'the printer is not enrolled'
is_online() { [ "$(ph root status --json | jq -r .cloud)" = online ]; }
until_true 30 is_online || fail 'the cloud link does not come up'
PIN=$(hub pin make alice@example.com --json | jq -r .pin)

text_pdf "$HOST/page.pdf" page
print_one() { # title; sets ID
    print_as alice -t "$1" "$HOST/page.pdf"
    until_true 30 has_jobs alice 1 || fail "$1 does not arrive"
    ID=$(job_field alice 0 .id)
}
lists_it() {
    station sign-in --way pin --json <<<"$PIN" >"$HOST/list.json" &&
        jq -e ".workstations[0].jobs[0].id == \"$ID\"" "$HOST/list.json" >/dev/null
}
releases() { # title
    print_one "$1"
    until_true 30 lists_it || fail "$1 is not in the list"
    station sign-in --way pin --all --output "$HOST/paper" <<<"$PIN" >/dev/null &&
        [ -s "$HOST/paper/$ID.pdf" ]
}
keys() { hub issuer show --json; }
state_of() { keys | jq -r ".[] | select(.key == \"$1\") | .state"; }
is_state() { [ "$(state_of "$1")" = "$2" ]; }
# Part N of a token.
part() {
    cut -d. -f"$1" | tr '_-' '/+' | { tr -d '\n' && printf '==='; } |
        { base64 -di 2>/dev/null || true; }
}
# The kid that signs what a printer is given.
signer() {
    local own=$HOST/station/identity/current
    curl -sS --cacert "$own/ca.pem" --cert "$own/cert.pem" --key "$own/key.pem" \
        -H 'Content-Type: application/json' -d "{\"way\":\"pin\",\"pin\":\"$PIN\"}" \
        "https://localhost:$HUB_PORT/v1/sign-in" |
        jq -r '.workstations[0].grant' | part 1 | jq -r .kid
}
old_key_opens() { # status
    [ "$(grant | sign_in_as "$PRINTER")" = "$1" ]
}
pinned() { grep -c BEGIN "$HOST/agent/identity/current/issuer.pem"; }

check 'the first key serves' releases first
OLD=$(signer)
is 'there is one key' "$(keys | jq -r 'map(.key + " " + .state) | join(", ")')" "$OLD signs"
check 'what it signs opens' old_key_opens 201
cp "$HOST/agent/identity/current/issuer.pem" "$HOST/issuer.before"

# --- told ---

hub issuer rotate --after 5s --json >"$HOST/rotated"
NEW=$(jq -r '.[1].key' "$HOST/rotated")
is 'another one is told of' "$(jq -r 'map(.state) | join(", ")' "$HOST/rotated")" 'signs, told'
refuse 'a third cannot come now' hub issuer rotate 2>"$HOST/said"
check 'and why' grep -q 'taking over already' "$HOST/said"
is 'devices are given both' "$(grep -c BEGIN "$HUB/issuer.pub")" 2
knows_new() {
    part 2 <"$HOST/agent/issuer-keys" | jq -e '.keys | length == 2' >/dev/null
}
check 'the workstation learns it' until_true 20 knows_new

# --- signs ---

check 'its time comes' until_true 20 is_state "$NEW" signs
hub_kill
hub_start
check 'printers are served' releases second
is 'with grants of the new key' "$(signer)" "$NEW"
is 'the workstation was not enrolled anew for it' "$(pinned)" 1

# --- withdrawn ---

gone() { [ -z "$(state_of "$OLD")" ] && [ "$(state_of "$NEW")" = signs ]; }
check 'the old one goes when it has' until_true 60 gone
refuse 'its file is gone' test -e "$HUB/issuer.key"
is 'the workstation believes the new one' "$(pinned)" 1
refuse 'and not the old one' cmp -s "$HOST/agent/identity/current/issuer.pem" "$HOST/issuer.before"
check 'what the old one signed opens nothing' until_true 20 old_key_opens 403
is 'for want of trust' "$(problem)" urn:printhold:problem:grant-untrusted
check 'printers are served' releases third
agent_stop
agent_start
check 'also after a restart' releases fourth
check 'the old one opens nothing then' old_key_opens 403
hub_stop
hub_start
check 'nor after one of the hub, which serves' releases fifth
is 'it is on the record' "$(hub audit list --json |
    jq -r '[.[] | select(.act | startswith("issuer.")) | .act] | sort | join(" ")')" \
    'issuer.end issuer.rotate issuer.sign issuer.withdraw'
agent_stop
hub_stop
