/* qcow2.h - inside the qcow2 format: the open image, its tables, and what its files do for each other.
 *
 * "QCOW2 Image Format" (docs/interop/qcow2.txt of QEMU) is cited as "spec". All numbers of the file are big-endian. */
#ifndef ABBEY_BLOCK_QCOW2_H
#define ABBEY_BLOCK_QCOW2_H

#include "image.h"

/* Header, spec "Header". */
#define H_VERSION 4u
#define H_BACKING_OFFSET 8u
#define H_BACKING_BYTES 16u
#define H_CLUSTER_BITS 20u
#define H_SIZE 24u
#define H_CRYPT 32u
#define H_L1_SIZE 36u
#define H_L1_OFFSET 40u
#define H_REFCOUNT_OFFSET 48u
#define H_REFCOUNT_CLUSTERS 56u
#define H_SNAPSHOTS 60u
#define H_INCOMPATIBLE 72u
#define H_COMPATIBLE 80u
#define H_AUTOCLEAR 88u
#define H_REFCOUNT_ORDER 96u
#define H_LENGTH 100u
#define H_BYTES_2 72u
#define H_BYTES_3 104u

#define INCOMPATIBLE_DIRTY 1u
#define INCOMPATIBLE_CORRUPT 2u

/* Entries of L1 and L2 tables. */
#define ENTRY_COPIED (1ull << 63) /* nobody else refers to the cluster: it may be written in place */
#define ENTRY_COMPRESSED (1ull << 62)
#define ENTRY_ZERO 1ull
#define ENTRY_OFFSET 0x00fffffffffffe00ull

#define TABLE_CACHE 32u

/* A cluster of the file in memory: an L2 table, or a block of refcounts. */
struct table {
    uint64_t offset; /* in the file; 0: empty */
    uint64_t used;   /* order of use */
    uint8_t *bytes;
};

struct qcow2 {
    uint32_t version, cluster_bits, cluster;
    uint32_t l2_bits; /* log2 of the entries of an L2 table */
    uint64_t l1_offset;
    uint32_t l1_size;
    uint64_t *l1;
    uint32_t refcount_order;
    uint64_t refcount_offset; /* of the refcount table */
    uint32_t refcount_size;   /* its entries */
    uint64_t *refcounts;      /* offsets of the blocks */
    uint64_t end;             /* the first cluster behind everything in use, as an index */
    uint64_t hint;            /* no cluster below is free */
    uint64_t incompatible;
    bool dirty; /* the file says that its refcounts may be wrong */
    struct table tables[TABLE_CACHE];
    uint64_t uses;
    uint8_t *scratch; /* a cluster */
    uint8_t *packed;  /* two clusters: compressed data */
};

static inline struct qcow2 *qcow2_of(const struct image *image)
{
    return image->data;
}

/* qcow2_table.c: the table at a place of the file; NULL with the error in *status. It stays until the next call. */
uint8_t *table_get(struct image *image, uint64_t offset, int *status);
/* The same for a table that is made anew, all zeros, in memory and in the file. */
uint8_t *table_new(struct image *image, uint64_t offset, int *status);
/* Writes `bytes` at `at` of a table through to the file. */
int table_put(struct image *image, uint64_t offset, uint32_t at, const uint8_t *from, uint32_t bytes);
void table_forget(struct image *image, uint64_t offset);
int tables_new(struct qcow2 *q);
void tables_free(struct qcow2 *q);

/* qcow2_refcount.c. */
/* Takes up to `wanted` free clusters that lie together; *count of them, from the offset *at. */
int clusters_allocate(struct image *image, uint64_t wanted, uint64_t *at, uint64_t *count);
/* One reference to each of `count` clusters less. */
int clusters_release(struct image *image, uint64_t offset, uint64_t count);
/* Counts all references anew and writes new refcounts; the file is not dirty any more. */
int refcounts_rebuild(struct image *image, abbey_error *error);
/* Marks the file before its refcounts may differ from its tables, and unmarks it. */
int dirty_set(struct image *image, bool dirty);
uint64_t refcount_read(const struct qcow2 *q, const uint8_t *block, uint32_t index);
void refcount_write(const struct qcow2 *q, uint8_t *block, uint32_t index, uint64_t value);

/* qcow2_open.c: checks of the header; also of what create() makes. */
int qcow2_open(struct image *image, abbey_error *error);
bool qcow2_probe(const uint8_t *header, size_t bytes);
int qcow2_create(int fd, const struct image_new *options, abbey_error *error);
void qcow2_describe(struct image *image, abbey_fact_fn fact, void *arg);

/* qcow2_compressed.c: the cluster that an entry describes; and the clusters of the file it stands in. */
int compressed_read(struct image *image, uint64_t entry, uint8_t *to);
void compressed_place(const struct qcow2 *q, uint64_t entry, uint64_t *offset, uint32_t *bytes);

#endif
