/* program.c - random programs that are odd but go on for a while.
 *
 * A program is instruction forms of the conformance tables with random operands, mixed with short idioms: loops, so
 * that code gets hot; calls and returns that match or not; stores into the code just ahead; changes of a page table.
 * Memory operands mostly get an address that is somewhere, by a MOV to the base register in front. What faults goes
 * through a handler to one of the starting states. */
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/gen.h"
#include "tests/lockstep/world.h"

#define PENDING 8u

struct maker {
    struct world_plan *plan;
    struct dice *dice;
    uint8_t *base, *at, *end; /* of the code */
    struct {
        uint8_t *at;
        uint32_t size;
    } pending[PENDING]; /* forward branches that have no target yet */
    uint32_t pending_count;
};

static void put(struct maker *m, uint32_t value, uint32_t size)
{
    memcpy(m->at, &value, size);
    m->at += size;
}

static uint32_t below(struct maker *m, uint32_t limit)
{
    return dice_below(m->dice, limit);
}

static bool once_in(struct maker *m, uint32_t n)
{
    return dice_once_in(m->dice, n);
}

/* The EIP of a place in the code, where it is not an alias; in flat worlds its linear address. */
static uint32_t linear(const struct maker *m, const uint8_t *at)
{
    return m->plan->eip_base + (uint32_t)(at - m->base);
}

/* Prefixes by which 16-bit code has operands, addresses of 32 bits. */
static void wide(struct maker *m)
{
    if (m->plan->code16)
        put(m, 0x66, 1);
}
static void wide_address(struct maker *m)
{
    if (m->plan->code16)
        put(m, 0x67, 1);
}

static void mov_imm(struct maker *m, uint32_t reg, uint32_t value)
{
    bool narrow = m->plan->code16 && once_in(m, 2);
    if (!narrow)
        wide(m);
    put(m, 0xb8 + reg, 1);
    put(m, value, narrow ? 2 : 4);
}

static uint32_t not_esp(struct maker *m)
{
    uint32_t reg = below(m, 7);
    return reg + (reg >= ESP);
}

/* ---- branches ---- */

static void pending_resolve(struct maker *m)
{
    for (uint32_t i = 0; i < m->pending_count; i++) {
        uint32_t distance = (uint32_t)(m->at - m->pending[i].at) - m->pending[i].size;
        memcpy(m->pending[i].at, &distance, m->pending[i].size);
    }
    m->pending_count = 0;
}

/* The displacement of a branch: back to a known instruction, forward to a coming one, or anywhere. */
static void put_relative(struct maker *m, uint32_t size)
{
    const struct world_plan *plan = m->plan;
    uint32_t here = (uint32_t)(m->at - m->base) + size, distance;
    if (plan->start_count > 8 && (once_in(m, 6) || m->pending_count == PENDING)) {
        distance = plan->starts[plan->start_count - 1 - below(m, 8)] - here;
        if (size != 1 || (int32_t)distance >= -128) {
            put(m, distance, size);
            return;
        }
    }
    if (size == 4 && once_in(m, 3)) {
        put(m, world_target(plan, m->dice) - (plan->eip_base + here), 4);
        return;
    }
    if (m->pending_count < PENDING) {
        m->pending[m->pending_count].at = m->at;
        m->pending[m->pending_count++].size = size;
    }
    put(m, 4, size);
}

/* ---- forms ---- */

static uint32_t operand_pointer(struct maker *m, bool align)
{
    uint32_t pointer = world_pointer(m->plan, m->dice);
    return align && !once_in(m, 8) ? pointer & ~15u : pointer;
}

/* A register operand, or an address; returns what must be in which register for it to be somewhere. */
struct address {
    uint8_t bytes[7];
    uint32_t length;
    uint32_t reg, value; /* reg 8: none */
};

