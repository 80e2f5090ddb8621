/* cpuid.h - CPU models: what CPUID says, and so which instructions exist. */
#ifndef ABBEY_CORE_CPUID_H
#define ABBEY_CORE_CPUID_H

#include "core/cpu/cpu.h"

/* Features of leaf 1, among them those that decide whether an instruction raises #UD: EDX, and above it ECX, with bit
 * positions as CPUID has them. */
#define CPUID_FPU (1u << 0)
#define CPUID_VME (1u << 1)
#define CPUID_DE (1u << 2)
#define CPUID_PSE (1u << 3)
#define CPUID_TSC (1u << 4)
#define CPUID_MSR (1u << 5)
#define CPUID_PAE (1u << 6)
#define CPUID_MCE (1u << 7)
#define CPUID_CX8 (1u << 8)
#define CPUID_SEP (1u << 11)
#define CPUID_MTRR (1u << 12)
#define CPUID_PGE (1u << 13)
#define CPUID_CMOV (1u << 15)
#define CPUID_PAT (1u << 16)
#define CPUID_CLFSH (1u << 19)
#define CPUID_MMX (1u << 23)
#define CPUID_FXSR (1u << 24)
#define CPUID_SSE (1u << 25)
#define CPUID_SSE2 (1u << 26)
#define CPUID_SSE3 (1ull << 32)
#define CPUID_SSSE3 (1ull << 41)
#define CPUID_SSE41 (1ull << 51)
#define CPUID_SSE42 (1ull << 52)
#define CPUID_POPCNT (1ull << 55)
#define CPUID_EXTENDED_NX (1u << 20) /* leaf 80000001h EDX */

struct cpu_model {
    const char *name; /* as `cpu.model` has it */
    const char *summary;
    char vendor[13];
    char brand[49];
    uint32_t signature; /* leaf 1 EAX */
    uint32_t max_leaf, max_extended;
    uint64_t features; /* leaf 1: CPUID_... */
    uint32_t extended; /* leaf 80000001h EDX: NX is bit 20 */
    uint32_t cache[4]; /* leaf 2 */
};

/* The model by name, or NULL; "host" is all that this host can run. */
const struct cpu_model *cpu_model_find(const char *name);
/* The i-th model, or NULL past the end. */
const struct cpu_model *cpu_model_at(unsigned i);

void cpuid_execute(struct cpu *cpu); /* the CPUID instruction */

#endif
