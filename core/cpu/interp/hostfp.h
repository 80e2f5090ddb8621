/* hostfp.h - runs single x87, MMX and SSE instructions on the host CPU, in the guest's state.
 *
 * A key names a host snippet: the instruction in normal form, with what the snippet has to move around it. */
#ifndef ABBEY_CORE_HOSTFP_H
#define ABBEY_CORE_HOSTFP_H

#include "core/cpu/cpu.h"

/* The normal form: prefix, opcode behind the escapes, ModRM with the memory operand as mod 0 rm 7 and a general
 * register as number 0, immediate; and the kind of state it works on. */
#define HOSTFP_PREFIX_66 (1u << 24) /* one of the three at most */
#define HOSTFP_PREFIX_F2 (2u << 24)
#define HOSTFP_PREFIX_F3 (3u << 24)
#define HOSTFP_X87 (1u << 26)   /* opcode D8..DF; without it the opcode stands behind 0F */
#define HOSTFP_MMX (1u << 27)   /* an operand may be an MMX register */
#define HOSTFP_FLAGS (1u << 28) /* reads or writes EFLAGS */
#define HOSTFP_GPR (1u << 29)   /* an operand is a general register: it is in frame->gpr */
#define HOSTFP_IMM (1u << 30)
#define HOSTFP_MXCSR (1u << 31)  /* depends on MXCSR or changes its flags: frame->mxcsr */
#define HOSTFP_0F38 (1ull << 32) /* of these maps, in place of 0F */
#define HOSTFP_0F3A (1ull << 33)
#define HOSTFP_XMM0 (1ull << 34)    /* XMM0 is an operand beside those of ModRM */
#define HOSTFP_STRINGS (1ull << 35) /* so are EAX, which is frame->gpr, ECX and EDX */
#define HOSTFP_KEY(kind, opcode, modrm, imm) \
    ((uint64_t)(kind) | (uint32_t)(opcode) << 16 | (uint32_t)(modrm) << 8 | (uint32_t)(imm))

/* What goes in and out of a snippet beside the FPU state. */
struct hostfp_frame {
    uint8_t operand[16] __attribute__((aligned(16))); /* the memory operand */
    uint64_t eflags;
    uint32_t gpr;
    uint32_t ecx, edx;
    uint32_t mxcsr;
    uint32_t host_mxcsr; /* scratch of the snippet, as is host_fcw */
    uint16_t host_fcw;
};

/* Takes the state from `from`. An x87 snippet writes the whole new state to `to`, host pointers in fip and fdp; an MMX
 * or SSE snippet writes its registers back to `from`. MMX needs TOP = 0 in `from`, so that MMi is st[i]. */
typedef void (*hostfp_fn)(struct hostfp_frame *frame, struct fxstate *from, struct fxstate *to);

struct hostfp;

/* NULL, with *error filled, when the host has no executable memory for it. */
struct hostfp *hostfp_new(const abbey_host_mem_1 *host, abbey_error *error);
void hostfp_free(struct hostfp *hostfp);

/* The snippet for a key, built on first use; good until the next call. The caller answers for the instruction being
 * defined on this host and raising nothing: exceptions of MXCSR masked, no x87 exception pending. */
hostfp_fn hostfp_snippet(struct hostfp *hostfp, uint64_t key);

/* Buffers that belong to the one instruction under way. */
struct hostfp_frame *hostfp_frame(struct hostfp *hostfp);

#endif
