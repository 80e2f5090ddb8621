/* system_far.c - far JMP, CALL and RET (SDM vol. 2, JMP, CALL, RET; vol. 3, 5.8).
 *
 * Jump and call share the way to their target: a code segment, a call gate, a task gate or a TSS. The order of the
 * checks is that of the manual's pseudo-code, because the first that fails decides the exception and its error code. */
#include "core/cpu/system.h"

#include "core/cpu/access.h"
#include "core/cpu/descriptor.h"
#include "core/cpu/stack.h"
#include "core/cpu/task.h"

/* ---- real mode and v86 ---- */

static void enter_real(struct cpu *cpu, uint16_t selector, uint32_t offset)
{
    seg_load_real(cpu, CS, selector);
    cpu->eip = offset;
}

static void real_check(struct cpu *cpu, uint32_t offset)
{
    if (offset > cpu->seg[CS].limit)
        cpu_raise_code(cpu, EXC_GP, 0);
}

/* ---- protected mode: common steps ---- */

static void eip_check(struct cpu *cpu, const struct descriptor *code, uint32_t offset)
{
    if (offset > descriptor_limit(code))
        cpu_raise_code(cpu, EXC_GP, 0);
}

/* Privilege of a direct jump or call to a code segment (SDM vol. 3, 5.8.1). */
static void direct_check(struct cpu *cpu, const struct descriptor *code, uint16_t selector)
{
    uint32_t dpl = descriptor_dpl(code);
    bool allowed =
        descriptor_conforming(code) ? dpl <= cpu->cpl : dpl == cpu->cpl && SELECTOR_RPL(selector) <= cpu->cpl;
    if (!allowed)
        cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
    if (!descriptor_present(code))
        cpu_raise_code(cpu, EXC_NP, SELECTOR_ERROR(selector, 0));
}

/* DPL and present bit of a gate or TSS that was named directly (SDM vol. 3, 5.8.4, 7.3). */
static void gate_check(struct cpu *cpu, const struct descriptor *gate, uint16_t selector)
{
    uint32_t dpl = descriptor_dpl(gate);
    if (dpl < cpu->cpl || dpl < SELECTOR_RPL(selector))
        cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
}
static void gate_need_present(struct cpu *cpu, const struct descriptor *gate, uint16_t selector)
{
    if (!descriptor_present(gate))
        cpu_raise_code(cpu, EXC_NP, SELECTOR_ERROR(selector, 0));
}

/* The code segment behind a call gate; a jump may not raise privilege. */
static void gate_target(struct cpu *cpu, const struct descriptor *gate, bool call, struct descriptor *code)
{
    uint16_t selector = gate_selector(gate);
    if (SELECTOR_NULL(selector))
        cpu_raise_code(cpu, EXC_GP, 0);
    descriptor_need(cpu, selector, code, EXC_GP, 0);
    uint32_t dpl = descriptor_dpl(code);
    if (!descriptor_code(code) || dpl > cpu->cpl || (!call && !descriptor_conforming(code) && dpl != cpu->cpl))
        cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
    if (!descriptor_present(code))
        cpu_raise_code(cpu, EXC_NP, SELECTOR_ERROR(selector, 0));
}

/* Targets that are tasks; false when *d is something else. */
static bool task_target(struct cpu *cpu, uint16_t selector, struct descriptor *d, enum task_cause cause)
{
    bool trap;
    switch (descriptor_type(d)) {
    case SYS_TASK_GATE:
        gate_check(cpu, d, selector);
        gate_need_present(cpu, d, selector);
        trap = task_gate(cpu, d, cause, cpu->eflags, 0);
        break;
    case SYS_TSS16:
    case SYS_TSS32:
        gate_check(cpu, d, selector);
        if (selector & SELECTOR_LOCAL)
            cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
        gate_need_present(cpu, d, selector);
        trap = task_switch(cpu, selector, d, cause, cpu->eflags, 0);
        break;
    default: return false;
    }
    if (task_finish(cpu, trap, 0))
        trap_deliver(cpu, EXC_DB);
    return true;
}

/* ---- JMP ---- */

static void jump_gate(struct cpu *cpu, const struct descriptor *gate, uint16_t selector)
{
    struct descriptor code;
    gate_check(cpu, gate, selector);
    gate_need_present(cpu, gate, selector);
    gate_target(cpu, gate, false, &code);
    eip_check(cpu, &code, gate_offset(gate));
    descriptor_touch(cpu, &code);
    segment_load_cs(cpu, &code, gate_selector(gate), cpu->cpl);
    cpu->eip = gate_offset(gate);
}

