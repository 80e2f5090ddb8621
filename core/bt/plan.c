/* plan.c - which instructions a unit is made of.
 *
 * A run ends at each branch; a unit goes on: behind a branch that is not taken, at the target of a jump, into the next
 * page. So the code of a loop with a few conditions in it is one piece, whose jumps stay inside:
 *
 *     top:   cmp  [esi],al         unit: 0 cmp   1 je found (link)   2 inc esi   3 dec ecx   4 jnz step 0
 *            je   found                  5 ret
 *            inc  esi
 *            dec  ecx
 *            jnz  top
 *            ret
 *
 * It goes on only where the guest has been: behind a branch whose other side alone was ever taken a run does not exist
 * yet, and code that nobody executes is not worth translating. It stops before code that has a unit already, to which
 * a link leads, unless that is a short way to an indirect jump or a return. Such a tail is copied: the dispatch of an
 * interpreter, say, so that each of its instructions has an indirect jump of its own for the host's predictor.
 *
 * A jump inside the unit leads to an instruction before which ESP is settled (`joined`) and no more pages are taken for
 * checked than where it comes from (`pages`). */
#include "core/bt/xlat.h"

#define TAIL_INSNS 16u

enum flow insn_flow(const struct insn *insn, uint32_t next, uint32_t *target)
{
    uint8_t opcode = insn->opcode;
    bool one = insn->map == MAP_1BYTE;
    enum flow flow = one && ((opcode & 0xf0) == 0x70 || (opcode & 0xfc) == 0xe0) ? FLOW_BRANCH
                     : insn->map == MAP_0F && (opcode & 0xf0) == 0x80            ? FLOW_BRANCH
                     : one && (opcode == 0xe9 || opcode == 0xeb)                 ? FLOW_JUMP
                     : one && opcode == 0xe8                                     ? FLOW_CALL
                                                                                 : FLOW_NEXT;
    if (flow == FLOW_NEXT)
        return flow;
    *target = (next + insn->imm) & (insn->opsize == 4 ? UINT32_MAX : UINT16_MAX);
    return insn->length ? flow : FLOW_AWAY;
}

/* The same for bytes of one page. */
static bool range_add(struct xlat *x, uint32_t linear, uint32_t bytes)
{
    const struct cpu *cpu = x->bt->cpu;
    const struct tlb_entry *page = tlb_hit(cpu->tlb, TLB_FETCH, cpu->cpl == 3, linear, 1);
    if (!page)
        return false;
    uint32_t frame = page->frame & TLB_FRAME, first = linear & MEM_PAGE_MASK, last = first + bytes - 1;
    for (unsigned i = 0; i < x->ranges; i++) {
        struct range *range = &x->range[i];
        if (range->frame == frame && first <= range->last + 1u && range->first <= last + 1) {
            range->first = (uint16_t)(first < range->first ? first : range->first);
            range->last = (uint16_t)(last > range->last ? last : range->last);
            return true;
        }
    }
    if (x->ranges == UNIT_PARTS)
        return false;
    x->range[x->ranges++] = (struct range){ frame, (uint16_t)first, (uint16_t)last };
    return true;
}

bool plan_depends(struct xlat *x, uint32_t linear, uint32_t bytes)
{
    uint32_t left = MEM_PAGE_SIZE - (linear & MEM_PAGE_MASK);
    return range_add(x, linear, bytes < left ? bytes : left) &&
           (bytes <= left || range_add(x, linear + left, bytes - left));
}

bool plan_checked(const struct xlat *x, uint32_t linear, unsigned pages)
{
    for (unsigned i = 0; i < pages; i++)
        if ((x->page[i] ^ linear) < MEM_PAGE_SIZE)
            return true;
    return false;
}

/* Makes the page of the address one of the unit's. */
static bool page_add(struct xlat *x, uint32_t linear)
{
    if (plan_checked(x, linear, x->pages))
        return true;
    if (x->pages == UNIT_PAGES)
        return false;
    x->page[x->pages++] = linear & ~MEM_PAGE_MASK;
    return true;
}

/* Is one of the run's pages loose, so that who uses it has to compare? */
static bool run_loose(const struct xlat *x, const struct run *run)
{
    for (unsigned side = 0; side < 2 && run->part[side].page; side++)
        if (mem_marks(x->bt->cpu->mem, run->part[side].page->frame << MEM_PAGE_SHIFT) & MEM_MARK_LOOSE)
            return true;
    return false;
}

