#include "port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "offload.h"

#define TX_RING (1u << 20)
#define RX_RING (2u << 20)
#define SLOW 32u /* ms of frames that wait on a line with a rate: as in a switch with a little memory */
#define SLOW_LEAST (16u << 10)
#define BATCH 64u /* frames of the device's between two looks at the descriptors */
#define CUT (ABBEY_NET_TCP4 | ABBEY_NET_TCP6)

/* One of the frames that a packet was cut into. */
union part {
    struct record record;
    uint8_t bytes[sizeof(struct record) + ABBEY_NET_FRAME + 64];
};

int port_poll_add(struct port_polls *polls, int fd, short events)
{
    if (polls->count == PORT_POLLS)
        return -1;
    polls->fds[polls->count] = (struct pollfd){ .fd = fd, .events = events };
    return (int)polls->count++;
}

void port_wake(struct port *port)
{
    uint64_t one = 1;
    if (atomic_exchange(&port->asleep, false)) {
        ssize_t written = write(port->wake_fd, &one, sizeof one);
        (void)written;
    }
}

/* ---- from the device to outside ---- */

static bool transmit_one(struct port *port, struct record *record)
{
    bool goes = port->kind->transmit && (port->tx_again || !port_loses(port));
    if (goes && !port->kind->transmit(port, record))
        return false;
    port->tx_again = false;
    port->counts.sent++;
    port->counts.sent_bytes += record->bytes;
    return true;
}

/* What is too much for the kind is done here: frame after frame, with their checksums. False when the network has no
 * room; the next call goes on from there. */
static bool transmit(struct port *port, struct record *record)
{
    union part part;
    if (!port->tx_waits) {
        capture_frame(&port->tape, record->data, record->bytes);
        port->tx_cut = (struct offload_cut){ .whole = record };
    }
    if (!(record->flags & CUT & ~port->kind->takes)) {
        if (record->flags & ABBEY_NET_CHECKSUM & ~port->kind->takes)
            offload_checksum(record);
        return transmit_one(port, record);
    }
    for (;;) {
        struct offload_cut before = port->tx_cut;
        if (!offload_cut_next(&port->tx_cut, &part.record, sizeof part.bytes - sizeof part.record))
            return true;
        if (!transmit_one(port, &part.record)) {
            port->tx_cut = before;
            return false;
        }
    }
}

/* Nanoseconds until the line to outside is free. */
static uint64_t line_wait(const struct port *port)
{
    return port->rate ? shape_wait(&port->tx_shape, port->clock->monotonic()) : 0;
}

static void transmit_run(struct port *port)
{
    struct record *record;
    for (unsigned count = 0; count < BATCH && !line_wait(port) && (record = ring_first(&port->tx)); count++) {
        uint32_t bytes = record->bytes;
        bool gone = transmit(port, record);
        port->tx_waits = port->tx_again = !gone;
        if (!gone)
            break;
        ring_drop(&port->tx, record);
        if (port->rate)
            shape_pass(&port->tx_shape, bytes, port->clock->monotonic());
    }
    if (port->kind->transmitted)
        port->kind->transmitted(port);
    if (atomic_load(&port->tx_refused) && ring_used(&port->tx) <= port->tx_room / 2)
        port_post(port);
}

/* ---- the thread ---- */

static void timeout_bound(struct port_polls *polls, uint64_t ns)
{
    uint64_t ms = (ns + ABBEY_MS - 1) / ABBEY_MS;
    if (polls->timeout < 0 || ms < (uint64_t)polls->timeout)
        polls->timeout = (int)(ms < INT32_MAX ? ms : INT32_MAX);
}

/* What is to be done when the lines are free, each way. True: there is something now. */
static bool lines_look(struct port *port, struct port_polls *polls)
{
    bool waits = !port->tx_waits && ring_first(&port->tx);
    uint64_t wait = waits ? line_wait(port) : 0;
    if (wait)
        timeout_bound(polls, wait);
    uint64_t due = atomic_load(&port->rx_due), now = due ? port->clock->monotonic() : 0;
    if (due > now)
        timeout_bound(polls, due - now);
    return (waits && !wait) || (due && due <= now);
}

static void due_run(struct port *port)
{
    uint64_t due = atomic_load(&port->rx_due);
    if (due ? port->clock->monotonic() >= due : ring_first(&port->rx) != NULL) {
        atomic_store(&port->rx_due, 0);
        port_post(port);
    }
}

static void thread_main(void *arg)
{
    struct port *port = arg;
    struct port_polls *polls = &port->polls;
    while (!atomic_load(&port->quit)) {
        bool room = ring_used(&port->rx) < port->rx_room, again;
        polls->count = 0;
        polls->timeout = -1;
        port_poll_add(polls, port->wake_fd, POLLIN);
        if (!room)
            atomic_store(&port->rx_full, true);
        if (port->kind->prepare)
            port->kind->prepare(port, polls, room);
        atomic_store(&port->asleep, true);
        again = lines_look(port, polls) || atomic_load(&port->quit) || (!room && ring_used(&port->rx) < port->rx_room);
        if (poll(polls->fds, polls->count, again ? 0 : polls->timeout) < 0)
            for (unsigned i = 0; i < polls->count; i++)
                polls->fds[i].revents = 0;
        atomic_store(&port->asleep, false);
        if (polls->fds[0].revents) {
            uint64_t count;
            ssize_t got = read(port->wake_fd, &count, sizeof count);
            (void)got;
        }
        if (port->kind->ready)
            port->kind->ready(port, polls);
        transmit_run(port);
        due_run(port);
    }
    if (port->kind->stop)
        port->kind->stop(port);
}

