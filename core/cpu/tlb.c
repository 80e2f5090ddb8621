/* tlb.c - fills and flushes the software TLB. */
#include "core/cpu/tlb.h"

#include <stdlib.h>

#include "core/cpu/access.h"
#include "core/mem/window.h"

struct tlb *tlb_new(void)
{
    struct tlb *tlb = calloc(1, sizeof(*tlb));
    if (!tlb)
        return NULL;
    struct tlb_entry *entry = tlb->entry;
    for (unsigned i = 0; i < TLB_ENTRIES; i++)
        entry[i].tag = TLB_INVALID;
    tlb->changes = 1; /* 0 is in links that were never made */
    return tlb;
}

void tlb_free(struct tlb *tlb)
{
    free(tlb);
}

static void entry_drop(struct tlb_entry *entry, bool global_too)
{
    if (global_too || !(entry->frame & TLB_GLOBAL))
        entry->tag = TLB_INVALID;
}

void tlb_flush(struct cpu *cpu, bool global_too)
{
    struct tlb *tlb = cpu->tlb;
    struct tlb_entry *entry = tlb->entry;
    if (global_too || tlb->fills > TLB_FILLED)
        for (unsigned i = 0; i < TLB_ENTRIES; i++)
            entry_drop(&entry[i], global_too);
    else
        for (unsigned i = 0; i < tlb->fills; i++)
            entry_drop(&entry[tlb->filled[i]], false);
    tlb->fills = 0;
    if (global_too)
        memset(tlb->large, 0, sizeof(tlb->large));
    tlb->global_flushes += global_too;
    tlb->changes++;
    tlb->counters.tlb_flushes++;
    if (cpu->windows)
        windows_flush(cpu->windows, global_too);
}

void tlb_flush_page(struct cpu *cpu, uint32_t linear)
{
    struct tlb *tlb = cpu->tlb;
    struct tlb_entry *entry = tlb->entry;
    uint32_t region = linear >> 22;
    for (unsigned purpose = TLB_READ; purpose <= TLB_FETCH; purpose++)
        for (unsigned user = 0; user < 2; user++)
            entry[tlb_index(purpose, user, linear)].tag = TLB_INVALID;
    /* One INVLPG drops the whole of a large page (SDM vol. 3, 4.10.4.1), which is cached here by its 4 KB pieces. */
    if (tlb->large[region / 32] >> region % 32 & 1)
        for (unsigned i = 0; i < TLB_ENTRIES; i++)
            if ((entry[i].frame & TLB_LARGE) && (entry[i].tag ^ linear) >> 22 == 0)
                entry[i].tag = TLB_INVALID;
    tlb->changes++;
    tlb->flushed[tlb->counters.tlb_page_flushes++ % TLB_LOG] = linear;
    if (cpu->windows)
        windows_flush_page(cpu->windows, linear);
}

void tlb_slow_writes(struct cpu *cpu, gpa_t gpa)
{
    struct tlb *tlb = cpu->tlb;
    uint32_t frame = (uint32_t)(gpa >> MEM_PAGE_SHIFT);
    struct tlb_entry *entry = &tlb->entry[tlb_index(TLB_WRITE, false, 0)];
    for (unsigned i = 0; i < 2 * TLB_SETS; i++)
        if ((entry[i].frame & TLB_FRAME) == frame)
            entry[i].tag |= TLB_SLOW;
    if (cpu->windows && !(mem_marks(cpu->mem, gpa) & MEM_MARK_LOOSE))
        windows_protect(cpu->windows, gpa, gpa);
}

void tlb_forget(struct cpu *cpu, gpa_t first, gpa_t last)
{
    struct tlb *tlb = cpu->tlb;
    uint32_t low = (uint32_t)(first >> MEM_PAGE_SHIFT), high = (uint32_t)(last >> MEM_PAGE_SHIFT);
    struct tlb_entry *entry = tlb->entry;
    for (unsigned i = 0; i < 3 * 2 * TLB_SETS; i++)
        if ((entry[i].frame & TLB_FRAME) >= low && (entry[i].frame & TLB_FRAME) <= high)
            entry[i].tag = TLB_INVALID;
    tlb->changes++;
    if (cpu->windows)
        windows_protect(cpu->windows, first, last);
}

void tlb_map_changed(struct cpu *cpu)
{
    tlb_flush(cpu, true);
    if (cpu->windows)
        windows_forget(cpu->windows);
}

