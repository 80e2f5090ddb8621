/* tap.c - frames to and from a TAP interface. Before each stands what virtio calls its header (struct virtio_net_hdr),
 * by which the kernel passes large packets and missing checksums on as the port's records have them. */
#include "tap.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "offload.h"

#define RETRY_MS 1000u
#define BATCH 64u /* frames between two looks at the descriptors */

/* ---- the header ---- */

static void header_write(struct virtio_net_hdr *header, const struct record *record)
{
    *header = (struct virtio_net_hdr){ 0 };
    if (record->flags & ABBEY_NET_CHECKSUM) {
        header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        header->csum_start = record->checksum_start;
        header->csum_offset = record->checksum_offset;
    }
    if (record->flags & (ABBEY_NET_TCP4 | ABBEY_NET_TCP6)) {
        header->gso_type = record->flags & ABBEY_NET_TCP4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
        header->gso_size = record->segment_bytes;
        header->hdr_len = record->header_bytes;
    }
}

/* False when it asks for what records do not have. */
static bool header_read(const struct virtio_net_hdr *header, struct record *record)
{
    unsigned cut = header->gso_type & ~(unsigned)VIRTIO_NET_HDR_GSO_ECN;
    if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
        record->flags |= ABBEY_NET_CHECKSUM;
        record->checksum_start = header->csum_start;
        record->checksum_offset = header->csum_offset;
    } else if (header->flags & VIRTIO_NET_HDR_F_DATA_VALID) {
        record->flags |= ABBEY_NET_GOOD;
    }
    record->segment_bytes = header->gso_size;
    if (cut == VIRTIO_NET_HDR_GSO_TCPV4)
        record->flags |= ABBEY_NET_TCP4;
    else if (cut == VIRTIO_NET_HDR_GSO_TCPV6)
        record->flags |= ABBEY_NET_TCP6;
    return (cut == VIRTIO_NET_HDR_GSO_NONE || record->flags & ABBEY_NET_CHECKSUM) && offload_good(record);
}

/* Whether a checksum that is missing is one of UDP. DHCP clients of that time read frames as they are, and take a
 * missing checksum for a wrong one. */
static bool is_udp(const struct record *record)
{
    return record->flags == ABBEY_NET_CHECKSUM && record->checksum_offset == 6;
}

/* ---- the port's thread ---- */

static void tap_absent(struct tap *tap)
{
    if (tap->fd >= 0)
        close(tap->fd);
    tap->fd = -1;
    tap->retry = tap->port.clock->monotonic() + RETRY_MS * ABBEY_MS;
}

/* What is there now: the interface, the bridge it is to be in, and whether they are up. */
static void tap_look(struct tap *tap)
{
    unsigned bridge = tap->joined ? if_nametoindex(tap->bridge) : 0;
    bool absent = tap->fd < 0 || !tap_runs(tap);
    if (bridge && bridge != tap->joined && tap->fd >= 0)
        absent = tap_join(tap) != 0 || !tap_runs(tap);
    if (absent && !atomic_load(&tap->port.absent))
        abbey_log(
            tap->port.dev, ABBEY_LOG_WARN, "the network has gone: '%s' or its bridge is not there, or down", tap->name);
    port_absent(&tap->port, absent);
}

static void tap_retry(struct tap *tap)
{
    tap->retry = 0;
    if (tap_open(tap))
        tap_absent(tap);
    tap_look(tap);
}

static void tap_prepare(struct port *port, struct port_polls *polls, bool room)
{
    struct tap *tap = (struct tap *)port;
    uint64_t now = tap->retry ? port->clock->monotonic() : 0;
    if (tap->retry)
        polls->timeout = tap->retry > now ? (int)((tap->retry - now) / ABBEY_MS + 1) : 0;
    tap->poll = tap->fd >= 0 ? port_poll_add(polls, tap->fd, room ? POLLIN : 0) : -1;
    tap->news_poll = tap->news_fd >= 0 ? port_poll_add(polls, tap->news_fd, POLLIN) : -1;
}

