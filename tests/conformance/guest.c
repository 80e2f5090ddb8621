#include "tests/conformance/guest.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpu/access.h"
#include "core/cpu/cpu.h"
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/interp.h"
#include "core/cpu/system.h"
#include "tests/unit/cpu_rig.h"
#include "tests/unit/hostfault.h"
#include "tests/unit/hostmem.h"

/* The guest's own tables, in one 4 MB region for the supervisor alone, far from what the cases can reach. */
#define SYSTEM 0xe0000000u /* linear; physical 0 */
#define GDT_AT 0x1000u
#define IDT_AT 0x2000u
#define TSS_AT 0x3000u
#define LDT_AT 0x4000u
#define HANDLERS_AT 0x5000u /* HLT at 16 times the vector */
#define STACK_TOP 0x8000u
#define DIRECTORY 0x10000u
#define TABLE_SYSTEM 0x11000u
#define TABLE_USER 0x12000u
#define USER_BASE 0x20000000u /* linear, of TABLE_USER */
#define USER_PHYSICAL 0x100000u
#define RAM_BYTES (4u << 20)

struct guest {
    struct mem *mem;
    struct cpu *cpu;
    const struct engine *engine;
    struct cpu start; /* the state that every case starts from */
};

static gpa_t physical(uint32_t linear)
{
    return linear - USER_BASE + USER_PHYSICAL;
}

static void put32(struct guest *guest, uint32_t at, uint32_t value)
{
    mem_write(guest->mem, at, &value, 4);
}

/* A segment descriptor; limit in bytes, granularity as it must be. `type` is bits 40-47, `db` the D/B bit. */
static void put_descriptor(struct guest *guest, uint32_t at, uint32_t base, uint32_t limit, uint32_t type, bool db)
{
    bool pages = limit > 0xfffff;
    uint32_t scaled = pages ? limit >> 12 : limit;
    put32(guest, at, (scaled & 0xffff) | base << 16);
    put32(guest, at + 4,
        (base >> 16 & 0xff) | type << 8 | (scaled & 0xf0000) | (db ? 1u << 22 : 0) | (pages ? 1u << 23 : 0) |
            (base & 0xff000000));
}

static void tables_build(struct guest *guest)
{
    put_descriptor(guest, GDT_AT + 0x08, 0, 0xffffffff, 0x9b, true); /* as Linux: supervisor code, data */
    put_descriptor(guest, GDT_AT + 0x18, 0, 0xffffffff, 0x93, true);
    put_descriptor(guest, GDT_AT + (SEL_CODE & ~7u), 0, 0xffffffff, 0xfb, true);
    put_descriptor(guest, GDT_AT + (SEL_FLAT & ~7u), 0, 0xffffffff, 0xf3, true);
    put_descriptor(guest, GDT_AT + 0x40, SYSTEM + TSS_AT, 0x67, 0x8b, false);
    put_descriptor(guest, GDT_AT + 0x50, SYSTEM + LDT_AT, LDT_COUNT * 8 - 1, 0x82, false);
    put_descriptor(guest, LDT_AT + 8 * LDT_BASED, ARENA_RW, ARENA_BYTES - 1, 0xf3, true);
    put_descriptor(guest, LDT_AT + 8 * LDT_READONLY, ARENA_RW, ARENA_BYTES - 1, 0xf1, true);
    put_descriptor(guest, LDT_AT + 8 * LDT_DOWN, LDT_DOWN_BASE, 0xfff, 0xf7, true);
    put_descriptor(guest, LDT_AT + 8 * LDT_ABSENT, ARENA_RW, ARENA_BYTES - 1, 0x73, true);
    put_descriptor(guest, LDT_AT + 8 * LDT_CODE, 0, 0xffffffff, 0xfb, true);
    put_descriptor(guest, LDT_AT + 8 * LDT_EXECUTE, 0, 0xffffffff, 0xf9, true);
    put_descriptor(guest, LDT_AT + 8 * LDT_CONFORMING, 0, 0xffffffff, 0x7f, true);
    put_descriptor(guest, LDT_AT + 8 * LDT_CODE16, CODE16_BASE, CODE_END - CODE16_BASE - 1, 0xfb, false);
    put32(guest, TSS_AT + 4, SYSTEM + STACK_TOP);
    put32(guest, TSS_AT + 8, 0x18);
    put32(guest, TSS_AT + 0x64, 0x68u << 16); /* no I/O bitmap */
    for (uint32_t vector = 0; vector < 256; vector++) {
        uint32_t handler = SYSTEM + HANDLERS_AT + 16 * vector;
        uint32_t dpl = vector == 3 || vector == 4 ? 3 : 0;
        put32(guest, IDT_AT + 8 * vector, 0x08u << 16 | (handler & 0xffff));
        put32(guest, IDT_AT + 8 * vector + 4, (handler & 0xffff0000) | 0x8e00 | dpl << 13);
        put32(guest, HANDLERS_AT + 16 * vector, 0xf4); /* hlt */
    }
    put32(guest, DIRECTORY + 4 * (SYSTEM >> 22), TABLE_SYSTEM | 3);
    put32(guest, DIRECTORY + 4 * (USER_BASE >> 22), TABLE_USER | 7);
    for (uint32_t page = 0; page < 0x20; page++)
        put32(guest, TABLE_SYSTEM + 4 * page, page << 12 | 3);
    for (uint32_t linear = ARENA_RW; linear < CODE_END; linear += 4096) {
        if (linear < ARENA_RO_END || linear >= CODE)
            put32(
                guest, TABLE_USER + (linear >> 10 & 0xffc), (uint32_t)physical(linear) | (linear == ARENA_RO ? 5 : 7));
    }
}

