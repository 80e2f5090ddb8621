/* window_impl.h - inside of the windows: what each file of them knows.
 *
 *     window.c        the set of windows: which one is used, when an address space gets one and loses it
 *     window_fill.c   host faults, and how much is mapped at one
 *     window_check.c  comparing with the guest's page tables, and taking away
 *     window_guard.c  pages whose stores must be noticed */
#ifndef ABBEY_CORE_WINDOW_IMPL_H
#define ABBEY_CORE_WINDOW_IMPL_H

#include <string.h>

#include "core/mem/map.h"
#include "core/mem/window.h"

#define WINDOW_BYTES (4 * GB)
#define WINDOW_SLOTS 2048u /* of 2 MB with PAE; 4 MB and half as many else */
#define SLOT_WORDS 16u     /* a bit a page */
#define KERNEL_WINDOWS 4u  /* kernels that isolate page tables have two sets of them */
#define USER_WINDOWS 400u
#define BIG_MAX 32u
#define CHURN_SETS 256u
#define CHURN_MAX 8u /* drops of a page before it is left to the TLB */
#define SPACES 1024u

/* What a window holds of one directory entry: a page table, or a large page. */
struct slot {
    uint64_t entry;       /* of the directory, when its pages were mapped; 0 without paging */
    const uint8_t *table; /* host address of the guest's table; NULL: a large page, or no paging */
    bool global;          /* all that is mapped is global */
    uint32_t pages;       /* bits of `mapped` */
    uint64_t mapped[SLOT_WORDS];
    uint64_t writable[SLOT_WORDS]; /* of those: the host lets stores pass */
    uint64_t guarded[SLOT_WORDS];  /* of those: the guard decides it, and the mapping is writable */
    uint8_t seen[];                /* the table when it was compared last; that of mapped pages as they were mapped */
};

/* A guarded mapping: the pages from `linear` on stand at `offset` of the object. */
struct big {
    uint64_t first, pages; /* linear page numbers */
    abbey_memobj *object;
    uint64_t offset;
};

struct window {
    bool used, user;
    uint8_t *area, *base; /* the reservation; 4 GB into it */
    struct paging paging; /* as it was checked last */
    uint64_t checked;     /* at which flush */
    uint64_t age;         /* when it was used last */
    uint32_t mappings;    /* of the host, at most */
    uint32_t slot_count;
    uint32_t shift;               /* of what a slot covers */
    uint16_t order[WINDOW_SLOTS]; /* the slots there are */
    uint32_t tables;
    uint16_t table[WINDOW_SLOTS]; /* those of them that have a page table */
    struct slot *slot[WINDOW_SLOTS];
    /* The directories from the first slot to the last, as they were when all slots agreed with them. */
    bool directory_good;
    uint16_t directory_from[4], directory_to[4]; /* bytes in the page; to = 0: none */
    uint8_t directory[4][MEM_PAGE_SIZE];
    struct big big[BIG_MAX];
    unsigned bigs;
    uint64_t ticks, dropped; /* of user code; pages that had to be taken away again: in the present period */
    struct space *space;
};

/* What is known of an address space by its CR3: how long its user code has run. A new process may get the CR3 of an old
 * one, but not its directory entries too. */
struct space {
    bool used;
    uint32_t cr3;
    gpa_t at[2];
    uint64_t entry[2];
    uint64_t ticks, need;
    struct window *window; /* or NULL */
};

struct windows {
    struct mem *mem;
    const abbey_host_window_1 *host;
    const abbey_host_mem_1 *host_mem;
    bool at_once, one_page;
    abbey_guard *guard;
    uint64_t flushes;        /* counted */
    uint64_t global_flushes; /* the last of those that flushed all */
    uint64_t entered[2];     /* `flushes` for which now[] is right */
    struct window *now[2];   /* in use at CPL 0-2, at CPL 3 */
    unsigned users;          /* of user[], those that were ever used */
    struct window kernel[KERNEL_WINDOWS], user[USER_WINDOWS];
    struct space space[SPACES];
    uint64_t clock; /* of window.age */
    uint32_t vmas_max;
    bool awaits; /* the guest got a page fault for `awaited`, and the page is to be mapped when it returns */
    bool awaits_write;
    uint32_t awaited, awaited_cr3;
    gpa_t marked;     /* windows_marked() */
    uint32_t *place;  /* by page frame: the last of those writers; its window above its linear page */
    uint8_t *writers; /* by page frame: how many pages of windows outside guards may be written there; 255: unknown */
    uint8_t churn[CHURN_SETS];
    uint64_t churn_flushes; /* when the table was halved */
    struct window_counters counters;
};

