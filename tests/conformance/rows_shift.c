/* Shifts and rotations: which flags are defined depends on the count. */
#include "tests/conformance/gen.h"

/* The count of this case, masked as the processor does. */
static uint32_t count_of(const struct conf_case *in)
{
    for (unsigned i = 0; i < in->length; i++) {
        uint8_t byte = in->insn[i];
        if (byte == 0xd0 || byte == 0xd1)
            return 1;
        if (byte == 0xd2 || byte == 0xd3)
            return in->gpr[1] & 31;
        if (byte == 0xc0 || byte == 0xc1)
            return in->insn[in->length - 1] & 31;
        if (byte == 0x0f)
            return (in->insn[i + 1] & 1 ? in->gpr[1] : in->insn[in->length - 1]) & 31;
    }
    return 0;
}

/* ROL ROR RCL RCR: OF is defined for a count of one alone. */
static uint32_t rotate_undefined(const struct conf_case *in)
{
    return count_of(in) > 1 ? OF : 0;
}

static uint32_t shift_undefined(const struct conf_case *in, uint32_t bits)
{
    uint32_t count = count_of(in);
    return (count ? AF : 0) | (count > 1 ? OF : 0) | (count >= bits ? CF : 0);
}

static uint32_t shift8(const struct conf_case *in)
{
    return shift_undefined(in, 8);
}

static uint32_t shift16(const struct conf_case *in)
{
    return shift_undefined(in, 16);
}

static uint32_t shift32(const struct conf_case *in)
{
    return shift_undefined(in, 32);
}

/* SAR shifts in copies of the sign however far it goes: CF is always defined. */
static uint32_t sar_undefined(const struct conf_case *in)
{
    return shift_undefined(in, 255);
}

/* SHLD, SHRD of 16 bits by more than 16 leave even the result undefined: not generated. */
static void count_to_16(struct gen *gen)
{
    gen->in->gpr[1] = (gen->in->gpr[1] & ~31u) | gen_below(gen, 17);
}

static void immediate_to_16(struct gen *gen)
{
    struct conf_case *in = gen->in;
    in->insn[in->length - 1] = (uint8_t)((in->insn[in->length - 1] & ~31u) | gen_below(gen, 17));
}

/* An address may have been made of ECX after the count was chosen; this moves it by 16 << scale at most. */
static void count_again(struct gen *gen)
{
    if ((gen->in->gpr[1] & 31) > 16)
        gen->in->gpr[1] &= ~16u;
}

// clang-format off
#define SHIFT(name, ext, u8, u16, u32)                                            \
    { name " r/m8,1",     "D0 " ext,         1, .undefined_in = u8 },            \
    { name " r/m16,1",    "66 D1 " ext,      2, .undefined_in = u16 },           \
    { name " r/m32,1",    "D1 " ext,         4, .undefined_in = u32 },           \
    { name " r/m8,CL",    "D2 " ext,         1, .undefined_in = u8 },            \
    { name " r/m16,CL",   "66 D3 " ext,      2, .undefined_in = u16 },           \
    { name " r/m32,CL",   "D3 " ext,         4, .undefined_in = u32 },           \
    { name " r/m8,imm8",  "C0 " ext " ib",   1, .undefined_in = u8 },            \
    { name " r/m16,imm8", "66 C1 " ext " ib", 2, .undefined_in = u16 },          \
    { name " r/m32,imm8", "C1 " ext " ib",   4, .undefined_in = u32 }

static const struct row rows[] = {
    SHIFT("ROL", "/0", rotate_undefined, rotate_undefined, rotate_undefined),
    SHIFT("ROR", "/1", rotate_undefined, rotate_undefined, rotate_undefined),
    SHIFT("RCL", "/2", rotate_undefined, rotate_undefined, rotate_undefined),
    SHIFT("RCR", "/3", rotate_undefined, rotate_undefined, rotate_undefined),
    SHIFT("SHL", "/4", shift8, shift16, shift32),
    SHIFT("SHR", "/5", shift8, shift16, shift32),
    SHIFT("SAL (/6)", "/6", shift8, shift16, shift32),
    SHIFT("SAR", "/7", sar_undefined, sar_undefined, sar_undefined),
    { "SHLD r/m16,r16,imm8", "66 0F A4 /r ib", 2, .undefined_in = shift32, .memory = immediate_to_16 },
    { "SHLD r/m32,r32,imm8", "0F A4 /r ib",    4, .undefined_in = shift32 },
    { "SHLD r/m16,r16,CL",   "66 0F A5 /r",    2, .undefined_in = shift32, .registers = count_to_16, .memory = count_again },
    { "SHLD r/m32,r32,CL",   "0F A5 /r",       4, .undefined_in = shift32 },
    { "SHRD r/m16,r16,imm8", "66 0F AC /r ib", 2, .undefined_in = shift32, .memory = immediate_to_16 },
    { "SHRD r/m32,r32,imm8", "0F AC /r ib",    4, .undefined_in = shift32 },
    { "SHRD r/m16,r16,CL",   "66 0F AD /r",    2, .undefined_in = shift32, .registers = count_to_16, .memory = count_again },
    { "SHRD r/m32,r32,CL",   "0F AD /r",       4, .undefined_in = shift32 },
};
// clang-format on

const struct row_table rows_shift = { "shift", rows, sizeof rows / sizeof rows[0] };
