/* local.c - UNIX sockets by path: for the control socket, and under the character backend of that kind. */
#include "linux.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_TYPE (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
#define BACKLOG 16

struct abbey_listener {
    int fd;
    char *path;
    struct stat inode; /* of the path, when it was made */
};

struct address {
    struct sockaddr_un un;
    socklen_t bytes;
};

static int32_t address_set(struct address *address, const char *path, abbey_error *error)
{
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof address->un.sun_path)
        return host_fail(error, "socket path '%.120s' has %zu bytes; the system allows 1 to %zu", path, length,
            sizeof address->un.sun_path - 1);
    *address = (struct address){ .un.sun_family = AF_UNIX };
    memcpy(address->un.sun_path, path, length + 1);
    address->bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    return 0;
}

/* Takes away the socket of a process that was killed; one that somebody serves, or a file, is not touched. */
static int32_t stale_remove(const struct address *address, abbey_error *error)
{
    const char *path = address->un.sun_path;
    struct stat st;
    if (lstat(path, &st) != 0)
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return host_fail(error, "'%s' is there already and is no socket; remove it or choose another path", path);
    int probe = socket(AF_UNIX, SOCKET_TYPE, 0);
    int result = connect(probe, (const struct sockaddr *)&address->un, address->bytes);
    int why = errno;
    close(probe);
    if (result == 0 || why != ECONNREFUSED)
        return host_fail(error, "socket '%s' is in use by another process", path);
    unlink(path);
    return 0;
}

static void local_unlisten(abbey_listener *listener)
{
    struct stat st;
    if (!listener)
        return;
    if (listener->fd >= 0)
        close(listener->fd);
    if (listener->path && lstat(listener->path, &st) == 0 && st.st_ino == listener->inode.st_ino &&
        st.st_dev == listener->inode.st_dev)
        unlink(listener->path); /* ours still, and not one that replaced it */
    free(listener->path);
    free(listener);
}

static abbey_listener *local_listen(const char *path, abbey_error *error)
{
    struct address address;
    if (address_set(&address, path, error) != 0 || stale_remove(&address, error) != 0)
        return NULL;
    abbey_listener *listener = calloc(1, sizeof *listener);
    if (!listener) {
        host_fail(error, "socket '%s': %m", path);
        return NULL;
    }
    listener->fd = socket(AF_UNIX, SOCKET_TYPE, 0);
    if (listener->fd >= 0)
        fchmod(listener->fd, 0600); /* bind() makes the file with this mode: never open to others, not even briefly */
    bool bound = listener->fd >= 0 && bind(listener->fd, (struct sockaddr *)&address.un, address.bytes) == 0;
    if (bound && lstat(path, &listener->inode) == 0)
        listener->path = strdup(path);
    if (!bound || listen(listener->fd, BACKLOG) != 0) {
        host_fail(error, "cannot listen on '%s': %m", path);
        local_unlisten(listener);
        return NULL;
    }
    return listener;
}

static int64_t local_handle(const abbey_listener *listener)
{
    return listener->fd;
}

static int64_t local_accept(abbey_listener *listener)
{
    return accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static int64_t local_connect(const char *path, abbey_error *error)
{
    struct address address;
    if (address_set(&address, path, error) != 0)
        return -1;
    int fd = socket(AF_UNIX, SOCKET_TYPE, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address.un, address.bytes) != 0) {
        const char *hint = errno == ECONNREFUSED ? "; nobody serves it any more"
                           : errno == EAGAIN     ? "; too many are waiting there"
                                                 : "";
        host_fail(error, "cannot connect to '%s': %m%s", path, hint);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

static int64_t result(ssize_t done)
{
    if (done >= 0)
        return done;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? ABBEY_LOCAL_AGAIN : ABBEY_LOCAL_GONE;
}

static int64_t local_read(int64_t handle, void *bytes, uint64_t count)
{
    return result(recv((int)handle, bytes, count, MSG_DONTWAIT));
}

static int64_t local_write(int64_t handle, const void *bytes, uint64_t count)
{
    return result(send((int)handle, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL));
}

static void local_close(int64_t handle)
{
    close((int)handle);
}

const abbey_host_local_1 host_local = {
    .size = sizeof(abbey_host_local_1),
    .listen = local_listen,
    .handle = local_handle,
    .accept = local_accept,
    .unlisten = local_unlisten,
    .connect = local_connect,
    .read = local_read,
    .write = local_write,
    .close = local_close,
};
