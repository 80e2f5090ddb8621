#include "core/boot/parts.h"

#include <string.h>

/* Attributes as cpu.h lays them out: present, code or data, DPL 0, accessed; 4 GB flat ones are 32-bit, in pages. */
#define ATTR_FLAT_CODE (0xbu | SEG_S | SEG_P | SEG_DB | SEG_G)
#define ATTR_FLAT_DATA (0x3u | SEG_S | SEG_P | SEG_DB | SEG_G)

#define MTRR_WB 6u
#define MTRR_WB_8 0x0606060606060606ull

/* Memory types as a BIOS leaves them: all write-back, but for the display window and the PCI hole. */
static void memory_types(struct cpu *cpu)
{
    for (unsigned i = 0; i < 11; i++)
        cpu->mtrr_fixed[i] = MTRR_WB_8;
    cpu->mtrr_fixed[2] = 0; /* A0000h-BFFFFh, MTRRfix16K_A0000 */
    cpu->mtrr_base[0] = 0xe0000000;
    cpu->mtrr_mask[0] = 0xfe0000000 | 0x800; /* 512 MB, valid */
    cpu->mtrr_def = 0xc00 | MTRR_WB;         /* enabled, fixed ranges too (SDM vol. 3, 11.11.2.1) */
}

void state_flat(struct boot *boot, struct cpu *cpu, uint32_t entry)
{
    static const uint64_t gdt[4] = { 0, 0, 0x00cf9b000000ffff, 0x00cf93000000ffff };
    mem_write(boot->mem, BOOT_GDT, gdt, sizeof gdt);
    cpu->gdt = (struct dtable){ BOOT_GDT, sizeof gdt - 1 };
    cpu->idt = (struct dtable){ 0, 0 };
    for (unsigned i = 0; i < 6; i++)
        cpu->seg[i] = (struct segment){ .selector = 0x18, .attr = ATTR_FLAT_DATA, .limit = 0xffffffff };
    cpu->seg[CS] = (struct segment){ .selector = 0x10, .attr = ATTR_FLAT_CODE, .limit = 0xffffffff };
    memset(cpu->reg, 0, sizeof cpu->reg);
    cpu->reg[ESP] = BOOT_GDT; /* grows down from below the GDT: enough for a kernel's first pushes */
    cpu->eip = entry;
    cpu->eflags = 2;
    cpu->cr0 = CR0_PE | CR0_ET;
    cpu->cpl = 0;
    memory_types(cpu);
}

void state_real(struct cpu *cpu, uint32_t entry)
{
    /* Below 64 KB in segment 0, as a BIOS jumps to a boot sector; above, in the segment of its 64 KB. */
    uint32_t base = entry & ~0xffffu;
    for (unsigned i = 0; i < 6; i++) {
        cpu->seg[i].selector = 0;
        cpu->seg[i].base = 0;
    }
    cpu->seg[CS].selector = (uint16_t)(base >> 4);
    cpu->seg[CS].base = base;
    memset(cpu->reg, 0, sizeof cpu->reg);
    cpu->reg[ESP] = 0x7c00;
    cpu->eip = entry & 0xffff;
    cpu->eflags = 2;
    cpu->cr0 = CR0_ET;
    cpu->cpl = 0;
    memory_types(cpu);
}
