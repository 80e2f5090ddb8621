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

static void link_add(struct xlat *x, uint8_t *jump, const struct step *from, uint32_t eip)
{
    struct link *link = &x->unit->link[x->links++];
    link->from = x->unit;
    link->eip = eip;
    link->jump = jump;
    link->checked = plan_checked(x, eip, from->pages);
}

void exit_go(struct xlat *x, int condition, int16_t goes, uint32_t eip)
{
    uint8_t *jump = condition < 16 ? emit_jcc(&x->code, (unsigned)condition) : emit_jmp(&x->code);
    if (goes == NO_STEP)
        link_add(x, jump, x->now, eip);
    else
        x->patch[x->patches++] = (struct patch){ jump, x->now, goes };
}

void exit_patch(struct xlat *x)
{
    for (unsigned i = 0; i < x->patches; i++) {
        const struct patch *patch = &x->patch[i];
        const struct unit *unit = x->unit;
        if (patch->goes >= unit->count)
            link_add(x, patch->jump, patch->from, x->step[patch->goes].eip);
        else if (patch->goes == 0) /* while counting, by way of the look at the budget */
            emit_patch(patch->jump, to_write(x->bt, unit->body));
        else
            emit_patch(patch->jump, to_write(x->bt, unit->body + unit->point[patch->goes].code));
    }
}

void exit_indirect(struct xlat *x)
{
    struct code *code = &x->code;
    emit_op(code, EMIT_0F, 0xb7, HOST_ADD, op_reg(HOST_EA)); /* movzx r13d, r12w */
    emit_load64(code, R8, op_mem(HOST_CPU, CPU_FIELD(bt.table)));
    emit_op(code, 0, 0xff, 4, op_sib(R8, HOST_ADD, 3, 0));
    x->ended = true;
}

/* What bt_exec() needs to find in struct cpu. */
static void callout_call(struct xlat *x, const struct insn *insn, uint32_t eip, uint32_t next, const uint8_t *stub)
{
    struct code *code = &x->code;
    emit_store_imm(code, op_mem(HOST_CPU, CPU_FIELD(insn_eip)), eip);
    emit_store_imm(code, op_mem(HOST_CPU, CPU_FIELD(eip)), next);
    emit_mov_imm64(code, HOST_EA, (uint64_t)(uintptr_t)insn);
    emit_call_to(code, stub);
}

void callout(struct xlat *x, bool leave)
{
    esp_settle(x);
    count_add(x, (int32_t)x->index);
    callout_call(x, x->insn, x->eip, x->next, leave ? x->bt->stub_exec_leave : x->bt->stub_exec);
    x->fp_ready = 0; /* the interpreter may have taken it home, or CR0 may say otherwise now */
    if (leave)
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
    if (slow->delta)
        emit_lea(code, HOST_ESP, op_mem(HOST_ESP, slow->delta));
    count_add(x, (int32_t)slow->counted);
    fp_note(x, slow->note);
    callout_call(x, slow->insn, slow->eip, slow->next,
        !slow->back      ? x->bt->stub_exec_leave
        : slow->fp_ready ? x->bt->stub_exec_fp
                         : x->bt->stub_exec);
    if (!slow->back)
        return;
    count_add(x, -(int32_t)(slow->counted + 1));
    if (slow->delta_after)
        emit_lea(code, HOST_ESP, op_mem(HOST_ESP, -slow->delta_after));
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
        emit_mov_imm64(code, HOST_ADD, (uint64_t)(uintptr_t)link);
        emit_jmp_to(code, x->bt->stub_exit);
    }
}
