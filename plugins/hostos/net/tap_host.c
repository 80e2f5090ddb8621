/* tap_host.c - TAP interfaces and bridges of Linux, by the ioctls of netdevice(7) and linux/if_tun.h; and what to tell
 * a user who lacks something of it. */
#include "tap.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"

#define DEVICE "/dev/net/tun"
#define OWN "abbeytap%d" /* the kernel puts the first free number there */
#define TUN_HEADER 10    /* bytes of struct virtio_net_hdr */

__attribute__((format(printf, 2, 3))) static int32_t say(struct tap *tap, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(tap->why, sizeof tap->why, format, args);
    va_end(args);
    return -1;
}

static bool has_tap(const struct tap *tap)
{
    return tap->tap && *tap->tap;
}

/* One ioctl on an interface. 0 or -1 with errno. */
static int request(unsigned long code, struct ifreq *what)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int result = fd < 0 ? -1 : ioctl(fd, code, what), why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    return result;
}

static void request_name(struct ifreq *what, const char *name)
{
    *what = (struct ifreq){ 0 };
    snprintf(what->ifr_name, sizeof what->ifr_name, "%s", name);
}

static bool interface_is(const char *name, int flags)
{
    struct ifreq what;
    request_name(&what, name);
    return request(SIOCGIFFLAGS, &what) == 0 && (what.ifr_flags & flags) == flags;
}

static int interface_up(const char *name)
{
    struct ifreq what;
    request_name(&what, name);
    if (request(SIOCGIFFLAGS, &what))
        return -1;
    what.ifr_flags = (short)(what.ifr_flags | IFF_UP);
    return request(SIOCSIFFLAGS, &what);
}

/* Gives it a station address, or the one it has: a bridge that was not given one takes the lowest of its ports, and
 * changes it as they come and go. A TAP gets one that is higher than any card's. */
static void interface_address(const char *name, bool high)
{
    struct ifreq what;
    request_name(&what, name);
    if (request(SIOCGIFHWADDR, &what))
        return;
    if (high)
        what.ifr_hwaddr.sa_data[0] = (char)0xfe;
    request(SIOCSIFHWADDR, &what);
}

/* ---- bridges ---- */

static void bridges_list(char *text, size_t room)
{
    struct if_nameindex *all = if_nameindex();
    size_t at = 0;
    *text = 0;
    for (struct if_nameindex *one = all; one && one->if_index; one++) {
        char path[64];
        snprintf(path, sizeof path, "/sys/class/net/%s/bridge", one->if_name);
        if (access(path, F_OK) == 0 && at < room)
            at += (size_t)snprintf(text + at, room - at, "%s%s", at ? ", " : "", one->if_name);
    }
    if_freenameindex(all);
}

static int32_t no_bridge(struct tap *tap)
{
    char list[160];
    bridges_list(list, sizeof list);
    if (*list)
        return say(tap, "the host has no bridge '%s'; it has: %s", tap->bridge, list);
    return say(tap,
        "the host has no bridge '%s', nor any other; an administrator makes one with its network card in it: ip link "
        "add %s type bridge; ip link set CARD master %s; ip link set %s up",
        tap->bridge, tap->bridge, tap->bridge, tap->bridge);
}

static int32_t bridge_configure(struct tap *tap, uint32_t address, uint32_t bits)
{
    struct ifreq what;
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };
    request_name(&what, tap->bridge);
    memcpy(&what.ifr_addr, &in, sizeof in);
    int result = request(SIOCSIFADDR, &what);
    in.sin_addr.s_addr = htonl(~(0xffffffffu >> bits));
    request_name(&what, tap->bridge);
    memcpy(&what.ifr_netmask, &in, sizeof in);
    if (result == 0)
        result = request(SIOCSIFNETMASK, &what);
    if (result || interface_up(tap->bridge))
        return say(tap, "cannot give the bridge '%s' the address %s: %s", tap->bridge, tap->address, strerror(errno));
    return 0;
}

int32_t tap_bridge_make(struct tap *tap)
{
    uint32_t address, bits;
    struct ifreq what;
    if (!address_read(tap->address, &address, &bits))
        return say(tap, "address '%s' is none like 192.168.77.1/24", tap->address);
    if (has_tap(tap) || if_nametoindex(tap->bridge))
        return 0;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result = -1, why = errno;
    if (fd >= 0) {
        request_name(&what, tap->bridge);
        result = ioctl(fd, SIOCBRADDBR, what.ifr_name);
        why = errno;
        close(fd);
    }
    if (result && why == EPERM)
        return say(tap,
            "making the bridge '%s' takes root, or CAP_NET_ADMIN; or an administrator makes a TAP interface for you, "
            "and you name it by `tap`: ip tuntap add NAME mode tap user %u; ip addr add %s dev NAME; ip link set NAME "
            "up",
            tap->bridge, (unsigned)getuid(), tap->address);
    if (result && why != EEXIST)
        return say(tap, "cannot make the bridge '%s': %s", tap->bridge,
            why == ENOPKG || why == ENOTTY || why == EINVAL ? "this kernel has no bridges (modprobe bridge)"
                                                            : strerror(why));
    interface_address(tap->bridge, false);
    return bridge_configure(tap, address, bits);
}

