#include "tests/conformance/gen.h"

#include <stdlib.h>
#include <string.h>

enum { ES, CS, SS, DS, FS, GS };
enum { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI };

/* ---- state ---- */

/* An FXSAVE image. In x87 rows the stack is mostly in use; elsewhere it need only survive. */
static void random_fx(struct gen *gen, uint8_t *fx)
{
    bool x87 = (gen->row->flags & ROW_X87) != 0;
    memset(fx, 0, 512);
    uint32_t fcw = (gen_random(gen) & 0x1f00) | (gen_once_in(gen, 4) ? gen_random(gen) & 0x3f : 0x3f) | 0x40;
    uint32_t fsw = gen_random(gen) & 0x7f7f;
    if (!gen_once_in(gen, 32))
        fsw &= ~0x3fu | fcw; /* nothing pending */
    if (gen_once_in(gen, 2))
        fsw &= ~0x3fu;
    if (fsw & ~fcw & 0x3f)
        fsw |= 0x8080;
    uint32_t ftw = x87 ? (gen_once_in(gen, 3) ? gen_random(gen) & 0xff : 0xff) : gen_random(gen) & 0xff;
    uint32_t mxcsr = 0x1f80 | (gen_random(gen) & 0x603f);
    if (gen_once_in(gen, 4))
        mxcsr = gen_random(gen) & 0xffff;
    if (gen_once_in(gen, 2))
        mxcsr &= ~0x3fu;
    memcpy(fx, &fcw, 2);
    memcpy(fx + 2, &fsw, 2);
    fx[4] = (uint8_t)ftw;
    memcpy(fx + 24, &mxcsr, 4);
    for (unsigned i = 0; i < 8; i++)
        gen_data(gen, x87 ? D_F80 : D_INT, fx + 32 + 16 * i, 10);
    for (unsigned i = 0; i < 8; i++)
        gen_data(gen, gen->row->data > D_F64 ? D_INT : gen->row->data, fx + 160 + 16 * i, 16);
    if (!x87 &&
        gen->row->data != D_INT) /* an MMX operand of a conversion is an integer: the exponent bits may be all */
        for (unsigned i = 0; i < 8; i++)
            gen_data(gen, gen->row->data, fx + 32 + 16 * i, 8);
}

/* ---- places ---- */

uint32_t selector_base(uint32_t selector)
{
    switch (selector) {
    case SEL_LDT(LDT_BASED):
    case SEL_LDT(LDT_READONLY): return ARENA_RW;
    case SEL_LDT(LDT_DOWN): return LDT_DOWN_BASE;
    case SEL_LDT(LDT_CODE16): return CODE16_BASE;
    default: return 0;
    }
}

static uint32_t selector_of(const struct conf_case *in, unsigned seg)
{
    switch (seg) {
    case ES: return in->es;
    case DS: return in->ds;
    case FS: return in->fs;
    case GS: return in->gs;
    case CS: return in->cs;
    default: return SEL_FLAT;
    }
}

static void selector_set(struct conf_case *in, unsigned seg, uint16_t selector)
{
    switch (seg) {
    case ES: in->es = selector; break;
    case DS: in->ds = selector; break;
    case FS: in->fs = selector; break;
    case GS: in->gs = selector; break;
    default: break; /* CS and SS stay flat: the runner stands on them */
    }
}

static uint16_t random_selector(struct gen *gen, bool mostly_flat)
{
    static const uint16_t odd[] = { SEL_LDT(LDT_BASED), SEL_LDT(LDT_BASED), SEL_LDT(LDT_READONLY), SEL_LDT(LDT_DOWN),
        SEL_LDT(LDT_CODE), SEL_CODE, 0 };
    if (!gen_once_in(gen, mostly_flat ? 12 : 3))
        return mostly_flat ? SEL_FLAT : SEL_LDT(LDT_BASED);
    return odd[gen_below(gen, sizeof odd / sizeof odd[0])];
}

