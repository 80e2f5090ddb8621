/* ops_stack.c - PUSH, POP, PUSHA, POPA, ENTER, LEAVE. PUSHF and POPF are in ops_flag.c. */
#include "core/cpu/interp/stack_ops.h"
#include "core/cpu/system.h"

ALWAYS_INLINE void push_r(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    push(cpu, size, cpu->reg[insn->opcode & 7]); /* PUSH ESP: as it was before */
}
ALWAYS_INLINE void push_imm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    push(cpu, size, insn->imm);
}
ALWAYS_INLINE void push_rm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    push(cpu, size, rm_get(cpu, insn, size));
}
ALWAYS_INLINE void pop_r(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint32_t value = pop(cpu, size);
    reg_set(cpu, insn->opcode & 7, size, value);
}
/* The address of POP m is computed with ESP behind the item (SDM vol. 2, POP). */
ALWAYS_INLINE void pop_rm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint32_t esp = cpu->reg[ESP], value = pop(cpu, size);
    if (insn->mod == 3) {
        reg_set(cpu, insn->rm, size, value);
        return;
    }
    uint32_t address = insn_address(cpu, insn), after = cpu->reg[ESP];
    cpu->reg[ESP] = esp; /* the store may raise */
    mem_set(cpu, insn->seg, address, size, value);
    cpu->reg[ESP] = after;
}
OP_16_32(push_r)
OP_16_32(push_imm)
OP_16_32(push_rm)
OP_16_32(pop_r)
OP_16_32(pop_rm)

/* The segment register in bits 5:3 of the opcode, in both maps. */
ALWAYS_INLINE void push_seg(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    push(cpu, size, cpu->seg[insn->opcode >> 3 & 7].selector);
}
ALWAYS_INLINE void pop_seg(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    unsigned seg = insn->opcode >> 3 & 7;
    uint32_t mask = stack_mask(cpu); /* POP SS moves the pointer of the old stack */
    uint32_t sp = cpu->reg[ESP] + size;
    seg_load(cpu, seg, (uint16_t)stack_item(cpu, 0, size));
    cpu->reg[ESP] = (cpu->reg[ESP] & ~mask) | (sp & mask);
    if (seg == SS)
        cpu->shadow_ss = true;
}
OP_16_32(push_seg)
OP_16_32(pop_seg)

ALWAYS_INLINE void pusha(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    (void)insn;
    uint32_t mask = stack_mask(cpu), esp = cpu->reg[ESP];
    for (unsigned n = EAX; n <= EDI; n++)
        mem_set(cpu, SS, (esp - size * (n + 1)) & mask, size, cpu->reg[n]);
    stack_set(cpu, esp - 8 * size);
}
ALWAYS_INLINE void popa(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    (void)insn;
    uint32_t value[8];
    for (unsigned n = EAX; n <= EDI; n++)
        value[n] = stack_item(cpu, size * (EDI - n), size);
    for (unsigned n = EAX; n <= EDI; n++)
        if (n != ESP)
            reg_set(cpu, n, size, value[n]);
    stack_set(cpu, cpu->reg[ESP] + 8 * size);
}
OP_16_32(pusha)
OP_16_32(popa)

/* SDM vol. 2, ENTER: everything is written before a register changes, and the new top is probed. */
ALWAYS_INLINE void enter(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint32_t mask = stack_mask(cpu), level = insn->imm2 & 31;
    uint32_t frame = (cpu->reg[ESP] - size) & mask, sp = frame, bp = cpu->reg[EBP];
    mem_set(cpu, SS, sp, size, bp);
    for (unsigned i = 1; i < level; i++) {
        bp = (bp - size) & mask;
        sp = (sp - size) & mask;
        mem_set(cpu, SS, sp, size, mem_get(cpu, SS, bp, size));
    }
    /* What is pushed for the new frame is ESP itself, upper half too. */
    uint32_t frame_pointer = (cpu->reg[ESP] & ~mask) | frame;
    if (level) {
        sp = (sp - size) & mask;
        mem_set(cpu, SS, sp, size, frame_pointer);
    }
    sp = (sp - (insn->imm & 0xffff)) & mask;
    probe_write(cpu, SS, sp, size);
    reg_set(cpu, EBP, size, frame_pointer);
    stack_set(cpu, sp);
}
ALWAYS_INLINE void leave(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    (void)insn;
    uint32_t sp = cpu->reg[EBP];
    uint32_t value = mem_get(cpu, SS, sp & stack_mask(cpu), size);
    stack_set(cpu, sp + size);
    reg_set(cpu, EBP, size, value);
}
OP_16_32(enter)
OP_16_32(leave)

// clang-format off
static const struct op_row rows[] = {
    ROWS_16_32(MAP_1BYTE, 0x50, 0x57, -1, 0, push_r),
    ROWS_16_32(MAP_1BYTE, 0x58, 0x5f, -1, 0, pop_r),
    ROWS_16_32(MAP_1BYTE, 0x60, 0x60, -1, 0, pusha),
    ROWS_16_32(MAP_1BYTE, 0x61, 0x61, -1, 0, popa),
    ROWS_16_32(MAP_1BYTE, 0x68, 0x68, -1, 0, push_imm),
    ROWS_16_32(MAP_1BYTE, 0x6a, 0x6a, -1, 0, push_imm),
    ROWS_16_32(MAP_1BYTE, 0x8f, 0x8f, 0, 0, pop_rm),
    ROWS_16_32(MAP_1BYTE, 0xff, 0xff, 6, 0, push_rm),
    ROWS_16_32(MAP_1BYTE, 0xc8, 0xc8, -1, 0, enter),
    ROWS_16_32(MAP_1BYTE, 0xc9, 0xc9, -1, 0, leave),
    ROWS_16_32(MAP_1BYTE, 0x06, 0x06, -1, 0, push_seg),
    ROWS_16_32(MAP_1BYTE, 0x0e, 0x0e, -1, 0, push_seg),
    ROWS_16_32(MAP_1BYTE, 0x16, 0x16, -1, 0, push_seg),
    ROWS_16_32(MAP_1BYTE, 0x1e, 0x1e, -1, 0, push_seg),
    ROWS_16_32(MAP_0F, 0xa0, 0xa0, -1, 0, push_seg),
    ROWS_16_32(MAP_0F, 0xa8, 0xa8, -1, 0, push_seg),
    ROWS_16_32(MAP_1BYTE, 0x07, 0x07, -1, 0, pop_seg),
    ROWS_16_32(MAP_1BYTE, 0x17, 0x17, -1, OP_ENDS, pop_seg),
    ROWS_16_32(MAP_1BYTE, 0x1f, 0x1f, -1, 0, pop_seg),
    ROWS_16_32(MAP_0F, 0xa1, 0xa1, -1, 0, pop_seg),
    ROWS_16_32(MAP_0F, 0xa9, 0xa9, -1, 0, pop_seg),
};
// clang-format on
OP_TABLE(ops_stack, rows);
