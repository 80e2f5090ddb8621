/* cable.h - backend "cable": a cable to one other machine, over TCP or UDP, to another host or on this one.
 *
 * What goes over it is what QEMU's `-netdev socket` and `-netdev dgram` have: by UDP a datagram for each frame; by TCP
 * a stream in which each frame has its length before it, four bytes, the highest first. There is no encryption and
 * nobody is asked who he is: whoever reaches the port is on the guest's network.
 *
 * The one that listens takes one peer at a time, and does not listen while it has one; the one that connects tries
 * again and again. Without a peer the guest sees its cable out. UDP knows nothing of peers, and its cable is always in.
 */
#ifndef ABBEY_NET_CABLE_H
#define ABBEY_NET_CABLE_H

#include <sys/socket.h>

#include "port.h"

#define CABLE_BUFFER (128u << 10) /* bytes; at least two of the longest frames that a stream may have */

struct cable_address {
    struct sockaddr_storage at;
    socklen_t bytes; /* 0: none */
};

struct cable {
    struct port port;
    /* Properties: */
    const char *listen, *connect, *protocol;

    struct cable_address local, remote;
    int listen_fd; /* TCP: -1 while there is a peer */
    int fd;        /* of the peer; -1: none */
    int listen_poll, poll;
    bool connecting;
    bool told;      /* that the port is not ours any more */
    uint64_t retry; /* when to listen or connect again; 0: no need */
    /* TCP: what has come and is not a whole frame yet, and what has not gone yet. */
    uint8_t in[CABLE_BUFFER], out[CABLE_BUFFER];
    uint32_t in_count, out_first, out_end;
};

int32_t cable_create(abbey_dev *dev, void *self, void **interface);
void cable_destroy(void *self);

/* cable_tcp.c, cable_udp.c. [create]: 0, or -1 with errno. */
int cable_tcp_open(struct cable *cable);
int cable_udp_open(struct cable *cable);
extern const struct port_kind cable_tcp_kind, cable_udp_kind;

void cable_close(int *fd);

#endif
