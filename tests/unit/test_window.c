/* Windows, with the real host: page tables made by hand, accesses by the test's own instructions, faults for real. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "core/mem/map.h"
#include "core/mem/window.h"
#include "tests/unit/host_rig.h"

#define RAM (16u << 20)
#define DIRECTORY 0x100000u /* and in the pages behind it, tables */
#define TABLE(n) (0x101000u + (n)*0x1000u)
#define P 1u
#define W 2u
#define U 4u
#define A 0x20u
#define D 0x40u
#define PS 0x80u
#define G 0x100u

static struct mem *mem;
static struct windows *windows;
static struct paging paging;
static abbey_host_window_1 service;
static uint8_t *base;
static bool as_user;
static int answer; /* to the last fault that was not hidden, or -1 */
static unsigned hidden;

/* Two accesses whose instructions are two bytes long, so that a handler can go on behind them. */
uint32_t window_read(const uint8_t *at);
void window_write(uint8_t *at, uint32_t value);
__asm__(".text\n.globl window_read, window_write\n"
        "window_read: mov (%rdi), %eax\n ret\n"
        "window_write: mov %esi, (%rdi)\n ret\n");

static int32_t on_fault(void *arg, abbey_fault *fault)
{
    (void)arg;
    if (fault->kind != ABBEY_FAULT_ACCESS)
        return 0;
    enum window_answer done = windows_fault(windows, &paging, fault->addr, fault->write, as_user);
    if (done == WINDOW_RETRY) {
        hidden++;
        return hidden < 100000;
    }
    answer = (int)done;
    fault->rip += 2;
    return 1;
}

static uint32_t get(uint32_t linear)
{
    answer = -1;
    base = windows_enter(windows, &paging, as_user);
    return window_read(base + linear);
}

static void put(uint32_t linear, uint32_t value)
{
    answer = -1;
    base = windows_enter(windows, &paging, as_user);
    window_write(base + linear, value);
}

static uint32_t ram(uint32_t gpa)
{
    return (uint32_t)mem_load(mem, gpa, 4);
}

static void entry(uint32_t linear, uint32_t value)
{
    uint32_t table = ram(DIRECTORY + (linear >> 22) * 4) & ~0xfffu;
    mem_store(mem, table + (linear >> 12 & 1023) * 4, 4, value);
}

static uint32_t entry_now(uint32_t linear)
{
    return ram((ram(DIRECTORY + (linear >> 22) * 4) & ~0xfffu) + (linear >> 12 & 1023) * 4);
}

static void begin(uint32_t how, uint64_t mappings)
{
    abbey_error error = { "" };
    service = *rig_window;
    mem = mem_new(rig_mem, RAM, 3u << 30, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mem);
    windows = windows_new(mem, mappings ? &service : rig_window, how);
    CU_ASSERT_PTR_NOT_NULL_FATAL(windows);
    memset(&paging, 0, sizeof(paging));
    as_user = false;
    hidden = 0;
    CU_ASSERT_EQUAL(rig_fault->attach(on_fault, NULL, &error), 0);
}

/* 32-bit paging: the first 16 MB have tables, empty at first. */
static void page_tables(void)
{
    for (uint32_t n = 0; n < 4; n++)
        mem_store(mem, DIRECTORY + n * 4, 4, TABLE(n) | P | W | U | A);
    paging = (struct paging){ .on = true, .pse = true, .wp = true, .global = true, .cr3 = DIRECTORY };
    windows_flush(windows, true);
}

static void end(void)
{
    rig_fault->detach();
    windows_free(windows);
    mem_free(mem);
}

static void one_mapping_without_paging(void)
{
    begin(0, 0);
    put(0x5000, 0x1234);
    CU_ASSERT_EQUAL(answer, -1);
    CU_ASSERT_EQUAL(ram(0x5000), 0x1234);
    mem_store(mem, 0x200004, 4, 77);
    CU_ASSERT_EQUAL(get(0x200004), 77);
    uint32_t by_gs; /* as translated code reaches it */
    CU_ASSERT_EQUAL(rig_window->set_gs((uint64_t)(uintptr_t)base), 0);
    __asm__ volatile("movl %%gs:0x200004, %0" : "=r"(by_gs));
    CU_ASSERT_EQUAL(by_gs, 77);
    put(0x9ffffe, 0x11223344); /* over a page border */
    CU_ASSERT_EQUAL(ram(0x9ffffe), 0x11223344);
    /* up to the window of a display adapter, and behind it */
    CU_ASSERT_EQUAL(windows_counters(windows)->fills, 2);
    get(0xa0000);
    CU_ASSERT_EQUAL(answer, WINDOW_DEVICE);
    get(RAM);
    CU_ASSERT_EQUAL(answer, WINDOW_DEVICE);
    get(0xfffffffe);
    CU_ASSERT_EQUAL(answer, WINDOW_BORDER);
    end();
}

