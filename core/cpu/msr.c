/* msr.c - model-specific registers, as a table (SDM vol. 4; MTRRs and PAT: vol. 3, chapter 11).
 *
 * A row exists when CPUID has its feature; any other index is a #GP, as on the models. MTRRs and PAT are registers
 * alone: memory types change nothing that a guest could see here. */
#include <stddef.h>

#include "core/cpu/access.h"
#include "core/cpu/cpuid.h"
#include "core/cpu/system.h"

enum msr_kind {
    MSR_VALUE32,
    MSR_VALUE64,
    MSR_TYPES,
    MSR_BASE,
    MSR_MASK,
    MSR_DEFAULT_TYPE,
    MSR_TSC,
    MSR_EFER,
    MSR_CONST
};

struct msr_row {
    uint32_t first, last;
    uint32_t feature; /* CPUID leaf 1 EDX; 0: always */
    uint8_t family;   /* smallest one; 0: all */
    uint8_t kind;
    uint16_t offset; /* in struct cpu, of index `first` */
    uint16_t step;   /* per index */
    uint64_t value;  /* MSR_CONST: reads so, writes dropped */
};

#define FIELD(name) offsetof(struct cpu, name)
// clang-format off
static const struct msr_row rows[] = {
    { 0x000, 0x001, CPUID_MCE,  0, MSR_CONST,        0, 0, 0 },       /* P5_MC_ADDR, P5_MC_TYPE */
    { 0x010, 0x010, CPUID_TSC,  0, MSR_TSC,          0, 0, 0 },       /* TIME_STAMP_COUNTER */
    { 0x017, 0x017, 0,          6, MSR_CONST,        0, 0, 0 },       /* PLATFORM_ID */
    { 0x02a, 0x02a, 0,          6, MSR_CONST,        0, 0, 0 },       /* EBL_CR_POWERON */
    { 0x079, 0x079, 0,          6, MSR_CONST,        0, 0, 0 },       /* BIOS_UPDT_TRIG */
    { 0x08b, 0x08b, 0,          6, MSR_CONST,        0, 0, 0 },       /* BIOS_SIGN_ID: no microcode update */
    { 0x0fe, 0x0fe, CPUID_MTRR, 0, MSR_CONST,        0, 0, 0x508 },   /* MTRRCAP: 8 variable, fixed, WC */
    { 0x174, 0x174, CPUID_SEP,  0, MSR_VALUE32,      FIELD(sysenter_cs), 0, 0 },
    { 0x175, 0x175, CPUID_SEP,  0, MSR_VALUE32,      FIELD(sysenter_esp), 0, 0 },
    { 0x176, 0x176, CPUID_SEP,  0, MSR_VALUE32,      FIELD(sysenter_eip), 0, 0 },
    { 0x1a0, 0x1a0, CPUID_SSE2, 0, MSR_VALUE64,      FIELD(misc_enable), 0, 0 },
    { 0x1d9, 0x1d9, 0,          6, MSR_CONST,        0, 0, 0 },       /* DEBUGCTL: XXX no LBR, no single-step on branches */
    { 0x250, 0x250, CPUID_MTRR, 0, MSR_TYPES,        FIELD(mtrr_fixed), 8, 0 },
    { 0x258, 0x259, CPUID_MTRR, 0, MSR_TYPES,        FIELD(mtrr_fixed[1]), 8, 0 },
    { 0x268, 0x26f, CPUID_MTRR, 0, MSR_TYPES,        FIELD(mtrr_fixed[3]), 8, 0 },
    { 0x277, 0x277, CPUID_PAT,  0, MSR_TYPES,        FIELD(pat), 0, 0 },
    { 0x2ff, 0x2ff, CPUID_MTRR, 0, MSR_DEFAULT_TYPE, FIELD(mtrr_def), 0, 0 },
    { 0xc0000080, 0xc0000080, 0, 0, MSR_EFER,        FIELD(efer), 0, 0 },
};
// clang-format on

#define MTRR_FIRST 0x200u /* pairs of base and mask follow */
#define MTRR_LAST 0x20fu
#define PHYSICAL_BITS 36

