/* The diskette controller with its DMA channel and two drives: A: is 1.44 MB with a removable medium, B: 1.2 MB with a
 * write-protected one of 360 KB. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/devices/dut.h"

#define DOR 0x3f2
#define MSR 0x3f4
#define DATA 0x3f5
#define DIR 0x3f7
#define BUFFER 0x8000u
#define LINE 6

static abbey_bench *b;
static uint8_t *disk, *ram;
static uint8_t result[10];

static void start(const char *type, const char *size)
{
    char yaml[900];
    uint64_t bytes;
    snprintf(yaml, sizeof yaml,
        "abbey: 1\nmemory: 1M\nbackends:\n"
        "  a: { backend: bench-disk, size: %s, delay: 1000 }\n"
        "  b: { backend: bench-disk, size: 360K, read_only: true }\n"
        "devices:\n  dma: { device: i8237 }\n  fdc: { device: i82077aa, irq: 6 }\n"
        "  fd0: { device: floppy, bus: fdc, type: %s, media: a }\n"
        "  fd1: { device: floppy, bus: fdc, unit: 1, type: 1.2M, media: b }\n",
        size, type);
    b = dut_machine(yaml);
    ram = abbey_ram(b, &bytes);
    disk = abbey_disk(b, "a", &bytes);
    for (uint64_t i = 0; i < bytes / 512; i++) { /* each sector tells its number */
        memset(disk + i * 512, (int)(i * 7), 512);
        disk[i * 512] = (uint8_t)i;
        disk[i * 512 + 1] = (uint8_t)(i >> 8);
    }
    dut_out(b, 0xd6, 0xc0);
    dut_out(b, 0xd4, 0x00);
}

static void stop(void)
{
    abbey_bench_free(b);
}

static void command(const char *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(dut_in(b, MSR) & 0xc0, 0x80);
        dut_out(b, DATA, (uint8_t)bytes[i]);
    }
}

static void results(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(dut_in(b, MSR) & 0xd0, 0xd0);
        result[i] = dut_in(b, DATA);
    }
    CU_ASSERT_EQUAL(dut_in(b, MSR) & 0xd0, 0x80);
}

static bool results_are(const char *expected, unsigned count)
{
    results(count);
    if (memcmp(result, expected, count) == 0)
        return true;
    printf("# results:");
    for (unsigned i = 0; i < count; i++)
        printf(" %02x", result[i]);
    puts("");
    return false;
}

/* Out of reset, as drivers do it; motors on, 500 Kbit/s, DMA. */
static void reset(void)
{
    dut_out(b, DOR, 0x00);
    dut_out(b, DOR, 0x3c);
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 0);
    abbey_advance(b, ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 1);
    for (unsigned i = 0; i < 4; i++) {
        command("\x08", 1);
        results(2);
        CU_ASSERT_EQUAL(result[0], 0xc0 | i);
        CU_ASSERT_EQUAL(abbey_line(b, LINE), 0);
    }
    command("\x08", 1); /* no more reasons */
    CU_ASSERT(results_are("\x80", 1));
    command("\x03\xaf\x02", 3);
    dut_out(b, DIR, 0);
}

static void dma(uint8_t mode, uint16_t count)
{
    dut_out(b, 0x0a, 0x06);
    dut_out(b, 0x0c, 0);
    dut_out(b, 0x0b, (uint8_t)(mode | 2));
    dut_out(b, 0x04, (uint8_t)BUFFER);
    dut_out(b, 0x04, (uint8_t)(BUFFER >> 8));
    dut_out(b, 0x81, 0);
    dut_out(b, 0x05, (uint8_t)(count - 1));
    dut_out(b, 0x05, (uint8_t)((count - 1) >> 8));
    dut_out(b, 0x0a, 0x02);
}

static void wait_interrupt(void)
{
    for (unsigned i = 0; i < 100 && !abbey_line(b, LINE); i++)
        abbey_advance(b, 100 * ABBEY_US);
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 1);
}

