/* Integer arithmetic and logic, BCD, multiplication and division, bits. */
#include "tests/conformance/gen.h"

#define ALL (CF | PF | AF | ZF | SF | OF)

// clang-format off
#define ALU(name, o0, o1, o2, o3, o4, o5, ext, lock, undef)                      \
    { name " r/m8,r8",     o0 " /r",             1, 0, lock, undef },           \
    { name " r/m16,r16",   "66 " o1 " /r",       2, 0, lock, undef },           \
    { name " r/m32,r32",   o1 " /r",             4, 0, lock, undef },           \
    { name " r8,r/m8",     o2 " /r",             1, 0, 0, undef },              \
    { name " r16,r/m16",   "66 " o3 " /r",       2, 0, 0, undef },              \
    { name " r32,r/m32",   o3 " /r",             4, 0, 0, undef },              \
    { name " AL,imm8",     o4 " ib",             0, 0, 0, undef },              \
    { name " AX,imm16",    "66 " o5 " iw",       0, 0, 0, undef },              \
    { name " EAX,imm32",   o5 " id",             0, 0, 0, undef },              \
    { name " r/m8,imm8",   "80 " ext " ib",      1, 0, lock, undef },           \
    { name " r/m16,imm16", "66 81 " ext " iw",   2, 0, lock, undef },           \
    { name " r/m32,imm32", "81 " ext " id",      4, 0, lock, undef },           \
    { name " r/m8,imm8 (82)", "82 " ext " ib",   1, 0, lock, undef },           \
    { name " r/m16,imm8",  "66 83 " ext " ib",   2, 0, lock, undef },           \
    { name " r/m32,imm8",  "83 " ext " ib",      4, 0, lock, undef }

/* The three sizes of a group with one operand. */
#define UNARY(name, o8, o32, ext, lock, undef)                                   \
    { name " r/m8",  o8 " " ext,         1, 0, lock, undef },                   \
    { name " r/m16", "66 " o32 " " ext,  2, 0, lock, undef },                   \
    { name " r/m32", o32 " " ext,        4, 0, lock, undef }
#define UNARY_WITH(name, o8, o32, ext, undef, hook)                              \
    { name " r/m8",  o8 " " ext,         1, 0, 0, undef, .registers = hook },   \
    { name " r/m16", "66 " o32 " " ext,  2, 0, 0, undef, .registers = hook },   \
    { name " r/m32", o32 " " ext,        4, 0, 0, undef, .registers = hook }

#define BITS(name, op, ext, lock)                                                \
    { name " r/m16,r16",  "66 0F " op " /r",   2, 0, lock, PF | AF | SF | OF, .registers = bit_offset }, \
    { name " r/m32,r32",  "0F " op " /r",      4, 0, lock, PF | AF | SF | OF, .registers = bit_offset }, \
    { name " r/m16,imm8", "66 0F BA " ext " ib", 2, 0, lock, PF | AF | SF | OF }, \
    { name " r/m32,imm8", "0F BA " ext " ib",  4, 0, lock, PF | AF | SF | OF }
// clang-format on

/* Most quotients should fit: a small high half, most of the time. */
static void small_dividend(struct gen *gen)
{
    if (gen_once_in(gen, 4))
        return;
    bool negative = gen_once_in(gen, 2);
    gen->in->gpr[2] = negative ? 0xffffffff : gen_below(gen, 4);
    if (gen->row->size == 1)
        gen->in->gpr[0] = negative ? 0xff80 | gen_random(gen) : gen_random(gen) & 0x1ff;
}

/* The offset of BT counts from the operand on, both ways: keep it within the window, usually. */
static void bit_offset(struct gen *gen)
{
    for (unsigned i = 0; i < 8; i++)
        if (i != 4 && !gen_once_in(gen, 8))
            gen->in->gpr[i] = gen_below(gen, 1024) - 512;
}

/* Half of the comparisons should succeed. */
static void compare_equal(struct gen *gen)
{
    struct conf_case *in = gen->in;
    if (gen_once_in(gen, 2)) {
        gen_poke(gen, gen->target, in->gpr[0], 4);
        if (gen->row->size == 8)
            gen_poke(gen, gen->target + 4, in->gpr[2], 4);
    }
}

