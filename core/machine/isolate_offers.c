/* isolate_offers.c - in the worker: the interfaces of the SDK made of messages, and the callbacks that the plugin gave
 * them. */
#include <stdlib.h>
#include <string.h>

#include "core/machine/isolate_worker.h"

struct worker_region {
    abbey_region handle;
    uint32_t index;
    abbey_io_fn fn;
    void *self;
};
struct worker_timer {
    abbey_timer handle;
    uint32_t index;
    abbey_timer_fn fn;
    void *self;
};
struct worker_line {
    abbey_irq handle;
    uint32_t index;
};
struct worker_channel {
    abbey_isadma handle;
    uint32_t index;
    abbey_isadma_ready_fn ready;
    void *self;
};
/* A view of guest memory: a copy, and where it goes. */
struct worker_view {
    struct worker_view *next;
    uint64_t addr, bytes;
    void *copy;
};

/* What the one device of this process holds. */
static struct {
    struct isolate_wire *wire;
    struct worker_region regions[ISOLATE_REGIONS];
    struct worker_timer timers[ISOLATE_TIMERS];
    uint32_t timer_count;
    struct worker_line lines[ISOLATE_LINES];
    struct worker_channel channels[ISOLATE_CHANNELS];
    abbey_pci pci;
    abbey_pci_desc desc;
    void *pci_self;
    abbey_dma dma;
    struct worker_view *views;
} w;

/* ---- interrupt lines ---- */

static void line_set(abbey_irq *irq, uint32_t level)
{
    isolate_note(NOTE_LINE, ((struct worker_line *)irq)->index, level != 0);
}

static uint32_t line_pending(abbey_irq *irq)
{
    return (uint32_t)isolate_ask(ASK_PENDING, ((struct worker_line *)irq)->index, 0, 0, 0);
}

static const abbey_irq_ops_1 line_ops = { .size = sizeof line_ops, .set = line_set, .pending = line_pending };

static abbey_irq *line_at(uint32_t index)
{
    w.lines[index] = (struct worker_line){ .handle.ops = &line_ops, .index = index };
    return &w.lines[index].handle;
}

/* ---- ports and memory ---- */

static void region_enable(abbey_region *region, uint32_t on)
{
    isolate_note(NOTE_SHOW, ((struct worker_region *)region)->index, on != 0);
}

static void region_move(abbey_region *region, uint64_t start)
{
    isolate_note(NOTE_PLACE, ((struct worker_region *)region)->index, start);
}

static const abbey_region_ops_1 region_ops = {
    .size = sizeof region_ops, .enable = region_enable, .move = region_move
};

static abbey_region *region_new(const abbey_region_desc *desc, void *self, bool ports)
{
    uint32_t size = desc->size < sizeof *desc ? desc->size : (uint32_t)sizeof *desc;
    memset(w.wire->data, 0, sizeof *desc);
    memcpy(w.wire->data, desc, size);
    int64_t index = isolate_ask(ASK_REGION, ports, 0, 0, 0);
    if (index < 0)
        return NULL;
    w.regions[index] = (struct worker_region){ { &region_ops }, (uint32_t)index, desc->fn, self };
    return &w.regions[index].handle;
}

static abbey_region *pio_map(abbey_dev *dev, const abbey_region_desc *desc, void *self)
{
    (void)dev;
    return region_new(desc, self, true);
}

static abbey_region *mmio_map(abbey_dev *dev, const abbey_region_desc *desc, void *self)
{
    (void)dev;
    return region_new(desc, self, false);
}

static const abbey_io_1 pio = { .size = sizeof pio, .map = pio_map }, mmio = { .size = sizeof mmio, .map = mmio_map };

/* ---- timers ---- */

static void timer_arm(abbey_timer *timer, uint64_t when)
{
    isolate_note(NOTE_ARM, ((struct worker_timer *)timer)->index, when);
}

static uint64_t timer_due(abbey_timer *timer)
{
    return (uint64_t)isolate_ask(ASK_DUE, ((struct worker_timer *)timer)->index, 0, 0, 0);
}

static uint64_t timer_now(abbey_timer *timer)
{
    (void)timer;
    return w.wire->now;
}

static const abbey_timer_ops_1 timer_ops = {
    .size = sizeof timer_ops, .arm_at = timer_arm, .due = timer_due, .now = timer_now
};

