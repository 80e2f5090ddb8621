/* ramdisk.c - a disk in the memory of the host: a backend of kind block, the least that one can be.
 *
 * It begins as zeros, or as a copy of a file, and is gone when the machine ends. A request takes `delay` and ends on
 * the I/O thread, in order; a backend that waits for something of the host does that on a thread of its own, by
 * "abbey.host.thread/1", and posts the end to the loop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abbey/plugin.h>

struct ramdisk {
    abbey_block block; /* first: what the device holds is this */
    uint64_t bytes;    /* from the machine file */
    uint32_t delay;
    const char *file;
    abbey_dev *dev;
    abbey_timer *timer; /* of the end of the first request */
    uint8_t *memory;
    const abbey_block_client_1 *client;
    abbey_block_request *first, **last;
};
#define ABBEY_SELF struct ramdisk

static struct ramdisk *of(abbey_block *block)
{
    return (struct ramdisk *)block;
}

static int32_t carry_out(struct ramdisk *r, const abbey_block_request *q)
{
    _Bool moves = q->kind == ABBEY_BLOCK_READ || q->kind == ABBEY_BLOCK_WRITE;
    uint64_t at = q->offset, sum = 0;
    if (q->kind == ABBEY_BLOCK_FLUSH)
        return ABBEY_BLOCK_OK;
    for (uint32_t i = 0; moves && i < q->segment_count; i++)
        sum += q->segments[i].count;
    if ((q->offset | q->bytes) % ABBEY_BLOCK_UNIT || q->offset > r->bytes || q->bytes > r->bytes - q->offset ||
        (moves && sum != q->bytes))
        return ABBEY_BLOCK_BAD_RANGE;
    for (uint32_t i = 0; moves && i < q->segment_count; i++) {
        const abbey_block_segment *s = &q->segments[i];
        if (q->kind == ABBEY_BLOCK_READ)
            memcpy(s->bytes, r->memory + at, s->count);
        else
            memcpy(r->memory + at, s->bytes, s->count);
        at += s->count;
    }
    if (q->kind == ABBEY_BLOCK_ZERO)
        memset(r->memory + q->offset, 0, q->bytes);
    return ABBEY_BLOCK_OK; /* what was discarded may stay */
}

static void ended(void *self)
{
    struct ramdisk *r = self;
    abbey_block_request *q = r->first;
    r->first = q->next;
    if (r->first)
        abbey_timer_arm_at(r->timer, r->first->due);
    else
        r->last = &r->first;
    q->result = carry_out(r, q);
    q->done(q->self, q);
}

static void submit(abbey_block *block, abbey_block_request *q)
{
    struct ramdisk *r = of(block);
    q->next = NULL;
    q->due = abbey_now(r->dev) + r->delay * ABBEY_US;
    if (!r->first)
        abbey_timer_arm_at(r->timer, q->due);
    *r->last = q;
    r->last = &q->next;
}

static int32_t attach(abbey_block *block, const abbey_block_client_1 *client, void *self)
{
    struct ramdisk *r = of(block);
    (void)self; /* the medium never comes and never goes: nothing to tell */
    if (r->client)
        return -1;
    r->client = client;
    return 0;
}

static void info(abbey_block *block, abbey_block_info *to)
{
    uint32_t size = to->size;
    abbey_block_info all = {
        .size = size, .flags = ABBEY_BLOCK_PRESENT | ABBEY_BLOCK_WRITABLE, .bytes = of(block)->bytes
    };
    memcpy(to, &all, size < sizeof all ? size : sizeof all);
}

static void lock(abbey_block *block, uint32_t on)
{
    (void)block, (void)on;
}

static int32_t eject(abbey_block *block)
{
    (void)block;
    return -1;
}

static const abbey_block_ops_1 ops = {
    .size = sizeof ops, .attach = attach, .info = info, .submit = submit, .lock = lock, .eject = eject
};

static int32_t file_read(abbey_dev *dev, struct ramdisk *r)
{
    FILE *file = fopen(r->file, "rb");
    if (!file)
        return abbey_fail(dev, "file: cannot read '%s'", r->file);
    size_t count = fread(r->memory, 1, r->bytes, file);
    _Bool more = count == r->bytes && fgetc(file) != EOF, bad = ferror(file) != 0;
    fclose(file);
    if (more)
        return abbey_fail(
            dev, "file: '%s' has more than the %llu bytes of the disk", r->file, (unsigned long long)r->bytes);
    return bad ? abbey_fail(dev, "file: '%s' cannot be read", r->file) : 0;
}

static int32_t create(abbey_dev *dev, void *self, void **interface)
{
    struct ramdisk *r = self;
    r->bytes &= ~(uint64_t)(ABBEY_BLOCK_UNIT - 1);
    r->block.ops = &ops;
    r->dev = dev;
    r->last = &r->first;
    r->timer = abbey_timer_new(dev, ended, r);
    r->memory = abbey_alloc(dev, r->bytes);
    if (!r->timer || !r->memory)
        return abbey_fail(dev, "out of memory for %llu bytes", (unsigned long long)r->bytes);
    *interface = &r->block;
    return r->file ? file_read(dev, r) : 0;
}

static const abbey_prop props[] = {
    { .name = "size",
        .type = ABBEY_TYPE_OF(struct ramdisk, bytes),
        .offset = offsetof(struct ramdisk, bytes),
        .value = 16 << 20,
        .min = 512,
        .max = 1 << 30,
        .flags = ABBEY_PROP_BYTES,
        .meaning = "bytes of the disk" },
    ABBEY_PROP(delay, 20, "microseconds that a request takes", .max = 1000000),
    ABBEY_PROP_TEXT(file, NULL, "what it begins as a copy of; none: zeros", .flags = ABBEY_PROP_PATH),
};
static const abbey_backend backends[] = {
    { .name = "ramdisk",
        .summary = "a disk in memory, gone when the machine ends",
        .kind = "block",
        .self_size = sizeof(struct ramdisk),
        .props = ABBEY_TABLE(props),
        .create = create },
};
ABBEY_PLUGIN(.id = "org.example.ramdisk", .version = "1.0.0", .license = "MIT", .requires = "abbey.timer/1",
    .backends = ABBEY_TABLE(backends));
