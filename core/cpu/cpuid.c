/* cpuid.c - the table of CPU models (SDM vol. 2, CPUID).
 *
 * Signatures, cache descriptors and features are those of the real parts, less what this machine has not: a local APIC,
 * machine-check banks, PSE-36, thermal monitoring, hyper-threading. */
#include "core/cpu/cpuid.h"

#include <cpuid.h>
#include <string.h>
#include <threads.h>

#define P5 (CPUID_FPU | CPUID_VME | CPUID_DE | CPUID_PSE | CPUID_TSC | CPUID_MSR | CPUID_MCE | CPUID_CX8)
#define P6 (P5 | CPUID_PAE | CPUID_SEP | CPUID_MTRR | CPUID_PGE | CPUID_CMOV | CPUID_PAT | CPUID_MMX | CPUID_FXSR)
#define P6_SSE2 (P6 | CPUID_SSE | CPUID_SSE2 | CPUID_CLFSH)

// clang-format off
static const struct cpu_model models[] = {
    {
        .name = "pentium4", .summary = "Pentium 4 (Northwood), 2002: SSE2",
        .vendor = "GenuineIntel", .brand = "Intel(R) Pentium(R) 4 CPU (Abbey)",
        .signature = 0xf29, .max_leaf = 2, .max_extended = 0x80000004,
        .features = P6_SSE2, .cache = { 0x665b5101, 0, 0, 0x007b7040 },
    },
    {
        .name = "pentium3", .summary = "Pentium III (Coppermine), 1999: SSE",
        .vendor = "GenuineIntel",
        .signature = 0x68a, .max_leaf = 2,
        .features = P6 | CPUID_SSE, .cache = { 0x03020101, 0, 0, 0x0c040882 },
    },
    {
        .name = "pentium2", .summary = "Pentium II (Deschutes), 1998: PAE, MMX, SYSENTER",
        .vendor = "GenuineIntel",
        .signature = 0x652, .max_leaf = 2,
        .features = P6, .cache = { 0x03020101, 0, 0, 0x0c040843 },
    },
    {
        .name = "pentium-mmx", .summary = "Pentium with MMX (P55C), 1997",
        .vendor = "GenuineIntel",
        .signature = 0x543, .max_leaf = 1,
        .features = P5 | CPUID_MMX,
    },
    {
        .name = "pentium", .summary = "Pentium (P54C), 1994",
        .vendor = "GenuineIntel",
        .signature = 0x52c, .max_leaf = 1,
        .features = P5,
    },
};
// clang-format on
#define MODEL_COUNT (sizeof(models) / sizeof(models[0]))

/* All that the engines can run, with the brand of the real processor: every x86-64 host has the features up to SSE2,
 * later ones are the host's, and NX is the walker's own work. Signature and caches are a Core Solo's, the last part
 * without 64-bit mode. */
static struct cpu_model host_model = {
    .name = "host",
    .summary = "all that this host can run, with its name: SSE2 to SSE4.2, NX",
    .vendor = "GenuineIntel",
    .signature = 0x6e8,
    .max_leaf = 2,
    .max_extended = 0x80000004,
    .features = P6_SSE2,
    .extended = CPUID_EXTENDED_NX,
    .cache = { 0x02b3b001, 0, 0, 0x2c04307d },
};
/* Of what came after SSE2, what the engines know. */
#define HOST_LATER (CPUID_SSE3 | CPUID_SSSE3 | CPUID_SSE41 | CPUID_SSE42 | CPUID_POPCNT)
static once_flag host_once = ONCE_FLAG_INIT;

static void host_fill(void)
{
    uint32_t words[12] = { 0 }, leaf[4];
    if (__get_cpuid(1, &leaf[0], &leaf[1], &leaf[2], &leaf[3]))
        host_model.features |= (uint64_t)leaf[2] << 32 & HOST_LATER;
    for (unsigned i = 0; i < 3; i++)
        if (!__get_cpuid(0x80000002 + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]))
            return;
    memcpy(host_model.brand, words, sizeof(words));
}

const struct cpu_model *cpu_model_at(unsigned i)
{
    if (i < MODEL_COUNT)
        return &models[i];
    if (i > MODEL_COUNT)
        return NULL;
    call_once(&host_once, host_fill);
    return &host_model;
}

const struct cpu_model *cpu_model_find(const char *name)
{
    const struct cpu_model *model;
    for (unsigned i = 0; (model = cpu_model_at(i)); i++)
        if (!strcmp(model->name, name))
            return model;
    return NULL;
}

static void leaf_vendor(const struct cpu_model *model, uint32_t out[4])
{
    out[0] = model->max_leaf;
    memcpy(&out[1], model->vendor, 4);
    memcpy(&out[3], model->vendor + 4, 4);
    memcpy(&out[2], model->vendor + 8, 4);
}

static void leaf_features(const struct cpu_model *model, uint32_t out[4])
{
    out[0] = model->signature;
    out[1] = model->features & CPUID_CLFSH ? 8u << 8 : 0; /* CLFLUSH of 8 quadwords */
    out[2] = (uint32_t)(model->features >> 32);
    out[3] = (uint32_t)model->features;
}

void cpuid_execute(struct cpu *cpu)
{
    const struct cpu_model *model = cpu->model;
    uint32_t leaf = cpu->reg[EAX], out[4] = { 0 };
    /* A basic leaf past the end gives the last one; so does an extended leaf (SDM vol. 2, CPUID). */
    if (leaf >= 0x80000000 ? leaf > model->max_extended : leaf > model->max_leaf)
        leaf = model->max_leaf;
    switch (leaf) {
    case 0: leaf_vendor(model, out); break;
    case 1: leaf_features(model, out); break;
    case 2: memcpy(out, model->cache, sizeof(out)); break;
    case 0x80000000: out[0] = model->max_extended; break;
    case 0x80000001: out[3] = model->extended; break;
    default: memcpy(out, model->brand + 16 * (leaf - 0x80000002), 16); break;
    }
    cpu->reg[EAX] = out[0];
    cpu->reg[EBX] = out[1];
    cpu->reg[ECX] = out[2];
    cpu->reg[EDX] = out[3];
}
