/* task.c - the hardware task switch (SDM vol. 3, chapter 7).
 *
 * A switch has two halves. Up to the commit everything is checked and every page touched that the switch will write,
 * so that a fault leaves the old task as it was. Behind it the new task's registers stand, segment registers hold only
 * selectors, and each is checked in turn: what fails is raised in the new task (SDM table 7-1).
 *
 * Example: task A (TSS 28h) executes `call 30h:0`. Busy bits: 28h stays busy, 30h becomes busy. TSS A gets A's
 * registers with EIP behind the call; TSS B's back link becomes 28h; B's EFLAGS are loaded and NT set. B's IRET finds
 * NT, reads the back link, clears 30h's busy bit and NT in the EFLAGS it saves, and goes on with A. */
#include "core/cpu/task.h"

#include "core/cpu/access.h"
#include "core/cpu/eflags.h"
#include "core/cpu/fpu.h"
#include "core/cpu/system.h"

#include <string.h>

/* Where the parts of a TSS stand (SDM figures 7-2 and 7-10); 0 where the 16-bit form lacks one. */
struct tss_layout {
    uint8_t size;      /* of a register, bytes */
    uint8_t min_limit; /* smallest limit that holds it */
    uint8_t cr3, eip, eflags, eax, es, ldt, trap;
    uint8_t segments; /* how many selectors: without FS and GS in the 16-bit form */
    uint8_t segment_step;
};
static const struct tss_layout layout16 = { 2, 0x2b, 0, 0x0e, 0x10, 0x12, 0x22, 0x2a, 0, 4, 2 };
static const struct tss_layout layout32 = { 4, 0x67, 0x1c, 0x20, 0x24, 0x28, 0x48, 0x60, 0x64, 6, 4 };

/* The registers of a task as read from its TSS. */
struct task_image {
    uint32_t cr3, eip, eflags, reg[8];
    uint16_t selector[6], ldt;
    bool trap;
};

static const struct tss_layout *tss_layout(uint32_t type)
{
    return type & SYS_32 ? &layout32 : &layout16;
}

static void tss_read(struct cpu *cpu, uint32_t base, const struct tss_layout *l, struct task_image *image)
{
    *image = (struct task_image){ 0 };
    if (l == &layout32) {
        image->cr3 = sys_ld32(cpu, base + l->cr3);
        image->eip = sys_ld32(cpu, base + l->eip);
        image->eflags = sys_ld32(cpu, base + l->eflags);
        for (unsigned i = 0; i < 8; i++)
            image->reg[i] = sys_ld32(cpu, base + l->eax + 4 * i);
        image->trap = sys_ld16(cpu, base + l->trap) & 1;
    } else {
        image->eip = sys_ld16(cpu, base + l->eip);
        image->eflags = sys_ld16(cpu, base + l->eflags);
        for (unsigned i = 0; i < 8; i++) /* the 80386's upper halves */
            image->reg[i] = 0xffff0000u | sys_ld16(cpu, base + l->eax + 2 * i);
    }
    for (unsigned i = 0; i < l->segments; i++)
        image->selector[i] = sys_ld16(cpu, base + l->es + l->segment_step * i);
    image->ldt = sys_ld16(cpu, base + l->ldt);
}

/* The dynamic fields only; the caller has probed them. */
static void tss_write(struct cpu *cpu, uint32_t base, const struct tss_layout *l, uint32_t flags)
{
    if (l == &layout32) {
        sys_st32(cpu, base + l->eip, cpu->eip);
        sys_st32(cpu, base + l->eflags, flags);
        for (unsigned i = 0; i < 8; i++)
            sys_st32(cpu, base + l->eax + 4 * i, cpu->reg[i]);
    } else {
        sys_st16(cpu, base + l->eip, (uint16_t)cpu->eip);
        sys_st16(cpu, base + l->eflags, (uint16_t)flags);
        for (unsigned i = 0; i < 8; i++)
            sys_st16(cpu, base + l->eax + 2 * i, (uint16_t)cpu->reg[i]);
    }
    for (unsigned i = 0; i < l->segments; i++)
        sys_st16(cpu, base + l->es + l->segment_step * i, cpu->seg[i].selector);
}

static void busy_set(struct cpu *cpu, uint32_t descriptor, bool busy)
{
    uint8_t access = sys_ld8(cpu, descriptor + 5);
    sys_st8(cpu, descriptor + 5, (uint8_t)(busy ? access | TSS_BUSY : access & ~TSS_BUSY));
}

