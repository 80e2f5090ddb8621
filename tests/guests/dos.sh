#!/bin/bash
# dos.sh - programs as they were written for real mode, on a diskette of ours (tests/guests/dos/boot.S), leave the same
# checksums with each engine as they leave on other processors. Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/guests/media.bash"
[ -e /usr/share/seabios/bios-256k.bin ] || skip_all "SeaBIOS is not installed (Debian: seabios)"
sums="sieve 945C
strings F042
far 3F14
recursion 1D74
interrupts D940
patched 14D0
wide 02F8
errors 5C3C"

# run NAME OPTION... - one TAP line for each program.
run() {
    local name=$1
    shift
    cp "$ABBEY_BUILDDIR/tests/guests/dos/boot.img" "$work/fd.img"
    truncate -s 1440K "$work/fd.img"
    pc floppy "$@" --set backends.fd.path="$work/fd.img" --set devices.vga=null --set firmware.menu=false
    serial '^done'
    quit
    while read -r program sum; do
        result "$name: $program" has serial "^$program $sum"
    done <<<"$sums"
}
run bt --engine bt
run "bt without windows" --engine bt --set cpu.debug=no-windows
run "bt from the first instruction" --engine bt --set cpu.debug=at-once
run interp --engine interp
echo "1..$number"
