/* world.h - a small hostile computer made from a seed: memory, tables, random programs, and a processor in it.
 *
 *     physical
 *     00001000  CR3 page: page directory, or PDPT; 2000-5fff page directories for PAE; 6000-9fff page tables
 *     0000a000  GDT; a800 LDT; b000 IDT; c000 TSS
 *     0000d000  handlers; d800 log of what they got; dd00 what comes before them in a world that ends
 *     0000e000  256 starting states; the handlers continue with the next one
 *     00012000  kernel stack, 8 KB
 *     00400000  code, 8 pages; 00408000 data, 64 pages
 *     00800000  device memory, one page; 00801000 ROM, one page
 *
 *     linear
 *     00000000  page 0: data, so that accesses may run over 4 GB; system pages, but not the page tables
 *     00400000  code and data where they are, some pages read-only, supervisor, or not present
 *     00800000  128 pages of code, data, ROM, device memory and holes in any order with any rights
 *     c0400000  code and data by a large page
 *     fffff000  data
 *
 * Half of the worlds are flat. The others (modes.c) run in segments with bases and limits, in 16-bit protected mode, in
 * v86 mode or in real mode; code and data then begin at offset 0 of their segments. In v86 mode they stand at linear
 * 00020000 too, and in real mode at physical 00020000, where EIP and handlers are 16-bit.
 *
 * Page tables are changed by the programs through one alias only, and always with INVLPG behind it: what a stale
 * translation does is not defined, so two engines need not agree on it. */
#ifndef ABBEY_TESTS_LOCKSTEP_WORLD_H
#define ABBEY_TESTS_LOCKSTEP_WORLD_H

#include <stdio.h>

#include "core/cpu/cpu.h"
#include "core/vmm/vcpu.h"
#include "tests/lockstep/random.h"

#define WORLD_RAM (5u << 20)
#define WORLD_GDT 0xa000u
#define WORLD_RESTARTS 0xdffcu /* counts the handlers that start anew */
#define WORLD_HANDLERS 0xd000u
#define WORLD_HANDLERS_LOG 0xd800u
#define WORLD_HANDLERS_COMMON 0xdc00u
#define WORLD_HANDLERS_END 0xdff8u
#define WORLD_SYSTEM_END 0x14000u /* of what is used at 0 */
#define WORLD_CODE 0x400000u
#define WORLD_CODE_PAGES 8u
#define WORLD_CODE_BYTES (WORLD_CODE_PAGES << 12)
#define WORLD_DATA (WORLD_CODE + WORLD_CODE_BYTES)
#define WORLD_DATA_PAGES 64u
#define WORLD_END (WORLD_DATA + (WORLD_DATA_PAGES << 12))
#define WORLD_ALIAS 0x800000u
#define WORLD_ALIAS_PAGES 128u
#define WORLD_LARGE 0xc0400000u
#define WORLD_LOW 0x20000u /* where real and v86 mode have code and data */
#define WORLD_LOW_END (WORLD_LOW + WORLD_END - WORLD_CODE)
#define WORLD_PT_EDIT 0x9f4000u /* linear: the page table of WORLD_ALIAS, for CPL 0 */
#define WORLD_MMIO 0x800000u
#define WORLD_ROM 0x801000u

