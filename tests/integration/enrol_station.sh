# shellcheck shell=bash
# printhold-station enrol and renew against a real hub: who is believed, what is
# left on disk, kills at every step, copies. The code is that of the workstation
# too (core/net/enrol.c). docs/enrolment.md.
. "$SOURCE/tests/integration/host.sh"
. "$SOURCE/tests/integration/hub.sh"

STATION=$HOST/station
station() { "$BUILD/station/printhold-station" "$@" 2>"$HOST/said"; }
says() { grep -q -- "$1" "$HOST/said" || fail "'$(cat "$HOST/said")' has not '$1'"; }
new_token() { # option...; sets PIN
    local made
    made=$(hub token add --json --class printer "$@")
    PIN=$(jq -r '."authority-pin"' <<<"$made")
    (umask 077 && jq -r .token <<<"$made" >"$HOST/token")
}
enrol_at() { # state-dir option...
    local state=$1
    shift
    station enrol --state "$state" --server "https://localhost:$ENROL" \
        --token-file "$HOST/token" --json "$@" >"$HOST/enrolled"
}
state_of_token() { # id
    hub token list --json | jq -r "[.[] | select(.id == \"$1\") | .state] | last"
}
files_of() { (cd "$1/identity" && find . -mindepth 1 -printf '%P %M\n' | sort | paste -sd' '); }
finger() { openssl x509 -in "$1/identity/current/cert.pem" -noout -fingerprint -sha256; }
# Is the identity whole, and does the hub know it?
good() { # state-dir
    local d=$1/identity/current
    [ "$(openssl pkey -in "$d/key.pem" -pubout)" = "$(openssl x509 -in "$d/cert.pem" -noout -pubkey)" ] &&
        [ "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$d/ca.pem" --cert "$d/cert.pem" \
            --key "$d/key.pem" "https://localhost:$DEVICES/v1/device")" = 200 ]
}

# Ports that stay: what the hub says of itself is kept.
DEVICES=$(free_port) ENROL=$(free_port)
hub_write_config() {
    printf '[listen]\ndevice_address = 127.0.0.1\ndevice_port = %s\n' "$DEVICES" >"$HUB_CONF"
    printf 'enrol_address = 127.0.0.1\nenrol_port = %s\n' "$ENROL" >>"$HUB_CONF"
    printf '%s\n' "${HUB_SETTINGS[@]}" >>"$HUB_CONF"
}
HUB_SETTINGS=('[devices]' 'renewal_interval = 0s')
check 'a tenant is made' hub_init
hub_start

# --- whom it tells the token ---

new_token --id pr-one
check 'there is a pin' grep -qE '^sha256-[A-Za-z0-9_-]{43}$' <<<"$PIN"
refuse 'a hub without this pin gets nothing' enrol_at "$STATION" --pin "sha256-$(printf 'A%.0s' {1..43})"
says 'none of its certificates has the pin'
"$SOURCE/tests/support/pki" init "$HOST/pki" --tenant "$TENANT"
refuse 'nor one of another authority' enrol_at "$STATION" --ca "$HOST/pki/ca.crt"
says 'is refused'
refuse 'nor one of another name' station enrol --state "$STATION" --server "https://127.0.0.2:$ENROL" \
    --token-file "$HOST/token" --pin "$PIN"
refuse 'a server without TLS is not asked' station enrol --state "$STATION" --server "http://localhost:$ENROL" \
    --token-file "$HOST/token" --pin "$PIN"
is 'the token is open still' "$(state_of_token pr-one)" open
chmod 0644 "$HOST/token"
refuse 'a token that others can read is not taken' enrol_at "$STATION" --pin "$PIN"
says 'mode 0600'
chmod 0600 "$HOST/token"

# --- the first certificate ---

check 'the right pin' enrol_at "$STATION" --pin "$PIN"
is 'it is who the token says' "$(jq -r '.id + " " + .tenant' "$HOST/enrolled")" "pr-one $TENANT"
check 'the hub knows it' good "$STATION"
is 'its directory is its own' "$(stat -c %a "$STATION" "$STATION/identity" | paste -sd' ')" '700 700'
is 'so is all in it' "$(files_of "$STATION")" \
    '1 drwx------ 1/answer.json -rw------- 1/ca.pem -rw------- 1/cert.pem -rw------- 1/key.pem -rw------- 1/machine -rw------- current lrwxrwxrwx'
