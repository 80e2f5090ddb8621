/* The Linux plugin: does it find a kernel's exception table, of each form, and nothing where there is none? The kernels
 * are made here: code, constants with a banner and a table, as far as the plugin looks at them. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abbey/plugin.h>

#include "tests/unit/plugin_rig.h"
#include "tests/unit/unit.h"

#define BASE 0xc1000000u
#define BYTES 0x200000u
#define FAULT_CODE (BASE + 0xf0000u)
#define FIXUPS (BASE + 0x80000u)
#define TABLE (BASE + 0x140010u)
#define IDT 0xff400000u
#define ENTRIES 600u

struct kernel {
    abbey_guest handle; /* first */
    uint8_t *bytes;
    uint8_t idt[256 * 8];
    uint32_t idt_limit;
    uint32_t hole; /* a page that is not mapped */
    uint32_t hint[ENTRIES + 1], hints;
};

static struct kernel *of(abbey_guest *handle)
{
    return (struct kernel *)(void *)handle;
}

static void op_cpu(abbey_guest *handle, abbey_guest_cpu *cpu)
{
    *cpu = (abbey_guest_cpu){ .size = sizeof(*cpu), .idt_base = IDT, .idt_limit = of(handle)->idt_limit };
}

static uint32_t op_read(abbey_guest *handle, uint32_t linear, void *to, uint32_t count)
{
    struct kernel *k = of(handle);
    uint32_t done = 0;
    for (; done < count; done++) {
        uint32_t at = linear + done;
        if (at - IDT < sizeof(k->idt))
            ((uint8_t *)to)[done] = k->idt[at - IDT];
        else if (at - BASE < BYTES && (at ^ k->hole) >= 0x1000)
            ((uint8_t *)to)[done] = k->bytes[at - BASE];
        else
            break;
    }
    return done;
}

static int32_t op_hint(abbey_guest *handle, uint32_t hint, uint32_t linear)
{
    struct kernel *k = of(handle);
    CU_ASSERT_EQUAL(hint, ABBEY_HINT_USER_ACCESS);
    if (k->hints <= ENTRIES)
        k->hint[k->hints++] = linear;
    return 0;
}

static const abbey_guest_ops_1 ops = { .size = sizeof(ops), .cpu = op_cpu, .read = op_read, .hint = op_hint };

static const abbey_guestopt *plugin(void)
{
    const abbey_plugin *entry = plugin_open("guests/guest-linux.so");
    if (!entry)
        CU_FAIL_FATAL("plugins/guests/guest-linux.so");
    return entry->guestopt;
}

static void put32(struct kernel *k, uint32_t at, uint32_t value)
{
    memcpy(k->bytes + (at - BASE), &value, sizeof(value));
}

static struct kernel *kernel_new(void)
{
    struct kernel *k = calloc(1, sizeof(*k));
    k->handle.ops = &ops;
    k->bytes = malloc(BYTES);
    k->idt_limit = sizeof(k->idt) - 1;
    memset(k->bytes, 0x90, BYTES);
    const uint8_t gate[8] = { FAULT_CODE & 0xff, FAULT_CODE >> 8 & 0xff, 0x60, 0, 0, 0x8e, FAULT_CODE >> 16 & 0xff,
        FAULT_CODE >> 24 };
    memcpy(k->idt + 14 * 8, gate, sizeof(gate));
    strcpy((char *)k->bytes + 0x100100, "Linux version 9.8 (made here)");
    return k;
}

static void kernel_free(struct kernel *k)
{
    free(k->bytes);
    free(k);
}

/* What an entry is for. */
enum { PUT, COMPARE, COPY, MSR, PEEK, KINDS };
static const struct {
    uint8_t code[5];
    uint32_t third, handler; /* of the form with numbers; of that with handlers */
    bool user;
} kinds[KINDS] = {
    [PUT] = { { 0x64, 0x89, 0x47, 0x04 }, 3, BASE + 0x70000, true },
    [COMPARE] = { { 0xf0, 0x0f, 0xb1, 0x32 }, 0xfff20111, BASE + 0x70000, true },
    [COPY] = { { 0xf3, 0xa4 }, 0x10013, BASE + 0x70000, true },
    [MSR] = { { 0x0f, 0x32 }, 9, BASE + 0x71000, false },
    [PEEK] = { { 0x8b, 0x12 }, 20, BASE + 0x72000, false },
};

static unsigned kind_of(uint32_t i)
{
    return i % 8 == 5 ? COMPARE : i % 8 == 6 ? COPY : i % 8 == 7 ? PEEK : i % 2 ? MSR : PUT;
}

static uint32_t insn_at(uint32_t i)
{
    return BASE + 0x2000 + i * 0x40;
}

/* The code, and a table of that form. */
static void table_put(struct kernel *k, uint32_t stride, bool handlers)
{
    for (uint32_t i = 0; i < ENTRIES; i++) {
        unsigned kind = kind_of(i);
        uint32_t at = TABLE + i * stride;
        memcpy(k->bytes + (insn_at(i) - BASE), kinds[kind].code, sizeof(kinds[kind].code));
        put32(k, at, insn_at(i) - at);
        put32(k, at + 4, FIXUPS + i * 0x10 - (at + 4));
        if (stride == 12)
            put32(k, at + 8, handlers ? kinds[kind].handler - (at + 8) : kinds[kind].third);
    }
    put32(k, TABLE + ENTRIES * stride, 0);
}

