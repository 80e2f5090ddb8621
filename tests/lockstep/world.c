#include "tests/lockstep/world.h"

#include <stdlib.h>
#include <string.h>

#include "core/cpu/access.h"
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/interp.h"
#include "tests/unit/hostmem.h"

#define CR3_PAGE 0x1000u
#define PD_PAE 0x2000u
#define PT_LOW 0x6000u
#define PT_MAIN 0x7000u
#define PT_ALIAS 0x8000u
#define PT_TOP 0x9000u
#define LDT 0xa800u
#define IDT 0xb000u
#define TSS 0xc000u
#define ENDING 0xdd00u
#define ENDS_AT WORLD_HANDLERS_END /* so many restarts */
#define KSTACK_TOP 0x14000u

/* ---- the handlers ----
 *
 * A handler starts with the vector on the stack, above what the processor pushed. It logs four words and goes on with
 * the next of the starting states: eight registers as POPA wants them, then EIP, CS, EFLAGS, ESP, SS; FS, GS, ES and
 * DS. */
extern const uint8_t world_common[], world_common_end[];
__asm__(".pushsection .rodata\n"
        "world_common:\n.code32\n"
        "   mov $0x10, %eax; mov %ax, %ds; mov %ax, %es\n"
        "   mov %cr0, %eax; and $~12, %eax; mov %eax, %cr0\n" /* TS, EM */
        "   cld; fninit\n"
        "   mov 0xdffc, %eax; incl 0xdffc\n"
        "   mov %eax, %ecx; and $63, %ecx; shl $4, %ecx\n"
        "   mov (%esp), %edx; mov %edx, 0xd800(%ecx)\n"
        "   mov 4(%esp), %edx; mov %edx, 0xd804(%ecx)\n"
        "   mov 8(%esp), %edx; mov %edx, 0xd808(%ecx)\n"
        "   mov %cr2, %edx; mov %edx, 0xd80c(%ecx)\n"
        "   and $255, %eax; shl $6, %eax; lea 0xe000(%eax), %ebx\n"
        "   mov $0x10, %eax; mov %ax, %ss; mov $0x13ff0, %esp\n"
        "   testb $2, 42(%ebx); jnz 2f\n"
        "   mov 52(%ebx), %fs; mov 54(%ebx), %gs\n"
        "   testb $3, 36(%ebx); jz 1f\n"
        "   mov 56(%ebx), %es; mov 58(%ebx), %ds\n"
        "   mov %ebx, %esp; popa; iret\n"
        "2: movzwl 54(%ebx), %eax; push %eax; movzwl 52(%ebx), %eax; push %eax\n" /* v86 */
        "   movzwl 58(%ebx), %eax; push %eax; movzwl 56(%ebx), %eax; push %eax\n"
        "   pushl 48(%ebx); pushl 44(%ebx); pushl 40(%ebx); pushl 36(%ebx); pushl 32(%ebx)\n"
        "   pushl (%ebx); pushl 4(%ebx); pushl 8(%ebx); pushl 12(%ebx)\n"
        "   pushl 16(%ebx); pushl 20(%ebx); pushl 24(%ebx); pushl 28(%ebx)\n"
        "   popa; iret\n"
        "1: mov 44(%ebx), %esp\n"
        "   pushl 40(%ebx); pushl 36(%ebx); pushl 32(%ebx)\n"
        "   pushl (%ebx); pushl 4(%ebx); pushl 8(%ebx); pushl 12(%ebx)\n"
        "   pushl 16(%ebx); pushl 20(%ebx); pushl 24(%ebx); pushl 28(%ebx)\n"
        "   mov 56(%ebx), %es; mov 58(%ebx), %ds\n"
        "   popa; iret\n"
        "world_common_end:\n"
        ".byte 0\n.code64\n.popsection\n");

/* In front of that in a world that ends: by what the processor pushes, with an error code or without. And the way back
 * of those that resume. */
