/* rack.h - the bus of the rack, for those who make modules: kind "rack", interface "org.example.rack/1".
 *
 * A rack has eight places. A module attaches itself in create(), is read and written a byte at a time, and has a line
 * of its own with which it asks for attention. A table that was published stays as it is; what comes later is "/2". */
#ifndef RACK_H
#define RACK_H

#include <abbey/bus.h>

#define RACK_1 "org.example.rack/1"
#define RACK_PLACES 8u

/* The module's side. [locked] */
typedef struct rack_module_1 {
    uint32_t size;
    uint32_t reserved;
    uint8_t (*read)(void *self);
    void (*write)(void *self, uint8_t value);
} rack_module_1;

/* The rack's side. */
typedef struct rack_1 {
    uint32_t size;
    uint32_t reserved;
    /* Takes a place: 0, or -1 when there is no such place or it is taken. [create] */
    int32_t (*attach)(void *rack, uint32_t place, const rack_module_1 *module, void *self);
    /* Asks for attention (1), or no longer (0). [locked] */
    void (*attention)(void *rack, uint32_t place, uint32_t level);
} rack_1;

#endif
