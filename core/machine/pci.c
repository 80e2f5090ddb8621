/* pci.c - the configuration space of one PCI function: what the guest may write, and what follows from it.
 *
 * PCI Local Bus Specification 2.1, chapter 6, with the interrupt disable and status bits of 2.3. Every byte has a mask
 * of bits that the guest may write and one of bits that it clears by writing one. From the command register and the
 * BARs follow the ranges of ports and memory, which move here and nowhere else:
 *
 *     guest writes FFFFFFFFh to BAR 0 of 256 ports -> FFFFFF01h reads back: writable bits 31:8, bit 0 says I/O
 *     guest writes 0000C001h, then command bit 0   -> ports C000h-C0FFh answer with the device's callback */
#include "core/machine/call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND 0x04u
#define STATUS 0x06u
#define HEADER_TYPE 0x0eu
#define BAR0 0x10u
#define ROM_BAR 0x30u
#define INTERRUPT_LINE 0x3cu
#define INTERRUPT_PIN 0x3du

#define COMMAND_IO 0x0001u
#define COMMAND_MEMORY 0x0002u
#define COMMAND_WRITABLE 0x0147u /* I/O, memory, bus master, parity error response, SERR# */
#define COMMAND_INTX_DISABLE 0x0400u
#define STATUS_INTX 0x0008u
#define ROM_LIMIT (16u << 20)
#define STATUS_CLEARS 0xf900u /* parity and abort bits: written ones clear */

static void put(uint8_t *space, uint32_t offset, uint32_t count, uint64_t value)
{
    for (uint32_t i = 0; i < count; i++)
        space[offset + i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get(const uint8_t *space, uint32_t offset, uint32_t count)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < count; i++)
        value |= (uint32_t)space[offset + i] << 8 * i;
    return value;
}

static bool within(uint32_t offset, uint32_t count)
{
    return (count == 1 || count == 2 || count == 4) && offset <= 256 - count;
}

uint32_t pci_config_read(const struct pci_function *f, uint32_t offset, uint32_t count)
{
    return within(offset, count) ? get(f->config, offset, count) : ~0u;
}

/* ---- base address registers ---- */

static uint32_t bar_type(const struct pci_function *f, uint32_t index)
{
    return f->desc.bars[index].kind & 3u;
}

/* Where a BAR decodes, or ABBEY_NEVER. An address of 0, and the all-ones of sizing, decode nothing: software sizes
 * BARs with the enable bits on, and a range at the top of memory would hide the firmware while it does. */
static uint64_t bar_address(const struct pci_function *f, uint32_t index)
{
    uint32_t type = bar_type(f, index), command = get(f->config, COMMAND, 2);
    uint64_t low = get(f->config, BAR0 + 4 * index, 4), length = f->desc.bars[index].length;
    if (type == ABBEY_PCI_BAR_IO) {
        uint64_t port = low & ~UINT64_C(3);
        return (command & COMMAND_IO) && port && port + length <= PORTS ? port : ABBEY_NEVER;
    }
    uint64_t high = type == ABBEY_PCI_BAR_MEM64 ? get(f->config, BAR0 + 4 * index + 4, 4) : 0;
    uint64_t addr = high << 32 | (low & ~UINT64_C(15)), last = addr + length - 1;
    bool sizing = last < addr || last >= UINT64_C(1) << 36 || (high == 0 && last == UINT32_MAX);
    return (command & COMMAND_MEMORY) && addr && !sizing ? addr : ABBEY_NEVER;
}

/* Where the expansion ROM decodes: bit 0 of its register, and memory on (PCI 2.1, 6.2.5.2). */
static uint64_t rom_address(const struct pci_function *f)
{
    uint32_t low = get(f->config, ROM_BAR, 4);
    uint64_t addr = low & ~(f->rom->length - 1), last = addr + f->rom->length - 1;
    return (low & 1) && (get(f->config, COMMAND, 2) & COMMAND_MEMORY) && addr && last < UINT32_MAX ? addr : ABBEY_NEVER;
}

