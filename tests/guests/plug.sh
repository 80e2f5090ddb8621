#!/bin/bash
# plug.sh - a network adapter comes and goes in a booted Linux: plugged in by a command it is found by a rescan and gets its
# driver and its interrupt, pulled out nobody is there, and the second time it is as good as the first. Prints TAP.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
guest=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}/686
work=$(mktemp -d)
pid=
trap '[ "$pid" ] && kill -KILL $pid 2>/dev/null; rm -rf "$work"' EXIT
number=0
if ! "$ABBEY_SRCDIR/tests/guests/fetch-linux" "$guest" 686 >"$work/log" 2>&1; then
    sed 's/^/# /' "$work/log"
    echo "1..0 # SKIP no guest: Debian's packages cannot be fetched"
    exit 0
fi
cat >"$work/script" <<'END'
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
"$ABBEY_SRCDIR/tests/guests/guest-initrd" "$guest" "$work/script" "$work/initrd" e1000 || exit 99

result() { # NAME COMMAND...
    local name=$1
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        tail -n 15 "$work/out" "$work/err" "$work/ctl" 2>/dev/null | tr -d '\r' | cat -v | sed 's/^/#   /'
    fi
}
said() { grep -qsE "^abbey-test: $1"$'\r?$' "$work/out"; }
waits() { # until it is said, or the machine has ended, or five minutes have passed
    local tries=3000
    until said "$1"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        kill -0 $pid 2>/dev/null || { said "$1"; return; }
        sleep 0.1
    done
}
ctl() { "$ABBEY" ctl --timeout 120 "$work/sock" "$@" >"$work/ctl" 2>&1; }

"$ABBEY" run linux-direct --set boot.kernel="$guest/vmlinuz" --set boot.initrd="$work/initrd" --timeout 900 \
    --set boot.cmdline="console=ttyS0 quiet test=script" --set memory=128M --set control.socket="$work/sock" \
    --set backends.lan='{ backend: none }' \
    --set devices.nic2='{ device: e1000, net: lan, addr: "0a.0", mac: "52:54:00:0a:0b:0c", plugged: false }' \
    >"$work/out" 2>"$work/err" </dev/null &
pid=$!
for round in 1 2; do
    waits "looking $round"
    result "round $round: it is plugged in" ctl device.plug id=nic2
    result "round $round: the guest finds it, with its address and an interrupt" waits "found $round 52:54:00:0a:0b:0c 1"
    waits "let go $round"
    result "round $round: it is pulled out" ctl device.unplug id=nic2
done
result "the guest finds nothing any more" waits "both times"
wait $pid
status=$?
pid=
result "and powers off" [ $status -eq 0 ]
result "it was not there from the start" eval '! said "there from the start"'
echo "1..$number"
