#include "tests/unit/cpu_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bt/internal.h"
#include "tests/unit/hostfault.h"
#include "tests/unit/hostmem.h"

#define GDT 0x2000u
#define TSS 0x2100u
#define IDT 0x2800u
#define HANDLERS 0x3000u

static uint32_t bus_in(void *opaque, uint16_t port, uint32_t size)
{
    (void)opaque, (void)port, (void)size;
    return 0x11223344;
}
static void bus_out(void *opaque, uint16_t port, uint32_t size, uint32_t value)
{
    struct rig *rig = opaque;
    (void)port, (void)size;
    rig->out_count++;
    rig->out_value = value;
    if (rig->on_out)
        rig->on_out(rig);
}
static uint32_t bus_intr_ack(void *opaque)
{
    struct rig *rig = opaque;
    cpu_unsignal(rig->cpu, CPU_SIGNAL_INTR);
    return rig->intr_vector;
}
static uint64_t bus_tsc(void *opaque)
{
    struct rig *rig = opaque;
    return rig->cpu->instructions;
}
static const struct cpu_bus bus = { .in = bus_in, .out = bus_out, .intr_ack = bus_intr_ack, .tsc = bus_tsc };

struct rig *rig_new(void)
{
    abbey_error error;
    struct rig *rig = calloc(1, sizeof(*rig));
    rig->mem = mem_new(&hostmem, 8u << 20, 3u << 30, &error);
    rig->cpu = aligned_alloc(64, (sizeof(struct cpu) + 63) & ~(size_t)63);
    struct cpu *cpu = rig->cpu;
    memset(cpu, 0, sizeof(*cpu));
    cpu->model = cpu_model_find("pentium4");
    cpu->mem = rig->mem;
    cpu->bus = &bus;
    cpu->bus_opaque = rig;
    cpu->tlb = tlb_new();
    cpu->interp = interp_new(cpu);
    if (!cpu->interp)
        abort();
    cpu_reset(cpu, false);
    return rig;
}

struct rig *rig_new_for(const struct engine *engine, bool counting)
{
    abbey_error error = { "" };
    struct rig *rig = rig_new();
    rig->engine = engine;
    if ((engine->prepare && !engine->prepare(rig->cpu, 4u << 20, counting, &error)) ||
        (engine->debug && !engine->debug(rig->cpu, "windows", &error)) ||
        (engine->fault && !hostfault_attach(engine, rig->cpu))) {
        printf("Bail out! engine %s: %s\n", engine->name, error.text);
        exit(99);
    }
    cpu_translate_all(rig->cpu);
    return rig;
}

void cpu_translate_all(struct cpu *cpu)
{
    if (cpu->bt.bt)
        cpu->bt.bt->hot = 1;
}

uint64_t cpu_translated(const struct cpu *cpu)
{
    return cpu->bt.bt ? cpu->bt.bt->counters.entries : 0;
}

void rig_free(struct rig *rig)
{
    if (rig->engine) {
        hostfault_detach();
        if (rig->engine->release)
            rig->engine->release(rig->cpu);
    }
    interp_free(rig->cpu->interp);
    tlb_free(rig->cpu->tlb);
    mem_free(rig->mem);
    free(rig->cpu);
    free(rig);
}

void rig_poke(struct rig *rig, uint32_t address, const void *bytes, uint32_t count)
{
    mem_write(rig->mem, address, bytes, count);
}

static void poke32(struct rig *rig, uint32_t address, uint32_t value)
{
    rig_poke(rig, address, &value, sizeof(value));
}

uint32_t rig_peek32(struct rig *rig, uint32_t address)
{
    return (uint32_t)mem_load(rig->mem, address, 4);
}

void rig_handler(struct rig *rig, uint32_t vector, const uint8_t *code, const uint8_t *end)
{
    rig_poke(rig, HANDLERS + 16 * vector, code, (uint32_t)(end - code));
}