static void jump_protected(struct cpu *cpu, uint16_t selector, uint32_t offset)
{
    struct descriptor d;
    if (SELECTOR_NULL(selector))
        cpu_raise_code(cpu, EXC_GP, 0);
    descriptor_need(cpu, selector, &d, EXC_GP, 0);
    if (descriptor_code(&d)) {
        direct_check(cpu, &d, selector);
        eip_check(cpu, &d, offset);
        descriptor_touch(cpu, &d);
        segment_load_cs(cpu, &d, selector, cpu->cpl);
        cpu->eip = offset;
        return;
    }
    if (!descriptor_memory(&d)) {
        uint32_t type = descriptor_type(&d);
        if (type == SYS_CALL16 || type == SYS_CALL32) {
            jump_gate(cpu, &d, selector);
            return;
        }
        if (task_target(cpu, selector, &d, TASK_JUMP))
            return;
    }
    cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
}

void far_jump(struct cpu *cpu, uint16_t selector, uint32_t offset, uint32_t size)
{
    if (size == 2)
        offset &= 0xffff;
    if (cpu_protected(cpu)) {
        jump_protected(cpu, selector, offset);
    } else {
        real_check(cpu, offset);
        enter_real(cpu, selector, offset);
    }
}

/* ---- CALL ---- */

/* Through a gate to a more privileged level: a new stack from the TSS, and parameters copied to it. */
static void call_inner(struct cpu *cpu, const struct descriptor *gate, struct descriptor *code)
{
    uint32_t size = descriptor_type(gate) & SYS_32 ? 4 : 2;
    uint32_t count = gate->high & 0x1f, params[31];
    uint32_t cpl = descriptor_dpl(code);
    struct frame frame = frame_from_tss(cpu, cpl, 0);
    frame_room(cpu, &frame, count + 4, size, SELECTOR_ERROR(frame.ss.selector, 0));
    eip_check(cpu, code, gate_offset(gate));
    for (uint32_t i = 0; i < count; i++)
        params[i] = stack_peek(cpu, i, size);
    frame_push(cpu, &frame, cpu->seg[SS].selector, size);
    frame_push(cpu, &frame, cpu->reg[ESP], size);
    for (uint32_t i = count; i-- > 0;)
        frame_push(cpu, &frame, params[i], size);
    frame_push(cpu, &frame, cpu->seg[CS].selector, size);
    frame_push(cpu, &frame, cpu->eip, size);
    descriptor_touch(cpu, code);
    segment_load_cs(cpu, code, gate_selector(gate), cpl);
    frame_commit(cpu, &frame);
    cpu->eip = gate_offset(gate);
}

/* Pushes the return address and enters *code at the same level. */
static void call_same(struct cpu *cpu, struct descriptor *code, uint16_t selector, uint32_t offset, uint32_t size)
{
    struct frame frame = frame_current(cpu);
    frame_room(cpu, &frame, 2, size, 0);
    eip_check(cpu, code, offset);
    frame_push(cpu, &frame, cpu->seg[CS].selector, size);
    frame_push(cpu, &frame, cpu->eip, size);
    descriptor_touch(cpu, code);
    segment_load_cs(cpu, code, selector, cpu->cpl);
    frame_commit(cpu, &frame);
    cpu->eip = offset;
}

static void call_gate(struct cpu *cpu, const struct descriptor *gate, uint16_t selector)
{
    struct descriptor code;
    gate_check(cpu, gate, selector);
    gate_need_present(cpu, gate, selector);
    gate_target(cpu, gate, true, &code);
    if (!descriptor_conforming(&code) && descriptor_dpl(&code) < cpu->cpl)
        call_inner(cpu, gate, &code);
    else
        call_same(cpu, &code, gate_selector(gate), gate_offset(gate), descriptor_type(gate) & SYS_32 ? 4 : 2);
}

static void call_protected(struct cpu *cpu, uint16_t selector, uint32_t offset, uint32_t size)
{
    struct descriptor d;
    if (SELECTOR_NULL(selector))
        cpu_raise_code(cpu, EXC_GP, 0);
    descriptor_need(cpu, selector, &d, EXC_GP, 0);
    if (descriptor_code(&d)) {
        direct_check(cpu, &d, selector);
        call_same(cpu, &d, selector, offset, size);
        return;
    }
    if (!descriptor_memory(&d)) {
        uint32_t type = descriptor_type(&d);
        if (type == SYS_CALL16 || type == SYS_CALL32) {
            call_gate(cpu, &d, selector);
            return;
        }
        if (task_target(cpu, selector, &d, TASK_CALL))
            return;
    }
    cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
}

void far_call(struct cpu *cpu, uint16_t selector, uint32_t offset, uint32_t size)
{
    if (size == 2)
        offset &= 0xffff;
    if (cpu_protected(cpu)) {
        call_protected(cpu, selector, offset, size);
        return;
    }
    struct frame frame = frame_current(cpu);
    frame_room(cpu, &frame, 2, size, 0);
    real_check(cpu, offset);
    frame_push(cpu, &frame, cpu->seg[CS].selector, size);
    frame_push(cpu, &frame, cpu->eip, size);
    frame_commit(cpu, &frame);
    enter_real(cpu, selector, offset);
}
