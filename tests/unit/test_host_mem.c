/* Memory objects, clocks and threads of the Linux host. */
#include "tests/unit/unit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/host_rig.h"

#define PAGE 4096u
#define RW (ABBEY_MAP_READ | ABBEY_MAP_WRITE)

static void at_two_addresses(abbey_memobj *object)
{
    abbey_error error = { "" };
    CU_ASSERT_PTR_NOT_NULL_FATAL(object);
    uint8_t *first = rig_mem->map(object, 0, 16 * PAGE, RW, NULL, &error);
    uint8_t *window = rig_mem->reserve(1ull << 32, 1ull << 32, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    CU_ASSERT_PTR_NOT_NULL_FATAL(window);
    uint8_t *second = rig_mem->map(object, 3 * PAGE, 2 * PAGE, RW, window + 7 * PAGE, &error);
    CU_ASSERT_PTR_EQUAL(second, window + 7 * PAGE);
    CU_ASSERT_EQUAL(first[3 * PAGE], 0);
    first[3 * PAGE + 5] = 0x5a;
    CU_ASSERT_EQUAL(second[5], 0x5a);
    second[PAGE] = 0xa5;
    CU_ASSERT_EQUAL(first[4 * PAGE], 0xa5);
    /* Discarded pages read as zero through every mapping; their neighbours stay. */
    CU_ASSERT_EQUAL(rig_mem->discard(object, 3 * PAGE, PAGE), 0);
    CU_ASSERT_EQUAL(second[5], 0);
    CU_ASSERT_EQUAL(second[PAGE], 0xa5);
    /* A mapping outlives its object. */
    rig_mem->destroy(object);
    second[1] = 1;
    CU_ASSERT_EQUAL(first[3 * PAGE + 1], 1);
    CU_ASSERT_EQUAL(rig_mem->unmap(second, 2 * PAGE, &error), 0);
    rig_mem->release(window, 1ull << 32);
    rig_mem->release(first, 16 * PAGE);
}

static void one_object_at_two_addresses(void)
{
    abbey_error error = { "" };
    at_two_addresses(rig_mem->create("test", 16 * PAGE, &error));
    at_two_addresses(rig_mem->create_code(16 * PAGE, &error));
    CU_ASSERT_PTR_NULL(rig_mem->create_code(PAGE + 1, &error));
}

/* The host's profiler asks a process for the names of what stands in /dev/zero or in no file at all. */
static void code_has_no_file(void)
{
    abbey_error error = { "" };
    abbey_memobj *object = rig_mem->create_code(16 * PAGE, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(object);
    void *code = rig_mem->map(object, PAGE, PAGE, ABBEY_MAP_READ | ABBEY_MAP_EXEC, NULL, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(code);
    char line[512], wanted[40], rights[8], name[256];
    bool found = false;
    snprintf(wanted, sizeof wanted, "%lx-", (unsigned long)(uintptr_t)code);
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps)) {
        if (strncmp(line, wanted, strlen(wanted)) != 0)
            continue;
        found = true;
        CU_ASSERT_EQUAL(sscanf(line, "%*s %7s %*s %*s %*s %255s", rights, name), 2);
        CU_ASSERT_STRING_EQUAL(rights, "r-xs");
        CU_ASSERT_STRING_EQUAL(name, "/dev/zero");
    }
    if (maps)
        fclose(maps);
    CU_ASSERT(found);
    rig_mem->release(code, PAGE);
    rig_mem->destroy(object);
}

static void reservations_are_aligned_and_high(void)
{
    for (unsigned shift = 12; shift <= 34; shift += 11) {
        uint8_t *area = rig_mem->reserve(3 * PAGE, 1ull << shift, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(area);
        CU_ASSERT_EQUAL((uintptr_t)area % (1ull << shift), 0);
        CU_ASSERT((uintptr_t)area >= 1ull << 32);
        rig_mem->release(area, 3 * PAGE);
    }
}

static void bad_requests_are_refused_in_words(void)
{
    abbey_error error = { "" };
    CU_ASSERT_PTR_NULL(rig_mem->create("odd", PAGE + 1, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "whole number of pages"));
    CU_ASSERT_PTR_NULL(rig_mem->create("none", 0, &error));
    CU_ASSERT_PTR_NULL(rig_mem->reserve(PAGE, 3 * PAGE, &error));
    CU_ASSERT_PTR_NULL(rig_mem->reserve(1ull << 60, PAGE, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "address space"));
    abbey_memobj *object = rig_mem->create("small", PAGE, &error);
    CU_ASSERT_PTR_NULL(rig_mem->map(object, PAGE, PAGE, RW, NULL, &error));
    CU_ASSERT_PTR_NULL(rig_mem->map(object, UINT64_MAX & ~4095ull, PAGE, RW, NULL, &error));
    CU_ASSERT_PTR_NULL(rig_mem->map(object, 0, 2 * PAGE, RW, NULL, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "of an object of 4096 bytes"));
    CU_ASSERT_NOT_EQUAL(rig_mem->discard(object, PAGE, PAGE), 0);
    rig_mem->destroy(object);
}

static void code_runs_from_its_second_mapping(void)
{
    abbey_memobj *object = rig_mem->create_code(PAGE, NULL);
    uint8_t *writable = rig_mem->map(object, 0, PAGE, RW, NULL, NULL);
    void *executable = rig_mem->map(object, 0, PAGE, ABBEY_MAP_READ | ABBEY_MAP_EXEC, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(writable);
    CU_ASSERT_PTR_NOT_NULL_FATAL(executable);
    static const uint8_t code[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* mov $42,%eax; ret */
    memcpy(writable, code, sizeof code);
    int (*run)(void);
    memcpy(&run, &executable, sizeof run);
    CU_ASSERT_EQUAL(run(), 42);
    rig_mem->release(writable, PAGE);
    rig_mem->release(executable, PAGE);
    rig_mem->destroy(object);
}

static void clocks_go_forward(void)
{
    uint64_t before = rig_clock->monotonic(), wall = rig_clock->realtime();
    CU_ASSERT(rig_clock->monotonic() >= before);
    CU_ASSERT(wall > 1700000000ull * ABBEY_SEC);
    uint64_t hz = rig_clock->tsc_hz();
    CU_ASSERT(hz == 0 || (hz > 500000000ull && hz < 10000000000ull));
    CU_ASSERT_EQUAL(rig_clock->tsc_hz(), hz);
}

static void tsc_rate_agrees_with_the_clock(void)
{
    uint64_t hz = rig_clock->tsc_hz();
    if (!hz)
        return;
    uint64_t ns = rig_clock->monotonic(), tsc = __builtin_ia32_rdtsc();
    while (rig_clock->monotonic() - ns < 50 * ABBEY_MS)
        ;
    ns = rig_clock->monotonic() - ns;
    tsc = __builtin_ia32_rdtsc() - tsc;
    double ratio = (double)tsc / (double)hz * 1e9 / (double)ns;
    CU_ASSERT(ratio > 0.999 && ratio < 1.001);
}

static abbey_mutex *mutex;
static abbey_cond *cond;
static unsigned turns;

static void take_turns(void *arg)
{
    unsigned mine = *(unsigned *)arg;
    rig_thread->lock(mutex);
    while (turns < 200) {
        while (turns < 200 && turns % 2 != mine)
            rig_thread->wait(cond, mutex, ABBEY_NEVER);
        if (turns < 200)
            turns++;
        rig_thread->wake(cond);
    }
    rig_thread->unlock(mutex);
}

static void threads_wake_each_other(void)
{
    unsigned numbers[2] = { 0, 1 };
    abbey_thread *threads[2];
    mutex = rig_thread->mutex_new();
    cond = rig_thread->cond_new();
    for (int i = 0; i < 2; i++)
        threads[i] = rig_thread->start("a name longer than fifteen bytes", take_turns, &numbers[i], NULL);
    for (int i = 0; i < 2; i++)
        rig_thread->join(threads[i]);
    CU_ASSERT_EQUAL(turns, 200);
    uint64_t start = rig_clock->monotonic();
    rig_thread->lock(mutex);
    while (rig_clock->monotonic() < start + 20 * ABBEY_MS)
        rig_thread->wait(cond, mutex, start + 20 * ABBEY_MS);
    rig_thread->wait(cond, mutex, start); /* a deadline in the past returns at once */
    rig_thread->unlock(mutex);
    CU_ASSERT(rig_clock->monotonic() - start < 4 * ABBEY_SEC);
    rig_thread->cond_free(cond);
    rig_thread->mutex_free(mutex);
}

static const struct unit_test tests[] = {
    { "one object is mapped at two addresses", one_object_at_two_addresses },
    { "code has no file, as the host's profiler wants it", code_has_no_file },
    { "reservations are aligned and above 4 GB", reservations_are_aligned_and_high },
    { "bad requests are refused in words", bad_requests_are_refused_in_words },
    { "code written through one mapping runs from another", code_runs_from_its_second_mapping },
    { "clocks go forward", clocks_go_forward },
    { "the TSC's rate agrees with the clock", tsc_rate_agrees_with_the_clock },
    { "threads wake each other, and deadlines pass", threads_wake_each_other },
};

int main(void)
{
    rig_load();
    return unit_main("host memory, clocks, threads", tests, sizeof tests / sizeof tests[0]);
}
