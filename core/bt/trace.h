/* trace.h - shows what the translator makes: names of units for the host's profiler, and listings of units.
 *
 * The translator says "made", "gone" and "flushed" while bt->trace is set; nothing of it costs anything otherwise. */
#ifndef ABBEY_CORE_BT_TRACE_H
#define ABBEY_CORE_BT_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include <abbey/types.h>

struct bt;
struct unit;
struct trace;

/* What to show; a NULL path leaves it out. */
struct trace_options {
    const char *perf_map;   /* file that names all units, as `perf` reads it from /tmp/perf-PID.map */
    const char *system_map; /* the guest kernel's symbols, as its System.map has them */
    const char *units;      /* file for listings, "-": stderr */
    uint32_t from, to;      /* guest addresses, of the units that are listed; both are in */
};

/* NULL with the reason when a file cannot be opened, or is no System.map. */
struct trace *trace_new(const struct trace_options *options, abbey_error *error);
void trace_free(struct trace *trace);

void trace_made(const struct bt *bt, const struct unit *unit);
void trace_gone(const struct bt *bt, const struct unit *unit);
void trace_flushed(const struct bt *bt);

#endif
