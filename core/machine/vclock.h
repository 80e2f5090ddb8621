/* vclock.h - virtual time of one machine, in nanoseconds since it was built.
 *
 * It follows the host's monotonic clock, less the time spent paused; or it counts guest instructions, one nanosecond
 * each, so that a run repeats exactly: it starts on the first of January 2000, whatever the host's date. A halted guest
 * on the instruction clock jumps to its next timer. */
#ifndef ABBEY_CORE_VCLOCK_H
#define ABBEY_CORE_VCLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <abbey/host.h>

struct vclock {
    const abbey_host_clock_1 *host;
    const uint64_t *instructions; /* the counter it follows; NULL: the host's clock */
    uint64_t origin;              /* host time at virtual time 0 */
    uint64_t skipped;             /* instruction clock: nanoseconds jumped over */
    uint64_t wall_origin;         /* ns since 1970 UTC at virtual time 0 */
    uint64_t tsc_origin;          /* host time-stamp counter at virtual time 0 */
    uint64_t tsc_hz;
    uint64_t stopped_at; /* virtual time while paused, else ABBEY_NEVER */
};

/* Starts at 0, running. `instructions` may be NULL. */
void vclock_start(struct vclock *clock, const abbey_host_clock_1 *host, const uint64_t *instructions);

uint64_t vclock_now(const struct vclock *clock);
uint64_t vclock_wall(const struct vclock *clock);
/* What RDTSC counts: the host's counter since virtual time 0; one tick a nanosecond on the instruction clock. */
uint64_t vclock_tsc(const struct vclock *clock);
/* The value of the host's counter that this begins at, as it stands now and after pauses; NULL when it is none of the
 * host's. */
const uint64_t *vclock_tsc_origin(const struct vclock *clock);

/* Host monotonic time at which virtual time will be `when`; ABBEY_NEVER stays. */
uint64_t vclock_host_time(const struct vclock *clock, uint64_t when);

/* Instruction clock: jumps forward to `when`. */
void vclock_skip_to(struct vclock *clock, uint64_t when);

void vclock_pause(struct vclock *clock);
void vclock_resume(struct vclock *clock);

#endif
