/* isolate_serve.c - what a worker asks of the machine: each question answered by the board's own interface, as it
 * answers a plugin in this process. Nothing that stands on the wire is believed: a plugin that ran wild may have
 * written it. */
#include "core/machine/isolate.h"

#include <string.h>

/* ---- what the board calls in place of the plugin's functions ---- */

static bool dead_access(const struct isolate *isolate, abbey_io *io)
{
    if (!isolate->dead)
        return false;
    if (!io->write)
        io->value = ~UINT64_C(0); /* as an empty slot */
    return true;
}

static void access_pass(struct isolate *isolate, enum isolate_kind kind, uint32_t index, abbey_io *io)
{
    const uint64_t args[] = { index, io->addr, io->offset, io->value, io->size, io->write };
    int64_t value;
    if (dead_access(isolate, io))
        return;
    if (isolate_call(isolate, kind, args, 6, &value)) {
        if (!io->write)
            io->value = (uint64_t)value;
    } else {
        dead_access(isolate, io);
    }
}

static void region_access(void *self, abbey_io *io)
{
    struct isolate_region *r = self;
    access_pass(r->isolate, CALL_REGION, r->index, io);
}

/* A function for each BAR, since all of them have one `self`. */
#define BAR_ACCESS(index)                                     \
    static void bar##index##_access(void *self, abbey_io *io) \
    {                                                         \
        access_pass(self, CALL_BAR, index, io);               \
    }
BAR_ACCESS(0)
BAR_ACCESS(1)
BAR_ACCESS(2)
BAR_ACCESS(3)
BAR_ACCESS(4)
BAR_ACCESS(5)
static const abbey_io_fn bar_access[6] = { bar0_access, bar1_access, bar2_access, bar3_access, bar4_access,
    bar5_access };

static void config_written(void *self, uint32_t offset, uint32_t count)
{
    const uint64_t args[] = { offset, count };
    isolate_call(self, CALL_CONFIG, args, 2, NULL);
}

static void timer_fired(void *self)
{
    struct isolate_timer *t = self;
    const uint64_t args[] = { t->index };
    isolate_call(t->isolate, CALL_TIMER, args, 1, NULL);
}

static void channel_ready(void *self)
{
    struct isolate_channel *c = self;
    const uint64_t args[] = { c->index };
    isolate_call(c->isolate, CALL_READY, args, 1, NULL);
}

/* ---- questions of create(): a worker that is started again asks the same, and gets what is there ---- */

static int64_t serve_region(struct isolate *isolate, bool ports)
{
    struct device *device = isolate->device;
    uint32_t index = isolate->region_next;
    abbey_region_desc desc;
    memcpy(&desc, isolate->wire->data, sizeof desc);
    desc.size = sizeof desc;
    desc.fn = region_access;
    if (index < isolate->region_count) {
        const struct region *r = isolate->regions[index].region;
        isolate->region_next++;
        return r->ports == ports && r->length == desc.length && r->first_start == desc.start ? (int64_t)index : -1;
    }
    if (index == ISOLATE_REGIONS || isolate->starting) {
        device_fail(device, "an isolated device has at most %u ranges, and the same each time", ISOLATE_REGIONS);
        return -1;
    }
    struct isolate_region *own = &isolate->regions[index];
    *own = (struct isolate_region){ isolate, index, NULL };
    own->region = ports ? pio_add(device, &desc, own, false) : mmio_add(device, &desc, own, false);
    if (!own->region)
        return -1;
    isolate->region_next = ++isolate->region_count;
    return index;
}

static int64_t serve_timer(struct isolate *isolate, uint64_t alias)
{
    uint32_t index = isolate->timer_next;
    if (index == isolate->timer_count) {
        if (index == ISOLATE_TIMERS || isolate->starting)
            return -1;
        struct isolate_timer *own = &isolate->timers[index];
        *own = (struct isolate_timer){ isolate, index, NULL, ABBEY_NEVER };
        own->timer = timer_new(isolate->device, timer_fired, own);
        if (!own->timer)
            return -1;
        isolate->timer_count++;
    }
    isolate->timers[index].timer->alias = alias;
    isolate->timer_next++;
    return index;
}

static int64_t serve_pci(struct isolate *isolate)
{
    struct device *device = isolate->device;
    abbey_pci_desc desc;
    if (isolate->pci)
        return 0;
    memcpy(&desc, isolate->wire->data, sizeof desc);
    desc.size = sizeof desc;
    for (uint32_t i = 0; i < 6; i++)
        desc.bars[i].fn = desc.bars[i].fn ? bar_access[i] : NULL;
    desc.config_written = desc.config_written ? config_written : NULL;
    if (desc.rom) {
        device_fail(device, "it has an expansion ROM, which an isolated device cannot have");
        return -1;
    }
    isolate->pci = isolate->starting ? NULL : pci_interface.add(&device->handle, &desc, isolate);
    if (isolate->pci && desc.intx)
        isolate->lines[isolate->line_count++] = (struct source *)isolate->pci->ops->intx(isolate->pci);
    return isolate->pci ? 0 : -1;
}

