/* stack.c - frames on the current stack and on those of inner levels (SDM vol. 3, 5.8.5, 6.12.1). */
#include "core/cpu/stack.h"

#include "core/cpu/access.h"

static uint32_t stack_mask(const struct segment *ss)
{
    return ss->attr & SEG_DB ? 0xffffffffu : 0xffffu;
}

struct frame frame_current(const struct cpu *cpu)
{
    return (struct frame){ .ss = cpu->seg[SS], .esp = cpu->reg[ESP] };
}

struct frame frame_from_tss(struct cpu *cpu, uint32_t dpl, uint32_t ext)
{
    bool wide = cpu->tr.attr & SYS_32;
    uint32_t at = wide ? dpl * 8 + 4 : dpl * 4 + 2;
    struct frame frame = { .inner = true };
    uint16_t selector;
    if (at + (wide ? 5 : 3) > cpu->tr.limit)
        cpu_raise_code(cpu, EXC_TS, SELECTOR_ERROR(cpu->tr.selector, ext));
    if (wide) {
        frame.esp = sys_ld32(cpu, cpu->tr.base + at);
        selector = sys_ld16(cpu, cpu->tr.base + at + 4);
    } else {
        frame.esp = sys_ld16(cpu, cpu->tr.base + at);
        selector = sys_ld16(cpu, cpu->tr.base + at + 2);
    }

    struct descriptor d;
    if (SELECTOR_NULL(selector))
        cpu_raise_code(cpu, EXC_TS, SELECTOR_ERROR(selector, ext));
    descriptor_need(cpu, selector, &d, EXC_TS, ext);
    if (SELECTOR_RPL(selector) != dpl || descriptor_dpl(&d) != dpl || !descriptor_writable(&d))
        cpu_raise_code(cpu, EXC_TS, SELECTOR_ERROR(selector, ext));
    if (!descriptor_present(&d))
        cpu_raise_code(cpu, EXC_SS, SELECTOR_ERROR(selector, ext));
    descriptor_touch(cpu, &d);
    frame.ss = descriptor_segment(&d, selector);
    return frame;
}

void frame_room(struct cpu *cpu, const struct frame *frame, uint32_t count, uint32_t size, uint32_t code)
{
    uint32_t mask = stack_mask(&frame->ss), offset = frame->esp;
    for (uint32_t i = 0; i < count; i++) {
        offset = (offset - size) & mask;
        if (!segment_holds(&frame->ss, offset, size))
            cpu_raise_code(cpu, EXC_SS, code);
    }
}

void frame_push(struct cpu *cpu, struct frame *frame, uint32_t value, uint32_t size)
{
    uint32_t mask = stack_mask(&frame->ss), offset = (frame->esp - size) & mask;
    if (frame->inner) {
        if (size == 4)
            sys_st32(cpu, frame->ss.base + offset, value);
        else
            sys_st16(cpu, frame->ss.base + offset, (uint16_t)value);
    } else if (size == 4) {
        st32(cpu, SS, offset, value);
    } else {
        st16(cpu, SS, offset, (uint16_t)value);
    }
    frame->esp = (frame->esp & ~mask) | offset;
}

void frame_commit(struct cpu *cpu, const struct frame *frame)
{
    cpu->seg[SS] = frame->ss;
    cpu->reg[ESP] = frame->esp;
}

uint32_t stack_peek(struct cpu *cpu, uint32_t n, uint32_t size)
{
    uint32_t offset = (cpu->reg[ESP] + n * size) & stack_mask(&cpu->seg[SS]);
    return size == 4 ? ld32(cpu, SS, offset) : ld16(cpu, SS, offset);
}

void stack_drop(struct cpu *cpu, uint32_t bytes)
{
    uint32_t mask = stack_mask(&cpu->seg[SS]);
    cpu->reg[ESP] = (cpu->reg[ESP] & ~mask) | ((cpu->reg[ESP] + bytes) & mask);
}
