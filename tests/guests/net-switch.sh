#!/bin/bash
# net-switch.sh - three machines on one switch: each pair exchanges data with checksums; the third comes late; then the one
# that passes the frames is killed, and the rest go on. Prints TAP. ABBEY_NET_MB=64 moves so much;
# ABBEY_TEST_SHORT=1 less than is usual.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
guest=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}/686
megabytes=${ABBEY_NET_MB:-16} limit=300
[ "${ABBEY_TEST_SHORT-}" ] && megabytes=8 limit=1200
if ! "$ABBEY_SRCDIR/tests/guests/fetch-linux" "$guest" 686 >/dev/null 2>&1; then
    echo "1..0 # SKIP no guest: Debian's packages cannot be fetched"
    exit 0
fi
work=$(mktemp -d)
pids=()
trap 'kill -KILL "${pids[@]}" 2>/dev/null; rm -rf "$work"' EXIT
number=0

cat >"$work/test.sh" <<'TEXT'
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
    [ "$(nc -w 10 10.9.0.$1 5000 </dev/null | md5sum)" = "$sum" ] && say "$2 $1 same"
}
say "there"
for other in 1 2 3; do
    [ $other = $me ] || fetch $other from
done
while ping -c 1 -W 2 10.9.0.1 >/dev/null; do
    sleep 1
done
for other in 2 3; do
    [ $other = $me ] || fetch $other again
done
# Until the other is ready as well.
sleep 1000
TEXT

result() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - switch: $name"
    else
        echo "not ok $number - switch: $name"
        echo "# expected: $*"
        for i in 1 2 3; do tail -n 8 "$work/out$i" "$work/err$i" 2>/dev/null | tr -d '\r' | cat -v | sed 's/^/#   /'; done
    fi
}
says() { # MACHINE LINE
    local tries=$((limit * 5))
    until grep -qE "^abbey-test: $2"$'\r?$' "$work/out$1"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        kill -0 "${pids[$1 - 1]}" 2>/dev/null || { grep -qE "^abbey-test: $2"$'\r?$' "$work/out$1"; return; } # one more look, at what it said last
        sleep 0.2
    done
}
# start NUMBER ADAPTER
start() {
    "$ABBEY" run linux-direct --set name="vm$1" --set boot.kernel="$guest/vmlinuz" --set boot.initrd="$work/initrd" \
        --set memory=192M --set boot.cmdline="console=ttyS0 quiet test=script net=$1,$megabytes" \
        --set "backends.lan={ backend: switch, path: \"$work/switch\" }" --set "devices.nic={ device: $2, net: lan }" \
        --timeout $((limit * 2)) </dev/null >"$work/out$1" 2>"$work/err$1" &
    pids+=($!)
}

"$ABBEY_SRCDIR/tests/guests/guest-initrd" "$guest" "$work/test.sh" "$work/initrd" mii pcnet32 \
    failover net_failover virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_net
start 1 virtio-net
result "the first comes up" says 1 there
start 2 pcnet
result "the second gets the first's $megabytes MB" says 2 "from 1 same"
result "the first gets the second's" says 1 "from 2 same"
start 3 virtio-net
result "one that comes late gets the first's" says 3 "from 1 same"
result "and the second's" says 3 "from 2 same"
result "the first gets its data" says 1 "from 3 same"
result "and the second" says 2 "from 3 same"
kill -KILL "${pids[0]}" && wait "${pids[0]}" 2>/dev/null
result "without the first, the second goes on" says 2 "again 3 same"
result "and the third" says 3 "again 2 same"
echo "1..$number"
