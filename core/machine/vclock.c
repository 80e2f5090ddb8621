#include "core/machine/vclock.h"

#include <x86intrin.h>

#define YEAR_2000 (946684800ull * ABBEY_SEC) /* since 1970, UTC */

void vclock_start(struct vclock *clock, const abbey_host_clock_1 *host, const uint64_t *instructions)
{
    *clock = (struct vclock){
        .host = host,
        .instructions = instructions,
        .origin = host->monotonic(),
        .wall_origin = instructions ? YEAR_2000 : host->realtime(),
        .tsc_origin = __rdtsc(),
        .tsc_hz = host->tsc_hz(),
        .stopped_at = ABBEY_NEVER,
    };
}

uint64_t vclock_now(const struct vclock *clock)
{
    if (clock->stopped_at != ABBEY_NEVER)
        return clock->stopped_at;
    if (clock->instructions)
        return *clock->instructions + clock->skipped;
    return clock->host->monotonic() - clock->origin;
}

uint64_t vclock_wall(const struct vclock *clock)
{
    return clock->wall_origin + vclock_now(clock);
}

uint64_t vclock_tsc(const struct vclock *clock)
{
    const uint64_t *origin = vclock_tsc_origin(clock);
    return origin ? __rdtsc() - *origin : vclock_now(clock);
}

const uint64_t *vclock_tsc_origin(const struct vclock *clock)
{
    return clock->instructions || !clock->tsc_hz ? NULL : &clock->tsc_origin;
}

uint64_t vclock_host_time(const struct vclock *clock, uint64_t when)
{
    return when == ABBEY_NEVER ? ABBEY_NEVER : clock->origin + when;
}

void vclock_skip_to(struct vclock *clock, uint64_t when)
{
    uint64_t now = vclock_now(clock);
    if (when > now)
        clock->skipped += when - now;
}

void vclock_pause(struct vclock *clock)
{
    clock->stopped_at = vclock_now(clock);
}

void vclock_resume(struct vclock *clock)
{
    uint64_t stopped_at = clock->stopped_at;
    clock->stopped_at = ABBEY_NEVER;
    if (clock->instructions)
        return;
    uint64_t lost = vclock_now(clock) - stopped_at;
    clock->origin += lost;
    /* The guest must not see the pause in its time-stamp counter either. */
    clock->tsc_origin += (uint64_t)((unsigned __int128)lost * clock->tsc_hz / ABBEY_SEC);
}