static inline bool bit_get(const uint64_t *bits, uint32_t n)
{
    return bits[n / 64] >> n % 64 & 1;
}
static inline void bit_set(uint64_t *bits, uint32_t n)
{
    bits[n / 64] |= UINT64_C(1) << n % 64;
}
static inline void bit_clear(uint64_t *bits, uint32_t n)
{
    bits[n / 64] &= ~(UINT64_C(1) << n % 64);
}

static inline uint32_t slot_index(const struct window *window, uint32_t linear)
{
    return linear >> window->shift;
}
static inline uint32_t slot_pages(const struct window *window)
{
    return 1u << (window->shift - MEM_PAGE_SHIFT);
}
static inline uint32_t page_in_slot(const struct window *window, uint32_t linear)
{
    return (linear >> MEM_PAGE_SHIFT) & (slot_pages(window) - 1);
}
static inline uint32_t slot_linear(const struct window *window, uint32_t index, uint32_t page)
{
    return (index << window->shift) + (page << MEM_PAGE_SHIFT);
}
static inline uint64_t table_entry(const struct window *window, const uint8_t *table, uint32_t page)
{
    uint64_t entry = 0;
    memcpy(&entry, table + page * (window->paging.pae ? 8 : 4), window->paging.pae ? 8 : 4);
    return entry;
}

/* The host page of a linear page of the window. */
static inline uint8_t *window_at(const struct window *window, uint32_t linear)
{
    return window->base + (linear & ~MEM_PAGE_MASK);
}

/* All windows that were ever used, the kernel's first. */
static inline struct window *window_next(struct windows *windows, struct window *window)
{
    struct window *next = window ? window + 1 : windows->kernel;
    if (next == windows->kernel + KERNEL_WINDOWS)
        next = windows->user;
    return next == windows->user + windows->users ? NULL : next;
}
#define WINDOW_ALL(windows, window) \
    for (struct window *window = window_next(windows, NULL); window; window = window_next(windows, window))

/* ---- window.c ---- */

/* Makes room for some more mappings; false when there is none. `spare` is not evicted. */
bool windows_room(struct windows *windows, struct window *spare, uint32_t mappings);

/* ---- window_fill.c ---- */

/* Maps the page for which the guest got a fault in user code, if it may be used now. */
void window_fill_awaited(struct windows *windows, struct window *window, const struct paging *paging);

/* ---- window_check.c ---- */

/* The directory entry of a slot now; 0 when there is none. */
uint64_t directory_now(const struct windows *windows, const struct window *window, uint32_t index);
/* Is a directory entry as good as it was? */
bool directory_same(uint64_t was, uint64_t now);
/* Would this window serve the tables as they are now, nearly as it is? */
bool window_fits(const struct windows *windows, const struct window *window, const struct paging *paging);
/* Drops what the guest's tables no longer say. */
void window_check(struct windows *windows, struct window *window, const struct paging *paging);
void window_drop_slot(struct windows *windows, struct window *window, uint32_t index);
void window_drop_all(struct windows *windows, struct window *window);
/* Takes `count` mapped pages of a slot away. */
void window_drop_pages(struct windows *windows, struct window *window, uint32_t index, uint32_t page, uint32_t count);
/* The page was flushed; INVLPG. */
void window_drop_linear(struct windows *windows, struct window *window, uint32_t linear);

/* ---- window_guard.c ---- */

/* Notes that a mapped page may be written from now on, or no more. Only the books. */
void page_writable(struct windows *windows, struct window *window, uint32_t index, uint32_t page, bool on);
/* The page frame of a mapped page of a slot. */
gpa_t page_gpa(const struct windows *windows, const struct window *window, uint32_t index, uint32_t page);
/* Lets stores to a mapped page pass; false when the host fails. */
bool page_unprotect(struct windows *windows, struct window *window, uint32_t linear);

#endif