/* A store to a page with decoded code must be heard of, also where it was mapped writable before; and no more when the
 * mark has gone. */
static void marks(uint32_t how)
{
    begin(how, 0);
    put(0x300000, 1);
    put(0x301000, 1);
    mem_mark(mem, 0x300000, MEM_MARK_CODE);
    windows_protect(windows, 0x300000, 0x300000);
    put(0x300010, 5);
    CU_ASSERT_EQUAL(answer, WINDOW_MARKED);
    CU_ASSERT_EQUAL(ram(0x300010), 0);
    CU_ASSERT_EQUAL(get(0x300000), 1);
    put(0x301000, 2); /* its neighbour does not mind */
    CU_ASSERT_EQUAL(answer, -1);
    mem_unmark(mem, 0x300000, MEM_MARK_CODE);
    put(0x300010, 6);
    CU_ASSERT_EQUAL(answer, -1);
    CU_ASSERT_EQUAL(ram(0x300010), 6);
    /* A page that had its mark before anything was mapped. */
    windows_forget(windows);
    mem_mark(mem, 0x400000, MEM_MARK_CODE);
    CU_ASSERT_EQUAL(get(0x400000), 0);
    put(0x400000, 1);
    CU_ASSERT_EQUAL(answer, WINDOW_MARKED);
    end();
    /* By a page of its own in a user window. */
    begin(how | WINDOWS_AT_ONCE, 0);
    page_tables();
    entry(0x400000, 0x500000 | P | W | U | A | D);
    as_user = true;
    put(0x400000, 1);
    CU_ASSERT_EQUAL(answer, -1);
    mem_mark(mem, 0x500000, MEM_MARK_CODE);
    windows_protect(windows, 0x500000, 0x500000);
    put(0x400000, 2);
    CU_ASSERT_EQUAL(answer, WINDOW_MARKED);
    CU_ASSERT_EQUAL(ram(0x500000), 1);
    mem_unmark(mem, 0x500000, MEM_MARK_CODE);
    put(0x400000, 3);
    CU_ASSERT_EQUAL(ram(0x500000), 3);
    end();
}

static void marks_by_guard(void)
{
    marks(0);
}
static void marks_by_splitting(void)
{
    marks(WINDOWS_UNGUARDED);
}

static void accessed_and_dirty(void)
{
    begin(0, 0);
    page_tables();
    entry(0x400000, 0x600000 | P | W);
    get(0x400000);
    CU_ASSERT_EQUAL(entry_now(0x400000), 0x600000 | P | W | A);
    put(0x400004, 9);
    CU_ASSERT_EQUAL(entry_now(0x400000), 0x600000 | P | W | A | D);
    CU_ASSERT_EQUAL(ram(0x600004), 9);
    /* A neighbour that the guest has not used is not mapped along: it gets its bits by its own access. */
    entry(0x401000, 0x601000 | P | W);
    put(0x401000, 1);
    CU_ASSERT_EQUAL(entry_now(0x401000), 0x601000 | P | W | A | D);
    /* Bits that the guest clears are set again behind a flush. */
    entry(0x400000, 0x600000 | P | W | A);
    windows_flush_page(windows, 0x400000);
    put(0x400000, 3);
    CU_ASSERT_EQUAL(entry_now(0x400000), 0x600000 | P | W | A | D);
    entry(0x400000, 0x600000 | P | W);
    windows_flush(windows, false);
    get(0x400000);
    CU_ASSERT_EQUAL(entry_now(0x400000) & A, A);
    end();
}

