/* ops_shift.c - ROL ROR RCL RCR SHL SHR SAR (and the undocumented /6, SHL), SHLD, SHRD.
 *
 * Counts are taken modulo 32; a count of zero changes no flag. OF is defined for a count of 1 only; for others it gets
 * the same formula over the last step. Where the SDM leaves a result open we do what AMD's processors do (measured on a
 * Zen 5): shifts set AF. */
#include "core/cpu/interp/flags.h"

#define FLAGS_CO (FLAG_CF | FLAG_OF)

ALWAYS_INLINE uint32_t flags_co(uint32_t carry, uint32_t overflow)
{
    return (carry & 1) | (overflow & 1) << 11;
}

ALWAYS_INLINE uint32_t rol(struct cpu *cpu, uint32_t a, unsigned count, unsigned size)
{
    unsigned bits = 8 * size, n = count % bits;
    uint32_t r = n ? (a << n | a >> (bits - n)) & size_mask(size) : a;
    flags_set(cpu, FLAGS_CO, flags_co(r, r ^ r >> (bits - 1)));
    return r;
}

ALWAYS_INLINE uint32_t ror(struct cpu *cpu, uint32_t a, unsigned count, unsigned size)
{
    unsigned bits = 8 * size, n = count % bits;
    uint32_t r = n ? (a >> n | a << (bits - n)) & size_mask(size) : a;
    flags_set(cpu, FLAGS_CO, flags_co(r >> (bits - 1), r >> (bits - 1) ^ r >> (bits - 2)));
    return r;
}

/* Through carry: a ring of bits + 1 positions. */
ALWAYS_INLINE uint32_t rcl(struct cpu *cpu, uint32_t a, unsigned count, unsigned size)
{
    unsigned bits = 8 * size, n = count % (bits + 1);
    uint64_t ring = (uint64_t)(cpu->eflags & FLAG_CF) << bits | a;
    if (n)
        ring = ring << n | ring >> (bits + 1 - n);
    uint32_t r = (uint32_t)ring & size_mask(size), carry = (uint32_t)(ring >> bits) & 1;
    flags_set(cpu, FLAGS_CO, flags_co(carry, carry ^ r >> (bits - 1)));
    return r;
}

ALWAYS_INLINE uint32_t rcr(struct cpu *cpu, uint32_t a, unsigned count, unsigned size)
{
    unsigned bits = 8 * size, n = count % (bits + 1);
    uint64_t ring = (uint64_t)(cpu->eflags & FLAG_CF) << bits | a;
    if (n)
        ring = ring >> n | ring << (bits + 1 - n);
    uint32_t r = (uint32_t)ring & size_mask(size), carry = (uint32_t)(ring >> bits) & 1;
    flags_set(cpu, FLAGS_CO, flags_co(carry, r >> (bits - 1) ^ r >> (bits - 2)));
    return r;
}

ALWAYS_INLINE uint32_t shl(struct cpu *cpu, uint32_t a, unsigned count, unsigned size)
{
    unsigned bits = 8 * size;
    uint64_t wide = (uint64_t)a << count;
    uint32_t r = (uint32_t)wide & size_mask(size), carry = (uint32_t)(wide >> bits) & 1;
    flags_set(cpu, FLAGS_ARITH, FLAG_AF | flags_szp(r, size) | flags_co(carry, carry ^ r >> (bits - 1)));
    return r;
}

ALWAYS_INLINE uint32_t shr(struct cpu *cpu, uint32_t a, unsigned count, unsigned size)
{
    unsigned bits = 8 * size;
    uint32_t last = (uint32_t)((uint64_t)a >> (count - 1)), r = last >> 1;
    flags_set(cpu, FLAGS_ARITH, FLAG_AF | flags_szp(r, size) | flags_co(last, last >> (bits - 1)));
    return r;
}

ALWAYS_INLINE uint32_t sar(struct cpu *cpu, uint32_t a, unsigned count, unsigned size)
{
    unsigned up = 32 - 8 * size;
    int32_t last = ((int32_t)(a << up) >> up) >> (count - 1);
    uint32_t r = (uint32_t)(last >> 1) & size_mask(size);
    flags_set(cpu, FLAGS_ARITH, FLAG_AF | flags_szp(r, size) | flags_co((uint32_t)last, 0));
    return r;
}

