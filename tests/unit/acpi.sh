#!/bin/bash
# The ACPI tables through the reference disassembler and back through its compiler, without an error or a warning.
set -u
if ! command -v iasl >/dev/null; then
    echo "1..0 # SKIP iasl is not installed (Debian: acpica-tools)"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "1..4"
n=0
report() # status, name, log
{
    n=$((n + 1))
    if [ "$1" = 0 ]; then echo "ok $n - acpi: $2"; else echo "not ok $n - acpi: $2"; sed 's/^/# /' "$3"; fi
}
for board in pci plain; do
    mkdir "$work/$board"
    "$ABBEY_BUILDDIR/tests/unit/acpi_dump" "$work/$board" ${board#pci} || { echo "Bail out! acpi_dump failed"; exit 1; }
    cd "$work/$board" || exit 1
    iasl -d facp.dat >facp.log 2>&1 && ! grep -Eiq 'error|warning|invalid|incorrect|\*\*\*\*' facp.log facp.dsl
    report $? "the FADT of the board '$board' disassembles cleanly" facp.log
    iasl -d dsdt.dat >dsdt.log 2>&1 && ! grep -Eiq 'error|warning|invalid|incorrect|\*\*\*\*' dsdt.log &&
        iasl -vs dsdt.dsl >back.log 2>&1 && grep -q ' 0 Errors, 0 Warnings' back.log
    report $? "the DSDT of the board '$board' compiles from its own disassembly" back.log
done
