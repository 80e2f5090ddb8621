/* system_return.c - far RET, and the checks it shares with IRET (SDM vol. 2, RET; vol. 3, 5.8.6). */
#include "core/cpu/system_return.h"

#include "core/cpu/access.h"
#include "core/cpu/stack.h"
#include "core/cpu/system.h"

void return_code(struct cpu *cpu, uint16_t selector, struct descriptor *code)
{
    if (SELECTOR_NULL(selector))
        cpu_raise_code(cpu, EXC_GP, 0);
    descriptor_need(cpu, selector, code, EXC_GP, 0);
    uint32_t rpl = SELECTOR_RPL(selector), dpl = descriptor_dpl(code);
    if (!descriptor_code(code) || rpl < cpu->cpl || (descriptor_conforming(code) ? dpl > rpl : dpl != rpl))
        cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
    if (!descriptor_present(code))
        cpu_raise_code(cpu, EXC_NP, SELECTOR_ERROR(selector, 0));
}

void return_stack(struct cpu *cpu, uint16_t selector, uint32_t rpl, struct descriptor *stack)
{
    if (SELECTOR_NULL(selector))
        cpu_raise_code(cpu, EXC_GP, 0);
    descriptor_need(cpu, selector, stack, EXC_GP, 0);
    if (SELECTOR_RPL(selector) != rpl || !descriptor_writable(stack) || descriptor_dpl(stack) != rpl)
        cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
    if (!descriptor_present(stack))
        cpu_raise_code(cpu, EXC_SS, SELECTOR_ERROR(selector, 0));
}

void return_outer(
    struct cpu *cpu, struct descriptor *code, uint16_t cs, struct descriptor *stack, uint16_t ss, uint32_t esp)
{
    descriptor_touch(cpu, code);
    descriptor_touch(cpu, stack);
    segment_load_cs(cpu, code, cs, SELECTOR_RPL(cs));
    cpu->seg[SS] = descriptor_segment(stack, ss);
    uint32_t mask = cpu->seg[SS].attr & SEG_DB ? 0xffffffffu : 0xffffu;
    cpu->reg[ESP] = (cpu->reg[ESP] & ~mask) | (esp & mask);
    segments_drop_inner(cpu);
}

static void return_real(struct cpu *cpu, uint32_t size, uint32_t pop)
{
    uint32_t offset = stack_peek(cpu, 0, size);
    uint16_t selector = (uint16_t)stack_peek(cpu, 1, size);
    if (offset > cpu->seg[CS].limit)
        cpu_raise_code(cpu, EXC_GP, 0);
    stack_drop(cpu, 2 * size + pop);
    seg_load_real(cpu, CS, selector);
    cpu->eip = offset;
}

static void return_protected(struct cpu *cpu, uint32_t size, uint32_t pop)
{
    struct descriptor code, stack;
    uint32_t offset = stack_peek(cpu, 0, size);
    uint16_t cs = (uint16_t)stack_peek(cpu, 1, size);
    return_code(cpu, cs, &code);
    if (SELECTOR_RPL(cs) == cpu->cpl) {
        if (offset > descriptor_limit(&code))
            cpu_raise_code(cpu, EXC_GP, 0);
        descriptor_touch(cpu, &code);
        stack_drop(cpu, 2 * size + pop);
        segment_load_cs(cpu, &code, cs, cpu->cpl);
        cpu->eip = offset;
        return;
    }
    /* The outer SS:ESP lies behind the parameters, which are released on both stacks. */
    uint32_t mask = cpu->seg[SS].attr & SEG_DB ? 0xffffffffu : 0xffffu;
    uint32_t at = cpu->reg[ESP] + 2 * size + pop, esp;
    uint16_t ss;
    if (size == 4) {
        esp = ld32(cpu, SS, at & mask);
        ss = (uint16_t)ld32(cpu, SS, (at + 4) & mask);
    } else {
        esp = ld16(cpu, SS, at & mask);
        ss = ld16(cpu, SS, (at + 2) & mask);
    }
    return_stack(cpu, ss, SELECTOR_RPL(cs), &stack);
    if (offset > descriptor_limit(&code))
        cpu_raise_code(cpu, EXC_GP, 0);
    return_outer(cpu, &code, cs, &stack, ss, esp);
    stack_drop(cpu, pop);
    cpu->eip = offset;
}

void far_return(struct cpu *cpu, uint32_t size, uint32_t pop)
{
    if (cpu_protected(cpu))
        return_protected(cpu, size, pop);
    else
        return_real(cpu, size, pop);
}
