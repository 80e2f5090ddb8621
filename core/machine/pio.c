/* pio.c - the 65,536 ports, and what ranges of ports and of memory have in common.
 *
 * A table says for each port which range answers; it is rebuilt for the ports concerned when a range appears, goes or
 * moves. An access is cut at the end of the range that its first port belongs to, at the width that the range takes,
 * and into naturally aligned pieces, low address first: what the bus controller of an ISA machine does with a wide
 * access to a narrow card. A port that nobody has reads as all ones, as an undriven bus does. */
#include "core/machine/call.h"

#include <inttypes.h>
#include <stdlib.h>

#define MEMORY_END (UINT64_C(1) << 36) /* physical addresses of IA-32 with PAE */
#define RANK_OVER (UINT64_C(1) << 63)  /* ranges that lie over others come before all that do not */

/* Rewrites the table for `length` ports from `start`. */
static void ports_rebuild(struct board *board, uint64_t start, uint64_t length)
{
    for (uint64_t port = start; port < start + length && port < PORTS; port++) {
        struct region *r = board->port_regions;
        while (r && !(r->shown && port >= r->start && port - r->start < r->length))
            r = r->next_port;
        board->ports[port] = r;
    }
}

/* Puts a range into the list, which stands by rank. */
static void ports_insert(struct region *region)
{
    struct region **at = &region->device->board->port_regions;
    while (*at && (*at)->rank > region->rank)
        at = &(*at)->next_port;
    region->next_port = *at;
    *at = region;
}

static void ports_remove(struct region *region)
{
    struct region **at = &region->device->board->port_regions;
    while (*at && *at != region)
        at = &(*at)->next_port;
    if (*at)
        *at = region->next_port;
}

/* Takes a range from where it is, and shows it at `start` if it wants to be seen and that place exists; else the range
 * is nowhere, at the end of the space. */
void region_place(struct region *region, uint64_t start, bool enabled)
{
    struct board *board = region->device->board;
    uint64_t end = region->ports ? PORTS : MEMORY_END;
    bool fits = start <= end - region->length, shown = region->shown;
    region->shown = false;
    if (shown && region->ports)
        ports_rebuild(board, region->start, region->length);
    else if (shown)
        mem_region_enable(region->place, false);

    region->start = fits ? start : end;
    region->enabled = enabled;
    region->shown = enabled && fits && !region->device->unplugged;
    if (region->ports) {
        ports_remove(region);
        region->rank = ++board->port_rank | (region->shared ? RANK_OVER : 0);
        ports_insert(region);
        if (region->shown)
            ports_rebuild(board, start, region->length);
        return;
    }
    if (fits)
        mem_region_move(region->place, start);
    if (region->shown)
        mem_region_enable(region->place, true);
}

/* Counts an access and passes it on. */
static void region_access(struct region *region, abbey_io *io)
{
    struct call call;
    region->device->accesses++;
    call_begin(&call, region->device, NULL, io);
    region->fn(region->self, io);
    call_end(&call);
}

void region_reset(struct region *region)
{
    if (!region->bar && (region->start != region->first_start || region->enabled != region->first_enabled))
        region_place(region, region->first_start, region->first_enabled);
}

static void region_enable(abbey_region *handle, uint32_t on)
{
    struct region *region = (struct region *)handle;
    if (region->enabled != (on != 0))
        region_place(region, region->start, on != 0);
}

static void region_move(abbey_region *handle, uint64_t start)
{
    struct region *region = (struct region *)handle;
    region->shared = true;
    region_place(region, start, region->enabled);
}

static const abbey_region_ops_1 ops = { .size = sizeof ops, .enable = region_enable, .move = region_move };

/* The range of another device, or of this one, in whose place the new one would lie. */
static const struct region *clash_find(const struct board *board, bool ports, uint64_t start, uint64_t length)
{
    for (unsigned i = 0; i < board->device_count; i++)
        for (const struct region *r = board->devices[i].regions; r; r = r->next)
            if (r->ports == ports && r->shown && !r->shared && start < r->start + r->length &&
                r->start < start + length)
                return r;
    return NULL;
}

