# shellcheck shell=bash disable=SC2034
# A job comes out of one printer, whole and once, whatever breaks (SR-25, SR-70,
# SR-74): two printers race, the connection is cut at every MiB, the agent is
# killed during the download, before the report is answered and after, a printer
# never comes back, a document was altered on the disk. What a kill at any single
# call leaves behind, tests/fault/kill.py shows.
. "$SOURCE/tests/integration/host.sh"
install -d "$HOST/etc/conf.d"
host_config release lease 25s # a busy computer needs 10 for a restart
host_start
. "$SOURCE/tests/integration/printer.sh"
MIB=$((1024 * 1024))
OTHER=pr-test-second
pki printer "$PKI" "$OTHER"

text_pdf "$HOST/page.pdf" page
sized_filter
RACED=6
BIG=$((6 * MIB + 12345))
for size in "$BIG" "$BIG" "$BIG" "$BIG" 9000 9000; do
    print_as alice -t "$size" "$HOST/page.pdf"
done
until_true 30 has_jobs alice 6 || fail "alice's jobs do not arrive"
for ((i = 0; i < RACED; i++)); do
    print_as bob -t $((1000 + 100000 * i)) "$HOST/page.pdf"
done
until_true 30 has_jobs bob "$RACED" || fail "bob's jobs do not arrive"
mapfile -t ALICE < <(ph alice jobs --json | jq -r '.[].id')
mapfile -t BOB < <(ph bob jobs --json | jq -r '.[].id')
RELEASED=0 # events so far

state_of() { # id
    ph root show --json "$1" | jq -r .state
}
is_in_state() { # id state
    [ "$(state_of "$1")" = "$2" ]
}
document() { # id curl-option...; the document on standard output
    local id=$1
    shift
    curl_as "$PRINTER" --fail -H "Authorization: Bearer $SESSION" "$@" \
        "$URL/jobs/$id/document"
}
is_longer() { # file bytes
    [ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -gt "$2" ]
}
# An event may be sent again after a kill; by its id it is one.
different() { # type
    { grep "\"org.printhold.job.$1.v1\"" "$HOST/watch.log" || true; } |
        cut -d' ' -f2- | jq -r .id | sort -u | wc -l
}
has_different() { # type count
    [ "$(different "$1")" = "$2" ]
}
counts_once() { # what
    RELEASED=$((RELEASED + 1))
    check "$1: the cloud hears of it" until_true 10 has_different released "$RELEASED"
}

# --- a printer that never comes back: the end of it is at the end ---

read -r CUT KILLED UNANSWERED LOST ALTERED EARLY <<<"${ALICE[*]}"
open_session --amr pin
is 'a printer claims' "$(call POST "/jobs/$LOST/claim")" 200
document "$LOST" --limit-rate 1M >"$HOST/lost" &
CURL=$!
check 'and reads' until_true 10 is_longer "$HOST/lost" 1000
kill -KILL "$CURL"
wait "$CURL" 2>/dev/null || true

# --- two printers race for the same jobs ---

race() { # printer
    local PRINTER=$1 BODY=$HOST/body.$1 SESSION='' id
    open_session --sub bob@example.com >/dev/null
    : >"$HOST/ready.$1"
    until_true 10 test -e "$HOST/go"
    for id in "${BOB[@]}"; do
        case $(call POST "/jobs/$id/claim") in
        200) ;;
        409 | 404) continue ;; # the other holds it, or has printed it
        *) fail "claim: $(cat "$BODY")" ;;
        esac
        [ "$(call GET "/jobs/$id/document")" = 200 ] || fail "$1 cannot read $id"
        printf '%s %s\n' "$id" "$(sha256sum <"$BODY" | cut -d' ' -f1)" >>"$HOST/won.$1"
        [ "$(complete "$id" printed)" = 200 ] || fail "$1 cannot complete $id"
    done
}
ph bob jobs --json | jq -r '.[] | "\(.id) \(.sha256)"' | sort >"$HOST/want"
: >"$HOST/won.$PRINTER"
: >"$HOST/won.$OTHER"
race "$PRINTER" &
RACERS=($!)
race "$OTHER" &
RACERS+=($!)
until_true 20 test -e "$HOST/ready.$PRINTER" -a -e "$HOST/ready.$OTHER" ||
    fail 'the printers do not sign in'
: >"$HOST/go"
for one in "${RACERS[@]}"; do
    wait "$one" || fail 'a racing printer failed'
done
say "won: $(wc -l <"$HOST/won.$PRINTER") and $(wc -l <"$HOST/won.$OTHER")"
check 'each job came out of one printer, whole' \
    cmp "$HOST/want" <(sort "$HOST/won.$PRINTER" "$HOST/won.$OTHER")
is 'nothing is left for bob' "$(jobs_of bob)" 0
RELEASED=$RACED
check 'the cloud hears of each once' until_true 10 has_different released "$RACED"

# --- the connection is cut at every MiB ---

SUM=$(document_sha "$CUT")
open_session --amr card
is 'claim' "$(call POST "/jobs/$CUT/claim")" 200
SIZE=$(jq .size "$BODY")
: >"$HOST/cut"
CUTS=0
while GOT=$(stat -c %s "$HOST/cut") && [ "$GOT" -lt "$SIZE" ] && [ "$CUTS" -lt 20 ]; do
    # head leaves with its MiB; curl, with the rest under way, cannot go on.
    { document "$CUT" -r "$GOT-" -H "If-Range: \"$SUM\"" 2>/dev/null || true; } |
        head -c "$MIB" >>"$HOST/cut"
    CUTS=$((CUTS + 1))
