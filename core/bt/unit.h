/* unit.h - a unit of translated code: where its instructions begin, what it was made from, and how it is left. */
#ifndef ABBEY_CORE_BT_UNIT_H
#define ABBEY_CORE_BT_UNIT_H

#include "core/cpu/interp/runs.h"

/* An exit to a known address: a jump that leads to its stub until the unit at `eip` exists and is alive. */
struct link {
    struct unit *from, *to;
    struct link *next; /* of those that lead to the same unit */
    uint8_t *jump;     /* displacement (writable address) */
    uint8_t *stub;     /* writable address */
    uint32_t eip;
    bool checked;  /* whoever takes it has made sure of the page that it leads to */
    bool by_table; /* its stub goes through the jump table, and it is never connected */
};

/* The x87 instruction before a point, and the one with a memory operand, whose pointers are not noted yet; as indices
 * of the unit's points plus 1, 0: none. */
struct x87_note {
    int32_t adjust; /* to the operand's address, since its registers have changed by so much */
    uint8_t last, operand;
    bool looped; /* only if cpu->bt.x87_looped */
};

/* Where an instruction of a unit begins. There are many of these: they are most of what the cache holds beside code. */
struct point {
    uint32_t code; /* offset from unit->body */
    uint32_t eip;
    struct x87_note note;
    int16_t delta;  /* pending ESP delta in bytes */
    uint16_t lead;  /* before it there are so many bytes of a comparison with the source: the same to the guest */
    uint8_t length; /* of the instruction */
    uint8_t kept;   /* which of the unit's copies of instructions it is, from 1; 0 where nobody may ask for it */
    bool shadowed;  /* behind STI: no interrupt may be taken in front of it */
};

/* Bytes that a unit was made from: when they change the unit goes. */
struct part {
    struct code_part bytes; /* first, so that one pointer serves for both */
    struct unit *unit;
};

/* A page that a unit was made from: what it was is compared with the fetch TLB. */
struct page_check {
    uint32_t linear;
    uint64_t entry; /* tag and frame as the TLB has them */
    uint8_t *imm;   /* where they stand in the code (writable address) */
};

/* 16 bytes of source, to be compared where `mask` has ones. */
#define CHUNK 16u
struct chunk {
    uint8_t want[CHUNK], mask[CHUNK];
    const uint8_t *at; /* in guest memory */
} __attribute__((aligned(CHUNK)));

#define UNIT_INSNS 96u
#define CHECKED_INSNS 32u /* of a unit that compares its source, which it does behind each store */
#define LEAD_TAIL 18u     /* the last bytes of a comparison, where RCX stands in R13 */
#define UNIT_PARTS 24u
#define UNIT_PAGES 3u

/* What the closed pad hands to its stub (stubs.c). */
struct gate {
    uint8_t *open;        /* the body */
    uint64_t minus_entry; /* page[0].entry, negated */
    uint64_t minus_cs;
    uint32_t minus_eip;
    uint32_t tlb;    /* bytes from HOST_TLB to the fetch TLB's entry */
    uint32_t page;   /* linear page number */
    uint32_t global; /* 1: translations that only a global flush takes */
};

struct unit {
    struct gate gate;
    uint64_t key;      /* run_key() of its first instruction */
    uint64_t place;    /* what its bucket is chosen by */
    struct unit *next; /* in its bucket */
    uint64_t cs;       /* cs_now() */
    uint32_t eip;
    uint32_t mode;
    bool dead;
    bool checked; /* compares its source (check.c) */
    bool passing; /* an instruction has the TLB's access for a time */
    bool crosses; /* its first instruction goes on in page[1] */
    bool listed;  /* in the jump table */
    uint8_t pages;
    uint16_t count;  /* instructions */
    uint16_t budget; /* instructions that must be left when it is entered, while counting */
    uint16_t parts, links, chunks;
    uint8_t *closed, *page_pad, *body, *end; /* addresses it runs at; in this order in memory */
    struct page_check page[UNIT_PAGES];      /* [0] by page_pad and the gate, the others where control comes to them */
    struct link *incoming;
    struct part *part;
    struct link *link;
    struct chunk *chunk;
    struct point point[];
};

/* The instruction at a point, or NULL. Copies stand below the record, the first one highest. */
static inline const struct insn *point_insn(const struct unit *unit, const struct point *point)
{
    return point->kept ? (const struct insn *)(const void *)unit - point->kept : NULL;
}

#endif
