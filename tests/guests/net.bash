# net.bash - a Debian kernel's own drivers on the network: DHCP, ping, DNS, TCP both ways, forwarded ports, the cable.
# Sourced by net-ADAPTER.sh, which name the adapter, its kernel modules and its devices. Prints TAP.
#
# All runs in namespaces of its own where the host allows that: then there is a DNS server too. ABBEY_NET_MB=256 moves
# so much; ABBEY_TEST_SHORT=1 less than is usual.
: "${adapter:?}" "${modules:?}"
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
about="$adapter: "
megabytes=${ABBEY_NET_MB:-64} # each way
[ "${ABBEY_TEST_SHORT-}" ] && megabytes=16
need python3 python3
"$ABBEY" plugins describe nat >/dev/null 2>&1 || skip_all "there is no backend nat: built without libslirp"
fetch_linux 686

if [ "${1-}" != inside ]; then
    if unshare --user --map-root-user --net --mount true 2>/dev/null; then
        unshare --user --map-root-user --net --mount --kill-child bash "$0" inside
    else
        bash "$0" inside
    fi
    exit
fi

dns=
if [ "$(ip link show 2>/dev/null | grep -c '^[0-9]')" = 1 ]; then # the namespace
    ip link set lo up
    echo nameserver 127.0.0.1 >"$work/resolv.conf"
    mount --bind "$work/resolv.conf" /etc/resolv.conf && dns=dns
fi

# What the guest does. $1 to $3: ports of the host's peers; $4: megabytes.
# shellcheck disable=SC2086 # a list of words
initrd $modules <<'TEXT'
set -- $(sed -n 's/.*net=\([0-9,]*\).*/\1/p' /proc/cmdline | tr , ' ')
mkdir -p /www /etc
cat >/dhcp.sh <<'END'
#!/bin/sh
[ "$1" = bound ] || exit 0
ifconfig $interface $ip netmask $subnet
route add default gw $router
echo nameserver $dns >/etc/resolv.conf
echo "abbey-test: lease $ip $router $dns"
END
chmod +x /dhcp.sh
ifconfig lo 127.0.0.1
ifconfig eth0 up
udhcpc -i eth0 -q -n -t 10 -s /dhcp.sh 2>/dev/null
say "address $(cat /sys/class/net/eth0/address)"
# One at a time: behind an answer, ping gives the last of several but a second, which is little on a busy host.
answers() {
    n=0
    for i in 1 2 3; do
        ping -c 1 -W 20 10.0.2.2 >/dev/null && n=$((n + 1))
    done
    say "$1 $n"
}
answers ping
for i in 1 2 3; do
    nslookup abbey.example 10.0.2.3 | grep -q 192.0.2.7 && say "dns" && break
done
say "got $(nc 10.0.2.2 $1 </dev/null | md5sum | cut -c1-32)"
dd if=/dev/urandom of=/data bs=1M count=8 2>/dev/null
stream() {
    i=0
    while [ $i -lt $4 ]; do
        cat /data
        i=$((i + 8))
    done
}
stream $@ | nc 10.0.2.2 $2
say "gave $(stream $@ | md5sum | cut -c1-32)"
echo "hello from the guest" >/www/index.html
httpd -p 80 -h /www
nc -l -p 81 </dev/null >/dev/null &
until cat /proc/net/tcp* | grep -q ':0051 .* 0A '; do # it listens
    sleep 1
done
say "serving"
wait $!
say "served"
carrier() {
    i=0
    while [ "$(cat /sys/class/net/eth0/carrier)" != $1 ] && [ $i -lt 600 ]; do
        sleep 1
        i=$((i + 1))
    done
    [ $i -lt 600 ] && say "carrier $1"
}
case $(cat /proc/cmdline) in
*nolink*) ;;
*)
    carrier 0
    carrier 1
    answers "ping again"
    ;;
esac
say "errors $(cat /sys/class/net/eth0/statistics/*_errors | sort -u | tail -1)"
TEXT

fetched() {
    exec 3<>"/dev/tcp/127.0.0.1/$web" || return
    printf 'GET /index.html HTTP/1.0\r\n\r\n' >&3
    grep -q "hello from the guest" <&3
}
# shellcheck disable=SC2086
peer $megabytes $dns
read -r web last < <("$tests/free-ports" 2)
boot "test=script net=$sender,$taker,$echoer,$megabytes ${cmdline-}" --set memory=128M \
    --set "backends.lan={ backend: nat, host_loopback: true, forward: [\"tcp $web -> 80\", \"tcp $last -> 81\"] }" "${devices[@]}"
result "DHCP gives an address" says "lease 10.0.2.15 10.0.2.2 10.0.2.3"
result "the address is made from names, or as given" says "address ${address-02:ab:[0-9a-f:]*}"
result "the gateway answers" eval 'says "ping [0-3]" && said "ping 3"'
says "got [0-9a-f]*"
if [ "$dns" ]; then
    result "the name server answers" said "dns"
else
    skip "the name server answers" "no namespaces on this host"
fi
result "receives $megabytes MB over TCP unharmed" eval 'said "got $(sum_of sent)"'
says "gave [0-9a-f]*"
result "sends $megabytes MB over TCP unharmed" eval 'said "gave $(sum_of taken)"'
result "a forwarded port reaches the guest's server" eval 'says serving && fetched'
echo >"/dev/tcp/127.0.0.1/$last"
if [[ ${cmdline-} != *nolink* ]]; then
    says served
    ctl net.link up=false
    result "sees the cable out" says "carrier 0"
    ctl net.link up=true
    result "and in again, and goes on" eval 'says "carrier 1" && says "ping again 3"'
fi
result "the driver counts no errors" says "errors 0"
result "powers off" ended 0
echo "1..$number"