static void seek(uint8_t cylinder, uint8_t drive)
{
    const char bytes[] = { 0x0f, (char)drive, (char)cylinder };
    command(bytes, 3);
    CU_ASSERT_EQUAL(dut_in(b, MSR), 0x80 | 1 << drive);
    wait_interrupt();
    command("\x08", 1);
    results(2);
    CU_ASSERT_EQUAL(result[0], 0x20 | drive);
    CU_ASSERT_EQUAL(result[1], cylinder);
}

/* The content of sector `number` at `at`. */
static bool holds(const uint8_t *at, unsigned number)
{
    return at[0] == (uint8_t)number && at[1] == (uint8_t)(number >> 8) && at[2] == (uint8_t)(number * 7) &&
           at[511] == (uint8_t)(number * 7);
}

static void reads(void)
{
    start("1.44M", "1440K");
    reset();
    seek(1, 0);
    dma(0x44, 3 * 512);
    command("\xe6\x00\x01\x00\x11\x02\x12\x1b\xff", 9); /* C 1, H 0, R 17: over the end of the side */
    CU_ASSERT_EQUAL(dut_in(b, MSR), 0x10);
    abbey_advance(b, 51 * ABBEY_US); /* in the middle of it */
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    wait_interrupt();
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT(results_are("\x04\x00\x00\x01\x01\x02\x02", 7)); /* goes on at H 1, R 2 */
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 0);
    CU_ASSERT(holds(ram + BUFFER, 52) && holds(ram + BUFFER + 512, 53) && holds(ram + BUFFER + 1024, 54));
    CU_ASSERT_EQUAL(ram[BUFFER + 1536], 0);

    dma(0x44, 700); /* the transfer ends in the middle of a sector */
    command("\x46\x04\x01\x01\x03\x02\x12\x1b\xff", 9);
    wait_interrupt();
    CU_ASSERT(results_are("\x04\x00\x00\x01\x01\x05\x02", 7));
    CU_ASSERT(holds(ram + BUFFER, 56));
    CU_ASSERT_EQUAL(ram[BUFFER + 699], (uint8_t)(57 * 7));

    dma(0x44, 5 * 512); /* more than the track has: the end of the cylinder */
    command("\x46\x04\x01\x01\x11\x02\x12\x1b\xff", 9);
    wait_interrupt();
    CU_ASSERT(results_are("\x44\x80\x00\x02\x01\x01\x02", 7));
    CU_ASSERT(holds(ram + BUFFER, 70) && holds(ram + BUFFER + 512, 71));
    stop();
}

static void writes(void)
{
    start("1.44M", "1440K");
    reset();
    memset(ram + BUFFER, 0x5a, 1024);
    dma(0x48, 600);
    command("\xc5\x00\x00\x00\x12\x02\x12\x1b\xff", 9); /* the last sector of side 0, and into side 1 */
    wait_interrupt();
    CU_ASSERT(results_are("\x04\x00\x00\x00\x01\x02\x02", 7));
    CU_ASSERT(disk[17 * 512] == 0x5a && disk[17 * 512 + 511] == 0x5a);
    CU_ASSERT(disk[18 * 512] == 0x5a && disk[18 * 512 + 87] == 0x5a);
    CU_ASSERT(disk[18 * 512 + 88] == 0 && disk[18 * 512 + 511] == 0); /* the rest of a sector is zeros */
    CU_ASSERT(holds(disk + 16 * 512, 16) && holds(disk + 19 * 512, 19));
    stop();
}

