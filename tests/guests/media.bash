# media.bash - what the tests share that start whole PCs from diskettes, CDs and disks: packages, consoles. Sourced.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
files=$guests/files
console=serial

# fetch PACKAGE... - unpacks Debian's packages into $files; skips all where they cannot be had.
fetch() {
    if ! "$tests/fetch-files" "$files" "$@" >"$work/log" 2>&1; then
        sed 's/^/# /' "$work/log"
        skip_all "Debian's packages cannot be fetched"
    fi
}
# pc MACHINE OPTION... - starts it, its serial console in $work/serial.
pc() {
    start "$1" --set backends.serial.backend=file --set backends.serial.path="$work/serial" \
        --set devices.com1.line=serial "${@:2}"
}
# serial PATTERN - waits until the serial console has what matches, which may be the beginning of a line.
serial() {
    waits has serial "$1"
}
# isolinux_cd FOLDER IMAGE APPEND - makes a CD of that folder, which starts its /vmlinuz and /initrd.gz by ISOLINUX.
isolinux_cd() {
    mkdir -p "$1/isolinux"
    cp "$files/isolinux/usr/lib/ISOLINUX/isolinux.bin" \
        "$files/syslinux-common/usr/lib/syslinux/modules/bios/ldlinux.c32" "$1/isolinux"
    printf '%s\n' 'DEFAULT linux' 'LABEL linux' 'KERNEL /vmlinuz' "APPEND initrd=/initrd.gz $3" \
        >"$1/isolinux/isolinux.cfg"
    xorriso -as mkisofs -quiet -o "$2" -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 \
        -boot-info-table "$1" >"$work/log" 2>&1
}
