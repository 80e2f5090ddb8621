/* fault.c - hardware faults of the VMM's threads, told as data.
 *
 * Translated and emulated code relies on faults: a store to a page that is shared read-only, an SSE instruction with
 * an unmasked exception, a guest address behind which is a device. The processor tells the kernel, the kernel sends a
 * signal, and here the signal becomes an abbey_fault for the function that the thread attached.
 *
 * Worked example. The thread runs `mov %eax,(%rdi)` on a page without write access.
 *   1. #PF, error code 7 (present, write, user). The kernel builds a signal frame on the thread's alternate stack and
 *      enters on_fault() with SIGSEGV; gregs hold the interrupted registers, CR2 the address.
 *   2. fault_decode() makes {ACCESS, write 1, code 7, addr, gpr, rip, rflags}.
 *   3. The attached function makes the page writable and returns 1; or it moves rip to its recovery code.
 *   4. fault_encode() puts the registers back; returning from the handler is rt_sigreturn, which loads them.
 * When it returns 0, or the thread attached nothing, the fault is Abbey's own: the terminal is put back, the report
 * written and the process ends with status 4.
 *
 * - SA_ONSTACK, for the interrupted RSP may be anything. SA_NODEFER, for the function may fault itself (a guest-memory
 *   access of the VMM), down to NEST_MAX; it must return and not longjmp, or the nesting is miscounted.
 * - Inside the handler GS is still the guest's; FS, and with it thread-local storage, is libc's. The thread's record is
 *   found with the initial-exec model, because the general one may allocate at the first access.
 * - A kick is a real-time signal to one thread. It is held back while a fault is being handled.
 * - Under AddressSanitizer our handlers replace its own for the same signals: its SEGV report is not printed, but its
 *   stack trace is, before our report. Its per-thread alternate stack is put back by detach(), as it wants to free it.
 *   handle_segv and use_sigaltstack need not be set. */
#include "linux.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "console.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

#define CRASH_STATUS 4
#define NEST_MAX 8u
#define STACK_BYTES (256u * 1024) /* the AVX-512 frame is 3 KB; NEST_MAX of them, and room for the functions */
#define GUARD_BYTES 4096u
#if defined(__SANITIZE_THREAD__) || defined(WITH_TSAN)
#define KICK_SIGNAL SIGSYS /* others wait there for the thread's next call of a library, which may never come */
#else
#define KICK_SIGNAL (SIGRTMIN + 4)
#endif

struct attached {
    int32_t (*fn)(void *arg, abbey_fault *fault);
    void *arg;
    unsigned nested;
    uint8_t *stack; /* its lowest page is the guard */
    stack_t old_stack;
};

static __thread struct attached *attached __attribute__((tls_model("initial-exec")));

static struct {
    void (*fn)(void *arg, const abbey_fault *fault);
    void *arg;
} crash_report;             /* set while the machine is built */
static atomic_int crashing; /* thread id of the first thread that crashed */

/* The general registers in encoding order. */
// clang-format off
static const int gpr_slots[16] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};
// clang-format on

/* Processor exceptions by vector (SDM vol. 3, table 6-1). Vectors not listed do not reach a process. */
static const uint8_t vector_kinds[32] = {
    [0] = ABBEY_FAULT_FLOAT,    /* #DE */
    [1] = ABBEY_FAULT_STEP,     /* #DB */
    [3] = ABBEY_FAULT_STEP,     /* #BP */
    [4] = ABBEY_FAULT_GENERAL,  /* #OF */
    [5] = ABBEY_FAULT_GENERAL,  /* #BR */
    [6] = ABBEY_FAULT_ILLEGAL,  /* #UD */
    [11] = ABBEY_FAULT_GENERAL, /* #NP */
    [12] = ABBEY_FAULT_GENERAL, /* #SS: a non-canonical address on the stack */
    [13] = ABBEY_FAULT_GENERAL, /* #GP */
    [14] = ABBEY_FAULT_ACCESS,  /* #PF */
    [16] = ABBEY_FAULT_FLOAT,   /* #MF */
    [17] = ABBEY_FAULT_GENERAL, /* #AC */
    [19] = ABBEY_FAULT_FLOAT,   /* #XM */
};

#define PF_WRITE 2u /* of a page fault's error code */

static void fault_decode(abbey_fault *fault, int number, const siginfo_t *info, const ucontext_t *context)
{
    const greg_t *regs = context->uc_mcontext.gregs;
    memset(fault, 0, sizeof *fault);
    fault->size = sizeof *fault;
    if (number == KICK_SIGNAL) {
        fault->kind = ABBEY_FAULT_KICK;
    } else if (info->si_code > 0) { /* by the kernel; trap number and error code are of this fault */
        uint64_t vector = (uint64_t)regs[REG_TRAPNO];
        fault->kind = vector < 32 ? vector_kinds[vector] : 0;
        fault->code = (uint32_t)regs[REG_ERR];
        if (fault->kind == ABBEY_FAULT_ACCESS) {
            fault->addr = (uint64_t)regs[REG_CR2];
            fault->write = (fault->code & PF_WRITE) != 0;
        }
    }
    for (int i = 0; i < 16; i++)
        fault->gpr[i] = (uint64_t)regs[gpr_slots[i]];
    fault->rip = (uint64_t)regs[REG_RIP];
    fault->rflags = (uint64_t)regs[REG_EFL];
    fault->fx = context->uc_mcontext.fpregs;
}

