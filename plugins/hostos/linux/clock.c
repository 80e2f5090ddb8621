/* clock.c - the host's clocks, and how fast its time-stamp counter runs. */
#include "linux.h"

#include <cpuid.h>
#include <time.h>
#include <x86intrin.h>

static uint64_t clock_read(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * ABBEY_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

static uint64_t clock_realtime_ns(void)
{
    return clock_read(CLOCK_REALTIME);
}

/* The counter ticks at one rate in all power states: CPUID.80000007H:EDX[8] (SDM vol. 3, 18.17.1). */
static bool tsc_invariant(void)
{
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid(0x80000007u, &eax, &ebx, &ecx, &edx) && (edx & 1u << 8);
}

struct moment {
    uint64_t ns, tsc;
};

/* The counter and the clock at the same instant: of some readings of the counter between two of the clock, the one
 * whose clocks were closest, so that being preempted in between does no harm. */
static struct moment moment_now(void)
{
    struct moment best = { 0, 0 };
    uint64_t narrowest = UINT64_MAX;
    for (int i = 0; i < 16; i++) {
        uint64_t before = clock_monotonic_ns();
        uint64_t tsc = __rdtsc();
        uint64_t width = clock_monotonic_ns() - before;
        if (width < narrowest) {
            narrowest = width;
            best = (struct moment){ before + width / 2, tsc };
        }
    }
    return best;
}

static uint64_t measured_hz;

/* Two stretches of 8 ms, measured to some 20 ns each (3 ppm), must agree to 50 ppm; else the host was disturbed. */
static void tsc_measure(void)
{
    if (!tsc_invariant())
        return;
    for (int try = 0; try < 8; try++) {
        struct moment at[3];
        for (int i = 0; i < 3; i++) {
            if (i)
                nanosleep(&(struct timespec){ .tv_nsec = 8 * (long)ABBEY_MS }, NULL);
            at[i] = moment_now();
        }
        double first = (double)(at[1].tsc - at[0].tsc) / (double)(at[1].ns - at[0].ns);
        double second = (double)(at[2].tsc - at[1].tsc) / (double)(at[2].ns - at[1].ns);
        if (first > second * (1 - 50e-6) && first < second * (1 + 50e-6)) {
            measured_hz = (uint64_t)((double)(at[2].tsc - at[0].tsc) / (double)(at[2].ns - at[0].ns) * 1e9 + 0.5);
            return;
        }
    }
}

static uint64_t clock_tsc_hz(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, tsc_measure);
    return measured_hz;
}

const abbey_host_clock_1 host_clock = {
    .size = sizeof(abbey_host_clock_1),
    .monotonic = clock_monotonic_ns,
    .realtime = clock_realtime_ns,
    .tsc_hz = clock_tsc_hz,
};
