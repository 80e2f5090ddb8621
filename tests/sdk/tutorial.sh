#!/bin/bash
# tutorial.sh - sdk/doc/tutorial.md, step by step, with nothing but the installed files: a block `sh` is run, a block
# with the name of a file is that file. And the C of the rest of the manual compiles, its links lead somewhere, and the
# reference has every header. Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/sdk/root.bash"
manual=$ABBEY_SRCDIR/sdk/doc

# Makes of the tutorial one script a block, in order; what a block changes of the environment and the folder is kept.
awk -v work="$work" '
    /^```./ { n++; out = sprintf("%s/step-%02d", work, n); kind = substr($1, 4); name = $2; inside = 1
        print "# line " NR >out
        if (kind != "sh") print "cat >" name " <<\047END OF FILE\047" >out
        next }
    /^```$/ { if (inside && kind != "sh") print "END OF FILE" >out; inside = 0; close(out); next }
    inside { print >out }' "$manual/tutorial.md"

step() {
    (
        cd "$(cat "$work/folder")" && . "$work/environment" || exit 1
        export MAKEFLAGS="CC='$cc'"
        set -e
        . "$1"
        set +e
        pwd >"$work/folder"
        echo "export ABBEY_PLUGIN_PATH='$ABBEY_PLUGIN_PATH'" >"$work/environment"
    )
}
echo "$work" >"$work/folder"
: >"$work/environment"
for script in "$work"/step-*; do
    check "tutorial, $(head -n 1 "$script" | tr -d '#'): $(sed -n 2p "$script" | cut -c1-60)" step "$script"
done

# ---- the rest of the manual ----

compiles() {
    awk '/^```c$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$manual/testing.md" >"$work/body.c"
    { echo '#include <abbey/bench.h>'; echo 'int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);'; cat "$work/body.c"; } >"$work/fuzz.c"
    grep -q abbey_drive "$work/fuzz.c" && $cc $(pkg-config --cflags abbey-bench) -Wall -Wextra -Werror -fsyntax-only "$work/fuzz.c"
}
check "the C of the manual compiles" compiles
links() {
    local missing=0 file link
    for file in "$manual"/*.md; do
        for link in $(grep -oE '\]\([a-z-]+\.md\)' "$file" | tr -d '])('); do
            [ -f "$manual/$link" ] || { echo "$file: $link"; missing=1; }
        done
    done
    return $missing
}
check "its links lead somewhere" links
tests_named() { # the list of tests in the manual is that of the program
    diff <(sed -n 's/^| \(`[a-z`, -]*`\) |.*/\1/p' "$manual/testing.md" | tr -d '` ' | tr ',' '\n' | sort) \
        <(abbey plugins check --list | awk '{ print $1 }' | sort)
}
check "it names every test of abbey plugins check" tests_named
reference() {
    local header missing=0 doc
    doc=$(find "$work/root" -name reference.md)
    for header in "$ABBEY_SRCDIR"/sdk/include/abbey/*.h; do
        grep -qx "## abbey/$(basename "$header")" "$doc" || { echo "no $header"; missing=1; }
    done
    grep -q 'abbey_pio_map(abbey_dev \*dev, uint64_t base' "$doc" && [ $missing -eq 0 ]
}
check "the installed reference has every header" reference
echo "1..$number"
