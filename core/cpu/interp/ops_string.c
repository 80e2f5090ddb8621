/* ops_string.c - MOVS, CMPS, STOS, LODS, SCAS, alone and repeated.
 *
 * A repeated instruction commits ESI, EDI and ECX after each iteration, so a fault or an interrupt in the middle finds
 * it restartable: EIP goes back to the instruction, and the rest is done when it is executed again (SDM vol. 2, REP).
 * It counts as one instruction when it is complete.
 *
 * REP MOVS and REP STOS upwards between plain pages are done in bulk, at most to the next page border. */
#include "core/cpu/interp/flags.h"
#include "core/cpu/interp/interp.h"

ALWAYS_INLINE uint32_t address_mask(const struct insn *insn)
{
    return insn->addrsize == 4 ? UINT32_MAX : UINT16_MAX;
}

/* Adds to the part of a register that the address size names. */
ALWAYS_INLINE void advance(struct cpu *cpu, const struct insn *insn, unsigned n, uint32_t by)
{
    uint32_t mask = address_mask(insn);
    cpu->reg[n] = (cpu->reg[n] & ~mask) | ((cpu->reg[n] + by) & mask);
}

ALWAYS_INLINE uint32_t step(const struct cpu *cpu, unsigned size)
{
    return cpu->eflags & FLAG_DF ? 0 - size : size;
}

ALWAYS_INLINE uint32_t source(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    return mem_get(cpu, insn->seg, cpu->reg[ESI] & address_mask(insn), size);
}

ALWAYS_INLINE void movs_once(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    mem_set(cpu, ES, cpu->reg[EDI] & address_mask(insn), size, source(cpu, insn, size));
    advance(cpu, insn, ESI, step(cpu, size));
    advance(cpu, insn, EDI, step(cpu, size));
}
ALWAYS_INLINE void stos_once(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    mem_set(cpu, ES, cpu->reg[EDI] & address_mask(insn), size, cpu->reg[EAX]);
    advance(cpu, insn, EDI, step(cpu, size));
}
ALWAYS_INLINE void lods_once(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    reg_set(cpu, EAX, size, source(cpu, insn, size));
    advance(cpu, insn, ESI, step(cpu, size));
}
ALWAYS_INLINE void cmps_once(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint32_t a = source(cpu, insn, size);
    flags_sub(cpu, a, mem_get(cpu, ES, cpu->reg[EDI] & address_mask(insn), size), 0, size);
    advance(cpu, insn, ESI, step(cpu, size));
    advance(cpu, insn, EDI, step(cpu, size));
}
ALWAYS_INLINE void scas_once(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint32_t b = mem_get(cpu, ES, cpu->reg[EDI] & address_mask(insn), size);
    flags_sub(cpu, reg_get(cpu, EAX, size), b, 0, size);
    advance(cpu, insn, EDI, step(cpu, size));
}

/* ---- bulk ---- */

/* How many items fit from the offset to the next page border and below the address mask. */
static uint32_t items_in_page(
    const struct cpu *cpu, const struct insn *insn, unsigned seg, uint32_t offset, unsigned size)
{
    uint32_t room = MEM_PAGE_SIZE - ((cpu->seg[seg].base + offset) & MEM_PAGE_MASK);
    uint32_t to_wrap = address_mask(insn) - offset;
    return (to_wrap < room ? to_wrap : room) / size;
}

static void items_fill(uint8_t *to, uint32_t value, uint32_t count, unsigned size)
{
    uint32_t same = (value & 0xff) * 0x01010101u; /* most fill with zeros */
    if (((value ^ same) & size_mask(size)) == 0)
        memset(to, (int)(value & 0xff), count * size);
    else
        for (uint32_t i = 0; i < count; i++)
            memcpy(to + i * size, &value, size);
}

