/* guest.h - guestopt plugins at work: asks them whether they know the guest that runs, lets them read it, and hands the
 * hints of the surest to the engine. All of it [vcpu] while the machine runs. */
#ifndef ABBEY_CORE_GUEST_H
#define ABBEY_CORE_GUEST_H

#include <jansson.h>

#include <abbey/guestopt.h>

#include "core/vmm/vcpu.h"

struct guest;

/* For a CPU and the engine that advances it, with the plugins in `opts`, which live longer. NULL when memory is short.
 */
struct guest *guest_new(
    struct cpu *cpu, const struct engine *engine, const abbey_guestopt *const *opts, unsigned count);
void guest_free(struct guest *guest);

/* The machine begins anew: what it runs will be another guest. */
void guest_reset(struct guest *guest);

/* Asks the plugins about what runs now, unless that was done often enough since the reset. At an instruction boundary,
 * no floating-point state of the guest in the host's registers. */
void guest_ask(struct guest *guest);

/* Adds the group `guestopt`; with NULL the meanings of its counters. */
void guest_stats(const struct guest *guest, json_t *stats);

#endif
