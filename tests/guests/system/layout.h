/* layout.h - numbers that boot.S and the checks share. */
#ifndef ABBEY_GUEST_LAYOUT_H
#define ABBEY_GUEST_LAYOUT_H

/* Selectors that every check finds as they are here. */
#define KCODE 0x08
#define KDATA 0x10
#define UCODE 0x1b
#define UDATA 0x23
#define TSS_MAIN 0x28
#define TSS_OTHER 0x30 /* a second task at level 0, 32-bit */
#define LDT_SEL 0x38
#define KCODE16 0x40
#define KDATA16 0x48
#define FREE_SEL(n) (0x50 + 8 * (n)) /* slots for the checks: 0 to 21 */
#define FREE_SLOTS 22

#define VECTOR_DONE 0x30      /* int of a level-3 body that got to its end */
#define VECTOR_USER 0x31      /* a gate with DPL 3 for the checks */
#define VECTOR_KERNEL 0x32    /* a gate with DPL 0 */
#define VECTOR_NONE 0x200     /* nothing happened yet */
#define VECTOR_RETURNED 0x201 /* a level-0 body returned */
#define VECTOR_RAW 0x202      /* stub_raw */
#define VECTOR_REAL 0x203     /* real mode came back */

#define REAL_BASE 0x7000 /* trampoline */
#define V86_BASE 0x10000 /* 1000:0000: code of real-mode and v86 bodies */

#endif
