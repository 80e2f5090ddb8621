/* ops_system.c - instructions of operating systems (SDM vol. 3, 2.8): descriptor tables, control, debug and
 * model-specific registers, caches and TLB, HLT, CPUID, the time-stamp counter, inspection of descriptors. */
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/operand.h"
#include "core/cpu/system.h"

/* Level 0 only; real mode is level 0, v86 mode level 3. */
static void need_cpl0(struct cpu *cpu)
{
    if (cpu->cpl != 0)
        cpu_raise_code(cpu, EXC_GP, 0);
}

/* Unknown in real and v86 mode. */
static void need_protected(struct cpu *cpu)
{
    if (!cpu_protected(cpu))
        cpu_raise(cpu, EXC_UD);
}

static void zero_flag(struct cpu *cpu, bool set)
{
    cpu->eflags = (cpu->eflags & ~FLAG_ZF) | (set ? FLAG_ZF : 0);
}

/* ---- group 6 (0F 00): LDTR, TR, VERR, VERW ---- */

/* A selector or machine status word: 16 bits in memory, the operand size in a register. */
static void store_word(struct cpu *cpu, const struct insn *insn, uint32_t value)
{
    if (insn->mod == 3)
        reg_set(cpu, insn->rm, insn->opsize, value);
    else
        st16(cpu, insn->seg, insn_address(cpu, insn), (uint16_t)value);
}

static void op_sldt(struct cpu *cpu, const struct insn *insn)
{
    need_protected(cpu);
    store_word(cpu, insn, cpu->ldt.selector);
}
static void op_str(struct cpu *cpu, const struct insn *insn)
{
    need_protected(cpu);
    store_word(cpu, insn, cpu->tr.selector);
}
static void op_lldt(struct cpu *cpu, const struct insn *insn)
{
    need_protected(cpu);
    need_cpl0(cpu);
    ldt_load(cpu, (uint16_t)rm_get(cpu, insn, 2));
}
static void op_ltr(struct cpu *cpu, const struct insn *insn)
{
    need_protected(cpu);
    need_cpl0(cpu);
    tr_load(cpu, (uint16_t)rm_get(cpu, insn, 2));
}
static void op_verr(struct cpu *cpu, const struct insn *insn)
{
    need_protected(cpu);
    zero_flag(cpu, selector_verify(cpu, (uint16_t)rm_get(cpu, insn, 2), false));
}
static void op_verw(struct cpu *cpu, const struct insn *insn)
{
    need_protected(cpu);
    zero_flag(cpu, selector_verify(cpu, (uint16_t)rm_get(cpu, insn, 2), true));
}

/* ---- group 7 (0F 01): GDTR, IDTR, machine status word, INVLPG ---- */

static uint32_t address_behind(const struct insn *insn, uint32_t at)
{
    return insn->addrsize == 4 ? at + 2 : (at + 2) & 0xffff;
}

/* All 32 bits of the base are stored whatever the operand size. */
static void table_store(struct cpu *cpu, const struct insn *insn, const struct dtable *table)
{
    uint32_t at = insn_address(cpu, insn), base_at = address_behind(insn, at);
    probe_write(cpu, insn->seg, at, 2);
    probe_write(cpu, insn->seg, base_at, 4);
    st16(cpu, insn->seg, at, table->limit);
    st32(cpu, insn->seg, base_at, table->base);
}

/* With a 16-bit operand the base has 24 bits. */
static void table_load(struct cpu *cpu, const struct insn *insn, struct dtable *table)
{
    need_cpl0(cpu);
    uint32_t at = insn_address(cpu, insn);
    uint16_t limit = ld16(cpu, insn->seg, at);
    uint32_t base = ld32(cpu, insn->seg, address_behind(insn, at));
    table->limit = limit;
    table->base = insn->opsize == 2 ? base & 0xffffff : base;
}

