#include "port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "offload.h"

#define TX_RING (1u << 20)
#define RX_RING (2u << 20)
#define RX_ROOM (RX_RING / 2) /* with more than that in it nothing is read from outside */
#define BATCH 64u             /* frames of the device's between two looks at the descriptors */
#define CUT (ABBEY_NET_TCP4 | ABBEY_NET_TCP6)
#define RUN 256u /* frames that the I/O thread hands over before it lets go of the machine lock */

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

static void thread_wake(struct port *port)
{
    uint64_t one = 1;
    if (atomic_exchange(&port->asleep, false)) {
        ssize_t written = write(port->wake_fd, &one, sizeof one);
        (void)written;
    }
}

/* One of `loss` in a thousand. */
static bool lost(struct port *port)
{
    if (!port->loss)
        return false;
    port->random = port->random * 1664525u + 1013904223u;
    if ((port->random >> 8) % 1000 >= port->loss)
        return false;
    port->counts.lost++;
    return true;
}

/* ---- from outside to the device ---- */

static void deliver_posted(void *arg);

static void deliver_post(struct port *port)
{
    if (!atomic_exchange(&port->posted, true))
        port->event->post(port->loop, deliver_posted, port);
}

static bool record_give(struct port *port, const struct record *record)
{
    if (!port->up || !port->client)
        return true;
    abbey_net_segment segment = { record->data, record->bytes };
    abbey_net_frame frame = { .size = sizeof frame,
        .bytes = record->bytes,
        .segments = &segment,
        .segment_count = 1,
        .flags = record->flags,
        .checksum_start = record->checksum_start,
        .checksum_offset = record->checksum_offset,
        .segment_bytes = record->segment_bytes,
        .header_bytes = record->header_bytes };
    return port->client->receive(port->client_self, &frame) != 0;
}

/* [locked] */
static void deliver(struct port *port)
{
    const struct record *record = NULL;
    unsigned given = 0;
    if (port->delivering)
        return;
    port->delivering = true;
    for (; !port->blocked && given < RUN && (record = ring_first(&port->rx)); given++) {
        port->blocked = true; /* unless it is taken, or the device says on the way that there is room */
        if (record_give(port, record)) {
            port->blocked = false;
            ring_drop(&port->rx, record);
        }
    }
    if (given && port->up && port->client && port->client->received)
        port->client->received(port->client_self);
    port->delivering = false;
    if (atomic_load(&port->rx_full) && ring_used(&port->rx) < RX_ROOM) {
        atomic_store(&port->rx_full, false);
        thread_wake(port);
    }
    if (given == RUN)
        deliver_post(port);
}

/* [io] */
static void deliver_posted(void *arg)
{
    struct port *port = arg;
    atomic_store(&port->posted, false);
    if (atomic_exchange(&port->tx_refused, false) && port->client && port->client->writable)
        port->client->writable(port->client_self);
    deliver(port);
}

struct record *port_receive(struct port *port, uint32_t bytes)
{
    struct record *record = ring_reserve(&port->rx, bytes);
    if (!record)
        port->counts.lost++;
    return record;
}

void port_received(struct port *port, struct record *record)
{
    if (record->bytes < 14 || lost(port))
        return;
    port->counts.received++;
    port->counts.received_bytes += record->bytes;
    capture_frame(&port->tape, record->data, record->bytes);
    ring_commit(&port->rx, record);
}

static void input_one(struct port *port, const struct record *record)
{
    struct record *copy = port_receive(port, record->bytes);
    if (!copy)
        return;
    memcpy(copy, record, sizeof *record + record->bytes);
    port_received(port, copy);
}

void port_input(struct port *port, struct record *record)
{
    union part part;
    uint32_t more = record->flags & ~(atomic_load(&port->takes) | ABBEY_NET_GOOD);
    if (!(more & CUT)) {
        if (more & ABBEY_NET_CHECKSUM)
            offload_checksum(record);
        input_one(port, record);
        return;
    }
    struct offload_cut state = { .whole = record };
    while (offload_cut_next(&state, &part.record, sizeof part.bytes - sizeof part.record))
        input_one(port, &part.record);
}

/* ---- from the device to outside ---- */

static bool transmit_one(struct port *port, struct record *record)
{
    if (port->kind->transmit && !lost(port) && !port->kind->transmit(port, record))
        return false;
    port->counts.sent++;
    port->counts.sent_bytes += record->bytes;
    return true;
}

/* What is too much for the kind is done here: frame after frame, with their checksums. False when the network has no
 * room; parts of a packet are then lost, as they may be on a wire. */
static bool transmit(struct port *port, struct record *record)
{
    union part part;
    capture_frame(&port->tape, record->data, record->bytes);
    if (!(record->flags & CUT & ~port->kind->takes)) {
        if (record->flags & ABBEY_NET_CHECKSUM & ~port->kind->takes)
            offload_checksum(record);
        return transmit_one(port, record);
    }
    struct offload_cut state = { .whole = record };
    while (offload_cut_next(&state, &part.record, sizeof part.bytes - sizeof part.record))
        transmit_one(port, &part.record);
    return true;
}

