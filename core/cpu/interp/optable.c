/* optable.c - finds the row of an opcode: the tables of all ops files, indexed by map and opcode. */
#include <stdlib.h>

#include "core/cpu/interp/decode.h"

static const struct op_table *const tables[] = { &ops_alu, &ops_move, &ops_shift, &ops_bits, &ops_muldiv, &ops_string,
    &ops_flow, &ops_stack, &ops_flag, &ops_bcd, &ops_far, &ops_system, &ops_io, &ops_x87, &ops_simd, &ops_simd_later };

bool op_index_init(struct op_index *index)
{
    const unsigned count = sizeof(tables) / sizeof(tables[0]);
    size_t total = 0;
    for (unsigned t = 0; t < count; t++)
        for (unsigned i = 0; i < tables[t]->count; i++)
            total += tables[t]->rows[i].last - tables[t]->rows[i].first + 1u;
    index->rows = calloc(total, sizeof(struct op_row *));
    if (!index->rows)
        return false;

    uint32_t next = 0;
    for (unsigned map = 0; map < 4; map++) {
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            index->span[map][opcode].first = next;
            for (unsigned t = 0; t < count; t++) {
                for (unsigned i = 0; i < tables[t]->count; i++) {
                    const struct op_row *row = &tables[t]->rows[i];
                    if (row->map == map && row->first <= opcode && opcode <= row->last)
                        index->rows[next++] = row;
                }
            }
            index->span[map][opcode].count = next - index->span[map][opcode].first;
        }
    }
    return true;
}

static bool row_fits(const struct op_row *row, const struct insn *insn, bool has_modrm)
{
    bool prefix66 = (insn->prefixes & INSN_PREFIX_66) != 0;
    uint32_t flags = row->flags;
    if (row->ext >= 0 && (!has_modrm || insn->reg != row->ext))
        return false;
    if ((flags & OP_MEM) && !(has_modrm && insn->mod != 3))
        return false;
    if ((flags & OP_REG) && !(has_modrm && insn->mod == 3))
        return false;
    if ((flags & OP_O16) && insn->opsize != 2)
        return false;
    if ((flags & OP_O32) && insn->opsize != 4)
        return false;
    /* F2 and F3 take the place of a mandatory 66 (SDM vol. 2, 2.1.2). */
    if ((flags & OP_NP) && (prefix66 || insn->rep))
        return false;
    if ((flags & OP_66) && (!prefix66 || insn->rep))
        return false;
    if ((flags & OP_F2) && insn->rep != 0xf2)
        return false;
    if ((flags & OP_F3) && insn->rep != 0xf3)
        return false;
    return true;
}

const struct op_row *op_find(const struct op_index *index, const struct insn *insn, bool has_modrm)
{
    const struct op_row **row = &index->rows[index->span[insn->map][insn->opcode].first];
    for (uint32_t n = index->span[insn->map][insn->opcode].count; n; n--, row++)
        if (row_fits(*row, insn, has_modrm))
            return *row;
    return NULL;
}
