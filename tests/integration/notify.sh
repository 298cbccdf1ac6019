# shellcheck shell=bash disable=SC2034
# printhold-notify on a desktop: a session bus of alice, and on it a notification
# server that refuses what the specification does not allow; at the end dunst.
. "$SOURCE/tests/integration/host.sh"
for tool in dbus-daemon Xvfb dunst dunstctl; do
    command -v "$tool" >/dev/null || fail "missing tool: $tool, see tests/run"
done
DESK=$HOST/desk
BUS=unix:path=$DESK/bus
SHOWN=$DESK/shown
install -d -o alice -g alice "$DESK"

# --- the desktop ---

# In the background, as alice in her session; sets the variable to its pid.
in_session() { # variable command...
    local -n pid=$1
    shift
    setpriv --reuid alice --regid alice --init-groups --inh-caps=-all -- \
        env -i "PATH=$PATH" LANG=C.UTF-8 TZ=UTC0 "HOME=$DESK" \
        "PRINTHOLD_CONFIG_DIR=$HOST/etc" "DBUS_SESSION_BUS_ADDRESS=$BUS" \
        "DISPLAY=${SCREEN:-}" "$@" >>"$DESK/log" 2>&1 &
    pid=$!
}
ended() { # variable; its exit code is in CODE
    local -n pid=$1
    CODE=0
    wait "$pid" || CODE=$?
    pid=
}
stop() { # variable
    local -n pid=$1
    [ -n "${pid:-}" ] || return 0
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    pid=
}
bus_start() {
    rm -f "$DESK/bus"
    in_session BUS_PID dbus-daemon --session "--address=$BUS" --nofork --nopidfile
    until_true 10 test -S "$DESK/bus" || fail "no bus: $(cat "$DESK/log")"
}
is_ready() { grep -qs ready "$SHOWN"; }
server_start() { # option...
    rm -f "$SHOWN"
    in_session SERVER_PID "$SOURCE/tests/support/notification-server" "$SHOWN" "$@"
    until_true 10 is_ready || fail "no notification server: $(cat "$DESK/log")"
}
WATCHES=0 # how often it began to watch
has_watched() { [ "$(grep -c 'watching, from' "$DESK/log")" -ge "$WATCHES" ]; }
watches_again() {
    WATCHES=$((WATCHES + 1))
    until_true 30 has_watched || fail "it does not watch: $(cat "$DESK/log")"
}
notify_start() {
    in_session NOTIFY_PID "$BUILD/cli/printhold-notify"
    watches_again
}
desk_end() { for part in NOTIFY DUNST SERVER XVFB BUS; do stop "${part}_PID"; done; }
HOST_ENDS+=(desk_end)

# --- what is shown ---

notices() { grep -cs '"summary"' "$SHOWN" || true; }
newest() { grep '"summary"' "$SHOWN" | tail -n 1 | jq -r ".$1"; }
has_shown() { # how many notices there are at least
    [ "$(notices)" -ge "$1" ]
}
COUNT=0
shows() { # text summary; the next notice
    COUNT=$((COUNT + 1))
    until_true 20 has_shown "$COUNT" || fail "$1: no notice: $(cat "$SHOWN" "$DESK/log")"
    is "$1" "$(newest summary)" "$2"
    is 'nothing more' "$(notices)" "$COUNT"
}
hold() { # user title
    print_as "$1" -t "$2" "$HOST/note.txt" || fail 'lp fails'
}
nth() { job_field alice "$1" .id; }
# One that has told nothing yet: no notice of before is counted on.
anew() {
    stop NOTIFY_PID
    notify_start
}

host_start
. "$SOURCE/tests/integration/printer.sh"
until_true 15 cloud_is_online || fail 'the cloud link does not come up'
printf 'a text\n' >"$HOST/note.txt"
chmod 0644 "$HOST/note.txt"
hold alice 'from before'
check 'a job is held before anybody watches' until_true 20 has_jobs alice 1
bus_start
server_start
notify_start

# --- held, released, deleted ---

TITLE='<b>Q3</b> & "report" <img src="file:///etc/passwd"/>'
hold alice "$TITLE"
shows 'a held job is told' 'Held, not printed yet'
is 'it can be seen' "$(newest urgency)" 1
is 'as of our program' "$(newest entry)" printhold-notify
UNTIL=$(TZ=UTC0 date -d "@$(($(job_field alice 1 '["expires-ms"]') / 1000))" '+%F %H:%M')
is 'with its title as text, and until when' "$(newest body)" \
    "\"$TITLE\"
Release it at any printer. Kept until $UNTIL."
hold bob 'of another'
check "bob's job is held" until_true 20 has_jobs bob 1

