/* shape.h - how fast frames may go one way: a line of so many kilobits a second.
 *
 * A frame keeps the line busy for as long as its bytes take, and the next one may go when the line is free. A line that
 * was idle lets up to 10 ms of frames go at once, since nobody who waits in poll(2) can wake for each frame. So a frame
 * of any length goes, and what it took too much is paid by those behind it: over a longer time the rate is exact. */
#ifndef ABBEY_NET_SHAPE_H
#define ABBEY_NET_SHAPE_H

#include <stdint.h>

struct shape {
    uint32_t rate; /* kilobits a second; 0: no limit */
    uint64_t free; /* monotonic ns at which the line is free */
};

/* Nanoseconds from `now` until a frame may go; 0: it may go. */
uint64_t shape_wait(const struct shape *shape, uint64_t now);
/* A frame has gone. */
void shape_pass(struct shape *shape, uint32_t bytes, uint64_t now);

#endif
