/* ops_far.c - far JMP, CALL, RET, IRET, INT and its relatives, SYSENTER, SYSEXIT: the meaning is system.h's. */
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/operand.h"
#include "core/cpu/system.h"

typedef void (*far_fn)(struct cpu *cpu, uint16_t selector, uint32_t offset, uint32_t size);

/* ptr16:16 and ptr16:32. */
ALWAYS_INLINE void far_immediate(struct cpu *cpu, const struct insn *insn, far_fn fn)
{
    fn(cpu, insn->imm2, insn->imm, insn->opsize);
}

/* m16:16 and m16:32: the offset stands first. */
ALWAYS_INLINE void far_memory(struct cpu *cpu, const struct insn *insn, far_fn fn)
{
    uint32_t at = insn_address(cpu, insn), behind = at + insn->opsize;
    if (insn->addrsize == 2)
        behind &= 0xffff;
    uint32_t offset = mem_get(cpu, insn->seg, at, insn->opsize);
    fn(cpu, ld16(cpu, insn->seg, behind), offset, insn->opsize);
}

static void op_jmp_immediate(struct cpu *cpu, const struct insn *insn)
{
    far_immediate(cpu, insn, far_jump);
}
static void op_call_immediate(struct cpu *cpu, const struct insn *insn)
{
    far_immediate(cpu, insn, far_call);
}
static void op_jmp_memory(struct cpu *cpu, const struct insn *insn)
{
    far_memory(cpu, insn, far_jump);
}
static void op_call_memory(struct cpu *cpu, const struct insn *insn)
{
    far_memory(cpu, insn, far_call);
}

static void op_retf(struct cpu *cpu, const struct insn *insn)
{
    far_return(cpu, insn->opsize, 0);
}
static void op_retf_pop(struct cpu *cpu, const struct insn *insn)
{
    far_return(cpu, insn->opsize, insn->imm & 0xffff);
}
static void op_iret(struct cpu *cpu, const struct insn *insn)
{
    interrupt_return(cpu, insn->opsize);
}

static void op_int(struct cpu *cpu, const struct insn *insn)
{
    interrupt_software(cpu, insn->imm & 0xff);
}
static void op_int3(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    interrupt_breakpoint(cpu, EXC_BP);
}
static void op_into(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (cpu->eflags & FLAG_OF)
        interrupt_breakpoint(cpu, EXC_OF);
}
/* A trap like a debugger's own: neither the gate's DPL nor IOPL counts. */
static void op_int1(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    trap_deliver(cpu, EXC_DB);
}

static void op_sysenter(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    system_enter(cpu);
}
static void op_sysexit(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    system_exit(cpu);
}

// clang-format off
static const struct op_row rows[] = {
    { MAP_1BYTE, 0x9a, 0x9a, -1, OP_ENDS, 0, op_call_immediate },
    { MAP_1BYTE, 0xea, 0xea, -1, OP_ENDS, 0, op_jmp_immediate },
    { MAP_1BYTE, 0xff, 0xff, 3, OP_MEM | OP_ENDS, 0, op_call_memory },
    { MAP_1BYTE, 0xff, 0xff, 5, OP_MEM | OP_ENDS, 0, op_jmp_memory },
    { MAP_1BYTE, 0xca, 0xca, -1, OP_ENDS, 0, op_retf_pop },
    { MAP_1BYTE, 0xcb, 0xcb, -1, OP_ENDS, 0, op_retf },
    { MAP_1BYTE, 0xcc, 0xcc, -1, OP_ENDS, 0, op_int3 },
    { MAP_1BYTE, 0xcd, 0xcd, -1, OP_ENDS, 0, op_int },
    { MAP_1BYTE, 0xce, 0xce, -1, OP_ENDS, 0, op_into },
    { MAP_1BYTE, 0xcf, 0xcf, -1, OP_ENDS, 0, op_iret },
    { MAP_1BYTE, 0xf1, 0xf1, -1, OP_ENDS, 0, op_int1 },
    { MAP_0F, 0x34, 0x34, -1, OP_ENDS, CPUID_SEP, op_sysenter },
    { MAP_0F, 0x35, 0x35, -1, OP_ENDS, CPUID_SEP, op_sysexit },
};
// clang-format on
OP_TABLE(ops_far, rows);