refuse 'the number of the computer is not in it' grep -rq "$(cat /etc/machine-id)" "$STATION"
refuse 'the token is good once' enrol_at "$HOST/other" --pin "$PIN"
says 'not known, is over, or was used'
new_token --id pr-two
check 'by the file of the authority' enrol_at "$HOST/two" --ca "$HUB/ca.crt"
check 'too' good "$HOST/two"
hub token add --class workstation --id ws-desk --json | jq -r .token >"$HOST/token"
refuse 'a token for a workstation makes no printer' enrol_at "$HOST/other" --pin "$PIN"
says 'is for devices of the other class'
is 'and is not used up' "$(state_of_token ws-desk)" open

# --- renewal ---

BEFORE=$(finger "$STATION")
check 'it renews' station renew --state "$STATION"
refuse 'with another certificate' [ "$BEFORE" = "$(finger "$STATION")" ]
check 'that the hub knows' good "$STATION"
is 'the old one is gone' "$(find "$STATION/identity" -mindepth 1 -maxdepth 1 | sort | xargs -n1 basename | paste -sd' ')" '2 current'
hub_kill
refuse 'without a hub there is no new one' station renew --state "$STATION"
hub_start
check 'the key of the try before is used' station renew --state "$STATION"
check 'and good' good "$STATION"

# At use, when two thirds are over.
due() { jq -c '."renew-after" = "2026-01-01T00:00:00.000Z"' "$1/identity/current/answer.json" >"$HOST/due"; cat "$HOST/due" >"$1/identity/current/answer.json"; }
due "$STATION"
BEFORE=$(finger "$STATION")
refuse 'nobody has that PIN' station sign-in --state "$STATION" --way pin <<<92837465
says 'the hub answers'
refuse 'on the way it was renewed' [ "$BEFORE" = "$(finger "$STATION")" ]
check 'and is good' good "$STATION"

# What the daily timer calls.
if_due() { station renew --if-due --state "$STATION"; }
BEFORE=$(finger "$STATION")
hub_kill
check 'before it is due nobody is asked' if_due
is 'and it is the same' "$(finger "$STATION")" "$BEFORE"
due "$STATION"
refuse 'due, and without a hub, it fails' if_due
hub_start
check 'with one it is renewed' if_due
refuse 'with another certificate' [ "$BEFORE" = "$(finger "$STATION")" ]
check 'that is good' good "$STATION"
(umask 077 && mkdir "$STATION/reports" && printf 'no report' >"$STATION/reports/$(printf 'a%.0s' {1..32})")
check 'not due, it looks at what waits for the hub' if_due
is 'and nothing does' "$(find "$STATION/reports" -type f | wc -l)" 0
refuse 'one that is not enrolled' station renew --if-due --state "$HOST/none"
says 'run printhold-station enrol'

# --- killed at every step ---

