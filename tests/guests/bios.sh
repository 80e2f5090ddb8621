#!/bin/bash
# bios.sh - the services of the BIOS and the ways to reset, as programs in real mode use them: a diskette of ours runs
# the checks (tests/guests/bios/boot.S). Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/guests/media.bash"
[ -e /usr/share/seabios/bios-256k.bin ] || skip_all "SeaBIOS is not installed (Debian: seabios)"
cases=18

# run ENGINE - one TAP line for each check.
run() {
    cp "$ABBEY_BUILDDIR/tests/guests/bios/boot.img" "$work/fd.img"
    truncate -s 1440K "$work/fd.img"
    pc floppy --engine "$1" --set backends.fd.path="$work/fd.img" --set devices.vga=null --set firmware.menu=false
    serial '^done'
    quit
    while IFS= read -r line; do
        result "$1: ${line#*ok }" [ "${line%%ok *}" = "" ]
    done < <(grep -a 'ok ' "$work/serial" | tr -d '\r')
    result "$1: all checks were made" [ "$(grep -ac 'ok ' "$work/serial")" -eq $cases ]
}
run bt
run interp
echo "1..$number"
