#include "shape.h"

#define IDLE 10000000u        /* ns of the past that an idle line makes up for */
#define NS_BYTE_KBIT 8000000u /* ns that a byte takes on a line of one kilobit a second */

uint64_t shape_wait(const struct shape *shape, uint64_t now)
{
    return shape->rate && shape->free > now ? shape->free - now : 0;
}

void shape_pass(struct shape *shape, uint32_t bytes, uint64_t now)
{
    uint64_t earliest = now > IDLE ? now - IDLE : 0;
    if (!shape->rate)
        return;
    if (shape->free < earliest)
        shape->free = earliest;
    shape->free += (uint64_t)bytes * NS_BYTE_KBIT / shape->rate;
}
