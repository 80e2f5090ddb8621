/* qcow2.c - reading and writing qcow2 images, versions 2 and 3, with backing files; without encryption, snapshots,
 * external data and extended tables.
 *
 * A virtual address is looked up in two steps, like a page table:
 *
 *     clusters of 64 KB: bits 0-15 in the cluster, 16-28 index in an L2 table, 29- index in the L1 table
 *     the L2 entry is   0           not here: the backing file's, or zeros
 *                       offset      a cluster of the file, written in place when the COPIED bit is set
 *                       1           zeros (version 3)
 *                       bit 62      compressed data somewhere
 *
 * Order of a write to a cluster that is not there: refcount, data (a whole cluster: what the guest does not write is
 * copied from below), L2 entry. A kill between any two leaves the old content and at worst a cluster that leaks. */
#include "qcow2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where an address is looked up. */
struct place {
    uint64_t l2;    /* offset of the L2 table, 0: there is none */
    uint32_t index; /* in it */
    uint32_t in;    /* offset in the cluster */
    bool shared;    /* the table itself is not ours alone */
};

static struct place place_of(const struct qcow2 *q, uint64_t offset)
{
    uint64_t cluster = offset >> q->cluster_bits, entry = q->l1[cluster >> q->l2_bits];
    return (struct place){ .l2 = entry & ENTRY_OFFSET,
        .index = (uint32_t)(cluster & ((1u << q->l2_bits) - 1)),
        .in = (uint32_t)(offset & (q->cluster - 1)),
        .shared = !(entry & ENTRY_COPIED) };
}

#define KIND_NONE 0
#define KIND_DATA 1
#define KIND_ZERO 2
#define KIND_COMPRESSED 3
#define KIND_WRONG 4

static int kind_of(const struct qcow2 *q, uint64_t entry)
{
    uint64_t offset = entry & ENTRY_OFFSET;
    if (entry & ENTRY_COMPRESSED)
        return KIND_COMPRESSED;
    if (q->version >= 3 && (entry & ENTRY_ZERO))
        return KIND_ZERO;
    if (offset % q->cluster || offset >> q->cluster_bits >= q->end)
        return KIND_WRONG;
    return offset ? KIND_DATA : KIND_NONE;
}

/* The entry of an address, and how many clusters from there on are of its kind, and behind each other where they are
 * data
 * (`span` at most). */
static int entry_find(struct image *image, const struct place *place, uint32_t span, uint64_t *entry, uint32_t *count)
{
    const struct qcow2 *q = qcow2_of(image);
    uint32_t left = (1u << q->l2_bits) - place->index;
    int status = 0;
    *entry = 0;
    *count = span < left ? span : left;
    if (!place->l2)
        return 0;
    const uint8_t *table = table_get(image, place->l2, &status);
    if (!table)
        return status;
    *entry = get_be64(table + (size_t)place->index * 8);
    int kind = kind_of(q, *entry);
    if (kind == KIND_WRONG)
        return -EIO;
    if (kind == KIND_COMPRESSED)
        *count = 1;
    for (uint32_t i = 1; i < *count; i++) {
        uint64_t next = get_be64(table + ((size_t)place->index + i) * 8);
        bool follows =
            kind != KIND_DATA || (next & (ENTRY_OFFSET | ENTRY_COPIED)) ==
                                     (*entry & (ENTRY_OFFSET | ENTRY_COPIED)) + ((uint64_t)i << q->cluster_bits);
        if (kind_of(q, next) != kind || !follows)
            *count = i;
    }
    return 0;
}

/* ---- reading ---- */

static int below_read(struct image *image, uint64_t offset, uint8_t *to, uint64_t bytes)
{
    struct image *backing = image->backing;
    uint64_t there = !backing || offset >= backing->bytes ? 0 : backing->bytes - offset;
    there = there < bytes ? there : bytes;
    memset(to + there, 0, bytes - there);
    struct iovec iov = { to, there };
    return there ? image_read(backing, offset, &iov, 1) : 0;
}

