/* dma.c - guest-physical memory as devices see it: checked, and closed to a PCI function that is not bus master. */
#include "core/machine/parts.h"

#include <stdlib.h>

static bool is_master(const struct dma *dma)
{
    if (dma->device->unplugged)
        return false;
    return !dma->device->pci || (dma->device->pci->config[0x04] & 4u); /* PCI 2.1 section 6.2.2: bus master enable */
}

static int32_t dma_read(abbey_dma *handle, uint64_t addr, void *to, uint64_t bytes)
{
    struct dma *dma = (struct dma *)handle;
    return is_master(dma) && mem_read(dma->device->board->mem, addr, to, bytes) ? 0 : -1;
}

static int32_t dma_write(abbey_dma *handle, uint64_t addr, const void *from, uint64_t bytes)
{
    struct dma *dma = (struct dma *)handle;
    return is_master(dma) && mem_write(dma->device->board->mem, addr, from, bytes) ? 0 : -1;
}

static void *dma_map(abbey_dma *handle, uint64_t addr, uint64_t *bytes, uint32_t write)
{
    struct dma *dma = (struct dma *)handle;
    return is_master(dma) ? mem_map(dma->device->board->mem, addr, bytes, write != 0) : NULL;
}

static void dma_unmap(abbey_dma *handle, void *host, uint64_t written)
{
    mem_unmap(((struct dma *)handle)->device->board->mem, host, written);
}

static const abbey_dma_ops_1 ops = {
    .size = sizeof ops, .read = dma_read, .write = dma_write, .map = dma_map, .unmap = dma_unmap
};

static abbey_dma *dma_open(abbey_dev *dev)
{
    struct device *device = device_of(dev);
    if (device_too_late(device, "abbey_dma_open"))
        return NULL;
    if (!device->dma) {
        device->dma = calloc(1, sizeof(*device->dma));
        if (!device->dma) {
            device_fail(device, "out of memory for DMA");
            return NULL;
        }
        device->dma->handle.ops = &ops;
        device->dma->device = device;
    }
    return &device->dma->handle;
}

const abbey_dma_1 dma_interface = { .size = sizeof dma_interface, .open = dma_open };
