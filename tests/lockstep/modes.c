/* modes.c - worlds that are not flat: segments with bases and limits, 16-bit protected mode, v86 mode, real mode.
 *
 * They share programs, pages and handlers with the flat ones (world.c, program.c); what is another here is descriptors,
 * where the starting states go, and in real mode the handlers. Code and data begin at offset 0 of most segments. */
#include <string.h>

#include "tests/lockstep/world.h"

#define PT_LOW 0x6000u
#define IVT 0xb000u
#define HANDLERS 0xd000u
#define COMMON 0xdc00u
#define STARTS 0xe000u
#define LOW_SELECTOR (WORLD_LOW >> 4)

/* As world_common for real mode, at COMMON in the segment of the handlers; 128 starting states are within reach. */
extern const uint8_t world_real[], world_real_end[];
__asm__(".pushsection .rodata\n"
        "world_real:\n.code16\n"
        "   mov %cr0, %eax; and $~12, %eax; mov %eax, %cr0\n" /* TS, EM */
        "   cld; fninit\n"
        "   pop %dx\n"
        "   xor %ax, %ax; mov %ax, %ds\n"
        "   mov $0x1000, %ax; mov %ax, %ss; mov $0x3ff0, %sp\n"
        "   mov 0xdffc, %ax; incl 0xdffc\n"
        "   mov %ax, %bx; and $63, %bx; shl $4, %bx; mov %dx, 0xd800(%bx)\n"
        "   and $127, %ax; shl $6, %ax; add $0xe000, %ax; mov %ax, %bx\n"
        "   mov 48(%bx), %ss; mov 44(%bx), %esp\n"
        "   pushw 40(%bx); pushw 36(%bx); pushw 32(%bx)\n"
        "   mov (%bx), %edi; mov 4(%bx), %esi; mov 8(%bx), %ebp\n"
        "   mov 20(%bx), %edx; mov 24(%bx), %ecx; mov 28(%bx), %eax\n"
        "   mov 52(%bx), %fs; mov 54(%bx), %gs; mov 56(%bx), %es\n"
        "   pushw 58(%bx); mov 16(%bx), %ebx; pop %ds; iret\n"
        "world_real_end:\n"
        ".byte 0\n.code64\n.popsection\n");

static bool real_kind(const struct world_plan *plan)
{
    return plan->kind == WORLD_V86 || plan->kind == WORLD_REAL;
}

void modes_choose(struct world_plan *plan)
{
    static const enum world_kind kinds[] = { WORLD_FLAT, WORLD_FLAT, WORLD_FLAT, WORLD_FLAT, WORLD_FLAT,
        WORLD_SEGMENTED, WORLD_PROTECTED16, WORLD_PROTECTED16, WORLD_V86, WORLD_REAL };
    struct dice dice = { plan->seed ^ 0x30de5 };
    plan->kind = DICE_PICK(&dice, kinds);
    plan->code16 = plan->kind >= WORLD_PROTECTED16;
    plan->eip_base = plan->kind == WORLD_FLAT ? WORLD_CODE : 0;
    if (plan->kind == WORLD_V86)
        plan->paging = true;
    if (plan->kind == WORLD_REAL)
        plan->paging = false;
}

uint16_t modes_data(const struct world_plan *plan, struct dice *dice)
{
    static const uint16_t protected[] = { SEL_DATA32, SEL_DATA32, SEL_DATA32, SEL_CODE_DATA, SEL_CODE_DATA, SEL_STACK16,
        SEL_STACK16, SEL_STACK16, SEL_DOWN16, SEL_BIG16, SEL_BIG16, SEL_UDATA, SEL_WINDOW, SEL_BASED, SEL_READONLY,
        SEL_UCODE16, SEL_KSTACK16, 0 };
    static const uint16_t real[] = { LOW_SELECTOR, LOW_SELECTOR, LOW_SELECTOR, LOW_SELECTOR, LOW_SELECTOR + 0x800,
        LOW_SELECTOR + 0x7ff, LOW_SELECTOR + 1, LOW_SELECTOR + 0x1000, LOW_SELECTOR + 0x3fff };
    if (!real_kind(plan))
        return DICE_PICK(dice, protected);
    return dice_once_in(dice, 40) ? (uint16_t)dice_32(dice) : DICE_PICK(dice, real);
}

