# shellcheck shell=bash disable=SC2034,SC2154
# SR-60, SR-62: who may do what with whose job, at the real control socket with
# the kernel's idea of who asks. Somebody else's job and one that does not exist
# answer alike, to the last byte.
. "$SOURCE/tests/integration/host.sh"
host_start
printf 'a text\n' >"$HOST/note.txt"
chmod 0644 "$HOST/note.txt"
MISSING=0123456789abcdef0123456789abcdef

by() { # user command...
    local user=$1
    shift
    setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups \
        --inh-caps=-all -- env -i LANG=C.UTF-8 "PRINTHOLD_CONFIG_DIR=$HOST/etc" \
        ASAN_OPTIONS=verify_asan_link_order=0 "$@"
}
raw() { # user request
    by "$1" "$CUPS_TOOLS/ph-control-raw" "$HOST/run/control.sock" "$2"
}

# Everything that an asker learns, with the job's own name taken out.
answer() { # user operation job
    local rc=0 said
    case $2 in
    show) said=$(by "$1" "$BUILD/cli/printhold" show "$3" 2>&1) || rc=$? ;;
    show-start) said=$(by "$1" "$BUILD/cli/printhold" show "${3:0:12}" 2>&1) || rc=$? ;;
    show-json) said=$(by "$1" "$BUILD/cli/printhold" show --json "$3" 2>&1) || rc=$? ;;
    delete) said=$(by "$1" "$BUILD/cli/printhold" delete "$3" 2>&1) || rc=$? ;;
    keep) said=$(by "$1" "$BUILD/cli/printhold" keep "$3" 2>&1) || rc=$? ;;
    unkeep) said=$(by "$1" "$BUILD/cli/printhold" keep "$3" --off 2>&1) || rc=$? ;;
    code) said=$(by "$1" "$BUILD/cli/printhold" code "$3" 2>&1) || rc=$? ;;
    raw-*) said=$(raw "$1" "{\"version\":1,\"op\":\"${2#raw-}\",\"job\":\"$3\",\"uid\":0,\"owner-uid\":0,\"keep\":true}" 2>&1) || rc=$? ;;
    esac
    said=${said//$3/JOB}
    printf '%s|%s' "$rc" "${said//${3:0:12}/JOB}"
}

for user in alice bob root; do
    print_as "$user" "$HOST/note.txt"
    check "$user has a job" until_true 20 has_jobs "$user" 1
    declare "job_$user=$(job_field "$user" 0 .id)"
done
job_of() {
    local name=job_$1
    printf '%s' "${!name}"
}
everything() { ph root jobs --all --json | jq -c 'map([.id, .state, .keep])'; }
BEFORE=$(everything)
is 'root sees all of them' "$(jq length <<<"$BEFORE")" 3

# Not theirs: like a job that does not exist. Every operation is refused, and
# after all of it nothing has changed.
for user in alice bob lp nobody; do
    for operation in show show-start show-json delete keep unkeep code \
        raw-show raw-delete raw-keep raw-code; do
        none=$(answer "$user" "$operation" "$MISSING")
        [ "${none%%|*}" != 0 ] || [[ $operation = raw-* ]] ||
            fail "$user: $operation of a missing job succeeds"
        [[ $operation != raw-* ]] || [[ $none != *'"result":"ok"'* ]] ||
            fail "$user: $operation of a missing job is ok"
        for owner in alice bob root; do
            [ "$owner" != "$user" ] || continue
            is "$user: $operation of ${owner}'s job is like a missing one" \
                "$(answer "$user" "$operation" "$(job_of "$owner")")" "$none"
        done
    done
done
is 'nothing has changed' "$(everything)" "$BEFORE"

# Lists: one's own, whatever one asks for.
for row in alice:1 bob:1 root:1 lp:0 nobody:0; do
    user=${row%:*}
    is "$user lists own jobs" "$(by "$user" "$BUILD/cli/printhold" jobs --json | jq length)" "${row#*:}"
    [ "$user" = root ] || refuse "$user cannot list all" \
        by "$user" "$BUILD/cli/printhold" jobs --all --json 2>/dev/null
done

# A program that lies about itself gains nothing: the kernel is asked, not it.
lying() { # user command...
    local user=$1
    shift
    by "$user" env "LD_PRELOAD=$CUPS_TOOLS/libph-claim-root.so" "$@"
}
is 'the lie is believed by the program' "$(lying bob id -u)" 0
refuse 'bob as root: no list of all' lying bob "$BUILD/cli/printhold" jobs --all --json 2>/dev/null
is 'bob as root: his own list' "$(lying bob "$BUILD/cli/printhold" jobs --json | jq length)" 1
is "bob as root: alice's job is missing" \
    "$(lying bob "$BUILD/cli/printhold" show "$job_alice" 2>&1 || true)" \
    "printhold: there is no job $job_alice of yours"
refuse "bob as root: cannot delete it" lying bob "$BUILD/cli/printhold" delete "$job_alice" 2>/dev/null
check 'a raw request for all is denied' grep -q '"result":"denied"' \
    <(raw bob '{"version":1,"op":"jobs","all":true,"uid":0}')
is 'and gives no job' "$(raw bob '{"version":1,"op":"jobs","all":true,"uid":0}' | grep -c '^3 ' || true)" 0
is 'still nothing has changed' "$(everything)" "$BEFORE"

# Their own, and the administrator with anybody's.
for user in alice bob root; do
    id=$(job_of "$user")
    check "$user shows it" by "$user" "$BUILD/cli/printhold" show "$id" >/dev/null
    check "$user keeps it" by "$user" "$BUILD/cli/printhold" keep "$id"
    is 'it is kept' "$(job_field "$user" 0 .keep)" true
    check "$user keeps it no more" by "$user" "$BUILD/cli/printhold" keep "$id" --off
    refuse "there is no code yet" by "$user" "$BUILD/cli/printhold" code "$id" 2>/dev/null
done
check 'root shows a job of alice' by root "$BUILD/cli/printhold" show "$job_alice" >/dev/null
check 'root keeps it' by root "$BUILD/cli/printhold" keep "$job_alice"
check 'root deletes a job of bob' by root "$BUILD/cli/printhold" delete "$job_bob"
check 'alice deletes her own' by alice "$BUILD/cli/printhold" delete "$job_alice"
check 'root deletes his own' by root "$BUILD/cli/printhold" delete "$job_root"

# Ended jobs are somebody's too.
for operation in show delete keep; do
    is "bob: $operation of alice's ended job" "$(answer bob $operation "$job_alice")" \
        "$(answer bob $operation "$MISSING")"
done
is 'alice sees that it was deleted' "$(ph alice jobs --ended --json | jq -r '.[0].state')" deleted
agent_stop
