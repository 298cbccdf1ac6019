# shellcheck shell=bash
# A private cupsd for tests. Source it; needs root, and the accounts that
# "people" makes.
#
#   cups_make DIR BACKEND    lay everything out; BACKEND becomes printhold
#   cups_start / cups_stop
#   cups_queue [ARGUMENT...] make the queue with installer/queue
#   as USER COMMAND...       an ordinary login of alice or bob
#   cups_job_state ID        "pending-held job-hold-until-specified", "gone" ...
#   until_true SECONDS COMMAND...
#
# After cups_make, CUPS_SERVER names the private socket for all CUPS clients.
# CUPS_TOOLS is the directory of our test programs. CUPS_RETRY_S (default 2) is
# JobRetryInterval. With CUPS_STOCK, logs, kept jobs and retries are as the
# distribution has them. The backend reads its settings from $CUPS_DIR/etc.

CUPS_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)

as() { # user command...
    local user=$1
    shift
    setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all -- \
        env -i "PATH=$PATH" LANG=C.UTF-8 "HOME=$CUPS_DIR" "USER=$user" \
        "LOGNAME=$user" "CUPS_SERVER=$CUPS_SERVER" "$@"
}

# shellcheck source=tests/support/until.sh
. "$CUPS_TOP/tests/support/until.sh"

cups_server_bin() {
    local one bin=$CUPS_DIR/bin
    install -d -m 0755 "$bin" "$bin/backend" "$bin/filter"
    for one in daemon notifier monitor cgi-bin driver; do
        [ ! -e "/usr/lib/cups/$one" ] || ln -s "/usr/lib/cups/$one" "$bin/$one"
    done
    for one in /usr/lib/cups/filter/*; do
        ln -s "$one" "$bin/filter/"
    done
}

cups_write_files_conf() {
    cat >"$CUPS_DIR/cups-files.conf" <<TXT
ServerRoot $CUPS_DIR
ServerBin $CUPS_DIR/bin
DataDir /usr/share/cups
DocumentRoot $CUPS_DIR/www
RequestRoot $CUPS_DIR/spool
TempDir $CUPS_DIR/spool/tmp
CacheDir $CUPS_DIR/cache
StateDir $CUPS_DIR/state
AccessLog $CUPS_DIR/log/access_log
ErrorLog $CUPS_DIR/log/error_log
PageLog $CUPS_DIR/log/page_log
User lp
Group lp
SystemGroup root lpadmin
Printcap
SetEnv PRINTHOLD_CONFIG_DIR $CUPS_DIR/etc
${CUPS_SETENV:-}
TXT
}

# The distribution's policies; where to listen and how to keep jobs is ours.
cups_write_cupsd_conf() {
    local stock=/usr/share/cups/cupsd.conf.default
    [ -r "$stock" ] || stock=/etc/cups/cupsd.conf
    {
        printf 'Listen %s\n' "$CUPS_SERVER"
        [ -z "${CUPS_TCP_PORT:-}" ] ||
            printf 'Listen localhost:%s\n' "$CUPS_TCP_PORT"
        printf 'Browsing No\nBrowseLocalProtocols none\nWebInterface No\n'
        if [ -n "${CUPS_STOCK:-}" ]; then
            grep -Eiv '^[[:space:]]*(Listen|Port|Browsing|BrowseLocalProtocols|WebInterface)[[:space:]]' \
                "$stock"
            return
        fi
        printf 'LogLevel debug\nMaxLogSize 0\n'
        printf 'PreserveJobFiles No\nPreserveJobHistory %s\n' \
            "${CUPS_HISTORY:-No}"
        printf 'JobRetryInterval %s\nJobKillDelay 5\n' "${CUPS_RETRY_S:-2}"
        grep -Eiv '^[[:space:]]*(Listen|Port|LogLevel|MaxLogSize|Browsing|BrowseLocalProtocols|WebInterface|PreserveJob[a-z]*|JobRetryInterval|JobKillDelay)[[:space:]]' \
            "$stock"
    } >"$CUPS_DIR/cupsd.conf"
}

cups_make() { # dir backend
    CUPS_DIR=$1
    export CUPS_SERVER=$CUPS_DIR/cups.sock
    chmod 0755 "$CUPS_DIR"
    install -d -m 0755 "$CUPS_DIR/www" "$CUPS_DIR/etc"
    install -d -m 0755 -o root -g lp "$CUPS_DIR/state" "$CUPS_DIR/ppd"
    install -d -m 0775 -o root -g lp "$CUPS_DIR/cache"
    install -d -m 0755 -o root -g lp "$CUPS_DIR/log"
    install -d -m 0710 -o root -g lp "$CUPS_DIR/spool"
    install -d -m 1770 -o root -g lp "$CUPS_DIR/spool/tmp"
    cups_server_bin
    # Root's own file, mode 0755: cupsd runs it as lp then.
    install -m 0755 "$2" "$CUPS_DIR/bin/backend/printhold"
    cups_write_files_conf
    cups_write_cupsd_conf
}

cups_answers() {
    kill -0 "$CUPS_PID" 2>/dev/null || return 1
    lpstat -r 2>/dev/null | grep -q 'is running'
}

cups_start() {
    cupsd -f -c "$CUPS_DIR/cupsd.conf" -s "$CUPS_DIR/cups-files.conf" \
        >>"$CUPS_DIR/log/cupsd.out" 2>&1 &
    CUPS_PID=$!
    until_true 20 cups_answers
}

cups_stop() {
    [ -z "${CUPS_PID:-}" ] || kill "$CUPS_PID" 2>/dev/null || true
    [ -z "${CUPS_PID:-}" ] || wait "$CUPS_PID" 2>/dev/null || true
    CUPS_PID=
}

cups_queue() {
    "$CUPS_TOP/installer/queue" ensure "$@"
}

cups_job_state() { # id
    "$CUPS_TOOLS/ph-cups-jobstate" "$1"
}
