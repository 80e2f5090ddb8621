/* The switches of `cpu.debug` that make the rare certain: that they do, and that the guest cannot tell. */
#include <string.h>
#include <unistd.h>

#include "core/bt/internal.h"
#include "tests/unit/cpu_rig.h"
#include "tests/unit/hostfault.h"
#include "tests/unit/unit.h"

struct bench {
    struct rig *rig;
    struct bt *bt;
};

static struct bench bench_new(const char *switches, const uint8_t *code, const uint8_t *end)
{
    abbey_error error = { "" };
    struct bench b = { .rig = rig_new() };
    b.bt = bt_new(b.rig->cpu, 4u << 20, false, &error);
    if (!b.bt)
        CU_FAIL_FATAL("bt_new");
    b.bt->hot = 1;
    CU_ASSERT(bt_debug(b.bt, switches, &error));
    CU_ASSERT(hostfault_attach(engine_find("bt"), b.rig->cpu));
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

/* Runs it with and without the switch, and gives what `counter` says of both. */
struct two {
    uint64_t without, with;
};
static struct two run_both(const char *without, const char *with, const uint8_t *code, const uint8_t *end,
    uint64_t (*counter)(const struct bench *b), void (*prepare)(struct bench *b))
{
    struct two two = { 0 };
    uint32_t reg[8];
    for (unsigned i = 0; i < 2; i++) {
        struct bench b = bench_new(i ? with : without, code, end);
        if (prepare)
            prepare(&b);
        CU_ASSERT_EQUAL(bt_run(b.rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
        CU_ASSERT_EQUAL(rig_vector(b.rig), -1);
        if (i)
            CU_ASSERT(!memcmp(reg, b.rig->cpu->reg, sizeof(reg)));
        memcpy(reg, b.rig->cpu->reg, sizeof(reg));
        *(i ? &two.with : &two.without) = counter(&b);
        bench_free(b);
    }
    return two;
}

/* Pushes that are pending, flags across instructions, x87 pointers, a string instruction. */
GUEST(mixed, "32",
    "fninit; mov $100, %ebp; xor %edx, %edx\n"
    "1: push %ebp; push $3; add (%esp), %edx; adc $7, %edx; fildl 4(%esp); faddp; pop %eax; pop %ebx\n"
    "mov $0x20000, %edi; mov $5, %ecx; rep stosl; sub %ebx, %edx; fldz; sti; inc %edx; cli\n"
    "dec %ebp; jnz 1b; fistpl 0x20000; add 0x20000, %edx; hlt");

static uint64_t steps_of(const struct bench *b)
{
    return b->bt->counters.kick_steps;
}

static void test_kick(void)
{
    struct two two = run_both("windows", "windows,kick", mixed, mixed_end, steps_of, NULL);
    CU_ASSERT_EQUAL(two.without, 0);
    CU_ASSERT(two.with > 100 * 12);
    two = run_both("no-windows", "no-windows,kick", mixed, mixed_end, steps_of, NULL);
    CU_ASSERT(two.with > 100 * 12);
}

/* Two pages are read in turn. */
GUEST(two_pages, "32", "mov $1000, %ecx; 1: add 0x20000, %eax; add 0x21000, %eax; dec %ecx; jnz 1b; hlt");

static uint64_t fills_of(const struct bench *b)
{
    return b->rig->cpu->tlb->counters.tlb_fills;
}

static void test_one_page_tlb(void)
{
    struct two two = run_both("no-windows", "no-windows,one-page-tlb", two_pages, two_pages_end, fills_of, NULL);
    CU_ASSERT(two.without < 10);
    CU_ASSERT(two.with > 1999);
}

/* Thirty pages in a row. */
GUEST(thirty_pages, "32", "mov $30, %ecx; 1: add (%ebx), %eax; add $4096, %ebx; dec %ecx; jnz 1b; hlt");

static void from_data(struct bench *b)
{
    b->rig->cpu->reg[EBX] = RIG_DATA;
}

static uint64_t window_fills_of(const struct bench *b)
{
    return windows_counters(b->bt->windows)->fills;
}

static void test_one_page_fills(void)
{
    struct two two =
        run_both("windows", "windows,one-page-fills", thirty_pages, thirty_pages_end, window_fills_of, from_data);
    CU_ASSERT(two.without < 5);
    CU_ASSERT(two.with >= 30);
}

/* A counter in the page of the code, where nothing is executed. */
GUEST(beside, "32", "mov $100, %ecx; 1: incl 0x10800; add %ecx, %eax; dec %ecx; jnz 1b; hlt");

static uint64_t invalidations_of(const struct bench *b)
{
    return b->bt->counters.invalidations;
}

static void test_drop_pages(void)
{
    struct two two = run_both("windows", "windows,drop-pages", beside, beside_end, invalidations_of, NULL);
    CU_ASSERT_EQUAL(two.without, 0);
    CU_ASSERT(two.with > 3);
}

static void test_unknown(void)
{
    abbey_error error = { "" };
    struct rig *rig = rig_new();
    struct bt *bt = bt_new(rig->cpu, 1u << 20, false, &error);
    CU_ASSERT(!bt_debug(bt, "kick,one-page", &error));
    CU_ASSERT(strstr(error.text, "'one-page'") != NULL);
    CU_ASSERT(strstr(error.text, "one-page-tlb") != NULL);
    bt_free(bt);
    rig_free(rig);
}

static const struct unit_test tests[] = {
    { "translated code is interrupted at each boundary", test_kick },
    { "the software TLB holds one page", test_one_page_tlb },
    { "host faults map one page", test_one_page_fills },
    { "a store drops all code of its page", test_drop_pages },
    { "an unknown switch is named, with those there are", test_unknown },
};
UNIT_MAIN("switches", tests)
