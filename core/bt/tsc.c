/* tsc.c - RDTSC where the guest's time-stamp counter is the host's and an offset.
 *
 *     (CPL 1-3 with CR4.TSD: the interpreter, which raises #GP)
 *     rdtsc
 *     rorx  r8,rdx,32
 *     lea   r8,[r8+rax]           the host's counter
 *     mov   r9,&origin
 *     mov   r9,[r9]
 *     not   r9
 *     lea   r8,[r8+r9+1]          less the origin of virtual time
 *     mov   r9,[r15+tsc_offset]   what the guest has written to it
 *     lea   r8,[r8+r9]
 *     mov   eax,r8d
 *     rorx  rdx,r8,32
 *     mov   edx,edx */
#include "core/bt/xlat.h"

#define TSD_SHIFT 2u

/* To the slow path while CR4.TSD is set. Flags stay; R8 and R9 are used. */
static void tsd_check(struct xlat *x)
{
    struct code *code = &x->code;
    struct slow *slow = slow_of(x);
    emit_load(code, R8, op_mem(HOST_CPU, CPU_FIELD(cr4)));
    emit_mov_imm(code, R9, 1u << TSD_SHIFT);
    emit_pext(code, R8, R8, R9);
    emit_mov(code, R9, RCX);
    emit_mov(code, RCX, R8);
    emit8(code, 0xe3); /* jrcxz, over the way out */
    emit8(code, 3 + 5);
    emit_mov(code, RCX, R9);
    slow->saved[slow->jumps] = false;
    slow->jump[slow->jumps++] = emit_jmp(code);
    emit_mov(code, RCX, R9);
}

void xlat_rdtsc(struct xlat *x)
{
    struct code *code = &x->code;
    const uint64_t *origin = x->bt->cpu->tsc_origin;
    if (!origin || x->bt->counting) {
        x->refused = true;
        return;
    }
    if (x->mode & (MODE_USER | MODE_MIDDLE))
        tsd_check(x);
    emit8(code, 0x0f);
    emit8(code, 0x31);
    emit_rorx64(code, R8, RDX, 32);
    emit_lea64(code, R8, op_sib(R8, RAX, 0, 0));
    emit_mov_imm64(code, R9, (uint64_t)(uintptr_t)origin);
    emit_load64(code, R9, op_mem(R9, 0));
    emit_op(code, EMIT_W, 0xf7, 2, op_reg(R9)); /* not r9 */
    emit_lea64(code, R8, op_sib(R8, R9, 0, 1));
    emit_load64(code, R9, op_mem(HOST_CPU, CPU_FIELD(tsc_offset)));
    emit_lea64(code, R8, op_sib(R8, R9, 0, 0));
    emit_mov(code, RAX, R8);
    emit_rorx64(code, RDX, R8, 32);
    emit_mov(code, RDX, RDX);
}
