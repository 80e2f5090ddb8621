/* ops_bcd.c - decimal arithmetic: DAA, DAS, AAA, AAS, AAM, AAD. */
#include "core/cpu/interp/flags.h"

/* Adds to AL or AX or subtracts from it. What the SDM leaves undefined is as on AMD's processors, measured: OF, SF, ZF,
 * PF are those of this step. */
ALWAYS_INLINE uint32_t adjust(struct cpu *cpu, uint32_t a, uint32_t by, bool subtract, uint32_t carries, unsigned size)
{
    uint32_t result = subtract ? flags_sub(cpu, a, by, 0, size) : flags_add(cpu, a, by, 0, size);
    flags_set(cpu, FLAG_CF | FLAG_AF, carries);
    return result;
}

/* SDM vol. 2, DAA and DAS. */
ALWAYS_INLINE void decimal_adjust(struct cpu *cpu, bool subtract)
{
    uint32_t al = *reg8(cpu, 0), by = 0, carries = 0;
    bool carry = cpu->eflags & FLAG_CF;
    if ((al & 15) > 9 || (cpu->eflags & FLAG_AF)) {
        by = 6;
        carries = FLAG_AF | (subtract && al < 6 ? FLAG_CF : 0); /* DAS: a borrow out of AL is a carry too */
    }
    if (al > 0x99 || carry) {
        by += 0x60;
        carries |= FLAG_CF;
    }
    *reg8(cpu, 0) = (uint8_t)adjust(cpu, al, by, subtract, carries, 1);
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
    uint32_t ax = cpu->reg[EAX] & 0xffff;
    bool needed = (ax & 15) > 9 || (cpu->eflags & FLAG_AF);
    uint32_t carries = needed ? FLAG_AF | FLAG_CF : 0;
    reg_set(cpu, EAX, 2, adjust(cpu, ax, needed ? 0x106 : 0, subtract, carries, 2) & 0xff0f);
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
    uint32_t tens = *reg8(cpu, 4) * insn->imm & 0xff;
    reg_set(cpu, EAX, 2, flags_add(cpu, *reg8(cpu, 0), tens, 0, 1));
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
