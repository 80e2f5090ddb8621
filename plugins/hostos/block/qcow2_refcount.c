/* qcow2_refcount.c - which clusters of the file are in use: allocation, release, and counting anew.
 *
 * Refcounts are written before a cluster is used and after it is not used any more. A process that is killed in between
 * leaves clusters marked that nobody uses, and no more. What a host that crashes leaves is in no order; therefore
 * an image of version 3 is marked dirty before its first allocation, and whoever opens a dirty image counts anew (spec,
 * "incompatible features", bit 0).
 *
 * A cluster without a refcount block is free. When one such is to be taken, it becomes the block itself, with itself as
 * the first entry in use:
 *
 *     clusters of 64 KB, 16-bit refcounts: a block covers 32768 clusters
 *     cluster 32768 is wanted, the table has no block 1  ->  block 1 is put there, its entry 0 is 1; 32769 is handed
 * out */
#include "qcow2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLE_ENTRIES_LIMIT (1u << 22)

/* ---- single refcounts: 1 to 64 bits, spec "Host cluster management" ---- */

uint64_t refcount_read(const struct qcow2 *q, const uint8_t *block, uint32_t index)
{
    uint64_t value = 0;
    if (q->refcount_order < 3) {
        uint32_t bits = 1u << q->refcount_order, per_byte = 8 / bits;
        return (uint32_t)block[index / per_byte] >> (index % per_byte * bits) & ((1u << bits) - 1);
    }
    uint32_t bytes = 1u << (q->refcount_order - 3);
    for (uint32_t i = 0; i < bytes; i++)
        value = value << 8 | block[(size_t)index * bytes + i];
    return value;
}

