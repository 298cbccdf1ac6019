# shellcheck shell=bash disable=SC2034
# SR-05: nothing of a job is run or used as a path. What the backend and its page
# counter ask of the kernel is written down: one program is started, the
# counter, and the files that are opened are those of the installation.
. "$SOURCE/tests/integration/host.sh"
CUPS_HISTORY=Yes
host_start
text_pdf "$HOST/page.pdf" page
install -d -m 1777 "$HOST/calls" "$HOST/trap"
# The backend as cupsd runs it. It cannot be watched by its own account: that
# is what makes it hard to trace. So root watches.
capture() { # title
    (cd "$HOST/trap" && env -i "PATH=$PATH" ASAN_OPTIONS=detect_leaks=0 \
        "PRINTHOLD_CONFIG_DIR=$HOST/etc" PRINTER=PrintHold DEVICE_URI=printhold:/ \
        "PPD=$HOST/cups/ppd/PrintHold.ppd" CONTENT_TYPE=application/pdf \
        "CUPS_SERVER=$CUPS_SERVER" AUTH_USERNAME=alice "AUTH_UID=$(id -u alice)" \
        strace -u lp -f -qq -o "$HOST/calls/$COUNT" -s 300 \
        -e trace=execve,open,openat,creat -e status=successful \
        "$HOST/cups/bin/backend/printhold" $((1000 + COUNT)) alice "$1" 1 \
        "job-uuid=urn:uuid:00000000-0000-0000-0000-00000000000$COUNT \
time-at-processing=$COUNT job-billing=$1 media=$1 outputbin=../../$1 \
document-name-supplied=$1" <"$HOST/page.pdf" >/dev/null 2>>"$HOST/said")
}

# Programs, without the one that strace began with.
started() {
    grep -h 'execve(' "$HOST"/calls/* | grep -v "\"$HOST/cups/bin/backend/printhold\"" |
        sed 's/.*execve("\([^"]*\)".*/\1/' | sort | uniq -c | sed 's/^ *//'
}
opened() {
    sed -nE 's/.*(open|openat|creat)\([^"]*"([^"]*)".*/\2/p' "$HOST"/calls/* | sort -u
}
# What the loader, libc, libcups and we need; a sanitizer looks at /proc.
allowed() {
    grep -vE "^(/etc/(ld\.so\.(cache|preload)|passwd|group|nsswitch\.conf|localtime|ssl/openssl\.cnf)|/usr/lib/ssl/openssl\.cnf|(/usr)?/lib/.*\.so[.0-9]*|/proc/self/(maps|cmdline|environ|exe|task|status|limits|auxv)|/proc/(sys|meminfo|cpuinfo).*|/sys/.*|/dev/(null|urandom)|$HOST/etc(/.*)?|$HOST/cups/ppd/PrintHold\.ppd|conf\.d|[a-zA-Z0-9_-]+\.conf)$"
}

COUNT=0
while IFS= read -r nasty; do
    nasty=$(printf '%b' "$nasty")
    COUNT=$((COUNT + 1))
    capture "$nasty" || fail "exit $? for job $COUNT: $(tail -3 "$HOST/said")"
    check "job $COUNT is held" has_jobs alice "$COUNT"
done <<'TXT'
$(touch ran)
`touch ran`; touch ran | touch ran && touch ran
../../../../etc/shadow
/etc/shadow
%n%n%s%s%x
a\nexecve /bin/sh\nERROR: b
a\x1b[31m\x07b
a\xff\xfe\xc0\xafb
-o option --help
TXT
is 'all were watched' "$(find "$HOST/calls" -type f | wc -l)" "$COUNT"
is 'each started one program, its page counter' "$(started)" \
    "$COUNT $BUILD/backend/printhold-pagecount"
is 'nothing of the jobs was opened' "$(opened | grep -e shadow -e touch -e '%n' -e trap || true)" ''
is 'nothing strange was opened' "$(opened | allowed || true)" ''
is 'nothing was run' "$(find "$HOST/trap" -name 'ran*')" ''
is 'one log line for each' "$(grep -c 'info: job .*: held' "$HOST/agent.log")" "$COUNT"
agent_stop
