/* Faults of the Linux host: decoded, repaired, kicked, and those that end the process. */
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/host_rig.h"

#define PAGE 4096u

/* The compiler does not know that an access calls a function. */
#define SIGNALLED() __asm__ volatile("" ::: "memory")

static abbey_fault last;
static unsigned count;
static uint8_t *page;

static int32_t make_writable(void *arg, abbey_fault *fault)
{
    (void)arg;
    last = *fault;
    count++;
    if (fault->kind != ABBEY_FAULT_ACCESS)
        return 0;
    return rig_mem->protect(page, PAGE, ABBEY_MAP_READ | ABBEY_MAP_WRITE, NULL) == 0;
}

/* Skips the instruction, of which the test says how long it is, and leaves a mark in RBX. */
static uint64_t skip_bytes;
static int32_t skip(void *arg, abbey_fault *fault)
{
    (void)arg;
    last = *fault;
    count++;
    fault->rip += skip_bytes;
    fault->gpr[3] = 0x1234567890abcdefull;
    return 1;
}

static void a_write_to_a_closed_page_is_repaired(void)
{
    page = rig_mem->reserve(PAGE, PAGE, NULL);
    abbey_memobj *object = rig_mem->create("page", PAGE, NULL);
    rig_mem->map(object, 0, PAGE, 0, page, NULL);
    count = 0;
    CU_ASSERT_EQUAL_FATAL(rig_fault->attach(make_writable, NULL, NULL), 0);
    *(volatile uint8_t *)(page + 0x123) = 7;
    SIGNALLED();
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_EQUAL(last.kind, ABBEY_FAULT_ACCESS);
    CU_ASSERT_EQUAL(last.addr, (uint64_t)(uintptr_t)page + 0x123);
    CU_ASSERT_EQUAL(last.write, 1);
    CU_ASSERT_EQUAL(last.code & 7u, 6u); /* not present (PROT_NONE), write, user */
    CU_ASSERT_EQUAL(page[0x123], 7);
    rig_mem->protect(page, PAGE, 0, NULL);
    CU_ASSERT_EQUAL(*(volatile uint8_t *)(page + 0x123), 7);
    SIGNALLED();
    CU_ASSERT_EQUAL(last.write, 0);
    CU_ASSERT_EQUAL(count, 2);
    rig_fault->detach();
    rig_mem->release(page, PAGE);
    rig_mem->destroy(object);
}

static void registers_are_seen_and_put_back(void)
{
    count = 0;
    CU_ASSERT_EQUAL_FATAL(rig_fault->attach(skip, NULL, NULL), 0);
    skip_bytes = 2;
    uint64_t rbx = 1, r12 = 0x1212, seen = 0;
    __asm__ volatile("mov %2, %%r12\n\tud2\n\tmov %%rbx, %0\n\tmov %%r12, %1"
                     : "=r"(rbx), "=r"(seen)
                     : "r"(r12)
                     : "rbx", "r12", "memory");
    CU_ASSERT_EQUAL(last.kind, ABBEY_FAULT_ILLEGAL);
    CU_ASSERT_EQUAL(last.gpr[12], 0x1212);
    CU_ASSERT_EQUAL(rbx, 0x1234567890abcdefull);
    CU_ASSERT_EQUAL(seen, 0x1212);
    CU_ASSERT_PTR_NOT_NULL(last.fx);
    rig_fault->detach();
}

static void every_kind_is_told_apart(void)
{
    CU_ASSERT_EQUAL_FATAL(rig_fault->attach(skip, NULL, NULL), 0);
    skip_bytes = 1;
    __asm__ volatile("hlt" ::: "rbx", "memory");
    CU_ASSERT_EQUAL(last.kind, ABBEY_FAULT_GENERAL);
    skip_bytes = 0; /* a trap: RIP is behind it already */
    __asm__ volatile("int3" ::: "rbx", "memory");
    CU_ASSERT_EQUAL(last.kind, ABBEY_FAULT_STEP);
    skip_bytes = 2;
    __asm__ volatile("xor %%edx, %%edx\n\txor %%eax, %%eax\n\txor %%ecx, %%ecx\n\tdiv %%ecx" ::
                         : "rax", "rbx", "rcx", "rdx", "cc", "memory");
    CU_ASSERT_EQUAL(last.kind, ABBEY_FAULT_FLOAT);
    skip_bytes = 3; /* mov (%rax),%rcx with a non-canonical address */
    __asm__ volatile("movabs $0x8000000000000000, %%rax\n\tmov (%%rax), %%rcx" ::: "rax", "rbx", "rcx", "memory");
    CU_ASSERT_EQUAL(last.kind, ABBEY_FAULT_GENERAL);
    rig_fault->detach();
}

/* The function for faults may touch memory that faults in turn. */
static int32_t nested(void *arg, abbey_fault *fault)
{
    count++;
    if (fault->kind == ABBEY_FAULT_ACCESS)
        return rig_mem->protect(page, PAGE, ABBEY_MAP_READ | ABBEY_MAP_WRITE, NULL) == 0;
    *(volatile uint8_t *)(page + 1) = 1;
    fault->rip += 2;
    (void)arg;
    return 1;
}

