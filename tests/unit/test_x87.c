/* x87, MMX and SSE where a user program cannot look: control registers, both ways of reporting an x87 exception, images
 * in every mode, and what host execution must leave alone. The arithmetic is compared in tests/conformance. */
#include <fenv.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <xmmintrin.h>

#include "core/cpu/interp/hostfp.h"
#include "core/cpu/interp/x87.h"
#include "tests/unit/cpu_rig.h"
#include "tests/unit/hostmem.h"
#include "tests/unit/unit.h"

#define CR4_SSE (CR4_OSFXSR | CR4_OSXMMEXCPT)

/* Runs a program in flat protected mode with these control registers; the vector that ended it, -1 for a HLT of its
 * own. */
static struct rig *rig;
static int run(const uint8_t *code, const uint8_t *end, uint32_t cr0, uint32_t cr4)
{
    rig_flat32(rig, code, end);
    rig->cpu->cr0 = (rig->cpu->cr0 & ~(CR0_EM | CR0_TS | CR0_MP | CR0_NE)) | cr0;
    rig->cpu->cr4 = cr4;
    rig_run(rig);
    return rig_vector(rig);
}
#define RUN(name, cr0, cr4) run(name, name##_end, cr0, cr4)

GUEST(fld1, "32", "fld1; hlt");
GUEST(wait_alone, "32", "fwait; hlt");
GUEST(paddb, "32", "paddb %mm0, %mm1; hlt");
GUEST(addps, "32", "addps %xmm0, %xmm1; hlt");
GUEST(ldmxcsr_bad, "32", "movl $0x10000, 0x20000; ldmxcsr 0x20000; hlt");
GUEST(fxsave_here, "32", "fxsave 0x20000; hlt");
GUEST(sfence_here, "32", "sfence; movnti %eax, 0x20000; hlt");

static void test_control(void)
{
    CU_ASSERT_EQUAL(RUN(fld1, CR0_NE, 0), -1);
    CU_ASSERT_EQUAL(RUN(fld1, CR0_NE | CR0_TS, 0), EXC_NM);
    CU_ASSERT_EQUAL(RUN(fld1, CR0_NE | CR0_EM, 0), EXC_NM);
    CU_ASSERT_EQUAL(RUN(wait_alone, CR0_TS, 0), -1);
    CU_ASSERT_EQUAL(RUN(wait_alone, CR0_MP, 0), -1);
    CU_ASSERT_EQUAL(RUN(wait_alone, CR0_EM, 0), -1);
    CU_ASSERT_EQUAL(RUN(wait_alone, CR0_TS | CR0_MP, 0), EXC_NM);
    CU_ASSERT_EQUAL(RUN(paddb, CR0_EM | CR0_TS, 0), EXC_UD);
    CU_ASSERT_EQUAL(RUN(paddb, CR0_TS, 0), EXC_NM);
    CU_ASSERT_EQUAL(RUN(paddb, 0, 0), -1);
    CU_ASSERT_EQUAL(RUN(addps, 0, 0), EXC_UD);
    CU_ASSERT_EQUAL(RUN(addps, 0, CR4_SSE), -1);
    CU_ASSERT_EQUAL(RUN(addps, CR0_TS, CR4_SSE), EXC_NM);
    CU_ASSERT_EQUAL(RUN(addps, CR0_EM | CR0_TS, CR4_SSE), EXC_UD);
    CU_ASSERT_EQUAL(RUN(ldmxcsr_bad, 0, CR4_SSE), EXC_GP);
    CU_ASSERT_EQUAL(RUN(fxsave_here, CR0_TS, 0), EXC_NM);
    CU_ASSERT_EQUAL(RUN(fxsave_here, 0, 0), -1);
    CU_ASSERT_EQUAL(RUN(sfence_here, CR0_EM | CR0_TS, 0), -1);
}

/* 1 / 0 with division by zero unmasked, then a few instructions that do not wait, then one that does. */
GUEST(divide, "32",
    "fninit; movw $0x37b, 0x20000; fldcw 0x20000; fld1; fldz; "
    "fdivrp %st, %st(1); fnstsw %ax; fnstcw 0x20004; nop; fld1; hlt");

static void test_unmasked(void)
{
    CU_ASSERT_EQUAL(RUN(divide, CR0_NE, 0), EXC_MF);
    CU_ASSERT_EQUAL(rig->cpu->reg[EAX] & 0xffff, FSW_B | FSW_ES | FSW_ZE | 6 << 11);
    /* The exception is that of the FLD1 in front of the HLT. */
    CU_ASSERT_EQUAL(rig_peek32(rig, rig->cpu->reg[ESP]), RIG_CODE + (uint32_t)(divide_end - divide) - 3);
}