int32_t tap_join(struct tap *tap)
{
    struct ifreq what;
    unsigned number = if_nametoindex(tap->bridge);
    if (!number)
        return no_bridge(tap);
    request_name(&what, tap->bridge);
    what.ifr_ifindex = (int)if_nametoindex(tap->name);
    if (request(SIOCBRADDIF, &what) && errno != EBUSY) {
        if (errno == EOPNOTSUPP || errno == EINVAL)
            return say(tap, "'%s' is no bridge; a network card is to be put into one", tap->bridge);
        return say(tap, "cannot put '%s' into the bridge '%s': %s", tap->name, tap->bridge, strerror(errno));
    }
    tap->joined = number;
    return 0;
}

/* ---- TAP interfaces ---- */

static int32_t no_device(struct tap *tap)
{
    if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
        return say(tap, "the host has no " DEVICE ": its module is not loaded (modprobe tun), or a container hides it");
    if (errno == EACCES || errno == EPERM)
        return say(tap, "no permission to open " DEVICE "; its mode should be 0666, as udev makes it, and a container "
                        "must allow the device");
    return say(tap, "cannot open " DEVICE ": %s", strerror(errno));
}

static int32_t no_tap(struct tap *tap)
{
    if (errno == EPERM && has_tap(tap))
        return say(tap, "the TAP interface '%s' was made for another user, not for %u", tap->tap, (unsigned)getuid());
    if (errno == EPERM)
        return say(tap,
            "making a TAP interface takes root, or CAP_NET_ADMIN; or an administrator makes one for you, and you name "
            "it by `tap`: ip tuntap add NAME mode tap user %u; ip link set NAME master %s up",
            (unsigned)getuid(), tap->bridge ? tap->bridge : "BRIDGE");
    if (errno == EBUSY)
        return say(tap, "the TAP interface '%s' is in use by another process", tap->tap);
    if (errno == EINVAL && has_tap(tap))
        return say(tap, "'%s' is no TAP interface with one queue", tap->tap);
    return say(tap, "cannot make a TAP interface: %s", strerror(errno));
}

static int32_t tap_attach(struct tap *tap)
{
    struct ifreq what;
    int header = TUN_HEADER;
    request_name(&what, has_tap(tap) ? tap->tap : OWN);
    what.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    if (ioctl(tap->fd, TUNSETIFF, &what))
        return no_tap(tap);
    snprintf(tap->name, sizeof tap->name, "%s", what.ifr_name);
    ioctl(tap->fd, TUNSETVNETHDRSZ, &header);
    /* Large packets pass as they are. A kernel that cannot cuts them itself. */
    ioctl(tap->fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
    if (has_tap(tap))
        return 0;
    interface_address(tap->name, true);
    if (tap_join(tap))
        return -1;
    return interface_up(tap->name) ? say(tap, "cannot bring '%s' up: %s", tap->name, strerror(errno)) : 0;
}

int32_t tap_open(struct tap *tap)
{
    tap->joined = 0;
    if (has_tap(tap) && strlen(tap->tap) >= IFNAMSIZ)
        return say(tap, "'%s' is longer than the name of an interface", tap->tap);
    if (has_tap(tap) && !if_nametoindex(tap->tap))
        return say(tap, "the host has no interface '%s'; an administrator makes it: ip tuntap add %s mode tap user %u",
            tap->tap, tap->tap, (unsigned)getuid());
    if (!has_tap(tap) && !if_nametoindex(tap->bridge))
        return no_bridge(tap);
    tap->fd = open(DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (tap->fd < 0)
        return no_device(tap);
    if (tap_attach(tap) == 0)
        return 0;
    close(tap->fd);
    tap->fd = -1;
    return -1;
}

bool tap_is_up(const struct tap *tap)
{
    return interface_is(tap->name, IFF_UP) && (has_tap(tap) || interface_is(tap->bridge, IFF_UP));
}

bool tap_runs(const struct tap *tap)
{
    return tap_is_up(tap) && interface_is(tap->name, IFF_RUNNING);
}

/* ---- news ---- */

int tap_news_open(void)
{
    struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

void tap_news_drain(int fd)
{
    char bytes[4096];
    while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == ENOBUFS)
        ;
}
