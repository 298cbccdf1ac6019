# From the help of a program, the words that may come next. Variables: program,
# without its directory; command, its first word, or empty. What --help of
# printhold COMMAND says is about that command alone.
function print_options(line) {
    while (match(line, /--[a-z][a-z-]*/)) {
        print substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
    }
}
# "usage: printhold config check | show [--json]"
function print_usage(line, count, word, i) {
    gsub(/\[[^]]*\]/, "", line)
    count = split(line, word, " ")
    for (i = 4; i <= count; i++)
        if (word[i] ~ /^[a-z]+$/)
            print word[i]
}
program == "printhold" && command != "" {
    if (FNR == 1)
        print_usage($0)
    print_options($0)
    next
}
command == "" {
    if ($0 ~ /^  [a-z][a-z-]*( [a-z]+)?  /)
        print $1
    if (FNR == 1)
        print "--help\n--version"
    next
}
/^  [^ ]/ || /^$/ { inside = ($1 == command) }
inside && /^  [a-z]+ [a-z]+  / { print $2 }
inside || /^ +--[a-z]/ { print_options($0) }
