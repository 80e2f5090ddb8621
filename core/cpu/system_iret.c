/* system_iret.c - IRET in all its forms (SDM vol. 2, IRET): real mode, v86, same and outer level, to v86, nested task.
 */
#include "core/cpu/system.h"

#include "core/cpu/access.h"
#include "core/cpu/eflags.h"
#include "core/cpu/stack.h"
#include "core/cpu/system_return.h"
#include "core/cpu/task.h"

static void iret_real(struct cpu *cpu, uint32_t size)
{
    bool v86 = cpu_v86(cpu), virtual_if = v86 && cpu_iopl(cpu) < 3;
    if (virtual_if && (size == 4 || !(cpu->cr4 & CR4_VME)))
        cpu_raise_code(cpu, EXC_GP, 0);
    uint32_t offset = stack_peek(cpu, 0, size);
    uint16_t selector = (uint16_t)stack_peek(cpu, 1, size);
    uint32_t flags = stack_peek(cpu, 2, size);
    if (offset > cpu->seg[CS].limit)
        cpu_raise_code(cpu, EXC_GP, 0);
    if (virtual_if)
        flags = eflags_virtual(cpu, (uint16_t)flags);
    else
        flags = eflags_merge(cpu->eflags, flags, eflags_iret_mask(cpu, size));
    cpu->eflags = size == 2 ? flags & ~FLAG_RF : flags;
    stack_drop(cpu, 3 * size);
    seg_load_real(cpu, CS, selector);
    cpu->eip = offset;
}

/* NT was set: back to the task that the back link names (SDM vol. 3, 7.4). */
static void iret_task(struct cpu *cpu)
{
    uint16_t link = sys_ld16(cpu, cpu->tr.base);
    struct descriptor d;
    if ((link & SELECTOR_LOCAL) || SELECTOR_NULL(link))
        cpu_raise_code(cpu, EXC_TS, SELECTOR_ERROR(link, 0));
    descriptor_need(cpu, link, &d, EXC_TS, 0);
    uint32_t type = descriptor_type(&d);
    if (descriptor_memory(&d) || (type != SYS_TSS16_BUSY && type != SYS_TSS32_BUSY))
        cpu_raise_code(cpu, EXC_TS, SELECTOR_ERROR(link, 0));
    if (!descriptor_present(&d))
        cpu_raise_code(cpu, EXC_NP, SELECTOR_ERROR(link, 0));
    bool trap = task_switch(cpu, link, &d, TASK_RETURN, cpu->eflags & ~FLAG_NT, 0);
    if (task_finish(cpu, trap, 0))
        trap_deliver(cpu, EXC_DB);
}

/* Six more dwords stand behind EFLAGS (SDM figure 20-4). */
static void iret_to_v86(struct cpu *cpu, uint32_t eip, uint16_t cs, uint32_t flags)
{
    static const uint8_t order[] = { SS, ES, DS, FS, GS };
    uint32_t esp = stack_peek(cpu, 3, 4);
    uint16_t selector[5];
    for (uint32_t i = 0; i < 5; i++)
        selector[i] = (uint16_t)stack_peek(cpu, 4 + i, 4);
    if (eip > 0xffff)
        cpu_raise_code(cpu, EXC_GP, 0);
    cpu->eflags = eflags_merge(cpu->eflags, flags, eflags_iret_mask(cpu, 4) | FLAG_VM);
    cpu->cpl = 3;
    cpu->reg[ESP] = esp;
    for (unsigned i = 0; i < 5; i++)
        seg_load_real(cpu, order[i], selector[i]);
    seg_load_real(cpu, CS, cs);
    cpu->eip = eip;
}

static void iret_protected(struct cpu *cpu, uint32_t size)
{
    struct descriptor code, stack;
    uint32_t eip = stack_peek(cpu, 0, size);
    uint16_t cs = (uint16_t)stack_peek(cpu, 1, size);
    uint32_t flags = stack_peek(cpu, 2, size);
    if (size == 4 && (flags & FLAG_VM) && cpu->cpl == 0) {
        iret_to_v86(cpu, eip, cs, flags);
        return;
    }
    return_code(cpu, cs, &code);
    /* The old level decides over IF and IOPL. */
    uint32_t eflags = eflags_merge(cpu->eflags, flags, eflags_iret_mask(cpu, size));
    if (size == 2)
        eflags &= ~FLAG_RF;
    if (SELECTOR_RPL(cs) == cpu->cpl) {
        if (eip > descriptor_limit(&code))
            cpu_raise_code(cpu, EXC_GP, 0);
        descriptor_touch(cpu, &code);
        stack_drop(cpu, 3 * size);
        segment_load_cs(cpu, &code, cs, cpu->cpl);
    } else {
        uint32_t esp = stack_peek(cpu, 3, size);
        uint16_t ss = (uint16_t)stack_peek(cpu, 4, size);
        return_stack(cpu, ss, SELECTOR_RPL(cs), &stack);
        if (eip > descriptor_limit(&code))
            cpu_raise_code(cpu, EXC_GP, 0);
        return_outer(cpu, &code, cs, &stack, ss, esp);
    }
    cpu->eflags = eflags;
    cpu->eip = eip;
}

void interrupt_return(struct cpu *cpu, uint32_t size)
{
    if (!cpu_protected(cpu))
        iret_real(cpu, size);
    else if (cpu->eflags & FLAG_NT)
        iret_task(cpu);
    else
        iret_protected(cpu, size);
    cpu->nmi_blocked = false;
}