static void rights(void)
{
    begin(WINDOWS_AT_ONCE, 0);
    page_tables();
    entry(0x400000, 0x600000 | P | W);
    entry(0x401000, 0x601000 | P | W | U);
    entry(0x402000, 0x602000 | P);
    get(0x400000);
    CU_ASSERT_EQUAL(answer, -1);
    get(0x401000);
    CU_ASSERT_EQUAL(answer, WINDOW_USER);
    put(0x402000, 1);
    CU_ASSERT_EQUAL(answer, WINDOW_GUEST);
    get(0x403000);
    CU_ASSERT_EQUAL(answer, WINDOW_GUEST);
    CU_ASSERT_EQUAL(entry_now(0x402000) & (A | D), 0);
    paging.wp = false; /* level 0 writes where it likes */
    windows_flush(windows, true);
    put(0x402000, 1);
    CU_ASSERT_EQUAL(answer, -1);
    paging.wp = true;
    windows_flush(windows, true);
    put(0x402000, 1);
    CU_ASSERT_EQUAL(answer, WINDOW_GUEST);
    as_user = true;
    get(0x401000);
    CU_ASSERT_EQUAL(answer, -1);
    get(0x400000);
    CU_ASSERT_EQUAL(answer, WINDOW_GUEST);
    end();
}

static void flushes(void)
{
    begin(0, 0);
    page_tables();
    mem_store(mem, 0x600000, 4, 6);
    mem_store(mem, 0x700000, 4, 7);
    for (unsigned global = 0; global < 2; global++) {
        uint32_t bits = P | W | A | D | (global ? G : 0);
        entry(0x400000, 0x600000 | bits);
        windows_flush(windows, true);
        CU_ASSERT_EQUAL(get(0x400000), 6);
        entry(0x400000, 0x700000 | bits);
        windows_flush_page(windows, 0x400000);
        CU_ASSERT_EQUAL(get(0x400000), 7);
        entry(0x400000, 0x600000 | bits);
        windows_flush(windows, global);
        CU_ASSERT_EQUAL(get(0x400000), 6);
        entry(0x400000, 0);
        windows_flush(windows, global);
        get(0x400000);
        CU_ASSERT_EQUAL(answer, WINDOW_GUEST);
    }
    /* A fault looks at the tables without a flush: more rights, and another frame with them. */
    entry(0x400000, 0x600000 | P | A);
    CU_ASSERT_EQUAL(get(0x400000), 6);
    entry(0x400000, 0x700000 | P | W | A);
    put(0x400004, 1);
    CU_ASSERT_EQUAL(ram(0x700004), 1);
    CU_ASSERT_EQUAL(get(0x400000), 7);
    /* The directory changes. */
    mem_store(mem, TABLE(5), 4, 0x600000 | P | W | A);
    mem_store(mem, DIRECTORY + 4, 4, TABLE(5) | P | W | A);
    windows_flush(windows, false);
    CU_ASSERT_EQUAL(get(0x400000), 6);
    end();
}

static void large_pages(void)
{
    begin(0, 0);
    page_tables();
    mem_store(mem, 0xc00000, 4, 12);
    mem_store(mem, DIRECTORY + 3 * 4, 4, 0x800000 | P | W | PS);
    mem_store(mem, 0xbff000, 4, 11);
    CU_ASSERT_EQUAL(get(0xfff000), 11);
    CU_ASSERT_EQUAL(ram(DIRECTORY + 12), 0x800000 | P | W | PS | A);
    put(0xc00000, 1);
    CU_ASSERT_EQUAL(ram(DIRECTORY + 12), 0x800000 | P | W | PS | A | D);
    CU_ASSERT_EQUAL(ram(0x800000), 1);
    unsigned before = hidden;
    put(0xd00000, 2); /* the rest is mapped along */
    CU_ASSERT_EQUAL(ram(0x900000), 2);
    CU_ASSERT(hidden <= before + 1);
    mem_store(mem, DIRECTORY + 3 * 4, 4, 0xc00000 | P | W | PS);
    windows_flush_page(windows, 0xd00000);
    CU_ASSERT_EQUAL(get(0xc00000), 12);
    end();
}