uint32_t gen_target(struct gen *gen, uint32_t size)
{
    const struct conf_case *in = gen->in;
    uint32_t align = gen->row->flags & ROW_ALIGN ? 16 : 1, at;
    if (size == 0)
        size = 1;
    switch (gen_below(gen, 40)) {
    case 0: at = ARENA_RO_END - gen_below(gen, size + 4); break;                   /* over the end */
    case 1: at = ARENA_RW - gen_below(gen, size + 4); break;                       /* over the start */
    case 2: at = ARENA_RO - gen_below(gen, size + 4); break;                       /* into the read-only page */
    case 3: at = ARENA_RO + gen_below(gen, ARENA_RO_END - ARENA_RO - size); break; /* there */
    case 4: at = gen->addr16 ? ARENA_RW_END + 64 : WILD + gen_below(gen, WILD_END - WILD); break;
    case 5: return in->mem_at + gen_below(gen, in->mem_length - size + 1); /* any alignment */
    default:
        if (in->mem_length <= size)
            return in->mem_at;
        at = in->mem_at + gen_below(gen, in->mem_length - size + 1);
        if (align > 1) {
            at &= ~(align - 1);
            if (at < in->mem_at)
                at += align;
        }
        return at;
    }
    at &= ~(align - 1);
    /* Nowhere else in the RW pages: old data could be taken for an address. */
    return at >= ARENA_RW && at + size <= ARENA_RW_END ? in->mem_at : at;
}

void gen_poke(struct gen *gen, uint32_t linear, uint32_t value, uint32_t size)
{
    struct conf_case *in = gen->in;
    if (linear >= in->mem_at && linear + size <= in->mem_at + in->mem_length)
        memcpy(in->mem + (linear - in->mem_at), &value, size);
}

static void window_choose(struct gen *gen)
{
    struct conf_case *in = gen->in;
    uint32_t length = gen->row->size > 100 || (gen->row->flags & ROW_PARTIAL) ? MEM_MAX : 256, at;
    switch (gen_below(gen, 8)) {
    case 0: at = ARENA_RW; break;
    case 1: at = ARENA_RW_END - length; break;
    case 2:
    case 3: at = ARENA_RW + 4096 * (1 + gen_below(gen, 3)) - length / 2 - gen_below(gen, 32); break;
    default: at = ARENA_RW + gen_below(gen, ARENA_BYTES - length + 1); break;
    }
    in->mem_at = at;
    in->mem_length = length;
    gen_data(gen, gen->row->data, in->mem, length);
}

/* ---- addressing ---- */

struct emitter {
    uint8_t *at;
};

static void put(struct emitter *code, uint32_t value, uint32_t size)
{
    memcpy(code->at, &value, size);
    code->at += size;
}

/* The segment of the operand; 16-bit addresses reach nothing but segments with a base. */
static uint32_t effective_base(struct gen *gen, unsigned default_seg)
{
    unsigned seg = gen->override >= 0 ? (unsigned)gen->override : default_seg;
    return selector_base(selector_of(gen->in, seg));
}

/* Multiplies by n = inverse * value mod 2^32. */
static uint32_t divide_by(uint32_t value, unsigned scale)
{
    static const uint32_t inverse[4] = { 0, 0xaaaaaaab, 0xcccccccd, 0x38e38e39 }; /* of 3, 5, 9 */
    return scale ? value * inverse[scale] : value / 2;
}

