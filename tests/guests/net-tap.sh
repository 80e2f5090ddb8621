#!/bin/bash
# net-tap.sh - guests on networks of the host, by TAP: `bridged`, with a DHCP server and a peer behind the host's card,
# in a network namespace of their own; and `host-only`, with both on the host. Each gets its address from busybox's
# udhcpd, moves data both ways, loses its network and gets it back. All in namespaces that the test makes. Prints TAP.
# ABBEY_NET_MB=64 moves so much; ABBEY_TEST_SHORT=1 less than is usual.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
megabytes=${ABBEY_NET_MB:-16}
[ "${ABBEY_TEST_SHORT-}" ] && megabytes=8

if [ "${1-}" != inside ]; then
    need python3 python3
    busybox --list 2>/dev/null | grep -x udhcpd >/dev/null || skip_all "there is no DHCP server: busybox is not installed"
    [ -w /dev/net/tun ] || skip_all "the host has no /dev/net/tun for us"
    # shellcheck disable=SC2016 # for the inner shell
    unshare --user --map-root-user --net --mount --fork sh -c \
        'ip link add br0 type bridge && ip tuntap add t0 mode tap && unshare --net true' 2>/dev/null ||
        skip_all "this host allows no network namespaces with TAP interfaces and bridges in them"
    fetch_linux 686
    unshare --user --map-root-user --net --mount --kill-child bash "$0" inside
    exit
fi
fetch_linux 686

# What the guest does: an address, data from the peer and to it, then the cable.
guest_script() {
    cat <<'TEXT'
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
    while [ "$(cat /sys/class/net/eth0/carrier)" != $1 ] && [ $i -lt 600 ]; do
        sleep 1
        i=$((i + 1))
    done
    [ $i -lt 600 ] && say "carrier $1"
}
carrier 0
carrier 1
answers "ping again"
TEXT
}

# serve ADDRESS INTERFACE - a DHCP server and a peer, each started by the command $by.
serve() {
    local address=$1 interface=$2
    cat >"$work/udhcpd.conf" <<END
interface $interface
start ${address%.*}.100
end ${address%.*}.120
option subnet 255.255.255.0
lease_file $work/leases
pidfile $work/udhcpd.pid
END
    : >"$work/leases"
    $by busybox udhcpd -f "$work/udhcpd.conf" 2>"$work/log-udhcpd" &
    peer $megabytes "at=$address"
}

# run ADDRESS ADAPTER BACKEND MODULE... - the guest, up to its end; ADDRESS: of the peer; `down` and `up` are the
# network's.
run() {
    about="$backend, $2: "
    initrd "${@:4}" < <(guest_script)
    boot "test=script net=$1,$sender,$taker,$megabytes" --set memory=128M --set "backends.lan=$3" \
        --set "devices.nic={ device: $2, addr: \"03.0\", net: lan }"
    result "DHCP gives an address" says "lease ${1%.*}.1[0-2][0-9]"
    said "lease .*" || kill -KILL $pid # nothing of what follows can be
    result "the peer answers" eval 'says "ping [0-3]" && said "ping 3"'
    says "got [0-9a-f]*"
    result "receives $megabytes MB over TCP unharmed" eval 'said "got $(sum_of sent)"'
    says "gave [0-9a-f]*"
    result "sends $megabytes MB over TCP unharmed" eval 'said "gave $(sum_of taken)"'
    down
    result "sees that the network has gone" says "carrier 0"
    up
    result "and is there again, and goes on" eval 'says "carrier 1" && says "ping again 3"'
    result "powers off" ended 0
}

ip link set lo up

# The network behind the host's card: a namespace whose holder is a process that sleeps.
backend=bridged
unshare --net sleep 100000 &
far=$!
is_apart() { [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }
pid=$far waits is_apart
ip link add br0 type bridge
ip link add card type veth peer name wire
ip link set wire netns $far
ip link set card master br0
ip link set card up
ip link set br0 up
by="nsenter --net=/proc/$far/ns/net"
$by ip link set lo up
$by ip addr add 10.44.0.1/24 dev wire
$by ip link set wire up
serve 10.44.0.1 wire
down() { ip link set br0 down; }
up() { ip link set br0 up; }
# shellcheck disable=SC2086 # a list of words
run 10.44.0.1 virtio-net "{ backend: bridged, bridge: br0 }" failover net_failover $virtio_modules virtio_net
end_all

# The host alone. The machine would make the bridge; here it is there before, for the servers on it.
backend=host-only by=
about="host-only, pcnet: "
start linux-direct --set boot.kernel="$guest/vmlinuz" --set "backends.lan.backend=host-only" --set devices.nic.net=lan --timeout 1
ended
result "a machine makes the host's interface" eval 'ip -4 addr show abbey0 2>/dev/null | grep -q "inet 192.168.77.1/24"'
serve 192.168.77.1 abbey0
down() {
    ip link set abbey0 down
    for tap in $(ls /proc/sys/net/ipv4/conf | grep abbeytap); do ip link del "$tap"; done # made anew by itself
}
up() { ip link set abbey0 up; }
run 192.168.77.1 pcnet "{ backend: host-only }" mii pcnet32
echo "1..$number"