static void address_spaces(void)
{
    begin(WINDOWS_AT_ONCE, 0);
    page_tables();
    entry(0x400000, 0x600000 | P | W | U | A | D);
    for (uint32_t n = 0; n < 4; n++)
        mem_store(mem, 0x180000 + n * 4, 4, (0x181000 + n * 0x1000) | P | W | U | A);
    mem_store(mem, 0x182000, 4, 0x700000 | P | W | U | A | D);
    as_user = true;
    for (uint32_t i = 0; i < 10; i++) {
        uint32_t other = i & 1;
        paging.cr3 = other ? 0x180000 : DIRECTORY;
        windows_flush(windows, false);
        put(0x400000, i);
        CU_ASSERT_EQUAL(ram(other ? 0x700000 : 0x600000), i);
    }
    CU_ASSERT_EQUAL(windows_counters(windows)->windows, 2);
    CU_ASSERT_EQUAL(windows_counters(windows)->filled_pages, 2);
    end();
}

static uint64_t few_mappings(void)
{
    return 400;
}

static unsigned mappings_now(void)
{
    unsigned count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    for (int c; maps && (c = getc(maps)) != EOF;)
        count += c == '\n';
    if (maps)
        fclose(maps);
    return count;
}

/* Every second frame, so that no two pages are one mapping: there are never more mappings than allowed. */
static void few_mappings_are_enough(void)
{
    begin(WINDOWS_AT_ONCE, 1);
    windows_free(windows);
    service.mappings_max = few_mappings;
    windows = windows_new(mem, &service, WINDOWS_AT_ONCE);
    unsigned before = mappings_now(), most = 0;
    page_tables();
    as_user = true;
    for (uint32_t i = 0; i < 1024; i++) {
        entry(0x400000 + i * 0x1000, (0x200000 + i * 0x2000) | P | W | U | A | D);
        mem_store(mem, 0x200000 + i * 0x2000, 4, i);
    }
    for (uint32_t i = 0; i < 1024; i++) {
        for (unsigned tries = 0; tries < 3; tries++) {
            uint32_t value = get(0x400000 + i * 0x1000);
            if (answer == WINDOW_FULL) /* the interpreter would do it */
                continue;
            CU_ASSERT_EQUAL(value, i);
            break;
        }
        unsigned now = i % 16 ? 0 : mappings_now();
        most = now > most ? now : most;
    }
    CU_ASSERT(most > before);
    CU_ASSERT(most <= before + 200 + 16);
    end();
}

static void pae_tables(void)
{
    begin(0, 0);
    paging = (struct paging){ .on = true, .pae = true, .wp = true, .pdpte = { 0x100001, 0, 0, 0x101001 } };
    mem_store(mem, 0x100000, 8, 0x102000 | P | W | A);
    mem_store(mem, 0x102000 + 511 * 8, 8, 0x600000 | P | W | A | D);
    mem_store(mem, 0x101000 + 511 * 8, 8, 0x400000 | P | W | PS);
    windows_flush(windows, true);
    put(0x1ff008, 1);
    CU_ASSERT_EQUAL(ram(0x600008), 1);
    put(0xfffffffe, 3); /* a limit fault of the guest: no bit may be set for it */
    CU_ASSERT_EQUAL(answer, WINDOW_BORDER);
    CU_ASSERT_EQUAL(ram(0x101000 + 511 * 8), 0x400000 | P | W | PS);
    put(0xffe00010, 2);
    CU_ASSERT_EQUAL(ram(0x400010), 2);
    get(0x40000000);
    CU_ASSERT_EQUAL(answer, WINDOW_GUEST);
    end();
}

static const struct unit_test tests[] = {
    { "memory without paging is one mapping", one_mapping_without_paging },
    { "stores to marked pages are noticed, by the guard", marks_by_guard },
    { "stores to marked pages are noticed, without a guard", marks_by_splitting },
    { "A and D are set as the processor sets them", accessed_and_dirty },
    { "supervisor and user pages stand in different windows", rights },
    { "flushes bring what the tables say", flushes },
    { "large pages are mapped as a whole", large_pages },
    { "each address space has its own window, and keeps it", address_spaces },
    { "a process with few mappings does not run out of them", few_mappings_are_enough },
    { "PAE tables, and the end of 4 GB", pae_tables },
};

int main(void)
{
    rig_load();
    return unit_main("window", tests, sizeof(tests) / sizeof(tests[0]));
}
