# shellcheck shell=bash
# A booted system for scenarios. Source it in a script that tests/system/run
# started; it sets ROOT, the system's files, and offers
#   system_install           our programs, units and accounts in it
#   system_files             the same without anything of ours
#   system_unit_tree UNIT... what starts with it: these, and what they pull in
#   in_files COMMAND...      a command among its files, before it runs
#   system_boot [NAME=VALUE...]   its first process; what else that finds in
#                            its environment
#   inside COMMAND...        a command in the running system
#   system_off               the power switch
# With SYSTEM_DISK=SIZE before system_files, its own layer lies on a disk, and
#   system_cut               the power goes: what has not reached the disk yet
#                            never does
#   system_files_again       its files as the next start finds them
#   until_true SECONDS COMMAND...; say, fail, check, refuse, is
set -euo pipefail
ROOT=$WORK/root
FIRST=
UNSHARE=
NAME=printhold-test-$$

# shellcheck source=tests/support/checks.sh
. "$SOURCE/tests/support/checks.sh"

# shellcheck disable=SC2016 # the inner shell's
in_files() {
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        ASAN_OPTIONS=detect_leaks=0 ${FILES_ENV[@]+"${FILES_ENV[@]}"} \
        unshare --mount --propagation private sh -c \
        'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$ROOT" "$@"
}

SYSTEM_DISK=
LAYER=$WORK

mount_files() {
    if [ -n "$SYSTEM_DISK" ]; then
        mount -o loop "$WORK/disk.img" "$LAYER"
        mkdir -p "$LAYER/upper" "$LAYER/work"
    fi
    mount -t overlay overlay \
        -o "lowerdir=/,upperdir=$LAYER/upper,workdir=$LAYER/work" "$ROOT"
    mount -t tmpfs -o mode=755 tmpfs "$ROOT/run"
    mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
    mount -t tmpfs -o mode=755 tmpfs "$ROOT/var/lib/systemd"
    mount -t tmpfs -o mode=755 tmpfs "$ROOT/dev"
    for one in null zero full random urandom tty; do
        : >"$ROOT/dev/$one"
        mount --bind "/dev/$one" "$ROOT/dev/$one"
    done
    mkdir "$ROOT/dev/shm" "$ROOT/dev/pts"
    mount -t tmpfs tmpfs "$ROOT/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts \
        "$ROOT/dev/pts"
    ln -s pts/ptmx "$ROOT/dev/ptmx"
}

system_files() {
    mkdir "$ROOT"
    if [ -n "$SYSTEM_DISK" ]; then
        LAYER=$WORK/disk
        mkdir "$LAYER"
        truncate -s "$SYSTEM_DISK" "$WORK/disk.img"
        mke2fs -q -t ext4 -F "$WORK/disk.img"
    else
        mkdir "$LAYER/upper" "$LAYER/work"
    fi
    mount_files
    rm -rf "$ROOT/var/lib/printhold" "$ROOT/var/spool/printhold" "$ROOT/etc/printhold"
}

# shellcheck disable=SC2120
system_unit_tree() { # unit...
    printf '[Unit]\nDefaultDependencies=no\nWants=systemd-journald.service %s\n' "$*" \
        >"$ROOT/etc/systemd/system/test.target"
    rm -rf "$ROOT/var/log/journal" "$ROOT"/{etc,usr/lib}/systemd/system/*.target.wants
}

# Only what is ours starts, and what that pulls in.
system_install() {
    local units=$ROOT/etc/systemd/system unit
    system_files
    DESTDIR=$ROOT cmake --install "$BUILD" --prefix /usr/local >"$WORK/install.log"
    in_files systemd-sysusers /usr/local/lib/sysusers.d/printhold.conf
    in_files systemd-tmpfiles --create /usr/local/lib/tmpfiles.d/printhold.conf
    mkdir -p "$ROOT/usr/local/etc/printhold/conf.d"
    # The sanitizers' leak check wants to trace, which an agent forbids.
    for unit in agent key; do
        mkdir -p "$units/printhold-$unit.service.d"
        printf '[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n' \
            >"$units/printhold-$unit.service.d/test.conf"
    done
    # shellcheck disable=SC2119
    system_unit_tree
}

join_cgroups() {
    local at
    for at in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
        [ -e "$at/cgroup.procs" ] || continue
        mkdir -p "$at/$NAME"
        echo "$BASHPID" >"$at/$NAME/cgroup.procs"
    done
}

# Not what the shell runs before it becomes unshare: that is of our namespace, or
# has gone when we look.
first_process() {
    local child pids
    child=$(pgrep -P "$UNSHARE") || return 1
    pids=$(readlink "/proc/$child/ns/pid") || return 1
    [ "$pids" != "$(readlink /proc/self/ns/pid)" ] && FIRST=$child
}
is_running() {
    [ "$(inside systemctl is-system-running 2>/dev/null)" = running ]
}

# shellcheck disable=SC2016
BOOT='set -e
root=$1
shift
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
cd "$root"
mkdir -p mnt
pivot_root . mnt
umount -l /mnt
# As a container manager leaves it: what the first process mounts for a
# service must come back to it.
mount --make-rshared /
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" \
    /lib/systemd/systemd --unit=test.target --log-target=journal \
    --show-status=no'

system_boot() { # NAME=VALUE...
    (
        join_cgroups
        exec unshare --fork --pid --mount --uts --ipc --cgroup --kill-child=KILL \
            bash -c "$BOOT" boot "$ROOT" "$@" >>"$WORK/console" 2>&1
    ) &
    UNSHARE=$!
    until_true 10 first_process || fail "no first process: $(cat "$WORK/console")"
    until_true 20 is_running || fail "it does not boot: $(tail -5 "$WORK/console")"
}

inside() {
    nsenter -t "$FIRST" -m -u -i -p -C env -i \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        ASAN_OPTIONS=detect_leaks=0 "$@"
}

system_off() {
    [ -n "$UNSHARE" ] || return 0
    kill -KILL ${FIRST:+"$FIRST"} "$UNSHARE" 2>/dev/null || true
    wait "$UNSHARE" 2>/dev/null || true
    FIRST=""
    UNSHARE=""
}

system_cut() {
    python3 "$SOURCE/tests/fault/power.py" "$LAYER"
    system_off
    until_true 10 umount -R "$ROOT" 2>/dev/null || fail 'its files are in use'
    umount "$LAYER"
    # Until nobody has the disk any more: dying processes have namespaces too.
    until_true 10 has_no_disk || fail 'its disk is in use'
}
has_no_disk() { [ -z "$(losetup -j "$WORK/disk.img")" ]; }

system_files_again() { mount_files; }

# They are busy until the last process is reaped.
leave_cgroups() {
    local at
    for at in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
        [ ! -d "$at/$NAME" ] ||
            find "$at/$NAME" -depth -type d -exec rmdir {} + 2>/dev/null || return 1
    done
}

scenario_end() { :; } # for a scenario to fill

system_end() {
    local rc=$?
    scenario_end
    [ "$rc" = 0 ] || [ -z "$FIRST" ] || inside journalctl -n 40 --no-hostname || true
    system_off
    until_true 10 leave_cgroups || echo "control groups $NAME are left" >&2
    exit "$rc"
}
trap system_end EXIT
