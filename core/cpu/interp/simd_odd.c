/* MMX and SSE instructions that compute nothing: state, moves that bypass the caches, fences, masked moves. */
#include "core/cpu/interp/simd.h"

#include <stddef.h>
#include <string.h>

#include "core/cpu/access.h"
#include "core/cpu/cpuid.h"
#include "core/cpu/fpu.h"
#include "core/cpu/interp/x87.h"

void sse_check(struct cpu *cpu)
{
    fpu_home(cpu);
    if ((cpu->cr0 & CR0_EM) || !(cpu->cr4 & CR4_OSFXSR))
        cpu_raise(cpu, EXC_UD);
    if (cpu->cr0 & CR0_TS)
        cpu_raise(cpu, EXC_NM);
}

bool mmx_check(struct cpu *cpu)
{
    fpu_home(cpu);
    if (cpu->cr0 & CR0_EM)
        cpu_raise(cpu, EXC_UD);
    if (cpu->cr0 & CR0_TS)
        cpu_raise(cpu, EXC_NM);
    /* XXX: where exceptions pend and IGNNE# is active an MMX instruction freezes, as one handler in none should meet.
     */
    return x87_wait(cpu, false);
}

void mmx_enter(struct fxstate *fx)
{
    x87_set_top(fx, 0);
    fx->ftw = 0xff;
}

uint32_t mxcsr_mask(const struct cpu *cpu)
{
    return cpu->model && !(cpu->model->features & CPUID_SSE2) ? 0xffbf : 0xffff;
}

void simd_emms(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (!mmx_check(cpu))
        return;
    x87_set_top(&cpu->fx, 0);
    cpu->fx.ftw = 0;
}

void simd_movnti(struct cpu *cpu, const struct insn *insn)
{
    st32(cpu, insn->seg, insn_address(cpu, insn), cpu->reg[insn->reg]);
}

void simd_clflush(struct cpu *cpu, const struct insn *insn)
{
    /* XXX: faults as a load of one byte does, and on device memory is one, where the real one reads nothing. */
    ld8(cpu, insn->seg, insn_address(cpu, insn));
}

void simd_fence(struct cpu *cpu, const struct insn *insn)
{
    (void)cpu, (void)insn; /* memory is strongly ordered under the interpreter */
}

/* MASKMOVQ, MASKMOVDQU: the bytes of `data` whose `mask` byte is negative go to [E]DI. All of the operand must be
 * writable, whichever bytes are written: the SDM leaves that to the processor. */
static uint32_t mask_address(const struct cpu *cpu, const struct insn *insn)
{
    return insn->addrsize == 4 ? cpu->reg[EDI] : (uint16_t)cpu->reg[EDI];
}

static void mask_store(
    struct cpu *cpu, const struct insn *insn, const uint8_t *data, const uint8_t *mask, unsigned count)
{
    uint32_t ea = mask_address(cpu, insn);
    for (unsigned i = 0; i < count; i++)
        if (mask[i] & 0x80)
            st8(cpu, insn->seg, ea + i, data[i]);
}

void simd_maskmovq(struct cpu *cpu, const struct insn *insn)
{
    if (!mmx_check(cpu))
        return;
    uint32_t top = x87_top(&cpu->fx);
    probe_write(cpu, insn->seg, mask_address(cpu, insn), 8);
    mask_store(cpu, insn, cpu->fx.st[(insn->reg - top) & 7], cpu->fx.st[(insn->rm - top) & 7], 8);
    mmx_enter(&cpu->fx);
}

void simd_maskmovdqu(struct cpu *cpu, const struct insn *insn)
{
    sse_check(cpu);
    /* In halves: an alignment of 8 is enough. */
    probe_write(cpu, insn->seg, mask_address(cpu, insn), 8);
    probe_write(cpu, insn->seg, mask_address(cpu, insn) + 8, 8);
    mask_store(cpu, insn, cpu->fx.xmm[insn->reg], cpu->fx.xmm[insn->rm], 16);
}

void simd_ldmxcsr(struct cpu *cpu, const struct insn *insn)
{
    sse_check(cpu);
    uint32_t value = ld32(cpu, insn->seg, insn_address(cpu, insn));
    if (value & ~mxcsr_mask(cpu))
        cpu_raise_code(cpu, EXC_GP, 0);
    cpu->fx.mxcsr = value;
}

void simd_stmxcsr(struct cpu *cpu, const struct insn *insn)
{
    sse_check(cpu);
    st32(cpu, insn->seg, insn_address(cpu, insn), cpu->fx.mxcsr);
}

/* FXSAVE and FXRSTOR: 512 bytes are accessed, of which a 32-bit processor has defined the first 288. */
#define FX_DEFINED offsetof(struct fxstate, reserved3)

void simd_fxsave(struct cpu *cpu, const struct insn *insn)
{
    if (cpu->cr0 & CR0_EM)
        cpu_raise(cpu, EXC_UD);
    if (cpu->cr0 & CR0_TS)
        cpu_raise(cpu, EXC_NM);
    fpu_home(cpu);
    uint32_t ea = insn_address(cpu, insn);
    struct fxstate image;
    memcpy(&image, &cpu->fx, FX_DEFINED);
    image.reserved0 = 0;
    image.reserved1 = image.reserved2 = 0;
    image.mxcsr_mask = mxcsr_mask(cpu);
    for (unsigned i = 0; i < 8; i++)
        memset(image.st[i] + 10, 0, 6);
    /* The alignment rule comes first, then the whole image must be writable. */
    if ((cpu->seg[insn->seg].base + ea) & 15)
        cpu_raise_code(cpu, EXC_GP, 0);
    probe_write(cpu, insn->seg, ea, 512);
    stn(cpu, insn->seg, ea, &image, FX_DEFINED, 16);
}

void simd_fxrstor(struct cpu *cpu, const struct insn *insn)
{
    if (cpu->cr0 & CR0_EM)
        cpu_raise(cpu, EXC_UD);
    if (cpu->cr0 & CR0_TS)
        cpu_raise(cpu, EXC_NM);
    fpu_home(cpu);
    struct fxstate image;
    ldn(cpu, insn->seg, insn_address(cpu, insn), &image, 512, 16);
    bool with_sse = cpu->cr4 & CR4_OSFXSR; /* without it the SSE state may stay (SDM vol. 2, FXRSTOR) */
    if (with_sse && (image.mxcsr & ~mxcsr_mask(cpu)))
        cpu_raise_code(cpu, EXC_GP, 0);
    struct fxstate *fx = &cpu->fx;
    memcpy(fx, &image, offsetof(struct fxstate, mxcsr));
    for (unsigned i = 0; i < 8; i++)
        memcpy(fx->st[i], image.st[i], 10); /* what is above it stays zero */
    fx->fcw = (uint16_t)((fx->fcw & 0x1f3f) | 0x40);
    fx->fop &= 0x7ff;
    x87_update_summary(fx);
    x87_ferr_update(cpu);
    if (with_sse) {
        fx->mxcsr = image.mxcsr;
        memcpy(fx->xmm, image.xmm, sizeof fx->xmm);
    }
}
