/* cable_tcp.c - frames in a stream, and a peer that comes and goes.
 *
 *     4 bytes: length | frame | length | frame ...
 *
 * A length under 14 or over ABBEY_NET_FRAME is that of a frame that no adapter takes: it is left out. One over
 * ABBEY_NET_LARGE is none: the peer speaks something else, and is sent away. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "cable.h"

#define RETRY_MS 500u
#define HEAD 4u
#define BACKLOG 4

static int stream_new(int family)
{
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static void retry_soon(struct cable *cable)
{
    cable->retry = cable->port.clock->monotonic() + RETRY_MS * ABBEY_MS;
}

/* ---- the peer ---- */

/* A host that is switched off says nothing: after 20 seconds without an answer its connection is given up. */
static void peer_is(struct cable *cable, int fd)
{
    static const struct {
        int level, name, value;
    } options[] = { { IPPROTO_TCP, TCP_NODELAY, 1 }, { SOL_SOCKET, SO_KEEPALIVE, 1 }, { IPPROTO_TCP, TCP_KEEPIDLE, 5 },
        { IPPROTO_TCP, TCP_KEEPINTVL, 5 }, { IPPROTO_TCP, TCP_KEEPCNT, 3 }, { IPPROTO_TCP, TCP_USER_TIMEOUT, 20000 } };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof options[i].value);
    cable->fd = fd;
    cable->connecting = false;
    cable->in_count = cable->out_first = cable->out_end = 0;
    cable_close(&cable->listen_fd);
    port_absent(&cable->port, false);
}

static void peer_gone(struct cable *cable)
{
    cable_close(&cable->fd);
    cable->connecting = false;
    cable->in_count = cable->out_first = cable->out_end = 0;
    port_absent(&cable->port, true);
    retry_soon(cable);
}

