/* Host-executed floating point.
 *
 * Nobody knows the x87, MMX and SSE instructions better than the processor we run on, so the interpreter has no
 * floating-point library: it lets the host execute the guest's instruction on the guest's registers. The instruction
 * cannot run where it stands, because its memory operand is guest memory and because the VMM's own floating-point state
 * must survive. So a *snippet* of host code is made around it, once per instruction in normal form, and kept.
 *
 * Example: the guest's `fadd dword ptr [ebx+8]` (D8 43 08) becomes key X87 D8 07, and this code, called with the frame
 * in RDI (the bounce buffer of the operand is its first field) and the guest's state in RSI:
 *
 *     fnstcw  [rdi+host_fcw]       ; what the host's C code relies on
 *     stmxcsr [rdi+host_mxcsr]
 *     fxrstor [rsi]                ; the guest's x87, MMX and SSE state
 *     fadd    dword ptr [rdi]
 *     fxsave  [rdx]                ; its new state; FXSAVE and FXRSTOR never wait for exceptions
 *     fninit                       ; drops the guest's registers, and an exception that is pending now
 *     fldcw   [rdi+host_fcw]
 *     ldmxcsr [rdi+host_mxcsr]
 *     ret
 *
 * An unmasked x87 exception is thus only *noted* (FSW.ES), as the architecture has it, and is raised by the interpreter
 * before the guest's next waiting instruction; the host never sees a SIGFPE.
 *
 * MMX and SSE instructions need two registers, or XMM0 as a third, so they get away without FXSAVE. The guest's
 * `cvtps2pi mm1, xmm2` is:
 *
 *     stmxcsr [rdi+host_mxcsr]
 *     ldmxcsr [rdi+mxcsr]          ; the guest's, all exceptions masked: the caller looks at the flags afterwards
 *     movaps  xmm1, [rsi+xmm1]     ; both registers the ModRM byte can mean, of both files:
 *     movaps  xmm2, [rsi+xmm2]     ; dearer to find out than to move
 *     movq    mm1, [rsi+st1]
 *     movq    mm2, [rsi+st2]
 *     cvtps2pi mm1, xmm2
 *     (the same moves back)
 *     stmxcsr [rdi+mxcsr]
 *     ldmxcsr [rdi+host_mxcsr]
 *     emms
 *     ret
 *
 * Host code lies in memory mapped twice, writable and executable, never both. FXSAVE is the form without REX.W, whose
 * image in 64-bit mode has the layout of the 32-bit one with XMM8-15 behind it: they are loaded from and stored to
 * fxstate.reserved3, and stay zero. */
#include "core/cpu/interp/hostfp.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_SIZE 128u /* bytes of host code a snippet may have; the longest has 97 */
#define SLOT_COUNT 8192u
#define CODE_BYTES ((uint64_t)SLOT_SIZE * SLOT_COUNT)
#define TABLE_SIZE 16384u /* a power of two, larger than SLOT_COUNT */

struct entry {
    uint64_t key; /* 0: free */
    uint32_t slot;
};

struct hostfp {
    struct hostfp_frame frame;
    const abbey_host_mem_1 *host;
    abbey_memobj *object;
    uint8_t *write; /* the two mappings */
    uint8_t *run;
    uint32_t used;
    bool reused; /* slots have been overwritten: see serialize() */
    struct entry table[TABLE_SIZE];
};

struct hostfp *hostfp_new(const abbey_host_mem_1 *host, abbey_error *error)
{
    struct hostfp *hostfp = aligned_alloc(64, (sizeof *hostfp + 63) & ~(size_t)63);
    if (!hostfp)
        return NULL;
    memset(hostfp, 0, sizeof *hostfp);
    hostfp->host = host;
    hostfp->object = host->create("abbey-hostfp", CODE_BYTES, error);
    if (!hostfp->object)
        goto failed;
    hostfp->write = host->map(hostfp->object, 0, CODE_BYTES, ABBEY_MAP_READ | ABBEY_MAP_WRITE, NULL, error);
    hostfp->run = host->map(hostfp->object, 0, CODE_BYTES, ABBEY_MAP_READ | ABBEY_MAP_EXEC, NULL, error);
    if (!hostfp->write || !hostfp->run)
        goto failed;
    return hostfp;
failed:
    hostfp_free(hostfp);
    return NULL;
}

