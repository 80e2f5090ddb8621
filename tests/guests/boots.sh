#!/bin/bash
# boots.sh - ABBEY_BOOTS boots in a row, of both Debian kernels in turn with 64 MB to 2 GB, each to the end of its work.
# It runs only when ABBEY_BOOTS is set: 50 take some minutes. Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
[ "${ABBEY_BOOTS-}" ] || skip_all "takes minutes: set ABBEY_BOOTS=50 to run it"
flavours=(686 686-pae) sizes=(64M 128M 256M 512M 1G 2G)
for flavour in "${flavours[@]}"; do fetch_linux "$flavour"; done

worked() {
    [ "$status" -eq 0 ] && said 'fork 12345678' && said 'gzip same' && said 'md5 32b7df5069fa87bb10fcac8ff565041f' &&
        said 'float 1.643935'
}

echo "1..$ABBEY_BOOTS"
for ((i = 0; i < ABBEY_BOOTS; i++)); do
    flavour=${flavours[i % 2]} size=${sizes[i / 2 % 6]}
    fetch_linux "$flavour"
    boot test=work --set memory="$size"
    ended
    result "Linux $flavour with $size" worked
done
