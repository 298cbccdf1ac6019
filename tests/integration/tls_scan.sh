# shellcheck shell=bash disable=SC2034
# SR-40, SR-41: what sslscan and testssl.sh find on 9443. No finding of medium or
# above, but those that are accepted here with a reason. testssl.sh takes more than
# a minute: the long version asks it everything, the ordinary one not about clients
# that it simulates and each cipher by itself, and a build with sanitizers nothing.
. "$SOURCE/tests/integration/host.sh"
host_start
. "$SOURCE/tests/integration/printer.sh"
WHERE=127.0.0.1:$RELEASE_PORT

# --- sslscan ---

sslscan --no-colour --certs="$PKI/$PRINTER.crt" --pk="$PKI/$PRINTER.key" \
    --show-certificate --xml="$HOST/sslscan.xml" "$WHERE" >"$HOST/sslscan.log" ||
    fail "sslscan: $(tail -3 "$HOST/sslscan.log")"
xml() { # element attribute...; the values, a line for each element
    python3 - "$HOST/sslscan.xml" "$@" <<'PY'
import sys
import xml.etree.ElementTree as tree
for one in tree.parse(sys.argv[1]).iter(sys.argv[2]):
    print(' '.join(one.get(name) or '-' for name in sys.argv[3:]))
PY
}
is 'TLS 1.3 and nothing else' "$(xml protocol type version enabled | grep ' 1$')" 'tls 1.3 1'
is 'its three ciphers' "$(xml cipher cipher | sort | paste -sd' ')" \
    'TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256'
is 'three curves and no finite field' "$(xml group name | sort | paste -sd,)" \
    'secp256r1 (NIST P-256),secp384r1 (NIST P-384),x25519'
is 'no renegotiation' "$(xml renegotiation supported)" 0
is 'no heartbeat' "$(xml heartbleed vulnerable)" 0
is 'the key' "$(xml pk type error | sort -u)" 'EC false'

# --- testssl.sh ---

# id, and why it is as it is.
ACCEPTED=(
    'engine_problem'        # of this computer's openssl: no engines
    'cert_expirationStatus' # certificates of a fleet live for a month and are
    'cert_notAfter'         # renewed; the printer pins the one that is announced
    'cert_revocation'       # instead of CRL and OCSP: that pin, a short life, and
                            # a list of denied printers
)
findings() { # file; those that count
    jq -r --args '$ARGS.positional as $accepted | .[]
        | select(.severity | IN("OK", "INFO", "LOW") | not)
        | select([.id | split(" ")[0]] | inside($accepted) | not)
        | "\(.severity) \(.id): \(.finding)"' "${ACCEPTED[@]}" <"$1"
}
printf '[{"id":"%s","severity":"%s","finding":"made up"}]' \
    SWEET32 MEDIUM >"$HOST/made-up.json"
is 'a finding would be seen' "$(findings "$HOST/made-up.json")" 'MEDIUM SWEET32: made up'

QUESTIONS=(-p -s -f -P -S -h -U)
[ "${PH_LONG:-OFF}" != ON ] || QUESTIONS=()
if [ -n "${QUESTIONS[*]}" ] && nm "$BUILD/agent/printhold-agent" | grep __asan_init >/dev/null; then
    say 'testssl.sh is asked about the release build'
    exit 0
fi

# The printer's certificate for whatever testssl.sh asks through openssl; what it
# asks over sockets of its own comes without one.
cat >"$HOST/openssl" <<TXT
#!/bin/bash
[ "\$1" = s_client ] || exec openssl "\$@"
exec openssl "\$@" -cert "$PKI/$PRINTER.crt" -key "$PKI/$PRINTER.key"
TXT
chmod 0755 "$HOST/openssl"
(
    cd "$HOST" # it leaves files where it stands
    testssl ${QUESTIONS[@]+"${QUESTIONS[@]}"} --warnings off --quiet --color 0 \
        --openssl "$HOST/openssl" --add-ca "$PKI/ca.crt" --nodns none \
        --connect-timeout 5 --openssl-timeout 5 \
        --jsonfile "$HOST/testssl.json" "$WHERE" >"$HOST/testssl.log" 2>&1
) || true # how many findings there are
is 'testssl.sh came to its end' "$(jq -r '[.[] | select(.id == "LUCKY13")] | length' \
    "$HOST/testssl.json")" 1
is 'with the certificate it saw HTTP' "$(jq -r '.[] | select(.id == "HTTP_status_code") |
    .finding' "$HOST/testssl.json" | cut -c1-3)" 404
say "findings: $(jq length "$HOST/testssl.json")"
is 'none of medium or above' "$(findings "$HOST/testssl.json")" ''
is 'no tickets' "$(jq -r '.[] | select(.id == "TLS_session_ticket") | .finding' \
    "$HOST/testssl.json")" 'no -- no lifetime advertised'
is 'no resumption' "$(jq -r '.[] | select(.id | startswith("sessionresumption")) |
    .finding' "$HOST/testssl.json" | paste -sd,)" 'not supported,No Session ID, no resumption'
