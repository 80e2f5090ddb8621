/* Units of several runs: their jumps, their flags, their pages, and what they were made from. The translator runs as it
 * does outside of tests that count instructions: with jumps inside units and with dead flags. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/bt/internal.h"
#include "tests/unit/cpu_rig.h"
#include "tests/unit/hostfault.h"
#include "tests/unit/unit.h"

struct bench {
    struct rig *rig;
    struct bt *bt;
};

/* The switches (core/bt/debug.c) that benches are made with. */
static const char *switches = "";

/* Everything is translated at its first execution, unless `hot` says otherwise. */
static struct bench bench_new(const uint8_t *code, const uint8_t *end, uint8_t hot)
{
    abbey_error error = { "" };
    struct bench b = { .rig = rig_new() };
    b.bt = bt_new(b.rig->cpu, 1u << 20, false, &error);
    if (!b.bt)
        CU_FAIL_FATAL("bt_new");
    b.bt->hot = hot;
    CU_ASSERT(hostfault_attach(engine_find("bt"), b.rig->cpu));
    CU_ASSERT(bt_debug(b.bt, switches, &error));
    rig_flat32(b.rig, code, end);
    alarm(20); /* the guest has no budget */
    return b;
}

static void bench_free(struct bench b)
{
    hostfault_detach();
    bt_free(b.bt);
    rig_free(b.rig);
    alarm(0);
}

