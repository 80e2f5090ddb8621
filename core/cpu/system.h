/* system.h - what protected mode does: segment loads, far transfers, gates, tasks, interrupts and exceptions.
 *
 * Used by the interpreter's instructions and by every other engine as the slow path. Everything here may raise
 * through cpu_raise(), and has changed nothing visible when it does, save where the SDM says otherwise (task switch). */
#ifndef ABBEY_CORE_SYSTEM_H
#define ABBEY_CORE_SYSTEM_H

#include "core/cpu/cpu.h"

/* MOV/POP/Lxx to ES, SS, DS, FS, GS in every mode (SDM vol. 2, MOV). */
void seg_load(struct cpu *cpu, unsigned seg, uint16_t selector);
/* Loads a segment register as real mode and v86 do. */
void seg_load_real(struct cpu *cpu, unsigned seg, uint16_t selector);

/* Far control transfers; size is 2 or 4, the operand size. eip of the next instruction stands in cpu->eip. */
void far_jump(struct cpu *cpu, uint16_t selector, uint32_t offset, uint32_t size);
void far_call(struct cpu *cpu, uint16_t selector, uint32_t offset, uint32_t size);
void far_return(struct cpu *cpu, uint32_t size, uint32_t pop);
void interrupt_return(struct cpu *cpu, uint32_t size);

/* INT n, INT3, INTO (software true) with the checks of the gate's DPL and of v86 mode. */
void interrupt_software(struct cpu *cpu, uint32_t vector);
/* Delivers a hardware interrupt or NMI at an instruction boundary. May raise. */
void interrupt_hardware(struct cpu *cpu, uint32_t vector);
/* Delivers the fault in cpu->fault, with double and triple fault rules (SDM vol. 3, table 6-5); sets cpu->shutdown on
 * the third. Catches what it raises itself. Called by an engine's loop after an unwind. */
void exception_deliver(struct cpu *cpu);
/* Delivers a trap (#DB single-step, INT3-like) after an instruction, with eip of the next one. */
void trap_deliver(struct cpu *cpu, uint32_t vector);

/* Checks an I/O access against IOPL and the TSS bitmap; raises #GP. */
void io_check(struct cpu *cpu, uint16_t port, uint32_t size);

/* MOV to CR0, CR3, CR4 with every check and side effect. */
void cr_write(struct cpu *cpu, unsigned cr, uint32_t value);

/* RDMSR, WRMSR; false for #GP. */
bool msr_read(struct cpu *cpu, uint32_t index, uint64_t *value);
bool msr_write(struct cpu *cpu, uint32_t index, uint64_t value);

/* POPF and IRET's rule for which EFLAGS bits may change at this CPL and IOPL. size 2 or 4. */
void eflags_load(struct cpu *cpu, uint32_t value, uint32_t size);

#endif
