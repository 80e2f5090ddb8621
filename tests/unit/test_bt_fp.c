/* x87, MMX and SSE in translated code where several instructions share a unit: each program must leave processor and
 * memory as it does under the interpreter. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/bt/internal.h"
#include "core/cpu/fpu.h"
#include "core/cpu/interp/x87.h"
#include "tests/unit/cpu_rig.h"
#include "tests/unit/hostfault.h"
#include "tests/unit/unit.h"

#define CR4_SSE (CR4_OSFXSR | CR4_OSXMMEXCPT)
#define HANDLER 0x18000u /* code of the one handler that a program has */

struct program {
    const uint8_t *code, *end;
    uint32_t vector; /* of its handler */
    const uint8_t *handler, *handler_end;
    void (*prepare)(struct rig *rig); /* or NULL */
};

#define PROGRAM(name)                   \
    {                                   \
        .code = name, .end = name##_end \
    }
#define PROGRAM_WITH(name, number, with)                                                              \
    {                                                                                                 \
        .code = name, .end = name##_end, .vector = number, .handler = with, .handler_end = with##_end \
    }

static struct rig *start(const struct program *program, const struct engine *engine, bool counting)
{
    static const uint8_t to_handler[] = { 0x68, 0, 0x80, 1, 0, 0xc3 }; /* push HANDLER; ret */
    struct rig *rig = rig_new_for(engine, counting);
    rig_flat32(rig, program->code, program->end);
    rig->cpu->cr0 |= CR0_NE;
    rig->cpu->cr4 |= CR4_SSE;
    if (program->handler) {
        rig_handler(rig, program->vector, to_handler, to_handler + sizeof(to_handler));
        rig_poke(rig, HANDLER, program->handler, (uint32_t)(program->handler_end - program->handler));
    }
    if (program->prepare)
        program->prepare(rig);
    return rig;
}

static unsigned differ(struct rig *a, struct rig *b)
{
    const struct fxstate *fa = &a->cpu->fx, *fb = &b->cpu->fx;
    unsigned wrong = memcmp(a->cpu->reg, b->cpu->reg, sizeof(a->cpu->reg)) != 0;
    wrong += a->cpu->eip != b->cpu->eip || ((a->cpu->eflags ^ b->cpu->eflags) & FLAGS_ARITH);
    wrong += fa->fcw != fb->fcw || fa->fsw != fb->fsw || fa->ftw != fb->ftw || fa->mxcsr != fb->mxcsr;
    wrong += fa->fop != fb->fop || fa->fip != fb->fip || fa->fcs != fb->fcs || fa->fdp != fb->fdp || fa->fds != fb->fds;
    wrong += memcmp(fa->st, fb->st, sizeof(fa->st)) || memcmp(fa->xmm, fb->xmm, sizeof(fa->xmm));
    for (uint32_t at = RIG_DATA; at < RIG_DATA + 0x4000; at += 4)
        wrong += rig_peek32(a, at) != rig_peek32(b, at);
    return wrong;
}

/* Runs it under the interpreter and under every engine; each must halt where the interpreter does. `look` sees the
 * result of each. */
static void same(const struct program *program, void (*look)(struct rig *rig))
{
    struct rig *oracle = start(program, engine_find("interp"), true);
    CU_ASSERT_EQUAL(rig_run(oracle), CPU_EXIT_HALT);
    CU_ASSERT_EQUAL(rig_vector(oracle), -1);
    const struct engine *engine;
    for (unsigned i = 0; (engine = engine_at(i)); i++) {
        for (unsigned counting = 0; counting < 2; counting++) {
            struct rig *rig = start(program, engine, counting);
            CU_ASSERT_EQUAL(rig_run(rig), CPU_EXIT_HALT);
            CU_ASSERT_EQUAL(differ(oracle, rig), 0);
            if (look)
                look(rig);
            rig_free(rig);
        }
    }
    rig_free(oracle);
}

/* ---- arithmetic ---- */

