/* test_@NAME@.c - @NAME@ on the author's bench: no guest, no root, and time that passes when the test says so. */
#include <stdio.h>

#include <abbey/bench.h>

static int failed;
#define EXPECT(what) ((what) ? (void)0 : (void)(failed = 1, printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #what)))

int main(void)
{
    abbey_bench *b = abbey_bench_new("./@NAME@.so", "{base: 0x220, delay: 75, irq: 7}");
    if (!b)
        return 1;
    abbey_out(b, 0x220, 1, 0x5a);
    EXPECT(abbey_in(b, 0x220, 1) == 0x5a);

    abbey_out(b, 0x221, 1, 1);
    abbey_advance(b, 40 * ABBEY_US);
    EXPECT(abbey_line(b, 7) == 0);
    EXPECT(abbey_roundtrip(b) == 0); /* saved, and loaded into another: the timer goes on */
    abbey_advance(b, 35 * ABBEY_US);
    EXPECT(abbey_line(b, 7) == 1);
    EXPECT(abbey_in(b, 0x221, 1) == 1);
    EXPECT(abbey_line(b, 7) == 0);

    abbey_bench_reset(b);
    EXPECT(abbey_in(b, 0x220, 1) == 0);
    abbey_bench_free(b);
    puts(failed ? "@NAME@: failed" : "@NAME@: passed");
    return failed;
}