/* With 16-bit addressing (SDM vol. 2, table 2-1). */
static struct address make_address16(struct maker *m, uint32_t field, bool align)
{
    static const uint8_t bases[] = { EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX };
    struct address a = { .reg = 8 };
    uint32_t rm = below(m, 8), mod = below(m, 3), disp = 0;
    bool absolute = once_in(m, 4);
    if (absolute)
        rm = 6, mod = 0, disp = operand_pointer(m, align);
    else if (mod == 0 && rm == 6)
        mod = 1;
    if (mod)
        disp = once_in(m, 8) ? (uint32_t)(int8_t)below(m, 256) : 4 * below(m, 8);
    a.bytes[0] = (uint8_t)(mod << 6 | field << 3 | rm);
    a.length = 1 + (absolute ? 2 : mod);
    memcpy(a.bytes + 1, &disp, a.length - 1);
    if (!absolute) {
        a.reg = bases[rm];
        a.value = operand_pointer(m, align) - disp;
    }
    return a;
}

static struct address make_address(struct maker *m, uint32_t field, bool align)
{
    struct address a = { .reg = 8 };
    uint32_t base = below(m, 8), disp = 0, mod = below(m, 3);
    if (once_in(m, 4)) { /* [disp32] */
        a.bytes[a.length++] = (uint8_t)(field << 3 | 5);
        disp = operand_pointer(m, align);
        memcpy(a.bytes + a.length, &disp, 4);
        a.length += 4;
        return a;
    }
    if (once_in(m, 5))
        base = ESP;
    if (mod == 0 && base == EBP)
        mod = 1;
    bool sib = base == ESP || once_in(m, 5);
    uint32_t index = sib && once_in(m, 2) ? below(m, 8) : 4, scale = below(m, 4);
    a.bytes[a.length++] = (uint8_t)(mod << 6 | field << 3 | (sib ? 4 : base));
    if (sib)
        a.bytes[a.length++] = (uint8_t)(scale << 6 | index << 3 | base);
    if (mod)
        disp = once_in(m, 8) ? (uint32_t)(int8_t)below(m, 256) : 4 * below(m, 8);
    memcpy(a.bytes + a.length, &disp, mod == 2 ? 4 : mod);
    a.length += mod == 2 ? 4 : mod;
    if (base != ESP) {
        a.reg = base;
        a.value = operand_pointer(m, align) - disp;
    }
    return a;
}

static bool token_is(const char *token, const char *what)
{
    size_t n = strlen(what);
    return !strncmp(token, what, n) && (token[n] == ' ' || token[n] == 0);
}

