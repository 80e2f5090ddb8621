/* translate.c - from runs of guest instructions to a unit of host code.
 *
 * The layout of a unit in the cache:
 *
 *     closed     landing pad of indirect jumps while there is something to look at (table.c)
 *     page_pad   for links from other pages: does the fetch TLB still map this page to the same frame?  no: exit
 *     body       the instructions that plan.c chose; where they go on in another page, the same check of that page
 *     slow paths, link stubs, and what the checks do when the answer is no
 *
 * The checks leave flags alone, even where the unit does not need them: another unit, or none, is what a failed check
 * leads to. JRCXZ is the one conditional jump that reads no flag.
 *
 * Example: `again: dec ecx; jnz again` at C0100010h, flags alive at the end:
 *
 *     body       dec  ecx                       FF /1, since 40-4F are prefixes in long mode
 *                jnz  link 0                    first to its stub, later straight to `body`
 *                jmp  link 1
 *     link 0     mov  r12d,0c0100010h
 *                mov  r13,&link[0]
 *                jmp  exit */
#include "core/bt/xlat.h"

#include <string.h>

/* A check of the unit that fails leaves for `eip` without a link. */
struct miss {
    uint8_t *jump;
    uint32_t eip;
    bool flags; /* they are stashed; else RCX is in R13 */
};

struct misses {
    struct miss miss[UNIT_PAGES + 2];
    unsigned count;
};

/* Bytes from HOST_TLB to the entry of the fetch TLB. */
static int32_t fetch_entry(const struct xlat *x, uint32_t linear)
{
    bool user = x->mode & MODE_USER;
    uint32_t index = tlb_index(TLB_FETCH, user, linear) - tlb_index(TLB_READ, user, 0);
    return (int32_t)(index * sizeof(struct tlb_entry));
}

/* Goes on if the page of the unit is still what it was. */
static void check_page(struct xlat *x, struct misses *misses, unsigned n, uint32_t eip)
{
    struct code *code = &x->code;
    struct page_check *page = &x->unit->page[n];
    emit_mov64(code, HOST_ADD, RCX);
    page->linear = x->page[n];
    page->entry = unit_page_now(x->bt->cpu, page->linear, x->mode & MODE_USER);
    emit8(code, 0x49); /* mov r8, imm64, whatever its value */
    emit8(code, 0xb8 | (R8 & 7));
    page->imm = code->at;
    emit64(code, -page->entry);
    emit_load64(code, RCX, op_mem(HOST_TLB, fetch_entry(x, page->linear)));
    emit_lea64(code, RCX, op_sib(RCX, R8, 0, 0));
    emit8(code, 0xe3); /* jrcxz, over the jump */
    emit8(code, 5);
    misses->miss[misses->count++] = (struct miss){ emit_jmp(code), eip, false };
    emit_mov64(code, RCX, HOST_ADD);
}

/* The pads in front of the body, CLOSED_BYTES in all. */
static void emit_pads(struct xlat *x, struct misses *misses)
{
    struct code *code = &x->code;
    struct unit *unit = x->unit;
    if ((uintptr_t)code->at & 1)
        emit8(code, 0xcc);
    unit->closed = emit_exec(code);
    emit8(code, 0x4c); /* lea r8,[rip+unit] */
    emit8(code, 0x8d);
    emit8(code, 0x05);
    emit32(code, (uint32_t)((uint8_t *)unit - (code->at + 4)));
    emit_jmp_to(code, x->bt->stub_closed[!(x->mode & MODE_CS_FLAT)]);
    emit8(code, 0xcc);
    unit->page_pad = emit_exec(code);
    check_page(x, misses, 0, unit->eip);
    unit->body = emit_exec(code);
    unit->gate = (struct gate){ .open = unit->body,
        .minus_eip = -unit->eip,
        .minus_cs = -unit->cs,
        .tlb = (uint32_t)fetch_entry(x, x->cs_base + unit->eip),
        .page = (x->cs_base + unit->eip) >> MEM_PAGE_SHIFT };
    gate_set(unit);
}

