/* dut_race.c - a second processor of a hostile guest, which writes to rings while the device reads them. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "tests/devices/dut.h"

struct scribbler {
    volatile uint32_t *words;
    uint32_t count;
    _Atomic bool quit;
};

static void *scribble(void *opaque)
{
    struct scribbler *s = opaque;
    uint32_t random = 1;
    while (!atomic_load_explicit(&s->quit, memory_order_relaxed)) {
        random = random * 1664525 + 1013904223;
        uint32_t at = (random >> 8) % s->count;
        random = random * 1664525 + 1013904223;
        s->words[at] = random >> 31 ? random : random >> 9 & 0xff0003ff; /* flags and small numbers, or anything */
    }
    return NULL;
}

void dut_race(uint8_t *bytes, uint32_t count, void (*round)(unsigned number))
{
    struct scribbler s = { .words = (volatile uint32_t *)(void *)bytes, .count = count / 4 };
    unsigned rounds = dut_fuzz_count(20000) / 20;
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, scribble, &s), 0);
    for (unsigned i = 0; i < rounds; i++)
        round(i);
    atomic_store(&s.quit, true);
    pthread_join(thread, NULL);
}
