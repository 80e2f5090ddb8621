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
    bool built;
};

static void *batch_run(void *opaque)
{
    struct batch *batch = opaque;
    uint64_t seed = batch->check->seed;
    batch->built = true;
    for (unsigned i = 0; i < BATCH && batch->built; i++) {
        batch->check->seed = seed; /* the same each time */
        abbey_bench *bench = check_bench_or_fail(batch->check);
        batch->built = bench != NULL;
        if (bench)
            check_drive(batch->check, bench, 200);
        abbey_bench_free(bench);
    }
    batch->check->seed = seed;
    return NULL;
}

int check_leak(struct check *check)
{
    struct batch batch = { .check = check };
    uint64_t least = UINT64_MAX, before = 0;
    pthread_t thread;
    mallopt(M_ARENA_MAX, 1);
    for (unsigned i = 0; i < BATCHES; i++) {
        if (pthread_create(&thread, NULL, batch_run, &batch) != 0)
            return check_fail(check, "no thread for it");
        pthread_join(thread, NULL);
        if (!batch.built)
            return CHECK_FAILED;
        uint64_t now = check_heap(), grown = now > before ? now - before : 0;
        before = now;
        if (i >= 2 && grown < least)
            least = grown;
    }
    if (least >= BATCH * CHUNK)
        return check_fail(check,
            "%u instances left %llu bytes behind: what create() takes with malloc() or a callback keeps, destroy() "
            "must "
            "free; abbey_alloc() frees itself",
            BATCH, (unsigned long long)least);
    return CHECK_PASSED;
}
