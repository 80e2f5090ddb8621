/* operand.h - operands of integer instructions: registers of each size, register-or-memory, the stack.
 *
 * `size` is 1, 2 or 4 and constant at every call, so that each use becomes straight code. */
#ifndef ABBEY_CORE_OPERAND_H
#define ABBEY_CORE_OPERAND_H

#include "core/cpu/access.h"
#include "core/cpu/interp/insn.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE uint32_t size_mask(unsigned size)
{
    return size == 4 ? UINT32_MAX : size == 2 ? 0xffff : 0xff;
}
ALWAYS_INLINE uint32_t size_sign(unsigned size)
{
    return 1u << (8 * size - 1);
}

/* ---- registers ---- */

/* AL CL DL BL AH CH DH BH; the host is little-endian. */
ALWAYS_INLINE uint8_t *reg8(struct cpu *cpu, unsigned n)
{
    return (uint8_t *)&cpu->reg[n & 3] + (n >> 2);
}

ALWAYS_INLINE uint32_t reg_get(struct cpu *cpu, unsigned n, unsigned size)
{
    return size == 1 ? *reg8(cpu, n) : cpu->reg[n] & size_mask(size);
}

ALWAYS_INLINE void reg_set(struct cpu *cpu, unsigned n, unsigned size, uint32_t value)
{
    if (size == 1)
        *reg8(cpu, n) = (uint8_t)value;
    else if (size == 2)
        cpu->reg[n] = (cpu->reg[n] & 0xffff0000u) | (value & 0xffff);
    else
        cpu->reg[n] = value;
}

/* ---- memory ---- */

ALWAYS_INLINE uint32_t mem_get(struct cpu *cpu, unsigned seg, uint32_t offset, unsigned size)
{
    return size == 1 ? ld8(cpu, seg, offset) : size == 2 ? ld16(cpu, seg, offset) : ld32(cpu, seg, offset);
}

ALWAYS_INLINE void mem_set(struct cpu *cpu, unsigned seg, uint32_t offset, unsigned size, uint32_t value)
{
    if (size == 1)
        st8(cpu, seg, offset, (uint8_t)value);
    else if (size == 2)
        st16(cpu, seg, offset, (uint16_t)value);
    else
        st32(cpu, seg, offset, value);
}

/* ---- ModRM.rm ---- */

ALWAYS_INLINE uint32_t rm_get(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    if (insn->mod == 3)
        return reg_get(cpu, insn->rm, size);
    return mem_get(cpu, insn->seg, insn_address(cpu, insn), size);
}

ALWAYS_INLINE void rm_set(struct cpu *cpu, const struct insn *insn, unsigned size, uint32_t value)
{
    if (insn->mod == 3)
        reg_set(cpu, insn->rm, size, value);
    else
        mem_set(cpu, insn->seg, insn_address(cpu, insn), size, value);
}

/* A destination that is read, changed and written. rmw_get() has made sure that rmw_set() cannot raise, and so may be
 * followed by changes of flags and registers. */
struct rmw {
    uint8_t *host; /* NULL: register or slow memory */
    uint32_t offset;
};

ALWAYS_INLINE uint32_t rmw_get(struct cpu *cpu, const struct insn *insn, unsigned size, struct rmw *rmw)
{
    *rmw = (struct rmw){ .host = NULL };
    if (insn->mod == 3)
        return reg_get(cpu, insn->rm, size);
    rmw->offset = insn_address(cpu, insn);
    rmw->host = access_rmw(cpu, insn->seg, rmw->offset, size);
    if (__builtin_expect(!rmw->host, 0)) {
        probe_write(cpu, insn->seg, rmw->offset, size);
        return mem_get(cpu, insn->seg, rmw->offset, size);
    }
    uint32_t value = 0;
    memcpy(&value, rmw->host, size);
    return value;
}

ALWAYS_INLINE void rmw_set(
    struct cpu *cpu, const struct insn *insn, unsigned size, const struct rmw *rmw, uint32_t value)
{
    if (insn->mod == 3)
        reg_set(cpu, insn->rm, size, value);
    else if (rmw->host)
        memcpy(rmw->host, &value, size);
    else
        mem_set(cpu, insn->seg, rmw->offset, size, value);
}

/* ---- sizes ---- */

/* Defines op_name8/16/32 from an ALWAYS_INLINE body `op_name(cpu, insn, size)`. */
#define OP_SIZED(op, bits, size)                                   \
    static void op##bits(struct cpu *cpu, const struct insn *insn) \
    {                                                              \
        op(cpu, insn, size);                                       \
    }
#define OP_8_16_32(op) OP_SIZED(op, 8, 1) OP_SIZED(op, 16, 2) OP_SIZED(op, 32, 4)
#define OP_16_32(op) OP_SIZED(op, 16, 2) OP_SIZED(op, 32, 4)

#define OP_TABLE(name, rows) const struct op_table name = { (rows), sizeof(rows) / sizeof((rows)[0]) }

/* Rows for an opcode pair: `op` bytes, `op + 1` words or doublewords. */
#define ROWS_8_16_32(map, op, ext, flags, fn)                                                                       \
    { map, (op), (op), (ext), (flags), 0, fn##8 }, { map, (op) + 1, (op) + 1, (ext), (flags) | OP_O16, 0, fn##16 }, \
    {                                                                                                               \
        map, (op) + 1, (op) + 1, (ext), (flags) | OP_O32, 0, fn##32                                                 \
    }
#define ROWS_16_32(map, first, last, ext, flags, fn)              \
    { map, (first), (last), (ext), (flags) | OP_O16, 0, fn##16 }, \
    {                                                             \
        map, (first), (last), (ext), (flags) | OP_O32, 0, fn##32  \
    }

#endif
