/* abbey/types.h - the words every other SDK header uses: tables, errors, units of time.
 *
 * Thread tags used in all headers of the SDK:
 *   [create]  only inside create(), while the machine is being built
 *   [vcpu]    on the thread of a virtual CPU, with the machine lock held
 *   [io]      on the I/O thread, with the machine lock held
 *   [locked]  on either of the two, with the machine lock held: callbacks of one machine never overlap
 *   [any]     on every thread, lock or no lock
 *
 * Nothing here has constructors, enums, bit-fields, `long` or errno: what crosses the line between plugin and
 * host has the same layout under every compiler. */
#ifndef ABBEY_TYPES_H
#define ABBEY_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* The interface version of these headers. A plugin is refused when the major differs or its minor is newer than
 * the host's. The release number of Abbey takes no part in the test. */
#define ABBEY_ABI_MAJOR 1u
#define ABBEY_ABI_MINOR 0u

/* Rows of one type, with their number and the distance between them in bytes, so that a row can grow: the reader
 * copies min(stride, its own row size) and takes the rest as zero. */
typedef struct abbey_table {
    const void *rows;
    uint32_t count;
    uint32_t stride;
} abbey_table;

/* ABBEY_TABLE(array) - the table of a whole static array. */
#define ABBEY_TABLE(array)                                                                    \
    {                                                                                         \
        (array), (uint32_t)(sizeof(array) / sizeof((array)[0])), (uint32_t)sizeof((array)[0]) \
    }

/* Text of a failure, always terminated; empty when nothing failed. */
typedef struct abbey_error {
    char text[256];
} abbey_error;

/* Durations and times are nanoseconds in uint64_t everywhere. */
#define ABBEY_NS 1ull
#define ABBEY_US 1000ull
#define ABBEY_MS 1000000ull
#define ABBEY_SEC 1000000000ull

/* A time that never comes: "not armed", "wait for ever". */
#define ABBEY_NEVER UINT64_MAX

#endif