static const uint32_t *bench_run(struct bench b)
{
    CU_ASSERT_EQUAL(bt_run(b.rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
    return b.rig->cpu->reg;
}

/* Branches forward and backward with a pending change of ESP on one of the ways. */
GUEST(joins, "32",
    "mov $1000, %ecx; xor %eax, %eax\n"
    "top: test $1, %cl; jz even\n"
    "push %ecx; push $3; add (%esp), %eax; pop %edx; add (%esp), %eax\n"
    "jmp odd\n"
    "even: push $5\n"
    "odd: pop %edx; add %edx, %eax; cmp $500, %ecx; jne 1f\n"
    "lea 8(%eax), %eax\n"
    "1: dec %ecx; jnz top; hlt");

static void test_joins(void)
{
    for (uint8_t hot = 1; hot < 40; hot += 6) {
        struct bench b = bench_new(joins, joins_end, hot);
        const uint32_t *reg = bench_run(b);
        CU_ASSERT_EQUAL(reg[EAX], 500u * 5 + 500u * 3 + 2 * 250000u + 8);
        CU_ASSERT_EQUAL(reg[ESP], RIG_STACK);
        bench_free(b);
    }
}

/* REP BSF is how kernels write TZCNT, and leaves its destination where the source is 0, unlike the host's TZCNT. */
GUEST(scans, "32",
    "mov $100, %ecx; xor %ebx, %ebx\n"
    "1: mov $7, %eax; .byte 0xf3; bsf %ebx, %eax; .byte 0xf3; bsr %ecx, %edx; loop 1b; hlt");

static void test_prefixed_scans(void)
{
    struct bench b = bench_new(scans, scans_end, 1);
    const uint32_t *reg = bench_run(b);
    CU_ASSERT_EQUAL(reg[EAX], 7);
    CU_ASSERT_EQUAL(reg[EDX], 0); /* of ECX = 1; LZCNT would say 31 */
    CU_ASSERT_EQUAL(b.bt->counters.by_opcode[MAP_0F][0xbc], 0);
    bench_free(b);
}

/* A loop through several runs costs no links: they are for what leaves it. */
static void test_inside(void)
{
    struct bench b = bench_new(joins, joins_end, 8);
    bench_run(b);
    CU_ASSERT(b.bt->counters.entries < 30);
    CU_ASSERT_EQUAL(b.bt->counters.translated, 0); /* nothing is counted */
    CU_ASSERT(b.bt->counters.units < 8);
    bench_free(b);
}

/* Where a label of the program stands in the guest. */
#define AT(name, label) "(0x10000 + " #label " - " #name ")"

/* The second run of the loop is changed: INC ESI to DEC ESI. */
GUEST(patch_later, "32",
    "mov $40, %ecx; xor %esi, %esi\n"
    "1: cmp $20, %ecx; jne 2f; movb $0x4e, " AT(patch_later, 3f) "\n"
                                                                 "2: test %ecx, %ecx; jz 4f\n"
                                                                 "3: inc %esi; dec %ecx; jmp 1b\n"
                                                                 "4: hlt");

static void test_later_run_changes(void)
{
    for (uint8_t hot = 1; hot < 20; hot += 3) {
        struct bench b = bench_new(patch_later, patch_later_end, hot);
        const uint32_t *reg = bench_run(b);
        CU_ASSERT_EQUAL(reg[ESI], 0);
        CU_ASSERT(b.bt->counters.invalidations > 0);
        bench_free(b);
    }
}

/* What liveness saw behind a jump is changed: from XOR, which writes all flags, to ADC, which reads one. */
GUEST(patch_ahead, "32",
    "mov $40, %ecx; xor %esi, %esi; xor %eax, %eax\n"
    "1: cmp $20, %ecx; jne 2f; movw $0xd083, " AT(patch_ahead, 4f) "; movb $0, 2 + " AT(
        patch_ahead, 4f) "\n"
                         "2: xor %eax, %eax; cmp %ebx, %ebx; stc; lea 1(%eax), %ebx; push %ebx; pop %ebx; jmp 3f\n"
                         "3: nop; jmp 4f\n"
                         "4: xor %eax, %eax; nop\n" /* or adc $0, %eax */
                         "add %eax, %esi; loop 1b; hlt");

static void test_code_ahead_changes(void)
{
    struct bench b = bench_new(patch_ahead, patch_ahead_end, 1);
    const uint32_t *reg = bench_run(b);
    CU_ASSERT_EQUAL(reg[ESI], 20);
    bench_free(b);
}

/* Two return sites share a slot of the jump table. The first does not care for flags, the second adds CF. */
GUEST(slot_shared, "32",
    "mov $50, %ecx\n"
    "1: call 3f; xor %edx, %edx; jmp 2f\n"
    ".org slot_shared + 0xffff + 5\n"
    "2: call 3f; adc $0, %ebx; dec %ecx; jnz 1b; hlt\n"
    "3: stc; ret");

static void test_flags_survive_the_wrong_pad(void)
{
    struct bench b = bench_new(slot_shared, slot_shared_end, 1);
    const uint32_t *reg = bench_run(b);
    CU_ASSERT_EQUAL(reg[EBX], 50);
    bench_free(b);
}

/* Straight through into another page, by an instruction that crosses; half-way that page becomes another frame. */
GUEST(next_page, "32",
    "mov $20, %ecx; xor %esi, %esi; xor %edi, %edi; jmp 1f\n"
    ".org next_page + 0xffd\n"
    "1: mov $0x01010101, %eax; add $1, %esi; add %eax, %edi; jmp 2f\n"
    ".org next_page + 0x2000\n"
    "2: dec %ecx; jz 3f; cmp $10, %ecx; jne 1b\n"
    "movl $0x30007, 0x101044; invlpg 0x11000; jmp 1b\n"
    "3: hlt");

static void test_next_page_remapped(void)
{
    for (uint8_t hot = 1; hot < 12; hot += 5) {
        struct bench b = bench_new(next_page, next_page_end, hot);
        uint8_t other[0x1000];
        memcpy(other, next_page + 0x1000, sizeof(other));
        other[1] = 2; /* the last byte of the constant, and what is added to ESI */
        other[4] = 2;
        rig_poke(b.rig, 0x30000, other, sizeof(other));
        rig_paging(b.rig);
        const uint32_t *reg = bench_run(b);
        CU_ASSERT_EQUAL(reg[ESI], 30);
        CU_ASSERT_EQUAL(reg[EDI], 20u * 0x01010101 + 10u * 0x01000000);
        bench_free(b);
    }
}

/* The inner loop of an interpreter: each of its instructions jumps back to one dispatch. */
GUEST(dispatch, "32",
    "mov $200, %ecx; xor %eax, %eax; xor %ebx, %ebx\n"
    "1: movzbl 0x20000(%ebx), %edx; inc %ebx; and $7, %ebx; cmp $2, %edx; ja 5f; jmp *" AT(
        dispatch, 6f) "(,%edx,4)\n"
                      "2: inc %eax; jmp 1b\n"
                      "3: lea (%eax,%eax), %eax; jmp 1b\n"
                      "4: sub $3, %eax; dec %ecx; jnz 1b\n"
                      "5: hlt\n"
                      "6: .long " AT(dispatch, 2b) ", " AT(dispatch, 3b) ", " AT(dispatch, 4b));

static uint64_t test_tails_result(void)
{
    struct bench b = bench_new(dispatch, dispatch_end, 8);
    static const uint8_t program[8] = { 0, 1, 0, 2, 1, 0, 0, 2 };
    rig_poke(b.rig, RIG_DATA, program, sizeof(program));
    uint32_t expected = 0;
    for (unsigned i = 0, left = 200; left; i++) {
        unsigned op = program[i % 8];
        expected = op == 0 ? expected + 1 : op == 1 ? expected * 2 : expected - 3;
        left -= op == 2;
    }
    const uint32_t *reg = bench_run(b);
    CU_ASSERT_EQUAL(reg[EAX], expected);
    uint64_t entries = b.bt->counters.entries;
    bench_free(b);
    return entries;
}

static void test_tails(void)
{
    CU_ASSERT(test_tails_result() < 40);
}

/* 4096 functions of some 230 bytes each, called in turn twenty times: many times what the smallest cache holds. */
GUEST(many, "32",
    "mov $20, %edi; xor %eax, %eax\n"
    "1: mov $0x200000, %ebx; mov $4096, %ebp\n"
    "2: call *%ebx; add $256, %ebx; dec %ebp; jnz 2b\n"
    "dec %edi; jnz 1b; hlt");

static void test_eviction(void)
{
    struct bench b = bench_new(many, many_end, 2);
    uint8_t code[256] = { 0 };
    for (unsigned i = 0; i < 240; i += 3)
        memcpy(code + i, "\x83\xc0\x01", 3); /* add $1, %eax */
    code[240] = 0xc3;
    for (uint32_t i = 0; i < 4096; i++)
        rig_poke(b.rig, 0x200000 + 256 * i, code, sizeof(code));
    const uint32_t *reg = bench_run(b);
    CU_ASSERT_EQUAL(reg[EAX], 20u * 4096 * 80);
    CU_ASSERT(b.bt->counters.evictions > 20);
    CU_ASSERT_EQUAL(b.bt->counters.flushes, 0);
    bench_free(b);
}

/* The record of a unit outlives the decoded runs that it was made from: the first loop's store takes the slow way each
 * time, by a copy of the instruction, while the second loop fills the arena of runs again and again. */
GUEST(runs_go, "32",
    "mov $3, %edi\n"
    "1: mov $100, %ecx\n"
    "2: incl 0xa0000; dec %ecx; jnz 2b\n"
    "mov $0x200000, %ebx; mov $0x5800, %ebp\n"
    "3: call *%ebx; add $256, %ebx; dec %ebp; jnz 3b\n"
    "dec %edi; jnz 1b; hlt");

static void device_count(void *self, abbey_io *io)
{
    uint32_t *value = self;
    if (io->write)
        *value = (uint32_t)io->value;
    else
        io->value = *value;
}

static void test_runs_go(void)
{
    struct bench b = bench_new(runs_go, runs_go_end, 8);
    uint32_t value = 0;
    uint8_t code[256];
    memset(code, 0x40, sizeof(code)); /* inc %eax */
    code[240] = 0xc3;
    mem_add_mmio(b.rig->mem, 0xa0000, 4096, 4, device_count, &value);
    for (uint32_t i = 0; i < 0x5800; i++)
        rig_poke(b.rig, 0x200000 + 256 * i, code, sizeof(code));
    const uint32_t *reg = bench_run(b);
    CU_ASSERT_EQUAL(reg[EAX], 3u * 0x5800 * 240);
    CU_ASSERT_EQUAL(value, 300);
    CU_ASSERT(b.bt->counters.flushes <= 1); /* for the new device */
    bench_free(b);
}

/* Two targets that share a slot are jumped to in turn: one pad leads to the other. */
static void test_slot_shared(void)
{
    struct bench b = bench_new(slot_shared, slot_shared_end, 1);
    bench_run(b);
    CU_ASSERT(b.bt->counters.indirect_misses < 10);
    bench_free(b);
}

/* What is rare made certain. */
static void test_switches(void)
{
    static const char *const all[] = { "no-chain", "no-liveness", "evict", "short-units",
        "evict,no-chain,no-liveness" };
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        switches = all[i];
        test_joins();
        test_later_run_changes();
        test_code_ahead_changes();
        test_flags_survive_the_wrong_pad();
        test_next_page_remapped();
        test_tails_result();
    }
    switches = "";
}

static const struct unit_test tests[] = {
    { "branches inside a unit, with pushes pending on one way", test_joins },
    { "a loop of several runs stays inside its unit", test_inside },
    { "BSF and BSR do not become what a prefix makes of them on the host", test_prefixed_scans },
    { "the second run of a unit changes", test_later_run_changes },
    { "code that told what flags are needed changes", test_code_ahead_changes },
    { "flags survive a landing pad of somebody else", test_flags_survive_the_wrong_pad },
    { "the page that a unit goes on in is mapped anew", test_next_page_remapped },
    { "the dispatch of an interpreter is copied", test_tails },
    { "indirect jumps to two targets of one slot", test_slot_shared },
    { "more code than the cache holds", test_eviction },
    { "the same under each switch", test_switches },
    { "units stay when the runs they were made from go", test_runs_go },
};
UNIT_MAIN("units", tests)
