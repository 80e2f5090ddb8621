/* mode.h - what translated code takes for granted of the CPU: CPL, the sizes of code and stack, and segments. */
#ifndef ABBEY_CORE_BT_MODE_H
#define ABBEY_CORE_BT_MODE_H

#include "core/cpu/cpu.h"

struct bt;

/* What a unit was specialised on besides its address (partial evaluation), and base and limit of CS. */
#define MODE_USER 1u      /* CPL 3 */
#define MODE_MIDDLE 2u    /* CPL 1 or 2 */
#define MODE_SOFT 4u      /* guest memory by the TLB, not by the window */
#define MODE_CODE16 8u    /* CS.D is clear */
#define MODE_STACK16 16u  /* SS.B is clear: the stack pointer is SP */
#define MODE_REAL 32u     /* real or v86 mode: a segment is its selector times 16 */
#define MODE_V86 64u      /* v86 mode */
#define MODE_CS_READ 128u /* data may be read through CS */
#define MODE_CS_WRITE 256u
#define MODE_CS_PLAIN 1024u /* none of D, G and AVL is set: real mode, where CS stays like that */
#define MODE_CS_FLAT 512u   /* CS begins at 0 and has 4 GB; otherwise landing pads look at it */
/* What is known of a data segment; two bits for each of them but CS. */
enum {
    SEGMENT_HARD,    /* nothing: its accesses are callouts */
    SEGMENT_LIMITED, /* expand-up, present, writable; base and limit are looked at at run time */
    SEGMENT_64K,     /* the same with the limit FFFFh */
    SEGMENT_OPEN,    /* the same with 4 GB; and with base 0, if it is ES, SS or DS */
};
#define MODE_SEGMENT(seg, what) ((uint32_t)(what) << (16 + 2 * (seg)))
#define MODE_NONE UINT32_MAX /* not for the translator */

/* Base and limit of CS in one number: the base is the lower half. */
#define CS_FLAT ((uint64_t)UINT32_MAX << 32)
static inline uint64_t cs_now(const struct cpu *cpu)
{
    return (uint64_t)cpu->seg[CS].limit << 32 | cpu->seg[CS].base;
}

/* The mode the CPU is in as far as its registers say, that is without MODE_SOFT; or MODE_NONE. */
uint32_t mode_of(const struct cpu *cpu);
/* What a data segment has to do with it: the bits of MODE_SEGMENT(seg, 3). */
uint32_t mode_of_segment(const struct cpu *cpu, unsigned seg);
/* The whole of it, GS being the window if there is one. */
uint32_t mode_now(struct bt *bt);
/* Translated code of this mode, whose jump table this is, runs next. */
void mode_enter(struct bt *bt, uint32_t mode, void **table);
/* No translated code runs any more. */
void mode_left(struct bt *bt);

#endif
