/* Branches, calls, returns, and software exceptions. */
#include "tests/conformance/gen.h"

enum { ECX = 1, ESP = 4 };

/* An address to go to, in the register or memory operand. */
static void target_operand(struct gen *gen)
{
    struct conf_case *in = gen->in;
    if (gen->memory)
        gen_poke(gen, gen->target, in->taken_at - in->code_base, gen->row->size);
    else
        in->gpr[gen->modrm & 7] = in->taken_at - in->code_base;
}

static void far_operand(struct gen *gen)
{
    static const uint16_t selectors[] = { SEL_CODE, SEL_CODE, SEL_CODE, SEL_LDT(LDT_CODE), SEL_LDT(LDT_EXECUTE),
        SEL_FLAT, 0, SEL_LDT(LDT_CONFORMING), 0x08, 0x20, SEL_LDT(LDT_COUNT) };
    uint32_t offset_size = gen->row->size - 2;
    gen_poke(gen, gen->target, gen->in->taken_at, offset_size);
    gen_poke(gen, gen->target + offset_size, selectors[gen_below(gen, sizeof selectors / sizeof selectors[0])], 2);
}

static void far_immediate(struct gen *gen)
{
    static const uint16_t selectors[] = { SEL_CODE, SEL_CODE, SEL_LDT(LDT_CODE), SEL_LDT(LDT_CONFORMING), SEL_FLAT, 0,
        0x40 };
    gen->far_selector = selectors[gen_below(gen, sizeof selectors / sizeof selectors[0])];
}

static void return_address(struct gen *gen)
{
    gen_poke(gen, gen->in->gpr[ESP], gen->in->taken_at - gen->in->code_base, 4);
}

static void far_return_address(struct gen *gen)
{
    static const uint16_t selectors[] = { SEL_CODE, SEL_CODE, SEL_CODE, SEL_LDT(LDT_CODE), SEL_LDT(LDT_CONFORMING),
        SEL_FLAT, 0, 0x08, 0x20 };
    gen_poke(gen, gen->in->gpr[ESP], gen->in->taken_at, 4);
    gen_poke(gen, gen->in->gpr[ESP] + 4, selectors[gen_below(gen, sizeof selectors / sizeof selectors[0])], 4);
    gen_poke(gen, gen->in->gpr[ESP] + 8, gen_random(gen) & 0x254ed5, 4); /* not TF, nor NT, nor what cannot change */
}

/* The same with 16-bit pieces: the offset leads nowhere, the selector and flags count. */
static void far_return_address16(struct gen *gen)
{
    static const uint16_t selectors[] = { SEL_CODE, SEL_CODE, SEL_LDT(LDT_CODE), SEL_FLAT, 0, 0x08 };
    gen_poke(gen, gen->in->gpr[ESP], gen->in->taken_at, 2);
    gen_poke(gen, gen->in->gpr[ESP] + 2, selectors[gen_below(gen, sizeof selectors / sizeof selectors[0])], 2);
    gen_poke(gen, gen->in->gpr[ESP] + 4, gen_random(gen) & 0x4ed5, 2);
}

/* Processors look at the stack of the outer level before they know that there is none: let there be memory. */
static void far_return_near(struct gen *gen)
{
    gen->in->insn[gen->in->length - 2] &= 0x3f;
    gen->in->insn[gen->in->length - 1] = 0;
    far_return_address(gen);
}

static void loop_count(struct gen *gen)
{
    gen->in->gpr[ECX] =
        gen_once_in(gen, 2) ? gen_below(gen, 3) | (gen_once_in(gen, 2) ? 0x10000 : 0) : gen->in->gpr[ECX];
}

/* INT 80h is a system call, and INT 3 and 4 have rows of their own. */
static void vector_operand(struct gen *gen)
{
    struct conf_case *in = gen->in;
    if (in->insn[in->length - 1] == 0x80)
        in->insn[in->length - 1] = 0x81;
}

static void bounds(struct gen *gen)
{
    struct conf_case *in = gen->in;
    uint32_t half = gen->row->size / 2;
    if (gen_once_in(gen, 4))
        return;
    gen_poke(gen, gen->target, in->gpr[gen->modrm >> 3 & 7] - gen_below(gen, 3), half);
    gen_poke(gen, gen->target + half, in->gpr[gen->modrm >> 3 & 7] + gen_below(gen, 3), half);
}

// clang-format off
#define CONDITIONS(X)                                                             \
    X("O", "0") X("NO", "1") X("B", "2") X("AE", "3") X("E", "4") X("NE", "5") X("BE", "6") X("A", "7") \
    X("S", "8") X("NS", "9") X("P", "A") X("NP", "B") X("L", "C") X("GE", "D") X("LE", "E") X("G", "F")
#define JCC(cc, n)                                                                \
    { "J" cc " rel8",       "7" n " rel8",       0, 0, ROW_NEAR },               \
    { "J" cc " rel8 (16)",  "66 7" n " rel8",    0, 0, ROW_NEAR },               \
    { "J" cc " rel32",      "0F 8" n " rel32",   0, 0, 0 },                      \
    { "J" cc " rel16",      "66 0F 8" n " rel16", 0, 0, 0 },
