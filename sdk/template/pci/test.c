/* test_@NAME@.c - @NAME@ on the author's bench, which plays the BIOS, the driver and the memory. */
#include <stdio.h>

#include <abbey/bench.h>

#define BAR 0xe1000000u

static int failed;
#define EXPECT(what) ((what) ? (void)0 : (void)(failed = 1, printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #what)))

int main(void)
{
    uint64_t bytes;
    abbey_bench *b = abbey_bench_new("./@NAME@.so", "{initial: 0x11223344, addr: \"05.0\"}");
    if (!b)
        return 1;
    EXPECT(abbey_pci_read(b, 5, 0, 0, 4) == 0x00011234);
    abbey_pci_write(b, 5, 0, 0x10, 4, BAR);
    abbey_pci_write(b, 5, 0, 4, 2, 6); /* memory space, bus master */
    EXPECT(abbey_load(b, BAR, 4) == 0x11223344);

    abbey_store(b, BAR, 4, 0xcafe);
    abbey_store(b, BAR + 4, 4, 0x8000);
    EXPECT(abbey_load(b, BAR + 8, 4) == 1);
    EXPECT(abbey_load(b, 0x8000, 4) == 0xcafe);
    EXPECT(abbey_ram(b, &bytes)[0x8000] == 0xfe);
    EXPECT(abbey_line(b, 16 + (5 - 1) % 4) == 1); /* INTA# of slot 5 is PIRQA# */
    EXPECT(abbey_roundtrip(b) == 0);
    abbey_store(b, BAR + 8, 4, 0);
    EXPECT(abbey_line(b, 16 + (5 - 1) % 4) == 0);

    abbey_store(b, BAR + 4, 4, 0xfffffff0); /* no memory there */
    EXPECT(abbey_load(b, BAR + 8, 4) == 2);
    abbey_bench_free(b);
    puts(failed ? "@NAME@: failed" : "@NAME@: passed");
    return failed;
}
