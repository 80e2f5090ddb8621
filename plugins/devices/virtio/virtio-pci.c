/* virtio-pci.c - virtio over PCI, legacy and modern: VIRTIO section 4.1.
 *
 * Both interfaces are tables of fields over the same registers. A field is read and written whole: an access to a part
 * of it takes the rest as it stands.
 *
 * The structures can be reached through configuration space too (VIRTIO 4.1.4.8), by firmware that cannot map BARs. The
 * host owns configuration space and does not ask when it is read; so what a driver is going to read is put there when
 * it says where. For the interrupt status that would be too early to clear it: it is shown, and stays. */
#include "virtio.h"

#include <string.h>

#define LEGACY_BYTES 128u /* BAR 0 */
#define LEGACY_CONFIG 20u
#define MODERN_BYTES 0x4000u /* BAR 1: a page for each structure */
#define MODERN_ISR 0x1000u
#define MODERN_CONFIG 0x2000u
#define MODERN_NOTIFY 0x3000u
#define CONFIG_LIMIT 64u
#define WINDOW 0x84u /* the capability with a window to the structures */

#define RING_PAGE 4096u

/* ---- registers ---- */

static struct virtio_queue *selected(struct virtio *v)
{
    return v->queue_select < v->kind->queues ? &v->queue[v->queue_select] : NULL;
}

static void device_reset(struct virtio *v)
{
    v->features = 0;
    v->offered_select = v->features_select = 0;
    v->queue_select = 0;
    v->status = v->isr = v->broken = 0;
    for (uint32_t i = 0; i < VIRTIO_QUEUES; i++)
        v->queue[i] = (struct virtio_queue){ .size = i < v->kind->queues ? VIRTIO_QUEUE_SIZE : 0 };
    abbey_irq_set(v->irq, 0);
    v->kind->reset(v);
}

static void status_set(struct virtio *v, uint32_t value, bool modern)
{
    if (value == 0) {
        device_reset(v);
        return;
    }
    /* VIRTIO 2.2.2: features that were not offered, or none of version 1 on this interface, are not accepted. */
    bool good = !(v->features & ~v->offered) && (!modern || (v->features & VIRTIO_F_VERSION_1));
    if (!good)
        value &= ~VIRTIO_FEATURES_OK;
    v->status = (uint8_t)(value | (v->status & VIRTIO_NEEDS_RESET));
}

static uint32_t isr_take(struct virtio *v)
{
    uint32_t isr = v->isr;
    v->isr = 0;
    abbey_irq_set(v->irq, 0);
    return isr;
}

static void notify(struct virtio *v, uint32_t queue)
{
    if (queue < v->kind->queues && (v->status & VIRTIO_DRIVER_OK) && !v->broken)
        v->kind->notify(v, queue);
}

static uint32_t half(uint64_t value, uint32_t select)
{
    return select == 0 ? (uint32_t)value : select == 1 ? (uint32_t)(value >> 32) : 0;
}

static void half_set(uint64_t *value, uint32_t select, uint32_t part)
{
    if (select == 0)
        *value = (*value & 0xffffffff00000000ull) | part;
    else if (select == 1)
        *value = (*value & 0xffffffffull) | (uint64_t)part << 32;
}

static uint32_t config_read(struct virtio *v, uint32_t offset, uint32_t size)
{
    uint8_t bytes[CONFIG_LIMIT + 8] = { 0 };
    uint32_t value = 0;
    if (offset >= v->kind->config_bytes)
        return 0;
    v->kind->config(v, bytes);
    memcpy(&value, bytes + offset, size);
    return value;
}

/* ---- legacy: ports (VIRTIO 4.1.4.8, "Legacy Interfaces: A Note on PCI Device Layout") ---- */