extern const uint8_t world_error[], world_plain[], world_resume[], world_resume_end[];
__asm__(".pushsection .rodata\n"
        "world_error:\n.code32\n"
        "   andl $~0x8d5, 16(%esp); jmp 1f\n"
        "world_plain:\n"
        "   andl $~0x8d5, 12(%esp)\n"
        "1: mov $0x10, %eax; mov %ax, %ds\n"
        "   mov 0xdffc, %eax; cmp 0xdff8, %eax; jb 2f\n"
        "   cli; hlt\n"
        "2: mov $0xdc00, %eax; jmp *%eax\n"
        "world_resume:\n"
        "   andl $~0x8d5, 8(%esp); iret\n"
        "world_resume_end:\n"
        ".byte 0\n.code64\n.popsection\n");

/* ---- places ---- */

static void put32(struct world_plan *plan, uint32_t at, uint32_t value)
{
    memcpy(plan->image + at, &value, 4);
}

uint32_t world_number(struct dice *dice)
{
    static const uint32_t values[] = { 0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 33, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000,
        0xffff, 0x10000, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff, 0xffffff80,
        0x55555555 };
    uint32_t r = dice_32(dice);
    switch (dice_below(dice, 6)) {
    case 0:
    case 1: return DICE_PICK(dice, values);
    case 2: return r & 0xff;
    case 3: return (uint32_t)((int32_t)r >> (r & 31));
    default: return r;
    }
}

static uint32_t page_offset(struct dice *dice)
{
    uint32_t r = dice_32(dice);
    switch (dice_below(dice, 6)) {
    case 0: return 4096 - dice_below(dice, 18); /* over the end, often */
    case 1: return dice_below(dice, 16);
    default: return r & 0xffc;
    }
}

uint32_t world_pointer(const struct world_plan *plan, struct dice *dice)
{
    if (plan->kind != WORLD_FLAT)
        return modes_pointer(plan, dice);
    uint32_t in_data = WORLD_CODE_BYTES + dice_below(dice, WORLD_DATA_PAGES) * 4096 + page_offset(dice);
    uint32_t in_code = dice_below(dice, WORLD_CODE_BYTES);
    switch (dice_below(dice, 32)) {
    case 0: return WORLD_LARGE + in_data;
    case 1: return plan->paging ? WORLD_LARGE + in_code : WORLD_CODE + in_code;
    case 2: return WORLD_CODE + in_code;
    case 3: return 0u - dice_below(dice, 16); /* around 4 GB */
    case 4: return dice_below(dice, 4096);
    case 5: return dice_32(dice);
    case 6:
    case 7:
    case 8:
        return plan->paging ? WORLD_ALIAS + dice_below(dice, WORLD_ALIAS_PAGES) * 4096 + page_offset(dice)
                            : WORLD_MMIO + dice_below(dice, 0x2000);
    default: /* a few pages are the favourites */
        return WORLD_CODE +
               (dice_once_in(dice, 2) ? WORLD_CODE_BYTES + 4096 * dice_below(dice, 4) + page_offset(dice) : in_data);
    }
}

uint32_t world_target(const struct world_plan *plan, struct dice *dice)
{
    if (!plan->start_count || dice_once_in(dice, 64))
        return plan->eip_base + dice_below(dice, WORLD_CODE_BYTES);
    uint32_t offset = plan->starts[dice_below(dice, plan->start_count)];
    if (plan->kind == WORLD_FLAT && plan->paging && dice_once_in(dice, 12))
        return dice_once_in(dice, 2) ? WORLD_LARGE + offset
                                     : WORLD_ALIAS + (offset & 4095) + 4096 * dice_below(dice, WORLD_ALIAS_PAGES);
    return plan->eip_base + offset;
}

/* ---- tables ---- */

static void put_entry(struct world_plan *plan, uint32_t table, uint32_t index, uint32_t entry)
{
    put32(plan, table + index * (plan->pae ? 8 : 4), entry);
}

static uint32_t page_rights(struct dice *dice)
{
    uint32_t rights = 7;
    if (dice_once_in(dice, 16))
        rights &= ~1u;
    if (dice_once_in(dice, 10))
        rights &= ~2u;
    if (dice_once_in(dice, 10))
        rights &= ~4u;
    return rights | (dice_32(dice) & 0x60); /* A, D */
}