static int64_t serve_channel(struct isolate *isolate, uint32_t number)
{
    uint32_t index = isolate->channel_next;
    if (index < isolate->channel_count) {
        isolate->channel_next++;
        return isolate->channels[index].number == number ? (int64_t)index : -1;
    }
    if (index == ISOLATE_CHANNELS || isolate->starting)
        return -1;
    struct isolate_channel *own = &isolate->channels[index];
    *own = (struct isolate_channel){ isolate, index, number, NULL };
    own->handle = isadma_interface.open(&isolate->device->handle, number, channel_ready, own);
    if (!own->handle)
        return -1;
    isolate->channel_next = ++isolate->channel_count;
    return index;
}

/* ---- questions at any time ---- */

static int64_t serve_dma(struct isolate *isolate, bool write, uint64_t addr, uint64_t bytes)
{
    abbey_dma *dma = isolate->dma;
    if (bytes > ISOLATE_DATA || !dma)
        return -1;
    return write ? dma->ops->write(dma, addr, isolate->wire->data, bytes)
                 : dma->ops->read(dma, addr, isolate->wire->data, bytes);
}

static int64_t serve_move(struct isolate *isolate, const uint64_t *args)
{
    uint32_t tc = 0;
    if (args[0] >= isolate->channel_count || args[2] > ISOLATE_DATA)
        return 0;
    abbey_isadma *channel = isolate->channels[args[0]].handle;
    uint32_t moved = channel->ops->move(channel, args[1] & 1, isolate->wire->data, (uint32_t)args[2], &tc);
    return (int64_t)(moved | (uint64_t)(tc != 0) << 32);
}

static int64_t serve_log(struct isolate *isolate, uint64_t level)
{
    char text[1024];
    memcpy(text, isolate->wire->data, sizeof text);
    text[sizeof text - 1] = 0;
    device_log(isolate->device, level <= ABBEY_LOG_TRACE ? (uint32_t)level : ABBEY_LOG_TRACE, "%s", text);
    return 0;
}

static int64_t serve_config(struct isolate *isolate, enum isolate_kind kind, const uint64_t *args)
{
    uint32_t a = (uint32_t)args[0], b = (uint32_t)args[1], c = (uint32_t)args[2], d = (uint32_t)args[3];
    abbey_pci *pci = isolate->pci;
    if (!pci)
        return -1;
    switch (kind) {
    case ASK_CONFIG_GET: return pci->ops->config_get(pci, a, b);
    case ASK_CONFIG_SET: pci->ops->config_set(pci, a, b, c); return 0;
    case ASK_CONFIG_MASK:
        if (!isolate->starting) /* set once, by the first worker */
            pci->ops->config_mask(pci, a, b, c, d);
        return 0;
    default: return (int64_t)pci->ops->bar(pci, a);
    }
}

int64_t isolate_serve(struct isolate *isolate, enum isolate_kind kind, const uint64_t *args)
{
    abbey_irq *line;
    abbey_isadma *channel;
    switch (kind) {
    case ASK_REGION: return serve_region(isolate, args[0] != 0);
    case ASK_TIMER: return serve_timer(isolate, args[0]);
    case ASK_DUE: return args[0] < isolate->timer_count ? (int64_t)isolate->timers[args[0]].timer->due : -1;
    case ASK_DMA_READ: return serve_dma(isolate, false, args[0], args[1]);
    case ASK_DMA_WRITE: return serve_dma(isolate, true, args[0], args[1]);
    case ASK_PCI: return serve_pci(isolate);
    case ASK_CHANNEL: return serve_channel(isolate, (uint32_t)args[0]);
    case ASK_REQUEST:
        channel = args[0] < isolate->channel_count ? isolate->channels[args[0]].handle : NULL;
        if (channel)
            channel->ops->request(channel, args[1] != 0);
        return 0;
    case ASK_MOVE: return serve_move(isolate, args);
    case ASK_PENDING:
        line = args[0] < isolate->line_count ? &isolate->lines[args[0]]->handle : NULL;
        return line ? abbey_irq_pending(line) : 0;
    case ASK_LOG: return serve_log(isolate, args[0]);
    case ASK_CHAR_ATTACH:
    case ASK_CHAR_WRITE: return isolate_stream_serve(isolate, kind, args);
    case ASK_CONFIG_GET:
    case ASK_CONFIG_SET:
    case ASK_CONFIG_MASK:
    case ASK_BAR_ADDRESS: return serve_config(isolate, kind, args);
    default: return -1;
    }
}
