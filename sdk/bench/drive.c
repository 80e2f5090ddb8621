/* drive.c - a guest made of bytes, for tests that try what no author thinks of, and for fuzzers.
 *
 * A step is eight bytes: what is done (5 bits; most mean an access to a range), which value is made of the last four (3
 * bits), size and direction, where (16 bits), the value. Any bytes are a valid guest, and the same bytes do the same
 * each time. For example 3f 80 00 00 55 00 00 00 writes the byte 55h to the first register of the first range. */
#include <inttypes.h>
#include <string.h>

#include "sdk/bench/drive.h"

/* One of the ranges that can be seen now, or NULL. */
static struct region *range_pick(const struct device *device, uint32_t where)
{
    unsigned seen = 0;
    for (struct region *r = device->regions; r; r = r->next)
        seen += r->shown;
    unsigned left = seen ? where % seen : 0;
    for (struct region *r = device->regions; seen && r; r = r->next)
        if (r->shown && left-- == 0)
            return r;
    return NULL;
}

/* Values that registers care about come more often than chance would bring them. */
static uint32_t value_make(uint32_t how, uint32_t value)
{
    switch (how & 7) {
    case 0:
    case 1: return value & 0xff;
    case 2: return 1u << (value % 32);
    case 3: return 0;
    case 4: return ~0u;
    default: return value;
    }
}

static uint64_t step_range(abbey_bench *bench, const struct device *device, uint32_t where, uint32_t value,
    uint32_t bits, struct drive_note *note)
{
    struct region *r = range_pick(device, where >> 10);
    if (!r)
        return 0;
    uint32_t size = 1u << bits % (r->ports ? 3u : 4u);
    /* Mostly one of the first registers; of big ranges any place now and then. */
    uint64_t offset = (where & 0x3ff) % r->length;
    if (bits & 0x40)
        offset = ((uint64_t)(where & 0x3ff) << 32 | (value * 2654435761u)) % r->length;
    uint64_t addr = r->start + offset;
    if (!r->ports)
        addr &= ~(uint64_t)(size - 1);
    *note = (struct drive_note){ r->ports ? "port" : "memory", note->number, addr, addr - r->start, value, size,
        (bits & 0x80) != 0 };
    if (r->ports && note->write)
        abbey_out(bench, (uint16_t)addr, size, value);
    else if (r->ports)
        return abbey_in(bench, (uint16_t)addr, size);
    else if (note->write)
        abbey_store(bench, addr, size, value | (uint64_t)value << 32);
    else
        return abbey_load(bench, addr, size);
    return 0;
}

static uint64_t step_config(abbey_bench *bench, const struct device *device, uint32_t where, uint32_t value,
    uint32_t bits, struct drive_note *note)
{
    const struct pci_function *f = device->pci;
    uint32_t size = 1u << bits % 3, offset = where % 256 & ~(size - 1);
    if (!f)
        return 0;
    *note = (struct drive_note){ "configuration space", note->number, offset, offset, value, size, (bits & 0x80) != 0 };
    if (note->write)
        abbey_pci_write(bench, f->slot, f->function, offset, size, value);
    return abbey_pci_read(bench, f->slot, f->function, offset, size);
}

static void time_passes(abbey_bench *bench, uint64_t ns, struct drive_note *note)
{
    *note = (struct drive_note){ .what = "time", .number = note->number, .value = ns };
    abbey_advance(bench, ns);
}

uint64_t drive_step(abbey_bench *bench, const char *id, const uint8_t step[DRIVE_STEP], struct drive_note *note)
{
    struct device *device = board_device(bench->board, id);
    uint32_t where = step[2] | (uint32_t)step[3] << 8, raw;
    uint8_t bytes[4];
    memcpy(&raw, step + 4, sizeof raw);
    uint32_t value = value_make(step[0] >> 5, raw);
    note->number++;
    note->what = "nothing";
    if (!device)
        return 0;
    switch (step[0] & 31) {
    case 0:
    case 1: time_passes(bench, raw % 4000, note); return 0;
    case 2: time_passes(bench, raw % (step[1] & 31 ? 50 * ABBEY_US : 2 * ABBEY_MS), note); return 0;
    case 3: return abbey_intr(bench) ? abbey_ack(bench) : 0x100;
    case 4:
    case 5: return step_config(bench, device, where, value, step[1], note);
    case 6: note->what = "bytes on the line"; return abbey_char_feed(bench, step + 4, step[1] % 5u);
    case 7: return abbey_char_sent(bench, bytes, sizeof bytes) ? bytes[0] : 0;
    case 8:
        note->what = "a change of an input";
        if (device->inputs.fn)
            device->inputs.fn(device->inputs.self, where % device->inputs.count, raw & 1);
        return 0;
    default: return step_range(bench, device, where, value, step[1], note);
    }
}

void drive_tell(const struct drive_note *note, char *text, size_t room)
{
    if (!note->what)
        snprintf(text, room, "the building of the device");
    else if (strcmp(note->what, "time") == 0)
        snprintf(text, room, "%" PRIu64 " ns of time going by, step %" PRIu64, note->value, note->number);
    else if (note->size)
        snprintf(text, room, "a %s of %u bytes at %s %" PRIx64 "h (offset %" PRIx64 "h), step %" PRIu64,
            note->write ? "write" : "read", note->size, note->what, note->addr, note->offset, note->number);
    else
        snprintf(text, room, "%s, step %" PRIu64, note->what, note->number);
}

uint64_t abbey_drive(abbey_bench *bench, const uint8_t *bytes, uint64_t count)
{
    struct drive_note note = { .what = NULL };
    uint64_t seen = 14695981039346656037u; /* FNV-1a */
    for (; count >= DRIVE_STEP; bytes += DRIVE_STEP, count -= DRIVE_STEP)
        seen = (seen ^ drive_step(bench, "dut", bytes, &note)) * 1099511628211u;
    return seen;
}
