/* vmdk.h - inside the VMDK format: a descriptor in words, and the extents that it names.
 *
 * "Virtual Disk Format 5.0" (VMware technical note) is cited as "VDF". All numbers of the file are little-endian, and
 * count sectors of 512 bytes. */
#ifndef ABBEY_BLOCK_VMDK_H
#define ABBEY_BLOCK_VMDK_H

#include "image.h"

#define VMDK_EXTENTS 4096u
#define VMDK_DESCRIPTOR 65536u /* bytes of the longest descriptor */

#define EXTENT_FLAT 0
#define EXTENT_SPARSE 1
#define EXTENT_ZERO 2

struct extent {
    int kind;
    int fd;
    bool own_fd;    /* to be closed; else it is the image's */
    uint64_t start; /* sector of the disk */
    uint64_t sectors;
    uint64_t offset; /* of a flat extent in its file */
    /* Of a sparse one: */
    uint32_t grain; /* sectors */
    uint32_t table_count;
    uint32_t *directory, *directory_2; /* sectors of the grain tables, and of their copies (or NULL) */
    uint32_t **tables;                 /* those that were needed so far */
    uint64_t end;                      /* first sector behind everything in the file */
    bool marked;                       /* as in use, in the header */
};

struct vmdk {
    struct extent *extents;
    uint32_t count;
    char type[32];   /* createType */
    uint64_t cid_at; /* where the digits of the content id stand in the file; 0: nowhere */
    bool cid_new;    /* it has been changed since the image was opened */
};

#define TABLE_ENTRIES 512u /* of a grain table */

/* vmdk_sparse.c: takes an extent with fd; `sectors` 0: as the header says. 0, or -1 with the reason. */
int sparse_open(struct extent *extent, const char *path, bool write, uint64_t *descriptor, uint32_t *descriptor_bytes,
    abbey_error *error);
void sparse_close(struct extent *extent);
/* Within the extent; sectors from its start. */
int sparse_read(struct extent *extent, uint64_t sector, uint8_t *to, uint64_t sectors);
int sparse_write(struct extent *extent, uint64_t sector, const uint8_t *from, uint64_t sectors);
int sparse_map(struct extent *extent, uint64_t sector, uint64_t *sectors);
/* Writes header, directories and tables of an empty monolithic image with this descriptor. */
int sparse_create(int fd, uint64_t sectors, const char *descriptor);

static inline uint32_t get_le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}
static inline uint64_t get_le64(const uint8_t *at)
{
    return get_le32(at) | (uint64_t)get_le32(at + 4) << 32;
}
static inline void put_le32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}
static inline void put_le64(uint8_t *at, uint64_t value)
{
    put_le32(at, (uint32_t)value);
    put_le32(at + 4, (uint32_t)(value >> 32));
}

#endif