static void clash_report(struct device *device, const struct region *other, uint64_t start, uint64_t length)
{
    char where[300];
    const char *what = other->ports ? "ports" : "memory";
    device_where(other->device, where, sizeof where);
    if (other->start == start && other->length == length)
        device_fail(device, "%s %" PRIx64 "-%" PRIx64 " of '%s' are already held by '%s' (%s)", what, start,
            start + length - 1, device->node->id, other->device->node->id, where);
    else
        device_fail(device,
            "%s %" PRIx64 "-%" PRIx64 " of '%s' lie over %" PRIx64 "-%" PRIx64 " that are already held by '%s' (%s)",
            what, start, start + length - 1, device->node->id, other->start, other->start + other->length - 1,
            other->device->node->id, where);
}

/* A range as described, checked, not yet in place. */
static struct region *region_new(struct device *device, const abbey_region_desc *desc, void *self, bool ports, bool bar)
{
    abbey_region_desc d = { 0 };
    const char *what = ports ? "ports" : "memory";
    uint64_t end = ports ? PORTS : MEMORY_END;
    if (device_too_late(device, ports ? "abbey_pio_region" : "abbey_mmio_region"))
        return NULL;
    if (desc->size < offsetof(abbey_region_desc, disabled)) {
        device_fail(device, "a range of %s is described by %u bytes", what, desc->size);
        return NULL;
    }
    for (uint32_t i = 0; i < sizeof d && i < desc->size; i++)
        ((uint8_t *)&d)[i] = ((const uint8_t *)desc)[i];
    uint32_t width = d.max_width ? d.max_width : ports ? 1 : 4;
    if ((width & (width - 1)) || width > (ports ? 4u : 8u)) {
        device_fail(device, "%s %" PRIx64 " have the width %u; it is 1, 2%s", what, d.start, width,
            ports ? " or 4" : ", 4 or 8");
        return NULL;
    }
    if (d.length == 0 || d.length > end || (!bar && d.start > end - d.length)) {
        device_fail(device, "%s %" PRIx64 " with a length of %" PRIx64 " end beyond %" PRIx64, what, d.start, d.length,
            end - 1);
        return NULL;
    }
    const struct region *other =
        d.overlap || d.disabled || bar ? NULL : clash_find(device->board, ports, d.start, d.length);
    if (other) {
        clash_report(device, other, d.start, d.length);
        return NULL;
    }
    struct region *region = calloc(1, sizeof(*region));
    if (!region) {
        device_fail(device, "out of memory for a range of %s", what);
        return NULL;
    }
    *region = (struct region){ .handle.ops = &ops,
        .device = device,
        .fn = d.fn,
        .self = self,
        .start = d.start,
        .length = d.length,
        .max_width = width,
        .ports = ports,
        .shared = d.overlap || bar,
        .bar = bar,
        .first_start = d.start,
        .first_enabled = !d.disabled && !bar };
    return region;
}

static void region_link(struct region *region)
{
    *region->device->last_region = region;
    region->device->last_region = &region->next;
}

struct region *pio_add(struct device *device, const abbey_region_desc *desc, void *self, bool bar)
{
    struct region *region = region_new(device, desc, self, true, bar);
    if (region) {
        region_link(region);
        region_place(region, region->start, region->first_enabled);
    }
    return region;
}

void pio_free(struct region *region)
{
    struct board *board = region->device->board;
    ports_remove(region);
    if (region->shown)
        ports_rebuild(board, region->start, region->length);
    free(region);
}

/* A range whose place in memory has been made. */
static struct region *place_link(struct region *region, struct mem_region *place)
{
    region->place = place;
    if (!place) {
        device_fail(region->device, "out of memory for a range of memory");
        free(region);
        return NULL;
    }
    region->enabled = region->shown = region->first_enabled;
    if (!region->enabled)
        mem_region_enable(place, false);
    region_link(region);
    return region;
}

static void mmio_access(void *self, abbey_io *io)
{
    region_access(self, io);
}

struct region *mmio_add(struct device *device, const abbey_region_desc *desc, void *self, bool bar)
{
    struct region *region = region_new(device, desc, self, false, bar);
    if (!region)
        return NULL;
    return place_link(region,
        mem_add_mmio(device->board->mem, region->start, region->length, region->max_width, mmio_access, region));
}

