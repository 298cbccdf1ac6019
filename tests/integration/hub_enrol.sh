# shellcheck shell=bash disable=SC2046
# Enrolment over real TLS: tokens (SR-52), certificates, renewal, revocation
# (SR-53), copies of a device, and other authorities. docs/enrolment.md.
. "$SOURCE/tests/integration/host.sh"
. "$SOURCE/tests/integration/hub.sh"

# --- a tenant ---

check 'a tenant is made' hub_init --admin admin@example.com
is 'its keys are for nobody else' \
    "$(stat -c %a "$HUB" "$HUB"/{ca,issuer,directory,pepper,hub}.key "$HUB/hub.db" | sort -u | paste -sd' ')" \
    '600 700'
sha() { sha256sum "$HUB"/*.key | sha256sum; }
BEFORE=$(sha)
refuse 'and not made again' hub_init
is 'nothing of it has changed' "$(sha)" "$BEFORE"
is 'issuer and authority have different keys' \
    "$(for key in ca issuer hub; do openssl pkey -in "$HUB/$key.key" -pubout; done | sort | uniq -d | grep -c '[a-z0-9]\{60\}')" 0
is 'the administrator is there' "$(hub user list --json | jq -c 'map([.login, .administrator])')" \
    '[["admin@example.com",true]]'
HUB_SETTINGS=('[devices]' 'renewal_interval = 0s')
hub_start
is 'a second server is refused' \
    "$(hub serve 2>&1 | grep -c 'is served already')" 1

# --- tokens ---

refuse 'no token for longer than a day' token --class printer --life 25h
refuse 'none for another class' token --class service
refuse 'none for an id of another class' token --class printer --id ws-1
refuse 'none for a person that is not there' token --class workstation --person nobody@example.com
device_key lobby
device_key thief
LOBBY=$(token --class printer --id pr-lobby --name 'Lobby' --group ground)
is 'tokens are no two equal' "$(for _ in 1 2 3; do token --class printer; done | sort -u | wc -l)" 3

# Those of a fleet.
many() { hub token add --class workstation "$@" 2>/dev/null; }
refuse 'no tokens are not made' many --count 0
refuse 'nor too many' many --count 10001
refuse 'nor many of one id' many --count 2 --id ws-one
OPEN_BEFORE=$(hub token list --json | jq length)
is 'five hundred at once are five hundred' "$(many --count 500 | sort -u | wc -l)" 500
is 'each of its own in the list' "$(hub token list --json | jq 'length - $before' --argjson before "$OPEN_BEFORE")" 500
is 'and each on the record' \
    "$(hub audit list --json | jq '[.[] | select(.act == "token.add") | .object] | unique | length')" \
    "$(hub token list --json | jq length)"
is 'as a list for programs' \
    "$(many --count 2 --json | jq -r 'map(.class, (.number | length)) | join(" ")')" \
    'workstation 16 workstation 16'
device_key fleet1
enrol fleet1 "$(many --count 1)"
is 'one of them enrols a device' "$STATUS" 201

# A mail scanner opens every link that it sees.
for method in GET HEAD PUT DELETE; do
    call "$method" "$ENROL" "/v1/enrol?token=$LOBBY"
    is "$method does nothing" "$STATUS" 405
done
is 'the token is open still' \
    "$(hub token list --json | jq -r '.[] | select(.id == "pr-lobby") | .state')" open

enrol lobby "$LOBBY"
is 'the first who shows it is enrolled' "$STATUS" 201
cp "$HOST/dev/lobby.crt" "$HOST/dev/first.crt"
is 'as what the hub says' \
    "$(openssl x509 -in "$HOST/dev/lobby.crt" -noout -ext subjectAltName | tail -1 | tr -d ' ')" \
    "URI:urn:printhold:$TENANT:pr:pr-lobby"
is 'and nothing of what the device asked for' \
    "$(openssl x509 -in "$HOST/dev/lobby.crt" -noout -subject)" \
    "subject=O = $TENANT, CN = pr-lobby"
is 'for clients only' "$(openssl x509 -in "$HOST/dev/lobby.crt" -noout -ext extendedKeyUsage | tail -1 | tr -d ' ')" \
    TLSWebClientAuthentication
check 'for a week at most' openssl x509 -in "$HOST/dev/lobby.crt" -noout -checkend $((6 * 86400))
refuse 'and no longer' openssl x509 -in "$HOST/dev/lobby.crt" -noout -checkend $((7 * 86400 + 60))
check 'of its authority' openssl verify -CAfile "$HUB/ca.crt" "$HOST/dev/lobby.crt"
is 'it is told where the hub listens' "$(jq -r .hub <<<"$BODY")" "https://localhost:$DEVICES"
is 'a printer is not told the directory key' "$(jq 'has("directory-key")' <<<"$BODY")" false

enrol lobby "$LOBBY"
is 'a lost answer is given again' "$STATUS" 200
check 'and is the same' cmp -s "$HOST/dev/lobby.crt" "$HOST/dev/first.crt"
hub_kill
hub_start
enrol lobby "$LOBBY"
is 'also after the hub was killed' "$STATUS $(cmp "$HOST/dev/lobby.crt" "$HOST/dev/first.crt" && echo same)" '200 same'
enrol thief "$LOBBY"
is 'another key gets nothing' "$STATUS $(problem)" '403 token'
is 'and is recorded' "$(hub audit list --json | jq -r '[.[] | select(.act == "enrol.refused") | .object] | join(" ")')" pr-lobby
check 'and logged' grep -q 'used before with another key' "$HOST/hub.log"

# Many at once with one token: one key wins, and keeps winning.
RACE=$(token --class printer --id pr-race)
RUNNERS=()
for i in 1 2 3 4 5 6; do
    device_key "race$i"
    body "$RACE" "race$i" >"$HOST/race$i.json"
    curl -s --cacert "$HUB/ca.crt" -o /dev/null -w '%{http_code}\n' -H 'Content-Type: application/json' \
        --data-binary "@$HOST/race$i.json" "https://localhost:$ENROL/v1/enrol" >"$HOST/race$i.status" &
    RUNNERS+=($!)
done
wait "${RUNNERS[@]}"
is 'of six at once one is enrolled' "$(cat "$HOST"/race?.status | sort | uniq -c | tr -s ' \n' ' ')" ' 1 201 5 403 '

ALICE=$(hub user add alice@example.com --json | jq -r .login)
device_key desk
enrol desk "$(token --class workstation --person "$ALICE")"
is 'a workstation is enrolled' "$STATUS" 201
WORKSTATION=$(jq -r .id <<<"$BODY")
is 'with a name of the hub' "${WORKSTATION%%-*}" ws
is 'for 90 days, both ways' \
    "$(openssl x509 -in "$HOST/dev/desk.crt" -noout -ext extendedKeyUsage | tail -1 | tr -d ' ') $(openssl x509 -in "$HOST/dev/desk.crt" -noout -checkend $((89 * 86400)) >/dev/null && echo long)" \
    'TLSWebServerAuthentication,TLSWebClientAuthentication long'
is 'it is told the directory key' \
    "$(jq -r '."directory-key"' <<<"$BODY")" "$(basenc --base64url -w0 "$HUB/directory.key" | tr -d =)"
is 'and the keys of grants' "$(jq -r '."issuer-keys"' <<<"$BODY")" "$(cat "$HUB/issuer.pub")"
is 'it is of its person' "$(hub workstation show "$WORKSTATION" --json | jq -c '.people')" \
    '[{"login":"alice@example.com","how":"enrolment"}]'

# --- what is no request ---

OPEN=$(token --class printer --id pr-open)
malformed() { # text body expected
    post "$ENROL" /v1/enrol "$2"
    is "$1" "$STATUS $(problem)" "$3"
}
device_key p384 P-384
openssl genpkey -algorithm RSA -out "$HOST/dev/rsa.key" 2>/dev/null
openssl req -new -key "$HOST/dev/rsa.key" -config /dev/null -subj /CN=x -out "$HOST/dev/rsa.csr"
malformed 'a class that is none is refused' \
    "$(body "$OPEN" lobby | jq -c '. + {class: "service"}')" '400 malformed'
malformed 'one that is no text, too' "$(body "$OPEN" lobby | jq -c '. + {class: 1}')" '400 malformed'
malformed 'the other class is refused' \
    "$(body "$OPEN" lobby | jq -c '. + {class: "workstation"}')" '403 class'
malformed 'P-384 is refused' "$(body "$OPEN" p384)" '400 csr'
malformed 'RSA is refused' "$(body "$OPEN" rsa)" '400 csr'
sed '3s/[A-Z]/a/g' "$HOST/dev/thief.csr" >"$HOST/dev/changed.csr"
malformed 'a request that its key did not sign' "$(body "$OPEN" changed)" '400 csr'
cat "$HOST/dev/thief.csr" "$HOST/dev/lobby.csr" >"$HOST/dev/both.csr"
malformed 'two requests' "$(body "$OPEN" both)" '400 csr'
malformed 'no JSON' 'token=x' '400 malformed'
malformed 'no request' '{"token":"x"}' '400 malformed'
malformed 'no token' "$(body - thief)" '400 malformed'
malformed 'a token that is a number' '{"token":1,"csr":"x"}' '400 malformed'
malformed 'a token twice' '{"token":"a","token":"b","csr":"x"}' '400 malformed'
malformed 'a token that was never made' "$(body AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA thief)" '403 token'
malformed 'SQL' "$(body "' OR '1'='1" thief)" '403 token'
malformed 'a name with control bytes' \
    "$(body "$OPEN" thief | jq '. + {name: "a\u001b[31m"}')" '400 malformed'
TYPE=text/plain malformed 'another content type' "$(body "$OPEN" thief)" '415 not-json'
head -c 40000 /dev/zero | tr '\0' ' ' >"$HOST/long"
post "$ENROL" /v1/enrol "@$HOST/long"
is 'what is too long is not read' "$STATUS" 413
enrol thief "$OPEN"
is 'none of it has used the token' "$STATUS" 201

# --- who may what ---

# The hub's own certificate is a service's; it is no device.
cp "$HUB/hub.crt" "$HOST/dev/service.crt"
cp "$HUB/hub.key" "$HOST/dev/service.key"
# Every route of the API's description (.ci/check-openapi holds that against the
# code) is tried as everybody; no body comes with it, so what may is told so.
routes() { # lines: METHOD PATH ROLE...
    python3 - "$SOURCE/docs/hub-api.openapi.yaml" <<'PY'
import sys
import yaml
for path, item in yaml.safe_load(open(sys.argv[1], encoding="utf-8"))["paths"].items():
    for method, operation in item.items():
        print(method.upper(), path.replace("{id}", "x"), *operation.get("x-roles", ["nobody"]))
PY
}
told() { # what the last answer means for who may
    case $STATUS in
    000 | 404) printf '%s' "$STATUS" ;;
    403) problem | grep -x role || printf 'may' ;;
    *) printf 'may' ;;
    esac
}
routes >"$HOST/routes"
is 'there are routes' "$([ "$(wc -l <"$HOST/routes")" -ge 5 ] && echo yes)" yes
while read -r method path roles; do
    call "$method" "$ENROL" "$path"
    expected=404
    [ "$roles" != nobody ] || expected=may
    is "$method $path for nobody" "$(told)" "$expected"
    call "$method" "$DEVICES" "$path"
    is "$method $path among devices, without a certificate" "$(told)" 000
    for who in workstation:desk printer:lobby service:service; do
        call "$method" "$DEVICES" "$path" $(as "${who#*:}")
        case " $roles " in
        *" nobody "*) expected=404 ;;
        *" ${who%:*} "*) expected=may ;;
        *) expected=role ;;
        esac
        is "$method $path for a ${who%:*}" "$(told)" "$expected"
    done
done <"$HOST/routes"
for path in / /v1 /v1/devices /v1/../v1/device; do
    call GET "$ENROL" "$path" --path-as-is
    is "nothing is at $path" "$STATUS" 404
    call GET "$DEVICES" "$path" --path-as-is $(as desk)
    is "nor for a device" "$STATUS" 404
done

# Certificates that are not the hub's own word (SR-40).
PKI=$HOST/other
"$SOURCE/tests/support/pki" init "$PKI" --tenant "$TENANT"
printf '%s\n' "$TENANT" >"$HUB/tenant" # pki wants it there to sign with that CA
"$SOURCE/tests/support/pki" printer "$PKI" pr-lobby --name other
"$SOURCE/tests/support/pki" printer "$PKI" pr-lobby --name forged --ca "$HUB"
"$SOURCE/tests/support/pki" printer "$PKI" pr-new --name unknown --ca "$HUB"
"$SOURCE/tests/support/pki" printer "$PKI" pr-lobby --name expired --ca "$HUB" --expired
"$SOURCE/tests/support/pki" printer "$PKI" pr-lobby --name tenant --ca "$HUB" --tenant rival
"$SOURCE/tests/support/pki" workstation "$PKI" pr-lobby --name kind --ca "$HUB"
rm "$HUB/tenant"
while read -r name expected what; do
    cp "$PKI/$name.crt" "$PKI/$name.key" "$HOST/dev/"
    call GET "$DEVICES" /v1/device $(as "$name")
    is "$what" "$STATUS" "$expected"
done <<'TXT'
other 000 another authority gets no byte
tenant 000 another tenant gets no byte
expired 000 an expired certificate gets no byte
forged 403 one that the hub never made is not known
unknown 403 nor a device that it never heard of
kind 403 nor one of another kind with the same id
TXT
post "$DEVICES" /v1/renew "$(body - thief)" $(as forged)
is 'and is not renewed' "$STATUS" 403
post "$DEVICES" /v1/renew "$(body - thief)" $(as expired)
is 'an expired one is not renewed' "$STATUS" 000

# --- renewal ---

device_key lobby2
post "$DEVICES" /v1/renew "$(body - lobby2)" $(as lobby)
is 'a device renews with a new key' "$STATUS $(jq -r .id <<<"$BODY")" '201 pr-lobby'
jq -r .certificate <<<"$BODY" >"$HOST/dev/lobby2.crt"
post "$DEVICES" /v1/renew "$(body - lobby2)" $(as lobby)
is 'a lost answer is given again' "$STATUS $(jq -r .certificate <<<"$BODY" | cmp - "$HOST/dev/lobby2.crt" && echo same)" '200 same'
call GET "$DEVICES" /v1/device $(as lobby)
is 'until the new one is used the old one is good' "$STATUS" 200
call GET "$DEVICES" /v1/device $(as lobby2)
is 'the new one is used' "$STATUS $(jq -r .group <<<"$BODY")" '200 ground'
call GET "$DEVICES" /v1/device $(as lobby)
is 'then the old one is not good any more' "$STATUS $(problem)" '403 superseded'
device_key clone
post "$DEVICES" /v1/renew "$(body - clone)" $(as lobby)
is 'a copy of the device is refused' "$STATUS $(problem)" '409 copy'
is 'flagged' "$(hub printer show pr-lobby --json | jq '."copy-noticed" != null')" true
is 'and recorded' "$(hub audit list --json | jq -r '[.[] | select(.act == "renew.copy") | .object] | join(" ")')" pr-lobby
check 'and logged' grep -q 'error: .*there are two of it' "$HOST/hub.log"
call GET "$DEVICES" /v1/device $(as lobby2)
is 'the one in use goes on' "$STATUS" 200

# --- revocation ---

finger() { openssl x509 -in "$HOST/dev/$1.crt" -noout -fingerprint -sha256 | cut -d= -f2; }
check 'a printer is revoked' hub printer revoke pr-lobby
gone() { # name
    call GET "$DEVICES" /v1/device $(as "$1")
    [ "$STATUS" = 000 ]
}
check 'within a moment it gets no byte any more' until_true 60 gone lobby2
check 'nor with its old one' gone lobby
call GET "$DEVICES" /v1/denied-printers $(as desk)
is 'workstations are told' "$(grep -v '^#' <<<"$BODY")" \
    "printer pr-lobby
certificate $(finger lobby)
certificate $(finger lobby2)"
hub_kill
hub_start
check 'after a restart too' gone lobby2
enrol lobby "$LOBBY"
is 'the old token does not bring it back' "$STATUS" 403
device_key lobby3
enrol lobby3 "$(token --class printer --id pr-lobby)"
is 'a new one does' "$STATUS" 201
call GET "$DEVICES" /v1/device $(as lobby3)
is 'and it is served' "$STATUS $(jq -r .id <<<"$BODY")" '200 pr-lobby'
check 'the old ones are not' gone lobby2

# An open connection ends too: the request that comes on it is not answered.
device_key long
enrol long "$(token --class printer --id pr-long)"
mkfifo "$HOST/ask"
openssl s_client -quiet -connect "localhost:$DEVICES" -servername localhost -CAfile "$HUB/ca.crt" -verify_return_error \
    -cert "$HOST/dev/long.crt" -key "$HOST/dev/long.key" <"$HOST/ask" >"$HOST/heard" 2>/dev/null &
CLIENT=$!
exec 8>"$HOST/ask"
printf 'GET /v1/device HTTP/1.1\r\nHost: localhost\r\n\r\n' >&8
check 'a connection is open' until_true 60 grep -q 'HTTP/1.1 200' "$HOST/heard"
hub printer revoke pr-long
ended() { ! kill -0 "$CLIENT" 2>/dev/null; }
check 'it is broken when the printer is revoked' until_true 60 ended
exec 8>&-

# --- other authorities ---

check 'a workstation with a certificate of elsewhere is not known' \
    [ "$("$SOURCE/tests/support/pki" workstation "$PKI" ws-elsewhere && cp "$PKI"/ws-elsewhere.* "$HOST/dev/" && call GET "$DEVICES" /v1/device $(as ws-elsewhere) && echo "$STATUS")" = 000 ]
refuse 'nor taken while its authority is not' hub workstation add --cert "$PKI/ws-elsewhere.crt"
hub_stop
cat "$HUB/ca.crt" "$PKI/ca.crt" >"$HOST/devices-ca.crt"
HUB_SETTINGS=('[devices]' 'renewal_interval = 0s' "ca_file = $HOST/devices-ca.crt")
hub_start
call GET "$DEVICES" /v1/device $(as ws-elsewhere)
is 'its authority alone is not enough' "$STATUS $(problem)" '403 unknown-device'
check 'it is taken' hub workstation add --cert "$PKI/ws-elsewhere.crt"
call GET "$DEVICES" /v1/device $(as ws-elsewhere)
is 'and served' "$STATUS $(jq -r .id <<<"$BODY")" '200 ws-elsewhere'
post "$DEVICES" /v1/renew "$(body - thief)" $(as ws-elsewhere)
is 'but renewed elsewhere' "$STATUS $(problem)" '409 elsewhere'
cp "$PKI/other.crt" "$PKI/other.key" "$HOST/dev/"
call GET "$DEVICES" /v1/device $(as other)
is 'that authority cannot speak for a device of ours' "$STATUS" 403
hub workstation revoke ws-elsewhere
check 'it is revoked like any other' until_true 60 gone ws-elsewhere

is 'every act is recorded' "$(hub audit verify --json | jq .intact)" true
refuse 'tokens are in no log' grep -qF -e "$LOBBY" -e "$OPEN" -e "$RACE" "$HOST/hub.log"
refuse 'nor in the database' grep -qaF -e "$LOBBY" -e "$OPEN" "$HUB/hub.db" "$HUB/hub.db-wal"
hub_stop
check 'every answer was what the description says' answers_are_good 20

# An authority of the company: its intermediate signs for us.
HUB=$HOST/company
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$HOST/root.key" 2>/dev/null
openssl req -x509 -new -key "$HOST/root.key" -config /dev/null -subj '/CN=Company' -days 30 \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -out "$HOST/root.crt"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$HOST/inter.key" 2>/dev/null
printf '[e]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' >"$HOST/ext"
openssl req -new -key "$HOST/inter.key" -config /dev/null -subj '/CN=Company printing' |
    openssl x509 -req -CA "$HOST/root.crt" -CAkey "$HOST/root.key" -days 20 -extfile "$HOST/ext" -extensions e \
        -set_serial 2 -out "$HOST/inter.crt" 2>/dev/null
cat "$HOST/inter.crt" "$HOST/root.crt" >"$HOST/inter-chain.crt"
refuse 'an authority with the key of another' hub_init --ca-cert "$HOST/inter-chain.crt" --ca-key "$HOST/root.key"
check 'a tenant with an authority of the company' hub_init --ca-cert "$HOST/inter-chain.crt" --ca-key "$HOST/inter.key"
HUB_SETTINGS=()
hub_start
device_key company
enrol company "$(token --class workstation)"
is 'a workstation is enrolled' "$STATUS" 201
check 'of that authority' openssl verify -CAfile "$HOST/root.crt" -untrusted "$HOST/inter.crt" "$HOST/dev/company.crt"
refuse 'and not for longer than that lives' openssl x509 -in "$HOST/dev/company.crt" -noout -checkend $((21 * 86400))
call GET "$DEVICES" /v1/device $(as company)
is 'and served' "$STATUS" 200
post "$DEVICES" /v1/renew "$(body - company)" $(as company)
is 'not renewed at once' "$STATUS $(problem)" '429 renewed-lately'
hub_stop
