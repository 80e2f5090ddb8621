/* system_interrupt.c - through the IDT or the vector table to a handler (SDM vol. 2, INT n; vol.
 * 3, 6.12, 20.1.4, 20.3).
 *
 * An error code raised in here has its EXT bit set when the event came from outside the program, and names either a
 * selector or, with the IDT bit, the vector whose gate is bad (SDM figure 6-7). */
#include "core/cpu/interrupt.h"

#include "core/cpu/access.h"
#include "core/cpu/descriptor.h"
#include "core/cpu/stack.h"
#include "core/cpu/system.h"
#include "core/cpu/task.h"

#define ERROR_IDT 2u

static uint32_t event_ext(const struct event *event)
{
    return event->software ? 0 : 1;
}

/* ---- real mode, and v86 with a redirected INT n ---- */

/* Pushes FLAGS, CS, IP and goes where the vector table at `base` says. */
static void enter_vector(struct cpu *cpu, uint32_t base, uint32_t vector, uint32_t flags)
{
    uint32_t target = sys_ld32(cpu, base + vector * 4);
    struct frame frame = frame_current(cpu);
    frame_room(cpu, &frame, 3, 2, 0);
    if ((target & 0xffff) > cpu->seg[CS].limit)
        cpu_raise_code(cpu, EXC_GP, 0);
    frame_push(cpu, &frame, flags, 2);
    frame_push(cpu, &frame, cpu->seg[CS].selector, 2);
    frame_push(cpu, &frame, cpu->eip, 2);
    frame_commit(cpu, &frame);
    seg_load_real(cpu, CS, (uint16_t)(target >> 16));
    cpu->eip = target & 0xffff;
}

static void enter_real(struct cpu *cpu, const struct event *event)
{
    if (event->vector * 4 + 3 > cpu->idt.limit)
        cpu_raise_code(cpu, EXC_GP, event->vector * 8 + ERROR_IDT + event_ext(event));
    enter_vector(cpu, cpu->idt.base, event->vector, event->flags);
    cpu->eflags &= ~(FLAG_IF | FLAG_TF | FLAG_AC | FLAG_RF);
}

/* ---- protected mode ---- */

static void gate_read(struct cpu *cpu, const struct event *event, struct descriptor *gate)
{
    uint32_t error = event->vector * 8 + ERROR_IDT + event_ext(event);
    if (event->vector * 8 + 7 > cpu->idt.limit)
        cpu_raise_code(cpu, EXC_GP, error);
    gate->linear = cpu->idt.base + event->vector * 8;
    uint64_t both = sys_ld64(cpu, gate->linear);
    gate->low = (uint32_t)both;
    gate->high = (uint32_t)(both >> 32);

    uint32_t type = descriptor_type(gate);
    bool valid =
        type == SYS_TASK_GATE || type == SYS_INT16 || type == SYS_TRAP16 || type == SYS_INT32 || type == SYS_TRAP32;
    if (descriptor_memory(gate) || !valid)
        cpu_raise_code(cpu, EXC_GP, error);
    if (event->software && descriptor_dpl(gate) < cpu->cpl)
        cpu_raise_code(cpu, EXC_GP, error);
    if (!descriptor_present(gate))
        cpu_raise_code(cpu, EXC_NP, error);
}

static bool enter_task(struct cpu *cpu, const struct event *event, const struct descriptor *gate)
{
    bool trap = task_gate(cpu, gate, TASK_CALL, event->flags, event_ext(event));
    if (event->has_code) {
        uint32_t size = cpu->tr.attr & SYS_32 ? 4 : 2;
        struct frame frame = frame_current(cpu);
        frame_room(cpu, &frame, 1, size, event_ext(event));
        frame_push(cpu, &frame, event->code, size);
        frame_commit(cpu, &frame);
    }
    return task_finish(cpu, trap, event_ext(event));
}

/* The handler's code segment. */
static void handler_code(struct cpu *cpu, uint16_t selector, uint32_t ext, struct descriptor *code)
{
    if (SELECTOR_NULL(selector))
        cpu_raise_code(cpu, EXC_GP, ext);
    descriptor_need(cpu, selector, code, EXC_GP, ext);
    if (!descriptor_code(code) || descriptor_dpl(code) > cpu->cpl)
        cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, ext));
    if (!descriptor_present(code))
        cpu_raise_code(cpu, EXC_NP, SELECTOR_ERROR(selector, ext));
    /* Out of v86 mode only level 0 is reached, and never through conforming code. */
    if (cpu_v86(cpu) && (descriptor_conforming(code) || descriptor_dpl(code) != 0))
        cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, ext));
}

