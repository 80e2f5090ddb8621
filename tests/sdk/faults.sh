#!/bin/bash
# faults.sh - what is told of a plugin that goes wrong in the process of the machine: a crash ends Abbey with a report
# of the device, the plugin, its version and the callback; a callback that does not return is named while it lasts; an
# error that a callback gives is passed on with its name. The guests are a few bytes. Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
cp "$ABBEY_BUILDDIR/tests/plugins/frail.so" "$work/"
export ABBEY_PLUGIN_PATH=$work:$ABBEY_PLUGIN_PATH
cd "$work" || exit 99

# begin CODE CARD - starts a guest on a machine with the card; machine: runs it to its end.
begin() {
    printf "$1" >guest
    rm -f card-crash.txt
    start pc --set name=card --set firmware=null --set boot.kernel="$work/guest" --set boot.format=raw --set memory=4M \
        --set devices.end='{device: debug-exit, port: 0xf4}' --set devices.card="$2"
}
machine() {
    begin "$@"
    ended
}
told() { grep -qF "$1" err; }
reported() { [ $status -eq 4 ] && told "device 'card' of plugin test.frail 1.2.3 was in $1" && told "a fault of a plugin; the report is in 'card-crash.txt'"; }

out() { printf '\\xba\\x%02x\\x03\\xb0\\x%02x\\xee' $((0x30 + $1)) "0x$2"; } # out 330h + $1, $2
end='\xe6\xf4\xf4'      # the end of the run

machine "$(out 1 1)$end" '{device: frail}'
result "a crash is told with device, plugin, version, callback" reported "a write of 1 bytes at 331h (offset 1h)"
result "and with the file whose code it was" told "the fault is in the code of plugin test.frail 1.2.3, $work/frail.so+0x"
result "the report has the same, and the processors" eval \
    'grep -q "test.frail 1.2.3 was in a write" card-crash.txt && grep -q "^rax " card-crash.txt && grep -qi "eax" card-crash.txt'
machine "$(out 2 0)\xeb\xfe" '{device: frail, fault: timer}'
result "in the callback of a timer" reported "the callback of a timer"
machine "$end" '{device: frail, fault: create}'
result "in create()" reported "create()"
machine "$end" '{device: frail, fault: reset}'
result "in reset()" reported "reset()"
machine "$end" '{device: frail, fault: destroy}'
result "in destroy()" reported "destroy()"

machine "$end" '{device: frail, refuse: true}'
result "a create() that fails is told with its reason, plugin and version" eval \
    '[ $status -eq 1 ] && told "device '"'card'"': refuse: it was asked to refuse" && told "in create() of test.frail 1.2.3"'

machine "$end" '{device: frail, fault: ask}'
result "an interface that nobody offers is named, with who asked" told \
    "card: warning: test.frail 1.2.3 asks for the interface 'test.nowhere/1', which this abbey does not offer"

# It never returns; the machine stands, and only this is said.
begin "$(out 1 2)$end" '{device: frail}'
result "a callback that does not return is named" waits told \
    "card: warning: test.frail 1.2.3: a write of 1 bytes at 331h (offset 1h) has not returned for 2 seconds"
echo "1..$number"
