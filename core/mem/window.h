/* window.h - the guest's linear address spaces as address space of the host.
 *
 * A window is 4 GB of host addresses at which the pages of one linear address space stand, so that translated code
 * reaches guest memory by the guest's own addresses, and the host's processor does what a software TLB would. Pages are
 * mapped when a host fault asks for them. A window is to the guest a TLB, tagged by address space: what it holds may be
 * stale where a TLB may, and is right again behind INVLPG and loads of CR3.
 *
 * There are two kinds. Kernel windows serve CPL 0-2, and hold supervisor pages alone; user windows serve CPL 3, one an
 * address space, and hold user pages. So neither needs a check of rights per access.
 *
 * All of it [vcpu]. */
#ifndef ABBEY_CORE_WINDOW_H
#define ABBEY_CORE_WINDOW_H

#include <jansson.h>

#include "core/mem/mem.h"
#include "core/mem/walk.h"

struct windows;

struct window_counters {
    uint64_t hidden_faults, fills, filled_pages, windows, evictions, losses, revalidations, tables_changed,
        dropped_pages;
    uint64_t protections, unprotections, vmas, vmas_max;
    uint64_t refused[9]; /* by enum window_answer */
};

/* How windows are used, for tests. */
#define WINDOWS_AT_ONCE 1u   /* user code has a window from its first instruction */
#define WINDOWS_UNGUARDED 2u /* as on a host without guards */
#define WINDOWS_ONE_PAGE 4u  /* nothing is mapped around the page that is asked for */

/* The windows of one machine; NULL when memory is short. */
struct windows *windows_new(struct mem *mem, const abbey_host_window_1 *host, uint32_t how);
void windows_free(struct windows *windows);
const struct window_counters *windows_counters(const struct windows *windows);
/* Adds the counters to the group `mmu`; with `windows` NULL their meanings. */
void windows_stats(const struct windows *windows, json_t *stats);

/* The host address of linear address 0 for code at CPL 3 (`user`) or below, up to the next flush; NULL: use the TLB. */
uint8_t *windows_enter(struct windows *windows, const struct paging *paging, bool user);

/* `ticks` of the time-stamp counter went by in user code; `window`: with one. */
void windows_spent(struct windows *windows, const struct paging *paging, uint64_t ticks, bool window);

/* What to do about a host fault in code that windows_enter() was called for. All but RETRY and NONE: the instruction is
 * for the interpreter, for the reason named. */
enum window_answer {
    WINDOW_RETRY,  /* the page is there now */
    WINDOW_GUEST,  /* a fault of the guest */
    WINDOW_BORDER, /* the last page, which is never mapped, and what runs over its end */
    WINDOW_DEVICE, /* no memory of the host stands there */
    WINDOW_USER,   /* a user page, in a kernel window */
    WINDOW_MARKED, /* a store to a page that carries a mark */
    WINDOW_BUSY,   /* mapped and flushed too often to be worth it */
    WINDOW_FULL,   /* no more mappings */
    WINDOW_NONE,   /* not an address of the window, nor near it: no guest can form it */
};
enum window_answer windows_fault(
    struct windows *windows, const struct paging *paging, uint64_t address, bool write, bool user);

/* Would this access set an accessed or dirty bit in the guest's tables? */
bool windows_first_use(
    const struct windows *windows, const struct paging *paging, uint64_t address, bool write, bool user);

/* Where the last store that was answered with WINDOW_MARKED goes. */
gpa_t windows_marked(const struct windows *windows);

/* As the TLB: a CR3 load, or with `global_too` whatever flushes all; INVLPG. */
void windows_flush(struct windows *windows, bool global_too);
void windows_flush_page(struct windows *windows, uint32_t linear);

/* What stands at physical addresses is another thing now. */
void windows_forget(struct windows *windows);
/* Stores to the pages [first, last] must be noticed from now on. */
void windows_protect(struct windows *windows, gpa_t first, gpa_t last);

#endif
