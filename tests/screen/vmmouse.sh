#!/bin/bash
# vmmouse.sh - the stock vmmouse driver of Linux finds VMware's mouse behind port 5658h, and gives the guest positions.
# Linux looks for it only where the machine's serial number says VMware. Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/guests/media.bash"
need xorriso xorriso
fetch isolinux syslinux-common
fetch_linux 686

# Positions come from the mouse that has absolute axes; what is sent to it is kept from its opening on.
initrd psmouse <<'TEXT'
insmod /lib/evdev.ko
until [ "$mouse" ]; do
    sleep 1
    for device in /sys/class/input/event*; do
        [ "$(cat $device/device/capabilities/abs)" = 3 ] && mouse=$device
    done
done
exec 5</dev/input/${mouse##*/}
say "pointer $(cat $mouse/device/name)"
for i in 1 2 3 4 5 6 7 8 9; do
    set -- $(dd bs=16 count=1 <&5 2>/dev/null | od -An -tx2 -v -w16)
    say "event $5 $6 $7"
done
TEXT
mkdir "$work/iso"
cp "$guest/vmlinuz" "$work/iso"
cp "$initrd" "$work/iso/initrd.gz"
isolinux_cd "$work/iso" "$work/linux.iso" "console=ttyS0 quiet test=script"

pc cd --set backends.cd.path="$work/linux.iso" --set firmware.serial="VMware-Abbey"
result "Linux finds a mouse of VMware's" says 'pointer VirtualPS/2 VMware VMMouse'
ctl input.mouse x=30000 y=1000
result "a position has its x" says 'event 0003 0000 7530'
result "and its y" says 'event 0003 0001 03e8'
ctl input.mouse x=31000 y=64000 buttons=1
result "a button goes down where the pointer is" says 'event 0001 0110 0001'
says 'event 0003 0001 fa00'
ctl input.mouse x=31000 y=65535
result "and up" says 'event 0001 0110 0000'
result "the lower edge is the lower edge" says 'event 0003 0001 ffff'
result "the guest powers off" ended 0
echo "1..$number"