static void items_copy(uint8_t *to, const uint8_t *from, uint32_t count, unsigned size)
{
    uint32_t bytes = count * size;
    if ((uintptr_t)to - (uintptr_t)from >= bytes && (uintptr_t)from - (uintptr_t)to >= bytes)
        memcpy(to, from, bytes);
    else /* an overlap repeats a pattern */
        for (uint32_t i = 0; i < count; i++)
            memmove(to + i * size, from + i * size, size);
}

/* Does as many iterations as can be done at once; 0 when the next one must be done alone. */
static uint32_t rep_bulk(struct cpu *cpu, const struct insn *insn, uint32_t count, unsigned size, bool from_memory)
{
    uint32_t edi = cpu->reg[EDI] & address_mask(insn), esi = cpu->reg[ESI] & address_mask(insn);
    uint32_t items = items_in_page(cpu, insn, ES, edi, size);
    if (from_memory) {
        uint32_t there = items_in_page(cpu, insn, insn->seg, esi, size);
        items = there < items ? there : items;
    }
    items = count < items ? count : items;
    if (items < 2 || (cpu->eflags & FLAG_DF))
        return 0;
    uint8_t *to = access_plain(cpu, ES, edi, items * size, true);
    if (!to)
        return 0;
    if (from_memory) {
        const uint8_t *from = access_plain(cpu, insn->seg, esi, items * size, false);
        if (!from)
            return 0;
        items_copy(to, from, items, size);
        advance(cpu, insn, ESI, items * size);
    } else {
        items_fill(to, cpu->reg[EAX], items, size);
    }
    advance(cpu, insn, EDI, items * size);
    return items;
}

/* ---- REP ---- */

enum string_op { MOVS, STOS, LODS, CMPS, SCAS };

ALWAYS_INLINE void once(struct cpu *cpu, const struct insn *insn, enum string_op op, unsigned size)
{
    switch (op) {
    case MOVS: movs_once(cpu, insn, size); break;
    case STOS: stos_once(cpu, insn, size); break;
    case LODS: lods_once(cpu, insn, size); break;
    case CMPS: cmps_once(cpu, insn, size); break;
    case SCAS: scas_once(cpu, insn, size); break;
    }
}

ALWAYS_INLINE void string(struct cpu *cpu, const struct insn *insn, enum string_op op, unsigned size)
{
    uint32_t count, mask = address_mask(insn);
    if (!insn->rep) {
        once(cpu, insn, op, size);
        return;
    }
    bool yields = interp_yields(cpu);
    while ((count = cpu->reg[ECX] & mask) != 0) {
        uint32_t done = yields || (op != MOVS && op != STOS) ? 0 : rep_bulk(cpu, insn, count, size, op == MOVS);
        if (!done) {
            once(cpu, insn, op, size);
            done = 1;
        }
        advance(cpu, insn, ECX, 0 - done);
        if ((op == CMPS || op == SCAS) && !(cpu->eflags & FLAG_ZF) == (insn->rep == 0xf3))
            return;
        yields = interp_yields(cpu);
        if (yields && done < count) {
            interp_again(cpu);
            return;
        }
    }
}

#define STRING(name, op)                                                             \
    ALWAYS_INLINE void name(struct cpu *cpu, const struct insn *insn, unsigned size) \
    {                                                                                \
        string(cpu, insn, op, size);                                                 \
    }                                                                                \
    OP_8_16_32(name)
STRING(movs, MOVS)
STRING(cmps, CMPS)
STRING(stos, STOS)
STRING(lods, LODS)
STRING(scas, SCAS)

// clang-format off
static const struct op_row rows[] = {
    ROWS_8_16_32(MAP_1BYTE, 0xa4, -1, OP_REP, movs),
    ROWS_8_16_32(MAP_1BYTE, 0xa6, -1, OP_REP, cmps),
    ROWS_8_16_32(MAP_1BYTE, 0xaa, -1, OP_REP, stos),
    ROWS_8_16_32(MAP_1BYTE, 0xac, -1, OP_REP, lods),
    ROWS_8_16_32(MAP_1BYTE, 0xae, -1, OP_REP, scas),
};
// clang-format on
OP_TABLE(ops_string, rows);
