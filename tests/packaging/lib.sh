# shellcheck shell=bash
# Shared by the tests here: a fresh directory, and one line per finding.
set -euo pipefail
build=${1:?the build directory is missing}
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export build source
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
findings=0

found() {
    printf 'FAILED: %s\n' "$*"
    findings=$((findings + 1))
}

need() { # program package
    command -v "$1" >/dev/null || {
        found "$1 is not installed (Debian package $2)"
        exit 1
    }
}

finish() {
    [ "$findings" = 0 ] || exit 1
    printf 'ok\n'
}
