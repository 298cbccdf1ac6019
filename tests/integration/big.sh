# shellcheck shell=bash disable=SC2034
# A document of 320 MiB, 4 GiB in the long version: the agent stops, or is killed, in
# the middle of it, and it arrives whole and once; backend and agent need no
# more memory than for a small one (SR-11).
. "$SOURCE/tests/integration/host.sh"
CUPS_HISTORY=Yes
trap host_end EXIT
install -d "$HOST/etc/conf.d"
HALF=$((160 * 1024 * 1024))
[ "${PH_LONG:-OFF}" != ON ] || HALF=$((2048 * 1024 * 1024))
host_config jobs job_size_max 8G
host_config jobs spool_size_max 64G
host_config jobs user_size_max 64G
host_start
text_pdf "$HOST/page.pdf" page

# The filter makes the document; its first run of each job stops half-way.
cat >"$HOST/document" <<TXT
printf '%%PDF-1.7\n'
head -c $HALF /dev/zero
[ -z "\${1:-}" ] || "\$1"
head -c $HALF /dev/zero
printf '\nstartxref\n9\n%%%%EOF\n'
TXT
SUM=$(bash "$HOST/document" | sha256sum | cut -d' ' -f1)
FILTER=$HOST/cups/bin/filter/pdftopdf
rm "$FILTER"
cat >"$FILTER" <<TXT
#!/bin/bash
pause() {
    for ((i = 0; i < 600; i++)); do
        [ ! -e "$HOST/filter.go" ] || break
        sleep 0.05
    done
}
. "$HOST/document" pause
TXT
chmod 0755 "$FILTER"

half_is_here() {
    local size
    size=$(find "$HOST/spool/incoming" -type f -printf '%s\n')
    [ "${size:-0}" -ge $((HALF - 16 * 1024 * 1024)) ]
}
has_sum() { # n
    [ "$(job_field alice "$1" .sha256)" = "$SUM" ]
}
begin() {
    rm -f "$HOST/filter.go"
    print_as alice "$HOST/page.pdf"
    check 'half of it is here' until_true 60 half_is_here
    check 'from a backend' find_backend
    say "MiB: worker $(peak_of "$WORKER"), supervisor $(peak_of "$SUPERVISOR")," \
        "agent $(peak_of "$AGENT_PID")"
    check 'the worker needs 16 MiB at most' peak_is_below "$WORKER" 16
    check 'the supervisor too' peak_is_below "$SUPERVISOR" 16
}
arrives() { # count
    check 'it arrives' until_true 100 has_jobs alice "$1"
    check 'CUPS is done with it' until_true 30 job_is "$JOB_ID" completed
    is 'once' "$(find "$HOST/spool/held" "$HOST/spool/incoming" -type f | wc -l)" "$1"
    check 'whole' until_true 60 has_sum $(($1 - 1))
    say "MiB: agent $(peak_of "$AGENT_PID")"
    check 'the agent needs 64 MiB at most' peak_is_below "$AGENT_PID" 64
}

begin
agent_stop
slow_filter_go
agent_start
arrives 1
begin
agent_kill
slow_filter_go
agent_start
arrives 2
agent_stop
