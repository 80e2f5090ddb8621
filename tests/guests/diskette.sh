#!/bin/bash
# diskette.sh - the stock floppy driver of Linux reads and writes diskettes: 1.44 MB, 720 KB, 1.2 MB, 2.88 MB. What it
# read is compared with the image, and the image with what it wrote. Prints TAP.
#
# ABBEY_TEST_SHORT=1 leaves it at one boot.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
fetch_linux 686

# The whole diskette is read; a part is written, and read back.
initrd floppy <<'TEXT'
say "read $(dd if=/dev/fd0 bs=18k 2>/dev/null | md5sum | cut -c1-32)"
say "size $(cat /sys/block/fd0/size)"
dd if=/dev/urandom of=/data bs=512 count=300 2>/dev/null
dd if=/data of=/dev/fd0 bs=512 seek=77 conv=fsync 2>/dev/null
say "wrote $(md5sum </data | cut -c1-32)"
echo 3 >/proc/sys/vm/drop_caches
dd if=/dev/fd0 bs=512 skip=77 count=300 2>/dev/null | cmp - /data && say "same"
dmesg | grep -E "floppy|fd0" | grep -iE "error|timeout|reset|lost" && say "errors"
TEXT
written() {
    [ "$(dd if="$work/fd.img" bs=512 skip=77 count=300 2>/dev/null | md5sum | cut -c1-32)" = \
        "$(sed -n 's/^abbey-test: wrote \([0-9a-f]*\).*/\1/p' "$work/out")" ]
}

# try SIZE TYPE - a diskette of SIZE KB in a drive of that type.
try() {
    head -c $(($1 * 1024)) /dev/urandom >"$work/fd.img"
    local sum
    sum=$(md5sum <"$work/fd.img" | cut -c1-32)
    boot test=script --set memory=128M --set devices.fd0.media=fd --set devices.fd0.type=$2 \
        --set "backends.fd={ backend: disk, path: \"$work/fd.img\" }"
    ended
    result "diskette of $1 KB, drive $2: powers off" [ $status -eq 0 ]
    result "diskette of $1 KB, drive $2: is recognized" said "size $(($1 * 2))"
    result "diskette of $1 KB, drive $2: is read" said "read $sum"
    result "diskette of $1 KB, drive $2: reads what it wrote" eval 'said same && ! said errors'
    result "diskette of $1 KB, drive $2: the image has what was written" written
}

try 1440 1.44M
if [ -z "${ABBEY_TEST_SHORT-}" ]; then
    try 720 1.44M
    try 1200 1.2M
    try 2880 2.88M
fi
echo "1..$number"