static void make_paging(struct world_plan *plan, struct dice *dice)
{
    uint32_t entries = plan->pae ? 512 : 1024, shift = plan->pae ? 21 : 22, directory = CR3_PAGE;
    struct {
        uint32_t linear, entry;
    } const directories[] = { { 0, PT_LOW | 7 }, { WORLD_CODE, PT_MAIN | 7 }, { WORLD_ALIAS, PT_ALIAS | 7 },
        { WORLD_LARGE, WORLD_CODE | 0x83 | (dice_32(dice) & 4) }, { 0xfffff000, PT_TOP | 7 } };
    if (plan->pae)
        for (uint32_t i = 0; i < 4; i++)
            put_entry(plan, CR3_PAGE, i, (PD_PAE + 4096 * i) | 1);
    for (unsigned i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        uint32_t linear = directories[i].linear;
        if (plan->pae)
            directory = PD_PAE + 4096 * (linear >> 30);
        put_entry(plan, directory, (linear >> shift) % entries, directories[i].entry);
    }
    put_entry(plan, PT_LOW, 0, (WORLD_DATA + 0x5000) | page_rights(dice));
    for (uint32_t page = WORLD_GDT >> 12; page < WORLD_SYSTEM_END >> 12; page++)
        put_entry(plan, PT_LOW, page, page << 12 | 3 | (dice_32(dice) & 0x60));
    for (uint32_t page = 0; page < WORLD_CODE_PAGES + WORLD_DATA_PAGES; page++) {
        uint32_t rights = page < WORLD_CODE_PAGES + 4 ? 0x27 : page_rights(dice);
        if (page < WORLD_CODE_PAGES && dice_once_in(dice, 4))
            rights &= ~2u;
        put_entry(plan, PT_MAIN, page, (WORLD_CODE + page * 4096) | rights);
    }
    for (uint32_t page = 0; page < WORLD_ALIAS_PAGES; page++) {
        static const uint32_t odd[] = { WORLD_MMIO, WORLD_MMIO, WORLD_ROM, 0x900000, 0xa0000, 0xfee00000 };
        uint32_t frame = WORLD_CODE + 4096 * dice_below(dice, WORLD_CODE_PAGES + WORLD_DATA_PAGES);
        if (dice_once_in(dice, 4))
            frame = WORLD_CODE + 4096 * dice_below(dice, WORLD_CODE_PAGES);
        if (dice_once_in(dice, 8))
            frame = DICE_PICK(dice, odd);
        put_entry(plan, PT_ALIAS, page, frame | page_rights(dice));
    }
    put_entry(plan, PT_ALIAS, (WORLD_PT_EDIT >> 12) % entries, PT_ALIAS | 3);
    put_entry(plan, PT_TOP, entries - 1, (WORLD_DATA + 0x6000) | page_rights(dice));
}

static void put_descriptor(struct world_plan *plan, uint32_t at, uint32_t base, uint32_t limit20, uint32_t attr)
{
    put32(plan, at, (limit20 & 0xffff) | base << 16);
    put32(plan, at + 4, (base >> 16 & 0xff) | attr << 8 | (limit20 & 0xf0000) | (base & 0xff000000));
}