/* ---- the device's side ---- */

static int32_t port_attach(abbey_net *net, const abbey_net_client_1 *client, void *self)
{
    struct port *port = (struct port *)net;
    if (port->client)
        return -1;
    port->client = client;
    port->client_self = self;
    return 0;
}

static uint32_t port_send(abbey_net *net, const abbey_net_frame *frame)
{
    struct port *port = (struct port *)net;
    uint32_t at = 0;
    if (!port->up || frame->bytes < 14 || frame->bytes > ABBEY_NET_LARGE)
        return 1;
    bool much = port->rate && ring_used(&port->tx) > port->tx_room;
    struct record *record = much ? NULL : ring_reserve(&port->tx, frame->bytes);
    if (!record) {
        atomic_store(&port->tx_refused, true);
        port_wake(port);
        return 0;
    }
    for (uint32_t i = 0; i < frame->segment_count; i++) {
        uint32_t count = (uint32_t)frame->segments[i].count;
        if (count > frame->bytes - at)
            return 1; /* the device's sums are wrong */
        memcpy(record->data + at, frame->segments[i].bytes, count);
        at += count;
    }
    if (at != frame->bytes)
        return 1;
    record->flags = frame->flags;
    record->checksum_start = frame->checksum_start;
    record->checksum_offset = frame->checksum_offset;
    record->segment_bytes = frame->segment_bytes;
    record->header_bytes = frame->header_bytes;
    if (offload_good(record))
        ring_commit(&port->tx, record);
    return 1;
}

static void port_flush(abbey_net *net)
{
    port_wake((struct port *)net);
}

static void port_accept(abbey_net *net)
{
    struct port *port = (struct port *)net;
    if (!port->blocked)
        return;
    port->blocked = false;
    port_deliver(port);
}

static void port_takes(abbey_net *net, uint32_t flags)
{
    atomic_store(&((struct port *)net)->takes, flags);
}

static uint32_t port_link(abbey_net *net)
{
    return ((const struct port *)net)->up;
}

static const abbey_net_ops_1 port_ops = { .size = sizeof port_ops,
    .attach = port_attach,
    .send = port_send,
    .flush = port_flush,
    .accept = port_accept,
    .takes = port_takes,
    .link = port_link };

/* ---- the instance ---- */

static void parts_free(struct port *port)
{
    capture_free(&port->tape);
    ring_free(&port->tx);
    ring_free(&port->rx);
    if (port->wake_fd >= 0)
        close(port->wake_fd);
    port->wake_fd = -1;
    port->kind = NULL;
}

static int32_t parts_make(struct port *port)
{
    abbey_dev *dev = port->dev;
    abbey_error error = { "" };
    port->threads = abbey_query(dev, ABBEY_HOST_THREAD_1);
    port->event = abbey_query(dev, ABBEY_HOST_EVENT_1);
    port->clock = abbey_query(dev, ABBEY_HOST_CLOCK_1);
    port->control = abbey_control(dev);
    port->loop = abbey_loop_get(dev);
    if (!port->threads || !port->event || !port->clock || !port->loop)
        return abbey_fail(dev, "this host offers no threads, no clock or no event loop");
    port->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!capture_new(&port->tape, dev) || !ring_new(&port->tx, TX_RING) || !ring_new(&port->rx, RX_RING))
        return abbey_fail(dev, "out of memory");
    if (port->wake_fd < 0)
        return abbey_fail(dev, "cannot make an event: %s", strerror(errno));
    if (port->capture && *port->capture && capture_open(&port->tape, port->capture, &error))
        return abbey_fail(dev, "%s", error.text);
    return port_commands_add(port);
}

/* Rooms and lines, with the rate or without. */
static void rate_set(struct port *port)
{
    uint64_t slow = (uint64_t)port->rate * SLOW / 8;
    port->tx_shape.rate = port->rx_shape.rate = port->rate;
    port->tx_room = TX_RING;
    port->rx_room = RX_RING / 2;
    if (port->rate && slow < port->tx_room)
        port->tx_room = slow > SLOW_LEAST ? (uint32_t)slow : SLOW_LEAST;
    if (port->rate && slow < port->rx_room)
        port->rx_room = slow > SLOW_LEAST ? (uint32_t)slow : SLOW_LEAST;
}

int32_t port_start(struct port *port, abbey_dev *dev, const struct port_kind *kind, void **interface)
{
    abbey_error error = { "" };
    port->net.ops = &port_ops;
    port->dev = dev;
    port->kind = kind;
    port->plugged = port->connected;
    port->up = port->plugged && !atomic_load(&port->absent);
    rate_set(port);
    port->wake_fd = -1;
    port->random = 1;
    if (parts_make(port)) {
        parts_free(port);
        return -1;
    }
    port->thread = port->threads->start("net", thread_main, port, &error);
    if (!port->thread) {
        parts_free(port);
        return abbey_fail(dev, "%s", error.text);
    }
    *interface = &port->net;
    return 0;
}

void port_stop(struct port *port)
{
    if (!port->kind)
        return;
    atomic_store(&port->quit, true);
    atomic_store(&port->asleep, true);
    port_wake(port);
    port->threads->join(port->thread);
    parts_free(port);
}
