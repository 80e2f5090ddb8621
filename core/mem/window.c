/* window.c - the set of windows: which one is used, when an address space gets one, and when it loses it.
 *
 * A window costs microseconds a page to fill, and makes each access as cheap as native; the software TLB fills in a
 * tenth of that, and makes accesses two to four times dearer. So the user code of a young address space runs on the
 * TLB, and gets a window when it has run for some milliseconds; a process that starts, does little and ends never costs
 * a mapping. Pages that are mapped and stay are worth it; a window that loses so many of them that mapping them again
 * takes a large part of its time is taken back, and must be earned again for longer.
 * Kernel code has windows from the start: its own memory hardly ever moves.
 *
 * Nothing is done at a flush but counting it. Before code runs in a window next time, the window is compared with the
 * guest's tables (window_check.c), and so address spaces that are switched to and not run in, as kernel threads, cost
 * nothing. */
#include "core/mem/window_impl.h"

#include <stdlib.h>

#define EARN_TICKS 16000000u   /* some 5 ms of user code */
#define PERIOD_TICKS 32000000u /* how often it is asked whether a window is worth it */
#define DROP_TICKS 20000u      /* what a page costs that is taken away and mapped again */
#define WORK_SHARE 4u          /* not if that is more than one in so many */
#define NEED_MAX (EARN_TICKS * 64ull)
#define CHURN_PERIOD 4096u /* flushes in which a page that is no longer busy is half forgiven */

struct windows *windows_new(struct mem *mem, const abbey_host_window_1 *host, uint32_t how)
{
    struct windows *windows = calloc(1, sizeof(*windows));
    if (!windows)
        return NULL;
    windows->mem = mem;
    windows->host = host;
    windows->host_mem = mem_host(mem);
    windows->at_once = how & WINDOWS_AT_ONCE;
    windows->one_page = how & WINDOWS_ONE_PAGE;
    windows->flushes = windows->global_flushes = 1;
    windows->vmas_max = (uint32_t)(host->mappings_max() / 2);
    windows->writers = calloc(mem->page_count, 1);
    windows->place = calloc(mem->page_count, sizeof(*windows->place));
    windows->guard = how & WINDOWS_UNGUARDED ? NULL : host->guard_new();
    if (!windows->writers || !windows->place) {
        windows_free(windows);
        return NULL;
    }
    for (unsigned i = 0; i < USER_WINDOWS; i++)
        windows->user[i].user = true;
    return windows;
}

void windows_free(struct windows *windows)
{
    if (!windows)
        return;
    WINDOW_ALL(windows, window)
    {
        window_drop_all(windows, window);
        windows->host_mem->release(window->area, 3 * WINDOW_BYTES);
    }
    windows->host->guard_free(windows->guard);
    free(windows->writers);
    free(windows->place);
    free(windows);
}

const struct window_counters *windows_counters(const struct windows *windows)
{
    return &windows->counters;
}

/* ---- windows ---- */

static void window_lose(struct windows *windows, struct window *window)
{
    window_drop_all(windows, window);
    window->used = false;
    if (window->space) {
        window->space->ticks = 0;
        window->space->window = NULL;
    }
    window->space = NULL;
    for (unsigned user = 0; user < 2; user++)
        if (windows->now[user] == window)
            windows->entered[user] = 0;
}

static struct window *oldest(struct window *from, unsigned count, const struct window *spare)
{
    struct window *found = NULL;
    for (struct window *window = from; window < from + count; window++)
        if (window->used && window != spare && (!found || window->age < found->age))
            found = window;
    return found;
}

/* What is counted as mappings come and go is what they cost at most; neighbours may have become one since. This is
 * nearer to the truth, and takes longer. */
