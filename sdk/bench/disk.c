/* disk.c - the backend "bench-disk": a medium in memory. A request takes a fixed virtual time and ends by a timer, as
 * one of a machine ends on its I/O thread; the test looks at the bytes and breaks them. */
#include <stdlib.h>
#include <string.h>

#include "sdk/bench/bench_impl.h"

struct backend {
    abbey_block block;
    uint64_t size, delay;
    _Bool read_only;
    abbey_dev *dev;
    abbey_timer *timer;
    struct disk *disk;
    abbey_block_request *first, **last;
};
#define ABBEY_SELF struct backend

static struct disk *disk_find(struct disk *disk, const char *id)
{
    while (disk && strcmp(disk->id, id) != 0)
        disk = disk->next;
    return disk;
}

static void copy(const abbey_block_request *request, uint8_t *at)
{
    for (uint32_t i = 0; i < request->segment_count; i++) {
        const abbey_block_segment *s = &request->segments[i];
        if (request->kind == ABBEY_BLOCK_READ)
            memcpy(s->bytes, at, s->count);
        else
            memcpy(at, s->bytes, s->count);
        at += s->count;
    }
}

static int32_t carry_out(const struct backend *b, const abbey_block_request *request)
{
    struct disk *disk = b->disk;
    uint64_t sum = 0;
    bool data = request->kind == ABBEY_BLOCK_READ || request->kind == ABBEY_BLOCK_WRITE;
    for (uint32_t i = 0; i < request->segment_count; i++)
        sum += request->segments[i].count;
    if (!disk->present)
        return ABBEY_BLOCK_NO_MEDIUM;
    if (request->kind != ABBEY_BLOCK_FLUSH &&
        ((request->offset | request->bytes) % ABBEY_BLOCK_UNIT || request->offset > disk->count ||
            request->bytes > disk->count - request->offset || (data && sum != request->bytes)))
        return ABBEY_BLOCK_BAD_RANGE;
    if (disk->broken)
        return ABBEY_BLOCK_FAILED;
    if (b->read_only && request->kind != ABBEY_BLOCK_READ && request->kind != ABBEY_BLOCK_FLUSH)
        return ABBEY_BLOCK_READ_ONLY;
    if (data)
        copy(request, disk->bytes + request->offset);
    else if (request->kind == ABBEY_BLOCK_ZERO)
        memset(disk->bytes + request->offset, 0, request->bytes);
    return ABBEY_BLOCK_OK;
}

static void ended(void *self)
{
    struct backend *b = self;
    abbey_block_request *request = b->first;
    b->first = request->next;
    if (!b->first)
        b->last = &b->first;
    else
        abbey_timer_arm_at(b->timer, b->first->due);
    request->result = carry_out(b, request);
    request->done(request->self, request);
}

static void disk_submit(abbey_block *block, abbey_block_request *request)
{
    struct backend *b = (struct backend *)block;
    uint32_t *const counters[] = { &b->disk->counts.reads, &b->disk->counts.writes, &b->disk->counts.flushes,
        &b->disk->counts.discards, &b->disk->counts.zeroes };
    if (request->kind < sizeof counters / sizeof counters[0])
        ++*counters[request->kind];
    request->next = NULL;
    request->due = abbey_now(b->dev) + b->delay;
    if (!b->first)
        abbey_timer_arm_at(b->timer, request->due);
    *b->last = request;
    b->last = &request->next;
}

static int32_t disk_attach(abbey_block *block, const abbey_block_client_1 *client, void *self)
{
    struct backend *b = (struct backend *)block;
    if (b->disk->client)
        return -1;
    b->disk->client = client;
    b->disk->client_self = self;
    return 0;
}

static void disk_info(abbey_block *block, abbey_block_info *info)
{
    const struct backend *b = (const struct backend *)block;
    uint32_t size = info->size;
    abbey_block_info full = { .size = size, .bytes = b->disk->present ? b->disk->count : 0 };
    full.flags = (b->disk->present ? ABBEY_BLOCK_PRESENT : 0u) | (b->read_only ? 0u : ABBEY_BLOCK_WRITABLE);
    memcpy(info, &full, size < sizeof full ? size : sizeof full);
}

