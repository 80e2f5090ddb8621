/* stand_ins.c - the parts of a machine that a lone device needs, as plain as can be. They are plugins like any other,
 * so that the board code under them is that of a real machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/bench/stand_ins.h"

/* ---- interrupt lines and a PCI bus: the board keeps the levels, so they do nothing ---- */

struct lines {
    uint8_t level[16];
};

static void line_input(void *self, uint32_t pin, uint32_t level)
{
    struct lines *lines = self;
    lines->level[pin] = (uint8_t)level;
}

static int32_t lines_create(abbey_dev *dev, void *self)
{
    return abbey_irq_inputs(dev, line_input, self);
}

struct pci {
    uint8_t unused;
};

static int32_t pci_create(abbey_dev *dev, void *self)
{
    (void)dev, (void)self;
    return 0;
}

static const abbey_device devices[] = {
    { .name = "bench-isa",
        .summary = "16 interrupt lines of the author's bench",
        .self_size = sizeof(struct lines),
        .state_version = 1,
        .create = lines_create,
        .irq_inputs = 16,
        .isa_lines = 1 },
    { .name = "bench-pci",
        .summary = "a PCI bus of the author's bench",
        .self_size = sizeof(struct pci),
        .state_version = 1,
        .create = pci_create,
        .provides = "pci" },
};

/* ---- a byte stream ---- */

struct backend {
    abbey_char chr;
    struct stream *stream;
};

static int32_t stream_attach(abbey_char *chr, const abbey_char_client_1 *client, void *self)
{
    struct stream *stream = ((struct backend *)chr)->stream;
    if (stream->client)
        return -1;
    stream->client = client;
    stream->client_self = self;
    return 0;
}

static uint32_t stream_write(abbey_char *chr, const uint8_t *bytes, uint32_t count)
{
    struct stream *stream = ((struct backend *)chr)->stream;
    if (stream->stalled)
        return 0;
    if (count > stream->sent_room - stream->sent_count) {
        uint32_t room = 2 * (stream->sent_count + count);
        uint8_t *grown = realloc(stream->sent, room);
        if (!grown)
            return 0;
        stream->sent = grown;
        stream->sent_room = room;
    }
    memcpy(stream->sent + stream->sent_count, bytes, count);
    stream->sent_count += count;
    return count;
}

/* abbey_char_feed() asks for room each time, so that there is nothing to wake. */
static void stream_accept(abbey_char *chr)
{
    (void)chr;
}

static const abbey_char_ops_1 stream_ops = {
    .size = sizeof stream_ops, .attach = stream_attach, .write = stream_write, .accept = stream_accept
};

static int32_t backend_create(abbey_dev *dev, void *self, void **interface)
{
    struct backend *backend = self;
    backend->chr.ops = &stream_ops;
    backend->stream = bench_stream(dev);
    backend->stream->client = NULL;
    *interface = &backend->chr;
    return 0;
}

static void backend_destroy(void *self)
{
    ((struct backend *)self)->stream->client = NULL;
}

static const abbey_backend backends[] = {
    { .name = "bench",
        .summary = "a byte stream whose far side is the test",
        .kind = "char",
        .self_size = sizeof(struct backend),
        .create = backend_create,
        .destroy = backend_destroy },
};

const abbey_plugin stand_ins = { .magic = ABBEY_MAGIC,
    .size = sizeof(abbey_plugin),
    .abi_major = ABBEY_ABI_MAJOR,
    .abi_minor = ABBEY_ABI_MINOR,
    .id = "abbey.bench",
    .version = "1.0.0",
    .license = "MIT",
    .devices = ABBEY_TABLE(devices),
    .backends = ABBEY_TABLE(backends) };

/* ---- memory ---- */

struct abbey_memobj {
    uint8_t *bytes;
};

static abbey_memobj *object_new(const char *name, uint64_t bytes, abbey_error *error)
{
    (void)name;
    abbey_memobj *object = calloc(1, sizeof(*object));
    if (object && (object->bytes = aligned_alloc(4096, bytes)))
        return memset(object->bytes, 0, bytes), object;
    free(object);
    snprintf(error->text, sizeof error->text, "out of memory for %llu bytes of RAM", (unsigned long long)bytes);
    return NULL;
}

static void object_free(abbey_memobj *object)
{
    free(object->bytes);
    free(object);
}

static void *object_map(
    abbey_memobj *object, uint64_t offset, uint64_t bytes, uint32_t prot, void *at, abbey_error *error)
{
    (void)bytes, (void)prot, (void)error;
    return at ? NULL : object->bytes + offset;
}

static void object_release(void *start, uint64_t bytes)
{
    (void)start, (void)bytes; /* the bytes go with the object */
}

const abbey_host_mem_1 stand_in_memory = { .size = sizeof stand_in_memory,
    .page_size = 4096,
    .create = object_new,
    .destroy = object_free,
    .map = object_map,
    .release = object_release };