static void transmit_run(struct port *port)
{
    struct record *record = NULL;
    unsigned count = 0;
    port->tx_waits = false;
    while (!port->tx_waits && count++ < BATCH && (record = ring_first(&port->tx))) {
        if (transmit(port, record))
            ring_drop(&port->tx, record);
        else
            port->tx_waits = true;
    }
    if (atomic_load(&port->tx_refused) && ring_used(&port->tx) < TX_RING / 2)
        deliver_post(port);
}

/* ---- the thread ---- */

static void thread_main(void *arg)
{
    struct port *port = arg;
    struct port_polls *polls = &port->polls;
    while (!atomic_load(&port->quit)) {
        bool room = ring_used(&port->rx) < RX_ROOM, again;
        polls->count = 0;
        polls->timeout = -1;
        port_poll_add(polls, port->wake_fd, POLLIN);
        if (!room)
            atomic_store(&port->rx_full, true);
        if (port->kind->prepare)
            port->kind->prepare(port, polls, room);
        atomic_store(&port->asleep, true);
        again = (!port->tx_waits && ring_first(&port->tx)) || atomic_load(&port->quit) ||
                (!room && ring_used(&port->rx) < RX_ROOM);
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
        if (ring_first(&port->rx))
            deliver_post(port);
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
    struct record *record = ring_reserve(&port->tx, frame->bytes);
    if (!record) {
        atomic_store(&port->tx_refused, true);
        thread_wake(port);
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
    thread_wake((struct port *)net);
}

static void port_accept(abbey_net *net)
{
    struct port *port = (struct port *)net;
    if (!port->blocked)
        return;
    port->blocked = false;
    deliver(port);
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

/* ---- commands ---- */

struct link_args {
    _Bool up;
};
static const abbey_prop link_args[] = {
    ABBEY_ARG(struct link_args, up, true, "whether the cable is plugged in"),
};

static void link_run(void *self, const void *args, abbey_message *answer)
{
    struct port *port = self;
    bool up = ((const struct link_args *)args)->up, change = up != port->up;
    port->up = up;
    if (change && port->client && port->client->link)
        port->client->link(port->client_self, up);
    abbey_message_bool(answer, "up", up);
    if (up)
        deliver(port);
}

struct capture_args {
    const char *path;
};
static const abbey_prop capture_args[] = {
    ABBEY_ARG_TEXT(struct capture_args, path, NULL, "file or FIFO that gets the frames from now on; none: no more",
        .flags = ABBEY_PROP_PATH),
};

static void capture_run(void *self, const void *args, abbey_message *answer)
{
    struct port *port = self;
    const char *path = ((const struct capture_args *)args)->path;
    abbey_error error = { "" };
    if (!path || !*path)
        capture_close(&port->tape);
    else if (capture_open(&port->tape, path, &error))
        abbey_message_fail(answer, "%s", error.text);
}

static void counts_run(void *self, const void *args, abbey_message *answer)
{
    const struct port *port = self;
    (void)args;
    abbey_message_bool(answer, "up", port->up);
    abbey_message_integer(answer, "sent", (int64_t)port->counts.sent);
    abbey_message_integer(answer, "sent_bytes", (int64_t)port->counts.sent_bytes);
    abbey_message_integer(answer, "received", (int64_t)port->counts.received);
    abbey_message_integer(answer, "received_bytes", (int64_t)port->counts.received_bytes);
    abbey_message_integer(answer, "lost", (int64_t)port->counts.lost);
}

static const abbey_command commands[] = {
    { .name = "net.link",
        .meaning = "plugs the cable of a network in or out",
        .args = ABBEY_TABLE(link_args),
        .args_size = sizeof(struct link_args),
        .run = link_run },
    { .name = "net.capture",
        .meaning = "writes the frames of a network to a file, in the format of pcap",
        .args = ABBEY_TABLE(capture_args),
        .args_size = sizeof(struct capture_args),
        .run = capture_run },
    { .name = "net.info", .meaning = "the state of a network: its cable, and what went by", .run = counts_run },
};

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
    port->loop = abbey_loop_get(dev);
    if (!port->threads || !port->event || !port->loop)
        return abbey_fail(dev, "this host offers no threads or no event loop");
    port->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!capture_new(&port->tape, dev) || !ring_new(&port->tx, TX_RING) || !ring_new(&port->rx, RX_RING))
        return abbey_fail(dev, "out of memory");
    if (port->wake_fd < 0)
        return abbey_fail(dev, "cannot make an event: %s", strerror(errno));
    if (port->capture && *port->capture && capture_open(&port->tape, port->capture, &error))
        return abbey_fail(dev, "%s", error.text);
    return abbey_commands_add(dev, commands, sizeof commands / sizeof commands[0], port);
}

int32_t port_start(struct port *port, abbey_dev *dev, const struct port_kind *kind, void **interface)
{
    abbey_error error = { "" };
    port->net.ops = &port_ops;
    port->dev = dev;
    port->kind = kind;
    port->up = port->connected;
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
    thread_wake(port);
    port->threads->join(port->thread);
    parts_free(port);
}
