/* bench_interp.c - how many guest instructions a second the interpreter executes; never a pass/fail test. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/cpu_rig.h"

/* Sieve of Eratosthenes over 8 KB: byte stores, short loops. */
GUEST(sieve, "32",
    "0: mov $0x20000, %edi; mov $2048, %ecx; xor %eax, %eax; rep stosl\n"
    "mov $2, %ebx\n"
    "1: cmpb $0, 0x20000(%ebx); jne 3f\n"
    "lea (%ebx,%ebx), %edx\n"
    "2: cmp $8192, %edx; jae 3f; movb $1, 0x20000(%edx); add %ebx, %edx; jmp 2b\n"
    "3: inc %ebx; cmp $91, %ebx; jb 1b\n"
    "jmp 0b");
/* CRC-32 bit by bit: shifts and conditional jumps in registers. */
GUEST(crc, "32",
    "0: mov $0x20000, %esi; mov $256, %ecx; mov $-1, %eax\n"
    "1: movzbl (%esi), %edx; inc %esi; xor %edx, %eax; mov $8, %ebx\n"
    "2: shr $1, %eax; jnc 3f; xor $0xedb88320, %eax\n"
    "3: dec %ebx; jnz 2b\n"
    "dec %ecx; jnz 1b\n"
    "jmp 0b");
/* Recursive Fibonacci: calls, pushes, returns. */
GUEST(fib, "32",
    "0: mov $15, %eax; call 1f; jmp 0b\n"
    "1: cmp $2, %eax; jb 2f; push %ebx; push %eax; dec %eax; call 1b\n"
    "mov %eax, %ebx; pop %eax; sub $2, %eax; call 1b; add %ebx, %eax; pop %ebx\n"
    "2: ret");
/* Matrix product of 16 x 16 integers: memory reads, IMUL. */
GUEST(matrix, "32",
    "0: xor %esi, %esi\n"
    "1: xor %edi, %edi\n"
    "2: xor %ecx, %ecx; xor %ebx, %ebx\n"
    "3: mov %esi, %eax; shl $6, %eax; mov 0x20000(%eax,%ecx,4), %eax\n"
    "mov %ecx, %edx; shl $6, %edx; imul 0x21000(%edx,%edi,4), %eax\n"
    "add %eax, %ebx; inc %ecx; cmp $16, %ecx; jb 3b\n"
    "mov %esi, %eax; shl $6, %eax; mov %ebx, 0x22000(%eax,%edi,4)\n"
    "inc %edi; cmp $16, %edi; jb 2b\n"
    "inc %esi; cmp $16, %esi; jb 1b\n"
    "jmp 0b");
/* 16-bit real mode: byte counting over a segment. */
GUEST(real, "16",
    "0: xor %si, %si; xor %bx, %bx\n"
    "1: lodsb; cmp $32, %al; jne 2f; inc %bx\n"
    "2: cmp $4096, %si; jb 1b\n"
    "jmp 0b");

static const struct {
    const char *name;
    const uint8_t *code, *end;
    bool real;
} loops[] = {
    { "sieve", sieve, sieve_end, false },
    { "crc32", crc, crc_end, false },
    { "fib", fib, fib_end, false },
    { "matrix", matrix, matrix_end, false },
    { "real mode", real, real_end, true },
};

/* Of this process, so that a busy machine tells the same. */
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    uint64_t millions = argc > 1 ? strtoull(argv[1], NULL, 0) : 50;
    for (unsigned paged = 0; paged < 2; paged++) {
        for (unsigned i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
            if (paged && loops[i].real)
                continue;
            struct rig *rig = rig_new();
            (loops[i].real ? rig_real16 : rig_flat32)(rig, loops[i].code, loops[i].end);
            if (paged)
                rig_paging(rig);
            interp_run(rig->cpu, 100000);
            double start = seconds();
            enum cpu_exit exit = interp_run(rig->cpu, millions * 1000000);
            double took = seconds() - start;
            printf("%-10s %-7s %7.1f million instructions/s%s\n", loops[i].name, paged ? "paging" : "",
                (double)millions / took, exit == CPU_EXIT_BUDGET ? "" : "  (did not run to the end)");
            rig_free(rig);
        }
    }
    return 0;
}
