# shellcheck shell=bash disable=SC2034
# No space, or no writing: a clear reason, the job waits, nothing held is lost.
. "$SOURCE/tests/integration/host.sh"
CUPS_HISTORY=Yes
trap host_end EXIT
mkdir "$HOST/spool"
mount -t tmpfs -o size=6m tmpfs "$HOST/spool"
host_start
text_pdf "$HOST/page.pdf" page

print_as alice "$HOST/page.pdf"
check 'a job fits' until_true 20 has_jobs alice 1

# 8 MiB of opaque bytes do not fit into 6 MiB.
head -c 8388608 /dev/urandom >"$HOST/big.bin"
chmod 0644 "$HOST/big.bin"
print_as alice -o raw "$HOST/big.bin"
check 'a job that does not fit waits in the queue' until_true 20 job_is "$JOB_ID" pending-held
is 'the held job is untouched' "$(jobs_of alice)" 1
check 'the half job is removed' until_true 10 no_file_in "$HOST/spool/incoming"
cancel "PrintHold-$JOB_ID"

# Below the reserve nothing new is begun, with the reason in status.
head -c 5400000 /dev/zero >"$HOST/spool/filler"
print_as alice "$HOST/page.pdf"
check 'below the reserve the job waits' until_true 20 job_is "$JOB_ID" pending-held
check 'status says so' grep -qi space <(ph root status)
rm "$HOST/spool/filler"
lp -i "$JOB_ID" -H resume
check 'with space again it arrives' until_true 20 has_jobs alice 2

mount -o remount,ro "$HOST/spool"
print_as alice "$HOST/page.pdf"
check 'a read-only spool makes the job wait' until_true 20 job_is "$JOB_ID" pending-held
is 'both are still listed' "$(jobs_of alice)" 2
mount -o remount,rw "$HOST/spool"
lp -i "$JOB_ID" -H resume
check 'writable again, it arrives' until_true 20 has_jobs alice 3
agent_stop
