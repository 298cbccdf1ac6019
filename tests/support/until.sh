# shellcheck shell=bash
# Waits for an event, not for a time; fails when it does not come.
until_true() { # seconds command...
    local end=$((SECONDS + $1))
    shift
    while ! "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}
