# shellcheck shell=bash disable=SC2034,SC2154
# What a trial shows and proves once the documents are printed. Sourced by
# installer/try.

# --- held ---

jobs_of() { # person
    as_person "$1" printhold jobs --json
}

# One member of one job of alice's, found by its CUPS job number.
job_member() { # cups-job jq-path
    jq -er --argjson job "$1" ".[] | select(.ticket.\"job-id\" == \$job) | $2" \
        <"$DIR/cloud/jobs.json"
}

three_are_held() {
    must_live agent
    jobs_of alice >"$DIR/cloud/jobs.json"
    [ "$(jq '[.[] | select(.state == "held")] | length' \
        <"$DIR/cloud/jobs.json")" = 3 ]
}

wait_for_jobs() {
    wait_for 60 'three held jobs' three_are_held
    JOB=$(job_member "$JOB_PDF" .id)
    local name value
    while read -r name value; do
        [ "$(job_member "$JOB_PDF" ".ticket.\"$name\"")" = "$value" ] ||
            fail "the ticket of the PDF does not say $name=$value"
    done <<'TXT'
copies 2
sides two-sided-long-edge
print-color-mode monochrome
job-impressions 6
TXT
    [ "$(jobs_of bob | jq length)" = 0 ] || fail "bob sees alice's jobs"
    NOTE='alice sees three, bob none'
}

show_jobs() {
    say "${DIM}       alice\$ printhold jobs$PLAIN"
    as_person alice printhold jobs | indent
}

# --- what the cloud knows ---

broker_said() { # topic options...; reads as the service "reader"
    local topic=$1
    shift
    mosquitto_sub -V 5 -h localhost -p "$BROKER_TLS_PORT" \
        --cafile "$PKI/ca.crt" --cert "$PKI/reader.pem" \
        --key "$PKI/reader.pem" -t "$topic" "$@"
}

# Everything that passes the broker, with the time it came.
record_broker() {
    RECORD=$DIR/cloud/messages
    : >"$RECORD"
    setsid mosquitto_sub -V 5 -h localhost -p "$BROKER_TLS_PORT" \
        --cafile "$PKI/ca.crt" --cert "$PKI/recorder.pem" \
        --key "$PKI/recorder.pem" -t "ph1/$TENANT/#" \
        -F '%U %t %p' </dev/null >>"$RECORD" 2>>"$DIR/log/reader.log" 3>&- &
    remember reader $!
}

document_lists() { # number of jobs
    broker_said "ph1/$TENANT/u/+/$WORKSTATION" -C 1 -W 2 \
        >"$DIR/cloud/directory.json" 2>/dev/null &&
        [ "$(jq '.jobs | length' <"$DIR/cloud/directory.json")" = "$1" ]
}

read_cloud() {
    wait_for 20 'the directory document' document_lists 3
    jq -e --arg id "$JOB" '.jobs[] | select(.id == $id)' \
        <"$DIR/cloud/directory.json" >/dev/null ||
        fail 'the directory document does not name the job'
    NOTE=$(time_to_cloud)
}

# From the last byte that the backend got to the document at the broker.
time_to_cloud() {
    local at
    at=$(grep " ph1/$TENANT/u/[^ ]*/$WORKSTATION .*$JOB" "$RECORD" |
        head -n 1 | cut -d ' ' -f 1)
    [ -n "$at" ] || return 0
    awk -v at="$at" -v end="$(cat "$DIR/witness/$JOB_PDF.end")" \
        'BEGIN { printf "%.2f s after the last byte", at - end / 1000 }'
}

show_cloud() {
    say "${DIM}       the one document about alice at the broker$PLAIN"
    jq . <"$DIR/cloud/directory.json" | indent
}

# --- no plaintext ---

# Where our parts and the private CUPS keep things.
SEARCHED=(agent/state agent/spool cups/spool cups/cache log/agent.log)

search_text() { # text path...
    local text=$1
    shift
    grep -raF -l -D skip -e "$text" -- "$@"
}

