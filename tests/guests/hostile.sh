#!/bin/bash
# hostile.sh - a guest that reads, writes and runs everything it can name, at level 0 and 3, and code of random bytes,
# under each engine, or those of HOSTILE_ENGINES: what it reads must be its own, and no byte around the monitor may
# change. Prints TAP.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
canary=$ABBEY_BUILDDIR/tests/guests/hostile/canary.so
ldd "$ABBEY" | grep -q 'asan' && canary= # the sanitizer's shadow stands where canaries would
cat >"$work/hostile.yaml" <<YAML
abbey: 1
base: pc
name: hostile
memory: 32M
cpu: { model: host }
boot: { format: multiboot, kernel: "$ABBEY_BUILDDIR/tests/guests/hostile/hostile.elf" }
backends:
  out: { backend: stdio }
devices:
  debug: { line: out }
  exit: { device: debug-exit, bus: isa }
YAML
engines=${HOSTILE_ENGINES:-interp bt:no-windows bt:windows bt:windows,no-guard}
number=0
set -- $engines
echo "1..$((4 * $#))"

say() { # WORDS OF A TAP LINE
    number=$((number + 1))
    echo "$1 $number - $2"
}

for engine in $engines; do
    debug=${engine#*:}
    LD_PRELOAD=$canary "$ABBEY" run "$work/hostile.yaml" --engine "${engine%%:*}" \
        --set "cpu.debug=${debug#$engine}" --timeout 1200 <"/dev/null" \
        2>"$work/errors" | tr -d '\r' >"$work/out"
    for check in 1 2 3; do
        line=$(grep -E "^(not )?ok $check - " "$work/out")
        case $line in
        ok*) say ok "$engine: ${line#ok ? - }" ;;
        *) say "not ok" "$engine: ${line#not ok ? - }" && sed 's/^/# /' "$work/out" "$work/errors" ;;
        esac
    done
    if [ -z "$canary" ]; then
        say ok "$engine: canaries # SKIP not beside a sanitizer"
    elif grep -q '^canary: [0-9]* pages intact' "$work/errors"; then
        say ok "$engine: $(grep '^canary' "$work/errors")"
    else
        say "not ok" "$engine: canaries" && sed 's/^/# /' "$work/errors"
    fi
done