/* What an entry shows, for `bytes` from `in` of its cluster. */
static int entry_read(struct image *image, uint64_t entry, uint64_t offset, uint32_t in, uint8_t *to, uint64_t bytes)
{
    struct qcow2 *q = qcow2_of(image);
    int status;
    switch (kind_of(q, entry)) {
    case KIND_NONE: return below_read(image, offset, to, bytes);
    case KIND_DATA: return file_read(image->fd, (entry & ENTRY_OFFSET) + in, to, bytes);
    case KIND_ZERO: memset(to, 0, bytes); return 0;
    case KIND_COMPRESSED:
        status = compressed_read(image, entry, q->scratch);
        if (!status)
            memcpy(to, q->scratch + in, bytes);
        return status;
    default: return -EIO;
    }
}

static uint32_t span_of(const struct qcow2 *q, uint32_t in, uint64_t bytes)
{
    return (uint32_t)((in + bytes + q->cluster - 1) >> q->cluster_bits);
}

static int qcow2_read(struct image *image, uint64_t offset, uint8_t *to, uint64_t bytes)
{
    const struct qcow2 *q = qcow2_of(image);
    while (bytes) {
        struct place place = place_of(q, offset);
        uint64_t entry, part;
        uint32_t count;
        int status = entry_find(image, &place, span_of(q, place.in, bytes), &entry, &count);
        part = ((uint64_t)count << q->cluster_bits) - place.in;
        part = part < bytes ? part : bytes;
        if (!status)
            status = entry_read(image, entry, offset, place.in, to, part);
        if (status)
            return status;
        to += part;
        offset += part;
        bytes -= part;
    }
    return 0;
}

/* ---- writing ---- */

static int l1_put(struct image *image, uint64_t index, uint64_t entry)
{
    struct qcow2 *q = qcow2_of(image);
    uint8_t bytes[8];
    put_be64(bytes, entry);
    int status = file_write(image->fd, q->l1_offset + index * 8, bytes, sizeof bytes);
    if (!status)
        q->l1[index] = entry;
    return status;
}

/* An L2 table of our own for the address: a new one, or a copy of one that is shared. */
static int l2_own(struct image *image, uint64_t offset, struct place *place)
{
    struct qcow2 *q = qcow2_of(image);
    uint64_t at, count, old = place->l2;
    int status = clusters_allocate(image, 1, &at, &count);
    const uint8_t *from = old && !status ? table_get(image, old, &status) : NULL;
    if (from)
        memcpy(q->scratch, from, q->cluster);
    uint8_t *made = status ? NULL : table_new(image, at, &status);
    if (made && old)
        status = table_put(image, at, 0, q->scratch, q->cluster);
    if (!status)
        status = l1_put(image, offset >> (q->cluster_bits + q->l2_bits), at | ENTRY_COPIED);
    if (status)
        return status;
    place->l2 = at;
    place->shared = false;
    return old ? clusters_release(image, old, 1) : 0;
}

/* Gives up what entries referred to. */
static int entries_release(struct image *image, const uint64_t *entries, uint32_t count)
{
    const struct qcow2 *q = qcow2_of(image);
    int status = 0;
    for (uint32_t i = 0; i < count && !status; i++) {
        uint64_t offset = entries[i] & ENTRY_OFFSET;
        uint32_t bytes;
        if (entries[i] & ENTRY_COMPRESSED) {
            compressed_place(q, entries[i], &offset, &bytes);
            uint64_t first = offset >> q->cluster_bits, last = (offset + bytes - 1) >> q->cluster_bits;
            status = clusters_release(image, first << q->cluster_bits, last - first + 1);
        } else if (offset) {
            status = clusters_release(image, offset, 1);
        }
    }
    return status;
}

#define RUN_LIMIT 64u /* clusters that are taken at once */

/* Puts new entries in place of `count` old ones, which are stored in old[]. */
static int entries_put(
    struct image *image, const struct place *place, uint32_t count, uint64_t first, uint64_t step, uint64_t *old)
{
    uint8_t bytes[RUN_LIMIT * 8];
    int status;
    const uint8_t *table = table_get(image, place->l2, &status);
    if (!table)
        return status;
    for (uint32_t i = 0; i < count; i++) {
        old[i] = get_be64(table + ((size_t)place->index + i) * 8);
        put_be64(bytes + (size_t)i * 8, first + i * step);
    }
    return table_put(image, place->l2, place->index * 8, bytes, count * 8);
}