static void make_tables(struct world_plan *plan, struct dice *dice)
{
    static const struct {
        uint16_t selector, attr;
        uint32_t base, limit;
    } gdt[] = {
        { SEL_KCODE, 0xc09b, 0, 0xfffff },
        { SEL_KDATA, 0xc093, 0, 0xfffff },
        { SEL_UCODE, 0xc0fb, 0, 0xfffff },
        { SEL_UDATA, 0xc0f3, 0, 0xfffff },
        { SEL_TSS, 0x008b, TSS, 0xeff },
        { SEL_LDT, 0x0082, LDT, 0xff },
        { SEL_WINDOW, 0x40f3, WORLD_DATA, 0xffff },
        { SEL_BASED, 0xc0f3, WORLD_DATA + 0x8000, 0xfffff },
        { SEL_READONLY, 0xc0f1, 0, 0xfffff },
        { SEL_DOWN, 0x40f7, WORLD_DATA, 0xfff },
        { SEL_CODE16, 0x00fb, WORLD_CODE, 0xffff },
        { SEL_CONFORMING, 0xc09f, 0, 0xfffff },
        { SEL_ABSENT, 0xc073, 0, 0xfffff },
    };
    for (unsigned i = 0; i < sizeof(gdt) / sizeof(gdt[0]); i++)
        put_descriptor(plan, WORLD_GDT + (gdt[i].selector & ~7u), gdt[i].base, gdt[i].limit, gdt[i].attr);
    put32(plan, WORLD_GDT + (SEL_GATE & ~7u), SEL_KCODE << 16 | (WORLD_HANDLERS + 8 * 0x90));
    put32(plan, WORLD_GDT + (SEL_GATE & ~7u) + 4, 0xec00);
    for (uint32_t i = 0; i < 16; i++)
        put_descriptor(
            plan, LDT + 8 * i, world_pointer(plan, dice), dice_32(dice) & 0xfffff, 0xf3 | (dice_32(dice) & 0xc000));
    for (uint32_t v = 0; v < 256; v++) {
        uint32_t attr = dice_once_in(dice, 3) ? 0xef00 : 0xee00;
        if (v > 0x20 && dice_once_in(dice, 32))
            attr &= DICE_PICK(dice, ((const uint32_t[]){ 0x6f00, 0x8f00 }));
        put32(plan, IDT + 8 * v, SEL_KCODE << 16 | (WORLD_HANDLERS + 8 * v));
        put32(plan, IDT + 8 * v + 4, attr);
    }
    put32(plan, TSS + 4, KSTACK_TOP - (dice_once_in(dice, 4) ? dice_below(dice, 64) : 0));
    put32(plan, TSS + 8, SEL_KDATA);
    put32(plan, TSS + 0x64, 0x68u << 16);
    for (uint32_t i = 0x68; i < 0xe00; i++)
        plan->image[TSS + i] = dice_once_in(dice, 8) ? 0xff : 0;
}

/* Vectors of traps resume the program; all others log and start anew: PUSH imm8; JMP common. */
static void make_handlers(struct world_plan *plan)
{
    memcpy(plan->image + WORLD_HANDLERS_COMMON, world_common, (size_t)(world_common_end - world_common));
    for (uint32_t v = 0; v < 256; v++) {
        uint8_t *stub = plan->image + WORLD_HANDLERS + 8 * v;
        bool resumes = v == EXC_DB || v == EXC_BP || v == EXC_OF || (v >= 0x20 && v < 0x80);
        uint32_t distance = WORLD_HANDLERS_COMMON - (WORLD_HANDLERS + 8 * v + 7);
        memcpy(stub, "\x6a\x00\xe9", 3);
        stub[1] = (uint8_t)v;
        memcpy(stub + 3, &distance, 4);
        if (resumes)
            stub[0] = 0xcf; /* IRET */
    }
}

static bool pushes_error(uint32_t vector)
{
    return vector == EXC_DF || (vector >= EXC_TS && vector <= EXC_PF) || vector == EXC_AC;
}

void world_plan_end(struct world_plan *plan, uint32_t restarts)
{
    plan->ends = true;
    put32(plan, ENDS_AT, restarts);
    memcpy(plan->image + ENDING, world_error, (size_t)(world_resume_end - world_error));
    for (uint32_t v = 0; v < 256; v++) {
        uint8_t *stub = plan->image + WORLD_HANDLERS + 8 * v;
        const uint8_t *to = stub[0] == 0xcf ? world_resume : pushes_error(v) ? world_error : world_plain;
        uint32_t distance = ENDING + (uint32_t)(to - world_error) - (WORLD_HANDLERS + 8 * v);
        if (to == world_resume) {
            stub[0] = 0xe9;
            put32(plan, WORLD_HANDLERS + 8 * v + 1, distance - 5);
        } else {
            put32(plan, WORLD_HANDLERS + 8 * v + 3, distance - 7);
        }
    }
}

