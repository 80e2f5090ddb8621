/* cable_udp.c - a datagram for each frame, to one address and from it alone. */
#include <errno.h>
#include <unistd.h>

#include "cable.h"

#define BATCH 64u        /* frames between two looks at the descriptors */
#define BUFFER (1 << 20) /* asked of the kernel; it gives what it allows */

int cable_udp_open(struct cable *cable)
{
    int size = BUFFER;
    cable->fd = socket(cable->local.at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (cable->fd < 0)
        return -1;
    setsockopt(cable->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(cable->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(cable->fd, (struct sockaddr *)&cable->local.at, cable->local.bytes) == 0 &&
        connect(cable->fd, (struct sockaddr *)&cable->remote.at, cable->remote.bytes) == 0)
        return 0;
    int why = errno;
    cable_close(&cable->fd);
    errno = why;
    return -1;
}

static void udp_prepare(struct port *port, struct port_polls *polls, bool room)
{
    struct cable *cable = (struct cable *)port;
    cable->poll = port_poll_add(polls, cable->fd, (short)((room ? POLLIN : 0) | (port->tx_waits ? POLLOUT : 0)));
}

static void udp_ready(struct port *port, const struct port_polls *polls)
{
    struct cable *cable = (struct cable *)port;
    if (!(polls->fds[cable->poll].revents & (POLLIN | POLLERR)))
        return;
    for (unsigned i = 0; i < BATCH; i++) {
        struct record *record = port_receive(port, ABBEY_NET_FRAME);
        ssize_t got = record ? recv(cable->fd, record->data, ABBEY_NET_FRAME, MSG_DONTWAIT | MSG_TRUNC) : -1;
        if (got < 0 && (!record || errno == EAGAIN))
            return;
        if (got < 14 || got > (ssize_t)ABBEY_NET_FRAME) { /* no frame; or word that nobody is there, which may change */
            port->counts.lost += got >= 0;
            continue;
        }
        record->bytes = (uint32_t)got;
        port_received(port, record);
    }
}

static bool udp_transmit(struct port *port, struct record *record)
{
    const struct cable *cable = (struct cable *)port;
    ssize_t sent = send(cable->fd, record->data, record->bytes, MSG_DONTWAIT);
    if (sent < 0 && errno == ECONNREFUSED) /* of a frame before */
        sent = send(cable->fd, record->data, record->bytes, MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS))
        return false;
    port->counts.lost += sent < 0;
    return true;
}

const struct port_kind cable_udp_kind = { .prepare = udp_prepare, .ready = udp_ready, .transmit = udp_transmit };
