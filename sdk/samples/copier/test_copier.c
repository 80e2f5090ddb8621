/* test_copier.c - the copier on the author's bench, which plays the BIOS, the driver and the guest's memory. */
#include <CUnit/Basic.h>
#include <abbey/bench.h>

#define REGS 0xe1000000u
#define MEMORY 0xe2000000u
#define INTA 16 /* of slot 5, PIRQA# */

static abbey_bench *card(void)
{
    abbey_bench *b = abbey_bench_new("./copier.so", "{addr: \"05.0\"}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_pci_write(b, 5, 0, 0x10, 4, REGS);
    abbey_pci_write(b, 5, 0, 0x14, 4, MEMORY);
    abbey_pci_write(b, 5, 0, 4, 2, 6); /* memory space, bus master */
    return b;
}

static void entry(abbey_bench *b, uint32_t index, uint32_t address, uint32_t length)
{
    abbey_store(b, 0x1000 + 8 * index, 4, address);
    abbey_store(b, 0x1004 + 8 * index, 4, length);
}

static void gathers_from_two_places(void)
{
    abbey_bench *b = card();
    entry(b, 0, 0x20000, 4);
    entry(b, 1, 0x30000, 0x80000000u | 8);
    abbey_store(b, 0x20000, 4, 0x11223344);
    abbey_store(b, 0x30000, 8, 0x8877665544332211);
    abbey_store(b, REGS, 4, 0x1000);
    abbey_store(b, REGS + 4, 4, 0x100);
    abbey_store(b, REGS + 8, 4, 1);
    CU_ASSERT_EQUAL(abbey_load(b, REGS + 8, 4), 1);
    abbey_advance(b, ABBEY_US);
    CU_ASSERT_EQUAL(abbey_load(b, MEMORY + 0x100, 4), 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_advance(b, ABBEY_US);
    CU_ASSERT_EQUAL(abbey_load(b, MEMORY + 0x100, 4), 0x11223344);
    CU_ASSERT_EQUAL(abbey_load(b, MEMORY + 0x104, 8), 0x8877665544332211);
    CU_ASSERT_EQUAL(abbey_load(b, REGS + 0x0c, 4), 1);
    CU_ASSERT_EQUAL(abbey_load(b, REGS + 0x10, 4), 12);
    CU_ASSERT_EQUAL(abbey_line(b, INTA), 1);
    abbey_store(b, REGS + 0x0c, 4, 1);
    CU_ASSERT_EQUAL(abbey_line(b, INTA), 0);
    abbey_bench_free(b);
}

static void scatters_what_the_guest_wrote(void)
{
    abbey_bench *b = card();
    entry(b, 0, 0x40000, 2);
    entry(b, 1, 0x50000, 0x80000000u | 2);
    abbey_store(b, MEMORY, 4, 0xaabbccdd);
    abbey_store(b, REGS, 4, 0x1000);
    abbey_store(b, REGS + 8, 4, 3);
    abbey_advance(b, 2 * ABBEY_US);
    CU_ASSERT_EQUAL(abbey_load(b, 0x40000, 2), 0xccdd);
    CU_ASSERT_EQUAL(abbey_load(b, 0x50000, 2), 0xaabb);
    abbey_bench_free(b);
}

static void faults_are_told(void)
{
    abbey_bench *b = card();
    entry(b, 0, 0x20000, 0x80000000u | 0x8000);
    abbey_store(b, REGS, 4, 0x1000);
    abbey_store(b, REGS + 4, 4, 0x9000); /* the card's memory ends first */
    abbey_store(b, REGS + 8, 4, 1);
    abbey_advance(b, ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_load(b, REGS + 0x0c, 4), 2);
    abbey_pci_write(b, 5, 0, 4, 2, 2); /* no bus master any more */
    abbey_store(b, REGS + 0x0c, 4, 3);
    abbey_store(b, REGS + 4, 4, 0);
    abbey_store(b, REGS + 8, 4, 1);
    abbey_advance(b, ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_load(b, REGS + 0x0c, 4), 2);
    abbey_bench_free(b);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("copier", NULL, NULL);
    CU_ADD_TEST(suite, gathers_from_two_places);
    CU_ADD_TEST(suite, scatters_what_the_guest_wrote);
    CU_ADD_TEST(suite, faults_are_told);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
