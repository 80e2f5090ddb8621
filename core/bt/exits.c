/* exits.c - how control leaves a unit: links, indirect jumps, callouts, and the code out of line. */
#include "core/bt/xlat.h"

void count_add(struct xlat *x, int32_t count)
{
    if (!x->bt->counting || !count)
        return;
    struct operand counter = op_mem(HOST_CPU, CPU_FIELD(instructions));
    emit_load64(&x->code, R8, counter);
    emit_lea64(&x->code, R8, op_mem(R8, count));
    emit_op(&x->code, EMIT_W, 0x89, R8, counter);
}

/* Is the jump to go through the jump table, though the address is known? It leads to a page that is to be looked at,
 * and the table knows whether it must be. */
static bool by_table(const struct xlat *x, const struct step *from, uint32_t eip)
{
    return !plan_checked(x, x->cs_base + eip, from->pages) && (x->mode & MODE_CS_FLAT) && x->bt->faults &&
           !(x->bt->debug & DEBUG_NO_CHAIN);
}

static void link_add(struct xlat *x, uint8_t *jump, const struct step *from, uint32_t eip)
{
    struct link *link = &x->unit->link[x->links++];
    link->from = x->unit;
    link->eip = eip;
    link->jump = jump;
    link->checked = plan_checked(x, x->cs_base + eip, from->pages);
    link->by_table = by_table(x, from, eip);
}

void exit_go(struct xlat *x, int condition, int16_t goes, uint32_t eip)
{
    uint8_t *jump = condition < 16 ? emit_jcc(&x->code, (unsigned)condition) : emit_jmp(&x->code);
    if (goes == NO_STEP)
        link_add(x, jump, x->now, eip);
    else
        x->patch[x->patches++] = (struct patch){ jump, x->now, goes };
}

void exit_to(struct xlat *x, int16_t goes, uint32_t eip)
{
    if (goes == NO_STEP && by_table(x, x->now, eip)) {
        emit_mov_imm(&x->code, HOST_EA, eip);
        exit_indirect(x);
    } else {
        exit_go(x, 16, goes, eip);
    }
}

void exit_branch(struct xlat *x, unsigned condition, int16_t goes, uint32_t eip)
{
    if (fp_note_stays(x, goes) || (!x->note.last && !x->note.operand)) {
        exit_go(x, (int)condition, goes, eip);
        return;
    }
    x->edge[x->edges++] = (struct edge){ emit_jcc(&x->code, condition), x->note, x->now, goes, eip };
}

void exit_edges(struct xlat *x)
{
    for (unsigned i = 0; i < x->edges; i++) {
        const struct edge *edge = &x->edge[i];
        emit_patch(edge->jump, x->code.at);
        fp_note(x, edge->note);
        x->now = edge->from;
        fp_note_going(x, edge->goes);
        exit_go(x, 16, edge->goes, edge->eip);
    }
}

void exit_patch(struct xlat *x)
{
    for (unsigned i = 0; i < x->patches; i++) {
        const struct patch *patch = &x->patch[i];
        const struct unit *unit = x->unit;
        if (patch->goes >= unit->count)
            link_add(x, patch->jump, patch->from, x->step[patch->goes].eip);
        else if (patch->goes == 0 && x->bt->counting) /* by way of the look at the budget */
            emit_patch(patch->jump, to_write(x->bt, unit->body));
        else
            emit_patch(patch->jump, to_write(x->bt, unit->body + unit->point[patch->goes].code));
    }
}

void exit_slot(struct xlat *x, unsigned reg, uint32_t shift)
{
    struct code *code = &x->code;
    if (x->bt->faults) /* for a page of the table that was never used */
        emit_op(code, 0, 0xff, 4, op_sib(HOST_TABLE, reg, 3, (int32_t)(shift * sizeof(void *))));
    else
        emit_jmp_to(code, x->bt->stub_miss);
    x->ended = true;
}

void exit_indirect(struct xlat *x)
{
    exit_slot(x, HOST_EA, table_shift(x->cs_base));
}

/* What bt_exec() needs to find in struct cpu. */
static void callout_call(struct xlat *x, const struct insn *insn, uint32_t eip, uint32_t next, unsigned kind)
{
    struct code *code = &x->code;
    emit_store_imm(code, op_mem(HOST_CPU, CPU_FIELD(insn_eip)), eip);
    emit_store_imm(code, op_mem(HOST_CPU, CPU_FIELD(eip)), next);
    emit_mov_imm64(code, HOST_EA, (uint64_t)(uintptr_t)insn);
    emit_call_to(code, x->bt->stub_exec[kind]);
}