static unsigned ferr_count, ferr_gone;
static int ignne;
static int on_ferr(void *opaque, bool active)
{
    struct rig *r = opaque;
    if (!active)
        ferr_gone++;
    else if (++ferr_count == 3) /* the interrupt controller takes its time */
        cpu_signal(r->cpu, CPU_SIGNAL_INTR);
    return ignne;
}

GUEST(irq13, "32", "fnclex; hlt");

static void test_ferr(void)
{
    const struct cpu_bus *plain = rig->cpu->bus;
    struct cpu_bus bus = *plain;
    bus.ferr = on_ferr;
    rig->cpu->bus = &bus;
    rig->intr_vector = 0x75;
    ferr_count = ferr_gone = 0;
    rig_flat32(rig, divide, divide_end);
    rig_handler(rig, 0x75, irq13, irq13_end);
    rig->cpu->cr0 &= ~CR0_NE;
    rig->cpu->eflags |= FLAG_IF;
    rig_run(rig);
    CU_ASSERT_EQUAL(ferr_count, 3);
    CU_ASSERT_EQUAL(rig_peek32(rig, rig->cpu->reg[ESP]), RIG_CODE + (uint32_t)(divide_end - divide) - 3);
    CU_ASSERT_EQUAL(rig->cpu->fx.fsw & (FSW_ES | FSW_B | FSW_EXCEPTIONS), 0);
    CU_ASSERT_EQUAL(ferr_gone, 1);
    CU_ASSERT(rig->cpu->halted);
    rig->cpu->bus = plain;
}

/* The division that pends is ignored: FLD1 and FISTP do their work, and what pended still does. */
GUEST(ignored, "32",
    "fninit; movw $0x37b, 0x20000; fldcw 0x20000; fld1; fldz; fdivrp %st, %st(1); fldpi; fistpl 0x20010; fnstsw %ax; "
    "hlt");

static void test_ignne(void)
{
    const struct cpu_bus *plain = rig->cpu->bus;
    struct cpu_bus bus = *plain;
    bus.ferr = on_ferr;
    rig->cpu->bus = &bus;
    ferr_count = ferr_gone = 0;
    ignne = 1;
    rig_flat32(rig, ignored, ignored_end);
    rig->cpu->cr0 &= ~CR0_NE;
    rig_run(rig);
    ignne = 0;
    CU_ASSERT(rig->cpu->halted);
    CU_ASSERT_EQUAL(rig_peek32(rig, RIG_DATA + 16), 3);
    CU_ASSERT_EQUAL(rig->cpu->reg[EAX] & (FSW_B | FSW_ES | FSW_ZE | FSW_PE | FSW_IE), FSW_B | FSW_ES | FSW_ZE | FSW_PE);
    CU_ASSERT_EQUAL(ferr_count, 2); /* FLDPI, FISTP */
    CU_ASSERT_EQUAL(ferr_gone, 0);
    rig->cpu->bus = plain;
}

/* Without anybody at the pins there is only the exception. */
static int nobody(void *opaque, bool active)
{
    (void)opaque, (void)active;
    return -1;
}

static void test_ferr_not_wired(void)
{
    const struct cpu_bus *plain = rig->cpu->bus;
    struct cpu_bus bus = *plain;
    bus.ferr = nobody;
    rig->cpu->bus = &bus;
    CU_ASSERT_EQUAL(RUN(divide, 0, 0), EXC_MF);
    rig->cpu->bus = plain;
}

GUEST(sse_divide, "32",
    "movl $0x1d80, 0x20000; ldmxcsr 0x20000; movups 0x20010, %xmm0; xorps %xmm1, %xmm1; divps %xmm1, %xmm0; hlt");

static void test_simd_exception(void)
{
    static const float ones[4] = { 1, 1, 1, 1 };
    CU_ASSERT_EQUAL(run(sse_divide, sse_divide_end, 0, CR4_OSFXSR), EXC_UD);
    rig_flat32(rig, sse_divide, sse_divide_end);
    rig_poke(rig, RIG_DATA + 16, ones, sizeof ones);
    rig->cpu->cr4 = CR4_SSE;
    rig_run(rig);
    CU_ASSERT_EQUAL(rig_vector(rig), EXC_XM);
    CU_ASSERT_EQUAL(rig->cpu->fx.mxcsr, 0x1d84);
    CU_ASSERT_EQUAL(memcmp(rig->cpu->fx.xmm[0], ones, 16), 0); /* no result */
}

/* ---- images ---- */

/* FLD of a value at 20100h, then the environment at 20200h: pointers tell of the FLD. */
GUEST(env32, "32", "fninit; nop; flds %ds:0x20100; fnstenv 0x20200; hlt");
GUEST(env16, "32", "fninit; nop; flds %ds:0x20100; .byte 0x66; fnstenv 0x20200; hlt");
GUEST(env_real16, "16", "fninit; nop; flds 0x100; fnstenv 0x200; hlt");
GUEST(env_real32, "16", "fninit; nop; flds 0x100; .byte 0x66; fnstenv 0x200; hlt");

