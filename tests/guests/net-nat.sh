#!/bin/bash
# net-nat.sh - what `nat` has besides what every adapter's test uses: IPv6, TFTP, forwarded UDP, servers of the host
# that are out of reach; and TCP through a network that is slow and loses frames. Prints TAP. ABBEY_NET_MB=32 moves so
# much.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
about="nat: "
megabytes=${ABBEY_NET_MB:-8}
need python3 python3
"$ABBEY" plugins describe nat >/dev/null 2>&1 || skip_all "there is no backend nat: built without libslirp"
fetch_linux 686

# What the guest does. $1, $2: ports of the host's peer; $3: megabytes; $4: its address, through the gateway.
# shellcheck disable=SC2086 # a list of words
initrd failover net_failover $virtio_modules virtio_net <<'TEXT'
set -- $(sed -n 's/.*net=\([0-9a-f.:,]*\).*/\1/p' /proc/cmdline | tr , ' ')
cat >/dhcp.sh <<'END'
#!/bin/sh
[ "$1" = bound ] || exit 0
ifconfig $interface $ip netmask $subnet
route add default gw $router
echo "abbey-test: lease $ip"
END
chmod +x /dhcp.sh
ifconfig lo 127.0.0.1
ifconfig eth0 up
udhcpc -i eth0 -q -n -t 10 -s /dhcp.sh 2>/dev/null
case $(cat /proc/cmdline) in
*six*)
    i=0
    until ip -6 addr show dev eth0 | grep -q "inet6 fd00::.* scope global" || [ $i -gt 600 ]; do
        sleep 1
        i=$((i + 1))
    done
    say "six $(ip -6 addr show dev eth0 | sed -n 's/.*inet6 \(fd00::\).*scope global.*/\1/p')"
    n=0
    for i in 1 2 3; do
        ping -6 -c 1 -W 20 fd00::2 >/dev/null && n=$((n + 1))
    done
    say "ping $n"
    tftp -g -r served -l /served 10.0.2.2 && say "tftp $(md5sum </served | cut -c1-32)"
    tftp -g -r ../secret -l /secret 10.0.2.2 2>/dev/null
    say "outside $(cat /secret 2>/dev/null)"
    say "listening"
    i=0 # its kernel counts those that nobody waits for
    until [ "$(awk '/^Udp: [0-9]/ { print $3 }' /proc/net/snmp)" -gt 0 ] || [ $i -gt 600 ]; do
        sleep 1
        i=$((i + 1))
    done
    say "datagrams $(awk '/^Udp: [0-9]/ { print ($3 > 0) }' /proc/net/snmp)"
    ;;
*closed*)
    nc -w 10 $4 $1 </dev/null >/got
    say "closed $(wc -c </got)"
    poweroff -f
    ;;
esac
say "got $(nc -w 120 $4 $1 </dev/null | md5sum | cut -c1-32)"
dd if=/dev/urandom of=/data bs=1M count=$3 2>/dev/null
nc $4 $2 </data
say "gave $(md5sum </data | cut -c1-32)"
TEXT

# begin ADDRESS MEGABYTES WORD BACKEND PEER - a peer at ADDRESS of the host, and the guest, which finds it at PEER.
begin() {
    peer "$2" "at=$1"
    boot "test=script net=$sender,$taker,$2,$5 $3" --set memory=128M --set "backends.lan=$4" \
        --set "devices.nic={ device: virtio-net, addr: \"03.0\", net: lan }"
}
exchanged() { # NAME
    says "got [0-9a-f]*"
    result "receives $1" eval 'said "got $(sum_of sent)"'
    says "gave [0-9a-f]*"
    result "sends $1" eval 'said "gave $(sum_of taken)"'
    result "powers off" ended 0
}

mkdir "$work/tftp"
head -c 300000 /dev/urandom >"$work/tftp/served"
echo "not for the guest" >"$work/secret"
address=::1 gateway=fd00::2
python3 -c 'import socket; socket.create_server(("::1", 0), family=socket.AF_INET6)' 2>/dev/null ||
    address=127.0.0.1 gateway=10.0.2.2 # a host without IPv6
datagrams=$("$tests/free-ports")
begin $address $megabytes six "{ backend: nat, host_loopback: true, tftp: \"$work/tftp\", forward: [\"udp $datagrams -> 5353\"] }" $gateway
result "gives an IPv6 address" says "six fd00::"
result "the gateway answers over IPv6" eval 'says "ping [0-3]" && said "ping 3"'
result "serves a file by TFTP" eval 'says "outside.*" && said "tftp $(md5sum <"$work/tftp/served" | cut -c1-32)"'
result "but none outside its folder" said "outside ?"
says "listening"
sends() { said "datagrams.*" || { echo "hello by UDP" >"/dev/udp/127.0.0.1/$datagrams" && false; }; }
waits sends
result "a forwarded datagram reaches the guest" says "datagrams 1"
exchanged "$megabytes MB over TCP to $gateway unharmed"
end_all

begin 127.0.0.1 2 slow "{ backend: nat, host_loopback: true, rate: 20000, loss: 5 }" 10.0.2.2
exchanged "2 MB unharmed through a network that is slow and loses frames"
end_all

begin 127.0.0.1 1 closed "{ backend: nat }" 10.0.2.2
result "the host's own servers are out of reach" eval 'says "closed 0" && ! [ -e "$work/sent" ]'
ended
echo "1..$number"
