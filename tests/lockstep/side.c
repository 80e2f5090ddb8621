/* side.c - one of the two computers: built from the plan, advanced by an engine. */
#include <stdlib.h>
#include <string.h>

#include "core/bt/internal.h"
#include "core/cpu/access.h"
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/interp.h"
#include "tests/lockstep/world.h"
#include "tests/unit/hostfault.h"
#include "tests/unit/hostmem.h"

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return ((hash ^ value) * 0x9e3779b97f4a7c15ull) ^ hash >> 29;
}

/* Now and then the device raises an interrupt for what was done to it. */
static void device_interrupt(struct side *side)
{
    if ((side->device >> 40 & 7) == 0) {
        side->intr_vector = 0x20 + (side->device >> 48 & 0x7f);
        cpu_signal(side->cpu, CPU_SIGNAL_INTR);
    }
}

static uint32_t bus_in(void *opaque, uint16_t port, uint32_t size)
{
    struct side *side = opaque;
    side->device = mix(side->device, port | size << 16);
    return (uint32_t)(side->device >> 32);
}

static void bus_out(void *opaque, uint16_t port, uint32_t size, uint32_t value)
{
    struct side *side = opaque;
    side->device = mix(side->device, port | size << 16 | 1u << 20 | (uint64_t)value << 32);
    device_interrupt(side);
}

static uint32_t bus_intr_ack(void *opaque)
{
    struct side *side = opaque;
    cpu_unsignal(side->cpu, CPU_SIGNAL_INTR);
    return side->intr_vector;
}

static uint64_t bus_tsc(void *opaque)
{
    struct side *side = opaque;
    if (!side->ends)
        return side->cpu->instructions;
    side->device = mix(side->device, 1u << 21);
    return side->device >> 8;
}

static const struct cpu_bus bus = { .in = bus_in, .out = bus_out, .intr_ack = bus_intr_ack, .tsc = bus_tsc };

/* Reads depend on all that happened before, so that one access too many is seen. */
static void device_access(void *self, abbey_io *io)
{
    struct side *side = self;
    side->device = mix(side->device, io->offset | (uint64_t)io->size << 16 | (uint64_t)io->write << 24);
    if (!io->write) {
        io->value = side->device >> 17;
        return; /* may be a fetch: engines need not agree whether an interrupt comes before what was fetched */
    }
    side->device = mix(side->device, io->value);
    device_interrupt(side);
}

static struct segment flat(uint16_t selector, uint16_t attr)
{
    return (struct segment){ .selector = selector, .attr = attr, .limit = UINT32_MAX };
}

static void side_start(struct cpu *cpu, const struct world_plan *plan)
{
    cpu->gdt = (struct dtable){ .base = 0xa000, .limit = SEL_END - 1 };
    cpu->idt = (struct dtable){ .base = 0xb000, .limit = 0x7ff };
    cpu->tr = (struct segment){ .selector = SEL_TSS, .attr = 0x8b, .base = 0xc000, .limit = 0xeff };
    cpu->ldt = (struct segment){ .selector = SEL_LDT, .attr = 0x82, .base = 0xa800, .limit = 0xff };
    for (unsigned i = 0; i < 6; i++)
        cpu->seg[i] = flat(SEL_KDATA, 0xc093);
    cpu->seg[CS] = flat(SEL_KCODE, 0xc09b);
    cpu->cr0 = CR0_PE | CR0_ET | CR0_NE | (plan->wp ? CR0_WP : 0) | (plan->am ? CR0_AM : 0);
    cpu->cr4 = CR4_PSE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_DE | (plan->pae ? CR4_PAE : 0);
    cpu->paging.cr3 = 0x1000;
    cpu->reg[ESP] = 0x14000;
    cpu->eip = 0xd000 + 8 * 0xff; /* the handler of a vector that starts anew */
    cpu->fx.fcw = 0x37f;
    if (plan->kind == WORLD_REAL)
        modes_start(cpu);
    cpu_paging_changed(cpu);
    if (plan->paging) {
        struct paging paging = cpu->paging;
        if (plan->pae && !walk_load_pdptes(cpu->mem, &paging))
            abort();
        cpu->paging = paging;
        cpu->cr0 |= CR0_PG;
        cpu_paging_changed(cpu);
    }
}

