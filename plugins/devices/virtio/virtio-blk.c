/* virtio-blk.c - a disk by virtio: VIRTIO section 5.2.
 *
 * A request is a chain: a header of 16 bytes, the data, a status byte that the device writes. It takes one of a few
 * slots, each with a buffer of its own; what is larger than the buffer goes in several steps. When all slots are taken,
 * chains stay in the ring. A slot is in the saved state by its chain's head: after a restore the request begins anew,
 * which does no harm since nobody was told that it had ended. */
#include "virtio.h"

#include <stdio.h>
#include <string.h>

#define SECTOR 512u
#define SLOTS 16u
#define BUFFER 262144u
#define HEADER 16u
#define RANGES 16u /* of one discard */

#define TYPE_IN 0u
#define TYPE_OUT 1u
#define TYPE_FLUSH 4u
#define TYPE_GET_ID 8u
#define TYPE_DISCARD 11u
#define TYPE_WRITE_ZEROES 13u

#define STATUS_OK 0u
#define STATUS_ERROR 1u
#define STATUS_UNSUPPORTED 2u

#define F_SEG_MAX (1ull << 2)
#define F_GEOMETRY (1ull << 4)
#define F_READ_ONLY (1ull << 5)
#define F_BLOCK_SIZE (1ull << 6)
#define F_FLUSH (1ull << 9)
#define F_DISCARD (1ull << 13)
#define F_WRITE_ZEROES (1ull << 14)

#define CONFIG_BYTES 60u
#define MAX_RANGE 0x3fffffu /* sectors of one range: 2 GB */

struct virtio_blk;

struct slot {
    struct virtio_blk *blk;
    abbey_block_request request;
    abbey_block_segment segment;
    uint8_t *buffer;
    bool flying;
    bool stale; /* its answer belongs to nobody: reset or restored meanwhile */
    struct virtio_chain chain;
    uint32_t type;
    uint64_t sector; /* where the data begin */
    uint64_t bytes;  /* of data */
    uint64_t at;     /* of them done */
};

struct virtio_blk {
    struct virtio virtio;
    abbey_block *media;
    const char *serial;
    abbey_dev *dev;
    uint64_t sectors;
    struct slot slots[SLOTS];
    /* Registers: which slots hold a chain, and its head. */
    uint8_t taken[SLOTS];
    uint16_t heads[SLOTS];
};
#define ABBEY_SELF struct virtio_blk

static struct virtio_blk *blk_of(struct virtio *v)
{
    return (struct virtio_blk *)(void *)((uint8_t *)v - offsetof(struct virtio_blk, virtio));
}

static void queue_run(struct virtio_blk *b);

/* The request has ended: data that was read is counted, and the status byte is the last. */
static void slot_end(struct slot *s, uint8_t status)
{
    struct virtio_blk *b = s->blk;
    struct virtio *v = &b->virtio;
    uint32_t index = (uint32_t)(s - b->slots);
    uint64_t data = s->chain.writable_bytes ? s->chain.writable_bytes - 1 : 0;
    uint64_t written = s->type == TYPE_IN || s->type == TYPE_GET_ID ? s->at : 0;
    b->taken[index] = 0;
    b->heads[index] = 0;
    if (virtio_write(v, &s->chain, data, &status, 1) != 1)
        virtio_break(v, "a request has no room for its status");
    virtio_push(v, 0, s->chain.head, (uint32_t)(written < UINT32_MAX ? written + 1 : UINT32_MAX));
}

static void request_submit(struct slot *s, uint32_t kind, uint64_t offset, uint64_t bytes)
{
    bool data = kind == ABBEY_BLOCK_READ || kind == ABBEY_BLOCK_WRITE;
    s->segment = (abbey_block_segment){ s->buffer, bytes };
    s->request.kind = kind;
    s->request.offset = offset;
    s->request.bytes = bytes;
    s->request.segments = &s->segment;
    s->request.segment_count = data ? 1 : 0;
    s->flying = true;
    abbey_block_submit(s->blk->media, &s->request);
}

static uint64_t step_bytes(const struct slot *s)
{
    return s->bytes - s->at < BUFFER ? s->bytes - s->at : BUFFER;
}

/* One range of a discard: { sector 8, count 4, flags 4 }; its place in the chain is `at`. */
static void range_begin(struct slot *s)
{
    struct {
        uint64_t sector;
        uint32_t count, flags;
    } range;
    if (virtio_read(&s->blk->virtio, &s->chain, HEADER + s->at, &range, sizeof range) != sizeof range ||
        range.count > MAX_RANGE || range.sector > s->blk->sectors || range.count > s->blk->sectors - range.sector) {
        slot_end(s, STATUS_ERROR);
        return;
    }
    if (range.flags & ~(s->type == TYPE_WRITE_ZEROES ? 1u : 0u)) {
        slot_end(s, STATUS_UNSUPPORTED);
        return;
    }
    request_submit(s, s->type == TYPE_DISCARD ? ABBEY_BLOCK_DISCARD : ABBEY_BLOCK_ZERO, range.sector * SECTOR,
        (uint64_t)range.count * SECTOR);
}