GUEST(controls, "32",
    "mov $4, %ecx; mov $0x20000, %ebx; fninit\n"
    "movw $0x37f, (%ebx); movw $0x07f, 2(%ebx); movw $0xe7f, 4(%ebx); movw $0x67f, 6(%ebx)\n"
    "movl $0x1f80, 16(%ebx); movl $0x9fc0, 20(%ebx); movl $0x5f80, 24(%ebx); movl $0x7f80, 28(%ebx)\n"
    "movl $0x00000003, 32(%ebx); movl $7, 36(%ebx)\n"
    "1: fldcw -2(%ebx,%ecx,2)\n" /* precision and rounding */
    "fld1; fildl 36(%ebx); fdivrp; fld %st(0); fistl 0x100(%ebx,%ecx,4); fstpt 0x180(%ebx)\n"
    "fldt 0x180(%ebx); fmul %st(1), %st; fstps 0x200(%ebx,%ecx,4); fsts 0x240(%ebx,%ecx,4); fistpll "
    "0x280(%ebx,%ecx,8)\n"
    "ldmxcsr 12(%ebx,%ecx,4)\n" /* rounding, flush to zero, denormals are zero */
    "movd 32(%ebx), %xmm0; movd 32(%ebx), %xmm1; addss %xmm1, %xmm0; movss %xmm0, 0x300(%ebx,%ecx,4)\n"
    "cvtsi2ss 36(%ebx), %xmm2; cvtsi2sd %ecx, %xmm3; sqrtss %xmm2, %xmm2; divsd %xmm2, %xmm3\n"
    "cvttsd2si %xmm3, %eax; cvtss2si %xmm2, %edx; mov %eax, 0x340(%ebx,%ecx,8); mov %edx, 0x344(%ebx,%ecx,8)\n"
    "stmxcsr 0x380(%ebx,%ecx,4); fnstcw 0x3c0(%ebx,%ecx,4); fnstsw 0x3c2(%ebx,%ecx,4); fnstsw %ax\n"
    "fnclex; dec %ecx; jnz 1b; ldmxcsr 16(%ebx); hlt");

static void test_controls(void)
{
    same(&(const struct program)PROGRAM(controls), NULL);
}

GUEST(compares, "32",
    "fninit; fldpi; fld1; mov $6, %ecx; xor %edi, %edi\n"
    "1: fcomi %st(1), %st; setb %al; setp %ah; add %eax, %edi; cmp $3, %ecx; fcmovb %st(1), %st; fcmovne %st(1), "
    "%st(0)\n"
    "pushf; popl 0x20100(,%ecx,4); movl %ecx, 0x20000; cvtsi2ss 0x20000, %xmm0; cvtsi2ss %edi, %xmm1\n"
    "ucomiss %xmm1, %xmm0; sbb $3, %edi; comiss %xmm0, %xmm1; adc %edi, %edi\n"
    "fxch; fld %st(1); fsubs 0x20000; fucomip %st(1), %st; jbe 2f; add $17, %edi\n"
    "2: movd %edi, %mm0; paddw %mm0, %mm1; pmovmskb %mm1, %eax; movd %mm1, %edx; emms; fninit; fldpi; fld1\n"
    "pinsrw $2, %ecx, %xmm4; movmskps %xmm1, %esi; pextrw $1, %xmm0, %ebp; add %ebp, %edi; loop 1b; hlt");

static void test_flags(void)
{
    same(&(const struct program)PROGRAM(compares), NULL);
}

/* ---- exceptions ---- */

/* 1 / 0 with division by zero unmasked; the exception waits for the FLDZ, after a change of ESP and with other x87
 * instructions in between. The handler keeps the environment and masks everything. */
GUEST(zero_divide, "32",
    "mov $5, %ecx; mov $0x20000, %ebx; fninit; movw $0x37b, (%ebx)\n"
    "1: fldcw (%ebx); fld1; fldz; push %ecx; fdivrp %st, %st(1); push $7; mov $0x30, %eax; fnstcw 4(%ebx)\n"
    "fldz; pop %eax; pop %ecx; fstps 8(%ebx); fstps 12(%ebx); fadds 0x10(%ebx); fincstp; fninit; dec %ecx; jnz 1b; "
    "hlt");
GUEST(on_float, "32",
    "incl 0x20020; mov 0x20020, %edx; shl $5, %edx; fnstenv 0x20100(%edx); mov (%esp), %eax; mov %eax, 0x2011c(%edx)\n"
    "fnclex; iret");

static void look_zero_divide(struct rig *rig)
{
    CU_ASSERT_EQUAL(rig_peek32(rig, 0x20020), 5);
    for (uint32_t at = 0x20120; at <= 0x201a0; at += 32) {
        CU_ASSERT_EQUAL(rig_peek32(rig, at + 4) & (FSW_ES | FSW_ZE), FSW_ES | FSW_ZE);
        CU_ASSERT_EQUAL(rig_peek32(rig, at + 16) >> 16, 0x6f9);                              /* FDIVP: DE F9 */
        CU_ASSERT_EQUAL(rig_peek32(rig, at + 28) - rig_peek32(rig, at + 12), 2 + 2 + 5 + 3); /* FLDZ, FDIVP */
    }
}

