/* system_return.h - what far RET and IRET have in common: checks of the code and stack segments they go back to. */
#ifndef ABBEY_CORE_SYSTEM_RETURN_H
#define ABBEY_CORE_SYSTEM_RETURN_H

#include "core/cpu/descriptor.h"

/* The code segment of a return, checked as SDM vol. 2, RET and IRET say. */
void return_code(struct cpu *cpu, uint16_t selector, struct descriptor *code);

/* The stack segment of a return to level `rpl`. */
void return_stack(struct cpu *cpu, uint16_t selector, uint32_t rpl, struct descriptor *stack);

/* Enters the outer level: CS, SS:ESP (only SP on a 16-bit stack), data segments dropped. */
void return_outer(
    struct cpu *cpu, struct descriptor *code, uint16_t cs, struct descriptor *stack, uint16_t ss, uint32_t esp);

#endif
