/* smc.c - pages whose code changes, and what is done about each.
 *
 * A page with code is in one of two states.
 *
 *   tight   Windows do not let stores to it pass, and the TLB sends them the slow way. What is made of the bytes that
 *           are written goes. Units cost nothing but when they change. It is the state of nearly all pages.
 *   loose   Stores by windows pass, and nobody hears of them. Units of the page compare their source whenever they are
 *           entered, and behind each of their own stores (check.c); runs are compared by the interpreter before use. A
 *           unit whose source is another one now is kept: where code alternates between a few forms, each has its unit,
 *           found by the first word of the code. A constant that was seen to change is read where it stands (reload.c).
 *
 * Which is cheaper depends on what the page does: code patched once a second should be tight, data beside a hot loop
 * loose. The future being unknown, a page is changed over when it has cost what changing over costs: nobody pays more
 * than twice the best choice. Costs are in units of 100 ns: a store that was noticed 1, one that the host noticed 40, a
 * unit made in vain 100; and to change over about 500, some units that are to be made again. At half of it, the first
 * time, all that was made from the page is just forgotten: memory that held code once and holds data now has none then,
 * and stores to it are plain.
 *
 * Whether a loose page has calmed down cannot be seen, for stores to data leave no trace. So it is made tight after
 * some time, counted in entries to translated code (which ticks of the guest's timer see to), and when it comes back it
 * stays for twice as long; at once for twice as long, when a comparison failed in between.
 *
 * Example: a loop in a page counts in a variable in the same page.
 *
 *     store 1         a host fault: 40; the interpreter does it
 *     store 7         280: the loop is forgotten, and made again after 8 rounds
 *     store 14        530: loose. The loop is made again, comparing its 20 bytes behind each store: 2 ns a round
 *     8192 entries    tight; 13 stores later, loose for 16384 */
#include "core/bt/internal.h"

#define COST_WRITTEN 1u
#define COST_FAULT 40u
#define COST_UNIT 100u
#define COST_LIMIT 500u
#define CALM_ENTRIES 4096u /* doubled with each turn */
#define TURNS_MAX 8u

static struct smc_page *page_of(struct bt *bt, uint64_t frame)
{
    return &bt->smc[frame * 0x9e3779b97f4a7c15ull >> 32 & (SMC_PAGES - 1)];
}

/* What is known of the page; NULL when another one that is loose has its place. */
static struct smc_page *page_get(struct bt *bt, uint64_t frame)
{
    struct smc_page *page = page_of(bt, frame);
    if (page->frame == frame)
        return page;
    if (page->loose)
        return NULL;
    *page = (struct smc_page){ .frame = (uint32_t)frame };
    return page;
}

static bool page_cost(struct bt *bt, uint64_t frame, unsigned cost)
{
    struct smc_page *page = page_get(bt, frame);
    if (!page)
        return false;
    page->busy = true;
    if (page->loose)
        return true;
    page->cost = page->cost + cost > COST_LIMIT ? COST_LIMIT : (uint16_t)(page->cost + cost);
    if (page->cost == COST_LIMIT || (!page->turns && page->cost >= COST_LIMIT / 2))
        bt->smc_turning = page;
    return true;
}

void smc_written(struct bt *bt, uint64_t frame)
{
    page_cost(bt, frame, COST_WRITTEN);
}

bool smc_fault(struct bt *bt, gpa_t gpa)
{
    return page_cost(bt, gpa >> MEM_PAGE_SHIFT, COST_FAULT);
}

void smc_invalidated(struct bt *bt, uint64_t frame)
{
    if (!bt->smc_clearing)
        page_cost(bt, frame, COST_UNIT);
}

static void page_clear(struct bt *bt, uint64_t frame)
{
    bt->smc_clearing = true;
    code_page_clear(bt->it, frame);
    bt->smc_clearing = false;
}

static void stay(struct bt *bt, struct smc_page *page)
{
    page->busy = false;
    page->until = bt->counters.entries + ((uint64_t)CALM_ENTRIES << page->turns);
    if (page->turns < TURNS_MAX)
        page->turns++;
    if (page->until < bt->smc_next)
        bt->smc_next = page->until;
}

static void loosen(struct bt *bt, struct smc_page *page)
{
    bool first = !page->turns;
    page->cost = first ? COST_LIMIT / 2 : 0;
    page_clear(bt, page->frame);
    if (first) {
        page->turns = 1;
    } else if (mem_loosen(bt->cpu->mem, (gpa_t)page->frame << MEM_PAGE_SHIFT)) {
        page->loose = true;
        bt->counters.loosened++;
        stay(bt, page);
    }
}

static void tighten(struct bt *bt, struct smc_page *page)
{
    mem_unmark(bt->cpu->mem, (gpa_t)page->frame << MEM_PAGE_SHIFT, MEM_MARK_LOOSE);
    page_clear(bt, page->frame);
    page->loose = false;
    bt->counters.tightened++;
}

/* Looks for pages that have been loose long enough. Old costs are forgiven by and by. */
static void sweep(struct bt *bt)
{
    bt->smc_next = bt->counters.entries + (CALM_ENTRIES << TURNS_MAX);
    for (unsigned i = 0; i < SMC_PAGES; i++) {
        struct smc_page *page = &bt->smc[i];
        bool over = page->until <= bt->counters.entries;
        page->cost /= 2;
        if (page->loose && over && page->busy)
            stay(bt, page);
        else if (page->loose && over)
            tighten(bt, page);
        else if (page->loose && page->until < bt->smc_next)
            bt->smc_next = page->until;
    }
}

void smc_work(struct bt *bt)
{
    if (bt->smc_turning && !bt->smc_turning->loose)
        loosen(bt, bt->smc_turning);
    bt->smc_turning = NULL;
    if (bt->counters.entries >= bt->smc_next)
        sweep(bt);
}

void smc_force(struct bt *bt, uint64_t frame)
{
    gpa_t gpa = frame << MEM_PAGE_SHIFT;
    if (mem_marks(bt->cpu->mem, gpa) & MEM_MARK_LOOSE)
        return;
    page_clear(bt, frame);
    mem_loosen(bt->cpu->mem, gpa);
}

/* Notes which constant it was, if it was one, for the next translation. */
void smc_stale(struct bt *bt, const struct unit *unit)
{
    const uint8_t *differs = check_differs(unit);
    struct mem *mem = bt->cpu->mem;
    bt->counters.stale++;
    for (unsigned i = 0; differs && i < unit->count; i++) {
        gpa_t gpa = unit_gpa(unit, unit->point[i].eip);
        unsigned length = unit->point[i].length;
        bool marked;
        const uint8_t *host = mem_page(mem, gpa, false, &marked);
        uintptr_t offset = host ? (uintptr_t)differs - (uintptr_t)(host + (gpa & MEM_PAGE_MASK)) : length;
        if (offset >= length)
            continue;
        if (offset + 4 >= length)
            hint_change(bt, gpa);
        struct smc_page *page = page_of(bt, gpa >> MEM_PAGE_SHIFT);
        page->busy |= page->frame == gpa >> MEM_PAGE_SHIFT;
        return;
    }
}
