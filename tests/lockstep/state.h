/* state.h - two processors side by side: what differs, and what they are about to execute. */
#ifndef ABBEY_TESTS_LOCKSTEP_STATE_H
#define ABBEY_TESTS_LOCKSTEP_STATE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/cpu/cpu.h"

/* True when every guest-visible field is equal. Else, where `out` is not NULL, a line for each that is not. */
bool state_same(const struct cpu *a, const struct cpu *b, FILE *out);

/* One line: where the processor stands, and the instruction there. Changes nothing the guest could see. */
void state_print_insn(struct cpu *cpu, FILE *out);

#endif
