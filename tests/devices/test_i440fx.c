/* The host bridge. */
#include "tests/devices/dut.h"

#define ADDRESS 0xcf8
#define DATA 0xcfc

static abbey_bench *bridge(void)
{
    return dut_new("i440fx", NULL);
}

static void mechanism_1(void)
{
    abbey_bench *b = bridge();
    abbey_out(b, ADDRESS, 4, 0x80000000);
    CU_ASSERT_EQUAL(abbey_in(b, ADDRESS, 4), 0x80000000); /* Linux's probe */
    CU_ASSERT_EQUAL(abbey_in(b, DATA, 4), 0x12378086);
    CU_ASSERT_EQUAL(abbey_in(b, DATA + 2, 2), 0x1237);
    CU_ASSERT_EQUAL(abbey_in(b, DATA + 1, 1), 0x80);
    abbey_out(b, ADDRESS, 4, 0x80000008);
    CU_ASSERT_EQUAL(abbey_in(b, DATA, 4), 0x06000002);
    abbey_out(b, ADDRESS, 4, 0x8000f800); /* an empty slot */
    CU_ASSERT_EQUAL(abbey_in(b, DATA, 4), 0xffffffff);
    abbey_out(b, ADDRESS, 4, 0x80010000); /* another bus */
    CU_ASSERT_EQUAL(abbey_in(b, DATA, 2), 0xffff);
    abbey_bench_free(b);
}

static void only_dwords_reach_address(void)
{
    abbey_bench *b = bridge();
    abbey_out(b, ADDRESS, 4, 0xffffffff);
    CU_ASSERT_EQUAL(abbey_in(b, ADDRESS, 4), 0x80fffffc);
    abbey_out(b, ADDRESS, 1, 0x12);
    abbey_out(b, ADDRESS, 2, 0x1234);
    abbey_out(b, ADDRESS + 1, 1, 0x12);
    CU_ASSERT_EQUAL(abbey_in(b, ADDRESS, 4), 0x80fffffc);
    CU_ASSERT_EQUAL(abbey_in(b, ADDRESS, 1), 0xff);
    abbey_out(b, ADDRESS, 4, 0); /* disabled: the data port is nobody's */
    CU_ASSERT_EQUAL(abbey_in(b, DATA, 4), 0xffffffff);
    abbey_bench_free(b);
}

static void shadow_ram(void)
{
    abbey_bench *b = bridge();
    uint64_t bytes;
    uint8_t *ram = abbey_ram(b, &bytes);
    abbey_pci_write(b, 0, 0, 0x59, 1, 0x30);
    abbey_store(b, 0xf0000, 1, 0x5a);
    CU_ASSERT_EQUAL(abbey_load(b, 0xf0000, 1), 0x5a);
    CU_ASSERT_EQUAL(ram[0xf0000], 0x5a);
    abbey_pci_write(b, 0, 0, 0x59, 1, 0x10); /* read only */
    abbey_store(b, 0xf0000, 1, 0x00);
    CU_ASSERT_EQUAL(abbey_load(b, 0xf0000, 1), 0x5a);
    abbey_pci_write(b, 0, 0, 0x5a, 1, 0x32); /* C0000 write-only, C4000 both */
    abbey_store(b, 0xc0010, 1, 0x11);
    abbey_store(b, 0xc4010, 1, 0x22);
    CU_ASSERT_EQUAL(ram[0xc0010], 0x11);
    CU_ASSERT_EQUAL(abbey_load(b, 0xc4010, 1), 0x22);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 0, 0, 0x5a, 1), 0x32);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(abbey_load(b, 0xc4010, 1), 0x22);
    abbey_pci_write(b, 0, 0, 0x5f, 1, 0xff);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 0, 0, 0x5f, 1), 0x33); /* reserved and cache bits */
    abbey_bench_free(b);
}

static void smram_locks(void)
{
    abbey_bench *b = bridge();
    CU_ASSERT_EQUAL(abbey_pci_read(b, 0, 0, 0x72, 1), 0x02);
    abbey_pci_write(b, 0, 0, 0x72, 1, 0x4d);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 0, 0, 0x72, 1), 0x4a);
    abbey_pci_write(b, 0, 0, 0x72, 1, 0x58);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 0, 0, 0x72, 1), 0x1a); /* D_LCK closes D_OPEN */
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_pci_write(b, 0, 0, 0x72, 1, 0x48);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 0, 0, 0x72, 1), 0x1a);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 0, 0, 0x72, 1), 0x02);
    abbey_pci_write(b, 0, 0, 0x72, 1, 0x42);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 0, 0, 0x72, 1), 0x42);
    abbey_bench_free(b);
}

static void no_bars(void)
{
    abbey_bench *b = bridge();
    for (uint32_t bar = 0x10; bar < 0x28; bar += 4) {
        abbey_pci_write(b, 0, 0, bar, 4, 0xffffffff);
        CU_ASSERT_EQUAL(abbey_pci_read(b, 0, 0, bar, 4), 0);
    }
    abbey_pci_write(b, 0, 0, 0, 4, 0);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 0, 0, 0, 4), 0x12378086);
    abbey_bench_free(b);
}

static const struct dut_ports ports[] = { { ADDRESS, 8 }, { DATA, 4 } };

static void fuzz(void)
{
    abbey_bench *b = bridge();
    for (uint32_t reg = 0; reg < 256; reg += 4) {
        abbey_out(b, ADDRESS, 4, 0x80000000 | reg);
        dut_fuzz(b, ports, 2, dut_fuzz_count(64 * 200) / 64);
    }
    abbey_bench_free(b);
}

static void fuzz_state(void)
{
    abbey_bench *b = bridge();
    dut_fuzz_state(b, ports, 2, 300);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "configuration cycles by mechanism #1", mechanism_1 },
    { "narrow accesses do not reach CONFIG_ADDRESS", only_dwords_reach_address },
    { "PAM steers C0000h-FFFFFh", shadow_ram },
    { "SMRAM locks", smram_locks },
    { "the bridge has no BARs, and its identification cannot be written", no_bars },
    { "random accesses", fuzz },
    { "damaged states", fuzz_state },
};
UNIT_MAIN("i440fx", tests)
