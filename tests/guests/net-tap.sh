#!/bin/bash
# net-tap.sh - guests on networks of the host, by TAP: `bridged`, with a DHCP server and a peer behind the host's card, in a network
# namespace of their own; and `host-only`, with both on the host. Each gets its address from busybox's udhcpd, moves data both ways, loses
# its network and gets it back. All in namespaces that the test makes. Prints TAP. ABBEY_NET_MB=64 moves
# so much; ABBEY_TEST_SHORT=1 less than is usual.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
guest=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}/686
megabytes=${ABBEY_NET_MB:-16} limit=1200
[ "${ABBEY_TEST_SHORT-}" ] && megabytes=8
number=0

if [ "${1-}" != inside ]; then
    skip() {
        echo "1..0 # SKIP $*"
        exit 0
    }
    command -v python3 >/dev/null || skip "python3 is not installed"
    busybox --list 2>/dev/null | grep -qx udhcpd || skip "there is no DHCP server: busybox is not installed"
    [ -w /dev/net/tun ] || skip "the host has no /dev/net/tun for us"
    # shellcheck disable=SC2016 # for the inner shell
    unshare --user --map-root-user --net --mount --fork sh -c \
        'ip link add br0 type bridge && ip tuntap add t0 mode tap && unshare --net true' 2>/dev/null ||
        skip "this host allows no network namespaces with TAP interfaces and bridges in them"
    "$ABBEY_SRCDIR/tests/guests/fetch-linux" "$guest" 686 >/dev/null 2>&1 || skip "no guest: Debian's packages cannot be fetched"
    work=$(mktemp -d)
    work=$work unshare --user --map-root-user --net --mount --kill-child bash "$0" inside
    status=$?
    rm -rf "$work"
    exit $status
fi

trap 'kill $(jobs -p) 2>/dev/null' EXIT

# What the guest does: an address, data from the peer and to it, then the cable.
cat >"$work/test.sh" <<'TEXT'
set -- $(sed -n 's/.*net=\([0-9.,]*\).*/\1/p' /proc/cmdline | tr , ' ')
cat >/dhcp.sh <<'END'
#!/bin/sh
[ "$1" = bound ] || exit 0
ifconfig $interface $ip netmask $subnet
echo "abbey-test: lease $ip"
END
chmod +x /dhcp.sh
ifconfig lo 127.0.0.1
ifconfig eth0 up
say "here"
udhcpc -i eth0 -q -n -t 60 -T 1 -s /dhcp.sh 2>/dev/null
peer=$1
answers() { # one at a time: behind an answer, ping gives the last of several but a second
    n=0
    for i in 1 2 3; do
        ping -c 1 -W 20 $peer >/dev/null && n=$((n + 1))
    done
    say "$1 $n"
}
answers ping
say "got $(nc $1 $2 </dev/null | md5sum | cut -c1-32)"
dd if=/dev/urandom of=/data bs=1M count=8 2>/dev/null
stream() {
    i=0
    while [ $i -lt $4 ]; do
        cat /data
        i=$((i + 8))
    done
}
stream $@ | nc $1 $3
say "gave $(stream $@ | md5sum | cut -c1-32)"
carrier() {
    i=0
    while [ "$(cat /sys/class/net/eth0/carrier)" != $1 ] && [ $i -lt 120 ]; do
        sleep 1
        i=$((i + 1))
    done
    [ $i -lt 120 ] && say "carrier $1"
}
carrier 0
carrier 1
answers "ping again"
TEXT

result() {
    local name="$backend, $adapter: $1"
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        echo "# expected: $*"
        tail -n 25 "$work/out" "$work/err" "$work/udhcpd.log" | tr -d '\r' | cat -v | sed 's/^/#   /'
    fi
}
said() {
    grep -qE "^abbey-test: $1"$'\r?$' "$work/out"
}
says() {
    local tries=$((limit * 10))
    until said "$1"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        kill -0 $pid 2>/dev/null || { said "$1"; return; } # one more look, at what it said last
        sleep 0.1
    done
}
word_of() { # FILE: the sum that the peer reports
    cut -d' ' -f1 "$work/$1" 2>/dev/null
}

