/* flags.h - arithmetic flags. Values are zero-extended to 32 bits; `size` is 1, 2 or 4 and constant. */
#ifndef ABBEY_CORE_FLAGS_H
#define ABBEY_CORE_FLAGS_H

#include "core/cpu/interp/operand.h"

ALWAYS_INLINE void flags_set(struct cpu *cpu, uint32_t mask, uint32_t value)
{
    cpu->eflags = (cpu->eflags & ~mask) | value;
}

/* SF, ZF and PF of a result. */
ALWAYS_INLINE uint32_t flags_szp(uint32_t result, unsigned size)
{
    uint32_t flags = result >> (8 * size - 8) & FLAG_SF;
    flags |= result == 0 ? FLAG_ZF : 0;
    flags |= __builtin_parity(result & 0xff) ? 0 : FLAG_PF;
    return flags;
}

/* a + b + carry; sets all flags. */
ALWAYS_INLINE uint32_t flags_add(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t carry, unsigned size)
{
    uint32_t result = (a + b + carry) & size_mask(size);
    uint32_t carries = (a & b) | ((a | b) & ~result); /* out of each bit */
    uint32_t flags = flags_szp(result, size) | ((a ^ b ^ result) & FLAG_AF);
    flags |= carries >> (8 * size - 1) & FLAG_CF;
    flags |= (((a ^ result) & (b ^ result)) >> (8 * size - 1) & 1) << 11;
    flags_set(cpu, FLAGS_ARITH, flags);
    return result;
}

/* a - b - borrow; sets all flags. */
ALWAYS_INLINE uint32_t flags_sub(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t borrow, unsigned size)
{
    uint32_t result = (a - b - borrow) & size_mask(size);
    uint32_t borrows = (~a & b) | (~(a ^ b) & result); /* into each bit */
    uint32_t flags = flags_szp(result, size) | ((a ^ b ^ result) & FLAG_AF);
    flags |= borrows >> (8 * size - 1) & FLAG_CF;
    flags |= (((a ^ b) & (a ^ result)) >> (8 * size - 1) & 1) << 11;
    flags_set(cpu, FLAGS_ARITH, flags);
    return result;
}

/* Result of AND, OR, XOR, TEST: CF = OF = 0; AF is undefined and cleared, as AMD and Intel do. */
ALWAYS_INLINE uint32_t flags_logic(struct cpu *cpu, uint32_t result, unsigned size)
{
    flags_set(cpu, FLAGS_ARITH, flags_szp(result, size));
    return result;
}

/* INC and DEC leave CF alone. */
ALWAYS_INLINE uint32_t flags_inc(struct cpu *cpu, uint32_t a, unsigned size)
{
    uint32_t carry = cpu->eflags & FLAG_CF;
    uint32_t result = flags_add(cpu, a, 1, 0, size);
    flags_set(cpu, FLAG_CF, carry);
    return result;
}
ALWAYS_INLINE uint32_t flags_dec(struct cpu *cpu, uint32_t a, unsigned size)
{
    uint32_t carry = cpu->eflags & FLAG_CF;
    uint32_t result = flags_sub(cpu, a, 1, 0, size);
    flags_set(cpu, FLAG_CF, carry);
    return result;
}

/* Condition code 0..15 of Jcc, SETcc, CMOVcc (SDM vol. 1, appendix B). */
ALWAYS_INLINE bool flags_condition(const struct cpu *cpu, unsigned cc)
{
    uint32_t f = cpu->eflags;
    bool less = ((f >> 7) ^ (f >> 11)) & 1;
    bool met = false;
    switch (cc >> 1) {
    case 0: met = f & FLAG_OF; break;
    case 1: met = f & FLAG_CF; break;
    case 2: met = f & FLAG_ZF; break;
    case 3: met = f & (FLAG_CF | FLAG_ZF); break;
    case 4: met = f & FLAG_SF; break;
    case 5: met = f & FLAG_PF; break;
    case 6: met = less; break;
    case 7: met = less || (f & FLAG_ZF); break;
    }
    return met != (cc & 1);
}

#endif