unsigned exec_kind(const struct insn *insn)
{
    static const struct {
        uint8_t map, opcode, kind;
        int8_t ext;
    } rows[] = {
        // clang-format off
        { MAP_1BYTE, 0x07, EXEC_SEGMENT, -1 }, { MAP_1BYTE, 0x17, EXEC_MODE, -1 },
        { MAP_1BYTE, 0x1f, EXEC_SEGMENT, -1 }, { MAP_1BYTE, 0x8e, EXEC_MODE, SS },
        { MAP_1BYTE, 0x8e, EXEC_SEGMENT, -1 }, { MAP_1BYTE, 0xc4, EXEC_SEGMENT, -1 },
        { MAP_1BYTE, 0xc5, EXEC_SEGMENT, -1 },
        { MAP_1BYTE, 0x9d, EXEC_MODE, -1 }, { MAP_1BYTE, 0xfb, EXEC_MODE, -1 }, { MAP_1BYTE, 0xf4, EXEC_MODE, -1 },
        { MAP_1BYTE, 0xce, EXEC_MODE, -1 },
        { MAP_0F, 0x00, EXEC_MODE, 2 }, { MAP_0F, 0x00, EXEC_MODE, 3 }, { MAP_0F, 0x01, EXEC_MODE, 6 },
        { MAP_0F, 0x22, EXEC_MODE, -1 }, { MAP_0F, 0x23, EXEC_MODE, -1 }, { MAP_0F, 0x30, EXEC_MODE, -1 },
        { MAP_0F, 0xa1, EXEC_SEGMENT, -1 }, { MAP_0F, 0xa9, EXEC_SEGMENT, -1 }, { MAP_0F, 0xb2, EXEC_MODE, -1 },
        { MAP_0F, 0xb4, EXEC_SEGMENT, -1 }, { MAP_0F, 0xb5, EXEC_SEGMENT, -1 },
        { MAP_1BYTE, 0x9a, EXEC_JUMP, -1 }, { MAP_1BYTE, 0xea, EXEC_JUMP, -1 },
        { MAP_1BYTE, 0xff, EXEC_JUMP, 2 }, { MAP_1BYTE, 0xff, EXEC_JUMP, 3 }, { MAP_1BYTE, 0xff, EXEC_JUMP, 4 },
        { MAP_1BYTE, 0xff, EXEC_JUMP, 5 }, { MAP_1BYTE, 0xc2, EXEC_JUMP, -1 }, { MAP_1BYTE, 0xc3, EXEC_JUMP, -1 },
        { MAP_1BYTE, 0xca, EXEC_JUMP, -1 }, { MAP_1BYTE, 0xcb, EXEC_JUMP, -1 }, { MAP_1BYTE, 0xcc, EXEC_JUMP, -1 },
        { MAP_1BYTE, 0xcd, EXEC_JUMP, -1 }, { MAP_1BYTE, 0xcf, EXEC_JUMP, -1 }, { MAP_1BYTE, 0xf1, EXEC_JUMP, -1 },
        { MAP_0F, 0x34, EXEC_JUMP, -1 }, { MAP_0F, 0x35, EXEC_JUMP, -1 },
        // clang-format on
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].map == insn->map && rows[i].opcode == insn->opcode && (rows[i].ext < 0 || rows[i].ext == insn->reg))
            return rows[i].kind;
    return EXEC_PLAIN;
}

void callout(struct xlat *x)
{
    unsigned kind = exec_kind(x->insn);
    esp_settle(x);
    count_add(x, (int32_t)x->index);
    callout_call(x, insn_keep(x), x->eip, x->next, kind);
    x->fp_ready = 0; /* the interpreter may have taken it home, or CR0 may say otherwise now */
    if (kind == EXEC_JUMP)
        x->ended = true;
    else
        count_add(x, -(int32_t)(x->index + 1));
}

static void slow_path(struct xlat *x, const struct slow *slow)
{
    struct code *code = &x->code;
    uint8_t *plain[SLOW_JUMPS];
    unsigned plains = 0;
    bool saved = false;
    uint8_t *unloaded = slow->fp_need ? fp_slow(x, slow) : NULL;
    for (unsigned i = 0; i < slow->jumps; i++) {
        if (slow->saved[i]) {
            emit_patch(slow->jump[i], code->at);
            saved = true;
        } else {
            plain[plains++] = slow->jump[i];
        }
    }
    if (unloaded && slow->fp_saved) {
        emit_patch(unloaded, code->at);
        saved = true;
    }
    if (saved)
        flags_unstash(code);
    if (unloaded && !slow->fp_saved)
        emit_patch(unloaded, code->at);
    for (unsigned i = 0; i < plains; i++)
        emit_patch(plain[i], code->at);
    fp_note(x, slow->note);
    esp_add(x, slow->delta);
    count_add(x, (int32_t)slow->counted);
    callout_call(x, slow->insn, slow->eip, slow->next,
        !slow->back      ? EXEC_JUMP
        : slow->fp_ready ? EXEC_WITH_FP /* never of an instruction that is EXEC_SEGMENT or EXEC_MODE */
                         : exec_kind(slow->insn));
    if (!slow->back)
        return;
    count_add(x, -(int32_t)(slow->counted + 1));
    esp_add(x, -slow->delta_after);
    emit_patch(emit_jmp(code), slow->back);
}

void slow_paths(struct xlat *x)
{
    for (unsigned i = 0; i < x->slows; i++)
        slow_path(x, &x->slow[i]);
}

void link_stubs(struct xlat *x)
{
    struct code *code = &x->code;
    for (unsigned i = 0; i < x->links; i++) {
        struct link *link = &x->unit->link[i];
        link->stub = code->at;
        emit_patch(link->jump, code->at);
        emit_mov_imm(code, HOST_EA, link->eip);
        if (link->by_table) {
            exit_indirect(x);
            continue;
        }
        emit_mov_imm64(code, HOST_ADD, (uint64_t)(uintptr_t)link);
        emit_jmp_to(code, x->bt->stub_exit);
    }
}
