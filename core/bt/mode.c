/* mode.c - what code is specialised on: the mode of the CPU as far as it decides what translated code looks like. */
#include "core/bt/internal.h"

/* Bits of `attr` that real mode leaves as they are, and that its loads of a segment register clear. */
#define SEG_AVL_L 0x3000u

/* Open is looked at first: nearly all are. */
static inline __attribute__((always_inline)) uint32_t segment_mode(const struct cpu *cpu, unsigned seg, bool real)
{
    const struct segment *segment = &cpu->seg[seg];
    const uint32_t need = SEG_P | SEG_S | SEG_RW;
    if ((segment->attr & (need | SEG_CODE | SEG_DOWN)) != need || (real && (segment->attr & SEG_AVL_L)))
        return MODE_SEGMENT(seg, SEGMENT_HARD);
    /* In real mode the base may change while translated code runs. */
    if (segment->limit == UINT32_MAX && (seg >= FS || segment->base == 0) && !real)
        return MODE_SEGMENT(seg, SEGMENT_OPEN);
    return MODE_SEGMENT(seg, segment->limit == 0xffff ? SEGMENT_64K : SEGMENT_LIMITED);
}

/* CS, as a segment of code and of data. Real mode and v86 mode know no types. */
static inline __attribute__((always_inline)) uint32_t code_mode(const struct cpu *cpu, bool real)
{
    const struct segment *cs = &cpu->seg[CS];
    uint32_t mode = cs->attr & SEG_DB ? 0 : MODE_CODE16;
    if (cs_now(cpu) == CS_FLAT)
        mode |= MODE_CS_FLAT;
    if (real && !(cs->attr & 0xf000))
        mode |= MODE_CS_PLAIN;
    if (real)
        return mode | ((cs->attr & (SEG_CODE | SEG_DOWN)) == SEG_DOWN ? 0 : MODE_CS_READ | MODE_CS_WRITE);
    return mode | (cs->attr & SEG_RW ? MODE_CS_READ : 0);
}

static inline __attribute__((always_inline)) uint32_t mode_with(const struct cpu *cpu, bool real)
{
    uint32_t mode = cpu->cpl == 3 ? MODE_USER : cpu->cpl ? MODE_MIDDLE : 0;
    if (real)
        mode |= MODE_REAL | (cpu_v86(cpu) ? MODE_V86 : 0);
    if (!(cpu->seg[SS].attr & SEG_DB))
        mode |= MODE_STACK16;
    return mode | code_mode(cpu, real) | segment_mode(cpu, ES, real) | segment_mode(cpu, SS, real) |
           segment_mode(cpu, DS, real) | segment_mode(cpu, FS, real) | segment_mode(cpu, GS, real);
}

uint32_t mode_of(const struct cpu *cpu)
{
    if (cpu->eflags & FLAG_AC) /* the in-line access checks no alignment */
        return MODE_NONE;
    return cpu_protected(cpu) ? mode_with(cpu, false) : mode_with(cpu, true);
}

uint32_t mode_of_segment(const struct cpu *cpu, unsigned seg)
{
    return segment_mode(cpu, seg, !cpu_protected(cpu));
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

uint32_t mode_now(struct bt *bt)
{
    uint32_t mode = mode_of(bt->cpu);
    return mode == MODE_NONE ? mode : mode | window_enter(bt, mode & MODE_USER);
}

/* Of so many stints of user code in a window one is measured, and counts for all: to read the clock twice takes longer
 * than a short stint does. */
#define STINTS 8u

void mode_left(struct bt *bt)
{
    struct cpu *cpu = bt->cpu;
    if (!bt->user_since)
        return;
    bool has = !(cpu->bt.mode & MODE_SOFT);
    uint64_t ticks = __builtin_ia32_rdtsc() - bt->user_since;
    windows_spent(bt->windows, &cpu->paging, has ? STINTS * ticks : ticks, has);
    bt->user_since = 0;
}

void mode_enter(struct bt *bt, uint32_t mode, void **table)
{
    struct cpu *cpu = bt->cpu;
    mode_left(bt);
    if (bt->windows && (mode & MODE_USER) && ((mode & MODE_SOFT) || ++bt->stints % STINTS == 0))
        bt->user_since = __builtin_ia32_rdtsc();
    cpu->bt.mode = mode;
    cpu->bt.table = table;
    cpu->bt.tlb = &cpu->tlb->entry[tlb_index(TLB_READ, mode & MODE_USER, 0)];
}
