/* ops_flow.c - near transfers: JMP, Jcc, CALL, RET, LOOP, JCXZ; BOUND.
 *
 * With 16-bit operands the target is cut to 16 bits. A target behind the limit of CS raises #GP(0) at the transfer, not
 * at the target, so it is checked before anything is pushed or popped. */
#include "core/cpu/interp/flags.h"
#include "core/cpu/interp/stack_ops.h"

ALWAYS_INLINE uint32_t target_check(struct cpu *cpu, uint32_t target, unsigned size)
{
    target &= size_mask(size);
    if (__builtin_expect(target > cpu->seg[CS].limit, 0))
        cpu_raise_code(cpu, EXC_GP, 0);
    return target;
}

/* Relative to the next instruction. */
ALWAYS_INLINE void jump_by(struct cpu *cpu, uint32_t displacement, unsigned size)
{
    cpu->eip = target_check(cpu, cpu->eip + displacement, size);
}

ALWAYS_INLINE void jmp_rel(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    jump_by(cpu, insn->imm, size);
}
ALWAYS_INLINE void jmp_rm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    cpu->eip = target_check(cpu, rm_get(cpu, insn, size), size);
}
ALWAYS_INLINE void call_to(struct cpu *cpu, uint32_t target, unsigned size)
{
    target = target_check(cpu, target, size);
    push(cpu, size, cpu->eip);
    cpu->eip = target;
}
ALWAYS_INLINE void call_rel(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    call_to(cpu, cpu->eip + insn->imm, size);
}
ALWAYS_INLINE void call_rm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    call_to(cpu, rm_get(cpu, insn, size), size);
}
ALWAYS_INLINE void ret(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    cpu->eip = target_check(cpu, stack_item(cpu, 0, size), size);
    stack_set(cpu, cpu->reg[ESP] + size + (uint16_t)insn->imm);
}
OP_16_32(jmp_rel)
OP_16_32(jmp_rm)
OP_16_32(call_rel)
OP_16_32(call_rm)
OP_16_32(ret)

/* One handler a condition, so that each tests its own flags alone. */
#define JCC(cc)                                                                          \
    ALWAYS_INLINE void j##cc##_(struct cpu *cpu, const struct insn *insn, unsigned size) \
    {                                                                                    \
        if (flags_condition(cpu, 0x##cc))                                                \
            jump_by(cpu, insn->imm, size);                                               \
    }                                                                                    \
    OP_16_32(j##cc##_)
JCC(0)
JCC(1)
JCC(2)
JCC(3)
JCC(4)
JCC(5)
JCC(6)
JCC(7)
JCC(8)
JCC(9)
JCC(a)
JCC(b)
JCC(c)
JCC(d)
JCC(e)
JCC(f)

/* ---- counted in CX or ECX, by the address size ---- */

ALWAYS_INLINE uint32_t counter_mask(const struct insn *insn)
{
    return insn->addrsize == 4 ? UINT32_MAX : UINT16_MAX;
}

ALWAYS_INLINE void jcxz(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    if (!(cpu->reg[ECX] & counter_mask(insn)))
        jump_by(cpu, insn->imm, size);
}
/* E0 LOOPNZ, E1 LOOPZ, E2 LOOP */
ALWAYS_INLINE void loop(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint32_t mask = counter_mask(insn), count = (cpu->reg[ECX] - 1) & mask;
    bool zf = cpu->eflags & FLAG_ZF;
    if (count && (insn->opcode == 0xe2 || zf == (insn->opcode == 0xe1)))
        jump_by(cpu, insn->imm, size);
    cpu->reg[ECX] = (cpu->reg[ECX] & ~mask) | count;
}
OP_16_32(jcxz)
OP_16_32(loop)

/* Signed index against the pair of bounds in memory. */
ALWAYS_INLINE void bound(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint32_t address = insn_address(cpu, insn);
    uint32_t lower = mem_get(cpu, insn->seg, address, size);
    uint32_t upper = mem_get(cpu, insn->seg, (address + size) & counter_mask(insn), size);
    uint32_t flip = size_sign(size), index = reg_get(cpu, insn->reg, size) ^ flip;
    if (index < (lower ^ flip) || index > (upper ^ flip))
        cpu_raise(cpu, EXC_BR);
}
OP_16_32(bound)

#define JCC_ROWS(cc)                                                \
    ROWS_16_32(MAP_1BYTE, 0x7##cc, 0x7##cc, -1, OP_ENDS, j##cc##_), \
        ROWS_16_32(MAP_0F, 0x8##cc, 0x8##cc, -1, OP_ENDS, j##cc##_)

// clang-format off
static const struct op_row rows[] = {
    JCC_ROWS(0), JCC_ROWS(1), JCC_ROWS(2), JCC_ROWS(3), JCC_ROWS(4), JCC_ROWS(5), JCC_ROWS(6), JCC_ROWS(7),
    JCC_ROWS(8), JCC_ROWS(9), JCC_ROWS(a), JCC_ROWS(b), JCC_ROWS(c), JCC_ROWS(d), JCC_ROWS(e), JCC_ROWS(f),
    ROWS_16_32(MAP_1BYTE, 0xe9, 0xe9, -1, OP_ENDS, jmp_rel),
    ROWS_16_32(MAP_1BYTE, 0xeb, 0xeb, -1, OP_ENDS, jmp_rel),
    ROWS_16_32(MAP_1BYTE, 0xff, 0xff, 4, OP_ENDS, jmp_rm),
    ROWS_16_32(MAP_1BYTE, 0xe8, 0xe8, -1, OP_ENDS, call_rel),
    ROWS_16_32(MAP_1BYTE, 0xff, 0xff, 2, OP_ENDS, call_rm),
    ROWS_16_32(MAP_1BYTE, 0xc2, 0xc3, -1, OP_ENDS, ret),
    ROWS_16_32(MAP_1BYTE, 0xe0, 0xe2, -1, OP_ENDS, loop),
    ROWS_16_32(MAP_1BYTE, 0xe3, 0xe3, -1, OP_ENDS, jcxz),
    ROWS_16_32(MAP_1BYTE, 0x62, 0x62, -1, OP_MEM, bound),
};
// clang-format on
OP_TABLE(ops_flow, rows);
