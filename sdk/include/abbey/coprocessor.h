/* abbey/coprocessor.h - the processor's pins FERR# and IGNNE#, by which a PC turns x87 errors into an interrupt while
 * CR0.NE is clear, as it is for DOS: interface "abbey.coprocessor/1". Chip sets use it. */
#ifndef ABBEY_COPROCESSOR_H
#define ABBEY_COPROCESSOR_H

#include <abbey/dev.h>

/* FERR# is active (1), or is so no more (0). While it is active the processor stands in front of an x87 instruction,
 * and this is called again and again until an interrupt is taken. Returns the level of IGNNE#: 1 lets the processor go
 * on as if there had been no error. [vcpu] */
typedef uint32_t (*abbey_ferr_fn)(void *self, uint32_t active);

typedef struct abbey_coprocessor_1 {
    uint32_t size;
    uint32_t reserved;
    /* Who is wired to the pins: one device of a board. 0, or -1 with a reported reason. Where nobody is, an error is
     * exception 16 whatever CR0.NE says. [create] */
    int32_t (*wire)(abbey_dev *dev, abbey_ferr_fn fn, void *self);
} abbey_coprocessor_1;

#define ABBEY_COPROCESSOR_1 "abbey.coprocessor/1"

/* The interface; every host has it. [create] */
static inline const abbey_coprocessor_1 *abbey_coprocessor(abbey_dev *dev)
{
    return (const abbey_coprocessor_1 *)abbey_query(dev, ABBEY_COPROCESSOR_1);
}

#endif