static void range_update(struct region *region, uint64_t addr)
{
    if (addr == ABBEY_NEVER && region->enabled)
        region_place(region, region->start, false);
    else if (addr != ABBEY_NEVER && (!region->enabled || region->start != addr))
        region_place(region, addr, true);
}

void pci_update(struct pci_function *f)
{
    for (uint32_t i = 0; i < 6; i++)
        if (f->bars[i])
            range_update(f->bars[i], bar_address(f, i));
    if (f->rom)
        range_update(f->rom, rom_address(f));
}

static bool bar_good(struct device *device, const abbey_pci_bar *bar, uint32_t index)
{
    uint32_t type = bar->kind & 3u;
    bool io = type == ABBEY_PCI_BAR_IO;
    uint64_t least = io ? 4 : 16;
    uint64_t most = io ? PORTS : type == ABBEY_PCI_BAR_MEM64 ? UINT64_C(1) << 35 : UINT64_C(1) << 31;
    bool vram = bar->kind & ABBEY_PCI_BAR_VRAM;
    if (bar->kind > 15 || (io && bar->kind > ABBEY_PCI_BAR_IO) || !bar->fn != vram ||
        (vram && bar->length % MEM_PAGE_SIZE) || (bar->length & (bar->length - 1)) || bar->length < least ||
        bar->length > most || (type == ABBEY_PCI_BAR_MEM64 && index == 5)) {
        device_fail(device,
            "BAR %u: kind %u, length %" PRIx64 "%s; a length is a power of two from %" PRIu64 " to %" PRIx64
            ", and a 64-bit BAR takes two",
            index, bar->kind, bar->length, bar->fn ? "" : ", no callback", least, most);
        return false;
    }
    return true;
}

/* Header bits, masks and the range of one BAR. */
static bool bar_new(struct pci_function *f, uint32_t index)
{
    const abbey_pci_bar *bar = &f->desc.bars[index];
    uint32_t type = bar_type(f, index), at = BAR0 + 4 * index;
    if (!bar_good(f->device, bar, index))
        return false;
    uint64_t size_mask = ~(bar->length - 1);
    uint32_t bits = type == ABBEY_PCI_BAR_IO ? 1u : (type == ABBEY_PCI_BAR_MEM64 ? 4u : 0u);
    if (bar->kind & ABBEY_PCI_BAR_PREFETCH)
        bits |= 8u;
    put(f->config, at, 4, bits);
    put(f->writable, at, 4, size_mask & 0xffffffffu);
    if (type == ABBEY_PCI_BAR_MEM64)
        put(f->writable, at + 4, 4, size_mask >> 32);
    if (bar->kind & ABBEY_PCI_BAR_VRAM)
        return true; /* a range when it is known what it shows */
    abbey_region_desc desc = { .size = sizeof desc, .max_width = bar->max_width, .length = bar->length, .fn = bar->fn };
    f->bars[index] =
        type == ABBEY_PCI_BAR_IO ? pio_add(f->device, &desc, f->self, true) : mmio_add(f->device, &desc, f->self, true);
    return f->bars[index] != NULL;
}

bool pci_bar_show(struct device *device, abbey_pci *pci, uint32_t index, struct vram *vram)
{
    struct pci_function *f = (struct pci_function *)pci;
    uint64_t length = index < 6 ? f->desc.bars[index].length : 0;
    if (f->device != device || !length || !(f->desc.bars[index].kind & ABBEY_PCI_BAR_VRAM) || f->bars[index] ||
        length > vram->handle.count) {
        device_fail(
            device, "BAR %u cannot show the memory '%s' of %" PRIx64 " bytes", index, vram->name, vram->handle.count);
        return false;
    }
    abbey_region_desc desc = { .size = sizeof desc, .length = length };
    f->bars[index] = view_add(device, &desc, vram->mem, 0, true);
    return f->bars[index] != NULL;
}