search_bytes() { # hex-bytes path...
    local pattern
    pattern=${1// /\\x} # " 25 50" as od writes it
    shift
    LC_ALL=C grep -raP -l -D skip -e "$pattern" -- "$@"
}

# Samples of a file's bytes, 24 at a time; each of a line's width, so that a
# newline never falls into a pattern.
samples_of() { # file
    od -An -v -tx1 -w24 "$1" | awk '!/0a/ && NR % 61 == 3 && ++n <= 12'
}

nothing_has() { # what kind pattern
    local hits
    if hits=$("search_$2" "$3" "${PLACES[@]}"); then
        fail "$1 lies in plaintext in $hits"
    fi
    SEARCHES=$((SEARCHES + 1))
}

must_have() { # what kind pattern path
    "search_$2" "$3" "$4" >/dev/null ||
        fail "the search does not find $1 where it is: $4"
}

# Documents, control files and what filters left; not fontconfig's own cache.
cups_is_clean() {
    [ -z "$(find "$DIR/cups/spool" -name .cache -prune -o -type f -print)" ]
}

prove_no_plaintext() {
    local place mark sample job
    PLACES=() SEARCHES=0
    for place in "${SEARCHED[@]}"; do
        [ ! -e "$DIR/$place" ] || PLACES+=("$DIR/$place")
    done
    wait_for 15 "CUPS's own copies to be purged" cups_is_clean
    # A search that cannot find anything proves nothing.
    must_have 'the PDF text' text "secret-$MARK_PDF" "$DOCUMENTS/budget.pdf"
    must_have 'the letter' text "secret-$MARK_TEXT" "$DOCUMENTS/letter.txt"
    must_have 'the PDF title' text "$TITLE_PDF" "$DOCUMENTS/budget.pdf"
    for mark in "$TITLE_TEXT" "$TITLE_IMAGE"; do
        must_have 'a title' text "$mark" "$DIR/cloud/jobs.json"
    done
    for mark in "$MARK_PDF" "$MARK_TEXT" "$MARK_IMAGE" "$LOGIN" \
        confidential budget.pdf letter.txt photo.png; do
        nothing_has "\"$mark\"" text "$mark"
    done
    while IFS= read -r sample; do
        must_have 'a piece of the image' bytes "$sample" "$DOCUMENTS/photo.png"
        nothing_has 'a piece of the image' bytes "$sample"
    done < <(samples_of "$DOCUMENTS/photo.png")
    # What the filters handed to the backend: compressed pages and pictures.
    for job in "$JOB_PDF" "$JOB_TEXT" "$JOB_IMAGE"; do
        [ -s "$DIR/witness/$job.samples" ] || fail "no samples of job $job"
        while IFS= read -r sample; do
            nothing_has "a piece of job $job as captured" bytes "$sample"
        done <"$DIR/witness/$job.samples"
    done
    NOTE="$SEARCHES searches"
}

show_search() {
    local files bytes
    files=$(find "${PLACES[@]}" -type f | wc -l)
    bytes=$(find "${PLACES[@]}" -type f -printf '%s\n' |
        awk '{ n += $1 } END { print n + 0 }')
    say "       every byte of $files files ($bytes bytes) in spool, catalogue,"
    say "       log and CUPS; the same searches find the originals"
}

# --- pull ---

# The printer's side, for the trial and for whoever plays with it afterwards.
write_printer() {
    cat >"$DIR/release" <<TXT
#!/bin/sh
# Be the printer: sign in with your PIN, see what you hold, or pull it.
[ "\${1-}" != list ] || shift
exec "$DIR/usr/bin/printhold-station" sign-in --way pin --state "$DIR/printer" "\$@"
TXT
    chmod 0755 "$DIR/release"
}

hub_tells() {
    "$DIR/release" list --json <"$DIR/pin" >"$DIR/cloud/at-printer.json" &&
        jq -e --arg id "$JOB" '.workstations[0].jobs[] | select(.id == $id)' \
            "$DIR/cloud/at-printer.json"
}

sign_in() {
    write_printer
    wait_for 20 'the hub to know what is held' hub_tells
    ! "$DIR/release" list <<<83649152 || fail 'a wrong PIN opens'
    NOTE="$(jq '[.workstations[].jobs[]] | length' "$DIR/cloud/at-printer.json") jobs on 1 workstation; a wrong PIN opens nothing"
}

pull_job() {
    PULLED=$DIR/pulled
    install -d -m 0700 "$PULLED"
    "$DIR/release" --output "$PULLED" --job "$JOB" <"$DIR/pin"
    PULLED_FILE=$(find "$PULLED" -type f -name '*.pdf')
    [ -f "$PULLED_FILE" ] || fail 'the station left no PDF'
    NOTE="$(stat -c %s "$PULLED_FILE") bytes over TLS 1.3"
}

compare_document() {
    local captured pulled recorded pages sample
    captured=$(cut -d ' ' -f 1 "$DIR/witness/$JOB_PDF.sha256")
    pulled=$(sha256sum "$PULLED_FILE" | cut -d ' ' -f 1)
    recorded=$(job_member "$JOB_PDF" .sha256)
    [ "$pulled" = "$captured" ] ||
        fail "pulled $pulled, but the backend was given $captured"
    [ "$recorded" = "$captured" ] || fail "the agent recorded $recorded"
    pages=$(qpdf --show-npages "$PULLED_FILE")
    [ "$pages" = "$(job_member "$JOB_PDF" '.ticket."job-impressions"')" ] ||
        fail "the PDF has $pages pages, the job says otherwise"
    [ "$pages" = "${PAGES:?}" ] || fail "the PDF has $pages pages, not $PAGES"
    # The samples that were searched for are what the document is made of.
    while IFS= read -r sample; do
        must_have 'a sample' bytes "$sample" "$PULLED_FILE"
    done < <(grep -v 0a "$DIR/witness/$JOB_PDF.samples")
    DIGEST=$pulled
    NOTE="$pages pages"
}

show_comparison() {
    say "       SHA-256 of what CUPS gave the backend, of what the printer got,"
    say "       and in the agent's record: $DIGEST"
}

# --- gone ---

job_is_gone() {
    ! jobs_of alice | jq -e --arg id "$JOB" '.[] | select(.id == $id)'
}

prove_gone() {
    wait_for 10 'the job to go' job_is_gone
    [ -z "$(find "$DIR/agent/spool" -type f -name "*$JOB*")" ] ||
        fail 'the spool still has its file'
    [ "$(find "$DIR/agent/spool" -type f | wc -l)" = 2 ] ||
        fail 'the spool has not exactly the two other files'
    NOTE='file removed, two jobs left'
}

released_event() {
    grep " ph1/$TENANT/ev/$WORKSTATION " "$RECORD" | cut -d ' ' -f 3- |
        jq -ec --arg id "$JOB" 'select(.subject == $id and
            .type == "org.printhold.job.released.v1")' \
            >"$DIR/cloud/released.json"
}

