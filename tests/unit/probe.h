/* probe.h - a bench around a device that does what the test tells it, and keeps a record of what was done to it. */
#ifndef ABBEY_TESTS_PROBE_H
#define ABBEY_TESTS_PROBE_H

#include "sdk/bench/bench_impl.h"

/* One instance of the device "probe". The newest of each name prop is found by probe(). */
struct probe {
    abbey_dev *dev;
    const char *name;
    /* properties */
    uint16_t base;
    uint32_t length, width, irq_pin;
    bool memory, overlap, disabled, fail, tolerate;
    uint64_t start;
    abbey_irq *irq;
    const char *note;
    /* what it made */
    abbey_region *region;
    abbey_timer *timers[4];
    abbey_dma *dma;
    abbey_irq *intr;
    /* registers */
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    int32_t i32;
    int64_t i64;
    bool flag;
    uint16_t words[3];
    uint32_t kept;
    /* what happened, oldest first */
    char log[512];
    uint32_t resets, destroyed;
    int32_t answer; /* of loaded() */
};

/* Adds to the probe's log, as printf. */
__attribute__((format(printf, 2, 3))) void probe_log(struct probe *probe, const char *format, ...);
/* Empties the log and returns what it held; good until the next call. */
const char *probe_taken(struct probe *probe);

/* A machine with these devices: YAML flow mappings by id, one a line. Its errors go to probe_errors(). NULL when
 * refused. */
abbey_bench *probe_bench(const char *devices);
const char *probe_errors(void);
struct probe *probe_of(abbey_bench *bench, const char *id);

/* Calls of destroy() so far. */
extern unsigned probe_destroyed;

#endif
