/* ops_muldiv.c - MUL, IMUL, DIV, IDIV.
 *
 * A multiplication sets CF and OF; a division leaves all flags undefined. The rest is what AMD's processors do: a
 * multiplication leaves the other flags alone, a division clears SF, ZF and PF and sets AF. */
#include "core/cpu/interp/flags.h"

ALWAYS_INLINE void overflow_set(struct cpu *cpu, bool overflow)
{
    flags_set(cpu, FLAG_CF | FLAG_OF, overflow ? FLAG_CF | FLAG_OF : 0);
}

ALWAYS_INLINE int64_t sign_extend(uint32_t a, unsigned size)
{
    return (int64_t)((uint64_t)a << (64 - 8 * size)) >> (64 - 8 * size);
}

/* AX or DX:AX or EDX:EAX: the wide operand of this size. */
ALWAYS_INLINE uint64_t wide_get(struct cpu *cpu, unsigned size)
{
    if (size == 1)
        return cpu->reg[EAX] & 0xffff;
    return (uint64_t)reg_get(cpu, EDX, size) << (8 * size) | reg_get(cpu, EAX, size);
}
ALWAYS_INLINE void wide_set(struct cpu *cpu, unsigned size, uint64_t value)
{
    if (size == 1) {
        reg_set(cpu, EAX, 2, (uint32_t)value);
        return;
    }
    reg_set(cpu, EAX, size, (uint32_t)value);
    reg_set(cpu, EDX, size, (uint32_t)(value >> (8 * size)));
}

ALWAYS_INLINE void mul(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint64_t product = (uint64_t)rm_get(cpu, insn, size) * reg_get(cpu, EAX, size);
    wide_set(cpu, size, product);
    overflow_set(cpu, product >> (8 * size));
}
ALWAYS_INLINE void imul(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    int64_t product = sign_extend(rm_get(cpu, insn, size), size) * sign_extend(reg_get(cpu, EAX, size), size);
    wide_set(cpu, size, (uint64_t)product);
    overflow_set(cpu, product != sign_extend((uint32_t)product, size));
}
ALWAYS_INLINE void imul_to_reg(struct cpu *cpu, const struct insn *insn, uint32_t a, uint32_t b, unsigned size)
{
    int64_t product = sign_extend(a, size) * sign_extend(b, size);
    reg_set(cpu, insn->reg, size, (uint32_t)product);
    overflow_set(cpu, product != sign_extend((uint32_t)product, size));
}
ALWAYS_INLINE void imul_r_rm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    imul_to_reg(cpu, insn, reg_get(cpu, insn->reg, size), rm_get(cpu, insn, size), size);
}
ALWAYS_INLINE void imul_imm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    imul_to_reg(cpu, insn, rm_get(cpu, insn, size), insn->imm, size);
}

/* Quotient to the low half, remainder to the high half of the wide operand. */
ALWAYS_INLINE void divided_set(struct cpu *cpu, unsigned size, uint64_t quotient, uint64_t remainder)
{
    wide_set(cpu, size, (quotient & size_mask(size)) | remainder << (8 * size));
    flags_set(cpu, FLAG_SF | FLAG_ZF | FLAG_AF | FLAG_PF, FLAG_AF);
}

ALWAYS_INLINE void div_(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint64_t divisor = rm_get(cpu, insn, size), a = wide_get(cpu, size);
    if (divisor == 0 || a / divisor > size_mask(size))
        cpu_raise(cpu, EXC_DE);
    divided_set(cpu, size, a / divisor, a % divisor);
}
ALWAYS_INLINE void idiv(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    int64_t divisor = sign_extend(rm_get(cpu, insn, size), size);
    int64_t a = (int64_t)(wide_get(cpu, size) << (64 - 16 * size)) >> (64 - 16 * size);
    if (divisor == 0 || (a == INT64_MIN && divisor == -1))
        cpu_raise(cpu, EXC_DE);
    int64_t quotient = a / divisor;
    if (quotient != sign_extend((uint32_t)quotient, size))
        cpu_raise(cpu, EXC_DE);
    divided_set(cpu, size, (uint64_t)quotient, (uint64_t)(a % divisor));
}

OP_8_16_32(mul)
OP_8_16_32(imul)
OP_16_32(imul_r_rm)
OP_16_32(imul_imm)
OP_8_16_32(div_)
OP_8_16_32(idiv)

// clang-format off
static const struct op_row rows[] = {
    ROWS_8_16_32(MAP_1BYTE, 0xf6, 4, 0, mul),
    ROWS_8_16_32(MAP_1BYTE, 0xf6, 5, 0, imul),
    ROWS_8_16_32(MAP_1BYTE, 0xf6, 6, 0, div_),
    ROWS_8_16_32(MAP_1BYTE, 0xf6, 7, 0, idiv),
    ROWS_16_32(MAP_0F, 0xaf, 0xaf, -1, 0, imul_r_rm),
    ROWS_16_32(MAP_1BYTE, 0x69, 0x69, -1, 0, imul_imm),
    ROWS_16_32(MAP_1BYTE, 0x6b, 0x6b, -1, 0, imul_imm),
};
// clang-format on
OP_TABLE(ops_muldiv, rows);