uint16_t modes_code(const struct world_plan *plan, struct dice *dice)
{
    bool user = dice_once_in(dice, 2), other = dice_once_in(dice, 30);
    switch (plan->kind) {
    case WORLD_FLAT: return user ? SEL_UCODE : SEL_KCODE;
    case WORLD_V86:
    case WORLD_REAL: return (uint16_t)(LOW_SELECTOR + other);
    default: break;
    }
    if ((plan->kind == WORLD_SEGMENTED) != other)
        return user ? SEL_UCODE32 : SEL_KCODE32;
    return user ? SEL_UCODE16 : SEL_KCODE16;
}

uint32_t modes_pointer(const struct world_plan *plan, struct dice *dice)
{
    uint32_t offset = dice_below(dice, 4096);
    (void)plan;
    if (dice_once_in(dice, 6))
        offset = 4096 - dice_below(dice, 18); /* over the end, often */
    switch (dice_below(dice, 24)) {
    case 0: return 0xffff - dice_below(dice, 10);
    case 1: return dice_32(dice);
    case 2: return dice_below(dice, WORLD_CODE_BYTES);
    case 3: return 0x10000 + dice_below(dice, 0x38000);
    case 4: return dice_below(dice, 32);
    case 5: return 0x47ffe - dice_below(dice, 10); /* the limit of SEL_DATA32 */
    default: return WORLD_CODE_BYTES + 4096 * dice_below(dice, 7) + offset;
    }
}

/* ---- parts ---- */

static void put32(struct world_plan *plan, uint32_t at, uint32_t value)
{
    memcpy(plan->image + at, &value, 4);
}

static uint32_t get32(const struct world_plan *plan, uint32_t at)
{
    uint32_t value;
    memcpy(&value, plan->image + at, 4);
    return value;
}

static void make_descriptors(struct world_plan *plan, struct dice *dice)
{
    uint32_t near_limit = DICE_PICK(dice, ((const uint32_t[]){ 0x7fff, 0xffff, 0xffff })),
             limit = DICE_PICK(dice, ((const uint32_t[]){ 0x7fff, 0x47fff, 0xfffff })),
             base = DICE_PICK(dice, ((const uint32_t[]){ 0, 0x7ff8, 0x8000 }));
    const struct {
        uint32_t selector, attr, base, limit;
    } rows[] = {
        { SEL_KCODE32, 0x409b, WORLD_CODE, limit },
        { SEL_UCODE32, 0x40fb, WORLD_CODE, limit },
        { SEL_KCODE16, 0x009b, WORLD_CODE, near_limit },
        { SEL_UCODE16, 0x00fb, WORLD_CODE, near_limit },
        { SEL_DATA32, 0x40f3, WORLD_CODE, 0x47ffe },
        { SEL_CODE_DATA, 0x00f3, WORLD_CODE + base, 0xffff },
        { SEL_STACK16, 0x00f3, WORLD_CODE, 0xffff },
        { SEL_DOWN16, 0x00f7, WORLD_CODE, 0x8fff },
        { SEL_BIG16, 0x80f3, WORLD_CODE, 0xfffff },
        { SEL_KSTACK16, 0x0093, WORLD_CODE, 0xffff },
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t at = WORLD_GDT + (rows[i].selector & ~7u), b = rows[i].base;
        put32(plan, at, (rows[i].limit & 0xffff) | b << 16);
        put32(plan, at + 4, (b >> 16 & 0xff) | rows[i].attr << 8 | (rows[i].limit & 0xf0000) | (b & 0xff000000));
    }
}

