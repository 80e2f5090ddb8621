/* The DMA controllers, with a card on channel 1 at ports 300h and one on channel 5 at ports 310h. */
#include <stdio.h>
#include <string.h>

#include "tests/devices/dut.h"

#define CARD 0x300
#define WIDE 0x310

static abbey_bench *board(void)
{
    dut_test_plugins();
    return dut_machine("abbey: 1\nmemory: 4M\ndevices:\n  dma: { device: i8237 }\n"
                       "  one: { device: dma-card, base: 0x300, channel: 1 }\n"
                       "  two: { device: dma-card, base: 0x310, channel: 5 }\n");
}

static void cascade(abbey_bench *b)
{
    dut_out(b, 0xd6, 0xc0);
    dut_out(b, 0xd4, 0x00);
}

/* As drivers do it: mask, flip-flop, mode, address, page, count, unmask. */
static void program(abbey_bench *b, unsigned channel, uint8_t mode, uint32_t address, uint16_t count)
{
    static const uint16_t pages[8] = { 0x87, 0x83, 0x81, 0x82, 0x8f, 0x8b, 0x89, 0x8a };
    unsigned wide = channel > 3, step = wide ? 2 : 1;
    uint16_t base = wide ? 0xc0 : 0x00, control = (uint16_t)(base + 8 * step),
             at = (uint16_t)(base + (channel & 3) * 2 * step);
    uint32_t low = wide ? address >> 1 : address;
    dut_out(b, (uint16_t)(control + 2 * step), (uint8_t)(4 | (channel & 3)));
    dut_out(b, (uint16_t)(control + 4 * step), 0);
    dut_out(b, (uint16_t)(control + 3 * step), (uint8_t)(mode | (channel & 3)));
    dut_out(b, at, (uint8_t)low);
    dut_out(b, at, (uint8_t)(low >> 8));
    dut_out(b, pages[channel], (uint8_t)(address >> 16));
    dut_out(b, (uint16_t)(at + step), (uint8_t)count);
    dut_out(b, (uint16_t)(at + step), (uint8_t)(count >> 8));
    dut_out(b, (uint16_t)(control + 2 * step), (uint8_t)(channel & 3));
}

static uint32_t pair(abbey_bench *b, uint16_t port, uint16_t clear)
{
    dut_out(b, clear, 0);
    uint32_t low = dut_in(b, port);
    return low | (uint32_t)dut_in(b, port) << 8;
}

static void moves_bytes(void)
{
    abbey_bench *b = board();
    uint64_t bytes;
    uint8_t *ram = abbey_ram(b, &bytes);
    cascade(b);
    program(b, 1, 0x44, 0x12345, 2);
    CU_ASSERT_EQUAL(pair(b, 2, 0x0c), 0x2345);
    CU_ASSERT_EQUAL(pair(b, 3, 0x0c), 2);
    dut_out(b, CARD + 1, 0xa1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 1);
    dut_out(b, CARD + 1, 0xa2);
    CU_ASSERT_EQUAL(pair(b, 3, 0x0c), 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    dut_out(b, CARD + 1, 0xa3);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 0x81); /* terminal count */
    CU_ASSERT(memcmp(ram + 0x12345, "\xa1\xa2\xa3\0", 4) == 0);
    CU_ASSERT_EQUAL(pair(b, 3, 0x0c), 0xffff);
    CU_ASSERT_EQUAL(dut_in(b, 0x08), 0x02);
    CU_ASSERT_EQUAL(dut_in(b, 0x08), 0x00); /* reading clears */
    CU_ASSERT_EQUAL(dut_in(b, 0x0f) & 15, 0x0f);
    dut_out(b, CARD + 1, 0xa4); /* it has masked itself */
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 0);
    program(b, 1, 0x48, 0x12345, 1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 1), 0xa1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 1), 0xa2);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 0x81);
    abbey_bench_free(b);
}

static void moves_words(void)
{
    abbey_bench *b = board();
    uint64_t bytes;
    uint8_t *ram = abbey_ram(b, &bytes);
    program(b, 5, 0x44, 0x35556, 1); /* page 03h: its bit 0 is address bit 16, which the address has */
    dut_out(b, WIDE + 1, 0xb1);
    CU_ASSERT_EQUAL(dut_in(b, WIDE + 2), 2);
    dut_out(b, WIDE + 1, 0xb2);
    CU_ASSERT_EQUAL(dut_in(b, WIDE + 2), 0x82);
    CU_ASSERT(memcmp(ram + 0x35556, "\xb1\x77\xb2\x77\0", 5) == 0);
    CU_ASSERT_EQUAL(dut_in(b, 0xd0), 0x02);
    abbey_bench_free(b);
}

/* The address wraps inside its page. */
static void page_wraps(void)
{
    abbey_bench *b = board();
    uint64_t bytes;
    uint8_t *ram = abbey_ram(b, &bytes);
    cascade(b);
    program(b, 1, 0x44, 0x1ffff, 3);
    dut_out(b, CARD + 1, 0xc1);
    dut_out(b, CARD + 1, 0xc2);
    CU_ASSERT_EQUAL(ram[0x1ffff], 0xc1);
    CU_ASSERT_EQUAL(ram[0x10000], 0xc2);
    CU_ASSERT_EQUAL(ram[0x20000], 0);
    program(b, 1, 0x64, 0x30001, 3); /* downwards */
    dut_out(b, CARD + 1, 0xd1);
    dut_out(b, CARD + 1, 0xd2);
    dut_out(b, CARD + 1, 0xd3);
    CU_ASSERT_EQUAL(ram[0x30001], 0xd1);
    CU_ASSERT_EQUAL(ram[0x30000], 0xd2);
    CU_ASSERT_EQUAL(ram[0x3ffff], 0xd3);
    abbey_bench_free(b);
}

