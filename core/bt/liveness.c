/* liveness.c - which arithmetic flags somebody may still read.
 *
 * Backwards over the steps of a unit: flags are alive before an instruction that reads them, and not before one that
 * certainly writes them all. What comes behind the unit is looked at where it is known and in a page that the unit has
 * checked: most code begins with something that writes all flags. The unit depends on what was seen there. A callout
 * counts as reading all, since the interpreter looks at EFLAGS in struct cpu. A fault of an instruction at which flags
 * are dead pushes an EFLAGS image in which those flags are arbitrary: the guest's handler returns to code that
 * overwrites them. `exact_flags` does without, for comparisons with another engine.
 *
 * A store to a tight page (smc.c) may turn an instruction of its own unit, in front of the one that overwrites them,
 * into one that reads them. Code that patches what is ahead of it knows where that stands, so flags are alive behind an
 * instruction that names an address in its own page outright:
 *
 *     neg  [si+14h]
 *     mov  byte [next],74h       JZ
 *     next: mov ecx,1            the opcode is another one now
 *     cmp  cx,di
 *
 * A store by a register finds them arbitrary there, once: it drops the unit.
 */
#include "core/bt/xlat.h"

#define AHEAD_RUNS 3u

uint8_t flags_pack(uint32_t flags)
{
    return (uint8_t)((flags & FLAG_CF ? 1 : 0) | (flags & FLAG_PF ? 2 : 0) | (flags & FLAG_AF ? 4 : 0) |
                     (flags & FLAG_ZF ? 8 : 0) | (flags & FLAG_SF ? 16 : 0) | (flags & FLAG_OF ? 32 : 0));
}

/* What is alive at an address that the last step leads to. */
static uint8_t live_at(struct xlat *x, uint32_t eip)
{
    uint8_t open = LIVE_ALL, live = 0; /* not written yet on the way; read before they were */
    unsigned pages = x->step[x->steps - 1].pages;
    for (unsigned hops = 0; hops < AHEAD_RUNS && plan_checked(x, x->cs_base + eip, pages); hops++) {
        struct run *run = run_ahead(x->bt->it, eip);
        if (!run || run->part[1].page || !plan_depends(x, x->cs_base + eip, run->bytes))
            break;
        enum flow flow = FLOW_NEXT;
        uint32_t target = eip;
        for (unsigned i = 0; i < run->count; i++) {
            const struct insn *insn = &run->insn[i];
            const struct xlat_row *row = xlat_find(insn);
            eip += insn->length;
            flow = insn_flow(insn, eip, &target);
            if (flow == FLOW_JUMP || flow == FLOW_CALL)
                break;
            if (!row)
                return live | open;
            live |= open & flags_pack(row->reads);
            open &= (uint8_t)~flags_pack(row->kills);
            if (!open || flow == FLOW_BRANCH)
                return live | open;
        }
        if (run->ends && flow == FLOW_NEXT)
            break;
        if (flow != FLOW_NEXT)
            eip = target;
    }
    return live | open;
}

/* May it be a store to code ahead of it, by its looks? The segment is taken as it stands now. */
static bool may_patch(const struct xlat *x, const struct step *step)
{
    const struct insn *insn = step->insn;
    if (insn->base != REG_NONE || insn->index != REG_NONE || insn->mod == 3 || (!insn->modrm && !insn->disp))
        return false; /* without ModRM only MOV to a fixed address has a displacement */
    uint32_t at = x->bt->cpu->seg[insn->seg].base + (insn->addrsize == 2 ? insn->disp & 0xffff : insn->disp);
    return (at ^ (x->cs_base + step->eip)) >> MEM_PAGE_SHIFT == 0;
}

void liveness_compute(struct xlat *x)
{
    const struct step *last = &x->step[x->steps - 1];
    const bool exact = x->bt->exact_flags || x->checked; /* what comes behind a store may be other code then */
    uint32_t target = x->tail;
    enum flow flow = insn_flow(last->insn, x->tail, &target);
    if (flow == FLOW_JUMP)
        target = x->tail;
    bool known = flow == FLOW_JUMP || flow == FLOW_CALL || (flow == FLOW_NEXT && exec_kind(last->insn) != EXEC_JUMP);
    uint8_t live = known && !exact ? live_at(x, target) : LIVE_ALL;
    for (unsigned i = x->steps; i-- > 0;) {
        struct step *step = &x->step[i];
        flow = insn_flow(step->insn, 0, &target);
        if (i + 1 < x->steps && step[1].pages != step->pages)
            live = LIVE_ALL; /* behind the check of a page there may be other code another time */
        if (may_patch(x, step))
            live = LIVE_ALL;
        step->live_out = live;
        if (!step->row || exact)
            live = LIVE_ALL;
        else if (flow != FLOW_JUMP && flow != FLOW_CALL)
            live = (uint8_t)((live & ~flags_pack(step->row->kills)) | flags_pack(step->row->reads));
        step->live_in = live;
    }
}
