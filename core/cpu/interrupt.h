/* interrupt.h - one passage through the IDT or the real-mode vector table. */
#ifndef ABBEY_CORE_INTERRUPT_H
#define ABBEY_CORE_INTERRUPT_H

#include "core/cpu/cpu.h"

struct event {
    uint32_t vector;
    uint32_t flags; /* EFLAGS as the handler will find them on its stack */
    uint32_t code;
    bool has_code;
    bool software; /* INT n, INT3, INTO: the gate's DPL counts */
};

/* Delivers with cpu->eip as the return address. Raises what the delivery itself runs into, and has then changed
 * nothing but what a task switch had already committed. True when a task was entered whose T flag asks for a #DB. */
bool interrupt_enter(struct cpu *cpu, const struct event *event);

#endif
