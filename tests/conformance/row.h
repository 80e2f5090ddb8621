/* row.h - what is tested: one row for each instruction form. */
#ifndef ABBEY_TESTS_CONFORMANCE_ROW_H
#define ABBEY_TESTS_CONFORMANCE_ROW_H

#include <stdint.h>

#include "tests/conformance/case.h"

struct gen;

/* What fills memory and the vector registers. */
enum data { D_INT, D_F32, D_F64, D_F80, D_BCD };

#define ROW_MEM 1u          /* ModRM names memory alone */
#define ROW_REG 2u          /* a register alone */
#define ROW_LOCK 4u         /* LOCK is legal with memory */
#define ROW_NOLOCK 8u       /* never tried with LOCK */
#define ROW_ALIGN 16u       /* memory must be aligned to 16 */
#define ROW_STACK 32u       /* uses ESP as a stack */
#define ROW_STRING 64u      /* ESI and EDI point to memory */
#define ROW_NEAR 128u       /* rel8: the target must be near */
#define ROW_PARTIAL 256u    /* memory may be partly written when it faults */
#define ROW_X87 512u        /* changes or needs the x87 state */
#define ROW_STEPS 1024u     /* computes in steps: beside an exception that is taken, flags of later ones are open */
#define ROW_NOAC 2048u      /* not with EFLAGS.AC: processors read the operand in pieces of their own */
#define ROW_NONT 4096u      /* not with EFLAGS.NT: means something else in long mode */
#define ROW_NOCODE16 16384u /* not from 16-bit code: it goes to another segment */
#define ROW_ANYFAULT 32768u /* of several faults of access any may come first */
#define ROW_IMPLICIT 65536u /* a memory operand that ModRM does not name */
#define ROW_LATEMMX 8192u   /* whether a fault comes before the turn to MMX state is the processor's own matter */

/* The six arithmetic flags. */
#define CF 0x1u
#define PF 0x4u
#define AF 0x10u
#define ZF 0x40u
#define SF 0x80u
#define OF 0x800u

struct row {
    const char *name;
    /* Bytes in hex, as the SDM has them: "66 0F 6F /r", "83 /2 ib", "40+r", rel8, rel16, rel32, moffs, ptr32, ptr16
     * (far pointer with an offset of so many bits). */
    const char *encoding;
    uint32_t size; /* bytes of the memory operand */
    enum data data;
    uint32_t flags;                                       /* ROW_... */
    uint32_t undefined;                                   /* EFLAGS that the SDM leaves undefined */
    uint32_t (*undefined_in)(const struct conf_case *in); /* more of them, depending on the operands */
    void (*registers)(struct gen *gen);                   /* adjusts registers before the address is made */
    void (*memory)(struct gen *gen);                      /* adjusts memory when everything is known */
    uint8_t ignore;                                       /* GPRs not compared, a bit each */
    uint32_t ignore_bits;                                 /* of all GPRs */
    uint8_t skip_at, skip_length;                         /* bytes of the memory operand not compared */
};

struct row_table {
    const char *name;
    const struct row *rows;
    unsigned count;
    uint32_t mandatory; /* 66 is part of the opcode, not the operand size */
    uint64_t needs;     /* features that not every host has: CPUID_... */
};

extern const struct row_table rows_alu, rows_shift, rows_move, rows_string, rows_stack, rows_flow, rows_system,
    rows_x87, rows_mmx, rows_sse, rows_sse3, rows_sse4, rows_sse4_general;

#endif