/* Listening again, and connecting, are tried at once and then now and then. */
static int listen_now(struct cable *cable)
{
    int one = 1, why;
    cable->listen_fd = stream_new(cable->local.at.ss_family);
    if (cable->listen_fd >= 0) {
        setsockopt(cable->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (bind(cable->listen_fd, (struct sockaddr *)&cable->local.at, cable->local.bytes) == 0 &&
            listen(cable->listen_fd, BACKLOG) == 0)
            return 0;
    }
    why = errno;
    cable_close(&cable->listen_fd);
    errno = why;
    return -1;
}

/* On this host, where nobody listens, a socket may be given the very port it looks for, and find itself. */
static bool is_own(int fd)
{
    struct cable_address a = { .bytes = sizeof a.at }, b = { .bytes = sizeof b.at };
    return getsockname(fd, (struct sockaddr *)&a.at, &a.bytes) == 0 &&
           getpeername(fd, (struct sockaddr *)&b.at, &b.bytes) == 0 && a.bytes == b.bytes &&
           memcmp(&a.at, &b.at, a.bytes) == 0;
}

static void connect_result(struct cable *cable)
{
    int failure = 0;
    socklen_t bytes = sizeof failure;
    if (getsockopt(cable->fd, SOL_SOCKET, SO_ERROR, &failure, &bytes) || failure || is_own(cable->fd))
        peer_gone(cable);
    else
        peer_is(cable, cable->fd);
}

static void connect_now(struct cable *cable)
{
    cable->fd = stream_new(cable->remote.at.ss_family);
    if (cable->fd < 0 ||
        (connect(cable->fd, (struct sockaddr *)&cable->remote.at, cable->remote.bytes) != 0 && errno != EINPROGRESS))
        peer_gone(cable);
    else
        cable->connecting = true;
}

static void peer_seek(struct cable *cable)
{
    cable->retry = 0;
    if (cable->remote.bytes) {
        connect_now(cable);
    } else if (listen_now(cable)) {
        if (!cable->told)
            abbey_log(
                cable->port.dev, ABBEY_LOG_WARN, "cannot listen at '%s' again: %s", cable->listen, strerror(errno));
        cable->told = true;
        retry_soon(cable);
    }
}

int cable_tcp_open(struct cable *cable)
{
    port_absent(&cable->port, true);
    cable->retry = cable->remote.bytes ? 1 : 0; /* the past */
    return cable->local.bytes ? listen_now(cable) : 0;
}

/* ---- frames ---- */

static uint32_t length_get(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void frame_take(struct cable *cable, const uint8_t *frame, uint32_t bytes)
{
    bool good = bytes >= 14 && bytes <= ABBEY_NET_FRAME;
    struct record *record = good ? port_receive(&cable->port, bytes) : NULL;
    if (record) {
        memcpy(record->data, frame, bytes);
        port_received(&cable->port, record);
    } else if (!good) {
        cable->port.counts.lost++;
    }
}

/* False when the peer speaks something else. */
static bool frames_take(struct cable *cable)
{
    uint32_t at = 0, bytes = 0;
    while (cable->in_count - at >= HEAD) {
        bytes = length_get(cable->in + at);
        if (bytes > ABBEY_NET_LARGE || cable->in_count - at - HEAD < bytes)
            break;
        frame_take(cable, cable->in + at + HEAD, bytes);
        at += HEAD + bytes;
    }
    cable->in_count -= at;
    memmove(cable->in, cable->in + at, cable->in_count);
    return cable->in_count < HEAD || bytes <= ABBEY_NET_LARGE;
}

static void stream_read(struct cable *cable)
{
    ssize_t got = recv(cable->fd, cable->in + cable->in_count, sizeof cable->in - cable->in_count, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0) {
        cable->in_count += (uint32_t)got;
        if (frames_take(cable))
            return;
        abbey_log(cable->port.dev, ABBEY_LOG_WARN, "the peer sends something else than frames, and is sent away");
    }
    peer_gone(cable);
}

static void stream_write(struct cable *cable)
{
    ssize_t sent = 0;
    while (cable->out_first < cable->out_end && sent >= 0) {
        sent = send(
            cable->fd, cable->out + cable->out_first, cable->out_end - cable->out_first, MSG_DONTWAIT | MSG_NOSIGNAL);
        cable->out_first += sent > 0 ? (uint32_t)sent : 0;
    }
    if (cable->out_first == cable->out_end)
        cable->out_first = cable->out_end = 0;
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        peer_gone(cable);
}

/* ---- the port's thread ---- */

static void tcp_prepare(struct port *port, struct port_polls *polls, bool room)
{
    struct cable *cable = (struct cable *)port;
    cable->poll = cable->listen_poll = -1;
    if (cable->fd >= 0 && !cable->connecting)
        stream_write(cable); /* what the frames of this round have gathered */
    if (cable->retry) {
        uint64_t now = port->clock->monotonic();
        polls->timeout = cable->retry > now ? (int)((cable->retry - now) / ABBEY_MS + 1) : 0;
    }
    if (cable->listen_fd >= 0)
        cable->listen_poll = port_poll_add(polls, cable->listen_fd, POLLIN);
    /* Without room nobody looks whether the peer has gone: what it has sent before is still to come. */
    bool writes = cable->connecting || cable->out_end;
    if (cable->fd >= 0 && (room || writes))
        cable->poll = port_poll_add(polls, cable->fd, (short)((room ? POLLIN : 0) | (writes ? POLLOUT : 0)));
    if (port->tx_waits && !cable->out_end)
        polls->timeout = 0;
}

static short result(const struct port_polls *polls, int index)
{
    return index >= 0 ? polls->fds[index].revents : 0;
}

static void tcp_ready(struct port *port, const struct port_polls *polls)
{
    struct cable *cable = (struct cable *)port;
    short got = result(polls, cable->poll);
    if (cable->retry && port->clock->monotonic() >= cable->retry)
        peer_seek(cable);
    else if (got && cable->connecting)
        connect_result(cable);
    else if (got & (POLLIN | POLLHUP | POLLERR))
        stream_read(cable);
    if (!(result(polls, cable->listen_poll) & POLLIN))
        return;
    int fd = accept4(cable->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        peer_is(cable, fd);
}

static bool tcp_transmit(struct port *port, struct record *record)
{
    struct cable *cable = (struct cable *)port;
    uint32_t bytes = record->bytes;
    if (cable->fd < 0 || cable->connecting)
        return true; /* gone, as with the cable out */
    if (sizeof cable->out - cable->out_end < HEAD + bytes) {
        stream_write(cable);
        if (cable->fd >= 0 && sizeof cable->out - cable->out_end < HEAD + bytes)
            return false;
    }
    const uint8_t head[HEAD] = { 0, 0, (uint8_t)(bytes >> 8), (uint8_t)bytes };
    memcpy(cable->out + cable->out_end, head, HEAD);
    memcpy(cable->out + cable->out_end + HEAD, record->data, bytes);
    cable->out_end += HEAD + bytes;
    return true;
}

const struct port_kind cable_tcp_kind = { .prepare = tcp_prepare, .ready = tcp_ready, .transmit = tcp_transmit };