/* Would end the world, or make translations stale without INVLPG. */
static bool row_is_wild(const struct row *row)
{
    static const char *const encodings[] = { "0F 00 /2", "0F 00 /3", "0F 01 /2", "0F 01 /3", "0F 01 /6", "0F 22 /0",
        "0F 30", "F4", "FA" };
    for (unsigned i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
        if (!strcmp(row->encoding, encodings[i]))
            return true;
    return false;
}

static void make_row(struct maker *m, const struct row_table *table, const struct row *row)
{
    static const uint8_t overrides[] = { 0x64, 0x64, 0x65, 0x65, 0x26, 0x2e, 0x36, 0x3e };
    const char *slash = strchr(row->encoding, '/');
    bool memory = slash && !(row->flags & ROW_REG) && ((row->flags & ROW_MEM) || once_in(m, 2));
    bool moffs = strstr(row->encoding, "moffs") != NULL;
    if (row_is_wild(row) && !(m->plan->wild && once_in(m, 4)) && !m->plan->user_only)
        return;
    struct address address = { .reg = 8 };
    /* The rows are written for 32-bit code: in 16-bit code those with 66 want none, and the others want it. */
    bool code16 = m->plan->code16, turn = code16 && !table->mandatory;
    bool addr16 = code16 ? !once_in(m, 3) : once_in(m, memory || moffs ? 40 : row->flags & ROW_STRING ? 30 : 200);
    if (memory) {
        uint32_t field = slash[1] == 'r' ? below(m, 8) : (uint32_t)(slash[1] - '0');
        bool align = row->flags & ROW_ALIGN;
        address = addr16 ? make_address16(m, field, align) : make_address(m, field, align);
        if (address.reg < 8 && !once_in(m, 3))
            mov_imm(m, address.reg, address.value);
    }
    if (row->flags & ROW_STRING) {
        if (!once_in(m, 3))
            mov_imm(m, ESI, world_pointer(m->plan, m->dice));
        if (!once_in(m, 3))
            mov_imm(m, EDI, world_pointer(m->plan, m->dice));
        if (!once_in(m, 12))
            mov_imm(m, ECX, below(m, 40));
    }
    uint8_t *start = m->at;
    if (row->flags & ROW_LOCK ? memory && once_in(m, 6) : once_in(m, 400))
        put(m, 0xf0, 1);
    if ((memory || moffs || (row->flags & ROW_STRING)) && once_in(m, 8))
        put(m, DICE_PICK(m->dice, overrides), 1);
    if (addr16 != code16)
        put(m, 0x67, 1);
    if (turn && !strstr(row->encoding, "66 "))
        put(m, 0x66, 1);
    for (const char *token = row->encoding; token; token = strchr(token, ' ') ? strchr(token, ' ') + 1 : NULL) {
        if (turn && token_is(token, "66"))
            continue;
        if (token_is(token, "ib"))
            put(m, world_number(m->dice), 1);
        else if (token_is(token, "iw"))
            put(m, once_in(m, 2) ? below(m, 64) : world_number(m->dice), 2);
        else if (token_is(token, "id"))
            put(m, once_in(m, 3) ? world_pointer(m->plan, m->dice) : world_number(m->dice), 4);
        else if (!strncmp(token, "rel", 3))
            put_relative(m, (uint32_t)atoi(token + 3) / 8);
        else if (!strncmp(token, "ptr", 3)) {
            put(m, world_target(m->plan, m->dice), (uint32_t)atoi(token + 3) / 8);
            put(m, modes_code(m->plan, m->dice), 2);
        } else if (token_is(token, "moffs"))
            put(m, world_pointer(m->plan, m->dice), addr16 ? 2 : 4);
        else if (token[0] == '/' && memory) {
            memcpy(m->at, address.bytes, address.length);
            m->at += address.length;
        } else if (token[0] == '/')
            put(m,
                0xc0 | (token[1] == 'r' ? below(m, 8) : (uint32_t)(token[1] - '0')) << 3 |
                    (once_in(m, 8) ? below(m, 8) : not_esp(m)),
                1);
        else
            put(m, (uint32_t)strtoul(token, NULL, 16) + (token[2] == '+' ? below(m, 8) : 0), 1);
    }
    if (m->at - start > 15)
        m->at = start + 15;
    if (m->plan->settle && (row->undefined || row->undefined_in))
        put(m, 0x39 | (0xc0 | below(m, 64)) << 8, 2); /* CMP r32,r32 */
}

static const struct row *pick(struct maker *m, const struct row_table *table)
{
    return &table->rows[below(m, table->count)];
}

static void make_form(struct maker *m);

/* ---- idioms ---- */

static void idiom_loop(struct maker *m)
{
    uint32_t count = 1 + below(m, once_in(m, 4) ? 200 : 20), body = 1 + below(m, 8);
    mov_imm(m, ECX, count);
    uint8_t *top = m->at;
    for (uint32_t i = 0; i < body; i++)
        make_form(m);
    if (once_in(m, 3) && m->at - top < 120)
        put(m, 0xe2, 1), put(m, (uint32_t)(top - m->at) - 1, 1);
    else
        put(m, 0x49, 1), wide(m), put(m, 0x850f, 2), put(m, (uint32_t)(top - m->at) - 4, 4); /* DEC ECX; JNZ */
}

static void idiom_push_ret(struct maker *m)
{
    bool narrow = m->plan->code16 && once_in(m, 2);
    if (!narrow)
        wide(m);
    put(m, 0x68, 1);
    put(m, world_target(m->plan, m->dice), narrow ? 2 : 4);
    if (!narrow)
        wide(m);
    if (once_in(m, 3))
        put(m, 0xc2, 1), put(m, 4 * below(m, 4), 2);
    else
        put(m, 0xc3, 1);
}

static void idiom_indirect(struct maker *m)
{
    uint32_t reg = not_esp(m);
    mov_imm(m, reg, world_target(m->plan, m->dice));
    if (!m->plan->code16 && once_in(m, 3)) { /* through the stack */
        put(m, 0x50 + reg, 1);
        put(m, once_in(m, 2) ? 0x2424ff : 0x2414ff, 3);
    } else {
        put(m, 0xff | (0xd0u + (once_in(m, 2) ? 16 : 0) + reg) << 8, 2);
    }
}

/* A function in line: called twice, jumped over. */
static void idiom_function(struct maker *m)
{
    bool narrow = m->plan->code16 && once_in(m, 2);
    uint32_t size = narrow ? 2 : 4;
    if (!narrow)
        wide(m);
    put(m, 0xe9, 1);
    uint8_t *over = m->at;
    put(m, 0, size);
    uint8_t *function = m->at;
    m->plan->starts[m->plan->start_count++] = (uint32_t)(m->at - m->base);
    for (uint32_t i = below(m, 6); i; i--)
        make_form(m);
    if (!narrow)
        wide(m);
    put(m, once_in(m, 4) ? 0x0004c2 : 0x9090c3, 3);
    uint32_t distance = (uint32_t)(m->at - over) - size;
    memcpy(over, &distance, size);
    for (uint32_t i = 1 + below(m, 3); i; i--) {
        if (!narrow)
            wide(m);
        put(m, 0xe8, 1);
        put(m, (uint32_t)(function - m->at) - size, size);
    }
}

static void idiom_call_pop(struct maker *m)
{
    wide(m);
    put(m, 0xe8, 1);
    put(m, 0, 4);
    wide(m);
    put(m, 0x58 + not_esp(m), 1);
}

/* A store into the instruction behind, or a little further on. */
static void idiom_patch(struct maker *m)
{
    uint32_t gap = below(m, 3), size = once_in(m, 3) ? 1 : 4;
    uint32_t store = size == 1 ? 7 : 10;
    wide_address(m);
    if (size == 4)
        wide(m);
    put(m, size == 1 ? 0x05c6 : 0x05c7, 2);
    put(m, linear(m, m->at - 2) + store + gap + (once_in(m, 4) ? below(m, 32) : 1), 4);
    put(m, once_in(m, 4) ? 0x90909090 : world_number(m->dice), size);
    for (; gap; gap--)
        put(m, 0x90, 1);
    mov_imm(m, not_esp(m), world_number(m->dice));
}

static void idiom_remap(struct maker *m)
{
    if (m->plan->kind != WORLD_FLAT)
        return;
    uint32_t page = below(m, WORLD_ALIAS_PAGES),
             entry = 4096 * below(m, WORLD_CODE_PAGES + WORLD_DATA_PAGES) + WORLD_CODE;
    put(m, 0x05c7, 2);
    put(m, WORLD_PT_EDIT + page * (m->plan->pae ? 8 : 4), 4);
    put(m, entry | (once_in(m, 3) ? dice_32(m->dice) & 0x67 : 7), 4);
    put(m, 0x3d010f, 3); /* INVLPG */
    put(m, WORLD_ALIAS + page * 4096 + below(m, 4096), 4);
}

static void idiom_flags(struct maker *m)
{
    uint32_t flags = dice_32(m->dice) & (0x240cd5 | (once_in(m, 8) ? FLAG_TF : 0) | (once_in(m, 8) ? FLAG_NT : 0));
    bool narrow = m->plan->code16 && once_in(m, 2);
    if (!narrow)
        wide(m);
    put(m, 0x68, 1);
    put(m, flags | (once_in(m, 8) ? 0 : FLAG_IF), narrow ? 2 : 4);
    if (!narrow)
        wide(m);
    put(m, 0x9d, 1);
    if (once_in(m, 2))
        put(m, 0x9c | (0x58u + not_esp(m)) << 8, 2);
}

static void idiom_segment(struct maker *m)
{
    static const uint16_t selectors[] = { SEL_UDATA, SEL_UDATA, SEL_UDATA, SEL_KDATA, SEL_WINDOW, SEL_BASED, SEL_BASED,
        SEL_READONLY, SEL_DOWN, SEL_UCODE, SEL_ABSENT, 0, 0x3f, 0x7f, 0xfff8 };
    uint32_t reg = not_esp(m), seg = DICE_PICK(m->dice, ((const uint8_t[]){ ES, SS, DS, FS, FS, FS, GS, GS, GS }));
    bool user_ok = once_in(m, 2);
    if (m->plan->kind != WORLD_FLAT && !once_in(m, 4))
        mov_imm(m, reg, modes_data(m->plan, m->dice));
    else
        mov_imm(m, reg, seg == SS || once_in(m, 3) ? (user_ok ? SEL_UDATA : SEL_KDATA) : DICE_PICK(m->dice, selectors));
    if (once_in(m, 3) && seg >= FS)
        put(m, (0x50 + reg) | 0x0f00 | (seg == FS ? 0xa10000 : 0xa90000), 3);
    else
        put(m, 0x8e | (0xc0 | seg << 3 | reg) << 8, 2);
    if (once_in(m, 2)) { /* again, and perhaps from another descriptor */
        uint32_t changed = once_in(m, 2) ? SEL_BASED : SEL_WINDOW;
        if (m->plan->kind == WORLD_FLAT && once_in(m, 4)) /* XOR of a byte of its base */
            put(m, 0x3580, 2), put(m, WORLD_GDT + (changed & ~7u) + 2, 4), put(m, 1, 1);
        put(m, 0x8e | (0xc0 | seg << 3 | reg) << 8, 2);
    }
    if (once_in(m, 3)) /* VERR, VERW */
        put(m, 0x0f | (0xe0u | below(m, 2) << 3 | reg) << 16, 3);
}

static void idiom_control(struct maker *m)
{
    switch (below(m, 8)) {
    case 0: put(m, 0xd8200f, 3), put(m, 0xd8220f, 3); break; /* CR3 to EAX and back */
    case 1:                                                  /* CR0 with TS, WP or AM changed and changed back */
        put(m, 0xc0200f, 3);
        wide(m), put(m, 0x35, 1), put(m, DICE_PICK(m->dice, ((const uint32_t[]){ CR0_TS, CR0_WP, CR0_AM, CR0_EM })), 4);
        put(m, 0xc0220f, 3);
        break;
    case 2: put(m, 0x060f, 2); break; /* CLTS */
    case 3: put(m, 0xfb, 1); break;
    case 4: put(m, 0xfa, 1); break;
    case 5: put(m, 0xa20f, 2); break; /* CPUID */
    case 6: put(m, 0x310f, 2); break; /* RDTSC */
    default: put(m, 0xcd | below(m, 256) << 8, 2); break;
    }
}

/* A far call or jump, or a return to an address that was pushed. */
static void idiom_far(struct maker *m)
{
    uint32_t selector = modes_code(m->plan, m->dice), target = world_target(m->plan, m->dice);
    uint32_t size = m->plan->code16 ? 2 : 4;
    if (once_in(m, 2)) {
        put(m, once_in(m, 2) ? 0x9a : 0xea, 1);
        put(m, target, size);
        put(m, selector, 2);
        return;
    }
    put(m, 0x68, 1), put(m, selector, size);
    put(m, 0x68, 1), put(m, target, size);
    if (once_in(m, 3))
        put(m, 0xca, 1), put(m, 4 * below(m, 4), 2);
    else
        put(m, 0xcb, 1);
}

static void idiom_stack(struct maker *m)
{
    switch (below(m, 10)) {
    case 0:
        mov_imm(m, ESP, (m->plan->kind == WORLD_FLAT ? WORLD_DATA + 0x8000 : 0x9000) + (below(m, 0x4000) & ~3u));
        break;
    case 1: put(m, 0xc483, 2), put(m, 4 * below(m, 8), 1); break; /* ADD ESP,n */
    case 2: put(m, 0xec83, 2), put(m, 4 * below(m, 8), 1); break;
    case 3: put(m, 0x24648d, 3), put(m, below(m, 256), 1); break;   /* LEA ESP,[ESP+n] */
    case 4: put(m, 0x54, 1); break;                                 /* PUSH ESP */
    case 5: put(m, 0x5c54, 2); break;                               /* PUSH ESP; POP ESP */
    case 6: put(m, 0x24448f, 3), put(m, 4 * below(m, 6), 1); break; /* POP [ESP+n] */
    case 7: put(m, 0x2474ff, 3), put(m, 4 * below(m, 6), 1); break; /* PUSH [ESP+n] */
    case 8: put(m, 0x94 | (0x94u << 8), 2); break;                  /* XCHG EAX,ESP, twice */
    default:                                                        /* a frame */
        put(m, 0xe5895590, 4);
        for (uint32_t i = below(m, 3); i; i--)
            make_form(m);
        put(m, 0xc9, 1);
        break;
    }
}

static void idiom_copy(struct maker *m)
{
    bool to_code = once_in(m, 30);
    mov_imm(m, ESI, world_pointer(m->plan, m->dice));
    mov_imm(m, EDI, to_code ? linear(m, m->at) + below(m, 64) : world_pointer(m->plan, m->dice));
    mov_imm(m, ECX, to_code ? below(m, 4) : below(m, once_in(m, 8) ? 1200 : 64));
    put(m, 0xf3, 1);
    put(m, DICE_PICK(m->dice, ((const uint8_t[]){ 0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad })), 1);
}

static void idiom_wild_bytes(struct maker *m)
{
    for (uint32_t i = 1 + below(m, 6); i; i--)
        put(m, dice_32(m->dice), 1);
}

/* x87, MMX and SSE instructions in a row, as compilers write them. Those after SSE2 stand last in the tables. */
static void idiom_fp(struct maker *m)
{
    static const struct row_table *const tables[] = { &rows_x87, &rows_mmx, &rows_sse, &rows_sse3, &rows_sse4 };
    const uint32_t count = m->plan->later ? 5 : 3;
    const struct row_table *table = tables[below(m, count)];
    for (uint32_t i = 2 + below(m, 8); i; i--) {
        const struct row_table *from = once_in(m, 8) ? tables[below(m, count)] : table;
        make_row(m, from, pick(m, from));
    }
}

/* One instruction form, in proportion to what programs are made of. */
static void make_form(struct maker *m)
{
    static const struct {
        const struct row_table *table;
        uint32_t weight;
    } tables[] = { { &rows_alu, 30 }, { &rows_shift, 12 }, { &rows_move, 18 }, { &rows_stack, 10 }, { &rows_x87, 4 },
        { &rows_mmx, 3 }, { &rows_sse, 6 }, { &rows_string, 3 }, { &rows_flow, 2 }, { &rows_system, 1 },
        { &rows_sse3, 3 }, { &rows_sse4, 4 }, { &rows_sse4_general, 3 } };
    if (once_in(m, 10)) {
        mov_imm(m, not_esp(m), world_pointer(m->plan, m->dice));
        return;
    }
    if (once_in(m, 8)) { /* Jcc */
        if (once_in(m, 2))
            put(m, 0x70 + below(m, 16), 1), put_relative(m, 1);
        else
            wide(m), put(m, 0x0f | (0x80 + below(m, 16)) << 8, 2), put_relative(m, 4);
        return;
    }
    uint32_t at = below(m, m->plan->later ? 99 : 89);
    for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (at < tables[i].weight) {
            make_row(m, tables[i].table, pick(m, tables[i].table));
            return;
        }
        at -= tables[i].weight;
    }
}

