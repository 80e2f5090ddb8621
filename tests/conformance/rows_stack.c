/* The stack: PUSH, POP and their relatives. */
#include "tests/conformance/gen.h"

#include <string.h>

enum { ESP = 4, EBP = 5 };

/* EFLAGS to be popped: not TF, which would trap in the runner. */
static void flags_on_stack(struct gen *gen)
{
    gen_poke(gen, gen->in->gpr[ESP], gen_random(gen) & ~0x100u, 4);
}

static void selector_on_stack(struct gen *gen)
{
    static const uint16_t selectors[] = { SEL_FLAT, SEL_CODE, 0, SEL_LDT(LDT_BASED), SEL_LDT(LDT_READONLY),
        SEL_LDT(LDT_DOWN), SEL_LDT(LDT_ABSENT), SEL_LDT(LDT_CODE), SEL_LDT(LDT_EXECUTE), SEL_LDT(LDT_COUNT), 0x18,
        0x40 };
    gen_poke(gen, gen->in->gpr[ESP], selectors[gen_below(gen, sizeof selectors / sizeof selectors[0])], 2);
}

static void stack_selector_on_stack(struct gen *gen)
{
    static const uint16_t selectors[] = { SEL_FLAT, SEL_FLAT, SEL_CODE, 0, SEL_LDT(LDT_READONLY), SEL_LDT(LDT_ABSENT),
        0x18 };
    gen_poke(gen, gen->in->gpr[ESP], selectors[gen_below(gen, sizeof selectors / sizeof selectors[0])], 2);
}

static void frame(struct gen *gen)
{
    gen->in->gpr[EBP] = gen->in->mem_at + gen->in->mem_length / 2 + gen_below(gen, 64);
}

/* The nesting level of ENTER is taken modulo 32; keep the allocation near. */
static void enter_operands(struct gen *gen)
{
    struct conf_case *in = gen->in;
    in->insn[in->length - 2] &= 3;
}

// clang-format off
static const struct row rows[] = {
    { "PUSH r16",     "66 50+r",    0, 0, ROW_STACK },
    { "PUSH r32",     "50+r",       0, 0, ROW_STACK },
    { "POP r16",      "66 58+r",    0, 0, ROW_STACK },
    { "POP r32",      "58+r",       0, 0, ROW_STACK },
    { "PUSH r/m16",   "66 FF /6",   2, 0, ROW_STACK },
    { "PUSH r/m32",   "FF /6",      4, 0, ROW_STACK },
    { "POP r/m16",    "66 8F /0",   2, 0, ROW_STACK },
    { "POP r/m32",    "8F /0",      4, 0, ROW_STACK },
    { "PUSH imm8 (16)", "66 6A ib", 0, 0, ROW_STACK },
    { "PUSH imm8",    "6A ib",      0, 0, ROW_STACK },
    { "PUSH imm16",   "66 68 iw",   0, 0, ROW_STACK },
    { "PUSH imm32",   "68 id",      0, 0, ROW_STACK },
    { "PUSHA",        "66 60",      0, 0, ROW_STACK | ROW_PARTIAL },
    { "PUSHAD",       "60",         0, 0, ROW_STACK | ROW_PARTIAL },
    { "POPA",         "66 61",      0, 0, ROW_STACK },
    { "POPAD",        "61",         0, 0, ROW_STACK },
    { "PUSHF",        "66 9C",      0, 0, ROW_STACK },
    { "PUSHFD",       "9C",         0, 0, ROW_STACK },
    { "POPF",         "66 9D",      0, 0, ROW_STACK, .memory = flags_on_stack },
    { "POPFD",        "9D",         0, 0, ROW_STACK, .memory = flags_on_stack },
    { "ENTER imm16,0",    "C8 iw 00", 0, 0, ROW_STACK | ROW_PARTIAL, .registers = frame, .memory = enter_operands },
    { "ENTER imm16,1",    "C8 iw 01", 0, 0, ROW_STACK | ROW_PARTIAL, .registers = frame, .memory = enter_operands },
    { "ENTER imm16,imm8", "C8 iw ib", 0, 0, ROW_STACK | ROW_PARTIAL, .registers = frame, .memory = enter_operands },
    { "ENTER imm16,imm8 (16)", "66 C8 iw ib", 0, 0, ROW_STACK | ROW_PARTIAL, .registers = frame, .memory = enter_operands },
    { "LEAVE",        "C9",         0, 0, ROW_STACK, .registers = frame },
    { "LEAVE (16)",   "66 C9",      0, 0, ROW_STACK, .registers = frame },
    { "PUSH ES",      "06",         0, 0, ROW_STACK },
    { "PUSH CS",      "0E",         0, 0, ROW_STACK },
    { "PUSH SS",      "16",         0, 0, ROW_STACK },
    { "PUSH DS",      "1E",         0, 0, ROW_STACK },
    { "PUSH FS",      "0F A0",      0, 0, ROW_STACK },
    { "PUSH GS",      "0F A8",      0, 0, ROW_STACK },
    { "PUSH ES (16)", "66 06",      0, 0, ROW_STACK },
    { "PUSH GS (16)", "66 0F A8",   0, 0, ROW_STACK },
    { "POP ES",       "07",         0, 0, ROW_STACK, .memory = selector_on_stack },
    { "POP SS",       "17",         0, 0, ROW_STACK, .memory = stack_selector_on_stack },
    { "POP DS",       "1F",         0, 0, ROW_STACK, .memory = selector_on_stack },
    { "POP FS",       "0F A1",      0, 0, ROW_STACK, .memory = selector_on_stack },
    { "POP GS",       "0F A9",      0, 0, ROW_STACK, .memory = selector_on_stack },
    { "POP ES (16)",  "66 07",      0, 0, ROW_STACK, .memory = selector_on_stack },
    { "POP GS (16)",  "66 0F A9",   0, 0, ROW_STACK, .memory = selector_on_stack },
};
// clang-format on

const struct row_table rows_stack = { "stack", rows, sizeof rows / sizeof rows[0] };