void hostfp_free(struct hostfp *hostfp)
{
    if (!hostfp)
        return;
    if (hostfp->write)
        hostfp->host->release(hostfp->write, CODE_BYTES);
    if (hostfp->run)
        hostfp->host->release(hostfp->run, CODE_BYTES);
    if (hostfp->object)
        hostfp->host->destroy(hostfp->object);
    free(hostfp);
}

struct hostfp_frame *hostfp_frame(struct hostfp *hostfp)
{
    return &hostfp->frame;
}

/* ---- emission ---- */

struct code {
    uint8_t *at;
};

static void emit(struct code *code, const void *bytes, size_t count)
{
    memcpy(code->at, bytes, count);
    code->at += count;
}

#define EMIT(code, ...)                                 \
    do {                                                \
        static const uint8_t emit_[] = { __VA_ARGS__ }; \
        emit((code), emit_, sizeof emit_);              \
    } while (0)

/* [rdi+disp8] with a ModRM.reg */
#define FRAME(reg, field) 0x47 | (reg) << 3, (uint8_t)offsetof(struct hostfp_frame, field)

/* MOVAPS or MOVQ between register n and its place in [rsi]: 0F opcode /n [rsi+disp32]. */
static void emit_move(struct code *code, uint8_t opcode, unsigned n, size_t at)
{
    uint8_t bytes[7] = { 0x0f, opcode, (uint8_t)(0x86 | n << 3) };
    uint32_t disp = (uint32_t)(at + 16 * n);
    memcpy(bytes + 3, &disp, 4);
    emit(code, bytes, sizeof bytes);
}

static void emit_moves(struct code *code, uint8_t xmm_opcode, uint8_t mm_opcode, uint64_t key)
{
    unsigned modrm = key >> 8 & 0xff, reg = modrm >> 3 & 7, rm = modrm & 7;
    if (key & HOSTFP_XMM0)
        emit_move(code, xmm_opcode, 0, offsetof(struct fxstate, xmm));
    emit_move(code, xmm_opcode, reg, offsetof(struct fxstate, xmm));
    if (modrm >= 0xc0)
        emit_move(code, xmm_opcode, rm, offsetof(struct fxstate, xmm));
    if (!(key & HOSTFP_MMX))
        return;
    emit_move(code, mm_opcode, reg, offsetof(struct fxstate, st));
    if (modrm >= 0xc0)
        emit_move(code, mm_opcode, rm, offsetof(struct fxstate, st));
}

static void emit_instruction(struct code *code, uint64_t key)
{
    static const uint8_t prefix[4] = { 0, 0x66, 0xf2, 0xf3 };
    uint8_t bytes[6];
    unsigned n = 0;
    if (key >> 24 & 3)
        bytes[n++] = prefix[key >> 24 & 3];
    if (!(key & HOSTFP_X87))
        bytes[n++] = 0x0f;
    if (key & (HOSTFP_0F38 | HOSTFP_0F3A))
        bytes[n++] = key & HOSTFP_0F38 ? 0x38 : 0x3a;
    bytes[n++] = (uint8_t)(key >> 16);
    bytes[n++] = (uint8_t)(key >> 8);
    if (key & HOSTFP_IMM)
        bytes[n++] = (uint8_t)key;
    emit(code, bytes, n);
}

static void emit_load_flags(struct code *code)
{
    EMIT(code, 0xff, FRAME(6, eflags), 0x9d); /* push; popfq */
}

static void emit_store_flags(struct code *code)
{
    EMIT(code, 0x9c, 0x8f, FRAME(0, eflags)); /* pushfq; pop */
}

