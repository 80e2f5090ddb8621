/* fpu.h - where the guest's x87, MMX and SSE state is.
 *
 * Its home is cpu->fx. Translated code takes it into the host's registers when it first needs it, and leaves it there:
 * `cpu->bt.fp_live` says what is there now. While C runs the SSE half is at home, since C uses those registers itself,
 * and the x87 half may still be in the host's registers, which nothing in the core uses. So whoever reads or writes
 * cpu->fx, changes what CR0 and CR4 say of the FPU, or calls code that is not the core's, calls fpu_home() first.
 *
 * Pointers to the last x87 instruction and its operand are never the host's. Translated code notes them in cpu->bt,
 * with less than FXSAVE wants; fpu_pointers() makes the rest of it, before a segment register can change. */
#ifndef ABBEY_CORE_FPU_H
#define ABBEY_CORE_FPU_H

#include "core/cpu/cpu.h"

/* Bits of cpu->bt.fp_live: CR0 and CR4 let the guest use it, and the host's registers hold it. */
#define FPU_X87 1u /* with MMX */
#define FPU_SSE 2u

/* In cpu->bt.x87_op, with the opcode as FXSAVE has it: it and x87_ip are news. In x87_seg, with a segment register: it
 * and the offset in x87_dp are. */
#define FPU_NOTED 0x8000u

/* All of the state into cpu->fx; the host's x87 registers are as C expects them afterwards. [vcpu] */
void fpu_fetch(struct cpu *cpu);
static inline void fpu_home(struct cpu *cpu)
{
    if (cpu->bt.fp_live)
        fpu_fetch(cpu);
}

/* The noted pointers into cpu->fx. [vcpu] */
void fpu_take_note(struct cpu *cpu);
static inline void fpu_pointers(struct cpu *cpu)
{
    if (cpu->bt.x87_op | cpu->bt.x87_seg)
        fpu_take_note(cpu);
}

#endif
