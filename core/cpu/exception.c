/* exception.c - raising and delivering exceptions and interrupts (SDM vol. 3, chapter 6).
 *
 * cpu_raise() leaves the instruction under way by longjmp; the engine's loop then calls exception_deliver(). A delivery
 * can itself run into a fault. Table 6-5 says what becomes of the two:
 *
 *   first \ second   benign        contributory   page fault
 *   benign           the second    the second     the second
 *   contributory     the second    #DF            the second
 *   page fault       the second    #DF            #DF
 *   #DF              the second    shutdown       shutdown
 *
 * Example: a user program loads an address whose page is absent, and the stack of level 0 is absent as well. access.c
 * raises #PF; deliver() sets its own landing place and enters the gate, whose first push raises #PF again and lands in
 * deliver(). Page fault on page fault is a #DF; if vector 8 is a task gate it gets a stack of its own and succeeds. */
#include <setjmp.h>

#include "core/cpu/interrupt.h"
#include "core/cpu/system.h"

/* A second fault that is benign, such as #AC on a misaligned user stack that is the handler's own, could repeat for
 * ever; processors once hung on it (CVE-2015-5307). So could tasks with the T flag that are each other's handlers and
 * whose TSSes overwrite their own busy bits. Nothing sensible nests deeper. */
#define MAX_NESTED 16

enum fault_class { BENIGN, CONTRIBUTORY, PAGE_FAULT, DOUBLE_FAULT };

static enum fault_class fault_class(uint32_t vector, bool exception)
{
    if (!exception)
        return BENIGN;
    switch (vector) {
    case EXC_DE:
    case EXC_TS:
    case EXC_NP:
    case EXC_SS:
    case EXC_GP: return CONTRIBUTORY;
    case EXC_PF: return PAGE_FAULT;
    case EXC_DF: return DOUBLE_FAULT;
    default: return BENIGN;
    }
}

/* The event that cpu->fault asks for, after `first`; its restart sets RF (SDM vol. 3, 17.3.1.1). */
static struct event fault_event(const struct cpu *cpu)
{
    return (struct event){
        .vector = cpu->fault.vector,
        .code = cpu->fault.code,
        .has_code = cpu->fault.has_code,
        .flags = cpu->eflags | FLAG_RF,
    };
}

/* Delivers the event, and whatever its delivery raises, until one gets through or the CPU shuts down. */
static void deliver(struct cpu *cpu, const struct event *first, bool exception)
{
    jmp_buf here, *outer = cpu->unwind;
    struct event event = *first;
    volatile enum fault_class class = fault_class(first->vector, exception);
    volatile unsigned nested = 0;
    cpu->halted = false;
    if (cpu->cpl == 3 && !cpu->counters.user_at)
        cpu->counters.user_at = cpu->bus->tsc(cpu->bus_opaque);
    cpu->unwind = &here;
    if (setjmp(here)) {
        enum fault_class second = fault_class(cpu->fault.vector, true);
        bool severe = second == CONTRIBUTORY || second == PAGE_FAULT;
        if ((class == DOUBLE_FAULT && severe) || ++nested > MAX_NESTED) {
            cpu->shutdown = true;
            cpu->unwind = outer;
            return;
        }
        if ((class == CONTRIBUTORY && second == CONTRIBUTORY) || (class == PAGE_FAULT && severe)) {
            cpu->fault.vector = EXC_DF;
            cpu->fault.code = 0;
            cpu->fault.has_code = true;
            second = DOUBLE_FAULT;
        }
        class = second;
        event = fault_event(cpu);
    }
    while (interrupt_enter(cpu, &event)) { /* the T flag of a task: a trap before its first instruction */
        if (++nested > MAX_NESTED) {
            cpu->shutdown = true;
            break;
        }
        class = BENIGN;
        event = (struct event){ .vector = EXC_DB, .flags = cpu->eflags };
    }
    if (event.vector == EXC_DB && class == BENIGN)
        cpu->dr[7] &= ~DR7_GD; /* the handler may use the debug registers */
    cpu->unwind = outer;
}

void exception_deliver(struct cpu *cpu)
{
    cpu->eip = cpu->insn_eip;
    cpu->counters.exceptions++;
    struct event event = fault_event(cpu);
    deliver(cpu, &event, true);
}

void trap_deliver(struct cpu *cpu, uint32_t vector)
{
    struct event event = { .vector = vector, .flags = cpu->eflags };
    cpu->counters.exceptions++;
    deliver(cpu, &event, true);
}

void interrupt_hardware(struct cpu *cpu, uint32_t vector)
{
    struct event event = { .vector = vector, .flags = cpu->eflags };
    if (cpu->nmi_blocked && vector == EXC_NMI)
        cpu->counters.nmis++;
    else
        cpu->counters.interrupts++;
    deliver(cpu, &event, false);
}
