/* ops_bcd.c - decimal arithmetic: DAA, DAS, AAA, AAS, AAM, AAD. */
#include "core/cpu/interp/flags.h"

/* SDM vol. 2, DAA; `sign` is 1, for DAS -1. */
ALWAYS_INLINE void decimal_adjust(struct cpu *cpu, bool subtract)
{
    uint32_t al = *reg8(cpu, 0), old = al, flags = 0;
    bool carry = cpu->eflags & FLAG_CF;
    if ((al & 15) > 9 || (cpu->eflags & FLAG_AF)) {
        /* DAS: a borrow out of AL here is a carry too */
        flags |= FLAG_AF | (carry || (subtract && old < 6) ? FLAG_CF : 0);
        al = subtract ? al - 6 : al + 6;
    }
    if (old > 0x99 || carry) {
        al = subtract ? al - 0x60 : al + 0x60;
        flags |= FLAG_CF;
    }
    *reg8(cpu, 0) = (uint8_t)al;
    flags_set(cpu, FLAGS_ARITH, flags | flags_szp(al & 0xff, 1));
}
static void daa(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    decimal_adjust(cpu, false);
}
static void das(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    decimal_adjust(cpu, true);
}

/* AX moves by 106h or -106h, so a carry out of AL reaches AH. */
ALWAYS_INLINE void ascii_adjust(struct cpu *cpu, bool subtract)
{
    uint32_t ax = cpu->reg[EAX] & 0xffff, flags = 0;
    if ((ax & 15) > 9 || (cpu->eflags & FLAG_AF)) {
        ax = subtract ? ax - 0x106 : ax + 0x106;
        flags = FLAG_AF | FLAG_CF;
    }
    reg_set(cpu, EAX, 2, ax & 0xff0f);
    flags_set(cpu, FLAGS_ARITH, flags | flags_szp(ax & 0x0f, 1));
}
static void aaa(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    ascii_adjust(cpu, false);
}
static void aas(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    ascii_adjust(cpu, true);
}

static void aam(struct cpu *cpu, const struct insn *insn)
{
    uint32_t base = insn->imm & 0xff, al = *reg8(cpu, 0);
    if (base == 0)
        cpu_raise(cpu, EXC_DE);
    reg_set(cpu, EAX, 2, al / base << 8 | al % base);
    flags_logic(cpu, al % base, 1);
}
static void aad(struct cpu *cpu, const struct insn *insn)
{
    uint32_t al = (*reg8(cpu, 0) + *reg8(cpu, 4) * insn->imm) & 0xff;
    reg_set(cpu, EAX, 2, al);
    flags_logic(cpu, al, 1);
}

// clang-format off
static const struct op_row rows[] = {
    { MAP_1BYTE, 0x27, 0x27, -1, 0, 0, daa },
    { MAP_1BYTE, 0x2f, 0x2f, -1, 0, 0, das },
    { MAP_1BYTE, 0x37, 0x37, -1, 0, 0, aaa },
    { MAP_1BYTE, 0x3f, 0x3f, -1, 0, 0, aas },
    { MAP_1BYTE, 0xd4, 0xd4, -1, 0, 0, aam },
    { MAP_1BYTE, 0xd5, 0xd5, -1, 0, 0, aad },
};
// clang-format on
OP_TABLE(ops_bcd, rows);