/* Code, data and most of their rights at WORLD_LOW. */
static void make_low_pages(struct world_plan *plan, struct dice *dice)
{
    for (uint32_t page = 0; page < WORLD_CODE_PAGES + WORLD_DATA_PAGES; page++) {
        uint32_t rights = dice_once_in(dice, 12) ? dice_32(dice) & 0x67 : 0x27;
        uint32_t at = PT_LOW + ((WORLD_LOW >> 12) + page) * (plan->pae ? 8 : 4);
        put32(plan, at, (WORLD_CODE + page * 4096) | rights);
    }
}

static void make_real(struct world_plan *plan)
{
    memcpy(plan->image + WORLD_LOW, plan->image + WORLD_CODE, WORLD_END - WORLD_CODE);
    memcpy(plan->image + COMMON, world_real, (size_t)(world_real_end - world_real));
    for (uint32_t v = 0; v < 256; v++) {
        uint8_t *stub = plan->image + HANDLERS + 8 * v;
        uint32_t distance = COMMON - (HANDLERS + 8 * v + 5);
        put32(plan, IVT + 4 * v, HANDLERS << 12 | 8 * v);
        if (stub[0] == 0x6a) /* PUSH imm8; JMP rel16 */
            memcpy(stub + 3, &distance, 2);
    }
}

static void make_starts(struct world_plan *plan, struct dice *dice)
{
    static const uint16_t stacks[] = { SEL_STACK16, SEL_STACK16, SEL_STACK16, SEL_DATA32, SEL_BIG16, SEL_DOWN16 };
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t at = STARTS + 64 * i, flags = get32(plan, at + 40);
        bool user = get32(plan, at + 36) == SEL_UCODE;
        put32(plan, at + 52, modes_data(plan, dice) | (uint32_t)modes_data(plan, dice) << 16);
        put32(plan, at + 56, modes_data(plan, dice) | (uint32_t)modes_data(plan, dice) << 16);
        if (real_kind(plan)) {
            put32(plan, at + 36, LOW_SELECTOR);
            put32(plan, at + 48, dice_once_in(dice, 4) ? LOW_SELECTOR + 0x800 : LOW_SELECTOR);
            if (plan->kind == WORLD_V86)
                put32(plan, at + 40, flags | FLAG_VM | (dice_once_in(dice, 4) ? 0 : FLAG_IOPL));
        } else if (plan->kind == WORLD_SEGMENTED) {
            put32(plan, at + 36, user ? SEL_UCODE32 : SEL_KCODE32);
            put32(plan, at + 48, DICE_PICK(dice, stacks));
        } else {
            put32(plan, at + 36, user ? SEL_UCODE16 : SEL_KCODE16);
            put32(plan, at + 48, DICE_PICK(dice, stacks));
        }
        if (user || real_kind(plan))
            put32(plan, at + 44, 0x9000 + (dice_below(dice, 0x4000) & (dice_once_in(dice, 8) ? ~0u : ~1u)));
    }
}

void modes_make(struct world_plan *plan, struct dice *dice)
{
    make_descriptors(plan, dice);
    make_starts(plan, dice);
    if (plan->kind == WORLD_V86)
        make_low_pages(plan, dice);
    if (plan->kind == WORLD_REAL)
        make_real(plan);
}

void modes_start(struct cpu *cpu)
{
    for (unsigned i = 0; i < 6; i++)
        cpu->seg[i] = (struct segment){ .attr = 0x93, .limit = 0xffff };
    cpu->seg[CS].selector = HANDLERS >> 4;
    cpu->seg[CS].base = HANDLERS;
    cpu->seg[SS].selector = 0x1000;
    cpu->seg[SS].base = 0x10000;
    cpu->idt = (struct dtable){ .base = IVT, .limit = 0x3ff };
    cpu->cr0 = CR0_ET | CR0_NE;
    cpu->reg[ESP] = 0x3ff0;
}
