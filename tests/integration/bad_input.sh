# shellcheck shell=bash disable=SC2034
# Bad jobs get a clear end in the queue, odd ones are held; nothing held is lost.
. "$SOURCE/tests/integration/host.sh"
CUPS_HISTORY=Yes
host_start
text_pdf "$HOST/page.pdf" page
print_as alice "$HOST/page.pdf"
check 'a good job first' until_true 20 has_jobs alice 1
COUNT=1

refused() { # text argument...
    local text=$1
    shift
    print_as alice "$@"
    check "$text: cancelled" until_true 20 job_is "$JOB_ID" canceled
    is "$text: not held" "$(jobs_of alice)" "$COUNT"
}
held() { # text argument...
    local text=$1
    shift
    print_as alice "$@"
    COUNT=$((COUNT + 1))
    check "$text: held" until_true 30 has_jobs alice "$COUNT"
}
last() { job_field alice $((COUNT - 1)) "$1"; }

# A filter that fails looks like an empty document to the backend.
qpdf --encrypt secret secret 256 -- "$HOST/page.pdf" "$HOST/locked.pdf"
head -c 900 "$HOST/page.pdf" >"$HOST/cut.pdf"
: >"$HOST/empty.bin"
chmod 0644 "$HOST"/*.pdf "$HOST/empty.bin"
refused 'password PDF through the filter (empty)' "$HOST/locked.pdf"
check 'the queue says why' grep -q 'printhold.*empty\|empty.*print' -i "$HOST/cups/log/error_log"
refuse 'an empty file is refused by cupsd itself' \
    print_as alice -o raw "$HOST/empty.bin" 2>/dev/null
refused 'cut PDF, raw' -o raw "$HOST/cut.pdf"

held 'password PDF, raw' -o raw "$HOST/locked.pdf"
is 'its page count is unknown, not guessed' "$(last '.ticket["job-impressions"]')" null
held 'opaque bytes, raw' -o raw /bin/true
is 'its format is what it is' "$(last '.ticket["document-format"]')" application/octet-stream
held 'text that says it is PDF' -o raw -o document-format=application/pdf "$SOURCE/LICENSE"
is 'its format is sniffed' "$(last '.ticket["document-format"]')" text/plain

held '3,000-byte title' -t "$(head -c 3000 /dev/zero | tr '\0' x)" "$HOST/page.pdf"
install -d -m 1777 "$HOST/open" # where anybody could leave a trace
held 'title with newline, ESC and shell' \
    -t $'a\nb\e[31m'"\$(touch $HOST/open/it)\`touch $HOST/open/it\`;\"'\\%n../.." "$HOST/page.pdf"
is 'nothing was run' "$(ls "$HOST/open")" ''
refuse 'no control byte in the list' grep -qP '[\x00-\x09\x0b-\x1f]' <(ph alice jobs)
is 'one line a job' "$(ph alice jobs | wc -l)" $((COUNT + 1))
held 'invalid UTF-8 title' -t $'bad\xff\xfetitle' "$HOST/page.pdf"
check 'it is valid JSON all the same' test -n "$(last .id)"
held 'unknown options and values' -o sides=upside-down -o no-such-option=1 \
    -o print-color-mode=ultraviolet -o finishings=999 -o job-priority=7 "$HOST/page.pdf"
is 'unknown sides are not passed on' "$(last .ticket.sides)" one-sided

# 10,000 pages, counted exactly (raw: pdftopdf alone would take half a minute).
{
    echo '%!PS'
    echo '1 1 10000 { pop showpage } for'
} | gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=pdfwrite "-sOutputFile=$HOST/thick.pdf" -
chmod 0644 "$HOST/thick.pdf"
held '10,000 pages' -o raw "$HOST/thick.pdf"
is 'counted exactly' "$(last '.ticket["job-impressions"]')" 10000

# SR-12: the page tree at the end of a GiB that comes in some kilobytes. Counting
# ends at its limit; printing does not. A sanitizer needs more memory than any
# limit allows, so there is none, and the page is found.
python3 - "$HOST/bomb.pdf" <<'PY'
import sys, zlib
tree = b'1 0 2 34 << /Type /Catalog /Pages 2 0 R >> '
tree += b'<< /Type /Pages /Kids [3 0 R] /Count 1 >>'
head = tree[:9].ljust(1 << 30)
packer = zlib.compressobj(1)
stream = packer.compress(head) + packer.compress(tree[9:]) + packer.flush()
stream = zlib.compress(stream, 9)
out = b'%PDF-1.5\n'
at = {3: len(out)}
out += b'3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >> endobj\n'
at[4] = len(out)
out += b'4 0 obj << /Type /ObjStm /N 2 /First %d ' % (1 << 30)
out += b'/Filter [/FlateDecode /FlateDecode] /Length %d >> stream\n' % len(stream)
out += stream + b'\nendstream endobj\n'
at[5] = len(out)
rows = [(0, 0, 255), (2, 4, 0), (2, 4, 1), (1, at[3], 0), (1, at[4], 0), (1, at[5], 0)]
table = b''.join(bytes([kind]) + where.to_bytes(4, 'big') + bytes([index])
                 for kind, where, index in rows)
out += b'5 0 obj << /Type /XRef /Size 6 /W [1 4 1] /Root 1 0 R '
out += b'/Length %d >> stream\n' % len(table) + table + b'\nendstream endobj\n'
out += b'startxref\n%d\n%%%%EOF\n' % at[5]
open(sys.argv[1], 'wb').write(out)
PY
chmod 0644 "$HOST/bomb.pdf"
held 'a decompression bomb' -o raw "$HOST/bomb.pdf"
pages=null
! is_sanitized "$BUILD/backend/printhold-pagecount" || pages=1
is 'is not counted' "$(last '.ticket["job-impressions"]')" "$pages"

# Damage in the spool: the others are still there after a restart.
agent_stop
FIRST=$(find "$HOST/spool/held" -type f | head -1)
printf 'X' | dd of="$FIRST" bs=1 seek=8 conv=notrunc status=none
: >"$HOST/spool/held/00112233445566778899aabbccddeeff"
agent_start
is 'a damaged and a foreign file lose no job' "$(jobs_of alice)" "$COUNT"
agent_stop

# Configuration: named with file and line, exit 78.
printf '[agent]\nlog_level = info\nno_such_key = 1\n' >"$HOST/etc/conf.d/zz.conf"
rc=0
said=$("$BUILD/agent/printhold-agent" --config-dir "$HOST/etc" 2>&1) || rc=$?
is 'an unknown key ends the start' "$rc" 78
check 'and is named with file and line' grep -q 'zz.conf:3.*no_such_key' <<<"$said"
rm "$HOST/etc/conf.d/zz.conf"
try_start() { # argument...; sets rc and said
    rc=0
    said=$(as printhold env ASAN_OPTIONS=detect_leaks=0 \
        "$BUILD/agent/printhold-agent" "$@" 2>&1) || rc=$?
}
try_start --config-dir /nonexistent
is 'a missing configuration directory ends the start' "$rc" 78
check 'and is named' grep -q '/nonexistent' <<<"$said"
mkdir "$HOST/none"
try_start --config-dir "$HOST/none"
is 'an empty configuration means the defaults' "$rc" 78
check 'of which the first missing thing is named' grep -q '/var/lib/printhold' <<<"$said"
