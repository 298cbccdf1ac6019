# shellcheck shell=bash disable=SC2034,SC2154
# The private cupsd, the broker, the agent and the queue. Sourced by
# installer/try.

# --- CUPS ---

CUPS_PREFIX=/usr/lib/cups

# The system's filters and our backend; no other backend.
make_server_bin() { # dir
    local one
    install -d -m 0755 "$1" "$1/backend" "$1/filter"
    for one in daemon notifier monitor cgi-bin driver; do
        [ ! -e "$CUPS_PREFIX/$one" ] || ln -s "$CUPS_PREFIX/$one" "$1/$one"
    done
    for one in "$CUPS_PREFIX"/filter/*; do
        ln -s "$one" "$1/filter/"
    done
    install -m 0755 "$DIR/usr/lib/cups/backend/printhold" "$1/backend/"
    make_witness "$1/filter/printhold-witness"
}

write_cups_files() {
    local cups=$DIR/cups
    cat >"$cups/cups-files.conf" <<TXT
ServerRoot $cups
ServerBin $cups/bin
DataDir /usr/share/cups
DocumentRoot $cups/www
RequestRoot $cups/spool
TempDir $cups/spool/tmp
CacheDir $cups/cache
StateDir $cups/state
AccessLog $cups/log/access_log
ErrorLog $cups/log/error_log
PageLog $cups/log/page_log
User lp
Group lp
SystemGroup root lpadmin
Printcap
SetEnv PRINTHOLD_CONFIG_DIR $DIR/etc
TXT
}

# Debian's own settings, except for where it listens.
write_cupsd_conf() {
    local stock=/usr/share/cups/cupsd.conf.default
    [ -r "$stock" ] || stock=/etc/cups/cupsd.conf
    {
        printf 'Listen %s\nBrowsing No\n' "$DIR/run/cups.sock"
        printf 'BrowseLocalProtocols none\nWebInterface No\n'
        grep -Eiv '^[[:space:]]*(Listen|Port|Browsing|BrowseLocalProtocols|WebInterface)[[:space:]]' \
            "$stock"
    } >"$DIR/cups/cupsd.conf"
}

cups_answers() {
    must_live cups
    lpstat -h "$DIR/run/cups.sock" -r | grep -q 'is running'
}

start_cups() {
    local cups=$DIR/cups
    install -d -m 0755 "$cups" "$cups/www"
    install -d -m 0755 -o root -g lp "$cups/state" "$cups/ppd"
    install -d -m 0775 -o root -g lp "$cups/cache"
    install -d -m 0755 -o root -g lp "$cups/log"
    install -d -m 0710 -o root -g lp "$cups/spool"
    install -d -m 1770 -o root -g lp "$cups/spool/tmp"
    install -d -m 0700 -o lp -g lp "$DIR/witness"
    make_server_bin "$cups/bin"
    write_cups_files
    write_cupsd_conf
    cupsd -t -c "$cups/cupsd.conf" -s "$cups/cups-files.conf"
    launch cups cupsd -f -c "$cups/cupsd.conf" -s "$cups/cups-files.conf"
    wait_for 20 'cupsd' cups_answers
}

# The last filter before the backend: passes everything on unchanged and notes
# its SHA-256, when the last byte went, and a few samples of the bytes. This is
# how the trial knows what was captured without asking the parts under trial.
make_witness() { # file
    cat >"$1" <<TXT
#!/bin/bash
# filter(7): job user title copies options [file]
set -eu
notes=$DIR/witness/\$1
work=\$(mktemp -d)
trap 'rm -rf "\$work"' EXIT
mkfifo "\$work/sum" "\$work/samples"
sha256sum <"\$work/sum" >"\$notes.sha256" &
od -An -v -tx1 -w24 <"\$work/samples" |
    awk 'NR % 89 == 7 && ++n <= 16' >"\$notes.samples" &
if [ \$# -ge 6 ]; then cat -- "\$6"; else cat; fi |
    tee "\$work/sum" "\$work/samples"
wait
date +%s%3N >"\$notes.end"
TXT
    chmod 0755 "$1"
}

# --- the queue: our PPD with the witness in front of the backend ---

make_queue() {
    local ppd=$DIR/usr/share/printhold/printhold.ppd
    local with=$DIR/etc/printhold-witness.ppd
    sed 's|^\(\*cupsFilter2: "application/vnd.cups-pdf application/pdf [0-9]*\) -"|\1 printhold-witness"|' \
        "$ppd" >"$with"
    grep -q printhold-witness "$with" ||
        fail 'the PPD has no line for the witness'
    CUPS_SERVER=$DIR/run/cups.sock \
        "$DIR/usr/libexec/printhold/queue" ensure --ppd "$with"
}

# --- the broker ---

start_broker() {
    fail 'not written yet'
}

# --- the agent ---

agent_answers() {
    must_live agent
    as_person printhold printhold status
}

start_agent() {
    as_person printhold printhold-agent --config-dir "$DIR/etc" key init
    person printhold
    launch agent "${PERSON[@]}" printhold-agent --config-dir "$DIR/etc"
    wait_for 20 'the agent' agent_answers
    NOTE='as user printhold, no capability'
}