static abbey_timer *timer_create(abbey_dev *dev, abbey_timer_fn fn, void *self)
{
    uint32_t index = w.timer_count;
    (void)dev;
    if (index == ISOLATE_TIMERS || isolate_ask(ASK_TIMER, (uint64_t)(uintptr_t)&w.timers[index].handle, 0, 0, 0) < 0) {
        isolate_reason("an isolated device has at most %u timers", ISOLATE_TIMERS);
        return NULL;
    }
    w.timers[index] = (struct worker_timer){ { &timer_ops }, index, fn, self };
    w.timer_count++;
    return &w.timers[index].handle;
}

static const abbey_timer_1 timers = { .size = sizeof timers, .create = timer_create };

/* ---- DMA ---- */

static int32_t dma_read(abbey_dma *dma, uint64_t addr, void *to, uint64_t bytes)
{
    (void)dma;
    for (uint64_t done = 0; done < bytes;) {
        uint64_t part = bytes - done < ISOLATE_DATA ? bytes - done : ISOLATE_DATA;
        if (isolate_ask(ASK_DMA_READ, addr + done, part, 0, 0) < 0)
            return -1;
        memcpy((uint8_t *)to + done, w.wire->data, part);
        done += part;
    }
    return 0;
}

static int32_t dma_write(abbey_dma *dma, uint64_t addr, const void *from, uint64_t bytes)
{
    (void)dma;
    for (uint64_t done = 0; done < bytes;) {
        uint64_t part = bytes - done < ISOLATE_DATA ? bytes - done : ISOLATE_DATA;
        memcpy(w.wire->data, (const uint8_t *)from + done, part);
        if (isolate_ask(ASK_DMA_WRITE, addr + done, part, 0, 0) < 0)
            return -1;
        done += part;
    }
    return 0;
}

static void *dma_map(abbey_dma *dma, uint64_t addr, uint64_t *bytes, uint32_t write)
{
    uint64_t count = *bytes < ISOLATE_DATA ? *bytes : ISOLATE_DATA;
    struct worker_view *view = calloc(1, sizeof *view);
    (void)write;
    if (!view || !(view->copy = malloc(count + 1)) || dma_read(dma, addr, view->copy, count) < 0) {
        free(view ? view->copy : NULL);
        free(view);
        return NULL;
    }
    view->addr = addr;
    view->bytes = *bytes = count;
    view->next = w.views;
    w.views = view;
    return view->copy;
}

static void dma_unmap(abbey_dma *dma, void *host, uint64_t written)
{
    struct worker_view **at = &w.views;
    while (*at && (*at)->copy != host)
        at = &(*at)->next;
    struct worker_view *view = *at;
    if (!view)
        return;
    *at = view->next;
    if (written)
        dma_write(dma, view->addr, view->copy, written < view->bytes ? written : view->bytes);
    free(view->copy);
    free(view);
}

static const abbey_dma_ops_1 dma_ops = {
    .size = sizeof dma_ops, .read = dma_read, .write = dma_write, .map = dma_map, .unmap = dma_unmap
};

static abbey_dma *dma_open(abbey_dev *dev)
{
    (void)dev;
    w.dma.ops = &dma_ops;
    return &w.dma;
}

static const abbey_dma_1 dmas = { .size = sizeof dmas, .open = dma_open };

static void channel_request(abbey_isadma *channel, uint32_t level)
{
    isolate_ask(ASK_REQUEST, ((struct worker_channel *)channel)->index, level, 0, 0);
}

static uint32_t channel_move(abbey_isadma *channel, uint32_t direction, void *bytes, uint32_t count, uint32_t *tc)
{
    uint32_t part = count < ISOLATE_DATA ? count : ISOLATE_DATA;
    memcpy(w.wire->data, bytes, part);
    uint64_t result = (uint64_t)isolate_ask(ASK_MOVE, ((struct worker_channel *)channel)->index, direction, part, 0);
    uint32_t moved = (uint32_t)result;
    *tc = result >> 32 & 1;
    if (direction == ABBEY_ISADMA_FROM_MEMORY && moved <= part)
        memcpy(bytes, w.wire->data, moved);
    return moved;
}

static const abbey_isadma_ops_1 channel_ops = {
    .size = sizeof channel_ops, .request = channel_request, .move = channel_move
};

static abbey_isadma *channel_open(abbey_dev *dev, uint32_t number, abbey_isadma_ready_fn ready, void *self)
{
    (void)dev;
    int64_t index = isolate_ask(ASK_CHANNEL, number, 0, 0, 0);
    if (index < 0)
        return NULL;
    w.channels[index] = (struct worker_channel){ { &channel_ops }, (uint32_t)index, ready, self };
    return &w.channels[index].handle;
}