static void bad_reads(void)
{
    start("1.44M", "1440K");
    reset();
    dma(0x44, 512);
    command("\x46\x00\x05\x00\x01\x02\x12\x1b\xff", 9); /* the head is elsewhere */
    wait_interrupt();
    CU_ASSERT(results_are("\x40\x04\x10\x05\x00\x01\x02", 7));
    command("\x46\x00\x00\x00\x13\x02\x13\x1b\xff", 9); /* no sector 19 */
    wait_interrupt();
    CU_ASSERT(results_are("\x40\x04\x00\x00\x00\x13\x02", 7));
    command("\x46\x00\x00\x01\x01\x02\x12\x1b\xff", 9); /* H does not fit the head */
    wait_interrupt();
    CU_ASSERT(results_are("\x40\x04\x00\x00\x01\x01\x02", 7));
    command("\x06\x00\x00\x00\x01\x02\x12\x1b\xff", 9); /* FM */
    wait_interrupt();
    CU_ASSERT(results_are("\x40\x01\x00\x00\x00\x01\x02", 7));
    dut_out(b, DIR, 2); /* 250 Kbit/s */
    command("\x4a\x00", 2);
    wait_interrupt();
    results(7);
    CU_ASSERT_EQUAL(result[1], 0x01);
    stop();

    start("1.44M", "1440K");
    reset();
    abbey_disk_break(b, "a", 1);
    dma(0x44, 512);
    command("\x46\x00\x00\x00\x01\x02\x12\x1b\xff", 9);
    wait_interrupt();
    CU_ASSERT(results_are("\x40\x20\x20\x00\x00\x01\x02", 7));
    stop();
}

static void read_id(void)
{
    static const struct {
        const char *type, *size;
        uint8_t rate;
    } cases[] = {
        { "1.44M", "1440K", 0 },
        { "1.44M", "720K", 2 },
        { "720K", "720K", 2 },
        { "1.2M", "1200K", 0 },
        { "1.2M", "360K", 1 },
        { "360K", "360K", 2 },
        { "2.88M", "2880K", 3 },
        { "2.88M", "1440K", 0 },
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(cases[i].type, cases[i].size);
        reset();
        for (uint8_t rate = 0; rate < 4; rate++) {
            dut_out(b, DIR, rate);
            command("\x4a\x04", 2);
            wait_interrupt();
            results(7);
            CU_ASSERT(memcmp(result, rate == cases[i].rate ? "\x04\x00\x00\x00\x01\x01\x02" : "\x44\x01\x00",
                          rate == cases[i].rate ? 7 : 3) == 0);
        }
        stop();
    }
    fputs("# a warning is expected\n", stderr);
    start("1.2M", "1440K"); /* does not fit */
    reset();
    command("\x4a\x00", 2);
    wait_interrupt();
    results(7);
    CU_ASSERT_EQUAL(result[0], 0x40);
    stop();
}

/* A 40-track diskette in the 80-track drive B: every other step is a cylinder. */
static void double_step(void)
{
    start("1.44M", "1440K");
    reset();
    dut_out(b, DOR, 0x3d);
    dut_out(b, DIR, 1);
    seek(6, 1);
    command("\x4a\x01", 2);
    wait_interrupt();
    CU_ASSERT(results_are("\x01\x00\x00\x03\x00\x01\x02", 7));
    seek(7, 1);
    command("\x4a\x01", 2);
    wait_interrupt();
    results(7);
    CU_ASSERT_EQUAL(result[1], 1);
    dma(0x48, 512);
    seek(0, 1);
    command("\x45\x01\x00\x00\x01\x02\x09\x1b\xff", 9);
    wait_interrupt();
    CU_ASSERT(results_are("\x41\x02\x00\x00\x00\x01\x02", 7)); /* write-protected */
    command("\x04\x01", 2);
    results(1);
    CU_ASSERT_EQUAL(result[0], 0x79);
    stop();
}

static void format(void)
{
    start("1.44M", "1440K");
    reset();
    seek(2, 0);
    for (unsigned i = 0; i < 18; i++) {
        const uint8_t id[4] = { 2, 1, (uint8_t)(i + 1), 2 };
        memcpy(ram + BUFFER + 4 * i, id, 4);
    }
    dma(0x48, 18 * 4);
    command("\x4d\x04\x02\x12\x54\xf6", 6);
    wait_interrupt();
    results(7);
    CU_ASSERT_EQUAL(result[0], 0x04);
    for (unsigned i = 0; i < 18 * 512; i++)
        CU_ASSERT_EQUAL_FATAL(disk[(36 * 2 + 18) * 512 + i], 0xf6);
    CU_ASSERT(holds(disk + (36 * 2 + 17) * 512, 36 * 2 + 17) && holds(disk + 36 * 3 * 512, 36 * 3));
    ram[BUFFER + 2] = 40; /* an ID that no image has */
    dma(0x48, 18 * 4);
    command("\x4d\x04\x02\x12\x54\xf6", 6);
    wait_interrupt();
    results(7);
    CU_ASSERT_EQUAL(result[0], 0x44);
    CU_ASSERT_EQUAL(result[1], 0x04);
    stop();
}

