#!/bin/bash
# check.sh - `abbey plugins check` finds in each broken plugin what is wrong with it, under the name of the test that is
# there for it, by the same seed each time; and finds nothing in a good one, nor in any device of the tree. Prints TAP.
: "${ABBEY:?}" "${ABBEY_BUILDDIR:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
plugins=$ABBEY_BUILDDIR/tests/plugins

# report GOOD NAME - one line of TAP, with the output of the check when it is not.
report() {
    number=$((number + 1))
    if [ "$1" = yes ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        sed 's/^/# /' "$work/out"
    fi
}

# failed FILE - the names of the tests that failed, in order, from the JSON of the last check.
failed() {
    python3 -c '
import json, sys
result = json.load(open(sys.argv[1]))
bad = [t for t in result["tests"] if t["result"] == "failed"]
assert len(bad) == result["failed"] and all(t["reason"] and t["replay"] for t in bad)
print(*sorted({t["test"] for t in bad}))' "$1"
}

# reason TEST FILE
reason() {
    python3 -c '
import json, sys
print([t["reason"] for t in json.load(open(sys.argv[2]))["tests"] if t["test"] == sys.argv[1]])' "$1" "$2"
}

# finds NUMBER WHAT TEST - the test is among those that fail, and fails when it is run alone with the same seed.
finds() {
    local good=no names
    "$ABBEY" plugins check --json --seed 3 --accesses 20000 "$plugins/broken-$1.so" >"$work/out" 2>&1
    names=$(failed "$work/out")
    "$ABBEY" plugins check --json --seed 3 --test "$3" "$plugins/broken-$1.so" >"$work/again" 2>&1
    [[ " $names " == *" $3 "* ]] && [ "$(failed "$work/again")" = "$3" ] && good=yes
    cat "$work/again" >>"$work/out"
    report $good "$2: found by $3"
}

# replays NUMBER TEST - and for the same reason, down to the step: memory that the plugin never had takes no part in it.
replays() {
    local good=no
    for run in out again; do
        "$ABBEY" plugins check --json --seed 3 --test "$2" "$plugins/broken-$1.so" >"$work/$run" 2>&1
    done
    cmp "$work/out" "$work/again" && [ -n "$(reason "$2" "$work/out")" ] && good=yes
    report $good "the same seed fails in the same way: $2"
}

good=no
"$ABBEY" plugins check --seed 3 "$plugins/broken-0.so" >"$work/out" 2>&1 && grep -q '^14 passed, 0 failed, 0 skipped$' "$work/out" && good=yes
report $good "a good card passes"

finds 1 "wrong ABI" abi
finds 2 "missing symbol" symbols
finds 3 "global state" two-instances
finds 4 "forgotten register" registers
finds 5 "crash on odd access size" accesses
finds 6 "leak" leak
finds 7 "blocking callback" blocking
finds 8 "lying property range" properties
finds 9 "crash in create()" properties
finds 10 "a call outside create()" threads
finds 11 "trust in a saved state" state
finds 12 "a reset that counts" reset
finds 13 "a statistic that a reset clears" reset
replays 4 registers
replays 5 accesses
replays 12 reset

for file in "$ABBEY_BUILDDIR"/plugins/devices/*.so; do
    properties='{}'
    # They belong together.
    [ "$(basename "$file")" = ide-disk.so ] && properties='{cylinders: 16, heads: 16, sectors: 8}'
    good=no
    "$ABBEY" plugins check --accesses 100000 --properties "$properties" "$file" >"$work/out" 2>&1 && good=yes
    report $good "$(basename "$file") passes"
done
echo "1..$number"