/* A ring of a legacy driver: a page number, and everything else follows. */
static void legacy_ring(struct virtio_queue *q, uint32_t page)
{
    q->enabled = page != 0;
    q->descriptors = (uint64_t)page * RING_PAGE;
    q->available = q->descriptors + 16ull * q->size;
    q->used = (q->available + 6 + 2ull * q->size + RING_PAGE - 1) & ~(uint64_t)(RING_PAGE - 1);
    q->next = q->done = q->told = 0;
}

static uint32_t legacy_get(struct virtio *v, uint32_t field)
{
    const struct virtio_queue *q = selected(v);
    switch (field) {
    case 0: return (uint32_t)v->offered;
    case 4: return (uint32_t)v->features;
    case 8: return q && q->enabled ? (uint32_t)(q->descriptors / RING_PAGE) : 0;
    case 12: return q ? q->size : 0;
    case 14: return v->queue_select;
    case 18: return v->status;
    case 19: return isr_take(v);
    default: return 0;
    }
}

static void legacy_set(struct virtio *v, uint32_t field, uint32_t value)
{
    struct virtio_queue *q = selected(v);
    switch (field) {
    case 4: half_set(&v->features, 0, value & (uint32_t)v->offered); break;
    case 8:
        if (q)
            legacy_ring(q, value);
        break;
    case 14: v->queue_select = (uint16_t)value; break;
    case 16: notify(v, value); break;
    case 18: status_set(v, value, false); break;
    default: break;
    }
}

/* ---- modern: memory (VIRTIO 4.1.4.3) ---- */

static uint32_t common_get(struct virtio *v, uint32_t field)
{
    const struct virtio_queue *q = selected(v);
    switch (field) {
    case 0: return v->offered_select;
    case 4: return half(v->offered, v->offered_select);
    case 8: return v->features_select;
    case 12: return half(v->features, v->features_select);
    case 16: return 0xffff; /* no MSI-X */
    case 18: return v->kind->queues;
    case 20: return v->status;
    case 22: return v->queue_select;
    case 24: return q ? q->size : 0;
    case 26: return 0xffff;
    case 28: return q ? q->enabled : 0;
    case 32: return q ? half(q->descriptors, 0) : 0;
    case 36: return q ? half(q->descriptors, 1) : 0;
    case 40: return q ? half(q->available, 0) : 0;
    case 44: return q ? half(q->available, 1) : 0;
    case 48: return q ? half(q->used, 0) : 0;
    case 52: return q ? half(q->used, 1) : 0;
    default: return 0;
    }
}

static void queue_set(struct virtio_queue *q, uint32_t field, uint32_t value)
{
    if (q->enabled)
        return; /* a ring in use stays where it is */
    switch (field) {
    case 24:
        if (value && value <= VIRTIO_QUEUE_SIZE && !(value & (value - 1)))
            q->size = (uint16_t)value;
        break;
    case 28:
        if (value == 1) {
            q->enabled = 1;
            q->next = q->done = q->told = 0;
        }
        break;
    case 32:
    case 36: half_set(&q->descriptors, field == 36, value); break;
    case 40:
    case 44: half_set(&q->available, field == 44, value); break;
    case 48:
    case 52: half_set(&q->used, field == 52, value); break;
    default: break;
    }
}

static void common_set(struct virtio *v, uint32_t field, uint32_t value)
{
    struct virtio_queue *q = selected(v);
    switch (field) {
    case 0: v->offered_select = value; break;
    case 8: v->features_select = value; break;
    case 12:
        if (!(v->status & VIRTIO_FEATURES_OK))
            half_set(&v->features, v->features_select, value);
        break;
    case 20: status_set(v, value, true); break;
    case 22: v->queue_select = (uint16_t)value; break;
    default:
        if (q)
            queue_set(q, field, value);
        break;
    }
}

/* ---- accesses ---- */

struct field {
    uint8_t offset, size;
};

static const struct field legacy_fields[] = { { 0, 4 }, { 4, 4 }, { 8, 4 }, { 12, 2 }, { 14, 2 }, { 16, 2 }, { 18, 1 },
    { 19, 1 } };
