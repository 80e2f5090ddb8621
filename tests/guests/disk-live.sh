#!/bin/bash
# disk-live.sh - what happens to disks while a machine runs: a disc is changed over the control socket, the host's disk
# runs full and the machine is paused until there is room, a server of disks dies with what it had not flushed, Abbey is
# killed while the guest writes and flushes. Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
about="disk: "
kills=3 # of the 50 that $ABBEY_KILLS may ask for
[ "${ABBEY_TEST_SHORT-}" ] && kills=1
kills=${ABBEY_KILLS-$kills}
fetch_linux 686

run() { # OPTION...
    boot test=script --set memory=128M "$@"
}
paused() {
    ctl vm.status && grep -q paused "$work/ctl"
}

# ---- discs ----

head -c 100K /dev/urandom >"$work/one.iso"
head -c 300K /dev/urandom >"$work/two.iso"
sum() { md5sum <"$1" | cut -c1-32; }
truncate -s 1440K "$work/one.fd" "$work/two.fd"
printf 'first diskette' | dd of="$work/one.fd" conv=notrunc status=none
printf 'second diskette' | dd of="$work/two.fd" conv=notrunc status=none
initrd floppy crct10dif_common crc-t10dif crc64 crc64-rocksoft t10-pi scsi_common scsi_mod cdrom sr_mod libata ata_piix <<'TEXT'
disc() { # its sum, when there is one and it differs from the last
    while :; do
        if dd if=/dev/sr0 of=/disc bs=2k 2>/dev/null && [ -s /disc ] && [ "$(md5sum </disc | cut -c1-32)" != "$last" ]; then
            last=$(md5sum </disc | cut -c1-32)
            say "disc $last"
            return
        fi
        sleep 1
    done
}
say "ready"
disc
while dd if=/dev/sr0 of=/dev/null bs=2k count=1 2>/dev/null; do sleep 1; done
say "gone"
disc
for diskette in first second; do
    until [ "$(dd if=/dev/fd0 bs=512 count=1 2>/dev/null | tr -d '\0')" = "$diskette diskette" ]; do sleep 1; done
    say "$diskette diskette"
    while [ $diskette = first ] && dd if=/dev/fd0 of=/dev/null bs=512 count=1 2>/dev/null; do sleep 1; done
    say "no more $diskette"
done
TEXT
run --set 'backends.c={ backend: disk, mode: read-only }' --set devices.cd0.media=c \
    --set 'backends.f={ backend: disk }' --set devices.fd0.media=f
says ready
result "a disc is put in" eval 'ctl cd.insert path="$work/one.iso" && says "disc $(sum "$work/one.iso")"'
result "a disc that is no file is refused in words" eval '! ctl cd.insert path="$work/none.iso" && grep -q "No such file" "$work/ctl"'
result "the disc is taken out" eval 'ctl cd.eject force=true && says gone'
result "another is put in" eval 'ctl cd.insert path="$work/two.iso" && says "disc $(sum "$work/two.iso")"'
result "a diskette is put in" eval 'ctl floppy.insert path="$work/one.fd" && says "first diskette"'
result "the diskette is taken out" eval 'ctl floppy.eject && says "no more first"'
result "another diskette is put in" eval 'ctl floppy.insert path="$work/two.fd" && says "second diskette"'
result "the guest ends" ended 0

[ "${ABBEY_TEST_SHORT-}" ] && skip "a full disk" "ABBEY_TEST_SHORT is set"
# ---- a host whose disk is full ----

if [ ! "${ABBEY_TEST_SHORT-}" ]; then
    mkdir "$work/small"
    if mount -t tmpfs -o size=6m none "$work/small" 2>/dev/null; then
        trap 'umount -l "$work/small"; clean' EXIT
        # shellcheck disable=SC2086 # a list of words
        initrd $virtio_modules virtio_blk <<'TEXT'
say "ready"
dd if=/dev/urandom of=/data bs=64k count=64 2>/dev/null
dd if=/data of=/dev/vda bs=64k conv=fsync 2>/dev/null && say "written"
echo 3 >/proc/sys/vm/drop_caches
dd if=/dev/vda bs=64k count=64 2>/dev/null | cmp - /data && say "same"
TEXT
        "$ABBEY" disk create "$work/small/disk.qcow2" 64M
        head -c 4M /dev/zero >"$work/small/ballast"
        run --set "backends.d={ backend: disk, path: \"$work/small/disk.qcow2\" }" --set 'devices.vd={ device: virtio-blk, media: d }'
        says ready
        result "a full disk of the host pauses the machine" waits paused
        result "the reason is said" grep -q "no room on the host" "$work/ctl"
        rm "$work/small/ballast"
        result "with room again it can be resumed" eval 'ctl vm.resume && says written'
        result "and nothing was lost" says same
        result "the guest ends after that" ended 0
        umount "$work/small" && trap clean EXIT
    else
        skip "a full disk" "no tmpfs can be mounted here"
    fi
