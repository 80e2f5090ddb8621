/* abbey/io.h - port and memory-mapped I/O: interfaces "abbey.pio/1" and "abbey.mmio/1".
 *
 * A device maps ranges; the host calls it back for each access. Accesses wider than the range allows are split by
 * the host, low address first, as the ISA bus does; an access never runs over the end of a range. Where ranges overlap,
 * the one that answers at the first address of an access takes it as far as its own end. */
#ifndef ABBEY_IO_H
#define ABBEY_IO_H

#include <abbey/dev.h>

/* One access. For a read the callback stores `value`; the host keeps the low `size` bytes. */
typedef struct abbey_io {
    uint64_t addr;   /* port number or guest-physical address */
    uint64_t offset; /* from the start of the mapped range */
    uint64_t value;
    uint8_t size;  /* 1, 2, 4 or 8 bytes */
    uint8_t write; /* 1: the guest writes `value` */
    uint8_t reserved[6];
} abbey_io;

/* Called for every access to the range. [vcpu] */
typedef void (*abbey_io_fn)(void *self, abbey_io *io);

typedef struct abbey_region abbey_region;

typedef struct abbey_region_desc {
    uint32_t size;      /* sizeof(abbey_region_desc) */
    uint32_t max_width; /* widest access the callback takes, in bytes: 1, 2, 4, 8; 0 means 1 for ports, 4 for memory */
    uint64_t start;     /* first port or guest-physical address */
    uint64_t length;    /* in ports or bytes, at least 1 */
    abbey_io_fn fn;
    uint32_t disabled; /* 1: mapped, but not visible until abbey_region_enable() */
    uint32_t overlap;  /* 1: may cover ranges of others and is asked first; 0: a clash is an error naming both */
} abbey_region_desc;

typedef struct abbey_region_ops_1 {
    uint32_t size;
    uint32_t reserved;
    void (*enable)(abbey_region *region, uint32_t on);
    void (*move)(abbey_region *region, uint64_t start);
} abbey_region_ops_1;

struct abbey_region {
    const abbey_region_ops_1 *ops;
};

typedef struct abbey_io_1 {
    uint32_t size;
    uint32_t reserved;
    abbey_region *(*map)(abbey_dev *dev, const abbey_region_desc *desc, void *self);
} abbey_io_1;

#define ABBEY_PIO_1 "abbey.pio/1"
#define ABBEY_MMIO_1 "abbey.mmio/1"

/* Maps a range of ports; `self` is handed to the callback. NULL after a clash or an end beyond port 0xffff, which
 * has then been reported as by abbey_fail(). [create] */
static inline abbey_region *abbey_pio_region(abbey_dev *dev, const abbey_region_desc *desc, void *self)
{
    const abbey_io_1 *pio = (const abbey_io_1 *)abbey_query(dev, ABBEY_PIO_1);
    return pio->map(dev, desc, self);
}

/* The same for guest-physical memory. [create] */
static inline abbey_region *abbey_mmio_region(abbey_dev *dev, const abbey_region_desc *desc, void *self)
{
    const abbey_io_1 *mmio = (const abbey_io_1 *)abbey_query(dev, ABBEY_MMIO_1);
    return mmio->map(dev, desc, self);
}

/* The common case: `count` byte-wide ports from `base`. 0, or -1 after a reported clash. [create] */
static inline int32_t abbey_pio_map(abbey_dev *dev, uint64_t base, uint64_t count, abbey_io_fn fn, void *self)
{
    abbey_region_desc desc = { .size = sizeof desc, .start = base, .length = count, .fn = fn };
    return abbey_pio_region(dev, &desc, self) ? 0 : -1;
}

/* Shows or hides the range. [create] [locked] */
static inline void abbey_region_enable(abbey_region *region, uint32_t on)
{
    region->ops->enable(region, on);
}

/* Moves the range to another start, keeping its length; the place may be shared with ranges of others from then
 * on, the one moved last being asked first. [create] [locked] */
static inline void abbey_region_move(abbey_region *region, uint64_t start)
{
    region->ops->move(region, start);
}

#endif