static void expect_words(uint32_t at, const uint32_t *words, unsigned size)
{
    for (unsigned i = 0; i < 7; i++)
        CU_ASSERT_EQUAL(size == 4 ? rig_peek32(rig, at + 4 * i) : rig_peek32(rig, at + 2 * i) & 0xffff, words[i]);
}

static void test_environment(void)
{
    const uint32_t tags = 0x7fff; /* physical register 7 is zero, the rest is empty */
    RUN(env32, CR0_NE, 0);
    expect_words(0x20200,
        (uint32_t[]){ 0xffff037f, 0xffff3800, 0xffff0000 | tags, RIG_CODE + 3, 0x01050008, 0x20100, 0xffff0010 }, 4);
    RUN(env16, CR0_NE, 0);
    expect_words(0x20200, (uint32_t[]){ 0x37f, 0x3800, tags, 3, 8, 0x100, 0x10 }, 2);
    rig_real16(rig, env_real16, env_real16_end);
    rig_run(rig);
    /* Linear addresses 10003h and 20100h; the opcode beside the upper bits. */
    expect_words(0x20200, (uint32_t[]){ 0x37f, 0x3800, tags, 3, 0x1106, 0x100, 0x2000 }, 2);
    rig_real16(rig, env_real32, env_real32_end);
    rig_run(rig);
    expect_words(
        0x20200, (uint32_t[]){ 0xffff037f, 0xffff3800, 0xffff0000 | tags, 0xffff0003, 0x1106, 0xffff0100, 0x2000 }, 4);
}

GUEST(save_restore, "32",
    "fninit; fldpi; fld1; fldl2e; fincstp; fnsave 0x20200; frstor 0x20200; fnsave 0x20300; "
    ".byte 0x66; frstor 0x20300; fninit; frstor 0x20300; fnsave 0x20400; hlt");

static void test_save_restore(void)
{
    RUN(save_restore, CR0_NE, 0);
    for (unsigned i = 0; i < 108; i += 4) {
        CU_ASSERT_EQUAL(rig_peek32(rig, 0x20200 + i), rig_peek32(rig, 0x20300 + i));
        CU_ASSERT_EQUAL(rig_peek32(rig, 0x20200 + i), rig_peek32(rig, 0x20400 + i));
    }
}

static void test_tags(void)
{
    static const struct {
        uint16_t exponent;
        uint64_t significand;
        uint32_t tag;
    } values[] = {
        { 0x3fff, 0x8000000000000000, 0 },
        { 0, 0, 1 },
        { 0x8000, 0, 1 },
        { 0, 1, 2 },
        { 0x7fff, 0x8000000000000000, 2 },
        { 0x7fff, 0xc000000000000000, 2 },
        { 0x3fff, 0x4000000000000000, 2 },
        { 0x0001, 0x8000000000000000, 0 },
    };
    struct fxstate fx = { .fcw = 0x37f, .fsw = 3 << 11, .ftw = 0xff };
    uint8_t image[X87_ENV_MAX];
    uint32_t expected = 0;
    for (unsigned i = 0; i < 8; i++) {
        memcpy(fx.st[i], &values[i].significand, 8);
        memcpy(fx.st[i] + 8, &values[i].exponent, 2);
        expected |= values[i].tag << 2 * ((i + 3) & 7);
    }
    x87_env_store(&fx, 4, true, image);
    CU_ASSERT_EQUAL(image[8] | image[9] << 8, (int)expected);
}

/* A state from a file may have any MXCSR and stale summary bits: the host must not fault on it. */
static void test_hostile_state(void)
{
    rig_flat32(rig, fld1, fld1_end);
    rig->cpu->cr0 |= CR0_NE;
    rig->cpu->fx.mxcsr = 0xffffffff;
    rig_run(rig);
    CU_ASSERT_EQUAL(rig_vector(rig), -1);
    rig_flat32(rig, fld1, fld1_end);
    rig->cpu->cr0 |= CR0_NE;
    rig->cpu->fx.fcw = 0;
    rig->cpu->fx.fsw = FSW_IE; /* pending, and ES does not say so */
    rig_run(rig);
    CU_ASSERT_EQUAL(rig_vector(rig), EXC_MF);
}

/* ---- the host ---- */