static void step_begin(struct slot *s)
{
    struct virtio *v = &s->blk->virtio;
    uint64_t offset = s->sector * SECTOR + s->at, bytes = step_bytes(s);
    if (!s->blk->media)
        slot_end(s, STATUS_ERROR);
    else if (s->type == TYPE_FLUSH)
        request_submit(s, ABBEY_BLOCK_FLUSH, 0, 0);
    else if (s->type == TYPE_DISCARD || s->type == TYPE_WRITE_ZEROES)
        range_begin(s);
    else if (s->type == TYPE_IN)
        request_submit(s, ABBEY_BLOCK_READ, offset, bytes);
    else if (virtio_read(v, &s->chain, HEADER + s->at, s->buffer, bytes) == bytes)
        request_submit(s, ABBEY_BLOCK_WRITE, offset, bytes);
    else
        slot_end(s, STATUS_ERROR);
}

static void step_end(struct slot *s)
{
    struct virtio *v = &s->blk->virtio;
    uint64_t bytes = s->type == TYPE_DISCARD || s->type == TYPE_WRITE_ZEROES ? 16 : step_bytes(s);
    if (s->type == TYPE_IN && virtio_write(v, &s->chain, s->at, s->buffer, bytes) != bytes) {
        slot_end(s, STATUS_ERROR);
        return;
    }
    s->at += bytes;
    if (s->at < s->bytes)
        step_begin(s);
    else
        slot_end(s, STATUS_OK);
}

static void request_begin(struct slot *s)
{
    struct virtio_blk *b = s->blk;
    struct {
        uint32_t type, reserved;
        uint64_t sector;
    } header;
    uint64_t read = s->chain.readable_bytes, written = s->chain.writable_bytes;
    s->at = s->bytes = 0;
    if (virtio_read(&b->virtio, &s->chain, 0, &header, sizeof header) != sizeof header || !written) {
        s->type = TYPE_FLUSH;
        slot_end(s, STATUS_ERROR);
        return;
    }
    s->type = header.type;
    s->sector = header.sector;
    bool ranges = s->type == TYPE_DISCARD || s->type == TYPE_WRITE_ZEROES;
    bool known = ranges || s->type == TYPE_IN || s->type == TYPE_OUT || s->type == TYPE_FLUSH || s->type == TYPE_GET_ID;
    s->bytes = s->type == TYPE_IN ? written - 1 : s->type == TYPE_OUT || ranges ? read - HEADER : 0;
    bool in_disk = s->bytes % SECTOR == 0 && s->sector <= b->sectors && s->bytes / SECTOR <= b->sectors - s->sector;
    if (s->type == TYPE_GET_ID) {
        char id[20] = { 0 };
        size_t length = strlen(b->serial);
        memcpy(id, b->serial, length < sizeof id ? length : sizeof id);
        s->at = virtio_write(&b->virtio, &s->chain, 0, id, written - 1 < sizeof id ? written - 1 : sizeof id);
        slot_end(s, STATUS_OK);
    } else if (!known) {
        slot_end(s, STATUS_UNSUPPORTED);
    } else if ((ranges && (s->bytes % 16 || !s->bytes || s->bytes > 16 * RANGES)) || (!ranges && !in_disk)) {
        slot_end(s, STATUS_ERROR);
    } else if (!s->bytes && s->type != TYPE_FLUSH) {
        slot_end(s, STATUS_OK);
    } else {
        step_begin(s);
    }
}

/* Begins again what a restored slot holds. */
static void slot_resume(struct slot *s)
{
    uint32_t index = (uint32_t)(s - s->blk->slots);
    if (virtio_chain_read(&s->blk->virtio, 0, s->blk->heads[index], &s->chain)) {
        request_begin(s);
    } else {
        s->blk->taken[index] = 0;
        s->blk->heads[index] = 0;
    }
}

static void request_done(void *self, abbey_block_request *request)
{
    struct slot *s = self;
    struct virtio_blk *b = s->blk;
    s->flying = false;
    if (s->stale) {
        s->stale = false;
        if (b->taken[s - b->slots])
            slot_resume(s);
    } else if (request->result != ABBEY_BLOCK_OK) {
        slot_end(s, STATUS_ERROR);
    } else {
        step_end(s);
    }
    queue_run(b);
}

static struct slot *slot_free(struct virtio_blk *b)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        if (!b->taken[i] && !b->slots[i].flying)
            return &b->slots[i];
    return NULL;
}

