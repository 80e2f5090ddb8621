#!/bin/bash
# plug.sh - a network adapter comes and goes in a booted Linux: plugged in by a command it is found by a rescan and gets
# its driver and its interrupt, pulled out nobody is there, and the second time it is as good as the first. Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
fetch_linux 686
initrd e1000 <<'END'
slot=/sys/bus/pci/devices/0000:00:0a.0
ls $slot >/dev/null 2>&1 && say "there from the start"
for round in 1 2; do
    say "looking $round"
    until [ -e $slot ]; do
        echo 1 >/sys/bus/pci/rescan
        sleep 1
    done
    name=$(ls $slot/net)
    ip link set $name up
    say "found $round $(cat $slot/net/$name/address) $(grep -c "$name" /proc/interrupts)"
    echo 1 >$slot/remove
    say "let go $round"
    while echo 1 >/sys/bus/pci/rescan && [ -e $slot ]; do
        echo 1 >$slot/remove
        sleep 1
    done
done
say "both times"
END

boot test=script --set memory=128M --set backends.lan='{ backend: none }' \
    --set devices.nic2='{ device: e1000, net: lan, addr: "0a.0", mac: "52:54:00:0a:0b:0c", plugged: false }'
for round in 1 2; do
    says "looking $round"
    result "round $round: it is plugged in" ctl device.plug id=nic2
    result "round $round: the guest finds it, with its address and an interrupt" says "found $round 52:54:00:0a:0b:0c 1"
    says "let go $round"
    result "round $round: it is pulled out" ctl device.unplug id=nic2
done
result "the guest finds nothing any more" says "both times"
result "and powers off" ended 0
result "it was not there from the start" eval '! said "there from the start"'
echo "1..$number"
