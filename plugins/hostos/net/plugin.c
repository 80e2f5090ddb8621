/* plugin.c - the network backends and their properties. */
#include "nat.h"
#include "cable.h"
#include "switch.h"
#include "tap.h"

struct none {
    struct port port;
};

#define ABBEY_SELF struct none
static const abbey_prop none_props[] = { PORT_PROPS };
#undef ABBEY_SELF

/* A cable with nobody at the other end. */
static int32_t none_create(abbey_dev *dev, void *self, void **interface)
{
    static const struct port_kind kind = { .takes = 0 };
    return port_start(&((struct none *)self)->port, dev, &kind, interface);
}

static void none_destroy(void *self)
{
    port_stop(&((struct none *)self)->port);
}

#define ABBEY_SELF struct switch_port
static const abbey_prop switch_props[] = {
    ABBEY_PROP_TEXT(name, "default", "which switch: all machines of a user that say the same are on one"),
    ABBEY_PROP_TEXT(path, NULL, "the socket at which they meet, instead of a name", .flags = ABBEY_PROP_PATH),
    ABBEY_PROP_TEXT(vde, NULL, "the folder of a VDE switch, to be on that one instead", .flags = ABBEY_PROP_PATH),
    PORT_PROPS,
};
#undef ABBEY_SELF

#define ABBEY_SELF struct cable
static const abbey_prop cable_props[] = {
    ABBEY_PROP_TEXT(protocol, "tcp", "what carries the frames", .choices = "tcp,udp"),
    ABBEY_PROP_TEXT(
        listen, NULL, "\"HOST:PORT\" of this host where the other one comes in; a port alone is of 127.0.0.1"),
    ABBEY_PROP_TEXT(connect, NULL, "\"HOST:PORT\" of the other one"),
    PORT_PROPS,
};
#undef ABBEY_SELF

#define ABBEY_SELF struct tap
#define TAP_PROP                                                                                      \
    ABBEY_PROP_TEXT(tap, NULL,                                                                        \
        "a TAP interface that an administrator has made for the user, taken as it stands: for those " \
        "who may not make one")
static const abbey_prop bridged_props[] = {
    ABBEY_PROP_TEXT(bridge, NULL, "the bridge of the host that the guest is put on, with its network card in it"),
    TAP_PROP,
    PORT_PROPS,
};
static const abbey_prop host_only_props[] = {
    ABBEY_PROP_TEXT(bridge, "abbey0", "the host's interface to the network: a bridge, made when it is not there"),
    ABBEY_PROP_TEXT(address, "192.168.77.1/24", "the host's address, given to the bridge when it is made"),
    TAP_PROP,
    PORT_PROPS,
};
#undef ABBEY_SELF

#ifdef HAVE_SLIRP
#define ABBEY_SELF struct nat
static const abbey_prop nat_props[] = {
    ABBEY_PROP_TEXT(
        network, "10.0.2.0/24", "the guest's network: .2 is the gateway, .3 the name server, DHCP begins at .15"),
    ABBEY_PROP_TEXT(forward, NULL,
        "ports of the host that lead to the guest: \"tcp 2222 -> 22\", \"udp ADDRESS:PORT -> ADDRESS:PORT\"; without "
        "an "
        "address 127.0.0.1 and the first guest",
        .flags = ABBEY_PROP_LIST),
    ABBEY_PROP(host_loopback, false, "whether the gateway's address leads to servers on 127.0.0.1 of the host"),
    ABBEY_PROP(ipv6, true, "whether there is the IPv6 network fd00::/64 as well"),
    ABBEY_PROP_TEXT(hostname, NULL, "name that DHCP gives to the guest"),
    ABBEY_PROP_TEXT(tftp, NULL, "folder whose files TFTP serves at the gateway's address", .flags = ABBEY_PROP_PATH),
    ABBEY_PROP_TEXT(bootfile, NULL, "the file in it that DHCP names, for starting over the network"),
    PORT_PROPS,
};
#undef ABBEY_SELF
#endif

static const abbey_backend backends[] = {
    { .name = "none",
        .summary = "a network with nobody else on it",
        .kind = "net",
        .self_size = sizeof(struct none),
        .props = ABBEY_TABLE(none_props),
        .create = none_create,
        .destroy = none_destroy },
    { .name = "switch",
        .summary = "a virtual switch between machines of one user; no privileges, nothing to be started first",
        .kind = "net",
        .self_size = sizeof(struct switch_port),
        .props = ABBEY_TABLE(switch_props),
        .create = switch_create,
        .destroy = switch_destroy },
    { .name = "cable",
        .summary = "a cable to one other machine over TCP or UDP, on another host or on this one",
        .kind = "net",
        .self_size = sizeof(struct cable),
        .props = ABBEY_TABLE(cable_props),
        .create = cable_create,
        .destroy = cable_destroy },
    { .name = "bridged",
        .summary = "the network that a bridge of the host is on, as if the guest were a computer there",
        .kind = "net",
        .self_size = sizeof(struct tap),
        .props = ABBEY_TABLE(bridged_props),
        .create = bridged_create,
        .destroy = tap_destroy },
    { .name = "host-only",
        .summary = "a network of the host and its guests alone; servers of the host are reached there",
        .kind = "net",
        .self_size = sizeof(struct tap),
        .props = ABBEY_TABLE(host_only_props),
        .create = host_only_create,
        .destroy = tap_destroy },
#ifdef HAVE_SLIRP
    { .name = "nat",
        .summary = "the host's network through a router, with DHCP, DNS, TFTP and forwarded ports; no privileges",
        .kind = "net",
        .self_size = sizeof(struct nat),
        .props = ABBEY_TABLE(nat_props),
        .create = nat_create,
        .destroy = nat_destroy },
#endif
};

ABBEY_PLUGIN(.id = "org.abbey.net", .version = "0.1.0", .license = "MIT",
    .requires = "abbey.host.thread/1 abbey.host.event/1 abbey.host.clock/1 abbey.loop/1",
    .backends = ABBEY_TABLE(backends));
