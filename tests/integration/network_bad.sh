# shellcheck shell=bash disable=SC2034
# A bad network between the workstation and the cloud: one packet in five is lost,
# then 256 kbit/s. Printing does not feel it, and everything is told.
. "$SOURCE/tests/integration/namespaces.sh"
networks_start
host_start
until_true 15 cloud_is_online || fail 'the cloud link does not come up'
documents_start
text_pdf "$HOST/page.pdf" page

ms() { date +%s%3N; }
names() { # title
    has_document "[.jobs[][\"job-name\"]] | index(\"$1\")"
}
# Printing, from lp to the list of held jobs, and the answer of the control
# socket do not wait for the cloud.
prints_within() { # title count ms
    local began
    began=$(ms)
    print_as alice -t "$1" "$HOST/page.pdf"
    until_true 20 has_jobs alice "$2" || fail "$1: is not held"
    check "$1: held after $(($(ms) - began)) ms" test $(($(ms) - began)) -lt "$3"
}

# --- packets are lost, on both ways ---
drop_packets "$CLOUD" 'lost 20'
drop_packets $$ "iifname lan0 numgen random mod 100 < 20"
SINCE=$(date +%s%N)
for ((i = 1; i <= 5; i++)); do
    prints_within "lossy-$i" "$i" 8000
done
for ((i = 1; i <= 5; i++)); do
    check "lossy-$i is told" until_true 60 names "lossy-$i"
done
say "the last after $(document_ms '[.jobs[]["job-name"]] | index("lossy-5")') ms"
drop_nothing "$CLOUD"
drop_nothing $$

# --- 256 kbit/s, both ways ---
slow() { tc qdisc add dev "$1" root tbf rate 256kbit burst 3000 latency 2s; }
slow lan0
in_net "$CLOUD" tc qdisc add dev eth0 root tbf rate 256kbit burst 3000 latency 2s
SINCE=$(date +%s%N)
for ((i = 6; i <= 25; i++)); do
    print_as alice -t "slow-$i" "$HOST/page.pdf"
done
check '20 jobs at 256 kbit/s are held' until_true 60 has_jobs alice 25
check 'and told' until_true 60 names slow-25
say "the last after $(document_ms '[.jobs[]["job-name"]] | index("slow-25")') ms"
check 'all events came' until_true 60 has_events held 25
tc qdisc del dev lan0 root
in_net "$CLOUD" tc qdisc del dev eth0 root
agent_stop
