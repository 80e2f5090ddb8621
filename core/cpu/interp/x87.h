/* x87.h - the x87 state in struct fxstate: stack top, tags, pending exceptions, and the images of FNSTENV and FNSAVE.
 */
#ifndef ABBEY_CORE_X87_H
#define ABBEY_CORE_X87_H

#include "core/cpu/interp/insn.h"

#define FSW_IE 0x1u
#define FSW_DE 0x2u
#define FSW_ZE 0x4u
#define FSW_OE 0x8u
#define FSW_UE 0x10u
#define FSW_PE 0x20u
#define FSW_EXCEPTIONS 0x3fu
#define FSW_SF 0x40u
#define FSW_ES 0x80u
#define FSW_TOP 0x3800u
#define FSW_B 0x8000u

/* The unmasked exceptions that wait for the next waiting instruction. FSW.ES says the same. */
static inline uint32_t x87_pending(const struct fxstate *fx)
{
    return fx->fsw & ~(uint32_t)fx->fcw & FSW_EXCEPTIONS;
}

static inline uint32_t x87_top(const struct fxstate *fx)
{
    return (fx->fsw & FSW_TOP) >> 11;
}

/* What executing an x87 instruction on the host as it stands takes. */
struct x87_form {
    uint8_t load, store; /* bytes of memory, when the operand is memory */
    bool notes;          /* FIP, FOP and, for memory, FDP become those of this instruction */
};

/* False: the instruction is undefined, or it moves more of the state than the host could be allowed to. */
bool x87_form_of(const struct insn *insn, struct x87_form *form);

/* Changes TOP alone: st[], which is in stack order, is turned so that the physical registers keep their contents. */
void x87_set_top(struct fxstate *fx, uint32_t top);

/* Loads a new status word, TOP included, and makes ES and B follow the exceptions and their masks. */
void x87_set_status(struct fxstate *fx, uint32_t fsw);
void x87_update_summary(struct fxstate *fx);

/* FNINIT. */
void x87_init(struct fxstate *fx);

/* The environment as FNSTENV stores it: in which form depends on operand size and mode (SDM vol. 1, 8.1.10). Returns
 * its size, 14 or 28. */
#define X87_ENV_MAX 28u
uint32_t x87_env_size(uint32_t opsize);
void x87_env_store(const struct fxstate *fx, uint32_t opsize, bool protected_mode, uint8_t *image);
void x87_env_load(struct fxstate *fx, uint32_t opsize, bool protected_mode, const uint8_t *image);

/* What a waiting x87 instruction does before it begins, and an MMX instruction after its own checks: raises #MF for a
 * pending exception. False when the processor freezes instead (CR0.NE clear): the caller returns at once. With
 * `ignores` the caller can execute the instruction while exceptions pend, as it is where IGNNE# is active: then true.
 */
bool x87_wait(struct cpu *cpu, bool ignores);

/* FERR# follows the exceptions: after whatever may have cleared them. */
void x87_ferr_update(struct cpu *cpu);

#endif