/* The rest of a cluster that is written only in part: [from, to) of the cluster at `start`, as it was. */
static int rest_copy(struct image *image, uint64_t start, uint32_t from, uint32_t to, uint64_t at)
{
    if (from >= to)
        return 0;
    uint8_t *bytes = calloc(1, to - from);
    uint64_t left = start + from < image->bytes ? image->bytes - (start + from) : 0;
    int status = bytes ? 0 : -ENOMEM;
    if (!status && left)
        status = qcow2_read(image, start + from, bytes, left < to - from ? left : to - from);
    if (!status)
        status = file_write(image->fd, at + from, bytes, to - from);
    free(bytes);
    return status;
}

/* Writes into clusters that are not there, or not ours alone; *done bytes of them. */
static int run_new(
    struct image *image, uint64_t offset, struct place *place, uint32_t count, const uint8_t *from, uint64_t *done)
{
    const struct qcow2 *q = qcow2_of(image);
    uint64_t at, got, start = offset - place->in;
    int status = !place->l2 || place->shared ? l2_own(image, offset, place) : 0;
    if (!status)
        status = clusters_allocate(image, count < RUN_LIMIT ? count : RUN_LIMIT, &at, &got);
    if (status)
        return status;
    uint64_t room = (got << q->cluster_bits) - place->in;
    *done = *done < room ? *done : room;
    uint64_t clusters = (place->in + *done + q->cluster - 1) >> q->cluster_bits, end = place->in + *done;
    uint64_t last = start + ((clusters - 1) << q->cluster_bits), last_at = at + ((clusters - 1) << q->cluster_bits);
    uint32_t tail = (uint32_t)(end - ((clusters - 1) << q->cluster_bits));
    status = rest_copy(image, start, 0, place->in, at);
    if (!status)
        status = rest_copy(image, last, tail, q->cluster, last_at);
    if (!status)
        status = file_write(image->fd, at + place->in, from, *done);
    if (status) {
        (void)clusters_release(image, at, got); /* else they would leak; the first error is the one that counts */
        return status;
    }
    uint64_t old[RUN_LIMIT];
    status = entries_put(image, place, (uint32_t)clusters, at | ENTRY_COPIED, q->cluster, old);
    if (!status)
        status = entries_release(image, old, (uint32_t)clusters);
    if (status)
        return status;
    return clusters < got ? clusters_release(image, at + (clusters << q->cluster_bits), got - clusters) : 0;
}

static int qcow2_write(struct image *image, uint64_t offset, const uint8_t *from, uint64_t bytes)
{
    const struct qcow2 *q = qcow2_of(image);
    while (bytes) {
        struct place place = place_of(q, offset);
        uint64_t entry, part;
        uint32_t count;
        int status = entry_find(image, &place, span_of(q, place.in, bytes), &entry, &count);
        part = ((uint64_t)count << q->cluster_bits) - place.in;
        part = part < bytes ? part : bytes;
        if (!status && kind_of(q, entry) == KIND_DATA && (entry & ENTRY_COPIED) && !place.shared)
            status = file_write(image->fd, (entry & ENTRY_OFFSET) + place.in, from, part);
        else if (!status)
            status = run_new(image, offset, &place, count, from, &part);
        if (status)
            return status;
        from += part;
        offset += part;
        bytes -= part;
    }
    return 0;
}

/* ---- zeros ---- */

