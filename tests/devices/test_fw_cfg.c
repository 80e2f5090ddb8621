/* The firmware configuration interface. */
#include <stdio.h>
#include <string.h>

#include "tests/devices/dut.h"

#define SELECT 0x510
#define DATA 0x511
#define DMA_HIGH 0x514
#define DMA_LOW 0x518

#define REQUEST 0x1000
#define BUFFER 0x2000
#define READ 2u
#define SKIP 4u
#define SELECT_ITEM 8u
#define WRITE 16u

/* Two cards give a file each; the directory has them by name. */
static abbey_bench *two_files(void)
{
    dut_test_plugins();
    return dut_machine("abbey: 1\nmemory: 1M\ndevices:\n"
                       "  cfg: { device: fw-cfg }\n"
                       "  one: { device: rom-card, name: zz/last, length: 5 }\n"
                       "  two: { device: rom-card, name: aa/first, length: 300 }\n");
}

static void select_item(abbey_bench *b, uint32_t item)
{
    abbey_out(b, SELECT, 2, item);
}

static uint32_t read_be(abbey_bench *b, uint32_t bytes)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < bytes; i++)
        value = value << 8 | dut_in(b, DATA);
    return value;
}

static uint32_t swap(uint32_t value)
{
    return __builtin_bswap32(value);
}

/* Carries a request out and returns its control field. */
static uint32_t dma(abbey_bench *b, uint32_t control, uint32_t length, uint64_t address)
{
    abbey_store(b, REQUEST, 4, swap(control));
    abbey_store(b, REQUEST + 4, 4, swap(length));
    abbey_store(b, REQUEST + 8, 8, __builtin_bswap64(address));
    abbey_out(b, DMA_HIGH, 4, 0);
    abbey_out(b, DMA_LOW, 4, swap(REQUEST));
    return swap((uint32_t)abbey_load(b, REQUEST, 4));
}

static void signature(void)
{
    abbey_bench *b = dut_new("fw-cfg", NULL);
    CU_ASSERT_EQUAL(read_be(b, 4), 0x51454d55); /* selected after reset */
    CU_ASSERT_EQUAL(dut_in(b, DATA), 0);        /* beyond the end */
    select_item(b, 1);
    CU_ASSERT_EQUAL(read_be(b, 4), 0x03000000);
    CU_ASSERT_EQUAL(abbey_in(b, DMA_HIGH, 4), swap(0x51454d55));
    CU_ASSERT_EQUAL(abbey_in(b, DMA_LOW, 4), swap(0x20434647));
    /* Bit 15 makes another item of the same number: SeaBIOS takes the first word of 8000h for a count of tables. */
    select_item(b, 0x8000);
    CU_ASSERT_EQUAL(read_be(b, 4), 0);
    select_item(b, 0x19);
    CU_ASSERT_EQUAL(read_be(b, 4), 0); /* no files */
    abbey_bench_free(b);
}

static void directory(void)
{
    abbey_bench *b = two_files();
    char name[57] = { 0 };
    select_item(b, 0x19);
    CU_ASSERT_EQUAL(read_be(b, 4), 2);
    CU_ASSERT_EQUAL(read_be(b, 4), 300);
    uint32_t first = read_be(b, 2);
    CU_ASSERT_EQUAL(read_be(b, 2), 0);
    for (unsigned i = 0; i < 56; i++)
        name[i] = (char)dut_in(b, DATA);
    CU_ASSERT_STRING_EQUAL(name, "aa/first");
    CU_ASSERT_EQUAL(read_be(b, 4), 5);
    uint32_t last = read_be(b, 2);
    CU_ASSERT_EQUAL(read_be(b, 2), 0);
    for (unsigned i = 0; i < 56; i++)
        name[i] = (char)dut_in(b, DATA);
    CU_ASSERT_STRING_EQUAL(name, "zz/last");
    select_item(b, last);
    CU_ASSERT_EQUAL(read_be(b, 4), 0x01020304);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0); /* goes on at the same byte */
    CU_ASSERT_EQUAL(read_be(b, 2), 0x0500);
    select_item(b, first);
    CU_ASSERT_EQUAL(read_be(b, 1), 1);
    select_item(b, first + 2);
    CU_ASSERT_EQUAL(read_be(b, 4), 0);
    abbey_bench_free(b);
}

