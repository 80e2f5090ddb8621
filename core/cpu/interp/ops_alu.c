/* ops_alu.c - ADD OR ADC SBB AND SUB XOR CMP, TEST, INC, DEC, NEG, NOT. */
#include "core/cpu/interp/flags.h"

/* In the order of opcode bits 5:3 and of ModRM.reg in group 1. */
enum alu { ADD, OR, ADC, SBB, AND, SUB, XOR, CMP };

ALWAYS_INLINE uint32_t alu(struct cpu *cpu, enum alu kind, uint32_t a, uint32_t b, unsigned size)
{
    switch (kind) {
    case ADD: return flags_add(cpu, a, b, 0, size);
    case ADC: return flags_add(cpu, a, b, cpu->eflags & FLAG_CF, size);
    case SBB: return flags_sub(cpu, a, b, cpu->eflags & FLAG_CF, size);
    case SUB:
    case CMP: return flags_sub(cpu, a, b, 0, size);
    case OR: return flags_logic(cpu, a | b, size);
    case AND: return flags_logic(cpu, a & b, size);
    case XOR: return flags_logic(cpu, a ^ b, size);
    }
    return 0;
}

/* op r/m, b */
ALWAYS_INLINE void alu_to_rm(struct cpu *cpu, const struct insn *insn, enum alu kind, uint32_t b, unsigned size)
{
    struct rmw rmw;
    if (kind == CMP)
        alu(cpu, kind, rm_get(cpu, insn, size), b, size);
    else {
        uint32_t a = rmw_get(cpu, insn, size, &rmw);
        rmw_set(cpu, insn, size, &rmw, alu(cpu, kind, a, b, size));
    }
}

/* op reg, b */
ALWAYS_INLINE void alu_to_reg(struct cpu *cpu, unsigned n, enum alu kind, uint32_t b, unsigned size)
{
    uint32_t result = alu(cpu, kind, reg_get(cpu, n, size), b, size);
    if (kind != CMP)
        reg_set(cpu, n, size, result);
}

#define ALU_FORMS(name, kind)                                                                 \
    ALWAYS_INLINE void name##_rm_r(struct cpu *cpu, const struct insn *insn, unsigned size)   \
    {                                                                                         \
        alu_to_rm(cpu, insn, kind, reg_get(cpu, insn->reg, size), size);                      \
    }                                                                                         \
    ALWAYS_INLINE void name##_r_rm(struct cpu *cpu, const struct insn *insn, unsigned size)   \
    {                                                                                         \
        alu_to_reg(cpu, insn->reg, kind, rm_get(cpu, insn, size), size);                      \
    }                                                                                         \
    ALWAYS_INLINE void name##_a_imm(struct cpu *cpu, const struct insn *insn, unsigned size)  \
    {                                                                                         \
        alu_to_reg(cpu, EAX, kind, insn->imm &size_mask(size), size);                         \
    }                                                                                         \
    ALWAYS_INLINE void name##_rm_imm(struct cpu *cpu, const struct insn *insn, unsigned size) \
    {                                                                                         \
        alu_to_rm(cpu, insn, kind, insn->imm &size_mask(size), size);                         \
    }                                                                                         \
    OP_8_16_32(name##_rm_r) OP_8_16_32(name##_r_rm) OP_8_16_32(name##_a_imm) OP_8_16_32(name##_rm_imm)

ALU_FORMS(add, ADD)
ALU_FORMS(or, OR)
ALU_FORMS(adc, ADC)
ALU_FORMS(sbb, SBB)
ALU_FORMS(and, AND)
ALU_FORMS(sub, SUB)
ALU_FORMS(xor, XOR)
ALU_FORMS(cmp, CMP)

ALWAYS_INLINE void test_rm_r(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    flags_logic(cpu, rm_get(cpu, insn, size) & reg_get(cpu, insn->reg, size), size);
}
ALWAYS_INLINE void test_rm_imm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    flags_logic(cpu, rm_get(cpu, insn, size) & insn->imm & size_mask(size), size);
}
ALWAYS_INLINE void test_a_imm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    flags_logic(cpu, reg_get(cpu, EAX, size) & insn->imm & size_mask(size), size);
}
ALWAYS_INLINE void inc_rm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    struct rmw rmw;
    uint32_t a = rmw_get(cpu, insn, size, &rmw);
    rmw_set(cpu, insn, size, &rmw, flags_inc(cpu, a, size));
}
ALWAYS_INLINE void dec_rm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    struct rmw rmw;
    uint32_t a = rmw_get(cpu, insn, size, &rmw);
    rmw_set(cpu, insn, size, &rmw, flags_dec(cpu, a, size));
}
ALWAYS_INLINE void neg_rm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    struct rmw rmw;
    uint32_t a = rmw_get(cpu, insn, size, &rmw);
    rmw_set(cpu, insn, size, &rmw, flags_sub(cpu, 0, a, 0, size));
}
ALWAYS_INLINE void not_rm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    struct rmw rmw;
    uint32_t a = rmw_get(cpu, insn, size, &rmw);
    rmw_set(cpu, insn, size, &rmw, ~a & size_mask(size));
}
/* 40-4F: the register is in the opcode. */
ALWAYS_INLINE void inc_r(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    unsigned n = insn->opcode & 7;
    reg_set(cpu, n, size, flags_inc(cpu, reg_get(cpu, n, size), size));
}
ALWAYS_INLINE void dec_r(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    unsigned n = insn->opcode & 7;
    reg_set(cpu, n, size, flags_dec(cpu, reg_get(cpu, n, size), size));
}
OP_8_16_32(test_rm_r)
OP_8_16_32(test_rm_imm)
OP_8_16_32(test_a_imm)
OP_8_16_32(inc_rm)
OP_8_16_32(dec_rm)
OP_8_16_32(neg_rm)
OP_8_16_32(not_rm)
OP_16_32(inc_r)
OP_16_32(dec_r)

