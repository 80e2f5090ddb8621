/* abbey/vram.h - memory of a device that the guest reads and writes at memory speed, without a call for each access:
 * interface "abbey.vram/1". For frame buffers.
 *
 * The device makes the memory in create() and shows parts of it to the guest by views: at a fixed place, or behind a
 * base address register (ABBEY_PCI_BAR_VRAM). It reads and writes the bytes itself by `vram->bytes`. The host keeps
 * books of the pages that anybody wrote, saves and restores the bytes, and clears them at a cold reset.
 *
 *     d->vram = abbey_vram_new(dev, "vram", 4 << 20);
 *     abbey_vram_bar(d->vram, d->pci, 0);                     BAR 0 was described with kind MEM32 | VRAM, 4 MB
 *     ...
 *     if (abbey_vram_take(d->vram, start, bytes, pages))      [io] what has changed since the last look? */
#ifndef ABBEY_VRAM_H
#define ABBEY_VRAM_H

#include <abbey/io.h>
#include <abbey/pci.h>

#define ABBEY_VRAM_PAGE 4096u /* bytes; offsets and lengths of views are multiples of it */

typedef struct abbey_vram abbey_vram;

typedef struct abbey_vram_view {
    uint32_t size;     /* sizeof(abbey_vram_view) */
    uint32_t disabled; /* 1: not visible until abbey_region_enable() */
    uint64_t start;    /* guest-physical address */
    uint64_t length;
    uint64_t offset;  /* of the part that is shown first */
    uint32_t overlap; /* as in abbey_region_desc */
    uint32_t reserved;
} abbey_vram_view;

typedef struct abbey_vram_ops_1 {
    uint32_t size;
    uint32_t reserved;
    abbey_region *(*view)(abbey_vram *vram, const abbey_vram_view *view);
    int32_t (*bar)(abbey_vram *vram, abbey_pci *pci, uint32_t index);
    void (*aim)(abbey_vram *vram, abbey_region *view, uint64_t offset);
    void (*touch)(abbey_vram *vram, uint64_t offset, uint64_t count);
    uint32_t (*take)(abbey_vram *vram, uint64_t offset, uint64_t count, uint64_t *pages);
} abbey_vram_ops_1;

struct abbey_vram {
    const abbey_vram_ops_1 *ops;
    uint8_t *bytes; /* zero at first */
    uint64_t count;
};

typedef struct abbey_vram_1 {
    uint32_t size;
    uint32_t reserved;
    abbey_vram *(*create)(abbey_dev *dev, const char *name, uint64_t bytes);
} abbey_vram_1;

#define ABBEY_VRAM_1 "abbey.vram/1"

/* Memory of `bytes`, a multiple of ABBEY_VRAM_PAGE; `name` is what saved states call it, unique in the device. It lives
 * as long as the device. NULL, with a reported reason, when the host has none. [create] */
static inline abbey_vram *abbey_vram_new(abbey_dev *dev, const char *name, uint64_t bytes)
{
    const abbey_vram_1 *vrams = (const abbey_vram_1 *)abbey_query(dev, ABBEY_VRAM_1);
    return vrams->create(dev, name, bytes);
}

/* Shows a part at a place of its own; the region is enabled and moved like any other. NULL with a reported reason.
 * [create] */
static inline abbey_region *abbey_vram_map(abbey_vram *vram, const abbey_vram_view *view)
{
    return vram->ops->view(vram, view);
}

/* Shows the memory from its start behind BAR `index`, which was described with ABBEY_PCI_BAR_VRAM and is not longer
 * than the memory. 0, or -1 with a reported reason. [create] */
static inline int32_t abbey_vram_bar(abbey_vram *vram, abbey_pci *pci, uint32_t index)
{
    return vram->ops->bar(vram, pci, index);
}

/* Shows another part in a view of abbey_vram_map() (bank switching). Not saved: loaded() does it again. [locked] */
static inline void abbey_vram_aim(abbey_vram *vram, abbey_region *view, uint64_t offset)
{
    vram->ops->aim(vram, view, offset);
}

/* The device itself wrote [offset, offset + count). [locked] */
static inline void abbey_vram_touch(abbey_vram *vram, uint64_t offset, uint64_t count)
{
    vram->ops->touch(vram, offset, count);
}

/* Which pages of [offset, offset + count) were written since the last call: bit n of `pages`, counted from bit 0 of
 * pages[0], is the page n pages behind that of `offset`. A page may be reported again by the next call though nobody
 * wrote it. 0: none was. [locked] */
static inline uint32_t abbey_vram_take(abbey_vram *vram, uint64_t offset, uint64_t count, uint64_t *pages)
{
    return vram->ops->take(vram, offset, count, pages);
}

#endif