static void test_float_exception(void)
{
    same(&(const struct program)PROGRAM_WITH(zero_divide, EXC_MF, on_float), look_zero_divide);
}

/* The first division of a round is unmasked and by zero. The handler skips it, and masks: the second one goes on. */
GUEST(simd_zero_divide, "32",
    "mov $5, %ecx; mov $0x20000, %ebx; movl $0x1d80, (%ebx); movl $0x3f800000, 4(%ebx)\n"
    "1: ldmxcsr (%ebx); movss 4(%ebx), %xmm0; xorps %xmm1, %xmm1; push %ecx; mov $3, %edi; cmp %ecx, %edi\n"
    "divss %xmm1, %xmm0; sbb %edi, %edi; movss %xmm0, 0x40(%ebx,%ecx,4); divss %xmm1, %xmm0\n"
    "pop %ecx; movss %xmm0, 0x80(%ebx,%ecx,4); dec %ecx; jnz 1b; hlt");
GUEST(on_simd, "32", "incl 0x20020; stmxcsr 0x20030; orl $0x200, 0x20030; ldmxcsr 0x20030; addl $4, (%esp); iret");

static void look_simd_zero_divide(struct rig *rig)
{
    CU_ASSERT_EQUAL(rig_peek32(rig, 0x20020), 5);
    for (uint32_t i = 1; i <= 5; i++) {
        CU_ASSERT_EQUAL(rig_peek32(rig, 0x20040 + 4 * i), 0x3f800000);
        CU_ASSERT_EQUAL(rig_peek32(rig, 0x20080 + 4 * i), 0x7f800000);
    }
}

static void test_simd_exception(void)
{
    same(&(const struct program)PROGRAM_WITH(simd_zero_divide, EXC_XM, on_simd), look_simd_zero_divide);
}

/* Every other operand is misaligned: #GP in the middle of a unit, which the handler skips. */
GUEST(misaligned, "32",
    "mov $8, %ecx; mov $0x20100, %ebx\n"
    "1: push %ecx; mov %ecx, %eax; and $1, %eax; shl $2, %eax; cmp $4, %eax; movaps (%ebx,%eax), %xmm0; sbb %edi, "
    "%edi\n"
    "paddd %xmm0, %xmm1; pop %edx; movups %xmm1, 0x100(%ebx); dec %ecx; jnz 1b; hlt");
GUEST(on_protection, "32", "incl 0x20020; add $4, %esp; addl $4, (%esp); iret");

static void look_misaligned(struct rig *rig)
{
    CU_ASSERT_EQUAL(rig_peek32(rig, 0x20020), 4);
}

static void test_misaligned(void)
{
    same(&(const struct program)PROGRAM_WITH(misaligned, EXC_GP, on_protection), look_misaligned);
}

/* ---- memory that is not plain ---- */

/* The page at 23000h is absent until the handler maps it; stores that pop must pop once. */
static void prepare_absent(struct rig *rig)
{
    rig_paging(rig);
    rig_map(rig, 0x23000, 0);
}
GUEST(absent, "32",
    "fninit; mov $6, %ecx; mov $0x22ffc, %ebx\n"
    "1: fldpi; fld1; fadd %st, %st(1); push %ecx; fstpl (%ebx); pop %ecx; fstps 8(%ebx); movups %xmm0, 0x20(%ebx)\n"
    "movl $0, 0x10208c; invlpg 0x23000; flds 8(%ebx); fistpl 0x40(%ebx); dec %ecx; jnz 1b; hlt");
GUEST(on_page, "32", "incl 0x20020; movl $0x23007, 0x10108c; add $4, %esp; iret");

static void test_absent_page(void)
{
    struct program program = PROGRAM_WITH(absent, EXC_PF, on_page);
    program.prepare = prepare_absent;
    same(&program, NULL);
}