static void recount(struct windows *windows)
{
    WINDOW_ALL(windows, window)
    {
        uint32_t mappings = 0;
        for (uint32_t i = 0; i < window->slot_count; i++) {
            uint32_t index = window->order[i];
            const struct slot *slot = window->slot[index];
            gpa_t next = 1; /* that would go on the mapping before */
            bool guarded = false, writable = false;
            for (uint32_t page = 0; page < slot_pages(window); page++) {
                bool mapped = bit_get(slot->mapped, page), now = mapped && bit_get(slot->guarded, page);
                gpa_t gpa = mapped && !now ? page_gpa(windows, window, index, page) : 1;
                if (now ? !guarded : mapped && (gpa != next || bit_get(slot->writable, page) != writable))
                    mappings += 2;
                guarded = now;
                writable = bit_get(slot->writable, page);
                next = gpa == 1 ? 1 : gpa + MEM_PAGE_SIZE;
            }
        }
        windows->counters.vmas = windows->counters.vmas - window->mappings + mappings;
        window->mappings = mappings;
    }
}

bool windows_room(struct windows *windows, struct window *spare, uint32_t mappings)
{
    if (windows->counters.vmas + mappings > windows->vmas_max)
        recount(windows);
    if (windows->counters.vmas + mappings <= windows->vmas_max)
        return true;
    mappings += windows->vmas_max / 8; /* evicting one by one would count all of them each time */
    while (windows->counters.vmas + mappings > windows->vmas_max) {
        struct window *window = oldest(windows->user, windows->users, spare);
        if (!window)
            window = oldest(windows->kernel, KERNEL_WINDOWS, spare);
        if (!window) {
            if (!spare->mappings)
                return false;
            spare->dropped += spare->mappings; /* it alone has filled the process: it begins anew, as long as it pays */
            window_drop_all(windows, spare);
            return false;
        }
        window_lose(windows, window);
        windows->counters.evictions++;
    }
    return true;
}

/* An empty window of the `count` at `from`; the one used longest ago loses what it has. */
static struct window *window_take(
    struct windows *windows, struct window *from, unsigned count, const struct paging *paging)
{
    struct window *window = from;
    while (window < from + count && window->used)
        window++;
    if (window == from + count) {
        window = oldest(from, count, NULL);
        window_lose(windows, window);
        windows->counters.evictions++;
    }
    if (!window->area) {
        window->area = windows->host_mem->reserve(3 * WINDOW_BYTES, WINDOW_BYTES, NULL);
        window->base = window->area ? window->area + WINDOW_BYTES : NULL;
    }
    if (!window->area)
        return NULL;
    if (window->user && window >= windows->user + windows->users)
        windows->users = (unsigned)(window - windows->user) + 1;
    window->used = true;
    window->paging = *paging;
    window->shift = paging->on && paging->pae ? 21 : 22;
    window->checked = windows->flushes;
    window->ticks = window->dropped = 0;
    windows->counters.windows++;
    return window;
}

/* ---- kernel windows ---- */

/* The window that holds most of what these tables say; one that was made from them; or a new one. A window that holds
 * little fits everything: it is not to be taken where a fuller one fits, or it would be filled with the same and no
 * longer fit the tables that it was made for. */
static struct window *kernel_find(struct windows *windows, const struct paging *paging)
{
    struct window *best = NULL, *last = windows->now[false];
    if (last && last->used && last->paging.cr3 == paging->cr3 && window_fits(windows, last, paging))
        return last;
    for (struct window *window = windows->kernel; window < windows->kernel + KERNEL_WINDOWS; window++)
        if (window->used && (!best || window->slot_count > best->slot_count) && window_fits(windows, window, paging))
            best = window;
    for (struct window *window = windows->kernel; window < windows->kernel + KERNEL_WINDOWS && !best; window++)
        if (window->used && window->paging.on == paging->on && window->paging.cr3 == paging->cr3)
            best = window;
    return best ? best : window_take(windows, windows->kernel, KERNEL_WINDOWS, paging);
}

/* ---- address spaces ---- */

/* Two present entries of the directory, to know the address space by: the lowest, and the highest below 3 GB. */
static void space_look(struct windows *windows, struct space *space, const struct paging *paging)
{
    uint32_t shift = paging->pae ? 21 : 22, count = 0xc0000000u >> shift;
    space->at[0] = space->at[1] = 0;
    for (uint32_t i = 0; i < count; i++) {
        gpa_t at;
        if (!walk_directory(windows->mem, paging, i << shift, &at))
            continue;
        uint64_t entry = mem_load(windows->mem, at, paging->pae ? 8 : 4);
        if (!(entry & 1))
            continue;
        unsigned n = space->at[0] != 0;
        space->at[n] = at;
        space->entry[n] = entry >> MEM_PAGE_SHIFT;
    }
}

