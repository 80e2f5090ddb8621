/* test_@NAME@.c - @NAME@ behind a serial port of the shipped PC, on the author's bench. */
#include <stdio.h>
#include <stdlib.h>

#include <abbey/bench.h>

static int failed;
#define EXPECT(what) ((what) ? (void)0 : (void)(failed = 1, printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #what)))

static const char machine[] = "abbey: 1\n"
                              "backends: { far: { backend: @NAME@, delay: 50 } }\n"
                              "devices: { com1: { device: ns16550, base: 0x3f8, irq: 4, line: far } }\n";

int main(void)
{
    const char *path = getenv("ABBEY_PLUGIN_PATH");
    char with[4096];
    snprintf(with, sizeof with, ".%s%s", path ? ":" : "", path ? path : "");
    setenv("ABBEY_PLUGIN_PATH", with, 1); /* the bench looks there */
    abbey_bench *b = abbey_bench_machine(machine);
    if (!b)
        return 1;
    abbey_out(b, 0x3fc, 1, 3); /* DTR, RTS */
    abbey_out(b, 0x3f8, 1, 'a');
    abbey_advance(b, 40 * ABBEY_US);
    EXPECT((abbey_in(b, 0x3fd, 1) & 1) == 0);
    abbey_advance(b, 10 * ABBEY_US);
    EXPECT((abbey_in(b, 0x3fd, 1) & 1) == 1);
    EXPECT(abbey_in(b, 0x3f8, 1) == 'A');
    abbey_bench_free(b);
    puts(failed ? "@NAME@: failed" : "@NAME@: passed");
    return failed;
}
