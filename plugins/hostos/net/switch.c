#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "switch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "offload.h"

#define RETRY_MS 20u
#define QUEUE (4u << 20) /* bytes that wait for one slow machine; what is more is lost */
#define BUFFER (4 << 20) /* asked of the kernel for each socket; it gives what it allows */
#define BATCH 64u        /* messages of one descriptor between two looks at the others */

struct switch_frame {
    struct switch_frame *next;
    uint32_t bytes;
    uint8_t data[];
};

static uint32_t message_bytes(const struct record *record)
{
    return (uint32_t)sizeof *record + record->bytes;
}

static int socket_make(void)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), size = BUFFER;
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return fd;
}

static void descriptor_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- the peers of the one that listens ---- */

static void peer_drop(struct switch_port *sw, uint32_t index)
{
    struct switch_peer *peer = &sw->peers[index];
    descriptor_close(&peer->fd);
    for (struct switch_frame *next; peer->first; peer->first = next) {
        next = peer->first->next;
        free(peer->first);
    }
    peer->last = &peer->first;
    peer->waiting = 0;
    switch_forget(sw, index);
}

/* False when there is no room now. A peer that has gone takes everything. */
static bool peer_write(struct switch_port *sw, uint32_t index, const void *bytes, uint32_t count)
{
    if (send(sw->peers[index].fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno == EMSGSIZE)
        return true;
    if (errno == EAGAIN || errno == ENOBUFS)
        return false;
    peer_drop(sw, index);
    return true;
}

static void peer_send(struct switch_port *sw, uint32_t index, const struct record *record)
{
    struct switch_peer *peer = &sw->peers[index];
    uint32_t bytes = message_bytes(record);
    if (peer->fd < 0 || (!peer->first && peer_write(sw, index, record, bytes)))
        return;
    struct switch_frame *frame = peer->waiting + bytes <= QUEUE ? malloc(sizeof *frame + bytes) : NULL;
    if (!frame) {
        sw->port.counts.lost++;
        return;
    }
    frame->next = NULL;
    frame->bytes = bytes;
    memcpy(frame->data, record, bytes);
    *peer->last = frame;
    peer->last = &frame->next;
    peer->waiting += bytes;
}

static void peer_flush(struct switch_port *sw, uint32_t index)
{
    struct switch_peer *peer = &sw->peers[index];
    struct switch_frame *frame;
    while ((frame = peer->first) && peer_write(sw, index, frame->data, frame->bytes)) {
        if (peer->fd < 0)
            return; /* dropped, with all that waited */
        peer->first = frame->next;
        peer->waiting -= frame->bytes;
        if (!peer->first)
            peer->last = &peer->first;
        free(frame);
    }
}

static void forward(struct switch_port *sw, struct record *record, uint32_t from)
{
    switch_learn(sw, record->data, from);
    uint32_t to = switch_find(sw, record->data);
    for (uint32_t i = 0; i < SWITCH_PEERS; i++)
        if (i != from && (to == SWITCH_ALL || to == i))
            peer_send(sw, i, record);
    if (from != SWITCH_OWN && (to == SWITCH_ALL || to == SWITCH_OWN))
        port_input(&sw->port, record);
}

/* ---- messages ---- */

/* Reads one message. 1, 0 when there is none now, -1 when the other has gone or talks nonsense. */
static int message_read(struct switch_port *sw, int fd)
{
    struct record *record = &sw->message.record;
    ssize_t got = recv(fd, sw->message.bytes, sizeof sw->message.bytes, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    uint32_t known = ABBEY_NET_CHECKSUM | ABBEY_NET_TCP4 | ABBEY_NET_TCP6 | ABBEY_NET_GOOD;
    bool good = got >= (ssize_t)sizeof *record + 14 && record->bytes == (uint32_t)got - sizeof *record &&
                record->bytes <= ABBEY_NET_LARGE && !(record->flags & ~known) && offload_good(record);
    return good ? 1 : -1;
}

static void peer_read(struct switch_port *sw, uint32_t index)
{
    int got = 1;
    for (unsigned i = 0; i < BATCH && got == 1 && sw->peers[index].fd >= 0; i++) {
        got = message_read(sw, sw->peers[index].fd);
        if (got == 1)
            forward(sw, &sw->message.record, index);
    }
    if (got < 0)
        peer_drop(sw, index);
}

static void peer_accept(struct switch_port *sw)
{
    int fd = accept4(sw->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), size = BUFFER;
    uint32_t i = 0;
    while (i < SWITCH_PEERS && sw->peers[i].fd >= 0)
        i++;
    if (fd >= 0 && i == SWITCH_PEERS)
        close(fd);
    else if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        sw->peers[i].fd = fd;
    }
}

/* ---- finding the switch ---- */

static bool address_connect(struct switch_port *sw)
{
    sw->fd = socket_make();
    if (sw->fd >= 0 && connect(sw->fd, (struct sockaddr *)&sw->address, sizeof sw->address) == 0)
        return true;
    descriptor_close(&sw->fd);
    return false;
}

/* Listens, if nobody else has the lock. */
static bool address_listen(struct switch_port *sw)
{
    sw->lock_fd = open(sw->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (sw->lock_fd >= 0 && flock(sw->lock_fd, LOCK_EX | LOCK_NB) == 0) {
        unlink(sw->address.sun_path); /* of a process that is no more */
        sw->listen_fd = socket_make();
        if (sw->listen_fd >= 0 && bind(sw->listen_fd, (struct sockaddr *)&sw->address, sizeof sw->address) == 0 &&
            chmod(sw->address.sun_path, 0600) == 0 && listen(sw->listen_fd, 16) == 0)
            return true;
    }
    descriptor_close(&sw->listen_fd);
    descriptor_close(&sw->lock_fd);
    return false;
}

static void switch_seek(struct switch_port *sw)
{
    sw->retry = 0;
    if (!address_connect(sw) && !address_listen(sw))
        sw->retry = sw->clock->monotonic() + RETRY_MS * ABBEY_MS;
}

/* ---- the port's thread ---- */

static void switch_prepare(struct port *port, struct port_polls *polls, bool room)
{
    struct switch_port *sw = (struct switch_port *)port;
    sw->poll = sw->listen_poll = -1;
    if (sw->retry) {
        uint64_t now = sw->clock->monotonic();
        polls->timeout = sw->retry > now ? (int)((sw->retry - now) / ABBEY_MS + 1) : 0;
    }
    if (sw->fd >= 0)
        sw->poll = port_poll_add(polls, sw->fd, (short)((room ? POLLIN : 0) | (port->tx_waits ? POLLOUT : 0)));
    if (sw->listen_fd < 0)
        return;
    /* A machine that stands still must not stop the others: what finds no room in our own is lost. */
    sw->listen_poll = port_poll_add(polls, sw->listen_fd, POLLIN);
    for (uint32_t i = 0; i < SWITCH_PEERS; i++)
        if (sw->peers[i].fd >= 0)
            sw->peers[i].poll =
                port_poll_add(polls, sw->peers[i].fd, (short)(POLLIN | (sw->peers[i].first ? POLLOUT : 0)));
}

static void uplink_read(struct switch_port *sw)
{
    int got = 1;
    for (unsigned i = 0; i < BATCH && got == 1; i++) {
        got = message_read(sw, sw->fd);
        if (got == 1)
            port_input(&sw->port, &sw->message.record);
    }
    if (got >= 0)
        return;
    descriptor_close(&sw->fd);
    switch_seek(sw);
}

static short result(const struct port_polls *polls, int index)
{
    return index >= 0 ? polls->fds[index].revents : 0;
}

static void switch_ready(struct port *port, const struct port_polls *polls)
{
    struct switch_port *sw = (struct switch_port *)port;
    if (sw->retry && sw->clock->monotonic() >= sw->retry)
        switch_seek(sw);
    if (result(polls, sw->poll) & (POLLIN | POLLHUP | POLLERR))
        uplink_read(sw);
    if (sw->listen_fd < 0 || sw->listen_poll < 0)
        return;
    for (uint32_t i = 0; i < SWITCH_PEERS; i++) {
        if (sw->peers[i].fd < 0)
            continue;
        short got = result(polls, sw->peers[i].poll);
        if (got & POLLOUT)
            peer_flush(sw, i);
        if (got & (POLLIN | POLLHUP | POLLERR))
            peer_read(sw, i);
    }
    if (result(polls, sw->listen_poll) & POLLIN)
        peer_accept(sw);
}

static bool switch_transmit(struct port *port, struct record *record)
{
    struct switch_port *sw = (struct switch_port *)port;
    if (sw->listen_fd >= 0)
        forward(sw, record, SWITCH_OWN);
    else if (sw->fd >= 0 && send(sw->fd, record, message_bytes(record), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return errno != EAGAIN && errno != ENOBUFS; /* of one that has gone, reading tells */
    return true;
}

static const struct port_kind switch_kind = { .prepare = switch_prepare,
    .ready = switch_ready,
    .transmit = switch_transmit,
    .takes = ABBEY_NET_CHECKSUM | ABBEY_NET_TCP4 | ABBEY_NET_TCP6 };

/* ---- the same at a VDE switch ---- */

static void outside_prepare(struct port *port, struct port_polls *polls, bool room)
{
    vde_prepare(&((struct switch_port *)port)->outside, port, polls, room);
}

static void outside_ready(struct port *port, const struct port_polls *polls)
{
    vde_ready(&((struct switch_port *)port)->outside, port, polls);
}

static bool outside_transmit(struct port *port, struct record *record)
{
    return vde_transmit(&((struct switch_port *)port)->outside, port, record);
}

static const struct port_kind outside_kind = {
    .prepare = outside_prepare, .ready = outside_ready, .transmit = outside_transmit
};

/* ---- the instance ---- */

/* A folder of the user's own for the sockets: others could listen there in our place. */
static int32_t folder_make(abbey_dev *dev, char *path, size_t room)
{
    const char *run = getenv("XDG_RUNTIME_DIR");
    struct stat info;
    if (run && *run)
        snprintf(path, room, "%s/abbey", run);
    else
        snprintf(path, room, "/tmp/abbey-%u", (unsigned)getuid());
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return abbey_fail(dev, "cannot make the folder '%s': %s", path, strerror(errno));
    if (lstat(path, &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != getuid() || info.st_mode & 077)
        return abbey_fail(dev, "'%s' is no folder that belongs to you alone; name the switch by `path`", path);
    return 0;
}

static int32_t address_make(struct switch_port *sw, abbey_dev *dev)
{
    char folder[200], path[300];
    if (sw->path && *sw->path) {
        snprintf(path, sizeof path, "%s", sw->path);
    } else {
        if (strchr(sw->name, '/') || !*sw->name)
            return abbey_fail(dev, "name '%s' is empty or has a `/'; a place is given by `path`", sw->name);
        if (folder_make(dev, folder, sizeof folder))
            return -1;
        snprintf(path, sizeof path, "%s/switch-%.64s", folder, sw->name);
    }
    if (strlen(path) >= sizeof sw->address.sun_path)
        return abbey_fail(dev, "the path '%s' is too long for a socket", path);
    sw->address.sun_family = AF_UNIX;
    memcpy(sw->address.sun_path, path, strlen(path) + 1);
    snprintf(sw->lock_path, sizeof sw->lock_path, "%s.lock", sw->address.sun_path);
    return 0;
}

int32_t switch_create(abbey_dev *dev, void *self, void **interface)
{
    struct switch_port *sw = self;
    bool outside = sw->vde && *sw->vde;
    sw->fd = sw->lock_fd = sw->listen_fd = sw->outside.control_fd = sw->outside.data_fd = -1;
    for (uint32_t i = 0; i < SWITCH_PEERS; i++) {
        sw->peers[i].fd = -1;
        sw->peers[i].last = &sw->peers[i].first;
    }
    sw->clock = abbey_query(dev, ABBEY_HOST_CLOCK_1);
    if (!sw->clock)
        return abbey_fail(dev, "this host offers no clock");
    if (outside && sw->path && *sw->path)
        return abbey_fail(dev, "`path` is a switch of Abbey's own, `vde` another one: give one of them");
    if (outside ? vde_open(&sw->outside, dev, sw->vde) : address_make(sw, dev))
        return -1;
    if (!outside)
        switch_seek(sw);
    if (port_start(&sw->port, dev, outside ? &outside_kind : &switch_kind, interface)) {
        switch_destroy(sw);
        return -1;
    }
    return 0;
}

void switch_destroy(void *self)
{
    struct switch_port *sw = self;
    port_stop(&sw->port);
    for (uint32_t i = 0; i < SWITCH_PEERS; i++)
        if (sw->peers[i].last)
            peer_drop(sw, i);
    if (sw->listen_fd >= 0)
        unlink(sw->address.sun_path);
    vde_close(&sw->outside);
    descriptor_close(&sw->fd);
    descriptor_close(&sw->listen_fd);
    descriptor_close(&sw->lock_fd);
}
