#!/bin/bash
# net-switch.sh - three machines on one switch: each pair exchanges data with checksums; the third comes late; then the
# one that passes the frames is killed, and the rest go on. Prints TAP. ABBEY_NET_MB=64 moves so much;
# ABBEY_TEST_SHORT=1 less than is usual.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
about="switch: "
megabytes=${ABBEY_NET_MB:-16}
[ "${ABBEY_TEST_SHORT-}" ] && megabytes=8
fetch_linux 686

# shellcheck disable=SC2086 # a list of words
initrd mii pcnet32 failover net_failover $virtio_modules virtio_net <<'TEXT'
set -- $(sed -n 's/.*net=\([0-9,]*\).*/\1/p' /proc/cmdline | tr , ' ')
me=$1 megabytes=$2
ifconfig lo 127.0.0.1
ifconfig eth0 10.9.0.$me netmask 255.255.255.0
mkdir /www
dd if=/dev/urandom of=/www/data bs=1M count=$megabytes 2>/dev/null
md5sum </www/data >/www/sum
for what in data sum; do
    printf '#!/bin/sh\ncat /www/%s\n' $what >/serve-$what
    chmod +x /serve-$what
done
nc -ll -p 5000 -e /serve-data </dev/null &
nc -ll -p 5001 -e /serve-sum </dev/null &
fetch() { # OTHER: until it is there
    until sum=$(nc -w 5 10.9.0.$1 5001 </dev/null 2>/dev/null) && [ "$sum" ]; do
        sleep 1
    done
    [ "$(nc -w 300 10.9.0.$1 5000 </dev/null | md5sum)" = "$sum" ] && say "$2 $1 same"
}
say "there"
for other in 1 2 3; do
    [ $other = $me ] || fetch $other from
done
while ping -c 3 -W 10 10.9.0.1 >/dev/null; do # of three one answer at least
    sleep 1
done
for other in 2 3; do
    [ $other = $me ] || fetch $other again
done
# Until the other is ready as well.
sleep 1000
TEXT

# up NUMBER ADAPTER - starts that machine; what it says is in $work/outNUMBER.
pids=()
up() {
    "$ABBEY" run linux-direct --set name="vm$1" --set boot.kernel="$guest/vmlinuz" --set boot.initrd="$initrd" \
        --set memory=192M --set boot.cmdline="console=ttyS0 quiet test=script net=$1,$megabytes" \
        --set "backends.lan={ backend: switch, path: \"$work/switch\" }" --set "devices.nic={ device: $2, net: lan }" \
        --timeout $((2 * limit)) >"$work/out$1" 2>"$work/err$1" &
    pids[$1]=$!
}
vm_says() { # NUMBER PATTERN: waits until that machine says it
    pid=${pids[$1]} console=out$1 says "$2"
}

up 1 virtio-net
result "the first comes up" vm_says 1 there
up 2 pcnet
result "the second gets the first's $megabytes MB" vm_says 2 "from 1 same"
result "the first gets the second's" vm_says 1 "from 2 same"
up 3 virtio-net
result "one that comes late gets the first's" vm_says 3 "from 1 same"
result "and the second's" vm_says 3 "from 2 same"
result "the first gets its data" vm_says 1 "from 3 same"
result "and the second" vm_says 2 "from 3 same"
kill -KILL "${pids[1]}" && wait "${pids[1]}" 2>/dev/null
result "without the first, the second goes on" vm_says 2 "again 3 same"
result "and the third" vm_says 3 "again 2 same"
echo "1..$number"