PRELOAD=$(ldd "$BUILD/station/printhold-station" | awk '/libasan/ {print $3}')
PRELOAD="$PRELOAD $BUILD/tests/support/ph-fault.so"
arm() { # action n
    python3 - "$HOST/fault.page" "$1" "$2" <<'PY'
import struct, sys
OPEN, WRITE, SYNC, RENAME, UNLINK, TRUNCATE, MKDIR, CLOSE, READ, SEND = (1 << n for n in range(10))
kinds = SYNC | RENAME | UNLINK | MKDIR | SEND
page = struct.pack('=IIIiIIII', 1, kinds, int(sys.argv[2]), 0, int(sys.argv[3]), int(sys.argv[3]), 0, 0)
open(sys.argv[1], 'wb').write(page + bytes(4096 - len(page)))
PY
}
count() { python3 -c 'import struct,sys; print(struct.unpack_from("=II", open(sys.argv[1],"rb").read(), 24)[0])' "$HOST/fault.page"; }
struck() { # command...
    env LD_PRELOAD="$PRELOAD" PH_FAULT_PAGE="$HOST/fault.page" PH_FAULT_PROGRAM=printhold-station \
        "$BUILD/station/printhold-station" "$@" >"$HOST/struck" 2>&1
}
enrol_words() { # state-dir
    printf '%s\n' enrol --state "$1" --server "https://localhost:$ENROL" --token-file "$HOST/token" --pin "$PIN"
}
mapfile -t WORDS < <(enrol_words "$HOST/counted")
new_token --id pr-counted
arm 0 1
check 'enrolment is counted' struck "${WORDS[@]}"
STEPS=$(count)
check "it has $STEPS steps that leave something behind" [ "$STEPS" -ge 20 ]
DONE=0
for ((n = 1; n <= STEPS; n++)); do
    rm -rf "$HOST/k"
    new_token --id "pr-k$n"
    mapfile -t WORDS < <(enrol_words "$HOST/k")
    arm 1 "$n"
    if { struck "${WORDS[@]}"; } 2>/dev/null; then
        fail "step $n: nothing was struck: $(cat "$HOST/struck")"
    fi
    # Whole, or clearly not there: the same command again, with the same token.
    if station sign-in --state "$HOST/k" --way pin <<<92837465; then
        fail "step $n: that PIN is nobody's"
    fi
    if grep -q 'is not enrolled' "$HOST/said"; then
        station "${WORDS[@]}" >/dev/null || fail "step $n: the token is lost: $(cat "$HOST/said")"
    else
        grep -q 'the hub answers' "$HOST/said" || fail "step $n: $(cat "$HOST/said")"
        DONE=$((DONE + 1))
    fi
    good "$HOST/k" || fail "step $n: the identity is not whole"
done
say "ok  a kill at each of $STEPS steps of enrolment loses neither token nor identity"
check 'after some it was enrolled already' [ "$DONE" -ge 1 ]

new_token --id pr-renews
check 'one that renews' enrol_at "$HOST/r" --pin "$PIN"
arm 0 1
check 'renewal is counted' struck renew --state "$HOST/r"
STEPS=$(count)
for ((n = 1; n <= STEPS; n++)); do
    arm 1 "$n"
    ! { struck renew --state "$HOST/r"; } 2>/dev/null || fail "step $n of renewal: nothing was struck"
    station renew --state "$HOST/r" >/dev/null || fail "step $n of renewal: $(cat "$HOST/said")"
    good "$HOST/r" || fail "step $n of renewal: the identity is not whole"
done
say "ok  a kill at each of $STEPS steps of renewal neither"
is 'the hub saw no copy' "$(hub printer show pr-renews --json | jq '."copy-noticed"')" null
is 'nothing lies about' "$(find "$HOST/r/identity" -mindepth 1 -maxdepth 1 | wc -l)" 2

# --- a copy of the disk ---

cp -a "$HOST/r" "$HOST/copy"
elsewhere() { # command...; in a namespace where this is another computer
    tr '0-9a-f' '1-9a-f0' </etc/machine-id >"$HOST/machine-id"
    # shellcheck disable=SC2016 # the inner shell's own
    unshare --mount bash -c 'mount --bind "$0" /etc/machine-id && exec "$@"' "$HOST/machine-id" "$@"
}
refuse 'on another computer it is not used' \
    elsewhere "$BUILD/station/printhold-station" sign-in --state "$HOST/copy" --way pin 2>"$HOST/said" <<<92837465
says 'made on another computer, of which this disk is a copy'
refuse 'nor renewed' elsewhere "$BUILD/station/printhold-station" renew --state "$HOST/copy" 2>"$HOST/said"
says 'made on another computer'
check 'the right one goes on' station renew --state "$HOST/r" --json
new_token --id pr-copied
mapfile -t WORDS < <(enrol_words "$HOST/copy")
check 'with a token of its own it is another device' elsewhere "$BUILD/station/printhold-station" "${WORDS[@]}"
check 'that the hub knows' good "$HOST/copy"
check 'and the first one' good "$HOST/r"
refuse 'no key is used in both' cmp -s "$HOST/copy/identity/current/key.pem" "$HOST/r/identity/current/key.pem"

# --- revoked ---

hub printer revoke pr-renews >/dev/null
gone() { ! good "$HOST/r"; }
check 'a printer is revoked' until_true 20 gone
refuse 'and gets no new certificate' station renew --state "$HOST/r"
new_token --id pr-renews
check 'a person enrols it again' enrol_at "$HOST/r" --pin "$PIN"
check 'in the same place' good "$HOST/r"
hub_stop
