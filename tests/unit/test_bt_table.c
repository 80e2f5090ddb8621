/* The jump table: a slot that is open, because the page behind it was found right, is closed by what flushes the
 * translation of that page, and by that alone. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/bt/internal.h"
#include "tests/unit/cpu_rig.h"
#include "tests/unit/hostfault.h"
#include "tests/unit/unit.h"

/* ESI counts calls of a function in page 11, EDI those of the one that the page is exchanged for half-way: page table
 * entry 101044, frame 30000. EBX is the entry to be written; what stands between is the flush. */
#define PROGRAM(name, call, flush)                                            \
    GUEST(name, "32",                                                         \
        "mov $40, %ecx; mov $0x11010, %edx; xor %esi, %esi; xor %edi, %edi\n" \
        "1: " call "; dec %ecx; jz 2f; cmp $20, %ecx; jne 1b\n"               \
        "mov %ebx, 0x101044; " flush "; jmp 1b\n"                             \
        "2: hlt\n"                                                            \
        ".org " #name " + 0x1010\n"                                           \
        "3: inc %esi; ret")

PROGRAM(by_page, "call *%edx", "invlpg 0x11fff");
PROGRAM(by_cr3, "call *%edx", "mov %cr3, %eax; mov %eax, %cr3");
PROGRAM(by_other_page, "call *%edx", "invlpg 0x20000");
PROGRAM(by_pge, "call *%edx", "mov %cr4, %eax; xor $0x80, %eax; mov %eax, %cr4; xor $0x80, %eax; mov %eax, %cr4");

/* A direct call into another page goes the same way. */
PROGRAM(direct_by_page, "call 3f", "invlpg 0x11fff");
PROGRAM(direct_by_cr3, "call 3f", "mov %cr3, %eax; mov %eax, %cr3");

static const uint8_t other[] = { 0x47, 0xc3 }; /* inc %edi; ret */

struct result {
    uint32_t old_calls, new_calls;
    uint64_t opens;
};