static void op_sgdt(struct cpu *cpu, const struct insn *insn)
{
    table_store(cpu, insn, &cpu->gdt);
}
static void op_sidt(struct cpu *cpu, const struct insn *insn)
{
    table_store(cpu, insn, &cpu->idt);
}
static void op_lgdt(struct cpu *cpu, const struct insn *insn)
{
    table_load(cpu, insn, &cpu->gdt);
}
static void op_lidt(struct cpu *cpu, const struct insn *insn)
{
    table_load(cpu, insn, &cpu->idt);
}
static void op_smsw(struct cpu *cpu, const struct insn *insn)
{
    store_word(cpu, insn, cpu->cr0);
}

/* Bits 3:0 only, and PE can be set but not cleared. */
static void op_lmsw(struct cpu *cpu, const struct insn *insn)
{
    need_cpl0(cpu);
    uint32_t value = rm_get(cpu, insn, 2) & 0xf;
    cr_write(cpu, 0, (cpu->cr0 & ~(CR0_MP | CR0_EM | CR0_TS)) | value);
}

static void op_invlpg(struct cpu *cpu, const struct insn *insn)
{
    need_cpl0(cpu);
    tlb_flush_page(cpu, cpu->seg[insn->seg].base + insn_address(cpu, insn));
}

/* ---- LAR, LSL, ARPL ---- */

static void op_lar(struct cpu *cpu, const struct insn *insn)
{
    uint32_t rights;
    need_protected(cpu);
    bool seen = selector_rights(cpu, (uint16_t)rm_get(cpu, insn, 2), &rights);
    if (seen)
        reg_set(cpu, insn->reg, insn->opsize, rights);
    zero_flag(cpu, seen);
}
static void op_lsl(struct cpu *cpu, const struct insn *insn)
{
    uint32_t limit;
    need_protected(cpu);
    bool seen = selector_limit(cpu, (uint16_t)rm_get(cpu, insn, 2), &limit);
    if (seen)
        reg_set(cpu, insn->reg, insn->opsize, limit);
    zero_flag(cpu, seen);
}
static void op_arpl(struct cpu *cpu, const struct insn *insn)
{
    need_protected(cpu);
    uint32_t value = rm_get(cpu, insn, 2), rpl = cpu->reg[insn->reg] & 3;
    bool raise = (value & 3) < rpl;
    if (raise) /* else there is no write, and no write fault */
        rm_set(cpu, insn, 2, (value & ~3u) | rpl);
    zero_flag(cpu, raise);
}

/* ---- control and debug registers: ModRM names registers whatever its mod ---- */

static void op_clts(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    need_cpl0(cpu);
    cpu->cr0 &= ~CR0_TS;
}
static void op_mov_from_cr(struct cpu *cpu, const struct insn *insn)
{
    const uint32_t values[8] = { [0] = cpu->cr0, [2] = cpu->cr2, [3] = cpu->paging.cr3, [4] = cpu->cr4 };
    if (!(0x1du >> insn->reg & 1))
        cpu_raise(cpu, EXC_UD);
    need_cpl0(cpu);
    cpu->reg[insn->rm] = values[insn->reg];
}
static void op_mov_to_cr(struct cpu *cpu, const struct insn *insn)
{
    if (!(0x1du >> insn->reg & 1))
        cpu_raise(cpu, EXC_UD);
    need_cpl0(cpu);
    cr_write(cpu, insn->reg, cpu->reg[insn->rm]);
}
static void op_mov_from_dr(struct cpu *cpu, const struct insn *insn)
{
    cpu->reg[insn->rm] = dr_read(cpu, insn->reg);
}
static void op_mov_to_dr(struct cpu *cpu, const struct insn *insn)
{
    dr_write(cpu, insn->reg, cpu->reg[insn->rm]);
}

/* ---- model-specific registers, counters, identification ---- */

static void edx_eax(struct cpu *cpu, uint64_t value)
{
    cpu->reg[EAX] = (uint32_t)value;
    cpu->reg[EDX] = (uint32_t)(value >> 32);
}

