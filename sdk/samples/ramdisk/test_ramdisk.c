/* test_ramdisk.c - the disk in memory behind an IDE drive of the PC, on the author's bench. */
#include <CUnit/Basic.h>
#include <abbey/bench.h>

#define IDE                                                                                                      \
    "abbey: 1\nbackends:\n  disk: {backend: ramdisk, size: 1M, delay: 10}\n"                                     \
    "devices:\n  pci: {device: i440fx}\n  isa: {device: piix3, bus: pci, addr: \"01.0\"}\n"                      \
    "  ide: {device: piix3-ide, bus: pci, addr: \"01.1\"}\n  hd0: {device: ide-disk, bus: ide, unit: 0, media: " \
    "disk}\n"

/* One sector by PIO: ATA-4, READ SECTORS and WRITE SECTORS. */
static void start(abbey_bench *b, uint32_t command)
{
    abbey_out(b, 0x1f2, 1, 1);
    abbey_out(b, 0x1f3, 1, 7);
    abbey_out(b, 0x1f4, 1, 0);
    abbey_out(b, 0x1f5, 1, 0);
    abbey_out(b, 0x1f6, 1, 0xe0);
    abbey_out(b, 0x1f7, 1, command);
    abbey_advance(b, ABBEY_MS);
}

static void a_sector_is_read_as_it_was_written(void)
{
    abbey_bench *b = abbey_bench_machine(IDE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_pci_write(b, 1, 1, 4, 2, 5);         /* I/O space, bus master */
    abbey_pci_write(b, 1, 1, 0x40, 2, 0x8000); /* the primary channel answers */
    start(b, 0x30);
    for (unsigned i = 0; i < 256; i++)
        abbey_out(b, 0x1f0, 2, i * 3);
    abbey_advance(b, ABBEY_MS);
    start(b, 0x20);
    CU_ASSERT_EQUAL(abbey_in(b, 0x1f7, 1) & 0x89, 0x08); /* DRQ, neither BSY nor ERR */
    for (unsigned i = 0; i < 256; i++)
        CU_ASSERT_EQUAL(abbey_in(b, 0x1f0, 2), i * 3);
    abbey_bench_free(b);
}

static void a_missing_file_is_refused(void)
{
    CU_ASSERT_PTR_NULL(abbey_bench_machine("abbey: 1\nbackends:\n  d: {backend: ramdisk, file: ./missing}\n"));
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("ramdisk", NULL, NULL);
    CU_ADD_TEST(suite, a_sector_is_read_as_it_was_written);
    CU_ADD_TEST(suite, a_missing_file_is_refused);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