static void by_dma(void)
{
    abbey_bench *b = two_files();
    uint64_t bytes;
    uint8_t *ram = abbey_ram(b, &bytes);
    memset(ram + BUFFER, 0xee, 400);
    CU_ASSERT_EQUAL(dma(b, 0x20u << 16 | SELECT_ITEM | READ, 4, BUFFER), 0);
    CU_ASSERT_EQUAL(abbey_load(b, BUFFER, 4), 0x04030201);
    CU_ASSERT_EQUAL(ram[BUFFER + 4], 0xee);
    CU_ASSERT_EQUAL(dma(b, SKIP, 2, 0), 0);
    CU_ASSERT_EQUAL(dma(b, READ, 300, BUFFER), 0); /* 294 are left, and then zeros */
    CU_ASSERT_EQUAL(ram[BUFFER], 7);
    CU_ASSERT_EQUAL(ram[BUFFER + 293], (uint8_t)300);
    CU_ASSERT_EQUAL(ram[BUFFER + 294], 0);
    CU_ASSERT_EQUAL(ram[BUFFER + 299], 0);
    CU_ASSERT_EQUAL(ram[BUFFER + 300], 0xee);
    abbey_bench_free(b);
}

static void bad_requests(void)
{
    abbey_bench *b = two_files();
    CU_ASSERT_EQUAL(dma(b, 0x20u << 16 | SELECT_ITEM | WRITE, 4, BUFFER), 1);
    CU_ASSERT_EQUAL(dma(b, 0x20u << 16 | SELECT_ITEM | READ, 4, 0xfffffff0u), 1);
    CU_ASSERT_EQUAL(dma(b, 0x20u << 16 | SELECT_ITEM | READ, 4, UINT64_MAX - 1), 1);
    CU_ASSERT_EQUAL(dma(b, 0x21u << 16 | SELECT_ITEM | READ, UINT32_MAX, 0xff000), 1); /* runs over the end of RAM */
    CU_ASSERT_EQUAL(dma(b, 0, 0, 0), 0);
    abbey_out(b, DMA_LOW, 4, swap(0xfffffff0u)); /* no memory there: nobody to tell */
    CU_ASSERT_EQUAL(dma(b, 0x21u << 16 | SELECT_ITEM | READ, 4, BUFFER), 0);
    CU_ASSERT_EQUAL(abbey_load(b, BUFFER, 4), 0x04030201);
    abbey_bench_free(b);
}

static void same_name(void)
{
    dut_test_plugins();
    fputs("# two errors are expected\n", stderr);
    CU_ASSERT_PTR_NULL(abbey_bench_machine(
        "abbey: 1\nmemory: 1M\ndevices:\n  one: { device: rom-card }\n  two: { device: rom-card }\n"));
    CU_ASSERT_PTR_NULL(abbey_bench_machine("abbey: 1\nmemory: 1M\ndevices:\n"
                                           "  one: { device: rom-card, name: "
                                           "a23456789012345678901234567890123456789012345678901234567 }\n"));
}

static const struct dut_ports ports[] = { { SELECT, 2 }, { DMA_HIGH, 8 } };

static void fuzz(void)
{
    abbey_bench *b = two_files();
    for (uint32_t item = 0; item < 0x24; item++) {
        select_item(b, item);
        dut_fuzz(b, ports, 2, dut_fuzz_count(36 * 500) / 36);
    }
    dut_fuzz_state(b, ports, 2, 300);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "the signature is there, and the features", signature },
    { "the directory lists the files by name", directory },
    { "files are read by DMA", by_dma },
    { "bad requests end with an error", bad_requests },
    { "two files of one name, and a name too long, are refused", same_name },
    { "random accesses and states", fuzz },
};
UNIT_MAIN("fw-cfg", tests)
