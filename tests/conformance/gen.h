/* gen.h - makes random cases for a row, and counts the addressing forms they use. */
#ifndef ABBEY_TESTS_CONFORMANCE_GEN_H
#define ABBEY_TESTS_CONFORMANCE_GEN_H

#include <stdbool.h>

#include "tests/conformance/row.h"

/* Addressing forms: a cell each for the 32-bit forms without SIB, with SIB, the 16-bit forms, and overrides. */
#define FORMS_32 (3 * 8)
#define FORMS_SIB (3 * 4 * 8 * 8)
#define FORMS_16 (3 * 8)
#define FORMS_SEG (7 * 2)
struct forms {
    uint32_t plain[FORMS_32]; /* mod * 8 + rm; rm 4 is the total of SIB forms */
    uint32_t sib[FORMS_SIB];  /* ((mod * 4 + scale) * 8 + index) * 8 + base */
    uint32_t word[FORMS_16];  /* mod * 8 + rm */
    uint32_t seg[FORMS_SEG];  /* override (6: none) * 2 + 16-bit */
};

struct gen {
    uint64_t random;
    const struct row_table *table;
    const struct row *row;
    struct conf_case *in;
    struct forms *forms;

    bool code16;
    bool addr16;
    int override; /* ES..GS, or -1 */
    bool has_modrm;
    uint8_t modrm;
    bool memory; /* there is a memory operand, at linear `target` */
    uint32_t target;
    uint32_t far_selector; /* of a pointer in the instruction */
};

void gen_case(struct gen *gen);

uint32_t gen_random(struct gen *gen);
uint32_t gen_below(struct gen *gen, uint32_t limit);
uint32_t gen_interesting(struct gen *gen); /* boundary values more often than not */
bool gen_once_in(struct gen *gen, uint32_t n);
/* A linear address for an operand of `size` bytes: mostly in the window of memory that is compared. */
uint32_t gen_target(struct gen *gen, uint32_t size);
/* An offset in the segment of an implicit operand, which is DS or the override, for `linear`; and that in a register,
 * whose upper half stays with 16-bit addresses. */
uint32_t gen_offset(struct gen *gen, uint32_t linear);
void gen_set_address(struct gen *gen, unsigned reg, uint32_t offset);
/* Random values of a type. */
void gen_data(struct gen *gen, enum data data, uint8_t *to, uint32_t count);
/* Writes to the window, if the address is there. */
void gen_poke(struct gen *gen, uint32_t linear, uint32_t value, uint32_t size);
/* The linear base of what a selector means here. */
uint32_t selector_base(uint32_t selector);

#endif
