/* The ISA bridge among the chips it works with, and two PCI functions whose interrupt pins the ports 300h and 301h
 * drive: INTA# of slot 3 is PIRQC#, INTB# of slot 4 is PIRQA#. */
#include "tests/devices/dut.h"

static abbey_bench *pc(void)
{
    dut_test_plugins();
    return dut_machine("abbey: 1\ndevices:\n  pic: {device: i8259}\n  pci: {device: i440fx}\n"
                       "  isa: {device: piix3, bus: pci, addr: \"01.0\"}\n  kbd: {device: i8042, bus: isa}\n"
                       "  a: {device: pci-pin, addr: \"03.0\"}\n"
                       "  b: {device: pci-pin, addr: \"04.0\", port: 0x301, pin: 2}\n");
}

static void identification(void)
{
    abbey_bench *b = pc();
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0, 4), 0x70008086);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 8, 4) >> 8, 0x060100);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x0e, 1), 0x80);
    abbey_out(b, 0xcf8, 4, 0x80000800);
    CU_ASSERT_EQUAL(abbey_in(b, 0xcfc, 4), 0x70008086);
    abbey_bench_free(b);
}

static void reset_control(void)
{
    abbey_bench *b = pc();
    abbey_events e = { .size = sizeof e };
    dut_out(b, 0xcf9, 0x02); /* what Linux writes for reboot=p */
    CU_ASSERT_EQUAL(dut_in(b, 0xcf9), 0x02);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.resets, 0);
    dut_out(b, 0xcf9, 0x06);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.resets, 1);
    dut_out(b, 0xcf9, 0x06); /* no step */
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.resets, 1);
    dut_out(b, 0xcf9, 0x00);
    dut_out(b, 0xcf9, 0x04);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.resets, 1);
    CU_ASSERT_EQUAL(e.cpu_resets, 1);
    /* The ACPI reset register of the FADT: 0Eh or 06h in one write. */
    abbey_bench_reset(b);
    abbey_events_clear(b);
    dut_out(b, 0xcf9, 0x0e);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.resets, 1);
    abbey_bench_free(b);
}

/* SeaBIOS's handler writes port F0h, then a DOS program's clears the error; or the other way round. */
static void coprocessor_errors(void)
{
    abbey_bench *b = pc();
    CU_ASSERT_EQUAL(abbey_ferr(b, 1), 0);
    CU_ASSERT_EQUAL(abbey_line(b, 13), 1);
    CU_ASSERT_EQUAL(abbey_ferr(b, 1), 0); /* it still stands there */
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    dut_out(b, 0xf0, 0);
    CU_ASSERT_EQUAL(abbey_line(b, 13), 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(abbey_ferr(b, 1), 1); /* ignored, and no other interrupt */
    CU_ASSERT_EQUAL(abbey_line(b, 13), 0);
    CU_ASSERT_EQUAL(abbey_ferr(b, 0), 0);
    CU_ASSERT_EQUAL(abbey_ferr(b, 1), 0); /* the next error is one */
    CU_ASSERT_EQUAL(abbey_line(b, 13), 1);
    abbey_ferr(b, 0);
    CU_ASSERT_EQUAL(abbey_line(b, 13), 1);
    dut_out(b, 0xf0, 0);
    CU_ASSERT_EQUAL(abbey_line(b, 13), 0);
    CU_ASSERT_EQUAL(abbey_ferr(b, 1), 0);
    dut_out(b, 0xf0, 0);
    abbey_ferr(b, 0);
    abbey_pci_write(b, 1, 0, 0x4e, 1, 0x03); /* XBCS: not wanted */
    CU_ASSERT_EQUAL(abbey_ferr(b, 1), 0);
    CU_ASSERT_EQUAL(abbey_line(b, 13), 0);
    dut_out(b, 0xf0, 0);
    CU_ASSERT_EQUAL(abbey_ferr(b, 1), 0);
    abbey_bench_free(b);
    b = dut_new("i8254", "{}");
    CU_ASSERT_EQUAL(abbey_ferr(b, 1), -1);
    abbey_bench_free(b);
}

/* The reset register lies inside CONFIG_ADDRESS: a byte is its own, a dword the host bridge's. */
static void shares_with_config_address(void)
{
    abbey_bench *b = pc();
    abbey_events e = { .size = sizeof e };
    abbey_out(b, 0xcf8, 4, 0x80000e00);
    CU_ASSERT_EQUAL(abbey_in(b, 0xcf8, 4), 0x80000e00);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.resets + e.cpu_resets, 0);
    CU_ASSERT_EQUAL(dut_in(b, 0xcf9), 0);
    abbey_bench_free(b);
}

static void port_92(void)
{
    abbey_bench *b = pc();
    abbey_events e = { .size = sizeof e };
    dut_out(b, 0x92, 0x02);
    dut_out(b, 0x92, 0x00);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 0);
    dut_out(b, 0x64, 0xdd);
    dut_out(b, 0x64, 0xdf); /* the keyboard controller's gate is OR-ed */
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 1);
    dut_out(b, 0x64, 0xdd);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 0);
    dut_out(b, 0x92, 0x02);
    CU_ASSERT_EQUAL(dut_in(b, 0x92), 0x02);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 1);
    dut_out(b, 0x92, 0x03);
    dut_out(b, 0x92, 0x03);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.cpu_resets, 1);
    abbey_bench_free(b);
}