static void address32(struct gen *gen, struct emitter *code, uint32_t reg_field)
{
    struct conf_case *in = gen->in;
    uint32_t mod = gen_below(gen, 3), rm = gen_below(gen, 8), scale = 0, index = 4, base = rm;
    if (rm == 4) {
        scale = gen_below(gen, 4);
        index = gen_below(gen, 8);
        base = gen_below(gen, 8);
        gen->forms->sib[((mod * 4 + scale) * 8 + index) * 8 + base]++;
    }
    gen->forms->plain[mod * 8 + rm]++;
    bool has_base = !(mod == 0 && base == 5);
    if (base == ESP && index != 4 && (gen->row->flags & ROW_STACK))
        in->gpr[index] &= 15; /* keep the stack near, not in the runner's own */
    unsigned default_seg = has_base && (base == ESP || base == EBP) ? SS : DS;
    uint32_t offset = gen->target - effective_base(gen, default_seg);
    uint32_t disp = mod == 1 ? (uint32_t)(int8_t)gen_random(gen) : 0;
    if (mod == 2 || !has_base) {
        uint32_t known = (has_base ? in->gpr[base] : 0) + (index != 4 ? in->gpr[index] << scale : 0);
        disp = offset - known;
    } else if (base != index) {
        in->gpr[base] = offset - disp - (index != 4 ? in->gpr[index] << scale : 0);
    } else if (index != 4) {
        if (scale == 0 && ((offset - disp) & 1)) { /* an odd sum of equals does not exist */
            if (mod == 1)
                disp ^= 1;
            else
                gen->target ^= 1, offset ^= 1;
        }
        in->gpr[base] = divide_by(offset - disp, scale);
    } else { /* [ESP], no index */
        in->gpr[ESP] = offset - disp;
    }
    gen->modrm = (uint8_t)(mod << 6 | reg_field << 3 | rm);
    put(code, gen->modrm, 1);
    if (rm == 4)
        put(code, scale << 6 | index << 3 | base, 1);
    if (mod == 2 || !has_base)
        put(code, disp, 4);
    else if (mod == 1)
        put(code, disp, 1);
}

static void address16(struct gen *gen, struct emitter *code, uint32_t reg_field)
{
    static const struct {
        uint8_t base, index; /* 8: none */
    } form[8] = { { EBX, ESI }, { EBX, EDI }, { EBP, ESI }, { EBP, EDI }, { ESI, 8 }, { EDI, 8 }, { EBP, 8 },
        { EBX, 8 } };
    struct conf_case *in = gen->in;
    uint32_t mod = gen_below(gen, 3), rm = gen_below(gen, 8);
    bool has_base = !(mod == 0 && rm == 6);
    unsigned base = form[rm].base, index = form[rm].index;
    unsigned default_seg = has_base && base == EBP ? SS : DS;
    gen->forms->word[mod * 8 + rm]++;
    uint32_t offset = gen->target - effective_base(gen, default_seg);
    uint32_t disp = mod == 1 ? (uint32_t)(int8_t)gen_random(gen) : 0;
    uint32_t index_value = has_base && index != 8 ? in->gpr[index] : 0;
    if (mod == 2 || !has_base)
        disp = offset - index_value - (has_base ? in->gpr[base] : 0);
    else
        in->gpr[base] = (in->gpr[base] & 0xffff0000) | ((offset - disp - index_value) & 0xffff);
    gen->modrm = (uint8_t)(mod << 6 | reg_field << 3 | rm);
    put(code, gen->modrm, 1);
    if (mod == 2 || !has_base)
        put(code, disp, 2);
    else if (mod == 1)
        put(code, disp, 1);
}

static void modrm_make(struct gen *gen, struct emitter *code, uint32_t reg_field)
{
    if (!gen->memory) {
        gen->modrm = (uint8_t)(0xc0 | reg_field << 3 | gen_below(gen, 8));
        put(code, gen->modrm, 1);
    } else if (gen->addr16) {
        address16(gen, code, reg_field);
    } else {
        address32(gen, code, reg_field);
    }
}

/* Segments and prefixes; 16-bit addresses get a segment that they can reach something in, most of the time. */
static void prefixes_choose(struct gen *gen)
{
    struct conf_case *in = gen->in;
    in->ds = random_selector(gen, true);
    in->es = random_selector(gen, true);
    in->fs = random_selector(gen, false);
    in->gs = random_selector(gen, false);
    bool string = (gen->row->flags & ROW_STRING) != 0;
    gen->code16 = !(gen->row->flags & ROW_NOCODE16) && gen_once_in(gen, 6);
    in->cs = gen->code16 ? SEL_LDT(LDT_CODE16) : SEL_CODE;
    in->code_base = selector_base(in->cs);
    gen->override = -1;
    gen->addr16 = gen->code16;
    if (!gen->memory && !string && !(gen->row->flags & ROW_IMPLICIT))
        return;
    gen->addr16 = gen_once_in(gen, gen->code16 ? 2 : 6);
    if (gen_once_in(gen, 4))
        gen->override = (int)gen_below(gen, 6);
    if (gen->addr16 && !gen_once_in(gen, 20)) {
        if (gen->override == SS || gen->override == CS || (gen->override < 0 && !string))
            gen->override = gen_once_in(gen, 2) ? FS : GS;
        uint16_t selector = gen_once_in(gen, 8) ? SEL_LDT(LDT_DOWN) : SEL_LDT(LDT_BASED);
        selector_set(in, gen->override >= 0 ? (unsigned)gen->override : DS, selector);
        if (string)
            in->es = SEL_LDT(LDT_BASED);
    }
    /* Not the code itself: natively there are exits in it. */
    if (gen->code16 && gen->addr16 && gen->override == CS)
        gen->override = FS;
    gen->forms->seg[(gen->override < 0 ? 6 : gen->override) * 2 + gen->addr16]++;
}

