/* control.c - writes of CR0, CR3, CR4, and the debug registers (SDM vol. 3, 2.5, 4.1.2, 4.4.1, 4.10.4, 17.2). */
#include "core/cpu/access.h"
#include "core/cpu/cpuid.h"
#include "core/cpu/fpu.h"
#include "core/cpu/system.h"

#define CR0_DEFINED (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)

/* Loads the PDPTEs as paging would be with these registers; #GP(0), and no change, when a reserved bit is set. */
static void pdptes_load(struct cpu *cpu, uint32_t cr3)
{
    struct paging paging = cpu->paging;
    paging.cr3 = cr3;
    if (!walk_load_pdptes(cpu->mem, &paging))
        cpu_raise_code(cpu, EXC_GP, 0);
    cpu->paging = paging;
}

static void cr0_write(struct cpu *cpu, uint32_t value)
{
    uint32_t changed;
    value = (value & CR0_DEFINED) | CR0_ET;
    if (((value & CR0_PG) && !(value & CR0_PE)) || ((value & CR0_NW) && !(value & CR0_CD)))
        cpu_raise_code(cpu, EXC_GP, 0);
    changed = value ^ cpu->cr0;
    if ((value & CR0_PG) && (cpu->cr4 & CR4_PAE) && (changed & (CR0_PG | CR0_CD | CR0_NW)))
        pdptes_load(cpu, cpu->paging.cr3);
    fpu_home(cpu);
    cpu->cr0 = value;
    if (changed & (CR0_PE | CR0_PG | CR0_WP | CR0_AM))
        cpu_paging_changed(cpu);
}

static void cr3_write(struct cpu *cpu, uint32_t value)
{
    if ((cpu->cr0 & CR0_PG) && (cpu->cr4 & CR4_PAE))
        pdptes_load(cpu, value);
    cpu->paging.cr3 = value;
    tlb_flush(cpu, false);
}

/* A bit of CR4 exists when CPUID has its feature (SDM vol. 3, 2.5). */
static uint32_t cr4_defined(const struct cpu *cpu)
{
    static const struct {
        uint32_t bits, feature;
    } rows[] = {
        // clang-format off
        { CR4_VME | CR4_PVI, CPUID_VME },
        { CR4_TSD,           CPUID_TSC },
        { CR4_DE,            CPUID_DE },
        { CR4_PSE,           CPUID_PSE },
        { CR4_PAE,           CPUID_PAE },
        { CR4_MCE,           CPUID_MCE },
        { CR4_PGE,           CPUID_PGE },
        { CR4_PCE,           CPUID_MMX }, /* has no bit of its own; came with MMX */
        { CR4_OSFXSR,        CPUID_FXSR },
        { CR4_OSXMMEXCPT,    CPUID_SSE },
        // clang-format on
    };
    uint32_t defined = 0;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (cpu->model->features & rows[i].feature)
            defined |= rows[i].bits;
    return defined;
}

static void cr4_write(struct cpu *cpu, uint32_t value)
{
    uint32_t changed = value ^ cpu->cr4, paging = CR4_PSE | CR4_PAE | CR4_PGE;
    if (value & ~cr4_defined(cpu))
        cpu_raise_code(cpu, EXC_GP, 0);
    if ((cpu->cr0 & CR0_PG) && (value & CR4_PAE) && (changed & paging))
        pdptes_load(cpu, cpu->paging.cr3);
    fpu_home(cpu);
    cpu->cr4 = value;
    if (changed & paging)
        cpu_paging_changed(cpu);
}

void cr_write(struct cpu *cpu, unsigned cr, uint32_t value)
{
    switch (cr) {
    case 0: cr0_write(cpu, value); break;
    case 2: cpu->cr2 = value; break;
    case 3: cr3_write(cpu, value); break;
    case 4: cr4_write(cpu, value); break;
    default: cpu_raise(cpu, EXC_UD);
    }
}

/* DR4 and DR5 are the old names of DR6 and DR7 unless CR4.DE takes them away (SDM 17.2.2). */
static unsigned dr_index(struct cpu *cpu, unsigned dr)
{
    if (dr != 4 && dr != 5)
        return dr;
    if (cpu->cr4 & CR4_DE)
        cpu_raise(cpu, EXC_UD);
    return dr + 2;
}

/* Privilege, and DR7.GD, which guards every move (SDM 17.2.4). */
static void dr_check(struct cpu *cpu)
{
    if (cpu->cpl != 0)
        cpu_raise_code(cpu, EXC_GP, 0);
    if (cpu->dr[7] & DR7_GD) {
        cpu->dr[6] |= DR6_BD;
        cpu_raise(cpu, EXC_DB);
    }
}

uint32_t dr_read(struct cpu *cpu, unsigned dr)
{
    dr = dr_index(cpu, dr);
    dr_check(cpu);
    return cpu->dr[dr];
}

void dr_write(struct cpu *cpu, unsigned dr, uint32_t value)
{
    dr = dr_index(cpu, dr);
    dr_check(cpu);
    if (dr == 6)
        value = (value & 0xe00fu) | DR6_FIXED;
    else if (dr == 7)
        value = (value & ~0xd800u) | DR7_FIXED;
    cpu->dr[dr] = value;
}
