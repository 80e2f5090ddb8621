/* stream_end.c - how a descriptor is made not to block.
 *
 * O_NONBLOCK belongs to the open file description. That of stdin and stdout is shared with the shell and with whoever
 * else has the terminal or pipe, so it must not be set there. Terminals and pipes can be opened anew through
 * /proc/self/fd, which gives a description of our own; sockets have MSG_DONTWAIT; where neither works poll() is asked
 * before each small step. */
#include "stream_end.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int32_t end_set(struct stream_end *end, int fd, bool owned, int mode)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -1;
    *end = (struct stream_end){ .fd = fd, .owned = owned, .way = STREAM_PLAIN };
    if (owned) {
        int flags = fcntl(fd, F_GETFL);
        return fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? 0 : -1;
    }
    if (S_ISSOCK(st.st_mode)) {
        end->way = STREAM_SOCKET;
    } else if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
        char path[32];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        int own = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (own >= 0) {
            end->fd = own;
            end->owned = true;
        } else {
            end->way = STREAM_POLL;
            end->chunk = S_ISFIFO(st.st_mode) ? PIPE_BUF : 1;
        }
    }
    return 0;
}

void end_close(struct stream_end *end)
{
    if (end->owned && end->fd >= 0)
        close(end->fd);
    *end = (struct stream_end){ .fd = -1 };
}

static bool end_ready(const struct stream_end *end, short events)
{
    struct pollfd ask = { .fd = end->fd, .events = events };
    return end->way != STREAM_POLL || poll(&ask, 1, 0) == 1;
}

ssize_t end_read(const struct stream_end *end, void *bytes, size_t count)
{
    if (end->way == STREAM_SOCKET)
        return recv(end->fd, bytes, count, MSG_DONTWAIT);
    if (!end_ready(end, POLLIN)) {
        errno = EAGAIN;
        return -1;
    }
    return read(end->fd, bytes, count);
}

ssize_t end_write(const struct stream_end *end, const void *bytes, size_t count)
{
    if (end->way == STREAM_SOCKET)
        return send(end->fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (end->way == STREAM_POLL && count > end->chunk)
        count = end->chunk;
    if (!end_ready(end, POLLOUT)) {
        errno = EAGAIN;
        return -1;
    }
    return write(end->fd, bytes, count);
}