/* ---- the second half: segments, in the new task ---- */

static void load_ldt(struct cpu *cpu, uint16_t selector, uint32_t ext)
{
    struct descriptor d;
    cpu->ldt = segment_null(selector);
    if (SELECTOR_NULL(selector))
        return;
    if ((selector & SELECTOR_LOCAL) || !descriptor_read(cpu, selector, &d) || descriptor_memory(&d) ||
        descriptor_type(&d) != SYS_LDT || !descriptor_present(&d))
        cpu_raise_code(cpu, EXC_TS, SELECTOR_ERROR(selector, ext));
    cpu->ldt = descriptor_segment(&d, selector);
}

static void load_cs(struct cpu *cpu, uint16_t selector, uint32_t ext)
{
    struct descriptor d;
    uint32_t error = SELECTOR_ERROR(selector, ext), rpl = SELECTOR_RPL(selector);
    if (SELECTOR_NULL(selector))
        cpu_raise_code(cpu, EXC_TS, error);
    descriptor_need(cpu, selector, &d, EXC_TS, ext);
    uint32_t dpl = descriptor_dpl(&d);
    if (!descriptor_code(&d) || (descriptor_conforming(&d) ? dpl > rpl : dpl != rpl))
        cpu_raise_code(cpu, EXC_TS, error);
    if (!descriptor_present(&d))
        cpu_raise_code(cpu, EXC_NP, error);
    descriptor_touch(cpu, &d);
    segment_load_cs(cpu, &d, selector, rpl);
}

static void load_ss(struct cpu *cpu, uint16_t selector, uint32_t ext)
{
    struct descriptor d;
    uint32_t error = SELECTOR_ERROR(selector, ext);
    if (SELECTOR_NULL(selector))
        cpu_raise_code(cpu, EXC_TS, error);
    descriptor_need(cpu, selector, &d, EXC_TS, ext);
    if (!descriptor_writable(&d) || descriptor_dpl(&d) != cpu->cpl || SELECTOR_RPL(selector) != cpu->cpl)
        cpu_raise_code(cpu, EXC_TS, error);
    if (!descriptor_present(&d))
        cpu_raise_code(cpu, EXC_SS, error);
    descriptor_touch(cpu, &d);
    cpu->seg[SS] = descriptor_segment(&d, selector);
}

static void load_data(struct cpu *cpu, unsigned seg, uint16_t selector, uint32_t ext)
{
    struct descriptor d;
    uint32_t error = SELECTOR_ERROR(selector, ext);
    if (SELECTOR_NULL(selector))
        return;
    descriptor_need(cpu, selector, &d, EXC_TS, ext);
    uint32_t dpl = descriptor_dpl(&d);
    if (!descriptor_readable(&d) || (!descriptor_conforming(&d) && (SELECTOR_RPL(selector) > dpl || cpu->cpl > dpl)))
        cpu_raise_code(cpu, EXC_TS, error);
    if (!descriptor_present(&d))
        cpu_raise_code(cpu, EXC_NP, error);
    descriptor_touch(cpu, &d);
    cpu->seg[seg] = descriptor_segment(&d, selector);
}

static void load_segments(struct cpu *cpu, const struct task_image *image, uint32_t ext)
{
    static const uint8_t data[] = { DS, ES, FS, GS };
    load_ldt(cpu, image->ldt, ext);
    if (cpu_v86(cpu)) {
        for (unsigned i = 0; i < 6; i++)
            seg_load_real(cpu, i, image->selector[i]);
        return;
    }
    load_cs(cpu, image->selector[CS], ext);
    load_ss(cpu, image->selector[SS], ext);
    for (unsigned i = 0; i < 4; i++)
        load_data(cpu, data[i], image->selector[data[i]], ext);
}

/* ---- the switch ---- */

