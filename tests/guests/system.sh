# system.sh - the guest of system-level checks on a whole machine: loaded by the Multiboot protocol, speaking through
# the debug console, with the board's own interrupt controller and timer. The guest's TAP lines are this test's. $debug:
# switches of the engine, set by the scripts that source this one.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/system.yaml" <<YAML
abbey: 1
base: pc
name: system-guest
memory: 32M
cpu: { model: host, debug: "${debug-}" }
boot: { format: multiboot, kernel: "$ABBEY_BUILDDIR/tests/guests/system/system.elf" }
backends:
  out: { backend: stdio }
devices:
  debug: { line: out }
  exit: { device: debug-exit, bus: isa }
YAML
"$ABBEY" run "$work/system.yaml" --timeout 1200 < /dev/null 2> "$work/errors" | tr -d '\r'
status=${PIPESTATUS[0]}
# The guest's 0 is status 1 of debug-exit, which `abbey run` reports as a request of the guest.
if [ "$status" != 3 ] || ! grep -q 'exit with status 1$' "$work/errors"; then
    sed 's/^/# /' "$work/errors"
    echo "# status $status"
    exit 1
fi
