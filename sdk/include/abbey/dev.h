/* abbey/dev.h - what the host gives every device and backend: a base of five calls, and interfaces by name.
 *
 * An `abbey_dev` is one instance in one machine. All else (ports, memory, timers, DMA, PCI) is an interface that
 * abbey_query() hands out by id; the headers beside this one wrap each id in shims, so a plugin seldom calls
 * abbey_query() itself. A published interface is frozen: a change is "abbey.pio/2" beside "abbey.pio/1". */
#ifndef ABBEY_DEV_H
#define ABBEY_DEV_H

#include <stdarg.h>

#include <abbey/types.h>

typedef struct abbey_dev abbey_dev;

/* Levels for abbey_log(), most serious first. */
#define ABBEY_LOG_ERROR 0u
#define ABBEY_LOG_WARN 1u
#define ABBEY_LOG_INFO 2u
#define ABBEY_LOG_DEBUG 3u
#define ABBEY_LOG_TRACE 4u

typedef struct abbey_base_1 {
    uint32_t size;      /* of this table, in bytes */
    uint32_t log_level; /* messages above this level are dropped; read it before building a costly message */
    const void *(*query)(abbey_dev *dev, const char *id);
    int32_t (*fail)(abbey_dev *dev, const char *format, va_list args);
    void (*log)(abbey_dev *dev, uint32_t level, const char *format, va_list args);
    void *(*alloc)(abbey_dev *dev, uint64_t bytes);
    uint64_t (*now)(abbey_dev *dev);
} abbey_base_1;

/* The part of an instance that a plugin may see. */
struct abbey_dev {
    const abbey_base_1 *base;
};

/* The interface table named `id`, or NULL when this host has none of that name. [create] */
static inline const void *abbey_query(abbey_dev *dev, const char *id)
{
    return dev->base->query(dev, id);
}

/* Records why create() cannot go on; the text is shown to the user behind the device's id and its place in the
 * machine file. Returns -1, so that `return abbey_fail(dev, ...)` reads well. [create] */
__attribute__((format(printf, 2, 3))) static inline int32_t abbey_fail(abbey_dev *dev, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int32_t result = dev->base->fail(dev, format, args);
    va_end(args);
    return result;
}

/* One line in Abbey's log, without a newline; the host adds time and device id. [any] */
__attribute__((format(printf, 3, 4))) static inline void abbey_log(
    abbey_dev *dev, uint32_t level, const char *format, ...)
{
    if (level > __atomic_load_n(&dev->base->log_level, __ATOMIC_RELAXED)) /* it may change at any time */
        return;
    va_list args;
    va_start(args, format);
    dev->base->log(dev, level, format, args);
    va_end(args);
}

/* A trace point: a message for whoever debugs a guest's driver. Off, which costs a load and a comparison, unless
 * `log.trace` of the machine file or the command device.trace names this device, or the whole machine runs at level
 * trace. Begin the text with a word of your own for each ("tx: ..."), so that they can be told apart. [any] */
#define abbey_trace(dev, ...) abbey_log((dev), ABBEY_LOG_TRACE, __VA_ARGS__)

/* Zeroed memory that lives as long as the device, aligned to 64 bytes; NULL when there is none left. [create] */
static inline void *abbey_alloc(abbey_dev *dev, uint64_t bytes)
{
    return dev->base->alloc(dev, bytes);
}

/* The machine's virtual time, in nanoseconds since it was built. Stands still while the machine is paused. [any] */
static inline uint64_t abbey_now(abbey_dev *dev)
{
    return dev->base->now(dev);
}

#endif
