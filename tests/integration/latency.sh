# shellcheck shell=bash
# From the last byte that reached the backend to the retained document at a
# subscriber: under one second for every job.
. "$SOURCE/tests/integration/host.sh"
host_start
until_true 15 cloud_is_online || fail 'the cloud link does not come up'
text_pdf "$HOST/page.pdf" page

# The filter before the backend notes when its last byte went.
filter=$HOST/cups/bin/filter/pdftopdf
rm "$filter"
install -d -m 0777 "$HOST/ends"
cat >"$filter" <<TXT
#!/bin/bash
/usr/lib/cups/filter/pdftopdf "\$@" || exit 1
date +%s%N >"$HOST/ends/\$1"
TXT
chmod 0755 "$filter"

mosquitto_sub -V 5 -h localhost -p "$TLS_PORT" --cafile "$HOST/pki/ca.crt" \
    --cert "$HOST/pki/$PRINTER.crt" --key "$HOST/pki/$PRINTER.key" \
    -q 1 -F '%U %p' -t "ph1/$TENANT/u/+/+" >"$HOST/documents.log" 2>&1 &
SUB_PID=$!
end_subscriber() { kill "$SUB_PID" 2>/dev/null; }
HOST_ENDS+=(end_subscriber)

heard_of() { grep -qF "\"job-name\":\"$1\"" "$HOST/documents.log"; }

for n in 01 02 03 04 05 06 07 08 09 10; do
    print_as alice -t "latency-$n" "$HOST/page.pdf"
    check "job $n is in the document" until_true 10 heard_of "latency-$n"
    heard=$(grep -F "\"job-name\":\"latency-$n\"" "$HOST/documents.log" | head -1)
    heard=${heard%% *} # seconds.nanoseconds
    heard=${heard/./}
    took=$(((${heard:0:19} - $(cat "$HOST/ends/$JOB_ID")) / 1000000))
    [ "$took" -lt 1000 ] || fail "job $n: $took ms from last byte to document"
    printf '%d\n' "$took" >>"$HOST/times"
done
say "milliseconds, sorted: $(sort -n "$HOST/times" | tr '\n' ' ')"
agent_stop
