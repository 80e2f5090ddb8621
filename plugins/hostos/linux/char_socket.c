/* char_socket.c - a character backend over a UNIX or TCP socket.
 *
 * As a server it has one client at a time; the next one waits in the backlog until the first has gone. As a client it
 * tries again after `reconnect` milliseconds. While nobody is there the guest's output vanishes, as on a serial line
 * without a plug; the device hears OPENED and CLOSED.
 *
 * A far side that sends no more is taken as gone: with TCP there is no telling the two apart without writing. */
#include "char.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_TYPE (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

static void socket_begin(struct char_socket *sock);

static void fd_drop(struct char_socket *sock)
{
    if (sock->watch)
        sock->stream.event->unwatch(sock->watch);
    sock->watch = NULL;
    if (sock->fd >= 0)
        close(sock->fd);
    sock->fd = -1;
}

/* ---- One connection ---- */

static int32_t connection_join(struct char_socket *sock, int fd)
{
    int one = 1, out = fcntl(fd, F_DUPFD_CLOEXEC, 0); /* one descriptor for each direction, each with its watch */
    if (sock->address.ss_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (stream_set_input(&sock->stream, fd, true) != 0 || out < 0 || stream_set_output(&sock->stream, out, true) != 0) {
        stream_disconnect(&sock->stream);
        return -1;
    }
    return 0;
}

static void connection_ended(struct stream *stream)
{
    struct char_socket *sock = (struct char_socket *)stream;
    if (!sock->stream.client && !sock->watch && !sock->timer)
        return; /* being destroyed */
    if (stream->in.fd >= 0 && stream->in_count < STREAM_IN)
        return; /* the far side has gone, but what it sent is not all read: the end of input will come */
    stream_disconnect(stream);
    stream_event(stream, ABBEY_CHAR_CLOSED);
    abbey_log(stream->dev, ABBEY_LOG_DEBUG, "the far side has gone");
    socket_begin(sock);
}

static void on_started(struct stream *stream)
{
    if (stream->in.fd >= 0) /* came while we waited in create() */
        stream_event(stream, ABBEY_CHAR_OPENED);
}

static const struct stream_hooks hooks = {
    .started = on_started,
    .input_ended = connection_ended,
    .output_ended = connection_ended,
};

/* ---- Server ---- */

static int server_fd(const struct char_socket *sock)
{
    return sock->listener ? (int)host_local.handle(sock->listener) : sock->fd;
}

static void on_client(void *arg, uint32_t events)
{
    struct char_socket *sock = arg;
    (void)events;
    int fd = accept4(server_fd(sock), NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 || connection_join(sock, fd) != 0)
        return; /* it went away again */
    sock->stream.event->rewatch(sock->watch, 0);
    abbey_log(sock->stream.dev, ABBEY_LOG_DEBUG, "a client is there");
    stream_event(&sock->stream, ABBEY_CHAR_OPENED);
}

static int32_t server_listen(struct char_socket *sock)
{
    abbey_dev *dev = sock->stream.dev;
    abbey_error error;
    int one = 1;
    if (sock->address.ss_family == AF_UNIX) {
        sock->listener = host_local.listen(sock->path, &error);
        return sock->listener ? 0 : abbey_fail(dev, "%s", error.text);
    }
    sock->fd = socket(sock->address.ss_family, SOCKET_TYPE, 0);
    if (sock->fd < 0)
        return abbey_fail(dev, "no socket: %s", strerror(errno));
    setsockopt(sock->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(sock->fd, (struct sockaddr *)&sock->address, sock->address_bytes) != 0 || listen(sock->fd, 1) != 0)
        return abbey_fail(dev, "cannot listen on '%s': %s", sock->listen, strerror(errno));
    return 0;
}

static int32_t server_open(struct char_socket *sock)
{
    abbey_dev *dev = sock->stream.dev;
    const char *name = sock->path && *sock->path ? sock->path : sock->listen;
    if (server_listen(sock) != 0)
        return -1;
    if (sock->wait) {
        abbey_log(dev, ABBEY_LOG_INFO, "waiting for a client on '%s'", name);
        struct pollfd ask = { .fd = server_fd(sock), .events = POLLIN };
        int fd = poll(&ask, 1, -1) == 1 ? accept4(ask.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
        if (fd < 0 || connection_join(sock, fd) != 0)
            return abbey_fail(dev, "no client on '%s': %s", name, strerror(errno));
    }
    sock->watch = sock->stream.event->watch(
        sock->stream.loop, server_fd(sock), sock->stream.in.fd < 0 ? ABBEY_EVENT_READ : 0, on_client, sock);
    return sock->watch ? 0 : abbey_fail(dev, "cannot watch '%s': %s", name, strerror(errno));
}

/* ---- Client ---- */

static void connect_again(struct char_socket *sock)
{
    if (!sock->reconnect)
        return;
    struct itimerspec spec = { .it_value = { sock->reconnect / 1000, (long)(sock->reconnect % 1000) * 1000000 } };
    timerfd_settime(sock->timer_fd, 0, &spec, NULL);
}

/* The attempt has come to an end, good or bad. */
static void on_connected(void *arg, uint32_t events)
{
    struct char_socket *sock = arg;
    int why = 0, fd = sock->fd;
    socklen_t bytes = sizeof why;
    (void)events;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &bytes);
    if (sock->watch)
        sock->stream.event->unwatch(sock->watch);
    sock->watch = NULL;
    if (why) {
        abbey_log(sock->stream.dev, ABBEY_LOG_DEBUG, "cannot connect: %s", strerror(why));
        fd_drop(sock);
        connect_again(sock);
        return;
    }
    sock->fd = -1;
    if (connection_join(sock, fd) != 0)
        connect_again(sock);
    else
        stream_event(&sock->stream, ABBEY_CHAR_OPENED);
}

static void on_timer(void *arg, uint32_t events)
{
    struct char_socket *sock = arg;
    uint64_t count;
    ssize_t got = read(sock->timer_fd, &count, sizeof count);
    (void)got;
    (void)events;
    if (sock->fd >= 0 || sock->stream.in.fd >= 0)
        return;
    sock->fd = socket(sock->address.ss_family, SOCKET_TYPE, 0);
    if (sock->fd < 0) {
        connect_again(sock);
        return;
    }
    int result = connect(sock->fd, (struct sockaddr *)&sock->address, sock->address_bytes);
    if (result != 0 && errno != EINPROGRESS) {
        abbey_log(sock->stream.dev, ABBEY_LOG_DEBUG, "cannot connect: %s", strerror(errno));
        fd_drop(sock);
        connect_again(sock);
        return;
    }
    if (result != 0)
        sock->watch = sock->stream.event->watch(sock->stream.loop, sock->fd, ABBEY_EVENT_WRITE, on_connected, sock);
    if (!sock->watch)
        on_connected(sock, 0);
}

static int32_t client_open(struct char_socket *sock)
{
    struct itimerspec now = { .it_value.tv_nsec = 1 };
    sock->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (sock->timer_fd >= 0)
        sock->timer = sock->stream.event->watch(sock->stream.loop, sock->timer_fd, ABBEY_EVENT_READ, on_timer, sock);
    if (!sock->timer)
        return abbey_fail(sock->stream.dev, "cannot make a timer: %s", strerror(errno));
    timerfd_settime(sock->timer_fd, 0, &now, NULL); /* the first attempt when the loop runs */
    return 0;
}

/* Nobody is there any more: open for the next one. */
static void socket_begin(struct char_socket *sock)
{
    if (sock->serving)
        sock->stream.event->rewatch(sock->watch, ABBEY_EVENT_READ);
    else
        connect_again(sock);
}

/* ---- Addresses ---- */

static int32_t address_unix(struct char_socket *sock)
{
    struct sockaddr_un *address = (struct sockaddr_un *)&sock->address;
    size_t length = strlen(sock->path);
    if (length >= sizeof address->sun_path)
        return abbey_fail(sock->stream.dev, "socket path '%s' has %zu bytes; the system allows %zu", sock->path, length,
            sizeof address->sun_path - 1);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, sock->path, length + 1);
    sock->address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    return 0;
}

