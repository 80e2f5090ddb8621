/* rows.c - which instructions are translated, and how. What is not here is a callout. */
#include "core/bt/xlat.h"

#include <stddef.h>

#define C FLAG_CF
#define Z FLAG_ZF
#define ALL FLAGS_ARITH
#define NOT_C (FLAGS_ARITH & ~FLAG_CF)
/* What is undefined after a logical operation is AF alone, and processors agree on clearing it. Undefined flags of
 * multiplications, shifts and bit scans are not counted as written. */

#define BYTE_V SHAPE_BY_OPCODE
#define WRITES SHAPE_WRITES
#define EXT SHAPE_EXT

/* The eight operations of 00-3B: op rm,reg; op reg,rm; op eax,imm. */
#define ALU(n, reads)                                                                              \
    { MAP_1BYTE, (n)*8, (n)*8 + 1, -1, xlat_modrm, BYTE_V | ((n) == 7 ? 0 : WRITES), reads, ALL }, \
        { MAP_1BYTE, (n)*8 + 2, (n)*8 + 3, -1, xlat_modrm, BYTE_V, reads, ALL },                   \
    {                                                                                              \
        MAP_1BYTE, (n)*8 + 4, (n)*8 + 5, -1, xlat_copy, 0, reads, ALL                              \
    }
#define GROUP1(n, reads)                                                            \
    { MAP_1BYTE, 0x80, 0x81, n, (n) == 0 || (n) == 5 ? xlat_esp_imm : xlat_modrm,   \
        BYTE_V | EXT | SHAPE_IMM | ((n) == 7 ? 0 : WRITES), reads, ALL },           \
    {                                                                               \
        MAP_1BYTE, 0x83, 0x83, n, (n) == 0 || (n) == 5 ? xlat_esp_imm : xlat_modrm, \
            BYTE_V | EXT | SHAPE_IMM8 | ((n) == 7 ? 0 : WRITES), reads, ALL         \
    }
/* Shifts and rotations by an immediate, by 1, by CL: a count of 0 leaves all flags. */
#define SHIFT(n, reads)                                                                     \
    { MAP_1BYTE, 0xc0, 0xc1, n, xlat_modrm, BYTE_V | EXT | SHAPE_IMM8 | WRITES, reads, 0 }, \
        { MAP_1BYTE, 0xd0, 0xd1, n, xlat_modrm, BYTE_V | EXT | WRITES, reads, 0 },          \
    {                                                                                       \
        MAP_1BYTE, 0xd2, 0xd3, n, xlat_modrm, BYTE_V | EXT | WRITES, reads, 0               \
    }
/* FCMOVcc: conditions of CF, ZF and PF. */
#define FCMOV(n)                                                        \
    {                                                                   \
        MAP_1BYTE, 0xda, 0xdb, n, xlat_x87, WHEN_ANY | WHEN_REG, ALL, 0 \
    }