/* Whole clusters become zeros without any data: `marked` where something below would show through. */
static int clusters_clear(struct image *image, uint64_t offset, uint32_t count, uint64_t *done)
{
    const struct qcow2 *q = qcow2_of(image);
    struct place place = place_of(q, offset);
    uint64_t entry;
    int status = entry_find(image, &place, count < RUN_LIMIT ? count : RUN_LIMIT, &entry, &count);
    *done = (uint64_t)count << q->cluster_bits;
    if (status || kind_of(q, entry) == KIND_ZERO || (kind_of(q, entry) == KIND_NONE && !image->backing))
        return status;
    if (!place.l2 || place.shared)
        status = l2_own(image, offset, &place);
    if (!status)
        status = dirty_set(image, true);
    uint64_t old[RUN_LIMIT];
    if (!status)
        status = entries_put(image, &place, count, q->version >= 3 ? ENTRY_ZERO : 0, 0, old);
    return status ? status : entries_release(image, old, count);
}

static int part_clear(struct image *image, uint64_t offset, uint64_t bytes)
{
    uint8_t *zeros = calloc(1, bytes);
    int status = zeros ? qcow2_write(image, offset, zeros, bytes) : -ENOMEM;
    free(zeros);
    return status;
}

static int qcow2_zero(struct image *image, uint64_t offset, uint64_t bytes)
{
    const struct qcow2 *q = qcow2_of(image);
    bool by_entry = q->version >= 3 || !image->backing;
    while (bytes) {
        uint32_t in = (uint32_t)(offset & (q->cluster - 1));
        uint64_t part = q->cluster - in;
        bool whole = !in && (bytes >= q->cluster || offset + bytes == image->bytes);
        int status;
        if (whole && by_entry) {
            uint64_t cleared = offset + bytes == image->bytes ? bytes + q->cluster - 1 : bytes;
            status = clusters_clear(image, offset, span_of(q, 0, cleared & ~(uint64_t)(q->cluster - 1)), &part);
            part = part < bytes ? part : bytes;
        } else {
            part = part < bytes ? part : bytes;
            status = part_clear(image, offset, part);
        }
        if (status)
            return status;
        offset += part;
        bytes -= part;
    }
    return 0;
}

/* Only whole clusters are given back. */
static int qcow2_discard(struct image *image, uint64_t offset, uint64_t bytes)
{
    const struct qcow2 *q = qcow2_of(image);
    uint64_t from = (offset + q->cluster - 1) & ~(uint64_t)(q->cluster - 1);
    uint64_t to = (offset + bytes) & ~(uint64_t)(q->cluster - 1);
    if (offset + bytes == image->bytes)
        to = image->bytes;
    bool by_entry = q->version >= 3 || !image->backing;
    return by_entry && from < to ? qcow2_zero(image, from, to - from) : 0;
}

static int qcow2_map(struct image *image, uint64_t offset, uint64_t *bytes)
{
    const struct qcow2 *q = qcow2_of(image);
    struct place place = place_of(q, offset);
    uint64_t entry;
    uint32_t count;
    uint32_t span = *bytes > 1ull << 40 ? 1u << 19 : span_of(q, place.in, *bytes);
    int status = entry_find(image, &place, span, &entry, &count);
    uint64_t part = ((uint64_t)count << q->cluster_bits) - place.in;
    *bytes = part < *bytes ? part : *bytes;
    if (status)
        return status;
    int kind = kind_of(q, entry);
    return kind == KIND_NONE ? IMAGE_BELOW : kind == KIND_ZERO ? IMAGE_ZERO : IMAGE_DATA;
}

static int qcow2_flush(struct image *image)
{
    return fdatasync(image->fd) == 0 ? 0 : -errno;
}

static int qcow2_close(struct image *image)
{
    struct qcow2 *q = qcow2_of(image);
    int status = image->flags & IMAGE_WRITE ? dirty_set(image, false) : 0;
    tables_free(q);
    free(q->l1);
    free(q->refcounts);
    free(q->scratch);
    free(q->packed);
    free(q);
    image->data = NULL;
    return status;
}

const struct image_format image_qcow2 = { .name = "qcow2",
    .probe = qcow2_probe,
    .open = qcow2_open,
    .read = qcow2_read,
    .write = qcow2_write,
    .zero = qcow2_zero,
    .discard = qcow2_discard,
    .map = qcow2_map,
    .flush = qcow2_flush,
    .close = qcow2_close,
    .create = qcow2_create,
    .describe = qcow2_describe };