static void make_starts(struct world_plan *plan, struct dice *dice)
{
    static const uint16_t user_fs[] = { SEL_UDATA, SEL_WINDOW, SEL_BASED, SEL_BASED, SEL_READONLY, 0, SEL_DOWN };
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t at = 0xe000 + 64 * i;
        bool user = plan->user_only || dice_once_in(dice, 2);
        for (uint32_t r = 0; r < 8; r++)
            put32(plan, at + 4 * r, dice_once_in(dice, 3) ? world_number(dice) : world_pointer(plan, dice));
        uint32_t flags = 0x202 | (dice_32(dice) & 0x8d5) | (dice_once_in(dice, 12) ? FLAG_DF : 0);
        flags |= dice_once_in(dice, 24) ? FLAG_TF : 0;
        flags |= dice_once_in(dice, 24) ? FLAG_AC : 0;
        flags |= dice_once_in(dice, 24) ? FLAG_NT : 0;
        flags |= dice_once_in(dice, 16) ? FLAG_IOPL : 0;
        flags &= dice_once_in(dice, 16) ? ~FLAG_IF : ~0u;
        put32(plan, at + 32, world_target(plan, dice));
        put32(plan, at + 36, user ? SEL_UCODE : SEL_KCODE);
        put32(plan, at + 40, flags);
        uint32_t esp = WORLD_DATA + 0x8000 + dice_below(dice, 0x4000);
        put32(plan, at + 44,
            dice_once_in(dice, 16)  ? world_pointer(plan, dice)
            : dice_once_in(dice, 8) ? esp
                                    : esp & ~3u);
        put32(plan, at + 48, SEL_UDATA);
        put32(plan, at + 56, (user ? SEL_UDATA : SEL_KDATA) * 0x10001u);
        put32(plan, at + 52, (uint32_t)DICE_PICK(dice, user_fs) | (uint32_t)DICE_PICK(dice, user_fs) << 16);
    }
}

struct world_plan *world_plan_new(uint64_t seed, bool settle)
{
    struct world_plan *plan = calloc(1, sizeof(*plan));
    struct dice dice = { seed };
    plan->seed = seed;
    plan->settle = settle;
    plan->image = calloc(1, WORLD_RAM);
    plan->paging = !dice_once_in(&dice, 24); /* without, a REP may go through all 4 GB */
    modes_choose(plan);
    plan->pae = plan->paging && dice_once_in(&dice, 2);
    plan->wp = !dice_once_in(&dice, 3);
    plan->am = dice_once_in(&dice, 3);
    plan->user_only = dice_once_in(&dice, 3) && plan->kind != WORLD_REAL;
    plan->cache = seed % 4 == 3 ? 128u << 10 : 8u << 20;
    plan->hot = seed / 4 % 4 == 3 ? 3 : 1;
    plan->fp = seed % 3 == 0;
    plan->later = seed % 2 == 1;
    plan->host_faults = seed % 8 != 5;
    /* One world in three has what is rare made certain. */
    static const char *const debug[] = { "windows", "no-windows", "windows,no-guard" };
    static const char *const odd[] = { "windows,kick", "no-windows,kick", "windows,kick-some,drop-pages",
        "windows,one-page-fills", "no-windows,one-page-tlb,drop-pages", "windows,one-page-fills,no-guard,short-units",
        "no-windows,one-page-tlb,kick-some,evict", "windows,loose", "no-windows,loose", "windows,loose,kick-some" };
    plan->debug = seed / 2 % 9 < 6 ? debug[seed / 2 % 3] : odd[seed / 18 % 10];
    plan->wild = dice_once_in(&dice, 8);
    for (uint32_t at = WORLD_DATA; at < WORLD_END; at += 4)
        put32(plan, at, dice_once_in(&dice, 3) ? world_pointer(plan, &dice) : world_number(&dice));
    program_make(plan, &dice);
    make_paging(plan, &dice);
    make_tables(plan, &dice);
    make_handlers(plan);
    make_starts(plan, &dice);
    if (plan->kind != WORLD_FLAT)
        modes_make(plan, &dice);
    return plan;
}

void world_plan_free(struct world_plan *plan)
{
    free(plan->image);
    free(plan);
}