static void by_processor(void)
{
    start("1.44M", "1440K");
    reset();
    command("\x03\xaf\x03", 3); /* ND */
    command("\x46\x00\x00\x00\x12\x02\x12\x1b\xff", 9);
    wait_interrupt();
    for (unsigned i = 0; i < 512; i++) {
        CU_ASSERT_EQUAL(dut_in(b, MSR), 0xf0);
        ram[BUFFER + i] = dut_in(b, DATA);
        if (i == 100)
            CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    }
    CU_ASSERT(holds(ram + BUFFER, 17));
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 1);
    CU_ASSERT(results_are("\x40\x80\x00\x01\x00\x01\x02", 7)); /* nobody says TC */
    command("\x45\x00\x00\x00\x12\x02\x12\x1b\xff", 9);
    wait_interrupt();
    for (unsigned i = 0; i < 512; i++) {
        CU_ASSERT_EQUAL(dut_in(b, MSR), 0xb0);
        dut_out(b, DATA, (uint8_t)i);
    }
    wait_interrupt();
    CU_ASSERT(results_are("\x40\x80\x00\x01\x00\x01\x02", 7));
    CU_ASSERT(disk[17 * 512 + 255] == 255 && disk[17 * 512 + 256] == 0);
    stop();
}

static void verifies(void)
{
    start("1.44M", "1440K");
    reset();
    command("\x56\x80\x00\x00\x01\x02\x12\x1b\x03", 9); /* EC: three sectors */
    wait_interrupt();
    CU_ASSERT(results_are("\x00\x00\x00\x00\x00\x04\x02", 7));
    command("\x56\x00\x00\x00\x01\x02\x12\x1b\xff", 9);
    wait_interrupt();
    CU_ASSERT(results_are("\x00\x00\x00\x01\x00\x01\x02", 7));
    stop();
}

static void media_change(void)
{
    start("1.44M", "1440K");
    reset();
    CU_ASSERT_EQUAL(dut_in(b, DIR), 0x80); /* as after power-on */
    seek(1, 0);
    CU_ASSERT_EQUAL(dut_in(b, DIR), 0x00);
    abbey_disk_insert(b, "a", 0);
    CU_ASSERT_EQUAL(dut_in(b, DIR), 0x80);
    seek(2, 0);
    CU_ASSERT_EQUAL(dut_in(b, DIR), 0x80); /* still none */
    dma(0x44, 512);
    command("\x46\x00\x02\x00\x01\x02\x12\x1b\xff", 9);
    wait_interrupt();
    CU_ASSERT(results_are("\x40\x01\x00\x02\x00\x01\x02", 7));
    abbey_disk_insert(b, "a", 1);
    CU_ASSERT_EQUAL(dut_in(b, DIR), 0x80);
    seek(2, 0); /* no step */
    CU_ASSERT_EQUAL(dut_in(b, DIR), 0x80);
    seek(3, 0);
    CU_ASSERT_EQUAL(dut_in(b, DIR), 0x00);
    dut_out(b, DOR, 0x0c); /* the motor's line selects the drive as well */
    abbey_disk_insert(b, "a", 0);
    CU_ASSERT_EQUAL(dut_in(b, DIR), 0x00);
    stop();
}

static void heads(void)
{
    start("1.44M", "1440K");
    reset();
    seek(40, 0);
    command("\xcf\x00\x05", 3); /* relative, towards higher cylinders */
    wait_interrupt();
    command("\x08", 1);
    CU_ASSERT(results_are("\x20\x2d", 2));
    command("\x07\x00", 2);
    wait_interrupt();
    command("\x08", 1);
    CU_ASSERT(results_are("\x20\x00", 2));
    command("\x04\x00", 2);
    CU_ASSERT(results_are("\x38", 1));
    command("\x07\x02", 2); /* no drive there */
    wait_interrupt();
    command("\x08", 1);
    CU_ASSERT(results_are("\x72\x00", 2));
    command("\x13\x00\x57\x00", 4); /* implied seeks */
    dma(0x44, 512);
    command("\x46\x00\x09\x00\x01\x02\x12\x1b\xff", 9);
    wait_interrupt();
    CU_ASSERT(results_are("\x00\x00\x00\x09\x00\x02\x02", 7));
    CU_ASSERT(holds(ram + BUFFER, 36 * 9));
    stop();
}

