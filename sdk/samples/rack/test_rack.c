/* test_rack.c - a rack with two modules on the bench. */
#include <CUnit/Basic.h>
#include <abbey/bench.h>

#define SELECT 0x330
#define DATA 0x331

static abbey_bench *two_modules(void)
{
    return abbey_bench_machine("abbey: 1\nmemory: 1M\ndevices:\n"
                               "  rack: {device: rack, irq: 7}\n"
                               "  lamps: {device: rack-relays, place: 0, hold: 10}\n"
                               "  pumps: {device: rack-relays, place: 3, hold: 50}\n");
}

static void modules_are_selected(void)
{
    abbey_bench *b = two_modules();
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_out(b, DATA, 1, 0x11);
    abbey_out(b, SELECT, 1, 3);
    abbey_out(b, DATA, 1, 0x33);
    CU_ASSERT_EQUAL(abbey_in(b, DATA, 1), 0x33);
    abbey_out(b, SELECT, 1, 0);
    CU_ASSERT_EQUAL(abbey_in(b, DATA, 1), 0x11);
    abbey_out(b, SELECT, 1, 5);
    CU_ASSERT_EQUAL(abbey_in(b, DATA, 1), 0xff); /* nobody is there */
    abbey_bench_free(b);
}

static void relays_fall_and_tell(void)
{
    abbey_bench *b = two_modules();
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_out(b, DATA, 1, 0x11);
    abbey_out(b, SELECT, 1, 3);
    abbey_out(b, DATA, 1, 0x33);
    abbey_advance(b, 9 * ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0); /* both timers go on */
    CU_ASSERT_EQUAL(abbey_line(b, 7), 0);
    abbey_advance(b, ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_line(b, 7), 1);
    CU_ASSERT_EQUAL(abbey_in(b, SELECT, 1), 0x83);
    CU_ASSERT_EQUAL(abbey_in(b, DATA, 1), 0x33); /* it was the other one */
    CU_ASSERT_EQUAL(abbey_line(b, 7), 1);
    abbey_out(b, SELECT, 1, 0);
    CU_ASSERT_EQUAL(abbey_in(b, DATA, 1), 0);
    CU_ASSERT_EQUAL(abbey_line(b, 7), 0);
    abbey_bench_free(b);
}

static void a_place_is_given_once(void)
{
    CU_ASSERT_PTR_NULL(abbey_bench_machine("abbey: 1\nmemory: 1M\ndevices:\n"
                                           "  rack: {device: rack}\n"
                                           "  lamps: {device: rack-relays, place: 1}\n"
                                           "  pumps: {device: rack-relays, place: 1}\n"));
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("rack", NULL, NULL);
    CU_ADD_TEST(suite, modules_are_selected);
    CU_ADD_TEST(suite, relays_fall_and_tell);
    CU_ADD_TEST(suite, a_place_is_given_once);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