static void post_codes(void)
{
    abbey_bench *b = pc();
    dut_out(b, 0x80, 0x42);
    CU_ASSERT_EQUAL(dut_in(b, 0x80), 0x42);
    abbey_bench_free(b);
}

static void routing_registers(void)
{
    abbey_bench *b = pc();
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x60, 4), 0x0b0b0a0a);
    abbey_pci_write(b, 1, 0, 0x60, 1, 0xff);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x60, 1), 0x8f);
    abbey_pci_write(b, 1, 0, 0x60, 4, 0x80050709);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x60, 4), 0x80050709);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x60, 4), 0x0b0b0a0a);
    abbey_bench_free(b);
}

static void routes(void)
{
    abbey_bench *b = pc();
    dut_out(b, 0x300, 1); /* PIRQC# to 11 */
    CU_ASSERT_EQUAL(abbey_line(b, 11), 1);
    CU_ASSERT_EQUAL(abbey_line(b, 10), 0);
    dut_out(b, 0x301, 1); /* PIRQA# to 10 */
    CU_ASSERT_EQUAL(abbey_line(b, 10), 1);
    abbey_pci_write(b, 1, 0, 0x62, 1, 10); /* both on one line */
    CU_ASSERT_EQUAL(abbey_line(b, 11), 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    dut_out(b, 0x301, 0);
    CU_ASSERT_EQUAL(abbey_line(b, 10), 1);
    dut_out(b, 0x300, 0);
    CU_ASSERT_EQUAL(abbey_line(b, 10), 0);
    dut_out(b, 0x300, 1);
    abbey_pci_write(b, 1, 0, 0x62, 1, 0x80); /* off */
    CU_ASSERT_EQUAL(abbey_line(b, 10), 0);
    abbey_pci_write(b, 1, 0, 0x62, 1, 8); /* reserved */
    CU_ASSERT_EQUAL(abbey_line(b, 8), 0);
    abbey_pci_write(b, 1, 0, 0x62, 1, 5);
    CU_ASSERT_EQUAL(abbey_line(b, 5), 1);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_line(b, 5), 0);
    dut_out(b, 0x300, 1);
    CU_ASSERT_EQUAL(abbey_line(b, 11), 1);
    abbey_bench_free(b);
}

/* Through the controller, as a driver of a PCI card sees it. */
static void level_interrupt(void)
{
    abbey_bench *b = pc();
    for (unsigned chip = 0; chip < 2; chip++) {
        uint16_t port = chip ? 0xa0 : 0x20;
        dut_out(b, port, 0x11);
        dut_out(b, port + 1, chip ? 0x28 : 0x20);
        dut_out(b, port + 1, chip ? 2 : 4);
        dut_out(b, port + 1, 1);
    }
    dut_out(b, 0x4d1, 0x0c);
    dut_out(b, 0x300, 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x2b);
    dut_out(b, 0xa0, 0x63);
    dut_out(b, 0x20, 0x62);
    CU_ASSERT_EQUAL(abbey_intr(b), 1); /* still asserted: again */
    CU_ASSERT_EQUAL(abbey_ack(b), 0x2b);
    dut_out(b, 0x300, 0);
    dut_out(b, 0xa0, 0x63);
    dut_out(b, 0x20, 0x62);
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    abbey_bench_free(b);
}

static void refuses_lines(void)
{
    CU_ASSERT_PTR_NULL(abbey_bench_machine("abbey: 1\ndevices:\n  pci: {device: i440fx}\n"
                                           "  isa: {device: piix3, bus: pci, addr: \"01.0\", pirq_a: 8}\n"));
}

static const struct dut_ports ports[] = { { 0xcf8, 8 }, { 0x300, 2 }, { 0x92, 1 }, { 0x80, 1 }, { 0x60, 5 },
    { 0x20, 2 }, { 0xa0, 2 } };

static void fuzz(void)
{
    abbey_bench *b = pc();
    for (uint32_t reg = 0; reg < 256; reg += 4) {
        abbey_out(b, 0xcf8, 4, 0x80000800 | reg);
        dut_fuzz(b, ports, 7, dut_fuzz_count(64 * 200) / 64);
    }
    abbey_bench_free(b);
}

static void fuzz_state(void)
{
    abbey_bench *b = pc();
    dut_fuzz_state(b, ports, 7, 300);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "identification", identification },
    { "CF9h: hard and soft reset", reset_control },
    { "CF9h and CONFIG_ADDRESS do not disturb each other", shares_with_config_address },
    { "port 92h: A20, fast reset", port_92 },
    { "port 80h takes POST codes", post_codes },
    { "FERR# raises IRQ 13, port F0h takes it back and asserts IGNNE#", coprocessor_errors },
    { "PIRQRC: reset values, masks", routing_registers },
    { "PIRQs reach their lines, alone and shared", routes },
    { "a PCI interrupt is a level to the controller", level_interrupt },
    { "a line that PIRQs cannot use is refused", refuses_lines },
    { "random accesses", fuzz },
    { "damaged states", fuzz_state },
};
UNIT_MAIN("piix3", tests)