static void what_it_is(void)
{
    start("1.44M", "1440K");
    reset();
    command("\x10", 1);
    CU_ASSERT(results_are("\x90", 1));
    command("\x18", 1); /* PART ID of later chips */
    CU_ASSERT(results_are("\x80", 1));
    command("\x13\x00\x0f\x05", 4);
    command("\x12\x84", 2);
    command("\x94", 1);
    CU_ASSERT(results_are("\x10", 1));
    seek(7, 0);
    command("\x0e", 1);
    CU_ASSERT(results_are("\x07\x00\x00\x00\xaf\x02\x00\x84\x0f\x05", 10));
    dut_out(b, MSR, 0x80); /* software reset: what is locked stays */
    abbey_advance(b, ABBEY_MS);
    for (unsigned i = 0; i < 4; i++) {
        command("\x08", 1);
        results(2);
    }
    command("\x0e", 1);
    results(10);
    CU_ASSERT_EQUAL(result[8], 0x0f);
    command("\x14", 1);
    CU_ASSERT(results_are("\x00", 1));
    stop();
}

/* A reset during a read: what the read brings does not disturb the next command. */
static void reset_amid(void)
{
    start("1.44M", "1440K");
    reset();
    dma(0x44, 512);
    command("\x46\x00\x00\x00\x01\x02\x12\x1b\xff", 9);
    abbey_advance(b, 50500);
    dut_out(b, DOR, 0x38);
    CU_ASSERT_EQUAL(dut_in(b, MSR), 0);
    reset();
    memset(ram + BUFFER, 0, 1024);
    dma(0x44, 512);
    command("\x46\x00\x00\x00\x02\x02\x12\x1b\xff", 9);
    wait_interrupt();
    CU_ASSERT(results_are("\x00\x00\x00\x00\x00\x03\x02", 7));
    CU_ASSERT(holds(ram + BUFFER, 1));
    stop();
}

/* DMAGATE off: the line is not driven. */
static void gate(void)
{
    start("1.44M", "1440K");
    reset();
    command("\x0f\x00\x02", 3);
    dut_out(b, DOR, 0x34);
    abbey_advance(b, ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 0);
    dut_out(b, DOR, 0x3c);
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 1);
    stop();
}

static const struct dut_ports ports[] = { { 0x3f0, 6 }, { 0x3f7, 1 }, { DATA, 1 }, { 0x04, 2 }, { 0x08, 8 } };

static void fuzz(void)
{
    start("1.44M", "1440K");
    reset();
    dut_fuzz(b, ports, 5, dut_fuzz_count(30000));
    dut_fuzz_state(b, ports, 5, 400);
    stop();
}

static const struct unit_test tests[] = {
    { "sectors are read over the end of a side, and to the terminal count", reads },
    { "sectors are written, a partial one is filled with zeros", writes },
    { "what is not there is not read, and the results say why", bad_reads },
    { "each medium is found at its data rate", read_id },
    { "a 40-track diskette in an 80-track drive, write-protected", double_step },
    { "a track is formatted", format },
    { "the processor moves the bytes where DMA is off", by_processor },
    { "VERIFY reads without moving", verifies },
    { "a changed medium shows until the head is stepped", media_change },
    { "heads move, and a drive that is missing has no track 0", heads },
    { "the chip is a 82077AA, with LOCK and CONFIGURE", what_it_is },
    { "a reset amid a transfer leaves nothing behind", reset_amid },
    { "DMAGATE gates the interrupt", gate },
    { "random accesses and states", fuzz },
};
UNIT_MAIN("fdc", tests)
