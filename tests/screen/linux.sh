#!/bin/bash
# linux.sh - what stock Linux drivers make of screen, keyboard and mouse: the text console on the VGA, a frame buffer of
# bochs-drm, a shell that is typed at, an IntelliMouse. Prints TAP.
#
# ABBEY_TEST_SHORT=1 leaves it at the default engine.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
limit=600
guest=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}/686
work=$(mktemp -d)
pid=
trap '[ "$pid" ] && kill -KILL $pid 2>/dev/null; rm -rf "$work"' EXIT
number=0

if ! "$ABBEY_SRCDIR/tests/guests/fetch-linux" "$guest" 686 >"$work/fetch" 2>&1; then
    sed 's/^/# /' "$work/fetch"
    echo "1..0 # SKIP no guest: Debian's packages cannot be fetched"
    exit 0
fi
if ! command -v python3 >/dev/null; then
    echo "1..0 # SKIP needs python3"
    exit 0
fi

result() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - linux: $name"
    else
        echo "not ok $number - linux: $name"
        echo "# expected: $*"
        tail -n 15 "$work/out" "$work/err" | tr -d '\r' | cat -v | sed 's/^/#   /'
    fi
}
ctl() {
    "$ABBEY" ctl "$work/control" "$@"
}
start() { # SETTING...
    "$ABBEY" run linux-direct --control "$work/control" --timeout $limit --set memory=128M \
        --set boot.kernel="$guest/vmlinuz" --set boot.initrd="$work/initrd" "$@" \
        </dev/null >"$work/out" 2>"$work/err" &
    pid=$!
}
stop() {
    ctl vm.quit >/dev/null 2>&1
    wait $pid
    pid=
}
# Waits until it has been said on the serial line, or is on the screen.
says() {
    local tries=$((limit * 5))
    while ! grep -qE "^abbey-test: $1"$'\r?$' "$work/out"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] && kill -0 "$pid" 2>/dev/null || return 1
        sleep 0.2
    done
}
shows() {
    local tries=$((limit * 5))
    while ! ctl screen.text 2>/dev/null | grep -qE "$1"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] && kill -0 "$pid" 2>/dev/null || return 1
        sleep 0.2
    done
}
pixels() { # WANTED X,Y...
    ctl screen.shot file="$work/shot.png" >/dev/null || return 1
    seen=$(python3 -B "$ABBEY_SRCDIR/tests/screen/png.py" "$work/shot.png" "${@:2}")
    [ "$seen" = "$1" ] || { echo "# pixels: $seen"; return 1; }
}

# ---- the text console, and a keyboard ----

cp "$guest/initrd.gz" "$work/initrd"
start --set boot.cmdline="console=tty0"
result "the kernel's console is on the VGA" shows "Linux version 6|BusyBox"
result "a shell comes up" shows "^(text: )?/ #"
ctl input.type text='echo "What $((6 * 7)) {is}" | tr a-z A-Z
' >/dev/null
result "and is typed at" shows "WHAT 42 \{IS\}"
ctl input.type text='seq 1 60
' >/dev/null
result "it scrolls" shows "^60"
ctl input.key keys=shift-pgup >/dev/null
ctl input.type text='exit
' >/dev/null
wait $pid
result "exit powers it off" [ $? -eq 0 ]
pid=

# ---- the frame buffer and the mouse ----

cat >"$work/test.sh" <<'TEXT'
say "fb $(cat /sys/class/graphics/fb0/name) $(cat /sys/class/graphics/fb0/virtual_size) $(cat /sys/class/graphics/fb0/bits_per_pixel)"
echo 0 >/sys/class/graphics/fbcon/cursor_blink 2>/dev/null
row() { # a row of 1024 pixels
    printf "$1" >/pixel
    for i in 1 2 3 4 5 6 7 8 9 10; do cat /pixel /pixel >/more; mv /more /pixel; done
    cat /pixel
}
row '\377\0\0\0' >/blue
row '\0\377\0\0' >/green
row '\0\0\377\0' >/red
for i in 1 2 3 4 5 6 7 8; do cat /blue /blue >/more; mv /more /blue; cat /green /green >/more; mv /more /green; cat /red /red >/more; mv /more /red; done
cat /red /green /blue >/bands
dd if=/bands of=/dev/fb0 bs=1M 2>/tmp/speed
say "drawn"
sleep 3 # while the picture is looked at
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do cat /bands >/dev/fb0; done
cat /blue /green /red >/dev/fb0
say "again"
insmod /lib/evdev.ko
for device in /sys/class/input/event*; do
    case $(cat $device/device/name) in
    *Mouse*) mouse=$device ;;
    esac
done
say "mouse $(cat $mouse/device/name)"
dd if=/dev/input/${mouse##*/} bs=16 count=4 2>/dev/null | od -An -tx2 -v -w16 | while read -r a b c d type code value rest; do say "event $type $code $value"; done
say "end"
TEXT
"$ABBEY_SRCDIR/tests/guests/guest-initrd" "$guest" "$work/test.sh" "$work/initrd" syscopyarea sysfillrect sysimgblt \
    fb_sys_fops drm drm_kms_helper ttm drm_ttm_helper drm_vram_helper bochs psmouse

engines="auto interp"
[ "${ABBEY_TEST_SHORT-}" ] && engines=auto
for engine in $engines; do
    start --set boot.cmdline="console=ttyS0 quiet test=script" --set cpu.engine=$engine
    result "$engine: bochs-drm has a frame buffer" says "fb bochs-drmdrmfb 1024,768 32"
    says drawn
    sleep 1
    result "$engine: what is written there is on the screen" \
        pixels "1024x768 ff0000 ff0000 00ff00 0000ff 0000ff" 0,0 1023,255 512,256 3,512 1023,767
    result "$engine: the guest draws twenty times more" says again
    sleep 1
    result "$engine: and the last picture stays" pixels "1024x768 0000ff 00ff00 ff0000" 0,0 512,300 1023,767
    result "$engine: psmouse finds a wheel" says "mouse ImPS/2 Generic Wheel Mouse"
    sleep 1
    ctl input.mouse dx=5 dy=3 wheel=-1 >/dev/null
    result "$engine: motion to the right" says "event 0002 0000 0005"
    result "$engine: and down" says "event 0002 0001 0003"
    result "$engine: and of the wheel" says "event 0002 0008 0001"
    stop
done
echo "1..$number"