static void queue_run(struct virtio_blk *b)
{
    struct slot *s;
    while ((b->virtio.status & VIRTIO_DRIVER_OK) && (s = slot_free(b)) && virtio_pop(&b->virtio, 0, &s->chain)) {
        b->taken[s - b->slots] = 1;
        b->heads[s - b->slots] = s->chain.head;
        request_begin(s);
    }
}

/* ---- what virtio asks ---- */

static uint64_t features(struct virtio *v)
{
    abbey_block_info info = abbey_block_info_get(blk_of(v)->media);
    uint64_t writable = info.flags & ABBEY_BLOCK_WRITABLE ? F_DISCARD | F_WRITE_ZEROES : F_READ_ONLY;
    return F_SEG_MAX | F_GEOMETRY | F_BLOCK_SIZE | F_FLUSH | writable;
}

static void put(uint8_t *at, uint64_t value, uint32_t bytes)
{
    memcpy(at, &value, bytes);
}

static void config(struct virtio *v, uint8_t *bytes)
{
    const struct virtio_blk *b = blk_of(v);
    uint64_t cylinders = b->sectors / (16 * 63);
    put(bytes, b->sectors, 8);
    put(bytes + 12, VIRTIO_SEGMENTS - 6, 4); /* segments of data */
    put(bytes + 16, cylinders < 65535 ? cylinders : 65535, 2);
    bytes[18] = 16;
    bytes[19] = 63;
    put(bytes + 20, SECTOR, 4);
    put(bytes + 34, 1, 2); /* queues */
    put(bytes + 36, MAX_RANGE, 4);
    put(bytes + 40, RANGES, 4);
    put(bytes + 44, 1, 4);
    put(bytes + 48, MAX_RANGE, 4);
    put(bytes + 52, RANGES, 4);
    bytes[56] = 1; /* zeroed ranges may be given back */
}

static void notified(struct virtio *v, uint32_t queue)
{
    (void)queue;
    queue_run(blk_of(v));
}

static void forget(struct virtio *v)
{
    struct virtio_blk *b = blk_of(v);
    for (uint32_t i = 0; i < SLOTS; i++) {
        b->taken[i] = 0;
        b->heads[i] = 0;
        b->slots[i].stale = b->slots[i].flying;
    }
}

static const struct virtio_kind kind = { .type = 2,
    .class_code = 0x010000,
    .queues = 1,
    .config_bytes = CONFIG_BYTES,
    .features = features,
    .config = config,
    .notify = notified,
    .reset = forget };

/* ---- the instance ---- */

static void reset(void *self)
{
    virtio_power_on(&((struct virtio_blk *)self)->virtio);
}

static int32_t loaded(void *self)
{
    struct virtio_blk *b = self;
    if (virtio_loaded(&b->virtio))
        return -1;
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct slot *s = &b->slots[i];
        if (b->taken[i] > 1)
            return -1;
        s->stale = s->flying;
        if (b->taken[i] && !s->flying)
            slot_resume(s);
    }
    return 0;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct virtio_blk *b = self;
    static const abbey_block_client_1 client = { .size = sizeof client };
    abbey_block_info info = abbey_block_info_get(b->media);
    b->dev = dev;
    b->sectors = info.bytes / SECTOR;
    if (b->media && !(info.flags & ABBEY_BLOCK_PRESENT))
        return abbey_fail(dev, "media: the disk is empty");
    if (!b->serial) {
        char *text = abbey_alloc(dev, 21);
        if (!text)
            return abbey_fail(dev, "out of memory");
        snprintf(text, 21, "AB-%s", abbey_dev_id(dev));
        b->serial = text;
    }
    if (abbey_block_attach(b->media, &client, b))
        return abbey_fail(dev, "media: another device uses it");
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct slot *s = &b->slots[i];
        s->blk = b;
        s->request = (abbey_block_request){ .size = sizeof s->request, .done = request_done, .self = s };
        if (b->media && !(s->buffer = abbey_alloc(dev, BUFFER)))
            return abbey_fail(dev, "out of memory for its buffers");
    }
    return virtio_create(&b->virtio, dev, &kind);
}

static const abbey_prop props[] = {
    ABBEY_PROP_TEXT(media, NULL, "backend of the disk; without one it has no sectors"),
    ABBEY_PROP_TEXT(serial, NULL, "serial number, at most 20 characters; by default made from the id"),
};
static const abbey_reg regs[] = { VIRTIO_REGS, ABBEY_REG(taken, 0), ABBEY_REG(heads, 0) };

static const abbey_device device = { .name = "virtio-blk",
    .summary = "virtio disk, legacy and modern",
    .bus = "pci",
    .self_size = sizeof(struct virtio_blk),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
    .loaded = loaded };
ABBEY_PLUGIN(.id = "org.abbey.virtio-blk", .version = "1.0.0", .license = "MIT", .requires = "abbey.pci/1 abbey.dma/1",
    .device = &device);
