/* insn.h - one decoded guest instruction, and the rows of the opcode tables.
 *
 * The decoder fills a `struct insn` once; the cache keeps it until the bytes change. A handler gets the CPU with
 * cpu->insn_eip at the instruction and cpu->eip behind it, both wrapped to the code size; it raises before it changes
 * a register, or leaves the change to the last step. */
#ifndef ABBEY_CORE_INSN_H
#define ABBEY_CORE_INSN_H

#include "core/cpu/cpu.h"

struct insn;
typedef void (*insn_fn)(struct cpu *cpu, const struct insn *insn);

/* Opcode maps. */
enum { MAP_1BYTE, MAP_0F, MAP_0F38, MAP_0F3A };

struct insn {
    insn_fn exec;
    uint32_t imm;     /* sign- or zero-extended as the instruction wants it */
    uint32_t disp;    /* sign-extended */
    uint16_t imm2;    /* selector of a far pointer, second immediate of ENTER */
    uint8_t length;   /* bytes */
    uint8_t opsize;   /* 2 or 4 */
    uint8_t addrsize; /* 2 or 4 */
    uint8_t map, opcode;
    uint8_t modrm, mod, reg, rm; /* fields of ModRM; 0 when there is none */
    uint8_t seg;                 /* effective segment of the memory operand, defaults and overrides applied */
    uint8_t base, index, scale;  /* of the address; REG_NONE where absent; 16-bit forms too */
    uint8_t rep;                 /* 0, 0xf2 or 0xf3, the last one */
    uint8_t prefixes;            /* INSN_PREFIX_... */
    uint8_t bytes[15];           /* as fetched */
    uint8_t opcode_at;           /* index in bytes of the opcode proper (behind prefixes and escapes) */
};
#define INSN_PREFIX_LOCK 1u
#define INSN_PREFIX_66 2u
#define INSN_PREFIX_67 4u
#define INSN_PREFIX_SEG 8u

/* Conditions on a row. */
#define OP_MEM 1u  /* ModRM must name memory */
#define OP_REG 2u  /* ModRM must name a register */
#define OP_LOCK 4u /* LOCK is allowed with a memory destination */
#define OP_NP 8u   /* no 66, F2, F3 prefix */
#define OP_66 16u  /* mandatory prefix 66 */
#define OP_F2 32u
#define OP_F3 64u
#define OP_ENDS 128u /* control does not simply go on behind it: ends a run of cached instructions */
#define OP_O16 256u  /* operand size 2 */
#define OP_O32 512u  /* operand size 4 */
#define OP_REP 1024u /* F2 and F3 repeat it: with them it ends a run too */

/* One row: opcodes `first`..`last` of a map, with ModRM.reg equal to `ext` (0..7, or -1 for any). `feature` is a
 * mask of CPUID_... (cpuid.h); without them the instruction is undefined. The first row that fits is taken, tables in
 * the order below. An opcode with no row raises #UD. */
struct op_row {
    uint8_t map, first, last;
    int8_t ext;
    uint16_t flags;
    uint64_t feature;
    insn_fn fn;
};
struct op_table {
    const struct op_row *rows;
    unsigned count;
};

/* The tables, one per source file; interp.c gathers them. */
extern const struct op_table ops_alu, ops_move, ops_shift, ops_bits, ops_muldiv, ops_string, ops_flow, ops_stack,
    ops_flag, ops_bcd;
extern const struct op_table ops_far, ops_system, ops_io;
extern const struct op_table ops_x87, ops_simd, ops_simd_later;

/* Effective address of the memory operand, truncated to the address size. */
static inline uint32_t insn_address(const struct cpu *cpu, const struct insn *insn)
{
    uint32_t ea = insn->disp + cpu->reg[insn->base] + (cpu->reg[insn->index] << insn->scale);
    return insn->addrsize == 4 ? ea : (uint16_t)ea;
}

#endif