void refcount_write(const struct qcow2 *q, uint8_t *block, uint32_t index, uint64_t value)
{
    if (q->refcount_order < 3) {
        uint32_t bits = 1u << q->refcount_order, per_byte = 8 / bits, shift = index % per_byte * bits;
        uint32_t mask = ((1u << bits) - 1) << shift;
        block[index / per_byte] = (uint8_t)((block[index / per_byte] & ~mask) | value << shift);
        return;
    }
    uint32_t bytes = 1u << (q->refcount_order - 3);
    for (uint32_t i = 0; i < bytes; i++)
        block[(size_t)index * bytes + i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

static uint64_t refcount_limit(const struct qcow2 *q)
{
    return q->refcount_order == 6 ? UINT64_MAX : (1ull << (1u << q->refcount_order)) - 1;
}

static uint32_t per_block(const struct qcow2 *q)
{
    return q->cluster * 8u >> q->refcount_order;
}

/* Puts refcounts [first, last] of a block into the file. */
static int block_put(struct image *image, uint64_t offset, const uint8_t *block, uint32_t first, uint32_t last)
{
    const struct qcow2 *q = qcow2_of(image);
    uint32_t from = (uint32_t)((uint64_t)first << q->refcount_order >> 3);
    uint32_t to = (uint32_t)(((uint64_t)last + 1) * (1u << q->refcount_order) + 7) / 8;
    return table_put(image, offset, from, block + from, to - from);
}

/* ---- the header ---- */

int dirty_set(struct image *image, bool dirty)
{
    struct qcow2 *q = qcow2_of(image);
    uint8_t bytes[8];
    if (q->version < 3 || q->dirty == dirty)
        return 0;
    if (!dirty && fdatasync(image->fd) != 0)
        return -errno;
    uint64_t value = dirty ? q->incompatible | INCOMPATIBLE_DIRTY : q->incompatible & ~(uint64_t)INCOMPATIBLE_DIRTY;
    put_be64(bytes, value);
    int status = file_write(image->fd, H_INCOMPATIBLE, bytes, sizeof bytes);
    if (!status && dirty && fdatasync(image->fd) != 0)
        status = -errno;
    if (!status) {
        q->incompatible = value;
        q->dirty = dirty;
    }
    return status;
}

static int refcount_table_put(struct image *image)
{
    struct qcow2 *q = qcow2_of(image);
    uint8_t *bytes = malloc((size_t)q->refcount_size * 8), where[12];
    if (!bytes)
        return -ENOMEM;
    for (uint32_t i = 0; i < q->refcount_size; i++)
        put_be64(bytes + (size_t)i * 8, q->refcounts[i]);
    int status = file_write(image->fd, q->refcount_offset, bytes, (size_t)q->refcount_size * 8);
    free(bytes);
    put_be64(where, q->refcount_offset);
    put_be32(where + 8, (uint32_t)(((uint64_t)q->refcount_size * 8) >> q->cluster_bits));
    return status ? status : file_write(image->fd, H_REFCOUNT_OFFSET, where, sizeof where);
}

/* ---- allocation ---- */

static int clusters_mark(struct image *image, uint64_t first, uint64_t count);

/* A larger refcount table behind everything else. */
static int table_grow(struct image *image, uint64_t needed)
{
    struct qcow2 *q = qcow2_of(image);
    uint32_t per_cluster = q->cluster / 8, old_size = q->refcount_size;
    uint64_t size = needed > 2ull * old_size ? needed : 2ull * old_size, old = q->refcount_offset;
    size = (size + per_cluster - 1) / per_cluster * per_cluster;
    uint64_t *grown = size <= TABLE_ENTRIES_LIMIT ? realloc(q->refcounts, size * sizeof *grown) : NULL;
    if (!grown)
        return -ENOMEM;
    memset(grown + old_size, 0, (size - old_size) * sizeof *grown);
    uint64_t first = q->end, clusters = size / per_cluster;
    q->refcounts = grown;
    q->refcount_size = (uint32_t)size;
    q->refcount_offset = first << q->cluster_bits;
    q->end += clusters;
    int status = refcount_table_put(image);
    if (!status)
        status = clusters_mark(image, first, clusters);
    return status ? status : clusters_release(image, old, old_size / per_cluster);
}

/* Makes the refcount block of cluster `index`, in that cluster itself. */
static int block_new(struct image *image, uint64_t index)
{
    struct qcow2 *q = qcow2_of(image);
    uint64_t which = index / per_block(q), offset = index << q->cluster_bits;
    uint32_t entry = (uint32_t)(index % per_block(q));
    uint8_t bytes[8];
    int status;
    uint8_t *block = table_new(image, offset, &status);
    if (!block)
        return status;
    refcount_write(q, block, entry, 1);
    status = block_put(image, offset, block, entry, entry);
    put_be64(bytes, offset);
    if (!status)
        status = file_write(image->fd, q->refcount_offset + which * 8, bytes, sizeof bytes);
    if (!status)
        q->refcounts[which] = offset;
    q->end = index + 1 > q->end ? index + 1 : q->end;
    return status;
}

/* The block of cluster `index`; 0 with *status 0 when there is none yet. */
static uint64_t block_of(const struct qcow2 *q, uint64_t index)
{
    uint64_t which = index / per_block(q);
    return which < q->refcount_size ? q->refcounts[which] : 0;
}

/* Marks clusters that are free, making blocks where there are none: those are put behind the end. */
static int clusters_mark(struct image *image, uint64_t first, uint64_t count)
{
    struct qcow2 *q = qcow2_of(image);
    for (uint64_t i = first; i < first + count; i++) {
        uint32_t entry = (uint32_t)(i % per_block(q));
        int status = 0;
        if (!block_of(q, i)) {
            /* The block of a cluster that is taken already cannot be in it: it goes behind the end, and what covers
             * that place is made first. */
            uint64_t place = q->end, which = i / per_block(q);
            if (place / per_block(q) != which && !block_of(q, place)) {
                status = place / per_block(q) < q->refcount_size ? block_new(image, place) : -EFBIG;
                place = q->end;
            }
            uint8_t *made = status ? NULL : table_new(image, place << q->cluster_bits, &status), bytes[8];
            if (!made)
                return status;
            q->end = place + 1;
            q->refcounts[which] = place << q->cluster_bits;
            put_be64(bytes, q->refcounts[which]);
            status = file_write(image->fd, q->refcount_offset + which * 8, bytes, sizeof bytes);
            if (!status)
                status = clusters_mark(image, place, 1);
            if (status)
                return status;
        }
        uint64_t offset = block_of(q, i);
        uint8_t *block = table_get(image, offset, &status);
        if (!block)
            return status;
        refcount_write(q, block, entry, 1);
        if ((status = block_put(image, offset, block, entry, entry)))
            return status;
    }
    return 0;
}

/* The first free cluster from the hint on, with a block that covers it. */
static int free_find(struct image *image, uint64_t *found)
{
    struct qcow2 *q = qcow2_of(image);
    for (uint64_t i = q->hint;; i++) {
        int status;
        if (i / per_block(q) >= q->refcount_size) {
            if ((status = table_grow(image, i / per_block(q) + 1)))
                return status;
        }
        if (!block_of(q, i)) {
            if ((status = block_new(image, i)))
                return status;
            continue;
        }
        uint8_t *block = table_get(image, block_of(q, i), &status);
        if (!block)
            return status;
        if (refcount_read(q, block, (uint32_t)(i % per_block(q))) == 0) {
            *found = i;
            return 0;
        }
    }
}

int clusters_allocate(struct image *image, uint64_t wanted, uint64_t *at, uint64_t *count)
{
    struct qcow2 *q = qcow2_of(image);
    uint64_t first = 0;
    int status = dirty_set(image, true);
    if (!status)
        status = free_find(image, &first);
    if (status)
        return status;
    uint64_t offset = block_of(q, first);
    uint8_t *block = table_get(image, offset, &status);
    if (!block)
        return status;
    uint32_t from = (uint32_t)(first % per_block(q)), to = from;
    while (to - from < wanted && to < per_block(q) && refcount_read(q, block, to) == 0)
        refcount_write(q, block, to++, 1);
    status = block_put(image, offset, block, from, to - 1);
    if (status)
        return status;
    *at = first << q->cluster_bits;
    *count = to - from;
    q->hint = first + *count;
    q->end = q->hint > q->end ? q->hint : q->end;
    return 0;
}

int clusters_release(struct image *image, uint64_t offset, uint64_t count)
{
    struct qcow2 *q = qcow2_of(image);
    uint64_t first = offset >> q->cluster_bits;
    int status = dirty_set(image, true);
    for (uint64_t i = first; !status && i < first + count; i++) {
        uint32_t entry = (uint32_t)(i % per_block(q));
        uint64_t at = block_of(q, i);
        uint8_t *block = at ? table_get(image, at, &status) : NULL;
        uint64_t before = block ? refcount_read(q, block, entry) : 0;
        if (!before)
            return status ? status : -EIO; /* damaged: it was in use */
        refcount_write(q, block, entry, before - 1);
        status = block_put(image, at, block, entry, entry);
        if (before == 1) {
            q->hint = i < q->hint ? i : q->hint;
            table_forget(image, i << q->cluster_bits);
        }
    }
    return status;
}

/* ---- counting anew ---- */

struct census {
    struct image *image;
    uint32_t *counts;
    uint64_t clusters; /* of the file */
    bool wrong;        /* something lies outside the file, or two refer to what one should */
};

static void count(struct census *census, uint64_t offset, uint64_t bytes)
{
    const struct qcow2 *q = qcow2_of(census->image);
    if (!bytes)
        return;
    uint64_t first = offset >> q->cluster_bits, last = (offset + bytes - 1) >> q->cluster_bits;
    for (uint64_t i = first; i <= last; i++) {
        if (i >= census->clusters || census->counts[i] == UINT32_MAX) {
            census->wrong = true;
            return;
        }
        census->counts[i]++;
    }
}

static int l2_count(struct census *census, uint64_t offset)
{
    struct qcow2 *q = qcow2_of(census->image);
    int status;
    const uint8_t *table = table_get(census->image, offset, &status);
    for (uint32_t i = 0; table && i < 1u << q->l2_bits; i++) {
        uint64_t entry = get_be64(table + (size_t)i * 8), at = entry & ENTRY_OFFSET;
        if (entry & ENTRY_COMPRESSED) {
            uint32_t bytes;
            compressed_place(q, entry, &at, &bytes);
            count(census, at, bytes);
        } else if (at) {
            census->wrong |= at % q->cluster != 0;
            count(census, at, q->cluster);
        }
    }
    return status;
}

static int tables_count(struct census *census)
{
    struct qcow2 *q = qcow2_of(census->image);
    count(census, 0, q->cluster);
    count(census, q->l1_offset, (uint64_t)q->l1_size * 8);
    for (uint32_t i = 0; i < q->l1_size; i++) {
        uint64_t at = q->l1[i] & ENTRY_OFFSET;
        int status = 0;
        if (!at)
            continue;
        count(census, at, q->cluster);
        if (!census->wrong)
            status = l2_count(census, at);
        if (status)
            return status;
    }
    return 0;
}

/* New blocks and a new table behind the file; the old ones are free then. */
static int counts_put(struct census *census)
{
    struct image *image = census->image;
    struct qcow2 *q = qcow2_of(image);
    uint64_t blocks = 0, table = 0, total = census->clusters, before;
    do { /* what is new has to be covered too */
        before = total;
        blocks = (total + per_block(q) - 1) / per_block(q);
        table = (blocks * 8 + q->cluster - 1) >> q->cluster_bits;
        total = census->clusters + blocks + table;
    } while (total != before);
    if (table * (q->cluster / 8) > TABLE_ENTRIES_LIMIT)
        return -EFBIG;
    uint64_t *offsets = calloc(table * (q->cluster / 8), sizeof *offsets);
    uint8_t *block = malloc(q->cluster);
    int status = offsets && block ? 0 : -ENOMEM;
    for (uint64_t b = 0; !status && b < blocks; b++) {
        memset(block, 0, q->cluster);
        for (uint32_t i = 0; i < per_block(q); i++) {
            uint64_t index = b * per_block(q) + i;
            uint64_t value = index < census->clusters ? census->counts[index] : index < total ? 1 : 0;
            if (value > refcount_limit(q))
                status = -ERANGE;
            refcount_write(q, block, i, value);
        }
        offsets[b] = (census->clusters + b) << q->cluster_bits;
        if (!status)
            status = file_write(image->fd, offsets[b], block, q->cluster);
    }
    free(block);
    if (status) {
        free(offsets);
        return status;
    }
    free(q->refcounts);
    q->refcounts = offsets;
    q->refcount_size = (uint32_t)(table * (q->cluster / 8));
    q->refcount_offset = (census->clusters + blocks) << q->cluster_bits;
    q->end = total;
    q->hint = 0;
    for (unsigned i = 0; i < TABLE_CACHE; i++)
        q->tables[i].offset = 0;
    if (fdatasync(image->fd) != 0)
        return -errno;
    return refcount_table_put(image);
}

int refcounts_rebuild(struct image *image, abbey_error *error)
{
    struct qcow2 *q = qcow2_of(image);
    struct census census = { .image = image, .clusters = q->end };
    census.counts = calloc(q->end + 1, sizeof *census.counts);
    int status = census.counts ? tables_count(&census) : -ENOMEM;
    for (uint64_t i = 0; !status && i < q->end; i++)
        census.wrong |= i == 0 && census.counts[i] != 1;
    if (!status && census.wrong)
        image_fail(error,
            "'%s' is damaged: its tables lead out of the file or into each other; `qemu-img check` tells more",
            image->path);
    if (!status && !census.wrong)
        status = counts_put(&census);
    free(census.counts);
    if (!status && !census.wrong)
        status = dirty_set(image, false);
    if (status)
        image_fail(error, "'%s': counting its clusters anew: %s", image->path, strerror(-status));
    return status || census.wrong ? -1 : 0;
}
