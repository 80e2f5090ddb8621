#!/bin/bash
# net-boot.sh - iPXE fetches a kernel by TFTP from a folder of the host, over each adapter it has a driver for, and the
# kernel comes up. Prints TAP. ABBEY_TEST_SHORT=1 leaves it at one adapter.
. "${ABBEY_SRCDIR:?}/tests/guests/media.bash"
"$ABBEY" plugins describe nat >/dev/null 2>&1 || skip_all "there is no backend nat: built without libslirp"
fetch_linux 686
fetch ipxe
mkdir "$work/tftp"
cp "$guest/vmlinuz" "$work/tftp/"
cp "$guest/initrd.gz" "$work/tftp/initrd"
cat >"$work/tftp/boot.ipxe" <<'TEXT'
#!ipxe
kernel vmlinuz console=ttyS0 quiet test=poweroff
initrd initrd
boot
TEXT

adapters=(pcnet virtio-net e1000)
[ "${ABBEY_TEST_SHORT-}" ] && adapters=(pcnet)
echo "1..$((2 * ${#adapters[@]}))"
for adapter in "${adapters[@]}"; do
    pc cd --set memory=128M --set backends.cd.path="$files/ipxe/usr/lib/ipxe/ipxe.iso" \
        --set "backends.lan={ backend: nat, tftp: \"$work/tftp\", bootfile: boot.ipxe }" \
        --set "devices.nic={ device: $adapter, addr: \"03.0\", net: lan }"
    ended
    result "$adapter: a kernel comes over the network" said 'up i686 .*'
    result "$adapter: and powers off" [ $status -eq 0 ]
done
