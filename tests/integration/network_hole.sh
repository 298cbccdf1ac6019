# shellcheck shell=bash disable=SC2034
# A cloud that swallows everything, connections and questions for its name, while
# a printer pulls: no pull waits for it, nor does printing, nor the control socket.
. "$SOURCE/tests/integration/namespaces.sh"
mkdir -p "$HOST/etc/conf.d"
networks_start
host_start
. "$SOURCE/tests/integration/printer.sh"
until_true 15 cloud_is_online || fail 'the cloud link does not come up'
documents_start
text_pdf "$HOST/page.pdf" page

ms() { date +%s%3N; }
names() { # title
    has_document "[.jobs[][\"job-name\"]] | index(\"$1\")"
}
prints_within() { # title count ms
    local began
    began=$(ms)
    print_as alice -t "$1" "$HOST/page.pdf"
    until_true 20 has_jobs alice "$2" || fail "$1: is not held"
    check "$1: held after $(($(ms) - began)) ms" test $(($(ms) - began)) -lt "$3"
}

# Beside this agent a second one, with the same jobs and no cloud at all, shows
# what the computer can at that moment, whatever else it does.
sized_filter
BIG=$((64 * 1024 * 1024))
[ "${PH_LONG:-OFF}" != ON ] || BIG=$((1024 * 1024 * 1024))
print_as bob -t "$BIG" "$HOST/page.pdf"
check 'bob has a long document' until_true 100 has_jobs bob 1
ID=$(job_field bob 0 .id)
agent_stop

OTHER=$HOST/other OTHER_PORT=$(free_port)
mkdir -p "$OTHER/etc/conf.d"
cp -a "$HOST/agent" "$HOST/spool" "$OTHER/"
install -d -o printhold -g printhold "$OTHER/run"
sed -e "s,= $HOST/\\(agent\\|spool\\|run\\),= $OTHER/\\1," -e 's|^url = .*|url =|' \
    -e "s|^port = .*|port = $OTHER_PORT|" "$HOST/etc/printhold.conf" \
    >"$OTHER/etc/printhold.conf"
cp "$HOST/etc/conf.d/release-address.conf" "$OTHER/etc/conf.d/"
other_start() {
    setpriv --reuid printhold --regid printhold --init-groups --inh-caps=-all \
        env -i "PATH=$PATH" ASAN_OPTIONS=detect_leaks=0 \
        "$BUILD/agent/printhold-agent" --config-dir "$OTHER/etc" \
        >"$HOST/other.log" 2>&1 &
    OTHER_PID=$!
    HOST_ENDS+=(other_end)
    until_true 20 other_answers || fail "the other agent: $(cat "$HOST/other.log")"
}
other_end() { kill "$OTHER_PID" 2>/dev/null; }
other_answers() {
    as printhold env "PRINTHOLD_CONFIG_DIR=$OTHER/etc" "$BUILD/cli/printhold" status >/dev/null 2>&1
}

curl_as() { # replaces the rig's: from the printer's network
    local name=$1
    shift
    in_net "$PRINTER_NET" curl -sS --http1.1 --tlsv1.3 --max-time 60 \
        --cacert "$PKI/ca.crt" --cert "$PKI/$name.crt" --key "$PKI/$name.key" "$@"
}
pull_ms() { # url session; sets PULLED
    local began
    began=$(ms)
    curl_as "$PRINTER" -o /dev/null -H "Authorization: Bearer $2" \
        "$1/jobs/$ID/document" || fail 'the printer cannot pull'
    PULLED=$(($(ms) - began))
}
begin() { # url; sets SESSION
    URL=$1
    is 'the printer signs in' "$(grant --sub bob@example.com --amr pin |
        sign_in_as "$PRINTER")" 201
    SESSION=$(jq -r .session "$BODY")
    is 'and claims' "$(call POST "/jobs/$ID/claim")" 200
    pull_ms "$1" "$SESSION" # verifies
}
less() { # a b; either may be empty
    if [ -z "$1" ] || [ "$2" -lt "$1" ]; then printf '%s' "$2"; else printf '%s' "$1"; fi
}
# The best of many pulls, turn by turn: no more than a tenth slower than without
# a cloud (and 20 ms of the clock). No pull may stall, as it would if the agent
# waited for the cloud anywhere.
compare() { # text
    local i best='' free='' worst=0
    for ((i = 1; i <= 40; i++)); do
        pull_ms "$OUR_URL" "$OUR_SESSION"
        best=$(less "$best" "$PULLED")
        [ "$worst" -ge "$PULLED" ] || worst=$PULLED
        pull_ms "$OTHER_URL" "$OTHER_SESSION"
        free=$(less "$free" "$PULLED")
        [ "$i" -lt 10 ] || [ "$best" -gt $((free * 10 / 9 + 20)) ] || break
    done
    say "$((BIG >> 20)) MiB in $best ms, $free ms without a cloud; the longest $worst ms"
    check "$1: a pull is as fast" test "$best" -le $((free * 10 / 9 + 20))
    check "$1: none stalls" test "$worst" -lt 5000
}
answers_soon() { # the control socket, the longest of ten
    local i began took most=0
    for ((i = 0; i < 10; i++)); do
        began=$(ms)
        ph root status --json >/dev/null || fail 'no status'
        took=$(($(ms) - began))
        [ "$took" -le "$most" ] || most=$took
    done
    check "the control socket answers: $most ms" test "$most" -lt 3000
}
is_in_hole() { status_has '.cloud == "connecting"'; }

OUR_URL=https://$WKS_PRINTER:$RELEASE_PORT/v1
OTHER_URL=https://$WKS_PRINTER:$OTHER_PORT/v1
other_start
begin "$OTHER_URL"
OTHER_SESSION=$SESSION
agent_start
until_true 30 cloud_is_online || fail 'the cloud link does not come up'
begin "$OUR_URL"
OUR_SESSION=$SESSION
compare 'online'

# A document is as long as its title says, from here on.
drop_packets "$CLOUD" "tcp dport $WSS_PORT"
prints_within 2001 1 8000
check 'connections are swallowed' until_true 60 is_in_hole
compare 'swallowed'
answers_soon
prints_within 2002 2 8000
SINCE=$(date +%s%N)
drop_nothing "$CLOUD"
check 'it heals' until_true 90 names 2002

agent_stop
printf 'nameserver %s\n' "$CLOUD_WKS" >"$HOST/resolv.conf"
mount --bind "$HOST/resolv.conf" /etc/resolv.conf
host_config cloud url "wss://broker.example:$WSS_PORT/mqtt"
drop_packets "$CLOUD" 'udp dport 53'
agent_start
begin "$OUR_URL"
OUR_SESSION=$SESSION
compare 'without an answer of DNS'
answers_soon
prints_within 2003 3 8000
check 'it is said in words' until_true 60 status_has \
    '(.["cloud-text"] // "") | test("name|host")'
say "$(ph root status --json | jq -r '.["cloud-text"]')"
agent_stop
