// The program's commands:
//   kit list                      names the workloads
//   kit w NAME [PERCENT]          runs one: prints its seconds ("@T ...") and its checksum ("CK ...")
//   kit suite FILE [FILTERS]      runs the lines of a list, see suite.c
// As the first process it is the guest's init, see init.c.
#include "kit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct workload *const groups[] = { workloads_int, workloads_mem, workloads_fp_x87, workloads_fp_sse,
    workloads_simd, workloads_ind, workloads_os, workloads_smc, NULL };

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

long scaled(long n, int percent)
{
    long r = (long)((long long)n * percent / 100);
    return r < 1 ? 1 : r;
}

int env_int(const char *name, int otherwise)
{
    const char *s = getenv(name);
    return s && *s ? atoi(s) : otherwise;
}

void die(const char *what)
{
    fprintf(stderr, "kit: %s: %s\n", what, strerror(errno));
    printf("DIE %s\n", what);
    fflush(stdout);
    _exit(3);
}

// The work of fib(n) grows by the golden ratio with each n, so n goes down by one for each such part.
static long scaled_fib(long n, int percent)
{
    while (percent < 62 && n > 5) {
        n--;
        percent = percent * 1618 / 1000;
    }
    return n;
}

static int run_workload(const struct workload *w, int percent)
{
    long n = w->n;
    if (percent != 100)
        n = strcmp(w->name, "ind_fib") ? scaled(n, percent) : scaled_fib(n, percent);
    double start = now();
    u32 checksum = w->run(n);
    printf("@T %.6f\nCK %08x n=%ld\n", now() - start, checksum, n);
    return 0;
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    if (getpid() == 1)
        return init();
    if (argc == 2 && !strcmp(command, "list")) {
        for (int g = 0; groups[g]; g++)
            for (const struct workload *w = groups[g]; w->name; w++)
                printf("%-22s %10ld  %s\n", w->name, w->n, w->does);
        return 0;
    }
    if (argc >= 3 && !strcmp(command, "w")) {
        for (int g = 0; groups[g]; g++)
            for (const struct workload *w = groups[g]; w->name; w++)
                if (!strcmp(w->name, argv[2]))
                    return run_workload(w, argc > 3 ? atoi(argv[3]) : env_int("BSCALE", 100));
        fprintf(stderr, "kit: no workload %s\n", argv[2]);
        return 2;
    }
    if (argc >= 3 && !strcmp(command, "suite"))
        return suite(argv[2], argc > 3 ? argv[3] : NULL);
    fprintf(stderr, "usage: kit list | w NAME [PERCENT] | suite FILE [FILTERS]\n");
    return 2;
}
