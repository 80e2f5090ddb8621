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

/* A repeated string instruction asks behind each iteration that is not the last: must it stop here? Something pends, or
 * each iteration counts (single-step, its own bytes were overwritten), or it has had its share of time. */
bool interp_yields(struct cpu *cpu);
/* What it does then: it is executed again, and counts when it is complete; but it takes one from the budget now, so
 * that interp_run() always ends. */
void interp_again(struct cpu *cpu);

/* Looks at cpu->signals behind the instruction under way, not only behind its run: a device may have raised an
 * interrupt because of it, and engines must agree on where it is taken. */
void interp_break(struct interp *interp);

/* Forgets all decoded instructions. */
void interp_flush(struct interp *interp);

#endif