/* Memory types: 0 UC, 1 WC, 4 WT, 5 WP, 6 WB; 7 is UC- and PAT's alone. */
static bool types_valid(uint64_t value, bool pat)
{
    uint32_t valid = pat ? 0xf3u : 0x73u;
    for (unsigned i = 0; i < 8; i++, value >>= 8)
        if ((value & 0xff) > 7 || !(valid >> (value & 7) & 1))
            return false;
    return true;
}

static uint32_t model_family(const struct cpu *cpu)
{
    return cpu->model->signature >> 8 & 0xf;
}

static bool has_nx(const struct cpu *cpu)
{
    return cpu->model->extended & CPUID_EXTENDED_NX;
}

/* The row of an index; the variable MTRRs, whose pairs no step can express, through *pair. */
static const struct msr_row *row_find(const struct cpu *cpu, uint32_t index, struct msr_row *pair)
{
    if (index >= MTRR_FIRST && index <= MTRR_LAST && (cpu->model->features & CPUID_MTRR)) {
        unsigned i = (index - MTRR_FIRST) / 2;
        bool mask = index & 1;
        *pair = (struct msr_row){ .first = index, .last = index, .kind = mask ? MSR_MASK : MSR_BASE };
        pair->offset = (uint16_t)((mask ? FIELD(mtrr_mask) : FIELD(mtrr_base)) + 8 * i);
        return pair;
    }
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct msr_row *row = &rows[i];
        if (index < row->first || index > row->last)
            continue;
        if (row->feature && !(cpu->model->features & row->feature))
            return NULL;
        if (row->family > model_family(cpu) || (row->kind == MSR_EFER && !has_nx(cpu)))
            return NULL;
        return row;
    }
    return NULL;
}

static void *row_field(struct cpu *cpu, const struct msr_row *row, uint32_t index)
{
    return (uint8_t *)cpu + row->offset + (index - row->first) * row->step;
}

static uint64_t tsc_now(const struct cpu *cpu)
{
    return cpu->bus->tsc(cpu->bus_opaque);
}

bool msr_read(struct cpu *cpu, uint32_t index, uint64_t *value)
{
    struct msr_row pair;
    const struct msr_row *row = row_find(cpu, index, &pair);
    if (!row)
        return false;
    switch (row->kind) {
    case MSR_CONST: *value = row->value; break;
    case MSR_TSC: *value = tsc_now(cpu) + cpu->tsc_offset; break;
    case MSR_VALUE32: *value = *(uint32_t *)row_field(cpu, row, index); break;
    default: *value = *(uint64_t *)row_field(cpu, row, index); break;
    }
    return true;
}

/* Whether the value has no reserved bit or type set. */
static bool value_valid(const struct msr_row *row, uint32_t index, uint64_t value)
{
    uint64_t physical = (1ull << PHYSICAL_BITS) - 1;
    switch (row->kind) {
    case MSR_TYPES: return types_valid(value, index == 0x277);
    case MSR_BASE: return !(value & ~physical) && !(value & 0xf00) && types_valid(value & 0xff, false);
    case MSR_MASK: return !(value & ~physical) && !(value & 0x7ff);
    case MSR_DEFAULT_TYPE: return !(value & ~0xcffull) && types_valid(value & 0xff, false);
    case MSR_EFER: return !(value & ~(uint64_t)EFER_NXE);
    case MSR_CONST: return row->feature != CPUID_MTRR; /* MTRRCAP is read-only */
    default: return true;
    }
}

bool msr_write(struct cpu *cpu, uint32_t index, uint64_t value)
{
    struct msr_row pair;
    const struct msr_row *row = row_find(cpu, index, &pair);
    if (!row || !value_valid(row, index, value))
        return false;
    switch (row->kind) {
    case MSR_CONST: break;
    case MSR_TSC: cpu->tsc_offset = value - tsc_now(cpu); break;
    case MSR_VALUE32: *(uint32_t *)row_field(cpu, row, index) = (uint32_t)value; break;
    default: *(uint64_t *)row_field(cpu, row, index) = value; break;
    }
    if (row->kind == MSR_EFER)
        cpu_paging_changed(cpu);
    return true;
}
