# shellcheck shell=bash
# What the checks share. A check prints "file:line: what is wrong" for each
# finding and ends with finish, which makes findings a failure.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
findings=0

found() { # text
    printf '%s\n' "$1"
    findings=$((findings + 1))
}

# Lines of standard input are findings.
found_all() {
    local line
    while IFS= read -r line; do
        found "$line"
    done
}

finish() {
    local name=${0##*/}
    if [ "$findings" -ne 0 ]; then
        printf '%s: %d found\n' "$name" "$findings" >&2
        exit 1
    fi
    printf '%s: ok\n' "$name"
}

need() { # program package
    command -v "$1" >/dev/null && return
    printf '%s: %s is needed (package %s)\n' "${0##*/}" "$1" "$2" >&2
    exit 2
}

# Files of the tree, committed or about to be, that match the patterns.
sources() { # pathspec...
    git ls-files --cached --others --exclude-standard -- "$@" |
        while IFS= read -r file; do
            [ ! -f "$file" ] || printf '%s\n' "$file"
        done | sort -u
}

# C text without comments and string contents, lines kept.
code_of() { # file
    awk '
    BEGIN { SQ = "\047" }
    {
        out = ""
        n = length($0)
        for (i = 1; i <= n; i++) {
            two = substr($0, i, 2)
            one = substr($0, i, 1)
            if (comment) {
                if (two == "*/") { comment = 0; i++ }
            } else if (quote != "") {
                if (one == "\\") i++
                else if (one == quote) { quote = ""; out = out one }
            } else if (two == "/*") { comment = 1; i++ }
            else if (two == "//") break
            else {
                if (one == "\"" || one == SQ) quote = one
                out = out one
            }
        }
        quote = ""
        print out
    }' "$1"
}
