/* leak_test.c - what an instance takes it gives back.
 *
 * Batches of twenty instances are made, driven and freed. What is taken once stays within the first; a leak grows with
 * each batch, by a chunk of malloc() an instance at least. Each batch has a thread of its own, because the C library
 * counts what a thread has freed and keeps for its own next use as taken; it gives that back when the thread ends. */
#include <malloc.h>
#include <pthread.h>

#include "sdk/check/check.h"

#define BATCHES 5u
#define BATCH 20u
#define CHUNK 16u

struct batch {
    struct check *check;
    int (*once)(struct check *check);
    int result;
};

static void *batch_run(void *opaque)
{
    struct batch *batch = opaque;
    uint64_t seed = batch->check->seed;
    for (unsigned i = 0; i < BATCH && batch->result == CHECK_PASSED; i++) {
        batch->check->seed = seed; /* the same each time */
        batch->result = batch->once(batch->check);
    }
    batch->check->seed = seed;
    return NULL;
}

/* By how much memory grows with each batch, at least; what went wrong in *result. */
static uint64_t growth(struct check *check, int (*once)(struct check *check), int *result)
{
    struct batch batch = { check, once, CHECK_PASSED };
    uint64_t least = UINT64_MAX, before = 0;
    pthread_t thread;
    for (unsigned i = 0; i < BATCHES && batch.result == CHECK_PASSED; i++) {
        if (pthread_create(&thread, NULL, batch_run, &batch) == 0)
            pthread_join(thread, NULL);
        else
            batch.result = check_fail(check, "no thread for it");
        uint64_t now = check_heap(), grown = now > before ? now - before : 0;
        before = now;
        if (i >= 2 && grown < least)
            least = grown;
    }
    *result = batch.result;
    return least;
}

/* What loading alone leaves behind, in libraries that plugins are linked with, is not the instance's. */
static int load_once(struct check *check)
{
    plugin_set_close(check_plugin_set(check));
    return CHECK_PASSED;
}

int check_growth(struct check *check, int (*once)(struct check *check))
{
    int result;
    mallopt(M_ARENA_MAX, 1);
    uint64_t least = growth(check, once, &result);
    if (result != CHECK_PASSED || least < BATCH * CHUNK)
        return result;
    uint64_t loading = growth(check, load_once, &result);
    if (least < loading + BATCH * CHUNK)
        return CHECK_PASSED;
    return check_fail(check,
        "%u instances left %llu bytes behind: what create() takes with malloc() or a callback keeps, destroy() must "
        "free; "
        "abbey_alloc() frees itself",
        BATCH, (unsigned long long)(least - loading));
}

static int device_once(struct check *check)
{
    abbey_bench *bench = check_bench_or_fail(check);
    if (!bench)
        return CHECK_FAILED;
    check_drive(check, bench, 200);
    abbey_bench_free(bench);
    return CHECK_PASSED;
}

int check_leak(struct check *check)
{
    return check_growth(check, device_once);
}