static const struct field common_fields[] = { { 0, 4 }, { 4, 4 }, { 8, 4 }, { 12, 4 }, { 16, 2 }, { 18, 2 }, { 20, 1 },
    { 21, 1 }, { 22, 2 }, { 24, 2 }, { 26, 2 }, { 28, 2 }, { 30, 2 }, { 32, 4 }, { 36, 4 }, { 40, 4 }, { 44, 4 },
    { 48, 4 }, { 52, 4 } };

/* The part of an access that falls into one field after the other. */
static void fields_access(struct virtio *v, abbey_io *io, uint32_t offset, const struct field *fields, size_t count,
    uint32_t (*get)(struct virtio *v, uint32_t field), void (*set)(struct virtio *v, uint32_t field, uint32_t value))
{
    uint64_t result = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t start = fields[i].offset, end = start + fields[i].size;
        uint32_t from = offset > start ? offset : start, to = offset + io->size < end ? offset + io->size : end;
        if (from >= to)
            continue;
        bool whole = from == start && to == end;
        uint32_t value = io->write && whole ? 0 : get(v, start);
        for (uint32_t at = from; at < to; at++) {
            uint32_t in_field = 8 * (at - start), in_access = 8 * (at - offset);
            uint32_t byte = (uint32_t)(io->value >> in_access) & 0xff;
            if (io->write)
                value = (value & ~(0xffu << in_field)) | byte << in_field;
            else
                result |= (uint64_t)(value >> in_field & 0xff) << in_access;
        }
        if (io->write)
            set(v, start, value);
    }
    if (!io->write)
        io->value = result;
}

static void access_legacy(void *self, abbey_io *io)
{
    struct virtio *v = self;
    uint32_t offset = (uint32_t)io->offset;
    if (offset >= LEGACY_CONFIG) {
        if (!io->write)
            io->value = config_read(v, offset - LEGACY_CONFIG, io->size);
        return;
    }
    fields_access(v, io, offset, legacy_fields, sizeof legacy_fields / sizeof legacy_fields[0], legacy_get, legacy_set);
}

static void access_modern(void *self, abbey_io *io)
{
    struct virtio *v = self;
    uint32_t offset = (uint32_t)io->offset, in_page = offset & 0xfff;
    switch (offset & ~0xfffu) {
    case 0:
        fields_access(
            v, io, in_page, common_fields, sizeof common_fields / sizeof common_fields[0], common_get, common_set);
        break;
    case MODERN_ISR:
        if (!io->write)
            io->value = in_page == 0 ? isr_take(v) : 0;
        break;
    case MODERN_CONFIG:
        if (!io->write)
            io->value = config_read(v, in_page, io->size);
        break;
    default:
        if (io->write)
            notify(v, (uint32_t)io->value & 0xffff);
        else
            io->value = 0;
        break;
    }
}

/* The driver moved the window, or wrote through it. */
static void window_access(void *self, uint32_t offset, uint32_t count)
{
    struct virtio *v = self;
    if (offset + count <= WINDOW + 4 || offset >= WINDOW + 20)
        return;
    uint32_t bar = abbey_pci_config_get(v->pci, WINDOW + 4, 1), at = abbey_pci_config_get(v->pci, WINDOW + 8, 4);
    uint32_t size = abbey_pci_config_get(v->pci, WINDOW + 12, 4);
    if (bar != 1 || (size != 1 && size != 2 && size != 4) || at > MODERN_BYTES - size || at % size)
        return;
    abbey_io io = { .offset = at, .size = (uint8_t)size, .write = offset >= WINDOW + 16 };
    io.value = io.write ? abbey_pci_config_get(v->pci, WINDOW + 16, 4) : v->isr;
    if (io.write || (at & ~0xfffu) != MODERN_ISR)
        access_modern(v, &io);
    if (!io.write)
        abbey_pci_config_set(v->pci, WINDOW + 16, 4, (uint32_t)io.value);
}

/* ---- creation ---- */