/* The hints are the user accesses of entries `from` on, in order, and where `peek` is set also the others in memory. */
static bool hints_right(const struct kernel *k, uint32_t from, uint32_t to, bool peek)
{
    uint32_t n = 0;
    for (uint32_t i = from; i < to; i++)
        if (kinds[kind_of(i)].user || (peek && kind_of(i) == PEEK))
            if (n >= k->hints || k->hint[n++] != insn_at(i))
                return false;
    return n == k->hints && n > 0;
}

static void test_forms(void)
{
    static const struct {
        uint32_t stride;
        bool handlers, peek;
    } forms[] = { { 12, false, false }, { 12, true, false }, { 8, false, true } };
    for (unsigned i = 0; i < 3; i++) {
        struct kernel *k = kernel_new();
        table_put(k, forms[i].stride, forms[i].handlers);
        CU_ASSERT(plugin()->recognise(&k->handle) > 90);
        CU_ASSERT(hints_right(k, 0, ENTRIES, forms[i].peek));
        kernel_free(k);
    }
}

static void test_no_banner(void)
{
    struct kernel *k = kernel_new();
    table_put(k, 12, false);
    memset(k->bytes + 0x100100, 0, 40);
    uint32_t sure = plugin()->recognise(&k->handle);
    CU_ASSERT(sure > 0 && sure <= 60);
    kernel_free(k);
}

/* What follows an unmapped page, or a place where the order is broken, is not read. */
static void test_cut(void)
{
    struct kernel *k = kernel_new();
    table_put(k, 12, false);
    uint32_t half = TABLE + ENTRIES / 2 * 12;
    put32(k, half, BASE - half);
    CU_ASSERT(plugin()->recognise(&k->handle) > 0);
    CU_ASSERT(hints_right(k, 0, ENTRIES / 2, false) || hints_right(k, ENTRIES / 2 + 1, ENTRIES, false));
    k->hints = 0;
    k->hole = TABLE;
    uint32_t first = ((TABLE & ~0xfffu) + 0x1000 - TABLE + 11) / 12;
    if (first <= ENTRIES / 2)
        first = ENTRIES / 2 + 1;
    CU_ASSERT(plugin()->recognise(&k->handle) > 0);
    CU_ASSERT(hints_right(k, first, ENTRIES, false));
    kernel_free(k);
}

static uint32_t recognised(struct kernel *k)
{
    uint32_t sure = plugin()->recognise(&k->handle);
    if (sure)
        printf("# recognised: %u%%, %u hints\n", sure, k->hints);
    return sure;
}

static void test_others(void)
{
    struct kernel *k = kernel_new();
    CU_ASSERT_EQUAL(recognised(k), 0); /* no table */
    memset(k->bytes, 0, BYTES);
    CU_ASSERT_EQUAL(recognised(k), 0);
    for (unsigned round = 0; round < 4; round++) { /* whatever */
        uint32_t value = round + 1;
        for (uint32_t i = 0; i < BYTES; i += 4) {
            value = value * 1664525 + 1013904223;
            put32(k, BASE + i, round & 1 ? value >> 8 | 0xff000000 : value);
        }
        CU_ASSERT_EQUAL(recognised(k), 0);
    }
    kernel_free(k);

    k = kernel_new();
    table_put(k, 12, false);
    for (uint32_t i = 0; i < ENTRIES; i++) /* jumps that are patched */
        k->bytes[insn_at(i) - BASE] = i & 1 ? 0xe9 : 0x90;
    CU_ASSERT_EQUAL(recognised(k), 0);
    for (uint32_t i = 0; i < ENTRIES; i++) /* nothing of it touches memory */
        memcpy(k->bytes + (insn_at(i) - BASE), "\x0f\x32", 2);
    CU_ASSERT_EQUAL(recognised(k), 0);
    kernel_free(k);
}

static void test_gates(void)
{
    struct kernel *k = kernel_new();
    table_put(k, 12, false);
    k->idt_limit = 14 * 8;
    CU_ASSERT_EQUAL(recognised(k), 0);
    k->idt_limit = sizeof(k->idt) - 1;
    k->idt[14 * 8 + 5] = 0x0e; /* not present */
    CU_ASSERT_EQUAL(recognised(k), 0);
    k->idt[14 * 8 + 5] = 0x85; /* a task gate */
    CU_ASSERT_EQUAL(recognised(k), 0);
    k->idt[14 * 8 + 5] = 0x8f;
    CU_ASSERT(plugin()->recognise(&k->handle) > 0);
    memset(k->idt + 14 * 8, 0xff, 8); /* to the last byte of all */
    k->idt[14 * 8 + 5] = 0x8e;
    CU_ASSERT_EQUAL(recognised(k), 0);
    kernel_free(k);
}

static const struct unit_test tests[] = {
    { "exception tables of every form are found, and user accesses told from others", test_forms },
    { "a kernel that does not say that it is Linux is less sure", test_no_banner },
    { "a table is read as far as it is good", test_cut },
    { "what is no such table is not taken for one", test_others },
    { "the way in is checked", test_gates },
};
UNIT_MAIN("Linux as a guest", tests)