static void common(struct rig *rig, const uint8_t *code, const uint8_t *end)
{
    cpu_reset(rig->cpu, false);
    for (uint32_t v = 0; v < 256; v++)
        rig_poke(rig, HANDLERS + 16 * v, "\xf4", 1);
    rig_poke(rig, RIG_CODE, code, (uint32_t)(end - code));
    rig->cpu->reg[ESP] = RIG_STACK;
}

static struct segment flat(uint16_t selector, uint16_t attr)
{
    return (struct segment){ .selector = selector, .attr = attr, .limit = UINT32_MAX };
}

void rig_flat32(struct rig *rig, const uint8_t *code, const uint8_t *end)
{
    static const uint32_t gdt[6][2] = { { 0, 0 }, { 0xffff, 0xcf9b00 }, { 0xffff, 0xcf9300 }, { 0xffff, 0xcffb00 },
        { 0xffff, 0xcff300 }, { TSS << 16 | 0x67, 0x8b00 } };
    struct cpu *cpu = rig->cpu;
    common(rig, code, end);
    rig_poke(rig, GDT, gdt, sizeof(gdt));
    poke32(rig, TSS + 4, RIG_STACK);
    poke32(rig, TSS + 8, 0x10);
    for (uint32_t v = 0; v < 256; v++) {
        poke32(rig, IDT + 8 * v, 8u << 16 | (HANDLERS + 16 * v));
        poke32(rig, IDT + 8 * v + 4, 0xee00);
    }
    cpu->gdt = (struct dtable){ .base = GDT, .limit = sizeof(gdt) - 1 };
    cpu->idt = (struct dtable){ .base = IDT, .limit = 0x7ff };
    cpu->tr = (struct segment){ .selector = 0x28, .attr = 0x8b, .base = TSS, .limit = 0x67 };
    for (unsigned i = 0; i < 6; i++)
        cpu->seg[i] = flat(0x10, 0xc093);
    cpu->seg[CS] = flat(8, 0xc09b);
    cpu->cr0 |= CR0_PE;
    cpu->eip = RIG_CODE;
    cpu_paging_changed(cpu);
}

void rig_user(struct rig *rig)
{
    struct cpu *cpu = rig->cpu;
    for (unsigned i = 0; i < 6; i++)
        cpu->seg[i] = flat(0x23, 0xc0f3);
    cpu->seg[CS] = flat(0x1b, 0xc0fb);
    cpu->cpl = 3;
}

void rig_real16(struct rig *rig, const uint8_t *code, const uint8_t *end)
{
    struct cpu *cpu = rig->cpu;
    common(rig, code, end);
    for (uint32_t v = 0; v < 256; v++)
        poke32(rig, 4 * v, HANDLERS + 16 * v);
    cpu->idt = (struct dtable){ .limit = 0x3ff };
    for (unsigned i = 0; i < 6; i++) {
        cpu->seg[i].selector = i == CS ? 0x1000 : i == SS ? 0 : 0x2000;
        cpu->seg[i].base = cpu->seg[i].selector * 16u;
    }
    cpu->eip = 0;
}

void rig_paging(struct rig *rig)
{
    struct cpu *cpu = rig->cpu;
    for (uint32_t i = 0; i < 2; i++)
        poke32(rig, RIG_TABLES + 4 * i, (RIG_TABLES + 4096 * (i + 1)) | 7);
    for (uint32_t page = 0; page < 2048; page++)
        rig_map(rig, page << 12, page << 12 | 7);
    cpu->cr0 |= CR0_PG | CR0_WP;
    cpu->paging.cr3 = RIG_TABLES;
    cpu_paging_changed(cpu);
}

void rig_map(struct rig *rig, uint32_t linear, uint32_t entry)
{
    poke32(rig, RIG_TABLES + 4096 + (linear >> 12) * 4, entry);
}

enum cpu_exit rig_run(struct rig *rig)
{
    return rig->engine ? rig->engine->run(rig->cpu, 1000000) : interp_run(rig->cpu, 1000000);
}

int rig_vector(const struct rig *rig)
{
    uint32_t at = rig->cpu->seg[CS].base + rig->cpu->eip - HANDLERS;
    return rig->cpu->halted && at < 256 * 16 ? (int)(at / 16) : -1;
}