open_session --amr badge
is 'a printer takes it' "$(call POST "/jobs/$(nth 1)/claim")" 200
is 'and gets it' "$(call GET "/jobs/$(nth 1)/document")" 200
is 'and prints it' "$(complete "$(nth 1)" printed)" 200
shows 'a released job is told' 'Printed'
is 'and where' "$(newest body)" "\"$TITLE\"
Released at printer $PRINTER."

check 'alice deletes the other one' ph alice delete "$(nth 0)"
anew
hold alice 'second'
shows 'what she did is not told, what comes next is' 'Held, not printed yet'
check 'the administrator deletes it' ph root delete "$(nth 0)"
shows 'what another did is told' 'Deleted unprinted'
is 'and who' "$(newest body)" '"second"
An administrator deleted it.'

# --- the agent goes and comes ---

anew
agent_stop
agent_start
hold alice 'while it was away'
check 'it is held' until_true 20 has_jobs alice 1
watches_again
shows 'what happened meanwhile is told, and nothing old' 'Held, not printed yet'
check 'it is that one' grep -q 'while it was away' <(newest body)

# --- nobody shows notices ---

stop SERVER_PID
anew
hold alice 'nobody sees it'
check 'it is held' until_true 20 has_jobs alice 2
agent_stop
agent_start
watches_again # by now it has tried
check 'nobody is no fault' kill -0 "$NOTIFY_PID"
refuse 'nor one that is logged' grep warning "$DESK/log"
server_start --no-markup
hold alice 'somebody sees it'
check 'another server is served' until_true 20 has_shown 1
anew
COUNT=$(notices)
hold alice "$TITLE"
shows 'one without markup, too' 'Held, not printed yet'
check 'has its body as it is' grep -qF "$TITLE" <(newest raw)

# --- many at once ---

anew
FILES=()
for ((i = 0; i < 50; i++)); do FILES+=("$HOST/note.txt"); done
BEFORE=$(jobs_of alice)
print_as alice -t many "${FILES[@]}"
check 'fifty are held' until_true 120 has_jobs alice $((BEFORE + 50))
counts_fifty() { [ "$(newest summary)" = '50 jobs held, not printed yet' ]; }
check 'the last notice counts fifty' until_true 30 counts_fifty
say "in $(($(notices) - COUNT)) notices, one on the screen"
check 'each stands in for the one before' \
    [ "$(tail -n "+$((COUNT + 2))" "$SHOWN" | jq -r .id | sort -u | wc -l)" = 1 ]
check 'in a handful' [ $(($(notices) - COUNT)) -le 15 ]
COUNT=$(notices)
refuse 'all of them were right' grep '"wrong"' "$SHOWN"

# --- titles that the site hides ---

agent_stop
host_config cloud title hidden
agent_start
watches_again
anew
hold alice 'hiddenword'
shows 'a job with a hidden title is told' 'Held, not printed yet'
refuse 'without it' grep -q hiddenword "$SHOWN"
refuse 'no title is in the log' grep -qE 'hiddenword|report|second' "$DESK/log"

# --- one of us, and only where there is a session ---

in_session SECOND_PID "$BUILD/cli/printhold-notify"
ended SECOND_PID
is 'a second one in the session goes at once' "$CODE" 0
check 'and says why' grep -q 'another printhold-notify serves' "$DESK/log"
stop SERVER_PID
stop BUS_PID
ended NOTIFY_PID
is 'the session ends, and it with it' "$CODE" 0
in_session NOTIFY_PID "$BUILD/cli/printhold-notify"
ended NOTIFY_PID
is 'without a session it goes at once' "$CODE" 0
bus_start
host_config notify enabled no
in_session NOTIFY_PID "$BUILD/cli/printhold-notify"
ended NOTIFY_PID
is 'where the site wants none it goes at once' "$CODE" 0
rm "$HOST/etc/conf.d/notify-enabled.conf"

# --- a real server ---

in_session XVFB_PID sh -c "exec Xvfb -displayfd 3 -nolisten tcp 3>$DESK/display"
until_true 20 grep -qs . "$DESK/display" || fail 'no X server'
SCREEN=:$(cat "$DESK/display")
in_session DUNST_PID dunst
dunst_has() { # jq filter
    in_session ASK_PID dunstctl close-all
    ended ASK_PID
    in_session ASK_PID sh -c "dunstctl history >$DESK/history"
    ended ASK_PID
    jq -e ".data[0] | $1" "$DESK/history" >/dev/null 2>&1
}
dunst_answers() { in_session ASK_PID dunstctl is-paused && ended ASK_PID && [ "$CODE" = 0 ]; }
until_true 20 dunst_answers || fail "no dunst: $(cat "$DESK/log")"
notify_start
hold alice 'for dunst'
check 'dunst shows it' until_true 20 dunst_has \
    'any(.[]; .summary.data == "Held, not printed yet" and .appname.data == "PrintHold" and .icon_path != null)'
agent_stop
