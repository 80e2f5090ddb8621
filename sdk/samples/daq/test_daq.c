/* test_daq.c - the analog input on the author's bench, alone and with the DMA controller of the PC. */
#include <stdio.h>

#include <CUnit/Basic.h>
#include <abbey/bench.h>

static void samples_come_in_order_and_raise_the_interrupt(void)
{
    abbey_bench *b = abbey_bench_new("./daq.so", "{file: ./signal.csv, irq: 10, channel: 4}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_EQUAL(abbey_in(b, 0x322, 2), 0xffff);
    abbey_out(b, 0x324, 1, 9); /* every 100 us */
    abbey_out(b, 0x320, 1, 3);
    abbey_advance(b, 500 * ABBEY_US);
    const uint32_t expected[] = { 2048, 2559, 3071, 0, 4095 };
    for (unsigned i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(abbey_in(b, 0x322, 2), expected[i]);
    CU_ASSERT_EQUAL(abbey_in(b, 0x321, 1), 1);
    abbey_advance(b, 127 * 100 * ABBEY_US);
    CU_ASSERT_EQUAL(abbey_line(b, 10), 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_advance(b, 100 * ABBEY_US);
    CU_ASSERT_EQUAL(abbey_line(b, 10), 1);
    CU_ASSERT_EQUAL(abbey_in(b, 0x321, 1), 7);
    CU_ASSERT_EQUAL(abbey_line(b, 10), 0);
    abbey_advance(b, 200 * 100 * ABBEY_US);
    CU_ASSERT_EQUAL(abbey_in(b, 0x321, 1) & 8, 8);              /* the FIFO ran over */
    CU_ASSERT_EQUAL(abbey_statistic(b, "dut", "samples"), 201); /* since the round trip, which does not keep them */
    CU_ASSERT_EQUAL(abbey_statistic(b, "dut", "lost"), 72);
    abbey_bench_free(b);
}

/* Channel 5 of the 8237: the second controller, which counts words. */
static void dma_fills_memory_and_tells_its_end(void)
{
    abbey_bench *b = abbey_bench_machine("abbey: 1\nmemory: 1M\ndevices:\n  dma: {device: i8237}\n"
                                         "  adc: {device: daq, file: ./signal.csv, irq: 10, channel: 5}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_out(b, 0xd4, 1, 5);    /* mask */
    abbey_out(b, 0xd8, 1, 0);    /* flip-flop */
    abbey_out(b, 0xd6, 1, 0x45); /* single transfers, to memory, channel 5 */
    abbey_out(b, 0xc4, 1, 0);    /* words from 8000h */
    abbey_out(b, 0xc4, 1, 0x40);
    abbey_out(b, 0x8b, 1, 0);
    abbey_out(b, 0xc6, 1, 3); /* four of them */
    abbey_out(b, 0xc6, 1, 0);
    abbey_out(b, 0xd4, 1, 1);
    abbey_out(b, 0x324, 1, 0);
    abbey_out(b, 0x320, 1, 7);
    abbey_advance(b, 35 * ABBEY_US);
    CU_ASSERT_EQUAL(abbey_line(b, 10), 0);
    abbey_advance(b, 10 * ABBEY_US);
    CU_ASSERT_EQUAL(abbey_load(b, 0x8000, 2), 2048);
    CU_ASSERT_EQUAL(abbey_load(b, 0x8006, 2), 0);
    CU_ASSERT_EQUAL(abbey_load(b, 0x8004, 2), 3071);
    CU_ASSERT_EQUAL(abbey_line(b, 10), 1);
    CU_ASSERT_EQUAL(abbey_in(b, 0x321, 1) & 0x10, 0x10);
    abbey_bench_free(b);
}

static void a_bad_signal_is_refused(void)
{
    FILE *file = fopen("bad.csv", "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs("volts\n1.0\n11.5\n", file);
    fclose(file);
    CU_ASSERT_PTR_NULL(abbey_bench_new("./daq.so", "{file: ./bad.csv}"));
    CU_ASSERT_PTR_NULL(abbey_bench_new("./daq.so", "{file: ./missing.csv}"));
    remove("bad.csv");
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("daq", NULL, NULL);
    CU_ADD_TEST(suite, samples_come_in_order_and_raise_the_interrupt);
    CU_ADD_TEST(suite, dma_fills_memory_and_tells_its_end);
    CU_ADD_TEST(suite, a_bad_signal_is_refused);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
