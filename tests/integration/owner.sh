# shellcheck shell=bash disable=SC2034
# The owner is who the kernel says; a stated name counts for nothing.
. "$SOURCE/tests/integration/host.sh"
CUPS_HISTORY=Yes
host_start
printf 'a text\n' >"$HOST/note.txt"
chmod 0644 "$HOST/note.txt"

refuse "bob cannot print in alice's name (lp -U)" \
    as bob lp -U alice -d PrintHold "$HOST/note.txt" 2>/dev/null
refuse "bob cannot print in root's name" \
    as bob lp -U root -d PrintHold "$HOST/note.txt" 2>/dev/null
refuse 'nor by CUPS_USER' \
    as bob env CUPS_USER=alice lp -d PrintHold "$HOST/note.txt" 2>/dev/null
is 'nothing is held for alice' "$(jobs_of alice)" 0

print_as bob "$HOST/note.txt"
check 'his own name works' until_true 20 has_jobs bob 1
is 'alice still has nothing' "$(jobs_of alice)" 0
print_as root "$HOST/note.txt"
check 'root prints as root' until_true 20 has_jobs root 1
is 'and is known as root' "$(job_field root 0 '.ticket["owner-auth"]')" root

# A class has a policy of its own: the job arrives without an owner.
lpadmin -p PrintHold -c AnyClass
cupsenable AnyClass
cupsaccept AnyClass
said=$(as bob lp -U alice -d AnyClass "$HOST/note.txt")
id=${said#*AnyClass-} id=${id%% *}
check 'a job without an owner is refused' until_true 20 job_is "$id" canceled
is 'and held for nobody' "$(ph root jobs --all --json | jq length)" 2
check 'with a reason in the queue' grep -qi 'owner\|who sent\|sign' "$HOST/cups/log/error_log"
agent_stop
