#!/bin/bash
# endings.sh - the exit statuses that scripts rely on, with guests of a few bytes. Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
echo "1..9"

# guest BYTES [OPTION]... - a raw image at 7C00h, started in real mode; the bytes in printf's escapes.
guest() {
    printf "$1" >"$work/guest.bin"
    shift
    start linux-direct --set boot.kernel="$work/guest.bin" --set boot.format=raw --set memory=4M --set name=tiny "$@"
    ended
}

# lidt [7c06h]; int3 - with the six zero bytes behind it as an empty table, so that no fault can be delivered
guest '\x0f\x01\x1e\x06\x7c\xcc\0\0\0\0\0\0'
result "a triple fault ends with status 3" [ $status -eq 3 ]
result "a triple fault reports the registers" grep -qi 'eip.*00007c05' "$work/err"

# mov dx,501h; mov al,AL; out dx,al
exit_with() {
    guest "\\xba\\x01\\x05\\xb0\\x$1\\xee\\xf4" --set 'devices.exit={device: debug-exit}'
}
exit_with 01
result "a guest that asks for an exit with an error ends with status 3" [ $status -eq 3 ]
result "and the error is told" grep -q 'exit with status 3' "$work/err"

# mov dx,0cf9h; mov al,6; out dx,al; hlt
guest '\xba\xf9\x0c\xb0\x06\xee\xf4' --set reboot=false
result "a reset ends the run where the machine file says so" [ $status -eq 0 ]

# jmp $
guest '\xeb\xfe' --timeout 0.5
result "--timeout ends a busy guest with status 124" [ $status -eq 124 ]

guest '\xf4' --set memory=nonsense
result "a bad machine ends with status 1" [ $status -eq 1 ]
guest '\xf4' --set 'backends.lan={ backend: bridged }' --set devices.nic.net=lan
result "a device says which backend it lacks" grep -q "'nic': net: its backend 'lan' could not be created" "$work/err"
"$ABBEY" run >"$work/out" 2>"$work/err"
status=$?
result "no machine at all ends with status 2" [ $status -eq 2 ]
