#!/bin/bash
# debian.sh - Debian, installed by debootstrap on a disk of its own (see make-debian): it starts from its IDE disk by
# SeaBIOS and GRUB, is logged in to on the screen and on the serial port, writes files and their sums, checks those of
# all times before, and powers off; then its file system is checked from outside. The same from images of other formats,
# and over NBD. Pictures of the screen are kept in tests/pictures of the build folder. Prints TAP.
#
# ABBEY_CYCLES=N starts it N times from each kind of image, raw, qcow2, vmdk and nbd, or from those that ABBEY_FORMATS
# lists; 20 is the long run, of an hour or so. Without it, it is two times from a raw image and once from qcow2.
# ABBEY_TEST_SHORT=1 leaves all out: making the disk takes minutes.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
[ -z "${ABBEY_TEST_SHORT-}" ] || skip_all "ABBEY_TEST_SHORT is set"
need debootstrap debootstrap
need grub-mkimage grub-common
need mke2fs e2fsprogs
need qemu-img qemu-utils
[ "$(id -u)" -eq 0 ] || skip_all "debootstrap takes root"
if ! "$ABBEY_SRCDIR/tests/guests/make-debian" "$guests/debian.img" >"$work/log" 2>&1; then
    tail -n 20 "$work/log" | sed 's/^/# /'
    skip_all "Debian cannot be installed here"
fi
pictures=$ABBEY_BUILDDIR/tests/pictures
mkdir -p "$pictures"
mkfifo "$work/keys"
exec 7<>"$work/keys" # for both, or opening would wait for the other side
times=0              # it has been started from this image

# on BACKEND - the machine `disk` with that; what is written to descriptor 7 is typed on the serial line.
on() {
    start disk --set "backends.hd={ $1 }" --set 'backends.tty={ backend: stdio }' --set devices.com1.line=tty <"$work/keys"
}
type_serial() {
    printf '%s\r' "$1" >&7
}
# log_in - as root on the serial line; then a command's answer is in the log.
log_in() {
    waits has out 'abbey login: ' || return
    type_serial root
    waits has out '[#] $' || return
}
# One more start: the sums of all before are right; more files, some of them small, and their sums. On one line, for the
# terminal's echo of a second could come within an answer to the first.
commands() {
    cat <<'TEXT'
mkdir -p /data && cd /data && touch sums
md5sum --quiet -c sums && echo "sums good of $(wc -l <sums)"
n=$(ls -d large.* 2>/dev/null | wc -l); head -c $((1000000 + RANDOM * 100)) /dev/urandom >large.$n; cp -r /etc small.$n; rm -rf small.$((n - 4))
find . -type f ! -name sums -exec md5sum {} + >sums; echo "files $((n + 0)) written"
poweroff
TEXT
}
run_commands() {
    type_serial "$(commands | paste -sd ';')"
    ended
    has out 'files [0-9]* written' && [ $status -eq 0 ]
}
# checked IMAGE - the file system on a raw image is clean, and the files have their sums.
checked() {
    e2fsck -fn "$1?offset=1048576" >"$work/fsck" 2>&1 || { sed 's/^/# /' "$work/fsck"; return 1; }
    rm -rf "$work/data"
    mkdir "$work/data"
    debugfs -R "rdump /data $work/data" "$1?offset=1048576" >/dev/null 2>&1
    (cd "$work/data/data" && [ "$(wc -l <sums)" -gt 10 ] && md5sum --quiet -c sums | sed 's/^/# /' && [ "${PIPESTATUS[0]}" -eq 0 ])
}
# cycle NAME BACKEND - from power on to power off.
cycle() {
    on "$2"
    result "$1: comes to a login on the serial line" log_in
    result "$1: writes files and powers off" run_commands
    times=$((times + 1))
    [ $times -eq 1 ] || result "$1: what was written before is good" has out 'sums good of [1-9]'
}
cycles() { # NAME BACKEND COUNT
    local i
    times=0
    for ((i = 1; i <= $3; i++)); do cycle "$1, start $i" "$2"; done
}

# GRUB takes the first entry after a moment, unless a key is pressed: one that moves nothing, from the beginning on.
menu_stands() {
    screen_has 'Debian with a text screen' || { key up && false; }
}
screens() {
    on "backend: disk, path: \"$work/disk.img\""
    result "GRUB shows its menu" waits menu_stands
    key down
    result "whose second entry is taken" shows '\*Debian with a text screen'
    key enter
    result "Debian comes to a login on its text screen" shows 'abbey login:'
    ctl screen.shot file="$pictures/debian-text.png"
    ctl input.type text=$'root\n'
    result "where root logs in" shows 'root@abbey'
    ctl input.type text=$'echo typed $((6 * 7)) >/dev/ttyS0\n'
    result "and gives a command" waits has out 'typed 42'
    ctl input.type text=$'poweroff\n'
    result "which powers off" ended 0
    result "the file system is clean" e2fsck_clean "$work/disk.img"

    on "backend: disk, path: \"$work/disk.img\""
    result "with a frame buffer it comes to a login too" log_in
    result "which has a size of its own" waits frame_buffer
    type_serial poweroff
    result "and powers off" ended 0
}
e2fsck_clean() {
    e2fsck -fn "$1?offset=1048576" >"$work/fsck" 2>&1
}
frame_buffer() {
    ctl screen.shot file="$pictures/debian-frame-buffer.png"
    file_size=$(od -An -tu1 -j16 -N8 "$pictures/debian-frame-buffer.png" | awk '{ print $3 * 256 + $4 "x" $7 * 256 + $8 }')
    [ "$file_size" = 1024x768 ]
}

raw_cycles() {
    cp --sparse=always "$guests/debian.img" "$work/disk.img"
    cycles "raw" "backend: disk, path: \"$work/disk.img\"" "$1"
    result "raw: the file system and the sums are good" checked "$work/disk.img"
}
image_cycles() { # FORMAT COUNT
    local image=$work/disk.$1
    "$ABBEY" disk convert "$guests/debian.img" "$image" >"$work/out" 2>&1
    cycles "$1" "backend: disk, path: \"$image\"" "$2"
    [ "$1" = vmdk ] || result "$1: qemu-img finds no fault" qemu-img check -q "$image"
    qemu-img convert -f "$1" -O raw "$image" "$work/raw"
    result "$1: the file system and the sums are good" checked "$work/raw"
    rm -f "$work/raw" "$image"
}
nbd_cycles() {
    cp --sparse=always "$guests/debian.img" "$work/disk.img"
    nbd file "$work/disk.img"
    cycles "NBD" "backend: nbd, uri: \"nbd+unix:///?socket=$work/nbd\"" "$1"
    kill $server
    wait $server
    result "NBD: the file system and the sums are good" checked "$work/disk.img"
}

cp --sparse=always "$guests/debian.img" "$work/disk.img"
screens
if [ "${ABBEY_CYCLES-}" ]; then
    for format in ${ABBEY_FORMATS-raw qcow2 vmdk nbd}; do
        case $format in
        raw) raw_cycles "$ABBEY_CYCLES" ;;
        nbd) nbd_cycles "$ABBEY_CYCLES" ;;
        *) image_cycles "$format" "$ABBEY_CYCLES" ;;
        esac
    done
else
    raw_cycles 2
    image_cycles qcow2 1
fi
echo "1..$number"
