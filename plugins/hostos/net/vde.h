/* vde.h - a port of a VDE switch (Virtual Distributed Ethernet, vde_switch(1)): for networks with what VDE has, such as
 * cables to other hosts and TAP interfaces.
 *
 *     PATH/ctl    a stream: we say which version of the protocol, and at which socket we take frames; it answers with
 * the socket at which it takes ours. As long as the stream is open we have the port. datagrams   a frame each, both
 * ways */
#ifndef ABBEY_NET_VDE_H
#define ABBEY_NET_VDE_H

#include <sys/un.h>

#include "port.h"

struct vde {
    const char *path; /* of the switch's folder */
    int control_fd, data_fd;
    int control_poll, data_poll;
    struct sockaddr_un local; /* our socket's */
    uint64_t retry;           /* when to look for it again; 0: it is there */
};

/* 0, or -1 after abbey_fail(). [create] */
int32_t vde_open(struct vde *vde, abbey_dev *dev, const char *path);
void vde_close(struct vde *vde);

/* On the port's thread, as in struct port_kind. */
void vde_prepare(struct vde *vde, struct port *port, struct port_polls *polls, bool room);
void vde_ready(struct vde *vde, struct port *port, const struct port_polls *polls);
bool vde_transmit(struct vde *vde, struct port *port, const struct record *record);

#endif