static void enter_gate(struct cpu *cpu, const struct event *event, const struct descriptor *gate)
{
    static const uint8_t saved_v86[] = { GS, FS, DS, ES };
    uint32_t ext = event_ext(event), offset = gate_offset(gate);
    uint16_t selector = gate_selector(gate);
    struct descriptor code;
    handler_code(cpu, selector, ext, &code);

    uint32_t type = descriptor_type(gate), size = type & SYS_32 ? 4 : 2;
    bool v86 = cpu_v86(cpu), inner = !descriptor_conforming(&code) && descriptor_dpl(&code) < cpu->cpl;
    uint32_t cpl = inner ? descriptor_dpl(&code) : cpu->cpl;
    struct frame frame = inner ? frame_from_tss(cpu, cpl, ext) : frame_current(cpu);
    uint32_t count = 3u + (inner ? 2 : 0) + (v86 ? 4 : 0) + (event->has_code ? 1 : 0);
    frame_room(cpu, &frame, count, size, inner ? SELECTOR_ERROR(frame.ss.selector, ext) : ext);
    if (offset > descriptor_limit(&code))
        cpu_raise_code(cpu, EXC_GP, ext);

    if (v86)
        for (unsigned i = 0; i < 4; i++)
            frame_push(cpu, &frame, cpu->seg[saved_v86[i]].selector, size);
    if (inner) {
        frame_push(cpu, &frame, cpu->seg[SS].selector, size);
        frame_push(cpu, &frame, cpu->reg[ESP], size);
    }
    frame_push(cpu, &frame, event->flags, size);
    frame_push(cpu, &frame, cpu->seg[CS].selector, size);
    frame_push(cpu, &frame, cpu->eip, size);
    if (event->has_code)
        frame_push(cpu, &frame, event->code, size);
    descriptor_touch(cpu, &code);

    cpu->eflags &= ~(FLAG_TF | FLAG_VM | FLAG_RF | FLAG_NT);
    if (type == SYS_INT16 || type == SYS_INT32)
        cpu->eflags &= ~FLAG_IF;
    segment_load_cs(cpu, &code, selector, cpl);
    frame_commit(cpu, &frame);
    if (v86)
        for (unsigned i = 0; i < 4; i++)
            cpu->seg[saved_v86[i]] = segment_null(0);
    cpu->eip = offset;
}

bool interrupt_enter(struct cpu *cpu, const struct event *event)
{
    if (!(cpu->cr0 & CR0_PE)) {
        enter_real(cpu, event);
        return false;
    }
    struct descriptor gate;
    gate_read(cpu, event, &gate);
    if (descriptor_type(&gate) == SYS_TASK_GATE)
        return enter_task(cpu, event, &gate);
    enter_gate(cpu, event, &gate);
    return false;
}

/* ---- software interrupts ---- */

void interrupt_breakpoint(struct cpu *cpu, uint32_t vector)
{
    struct event event = { .vector = vector, .flags = cpu->eflags & ~FLAG_RF, .software = true };
    if (interrupt_enter(cpu, &event))
        trap_deliver(cpu, EXC_DB);
}

/* Whether the redirection bitmap below the I/O bitmap sends INT n to the 8086 program (SDM vol. 3, 20.3.3, figure
 * 20-5). */
static bool redirected(struct cpu *cpu, uint32_t vector)
{
    if (cpu->tr.limit < 0x67 || !(cpu->tr.attr & SYS_32))
        cpu_raise_code(cpu, EXC_GP, 0);
    uint32_t map = sys_ld16(cpu, cpu->tr.base + 0x66), at = map - 32 + vector / 8;
    if (map < 32 || at > cpu->tr.limit)
        cpu_raise_code(cpu, EXC_GP, 0);
    return !(sys_ld8(cpu, cpu->tr.base + at) >> (vector & 7) & 1);
}

/* Methods 5 and 6 of SDM table 20-2: the program sees IF, which is VIF when IOPL < 3. */
static void interrupt_redirect(struct cpu *cpu, uint32_t vector)
{
    uint32_t flags = cpu->eflags, clear = FLAG_TF | FLAG_RF;
    if (cpu_iopl(cpu) < 3) {
        flags = (flags & ~FLAG_IF) | FLAG_IOPL | (flags & FLAG_VIF ? FLAG_IF : 0);
        clear |= FLAG_VIF;
    } else {
        clear |= FLAG_IF;
    }
    enter_vector(cpu, 0, vector, flags);
    cpu->eflags &= ~clear;
}

void interrupt_software(struct cpu *cpu, uint32_t vector)
{
    cpu->counters.software_interrupts++;
    if (cpu_v86(cpu)) {
        if ((cpu->cr4 & CR4_VME) && redirected(cpu, vector)) {
            interrupt_redirect(cpu, vector);
            return;
        }
        if (cpu_iopl(cpu) < 3)
            cpu_raise_code(cpu, EXC_GP, 0);
    }
    interrupt_breakpoint(cpu, vector);
}
