#!/bin/bash
# firmware.sh - SeaBIOS of the distribution's package on the machine `pc`: its log is read from the debug console at
# port 402h. Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
[ -e /usr/share/seabios/bios-256k.bin ] || skip_all "SeaBIOS is not installed (Debian: seabios)"

# machine UNTIL [OPTION]... - runs the machine until its log has a line with UNTIL, then ends it.
machine() {
    local until=$1
    shift
    : >"$work/log"
    start pc --set backends.log.backend=file --set backends.log.path="$work/log" --set devices.fwlog.line=log "$@"
    waits logged "$until"
    quit
}
logged() {
    grep -aqF "$1" "$work/log"
}

for engine in bt interp; do
    machine "No bootable device" --engine $engine --set memory=192M
    result "SeaBIOS runs to the end of its list of devices ($engine)" logged "No bootable device"
    result "it has the memory map of the board ($engine)" logged "addr 0x0000000000000000 len 0x000000000c000000 [RAM]"
    result "it installs the board's ACPI tables ($engine)" logged "ACPI: parse DSDT"
    result "it finds a mouse-less keyboard and a serial port ($engine)" \
        eval 'logged "PS2 keyboard initialized" && logged "Found 1 serial ports"'
done
machine "No bootable device" --set memory=5G
result "memory above 4 GB is found" logged "0000000100000000 - 0000000160000000 = 1 RAM"
machine "No bootable device" --set firmware.bios=seabios-128k
result "the image of 128 KB runs as well" logged "No bootable device"
machine "No bootable device" --set 'firmware.boot=[com1, pm]'
result "the order of boot is handed over" logged "1: /pci@i0cf8/pci@1,3"

# With a screen: what the firmware says there, and what it says of the menu of devices.
start pc --set firmware.menu=true --set firmware.menu_wait=500
result "the VGA BIOS runs, and the screen shows that nothing boots" shows "No bootable device"
result "the key for the menu of devices is told" screen_has "Press ESC for boot menu"
ctl screen.shot file="$work/screen.png"
status=$?
result "a picture of the screen is saved" eval '[ $status -eq 0 ] && head -c 8 "$work/screen.png" | cmp -s - <(printf "\211PNG\r\n\032\n")'
ctl screen.text id=vgb
status=$?
result "a screen that is not there is named" eval '[ $status -eq 1 ] && grep -q "no video adapter '"'vgb'"'" "$work/ctl"'
# Once more, and the key is pressed: the reset is a warm one, with the firmware in its shadow RAM.
menu() { screen_has "Select boot device:" || { key esc && false; }; }
ctl vm.reset
result "the key brings the menu, with the devices in it" eval 'waits menu && waits screen_has "1. Floppy" && waits screen_has "DVD/CD"'
quit
result "vm.quit ends it" [ $status -eq 130 ]

start pc --set firmware.bios=seabioz
result "a firmware image that is not there is named, and where it was looked for" \
    eval 'ended 1 && grep -q "there is no firmware image .seabioz.; looked for seabioz in .*/usr/share/seabios" "$work/err"'
start pc --set 'firmware.boot=[com9]'
result "a device that is not there cannot be booted from" \
    eval 'ended 1 && grep -q "error.no-device.: there is no device .com9. to boot from" "$work/err"'
echo "1..$number"
