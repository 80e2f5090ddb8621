#!/bin/bash
# disk.sh - stock Linux drivers write disks and read them back: IDE by DMA and by PIO, virtio modern and
# legacy; on raw, qcow2 and VMDK images, undoable. The guest writes random data with
# checksums, drops its caches, and compares; the image is then compared from outside. Prints TAP.
#
# ABBEY_TEST_SHORT=1 leaves it at one boot.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
about="disk: "
fetch_linux 686
ide_modules="crct10dif_common crc-t10dif crc64 crc64-rocksoft t10-pi scsi_common scsi_mod sd_mod libata ata_piix"

# What the guest does with its disk, $disk on the command line: a header that tells where the data ends, the data, its
# sum.
with_modules() { # MODULE...
    initrd "$@" <<'TEXT'
disk=$(sed -n 's/.*disk=\([a-z]*\).*/\1/p' /proc/cmdline)
say "size $(cat /sys/block/$disk/size)"
dd if=/dev/urandom of=/data bs=64k count=96 2>/dev/null
dd if=/data of=/dev/$disk bs=64k seek=3 conv=fsync 2>/dev/null
dd if=/data of=/dev/$disk bs=512 count=37 seek=20001 conv=fsync 2>/dev/null
md5sum </data | dd of=/dev/$disk bs=512 seek=1 conv=fsync,sync 2>/dev/null
echo 3 >/proc/sys/vm/drop_caches
dd if=/dev/$disk bs=64k skip=3 count=96 2>/dev/null | cmp - /data && say "large same"
dd if=/data of=/part bs=512 count=37 2>/dev/null
dd if=/dev/$disk bs=512 skip=20001 count=37 2>/dev/null | cmp - /part && say "small same"
dmesg | grep -iE "$disk.*error|ata[0-9].*(fail|exception)|I/O error" && say "errors"
[ $disk = sda ] && say "mode $(cat /sys/class/ata_device/dev1.0/xfer_mode)"
TEXT
}

# The sum that the guest wrote is that of what stands in the image.
image_good() {
    local sum
    sum=$(dd if="$1" bs=512 skip=1 count=1 2>/dev/null | cut -c1-32 | head -1)
    [ "$sum" = "$(dd if="$1" bs=64k skip=3 count=96 2>/dev/null | md5sum | cut -c1-32)" ]
}

qemu_agrees() {
    qemu-img compare -f "$1" -F raw "$2" "$3" >"$work/qemu"
}

# disk NAME DISK COMMANDLINE SETTING... - one boot with the disk $work/disk.img.
disk() {
    local name=$1 disk=$2 cmdline=$3
    shift 3
    case $name in
    *qcow2* | *VMDK* | *NBD*) ;;
    *) rm -f "$image" && truncate -s 64M "$image" ;;
    esac
    boot "test=script disk=$disk $cmdline" --set memory=128M \
        --set "backends.d={ backend: disk, path: \"$image\", mode: ${mode-persistent} }" "$@"
    ended
    result "$name: powers off" [ $status -eq 0 ]
    result "$name: has the size of the image" said "size 131072"
    result "$name: reads what it wrote" eval 'said "large same" && said "small same" && ! said errors'
}

# shellcheck disable=SC2086 # lists of words
with_modules $ide_modules
image=$work/disk.img
disk "IDE, DMA" sda "" --set devices.hd0.media=d
result "IDE, DMA: the image has what the guest wrote" image_good "$image"
result "IDE, DMA: the mode is what the controller has" said "mode XFER_MW_DMA_2"
if [ "${ABBEY_TEST_SHORT-}" ]; then
    skip "all else" "ABBEY_TEST_SHORT is set"
else
    disk "IDE, PIO" sda libata.dma=0 --set devices.hd0.media=d
    result "IDE, PIO: the image has what the guest wrote" image_good "$image"
    result "IDE, PIO: the mode is PIO" said "mode XFER_PIO_4"
    for format in qcow2 vmdk; do
        image=$work/disk.$format
        "$ABBEY" disk create "$image" 64M
        disk "IDE, $(sed 's/vmdk/VMDK/' <<<$format)" sda "" --set devices.hd0.media=d
        "$ABBEY" disk convert "$image" "$work/$format.raw"
        result "IDE, $format: the image has what the guest wrote" image_good "$work/$format.raw"
        if command -v qemu-img >/dev/null; then
            result "IDE, $format: qemu-img agrees" qemu_agrees "$format" "$image" "$work/$format.raw"
        fi
    done
    # shellcheck disable=SC2086
    with_modules $virtio_modules virtio_blk
    image=$work/disk.img
    drive='devices.vd={ device: virtio-blk, media: d }'
    disk "virtio, modern" vda "" --set "$drive"
    result "virtio, modern: the image has what the guest wrote" image_good "$image"
    if command -v nbdkit >/dev/null && "$ABBEY" plugins describe nbd >/dev/null 2>&1; then
        image=$work/disk.img
        rm -f "$image" && truncate -s 64M "$image"
        nbd file "$image"
        disk "virtio, NBD" vda "" --set "$drive" --set "backends.d={ backend: nbd, uri: \"nbd+unix:///?socket=$work/nbd\" }"
        kill $server
        wait $server
        result "virtio, NBD: the image has what the guest wrote" image_good "$image"
    else
        skip "virtio, NBD" "no nbdkit, or no libnbd"
    fi
    mode=undoable
    disk "virtio, legacy, undoable" vda virtio_pci.force_legacy=1 --set "$drive"
    result "undoable: the image is as it was" cmp "$image" <(head -c 64M /dev/zero)
    "$ABBEY" disk commit "$image"
    result "undoable: committed, the image has what the guest wrote" image_good "$image"
fi
echo "1..$number"