# serve ADDRESS INTERFACE COMMAND... - a DHCP server and a peer, each started by COMMAND; their ports in $sender and $taker.
serve() {
    local address=$1 interface=$2
    shift 2
    rm -f "$work/ports" "$work/sent" "$work/taken"
    cat >"$work/udhcpd.conf" <<END
interface $interface
start ${address%.*}.100
end ${address%.*}.120
option subnet 255.255.255.0
lease_file $work/leases
pidfile $work/udhcpd.pid
END
    : >"$work/leases"
    "$@" busybox udhcpd -f "$work/udhcpd.conf" 2>"$work/udhcpd.log" &
    "$@" "$ABBEY_SRCDIR/tests/guests/net-peer" "$work" $megabytes "at=$address" 2>"$work/peer" &
    for _ in {1..100}; do
        [ -s "$work/ports" ] && break
        sleep 0.1
    done
    read -r sender taker _ <"$work/ports"
}

# run ADDRESS MODULES ADAPTER BACKEND - the guest, up to its end; $address: of the peer; `down` and `up` are the network's.
run() {
    "$ABBEY_SRCDIR/tests/guests/guest-initrd" "$guest" "$work/test.sh" "$work/initrd" $2
    "$ABBEY" run linux-direct --set boot.kernel="$guest/vmlinuz" --set boot.initrd="$work/initrd" --set memory=128M \
        --set boot.cmdline="console=ttyS0 quiet test=script net=$1,$sender,$taker,$megabytes" \
        --set "backends.lan=$4" --set "devices.nic={ device: $3, addr: \"03.0\", net: lan }" \
        --timeout $limit </dev/null >"$work/out" 2>"$work/err" &
    pid=$!
    result "DHCP gives an address" says "lease ${1%.*}.1[0-2][0-9]"
    said "lease .*" || kill $pid # nothing of what follows can be
    result "the peer answers" eval 'says "ping [0-3]" && said "ping 3"'
    says "got [0-9a-f]*"
    result "receives $megabytes MB over TCP unharmed" eval 'said "got $(word_of sent)"'
    says "gave [0-9a-f]*"
    result "sends $megabytes MB over TCP unharmed" eval 'said "gave $(word_of taken)"'
    down
    result "sees that the network has gone" says "carrier 0"
    up
    result "and is there again, and goes on" eval 'says "carrier 1" && says "ping again 3"'
    wait $pid
    status=$?
    result "powers off" [ $status -eq 0 ]
}

ip link set lo up

# The network behind the host's card: a namespace whose holder is a process that sleeps.
backend=bridged adapter=virtio-net
virtio="failover net_failover virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_net"
unshare --net sleep 100000 &
far=$!
until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
ip link add br0 type bridge
ip link add card type veth peer name wire
ip link set wire netns $far
ip link set card master br0
ip link set card up
ip link set br0 up
inside() {
    nsenter --net=/proc/$far/ns/net "$@"
}
inside ip link set lo up
inside ip addr add 10.44.0.1/24 dev wire
inside ip link set wire up
serve 10.44.0.1 wire nsenter --net=/proc/$far/ns/net
down() { ip link set br0 down; }
up() { ip link set br0 up; }
run 10.44.0.1 "$virtio" virtio-net "{ backend: bridged, bridge: br0 }"
kill $(jobs -p) 2>/dev/null
wait 2>/dev/null

# The host alone. The machine would make the bridge; here it is there before, for the servers on it.
backend=host-only adapter=pcnet
"$ABBEY" run linux-direct --set boot.kernel="$guest/vmlinuz" --set "backends.lan.backend=host-only" \
    --set devices.nic.net=lan --timeout 1 </dev/null >/dev/null 2>"$work/err"
result "a machine makes the host's interface" eval 'ip -4 addr show abbey0 2>/dev/null | grep -q "inet 192.168.77.1/24"'
serve 192.168.77.1 abbey0
down() {
    ip link set abbey0 down
    for tap in $(ls /proc/sys/net/ipv4/conf | grep abbeytap); do ip link del "$tap"; done # made anew by itself
}
up() { ip link set abbey0 up; }
run 192.168.77.1 "mii pcnet32" pcnet "{ backend: host-only }"
echo "1..$number"