void mmio_free(struct region *region)
{
    mem_region_remove(region->place);
    free(region);
}

struct region *view_add(
    struct device *device, const abbey_region_desc *desc, struct mem_vram *vram, uint64_t offset, bool bar)
{
    struct region *region = region_new(device, desc, NULL, false, bar);
    if (region && (region->start | region->length) % MEM_PAGE_SIZE) {
        device_fail(device, "a view of its memory at %" PRIx64 " with a length of %" PRIx64 " is not of whole pages",
            region->start, region->length);
        free(region);
        region = NULL;
    }
    return region ? place_link(region, mem_add_view(device->board->mem, region->start, region->length, vram, offset))
                  : NULL;
}

struct region *rom_add(struct device *device, uint64_t length, const void *bytes)
{
    abbey_region_desc desc = { .size = sizeof desc, .length = length };
    struct region *region = region_new(device, &desc, NULL, false, true);
    return region ? place_link(region, mem_add_rom(device->board->mem, 0, length, bytes)) : NULL;
}

static bool has_callback(struct device *device, const abbey_region_desc *desc)
{
    if (desc->size < offsetof(abbey_region_desc, disabled) || !desc->fn)
        device_fail(device, "a range is described by %u bytes, or without a callback", desc->size);
    return !device->failure;
}

static abbey_region *pio_map(abbey_dev *dev, const abbey_region_desc *desc, void *self)
{
    struct device *device = device_of(dev);
    struct region *region = has_callback(device, desc) ? pio_add(device, desc, self, false) : NULL;
    return region ? &region->handle : NULL;
}

static abbey_region *mmio_map(abbey_dev *dev, const abbey_region_desc *desc, void *self)
{
    struct device *device = device_of(dev);
    struct region *region = has_callback(device, desc) ? mmio_add(device, desc, self, false) : NULL;
    return region ? &region->handle : NULL;
}

const abbey_io_1 pio_interface = { .size = sizeof pio_interface, .map = pio_map };
const abbey_io_1 mmio_interface = { .size = sizeof mmio_interface, .map = mmio_map };

/* The largest aligned piece at `port` that one range takes whole. The first port decides who is asked, as the first
 * address of a bus cycle does: a dword at CF8h is the host bridge's, though CF9h alone is the reset register's. */
static uint32_t piece_size(struct board *board, uint32_t port, uint32_t left, struct region **region)
{
    struct region *r = port < PORTS ? board->ports[port] : NULL;
    uint32_t size = 1;
    *region = r;
    if (!r)
        return 1;
    while (size < r->max_width && size * 2 <= left && port % (size * 2) == 0) {
        if (port + size * 2 > r->start + r->length)
            return size;
        size *= 2;
    }
    return size;
}

uint32_t board_in(struct board *board, uint16_t port, uint32_t size)
{
    uint32_t value = 0;
    board->in_access = true;
    for (uint32_t done = 0; done < size;) {
        struct region *r;
        uint32_t piece = piece_size(board, port + done, size - done, &r),
                 mask = piece == 4 ? ~0u : (1u << 8 * piece) - 1;
        abbey_io io = { .addr = port + done, .value = mask, .size = (uint8_t)piece };
        if (r) {
            io.offset = io.addr - r->start;
            region_access(r, &io);
        }
        value |= ((uint32_t)io.value & mask) << 8 * done;
        done += piece;
    }
    board->in_access = false;
    return value;
}

void board_out(struct board *board, uint16_t port, uint32_t size, uint32_t value)
{
    board->in_access = true;
    for (uint32_t done = 0; done < size;) {
        struct region *r;
        uint32_t piece = piece_size(board, port + done, size - done, &r),
                 mask = piece == 4 ? ~0u : (1u << 8 * piece) - 1;
        if (r) {
            abbey_io io = { .addr = port + done,
                .offset = port + done - r->start,
                .value = (value >> 8 * done) & mask,
                .size = (uint8_t)piece,
                .write = 1 };
            region_access(r, &io);
        }
        done += piece;
    }
    board->in_access = false;
}