fi

# ---- a server that dies ----

# Its memory is all that it has: what was not flushed is gone with it, and must be written again.
serve() { nbd memory 64M; }
attached() { # a guest with its disk
    run --set "backends.d={ backend: nbd, uri: \"nbd+unix:///?socket=$work/nbd\", timeout: 2 }" \
        --set 'devices.vd={ device: virtio-blk, media: d }' <"$work/keys"
}
dies() {
    kill -KILL $server
    wait $server 2>/dev/null
    true
}
if [ ! "${ABBEY_TEST_SHORT-}" ] && command -v nbdkit >/dev/null && "$ABBEY" plugins describe nbd >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    initrd $virtio_modules virtio_blk <<'TEXT'
dd if=/dev/urandom of=/data bs=64k count=64 2>/dev/null
dd if=/data of=/dev/vda bs=64k oflag=direct 2>/dev/null
dd if=/dev/zero of=/dev/vda bs=64k seek=3 count=2 oflag=direct 2>/dev/null
dd if=/dev/zero of=/data bs=64k seek=3 count=2 conv=notrunc 2>/dev/null
say "written"
for word in first second third; do
    read line
    dd if=/dev/vda bs=64k count=64 iflag=direct 2>/dev/null | cmp - /data && say "$word same"
done
TEXT
    mkfifo "$work/keys"
    exec 8<>"$work/keys"
    serve
    attached
    result "a guest writes to a server and flushes nothing" says written
    dies
    serve
    echo >&8
    result "another server, which has nothing of it, is given it again" says "first same"
    dies
    echo >&8
    result "without a server the machine is paused after a while" waits paused
    result "the reason is said" grep -q "server of a disk does not answer" "$work/ctl"
    serve
    result "with one it can be resumed" eval 'ctl vm.resume && says "second same"'
    kill -STOP $server
    echo >&8
    result "with one that hangs it is paused as well" waits paused
    kill -CONT $server
    result "and can be resumed when that goes on" eval 'ctl vm.resume && says "third same"'
    result "the guest ends after that" ended 0
    attached
    result "another guest uses it" says written
    kill -STOP $server
    echo >&8 # now it reads
    sleep 1
    ctl vm.quit
    result "a server that hangs does not keep the machine from ending" ended 130
    kill -CONT $server
    dies
else
    skip "a server that dies" "no nbdkit, no libnbd, or ABBEY_TEST_SHORT is set"
fi

# ---- killed ----

# Each sector says its number; the console tells which have been flushed.
# shellcheck disable=SC2086
initrd $virtio_modules virtio_blk <<'TEXT'
say "ready"
i=1
while [ $i -lt 5000 ]; do
    echo "sector $i of a killed machine" | dd of=/dev/vda bs=512 seek=$((i * 37 % 100000)) conv=fsync,sync 2>/dev/null
    echo "flushed $i"
    i=$((i + 1))
done
TEXT
survives() { # IMAGE FORMAT: all that was flushed is there
    local last i
    last=$(tr -d '\r' <"$work/out" | sed -n 's/^flushed \([0-9]*\)$/\1/p' | tail -1)
    "$ABBEY" disk convert --from-format "$2" "$1" "$work/survivor" >"$work/ctl" 2>&1 || return 1
    [ "${last:-0}" -gt 0 ] || return 1
    for ((i = 1; i <= last; i++)); do
        dd if="$work/survivor" bs=512 skip=$((i * 37 % 100000)) count=1 2>/dev/null | head -1 | tr -d '\0' >"$work/sector"
        [ "$(cat "$work/sector")" = "sector $i of a killed machine" ] || {
            echo "# sector $i of $last is lost"
            return 1
        }
    done
    rm "$work/survivor"
}
for ((kill = 0; kill < kills; kill++)); do
    format=$([ $((kill % 2)) -eq 0 ] && echo qcow2 || echo raw)
    rm -f "$work"/disk.*
    "$ABBEY" disk create --format "$format" "$work/disk.$format" 64M
    run --set "backends.d={ backend: disk, path: \"$work/disk.$format\", format: $format }" \
        --set 'devices.vd={ device: virtio-blk, media: d }'
    says ready
    sleep "$((1 + kill % 3)).$((RANDOM % 10))"
    waits has out '^flushed 5'
    kill -KILL "$pid"
    ended 2>/dev/null
    result "killed while it writes, $format: no flushed write is lost" survives "$work/disk.$format" "$format"
done
echo "1..$number"
