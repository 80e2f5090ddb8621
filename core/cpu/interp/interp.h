/* interp.h - the reference interpreter: the meaning of every instruction, in all modes; the oracle for the translator.
 */
#ifndef ABBEY_CORE_INTERP_H
#define ABBEY_CORE_INTERP_H

#include "core/cpu/cpu.h"

/* Caches of decoded instructions for one CPU. NULL when memory is short. Registers the code hook of cpu->mem. */
struct interp *interp_new(struct cpu *cpu);
void interp_free(struct interp *interp);

/* Runs up to `budget` instructions; interrupts are taken at boundaries. */
enum cpu_exit interp_run(struct cpu *cpu, uint64_t budget);

/* A repeated string instruction must stop behind this iteration: something pends, or each one counts (single-step,
 * its own bytes were overwritten). */
bool interp_yields(const struct cpu *cpu);

/* What it does then: it is executed again, and counts when it is complete. */
static inline void interp_again(struct cpu *cpu)
{
    cpu->eip = cpu->insn_eip;
    cpu->instructions--;
}

/* Forgets all decoded instructions. */
void interp_flush(struct interp *interp);

#endif
