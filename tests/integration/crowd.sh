# shellcheck shell=bash disable=SC2034
# Many print at once, 60 jobs of three people, 200 in the long version: each
# arrives once at its owner, and the agent is no larger and has no more open
# than before (SR-10, SR-11, SR-77).
. "$SOURCE/tests/integration/host.sh"
HOST_PURGE=yes
host_start
text_pdf "$HOST/page.pdf" page
EACH=20
[ "${PH_LONG:-OFF}" != ON ] || EACH=67

resident() {
    local kib
    kib=$(status_of "$AGENT_PID" VmRSS)
    printf '%d' $((${kib% kB} / 1024))
}
descriptors() { find "/proc/$AGENT_PID/fd" -mindepth 1 | wc -l; }
# As many at once as cupsd lets in.
print_many() { # user
    seq 0 $((EACH - 1)) | as "$1" xargs -P 12 -I '{}' \
        lp -d PrintHold -t "$1-{}" "$HOST/page.pdf" >/dev/null
}
titles_of() { # user
    ph "$1" jobs --json | jq -r '.[].ticket["job-name"]' | sort
}
expected_of() { # user
    local n
    for ((n = 0; n < EACH; n++)); do echo "$1-$n"; done | sort
}

print_as alice "$HOST/page.pdf"
check 'one job first' until_true 20 has_jobs alice 1
ph alice delete "$(job_field alice 0 .id)" >/dev/null
BEFORE=$(resident) OPEN=$(descriptors)
for user in alice bob root; do
    print_many "$user" &
    senders+=($!)
done
for sender in "${senders[@]}"; do
    wait "$sender" || fail 'CUPS refused a job'
done
say "all $((3 * EACH)) are in CUPS"
for user in alice bob root; do
    check "$user has all" until_true 150 has_jobs "$user" "$EACH"
    is "each of $user's once" "$(titles_of "$user")" "$(expected_of "$user")"
done
is 'no more is held' "$(find "$HOST/spool/held" -type f | wc -l)" $((3 * EACH))
no_copy_in_cups() { [ -z "$(find "$HOST/cups/spool" -maxdepth 1 -type f)" ]; }
check 'CUPS keeps nothing of any' until_true 30 no_copy_in_cups
say "agent: $BEFORE MiB before, $(resident) MiB after, $(peak_of "$AGENT_PID") MiB at most"
check 'the agent needs 64 MiB at most' peak_is_below "$AGENT_PID" 64
has_no_more_open() { [ "$(descriptors)" -le "$OPEN" ]; }
check 'no descriptor is left open' until_true 10 has_no_more_open
agent_stop
