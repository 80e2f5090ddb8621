#!/bin/bash
# vmmouse.sh - the stock vmmouse driver of Linux finds VMware's mouse behind port 5658h, and gives the guest positions. Linux
# looks for it only where the machine's serial number says VMware. Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/guests/media.bash"
need xorriso xorriso
fetch isolinux syslinux-common
"$ABBEY_SRCDIR/tests/guests/fetch-linux" "$guests/686" 686 >"$work/fetch" 2>&1 || skip_all "no kernel can be fetched"

cat >"$work/test.sh" <<'TEXT'
insmod /lib/evdev.ko
sleep 1
for device in /sys/class/input/event*; do
    name=$(cat $device/device/name)
    # positions come from the one that has absolute axes
    [ "$(cat $device/device/capabilities/abs)" = 3 ] && mouse=$device && say "pointer $name"
done
say "ready"
dd if=/dev/input/${mouse##*/} bs=16 count=9 2>/dev/null | od -An -tx2 -v -w16 | while read -r a b c d type code value rest; do say "event $type $code $value"; done
say "end"
TEXT
"$ABBEY_SRCDIR/tests/guests/guest-initrd" "$guests/686" "$work/test.sh" "$work/initrd" psmouse
mkdir -p "$work/iso/isolinux"
cp "$files/isolinux/usr/lib/ISOLINUX/isolinux.bin" "$files/syslinux-common/usr/lib/syslinux/modules/bios/ldlinux.c32" \
    "$work/iso/isolinux"
cp "$guests/686/vmlinuz" "$work/iso"
cp "$work/initrd" "$work/iso/initrd.gz"
printf '%s\n' 'DEFAULT linux' 'LABEL linux' 'KERNEL /vmlinuz' \
    "APPEND initrd=/initrd.gz console=ttyS0 quiet test=script" >"$work/iso/isolinux/isolinux.cfg"
xorriso -as mkisofs -quiet -o "$work/linux.iso" -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot \
    -boot-load-size 4 -boot-info-table "$work/iso" >"$work/log" 2>&1

pointer() {
    "$ABBEY" ctl "$work/sock" input.mouse "$@" >/dev/null
}
start cd --set backends.cd.path="$work/linux.iso" --set firmware.serial="VMware-Abbey"
result "Linux finds a mouse of VMware's" serial '^abbey-test: pointer VirtualPS/2 VMware VMMouse'
serial '^abbey-test: ready'
sleep 1
pointer x=30000 y=1000
sleep 1
pointer x=31000 y=64000 buttons=1
sleep 1
pointer x=31000 y=65535
result "a position has its x" serial '^abbey-test: event 0003 0000 7530'
result "and its y" serial '^abbey-test: event 0003 0001 03e8'
result "a button goes down where the pointer is" serial '^abbey-test: event 0001 0110 0001'
result "and up" serial '^abbey-test: event 0001 0110 0000'
result "the lower edge is the lower edge" serial '^abbey-test: event 0003 0001 ffff'
ended
result "the guest powers off" [ $status -eq 0 ]
echo "1..$number"
