/* cpu.c - the state after power-on, RESET and INIT (SDM vol. 3, table 9-1). */
#include "core/cpu/cpu.h"

#include <string.h>

#include "core/cpu/access.h"
#include "core/cpu/cpuid.h"

/* What INIT leaves alone. */
static void reset_cold(struct cpu *cpu)
{
    memset(&cpu->fx, 0, sizeof(cpu->fx));
    cpu->fx.fcw = 0x40;
    cpu->fx.ftw = 0xff;
    cpu->fx.mxcsr = 0x1f80;
    cpu->ferr = false;
    cpu->cr0 = CR0_CD | CR0_NW;
    cpu->tsc_offset = 0 - cpu->bus->tsc(cpu->bus_opaque);
    cpu->pat = 0x0007040600070406;
    cpu->misc_enable = 1; /* fast string operations */
    cpu->mtrr_def = 0;
    memset(cpu->mtrr_fixed, 0, sizeof(cpu->mtrr_fixed));
    memset(cpu->mtrr_base, 0, sizeof(cpu->mtrr_base));
    memset(cpu->mtrr_mask, 0, sizeof(cpu->mtrr_mask));
}

void cpu_reset(struct cpu *cpu, bool init)
{
    if (!init)
        reset_cold(cpu);
    memset(cpu->reg, 0, sizeof(cpu->reg));
    cpu->reg[EDX] = cpu->model->signature;
    cpu->eip = cpu->insn_eip = 0xfff0;
    cpu->eflags = 2;
    for (unsigned i = 0; i < 6; i++)
        cpu->seg[i] = (struct segment){ .attr = 0x93, .limit = 0xffff };
    cpu->seg[CS] = (struct segment){ .selector = 0xf000, .attr = 0x9b, .base = 0xffff0000, .limit = 0xffff };
    cpu->ldt = (struct segment){ .attr = 0x82, .limit = 0xffff };
    cpu->tr = (struct segment){ .attr = 0x8b, .limit = 0xffff };
    cpu->gdt = cpu->idt = (struct dtable){ .limit = 0xffff };
    cpu->cr0 = (cpu->cr0 & (CR0_CD | CR0_NW)) | CR0_ET;
    cpu->cr2 = cpu->cr4 = 0;
    memset(cpu->dr, 0, sizeof(cpu->dr));
    cpu->dr[6] = DR6_FIXED;
    cpu->dr[7] = DR7_FIXED;
    cpu->cpl = 0;
    cpu->halted = cpu->shutdown = cpu->nmi_blocked = false;
    cpu->shadow_sti = cpu->shadow_ss = false;
    cpu->efer = cpu->apic_base = 0;
    cpu->sysenter_cs = cpu->sysenter_esp = cpu->sysenter_eip = 0;
    memset(&cpu->paging, 0, sizeof(cpu->paging));
    cpu_paging_changed(cpu);
}
