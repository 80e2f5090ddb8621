/* tlb.h - the software TLB: linear page -> host page, in a form that a hit costs one compare.
 *
 * There are six direct-mapped tables: reads, writes and instruction fetches, each for supervisor and for user rights.
 * An entry exists only after a page walk for that very purpose, so a hit needs no rights check, and a write entry
 * exists only when the D bit is set.
 *
 * The tag is the linear page address. Bit 0 (TLB_SLOW) marks a page that has no plain host address for the purpose:
 * device memory, a hole, ROM or a marked page for writes. The fast path compares the page of the *last* byte with the
 * tag of the *first* byte's set, so that slow pages, stale entries and accesses over a page border all miss in the one
 * compare:
 *
 *     linear 00403ffe, 4 bytes: set of page 00403, last byte in page 00404 -> tag 00403000 != 00404000: slow path
 *
 * Pages with a data breakpoint never get an entry, so that debug registers cost nothing while they are off. */
#ifndef ABBEY_CORE_TLB_H
#define ABBEY_CORE_TLB_H

#include <string.h>

#include "core/cpu/cpu.h"

#define TLB_SETS 512u
/* Translated code looks a page up wherever it comes to another one, and a kernel has more pages with code than 512. */
#define TLB_FETCH_SETS 2048u
#define TLB_ENTRIES (2 * 2 * TLB_SETS + 2 * TLB_FETCH_SETS)
#define TLB_FILLED 1024u  /* a flush looks at so many entries, or at all */
#define TLB_REGIONS 1024u /* of 4 MB */
#define TLB_LOG 8u        /* a page flush is remembered for so many more */

/* Purposes; the same numbers as WALK_READ, WALK_WRITE, WALK_EXEC. */
enum { TLB_READ, TLB_WRITE, TLB_FETCH };

#define TLB_SLOW 1u    /* in tag: go through mem_load(), mem_store() */
#define TLB_INVALID 2u /* in tag: nothing here */

#define TLB_GLOBAL 0x80000000u /* in frame */
#define TLB_LARGE 0x40000000u  /* in frame: part of a 2 or 4 MB page */
#define TLB_FRAME 0x00ffffffu  /* in frame: guest-physical address >> 12 */

struct tlb_entry {
    uint32_t tag;
    uint32_t frame;
    uint64_t addend; /* host address of a byte less its linear address; 0 when the purpose has none */
};

struct tlb_counters {
    uint64_t tlb_fills, tlb_flushes, tlb_page_flushes, true_faults;
};

struct tlb {
    struct tlb_entry entry[TLB_ENTRIES]; /* where tlb_index() says */
    struct tlb_entry scratch;            /* the translation of a page that must not be cached */
    uint16_t filled[TLB_FILLED];         /* entries made since the last flush that are not global, perhaps twice */
    uint32_t fills;                      /* of them; more than TLB_FILLED: too many to tell apart */
    uint32_t large[TLB_REGIONS / 32];    /* a bit for each 4 MB of linear addresses with an entry that is TLB_LARGE */
    uint64_t changes;                    /* counts flushes, and whatever else voids a translation kept elsewhere */
    uint64_t global_flushes;             /* those of tlb_flushes that took the global entries along */
    uint32_t flushed[TLB_LOG];           /* addresses of page flush n, at n % TLB_LOG, counted by tlb_page_flushes */
    bool one_page;                       /* for tests: each table but that of fetches holds the page used last alone */
    uint16_t last[2 * 2];                /* used last in each of these */
    uint32_t watch_hits;                 /* DR6 bits 0-3 of data breakpoints met by the instruction under way */
    uint32_t watch[5];                   /* DR0-3 and DR7 that the entries were made under */
    struct tlb_counters counters;
};

/* The entry that may hold the page of `linear`: reads, writes, fetches, each for supervisor and user rights. */
static inline uint32_t tlb_index(unsigned purpose, bool user, uint32_t linear)
{
    uint32_t page = linear >> MEM_PAGE_SHIFT;
    if (purpose == TLB_FETCH)
        return 2 * 2 * TLB_SETS + user * TLB_FETCH_SETS + page % TLB_FETCH_SETS;
    return (purpose * 2 + user) * TLB_SETS + page % TLB_SETS;
}

static inline gpa_t tlb_gpa(const struct tlb_entry *entry, uint32_t linear)
{
    return (gpa_t)(entry->frame & TLB_FRAME) << MEM_PAGE_SHIFT | (linear & MEM_PAGE_MASK);
}

/* The host address of a byte in the entry's page, or NULL when the purpose has none. */
static inline uint8_t *tlb_host(const struct tlb_entry *entry, uint32_t linear)
{
    return entry->addend ? (uint8_t *)(uintptr_t)(entry->addend + linear) : NULL;
}

/* The entry for an access of `size` bytes if it can be done by a plain host access; else NULL. */
static inline const struct tlb_entry *tlb_hit(
    const struct tlb *tlb, unsigned purpose, bool user, uint32_t linear, uint32_t size)
{
    const struct tlb_entry *entry = &tlb->entry[tlb_index(purpose, user, linear)];
    return __builtin_expect(entry->tag == ((linear + (size - 1)) & ~MEM_PAGE_MASK), 1) ? entry : NULL;
}

/* The translation of one page, walked when it is not cached; raises #PF. The entry is valid until the next call. */
const struct tlb_entry *tlb_translate(struct cpu *cpu, uint32_t linear, unsigned purpose, bool user);

/* Sends writes to the page frame of `gpa` through mem_store() from now on: it has just been marked. */
void tlb_slow_writes(struct cpu *cpu, gpa_t gpa);

/* Forgets the host addresses of the page frames [first, last], by gpa. */
void tlb_forget(struct cpu *cpu, gpa_t first, gpa_t last);

/* What stands at physical addresses is another thing now: forgets everything. */
void tlb_map_changed(struct cpu *cpu);

/* Applies a change of the debug registers to the cached pages. */
void tlb_watch_update(struct cpu *cpu);

#endif