static const struct row rows[] = {
    ALU("ADD", "00", "01", "02", "03", "04", "05", "/0", ROW_LOCK, 0),
    ALU("OR", "08", "09", "0A", "0B", "0C", "0D", "/1", ROW_LOCK, AF),
    ALU("ADC", "10", "11", "12", "13", "14", "15", "/2", ROW_LOCK, 0),
    ALU("SBB", "18", "19", "1A", "1B", "1C", "1D", "/3", ROW_LOCK, 0),
    ALU("AND", "20", "21", "22", "23", "24", "25", "/4", ROW_LOCK, AF),
    ALU("SUB", "28", "29", "2A", "2B", "2C", "2D", "/5", ROW_LOCK, 0),
    ALU("XOR", "30", "31", "32", "33", "34", "35", "/6", ROW_LOCK, AF),
    ALU("CMP", "38", "39", "3A", "3B", "3C", "3D", "/7", 0, 0),

    { "TEST r/m8,r8", "84 /r", 1, 0, 0, AF },
    { "TEST r/m16,r16", "66 85 /r", 2, 0, 0, AF },
    { "TEST r/m32,r32", "85 /r", 4, 0, 0, AF },
    { "TEST AL,imm8", "A8 ib", 0, 0, 0, AF },
    { "TEST AX,imm16", "66 A9 iw", 0, 0, 0, AF },
    { "TEST EAX,imm32", "A9 id", 0, 0, 0, AF },
    { "TEST r/m8,imm8", "F6 /0 ib", 1, 0, 0, AF },
    { "TEST r/m16,imm16", "66 F7 /0 iw", 2, 0, 0, AF },
    { "TEST r/m32,imm32", "F7 /0 id", 4, 0, 0, AF },
    { "TEST r/m8,imm8 (/1)", "F6 /1 ib", 1, 0, 0, AF },
    { "TEST r/m32,imm32 (/1)", "F7 /1 id", 4, 0, 0, AF },

    UNARY("INC", "FE", "FF", "/0", ROW_LOCK, 0),
    UNARY("DEC", "FE", "FF", "/1", ROW_LOCK, 0),
    UNARY("NOT", "F6", "F7", "/2", ROW_LOCK, 0),
    UNARY("NEG", "F6", "F7", "/3", ROW_LOCK, 0),
    { "INC r16", "66 40+r", 0, 0, 0, 0 },
    { "INC r32", "40+r", 0, 0, 0, 0 },
    { "DEC r16", "66 48+r", 0, 0, 0, 0 },
    { "DEC r32", "48+r", 0, 0, 0, 0 },
    UNARY("MUL", "F6", "F7", "/4", 0, SF | ZF | AF | PF),
    UNARY("IMUL", "F6", "F7", "/5", 0, SF | ZF | AF | PF),
    UNARY_WITH("DIV", "F6", "F7", "/6", ALL, small_dividend),
    UNARY_WITH("IDIV", "F6", "F7", "/7", ALL, small_dividend),
    { "IMUL r16,r/m16", "66 0F AF /r", 2, 0, 0, SF | ZF | AF | PF },
    { "IMUL r32,r/m32", "0F AF /r", 4, 0, 0, SF | ZF | AF | PF },
    { "IMUL r16,r/m16,imm8", "66 6B /r ib", 2, 0, 0, SF | ZF | AF | PF },
    { "IMUL r32,r/m32,imm8", "6B /r ib", 4, 0, 0, SF | ZF | AF | PF },
    { "IMUL r16,r/m16,imm16", "66 69 /r iw", 2, 0, 0, SF | ZF | AF | PF },
    { "IMUL r32,r/m32,imm32", "69 /r id", 4, 0, 0, SF | ZF | AF | PF },

    { "DAA", "27", 0, 0, 0, OF },
    { "DAS", "2F", 0, 0, 0, OF },
    { "AAA", "37", 0, 0, 0, OF | SF | ZF | PF },
    { "AAS", "3F", 0, 0, 0, OF | SF | ZF | PF },
    { "AAM imm8", "D4 ib", 0, 0, 0, OF | AF | CF },
    { "AAD imm8", "D5 ib", 0, 0, 0, OF | AF | CF },
    { "AAM", "D4 0A", 0, 0, 0, OF | AF | CF },
    { "AAD", "D5 0A", 0, 0, 0, OF | AF | CF },

    BITS("BT", "A3", "/4", 0),
    BITS("BTS", "AB", "/5", ROW_LOCK),
    BITS("BTR", "B3", "/6", ROW_LOCK),
    BITS("BTC", "BB", "/7", ROW_LOCK),
    { "BSF r16,r/m16", "66 0F BC /r", 2, 0, 0, CF | OF | SF | AF | PF },
    { "BSF r32,r/m32", "0F BC /r", 4, 0, 0, CF | OF | SF | AF | PF },
    { "BSR r16,r/m16", "66 0F BD /r", 2, 0, 0, CF | OF | SF | AF | PF },
    { "BSR r32,r/m32", "0F BD /r", 4, 0, 0, CF | OF | SF | AF | PF },

    { "XADD r/m8,r8", "0F C0 /r", 1, 0, ROW_LOCK, 0 },
    { "XADD r/m16,r16", "66 0F C1 /r", 2, 0, ROW_LOCK, 0 },
    { "XADD r/m32,r32", "0F C1 /r", 4, 0, ROW_LOCK, 0 },
    { "CMPXCHG r/m8,r8", "0F B0 /r", 1, 0, ROW_LOCK, 0, .memory = compare_equal },
    { "CMPXCHG r/m16,r16", "66 0F B1 /r", 2, 0, ROW_LOCK, 0, .memory = compare_equal },
    { "CMPXCHG r/m32,r32", "0F B1 /r", 4, 0, ROW_LOCK, 0, .memory = compare_equal },
    { "CMPXCHG8B m64", "0F C7 /1", 8, 0, ROW_LOCK | ROW_MEM, 0, .memory = compare_equal },
    { "CBW", "66 98", 0, 0, 0, 0 },
    { "CWDE", "98", 0, 0, 0, 0 },
    { "CWD", "66 99", 0, 0, 0, 0 },
    { "CDQ", "99", 0, 0, 0, 0 },
};

const struct row_table rows_alu = { "alu", rows, sizeof rows / sizeof rows[0] };
