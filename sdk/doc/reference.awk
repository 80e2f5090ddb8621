# reference.awk - makes the reference of the manual from the headers: what a header says at its top as text, the rest as it
# stands, but for the guards.
BEGIN {
    print "# Reference\n\nMade from the headers, which say for each function its units, ranges, errors and thread."
}
FNR == 1 {
    if (inside)
        print "```"
    name = FILENAME
    sub(/.*\/abbey\//, "abbey/", name)
    printf "\n## %s\n\n", name
    top = 1
    inside = 0
}
top {
    line = $0
    sub(/^ ?\/?\* ?/, "", line)
    last = sub(/ ?\*\/ *$/, "", line)
    if (FNR == 1)
        sub(/^abbey\/[a-z0-9]*\.h - /, "", line)
    print line
    if (last) {
        top = 0
        inside = 1
        print "\n```c"
    }
    next
}
/^#(ifndef|define|endif)( ABBEY_[A-Z0-9]*_H)?$/ || /^#include/ { next }
NF || !blank { print }
{ blank = !NF }
END { print "```" }
