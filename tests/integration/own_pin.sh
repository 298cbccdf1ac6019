# shellcheck shell=bash
# A person's own PIN, got at a printer. docs/sign-in.md, "A person's own PIN".
. "$SOURCE/tests/integration/host.sh"
. "$SOURCE/tests/integration/enrolled_host.sh"
host_start
hub_start
for person in alice bob; do
    hub user add "$person@example.com" >/dev/null
done
printf 'correct horse battery\n' | hub password set alice@example.com >/dev/null
hub badge add alice@example.com --file <(echo beef0001) >/dev/null
enrol_station --id "$PRINTER"
station_pin() { station pin "$@" >"$HOST/out" 2>"$HOST/said"; }
said() { grep -q -- "$1" "$HOST/said" || fail "'$(cat "$HOST/said")' has not '$1'"; }
opens() { # way, lines on stdin
    station sign-in --way "$1" --json >"$HOST/list.json" 2>"$HOST/said"
}

check 'by password the hub makes one' station_pin --way password --login alice@example.com <<<'correct horse battery'
PIN=$(cat "$HOST/out")
check 'of digits' grep -qE '^[0-9]{6}$' <<<"$PIN"
check 'that opens alone' opens pin <<<"$PIN"
status=0
station_pin --way pin <<<"$PIN" || status=$?
is 'a PIN alone gets no other' "$status" 3
said 'password, a code, or badge and PIN'
check 'it is good still' opens pin <<<"$PIN"
check 'badge and PIN choose one' station_pin --way badge+pin --choose <<TXT
beef0001
$PIN
480317
TXT
refuse 'the old one is over' opens pin <<<"$PIN"
refuse 'the chosen one does not open alone' opens pin <<<480317
check 'beside the badge it does' opens badge+pin <<TXT
beef0001
480317
TXT
status=0
station_pin --way password --login alice@example.com --choose <<TXT || status=$?
correct horse battery
123456
TXT
is 'a run is none' "$status" 3
check 'a code gets one, too' station_pin --way code <<<"$(hub code make bob@example.com --json | jq -r .code)"
check 'of its own person' opens pin <"$HOST/out"
is 'each is on the record' "$(hub audit list --json | jq -r '[.[] | select(.act == "pin.set") | .object + " " + .detail] | join(", ")')" \
    'alice@example.com generated, alice@example.com user, bob@example.com generated'
refuse 'no PIN is in the log' grep -q "$PIN\|480317" "$HOST/hub.log"
refuse 'nor the password on the disk of the station' grep -rq 'correct horse' "$HOST/station"
