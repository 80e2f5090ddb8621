/* system.h - what protected mode does: segment loads, far transfers, gates, tasks, interrupts and exceptions.
 *
 * Used by the interpreter's instructions and by every other engine as the slow path. Everything here may raise
 * through cpu_raise(), and has changed nothing visible when it does, save where the SDM says otherwise (task switch).
 */
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

/* INT n, with the checks of the gate's DPL and of v86 mode (IOPL, VME redirection). */
void interrupt_software(struct cpu *cpu, uint32_t vector);
/* INT3 and INTO: only the gate's DPL counts. */
void interrupt_breakpoint(struct cpu *cpu, uint32_t vector);
/* Delivers a hardware interrupt or NMI at an instruction boundary; ends HLT. Catches what it raises itself, as
 * exception_deliver() does. The caller sets cpu->nmi_blocked for an NMI. */
void interrupt_hardware(struct cpu *cpu, uint32_t vector);
/* Delivers the fault in cpu->fault, with double and triple fault rules (SDM vol. 3, table 6-5); sets cpu->shutdown on
 * the third. Catches what it raises itself. Called by an engine's loop after an unwind. */
void exception_deliver(struct cpu *cpu);
/* Delivers a trap (#DB single-step, data breakpoint, INT1) after an instruction, with eip of the next one. An
 * instruction breakpoint comes this way too, with eip of the instruction about to run: it is the one fault that does
 * not set RF in the EFLAGS it pushes. Who calls has set DR6. Catches what it raises itself. */
void trap_deliver(struct cpu *cpu, uint32_t vector);

/* Checks an I/O access against IOPL and the TSS bitmap; raises #GP. */
void io_check(struct cpu *cpu, uint16_t port, uint32_t size);

/* MOV to CR0, CR2, CR3, CR4 with every check and side effect but the one of CPL. */
void cr_write(struct cpu *cpu, unsigned cr, uint32_t value);

/* MOV from and to DR0-DR7 with the checks of CPL, CR4.DE and DR7.GD. */
uint32_t dr_read(struct cpu *cpu, unsigned dr);
void dr_write(struct cpu *cpu, unsigned dr, uint32_t value);

/* LAR, LSL, VERR, VERW: whether the selector may be inspected at this CPL, and its access rights or limit. */
bool selector_rights(struct cpu *cpu, uint16_t selector, uint32_t *rights);
bool selector_limit(struct cpu *cpu, uint16_t selector, uint32_t *limit);
bool selector_verify(struct cpu *cpu, uint16_t selector, bool write);

/* LLDT and LTR, after the check of CPL. */
void ldt_load(struct cpu *cpu, uint16_t selector);
void tr_load(struct cpu *cpu, uint16_t selector);

/* SYSENTER and SYSEXIT. */
void system_enter(struct cpu *cpu);
void system_exit(struct cpu *cpu);

/* RDMSR, WRMSR; false for #GP. */
bool msr_read(struct cpu *cpu, uint32_t index, uint64_t *value);
bool msr_write(struct cpu *cpu, uint32_t index, uint64_t value);

/* POPF and IRET's rule for which EFLAGS bits may change at this CPL and IOPL. size 2 or 4. */
void eflags_load(struct cpu *cpu, uint32_t value, uint32_t size);

#endif
