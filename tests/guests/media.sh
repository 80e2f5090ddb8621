#!/bin/bash
# media.sh - the machines `floppy`, `cd`, `disk` and `linux-virtio`, started from media that are made here from Debian's
# packages, all but the last through SeaBIOS. What they show is read from the guest's text screen. Prints TAP.
# ABBEY_TEST_SHORT=1, for builds that repeat what another has shown, or are slow, leaves it at one CD.
. "${ABBEY_SRCDIR:?}/tests/guests/media.bash"

need grub-mkimage grub-common
need grub-mkrescue grub-common
need xorriso xorriso
need mformat mtools
fetch grub-pc-bin isolinux syslinux-common memtest86+ ipxe
grub=$files/grub-pc-bin/usr/lib/grub/i386-pc
fetch_linux 686

# grub_image NAME MODULE... - GRUB's core with the commands on stdin.
grub_image() {
    local name=$1
    shift
    cat >"$work/early.cfg"
    grub-mkimage -d "$grub" -O i386-pc -p /boot/grub -c "$work/early.cfg" -o "$work/$name" biosdisk "$@"
}

# The menu as it stands on a screen of 80 x 25, with the version left out.
grub_menu="\
                             GNU GRUB  version VERSION

 ┌────────────────────────────────────────────────────────────────────────────┐
 │*First entry                                                                │
 │ Second entry                                                               │"

menu_drawn() { # the entries come last
    screen_has 'Second entry' &&
        [ "$(sed -n '/GNU GRUB/,/Second entry/p' "$work/screen" |
            sed -E '1s/^ *(GNU GRUB  version) .*/                             \1 VERSION/')" = "$grub_menu" ]
}
rescue_cd() {
    mkdir -p "$work/iso/boot/grub"
    printf '%s\n' 'set timeout=-1' 'menuentry "First entry" { true }' 'menuentry "Second entry" { halt }' \
        >"$work/iso/boot/grub/grub.cfg"
    grub-mkrescue -d "$grub" -o "$work/grub.iso" "$work/iso" >"$work/log" 2>&1
    pc cd --set backends.cd.path="$work/grub.iso"
    result "a GRUB rescue CD comes to its menu" shows 'Use the .* keys to select'
    result "the menu is drawn as it should be" waits menu_drawn
    key down
    result "its keys select an entry" shows '\*Second entry'
    key enter
    result "which powers the machine off" ended 0
}

diskette() {
    grub_image core.img fat echo ls normal minicmd <<<'echo "from the diskette"'
    cat "$grub/boot.img" "$work/core.img" >"$work/fd.img"
    truncate -s 1440K "$work/fd.img"
    pc floppy --set backends.fd.path="$work/fd.img"
    result "GRUB on a diskette of 1.44 MB comes to its prompt" shows '^grub>'
    quit
}

isolinux() {
    mkdir "$work/iso2"
    cp "$guest/vmlinuz" "$guest/initrd.gz" "$work/iso2"
    isolinux_cd "$work/iso2" "$work/isolinux.iso" "console=ttyS0 quiet test=poweroff"
    pc cd --set backends.cd.path="$work/isolinux.iso"
    result "an ISOLINUX CD boots a Debian kernel" says 'up i686 .*'
    result "which powers the machine off by ACPI" ended 0
    isolinux_cd "$work/iso2" "$work/isolinux.iso" "console=ttyS0 quiet test=reboot"
    pc cd --set backends.cd.path="$work/isolinux.iso"
    result "a kernel that reboots comes back through the firmware" says 'up i686 .*' 2
    quit
}

memtest() {
    pc cd --set backends.cd.path="$files/memtest86+/usr/lib/memtest86+/memtest86+ia32.iso" --set memory=16M
    result "memtest86+ comes to its fourth test" shows 'Test #[4-9]'
    result "and has found no errors" screen_has 'Errors: 0'
    quit
}

# It listens to Ctrl-B for a moment only, so that is pressed from the beginning on; the firmware keeps it for iPXE.
presses_until() { # PATTERN
    screen_has "$1" || { key ctrl-b && false; }
}
ipxe() {
    pc cd --set backends.cd.path="$files/ipxe/usr/lib/ipxe/ipxe.iso"
    result "iPXE starts from its CD" waits presses_until 'iPXE initialising devices'
    result "and Ctrl-B brings its prompt" waits presses_until '^iPXE>'
    quit
}

# A partition of FAT16 with a kernel, GRUB in the sectors before it.
hard_disk() {
    truncate -s 48M "$work/disk.img"
    mformat -i "$work/disk.img@@1M" -F -h 16 -s 63 -T 96256 ::
    mcopy -i "$work/disk.img@@1M" "$guest/vmlinuz" "$guest/initrd.gz" ::/
    grub_image hdcore.img fat part_msdos linux boot <<<'set root=(hd0,msdos1)
linux /vmlinuz console=ttyS0 quiet test=poweroff
initrd /initrd.gz
boot'
    { # the boot code, one partition (type 0Eh, from 1 MB), the signature; then the core
        head -c 446 "$grub/boot.img"
        printf '\200\001\001\000\016\376\377\377\000\010\000\000\000\170\001\000'
        head -c 48 /dev/zero
        printf '\125\252'
        cat "$work/hdcore.img"
    } | dd of="$work/disk.img" conv=notrunc status=none
    pc disk --set backends.hd.path="$work/disk.img"
    result "GRUB on a hard disk boots a Debian kernel" says 'up i686 .*'
    result "which powers the machine off as well" ended 0
    pc pc --set "backends.hd={ backend: disk, path: \"$work/disk.img\" }" \
        --set 'devices.vd0={ device: virtio-blk, media: hd }' --set 'firmware.boot=[vd0]'
    result "and the same on a virtio disk" says 'up i686 .*'
    ended
    virtio_kernel
}

virtio_kernel() {
    # shellcheck disable=SC2086 # a list of words
    initrd $virtio_modules virtio_blk <<'TEXT'
say "disk $(cat /sys/block/vda/size) $(dd if=/dev/vda bs=512 count=1 2>/dev/null | md5sum | cut -c1-32)"
TEXT
    pc linux-virtio --set boot.kernel="$guest/vmlinuz" --set boot.initrd="$initrd" \
        --set boot.cmdline="console=ttyS0 quiet test=script" --set backends.hd.path="$work/disk.img"
    result "a kernel that is started directly has the virtio disk" \
        says "disk 98304 $(head -c 512 "$work/disk.img" | md5sum | cut -c1-32)"
    ended
}

rescue_cd
if [ -z "${ABBEY_TEST_SHORT-}" ]; then
    diskette
    isolinux
    memtest
    ipxe
    hard_disk
fi
echo "1..$number"
