/* abbey/dma.h - guest-physical memory as a device sees it: interface "abbey.dma/1".
 *
 * Every access is checked: an address that is neither RAM nor a mapped device answers -1 and moves nothing. The DMA
 * of a PCI function whose bus-master bit is clear answers -1 too. */
#ifndef ABBEY_DMA_H
#define ABBEY_DMA_H

#include <abbey/dev.h>

typedef struct abbey_dma abbey_dma;

typedef struct abbey_dma_ops_1 {
    uint32_t size;
    uint32_t reserved;
    int32_t (*read)(abbey_dma *dma, uint64_t addr, void *to, uint64_t bytes);
    int32_t (*write)(abbey_dma *dma, uint64_t addr, const void *from, uint64_t bytes);
    void *(*map)(abbey_dma *dma, uint64_t addr, uint64_t *bytes, uint32_t write);
    void (*unmap)(abbey_dma *dma, void *host, uint64_t written);
} abbey_dma_ops_1;

struct abbey_dma {
    const abbey_dma_ops_1 *ops;
};

typedef struct abbey_dma_1 {
    uint32_t size;
    uint32_t reserved;
    abbey_dma *(*open)(abbey_dev *dev);
} abbey_dma_1;

#define ABBEY_DMA_1 "abbey.dma/1"

/* This device's way to memory; lives as long as the device. NULL when memory is short. [create] */
static inline abbey_dma *abbey_dma_open(abbey_dev *dev)
{
    const abbey_dma_1 *dma = (const abbey_dma_1 *)abbey_query(dev, ABBEY_DMA_1);
    return dma->open(dev);
}

/* Copies guest-physical memory to `to`. 0, or -1 when part of the range is not there. [locked] */
static inline int32_t abbey_dma_read(abbey_dma *dma, uint64_t addr, void *to, uint64_t bytes)
{
    return dma->ops->read(dma, addr, to, bytes);
}

/* Copies `from` to guest-physical memory. 0, or -1 when part of the range is not there. [locked] */
static inline int32_t abbey_dma_write(abbey_dma *dma, uint64_t addr, const void *from, uint64_t bytes)
{
    return dma->ops->write(dma, addr, from, bytes);
}

/* A direct view of up to *bytes of RAM at `addr`; *bytes becomes what the view holds (it ends where RAM does). NULL
 * where there is no RAM. The view stays good until abbey_dma_unmap(), on any thread. [locked] */
static inline void *abbey_dma_map(abbey_dma *dma, uint64_t addr, uint64_t *bytes, uint32_t write)
{
    return dma->ops->map(dma, addr, bytes, write);
}

/* Ends a view; the first `written` bytes were changed. [locked] */
static inline void abbey_dma_unmap(abbey_dma *dma, void *host, uint64_t written)
{
    dma->ops->unmap(dma, host, written);
}

#endif