static const abbey_isadma_1 channels = { .size = sizeof channels, .open = channel_open };

/* ---- PCI ---- */

static uint32_t config_get(abbey_pci *pci, uint32_t offset, uint32_t count)
{
    (void)pci;
    return (uint32_t)isolate_ask(ASK_CONFIG_GET, offset, count, 0, 0);
}

static void config_set(abbey_pci *pci, uint32_t offset, uint32_t count, uint32_t value)
{
    (void)pci;
    isolate_ask(ASK_CONFIG_SET, offset, count, value, 0);
}

static void config_mask(abbey_pci *pci, uint32_t offset, uint32_t count, uint32_t writable, uint32_t clears)
{
    (void)pci;
    isolate_ask(ASK_CONFIG_MASK, offset, count, writable, clears);
}

static abbey_irq *config_intx(abbey_pci *pci)
{
    (void)pci;
    return w.desc.intx ? line_at(w.wire->lines) : NULL; /* behind the lines of properties */
}

static uint64_t config_bar(abbey_pci *pci, uint32_t index)
{
    (void)pci;
    return (uint64_t)isolate_ask(ASK_BAR_ADDRESS, index, 0, 0, 0);
}

static const abbey_pci_ops_1 pci_ops = { .size = sizeof pci_ops,
    .config_get = config_get,
    .config_set = config_set,
    .config_mask = config_mask,
    .intx = config_intx,
    .bar = config_bar };

static abbey_pci *pci_add(abbey_dev *dev, const abbey_pci_desc *desc, void *self)
{
    (void)dev;
    memset(&w.desc, 0, sizeof w.desc);
    memcpy(&w.desc, desc, desc->size < sizeof w.desc ? desc->size : sizeof w.desc);
    w.pci_self = self;
    w.pci.ops = &pci_ops;
    memcpy(w.wire->data, &w.desc, sizeof w.desc);
    return isolate_ask(ASK_PCI, 0, 0, 0, 0) < 0 ? NULL : &w.pci;
}

static const abbey_pci_1 pcis = { .size = sizeof pcis, .add = pci_add };

/* ---- what the worker asks of this file ---- */

/* The fields of interrupt lines hold the machine's; each gets its own here. */
static void lines_take(const struct device *device)
{
    uint32_t count = 0;
    for (unsigned i = 0; i < device->node->value_count; i++) {
        const struct config_value *value = &device->node->values[i];
        if (value->prop->type != ABBEY_TYPE_IRQ || !value->irq_chip)
            continue;
        abbey_irq *irq = line_at(count++);
        memcpy((uint8_t *)device->self + value->prop->offset, &irq, sizeof irq);
    }
}

void isolate_offers_take(struct isolate *isolate)
{
    w.wire = isolate->wire;
    lines_take(isolate->device);
}

const void *isolate_offer(const char *id)
{
    static const struct {
        const char *id;
        const void *table;
    } offered[] = { { ABBEY_PIO_1, &pio }, { ABBEY_MMIO_1, &mmio }, { ABBEY_TIMER_1, &timers }, { ABBEY_DMA_1, &dmas },
        { ABBEY_ISADMA_1, &channels }, { ABBEY_PCI_1, &pcis } };
    for (size_t i = 0; i < sizeof offered / sizeof offered[0]; i++)
        if (strcmp(offered[i].id, id) == 0)
            return offered[i].table;
    return NULL;
}

static int64_t access_do(abbey_io_fn fn, void *self, const uint64_t *args)
{
    abbey_io io = {
        .addr = args[1], .offset = args[2], .value = args[3], .size = (uint8_t)args[4], .write = (uint8_t)args[5]
    };
    fn(self, &io);
    return (int64_t)io.value;
}

int64_t isolate_offer_call(enum isolate_kind kind, const uint64_t *args)
{
    uint32_t index = (uint32_t)args[0];
    switch (kind) {
    case CALL_REGION: return access_do(w.regions[index].fn, w.regions[index].self, args);
    case CALL_BAR: return access_do(w.desc.bars[index].fn, w.pci_self, args);
    case CALL_CONFIG: w.desc.config_written(w.pci_self, index, (uint32_t)args[1]); break;
    case CALL_TIMER: w.timers[index].fn(w.timers[index].self); break;
    case CALL_READY: w.channels[index].ready(w.channels[index].self); break;
    default: break;
    }
    return 0;
}
