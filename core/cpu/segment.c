/* segment.c - descriptors, and loads of segment registers (SDM vol. 3, chapter 3 and 5.4 to 5.7; vol. 2, MOV). */
#include "core/cpu/descriptor.h"

#include "core/cpu/access.h"
#include "core/cpu/system.h"

uint32_t descriptor_limit(const struct descriptor *d)
{
    uint32_t limit = (d->low & 0xffff) | (d->high & 0xf0000);
    return d->high & 0x800000 ? limit << 12 | 0xfff : limit;
}

bool descriptor_read(struct cpu *cpu, uint16_t selector, struct descriptor *d)
{
    uint32_t at = selector & ~7u, base = cpu->gdt.base, limit = cpu->gdt.limit;
    if (selector & SELECTOR_LOCAL) {
        if (!(cpu->ldt.attr & SEG_P))
            return false;
        base = cpu->ldt.base;
        limit = cpu->ldt.limit;
    }
    if (at + 7 > limit)
        return false;
    d->linear = base + at;
    uint64_t both = sys_ld64(cpu, d->linear);
    d->low = (uint32_t)both;
    d->high = (uint32_t)(both >> 32);
    return true;
}

void descriptor_need(struct cpu *cpu, uint16_t selector, struct descriptor *d, uint32_t vector, uint32_t ext)
{
    if (!descriptor_read(cpu, selector, d))
        cpu_raise_code(cpu, vector, SELECTOR_ERROR(selector, ext));
}

void descriptor_touch(struct cpu *cpu, struct descriptor *d)
{
    if (d->high & 0x100)
        return;
    d->high |= 0x100;
    sys_st8(cpu, d->linear + 5, (uint8_t)(d->high >> 8));
}

struct segment descriptor_segment(const struct descriptor *d, uint16_t selector)
{
    return (struct segment){
        .selector = selector,
        .attr = (uint16_t)(d->high >> 8 & 0xf0ff),
        .base = descriptor_base(d),
        .limit = descriptor_limit(d),
    };
}

bool segment_holds(const struct segment *segment, uint32_t offset, uint32_t size)
{
    uint64_t last = (uint64_t)offset + size - 1;
    if ((segment->attr & (SEG_S | SEG_CODE | SEG_DOWN)) != (SEG_S | SEG_DOWN))
        return last <= segment->limit;
    return offset > segment->limit && last <= (segment->attr & SEG_DB ? 0xffffffffu : 0xffffu);
}

struct segment segment_null(uint16_t selector)
{
    return (struct segment){ .selector = selector };
}

/* Real mode keeps limit and size of what was there: "big real mode" depends on it. v86 mode sets everything (SDM vol.
 * 3, 20.1.1, 20.2.1). A register that held a null selector has no limit to keep. */
struct segment segment_real(const struct segment *before, uint16_t selector, bool v86)
{
    struct segment now = { .selector = selector, .attr = 0xf3, .base = (uint32_t)selector << 4, .limit = 0xffff };
    if (!v86) {
        bool usable = before->attr & SEG_P;
        now.attr = (uint16_t)(0x93u | (usable ? before->attr & (SEG_DB | SEG_G) : 0));
        now.limit = usable ? before->limit : 0xffff;
    }
    return now;
}

void seg_load_real(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    cpu->seg[seg] = segment_real(&cpu->seg[seg], selector, cpu_v86(cpu));
}

static void load_ss(struct cpu *cpu, uint16_t selector)
{
    struct descriptor d;
    if (SELECTOR_NULL(selector))
        cpu_raise_code(cpu, EXC_GP, 0);
    descriptor_need(cpu, selector, &d, EXC_GP, 0);
    if (SELECTOR_RPL(selector) != cpu->cpl || !descriptor_writable(&d) || descriptor_dpl(&d) != cpu->cpl)
        cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
    if (!descriptor_present(&d))
        cpu_raise_code(cpu, EXC_SS, SELECTOR_ERROR(selector, 0));
    descriptor_touch(cpu, &d);
    cpu->seg[SS] = descriptor_segment(&d, selector);
}

static void load_data(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    struct descriptor d;
    if (SELECTOR_NULL(selector)) {
        cpu->seg[seg] = segment_null(selector);
        return;
    }
    descriptor_need(cpu, selector, &d, EXC_GP, 0);
    uint32_t dpl = descriptor_dpl(&d);
    if (!descriptor_readable(&d) || (!descriptor_conforming(&d) && (SELECTOR_RPL(selector) > dpl || cpu->cpl > dpl)))
        cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
    if (!descriptor_present(&d))
        cpu_raise_code(cpu, EXC_NP, SELECTOR_ERROR(selector, 0));
    descriptor_touch(cpu, &d);
    cpu->seg[seg] = descriptor_segment(&d, selector);
    if (!(selector & SELECTOR_LOCAL)) {
        cpu->seg[seg].entry = SEG_ENTRY + selector;
        cpu->seg[seg].descriptor = (uint64_t)d.high << 32 | d.low;
    }
}

void seg_load(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    if (!cpu_protected(cpu))
        seg_load_real(cpu, seg, selector);
    else if (seg == SS)
        load_ss(cpu, selector);
    else
        load_data(cpu, seg, selector);
}

void segment_load_cs(struct cpu *cpu, const struct descriptor *d, uint16_t selector, uint32_t cpl)
{
    cpu->seg[CS] = descriptor_segment(d, (uint16_t)((selector & 0xfffcu) | cpl));
    cpu->cpl = (uint8_t)cpl;
}

void segments_drop_inner(struct cpu *cpu)
{
    static const uint8_t data[] = { ES, DS, FS, GS };
    for (unsigned i = 0; i < sizeof(data); i++) {
        uint16_t attr = cpu->seg[data[i]].attr;
        bool conforming = (attr & (SEG_CODE | SEG_CONFORM)) == (SEG_CODE | SEG_CONFORM);
        if (!conforming && SEG_DPL(attr) < cpu->cpl)
            cpu->seg[data[i]] = segment_null(0);
    }
}
