#!/bin/bash
# Both engines through the system guest, on the instruction clock: registers behind every 10,000 instructions and
# checksums of memory behind every million are the same, and so are those at its end. Prints TAP.
: "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/system.yaml" <<YAML
abbey: 1
base: pc
name: system-guest
memory: 32M
cpu: { model: host }
boot: { format: multiboot, kernel: "$ABBEY_BUILDDIR/tests/guests/system/system.elf" }
backends:
  tty: { backend: file, path: "$work/out" }
devices:
  debug: { line: tty }
  exit: { device: debug-exit, bus: isa }
YAML
sets="no-windows windows at-once,evict drop-pages,short-units"
set -- $sets
echo "1..$#"
number=0
for debug in $sets; do
    number=$((number + 1))
    name="interp and bt with $debug leave the same memory behind the system guest"
    if "$ABBEY_BUILDDIR/tests/lockstep/lockstep-machine" --engines interp,bt --memory-every 1000000 \
        --set cpu.debug=$debug --set backends.tty.path="$work/out" "$work/system.yaml" >"$work/log" 2>"$work/err" &&
        grep -q 'to its end' "$work/log" && grep -q '^ok ' "$work/out.b" && cmp -s "$work/out.a" "$work/out.b"; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        sed 's/^/#   /' "$work/log" "$work/err"
    fi
done