/* Counting: is there budget for the whole unit? */
static void check_budget(struct xlat *x, struct misses *misses)
{
    struct code *code = &x->code;
    if (!x->bt->counting)
        return;
    flags_stash(code);
    emit_load64(code, R8, op_mem(HOST_CPU, CPU_FIELD(instructions)));
    emit_lea64(code, R8, op_mem(R8, x->unit->budget));
    emit_op(code, EMIT_W, 0x3b, R8, op_mem(HOST_CPU, CPU_FIELD(bt.end)));
    misses->miss[misses->count++] = (struct miss){ emit_jcc(code, CC_A), x->unit->eip, true };
    flags_unstash(code);
}

static void emit_misses(struct xlat *x, const struct misses *misses)
{
    struct code *code = &x->code;
    for (unsigned i = 0; i < misses->count; i++) {
        const struct miss *miss = &misses->miss[i];
        emit_patch(miss->jump, code->at);
        if (miss->flags)
            flags_unstash(code);
        else
            emit_mov64(code, RCX, HOST_ADD);
        emit_mov_imm(code, HOST_EA, miss->eip);
        emit_jmp_to(code, x->bt->stub_plain);
    }
}

const struct insn *insn_keep(struct xlat *x)
{
    struct point *point = &x->unit->point[x->index];
    if (!point->kept) {
        x->records -= sizeof(struct insn);
        memcpy(x->records, x->insn, sizeof(struct insn));
        point->kept = ++x->kept;
    }
    return point_insn(x->unit, point);
}

/* Registers and flags alone: it raises nothing, and nobody will ask what it was. */
static bool step_plain(const struct step *step)
{
    const xlat_fn fn = step->row ? step->row->fn : NULL;
    if (fn == xlat_modrm || fn == xlat_esp_imm)
        return step->insn->mod == 3;
    return fn == xlat_copy || fn == xlat_mov_imm || fn == xlat_inc_dec || fn == xlat_lea || fn == xlat_bswap ||
           fn == xlat_xchg_eax || fn == xlat_nop || fn == xlat_jcc || fn == xlat_jmp || fn == xlat_loop;
}

static void step_emit(struct xlat *x, uint8_t *start)
{
    if (x->now->reload) {
        xlat_reload(x);
        if (!x->refused) {
            x->bt->counters.reloads++;
            return;
        }
        x->refused = x->ended = x->stored = false;
        x->code.at = start;
        check_constant(x);
    }
    x->row->fn(x);
}

static void step_translate(struct xlat *x)
{
    fp_note_before(x);
    unsigned slows = x->slows, links = x->links, patches = x->patches;
    int32_t delta = x->delta;
    uint8_t fp_ready = x->fp_ready;
    struct x87_note note = x->note;
    uint8_t *start = x->code.at; /* to take back what a row wrote before it refused */
    x->refused = x->stored = false;
    if (x->row && !(x->checked && x->row->fn == xlat_rep)) { /* a repetition may write over itself in between */
        step_emit(x, start);
        if (!x->refused) {
            if (x->slows > slows) { /* the slow path of an instruction that leads away leaves, wherever it leads */
                x->slow[slows].fp_ready = x->fp_ready;
                x->slow[slows].delta_after = x->delta;
                x->slow[slows].back = x->ended ? NULL : x->code.at;
            }
            fp_note_behind(x);
            if (x->checked && x->stored && !x->ended)
                check_emit(x, x->next, x->index + 1);
            return;
        }
    }
    x->code.at = start;
    x->slows = slows;
    x->links = links;
    x->patches = patches;
    x->delta = delta;
    x->fp_ready = fp_ready;
    x->note = note;
    x->ended = false;
    callout(x);
}

/* For tests: a trap of the host in front of an instruction, to bt_fault() what a kick is that comes just there. */
static void kick_emit(struct xlat *x, uint32_t eip)
{
    bool here = (x->bt->debug & DEBUG_KICK) || ((x->bt->debug & DEBUG_KICK_SOME) && eip * 0x9e3779b9u >> 26 == 0);
    if (here && x->index && x->bt->faults) /* a unit that is entered does its first instruction */
        emit8(&x->code, 0xcc);             /* int3 */
}

/* Does the instruction use ESP otherwise than as SP? With a stack of 16 bits what is pending wraps. */
static bool sp_wanted(const struct xlat *x, const struct insn *insn)
{
    if (!(x->mode & MODE_STACK16))
        return false;
    bool pushes = insn->map == MAP_1BYTE && (insn->opcode == 0x50 + ESP || insn->opcode == 0x60 ||
                                                (insn->opcode == 0xff && insn->mod == 3 && insn->rm == ESP));
    return insn->base == ESP || pushes;
}

