/* port_receive.c - frames on their way from outside to the device: on the port's thread up to the ring, on the I/O
 * thread from there. */
#include <string.h>

#include "offload.h"
#include "port.h"

#define CUT (ABBEY_NET_TCP4 | ABBEY_NET_TCP6)
#define RUN 256u               /* frames that the I/O thread hands over before it lets go of the machine lock */
#define SLOW_DROP (256u << 10) /* with a rate: what may come at once from a network that cannot be asked to wait */

/* One of the frames that a packet was cut into. */
union part {
    struct record record;
    uint8_t bytes[sizeof(struct record) + ABBEY_NET_FRAME + 64];
};

bool port_loses(struct port *port)
{
    if (!port->loss)
        return false;
    port->random = port->random * 1664525u + 1013904223u;
    if ((port->random >> 8) % 1000 >= port->loss)
        return false;
    port->counts.lost++;
    return true;
}

static void deliver_posted(void *arg);

void port_post(struct port *port)
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

/* Whether the line from outside is free; if not the thread says when it is. */
static bool line_free(struct port *port)
{
    uint64_t now = port->clock->monotonic(), wait = shape_wait(&port->rx_shape, now);
    if (!wait)
        return true;
    atomic_store(&port->rx_due, now + wait);
    port_wake(port);
    return false;
}

void port_deliver(struct port *port)
{
    const struct record *record = NULL;
    unsigned given = 0;
    if (port->delivering)
        return;
    port->delivering = true;
    for (; !port->blocked && given < RUN && (record = ring_first(&port->rx)); given++) {
        if (port->rate && !line_free(port))
            break;
        port->blocked = true; /* unless it is taken, or the device says on the way that there is room */
        if (record_give(port, record)) {
            port->blocked = false;
            if (port->rate)
                shape_pass(&port->rx_shape, record->bytes, port->clock->monotonic());
            ring_drop(&port->rx, record);
        }
    }
    if (given && port->up && port->client && port->client->received)
        port->client->received(port->client_self);
    port->delivering = false;
    if (atomic_load(&port->rx_full) && ring_used(&port->rx) < port->rx_room) {
        atomic_store(&port->rx_full, false);
        port_wake(port);
    }
    if (given == RUN)
        port_post(port);
}

/* [io] */
static void deliver_posted(void *arg)
{
    struct port *port = arg;
    atomic_store(&port->posted, false);
    if (atomic_exchange(&port->tx_refused, false) && port->client && port->client->writable)
        port->client->writable(port->client_self);
    if (!atomic_load(&port->absent))
        port_link_update(port);
    port_deliver(port);
    port_link_update(port);
}

struct record *port_receive(struct port *port, uint32_t bytes)
{
    bool much = port->rate && ring_used(&port->rx) > port->rx_room + SLOW_DROP;
    struct record *record = much ? NULL : ring_reserve(&port->rx, bytes);
    if (!record)
        port->counts.lost++;
    return record;
}

static void received_one(struct port *port, struct record *record)
{
    if (record->bytes < 14 || port_loses(port))
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
    received_one(port, copy);
}

static uint32_t not_understood(struct port *port, const struct record *record)
{
    return record->flags & ~(atomic_load(&port->takes) | ABBEY_NET_GOOD);
}

static void input_cut(struct port *port, const struct record *whole)
{
    union part part;
    struct offload_cut state = { .whole = whole };
    while (offload_cut_next(&state, &part.record, sizeof part.bytes - sizeof part.record))
        input_one(port, &part.record);
}

void port_received(struct port *port, struct record *record)
{
    uint32_t more = not_understood(port, record);
    if (more & CUT) { /* its parts go where it stands */
        input_cut(port, port_frame_put(&port->whole, record));
        return;
    }
    if (more & ABBEY_NET_CHECKSUM)
        offload_checksum(record);
    received_one(port, record);
}

void port_input(struct port *port, struct record *record)
{
    uint32_t more = not_understood(port, record);
    if (more & CUT) {
        input_cut(port, record);
        return;
    }
    if (more & ABBEY_NET_CHECKSUM)
        offload_checksum(record);
    input_one(port, record);
}

void port_absent(struct port *port, bool absent)
{
    if (atomic_exchange(&port->absent, absent) != absent && port->loop)
        port_post(port);
}
