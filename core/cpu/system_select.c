/* system_select.c - instructions that look at a descriptor or load one into LDTR or TR (SDM vol. 2, LAR, LSL, VERR,
 * LLDT, LTR; vol. 3, 2.4, 5.10). */
#include "core/cpu/access.h"
#include "core/cpu/descriptor.h"
#include "core/cpu/system.h"

/* System descriptors that LAR and LSL know, as bits by type (SDM vol. 2, tables 3-53 and 3-65). */
#define LAR_TYPES                                                                                      \
    (1u << SYS_TSS16 | 1u << SYS_LDT | 1u << SYS_TSS16_BUSY | 1u << SYS_CALL16 | 1u << SYS_TASK_GATE | \
        1u << SYS_TSS32 | 1u << SYS_TSS32_BUSY | 1u << SYS_CALL32)
#define LSL_TYPES (1u << SYS_TSS16 | 1u << SYS_LDT | 1u << SYS_TSS16_BUSY | 1u << SYS_TSS32 | 1u << SYS_TSS32_BUSY)

static bool privileged(const struct cpu *cpu, const struct descriptor *d, uint16_t selector)
{
    uint32_t dpl = descriptor_dpl(d);
    return descriptor_conforming(d) || (cpu->cpl <= dpl && SELECTOR_RPL(selector) <= dpl);
}

static bool selector_visible(struct cpu *cpu, uint16_t selector, uint32_t system_types, struct descriptor *d)
{
    if (SELECTOR_NULL(selector) || !descriptor_read(cpu, selector, d))
        return false;
    if (!descriptor_memory(d) && !(system_types >> descriptor_type(d) & 1))
        return false;
    return privileged(cpu, d, selector);
}

bool selector_rights(struct cpu *cpu, uint16_t selector, uint32_t *rights)
{
    struct descriptor d;
    if (!selector_visible(cpu, selector, LAR_TYPES, &d))
        return false;
    *rights = d.high & 0x00f0ff00;
    return true;
}

bool selector_limit(struct cpu *cpu, uint16_t selector, uint32_t *limit)
{
    struct descriptor d;
    if (!selector_visible(cpu, selector, LSL_TYPES, &d))
        return false;
    *limit = descriptor_limit(&d);
    return true;
}

bool selector_verify(struct cpu *cpu, uint16_t selector, bool write)
{
    struct descriptor d;
    if (!selector_visible(cpu, selector, 0, &d))
        return false;
    return write ? descriptor_writable(&d) : descriptor_readable(&d);
}

void ldt_load(struct cpu *cpu, uint16_t selector)
{
    struct descriptor d;
    if (SELECTOR_NULL(selector)) {
        cpu->ldt = segment_null(selector);
        return;
    }
    if (selector & SELECTOR_LOCAL)
        cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
    descriptor_need(cpu, selector, &d, EXC_GP, 0);
    if (descriptor_memory(&d) || descriptor_type(&d) != SYS_LDT)
        cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
    if (!descriptor_present(&d))
        cpu_raise_code(cpu, EXC_NP, SELECTOR_ERROR(selector, 0));
    cpu->ldt = descriptor_segment(&d, selector);
}

void tr_load(struct cpu *cpu, uint16_t selector)
{
    struct descriptor d;
    if (SELECTOR_NULL(selector))
        cpu_raise_code(cpu, EXC_GP, 0);
    if (selector & SELECTOR_LOCAL)
        cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
    descriptor_need(cpu, selector, &d, EXC_GP, 0);
    uint32_t type = descriptor_type(&d);
    if (descriptor_memory(&d) || (type != SYS_TSS16 && type != SYS_TSS32))
        cpu_raise_code(cpu, EXC_GP, SELECTOR_ERROR(selector, 0));
    if (!descriptor_present(&d))
        cpu_raise_code(cpu, EXC_NP, SELECTOR_ERROR(selector, 0));
    d.high |= TSS_BUSY << 8;
    sys_st8(cpu, d.linear + 5, (uint8_t)(d.high >> 8));
    cpu->tr = descriptor_segment(&d, selector);
}
