# shellcheck shell=bash disable=SC2046,SC2119
# What a hub has to stand: everybody at once, guesses across restarts, a
# database that is locked, full, broken, and texts that are meant for somebody
# else's parser. Nothing is half done, and every refusal is in words.
. "$SOURCE/tests/integration/host.sh"
. "$SOURCE/tests/integration/hub.sh"

PRINTERS=32 EACH=16
PEOPLE=$((PRINTERS * EACH))
HUB_SETTINGS=('[sign-in]' 'ways = pin badge+pin code password' 'printer_attempts = 100')

# The hub lies on a small disk, so that it can be filled.
mkdir "$HUB"
mount -t tmpfs -o size=24m,mode=0700 tmpfs "$HUB"
hub_init
"$BUILD/bench/ph-bench-hub-fill" "$HUB" "$PEOPLE" 1 >/dev/null
hub_start

# shellcheck disable=SC2086
for n in $(seq 0 $((PRINTERS - 1))); do
    device_key "pr$n"
    enrol "pr$n" "$(token --class printer --id "pr-$n")"
    [ "$STATUS" = 201 ] || fail "pr-$n is not enrolled: $STATUS $BODY"
done

pin_of() { printf '4711%06d' "$1"; }
sign_in() { # printer json
    post "$DEVICES" /v1/sign-in "$2" $(as "$1")
}
by_pin() { # printer person
    sign_in "$1" "{\"way\":\"pin\",\"pin\":\"$(pin_of "$2")\"}"
}

# Requests of many printers at the same moment: "printer json file" lines, and
# the statuses on standard output.
at_once() {
    local printer data file sep=
    while read -r printer data file; do
        printf '%surl = "https://localhost:%s/v1/sign-in"\n' "$sep" "$DEVICES"
        printf 'cacert = "%s"\ncert = "%s.crt"\nkey = "%s.key"\n' \
            "$HUB/ca.crt" "$HOST/dev/$printer" "$HOST/dev/$printer"
        printf 'header = "Content-Type: application/json"\nmax-time = 240\n'
        printf 'data = "%s"\noutput = "%s"\n' "${data//\"/\\\"}" "$file"
        printf 'write-out = "%%{http_code} %%{errormsg}\\n"\n'
        sep=$'next\n'
    done >"$HOST/plan"
    curl --no-progress-meter --parallel --parallel-immediate --parallel-max 600 \
        --config "$HOST/plan"
}

# --- everybody at once ---

mkdir "$HOST/in"
for n in $(seq 0 $((PEOPLE - 1))); do
    printf 'pr%d {"way":"pin","pin":"%s"} %s\n' $((n % PRINTERS)) "$(pin_of "$n")" "$HOST/in/$n"
done >"$HOST/all"
is "$PEOPLE sign in at once" "$(at_once <"$HOST/all" | sort | uniq -c | tr -s " ")" " $PEOPLE 201 "
is 'each as who they are' \
    "$(for n in $(seq 0 $((PEOPLE - 1))); do jq -r .person.login "$HOST/in/$n"; done)" \
    "$(seq -f 'p%06g@example.com' 0 $((PEOPLE - 1)))"
is 'no two have the same session' "$(jq -r .session "$HOST"/in/* | sort -u | wc -l)" "$PEOPLE"
rm -r "$HOST/in"
mkdir "$HOST/in"

hub code make p000007@example.com --json >"$HOST/code"
for n in $(seq 0 $((PRINTERS - 1))); do
    printf 'pr%d {"way":"code","code":"%s"} %s\n' "$n" "$(jq -r .code "$HOST/code")" "$HOST/in/$n"
done >"$HOST/all"
is 'a code that everybody shows at once opens one time' \
    "$(at_once <"$HOST/all" | sort | uniq -c | tr -s ' \n' ' ')" " 1 201 $((PRINTERS - 1)) 403 "
rm -r "$HOST/in"

# --- guesses do not get cheaper by killing the hub ---

hub badge add p000001@example.com <<<'beefbeef' >/dev/null
guess='{"way":"badge+pin","badge":"beefbeef","pin":"918273"}'
for _ in 1 2 3 4 5; do
    sign_in pr1 "$guess"
    is 'a wrong PIN' "$STATUS $(problem)" '403 sign-in-failed'
    hub_kill
    hub_start
done
sign_in pr2 "{\"way\":\"badge+pin\",\"badge\":\"beefbeef\",\"pin\":\"$(pin_of 1)\"}"
is 'after five and five kills the right one waits, at another printer too' \
    "$STATUS $(problem)" '429 too-many-attempts'
by_pin pr2 3
is 'others do not wait' "$STATUS" 201

# --- texts for other parsers ---

NAME="Robert'); DROP TABLE person;--"
hub user add drop@example.com --name "$NAME" >/dev/null
is 'a name is a name' "$(hub user show drop@example.com --json | jq -r .name)" "$NAME"
for wrong in "x'; DROP TABLE person;--@example.com" $'a\nb@example.com' "a b@example.com" \
    "$(printf 'a%.0s' $(seq 400))@example.com" $'\xff@example.com' ''; do
    refuse "no login: $(printf '%.20q' "$wrong")" hub user add "$wrong" 2>/dev/null
done
for wrong in "' OR 1=1 --@example.com" 'p000001@example.com" OR ""="' "p00000_@example.com" \
    "%@example.com" "p000001@example.com;--"; do
    sign_in pr3 "$(jq -n --arg l "$wrong" '{way: "password", login: $l, password: "x"}')"
    case $STATUS in 400 | 403) say "ok  opens nothing: $wrong" ;; *) fail "$wrong: $STATUS" ;; esac
done
is 'everybody is still there' "$(hub user list --json | jq length)" $((PEOPLE + 1))

