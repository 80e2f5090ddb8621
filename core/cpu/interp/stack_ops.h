/* stack_ops.h - the stack as near instructions use it: width of the pointer by SS.B, of an item by operand size. */
#ifndef ABBEY_CORE_STACK_OPS_H
#define ABBEY_CORE_STACK_OPS_H

#include "core/cpu/interp/operand.h"

ALWAYS_INLINE uint32_t stack_mask(const struct cpu *cpu)
{
    return cpu->seg[SS].attr & SEG_DB ? UINT32_MAX : UINT16_MAX;
}

/* ESP or SP gets `value`. */
ALWAYS_INLINE void stack_set(struct cpu *cpu, uint32_t value)
{
    uint32_t mask = stack_mask(cpu);
    cpu->reg[ESP] = (cpu->reg[ESP] & ~mask) | (value & mask);
}

ALWAYS_INLINE void push(struct cpu *cpu, unsigned size, uint32_t value)
{
    uint32_t sp = (cpu->reg[ESP] - size) & stack_mask(cpu);
    mem_set(cpu, SS, sp, size, value);
    stack_set(cpu, sp);
}

/* The item `above` bytes over the top; moves nothing. */
ALWAYS_INLINE uint32_t stack_item(struct cpu *cpu, uint32_t above, unsigned size)
{
    return mem_get(cpu, SS, (cpu->reg[ESP] + above) & stack_mask(cpu), size);
}

ALWAYS_INLINE uint32_t pop(struct cpu *cpu, unsigned size)
{
    uint32_t value = stack_item(cpu, 0, size);
    stack_set(cpu, cpu->reg[ESP] + size);
    return value;
}

#endif
