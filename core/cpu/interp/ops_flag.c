/* ops_flag.c - EFLAGS as a whole and bit by bit: PUSHF, POPF, LAHF, SAHF, CLC..STD, CLI, STI. */
#include "core/cpu/interp/flags.h"
#include "core/cpu/interp/stack_ops.h"
#include "core/cpu/system.h"

/* v86 with IOPL < 3: no PUSHF at all without VME; with it IF is shown as VIF and IOPL as 3 (SDM vol. 3, 20.3). */
ALWAYS_INLINE void pushf(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    (void)insn;
    uint32_t flags = cpu->eflags & ~(FLAG_VM | FLAG_RF);
    if (cpu_v86(cpu) && cpu_iopl(cpu) < 3) {
        if (size == 4 || !(cpu->cr4 & CR4_VME))
            cpu_raise_code(cpu, EXC_GP, 0);
        flags = (flags & ~FLAG_IF) | FLAG_IOPL | (cpu->eflags & FLAG_VIF ? FLAG_IF : 0);
    }
    push(cpu, size, flags);
}
ALWAYS_INLINE void popf(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    (void)insn;
    eflags_load(cpu, stack_item(cpu, 0, size), size);
    stack_set(cpu, cpu->reg[ESP] + size);
}
OP_16_32(pushf)
OP_16_32(popf)

static void lahf(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    *reg8(cpu, 4) = (uint8_t)cpu->eflags;
}
static void sahf(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    const uint32_t mask = FLAGS_ARITH & ~FLAG_OF;
    flags_set(cpu, mask, *reg8(cpu, 4) & mask);
}
/* D6, undocumented: AL = CF ? FFh : 0. */
static void salc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    *reg8(cpu, 0) = cpu->eflags & FLAG_CF ? 0xff : 0;
}
static void cmc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu->eflags ^= FLAG_CF;
}
static void clc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu->eflags &= ~FLAG_CF;
}
static void stc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu->eflags |= FLAG_CF;
}
static void cld(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu->eflags &= ~FLAG_DF;
}
static void std_(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu->eflags |= FLAG_DF;
}

/* The flag that CLI and STI change: IF, or VIF in v86 with VME and in protected mode with PVI (SDM vol. 2, CLI, table
 * "decision table"). Raises #GP(0) when it may change neither. */
static uint32_t interrupt_flag(struct cpu *cpu)
{
    if (!(cpu->cr0 & CR0_PE))
        return FLAG_IF;
    if (cpu_iopl(cpu) >= cpu->cpl)
        return FLAG_IF;
    if (cpu_v86(cpu) ? cpu->cr4 & CR4_VME : cpu->cpl == 3 && (cpu->cr4 & CR4_PVI))
        return FLAG_VIF;
    cpu_raise_code(cpu, EXC_GP, 0);
}

static void cli(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu->eflags &= ~interrupt_flag(cpu);
}
static void sti(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    uint32_t flag = interrupt_flag(cpu);
    if (flag == FLAG_VIF && (cpu->eflags & FLAG_VIP))
        cpu_raise_code(cpu, EXC_GP, 0);
    if (flag == FLAG_IF && !(cpu->eflags & FLAG_IF))
        cpu->shadow_sti = true;
    cpu->eflags |= flag;
}

// clang-format off
static const struct op_row rows[] = {
    ROWS_16_32(MAP_1BYTE, 0x9c, 0x9c, -1, 0, pushf),
    ROWS_16_32(MAP_1BYTE, 0x9d, 0x9d, -1, OP_ENDS, popf),
    { MAP_1BYTE, 0x9e, 0x9e, -1, 0, 0, sahf },
    { MAP_1BYTE, 0x9f, 0x9f, -1, 0, 0, lahf },
    { MAP_1BYTE, 0xd6, 0xd6, -1, 0, 0, salc },
    { MAP_1BYTE, 0xf5, 0xf5, -1, 0, 0, cmc },
    { MAP_1BYTE, 0xf8, 0xf8, -1, 0, 0, clc },
    { MAP_1BYTE, 0xf9, 0xf9, -1, 0, 0, stc },
    { MAP_1BYTE, 0xfa, 0xfa, -1, 0, 0, cli },
    { MAP_1BYTE, 0xfb, 0xfb, -1, OP_ENDS, 0, sti },
    { MAP_1BYTE, 0xfc, 0xfc, -1, 0, 0, cld },
    { MAP_1BYTE, 0xfd, 0xfd, -1, 0, 0, std_ },
};
// clang-format on
OP_TABLE(ops_flag, rows);
