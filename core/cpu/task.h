/* task.h - the hardware task switch, as jumps, calls, gates and IRET use it (SDM vol. 3, chapter 7). */
#ifndef ABBEY_CORE_TASK_H
#define ABBEY_CORE_TASK_H

#include "core/cpu/descriptor.h"

/* What decides over busy bits, NT and the back link (SDM table 7-2). */
enum task_cause { TASK_JUMP, TASK_CALL /* and interrupts */, TASK_RETURN };

/* Switches to the task whose descriptor is *d (type and present bit already checked). The state saved in the old TSS
 * is the CPU's, but EFLAGS which is `flags`. Faults before the commit leave all as it was; later ones are raised in
 * the new task, with cpu->eip and cpu->insn_eip at its next instruction (SDM table 7-1). True when the new TSS has its
 * T flag set: task_finish() wants to know. */
bool task_switch(
    struct cpu *cpu, uint16_t selector, struct descriptor *d, enum task_cause cause, uint32_t flags, uint32_t ext);

/* Checks the TSS that a task gate names, and switches. The gate itself has been checked. */
bool task_gate(struct cpu *cpu, const struct descriptor *gate, enum task_cause cause, uint32_t flags, uint32_t ext);

/* The end of a switch, when an error code has been pushed: EIP against CS's limit, and DR6 for the trap of the T flag,
 * which is the caller's to deliver when this is true. */
bool task_finish(struct cpu *cpu, bool trap, uint32_t ext);

#endif
