#!/bin/bash
# checksums.sh - the benchmark kit gives the same checksums as on this host: three runs in a row, three with the plugin
# that knows Linux, and one under each of the translator's stress switches. It takes an hour or so, and runs only when
# ABBEY_CHECKSUMS is set: 1 for all of it, or names of cpu.debug, apart by spaces. ABBEY_SCALE is the share of each
# workload's count, in per cent (5). Prints TAP.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}"
if [ -z "${ABBEY_CHECKSUMS-}" ]; then
    echo "1..0 # SKIP takes an hour: set ABBEY_CHECKSUMS=1 to run it"
    exit 0
fi
switches=(no-windows windows,no-guard windows,one-page-fills no-windows,one-page-tlb no-chain no-liveness evict short-units
    at-once drop-pages loose no-open kick-some)
[ "$ABBEY_CHECKSUMS" = 1 ] || switches=($ABBEY_CHECKSUMS)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

# check NAME RUNS OPTION...
check() {
    number=$((number + 1))

    if "$ABBEY_SRCDIR/tests/bench/run" --abbey "$ABBEY" --no-tcg --scale "${ABBEY_SCALE:-5}" --limit 3600 \
        --dir "$work/kit" --json "$work/json" --runs "${@:2}" >"$work/out" 2>"$work/err"; then
        echo "ok $number - $1"
        grep -c '^[a-z]*_' "$work/out" | sed 's/^/# rows in the table: /'
    else
        echo "not ok $number - $1"
        grep -h FAILED "$work/out" "$work/err" | head -20 | sed 's/^/#   /'
    fi
}

total=${#switches[@]}
[ "$ABBEY_CHECKSUMS" = 1 ] && total=$((total + 2))
echo "1..$total"
if [ "$ABBEY_CHECKSUMS" = 1 ]; then
    check "three runs in a row" 3
    check "three with the plugin that knows Linux" 3 --set 'guest.optimize=[linux]'
fi
for debug in "${switches[@]}"; do
    check "under $debug" 1 --set cpu.debug="$debug"
done
