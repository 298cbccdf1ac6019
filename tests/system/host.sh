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
#   system_reboot            an orderly end and another start
#   system_use NAME          another system: the functions here are about that one
#                            from now on, with a network of its own
#   system_wire NAME ADDRESS...   plug each of these systems into one network
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
NET=() # words of unshare and nsenter for a network of its own
declare -A FIRSTS UNSHARES

# shellcheck source=tests/support/checks.sh
. "$SOURCE/tests/support/checks.sh"

# shellcheck disable=SC2016 # the inner shell's
in_files() {
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        ASAN_OPTIONS=detect_leaks=0 ${FILES_ENV[@]+"${FILES_ENV[@]}"} \
        unshare --mount --propagation private sh -c \
        'cd / && mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' \
        "$ROOT" "$@"
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
    # Without what this computer has there, and kept over a new start.
    mkdir -p "$LAYER/systemd"
    mount --bind "$LAYER/systemd" "$ROOT/var/lib/systemd"
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

# shellcheck disable=SC2120
system_boot() { # NAME=VALUE...
    (
        join_cgroups
        exec unshare --fork --pid --mount --uts --ipc --cgroup ${NET[@]+"${NET[@]}"} --kill-child=KILL \
            bash -c "$BOOT" boot "$ROOT" "$@" >>"$WORK/console" 2>&1
    ) &
    UNSHARE=$!
    until_true 10 first_process || fail "no first process: $(cat "$WORK/console")"
    until_true 20 is_running || fail "it does not boot: $(tail -5 "$WORK/console")"
}

inside() {
    nsenter -t "$FIRST" -m -u -i -p -C ${NET[@]+"${NET[@]}"} env -i \
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

# Orderly, with everything that was in memory gone.
system_reboot() {
    kill -s RTMIN+4 "$FIRST" # poweroff.target
    until_true 60 has_ended || fail 'it does not go off'
    system_off
    until_true 10 umount -R "$ROOT" 2>/dev/null || fail 'its files are in use'
    mount_files
    # shellcheck disable=SC2119
    system_boot
}
has_ended() { ! kill -0 "$FIRST" 2>/dev/null; }

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

# --- several ---

SYSTEM=alone
system_use() { # name
    FIRSTS[$SYSTEM]=$FIRST
    UNSHARES[$SYSTEM]=$UNSHARE
    SYSTEM=$1 ROOT=$WORK/$1/root LAYER=$WORK/$1 NAME=printhold-test-$$-$1 NET=(--net)
    FIRST=${FIRSTS[$1]:-}
    UNSHARE=${UNSHARES[$1]:-}
    mkdir -p "$LAYER"
}

# All into one switch, which is ours; they must run.
system_wire() { # name address name address...
    ip link show sw0 >/dev/null 2>&1 || { ip link add sw0 type bridge && ip link set sw0 up; }
    while [ $# -gt 1 ]; do
        system_use "$1"
        ip link add "to-$1" master sw0 type veth peer name lan0 netns "$FIRST"
        ip link set "to-$1" up
        inside ip addr add "$2" dev lan0
        inside ip link set lan0 up
        inside ip link set lo up
        shift 2
    done
}

# They are busy until the last process is reaped.
leave_cgroups() {
    local at
    for at in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
        [ ! -d "$at/$NAME" ] ||
            find "$at/$NAME" -depth -type d -exec rmdir {} + 2>/dev/null || return 1
    done
}

scenario_end() { :; } # for a scenario to fill

end_one() {
    system_off
    until_true 10 leave_cgroups || echo "control groups $NAME are left" >&2
}

system_end() {
    local rc=$? one
    scenario_end
    [ "$rc" = 0 ] || [ -z "$FIRST" ] || inside journalctl -n 40 --no-hostname || true
    end_one
    for one in "${!FIRSTS[@]}"; do
        [ "$one" = alone ] || [ "$one" = "$SYSTEM" ] || { system_use "$one" && end_one; }
    done
    exit "$rc"
}
trap system_end EXIT