/* 1: a frame, or one that was no good; 0: none now; -1: the interface has gone. */
static int frame_read(struct tap *tap)
{
    struct virtio_net_hdr header;
    struct record *record = port_receive(&tap->port, ABBEY_NET_LARGE);
    if (!record)
        return 0;
    struct iovec parts[2] = { { &header, sizeof header }, { record->data, ABBEY_NET_LARGE } };
    ssize_t got = readv(tap->fd, parts, 2);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    if (got < (ssize_t)sizeof header + 14)
        return 1;
    record->bytes = (uint32_t)got - (uint32_t)sizeof header;
    if (!header_read(&header, record))
        return 1;
    if (is_udp(record))
        offload_checksum(record);
    port_received(&tap->port, record);
    return 1;
}

static void tap_ready(struct port *port, const struct port_polls *polls)
{
    struct tap *tap = (struct tap *)port;
    int got = 1;
    if (tap->retry && port->clock->monotonic() >= tap->retry)
        tap_retry(tap);
    else if (tap->poll >= 0 && polls->fds[tap->poll].revents)
        for (unsigned i = 0; i < BATCH && got > 0; i++)
            got = frame_read(tap);
    if (got < 0)
        tap_absent(tap);
    bool news = tap->news_poll >= 0 && polls->fds[tap->news_poll].revents;
    if (news)
        tap_news_drain(tap->news_fd);
    if (news || got < 0)
        tap_look(tap);
}

static bool tap_transmit(struct port *port, struct record *record)
{
    struct tap *tap = (struct tap *)port;
    struct virtio_net_hdr header;
    struct iovec parts[2] = { { &header, sizeof header }, { record->data, record->bytes } };
    header_write(&header, record);
    if (tap->fd < 0 || writev(tap->fd, parts, 2) < 0)
        port->counts.lost++; /* that it has gone is found out elsewhere; it has room at any time */
    return true;
}

static const struct port_kind tap_kind = { .prepare = tap_prepare,
    .ready = tap_ready,
    .transmit = tap_transmit,
    .takes = ABBEY_NET_CHECKSUM | ABBEY_NET_TCP4 | ABBEY_NET_TCP6 };

/* ---- the instance ---- */

static int32_t tap_create(struct tap *tap, abbey_dev *dev, void **interface)
{
    tap->news_fd = tap_news_open();
    if (tap_open(tap)) {
        tap_destroy(tap);
        return abbey_fail(dev, "%s", tap->why);
    }
    port_absent(&tap->port, !tap_runs(tap));
    if (!tap_is_up(tap))
        abbey_log(
            dev, ABBEY_LOG_WARN, "'%s' or its bridge is down: there is no link until it is brought up", tap->name);
    if (port_start(&tap->port, dev, &tap_kind, interface)) {
        tap_destroy(tap);
        return -1;
    }
    return 0;
}

int32_t bridged_create(abbey_dev *dev, void *self, void **interface)
{
    struct tap *tap = self;
    tap->fd = tap->news_fd = -1;
    if (!(tap->bridge && *tap->bridge) && !(tap->tap && *tap->tap))
        return abbey_fail(dev, "say which bridge of the host it is by `bridge`, or name a TAP interface by `tap`");
    if (tap->bridge && strlen(tap->bridge) >= IFNAMSIZ)
        return abbey_fail(dev, "'%s' is longer than the name of an interface", tap->bridge);
    return tap_create(tap, dev, interface);
}

int32_t host_only_create(abbey_dev *dev, void *self, void **interface)
{
    struct tap *tap = self;
    tap->fd = tap->news_fd = -1;
    if (!*tap->bridge || strlen(tap->bridge) >= IFNAMSIZ)
        return abbey_fail(dev, "'%s' is no name of an interface: 1 to 15 characters", tap->bridge);
    return tap_bridge_make(tap) ? abbey_fail(dev, "%s", tap->why) : tap_create(tap, dev, interface);
}

void tap_destroy(void *self)
{
    struct tap *tap = self;
    port_stop(&tap->port);
    if (tap->fd >= 0)
        close(tap->fd);
    if (tap->news_fd >= 0)
        close(tap->news_fd);
    tap->fd = tap->news_fd = -1;
}