#define LOOP(name, op)                                                            \
    { name " rel8",      op " rel8",       0, 0, ROW_NEAR, .registers = loop_count }, \
    { name " rel8 (67)", "67 " op " rel8", 0, 0, ROW_NEAR, .registers = loop_count }

static const struct row rows[] = {
    CONDITIONS(JCC)
    { "JMP rel8",       "EB rel8",       0, 0, ROW_NEAR },
    { "JMP rel32",      "E9 rel32",      0, 0, 0 },
    { "JMP rel16",      "66 E9 rel16",   0, 0, 0 },
    { "JMP r/m32",      "FF /4",         4, .memory = target_operand },
    { "JMP r/m16",      "66 FF /4",      2, .memory = target_operand },
    { "CALL rel32",     "E8 rel32",      0, 0, ROW_STACK | ROW_ANYFAULT },
    { "CALL rel16",     "66 E8 rel16",   0, 0, ROW_STACK | ROW_ANYFAULT },
    { "CALL r/m32",     "FF /2",         4, 0, ROW_STACK | ROW_ANYFAULT, .memory = target_operand },
    { "CALL r/m16",     "66 FF /2",      2, 0, ROW_STACK | ROW_ANYFAULT, .memory = target_operand },
    { "RET",            "C3",            0, 0, ROW_STACK, .memory = return_address },
    { "RET imm16",      "C2 iw",         0, 0, ROW_STACK, .memory = return_address },
    { "RET (16)",       "66 C3",         0, 0, ROW_STACK, .memory = return_address },
    { "JMP ptr16:32",   "EA ptr32",      0, 0, ROW_NOCODE16, .registers = far_immediate },
    { "JMP ptr16:16",   "66 EA ptr16",   0, 0, ROW_NOCODE16, .registers = far_immediate },
    { "JMP m16:32",     "FF /5",         6, 0, ROW_MEM | ROW_NOCODE16, .memory = far_operand },
    { "JMP m16:16",     "66 FF /5",      4, 0, ROW_MEM | ROW_NOCODE16, .memory = far_operand },
    { "CALL ptr16:32",  "9A ptr32",      0, 0, ROW_STACK | ROW_ANYFAULT | ROW_NOCODE16, .registers = far_immediate },
    { "CALL m16:32",    "FF /3",         6, 0, ROW_MEM | ROW_STACK | ROW_ANYFAULT | ROW_NOCODE16, .memory = far_operand },
    { "RETF",           "CB",            0, 0, ROW_STACK | ROW_NOCODE16 | ROW_NOAC, .memory = far_return_address },
    { "RETF imm16",     "CA iw",         0, 0, ROW_STACK | ROW_NOCODE16 | ROW_NOAC, .memory = far_return_near },
    { "IRETD",          "CF",            0, 0, ROW_STACK | ROW_NOCODE16 | ROW_NOAC | ROW_NONT, .memory = far_return_address },
    { "CALL ptr16:16",  "66 9A ptr16",   0, 0, ROW_STACK | ROW_ANYFAULT | ROW_NOCODE16, .registers = far_immediate },
    { "CALL m16:16",    "66 FF /3",      4, 0, ROW_MEM | ROW_STACK | ROW_ANYFAULT | ROW_NOCODE16, .memory = far_operand },
    { "RET imm16 (16)", "66 C2 iw",      0, 0, ROW_STACK, .memory = return_address },
    { "RETF (16)",      "66 CB",         0, 0, ROW_STACK | ROW_NOCODE16 | ROW_NOAC, .memory = far_return_address16 },
    { "IRET (16)",      "66 CF",         0, 0, ROW_STACK | ROW_NOCODE16 | ROW_NOAC | ROW_NONT, .memory = far_return_address16 },
    { "(CALL m16:32 reg)", "FF /3",      0, 0, ROW_REG },
    { "(JMP m16:32 reg)", "FF /5",       0, 0, ROW_REG },
    LOOP("LOOP", "E2"), LOOP("LOOPE", "E1"), LOOP("LOOPNE", "E0"), LOOP("JECXZ", "E3"),
    { "INT3",           "CC",            0, 0, ROW_NOLOCK },
    { "INT 3",          "CD 03",         0, 0, ROW_NOLOCK },
    { "INT imm8",       "CD ib",         0, 0, ROW_NOLOCK, .memory = vector_operand },
    { "INTO",           "CE",            0, 0, ROW_NOLOCK },
    /* Not INT1: hypervisors give it back as a fault, with EIP at the instruction. */
    { "BOUND r16,m16&16", "66 62 /r",    4, 0, ROW_MEM, .memory = bounds },
    { "BOUND r32,m32&32", "62 /r",       8, 0, ROW_MEM, .memory = bounds },
};
// clang-format on

const struct row_table rows_flow = { "flow", rows, sizeof rows / sizeof rows[0] };
