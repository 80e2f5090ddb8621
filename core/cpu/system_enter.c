/* system_enter.c - SYSENTER and SYSEXIT (SDM vol. 2; vol. 3, 5.8.7): flat segments that no descriptor is read for. */
#include "core/cpu/descriptor.h"
#include "core/cpu/system.h"

static struct segment flat(uint32_t selector, bool code, uint32_t dpl)
{
    uint32_t type = code ? SEG_CODE | SEG_RW | SEG_ACCESSED : SEG_RW | SEG_ACCESSED;
    return (struct segment){
        .selector = (uint16_t)(selector | dpl),
        .attr = (uint16_t)(SEG_G | SEG_DB | SEG_P | dpl << 5 | SEG_S | type),
        .limit = 0xffffffff,
    };
}

static void enter(struct cpu *cpu, uint32_t code, uint32_t cpl, uint32_t eip, uint32_t esp)
{
    cpu->seg[CS] = flat(code, true, cpl);
    cpu->seg[SS] = flat(code + 8, false, cpl);
    cpu->cpl = (uint8_t)cpl;
    cpu->eip = eip;
    cpu->reg[ESP] = esp;
}

void system_enter(struct cpu *cpu)
{
    if (!(cpu->cr0 & CR0_PE) || SELECTOR_NULL(cpu->sysenter_cs))
        cpu_raise_code(cpu, EXC_GP, 0);
    cpu->eflags &= ~(FLAG_VM | FLAG_IF | FLAG_RF);
    enter(cpu, cpu->sysenter_cs & 0xfffc, 0, cpu->sysenter_eip, cpu->sysenter_esp);
}

void system_exit(struct cpu *cpu)
{
    if (!(cpu->cr0 & CR0_PE) || cpu->cpl != 0 || SELECTOR_NULL(cpu->sysenter_cs))
        cpu_raise_code(cpu, EXC_GP, 0);
    enter(cpu, (cpu->sysenter_cs & 0xfffc) + 16, 3, cpu->reg[EDX], cpu->reg[ECX]);
}
