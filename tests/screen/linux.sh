#!/bin/bash
# linux.sh - what stock Linux drivers make of screen, keyboard and mouse: the text console on the VGA, a frame buffer of
# bochs-drm, a shell that is typed at, an IntelliMouse. Prints TAP.
#
# ABBEY_TEST_SHORT=1 leaves it at the default engine.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
about="linux: "
need python3 python3
fetch_linux 686

pixels() { # WANTED X,Y...
    ctl screen.shot file="$work/shot.png" || return 1
    [ "$(python3 -B "$ABBEY_SRCDIR/tests/screen/png.py" "$work/shot.png" "${@:2}" | tee "$work/log")" = "$1" ]
}

# ---- the text console, and a keyboard ----

start linux-direct --set boot.kernel="$guest/vmlinuz" --set boot.initrd="$initrd" --set boot.cmdline="console=tty0" \
    --set memory=128M
result "the kernel's console is on the VGA" shows "Linux version 6|BusyBox"
result "a shell comes up" shows "^(text: )?/ #"
ctl input.type text='echo "What $((6 * 7)) {is}" | tr a-z A-Z
'
result "and is typed at" shows "WHAT 42 \{IS\}"
ctl input.type text='seq 1 60
'
result "it scrolls" shows "^60"
key shift-pgup
ctl input.type text='exit
'
result "exit powers it off" ended 0

# ---- the frame buffer and the mouse ----

initrd syscopyarea sysfillrect sysimgblt fb_sys_fops drm drm_kms_helper ttm drm_ttm_helper drm_vram_helper bochs \
    psmouse <<'TEXT'
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
read -r line # when the picture was looked at
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do cat /bands >/dev/fb0; done
cat /blue /green /red >/dev/fb0
say "again"
insmod /lib/evdev.ko
until [ "$mouse" ]; do
    for device in /sys/class/input/event*; do
        case $(cat $device/device/name) in
        *Mouse*) mouse=$device ;;
        esac
    done
    [ "$mouse" ] || sleep 1
done
exec 5</dev/input/${mouse##*/} # from now on nothing is missed
say "mouse $(cat $mouse/device/name)"
dd bs=16 count=4 <&5 2>/dev/null | od -An -tx2 -v -w16 | while read -r a b c d type code value rest; do say "event $type $code $value"; done
say "end"
TEXT
mkfifo "$work/in"
exec 8<>"$work/in"
engines="auto interp"
[ "${ABBEY_TEST_SHORT-}" ] && engines=auto
for engine in $engines; do
    boot test=script --set memory=128M --set cpu.engine=$engine <"$work/in"
    result "$engine: bochs-drm has a frame buffer" says "fb bochs-drmdrmfb 1024,768 32"
    says drawn
    result "$engine: what is written there is on the screen" \
        waits pixels "1024x768 ff0000 ff0000 00ff00 0000ff 0000ff" 0,0 1023,255 512,256 3,512 1023,767
    echo >&8
    result "$engine: the guest draws twenty times more" says again
    result "$engine: and the last picture stays" waits pixels "1024x768 0000ff 00ff00 ff0000" 0,0 512,300 1023,767
    result "$engine: psmouse finds a wheel" says "mouse ImPS/2 Generic Wheel Mouse"
    ctl input.mouse dx=5 dy=3 wheel=-1
    result "$engine: motion to the right" says "event 0002 0000 0005"
    result "$engine: and down" says "event 0002 0001 0003"
    result "$engine: and of the wheel" says "event 0002 0008 0001"
    quit
done
echo "1..$number"