/* Appends the run at `eip`; false when it does not fit any more. */
static bool plan_run(struct xlat *x, struct run *run, uint32_t eip)
{
    unsigned pages = x->pages;
    const uint32_t start = eip, linear = x->cs_base + eip;
    const unsigned limit = x->checked ? CHECKED_INSNS : UNIT_INSNS;
    /* Stores by callouts must find out whether the unit under way is of the page that they go to: it is in one. */
    if (x->checked && x->steps && (run->part[1].page || !plan_checked(x, linear, x->pages)))
        return false;
    if (x->steps == limit || run_loose(x, run) != x->checked || !page_add(x, linear) ||
        (run->part[1].page && !page_add(x, linear + run->bytes - 1)) || !plan_depends(x, linear, run->bytes)) {
        x->pages = pages;
        return false;
    }
    for (unsigned i = 0; i < run->count && x->steps < limit; i++) {
        const struct insn *insn = &run->insn[i];
        const gpa_t gpa = (run->key >> 1) + (eip - start);
        const bool soft = hint_soft(x->bt, gpa, &x->passing);
        const bool reload = x->checked && !run->part[1].page && hint_reload(x->bt, gpa) && reload_fits(insn);
        x->step[x->steps++] = (struct step){ .soft = soft,
            .reload = reload,
            .insn = insn,
            .row = xlat_find(insn),
            .eip = eip,
            .goes = NO_STEP,
            .pages = (uint8_t)x->pages };
        eip += insn->length;
    }
    return true;
}

static int16_t step_at(const struct xlat *x, uint32_t eip)
{
    for (unsigned i = 0; i < x->steps; i++)
        if (x->step[i].eip == eip)
            return (int16_t)i;
    return NO_STEP;
}

/* Is it from `eip` at most TAIL_INSNS instructions to a transfer that leads away? */
static bool tail_short(struct xlat *x, uint32_t eip)
{
    unsigned count = 0;
    while (count < TAIL_INSNS) {
        const struct run *run = run_ahead(x->bt->it, eip);
        if (!run)
            return false;
        uint32_t target, end = eip + run->bytes;
        const struct insn *last = &run->insn[run->count - 1];
        count += run->count;
        enum flow flow = insn_flow(last, end, &target);
        if (flow == FLOW_NEXT && run->ends) {
            const struct xlat_row *row = xlat_find(last);
            return row && (row->fn == xlat_ret || row->fn == xlat_jmp_rm) && count <= TAIL_INSNS;
        }
        if (flow == FLOW_CALL || flow == FLOW_AWAY)
            return false;
        eip = flow == FLOW_JUMP ? target : end;
    }
    return false;
}

/* The run to go on with at x->tail, or NULL. */
static struct run *plan_next(struct xlat *x)
{
    const struct step *last = &x->step[x->steps - 1];
    uint32_t next = last->eip + last->insn->length, target;
    enum flow flow = insn_flow(last->insn, next, &target);
    x->tail = flow == FLOW_JUMP ? target : next;
    if (flow == FLOW_CALL || flow == FLOW_AWAY || (last->reload && flow == FLOW_JUMP) ||
        (flow == FLOW_NEXT && exec_kind(last->insn) == EXEC_JUMP))
        return NULL;
    if ((x->bt->debug & DEBUG_SHORT) || (x->checked && x->pages > 1))
        return NULL;
    struct run *run = x->steps < (x->checked ? CHECKED_INSNS : UNIT_INSNS) ? run_ahead(x->bt->it, x->tail) : NULL;
    if (!run || (flow == FLOW_BRANCH && !run_seen(x->bt->it, run->key)))
        return NULL;
    bool known = step_at(x, x->tail) != NO_STEP || unit_find(x->bt, run->key, x->tail, x->mode);
    return known && !tail_short(x, x->tail) ? NULL : run;
}

/* May control go from one step straight to the other? */
static int16_t usable(struct xlat *x, const struct step *from, int16_t to)
{
    if (to == NO_STEP || (x->bt->counting && to != 0) || (x->checked && to <= from - x->step))
        return NO_STEP; /* with all that is checked in front of a unit */
    return to < from - x->step || x->step[to].pages == from->pages ? to : NO_STEP;
}

static void plan_jumps(struct xlat *x)
{
    for (unsigned i = 0; i < x->steps; i++) {
        struct step *step = &x->step[i];
        uint32_t target;
        enum flow flow = insn_flow(step->insn, step->eip + step->insn->length, &target);
        bool follows = flow == FLOW_JUMP && i + 1 < x->steps;
        bool stores = flow == FLOW_CALL && x->checked;
        if (flow != FLOW_NEXT && flow != FLOW_AWAY && !follows && !stores && !step->reload)
            step->goes = usable(x, step, step_at(x, target));
        x->links_max += flow != FLOW_NEXT && flow != FLOW_AWAY && !follows;
        if (step->goes != NO_STEP)
            x->step[step->goes].joined = true;
    }
    x->tail_goes = usable(x, &x->step[x->steps - 1], step_at(x, x->tail));
    if (x->tail_goes != NO_STEP)
        x->step[x->tail_goes].joined = true;
}

void plan_make(struct xlat *x, struct run *run)
{
    uint32_t eip = x->eip;
    x->checked = run_loose(x, run);
    page_add(x, x->cs_base + eip);
    while (plan_run(x, run, eip) && (run = plan_next(x)))
        eip = x->tail;
    plan_jumps(x);
}