/* Brings `cpu` to ring 3 with everything loaded the way a kernel would. */
static void start_build(struct guest *guest)
{
    struct cpu *cpu = guest->cpu;
    jmp_buf here;
    cpu->unwind = &here;
    if (setjmp(here)) {
        fprintf(stderr, "conformance: the guest's own setup raised vector %u\n", cpu->fault.vector);
        exit(99);
    }
    cpu->gdt = (struct dtable){ SYSTEM + GDT_AT, 0x7f };
    cpu->idt = (struct dtable){ SYSTEM + IDT_AT, 0x7ff };
    cpu->paging.cr3 = DIRECTORY;
    cpu->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
    cpu->cr0 = CR0_PE | CR0_PG | CR0_WP | CR0_AM | CR0_NE | CR0_ET | CR0_MP;
    cpu_paging_changed(cpu);
    cpu->tr = (struct segment){ .selector = 0x40, .attr = 0x8b, .base = SYSTEM + TSS_AT, .limit = 0x67 };
    cpu->ldt = (struct segment){ .selector = 0x50, .attr = 0x82, .base = SYSTEM + LDT_AT, .limit = LDT_COUNT * 8 - 1 };
    cpu->cpl = 3;
    cpu->seg[CS] = (struct segment){ .selector = SEL_CODE, .attr = 0xc0fb, .base = 0, .limit = 0xffffffff };
    cpu->seg[SS] = (struct segment){ .selector = SEL_FLAT, .attr = 0xc0f3, .base = 0, .limit = 0xffffffff };
    cpu->eflags = FLAG_IF | 2;
    cpu->instructions = 0;
    cpu->unwind = NULL;
}

/* The FXSAVE image in a struct cpu is aligned to 64. */
static void *zeroed(size_t size)
{
    size = (size + 63) & ~(size_t)63;
    void *memory = aligned_alloc(64, size);
    return memory ? memset(memory, 0, size) : NULL;
}

static uint64_t bus_tsc(void *opaque)
{
    const struct guest *guest = opaque;
    return guest->cpu->instructions;
}
/* User code at IOPL 0 gets at nothing else. */
static const struct cpu_bus bus = { .tsc = bus_tsc };

struct guest *guest_new(
    const uint8_t *arena, const struct cpu_model *model, const struct engine *engine, const char *debug)
{
    struct guest *guest = zeroed(sizeof *guest);
    abbey_error error;
    if (!guest)
        return NULL;
    guest->mem = mem_new(&hostmem, RAM_BYTES, 0xc0000000, &error);
    guest->cpu = zeroed(sizeof *guest->cpu);
    if (!guest->mem || !guest->cpu)
        goto failed;
    guest->cpu->mem = guest->mem;
    guest->cpu->bus = &bus;
    guest->cpu->bus_opaque = guest;
    guest->cpu->model = model;
    guest->cpu->tlb = tlb_new();
    if (!guest->cpu->tlb)
        goto failed;
    cpu_reset(guest->cpu, false);
    guest->cpu->interp = interp_new(guest->cpu);
    if (!guest->cpu->interp)
        goto failed;
    mem_write(guest->mem, physical(ARENA_RW), arena, ARENA_BYTES);
    uint8_t readonly[ARENA_RO_END - ARENA_RO];
    memset(readonly, 0x5a, sizeof readonly);
    mem_write(guest->mem, physical(ARENA_RO), readonly, sizeof readonly);
    tables_build(guest);
    start_build(guest);
    guest->engine = engine;
    if (engine->prepare && !engine->prepare(guest->cpu, 1u << 20, true, &error))
        goto failed;
    if (engine->debug && !engine->debug(guest->cpu, debug, &error))
        goto failed;
    cpu_translate_all(guest->cpu);
    if (engine->fault && !hostfault_attach(engine, guest->cpu))
        goto failed;
    guest->start = *guest->cpu;
    return guest;
failed:
    guest_free(guest);
    return NULL;
}

