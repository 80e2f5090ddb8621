/* test_cpuid.c - CPU models as a guest sees them: CPUID, the features that go with it, MSRs. */
#include "core/cpu/cpuid.h"

#include <stdlib.h>
#include <string.h>

#include "core/cpu/system.h"
#include "tests/unit/cpu_rig.h"
#include "tests/unit/unit.h"

static uint32_t regs[4]; /* EAX, EBX, ECX, EDX */

static void cpuid(struct rig *rig, uint32_t leaf)
{
    rig->cpu->reg[EAX] = leaf;
    cpuid_execute(rig->cpu);
    regs[0] = rig->cpu->reg[EAX];
    regs[1] = rig->cpu->reg[EBX];
    regs[2] = rig->cpu->reg[ECX];
    regs[3] = rig->cpu->reg[EDX];
}

static struct rig *rig_of(const char *name)
{
    struct rig *rig = rig_new();
    rig->cpu->model = cpu_model_find(name);
    return rig;
}

static void test_models(void)
{
    static const char *const names[] = { "pentium", "pentium-mmx", "pentium2", "pentium3", "pentium4", "host" };
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct cpu_model *model = cpu_model_find(names[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(model);
        CU_ASSERT_STRING_EQUAL(model->name, names[i]);
    }
    CU_ASSERT_PTR_NULL(cpu_model_find("pentium5"));
    CU_ASSERT_PTR_NULL(cpu_model_find(""));
    for (unsigned i = 0; cpu_model_at(i); i++)
        CU_ASSERT_PTR_EQUAL(cpu_model_find(cpu_model_at(i)->name), cpu_model_at(i));
}

/* What the board lacks or no engine runs must not be promised. */
static void test_nothing_absent(void)
{
    const uint32_t absent = 1u << 9 | 1u << 14 | 1u << 17 | 1u << 28; /* APIC, MCA, PSE-36, HTT */
    const uint32_t later = 1u << 0 | 1u << 9 | 3u << 19 | 1u << 23;   /* SSE3, SSSE3, SSE4.1, SSE4.2, POPCNT */
    for (unsigned i = 0; cpu_model_at(i); i++) {
        const struct cpu_model *model = cpu_model_at(i);
        CU_ASSERT_EQUAL(model->features & absent, 0);
        CU_ASSERT_EQUAL(model->features >> 32 & ~later, 0);
        CU_ASSERT(!(model->features >> 32) || !strcmp(model->name, "host"));
        CU_ASSERT_EQUAL(model->extended & ~CPUID_EXTENDED_NX, 0);
        CU_ASSERT(!(model->extended & CPUID_EXTENDED_NX) || (model->features & CPUID_PAE));
    }
}

static void test_leaves(void)
{
    struct rig *rig = rig_of("pentium4");
    char text[13] = { 0 };
    cpuid(rig, 0);
    memcpy(text, &regs[1], 4);
    memcpy(text + 4, &regs[3], 4);
    memcpy(text + 8, &regs[2], 4);
    CU_ASSERT_EQUAL(regs[0], 2);
    CU_ASSERT_STRING_EQUAL(text, "GenuineIntel");
    cpuid(rig, 1);
    CU_ASSERT_EQUAL(regs[0], 0xf29);
    CU_ASSERT_EQUAL(regs[1] >> 8 & 0xff, 8); /* CLFLUSH line of 64 bytes */
    CU_ASSERT(regs[3] & CPUID_SSE2);
    cpuid(rig, 0x7fffffff); /* past the end: the last basic leaf */
    CU_ASSERT_EQUAL(regs[0] & 0xff, 1);
    cpuid(rig, 0x80000000);
    CU_ASSERT_EQUAL(regs[0], 0x80000004);
    char brand[49] = { 0 };
    for (uint32_t i = 0; i < 3; i++) {
        cpuid(rig, 0x80000002 + i);
        memcpy(brand + 16 * i, regs, 16);
    }
    CU_ASSERT_STRING_EQUAL(brand, rig->cpu->model->brand);
    rig_free(rig);
}

static void test_reset_signature(void)
{
    struct rig *rig = rig_of("pentium3");
    cpu_reset(rig->cpu, false);
    CU_ASSERT_EQUAL(rig->cpu->reg[EDX], 0x68a);
    CU_ASSERT_EQUAL(rig->cpu->eip, 0xfff0);
    CU_ASSERT_EQUAL(rig->cpu->seg[CS].base, 0xffff0000);
    CU_ASSERT_EQUAL(rig->cpu->cr0, 0x60000010);
    rig_free(rig);
}

/* INIT keeps x87, MTRRs and caches' bits (SDM vol. 3, table 9-1). */
static void test_init(void)
{
    struct rig *rig = rig_of("pentium4");
    struct cpu *cpu = rig->cpu;
    cpu->fx.fcw = 0x27f;
    cpu->mtrr_def = 0xc06;
    cpu->cr0 = CR0_PE | CR0_ET | CR0_CD;
    cpu->sysenter_cs = 8;
    cpu_reset(cpu, true);
    CU_ASSERT_EQUAL(cpu->fx.fcw, 0x27f);
    CU_ASSERT_EQUAL(cpu->mtrr_def, 0xc06);
    CU_ASSERT_EQUAL(cpu->cr0, CR0_ET | CR0_CD);
    CU_ASSERT_EQUAL(cpu->eip, 0xfff0);
    CU_ASSERT_EQUAL(cpu->dr[7], 0x400);
    rig_free(rig);
}

static void test_msr_absent(void)
{
    uint64_t value;
    struct rig *rig = rig_of("pentium4");
    CU_ASSERT_FALSE(msr_read(rig->cpu, 0x1b, &value));       /* APIC_BASE: no APIC */
    CU_ASSERT_FALSE(msr_read(rig->cpu, 0xc0000080, &value)); /* EFER: no NX */
    CU_ASSERT_FALSE(msr_read(rig->cpu, 0x12345, &value));
    CU_ASSERT_FALSE(msr_write(rig->cpu, 0x12345, 0));
    rig->cpu->model = cpu_model_find("host");
    CU_ASSERT_TRUE(msr_read(rig->cpu, 0xc0000080, &value));
    rig->cpu->model = cpu_model_find("pentium");
    CU_ASSERT_FALSE(msr_read(rig->cpu, 0x174, &value)); /* SYSENTER */
    CU_ASSERT_FALSE(msr_read(rig->cpu, 0x2ff, &value)); /* MTRRs */
    rig_free(rig);
}

static void test_mtrr(void)
{
    static const struct {
        uint32_t index;
        uint64_t value;
        bool accepted;
    } rows[] = {
        { 0xfe, 0, false },                   /* MTRRCAP is read-only */
        { 0x200, 0xc0000000 | 6, true },      /* base, write-back */
        { 0x200, 0xc0000000 | 2, false },     /* no such type */
        { 0x200, 0xc0000000 | 0x100, false }, /* reserved bit */
        { 0x200, 1ull << 36, false },         /* beyond 36 bits */
        { 0x201, 0xfc0000800, true },         /* mask, valid */
        { 0x201, 0x400, false },              /* reserved bit */
        { 0x20f, 0xf80000800, true },         /* the eighth mask */
        { 0x250, 0x0606060606060606, true },  /* fixed, 64 KB */
        { 0x26f, 0x0505050505050505, true },  /* fixed, last */
        { 0x26f, 0x0505050505050305, false }, /* no such type in one byte */
        { 0x2ff, 0xc06, true },               /* default type, enabled */
        { 0x2ff, 0x1000, false },             /* reserved bit */
        { 0x210, 0, false },                  /* a ninth pair */
    };
    struct rig *rig = rig_of("pentium4");
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t before = 0, after = 0;
        msr_read(rig->cpu, rows[i].index, &before);
        CU_ASSERT_EQUAL(msr_write(rig->cpu, rows[i].index, rows[i].value), rows[i].accepted);
        msr_read(rig->cpu, rows[i].index, &after);
        CU_ASSERT_EQUAL(after, rows[i].accepted ? rows[i].value : before);
    }
    uint64_t first;
    CU_ASSERT_TRUE(msr_read(rig->cpu, 0x250, &first));
    CU_ASSERT_EQUAL(first, 0x0606060606060606); /* the last did not land on the first */
    rig_free(rig);
}

