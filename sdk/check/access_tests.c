/* access_tests.c - the guest is hostile: random accesses of every size; and callbacks must come back at once, on the
 * thread that called them. */
#define _GNU_SOURCE /* RUSAGE_THREAD */
#include <dirent.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sdk/check/check.h"

#define BLOCKING_STEPS 20000u
#define SLEEPS 3u    /* so often must it sleep: once may be the host's doing */
#define PATIENCE 10u /* seconds for a hundred callbacks */

static bool misused(struct check *check)
{
    const char *rule = strstr(check_said(), "which the SDK does not allow");
    return rule && check_fail(check, "%s", check_said());
}

int check_accesses(struct check *check)
{
    abbey_bench *bench = check_bench_or_fail(check);
    uint64_t bytes;
    if (!bench)
        return CHECK_FAILED;
    /* Memory in which a card that is a bus master finds anything. */
    uint8_t *ram = abbey_ram(bench, &bytes);
    for (uint64_t i = 0; i + 4 <= bytes; i += 4) {
        uint32_t word = check_roll(check);
        memcpy(ram + i, &word, 4);
    }
    check_drive(check, bench, check->accesses);
    abbey_bench_free(bench);
    return CHECK_PASSED;
}

/* How often this thread has gone to sleep of its own will. */
static long sleeps(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nvcsw : 0;
}

int check_blocking(struct check *check)
{
    abbey_bench *bench = check_bench_or_fail(check);
    struct drive_note *note = &check->shared->note;
    uint8_t step[DRIVE_STEP];
    char where[200];
    unsigned slept = 0;
    for (unsigned i = 0; bench && i < BLOCKING_STEPS && slept < SLEEPS; i++) {
        if (i % 100 == 0)
            alarm(PATIENCE);
        check_step_bytes(check, step);
        long before = sleeps();
        drive_step(bench, "dut", step, note);
        slept += sleeps() != before;
    }
    if (!bench)
        return CHECK_FAILED;
    drive_tell(note, where, sizeof where);
    if (slept >= SLEEPS)
        return check_fail(check,
            "a callback sleeps or waits, for the third time in %s: the guest stands meanwhile; use a timer, or a "
            "backend",
            where);
    abbey_bench_free(bench);
    return CHECK_PASSED;
}

static unsigned threads(void)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/task");
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return count;
}

int check_threads(struct check *check)
{
    unsigned before = threads();
    abbey_bench *bench = check_bench_or_fail(check);
    if (!bench)
        return CHECK_FAILED;
    check_drive(check, bench, 20000);
    if (threads() > before)
        return check_fail(check, "it has started a thread; devices are called, on the threads of the machine, and only "
                                 "backends have threads, by the services of the host");
    if (misused(check))
        return CHECK_FAILED;
    abbey_bench_free(bench);
    return CHECK_PASSED;
}