void guest_free(struct guest *guest)
{
    if (!guest)
        return;
    hostfault_detach();
    if (guest->cpu) {
        if (guest->cpu->bt.bt)
            guest->engine->release(guest->cpu);
        interp_free(guest->cpu->interp);
        tlb_free(guest->cpu->tlb);
        free(guest->cpu);
    }
    mem_free(guest->mem);
    free(guest);
}

uint64_t guest_translated(const struct guest *guest)
{
    return cpu_translated(guest->cpu);
}

void guest_arena(struct guest *guest, uint8_t *arena)
{
    mem_read(guest->mem, physical(ARENA_RW), arena, ARENA_BYTES);
}

void guest_set_arena(struct guest *guest, const uint8_t *arena)
{
    mem_write(guest->mem, physical(ARENA_RW), arena, ARENA_BYTES);
}

/* Puts the architectural state of `start` back; what a CPU caches in memory of its own stays. */
static void cpu_restart(struct guest *guest)
{
    struct cpu *cpu = guest->cpu;
    memcpy(cpu->seg, guest->start.seg, sizeof cpu->seg);
    cpu->cpl = 3;
    cpu->halted = cpu->shutdown = cpu->shadow_sti = cpu->shadow_ss = false;
    cpu->cr2 = 0;
    cpu->dr[6] = guest->start.dr[6];
}

static void segment_load(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    jmp_buf here;
    cpu->unwind = &here;
    if (setjmp(here)) {
        fprintf(stderr, "conformance: the generator gave a bad selector %04x\n", selector);
        exit(99);
    }
    if (cpu->seg[seg].selector != selector || !selector)
        seg_load(cpu, seg, selector);
    cpu->unwind = NULL;
}

/* What the exception handler finds on its stack, from the top down. */
static void exception_read(struct guest *guest, struct conf_result *out)
{
    static const uint32_t with_code = 1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 17;
    struct cpu *cpu = guest->cpu;
    uint32_t frame[6];
    out->exit = EXIT_EXCEPTION;
    out->vector = (cpu->eip - (SYSTEM + HANDLERS_AT)) / 16;
    bool has_code = out->vector < 32 && (with_code >> out->vector & 1);
    mem_read(guest->mem, STACK_TOP - (has_code ? 24u : 20u), frame + !has_code, has_code ? 24 : 20);
    out->code = has_code ? frame[0] : 0;
    out->eip = frame[1];
    out->sreg[CS] = (uint16_t)frame[2];
    out->eflags = frame[3];
    out->gpr[ESP] = frame[4];
    out->sreg[SS] = (uint16_t)frame[5];
    out->cr2 = cpu->cr2;
}

void guest_run(struct guest *guest, const struct conf_case *in, struct conf_result *out)
{
    struct cpu *cpu = guest->cpu;
    cpu_restart(guest);
    mem_write(guest->mem, physical(in->mem_at), in->mem, in->mem_length);
    mem_write(guest->mem, physical(in->eip), in->insn, in->length);
    if (in->length <= CODE_END - 2 - in->eip) /* undefined behind it: no run goes on, so a budget of 1 is a run's */
        mem_write(guest->mem, physical(in->eip + in->length), "\x0f\xff", 2);
    memcpy(cpu->reg, in->gpr, sizeof in->gpr);
    memcpy(&cpu->fx, in->fx, 288);
    if (in->code_base)
        cpu->seg[CS] = (struct segment){
            .selector = in->cs, .attr = 0xfb, .base = CODE16_BASE, .limit = CODE_END - CODE16_BASE - 1
        };
    uint32_t start = in->eip - in->code_base;
    cpu->eip = start;
    cpu->eflags = FLAG_IF | 2;
    segment_load(cpu, DS, in->ds);
    segment_load(cpu, ES, in->es);
    segment_load(cpu, FS, in->fs);
    segment_load(cpu, GS, in->gs);
    cpu->eflags = in->eflags;

    /* A repeated string instruction may take several goes. */
    uint32_t left = 4096;
    do
        guest->engine->run(cpu, 1);
    while (cpu->eip == start && cpu->cpl == 3 && --left);
    uint32_t linear = cpu->seg[CS].base + cpu->eip;

    memset(out, 0, offsetof(struct conf_result, mem));
    memcpy(out->gpr, cpu->reg, sizeof out->gpr);
    for (unsigned i = 0; i < 6; i++)
        out->sreg[i] = cpu->seg[i].selector;
    out->eip = cpu->eip;
    out->eflags = cpu->eflags;
    out->exit = linear == in->taken_at ? EXIT_TAKEN : EXIT_NEXT;
    if (cpu->cpl != 3)
        exception_read(guest, out);
    else if (linear != in->taken_at && linear != in->eip + in->length) {
        /* It went to nowhere: the exception is that of fetching there, as natively. */
        guest->engine->run(cpu, 1);
        if (cpu->cpl != 3)
            exception_read(guest, out);
    }
    memcpy(out->fx, &cpu->fx, sizeof out->fx);
    mem_read(guest->mem, physical(in->mem_at), out->mem, in->mem_length);
}
