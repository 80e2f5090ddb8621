#!/bin/bash
# installer.sh - the installer of Debian 12 for i386, of the package debian-installer-12-netboot-i386, comes to its
# first dialog: on a text screen, on the serial line, and with GTK in the frame buffer that VBE sets. Pictures of the
# screens are kept in tests/pictures of the build folder. Prints TAP.
# ABBEY_TEST_SHORT=1, for builds that repeat what another has shown, or are slow, leaves it at the serial line.
. "${ABBEY_SRCDIR:?}/tests/guests/media.bash"
need xorriso xorriso
need python3 python3
fetch isolinux syslinux-common debian-installer-12-netboot-i386
images=$files/debian-installer-12-netboot-i386/usr/lib/debian-installer/images/12/i386
pictures=$ABBEY_BUILDDIR/tests/pictures
mkdir -p "$pictures"

# installer KIND COMMANDLINE OPTION... - from a CD with the kernel and the RAM disk of that kind.
installer() {
    local kind=$1 cmdline=$2 cd=$work/cd
    shift 2
    mkdir -p "$cd"
    cp "$images/$kind/debian-installer/i386/linux" "$cd/vmlinuz"
    cp "$images/$kind/debian-installer/i386/initrd.gz" "$cd"
    isolinux_cd "$cd" "$work/cd.iso" "$cmdline"
    pc cd --set backends.cd.path="$work/cd.iso" "$@"
}
shot() { # NAME
    ctl screen.shot file="$pictures/installer-$1.png"
}

on_serial() {
    installer text 'console=ttyS0,115200'
    result "the installer asks for the language on the serial line" serial 'Select a language'
    quit
}

on_text_screen() {
    installer text 'vga=normal nomodeset fb=false'
    result "it asks for the language on the text screen" shows 'Select a language'
    result "and has drawn the list" shows 'English +- +English'
    shot text
    key enter
    result "and for the place when that was answered" shows 'Select your location'
    quit
}

# The picture has the size, and at least so many different dots in a grid over what is below the title.
picture_has() { # SIZE COLOURS
    shot gtk || return
    [ "$(python3 -B "$ABBEY_SRCDIR/tests/screen/png.py" "$pictures/installer-gtk.png" | cut -d' ' -f1)" = "$1" ] || return
    local spots=() x y
    for ((y = 100; y < 600; y += 12)); do for ((x = 4; x < 800; x += 16)); do spots+=("$x,$y"); done; done
    [ "$(python3 -B "$ABBEY_SRCDIR/tests/screen/png.py" "$pictures/installer-gtk.png" "${spots[@]}" | tr ' ' '\n' |
        sort -u | wc -l)" -ge "$2" ]
}
still() { # it is drawn to its end
    shot gtk && sleep 2 && shot gtk-next && cmp -s "$pictures/installer-gtk.png" "$pictures/installer-gtk-next.png"
}
hears() { # KEY
    key "$1" && sleep 0.5 && shot gtk-next && ! cmp -s "$pictures/installer-gtk.png" "$pictures/installer-gtk-next.png"
}
in_frame_buffer() {
    # Without nomodeset Linux has a driver of its own for the adapter; with less memory the installer does without GTK.
    installer gtk 'vga=788 nomodeset quiet' --set memory=1G
    result "with GTK it draws its first dialog in the frame buffer" waits picture_has 800x600 40
    waits still
    result "and hears keys there" waits hears down
    quit
}

on_serial
if [ -z "${ABBEY_TEST_SHORT-}" ]; then
    on_text_screen
    in_frame_buffer
fi
echo "1..$number"