static void op_rdmsr(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    (void)insn;
    need_cpl0(cpu);
    if (!msr_read(cpu, cpu->reg[ECX], &value))
        cpu_raise_code(cpu, EXC_GP, 0);
    edx_eax(cpu, value);
}
static void op_wrmsr(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    need_cpl0(cpu);
    if (!msr_write(cpu, cpu->reg[ECX], (uint64_t)cpu->reg[EDX] << 32 | cpu->reg[EAX]))
        cpu_raise_code(cpu, EXC_GP, 0);
}
static void op_rdtsc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (cpu->cr4 & CR4_TSD)
        need_cpl0(cpu);
    edx_eax(cpu, cpu->bus->tsc(cpu->bus_opaque) + cpu->tsc_offset);
}
/* Two counters on all models but the Pentium 4's 18; they stand still. */
static void op_rdpmc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    uint32_t counters = (cpu->model->signature >> 8 & 0xf) == 15 ? 18 : 2;
    if (!(cpu->cr4 & CR4_PCE))
        need_cpl0(cpu);
    if (cpu->reg[ECX] >= counters)
        cpu_raise_code(cpu, EXC_GP, 0);
    edx_eax(cpu, 0);
}
static void op_cpuid(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpuid_execute(cpu);
}

/* ---- caches, HLT ---- */

/* INVD and WBINVD: there is no cache to lose. */
static void op_cache(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    need_cpl0(cpu);
}
static void op_hlt(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    need_cpl0(cpu);
    cpu->halted = true;
}

// clang-format off
static const struct op_row rows[] = {
    { MAP_0F, 0x00, 0x00, 0, 0, 0, op_sldt },
    { MAP_0F, 0x00, 0x00, 1, 0, 0, op_str },
    { MAP_0F, 0x00, 0x00, 2, OP_ENDS, 0, op_lldt },
    { MAP_0F, 0x00, 0x00, 3, OP_ENDS, 0, op_ltr },
    { MAP_0F, 0x00, 0x00, 4, 0, 0, op_verr },
    { MAP_0F, 0x00, 0x00, 5, 0, 0, op_verw },
    { MAP_0F, 0x01, 0x01, 0, OP_MEM, 0, op_sgdt },
    { MAP_0F, 0x01, 0x01, 1, OP_MEM, 0, op_sidt },
    { MAP_0F, 0x01, 0x01, 2, OP_MEM, 0, op_lgdt },
    { MAP_0F, 0x01, 0x01, 3, OP_MEM, 0, op_lidt },
    { MAP_0F, 0x01, 0x01, 4, 0, 0, op_smsw },
    { MAP_0F, 0x01, 0x01, 6, OP_ENDS, 0, op_lmsw },
    { MAP_0F, 0x01, 0x01, 7, OP_MEM | OP_ENDS, 0, op_invlpg },
    { MAP_0F, 0x02, 0x02, -1, 0, 0, op_lar },
    { MAP_0F, 0x03, 0x03, -1, 0, 0, op_lsl },
    { MAP_1BYTE, 0x63, 0x63, -1, 0, 0, op_arpl },
    { MAP_0F, 0x06, 0x06, -1, OP_ENDS, 0, op_clts },
    { MAP_0F, 0x08, 0x09, -1, 0, 0, op_cache },
    { MAP_0F, 0x20, 0x20, -1, 0, 0, op_mov_from_cr },
    { MAP_0F, 0x21, 0x21, -1, OP_ENDS, 0, op_mov_from_dr },
    { MAP_0F, 0x22, 0x22, -1, OP_ENDS, 0, op_mov_to_cr },
    { MAP_0F, 0x23, 0x23, -1, OP_ENDS, 0, op_mov_to_dr },
    { MAP_0F, 0x30, 0x30, -1, OP_ENDS, CPUID_MSR, op_wrmsr },
    { MAP_0F, 0x31, 0x31, -1, 0, CPUID_TSC, op_rdtsc },
    { MAP_0F, 0x32, 0x32, -1, 0, CPUID_MSR, op_rdmsr },
    { MAP_0F, 0x33, 0x33, -1, 0, CPUID_MMX, op_rdpmc },
    { MAP_0F, 0xa2, 0xa2, -1, OP_ENDS, 0, op_cpuid },
    { MAP_1BYTE, 0xf4, 0xf4, -1, OP_ENDS, 0, op_hlt },
};
// clang-format on
OP_TABLE(ops_system, rows);
