/* fuzz_insn.c - random instructions in random modes: whatever a guest executes, the VMM must live.
 *
 * ABBEY_FUZZ_COUNT rounds from ABBEY_FUZZ_SEED on; a build with sanitizers also finds what does not crash by itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/cpu_rig.h"

static uint64_t state;

static uint32_t random32(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

/* Mostly addresses that exist, so that instructions do something. */
static uint32_t random_value(void)
{
    switch (random32() & 7) {
    case 0: return random32();
    case 1: return random32() & 0xff;
    case 2: return UINT32_MAX - (random32() & 0xf);
    case 3: return RIG_CODE + (random32() & 0x1fff);
    default: return random32() & 0x7fffff;
    }
}

static void fill_code(struct rig *rig)
{
    static const uint8_t usual[] = { 0x0f, 0x66, 0x67, 0xf3, 0xf0, 0x0f, 0x8b, 0x89, 0x01, 0xd9, 0xdd, 0xdb };
    uint8_t bytes[0x2000];
    for (uint32_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = random32() & 3 ? (uint8_t)random32() : usual[random32() % sizeof(usual)];
    rig_poke(rig, RIG_CODE, bytes, sizeof(bytes));
}

static void round_run(struct rig *rig)
{
    static const uint8_t nothing[1];
    struct cpu *cpu = rig->cpu;
    uint32_t mode = random32();
    if (mode & 1)
        rig_flat32(rig, nothing, nothing);
    else
        rig_real16(rig, nothing, nothing);
    if (mode & 2)
        rig_user(rig);
    if ((mode & 5) == 5)
        rig_paging(rig);
    if ((mode & 7) == 2) { /* v86 */
        rig_flat32(rig, nothing, nothing);
        cpu->eflags |= FLAG_VM;
        cpu->cpl = 3;
        for (unsigned i = 0; i < 6; i++)
            cpu->seg[i] = (struct segment){ .selector = 0x1000, .attr = 0xf3, .base = 0x10000, .limit = 0xffff };
        cpu->eip = 0;
    }
    fill_code(rig);
    for (unsigned n = 0; n < 8; n++)
        cpu->reg[n] = random_value();
    cpu->eflags ^= random32() & (FLAGS_ARITH | FLAG_DF | FLAG_IOPL | FLAG_AC | FLAG_TF);
    if (mode & 0x100)
        cpu->cr4 |= CR4_OSFXSR | CR4_DE | CR4_VME;
    for (unsigned n = 0; n < 4 && (mode & 0xe00) == 0x200; n++)
        cpu->dr[n] = random_value();
    cpu->dr[7] = (mode & 0xe00) == 0x200 ? random32() : 0;
    cpu->eip += random32() & 0x1fff;
    rig->intr_vector = random32() & 0xff;
    for (unsigned i = 0; i < 8 && !cpu->shutdown; i++) {
        if (interp_run(cpu, 50) == CPU_EXIT_HALT)
            cpu_signal(cpu, CPU_SIGNAL_NMI);
        if (random32() & 1)
            cpu_signal(cpu, CPU_SIGNAL_INTR);
    }
    cpu_unsignal(cpu, ~0u);
}

static uint64_t wanted(const char *name, uint64_t usual)
{
    const char *value = getenv(name);
    return value ? strtoull(value, NULL, 0) : usual;
}

int main(void)
{
    uint64_t rounds = wanted("ABBEY_FUZZ_COUNT", 2000), seed = wanted("ABBEY_FUZZ_SEED", 1), instructions = 0;
    struct rig *rig = rig_new();
    printf("1..1\n");
    for (uint64_t i = 0; i < rounds; i++) {
        state = (seed + i) * 0x9e3779b97f4a7c15ull | 1;
        uint64_t before = rig->cpu->instructions;
        round_run(rig);
        instructions += rig->cpu->instructions - before;
    }
    printf("ok 1 - fuzz: a guest that executes anything\n# %llu rounds, %llu instructions, seed %llu\n",
        (unsigned long long)rounds, (unsigned long long)instructions, (unsigned long long)seed);
    rig_free(rig);
    return 0;
}