// clang-format off
static const struct xlat_row rows[] = {
    ALU(0, 0), ALU(1, 0), ALU(2, C), ALU(3, C), ALU(4, 0), ALU(5, 0), ALU(6, 0), ALU(7, 0),
    GROUP1(0, 0), GROUP1(1, 0), GROUP1(2, C), GROUP1(3, C), GROUP1(4, 0), GROUP1(5, 0), GROUP1(6, 0), GROUP1(7, 0),
    { MAP_1BYTE, 0x06, 0x06, -1, xlat_push_seg, 0, 0, 0 },
    { MAP_1BYTE, 0x07, 0x07, -1, xlat_pop_seg,  0, 0, 0 },
    { MAP_1BYTE, 0x0e, 0x0e, -1, xlat_push_seg, 0, 0, 0 },
    { MAP_1BYTE, 0x16, 0x16, -1, xlat_push_seg, 0, 0, 0 },
    { MAP_1BYTE, 0x1e, 0x1e, -1, xlat_push_seg, 0, 0, 0 },
    { MAP_1BYTE, 0x1f, 0x1f, -1, xlat_pop_seg,  0, 0, 0 },
    { MAP_1BYTE, 0x40, 0x4f, -1, xlat_inc_dec,  0, 0, NOT_C },
    { MAP_1BYTE, 0x50, 0x57, -1, xlat_push_reg, 0, 0, 0 },
    { MAP_1BYTE, 0x58, 0x5f, -1, xlat_pop_reg,  0, 0, 0 },
    { MAP_1BYTE, 0x60, 0x60, -1, xlat_pusha,    0, 0, 0 },
    { MAP_1BYTE, 0x61, 0x61, -1, xlat_popa,     0, 0, 0 },
    { MAP_1BYTE, 0x68, 0x68, -1, xlat_push_imm, 0, 0, 0 },
    { MAP_1BYTE, 0x6a, 0x6a, -1, xlat_push_imm, 0, 0, 0 },
    { MAP_1BYTE, 0x69, 0x69, -1, xlat_modrm,    SHAPE_IMM, 0, C },
    { MAP_1BYTE, 0x6b, 0x6b, -1, xlat_modrm,    SHAPE_IMM8, 0, C },
    { MAP_1BYTE, 0x70, 0x7f, -1, xlat_jcc,      0, ALL, 0 },
    { MAP_1BYTE, 0x84, 0x85, -1, xlat_modrm,    BYTE_V, 0, ALL },
    { MAP_1BYTE, 0x86, 0x87, -1, xlat_modrm,    BYTE_V | WRITES, 0, 0 },
    { MAP_1BYTE, 0x88, 0x89, -1, xlat_modrm,    BYTE_V | WRITES, 0, 0 },
    { MAP_1BYTE, 0x8a, 0x8b, -1, xlat_modrm,    BYTE_V, 0, 0 },
    { MAP_1BYTE, 0x8c, 0x8c, -1, xlat_mov_from_seg, 0, 0, 0 },
    { MAP_1BYTE, 0x8d, 0x8d, -1, xlat_lea,      0, 0, 0 },
    { MAP_1BYTE, 0x8e, 0x8e, -1, xlat_mov_to_seg, 0, 0, 0 },
    { MAP_1BYTE, 0x8f, 0x8f,  0, xlat_pop_rm,   0, 0, 0 },
    { MAP_1BYTE, 0x90, 0x90, -1, xlat_pause,    WHEN_F3, 0, 0 }, /* NOP where it is not known */
    { MAP_1BYTE, 0x90, 0x97, -1, xlat_xchg_eax, 0, 0, 0 },
    { MAP_1BYTE, 0x98, 0x99, -1, xlat_copy,     0, 0, 0 },
    { MAP_1BYTE, 0x9a, 0x9a, -1, xlat_far,      0, ALL, 0 },
    { MAP_1BYTE, 0x9b, 0x9b, -1, xlat_fwait,    WHEN_ANY, 0, 0 },
    { MAP_1BYTE, 0x9c, 0x9c, -1, xlat_pushf,    0, ALL, 0 },
    { MAP_1BYTE, 0x9d, 0x9d, -1, xlat_popf,     0, 0, ALL },
    { MAP_1BYTE, 0x9e, 0x9e, -1, xlat_copy,     0, 0, 0 },
    { MAP_1BYTE, 0x9f, 0x9f, -1, xlat_copy,     0, ALL, 0 },
    { MAP_1BYTE, 0xa0, 0xa3, -1, xlat_moffs,    0, 0, 0 },
    { MAP_1BYTE, 0xa4, 0xa7, -1, xlat_rep,      WHEN_F2 | WHEN_F3, 0, 0 },
    { MAP_1BYTE, 0xaa, 0xaf, -1, xlat_rep,      WHEN_F2 | WHEN_F3, 0, 0 },
    { MAP_1BYTE, 0xa4, 0xa5, -1, xlat_movs,     0, 0, 0 },
    { MAP_1BYTE, 0xa6, 0xa7, -1, xlat_cmps,     0, 0, ALL },
    { MAP_1BYTE, 0xaa, 0xab, -1, xlat_stos,     0, 0, 0 },
    { MAP_1BYTE, 0xac, 0xad, -1, xlat_lods,     0, 0, 0 },
    { MAP_1BYTE, 0xae, 0xaf, -1, xlat_scas,     0, 0, ALL },
    { MAP_1BYTE, 0xa8, 0xa9, -1, xlat_copy,     0, 0, ALL },
    { MAP_1BYTE, 0xb0, 0xbf, -1, xlat_mov_imm,  0, 0, 0 },
    SHIFT(0, 0), SHIFT(1, 0), SHIFT(2, C), SHIFT(3, C), SHIFT(4, 0), SHIFT(5, 0), SHIFT(7, 0),
    { MAP_1BYTE, 0xc2, 0xc3, -1, xlat_ret,      0, ALL, 0 },
    { MAP_1BYTE, 0xc4, 0xc5, -1, xlat_load_far, WHEN_MEM, 0, 0 },
    { MAP_1BYTE, 0xc6, 0xc7,  0, xlat_modrm,    BYTE_V | EXT | SHAPE_IMM | WRITES, 0, 0 },
    { MAP_1BYTE, 0xc8, 0xc8, -1, xlat_enter,    0, 0, 0 },
    { MAP_1BYTE, 0xc9, 0xc9, -1, xlat_leave,    0, 0, 0 },
    { MAP_1BYTE, 0xca, 0xcb, -1, xlat_far_ret,  0, ALL, 0 },
    FCMOV(0), FCMOV(1), FCMOV(2), FCMOV(3),
    { MAP_1BYTE, 0xd8, 0xdf, -1, xlat_x87,      WHEN_ANY, 0, 0 }, /* FCOMI with an unmasked exception leaves flags */
    { MAP_1BYTE, 0xe0, 0xe3, -1, xlat_loop,     0, ALL, 0 },
    { MAP_1BYTE, 0xe8, 0xe8, -1, xlat_call,     0, ALL, 0 },
    { MAP_1BYTE, 0xe9, 0xe9, -1, xlat_jmp,      0, ALL, 0 },
    { MAP_1BYTE, 0xea, 0xea, -1, xlat_far,      0, ALL, 0 },
    { MAP_1BYTE, 0xeb, 0xeb, -1, xlat_jmp,      0, ALL, 0 },
    { MAP_1BYTE, 0xf5, 0xf5, -1, xlat_copy,     0, C, C },
    { MAP_1BYTE, 0xf6, 0xf7,  0, xlat_modrm,    BYTE_V | EXT | SHAPE_IMM, 0, ALL },
    { MAP_1BYTE, 0xf6, 0xf7,  2, xlat_modrm,    BYTE_V | EXT | WRITES, 0, 0 },
    { MAP_1BYTE, 0xf6, 0xf7,  3, xlat_modrm,    BYTE_V | EXT | WRITES, 0, ALL },
    { MAP_1BYTE, 0xf6, 0xf7,  4, xlat_modrm,    BYTE_V | EXT, 0, 0 },
    { MAP_1BYTE, 0xf6, 0xf7,  5, xlat_modrm,    BYTE_V | EXT, 0, 0 },
    { MAP_1BYTE, 0xf6, 0xf7, 6, xlat_divide, BYTE_V | EXT, 0, 0 },
    { MAP_1BYTE, 0xf6, 0xf7, 7, xlat_divide, BYTE_V | EXT, 0, 0 },
    { MAP_1BYTE, 0xf8, 0xf9, -1, xlat_copy,     0, 0, C },
    { MAP_1BYTE, 0xfa, 0xfa, -1, xlat_cli,      0, 0, 0 },
    { MAP_1BYTE, 0xfb, 0xfb, -1, xlat_sti,      0, 0, 0 },
    { MAP_1BYTE, 0xfc, 0xfd, -1, xlat_df,       0, 0, 0 },
    { MAP_1BYTE, 0xfe, 0xff,  0, xlat_modrm,    BYTE_V | EXT | WRITES, 0, NOT_C },
    { MAP_1BYTE, 0xfe, 0xff,  1, xlat_modrm,    BYTE_V | EXT | WRITES, 0, NOT_C },
    { MAP_1BYTE, 0xff, 0xff,  2, xlat_call_rm,  0, ALL, 0 },
    { MAP_1BYTE, 0xff, 0xff,  3, xlat_far_rm,   WHEN_MEM, ALL, 0 },
    { MAP_1BYTE, 0xff, 0xff,  4, xlat_jmp_rm,   0, ALL, 0 },
    { MAP_1BYTE, 0xff, 0xff,  5, xlat_far_rm,   WHEN_MEM, ALL, 0 },
    { MAP_1BYTE, 0xff, 0xff,  6, xlat_push_rm,  0, 0, 0 },

    { MAP_0F, 0x00, 0x00,  5, xlat_verw,  0, 0, Z },
    { MAP_0F, 0x0d, 0x0d, -1, xlat_nop,   0, 0, 0 },
    { MAP_0F, 0x10, 0x17, -1, xlat_simd,  WHEN_ANY, 0, 0 },
    { MAP_0F, 0x18, 0x1f, -1, xlat_nop,   WHEN_ANY, 0, 0 }, /* hints, and ENDBR32 with F3 */
    { MAP_0F, 0x28, 0x2d, -1, xlat_simd,  WHEN_ANY, 0, 0 },
    { MAP_0F, 0x2e, 0x2f, -1, xlat_simd,  WHEN_ANY, 0, ALL },
    { MAP_0F, 0x40, 0x4f, -1, xlat_modrm, 0, ALL, 0 },
    { MAP_0F, 0x31, 0x31, -1, xlat_rdtsc, 0, 0, 0 },
    { MAP_0F, 0x50, 0x7f, -1, xlat_simd,  WHEN_ANY, 0, 0 },
    { MAP_0F, 0x80, 0x8f, -1, xlat_jcc,   0, ALL, 0 },
    { MAP_0F, 0x90, 0x9f, -1, xlat_modrm, SHAPE_RM_BYTE | EXT | WRITES, ALL, 0 },
    { MAP_0F, 0xa0, 0xa0, -1, xlat_push_seg, 0, 0, 0 },
    { MAP_0F, 0xa1, 0xa1, -1, xlat_pop_seg, 0, 0, 0 },
    { MAP_0F, 0xa8, 0xa8, -1, xlat_push_seg, 0, 0, 0 },
    { MAP_0F, 0xa9, 0xa9, -1, xlat_pop_seg, 0, 0, 0 },
    { MAP_0F, 0xa3, 0xa3, -1, xlat_bit_string, WHEN_MEM, 0, C },
    { MAP_0F, 0xa3, 0xa3, -1, xlat_modrm, SHAPE_REG_ONLY, 0, C },
    { MAP_0F, 0xab, 0xab, -1, xlat_bit_string, WHEN_MEM, 0, C },
    { MAP_0F, 0xab, 0xab, -1, xlat_modrm, SHAPE_REG_ONLY | WRITES, 0, C },
    { MAP_0F, 0xb3, 0xb3, -1, xlat_bit_string, WHEN_MEM, 0, C },
    { MAP_0F, 0xb3, 0xb3, -1, xlat_modrm, SHAPE_REG_ONLY | WRITES, 0, C },
    { MAP_0F, 0xbb, 0xbb, -1, xlat_bit_string, WHEN_MEM, 0, C },
    { MAP_0F, 0xbb, 0xbb, -1, xlat_modrm, SHAPE_REG_ONLY | WRITES, 0, C },
    { MAP_0F, 0xba, 0xba,  4, xlat_modrm, EXT | SHAPE_IMM8, 0, C },
    { MAP_0F, 0xba, 0xba,  5, xlat_modrm, EXT | SHAPE_IMM8 | WRITES, 0, C },
    { MAP_0F, 0xba, 0xba,  6, xlat_modrm, EXT | SHAPE_IMM8 | WRITES, 0, C },
    { MAP_0F, 0xba, 0xba,  7, xlat_modrm, EXT | SHAPE_IMM8 | WRITES, 0, C },
    { MAP_0F, 0xa4, 0xa4, -1, xlat_shift_double, SHAPE_IMM8 | WRITES, 0, 0 },
    { MAP_0F, 0xa5, 0xa5, -1, xlat_shift_double, WRITES, 0, 0 },
    { MAP_0F, 0xac, 0xac, -1, xlat_shift_double, SHAPE_IMM8 | WRITES, 0, 0 },
    { MAP_0F, 0xad, 0xad, -1, xlat_shift_double, WRITES, 0, 0 },
    { MAP_0F, 0xae, 0xae, -1, xlat_simd,  WHEN_ANY, 0, 0 },
    { MAP_0F, 0xaf, 0xaf, -1, xlat_modrm, 0, 0, C },
    { MAP_0F, 0xb0, 0xb1, -1, xlat_modrm, BYTE_V | WRITES, 0, ALL },
    { MAP_0F, 0xc0, 0xc1, -1, xlat_modrm, BYTE_V | WRITES, 0, ALL },
    { MAP_0F, 0xb4, 0xb5, -1, xlat_load_far, WHEN_MEM, 0, 0 },
    { MAP_0F, 0xb6, 0xb6, -1, xlat_modrm, SHAPE_RM_BYTE, 0, 0 },
    { MAP_0F, 0xbe, 0xbe, -1, xlat_modrm, SHAPE_RM_BYTE, 0, 0 },
    { MAP_0F, 0xb7, 0xb7, -1, xlat_modrm, SHAPE_RM_WORD, 0, 0 },
    { MAP_0F, 0xbf, 0xbf, -1, xlat_modrm, SHAPE_RM_WORD, 0, 0 },
    { MAP_0F, 0xb8, 0xb8, -1, xlat_modrm, WHEN_F3, 0, ALL }, /* POPCNT */
    { MAP_0F, 0xbc, 0xbd, -1, xlat_modrm, WHEN_ANY, 0, Z }, /* no model has TZCNT or LZCNT: prefixes mean nothing */
    { MAP_0F, 0xc2, 0xc6, -1, xlat_simd,  WHEN_ANY, 0, 0 },
    { MAP_0F, 0xc7, 0xc7,  1, xlat_cmpxchg8b, WHEN_MEM, 0, 0 },
    { MAP_0F, 0xc8, 0xcf, -1, xlat_bswap, 0, 0, 0 },
    { MAP_0F, 0xd0, 0xff, -1, xlat_simd,  WHEN_ANY, 0, 0 },

    { MAP_0F38, 0x00, 0x16, -1, xlat_simd, WHEN_ANY, 0, 0 },
    { MAP_0F38, 0x17, 0x17, -1, xlat_simd, WHEN_ANY, 0, ALL }, /* PTEST */
    { MAP_0F38, 0x18, 0x41, -1, xlat_simd, WHEN_ANY, 0, 0 },
    { MAP_0F38, 0xf0, 0xf0, -1, xlat_modrm, WHEN_F2 | SHAPE_RM_BYTE, 0, 0 }, /* CRC32 */
    { MAP_0F38, 0xf1, 0xf1, -1, xlat_modrm, WHEN_F2, 0, 0 },
    { MAP_0F3A, 0x00, 0x5f, -1, xlat_simd, WHEN_ANY, 0, 0 },
    { MAP_0F3A, 0x60, 0x63, -1, xlat_simd, WHEN_ANY, 0, ALL }, /* PCMPESTRM and its like */
};
// clang-format on