/* A dump into any size of buffer ends inside it. */
static void test_dump(void)
{
    struct rig *rig = rig_of("pentium4");
    char *whole = malloc(8192);
    cpu_dump(rig->cpu, whole, 8192);
    CU_ASSERT_PTR_NOT_NULL(strstr(whole, "eip 0000fff0"));
    for (size_t size = 0; size < 200; size++) {
        char *part = malloc(size + 1);
        part[size] = 0x5a;
        cpu_dump(rig->cpu, part, size);
        CU_ASSERT_EQUAL(part[size], 0x5a);
        if (size) {
            CU_ASSERT(strlen(part) < size);
            CU_ASSERT_EQUAL(memcmp(part, whole, strlen(part)), 0);
        }
        free(part);
    }
    free(whole);
    rig_free(rig);
}

static const struct unit_test tests[] = {
    { "every documented model is found by its name, and no other", test_models },
    { "no model promises what the board or the engines lack", test_nothing_absent },
    { "CPUID leaves of the Pentium 4", test_leaves },
    { "RESET leaves signature and first instruction where firmware expects them", test_reset_signature },
    { "INIT keeps x87, MTRRs and cache bits", test_init },
    { "MSRs of absent features do not exist", test_msr_absent },
    { "MTRRs refuse reserved types and bits", test_mtrr },
    { "a dump stays within its buffer", test_dump },
};
UNIT_MAIN("cpuid", tests)