static void test_host_state(void)
{
    unsigned mxcsr = _mm_getcsr();
    fesetround(FE_UPWARD);
    volatile long double third = 1.0L / 3;
    RUN(divide, CR0_NE, 0);
    RUN(addps, 0, CR4_SSE);
    RUN(paddb, 0, 0);
    CU_ASSERT_EQUAL(fegetround(), FE_UPWARD);
    volatile long double again = 1.0L / 3; /* the x87 stack is empty, or this would be a NaN */
    CU_ASSERT(third == again);
    fesetround(FE_TONEAREST);
    CU_ASSERT_EQUAL(_mm_getcsr() & 0xffc0, mxcsr & 0xffc0);
}

/* More snippets than there is room for: PSHUFW with every register pair and immediate. */
static void test_cache_reuse(void)
{
    struct hostfp *fp = hostfp_new(&hostmem, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(fp);
    struct fxstate fx;
    unsigned wrong = 0;
    for (unsigned round = 0; round < 2; round++)
        for (unsigned modrm = 0xc0; modrm <= 0xff; modrm++)
            for (unsigned imm = 0; imm < 256; imm++) {
                memset(&fx, 0, sizeof fx);
                unsigned reg = modrm >> 3 & 7, rm = modrm & 7;
                uint64_t value = 0x4444333322221111, got, expected = 0;
                memcpy(fx.st[rm], &value, 8);
                for (unsigned i = 0; i < 4; i++)
                    expected |= (value >> 16 * (imm >> 2 * i & 3) & 0xffff) << 16 * i;
                hostfp_snippet(fp, HOSTFP_KEY(HOSTFP_MMX | HOSTFP_IMM, 0x70, modrm, imm))(hostfp_frame(fp), &fx, &fx);
                memcpy(&got, fx.st[reg], 8);
                wrong += got != expected;
            }
    CU_ASSERT_EQUAL(wrong, 0);
    hostfp_free(fp);
}

/* ---- FPU and SSE loops, for a look at the speed ---- */

GUEST(loop_x87, "32",
    "fninit; fld1; fldpi; mov $100000, %ecx; 1: fadd %st, %st(1); fmuls 0x20000; dec %ecx; jnz 1b; hlt");
GUEST(loop_sse, "32", "mov $100000, %ecx; 1: addps %xmm0, %xmm1; mulps 0x20000, %xmm1; dec %ecx; jnz 1b; hlt");
GUEST(loop_mmx, "32", "mov $100000, %ecx; 1: paddw %mm0, %mm1; pmaddwd 0x20000, %mm1; dec %ecx; jnz 1b; hlt");

static void timed(const char *name, const uint8_t *code, const uint8_t *end)
{
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    CU_ASSERT_EQUAL(run(code, end, CR0_NE, CR4_SSE), -1);
    clock_gettime(CLOCK_MONOTONIC, &to);
    double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
    printf("# %s: %.0f ns an instruction\n", name, ns / 200000);
}

static void test_speed(void)
{
    timed("x87", loop_x87, loop_x87_end);
    timed("SSE", loop_sse, loop_sse_end);
    timed("MMX", loop_mmx, loop_mmx_end);
}

static const struct unit_test tests[] = {
    { "EM, TS, MP and OSFXSR decide between running, #NM and #UD", test_control },
    { "an unmasked x87 exception waits for the next waiting instruction", test_unmasked },
    { "with CR0.NE clear the CPU asserts FERR# and freezes until the interrupt", test_ferr },
    { "and goes on as if nothing pended while IGNNE# is active", test_ignne },
    { "and raises the exception when nothing is wired to FERR#", test_ferr_not_wired },
    { "an unmasked SSE exception is #XM without a result, #UD without OSXMMEXCPT", test_simd_exception },
    { "FNSTENV gives the guest's pointers, in the four layouts", test_environment },
    { "FNSAVE and FRSTOR carry the whole state, with TOP turned", test_save_restore },
    { "the tag word tells zero, special and valid", test_tags },
    { "a state with impossible values does no harm to the host", test_hostile_state },
    { "the VMM's own rounding and x87 stack survive", test_host_state },
    { "the cache of host code starts over when it is full", test_cache_reuse },
    { "loops of FPU instructions run", test_speed },
};

/* Under every engine, for the translator runs these instructions by other ways than the interpreter; and in both of its
 * modes. */
int main(void)
{
    const struct engine *engine;
    const unsigned tests_count = sizeof tests / sizeof tests[0];
    unsigned suites = 0;
    int status = 0;
    for (unsigned i = 0; (engine = engine_at(i)); i++)
        suites += engine->prepare ? 2 : 1;
    unit_plan(suites * tests_count);
    for (unsigned i = 0; (engine = engine_at(i)); i++) {
        for (unsigned counting = engine->prepare ? 0 : 1; counting < 2; counting++) {
            char name[32];
            snprintf(name, sizeof name, "x87, %s%s", engine->name, counting ? "" : ", not counting");
            rig = rig_new_for(engine, counting);
            status |= unit_suite(name, tests, tests_count);
            rig_free(rig);
        }
    }
    return status;
}