deep() { printf '%s' "$(printf '[%.0s' $(seq "$1"))$(printf ']%.0s' $(seq "$1"))"; }
while IFS='|' read -r want what data; do
    sign_in pr3 "$data"
    is "$what" "$STATUS" "$want"
done <<TXT
400|half a document|{"way":"pin","pin":"4711
400|two documents|{"way":"pin","pin":"4711000003"}{}
400|a list|["pin"]
400|very deep|$(deep 3000)
400|a number that is none|{"way":"pin","pin":1e999}
400|a NUL in a text|{"way":"pin","pin":"4711\u0000000003"}
400|half a surrogate|{"way":"pin","pin":"\ud800"}
400|a member twice|{"way":"pin","way":"pin","pin":"4711000003"}
TXT
head -c 40000 /dev/zero | tr '\0' ' ' >"$HOST/long"
call POST "$DEVICES" /v1/sign-in --header 'Content-Type: application/json' \
    --data-binary "@$HOST/long" $(as pr3)
is 'what is too long is not read' "$STATUS" 413
call GET "$DEVICES" /v1/sign-in --header "X-Long: $(printf 'x%.0s' $(seq 20000))" $(as pr3)
is 'nor are endless headers' "$STATUS" 431
by_pin pr3 3
is 'and the next one is served' "$STATUS" 201

# --- the database is somebody else's just now ---

count() { sqlite3 -readonly "$HUB/hub.db" "SELECT count(*) FROM $1"; }
SESSIONS=$(count session)
mkfifo "$HOST/lock"
sqlite3 "$HUB/hub.db" <"$HOST/lock" >"$HOST/locked" 2>&1 &
LOCKER=$!
exec 7>"$HOST/lock"
printf 'BEGIN IMMEDIATE;\nSELECT 1;\n' >&7
check 'another process writes to the database' until_true 20 test -s "$HOST/locked"
call POST "$DEVICES" /v1/sign-in --header 'Content-Type: application/json' \
    --data "{\"way\":\"pin\",\"pin\":\"$(pin_of 4)\"}" --dump-header "$HOST/headers" $(as pr4)
is 'who comes meanwhile is told to come again' "$STATUS $(problem)" '503 busy'
check 'and when' grep -qi '^retry-after: [0-9]' "$HOST/headers"
exec 7>&-
wait "$LOCKER"
is 'no session was made' "$(count session)" "$SESSIONS"
by_pin pr4 4
is 'then it goes on' "$STATUS" 201

# --- the disk is full ---

hub user add before@example.com >/dev/null
SESSIONS=$(count session) RECORDS=$(count audit)
dd if=/dev/zero of="$HUB/filler" bs=4k 2>/dev/null || true
full() {
    by_pin pr5 5
    [ "$STATUS" != 201 ]
}
check 'at last nobody can sign in' until_true 60 full
is 'and is told so' "$STATUS $(problem)" '503 busy'
ADDED=0 # what is left in the log of SQLite may do for some
while hub user add "after$ADDED@example.com" >/dev/null 2>"$HOST/said"; do
    ADDED=$((ADDED + 1))
    [ "$ADDED" -lt 200 ] || fail 'an administrator is never told'
done
check 'an administrator is told in words' grep -qi -e space -e full "$HOST/said"
check 'the hub says why' grep -qi -e 'no space' -e 'full' "$HOST/hub.log"
rm "$HUB/filler"
by_pin pr5 5
is 'with space again it goes on' "$STATUS" 201
is 'who was added is there, and nobody else' \
    "$(hub user list --json | jq -r '.[].login' | grep -c -e ^before -e ^after)" $((ADDED + 1))
check 'the record is whole' hub audit verify
check 'and has grown' test "$(count audit)" -gt "$RECORDS"

# --- the database is broken, or of a later version ---

hub_stop
cp "$HUB/hub.db" "$HOST/good.db"
rm -f "$HUB"/hub.db-*
dd if=/dev/urandom of="$HUB/hub.db" bs=4096 seek=0 count=2 conv=notrunc 2>/dev/null
BROKEN=$(sha256sum <"$HUB/hub.db")
refuse 'a broken database is not served' hub serve 2>"$HOST/said"
check 'the file is named' grep -q 'hub.db' "$HOST/said"
is 'and left as it is' "$(sha256sum <"$HUB/hub.db")" "$BROKEN"
cp "$HOST/good.db" "$HUB/hub.db"
sqlite3 "$HUB/hub.db" 'PRAGMA user_version = 4711'
refuse 'one of a later version is not served' hub serve 2>"$HOST/said"
check 'with the remedy' grep -q -i 'newer' "$HOST/said"
cp "$HOST/good.db" "$HUB/hub.db"
for key in issuer.key ca.key pepper.key directory.key; do
    mv "$HUB/$key" "$HOST/away"
    refuse "without $key it does not start" hub serve 2>"$HOST/said"
    check 'and names it' grep -q "$key" "$HOST/said"
    refuse 'nor makes another' test -e "$HUB/$key"
    mv "$HOST/away" "$HUB/$key"
done

# --- the broker is away ---

HUB_SETTINGS+=('[directory]' "url = wss://localhost:$(free_port)/mqtt")
hub_start
by_pin pr6 6
is 'without a broker people sign in' "$STATUS" 201
is 'and nothing is claimed of their workstations' \
    "$(jq -c '[.workstations[] | [.ws, .presence, (.jobs | length)]]' <<<"$BODY")" \
    '[["ws-000006","unknown",0]]'
check 'the log says so' until_true 30 grep -q 'not connected to the broker' "$HOST/hub.log"
check 'every answer was what the description says' answers_are_good 8
check 'the record is still whole' hub audit verify
