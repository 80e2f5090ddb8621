/* operand.c - guest memory in translated code: by a window, or by the soft TLB in line. What leads from an offset in a
 * segment to a linear address is in segments.c.
 *
 * In a window (core/mem/window.h) an access is the guest's own operand, relative to GS and with an address of 32 bits:
 *
 *     mov   eax,gs:[ebx+ecx*4+8]
 *
 * What goes wrong there is a fault of the host, for which no code is written (fault.c). The soft TLB serves address
 * spaces without a window, and instructions that windows did not serve. An access by it costs eight host instructions
 * before the one that the guest wrote. For `mov eax,[ebx+ecx*4+8]` with flags dead, at CPL 0:
 *
 *     lea   r12d,[rbx+rcx*4+8]      linear address; 32-bit LEA wraps as the guest's addition does
 *     pext  r13d,r12d,[r15+mask]    set = bits 12.. of it
 *     lea   r13d,[r13+r13]          16 bytes an entry, by the scale below
 *     lea   r8d,[r12+3]             page of the last byte ...
 *     and   r8d,0fffff000h
 *     cmp   r8d,[r10+r13*8]         ... against the tag in the set of the first byte: one compare finds a miss, device
 *     jne   slow                    memory, code pages and accesses over a page border
 *     mov   r13,[r10+r13*8+8]       addend
 *     mov   eax,[r12+r13]
 *
 * Where flags are alive, flags_stash() and flags_unstash() bracket the compare. The slow path runs the whole
 * instruction in the interpreter, so everything before the jump must leave the guest's state alone. */
#include "core/bt/xlat.h"

/* Bytes from HOST_TLB to a purpose's table for this privilege. */
static int32_t table_disp(unsigned purpose)
{
    return (int32_t)(purpose * 2 * TLB_SETS * sizeof(struct tlb_entry));
}

void flags_stash(struct code *code)
{
    emit_mov(code, R9, RAX);
    emit8(code, 0x9f);                            /* lahf */
    emit_op(code, EMIT_0F, 0x90, 0, op_reg(RAX)); /* seto al */
    emit_op(code, 0, 0x87, RAX, op_reg(R9));      /* xchg eax, r9d */
}

void flags_unstash(struct code *code)
{
    emit_op(code, 0, 0x87, RAX, op_reg(R9));
    emit8(code, 0x04); /* add al, 7fh: OF */
    emit8(code, 0x7f);
    emit8(code, 0x9e); /* sahf */
    emit_mov(code, RAX, R9);
}

void esp_add(struct xlat *x, int32_t delta)
{
    if (delta)
        emit_op(&x->code, x->mode & MODE_STACK16 ? EMIT_66 : 0, 0x8d, HOST_ESP, op_mem(HOST_ESP, delta)); /* lea */
}

void esp_move(struct xlat *x)
{
    if (x->delta)
        fp_note_esp(x);
    esp_add(x, x->delta);
    x->delta = 0;
}

void esp_settle(struct xlat *x)
{
    fp_note(x, x->note); /* may need ESP as it is */
    x->note = (struct x87_note){ 0 };
    esp_move(x);
}

void esp_settle_first(struct xlat *x)
{
    struct point *point = &x->unit->point[x->index];
    esp_settle(x);
    point->lead = 0;
    point->code = (uint32_t)(emit_exec(&x->code) - x->unit->body);
    point->delta = 0;
    point->note = x->note;
    if (x->slows && x->slow[x->slows - 1].counted == x->index) {
        x->slow[x->slows - 1].delta = 0;
        x->slow[x->slows - 1].note = x->note;
    }
}

struct operand operand_address(const struct insn *insn, int32_t delta)
{
    struct operand ea = { .memory = true, .base = NO_REG, .index = NO_REG, .disp = (int32_t)insn->disp };
    if (insn->base != REG_NONE)
        ea.base = (uint8_t)host_reg(insn->base);
    if (insn->base == ESP)
        ea.disp = (int32_t)((uint32_t)ea.disp + (uint32_t)delta);
    if (insn->index != REG_NONE) {
        ea.index = insn->index;
        ea.scale = insn->scale;
    }
    return ea;
}

void operand_lea(struct xlat *x, unsigned to)
{
    struct operand ea = operand_address(x->insn, x->delta);
    if (ea.base == NO_REG && ea.index == NO_REG)
        emit_mov_imm(&x->code, to, x->insn->disp);
    else
        emit_lea(&x->code, to, ea);
    if (x->insn->addrsize == 2)
        emit_movzx(&x->code, to, to);
}

struct slow *slow_of(struct xlat *x)
{
    struct slow *slow = x->slows ? &x->slow[x->slows - 1] : NULL;
    if (slow && slow->counted == x->index)
        return slow;
    slow = &x->slow[x->slows++];
    *slow = (struct slow){
        .insn = insn_keep(x), .eip = x->eip, .next = x->next, .delta = x->delta, .counted = x->index, .note = x->note
    };
    return slow;
}

void slow_if(struct xlat *x, unsigned condition, bool stashed)
{
    struct slow *slow = slow_of(x);
    if (slow->jumps == SLOW_JUMPS) {
        x->refused = true;
        return;
    }
    slow->saved[slow->jumps] = stashed;
    slow->jump[slow->jumps++] = emit_jcc(&x->code, condition);
}

struct operand tlb_check(struct xlat *x, unsigned size, bool write)
{
    const struct operand host = op_sib(HOST_EA, HOST_ADD, 0, 0);
    struct code *code = &x->code;
    bool alive = x->now->live_in != 0;
    int32_t table = table_disp(write ? TLB_WRITE : TLB_READ);
    if (alive)
        flags_stash(code);
    emit_pext_mem(code, HOST_ADD, HOST_EA, HOST_CPU, CPU_FIELD(bt.tlb_sets));
    emit_lea(code, HOST_ADD, op_sib(HOST_ADD, HOST_ADD, 0, 0));
    if (size > 1)
        emit_lea(code, R8, op_mem(HOST_EA, (int32_t)size - 1));
    else
        emit_mov(code, R8, HOST_EA);
    emit_op(code, 0, 0x81, 4, op_reg(R8)); /* and r8d, page mask */
    emit32(code, ~MEM_PAGE_MASK);
    emit_op(code, 0, 0x3b, R8, op_sib(HOST_TLB, HOST_ADD, 3, table + (int32_t)offsetof(struct tlb_entry, tag)));
    slow_if(x, CC_NE, alive);
    emit_load64(code, HOST_ADD, op_sib(HOST_TLB, HOST_ADD, 3, table + (int32_t)offsetof(struct tlb_entry, addend)));
    if (alive)
        flags_unstash(code);
    return host;
}

bool in_window(const struct xlat *x)
{
    return !(x->mode & MODE_SOFT) && !x->now->soft;
}
