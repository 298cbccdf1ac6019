# shellcheck shell=bash disable=SC2034
# The workstation knows itself: another address, name or network is in the
# directory document within 2 s, by the clock of the broker's message; a cut link
# is said in words and heals by itself.
. "$SOURCE/tests/integration/namespaces.sh"
networks_start
host_start
until_true 15 cloud_is_online || fail 'the cloud link does not come up'
documents_start
text_pdf "$HOST/page.pdf" page
print_as alice "$HOST/page.pdf"
check 'alice has a job' until_true 20 has_jobs alice 1
SINCE=0
PORT=$RELEASE_PORT
check 'the cloud knows where' until_true 10 has_document \
    ".addr == [\"$WKS_CLOUD:$PORT\", \"$WKS_PRINTER:$PORT\"]"
is 'by its name' "$(last_document .host)" lt-first

within_2s() { # text jq-condition command...
    local text=$1 condition=$2 ms
    shift 2
    SINCE=$(date +%s%N)
    "$@"
    until_true 20 has_document "$condition" || fail "$text: never told"
    ms=$(document_ms "$condition")
    [ "$ms" -lt 2000 ] || fail "$text: told after $ms ms"
    say "ok  $text: told after $ms ms"
}

within_2s 'one more address' "(.addr | index(\"10.77.0.9:$PORT\")) == 1" \
    ip addr add 10.77.0.9/24 dev lan0
within_2s 'one less' ".addr == [\"$WKS_CLOUD:$PORT\", \"$WKS_PRINTER:$PORT\"]" \
    ip addr del 10.77.0.9/24 dev lan0
within_2s 'an address of IPv6' ".addr[-1] == \"[2001:db8::77]:$PORT\"" \
    ip -6 addr add 2001:db8::77/64 dev lan1 nodad
within_2s 'another network' ".addr == [\"$WKS_CLOUD:$PORT\", \"10.79.0.2:$PORT\"]" \
    sh -c 'ip addr flush dev lan1 && ip addr add 10.79.0.2/24 dev lan1'
within_2s 'another host name' '.host == "lt-second"' hostname lt-second
within_2s 'the default route goes elsewhere' ".addr[0] == \"10.79.0.2:$PORT\"" \
    ip route replace default via 10.79.0.1
within_2s 'a link is cut' ".addr == [\"$WKS_CLOUD:$PORT\"]" \
    in_net "$PRINTER_NET" ip link set eth0 down
within_2s 'and mended' '(.addr | length) == 2' \
    in_net "$PRINTER_NET" ip link set eth0 up
check 'status shows name and addresses' status_has \
    ".host == \"lt-second\" and
     ([.addresses[] | .address + \" \" + .interface] | sort) ==
     [\"$WKS_CLOUD:$PORT lan0\", \"10.79.0.2:$PORT lan1\"]"

# What changes nothing of this makes no new document.
COUNT=$(wc -l <"$HOST/documents.log")
ip route add 10.99.0.0/16 via 10.79.0.1
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
within_2s 'a bridge of containers is not told, what comes next is' \
    "(.addr | index(\"10.77.0.8:$PORT\")) and
     ([.addr[] | startswith(\"172.17.\")] | any | not)" \
    ip addr add 10.77.0.8/24 dev lan0
is 'in one document' "$(wc -l <"$HOST/documents.log")" $((COUNT + 1))

# The way to the cloud is cut; printing goes on.
in_net "$CLOUD" ip link set eth0 down
check 'status says that the cloud is away' until_true 60 status_has '.cloud == "connecting"'
check 'in words' status_has '(.["cloud-text"] | length) > 8'
say "$(ph root status --json | jq -r '.["cloud-text"]')"
check 'and which addresses are left' status_has \
    "[.addresses[].address] == [\"10.79.0.2:$PORT\"]"
print_as alice -t 'while it was away' "$HOST/page.pdf"
check 'a job is held all the same' until_true 20 has_jobs alice 2
SINCE=$(date +%s%N)
in_net "$CLOUD" ip link set eth0 up
check 'it heals' until_true 20 has_document \
    '[.jobs[]["job-name"]] | index("while it was away")'
HEALED=$(document_ms '[.jobs[]["job-name"]] | index("while it was away")')
check "at once, after $HEALED ms, not when its time comes" test "$HEALED" -lt 8000
check 'with the addresses of now' until_true 10 has_document \
    "(.addr | index(\"$WKS_CLOUD:$PORT\"))"
agent_stop
check 'nothing is lost: both are told' grep -q 'while it was away' "$HOST/watch.log"
