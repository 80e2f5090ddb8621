// Calls, returns and indirect jumps, compiled for an i686 without SSE and without tail calls.
#include "kit.h"

#include <setjmp.h>
#include <stdlib.h>
#define NI __attribute__((noinline))
enum { PUSH, ADD, SUB, MUL, DUP, SWAP, JNZ, DEC, XOR, SHR, LD, ST, NOP2, HALT };
// program: LCG loop with some arithmetic
static const u8 prog[] = { /*0*/ LD, 0, PUSH, 13, MUL, PUSH, 7, ADD, DUP, PUSH, 5, SHR, XOR, ST, 0, LD, 1, PUSH, 3, ADD,
    LD, 0, XOR, ST, 1, LD, 2, DEC, DUP, ST, 2, JNZ, 0, HALT };
static u32 w_switch(long n)
{
    u32 v[4] = { 1, 2, (u32)n, 0 }, st[32];
    u32 *sp = st;
    const u8 *pc = prog;
    for (;;)
        switch (*pc++) {
        case PUSH: *sp++ = *pc++; break;
        case ADD:
            sp--;
            sp[-1] += *sp;
            break;
        case SUB:
            sp--;
            sp[-1] -= *sp;
            break;
        case MUL:
            sp--;
            sp[-1] *= *sp;
            break;
        case DUP:
            *sp = sp[-1];
            sp++;
            break;
        case SWAP: {
            u32 t = sp[-1];
            sp[-1] = sp[-2];
            sp[-2] = t;
            break;
        }
        case JNZ:
            if (*--sp)
                pc = prog + *pc;
            else
                pc++;
            break;
        case DEC: sp[-1]--; break;
        case XOR:
            sp--;
            sp[-1] ^= *sp;
            break;
        case SHR:
            sp--;
            sp[-1] >>= *sp & 31;
            break;
        case LD: *sp++ = v[*pc++]; break;
        case ST: v[*pc++] = *--sp; break;
        case NOP2: break;
        case HALT: return v[0] ^ v[1];
        }
}

static u32 w_goto(long n)
{
    static void *const T[] = { &&PUSH_, &&ADD_, &&SUB_, &&MUL_, &&DUP_, &&SWAP_, &&JNZ_, &&DEC_, &&XOR_, &&SHR_, &&LD_,
        &&ST_, &&NOP_, &&HALT_ };
    u32 v[4] = { 1, 2, (u32)n, 0 }, st[32];
    u32 *sp = st;
    const u8 *pc = prog;
#define G goto *T[*pc++]
    G;
PUSH_:
    *sp++ = *pc++;
    G;
ADD_:
    sp--;
    sp[-1] += *sp;
    G;
SUB_:
    sp--;
    sp[-1] -= *sp;
    G;
MUL_:
    sp--;
    sp[-1] *= *sp;
    G;
DUP_:
    *sp = sp[-1];
    sp++;
    G;
SWAP_ : {
    u32 t = sp[-1];
    sp[-1] = sp[-2];
    sp[-2] = t;
}
    G;
JNZ_:
    if (*--sp)
        pc = prog + *pc;
    else
        pc++;
    G;
DEC_:
    sp[-1]--;
    G;
XOR_:
    sp--;
    sp[-1] ^= *sp;
    G;
SHR_:
    sp--;
    sp[-1] >>= *sp & 31;
    G;
LD_:
    *sp++ = v[*pc++];
    G;
ST_:
    v[*pc++] = *--sp;
    G;
NOP_:
    G;
HALT_:
    return v[0] ^ v[1];
}

#define F(k)                        \
    static NI u32 f##k(u32 x)       \
    {                               \
        return x * (k * 2 + 1) + k; \
    }
// clang-format off
F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15)
    // clang-format on
    static u32 (*const FT[16])(u32) = { f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15 };
static u32 w_fptr(long n)
{
    u32 x = 1, s = 12345;
    for (long i = 0; i < n; i++) {
        s = s * 1664525u + 1013904223u;
        x = FT[s >> 28](x) ^ i;
    }
    return x;
}

static u32 w_fptr1(long n)
{
    u32 x = 1;
    u32 (*volatile f)(u32) = f3;
    for (long i = 0; i < n; i++)
        x = f(x) ^ i;
    return x;
}

static NI u32 fib(u32 n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static u32 w_fib(long n)
{
    return fib(n);
}

static NI u32 ack(u32 m, u32 n)
{
    return m ? ack(m - 1, n ? ack(m, n - 1) : 1) : n + 1;
}

static u32 w_ack(long n)
{
    u32 h = 0;
    for (long i = 0; i < n; i++)
        h += ack(2, 300) + ack(3, 5);
    return h;
}

static NI u32 deep(u32 d, u32 x)
{
    volatile u32 t = x;
    if (!d)
        return x;
    return deep(d - 1, x * 3 + 1) + t;
}

static u32 w_deep(long n)
{
    u32 h = 0;
    for (long i = 0; i < n; i++)
        h += deep(2000, i);
    return h;
}

static jmp_buf jb;
static NI void lj(int v)
{
    longjmp(jb, v);
}

static u32 w_longjmp(long n)
{
    volatile u32 h = 0;
    volatile long i = 0;
    int r = setjmp(jb);
    h = h * 3 + r;
    if (i < n) {
        i++;
        lj((i & 7) + 1);
    }
    return h;
}

const struct workload workloads_ind[] = {
    // clang-format off
    { "ind_switch",              w_switch,        10000000, "bytecode VM, switch" },
    { "ind_goto",                w_goto,          10000000, "bytecode VM, computed goto" },
    { "ind_fptr16",              w_fptr,          20000000, "16-way function pointers" },
    { "ind_fptr1",               w_fptr1,        100000000, "monomorphic function pointer" },
    { "ind_fib",                 w_fib,                 38, "recursive fib(n)" },
    { "ind_ack",                 w_ack,                400, "ackermann" },
    { "ind_deep",                w_deep,             50000, "2000-deep recursion" },
    { "ind_longjmp",             w_longjmp,       15000000, "setjmp/longjmp" },
    { 0 }
    // clang-format on
};