/* Everything that may fault before the old task is left. */
static void task_prepare(struct cpu *cpu, uint16_t selector, const struct descriptor *d, enum task_cause cause,
    struct task_image *image, uint32_t ext)
{
    const struct tss_layout *old = tss_layout(cpu->tr.attr), *new = tss_layout(descriptor_type(d));
    uint32_t base = descriptor_base(d);
    if (descriptor_limit(d) < new->min_limit)
        cpu_raise_code(cpu, EXC_TS, SELECTOR_ERROR(selector, ext));
    if (cpu->tr.limit < old->min_limit)
        cpu_raise_code(cpu, EXC_TS, SELECTOR_ERROR(cpu->tr.selector, ext));
    tss_read(cpu, base, new, image);
    sys_probe_write(cpu, cpu->tr.base + old->eip, old->min_limit + 1u - old->eip);
    if (cause == TASK_CALL)
        sys_probe_write(cpu, base, 2);
    if (cause != TASK_RETURN)
        sys_probe_write(cpu, d->linear + 5, 1);
    if (cause != TASK_CALL)
        sys_probe_write(cpu, cpu->gdt.base + (cpu->tr.selector & ~7u) + 5, 1);
}

/* A new CR3 takes effect only with paging on; with PAE its PDPTEs come along. */
static void task_load_cr3(struct cpu *cpu, uint32_t cr3)
{
    struct paging *paging = &cpu->paging;
    if (!paging->on)
        return;
    paging->cr3 = cr3;
    bool valid = !paging->pae || walk_load_pdptes(cpu->mem, paging);
    tlb_flush(cpu, false);
    if (!valid)
        cpu_raise_code(cpu, EXC_GP, 0);
}

bool task_switch(
    struct cpu *cpu, uint16_t selector, struct descriptor *d, enum task_cause cause, uint32_t flags, uint32_t ext)
{
    const struct tss_layout *new = tss_layout(descriptor_type(d));
    struct task_image image;
    task_prepare(cpu, selector, d, cause, &image, ext);

    uint16_t old_selector = cpu->tr.selector;
    if (cause != TASK_CALL)
        busy_set(cpu, cpu->gdt.base + (old_selector & ~7u), false);
    tss_write(cpu, cpu->tr.base, tss_layout(cpu->tr.attr), flags);
    if (cause == TASK_CALL)
        sys_st16(cpu, descriptor_base(d), old_selector);
    if (cause != TASK_RETURN)
        busy_set(cpu, d->linear, true);

    /* Committed: from here on it is the new task that faults. */
    d->high |= TSS_BUSY << 8;
    cpu->tr = descriptor_segment(d, selector);
    fpu_home(cpu);
    cpu->cr0 |= CR0_TS;
    cpu->dr[7] &= ~0x155u; /* L0-L3 and LE: breakpoints of a task */
    memcpy(cpu->reg, image.reg, sizeof(image.reg));
    cpu->eip = cpu->insn_eip = image.eip;
    uint32_t mask = FLAGS_BASIC | FLAG_IF | FLAG_IOPL;
    if (new == &layout32)
        mask |= FLAG_RF | FLAG_VM | FLAG_AC | FLAG_VIF | FLAG_VIP | FLAG_ID;
    cpu->eflags = (image.eflags & mask) | FLAGS_FIXED | (cause == TASK_CALL ? FLAG_NT : 0);
    for (unsigned i = 0; i < 6; i++)
        cpu->seg[i] = segment_null(image.selector[i]);
    cpu->cpl = cpu_v86(cpu) ? 3 : (uint8_t)SELECTOR_RPL(image.selector[CS]);
    if (new->cr3)
        task_load_cr3(cpu, image.cr3);
    load_segments(cpu, &image, ext);
    return image.trap;
}

bool task_gate(struct cpu *cpu, const struct descriptor *gate, enum task_cause cause, uint32_t flags, uint32_t ext)
{
    uint16_t selector = gate_selector(gate);
    uint32_t error = SELECTOR_ERROR(selector, ext);
    struct descriptor d;
    if ((selector & SELECTOR_LOCAL) || SELECTOR_NULL(selector))
        cpu_raise_code(cpu, EXC_GP, error);
    descriptor_need(cpu, selector, &d, EXC_GP, ext);
    uint32_t type = descriptor_type(&d);
    if (descriptor_memory(&d) || (type != SYS_TSS16 && type != SYS_TSS32))
        cpu_raise_code(cpu, EXC_GP, error);
    if (!descriptor_present(&d))
        cpu_raise_code(cpu, EXC_NP, error);
    return task_switch(cpu, selector, &d, cause, flags, ext);
}

bool task_finish(struct cpu *cpu, bool trap, uint32_t ext)
{
    if (cpu->eip > cpu->seg[CS].limit)
        cpu_raise_code(cpu, EXC_GP, ext);
    if (trap)
        cpu->dr[6] |= DR6_BT;
    return trap;
}