prove_released() {
    wait_for 20 'the directory document of two jobs' document_lists 2
    ! jq -e --arg id "$JOB" '.jobs[] | select(.id == $id)' \
        <"$DIR/cloud/directory.json" || fail 'the cloud still lists the job'
    wait_for 20 'the event of the release' released_event
    NOTE="$(jq -r .type <"$DIR/cloud/released.json" | head -n 1)"
}

# --- what the hub counts ---

# Printer and workstation both tell of it; that is one release.
is_reported() {
    hub report releases --person "$LOGIN" --format json >"$DIR/cloud/report.json" &&
        jq -e --arg id "$JOB" 'length == 1 and .[0]."job-id" == $id and
            .[0]."told-by" == "both"' "$DIR/cloud/report.json"
}

read_report() {
    wait_for 20 'the release in the report' is_reported
    NOTE='told by printer and workstation'
}

show_report() {
    say "${DIM}       admin\$ printhold-hub report releases, some of it$PLAIN"
    jq -r '.[] | {"release-user", printer, workstation, "job-name", pages, sheets,
        "final-action", "told-by"} | to_entries[] | "\(.key)\t\(.value)"' \
        "$DIR/cloud/report.json" |
        awk -F '\t' '{ printf "%-13s %s\n", $1, $2 }' | indent
}

# --- privacy: what left is what the page says ---

prove_privacy() {
    local member
    # What the hub says to workstations is signed, and no JSON as it stands.
    NOTE=$(cut -d ' ' -f 3- "$RECORD" | grep '^{' | jq -r '.. | objects | keys[]' |
        sort -u | tee "$DIR/cloud/members" | wc -l)
    [ "$NOTE" -gt 20 ] || fail 'the record of the broker is not whole'
    while read -r member; do
        grep -qF "\`$member\`" "$SOURCE/docs/privacy.md" ||
            fail "docs/privacy.md does not name the member $member"
    done <"$DIR/cloud/members"
    NOTE="$NOTE members in $(wc -l <"$RECORD") messages"
}

# --- the end ---

summary() {
    say ''
    say "${GREEN}PrintHold works here.${PLAIN} Printed by alice, held encrypted, pulled once after she"
    say "signed in at the printer, gone, counted once; the document never left this"
    say "machine but for the printer. $(seconds $(($(now_ms) - BEGAN))) s in all."
}

# Whoever plays with it afterwards gets a PIN of their own.
add_player() {
    PLAYER=${SUDO_USER:-root}@$DOMAIN
    hub user add "$PLAYER"
    hub workstation bind "$WORKSTATION" "$PLAYER"
    PLAYERS_PIN=$(hub pin make "$PLAYER" --json | jq -r .pin)
}

# What watched the trial must not watch people: no witness in the queue, no
# record of titles, nothing of what was pulled.
leave_running() {
    add_player
    end_process "$DIR" reader
    "$DIR/usr/libexec/printhold/queue" repair
    rm -rf "$DIR/witness" "$DIR/pulled" "$DIR/cloud" "$DIR/pin"
    touch "$DIR/stay"
}

say_how_to_go_on() {
    cat >&3 <<TXT

Print into it from any program that uses CUPS:
    CUPS_SERVER=$DIR/cups/cups.sock lp -d PrintHold FILE
    CUPS_SERVER=$DIR/cups/cups.sock your-application
See your jobs:
    export PRINTHOLD_CONFIG_DIR=$DIR/etc
    $DIR/usr/bin/printhold jobs
Be the printer (as root, who may read its key) and type your PIN, $PLAYERS_PIN:
    $DIR/release list
    $DIR/release --all --output /some/dir
Be the administrator (as root):
    $DIR/usr/sbin/printhold-hub report releases --dir $DIR/hub --config $DIR/etc/hub.conf
Hear what the cloud hears (as root):
    mosquitto_sub -V 5 -h localhost -p $BROKER_TLS_PORT --cafile $PKI/ca.crt \\
        --cert $PKI/reader.pem --key $PKI/reader.pem -v -t 'ph1/$TENANT/#'
End it:
    $SOURCE/installer/try --stop --dir $DIR
TXT
}