void cpu_paging_changed(struct cpu *cpu)
{
    struct paging *paging = &cpu->paging;
    paging->on = (cpu->cr0 & CR0_PG) != 0;
    paging->wp = (cpu->cr0 & CR0_WP) != 0;
    paging->pae = (cpu->cr4 & CR4_PAE) != 0;
    paging->pse = (cpu->cr4 & CR4_PSE) != 0;
    paging->global = (cpu->cr4 & CR4_PGE) != 0;
    paging->nx = (cpu->efer & EFER_NXE) != 0;
    tlb_flush(cpu, true);
}

/* Is there an enabled data breakpoint in the page? */
static bool page_watched(const struct tlb *tlb, uint32_t linear)
{
    for (unsigned n = 0; n < 4; n++)
        if ((tlb->watch[4] >> (2 * n) & 3) && (tlb->watch[4] >> (16 + 4 * n) & 1) &&
            (tlb->watch[n] ^ linear) < MEM_PAGE_SIZE)
            return true;
    return false;
}

void tlb_watch_update(struct cpu *cpu)
{
    struct tlb *tlb = cpu->tlb;
    const uint32_t now[5] = { cpu->dr[0], cpu->dr[1], cpu->dr[2], cpu->dr[3], cpu->dr[7] };
    if (!memcmp(now, tlb->watch, sizeof(now)))
        return;
    memcpy(tlb->watch, now, sizeof(now));
    tlb_flush(cpu, true);
}

static void entry_set_host(struct tlb_entry *entry, uint32_t page, uint8_t *host, bool marked)
{
    bool plain = host && !marked;
    entry->tag = plain ? page : page | TLB_SLOW;
    entry->addend = plain ? (uintptr_t)host - page : 0;
}

/* So that the next flush finds the entry. */
static void filled_note(struct tlb *tlb, const struct tlb_entry *entry)
{
    if (entry == &tlb->scratch || (entry->frame & TLB_GLOBAL))
        return;
    if (tlb->fills < TLB_FILLED)
        tlb->filled[tlb->fills] = (uint16_t)(entry - tlb->entry);
    if (tlb->fills <= TLB_FILLED)
        tlb->fills++;
}

/* Drops the page that the table held so far. */
static void table_turn(struct tlb *tlb, const struct tlb_entry *entry, unsigned purpose, bool user)
{
    uint16_t *last = &tlb->last[purpose * 2 + user];
    tlb->entry[*last].tag = TLB_INVALID;
    *last = (uint16_t)(entry - tlb->entry);
}

const struct tlb_entry *tlb_translate(struct cpu *cpu, uint32_t linear, unsigned purpose, bool user)
{
    struct tlb *tlb = cpu->tlb;
    struct tlb_entry *entry = &tlb->entry[tlb_index(purpose, user, linear)];
    uint32_t page = linear & ~MEM_PAGE_MASK;
    bool marked = false;
    if ((entry->tag & ~TLB_SLOW) == page) {
        if ((entry->tag & TLB_SLOW) && purpose == TLB_WRITE) { /* a mark may have gone since */
            uint8_t *host = mem_page(cpu->mem, tlb_gpa(entry, page), true, &marked);
            entry_set_host(entry, page, host, marked);
        }
        return entry;
    }

    struct walk walk;
    uint32_t code;
    tlb->counters.tlb_fills++;
    if (!walk_linear(cpu->mem, &cpu->paging, linear, purpose | (user ? WALK_USER : 0), &walk, &code)) {
        cpu->cr2 = linear;
        tlb->counters.true_faults++;
        cpu_raise_code(cpu, EXC_PF, code);
    }
    if (purpose != TLB_FETCH && (tlb->watch[4] & 0xff) && page_watched(tlb, linear))
        entry = &tlb->scratch;
    else if (tlb->one_page && purpose != TLB_FETCH)
        table_turn(tlb, entry, purpose, user);
    entry->frame = (uint32_t)(walk.gpa >> MEM_PAGE_SHIFT) & TLB_FRAME;
    if (walk.global)
        entry->frame |= TLB_GLOBAL;
    if (walk.page_shift > MEM_PAGE_SHIFT) {
        entry->frame |= TLB_LARGE;
        tlb->large[linear >> 22 >> 5] |= 1u << (linear >> 22 & 31);
    }
    filled_note(tlb, entry);
    uint8_t *host = mem_page(cpu->mem, walk.gpa & ~(gpa_t)MEM_PAGE_MASK, purpose == TLB_WRITE, &marked);
    entry_set_host(entry, page, host, marked);
    if (entry == &tlb->scratch)
        entry->tag = TLB_INVALID;
    return entry;
}