/* An index by opcode would be faster; translation is a small part of what a unit costs, and a unit is made once. */
static int16_t index_of[4][256];

static bool row_fits(const struct xlat_row *row, const struct insn *insn)
{
    uint32_t prefix = insn->rep == 0xf2                 ? WHEN_F2
                      : insn->rep                       ? WHEN_F3
                      : insn->prefixes & INSN_PREFIX_66 ? WHEN_66
                                                        : WHEN_NP;
    uint32_t prefixes = row->shape & WHEN_ANY ? row->shape & WHEN_ANY : WHEN_NP | WHEN_66;
    if (!(prefixes & prefix) || (row->ext >= 0 && row->ext != insn->reg))
        return false;
    return !(row->shape & (insn->mod == 3 ? WHEN_MEM : WHEN_REG));
}

const struct xlat_row *xlat_find(const struct insn *insn)
{
    int16_t *first = &index_of[insn->map][insn->opcode];
    if (*first == 0) {
        *first = -1;
        for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]) && *first < 0; i++)
            if (rows[i].map == insn->map && rows[i].first <= insn->opcode && insn->opcode <= rows[i].last)
                *first = (int16_t)(i + 1);
    }
    for (unsigned i = *first > 0 ? (unsigned)*first - 1 : sizeof(rows) / sizeof(rows[0]);
         i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct xlat_row *row = &rows[i];
        if (row->map == insn->map && row->first <= insn->opcode && insn->opcode <= row->last && row_fits(row, insn))
            return row;
    }
    return NULL;
}
