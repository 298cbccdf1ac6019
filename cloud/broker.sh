# shellcheck shell=sh
# What the start scripts of the brokers share. Source it; it reads and sets
#   dir       where the broker lives, made absolute by broker_dir
#   run_as    the account, empty when it is the caller's
umask 077

fail() {
    printf 'start: %s\n' "$*" >&2
    exit 1
}

check_port() { # value name
    case $1 in
    '' | *[!0-9]*) fail "$2 must be a number, not '$1'" ;;
    esac
    if [ "$1" -lt 1 ] || [ "$1" -gt 65535 ]; then
        fail "$2 must be 1 to 65535"
    fi
}

# What stands in the configuration must not bring a line of its own.
check_word() { # value name
    case $1 in
    '' | *[!A-Za-z0-9._/:@+-]*) fail "$2 has characters that do not fit: $1" ;;
    esac
}

check_id() { # value name
    case $1 in
    '' | *[!a-z0-9-]*) fail "$2 must be of a-z, 0-9 and '-', not '$1'" ;;
    esac
}

# One connection is one descriptor; the usual limit is 1,024. Not POSIX, but
# every shell has it.
# shellcheck disable=SC3045
raise_files() {
    limit=$(ulimit -H -n)
    case $limit in
    unlimited) limit=65536 ;;
    *) [ "$limit" -le 65536 ] || limit=65536 ;;
    esac
    ulimit -n "$limit"
}

broker_dir() {
    [ -n "$dir" ] || fail 'needs --dir; see --help'
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    check_word "$dir" --dir
}

copy_file() { # from name-in-tls; nothing without a from
    [ -n "$1" ] || return 0
    [ -r "$1" ] || fail "cannot read $1"
    rm -f "$dir/tls/$2"
    cp "$1" "$dir/tls/$2"
}

# A broker that gives up root does so before it reads keys.
give_files() {
    [ -n "$run_as" ] || return 0
    id -u "$run_as" >/dev/null 2>&1 || fail "there is no user $run_as"
    chown -R "$run_as" "$dir"
}

# A name that is left over would be taken as a value.
check_filled_in() { # file
    ! grep '^[^#]*@[A-Z_]*@' "$1" || fail 'a name is not filled in'
}

wait_until() { # what-went-wrong command...
    what=$1 waited=0
    shift
    until "$@"; do
        [ "$waited" -lt 200 ] || fail "$what"
        waited=$((waited + 1))
        sleep 0.1
    done
}

is_gone() { # process
    ! kill -0 "$1" 2>/dev/null
}

stop_broker() {
    pid=$(cat "$dir/broker.pid" 2>/dev/null) || fail "no broker in $dir"
    kill "$pid" 2>/dev/null || return 0
    wait_until "process $pid does not end" is_gone "$pid"
}