static uint32_t device_words[64];
static void device_access(void *self, abbey_io *io)
{
    uint32_t *word = &((uint32_t *)self)[io->offset / 4 % 64];
    if (io->write)
        *word = (uint32_t)io->value;
    else
        io->value = *word;
    volatile long double third = 1.0L / 3; /* a plugin may use the x87 */
    volatile float quotient = (float)third / 0.7f;
    (void)quotient;
}
static void device_enter(void *opaque)
{
    fpu_home(opaque); /* as the machine does */
}
static void device_leave(void *opaque)
{
    (void)opaque;
}
static void prepare_device(struct rig *rig)
{
    memset(device_words, 0, sizeof(device_words));
    mem_on_mmio(rig->mem, device_enter, device_leave, rig->cpu);
    mem_add_mmio(rig->mem, 0x900000, 4096, 4, device_access, device_words);
}
GUEST(device, "32",
    "fninit; fld1; fldpi; fldl2e; fldl2t; fldlg2; fldln2; fldz; fldpi; mov $6, %ecx; mov $0x900000, %ebx\n"
    "1: fsts (%ebx); fadds (%ebx); movaps %xmm0, 16(%ebx); paddd 16(%ebx), %xmm1; fxch %st(3); movl $5, 32(%ebx)\n"
    "addps 32(%ebx), %xmm2; fmulp %st, %st(2); fld %st(4); fstl 0x20100(,%ecx,8); dec %ecx; jnz 1b; hlt");

static void test_device_memory(void)
{
    struct program program = PROGRAM(device);
    program.prepare = prepare_device;
    same(&program, NULL);
}

/* ---- two tasks, one FPU ---- */

/* As kernels do that switch lazily: TS is set with each switch, and the handler of #NM brings the other task's state.
 * A task keeps its number in ST0 and XMM0 all the time. [20000h] is the task under way, [20004h] whose state is loaded.
 */
GUEST(tasks, "32",
    "mov %cr0, %eax; or $2, %eax; mov %eax, %cr0; movl $0x3f000000, 0x20010; movl $3, 0x20018\n"
    "fninit; fldz; fxsave 0x21000; fld1; pcmpeqd %xmm0, %xmm0; fxsave 0x22000\n"
    "movl $0x22000, 0x20004; mov $200, %ecx\n"
    "1: movl $0x21000, 0x20000; call switch; call first\n"
    "movl $0x22000, 0x20000; call switch; call second; call second\n"
    "test $3, %cl; jnz 2f; call switch; call second\n"
    "2: dec %ecx; jnz 1b\n"
    "movl $0x21000, 0x20000; call switch; fstl 0x20100; movups %xmm0, 0x20110\n"
    "movl $0x22000, 0x20000; call switch; fstl 0x20108; movups %xmm0, 0x20120; hlt\n"
    "switch: mov %cr0, %eax; or $8, %eax; mov %eax, %cr0; ret\n"
    "first: fadds 0x20010; paddd 0x20010, %xmm0; ret\n"
    "second: movd 0x20018, %xmm1; psubd %xmm1, %xmm0; fsubs 0x20010; ret\n");
GUEST(on_device, "32",
    "clts; push %eax; mov 0x20000, %eax; cmp 0x20004, %eax; je 1f; push %ebx; mov 0x20004, %ebx; fxsave (%ebx)\n"
    "fxrstor (%eax); pop %ebx; mov %eax, 0x20004; 1: incl 0x20020; pop %eax; iret");

static void look_tasks(struct rig *rig)
{
    double first, second;
    uint64_t bits[2] = { mem_load(rig->mem, 0x20100, 8), mem_load(rig->mem, 0x20108, 8) };
    memcpy(&first, &bits[0], 8);
    memcpy(&second, &bits[1], 8);
    CU_ASSERT_EQUAL(first, 200 * 0.5);
    CU_ASSERT_EQUAL(second, 1 - 450 * 0.5);
    CU_ASSERT_EQUAL(rig_peek32(rig, 0x20120), UINT32_MAX - 450 * 3);
    CU_ASSERT(rig_peek32(rig, 0x20020) > 400); /* faults, for want of which the test would say nothing */
}

static void test_tasks(void)
{
    same(&(const struct program)PROGRAM_WITH(tasks, EXC_NM, on_device), look_tasks);
}

/* ---- stopped anywhere ---- */

GUEST(endless, "32",
    "fninit; fld1; mov $0x20000, %ebx; movl $3, (%ebx); movl $0x3f800001, 4(%ebx)\n"
    "1: inc %ecx; mov %ecx, %eax; and $0xff, %eax; push %eax; lea 0x100(%ebx,%eax,8), %edx; fildl (%esp)\n"
    "fadds 4(%ebx); mov $1, %edx; fstl 0x100(%ebx,%eax,8); xor %edx, %edx; test $3, %al; jz 2f\n"
    "fmul %st, %st(1); fstp %st; fxch %st(1); fxch %st(1); jmp 3f\n"
    "2: fstpt 0x80(%ebx); movd %eax, %xmm0; paddd %xmm0, %xmm1; movups %xmm1, 0x90(%ebx); mulss 4(%ebx), %xmm2\n"
    "addss %xmm0, %xmm2\n"
    "3: pop %edi; fstl 0xa0(%ebx); mov %edi, %ebx; mov $0x20000, %ebx; cmp $-1, %ecx; jne 1b; hlt");