uint32_t gen_offset(struct gen *gen, uint32_t linear)
{
    return linear - effective_base(gen, DS);
}

void gen_set_address(struct gen *gen, unsigned reg, uint32_t offset)
{
    uint32_t mask = gen->addr16 ? 0xffff : 0xffffffff, *to = &gen->in->gpr[reg];
    *to = (*to & ~mask) | (offset & mask);
}

static void string_registers(struct gen *gen)
{
    struct conf_case *in = gen->in;
    gen_set_address(gen, ESI, gen_offset(gen, gen_target(gen, gen->row->size)));
    gen_set_address(gen, EDI, gen_target(gen, gen->row->size) - selector_base(in->es));
    gen_set_address(gen, ECX, gen_below(gen, 24));
    if (gen_once_in(gen, 2)) { /* equal bytes, for the comparing ones */
        memset(in->mem, (int)(in->gpr[EAX] & 0xff), in->mem_length);
        in->gpr[EAX] = (in->gpr[EAX] & 0xff) * 0x01010101u;
        in->mem[gen_below(gen, in->mem_length)] ^= (uint8_t)gen_random(gen);
    }
}

/* ---- the whole ---- */

static uint32_t hex_value(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 16);
}

static bool token_is(const char *token, const char *what)
{
    size_t n = strlen(what);
    return !strncmp(token, what, n) && (token[n] == ' ' || token[n] == 0);
}

static void code_place(struct gen *gen, uint32_t length)
{
    struct conf_case *in = gen->in;
    in->length = length;
    if (gen_once_in(gen, 4)) /* over the page boundary */
        in->eip = CODE + 4096 - gen_below(gen, length + 1);
    else
        in->eip = CODE + 512 + gen_below(gen, CODE_END - CODE - 1024);
    uint32_t next = in->eip + length;
    if (gen->row->flags & ROW_NEAR)
        in->taken_at = gen_once_in(gen, 2) ? next + EXIT_BYTES + gen_below(gen, 127 - EXIT_BYTES + 1)
                                           : in->eip - EXIT_BYTES - gen_below(gen, 128 - EXIT_BYTES - length + 1);
    else
        do
            in->taken_at = CODE + gen_below(gen, CODE_END - CODE - EXIT_BYTES);
        while (in->taken_at + EXIT_BYTES > in->eip && in->taken_at < next + EXIT_BYTES);
}