/* "host:port", "[v6 address]:port", ":port" for every address of this machine. */
static int32_t address_tcp(struct char_socket *sock, const char *text, bool passive)
{
    abbey_dev *dev = sock->stream.dev;
    char host[256];
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    if (!colon || !colon[1] || length >= sizeof host)
        return abbey_fail(dev, "'%s' is not host:port", text);
    if (strspn(colon + 1, "0123456789") == strlen(colon + 1) && strtoul(colon + 1, NULL, 10) > 65535)
        return abbey_fail(dev, "'%s': a port is a number up to 65535", text); /* getaddrinfo() would cut it off */
    memcpy(host, text, length);
    host[length] = 0;
    char *name = host;
    if (length > 1 && host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = 0;
        name++;
    }
    struct addrinfo hints = { .ai_flags = passive ? AI_PASSIVE : 0, .ai_socktype = SOCK_STREAM }, *found;
    int failure = getaddrinfo(*name ? name : NULL, colon + 1, &hints, &found);
    if (failure)
        return abbey_fail(dev, "'%s': %s", text, gai_strerror(failure));
    memcpy(&sock->address, found->ai_addr, found->ai_addrlen);
    sock->address_bytes = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

static bool given(const char *text)
{
    return text && *text;
}

int32_t char_socket_create(abbey_dev *dev, void *self, void **interface)
{
    struct char_socket *sock = self;
    sock->fd = sock->timer_fd = -1;
    if (given(sock->path) + given(sock->listen) + given(sock->connect) != 1)
        return abbey_fail(dev, "a socket needs exactly one of `path', `listen' and `connect'");
    if (stream_init(&sock->stream, dev, &hooks) != 0)
        return -1;
    int32_t result;
    if (!sock->stream.loop) {
        result = abbey_fail(dev, "socket needs a machine with an event loop");
    } else {
        sock->serving = given(sock->path) ? sock->server : given(sock->listen);
        result = given(sock->path) ? address_unix(sock)
                                   : address_tcp(sock, sock->serving ? sock->listen : sock->connect, sock->serving);
        if (result == 0)
            result = sock->serving ? server_open(sock) : client_open(sock);
    }
    if (result != 0) {
        char_socket_destroy(self);
        return -1;
    }
    *interface = &sock->stream.chr;
    return 0;
}

void char_socket_destroy(void *self)
{
    struct char_socket *sock = self;
    fd_drop(sock);
    if (sock->timer)
        sock->stream.event->unwatch(sock->timer);
    sock->timer = NULL;
    stream_close(&sock->stream);
    if (sock->timer_fd >= 0)
        close(sock->timer_fd);
    sock->timer_fd = -1;
    host_local.unlisten(sock->listener);
    sock->listener = NULL;
}