#define SHIFT_BODY(name)                                                                                  \
    ALWAYS_INLINE void name##_rm(struct cpu *cpu, const struct insn *insn, unsigned count, unsigned size) \
    {                                                                                                     \
        struct rmw rmw;                                                                                   \
        uint32_t a = rmw_get(cpu, insn, size, &rmw);                                                      \
        if (count & 31)                                                                                   \
            rmw_set(cpu, insn, size, &rmw, name(cpu, a, count & 31, size));                               \
    }                                                                                                     \
    ALWAYS_INLINE void name##_1_(struct cpu *cpu, const struct insn *insn, unsigned size)                 \
    {                                                                                                     \
        name##_rm(cpu, insn, 1, size);                                                                    \
    }                                                                                                     \
    ALWAYS_INLINE void name##_imm_(struct cpu *cpu, const struct insn *insn, unsigned size)               \
    {                                                                                                     \
        name##_rm(cpu, insn, insn->imm, size);                                                            \
    }                                                                                                     \
    ALWAYS_INLINE void name##_cl_(struct cpu *cpu, const struct insn *insn, unsigned size)                \
    {                                                                                                     \
        name##_rm(cpu, insn, cpu->reg[ECX], size);                                                        \
    }                                                                                                     \
    OP_8_16_32(name##_1_) OP_8_16_32(name##_imm_) OP_8_16_32(name##_cl_)

SHIFT_BODY(rol)
SHIFT_BODY(ror)
SHIFT_BODY(rcl)
SHIFT_BODY(rcr)
SHIFT_BODY(shl)
SHIFT_BODY(shr)
SHIFT_BODY(sar)

/* Double shifts. With 16-bit operands and a count above 16 the result is undefined; AMD's processors go on as if
 * the source stood there twice (Intel's put the destination behind it), but for CF, and OF of SHLD, in some cases. */
ALWAYS_INLINE void shld(struct cpu *cpu, const struct insn *insn, unsigned count, unsigned size)
{
    unsigned bits = 8 * size;
    struct rmw rmw;
    uint32_t a = rmw_get(cpu, insn, size, &rmw), b = reg_get(cpu, insn->reg, size);
    count &= 31;
    if (!count)
        return;
    uint64_t wide = size == 4 ? (uint64_t)a << 32 | b : (uint64_t)a << 32 | b << 16 | b;
    unsigned top = size == 4 ? 64 : 48;
    uint32_t r = (uint32_t)(wide >> (top - bits - count)) & size_mask(size);
    uint32_t carry = (uint32_t)(wide >> (top - count)) & 1;
    flags_set(cpu, FLAGS_ARITH, FLAG_AF | flags_szp(r, size) | flags_co(carry, carry ^ r >> (bits - 1)));
    rmw_set(cpu, insn, size, &rmw, r);
}

ALWAYS_INLINE void shrd(struct cpu *cpu, const struct insn *insn, unsigned count, unsigned size)
{
    unsigned bits = 8 * size;
    struct rmw rmw;
    uint32_t a = rmw_get(cpu, insn, size, &rmw), b = reg_get(cpu, insn->reg, size);
    count &= 31;
    if (!count)
        return;
    uint64_t wide = size == 4 ? (uint64_t)b << 32 | a : (uint64_t)b << 32 | b << 16 | a;
    uint32_t r = (uint32_t)(wide >> count) & size_mask(size);
    uint32_t carry = (uint32_t)(wide >> (count - 1)) & 1;
    flags_set(cpu, FLAGS_ARITH, FLAG_AF | flags_szp(r, size) | flags_co(carry, r >> (bits - 1) ^ r >> (bits - 2)));
    rmw_set(cpu, insn, size, &rmw, r);
}

#define DOUBLE_BODY(name)                                                                   \
    ALWAYS_INLINE void name##_imm_(struct cpu *cpu, const struct insn *insn, unsigned size) \
    {                                                                                       \
        name(cpu, insn, insn->imm, size);                                                   \
    }                                                                                       \
    ALWAYS_INLINE void name##_cl_(struct cpu *cpu, const struct insn *insn, unsigned size)  \
    {                                                                                       \
        name(cpu, insn, cpu->reg[ECX], size);                                               \
    }                                                                                       \
    OP_16_32(name##_imm_) OP_16_32(name##_cl_)

DOUBLE_BODY(shld)
DOUBLE_BODY(shrd)

#define SHIFT_ROWS(name, ext)                                                                             \
    ROWS_8_16_32(MAP_1BYTE, 0xc0, ext, 0, name##_imm_), ROWS_8_16_32(MAP_1BYTE, 0xd0, ext, 0, name##_1_), \
        ROWS_8_16_32(MAP_1BYTE, 0xd2, ext, 0, name##_cl_)

// clang-format off
static const struct op_row rows[] = {
    SHIFT_ROWS(rol, 0),
    SHIFT_ROWS(ror, 1),
    SHIFT_ROWS(rcl, 2),
    SHIFT_ROWS(rcr, 3),
    SHIFT_ROWS(shl, 4),
    SHIFT_ROWS(shr, 5),
    SHIFT_ROWS(shl, 6),
    SHIFT_ROWS(sar, 7),
    ROWS_16_32(MAP_0F, 0xa4, 0xa4, -1, 0, shld_imm_),
    ROWS_16_32(MAP_0F, 0xa5, 0xa5, -1, 0, shld_cl_),
    ROWS_16_32(MAP_0F, 0xac, 0xac, -1, 0, shrd_imm_),
    ROWS_16_32(MAP_0F, 0xad, 0xad, -1, 0, shrd_cl_),
};
// clang-format on
OP_TABLE(ops_shift, rows);