/* Encodes the instruction; returns where a relative displacement stands, or NULL. */
static uint8_t *encode(struct gen *gen, struct emitter *code, uint32_t *rel_size)
{
    static const uint8_t seg_prefix[6] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
    const struct row *row = gen->row;
    uint8_t *rel = NULL;
    bool lock = !(row->flags & ROW_NOLOCK) && gen_once_in(gen, row->flags & ROW_LOCK ? 8 : 64);
    if (lock)
        put(code, 0xf0, 1);
    if (gen->addr16 != gen->code16)
        put(code, 0x67, 1);
    if (gen->override >= 0)
        put(code, seg_prefix[gen->override], 1);
    /* The rows are written for 32-bit code: in 16-bit code those with 66 want none, and the others want it. */
    bool turn = gen->code16 && !gen->table->mandatory;
    if (turn && !strstr(row->encoding, "66 "))
        put(code, 0x66, 1);
    for (const char *token = row->encoding; token; token = strchr(token, ' ') ? strchr(token, ' ') + 1 : NULL) {
        if (turn && token_is(token, "66"))
            continue;
        if (token_is(token, "ib"))
            put(code, gen_interesting(gen), 1);
        else if (token_is(token, "iw"))
            put(code, gen_interesting(gen), 2);
        else if (token_is(token, "id"))
            put(code, gen_interesting(gen), 4);
        else if (token_is(token, "rel8") || token_is(token, "rel16") || token_is(token, "rel32")) {
            *rel_size = (uint32_t)atoi(token + 3) / 8;
            rel = code->at;
            put(code, 0, *rel_size);
        } else if (token_is(token, "ptr16") || token_is(token, "ptr32")) {
            *rel_size = (uint32_t)atoi(token + 3) / 8;
            rel = code->at;
            put(code, 0, *rel_size);
            put(code, gen->far_selector, 2);
        } else if (token_is(token, "moffs"))
            put(code, gen->target - effective_base(gen, DS), gen->addr16 ? 2 : 4);
        else if (token[0] == '/') {
            gen->has_modrm = true;
            modrm_make(gen, code, token[1] == 'r' ? gen_below(gen, 8) : (uint32_t)(token[1] - '0'));
        } else
            put(code, hex_value(token) + (token[2] == '+' ? gen_below(gen, 8) : 0), 1);
    }
    return rel;
}

void gen_case(struct gen *gen)
{
    const struct row *row = gen->row;
    struct conf_case *in = gen->in;
    bool modrm = strchr(row->encoding, '/') != NULL, moffs = strstr(row->encoding, "moffs") != NULL;
    gen->has_modrm = false;
    gen->memory = moffs || (modrm && !(row->flags & ROW_REG) && ((row->flags & ROW_MEM) || !gen_once_in(gen, 3)));
    for (unsigned i = 0; i < 8; i++)
        in->gpr[i] = gen_interesting(gen);
    in->eflags = 0x202 | (gen_random(gen) & (CF | PF | AF | ZF | SF | OF));
    if (gen_once_in(gen, 4))
        in->eflags |= 0x400; /* DF */
    if (gen_once_in(gen, 16) && !(row->flags & ROW_NOAC))
        in->eflags |= 0x40000; /* AC */
    if (gen_once_in(gen, 16) && !(row->flags & ROW_NONT))
        in->eflags |= 0x4000; /* NT */
    if (gen_once_in(gen, 16))
        in->eflags |= 0x200000; /* ID */
    prefixes_choose(gen);
    window_choose(gen);
    random_fx(gen, in->fx);
    gen->target = gen_target(gen, row->size);
    gen->far_selector = SEL_CODE;
    if (row->flags & ROW_STRING)
        string_registers(gen);
    if (row->flags & ROW_STACK) {
        in->gpr[ESP] = in->mem_at + in->mem_length / 2 + gen_below(gen, 64);
        if (!gen_once_in(gen, 8))
            in->gpr[ESP] &= ~3u;
        if (in->mem_at == ARENA_RW && gen_once_in(gen, 3))
            in->gpr[ESP] = ARENA_RW + gen_below(gen, 16); /* over the start */
        if (in->mem_at + in->mem_length == ARENA_RW_END && gen_once_in(gen, 3))
            in->gpr[ESP] = ARENA_RO + gen_below(gen, 16); /* into the read-only page */
    } else if (in->gpr[ESP] - WILD >= WILD_END - WILD) {
        in->gpr[ESP] = WILD + gen_below(gen, WILD_END - WILD); /* never the signal stack of the runner */
    }
    if (row->registers)
        row->registers(gen);
    uint32_t rel_size = 0;
    struct emitter code = { in->insn };
    uint8_t *rel = encode(gen, &code, &rel_size);
    code_place(gen, (uint32_t)(code.at - in->insn));
    if (rel) {
        bool far = strstr(row->encoding, "ptr") != NULL;
        uint32_t value = far ? in->taken_at - in->code_base : in->taken_at - (in->eip + in->length);
        memcpy(rel, &value, rel_size);
    }
    in->target = gen->target;
    if (row->memory)
        row->memory(gen);
}
