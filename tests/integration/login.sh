# shellcheck shell=bash
# A person signs in from their own workstation, and is told at the printer what it
# holds from then on. docs/enrolment.md, "Whose workstation".
. "$SOURCE/tests/integration/host.sh"
. "$SOURCE/tests/integration/enrolled_host.sh"
HUB_SETTINGS=('[sign-in]' 'person_attempts = 2')
# 32 bytes: that is what ph-test-find-key looks for.
RIGHT='a right marker 7431 of 32 bytes.'
WRONG='a wrong marker 9920'
SAME='the hub answers: Login and password do not open anything'

status_is() { [ "$(ph root status --json | jq -r ".[\"$1\"]")" = "$2" ]; }
# What a person types comes on stdin.
login() { # user argument...
    ph "$1" login "${@:2}" >"$HOST/out" 2>"$HOST/said"
}
login_fails() { # user code words argument...
    local status=0
    login "$1" "${@:4}" || status=$?
    [ "$status" = "$2" ] || fail "code $status, not $2: $(cat "$HOST/said")"
    grep -q -- "$3" "$HOST/said" || fail "'$(cat "$HOST/said")' has not '$3'"
}
bound() { hub workstation show "$WS" --json | jq -r '[.people[] | .login + " " + .how] | join(", ")'; }
acts() {
    hub audit list --json |
        jq -r --arg ws "$WS" '[.[] | select(.actor == $ws) | .act + ":" + .object + ":" + .detail] | join(", ")'
}

host_start
hub_start
for person in alice bob; do
    hub user add "$person@example.com" >/dev/null
    hub password set "$person@example.com" <<<"$RIGHT" >/dev/null
done
check 'without an enrolment it says what is missing' login_fails alice 1 "not enrolled.*printhold enrol" <<<"$RIGHT"
check 'the workstation is enrolled, for nobody' enrol_workstation --id "$WS"
check 'and online' until_true 20 status_is cloud online
check 'so is a printer' enrol_station --id "$PRINTER"

text_pdf "$HOST/page.pdf" page
print_as alice -t 'Mine' "$HOST/page.pdf"
check 'alice has a job' until_true 20 has_jobs alice 1
ID=$(job_field alice 0 .id)
hub_has_it() { grep -raq "$ID" "$HUB"; }
check 'the hub has heard of it' until_true 20 hub_has_it
PIN=$(hub pin make alice@example.com --json | jq -r .pin)
lists() { station sign-in --way pin --json <<<"$PIN" >"$HOST/list.json"; }
told() { lists && jq -e ".workstations[0].jobs[0].id == \"$ID\"" "$HOST/list.json" >/dev/null; }
check 'she signs in at the printer' lists
is 'and is told nothing of it' "$(jq '.workstations | length' "$HOST/list.json")" 0

# --- what the workstation refuses ---

check 'bob is not alice here' login_fails bob 5 'your account stands for bob@example.com' \
    --login alice@example.com <<<"$RIGHT"
check 'nor alice bob' login_fails alice 5 'your account stands for alice@example.com' \
    --login bob@example.com <<<"$RIGHT"
check 'nor is root' login_fails root 5 'your account stands for root@example.com' \
    --login alice@example.com <<<"$RIGHT"
is 'the hub heard of none of it' "$(acts)" ''
check 'nothing is no password' login_fails alice 2 '' <<<''
check 'two words are no login' login_fails alice 2 'one word' --login 'al ice' <<<"$RIGHT"
install -m 0644 -o alice <(printf '%s\n' "$RIGHT") "$HOST/secret"
check 'a file that others read is not taken' login_fails alice 2 "$HOST/secret" --password-file "$HOST/secret"
chmod 0600 "$HOST/secret"

# --- what the hub refuses ---

check 'a wrong password' login_fails alice 5 "$SAME" <<<"$WRONG"
check 'one whom it does not know' login_fails root 5 "$SAME" <<<"$RIGHT"
is 'is nobody' "$(bound)" ''
is 'they are on the record' "$(acts)" \
    'sign-in::password sign-in-failed, sign-in::password sign-in-failed'
hub_stop
check 'without the hub it says so' login_fails alice 1 localhost <<<"$WRONG"
hub_start

# --- alice signs in ---

check 'the right password' login alice <<<"$RIGHT"
check 'says whose it is' grep -q "^Login  *alice@example.com" "$HOST/out"
is 'it is bound' "$(bound)" 'alice@example.com sign-in'
check 'that is on the record' grep -q "workstation.bind:$WS:alice@example.com$" <(acts)
check 'the printer is told of the job at once' told
check 'and gets it' station sign-in --way pin --all --output "$HOST/paper" <<<"$PIN"
check 'the paper is there' test -s "$HOST/paper/$ID.pdf"
check 'the same again is right' login alice --json --login Alice@example.com --password-file "$HOST/secret"
is 'for programs too' "$(jq -r '.login + " " + .workstation' "$HOST/out")" "alice@example.com $WS"

# --- who still has it ---

hex() { od -An -v -tx1 | tr -d ' \n'; }
{
    printf 'password %s\n' "$(printf %s "$RIGHT" | hex)"
    printf 'pepper %s\n' "$(hex <"$HUB/pepper.key")"
    printf 'directory %s\n' "$(hex <"$HUB/directory.key")"
} >"$HOST/keys"
found() { # key pid
    "$BUILD/tests/support/ph-test-find-key" scan "$2" <"$HOST/keys" | sed -n "s/^$1 //p"
}
has_none() { [ "$(found password "$1")" = 0 ]; }
refuse 'a search of the memory finds what is there: of the hub' test "$(found pepper "$HUB_PID")" = 0
refuse 'of the agent' test "$(found directory "$AGENT_PID")" = 0
check 'the password is in no memory of the hub' until_true 10 has_none "$HUB_PID"
check 'nor of the agent' until_true 10 has_none "$AGENT_PID"
rm "$HOST/keys"

# --- how often ---

for try in 1 2; do
    check "bob is wrong, $try" login_fails bob 5 "$SAME" <<<"$WRONG"
done
hub_kill
hub_start
check 'no restart of the hub frees him' login_fails bob 1 'too many failed attempts' <<<"$RIGHT"
agent_stop
agent_start
check 'nor one of the agent' login_fails bob 1 'too many failed attempts' <<<"$RIGHT"
refuse 'nor is another way round' station sign-in --way password --login bob@example.com <<<"$RIGHT" 2>"$HOST/said"
check 'for the same reason' grep -q 'too many failed attempts' "$HOST/said"
is 'he is not bound' "$(bound)" 'alice@example.com sign-in'

# --- where it is not ---

rm "$HOST/secret"
refuse 'no password is in a log, a database or anywhere' grep -raq 'marker 7431\|marker 9920' "$HOST"
