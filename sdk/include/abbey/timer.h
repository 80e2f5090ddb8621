/* abbey/timer.h - timers in virtual time: interface "abbey.timer/1". The host saves and restores when an armed timer
 * is due if a register row names its field. */
#ifndef ABBEY_TIMER_H
#define ABBEY_TIMER_H

#include <abbey/dev.h>

typedef struct abbey_timer abbey_timer;

/* Called once when the timer is due; it may arm itself again. [io] */
typedef void (*abbey_timer_fn)(void *self);

typedef struct abbey_timer_ops_1 {
    uint32_t size;
    uint32_t reserved;
    void (*arm_at)(abbey_timer *timer, uint64_t when);
    uint64_t (*due)(abbey_timer *timer);
    uint64_t (*now)(abbey_timer *timer);
} abbey_timer_ops_1;

struct abbey_timer {
    const abbey_timer_ops_1 *ops;
};

typedef struct abbey_timer_1 {
    uint32_t size;
    uint32_t reserved;
    abbey_timer *(*create)(abbey_dev *dev, abbey_timer_fn fn, void *self);
} abbey_timer_1;

#define ABBEY_TIMER_1 "abbey.timer/1"

/* A timer, not armed; it lives as long as the device. NULL when memory is short. [create] */
static inline abbey_timer *abbey_timer_new(abbey_dev *dev, abbey_timer_fn fn, void *self)
{
    const abbey_timer_1 *timers = (const abbey_timer_1 *)abbey_query(dev, ABBEY_TIMER_1);
    return timers->create(dev, fn, self);
}

/* Due at virtual time `when` (at once if that is past), in place of any earlier setting. [create] [locked] */
static inline void abbey_timer_arm_at(abbey_timer *timer, uint64_t when)
{
    timer->ops->arm_at(timer, when);
}

/* Due `delay` nanoseconds from now. [create] [locked] */
static inline void abbey_timer_arm(abbey_timer *timer, uint64_t delay)
{
    timer->ops->arm_at(timer, timer->ops->now(timer) + delay);
}

/* Not due any more. [create] [locked] */
static inline void abbey_timer_cancel(abbey_timer *timer)
{
    timer->ops->arm_at(timer, ABBEY_NEVER);
}

/* When it is due, or ABBEY_NEVER. [locked] */
static inline uint64_t abbey_timer_due(abbey_timer *timer)
{
    return timer->ops->due(timer);
}

#endif
