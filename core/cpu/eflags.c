/* eflags.c - loads of EFLAGS from the stack (SDM vol. 2, POPF and IRET; vol. 3, 20.2.2 and 20.3). */
#include "core/cpu/eflags.h"

#include "core/cpu/system.h"

/* IF and IOPL, as far as CPL admits. */
static uint32_t privileged_mask(const struct cpu *cpu)
{
    if (cpu->cpl == 0)
        return FLAG_IOPL | FLAG_IF;
    return cpu->cpl <= cpu_iopl(cpu) ? FLAG_IF : 0;
}

uint32_t eflags_iret_mask(const struct cpu *cpu, uint32_t size)
{
    uint32_t mask = FLAGS_BASIC | privileged_mask(cpu);
    if (size == 4) {
        mask |= FLAG_RF | FLAG_AC | FLAG_ID;
        if (cpu->cpl == 0 && cpu_protected(cpu))
            mask |= FLAG_VIF | FLAG_VIP;
    }
    return mask;
}

uint32_t eflags_virtual(struct cpu *cpu, uint16_t value)
{
    if ((value & FLAG_TF) || ((value & FLAG_IF) && (cpu->eflags & FLAG_VIP)))
        cpu_raise_code(cpu, EXC_GP, 0);
    uint32_t eflags = eflags_merge(cpu->eflags, value, FLAGS_BASIC);
    return eflags_merge(eflags, value & FLAG_IF ? FLAG_VIF : 0, FLAG_VIF);
}

void eflags_load(struct cpu *cpu, uint32_t value, uint32_t size)
{
    uint32_t mask = FLAGS_BASIC | (size == 4 ? FLAG_AC | FLAG_ID : 0);
    if (!cpu_v86(cpu)) {
        mask |= privileged_mask(cpu);
    } else if (cpu_iopl(cpu) == 3) {
        mask |= FLAG_IF;
    } else if (size == 4 || !(cpu->cr4 & CR4_VME)) {
        cpu_raise_code(cpu, EXC_GP, 0);
    } else {
        cpu->eflags = eflags_virtual(cpu, (uint16_t)value) & ~FLAG_RF;
        return;
    }
    cpu->eflags = eflags_merge(cpu->eflags, value, mask) & ~FLAG_RF;
}
