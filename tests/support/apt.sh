# shellcheck shell=bash
# Debian packages for tests/run and installer/try. Source it.
#
#   missing_packages NAME...  those that are not installed, one a line
#   apt_install NAME...       install them, without starting their services
#   forget_policy             for the EXIT trap: ends what apt_install began
#
# AS_ROOT holds the words to put before a command to run it as root; empty when
# we are.
AS_ROOT=()

missing_packages() {
    local package
    for package; do
        case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>&1) in
        installed) ;;
        *) printf '%s\n' "$package" ;;
        esac
    done
}

# A service that comes with a package must not start: it would listen outside
# of our directories. Debian asks policy-rc.d about that.
POLICY=/usr/sbin/policy-rc.d
POLICY_MADE=no
forget_policy() {
    [ "$POLICY_MADE" = no ] || "${AS_ROOT[@]}" rm -f "$POLICY"
    POLICY_MADE=no
}

apt_install() {
    local apt=("${AS_ROOT[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qy)
    if [ ! -e "$POLICY" ]; then
        POLICY_MADE=yes
        printf '#!/bin/sh\nexit 101\n' |
            "${AS_ROOT[@]}" install -m 0755 /dev/stdin "$POLICY"
    fi
    "${apt[@]}" update &&
        "${apt[@]}" -o Dpkg::Use-Pty=0 install --no-install-recommends "$@" ||
        return 1
    forget_policy
}
