# shellcheck shell=bash disable=SC2034
# A filter before us that fails, dies, says nothing or stops half-way: nothing
# of it is held as if it were whole, and CUPS does not say "completed".
. "$SOURCE/tests/integration/host.sh"
CUPS_HISTORY=Yes
host_start
text_pdf "$HOST/page.pdf" one two three
FILTER=$HOST/cups/bin/filter/pdftopdf
rm "$FILTER"
SIZE=$(stat -c %s "$HOST/page.pdf")

filter() { # shell code; the source file is $6
    printf '#!/bin/bash\n%s\n' "$1" >"$FILTER.new"
    chmod 0755 "$FILTER.new"
    mv "$FILTER.new" "$FILTER"
}
is_over() {
    case $(cups_job_state "$JOB_ID") in
    canceled* | aborted* | stopped* | processing-stopped* | completed*) true ;;
    *) false ;;
    esac
}

# cupsd says canceled, or stopped when it hears of the filter after us.
is_not_done() {
    case $1 in canceled* | processing-stopped* | aborted*) true ;; *) false ;; esac
}

while IFS='|' read -r what code; do
    filter "$code"
    print_as alice "$HOST/page.pdf" </dev/null
    check "$what: it ends" until_true 20 is_over
    check "$what: not as completed" is_not_done "$(cups_job_state "$JOB_ID")"
    is "$what: nothing is held" "$(find "$HOST/spool/held" "$HOST/spool/incoming" -type f)" ''
    is "$what: for nobody" "$(ph root jobs --all --json | jq length)" 0
done <<TXT
exit 1 without a byte|exit 1
exit 0 without a byte|exit 0
killed without a byte|kill -KILL \$\$
half, then exit 0|head -c $((SIZE / 2)) "\$6"
half, then exit 1|head -c $((SIZE / 2)) "\$6"; exit 1
half, then SIGSEGV|head -c $((SIZE / 2)) "\$6"; kill -SEGV \$\$
half, then SIGKILL|head -c $((SIZE / 2)) "\$6"; kill -KILL \$\$
all but the last line|head -n -1 "\$6"
an end without a middle|head -c 200 "\$6"; tail -c 20 "\$6"
words in place of PDF|echo cannot convert this
TXT
check 'the person is told' grep -q 'not complete' "$HOST/cups/log/error_log"

# With a filter that does its work everything is well.
filter 'exec /usr/lib/cups/filter/pdftopdf "$@"'
print_as alice "$HOST/page.pdf"
check 'a good job is held' until_true 20 has_jobs alice 1
check 'and completed' until_true 10 job_is "$JOB_ID" completed
agent_stop
