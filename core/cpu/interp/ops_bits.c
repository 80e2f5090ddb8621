/* ops_bits.c - BT, BTS, BTR, BTC with near and far bit offsets; BSF, BSR; POPCNT, CRC32. */
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/flags.h"

/* By ModRM.reg - 4 in 0F BA, and by bits 4:3 of 0F A3, AB, B3, BB. */
enum bit_op { TEST, SET, RESET, COMPLEMENT };

ALWAYS_INLINE uint32_t bit_apply(struct cpu *cpu, enum bit_op op, uint32_t a, uint32_t bit)
{
    flags_set(cpu, FLAG_CF, a >> bit & 1); /* the other flags are undefined, and left alone */
    switch (op) {
    case TEST: return a;
    case SET: return a | 1u << bit;
    case RESET: return a & ~(1u << bit);
    case COMPLEMENT: return a ^ 1u << bit;
    }
    return a;
}

/* The bit offset in `n` is taken modulo the operand size, for registers and immediates. */
ALWAYS_INLINE void bit_near(struct cpu *cpu, const struct insn *insn, enum bit_op op, uint32_t n, unsigned size)
{
    struct rmw rmw;
    n %= 8 * size;
    if (op == TEST) {
        bit_apply(cpu, op, rm_get(cpu, insn, size), n);
    } else {
        uint32_t a = rmw_get(cpu, insn, size, &rmw);
        rmw_set(cpu, insn, size, &rmw, bit_apply(cpu, op, a, n));
    }
}

/* A register offset reaches 2^31 bits to both sides of a memory operand: the operand itself moves. */
ALWAYS_INLINE void bit_far(struct cpu *cpu, const struct insn *insn, enum bit_op op, unsigned size)
{
    uint32_t n = reg_get(cpu, insn->reg, size);
    if (insn->mod == 3) {
        bit_near(cpu, insn, op, n, size);
        return;
    }
    int32_t offset = size == 4 ? (int32_t)n >> 5 : (int16_t)n >> 4;
    struct insn moved = *insn;
    moved.disp += (uint32_t)offset * size;
    bit_near(cpu, &moved, op, n, size);
}

#define BIT_FORMS(name, op)                                                                \
    ALWAYS_INLINE void name##_r(struct cpu *cpu, const struct insn *insn, unsigned size)   \
    {                                                                                      \
        bit_far(cpu, insn, op, size);                                                      \
    }                                                                                      \
    ALWAYS_INLINE void name##_imm(struct cpu *cpu, const struct insn *insn, unsigned size) \
    {                                                                                      \
        bit_near(cpu, insn, op, insn->imm, size);                                          \
    }                                                                                      \
    OP_16_32(name##_r) OP_16_32(name##_imm)
BIT_FORMS(bt, TEST)
BIT_FORMS(bts, SET)
BIT_FORMS(btr, RESET)
BIT_FORMS(btc, COMPLEMENT)

/* With a source of zero the destination stays (AMD says so, Intel processors do so). Flags but ZF are undefined; on
 * AMD's processors PF is that of the index and the others are zero. */
ALWAYS_INLINE void bit_scan(struct cpu *cpu, const struct insn *insn, bool reverse, unsigned size)
{
    uint32_t a = rm_get(cpu, insn, size), index = 0;
    if (a) {
        index = (uint32_t)(reverse ? 31 - __builtin_clz(a) : __builtin_ctz(a));
        reg_set(cpu, insn->reg, size, index);
    }
    flags_set(cpu, FLAGS_ARITH, (a ? 0 : FLAG_ZF) | (flags_szp(index, size) & FLAG_PF));
}
ALWAYS_INLINE void bsf(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    bit_scan(cpu, insn, false, size);
}
ALWAYS_INLINE void bsr(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    bit_scan(cpu, insn, true, size);
}
OP_16_32(bsf)
OP_16_32(bsr)

ALWAYS_INLINE void popcnt(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint32_t a = rm_get(cpu, insn, size);
    reg_set(cpu, insn->reg, size, (uint32_t)__builtin_popcount(a));
    flags_set(cpu, FLAGS_ARITH, a ? 0 : FLAG_ZF);
}
OP_16_32(popcnt)

/* The CRC of iSCSI: bits in reverse order, no inversion at either end (SDM vol. 2, CRC32). The register has 32 bits
 * whatever the operand has. */
ALWAYS_INLINE void crc32_(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint32_t crc = rm_get(cpu, insn, size) ^ cpu->reg[insn->reg];
    for (unsigned i = 0; i < 8 * size; i++)
        crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    cpu->reg[insn->reg] = crc;
}
OP_8_16_32(crc32_)

// clang-format off
static const struct op_row rows[] = {
    ROWS_16_32(MAP_0F, 0xa3, 0xa3, -1, 0, bt_r),
    ROWS_16_32(MAP_0F, 0xab, 0xab, -1, OP_LOCK, bts_r),
    ROWS_16_32(MAP_0F, 0xb3, 0xb3, -1, OP_LOCK, btr_r),
    ROWS_16_32(MAP_0F, 0xbb, 0xbb, -1, OP_LOCK, btc_r),
    ROWS_16_32(MAP_0F, 0xba, 0xba, 4, 0, bt_imm),
    ROWS_16_32(MAP_0F, 0xba, 0xba, 5, OP_LOCK, bts_imm),
    ROWS_16_32(MAP_0F, 0xba, 0xba, 6, OP_LOCK, btr_imm),
    ROWS_16_32(MAP_0F, 0xba, 0xba, 7, OP_LOCK, btc_imm),
    { MAP_0F, 0xb8, 0xb8, -1, OP_F3 | OP_O16, CPUID_POPCNT, popcnt16 },
    { MAP_0F, 0xb8, 0xb8, -1, OP_F3 | OP_O32, CPUID_POPCNT, popcnt32 },
    ROWS_16_32(MAP_0F, 0xbc, 0xbc, -1, 0, bsf),
    ROWS_16_32(MAP_0F, 0xbd, 0xbd, -1, 0, bsr),
    { MAP_0F38, 0xf0, 0xf0, -1, OP_F2, CPUID_SSE42, crc32_8 },
    { MAP_0F38, 0xf1, 0xf1, -1, OP_F2 | OP_O16, CPUID_SSE42, crc32_16 },
    { MAP_0F38, 0xf1, 0xf1, -1, OP_F2 | OP_O32, CPUID_SSE42, crc32_32 },
};
// clang-format on
OP_TABLE(ops_bits, rows);