static struct result run(const uint8_t *code, const uint8_t *end, bool global, const char *switches)
{
    abbey_error error = { "" };
    struct rig *rig = rig_new();
    struct bt *bt = bt_new(rig->cpu, 1u << 20, false, &error);
    if (!bt)
        CU_FAIL_FATAL("bt_new");
    CU_ASSERT(bt_debug(bt, switches, &error));
    bt->hot = 1;
    CU_ASSERT(hostfault_attach(engine_find("bt"), rig->cpu));
    rig_flat32(rig, code, end);
    rig_poke(rig, 0x30010, other, sizeof(other));
    rig_paging(rig);
    rig->cpu->cr4 |= CR4_PGE;
    rig->cpu->paging.global = true;
    if (global)
        rig_map(rig, 0x11000, 0x11107);
    rig->cpu->reg[EBX] = 0x30007;
    alarm(20);
    CU_ASSERT_EQUAL(bt_run(rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
    alarm(0);
    struct result result = { rig->cpu->reg[ESI], rig->cpu->reg[EDI],
        bt->counters.opens + 2 * TABLE_OPEN - rig->cpu->bt.open_room[0] - rig->cpu->bt.open_room[1] };
    hostfault_detach();
    bt_free(bt);
    rig_free(rig);
    return result;
}

static void check(const uint8_t *code, const uint8_t *end, bool global, uint32_t new_calls)
{
    struct result open = run(code, end, global, ""), looked = run(code, end, global, "no-open");
    CU_ASSERT_EQUAL(open.old_calls, 40 - new_calls);
    CU_ASSERT_EQUAL(open.new_calls, new_calls);
    CU_ASSERT(open.opens > 0);
    CU_ASSERT_EQUAL(looked.old_calls, 40 - new_calls);
    CU_ASSERT_EQUAL(looked.new_calls, new_calls);
}

static void test_flushed(void)
{
    check(by_page, by_page_end, false, 20);
    check(by_page, by_page_end, true, 20);
    check(by_cr3, by_cr3_end, false, 20);
    check(by_pge, by_pge_end, true, 20);
    check(direct_by_page, direct_by_page_end, false, 20);
    check(direct_by_cr3, direct_by_cr3_end, false, 20);
}

/* A stale translation is used until it is flushed, as by the processor's TLB. */
static void test_stale(void)
{
    check(by_cr3, by_cr3_end, true, 0);
    check(direct_by_cr3, direct_by_cr3_end, true, 0);
    check(by_other_page, by_other_page_end, false, 0);
}

/* 300 flushes, and functions in 40 pages between them, called twice: slots are closed and opened again. */
GUEST(many_flushes, "32",
    "mov $300, %ecx; xor %esi, %esi\n"
    "1: mov $0x11010, %edx\n"
    "2: call *%edx; call *%edx; add $0x1000, %edx; cmp $0x39010, %edx; jb 2b\n"
    "mov %cr3, %eax; mov %eax, %cr3; dec %ecx; jnz 1b; hlt");

static void test_many_flushes(void)
{
    abbey_error error = { "" };
    struct rig *rig = rig_new();
    struct bt *bt = bt_new(rig->cpu, 1u << 20, false, &error);
    if (!bt)
        CU_FAIL_FATAL("bt_new");
    bt->hot = 1;
    CU_ASSERT(hostfault_attach(engine_find("bt"), rig->cpu));
    rig_flat32(rig, many_flushes, many_flushes_end);
    for (uint32_t page = 0x11000; page < 0x39000; page += 0x1000)
        rig_poke(rig, page + 0x10, "\x46\xc3", 2); /* inc %esi; ret */
    rig_paging(rig);
    alarm(20);
    CU_ASSERT_EQUAL(bt_run(rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
    alarm(0);
    CU_ASSERT_EQUAL(rig->cpu->reg[ESI], 300u * 80);
    CU_ASSERT(bt->counters.closes >= 299);
    CU_ASSERT(bt->counters.opens > 290u * 40);
    hostfault_detach();
    bt_free(bt);
    rig_free(rig);
}

/* Functions far enough apart that each has a page of the table of its own: tables that grow too large begin anew. */
GUEST(spread, "32",
    "mov $8, %ecx; xor %esi, %esi\n"
    "1: mov $0x200010, %edx; mov $3000, %edi\n"
    "2: call *%edx; call *%edx; add $512, %edx; dec %edi; jnz 2b\n"
    "dec %ecx; jnz 1b; hlt");

static void bound(bool full)
{
    abbey_error error = { "" };
    struct rig *rig = rig_new();
    struct bt *bt = bt_new(rig->cpu, 1u << 20, false, &error);
    if (!bt)
        CU_FAIL_FATAL("bt_new");
    bt->hot = 1;
    bt->table_pages_max = 1000;
    CU_ASSERT(hostfault_attach(engine_find("bt"), rig->cpu));
    rig_flat32(rig, spread, spread_end);
    for (uint32_t mode = 0; full && bt->tables < TABLES - 1; mode++)
        CU_ASSERT(table_make(bt, MODE_MIDDLE | MODE_USER | mode << 16)); /* one that never is */
    for (uint32_t i = 0; i < 3000; i++)
        rig_poke(rig, 0x200010 + 512 * i, "\x46\xc3", 2); /* inc %esi; ret */
    alarm(20);
    CU_ASSERT_EQUAL(bt_run(rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
    alarm(0);
    CU_ASSERT_EQUAL(rig->cpu->reg[ESI], 8u * 3000 * 2);
    CU_ASSERT(bt->table_pages <= 1001);
    CU_ASSERT_EQUAL(bt->tables, full ? TABLES : 1);
    hostfault_detach();
    bt_free(bt);
    rig_free(rig);
}
static void test_bound(void)
{
    bound(false);
}
/* The guest has been in as many modes as there are tables for: emptying them must not take them from the units. */
static void test_bound_full(void)
{
    bound(true);
}

static const struct unit_test tests[] = {
    { "what flushes the page of an open slot closes it", test_flushed },
    { "what does not leaves it open", test_stale },
    { "slots are opened again behind each flush", test_many_flushes },
    { "tables do not grow without bound", test_bound },
    { "nor when there are as many as may be", test_bound_full },
};
UNIT_MAIN("jump table", tests)
