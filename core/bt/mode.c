/* mode.c - what code is specialised on: the mode of the CPU as far as it decides what translated code looks like. */
#include "core/bt/internal.h"

/* Flat for all that translated code does through it: base 0, 4 GB, readable, and writable unless it is code. */
static bool segment_flat(const struct segment *segment, bool code)
{
    uint32_t need = SEG_P | SEG_S | (code ? SEG_CODE : SEG_RW);
    uint32_t mask = need | SEG_CODE | (code ? 0 : SEG_DOWN);
    return segment->base == 0 && segment->limit == UINT32_MAX && (segment->attr & mask) == need;
}

/* The same but for the base, which is added at run time. */
static bool segment_plain_based(const struct segment *segment)
{
    struct segment copy = *segment;
    copy.base = 0;
    return segment_flat(&copy, false);
}

unsigned mode_of(const struct cpu *cpu)
{
    if (!cpu_protected(cpu) || !segment_flat(&cpu->seg[CS], true) || !segment_flat(&cpu->seg[DS], false) ||
        !segment_flat(&cpu->seg[ES], false) || !segment_flat(&cpu->seg[SS], false))
        return MODE_NONE;
    if (!(cpu->seg[CS].attr & SEG_DB) || !(cpu->seg[SS].attr & SEG_DB))
        return MODE_NONE;
    if (cpu->eflags & FLAG_AC) /* the in-line access checks no alignment */
        return MODE_NONE;
    return (cpu->cpl == 3 ? MODE_USER
               : cpu->cpl ? MODE_MIDDLE
                          : 0) |
           (segment_plain_based(&cpu->seg[FS]) ? MODE_FS : 0) | (segment_plain_based(&cpu->seg[GS]) ? MODE_GS : 0);
}

/* The window for code of this privilege as the base of GS; MODE_SOFT when there is none. */
static unsigned window_enter(struct bt *bt, bool user)
{
    const uint8_t *base = bt->windows ? windows_enter(bt->windows, &bt->cpu->paging, user) : NULL;
    if (!base)
        return MODE_SOFT;
    if (bt->cpu->bt.window != base) {
        bt->cpu->bt.window = base;
        mem_windows(bt->cpu->mem)->set_gs((uint64_t)(uintptr_t)base);
    }
    return 0;
}

unsigned mode_now(struct bt *bt)
{
    unsigned mode = mode_of(bt->cpu);
    return mode == MODE_NONE ? mode : mode | window_enter(bt, mode & MODE_USER);
}

void mode_left(struct bt *bt)
{
    struct cpu *cpu = bt->cpu;
    if (!bt->user_since)
        return;
    windows_spent(bt->windows, &cpu->paging, __builtin_ia32_rdtsc() - bt->user_since, !(cpu->bt.mode & MODE_SOFT));
    bt->user_since = 0;
}

void mode_enter(struct bt *bt, unsigned mode)
{
    struct cpu *cpu = bt->cpu;
    mode_left(bt);
    if (bt->windows && (mode & MODE_USER))
        bt->user_since = __builtin_ia32_rdtsc();
    cpu->bt.mode = mode;
    cpu->bt.table = bt->table[mode];
    cpu->bt.tlb = &cpu->tlb->entry[tlb_index(TLB_READ, mode & MODE_USER, 0)];
}
