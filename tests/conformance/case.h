/* case.h - one instruction with all its inputs, what came out, and the memory both sides agree on.
 *
 * Shared between the test (64-bit) and native.c (32-bit): fixed-width fields, no pointers, no padding that differs. */
#ifndef ABBEY_TESTS_CONFORMANCE_CASE_H
#define ABBEY_TESTS_CONFORMANCE_CASE_H

#include <stdint.h>

/* Linear addresses, the same natively and in the guest. Pages around them are not present; neither are those of WILD.
 */
#define ARENA_RW 0x20001000u
#define ARENA_RW_END 0x20005000u
#define ARENA_RO ARENA_RW_END
#define ARENA_RO_END 0x20006000u
#define CODE 0x20100000u
#define CODE_END 0x20102000u
#define WILD 0x30000000u
#define WILD_END 0x38000000u

/* Selectors. Linux gives the flat ones; the LDT is ours. */
#define SEL_CODE 0x23u
#define SEL_FLAT 0x2bu
#define SEL_LDT(n) ((uint32_t)(n) << 3 | 7u)
enum {
    LDT_BASED,      /* data, writable: the RW pages exactly */
    LDT_READONLY,   /* data, not writable: the same */
    LDT_DOWN,       /* expand-down: offsets from 1000h up, base so that they start at ARENA_RW */
    LDT_ABSENT,     /* data, not present */
    LDT_CODE,       /* readable code, flat */
    LDT_EXECUTE,    /* execute-only code, flat */
    LDT_CONFORMING, /* conforming code, not present: Linux gives no other */
    LDT_CODE16,     /* 16-bit code, based: the code pages and nothing behind them */
    LDT_COUNT
};
#define CODE16_BASE (CODE - 0x9000u)
#define LDT_DOWN_BASE (ARENA_RW - 0x1000u)
#define ARENA_BYTES (ARENA_RW_END - ARENA_RW)

/* What ran after the instruction: native.c plants one exit behind it and, if `taken_at` is not 0, another there. */
enum { EXIT_NEXT, EXIT_TAKEN, EXIT_EXCEPTION };
#define EXIT_BYTES 32u /* room for one */

#define MEM_MAX 640u

struct conf_case {
    uint32_t gpr[8];
    uint32_t eflags;
    uint32_t eip; /* linear, as is taken_at */
    uint32_t taken_at;
    uint32_t code_base; /* of CS: CODE16_BASE in 16-bit code, else 0 */
    uint16_t cs, ds, es, fs, gs, reserved;
    uint32_t length;
    uint32_t target; /* of the memory operand; for the comparison */
    uint8_t insn[16];
    uint32_t mem_at, mem_length; /* bytes of the RW pages that are set before and compared behind */
    uint8_t mem[MEM_MAX];
    uint8_t fx[512] __attribute__((aligned(16))); /* FXSAVE image */
} __attribute__((aligned(64)));

struct conf_result {
    uint32_t gpr[8];
    uint32_t eflags;
    uint32_t eip;  /* as in the register */
    uint32_t exit; /* EXIT_... */
    uint32_t vector, code, cr2;
    uint16_t sreg[6];
    uint16_t reserved[2];
    uint8_t mem[MEM_MAX];
    uint8_t fx[512] __attribute__((aligned(16)));
} __attribute__((aligned(64)));

#define BATCH_MAX 1024u

struct conf_shared {
    uint32_t count;                                          /* cases in this batch */
    uint32_t progress;                                       /* case under way: whom to blame when the helper dies */
    uint8_t arena[ARENA_BYTES] __attribute__((aligned(64))); /* after the batch; before the first, initial contents */
    struct conf_case cases[BATCH_MAX];
    struct conf_result results[BATCH_MAX];
};

#endif