struct side *side_new(const struct world_plan *plan, const struct engine *engine)
{
    static uint8_t rom[4096];
    abbey_error error = { "" };
    struct side *side = calloc(1, sizeof(*side));
    side->engine = engine;
    side->ends = plan->ends;
    side->mem = mem_new(&hostmem, WORLD_RAM, 3u << 30, &error);
    struct cpu *cpu = aligned_alloc(64, (sizeof(*cpu) + 63) & ~(size_t)63);
    if (!side->mem || !cpu)
        abort();
    for (unsigned i = 0; i < sizeof(rom); i++)
        rom[i] = (uint8_t)(i * 29 >> 3);
    mem_add_mmio(side->mem, WORLD_MMIO, 4096, 4, device_access, side);
    mem_add_rom(side->mem, WORLD_ROM, 4096, rom);
    side->low = plan->kind == WORLD_REAL;
    mem_write(side->mem, 0, plan->image, side->low ? WORLD_LOW_END : WORLD_SYSTEM_END);
    mem_write(side->mem, WORLD_CODE, plan->image + WORLD_CODE, WORLD_END - WORLD_CODE);
    memset(cpu, 0, sizeof(*cpu));
    side->cpu = cpu;
    cpu->model = cpu_model_find(plan->later ? "host" : "pentium4");
    cpu->mem = side->mem;
    cpu->bus = &bus;
    cpu->bus_opaque = side;
    cpu->tlb = tlb_new();
    cpu->interp = interp_new(cpu);
    if (!cpu->tlb || !cpu->interp)
        abort();
    cpu_reset(cpu, false);
    side_start(cpu, plan);
    if (engine->prepare && !engine->prepare(cpu, plan->cache, !plan->ends, &error)) {
        fprintf(stderr, "engine '%s': %s\n", engine->name, error.text);
        exit(1);
    }
    if (engine->debug && !engine->debug(cpu, plan->debug, &error)) {
        fprintf(stderr, "engine '%s': %s\n", engine->name, error.text);
        exit(1);
    }
    if (cpu->bt.bt)
        cpu->bt.bt->hot = plan->hot;
    if (plan->host_faults && engine->fault && !hostfault_add(engine, cpu)) {
        fputs("no host faults: plugins/hostos/linux.so is not under ABBEY_BUILDDIR\n", stderr);
        exit(1);
    }
    return side;
}

void side_free(struct side *side)
{
    if (side->engine->release)
        side->engine->release(side->cpu);
    interp_free(side->cpu->interp);
    tlb_free(side->cpu->tlb);
    mem_free(side->mem);
    free(side->cpu);
    free(side);
}

static bool range_same(struct side *a, struct side *b, uint32_t from, uint32_t to, FILE *out)
{
    bool same = true;
    for (uint32_t page = from; page < to; page += 4096) {
        bool marked;
        const uint8_t *in_a = mem_page(a->mem, page, false, &marked), *in_b = mem_page(b->mem, page, false, &marked);
        if (!in_a || !in_b || memcmp(in_a, in_b, 4096) == 0) /* no RAM where display adapters are */
            continue;
        same = false;
        if (!out)
            return false;
        for (unsigned i = 0, lines = 0; i < 4096 && lines < 4; i++)
            if (in_a[i] != in_b[i])
                fprintf(out, "#   memory[%08x]: %02x / %02x\n", page + i, in_a[i], in_b[i]), lines++;
    }
    return same;
}

bool side_memory_same(struct side *a, struct side *b, bool all, FILE *out)
{
    bool same = a->device == b->device;
    if (!same && out)
        fputs("#   accesses to the device or to ports, in their order\n", out);
    if (all)
        return range_same(a, b, 0, WORLD_RAM, out) && same;
    return range_same(a, b, 0, a->low ? WORLD_LOW_END : WORLD_SYSTEM_END, out) &&
           range_same(a, b, WORLD_CODE, WORLD_END, out) && same;
}

bool side_handlers_whole(const struct side *side, const struct world_plan *plan)
{
    bool marked;
    const uint8_t *now = mem_page(side->mem, WORLD_HANDLERS, false, &marked), *made = plan->image + WORLD_HANDLERS;
    const uint32_t common = WORLD_HANDLERS_COMMON - WORLD_HANDLERS;
    return memcmp(now, made, WORLD_HANDLERS_LOG - WORLD_HANDLERS) == 0 &&
           memcmp(now + common, made + common, WORLD_HANDLERS_END - WORLD_HANDLERS_COMMON) == 0;
}
