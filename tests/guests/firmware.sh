#!/bin/bash
# firmware.sh - SeaBIOS of the distribution's package on the machine `pc`: its log is read from the debug console at port
# 402h. Prints TAP.
: "${ABBEY:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

if [ ! -e /usr/share/seabios/bios-256k.bin ]; then
    echo "1..0 # SKIP SeaBIOS is not installed (Debian: seabios)"
    exit 0
fi

# result NAME COMMAND...
result() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        echo "# status $status; expected: $*"
        tail -n 12 "$work/log" "$work/err" 2>/dev/null | tr -d '\r' | cat -v | sed 's/^/#   /'
    fi
}

# machine UNTIL [OPTION]... - runs the machine until its log has a line with UNTIL, then ends it.
machine() {
    local until=$1 pid tries=600
    shift
    : >"$work/log"
    "$ABBEY" run pc --timeout 120 --set backends.log.backend=file --set backends.log.path="$work/log" \
        --set devices.fwlog.line=log "$@" >"$work/out" 2>"$work/err" </dev/null &
    pid=$!
    while ! logged "$until" && [ $tries -gt 0 ] && kill -0 $pid 2>/dev/null; do
        tries=$((tries - 1))
        sleep 0.1
    done
    kill -TERM $pid 2>/dev/null
    sleep 0.1
    kill -TERM $pid 2>/dev/null # nobody listens to the power button
    wait $pid
    status=$?
}
logged() {
    grep -aqF "$1" "$work/log"
}

for engine in bt interp; do
    machine "No bootable device" --engine $engine --set memory=192M
    result "SeaBIOS runs to the end of its list of devices ($engine)" logged "No bootable device"
    result "it has the memory map of the board ($engine)" logged "addr 0x0000000000000000 len 0x000000000c000000 [RAM]"
    result "it installs the board's ACPI tables ($engine)" logged "ACPI: parse DSDT"
    result "it finds a mouse-less keyboard and a serial port ($engine)" \
        eval 'logged "PS2 keyboard initialized" && logged "Found 1 serial ports"'
done
machine "No bootable device" --set memory=5G
result "memory above 4 GB is found" logged "0000000100000000 - 0000000160000000 = 1 RAM"
machine "No bootable device" --set firmware.bios=seabios-128k
result "the image of 128 KB runs as well" logged "No bootable device"
machine "No bootable device" --set 'firmware.boot=[com1, pm]'
result "the order of boot is handed over" logged "1: /pci@i0cf8/pci@1,3"

# With a screen: what the firmware says there, and what it says of the menu of devices.
"$ABBEY" run pc --timeout 120 --control "$work/sock" --set firmware.menu=true \
    --set firmware.menu_wait=500 >"$work/out" 2>"$work/err" </dev/null &
pid=$!
screen() {
    "$ABBEY" ctl "$work/sock" screen.text "$@" >"$work/log" 2>&1
}
tries=600
while ! { screen && logged "No bootable device"; } && [ $tries -gt 0 ] && kill -0 $pid 2>/dev/null; do
    tries=$((tries - 1))
    sleep 0.1
done
result "the VGA BIOS runs, and the screen shows that nothing boots" logged "No bootable device"
result "the key for the menu of devices is told" logged "Press ESC for boot menu"
"$ABBEY" ctl "$work/sock" screen.shot file="$work/screen.png" >"$work/log" 2>&1
status=$?
result "a picture of the screen is saved" eval '[ $status -eq 0 ] && head -c 8 "$work/screen.png" | cmp -s - <(printf "\211PNG\r\n\032\n")'
screen id=vgb
status=$?
result "a screen that is not there is named" eval '[ $status -eq 1 ] && logged "no video adapter '"'vgb'"'"'
# Once more, and the key is pressed: the reset is a warm one, with the firmware in its shadow RAM.
press() {
    local tries=300
    while ! { screen && logged "$2"; } && [ $tries -gt 0 ] && kill -0 $pid 2>/dev/null; do
        tries=$((tries - 1))
        "$ABBEY" ctl "$work/sock" input.key keys="$1" >/dev/null 2>&1
        sleep 0.1
    done
    logged "$2"
}
"$ABBEY" ctl "$work/sock" vm.reset >/dev/null 2>&1
result "the key brings the menu, with the devices in it" eval 'press esc "Select boot device:" && logged "1. Floppy" && logged "DVD/CD"'
"$ABBEY" ctl "$work/sock" vm.quit >/dev/null 2>&1
wait $pid
status=$?
result "vm.quit ends it" [ $status -eq 130 ]

"$ABBEY" run pc --timeout 10 --set firmware.bios=seabioz >"$work/out" 2>"$work/err" </dev/null
status=$?
result "a firmware image that is not there is named, and where it was looked for" \
    eval '[ $status -eq 1 ] && grep -q "there is no firmware image .seabioz.; looked for seabioz in .*/usr/share/seabios" "$work/err"'
"$ABBEY" run pc --timeout 10 --set 'firmware.boot=[com9]' >"$work/out" 2>"$work/err" </dev/null
status=$?
result "a device that is not there cannot be booted from" \
    eval '[ $status -eq 1 ] && grep -q "error.no-device.: there is no device .com9. to boot from" "$work/err"'
echo "1..$number"
