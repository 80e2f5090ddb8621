/* nat.h - backend "nat": the guest's own network, reached from outside only by forwards; libslirp turns its TCP and UDP
 * connections into sockets of this process, so that no privilege is needed. */
#ifndef ABBEY_NET_NAT_H
#define ABBEY_NET_NAT_H

#include <netinet/in.h>

#include "merge.h"
#include "port.h"

struct Slirp;

struct nat {
    struct port port;
    /* Properties: */
    const char *network, *forward, *tftp, *bootfile, *hostname;
    _Bool ipv6, host_loopback;

    struct Slirp *slirp;
    const abbey_host_clock_1 *clock;
    struct nat_timer *timers;
    struct merge in, out;        /* packets that are growing, for the guest and from it */
    struct port_frame out_frame; /* the one from it */
    bool filled;                 /* libslirp was asked for its descriptors in this round */
};

int32_t nat_create(abbey_dev *dev, void *self, void **interface);
void nat_destroy(void *self);

/* forward.c: "tcp [ADDRESS:]PORT -> [ADDRESS:]PORT". False when the text is none. Without an address the host's is
 * 127.0.0.1, and the guest's the first that DHCP gives: 0.0.0.0. */
struct forward {
    bool udp;
    struct in_addr host, guest;
    uint16_t host_port, guest_port;
};
bool forward_read(const char *text, struct forward *forward);

#endif
