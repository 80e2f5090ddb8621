#!/bin/bash
# isolate.sh - `isolate: true`: a device does in a process of its own what it does in this one; one that crashes or
# hangs leaves a dead card, a report, an event, and a machine that goes on; what cannot be isolated is refused. The
# guests are a few bytes. Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
cp "$ABBEY_BUILDDIR/tests/plugins/frail.so" "$work/"
export ABBEY_PLUGIN_PATH=$work:$ABBEY_PLUGIN_PATH

# begin CODE OPTION... - starts a guest whose debug port goes to $work/bytes; machine: runs it to its end.
begin() {
    printf "$1" >"$work/guest"
    shift
    rm -f "$work/bytes"
    start pc --set firmware=null --set boot.kernel="$work/guest" --set boot.format=raw --set memory=4M \
        --set devices.end='{device: debug-exit, port: 0xf4}' --set backends.said="{backend: file, path: $work/bytes}" \
        --set devices.debug.line=said --set devices.card="{device: frail, isolate: true}" "$@"
}
machine() {
    begin "$@"
    ended
}
shown() { [ "$(od -An -tx1 "$work/bytes" | tr -d ' \n')" = "$1" ]; }
told() { grep -qF "$1" "$work/err"; }

out() { printf '\\xba\\x%02x\\x03\\xb0\\x%02x\\xee' $((0x30 + $1)) "0x$2"; } # out 330h + $1, $2
in='\xba\x30\x03\xec'   # in al, 330h
say='\xe6\xe9'          # out e9h, al
end='\xe6\xf4\xf4'      # the end of the run

machine "$(out 0 5a)$in$say$(out 1 0)\xa0\x00\x80$say$end"
result "a register is read as it was written, and DMA reaches the guest's memory" shown 5a5a
machine "$(out 0 5a)$(out 0 5b)$in$say$end" --stats "$work/stats" --set log.trace='[card]'
counted() { python3 -c 'import json, sys; sys.exit(json.load(open(sys.argv[1]))["devices"]["card"]["writes"] != int(sys.argv[2]))' "$work/stats" "$1"; }
result "its statistics are told" counted 2
result "and its trace points" told "card: trace: access: 0"
# The timer: waits until the register changes.
machine "$(out 0 41)$(out 2 0)$in\x3c\x41\x74\xfb$say$end"
result "a timer runs in the machine's time" shown 42

machine "$(out 0 5a)$(out 1 1)$in$say$(out 0 3)$in$say$end"
result "a card that crashes is dead: reads are all ones" shown ffff
result "the report names device, plugin, version, and what it was doing" told \
    "card: error: test.frail 1.2.3: its process ended (signal 11, Segmentation fault) in a write of 1 bytes at 331h (offset 1h)"
machine "$(out 0 5a)$(out 1 2)$in$say$end"
result "a card that does not answer is ended" shown ff
result "and the report says so" told "test.frail 1.2.3: its process ended (no answer for 5 seconds) in a write of 1 bytes at 331h"

# It comes back: the guest waits for the card to be there again, and finds its register.
begin "$(out 0 5a)$(out 1 1)$in\x3c\xff\x74\xfb$say$end" --stats "$work/stats"
crashed() { ctl --json device.describe id=card && grep -q '"dead": true' "$work/ctl" && grep -q '"crashes": 1' "$work/ctl"; }
result "device.describe says that it is dead" waits crashed
ctl device.restart id=com1
result "what is not isolated cannot be restarted" grep -q "'com1' is not isolated" "$work/ctl"
ctl --json device.restart id=card
worker=$(sed -n 's/.*"process": \([0-9]*\).*/\1/p' "$work/ctl")
result "device.restart starts another process" grep -q '"process": [1-9]' "$work/ctl"
ended
result "and the register is as it was" shown 5a
result "its statistics go on from there" counted 1

# ---- a serial line ----

ready='\xba\xfc\x03\xb0\x03\xee' # COM1: DTR and RTS
# Waits for a byte, with the transmitter empty (a dead card reads as FFh), and sends it back.
echo_it='\xba\xfd\x03\xec\x3c\x61\x75\xfb\xba\xf8\x03\xec\xee\xe6\xe9'
sent='\xba\xfd\x03\xec\xa8\x40\x74\xfb' # waits until the last one has gone
with_line() { # INPUT
    rm -f "$work/sent"
    line=(--set backends.wire="{backend: file, path: $work/sent, input: $1}"
        --set devices.com1='{device: ns16550, base: 0x3f8, irq: 4, line: wire, isolate: true}')
}
printf abc >"$work/received"
with_line "$work/received"
machine "$ready$echo_it$echo_it$echo_it$sent$end" "${line[@]}"
result "what a stream brings reaches the card" shown 616263
result "and what the card sends reaches the stream" grep -qx abc "$work/sent"
# It dies before anything has come, and is started again: what comes in the meantime waits.
mkfifo "$work/fifo"
exec 9<>"$work/fifo"
with_line "$work/fifo"
begin "$ready$echo_it$sent$end" "${line[@]}"
alive() {
    ctl --json device.describe id=com1 && worker=$(sed -n 's/.*"process": \([1-9][0-9]*\).*/\1/p' "$work/ctl") && [ "$worker" ]
}
gone() { ctl --json device.describe id=com1 && grep -q '"dead": true' "$work/ctl"; }
waits alive
kill -KILL $worker
waits gone
printf x >&9
ctl device.restart id=com1
ended
exec 9>&-
result "what comes while the card is dead waits until it is back" grep -qx x "$work/sent"

# ---- refusals ----

refused() { # TEXT OPTION...
    local text=$1
    shift
    start pc --set firmware=null --set boot.kernel="$work/guest" --set boot.format=raw "$@"
    ended 1 && told "$text"
}
result "the reason of a create() that fails comes through" refused "device 'card': refuse: it was asked to refuse" \
    --set devices.card='{device: frail, isolate: true, refuse: true}'
result "a device with a disk cannot be isolated" refused "its property 'media' names a backend of kind 'block'" \
    --set backends.n='{backend: disk}' --set devices.hd0='{device: ide-disk, bus: ide, media: n, isolate: true}'
result "an interrupt controller cannot be isolated" refused "is an interrupt controller" \
    --set devices.pic='{device: i8259, isolate: true}'
result "an interface that is not offered is named" refused "it asks for 'abbey.vram/1'" \
    --set devices.vga='{device: vga, isolate: true}'
result "isolate: is true or false" refused "error[wrong-type]" --set devices.card='{device: frail, isolate: perhaps}'
result "no process is left behind" eval '[ "$worker" ] && ! kill -0 $worker 2>/dev/null'
echo "1..$number"
