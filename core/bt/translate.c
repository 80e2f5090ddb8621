/* translate.c - from a run of guest instructions to a unit of host code.
 *
 * The layout of a unit in the cache:
 *
 *     pad        landing pad of indirect jumps: is R12D our eip?  no: exit without a link
 *     page_pad   for links from other pages: does the fetch TLB still map this page to the same frame?  no: exit
 *     body       the instructions
 *     slow paths, link stubs, and what the pads do when the answer is no
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

/* Compares; on a mismatch leaves through `miss` with R12D = eip and no link. Flags stay where they are alive. */
struct pad_miss {
    uint8_t *jump;
    bool saved;
};

static void emit_pad(struct xlat *x, struct pad_miss *miss)
{
    struct code *code = &x->code;
    miss->saved = x->live_in[0] != 0;
    if (miss->saved)
        flags_stash(code);
    emit_op(code, 0, 0x81, 7, op_reg(HOST_EA)); /* cmp r12d, eip */
    emit32(code, x->unit->eip);
    miss->jump = emit_jcc(code, CC_NE);
    if (miss->saved)
        flags_unstash(code);
}

static void emit_page_pad(struct xlat *x, struct pad_miss *miss)
{
    struct code *code = &x->code;
    struct unit *unit = x->unit;
    uint32_t set = (unit->eip >> MEM_PAGE_SHIFT) % TLB_SETS;
    int32_t disp = (int32_t)((TLB_FETCH * 2 * TLB_SETS + set) * sizeof(struct tlb_entry));
    miss->saved = x->live_in[0] != 0;
    if (miss->saved)
        flags_stash(code);
    emit8(code, 0x49); /* mov r13, imm64, whatever its value */
    emit8(code, 0xb8 | (HOST_ADD & 7));
    unit->page = unit_page_now(x->bt->cpu, unit->eip, x->mode & MODE_USER);
    unit->page_imm = code->at;
    emit64(code, unit->page);
    emit_op(code, EMIT_W, 0x3b, HOST_ADD, op_mem(HOST_TLB, disp));
    miss->jump = emit_jcc(code, CC_NE);
    if (miss->saved)
        flags_unstash(code);
}

static void emit_miss(struct xlat *x, const struct pad_miss *miss, bool load_eip)
{
    struct code *code = &x->code;
    emit_patch(miss->jump, code->at);
    if (miss->saved)
        flags_unstash(code);
    if (load_eip)
        emit_mov_imm(code, HOST_EA, x->unit->eip);
    emit_jmp_to(code, x->bt->stub_miss);
}

/* Counting: is there budget for the whole unit? */
static void emit_budget(struct xlat *x, struct pad_miss *miss)
{
    struct code *code = &x->code;
    miss->jump = NULL;
    if (!x->bt->counting)
        return;
    miss->saved = true;
    flags_stash(code);
    emit_load64(code, R8, op_mem(HOST_CPU, CPU_FIELD(instructions)));
    emit_lea64(code, R8, op_mem(R8, x->unit->budget));
    emit_op(code, EMIT_W, 0x3b, R8, op_mem(HOST_CPU, CPU_FIELD(bt.end)));
    miss->jump = emit_jcc(code, CC_A);
    flags_unstash(code);
}

/* After these the mode of the unit may no longer hold. */
static bool changes_mode(const struct insn *insn)
{
    if (insn->map == MAP_1BYTE)
        return insn->opcode == 0x8e || insn->opcode == 0x07 || insn->opcode == 0x17 || insn->opcode == 0x1f ||
               insn->opcode == 0xc4 || insn->opcode == 0xc5 || insn->opcode == 0x9d;
    return insn->map == MAP_0F && (insn->opcode == 0xa1 || insn->opcode == 0xa9 || insn->opcode == 0xb2 ||
                                      insn->opcode == 0xb4 || insn->opcode == 0xb5);
}

static void insn_translate(struct xlat *x, const struct run *run)
{
    const struct insn *insn = x->insn;
    bool last = x->index + 1 == run->count;
    unsigned slows = x->slows, links = x->links;
    int32_t delta = x->delta;
    uint8_t fp_ready = x->fp_ready;
    struct x87_note note = x->note;
    uint8_t *start = x->code.at; /* to take back what a row wrote before it refused */
    x->refused = false;
    x->row = xlat_find(insn);
    if (x->row) {
        x->row->fn(x);
        if (!x->refused) {
            if (x->slows > slows) { /* the slow path of the last instruction of a run leaves, wherever it leads */
                x->slow[slows].fp_ready = x->fp_ready;
                x->slow[slows].delta_after = x->delta;
                x->slow[slows].back = x->ended ? NULL : x->code.at;
            }
            return;
        }
    }
    x->code.at = start;
    x->slows = slows;
    x->links = links;
    x->delta = delta;
    x->fp_ready = fp_ready;
    x->note = note;
    x->ended = false;
    callout(x, last || changes_mode(insn));
}

struct unit *unit_translate(struct bt *bt, struct run *run, unsigned mode)
{
    struct unit *unit = cache_unit(bt, run->count);
    if (!unit)
        return NULL;
    struct xlat x = { .bt = bt, .code = bt->code, .unit = unit, .mode = mode };
    struct pad_miss eip_miss, page_miss, budget_miss;
    unit->eip = bt->cpu->eip;
    unit->mode = (uint8_t)mode;
    unit->budget = run->count;
    liveness_compute(&x, run);

    unit->pad = emit_exec(&x.code);
    emit_pad(&x, &eip_miss);
    unit->page_pad = emit_exec(&x.code);
    emit_page_pad(&x, &page_miss);
    unit->body = emit_exec(&x.code);
    emit_budget(&x, &budget_miss);
    uint32_t eip = unit->eip;
    for (x.index = 0; x.index < run->count && !x.ended; x.index++) {
        x.insn = &run->insn[x.index];
        x.eip = eip;
        x.next = eip += x.insn->length;
        unit->point[x.index] = (struct point){ x.insn, (uint32_t)(emit_exec(&x.code) - unit->body),
            (uint16_t)(x.eip - unit->eip), (int16_t)x.delta, 0, x.note };
        insn_translate(&x, run);
    }
    unit->count = (uint16_t)x.index;
    if (!x.ended) {
        esp_settle(&x);
        count_add(&x, unit->count);
        exit_link(&x, 16, eip);
    }
    slow_paths(&x);
    link_stubs(&x);
    emit_miss(&x, &eip_miss, false);
    emit_miss(&x, &page_miss, true);
    if (budget_miss.jump)
        emit_miss(&x, &budget_miss, true);
    unit->end = emit_exec(&x.code);
    if (x.code.overflow)
        return NULL;
    bt->code.at = x.code.at;
    cache_keep(bt, unit);
    bt->counters.source_bytes += eip - unit->eip;
    unit->next = run->units;
    run->units = unit;
    return unit;
}
