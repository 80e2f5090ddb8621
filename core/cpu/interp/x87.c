#include "core/cpu/interp/x87.h"

#include "core/cpu/interp/runs.h"

#include <string.h>

void x87_set_top(struct fxstate *fx, uint32_t top)
{
    uint32_t turn = (top - x87_top(fx)) & 7;
    if (turn) {
        uint8_t old[8][16];
        memcpy(old, fx->st, sizeof old);
        for (unsigned i = 0; i < 8; i++)
            memcpy(fx->st[i], old[(i + turn) & 7], 16);
    }
    fx->fsw = (uint16_t)((fx->fsw & ~FSW_TOP) | top << 11);
}

void x87_update_summary(struct fxstate *fx)
{
    fx->fsw = (uint16_t)((fx->fsw & ~(FSW_ES | FSW_B)) | (x87_pending(fx) ? FSW_ES | FSW_B : 0));
}

void x87_set_status(struct fxstate *fx, uint32_t fsw)
{
    x87_set_top(fx, (fsw & FSW_TOP) >> 11);
    fx->fsw = (uint16_t)fsw;
    x87_update_summary(fx);
}

void x87_init(struct fxstate *fx)
{
    fx->fcw = 0x37f;
    x87_set_status(fx, 0);
    fx->ftw = 0;
    fx->fop = 0;
    fx->fip = fx->fdp = 0;
    fx->fcs = fx->fds = 0;
}

/* ---- tag word: FXSAVE keeps one bit a register, FNSTENV two that tell the kind of value ---- */

enum { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

static uint32_t value_tag(const uint8_t *value)
{
    uint64_t significand;
    uint16_t exponent;
    memcpy(&significand, value, 8);
    memcpy(&exponent, value + 8, 2);
    exponent &= 0x7fff;
    if (exponent == 0 && significand == 0)
        return TAG_ZERO;
    if (exponent == 0 || exponent == 0x7fff || !(significand >> 63))
        return TAG_SPECIAL;
    return TAG_VALID;
}

static uint32_t tag_word(const struct fxstate *fx)
{
    uint32_t word = 0;
    for (unsigned physical = 0; physical < 8; physical++) {
        uint32_t tag = TAG_EMPTY;
        if (fx->ftw >> physical & 1)
            tag = value_tag(fx->st[(physical - x87_top(fx)) & 7]);
        word |= tag << 2 * physical;
    }
    return word;
}

static uint8_t tags_abridged(uint32_t word)
{
    uint8_t bits = 0;
    for (unsigned physical = 0; physical < 8; physical++)
        if ((word >> 2 * physical & 3) != TAG_EMPTY)
            bits = (uint8_t)(bits | 1u << physical);
    return bits;
}

/* ---- environments (SDM vol. 1, figures 8-9 to 8-12) ----
 * Seven words or dwords: control, status, tags; then two for the instruction and two for its operand. In protected mode
 * these are offset and selector, with the opcode above the selector where there is room. In real and v86 mode they are
 * a linear address split over both, with the opcode beside its upper bits. */

uint32_t x87_env_size(uint32_t opsize)
{
    return 7 * opsize;
}

void x87_env_store(const struct fxstate *fx, uint32_t opsize, bool protected_mode, uint8_t *image)
{
    uint32_t word[7] = { fx->fcw, fx->fsw, tag_word(fx) };
    uint32_t opcode = fx->fop & 0x7ff;
    if (protected_mode) {
        word[3] = fx->fip;
        word[4] = opsize == 4 ? opcode << 16 | fx->fcs : fx->fcs;
        word[5] = fx->fdp;
        word[6] = fx->fds;
    } else {
        uint32_t ip = ((uint32_t)fx->fcs << 4) + fx->fip, dp = ((uint32_t)fx->fds << 4) + fx->fdp;
        uint32_t high = opsize == 4 ? 0x0ffff000 : 0xf000;
        word[3] = ip & 0xffff;
        word[4] = (ip >> 4 & high) | opcode;
        word[5] = dp & 0xffff;
        word[6] = dp >> 4 & high;
    }
    for (unsigned i = 0; i < 7; i++) {
        /* Where a dword holds 16 bits, the upper half is all ones. */
        bool half = i < 3 || (protected_mode ? i == 6 : i == 3 || i == 5);
        uint32_t value = half ? word[i] | 0xffff0000 : word[i];
        memcpy(image + i * opsize, &value, opsize);
    }
}

void x87_env_load(struct fxstate *fx, uint32_t opsize, bool protected_mode, const uint8_t *image)
{
    uint32_t word[7] = { 0 };
    for (unsigned i = 0; i < 7; i++)
        memcpy(&word[i], image + i * opsize, opsize);
    fx->fcw = (uint16_t)((word[0] & 0x1f3f) | 0x40); /* bit 6 is one, bits 7 and 13-15 are zero on every P6 */
    x87_set_status(fx, word[1] & 0xffff);
    fx->ftw = tags_abridged(word[2]);
    if (protected_mode) {
        fx->fip = word[3];
        fx->fcs = (uint16_t)word[4];
        fx->fop = opsize == 4 ? word[4] >> 16 & 0x7ff : 0;
        fx->fdp = word[5];
        fx->fds = (uint16_t)word[6];
    } else {
        /* The linear address alone is known: the selector takes what the offset cannot hold. */
        uint32_t high = opsize == 4 ? 0x0ffff000 : 0xf000;
        fx->fop = word[4] & 0x7ff;
        fx->fip = (word[4] & high) << 4 | (word[3] & 0xffff);
        fx->fdp = (word[6] & high) << 4 | (word[5] & 0xffff);
        fx->fcs = fx->fds = 0;
    }
}

/* ---- exceptions ---- */

bool x87_wait(struct cpu *cpu, bool ignores)
{
    if (!x87_pending(&cpu->fx))
        return true;
    int ignored = (cpu->cr0 & CR0_NE) || !cpu->bus || !cpu->bus->ferr ? -1 : cpu->bus->ferr(cpu->bus_opaque, true);
    if (ignored < 0)
        cpu_raise(cpu, EXC_MF);
    /* MS-DOS compatible: FERR# goes active and the processor freezes in front of the instruction until an interrupt
     * comes (SDM vol. 1, D.2.1.2). We begin the instruction again and again, which looks the same. */
    cpu->ferr = true;
    if (ignored && ignores)
        return true;
    cpu->eip = cpu->insn_eip;
    cpu->interp->broken = true;
    return false;
}

void x87_ferr_update(struct cpu *cpu)
{
    if (!cpu->ferr || x87_pending(&cpu->fx))
        return;
    cpu->ferr = false;
    if (cpu->bus && cpu->bus->ferr)
        cpu->bus->ferr(cpu->bus_opaque, false);
}