static void disk_lock(abbey_block *block, uint32_t on)
{
    ((struct backend *)block)->disk->counts.locked = on;
}

static int32_t disk_eject(abbey_block *block)
{
    struct backend *b = (struct backend *)block;
    if (!b->disk->client || !(b->disk->client->flags & ABBEY_BLOCK_REMOVABLE))
        return -1;
    b->disk->present = false;
    return 0;
}

static const abbey_block_ops_1 ops = { .size = sizeof ops,
    .attach = disk_attach,
    .info = disk_info,
    .submit = disk_submit,
    .lock = disk_lock,
    .eject = disk_eject };

static struct disk *disk_new(abbey_dev *dev, uint64_t size)
{
    struct disk **list = bench_disks(dev), *disk = calloc(1, sizeof *disk);
    if (!disk || !(disk->bytes = calloc(1, size ? size : 1))) {
        free(disk);
        return NULL;
    }
    snprintf(disk->id, sizeof disk->id, "%s", device_of(dev)->node->id);
    disk->count = size;
    disk->present = size != 0;
    disk->next = *list;
    return *list = disk;
}

static int32_t disk_create(abbey_dev *dev, void *self, void **interface)
{
    struct backend *b = self;
    b->dev = dev;
    b->disk = disk_find(*bench_disks(dev), device_of(dev)->node->id);
    if (!b->disk && !(b->disk = disk_new(dev, b->size)))
        return abbey_fail(dev, "out of memory for its %llu bytes", (unsigned long long)b->size);
    b->disk->client = NULL;
    b->block.ops = &ops;
    b->last = &b->first;
    b->timer = abbey_timer_new(dev, ended, b);
    *interface = &b->block;
    return b->timer ? 0 : -1;
}

static void disk_destroy(void *self)
{
    ((struct backend *)self)->disk->client = NULL;
}

static const abbey_prop props[] = {
    ABBEY_PROP(size, 1 << 20, "bytes; 0: no medium", .flags = ABBEY_PROP_BYTES, .max = 1ll << 32),
    ABBEY_PROP(delay, 10000, "nanoseconds that a request takes", .max = 1ll << 40),
    ABBEY_PROP(read_only, false, "the medium cannot be written"),
};
static const abbey_backend backends[] = {
    { .name = "bench-disk",
        .summary = "a disk in memory that the test looks at",
        .kind = "block",
        .self_size = sizeof(struct backend),
        .props = ABBEY_TABLE(props),
        .create = disk_create,
        .destroy = disk_destroy },
};
const abbey_plugin disk_stand_in = { .magic = ABBEY_MAGIC,
    .size = sizeof(abbey_plugin),
    .abi_major = ABBEY_ABI_MAJOR,
    .abi_minor = ABBEY_ABI_MINOR,
    .id = "abbey.bench.disk",
    .version = "1.0.0",
    .license = "MIT",
    .backends = ABBEY_TABLE(backends) };

void disks_free(struct disk *disks)
{
    for (struct disk *next; disks; disks = next) {
        next = disks->next;
        free(disks->bytes);
        free(disks);
    }
}

/* ---- the test's side ---- */

uint8_t *abbey_disk(abbey_bench *bench, const char *id, uint64_t *bytes)
{
    struct disk *disk = disk_find(bench->disks, id);
    *bytes = disk ? disk->count : 0;
    return disk ? disk->bytes : NULL;
}

void abbey_disk_insert(abbey_bench *bench, const char *id, uint32_t on)
{
    struct disk *disk = disk_find(bench->disks, id);
    if (!disk)
        return;
    disk->present = on != 0;
    if (disk->client && disk->client->event)
        disk->client->event(disk->client_self, ABBEY_BLOCK_CHANGED);
}

void abbey_disk_break(abbey_bench *bench, const char *id, uint32_t on)
{
    struct disk *disk = disk_find(bench->disks, id);
    if (disk)
        disk->broken = on != 0;
}

void abbey_disk_counts_get(abbey_bench *bench, const char *id, abbey_disk_counts *counts)
{
    const struct disk *disk = disk_find(bench->disks, id);
    uint32_t size = counts->size && counts->size < sizeof *counts ? counts->size : (uint32_t)sizeof *counts;
    if (disk)
        memcpy(counts, &disk->counts, size);
    counts->size = size;
}