static bool space_same(struct windows *windows, const struct space *space, const struct paging *paging)
{
    for (unsigned n = 0; n < 2; n++)
        if (space->at[n] &&
            mem_load(windows->mem, space->at[n], paging->pae ? 8 : 4) >> MEM_PAGE_SHIFT == space->entry[n])
            return true;
    return false;
}

static struct space *space_find(struct windows *windows, const struct paging *paging)
{
    uint32_t cr3 = paging->on ? paging->cr3 : 0;
    struct space *space = &windows->space[(cr3 >> 5 ^ cr3 >> 12) % SPACES];
    if (space->used && space->cr3 == cr3 && (!paging->on || space_same(windows, space, paging)))
        return space;
    if (space->window)
        window_lose(windows, space->window);
    *space = (struct space){ .used = true, .cr3 = cr3, .need = EARN_TICKS };
    if (paging->on)
        space_look(windows, space, paging);
    return space;
}

static struct window *user_find(struct windows *windows, const struct paging *paging)
{
    struct space *space = space_find(windows, paging);
    if (space->window)
        return space->window;
    if (!windows->at_once && space->ticks < space->need)
        return NULL;
    struct window *window = window_take(windows, windows->user, USER_WINDOWS, paging);
    if (!window)
        return NULL;
    window->space = space;
    space->window = window;
    return window;
}

void windows_spent(struct windows *windows, const struct paging *paging, uint64_t ticks, bool has)
{
    struct window *window = windows->now[true];
    if (!has) {
        struct space *space = space_find(windows, paging);
        space->ticks += ticks;
        if (space->ticks >= space->need)
            windows->entered[true] = 0;
        return;
    }
    if (!window || !window->used || windows->at_once)
        return;
    window->ticks += ticks;
    if (window->ticks < PERIOD_TICKS)
        return;
    if (window->dropped * DROP_TICKS > window->ticks / WORK_SHARE) {
        struct space *space = window->space;
        space->need = space->need * 4 > NEED_MAX ? NEED_MAX : space->need * 4;
        window_lose(windows, window);
        windows->counters.losses++;
        return;
    }
    window->ticks = window->dropped = 0;
}

/* ---- flushes ---- */

uint8_t *windows_enter(struct windows *windows, const struct paging *paging, bool user)
{
    if (windows->entered[user] == windows->flushes && !(user && windows->awaits))
        return windows->now[user] ? windows->now[user]->base : NULL;
    struct window *window = NULL;
    if (mem_a20_mask(windows->mem) == ~(gpa_t)0)
        window = user ? user_find(windows, paging) : kernel_find(windows, paging);
    windows->now[user] = window;
    windows->entered[user] = windows->flushes;
    if (!window)
        return NULL;
    window->age = ++windows->clock;
    if (window->checked != windows->flushes)
        window_check(windows, window, paging);
    if (user && windows->awaits)
        window_fill_awaited(windows, window, paging);
    return window->base;
}

void windows_flush(struct windows *windows, bool global_too)
{
    windows->flushes++;
    if (global_too)
        windows->global_flushes = windows->flushes;
}

void windows_flush_page(struct windows *windows, uint32_t linear)
{
    /* Not a flush to count: what else the windows hold stays. A window that is not in use is compared before it is. */
    for (struct window *window = windows->kernel; window < windows->kernel + KERNEL_WINDOWS; window++)
        if (window->used)
            window_drop_linear(windows, window, linear);
    struct window *window = windows->now[true];
    if (window && window->used && windows->entered[true] == windows->flushes)
        window_drop_linear(windows, window, linear);
    if (windows->flushes - windows->churn_flushes > CHURN_PERIOD) {
        windows->churn_flushes = windows->flushes;
        for (unsigned i = 0; i < CHURN_SETS; i++)
            windows->churn[i] /= 2;
    }
}

void windows_forget(struct windows *windows)
{
    WINDOW_ALL(windows, window)
    window_drop_all(windows, window);
    windows->entered[false] = windows->entered[true] = 0;
    windows->flushes++;
}