static bool rom_new(struct pci_function *f)
{
    uint64_t length = MEM_PAGE_SIZE;
    while (length < f->desc.rom_bytes && length < ROM_LIMIT)
        length *= 2;
    uint8_t *bytes = f->desc.rom_bytes <= length ? calloc(1, length) : NULL;
    if (!bytes) {
        device_fail(f->device, "its expansion ROM of %" PRIu64 " bytes is longer than %u, or memory is short",
            f->desc.rom_bytes, ROM_LIMIT);
        return false;
    }
    memcpy(bytes, f->desc.rom, f->desc.rom_bytes);
    put(f->writable, ROM_BAR, 4, (~(length - 1) & 0xffffffffu) | 1u);
    f->rom = rom_add(f->device, length, bytes);
    free(bytes);
    return f->rom != NULL;
}

/* ---- the interrupt pin ---- */

bool pci_intx_shown(const struct pci_function *f)
{
    return f->intx && f->intx->level && !(get(f->config, COMMAND, 2) & COMMAND_INTX_DISABLE);
}

static void intx_update(struct pci_function *f)
{
    f->config[STATUS] = (uint8_t)((f->config[STATUS] & ~STATUS_INTX) | (f->intx && f->intx->level ? STATUS_INTX : 0));
    pci_pin_set(f, pci_intx_shown(f));
}

static void intx_set(abbey_irq *handle, uint32_t level)
{
    struct source *source = (struct source *)handle;
    if (source->level == (level != 0) || source->device->unplugged)
        return;
    source->level = level != 0;
    source->device->interrupts += source->level;
    intx_update(source->device->pci);
}

static const abbey_irq_ops_1 intx_ops = { .size = sizeof intx_ops, .set = intx_set };

/* ---- the device's side ---- */

/* Tells once of bytes that are not there: what a guest does may be what made the plugin ask. */
static bool config_within(struct pci_function *f, uint32_t offset, uint32_t count)
{
    char plugin[200];
    if (within(offset, count))
        return true;
    device_plugin_text(f->device, plugin, sizeof plugin);
    if (!f->strayed)
        device_log(f->device, ABBEY_LOG_ERROR,
            "%s asks for %u bytes at %xh of its configuration space, which has 256, taken 1, 2 or 4 at a time", plugin,
            count, offset);
    f->strayed = true;
    return false;
}

static uint32_t config_get(abbey_pci *handle, uint32_t offset, uint32_t count)
{
    struct pci_function *f = (struct pci_function *)handle;
    return config_within(f, offset, count) ? get(f->config, offset, count) : ~0u;
}

static void config_set(abbey_pci *handle, uint32_t offset, uint32_t count, uint32_t value)
{
    struct pci_function *f = (struct pci_function *)handle;
    if (!config_within(f, offset, count))
        return;
    put(f->config, offset, count, value);
    if (f->device->creating) {
        put(f->reset, offset, count, value);
        return;
    }
    pci_update(f);
    intx_update(f);
}

static void config_mask(abbey_pci *handle, uint32_t offset, uint32_t count, uint32_t writable, uint32_t clears)
{
    struct pci_function *f = (struct pci_function *)handle;
    if (!config_within(f, offset, count) || device_too_late(f->device, "abbey_pci_config_mask"))
        return;
    put(f->writable, offset, count, writable);
    put(f->clears, offset, count, clears);
}

static abbey_irq *config_intx(abbey_pci *handle)
{
    struct pci_function *f = (struct pci_function *)handle;
    return f->intx ? &f->intx->handle : NULL;
}

static uint64_t config_bar(abbey_pci *handle, uint32_t index)
{
    const struct pci_function *f = (const struct pci_function *)handle;
    return index < 6 && f->bars[index] ? bar_address(f, index) : ABBEY_NEVER;
}