static void fault_encode(const abbey_fault *fault, ucontext_t *context)
{
    greg_t *regs = context->uc_mcontext.gregs;
    for (int i = 0; i < 16; i++)
        regs[gpr_slots[i]] = (greg_t)fault->gpr[i];
    regs[REG_RIP] = (greg_t)fault->rip;
    regs[REG_EFL] = (greg_t)fault->rflags;
}

/* ---- A fault of Abbey itself ---- */

static void text_write(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

static void hex_write(uint64_t value)
{
    char text[19] = "0x", *end = text + 2;
    int shift = 60;
    while (shift > 0 && (value >> shift) == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *end++ = "0123456789abcdef"[value >> shift & 15];
    *end = 0;
    text_write(text);
}

/* When nobody asked to write the report. */
static void crash_default(const abbey_fault *fault)
{
    static const char *const names[] = { "abort or a signal from outside", "page fault", "general protection fault",
        "illegal instruction", "arithmetic fault", "trap", "kick" };
    text_write("abbey: a fault of Abbey itself: ");
    text_write(fault->kind < sizeof names / sizeof names[0] ? names[fault->kind] : "unknown");
    text_write(" at ");
    hex_write(fault->rip);
    if (fault->kind == ABBEY_FAULT_ACCESS) {
        text_write(fault->write ? ", writing " : ", reading ");
        hex_write(fault->addr);
    }
    text_write("\n");
}

static _Noreturn void crash(const abbey_fault *fault)
{
    int me = (int)syscall(SYS_gettid), nobody = 0;
    if (atomic_compare_exchange_strong(&crashing, &nobody, me)) {
        console_crash();
#ifdef WITH_ASAN
        __sanitizer_print_stack_trace();
#endif
        if (crash_report.fn)
            crash_report.fn(crash_report.arg, fault);
        else
            crash_default(fault);
    } else if (nobody != me) {
        nanosleep(&(struct timespec){ .tv_sec = 5 }, NULL); /* another thread is writing its report */
    } else {
        text_write("abbey: a second fault while the first was being reported\n");
    }
    _exit(CRASH_STATUS);
}

/* ---- The handler ---- */

static void on_fault(int number, siginfo_t *info, void *raw_context)
{
    ucontext_t *context = raw_context;
    int saved = errno;
    abbey_fault fault;
    fault_decode(&fault, number, info, context);
    struct attached *self = attached;
    int32_t handled = 0;
    if (self && fault.kind && self->nested < NEST_MAX) {
        self->nested++;
        handled = self->fn(self->arg, &fault);
        self->nested--;
    }
    if (handled)
        fault_encode(&fault, context);
    else if (fault.kind != ABBEY_FAULT_KICK)
        crash(&fault);
    errno = saved;
}

static void install(void)
{
    static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT };
    struct sigaction action = { .sa_sigaction = on_fault,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, KICK_SIGNAL);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
    sigaction(KICK_SIGNAL, &action, NULL);
}

void fault_install(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
}

/* ---- Service ---- */

static int32_t fault_attach(int32_t (*fn)(void *arg, abbey_fault *fault), void *arg, abbey_error *error)
{
    if (attached)
        return host_fail(error, "this thread delivers its faults already");
    struct attached *self = calloc(1, sizeof *self);
    if (!self)
        return host_fail(error, "fault stack: %m");
    self->fn = fn;
    self->arg = arg;
    void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) {
        free(self);
        return host_fail(error, "fault stack: %m");
    }
    self->stack = stack;
    mprotect(stack, GUARD_BYTES, PROT_NONE);
    stack_t alternate = { .ss_sp = self->stack + GUARD_BYTES, .ss_size = STACK_BYTES - GUARD_BYTES };
    if (sigaltstack(&alternate, &self->old_stack) != 0) {
        host_fail(error, "fault stack: %m");
        munmap(stack, STACK_BYTES);
        free(self);
        return -1;
    }
    attached = self;
    fault_install();
    return 0;
}

void fault_detach(void)
{
    struct attached *self = attached;
    if (!self)
        return;
    attached = NULL;
    sigaltstack(&self->old_stack, NULL);
    munmap(self->stack, STACK_BYTES);
    free(self);
}

static void fault_kick(abbey_thread *thread)
{
    fault_install();
    pthread_kill(thread->id, KICK_SIGNAL); /* tgkill; a thread that has ended does not mind */
}

static void fault_on_crash(void (*fn)(void *arg, const abbey_fault *fault), void *arg)
{
    crash_report.fn = fn;
    crash_report.arg = arg;
    fault_install();
}

const abbey_host_fault_1 host_fault = {
    .size = sizeof(abbey_host_fault_1),
    .attach = fault_attach,
    .detach = fault_detach,
    .kick = fault_kick,
    .on_crash = fault_on_crash,
};