/* Selectors of the GDT. */
enum {
    SEL_KCODE = 0x08,
    SEL_KDATA = 0x10,
    SEL_UCODE = 0x1b,
    SEL_UDATA = 0x23,
    SEL_TSS = 0x28,
    SEL_LDT = 0x30,
    SEL_WINDOW = 0x3b, /* data, base WORLD_DATA, 64 KB */
    SEL_BASED = 0x43,  /* data, base WORLD_DATA + 8000h, 4 GB */
    SEL_READONLY = 0x4b,
    SEL_DOWN = 0x53,
    SEL_CODE16 = 0x5b,
    SEL_CONFORMING = 0x63,
    SEL_ABSENT = 0x6b,
    SEL_GATE = 0x73,
    /* Of modes.c. Code begins at WORLD_CODE; data somewhere in code or data. B is set only where 32 is said. */
    SEL_KCODE32 = 0x78,
    SEL_UCODE32 = 0x83,
    SEL_KCODE16 = 0x88,
    SEL_UCODE16 = 0x93,
    SEL_DATA32 = 0x9b, /* an odd limit */
    SEL_CODE_DATA = 0xa3,
    SEL_STACK16 = 0xab,
    SEL_DOWN16 = 0xb3,
    SEL_BIG16 = 0xbb, /* 4 GB */
    SEL_KSTACK16 = 0xc0,
    SEL_END = 0xc8,
};

enum world_kind { WORLD_FLAT, WORLD_SEGMENTED, WORLD_PROTECTED16, WORLD_V86, WORLD_REAL };

/* What is fixed by the seed for both sides. */
struct world_plan {
    uint64_t seed;
    enum world_kind kind;
    bool code16;
    uint32_t eip_base; /* EIP of the first byte of code */
    bool paging, pae, wp, am, user_only, wild;
    bool settle;                           /* no instruction leaves undefined flags behind for long */
    uint64_t cache;                        /* bytes of translated code: one world in four has hardly any */
    uint16_t hot;                          /* executions before code is translated */
    bool fp;                               /* a third is x87, MMX and SSE */
    bool later;                            /* of what came after SSE2, too, as the host has it */
    const char *debug;                     /* switches of engines */
    bool host_faults;                      /* engines hear of them: what may fault runs as translated code */
    bool ends;                             /* the world ends, and instructions are not counted */
    uint8_t *image;                        /* of all RAM */
    uint32_t starts[WORLD_CODE_BYTES / 2]; /* offsets of instructions in the code */
    uint32_t start_count;
};

struct side {
    bool ends; /* of the plan */
    struct cpu *cpu;
    struct mem *mem;
    const struct engine *engine;
    bool low; /* code and data at WORLD_LOW */
    uint32_t intr_vector;
    uint64_t device; /* hash of all that the device and the ports saw, in order */
};

struct world_plan *world_plan_new(uint64_t seed, bool settle);
void world_plan_free(struct world_plan *plan);
/* The handlers end the world by HLT when so many faults have started anew; and they clear the arithmetic flags in what
 * the processor pushed. */
void world_plan_end(struct world_plan *plan, uint32_t restarts);

struct side *side_new(const struct world_plan *plan, const struct engine *engine);
void side_free(struct side *side);

/* Memory and devices of both sides are equal; else the places that differ go to `out`, if not NULL. With `all` RAM
 * that nothing should have touched is compared too. */
bool side_memory_same(struct side *a, struct side *b, bool all, FILE *out);

/* Is the code of the handlers what the plan made it? */
bool side_handlers_whole(const struct side *side, const struct world_plan *plan);

/* Where a random access might go, as a linear address. */
uint32_t world_pointer(const struct world_plan *plan, struct dice *dice);
/* An interesting number. */
uint32_t world_number(struct dice *dice);
/* A linear address of code. */
uint32_t world_target(const struct world_plan *plan, struct dice *dice);

/* modes.c: makes the plan one of another kind than flat, before its parts are made, and changes them afterwards. */
void modes_choose(struct world_plan *plan);
void modes_make(struct world_plan *plan, struct dice *dice);
/* Its selectors for data, code and real mode, to be loaded anywhere; pointers into its segments. */
uint16_t modes_data(const struct world_plan *plan, struct dice *dice);
uint16_t modes_code(const struct world_plan *plan, struct dice *dice);
uint32_t modes_pointer(const struct world_plan *plan, struct dice *dice);
/* The processor as real mode wants it. */
void modes_start(struct cpu *cpu);

/* program.c: fills the code pages of plan->image, and plan->starts. */
void program_make(struct world_plan *plan, struct dice *dice);

#endif