static void a_fault_inside_a_fault(void)
{
    abbey_memobj *object = rig_mem->create("page", PAGE, NULL);
    page = rig_mem->map(object, 0, PAGE, 0, NULL, NULL);
    count = 0;
    CU_ASSERT_EQUAL_FATAL(rig_fault->attach(nested, NULL, NULL), 0);
    __asm__ volatile("ud2" ::: "memory");
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_EQUAL(page[1], 1);
    rig_fault->detach();
    rig_mem->release(page, PAGE);
    rig_mem->destroy(object);
}

static void attaching_twice_is_refused(void)
{
    abbey_error error = { "" };
    CU_ASSERT_EQUAL(rig_fault->attach(skip, NULL, NULL), 0);
    CU_ASSERT_EQUAL(rig_fault->attach(skip, NULL, &error), -1);
    CU_ASSERT_NOT_EQUAL(error.text[0], 0);
    rig_fault->detach();
    rig_fault->detach(); /* a second time does nothing */
}

static atomic_int spinning, kicks;

static int32_t leave_spin(void *arg, abbey_fault *fault)
{
    (void)arg;
    if (fault->kind != ABBEY_FAULT_KICK)
        return 0;
    atomic_fetch_add(&kicks, 1);
    fault->gpr[0] = 1; /* what the loop waits for */
    return 1;
}

static void spin(void *arg)
{
    (void)arg;
    rig_fault->attach(leave_spin, NULL, NULL);
    atomic_store(&spinning, 1);
    for (int i = 0; i < 3; i++)
        __asm__ volatile("xor %%eax, %%eax\n1:\tpause\n\ttest %%eax, %%eax\n\tjz 1b" ::: "rax", "cc", "memory");
    atomic_store(&spinning, 2);
} /* without detach(): the end of the thread does it */

static void a_kick_reaches_a_spinning_thread(void)
{
    abbey_thread *thread = rig_thread->start("spin", spin, NULL, NULL);
    while (atomic_load(&spinning) == 0)
        usleep(100);
    while (atomic_load(&spinning) != 2) {
        rig_fault->kick(thread);
        usleep(1000);
    }
    CU_ASSERT(atomic_load(&kicks) >= 3);
    rig_fault->kick(thread); /* one that has ended, or nearly */
    rig_thread->join(thread);
}

static void idle(void *arg)
{
    (void)arg;
    usleep(20000);
}

static void a_kick_to_a_stranger_does_nothing(void)
{
    abbey_thread *thread = rig_thread->start("idle", idle, NULL, NULL);
    rig_fault->kick(thread);
    rig_thread->join(thread);
}

/* ---- Faults that belong to nobody ---- */

static int32_t not_mine(void *arg, abbey_fault *fault)
{
    (void)arg;
    (void)fault;
    return 0;
}

static void report(void *arg, const abbey_fault *fault)
{
    char digits[3] = { (char)('0' + fault->kind), fault->write ? 'w' : 'r', '\n' };
    (void)!write(*(int *)arg, digits, sizeof digits);
    if (fault->kind == ABBEY_FAULT_ILLEGAL)
        __asm__ volatile("ud2"); /* the report itself fails */
}

/* Runs fn in a child; what the report said. */
static int crash_status(void (*fn)(void), char said[4])
{
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        rig_fault->on_crash(report, &ends[1]);
        fn();
        _exit(77);
    }
    close(ends[1]);
    memset(said, 0, 4);
    ssize_t got = read(ends[0], said, 3);
    (void)got;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static volatile int *volatile nowhere = (volatile int *)16; /* the compiler must not see it coming */

static void write_null(void)
{
    *nowhere = 1;
}
static void write_null_attached(void)
{
    rig_fault->attach(not_mine, NULL, NULL);
    *nowhere = 1;
}
static void run_illegal(void)
{
    __asm__ volatile("ud2");
}
static void overflow_stack(void)
{
    rig_fault->attach(not_mine, NULL, NULL);
    __asm__ volatile("1: push %%rax\n\tjmp 1b" ::: "memory");
}
static void killed_by_segv(void)
{
    rig_fault->attach(skip, NULL, NULL);
    kill(getpid(), SIGSEGV);
    sleep(2);
}

static void a_crash_is_reported_with_status_4(void)
{
    static const struct {
        void (*fn)(void);
        char said[4];
    } rows[] = {
        { write_null, "1w\n" },
        { write_null_attached, "1w\n" },
        { run_illegal, "3r\n" },
        { overflow_stack, "1w\n" },
        { abort, "0r\n" },
        { killed_by_segv, "0r\n" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char said[4];
        CU_ASSERT_EQUAL(crash_status(rows[i].fn, said), 4);
        CU_ASSERT_STRING_EQUAL(said, rows[i].said);
    }
}

static const struct unit_test tests[] = {
    { "a write to a closed page is repaired and done again", a_write_to_a_closed_page_is_repaired },
    { "registers are seen, and changes are put back", registers_are_seen_and_put_back },
    { "every kind of fault is told apart", every_kind_is_told_apart },
    { "a fault inside the function for faults", a_fault_inside_a_fault },
    { "attaching twice is refused", attaching_twice_is_refused },
    { "a kick reaches a thread that spins", a_kick_reaches_a_spinning_thread },
    { "a kick to a thread that did not attach does nothing", a_kick_to_a_stranger_does_nothing },
    { "a fault of nobody's is reported and ends with status 4", a_crash_is_reported_with_status_4 },
};

int main(void)
{
    rig_load();
    return unit_main("host faults", tests, sizeof tests / sizeof tests[0]);
}