/* One capability in configuration space (VIRTIO 4.1.4); where the next one goes. */
static uint32_t capability(struct virtio *v, uint32_t at, uint8_t type, uint32_t offset, uint32_t length, bool last)
{
    uint32_t bytes = type == 2 || type == 5 ? 20 : 16, next = last ? 0 : at + bytes;
    abbey_pci_config_set(v->pci, at, 1, 0x09); /* vendor-specific */
    abbey_pci_config_set(v->pci, at + 1, 1, next);
    abbey_pci_config_set(v->pci, at + 2, 1, bytes);
    abbey_pci_config_set(v->pci, at + 3, 1, type);
    abbey_pci_config_set(v->pci, at + 4, 1, 1); /* BAR 1 */
    abbey_pci_config_set(v->pci, at + 8, 4, offset);
    abbey_pci_config_set(v->pci, at + 12, 4, length);
    return at + bytes; /* of notifications: the multiplier is 0, one place for all queues */
}

static void capabilities(struct virtio *v)
{
    uint32_t at = 0x40;
    abbey_pci_config_set(v->pci, 0x34, 1, at);
    abbey_pci_config_set(v->pci, 0x06, 2, 0x0010);
    at = capability(v, at, 1, 0, 56, false);
    at = capability(v, at, 3, MODERN_ISR, 1, false);
    at = capability(v, at, 4, MODERN_CONFIG, v->kind->config_bytes, false);
    at = capability(v, at, 2, MODERN_NOTIFY, 4, false);
    capability(v, at, 5, 0, 0, true);
    abbey_pci_config_set(v->pci, WINDOW + 4, 1, 0);
    abbey_pci_config_mask(v->pci, WINDOW + 4, 1, 0xff, 0);
    abbey_pci_config_mask(v->pci, WINDOW + 8, 4, 0xffffffff, 0);
    abbey_pci_config_mask(v->pci, WINDOW + 12, 4, 0xffffffff, 0);
    abbey_pci_config_mask(v->pci, WINDOW + 16, 4, 0xffffffff, 0);
}

int32_t virtio_create(struct virtio *v, abbey_dev *dev, const struct virtio_kind *kind)
{
    v->dev = dev;
    v->kind = kind;
    v->dma = abbey_dma_open(dev);
    abbey_pci_desc desc = { .size = sizeof desc,
        .vendor = 0x1af4,
        .device =
            (uint16_t)(0x1000 + (kind->type == 1 ? 0 : kind->type - 1)), /* transitional: network 1000h, block 1001h */
        .subsystem_vendor = 0x1af4,
        .subsystem = kind->type,
        .class_code = kind->class_code,
        .intx = 1,
        .config_written = window_access,
        .bars = { { .kind = ABBEY_PCI_BAR_IO, .length = LEGACY_BYTES, .max_width = 4, .fn = access_legacy },
            { .kind = ABBEY_PCI_BAR_MEM32, .length = MODERN_BYTES, .max_width = 4, .fn = access_modern } } };
    v->pci = abbey_pci_add(dev, &desc, v);
    if (!v->dma || !v->pci)
        return -1;
    v->irq = abbey_pci_intx(v->pci);
    capabilities(v);
    v->offered = kind->features(v) | VIRTIO_F_INDIRECT | VIRTIO_F_EVENT_INDEX | VIRTIO_F_VERSION_1;
    return 0;
}

void virtio_power_on(struct virtio *v)
{
    device_reset(v);
}

int32_t virtio_loaded(struct virtio *v)
{
    for (uint32_t i = 0; i < VIRTIO_QUEUES; i++) {
        const struct virtio_queue *q = &v->queue[i];
        if (q->size > VIRTIO_QUEUE_SIZE || (q->size & (q->size - 1)) || q->enabled > 1 || (q->enabled && !q->size))
            return abbey_fail(v->dev, "queue %u: sizes are powers of two up to %u", i, VIRTIO_QUEUE_SIZE);
    }
    return 0;
}