static void emit_x87(struct code *code, uint64_t key)
{
    EMIT(code, 0xd9, FRAME(7, host_fcw), 0x0f, 0xae, FRAME(3, host_mxcsr));
    if (key & HOSTFP_FLAGS)
        emit_load_flags(code);
    EMIT(code, 0x0f, 0xae, 0x0e); /* fxrstor [rsi] */
    emit_instruction(code, key);
    EMIT(code, 0x0f, 0xae, 0x02); /* fxsave [rdx] */
    if (key & HOSTFP_FLAGS)
        emit_store_flags(code);
    EMIT(code, 0xdb, 0xe3, 0xd9, FRAME(5, host_fcw), 0x0f, 0xae, FRAME(2, host_mxcsr), 0xc3); /* fninit ... ret */
}

static void emit_simd(struct code *code, uint64_t key)
{
    if (key & HOSTFP_MXCSR)
        EMIT(code, 0x0f, 0xae, FRAME(3, host_mxcsr), 0x0f, 0xae, FRAME(2, mxcsr));
    emit_moves(code, 0x28, 0x6f, key);
    if (key & HOSTFP_GPR)
        EMIT(code, 0x8b, FRAME(0, gpr)); /* mov eax, */
    if (key & HOSTFP_STRINGS)
        EMIT(code, 0x8b, FRAME(0, gpr), 0x8b, FRAME(1, ecx), 0x8b, FRAME(2, edx));
    emit_instruction(code, key);
    if (key & HOSTFP_FLAGS)
        emit_store_flags(code);
    if (key & HOSTFP_GPR)
        EMIT(code, 0x89, FRAME(0, gpr)); /* mov , eax */
    if (key & HOSTFP_STRINGS)
        EMIT(code, 0x89, FRAME(1, ecx));
    emit_moves(code, 0x29, 0x7f, key);
    if (key & HOSTFP_MXCSR)
        EMIT(code, 0x0f, 0xae, FRAME(3, mxcsr), 0x0f, 0xae, FRAME(2, host_mxcsr));
    if (key & HOSTFP_MMX)
        EMIT(code, 0x0f, 0x77); /* emms */
    EMIT(code, 0xc3);
}

/* ---- the cache ---- */

/* Code written through one address and run through another is only sure to be seen after a serializing instruction
 * (SDM vol. 3, 9.1.3). A slot never run before cannot be in the pipeline, so this is for slots in their second life. */
static void serialize(void)
{
    uint32_t eax = 0, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx) : : "memory");
}

static hostfp_fn slot_code(const struct hostfp *hostfp, uint32_t slot)
{
    hostfp_fn fn;
    const uint8_t *code = hostfp->run + slot * SLOT_SIZE;
    memcpy(&fn, &code, sizeof fn); /* ISO C has no cast from object to function */
    return fn;
}

static hostfp_fn snippet_build(struct hostfp *hostfp, struct entry *entry, uint64_t key)
{
    if (hostfp->used == SLOT_COUNT) {
        memset(hostfp->table, 0, sizeof hostfp->table);
        hostfp->used = 0;
        hostfp->reused = true;
        return hostfp_snippet(hostfp, key);
    }
    *entry = (struct entry){ .key = key, .slot = hostfp->used++ };
    struct code code = { hostfp->write + entry->slot * SLOT_SIZE };
    if (key & HOSTFP_X87)
        emit_x87(&code, key);
    else
        emit_simd(&code, key);
    if (hostfp->reused)
        serialize();
    return slot_code(hostfp, entry->slot);
}

hostfp_fn hostfp_snippet(struct hostfp *hostfp, uint64_t key)
{
    uint64_t i = key * 0x9e3779b97f4a7c15u >> 50; /* Fibonacci hashing to the 14 bits of TABLE_SIZE */
    for (;; i = (i + 1) & (TABLE_SIZE - 1)) {
        struct entry *entry = &hostfp->table[i];
        if (entry->key == key)
            return slot_code(hostfp, entry->slot);
        if (!entry->key)
            return snippet_build(hostfp, entry, key);
    }
}
