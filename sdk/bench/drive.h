/* drive.h - a guest made of bytes: each eight are one thing that a guest or the world around a device may do. */
#ifndef ABBEY_BENCH_DRIVE_H
#define ABBEY_BENCH_DRIVE_H

#include "sdk/bench/bench_impl.h"

/* The step under way, for whoever reports that it did not end well. */
struct drive_note {
    const char *what; /* "port", "memory", "configuration space", ...; NULL before the first step */
    uint64_t number, addr, offset, value;
    uint32_t size;
    bool write;
};

#define DRIVE_STEP 8u /* bytes */

/* Takes one step with the device `id`; returns what the guest saw of it. `note` is written first. */
uint64_t drive_step(abbey_bench *bench, const char *id, const uint8_t step[DRIVE_STEP], struct drive_note *note);

/* The text of a note: "a write of 2 bytes at port 311h (offset 1), step 17". */
void drive_tell(const struct drive_note *note, char *text, size_t room);

#endif
