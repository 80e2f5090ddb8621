/* stack.h - stacks as far transfers and interrupts use them: frames written before the registers change.
 *
 * A frame is checked for room as a whole, then written, and only then taken over with frame_commit(): a fault in
 * between leaves the registers alone (the bytes below the old stack pointer are nobody's). */
#ifndef ABBEY_CORE_STACK_H
#define ABBEY_CORE_STACK_H

#include "core/cpu/descriptor.h"

struct frame {
    struct segment ss;
    uint32_t esp;
    bool inner; /* a stack of an inner level: written with supervisor rights */
};

/* The current stack. */
struct frame frame_current(const struct cpu *cpu);

/* The stack that the TSS holds for level `dpl`, with the checks of SDM vol. 2, CALL (MORE-PRIVILEGE) and INT n
 * (INTER-PRIVILEGE-LEVEL-INTERRUPT): #TS and #SS with `ext` in the error code. */
struct frame frame_from_tss(struct cpu *cpu, uint32_t dpl, uint32_t ext);

/* Raises #SS(code) unless `count` pushes of `size` bytes fit. */
void frame_room(struct cpu *cpu, const struct frame *frame, uint32_t count, uint32_t size, uint32_t code);

/* Pushes 2 or 4 bytes. */
void frame_push(struct cpu *cpu, struct frame *frame, uint32_t value, uint32_t size);

/* Makes it the CPU's stack. */
void frame_commit(struct cpu *cpu, const struct frame *frame);

/* Reads the n-th item of `size` bytes from the top of the current stack, moving nothing. */
uint32_t stack_peek(struct cpu *cpu, uint32_t n, uint32_t size);

/* Adds to ESP or SP, by the B flag of SS. */
void stack_drop(struct cpu *cpu, uint32_t bytes);

#endif
