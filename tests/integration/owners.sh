# shellcheck shell=bash disable=SC2034
# SR-03: an account's login comes from the site's map. A job of an account
# without one is held, says so everywhere, and is adopted when it gets one.
. "$SOURCE/tests/integration/host.sh"
put_map() { # line...
    printf '%s\n' "$@" >"$HOST/owners.new"
    chmod 0644 "$HOST/owners.new"
    mv "$HOST/owners.new" "$HOST/etc/owners"
}
mkdir -p "$HOST/etc/conf.d"
host_config owner domain ''
host_config owner map_file "$HOST/etc/owners"
put_map '# people' 'bob = Robert.Roe@example.org'
host_start
printf 'a text\n' >"$HOST/note.txt"
chmod 0644 "$HOST/note.txt"
documents() { grep -c "^ph1/$TENANT/u/" "$HOST/watch.log" || true; }
status_is() { # jq-expression value
    [ "$(ph root status --json | jq -r "$1")" = "$2" ]
}
grep_status() { grep -q "$1" <(ph root status); }
cloud_names() { grep "^ph1/$TENANT/u/" "$HOST/watch.log" | grep -q "\"usr\":\"$1\""; }

print_as bob "$HOST/note.txt"
check 'bob has a job' until_true 20 has_jobs bob 1
is "with the map's login" "$(job_field bob 0 '.ticket["owner-login"]')" robert.roe@example.org
check 'the cloud knows it' until_true 10 cloud_names robert.roe@example.org
BEFORE=$(documents)

print_as alice "$HOST/note.txt"
check 'alice, who is not in it, has a job' until_true 20 has_jobs alice 1
ID=$(job_field alice 0 .id)
is 'without a login' "$(job_field alice 0 '.ticket["owner-login"]')" null
check 'her list says what to do' grep -q 'No printer can get 1 of these jobs.*owner.map_file' <(ph alice jobs)
check 'show says it' grep -q '^Login  *none (unmapped).*owner.map_file' <(ph alice show "$ID")
check 'status says it' grep -q '^Without a login  *1 held' <(ph root status)
is 'health is a warning' "$(ph root status --json | jq -r .health)" warning
check 'the log says it' grep -q "warning: job $ID: .*uid $(id -u alice).*owner.map_file" "$HOST/agent.log"
refuse 'the log has no name' grep -qw alice "$HOST/agent.log"
refuse "bob's list says nothing of it" grep -q 'No printer' <(ph bob jobs)
is 'no event tells of it' "$(events held)" 1
is 'nor a document' "$(documents)" "$BEFORE"

put_map 'bob = robert.roe@example.org' 'alice = Alice.Smith@example.org'
check 'the file changes, the job is adopted' until_true 15 status_is .unmapped 0
is 'with the new login' "$(job_field alice 0 '.ticket["owner-login"]')" alice.smith@example.org
check 'the cloud hears of it' until_true 10 cloud_names alice.smith@example.org
check 'an event too' until_true 5 has_events held 2
is 'her list is as before' "$(job_field alice 0 .id)" "$ID"

put_map 'bob robert'
check 'a bad file is told with its line' until_true 15 grep_status 'owners:1: must be'
print_as alice "$HOST/note.txt"
check 'the one before stays in force' until_true 20 has_jobs alice 2
is 'for new jobs too' "$(job_field alice 1 '.ticket["owner-login"]')" alice.smith@example.org
refuse 'config check names file and line' ph alice config check 2>"$HOST/check"
check 'in words' grep -q "$HOST/etc/owners:1: must be" "$HOST/check"

agent_stop
setpriv --reuid printhold --regid printhold --init-groups env -i ASAN_OPTIONS=detect_leaks=0 \
    "$BUILD/agent/printhold-agent" --config-dir "$HOST/etc" 2>"$HOST/start" && rc=0 || rc=$?
is 'the agent does not start with a bad file' "$rc" 78
check 'and says why' grep -q 'owners:1: must be' "$HOST/start"

# The domain at the next start does the same.
rm "$HOST/etc/conf.d/owner-map_file.conf"
agent_start
print_as bob "$HOST/note.txt"
check 'without map and domain' until_true 20 has_jobs bob 2
is 'it is unmapped' "$(job_field bob 1 '.ticket["owner-login"]')" null
agent_stop
host_config owner domain example.com
agent_start
check 'a domain adopts it' until_true 15 status_is .unmapped 0
is 'with its login' "$(job_field bob 1 '.ticket["owner-login"]')" bob@example.com
is 'what had a login keeps it' "$(job_field bob 0 '.ticket["owner-login"]')" robert.roe@example.org
agent_stop
