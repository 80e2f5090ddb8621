/* ops_io.c - IN, OUT, INS, OUTS (SDM vol. 1, chapter 19; vol. 2). The right to the port is checked before all else; INS
 * also makes sure of its destination before the device loses what it is read. */
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/interp.h"
#include "core/cpu/interp/operand.h"
#include "core/cpu/system.h"

ALWAYS_INLINE uint32_t port_read(struct cpu *cpu, uint32_t port, unsigned size)
{
    debug_watch_io(cpu, (uint16_t)port, size);
    return cpu->bus->in(cpu->bus_opaque, (uint16_t)port, size);
}

ALWAYS_INLINE void port_write(struct cpu *cpu, uint32_t port, unsigned size, uint32_t value)
{
    debug_watch_io(cpu, (uint16_t)port, size);
    cpu->bus->out(cpu->bus_opaque, (uint16_t)port, size, value);
}

ALWAYS_INLINE void in(struct cpu *cpu, uint32_t port, unsigned size)
{
    io_check(cpu, (uint16_t)port, size);
    reg_set(cpu, EAX, size, port_read(cpu, port, size));
}

ALWAYS_INLINE void out(struct cpu *cpu, uint32_t port, unsigned size)
{
    io_check(cpu, (uint16_t)port, size);
    port_write(cpu, port, size, reg_get(cpu, EAX, size));
}

/* Operand forms: port in an immediate byte, port in DX. */
ALWAYS_INLINE void op_in_immediate(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    in(cpu, insn->imm & 0xff, size);
}
ALWAYS_INLINE void op_in_dx(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    (void)insn;
    in(cpu, cpu->reg[EDX] & 0xffff, size);
}
ALWAYS_INLINE void op_out_immediate(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    out(cpu, insn->imm & 0xff, size);
}
ALWAYS_INLINE void op_out_dx(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    (void)insn;
    out(cpu, cpu->reg[EDX] & 0xffff, size);
}
OP_8_16_32(op_in_immediate)
OP_8_16_32(op_in_dx)
OP_8_16_32(op_out_immediate)
OP_8_16_32(op_out_dx)

/* ---- strings ---- */

ALWAYS_INLINE void index_advance(struct cpu *cpu, const struct insn *insn, unsigned n, unsigned size)
{
    uint32_t step = cpu->eflags & FLAG_DF ? 0u - size : size;
    reg_set(cpu, n, insn->addrsize, cpu->reg[n] + step);
}

ALWAYS_INLINE void ins_once(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint32_t port = cpu->reg[EDX] & 0xffff, at = reg_get(cpu, EDI, insn->addrsize);
    io_check(cpu, (uint16_t)port, size);
    probe_write(cpu, ES, at, size);
    mem_set(cpu, ES, at, size, port_read(cpu, port, size));
    index_advance(cpu, insn, EDI, size);
}

ALWAYS_INLINE void outs_once(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint32_t port = cpu->reg[EDX] & 0xffff, at = reg_get(cpu, ESI, insn->addrsize);
    io_check(cpu, (uint16_t)port, size);
    port_write(cpu, port, size, mem_get(cpu, insn->seg, at, size));
    index_advance(cpu, insn, ESI, size);
}

/* Every iteration is complete in itself, so a fault or an interrupt between two finds a state from which the
 * instruction simply starts again (SDM vol. 2, REP). */
ALWAYS_INLINE void repeat(struct cpu *cpu, const struct insn *insn, unsigned size,
    void (*once)(struct cpu *cpu, const struct insn *insn, unsigned size))
{
    if (!insn->rep) {
        once(cpu, insn, size);
        return;
    }
    uint32_t count;
    while ((count = reg_get(cpu, ECX, insn->addrsize))) {
        once(cpu, insn, size);
        reg_set(cpu, ECX, insn->addrsize, count - 1);
        if (count > 1 && interp_yields(cpu)) {
            interp_again(cpu);
            return;
        }
    }
}

ALWAYS_INLINE void op_ins(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    repeat(cpu, insn, size, ins_once);
}
ALWAYS_INLINE void op_outs(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    repeat(cpu, insn, size, outs_once);
}
OP_8_16_32(op_ins)
OP_8_16_32(op_outs)

/* All end a run: a device may raise an interrupt, move the memory map or stop the machine. */
static const struct op_row rows[] = {
    ROWS_8_16_32(MAP_1BYTE, 0xe4, -1, OP_ENDS, op_in_immediate),
    ROWS_8_16_32(MAP_1BYTE, 0xe6, -1, OP_ENDS, op_out_immediate),
    ROWS_8_16_32(MAP_1BYTE, 0xec, -1, OP_ENDS, op_in_dx),
    ROWS_8_16_32(MAP_1BYTE, 0xee, -1, OP_ENDS, op_out_dx),
    ROWS_8_16_32(MAP_1BYTE, 0x6c, -1, OP_ENDS, op_ins),
    ROWS_8_16_32(MAP_1BYTE, 0x6e, -1, OP_ENDS, op_outs),
};
OP_TABLE(ops_io, rows);
