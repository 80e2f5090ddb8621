/* liveness.c - which arithmetic flags somebody may still read.
 *
 * Backwards over a run: flags are alive before an instruction that reads them, and not before one that certainly writes
 * them all. What comes after the run may read anything. A callout counts as reading all, since the interpreter looks at
 * EFLAGS in struct cpu. A fault of an instruction at which flags are dead pushes an EFLAGS image in which those flags
 * are arbitrary: the guest's handler returns to code that overwrites them. `exact_flags` does without, for comparisons
 * with another engine. */
#include "core/bt/xlat.h"

uint8_t flags_pack(uint32_t flags)
{
    return (uint8_t)((flags & FLAG_CF ? 1 : 0) | (flags & FLAG_PF ? 2 : 0) | (flags & FLAG_AF ? 4 : 0) |
                     (flags & FLAG_ZF ? 8 : 0) | (flags & FLAG_SF ? 16 : 0) | (flags & FLAG_OF ? 32 : 0));
}

void liveness_compute(struct xlat *x, const struct run *run)
{
    uint8_t live = LIVE_ALL;
    for (unsigned i = run->count; i-- > 0;) {
        const struct xlat_row *row = xlat_find(&run->insn[i]);
        x->live_out[i] = live;
        if (!row || x->bt->exact_flags)
            live = LIVE_ALL;
        else
            live = (uint8_t)((live & ~flags_pack(row->kills)) | flags_pack(row->reads));
        x->live_in[i] = live;
    }
}
