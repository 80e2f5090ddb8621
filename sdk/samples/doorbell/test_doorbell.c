/* test_doorbell.c - the doorbell on the author's bench: no guest, no root, and time that passes when the test says so.
 */
#include <CUnit/Basic.h>
#include <abbey/bench.h>

static void rings_after_its_delay(void)
{
    abbey_bench *b = abbey_bench_new("./doorbell.so", "{delay: 75, irq: 7}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_out(b, 0x310, 1, 0);
    abbey_advance(b, 40 * ABBEY_US);
    CU_ASSERT_EQUAL(abbey_line(b, 7), 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0); /* save, destroy, create, load, compare: the timer goes on */
    abbey_advance(b, 35 * ABBEY_US);
    CU_ASSERT_EQUAL(abbey_line(b, 7), 1);
    abbey_bench_free(b);
}

static void reading_acknowledges(void)
{
    abbey_bench *b = abbey_bench_new("./doorbell.so", "{base: 0x220}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_EQUAL(abbey_in(b, 0x220, 1), 0);
    abbey_out(b, 0x220, 1, 0);
    abbey_advance(b, ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_line(b, 5), 1);
    CU_ASSERT_EQUAL(abbey_in(b, 0x220, 1), 1);
    CU_ASSERT_EQUAL(abbey_line(b, 5), 0);
    CU_ASSERT_EQUAL(abbey_in(b, 0x220, 1), 0);
    abbey_bench_free(b);
}

static void a_reset_silences_it(void)
{
    abbey_bench *b = abbey_bench_new("./doorbell.so", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_out(b, 0x310, 1, 0);
    abbey_bench_reset(b);
    abbey_advance(b, ABBEY_SEC);
    CU_ASSERT_EQUAL(abbey_line(b, 5), 0);
    abbey_bench_free(b);
}

static void a_wrong_property_is_refused(void)
{
    CU_ASSERT_PTR_NULL(abbey_bench_new("./doorbell.so", "{dealy: 75}"));
    CU_ASSERT_PTR_NULL(abbey_bench_new("./doorbell.so", "{base: 0x10}"));
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("doorbell", NULL, NULL);
    CU_ADD_TEST(suite, rings_after_its_delay);
    CU_ADD_TEST(suite, reading_acknowledges);
    CU_ADD_TEST(suite, a_reset_silences_it);
    CU_ADD_TEST(suite, a_wrong_property_is_refused);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