/* The eight forms of one operation: 00-05 style opcodes, 80, 81, 82 (alias of 80) and 83. */
#define ALU_ROWS(name, kind, lock)                                  \
    ROWS_8_16_32(MAP_1BYTE, (kind)*8, -1, lock, name##_rm_r),       \
        ROWS_8_16_32(MAP_1BYTE, (kind)*8 + 2, -1, 0, name##_r_rm),  \
        ROWS_8_16_32(MAP_1BYTE, (kind)*8 + 4, -1, 0, name##_a_imm), \
        ROWS_8_16_32(MAP_1BYTE, 0x80, kind, lock, name##_rm_imm),   \
        ROWS_8_16_32(MAP_1BYTE, 0x82, kind, lock, name##_rm_imm)

// clang-format off
static const struct op_row rows[] = {
    ALU_ROWS(add, ADD, OP_LOCK),
    ALU_ROWS(or,  OR,  OP_LOCK),
    ALU_ROWS(adc, ADC, OP_LOCK),
    ALU_ROWS(sbb, SBB, OP_LOCK),
    ALU_ROWS(and, AND, OP_LOCK),
    ALU_ROWS(sub, SUB, OP_LOCK),
    ALU_ROWS(xor, XOR, OP_LOCK),
    ALU_ROWS(cmp, CMP, 0),
    ROWS_16_32(MAP_1BYTE, 0x40, 0x47, -1, 0, inc_r),
    ROWS_16_32(MAP_1BYTE, 0x48, 0x4f, -1, 0, dec_r),
    ROWS_8_16_32(MAP_1BYTE, 0x84, -1, 0, test_rm_r),
    ROWS_8_16_32(MAP_1BYTE, 0xa8, -1, 0, test_a_imm),
    ROWS_8_16_32(MAP_1BYTE, 0xf6, 0, 0, test_rm_imm),
    ROWS_8_16_32(MAP_1BYTE, 0xf6, 1, 0, test_rm_imm), /* undocumented alias of /0 */
    ROWS_8_16_32(MAP_1BYTE, 0xf6, 2, OP_LOCK, not_rm),
    ROWS_8_16_32(MAP_1BYTE, 0xf6, 3, OP_LOCK, neg_rm),
    ROWS_8_16_32(MAP_1BYTE, 0xfe, 0, OP_LOCK, inc_rm),
    ROWS_8_16_32(MAP_1BYTE, 0xfe, 1, OP_LOCK, dec_rm),
};
// clang-format on
OP_TABLE(ops_alu, rows);