done
is 'cut at every MiB' "$CUTS" $((SIZE / MIB + 1))
is 'it is byte-identical' "$(sha256sum <"$HOST/cut" | cut -d' ' -f1)" "$SUM"
is 'printed' "$(complete "$CUT" printed)" 200
is 'reported twice' "$(complete "$CUT" printed)" 200
counts_once 'cut'

# --- killed during the download ---

SUM=$(document_sha "$KILLED")
is 'claim' "$(call POST "/jobs/$KILLED/claim")" 200
document "$KILLED" --limit-rate 2M -r 0- >"$HOST/killed" 2>/dev/null &
CURL=$!
check 'the download is under way' until_true 10 is_longer "$HOST/killed" "$MIB"
agent_kill
refuse 'it breaks' wait "$CURL"
GOT=$(stat -c %s "$HOST/killed")
check "with a part, $GOT bytes" test "$GOT" -lt "$BIG"
agent_start
is 'it is this printer'\''s as before' "$(state_of "$KILLED")" claimed
(
    PRINTER=$OTHER
    open_session --amr pin
    is 'no other printer gets it' "$(call POST "/jobs/$KILLED/claim")" 409
    is 'nor its document' "$(call GET "/jobs/$KILLED/document")" 409
) || exit 1
is 'the session is gone' "$(call GET "/jobs/$KILLED/document")" 401
open_session --amr card
document "$KILLED" -r "$GOT-" -H "If-Range: \"$SUM\"" >>"$HOST/killed" ||
    fail 'the rest is not sent'
is 'the rest makes it whole' "$(sha256sum <"$HOST/killed" | cut -d' ' -f1)" "$SUM"
is 'printed' "$(complete "$KILLED" printed)" 200

# --- killed after the report was answered ---

agent_kill
agent_start
is 'it does not come back' "$(state_of "$KILLED")" released
open_session --amr card
is 'the same report again' "$(complete "$KILLED" printed)" 200
is 'its document is gone' "$(call GET "/jobs/$KILLED/document")" 404
counts_once 'killed'

# --- killed between the download and the report ---

is 'claim' "$(call POST "/jobs/$UNANSWERED/claim")" 200
is 'download' "$(call GET "/jobs/$UNANSWERED/document")" 200
agent_kill
refuse 'the report finds nobody' complete "$UNANSWERED" printed >/dev/null 2>&1
agent_start
open_session --amr card
is 'printed' "$(complete "$UNANSWERED" printed)" 200
is 'reported twice' "$(complete "$UNANSWERED" printed)" 200
counts_once 'unanswered'

# --- a document was altered on the disk ---

alter() { # id byte-from-the-end
    local file=$HOST/spool/held/$1 at old
    at=$(($(stat -c %s "$file") - $2))
    old=$(od -An -tu1 -j "$at" -N 1 "$file")
    printf '%b' "$(printf '\\0%o' $((old ^ 1)))" |
        dd of="$file" bs=1 seek="$at" conv=notrunc status=none
}
is 'claim' "$(call POST "/jobs/$ALTERED/claim")" 200
is 'the first download is good' "$(call GET "/jobs/$ALTERED/document")" 200
alter "$ALTERED" 5000 # in its last segment
is 'altered, its first bytes are not sent' \
    "$(call GET "/jobs/$ALTERED/document" -r 0-9)" 500
is 'but the reason' "$(problem)" urn:printhold:problem:damaged
check 'in words' grep -q 'print it again' "$BODY"
is 'it has failed' "$(state_of "$ALTERED")" failed
is 'for the printer it is gone' "$(call GET "/jobs/$ALTERED/document")" 404
is 'and cannot be completed' "$(complete "$ALTERED" printed)" 404
check 'the cloud hears why' until_true 10 has_different failed 1
check 'in words too' grep -q '"reason": *"the spool file is damaged"' "$HOST/watch.log"
agent_stop
alter "$EARLY" 5000
agent_start
open_session --amr card
is 'claim of one that was altered while nobody looked' \
    "$(call POST "/jobs/$EARLY/claim")" 200
is 'not a byte of it' "$(call GET "/jobs/$EARLY/document")" 500
is 'but the reason' "$(problem)" urn:printhold:problem:damaged
is 'it has failed' "$(state_of "$EARLY")" failed
check 'the cloud hears it' until_true 10 has_different failed 2

# --- the printer that never came back ---

check 'its lease ends and the job is held again' until_true 60 is_in_state "$LOST" held
SUM=$(document_sha "$LOST")
is 'its late report does not count' "$(complete "$LOST" printed)" 409
(
    PRINTER=$OTHER
    open_session --amr pin
    is 'another printer claims' "$(call POST "/jobs/$LOST/claim")" 200
    is 'reads' "$(call GET "/jobs/$LOST/document")" 200
    is 'all of it' "$(sha256sum <"$BODY" | cut -d' ' -f1)" "$SUM"
    is 'and prints' "$(complete "$LOST" printed)" 200
) || exit 1
is 'the first is told that it is gone' "$(complete "$LOST" printed)" 404
counts_once 'lost'
is 'nothing is held' "$(find "$HOST/spool/held" -type f | wc -l)" 0
agent_stop
is 'each was released once' "$(different released)" "$RELEASED"