static void auto_initialize(void)
{
    abbey_bench *b = board();
    uint64_t bytes;
    uint8_t *ram = abbey_ram(b, &bytes);
    cascade(b);
    program(b, 1, 0x54, 0x4000, 1);
    dut_out(b, CARD + 1, 1);
    dut_out(b, CARD + 1, 2);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 0x81);
    CU_ASSERT_EQUAL(dut_in(b, 0x08), 0x02);
    dut_out(b, CARD + 1, 3);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 1);
    CU_ASSERT_EQUAL(ram[0x4000], 3);
    CU_ASSERT_EQUAL(pair(b, 2, 0x0c), 0x4001);
    abbey_bench_free(b);
}

static void requests(void)
{
    abbey_bench *b = board();
    cascade(b);
    dut_out(b, CARD, 1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 3), 0); /* masked */
    CU_ASSERT_EQUAL(dut_in(b, 0x08), 0x20);
    program(b, 1, 0x44, 0x4000, 1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 3), 1);
    dut_out(b, CARD, 0);
    dut_out(b, CARD, 1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 3), 2); /* at once */
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(dut_in(b, 0x08), 0x20);
    dut_out(b, CARD, 0);
    CU_ASSERT_EQUAL(dut_in(b, 0x08), 0x00);
    abbey_bench_free(b);
}

static void what_stops_it(void)
{
    abbey_bench *b = board();
    program(b, 1, 0x44, 0x4000, 100);
    dut_out(b, CARD + 1, 1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 0); /* no cascade */
    cascade(b);
    dut_out(b, CARD + 1, 1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 1);
    dut_out(b, 0x08, 0x04); /* disabled */
    dut_out(b, CARD + 1, 1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 0);
    dut_out(b, 0x08, 0x00);
    dut_out(b, CARD + 1, 1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 1);
    dut_out(b, 0xda, 0); /* master clear of the second masks the cascade */
    dut_out(b, CARD + 1, 1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 0);
    dut_out(b, 0xdc, 0); /* clear mask */
    dut_out(b, CARD + 1, 1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 1);
    dut_out(b, 0x0f, 0x02); /* all masks */
    dut_out(b, CARD + 1, 1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 0);
    dut_out(b, 0x0e, 0);
    program(b, 1, 0x40, 0x4100, 1); /* verify: counted, not moved */
    uint64_t bytes;
    uint8_t *ram = abbey_ram(b, &bytes);
    dut_out(b, CARD + 1, 9);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 1);
    CU_ASSERT_EQUAL(ram[0x4100], 0);
    abbey_bench_free(b);
}

static void pages(void)
{
    abbey_bench *b = board();
    for (uint16_t port = 0x81; port < 0x90; port++)
        dut_out(b, port, (uint8_t)port);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    for (uint16_t port = 0x81; port < 0x90; port++)
        CU_ASSERT_EQUAL(dut_in(b, port), port);
    abbey_bench_free(b);
}

static void clashes(void)
{
    dut_test_plugins();
    fputs("# three errors are expected\n", stderr);
    CU_ASSERT_PTR_NULL(abbey_bench_machine("abbey: 1\nmemory: 1M\ndevices:\n  one: { device: dma-card }\n"
                                           "  two: { device: dma-card, base: 0x310 }\n"));
    CU_ASSERT_PTR_NULL(
        abbey_bench_machine("abbey: 1\nmemory: 1M\ndevices:\n  one: { device: dma-card, channel: 4 }\n"));
    CU_ASSERT_PTR_NULL(
        abbey_bench_machine("abbey: 1\nmemory: 1M\ndevices:\n  one: { device: i8237 }\n  two: { device: i8237 }\n"));
    abbey_bench *b = dut_machine("abbey: 1\nmemory: 1M\ndevices:\n  one: { device: dma-card }\n");
    dut_out(b, CARD, 1); /* no controller: nothing happens */
    dut_out(b, CARD + 1, 1);
    CU_ASSERT_EQUAL(dut_in(b, CARD + 2), 0);
    abbey_bench_free(b);
}

static const struct dut_ports ports[] = { { 0x00, 16 }, { 0xc0, 32 }, { 0x81, 15 }, { CARD, 4 }, { WIDE, 4 } };

static void fuzz(void)
{
    abbey_bench *b = board();
    dut_fuzz(b, ports, 5, dut_fuzz_count(20000));
    dut_fuzz_state(b, ports, 5, 300);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "a card moves bytes to memory and back, and hears of the last", moves_bytes },
    { "channel 5 moves words, and its page has no bit 0", moves_words },
    { "the address wraps inside 64 KB, up and down", page_wraps },
    { "auto-initialization starts over", auto_initialize },
    { "a request waits until the channel is granted", requests },
    { "masks, commands and the cascade stop a channel", what_stops_it },
    { "the page registers keep what is written", pages },
    { "two cards on a channel, two controllers: errors", clashes },
    { "random accesses and states", fuzz },
};
UNIT_MAIN("i8237", tests)
