# shellcheck shell=bash
# What a scenario says of itself: a line for each check; the first that fails
# ends it.
#   check TEXT COMMAND...         the command must succeed
#   refuse TEXT COMMAND...        the command must fail
#   is TEXT ACTUAL EXPECTED       two texts must be the same
#   say, fail TEXT...
#   until_true                    until.sh
say() { printf '    %s\n' "$*"; }
fail() {
    printf 'FAIL %s\n' "$*" >&2
    exit 1
}
check() {
    local text=$1
    shift
    "$@" || fail "$text"
    say "ok  $text"
}
refuse() {
    local text=$1
    shift
    if "$@"; then fail "$text"; fi
    say "ok  $text"
}
is() {
    [ "$2" = "$3" ] || fail "$1: is '$2', should be '$3'"
    say "ok  $1"
}
# shellcheck source=tests/support/until.sh
. "$(dirname "${BASH_SOURCE[0]}")/until.sh"