void program_make(struct world_plan *plan, struct dice *dice)
{
    static const struct {
        void (*make)(struct maker *m);
        uint32_t weight;
    } idioms[] = { { make_form, 120 }, { idiom_loop, 12 }, { idiom_push_ret, 2 }, { idiom_indirect, 3 },
        { idiom_function, 5 }, { idiom_call_pop, 1 }, { idiom_patch, 2 }, { idiom_remap, 1 }, { idiom_flags, 3 },
        { idiom_segment, 4 }, { idiom_control, 2 }, { idiom_stack, 8 }, { idiom_copy, 3 }, { idiom_wild_bytes, 1 },
        { idiom_far, 2 } };
    uint8_t *base = plan->image + WORLD_CODE;
    struct maker m = { .plan = plan, .dice = dice, .base = base, .at = base, .end = base + WORLD_CODE_BYTES };
    uint32_t total = 0;
    for (unsigned i = 0; i < sizeof(idioms) / sizeof(idioms[0]); i++)
        total += idioms[i].weight;
    while (m.end - m.at > 2048) {
        if (once_in(&m, 3))
            pending_resolve(&m);
        plan->starts[plan->start_count++] = (uint32_t)(m.at - base);
        uint32_t at = below(&m, total);
        unsigned i = 0;
        for (; at >= idioms[i].weight; i++)
            at -= idioms[i].weight;
        if (plan->fp && dice_once_in(dice, 3))
            idiom_fp(&m);
        else
            idioms[i].make(&m);
    }
    pending_resolve(&m);
    memset(m.at, 0xcc, (size_t)(m.end - m.at));
}
