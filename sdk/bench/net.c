/* net.c - the backend "bench-net": a network that is the test. What the device sends waits until the test takes it;
 * what the test feeds reaches the device at once. */
#include <stdlib.h>
#include <string.h>

#include "sdk/bench/bench_impl.h"

#define WAITING 65536u /* frames that nobody takes; more are dropped */

struct backend {
    abbey_net net;
    struct wire *wire;
};

struct wire_frame {
    struct wire_frame *next;
    uint32_t bytes, flags;
    uint8_t data[];
};

static struct wire *wire_find(struct wire *wire, const char *id)
{
    while (wire && strcmp(wire->id, id) != 0)
        wire = wire->next;
    return wire;
}

static int32_t net_attach(abbey_net *net, const abbey_net_client_1 *client, void *self)
{
    struct wire *wire = ((struct backend *)net)->wire;
    if (wire->client)
        return -1;
    wire->client = client;
    wire->client_self = self;
    return 0;
}

static uint32_t net_send(abbey_net *net, const abbey_net_frame *frame)
{
    struct wire *wire = ((struct backend *)net)->wire;
    uint32_t at = 0;
    if (wire->stalled) {
        wire->refused = true;
        return 0;
    }
    struct wire_frame *copy = wire->up && wire->count < WAITING ? malloc(sizeof *copy + frame->bytes) : NULL;
    if (!copy)
        return 1;
    *copy = (struct wire_frame){ .bytes = frame->bytes, .flags = frame->flags };
    for (uint32_t i = 0; i < frame->segment_count; i++) {
        memcpy(copy->data + at, frame->segments[i].bytes, frame->segments[i].count);
        at += (uint32_t)frame->segments[i].count;
    }
    *wire->last = copy;
    wire->last = &copy->next;
    wire->count++;
    return 1;
}

static void net_flush(abbey_net *net)
{
    (void)net;
}

static void net_accept(abbey_net *net)
{
    ((struct backend *)net)->wire->accepts++;
}

static void net_takes(abbey_net *net, uint32_t flags)
{
    (void)net, (void)flags; /* the test feeds plain frames */
}

static uint32_t net_link(abbey_net *net)
{
    return ((struct backend *)net)->wire->up;
}

static const abbey_net_ops_1 ops = { .size = sizeof ops,
    .attach = net_attach,
    .send = net_send,
    .flush = net_flush,
    .accept = net_accept,
    .takes = net_takes,
    .link = net_link };

static struct wire *wire_new(abbey_dev *dev)
{
    struct wire **list = bench_wires(dev), *wire = calloc(1, sizeof *wire);
    if (!wire)
        return NULL;
    snprintf(wire->id, sizeof wire->id, "%s", device_of(dev)->node->id);
    wire->last = &wire->first;
    wire->up = true;
    wire->next = *list;
    return *list = wire;
}

static int32_t net_create(abbey_dev *dev, void *self, void **interface)
{
    struct backend *b = self;
    b->net.ops = &ops;
    b->wire = wire_find(*bench_wires(dev), device_of(dev)->node->id);
    if (!b->wire && !(b->wire = wire_new(dev)))
        return abbey_fail(dev, "out of memory");
    b->wire->client = NULL;
    *interface = &b->net;
    return 0;
}

static void net_destroy(void *self)
{
    ((struct backend *)self)->wire->client = NULL;
}

static const abbey_backend backends[] = {
    { .name = "bench-net",
        .summary = "a network that the test is",
        .kind = "net",
        .self_size = sizeof(struct backend),
        .create = net_create,
        .destroy = net_destroy },
};
const abbey_plugin net_stand_in = { .magic = ABBEY_MAGIC,
    .size = sizeof(abbey_plugin),
    .abi_major = ABBEY_ABI_MAJOR,
    .abi_minor = ABBEY_ABI_MINOR,
    .id = "abbey.bench.net",
    .version = "1.0.0",
    .license = "MIT",
    .backends = ABBEY_TABLE(backends) };

static void frame_drop(struct wire *wire)
{
    struct wire_frame *frame = wire->first;
    wire->first = frame->next;
    if (!wire->first)
        wire->last = &wire->first;
    wire->count--;
    free(frame);
}

void wires_free(struct wire *wires)
{
    for (struct wire *next; wires; wires = next) {
        next = wires->next;
        while (wires->first)
            frame_drop(wires);
        free(wires);
    }
}

/* ---- the test's side ---- */

int32_t abbey_net_feed(abbey_bench *bench, const char *id, const void *frame, uint32_t bytes)
{
    struct wire *wire = wire_find(bench->wires, id);
    if (!wire || !wire->client)
        return -1;
    /* The device gets a copy of just these bytes, so that a sanitizer sees what it reads beyond them. */
    uint8_t *copy = malloc(bytes ? bytes : 1);
    if (!copy)
        return -1;
    memcpy(copy, frame, bytes);
    /* In two parts, as it may come from a ring. */
    abbey_net_segment segments[2] = { { copy, bytes / 2 }, { copy + bytes / 2, bytes - bytes / 2 } };
    abbey_net_frame whole = { .size = sizeof whole, .bytes = bytes, .segments = segments, .segment_count = 2 };
    uint32_t taken = wire->client->receive(wire->client_self, &whole);
    free(copy);
    if (wire->client->received)
        wire->client->received(wire->client_self);
    return (int32_t)taken;
}

uint32_t abbey_net_sent(abbey_bench *bench, const char *id, void *frame, uint32_t room, uint32_t *flags)
{
    struct wire *wire = wire_find(bench->wires, id);
    struct wire_frame *first = wire ? wire->first : NULL;
    if (!first)
        return 0;
    uint32_t bytes = first->bytes;
    memcpy(frame, first->data, bytes < room ? bytes : room);
    if (flags)
        *flags = first->flags;
    frame_drop(wire);
    return bytes;
}

void abbey_net_stall(abbey_bench *bench, const char *id, uint32_t on)
{
    struct wire *wire = wire_find(bench->wires, id);
    if (!wire)
        return;
    wire->stalled = on != 0;
    if (!on && wire->refused && wire->client && wire->client->writable) {
        wire->refused = false;
        wire->client->writable(wire->client_self);
    }
}

void abbey_net_plug(abbey_bench *bench, const char *id, uint32_t up)
{
    struct wire *wire = wire_find(bench->wires, id);
    if (!wire)
        return;
    wire->up = up != 0;
    if (wire->client && wire->client->link)
        wire->client->link(wire->client_self, up);
}

uint32_t abbey_net_accepts(abbey_bench *bench, const char *id)
{
    const struct wire *wire = wire_find(bench->wires, id);
    return wire ? wire->accepts : 0;
}
