#include "vde.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define MAGIC 0xfeedfaceu
#define VERSION 3u
#define NEW_PORT 0u /* any that is free */
#define RETRY_MS 500u
#define ANSWER_MS 500 /* a switch that does not answer in that time is none */
#define BATCH 64u     /* frames between two looks at the descriptors */

/* What we say on the control stream, in the byte order of the host. */
struct request {
    uint32_t magic, version, type;
    struct sockaddr_un socket;
    char description[32];
} __attribute__((packed));

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void vde_close(struct vde *vde)
{
    close_one(&vde->control_fd);
    close_one(&vde->data_fd);
    if (vde->local.sun_path[0])
        unlink(vde->local.sun_path);
    vde->local.sun_path[0] = 0;
}

/* Our socket stands in the switch's folder, where the switch can reach it, or in /tmp when we may not write there. */
static int local_bind(struct vde *vde)
{
    struct sockaddr_un *local = &vde->local;
    struct stat folder;
    vde->data_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (vde->data_fd < 0)
        return -1;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned number = 0; number < 1000; number++) {
            size_t room = sizeof local->sun_path;
            *local = (struct sockaddr_un){ .sun_family = AF_UNIX };
            int length = i ? snprintf(local->sun_path, room, "/tmp/abbey-vde-%u-%u", (unsigned)getpid(), number)
                           : snprintf(local->sun_path, room, "%s/.abbey-%u-%u", vde->path, (unsigned)getpid(), number);
            if (length >= (int)room)
                break;
            if (bind(vde->data_fd, (struct sockaddr *)local, sizeof *local) == 0) {
                /* The switch may run as another user, of the group that its folder has. */
                if (stat(vde->path, &folder) || chown(local->sun_path, (uid_t)-1, folder.st_gid))
                    return chmod(local->sun_path, 0600);
                return chmod(local->sun_path, 0660);
            }
            if (errno != EADDRINUSE)
                break;
        }
    local->sun_path[0] = 0;
    return -1;
}

/* The stream to the switch, on which waiting is bounded. */
static int control_connect(struct vde *vde)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval limit = { .tv_usec = ANSWER_MS * 1000 };
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/ctl", vde->path);
    if (length >= (int)sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    vde->control_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (vde->control_fd < 0)
        return -1;
    setsockopt(vde->control_fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(vde->control_fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return connect(vde->control_fd, (struct sockaddr *)&address, sizeof address);
}

/* 0, or -1 with errno. */
static int vde_connect(struct vde *vde)
{
    struct request request = { .magic = MAGIC, .version = VERSION, .type = NEW_PORT };
    struct sockaddr_un remote = { .sun_family = AF_UNIX };
    ssize_t got = -1;
    errno = 0;
    if (control_connect(vde) == 0 && local_bind(vde) == 0) {
        int length = snprintf(request.description, sizeof request.description, "abbey pid=%u", (unsigned)getpid());
        size_t bytes = offsetof(struct request, description) + (size_t)length;
        request.socket = vde->local;
        if (send(vde->control_fd, &request, bytes, MSG_NOSIGNAL) == (ssize_t)bytes)
            got = recv(vde->control_fd, &remote, sizeof remote, MSG_WAITALL);
        if (got == (ssize_t)sizeof remote && remote.sun_family == AF_UNIX &&
            connect(vde->data_fd, (struct sockaddr *)&remote, sizeof remote) == 0)
            return 0;
        if (got >= 0)
            errno = EPROTO; /* it hung up, or is something else */
    }
    int why = errno;
    vde_close(vde);
    errno = why;
    return -1;
}

int32_t vde_open(struct vde *vde, abbey_dev *dev, const char *path)
{
    vde->path = path;
    vde->control_fd = vde->data_fd = -1;
    if (vde_connect(vde) == 0)
        return 0;
    if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
        return abbey_fail(dev, "there is no VDE switch at '%s'; one is started by: vde_switch -s %s -d", path, path);
    return abbey_fail(dev, "the VDE switch at '%s' gives no port: %s", path,
        errno == EAGAIN   ? "it does not answer"
        : errno == EPROTO ? "it refused, or has no port left"
                          : strerror(errno));
}

/* ---- the port's thread ---- */

void vde_prepare(struct vde *vde, struct port *port, struct port_polls *polls, bool room)
{
    uint64_t now = vde->retry ? port->clock->monotonic() : 0;
    vde->control_poll = vde->data_poll = -1;
    if (vde->retry)
        polls->timeout = vde->retry > now ? (int)((vde->retry - now) / ABBEY_MS + 1) : 0;
    if (vde->control_fd < 0)
        return;
    vde->control_poll = port_poll_add(polls, vde->control_fd, POLLIN);
    vde->data_poll = port_poll_add(polls, vde->data_fd, (short)((room ? POLLIN : 0) | (port->tx_waits ? POLLOUT : 0)));
}

static void frames_read(struct vde *vde, struct port *port)
{
    for (unsigned i = 0; i < BATCH; i++) {
        struct record *record = port_receive(port, ABBEY_NET_FRAME);
        ssize_t got = record ? recv(vde->data_fd, record->data, ABBEY_NET_FRAME, MSG_DONTWAIT | MSG_TRUNC) : -1;
        if (got < 0)
            return;
        if (got < 14 || got > (ssize_t)ABBEY_NET_FRAME) {
            port->counts.lost++;
            continue;
        }
        record->bytes = (uint32_t)got;
        port_received(port, record);
    }
}

/* Nothing is said on the stream after the beginning: what is read there is its end. */
static void control_read(struct vde *vde, struct port *port)
{
    char bytes[256];
    if (recv(vde->control_fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        return;
    abbey_log(port->dev, ABBEY_LOG_WARN, "the VDE switch at '%s' has gone", vde->path);
    vde_close(vde);
    port_absent(port, true);
    vde->retry = port->clock->monotonic() + RETRY_MS * ABBEY_MS;
}

void vde_ready(struct vde *vde, struct port *port, const struct port_polls *polls)
{
    if (vde->retry && port->clock->monotonic() >= vde->retry) {
        vde->retry = vde_connect(vde) ? port->clock->monotonic() + RETRY_MS * ABBEY_MS : 0;
        port_absent(port, vde->control_fd < 0);
    }
    if (vde->data_poll >= 0 && polls->fds[vde->data_poll].revents & (POLLIN | POLLERR))
        frames_read(vde, port);
    if (vde->control_poll >= 0 && polls->fds[vde->control_poll].revents)
        control_read(vde, port);
}

bool vde_transmit(struct vde *vde, struct port *port, const struct record *record)
{
    if (vde->data_fd < 0 || send(vde->data_fd, record->data, record->bytes, MSG_DONTWAIT) >= 0)
        return true;
    if (errno == EAGAIN || errno == ENOBUFS)
        return false;
    port->counts.lost++; /* that it has gone is told by the stream */
    return true;
}
