/* dma.c - guest-physical memory as devices see it: checked, and closed to a PCI function that is not bus master.
 *
 * A view is direct where memory allows it. A page that carries decoded code or page tables must hear of writes, so a
 * view of it is a copy that goes back through mem_write() when the device lets go. A page may also get such a mark
 * while a direct view of it is open: what was written is then written once more, onto itself, so that the mark takes
 * effect. */
#include "core/machine/parts.h"

#include <stdlib.h>
#include <string.h>

static bool is_master(const struct dma *dma)
{
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

/* A copy of RAM up to the end of the page. */
static uint8_t *view_bounce(struct mem *mem, uint64_t addr, uint64_t *bytes)
{
    bool marked;
    uint64_t room = MEM_PAGE_SIZE - (addr & MEM_PAGE_MASK);
    if (*bytes > room)
        *bytes = room;
    if (!mem_page(mem, addr, true, &marked))
        return NULL;
    uint8_t *copy = *bytes ? malloc(*bytes) : NULL;
    if (copy && !mem_read(mem, addr, copy, *bytes)) {
        free(copy);
        return NULL;
    }
    return copy;
}

static void *dma_map(abbey_dma *handle, uint64_t addr, uint64_t *bytes, uint32_t write)
{
    struct dma *dma = (struct dma *)handle;
    struct mem *mem = dma->device->board->mem;
    struct view *view = is_master(dma) ? calloc(1, sizeof(*view)) : NULL;
    if (!view)
        return NULL;
    uint64_t count = *bytes;
    view->addr = addr;
    view->host = mem_map(mem, addr, &count, write != 0);
    if (!view->host && write) {
        count = *bytes;
        view->host = view_bounce(mem, addr, &count);
        view->bounced = true;
    }
    if (!view->host) {
        free(view);
        return NULL;
    }
    *bytes = view->bytes = count;
    view->next = dma->views;
    dma->views = view;
    return view->host;
}

/* Tells memory of what was written directly, page by page. */
static void view_written(struct mem *mem, const struct view *view, uint64_t written)
{
    uint8_t same[MEM_PAGE_SIZE];
    for (uint64_t done = 0; done < written;) {
        uint64_t addr = view->addr + done, count = MEM_PAGE_SIZE - (addr & MEM_PAGE_MASK);
        if (count > written - done)
            count = written - done;
        if (mem_marks(mem, addr) & (MEM_MARK_CODE | MEM_MARK_TABLE)) {
            memcpy(same, view->host + done, count);
            mem_write(mem, addr, same, count);
        } else {
            mem_mark(mem, addr, MEM_MARK_DIRTY);
        }
        done += count;
    }
}

static void dma_unmap(abbey_dma *handle, void *host, uint64_t written)
{
    struct dma *dma = (struct dma *)handle;
    struct mem *mem = dma->device->board->mem;
    for (struct view **at = &dma->views; *at; at = &(*at)->next) {
        struct view *view = *at;
        if (view->host != host)
            continue;
        if (written > view->bytes)
            written = view->bytes;
        if (view->bounced) {
            mem_write(mem, view->addr, view->host, written);
            free(view->host);
        } else {
            view_written(mem, view, written);
        }
        *at = view->next;
        free(view);
        return;
    }
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

void dma_free(struct device *device)
{
    if (!device->dma)
        return;
    for (struct view *view = device->dma->views, *next; view; view = next) {
        next = view->next;
        if (view->bounced)
            free(view->host);
        free(view);
    }
    free(device->dma);
    device->dma = NULL;
}

const abbey_dma_1 dma_interface = { .size = sizeof dma_interface, .open = dma_open };