#define STOPS 200u

static struct {
    struct rig *rig;
    _Atomic bool ready, running, done;
    bool counting;
    unsigned stops, wrong;
} stopped;

/* Brings the oracle to where the rig is: to the same count of instructions, or to the same place with the same ECX. */
static void follow(struct cpu *oracle, const struct cpu *cpu)
{
    if (stopped.counting) {
        interp_run(oracle, cpu->instructions - oracle->instructions);
        return;
    }
    while (oracle->reg[ECX] + 1 < cpu->reg[ECX])
        interp_run(oracle, 20); /* less than once around */
    for (unsigned i = 0; i < 100 && (oracle->reg[ECX] != cpu->reg[ECX] || oracle->eip != cpu->eip); i++)
        interp_run(oracle, 1);
}

/* The rig by the translator; behind each stop the interpreter follows. */
static void stopped_run(void *arg)
{
    const struct program program = PROGRAM(endless);
    const struct engine *engine = arg;
    struct rig *rig = stopped.rig = start(&program, engine, stopped.counting);
    struct rig *oracle = start(&program, engine_find("interp"), true);
    rig->cpu->bt.bt->exact_flags = true; /* they are compared too */
    atomic_store(&stopped.ready, true);
    for (; stopped.stops < STOPS; stopped.stops++) {
        atomic_store(&stopped.running, true);
        engine->run(rig->cpu, UINT64_MAX);
        follow(oracle->cpu, rig->cpu);
        stopped.wrong += differ(oracle, rig) != 0;
        cpu_unsignal(rig->cpu, CPU_SIGNAL_STOP);
    }
    atomic_store(&stopped.done, true);
    rig_free(oracle);
}

static void stop_and_compare(bool counting)
{
    const abbey_host_thread_1 *threads = hostfault_service(ABBEY_HOST_THREAD_1);
    const abbey_host_fault_1 *faults = hostfault_service(ABBEY_HOST_FAULT_1);
    const struct engine *engine = engine_find("bt");
    abbey_error error;
    if (!bt_supported())
        return;
    memset(&stopped, 0, sizeof(stopped));
    stopped.counting = counting;
    abbey_thread *thread = threads->start("engine", stopped_run, (void *)(uintptr_t)engine, &error);
    while (!atomic_load(&stopped.ready))
        usleep(100);
    alarm(120);
    for (unsigned pause = 1; !atomic_load(&stopped.done); pause = (pause * 7 + 3) % 4001) {
        while (!atomic_load(&stopped.running) && !atomic_load(&stopped.done))
            usleep(1);
        atomic_store(&stopped.running, false);
        for (volatile unsigned i = 0; i < pause; i++)
            continue; /* microseconds: the interpreter has to follow */
        cpu_signal(stopped.rig->cpu, CPU_SIGNAL_STOP);
        faults->kick(thread);
    }
    alarm(0);
    threads->join(thread);
    CU_ASSERT_EQUAL(stopped.wrong, 0);
    CU_ASSERT(stopped.rig->cpu->bt.bt->counters.kicks > 0);
    rig_free(stopped.rig);
}

static void test_stopped_counting(void)
{
    stop_and_compare(true);
}
/* With jumps inside the unit, and what is kept in mind around its loops. */
static void test_stopped(void)
{
    stop_and_compare(false);
}

static const struct unit_test tests[] = {
    { "control words of x87 and SSE hold from one instruction to the next", test_controls },
    { "comparisons set the flags that follow-up instructions read", test_flags },
    { "an x87 exception is raised late, with the pointers of its cause", test_float_exception },
    { "a SIMD exception leaves registers, flags and the stack as they were", test_simd_exception },
    { "a misaligned operand is #GP in the middle of a unit", test_misaligned },
    { "a store to an absent page pops the x87 stack once", test_absent_page },
    { "operands in device memory, whose plugin computes with the x87 itself", test_device_memory },
    { "two tasks share the FPU by CR0.TS", test_tasks },
    { "a stop between any two instructions finds state and pointers exact", test_stopped },
    { "... and while instructions are counted", test_stopped_counting },
};
UNIT_MAIN("floating point in units", tests)