static const abbey_pci_ops_1 ops = { .size = sizeof ops,
    .config_get = config_get,
    .config_set = config_set,
    .config_mask = config_mask,
    .intx = config_intx,
    .bar = config_bar };

/* ---- the guest's side ---- */

void pci_config_write(struct pci_function *f, uint32_t offset, uint32_t count, uint32_t value)
{
    if (!within(offset, count))
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * i), *at = &f->config[offset + i], w = f->writable[offset + i];
        *at = (uint8_t)(((*at & ~w) | (byte & w)) & ~(byte & f->clears[offset + i]));
    }
    pci_update(f);
    intx_update(f);
    if (!f->desc.config_written)
        return;
    struct call call;
    call_begin(&call, f->device, "config_written()", NULL);
    f->desc.config_written(f->self, offset, count);
    call_end(&call);
}

void pci_function_reset(struct pci_function *f)
{
    memcpy(f->config, f->reset, sizeof f->config);
    pci_update(f);
    f->intx_out = false;
}

/* ---- creation ---- */

static void header_init(struct pci_function *f)
{
    const abbey_pci_desc *d = &f->desc;
    put(f->config, 0x00, 2, d->vendor);
    put(f->config, 0x02, 2, d->device);
    put(f->config, 0x08, 1, d->revision);
    put(f->config, 0x09, 3, d->class_code);
    put(f->config, HEADER_TYPE, 1, d->multifunction ? 0x80 : 0);
    put(f->config, 0x2c, 2, d->subsystem_vendor);
    put(f->config, 0x2e, 2, d->subsystem);
    put(f->config, INTERRUPT_PIN, 1, d->intx);
    put(f->writable, COMMAND, 2, COMMAND_WRITABLE | (d->intx ? COMMAND_INTX_DISABLE : 0));
    put(f->clears, STATUS, 2, STATUS_CLEARS);
    put(f->writable, 0x0c, 2, 0xffff); /* cache line size, latency timer */
    put(f->writable, INTERRUPT_LINE, 1, d->intx ? 0xff : 0);
}

/* Copies as much of the description as its size says (ABI rule 4). */
static bool desc_copy(struct device *device, abbey_pci_desc *to, const abbey_pci_desc *from)
{
    if (from->size < offsetof(abbey_pci_desc, config_written)) {
        device_fail(device, "its PCI function is described by %u bytes, at least %zu are needed", from->size,
            offsetof(abbey_pci_desc, config_written));
        return false;
    }
    memset(to, 0, sizeof *to);
    memcpy(to, from, from->size < sizeof *to ? from->size : sizeof *to);
    if (to->intx > 4 || to->class_code > 0xffffff) {
        device_fail(device, "its PCI function has interrupt pin %u and class %x", to->intx, to->class_code);
        return false;
    }
    return true;
}

struct pci_function *pci_function_new(struct device *device, const abbey_pci_desc *desc, void *self)
{
    struct pci_function *f = calloc(1, sizeof(*f));
    if (!f) {
        device_fail(device, "out of memory for a PCI function");
        return NULL;
    }
    f->handle.ops = &ops;
    f->device = device;
    f->self = self;
    bool good = desc_copy(device, &f->desc, desc);
    if (good)
        header_init(f);
    for (uint32_t i = 0; good && i < 6; i++) {
        good = bar_type(f, i) == ABBEY_PCI_BAR_NONE || bar_new(f, i);
        i += good && bar_type(f, i) == ABBEY_PCI_BAR_MEM64; /* the upper half stands in the next */
    }
    if (good && f->desc.rom && f->desc.rom_bytes)
        good = rom_new(f);
    if (good && f->desc.intx)
        good = (f->intx = source_new(device, "intx", &intx_ops)) != NULL;
    if (!good) {
        free(f);
        return NULL;
    }
    memcpy(f->reset, f->config, sizeof f->reset);
    return f;
}

void pci_function_free(struct pci_function *f)
{
    free(f);
}
