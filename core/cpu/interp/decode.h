/* decode.h - instruction bytes -> struct insn, with its handler. */
#ifndef ABBEY_CORE_DECODE_H
#define ABBEY_CORE_DECODE_H

#include <Zydis/Zydis.h>

#include "core/cpu/interp/insn.h"

/* All rows of all tables by map and opcode, in the order of the tables. */
struct op_index {
    struct {
        uint32_t first, count; /* in rows */
    } span[4][256];
    const struct op_row **rows;
};

struct decoder {
    ZydisDecoder zydis[2]; /* [CS.D] */
    struct op_index index;
    uint64_t features; /* of the CPU model */
    bool common;       /* false: all by Zydis, for a test */
};

/* False when memory is short. */
bool decoder_init(struct decoder *decoder, uint64_t features);
void decoder_free(struct decoder *decoder);

/* Decodes one instruction; false when it goes on behind the `count` bytes (never with 15). What is not an
 * instruction gets length 0 and a handler that raises what the processor raises. *ends is set when it ends a run. */
bool decode(
    const struct decoder *decoder, const uint8_t *bytes, uint32_t count, bool code32, struct insn *insn, bool *ends);

/* decode_common.c: length and fields of an instruction whose prefixes are decoded, if it is a common one that ends
 * before `count`. */
bool decode_common(struct insn *insn, const uint8_t *bytes, uint32_t count, uint8_t *sib, bool *has_modrm);

/* optable.c */
bool op_index_init(struct op_index *index);
/* The first row that fits an instruction whose fields are filled, or NULL. */
const struct op_row *op_find(const struct op_index *index, const struct insn *insn, bool has_modrm);

#endif