/* The steps of the plan, from unit->body on. */
static void steps_translate(struct xlat *x, struct misses *misses)
{
    struct unit *unit = x->unit;
    unsigned pages = 1;
    for (x->index = 0; x->index < x->steps && !x->ended; x->index++) {
        const struct step *step = x->now = &x->step[x->index];
        if (step->joined || step->pages > pages || (x->delta && sp_wanted(x, step->insn)))
            esp_settle(x);
        if (step->joined)
            x->fp_ready = 0;
        for (; pages < step->pages; pages++) {
            count_add(x, (int32_t)x->index);
            check_page(x, misses, pages, step->eip);
            count_add(x, -(int32_t)x->index);
        }
        if (step->joined)
            fp_note_loop(x);
        x->insn = step->insn;
        x->row = step->row;
        x->eip = step->eip;
        x->next = step->eip + step->insn->length;
        kick_emit(x, x->eip);
        unit->point[x->index] = (struct point){ .code = (uint32_t)(emit_exec(&x->code) - unit->body),
            .eip = x->eip,
            .delta = (int16_t)x->delta,
            .note = x->note,
            .lead = x->lead_end == x->code.at ? x->lead : 0,
            .length = step->insn->length,
            .shadowed = x->shadow };
        if (x->bt->trace || !step_plain(step))
            insn_keep(x);
        x->shadow = false;
        step_translate(x);
    }
    unit->count = (uint16_t)x->index;
    unit->pages = (uint8_t)pages;
    if (!x->ended) {
        esp_settle(x);
        fp_note_going(x, x->index == x->steps ? x->tail_goes : NO_STEP);
        count_add(x, unit->count);
        exit_to(x, x->index == x->steps ? x->tail_goes : NO_STEP, x->next);
    }
}

/* Room in the cache for what was planned. */
static struct unit *unit_new(struct xlat *x)
{
    struct unit *unit = cache_unit(x->bt, &x->code, x->steps, x->ranges, x->links_max + 1, check_chunks(x));
    if (!unit)
        return NULL;
    x->records = (uint8_t *)unit;
    unit->eip = x->step[0].eip;
    unit->crosses = x->step[0].pages > 1;
    unit->key = unit->place = x->key;
    unit->mode = x->mode;
    unit->cs = cs_now(x->bt->cpu);
    unit->passing = x->passing;
    unit->budget = (uint16_t)x->steps;
    return unit;
}

/* Makes the unit one of the cache's; false when it lies in too many pages. */
static bool unit_keep(struct xlat *x)
{
    struct bt *bt = x->bt;
    struct unit *unit = x->unit;
    unit->links = (uint16_t)x->links;
    for (unsigned i = 0; i < x->ranges; i++) {
        struct part *part = &unit->part[unit->parts];
        if (!code_part_add(bt->it, &part->bytes, x->range[i].frame, x->range[i].first, x->range[i].last)) {
            while (unit->parts--)
                code_part_remove(bt->it, &unit->part[unit->parts].bytes);
            return false;
        }
        part->unit = unit;
        unit->parts++;
    }
    for (unsigned i = 0; i < unit->count; i++)
        bt->counters.source_bytes += x->step[i].insn->length;
    unit_add(bt, unit);
    hint_note(bt, unit);
    cache_keep(bt, unit, x->code.at, x->records);
    return true;
}

struct unit *unit_translate(struct bt *bt, struct run *run, uint32_t mode)
{
    const struct segment *cs = &bt->cpu->seg[CS];
    struct xlat xlat = { .bt = bt, .mode = mode, .eip = bt->cpu->eip, .cs_base = cs->base, .cs_limit = cs->limit };
    struct xlat *x = &xlat;
    struct misses misses = { .count = 0 };
    x->key = run->key;
    plan_make(x, run);
    liveness_compute(x);
    struct unit *unit = x->unit = unit_new(x);
    if (!unit || !check_make(x))
        return NULL;
    emit_pads(x, &misses);
    check_budget(x, &misses);
    if (x->checked)
        check_emit(x, unit->eip, 0);
    steps_translate(x, &misses);
    exit_edges(x);
    check_stales(x);
    exit_patch(x);
    slow_paths(x);
    link_stubs(x);
    emit_misses(x, &misses);
    unit->end = emit_exec(&x->code);
    return !x->code.overflow && unit_keep(x) ? unit : NULL;
}
