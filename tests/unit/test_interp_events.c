/* What happens at the borders of instructions: interrupts, interrupted REP, debug traps, undefined encodings. */
#include "tests/unit/cpu_rig.h"
#include "tests/unit/unit.h"

#define CHECK_EQ(a, b) CU_ASSERT_EQUAL((a), (b))

static struct rig *start32(const uint8_t *code, const uint8_t *end)
{
    struct rig *rig = rig_new();
    rig_flat32(rig, code, end);
    return rig;
}

/* ---- interrupts ---- */

GUEST(sti_shadow, "32", "sti; inc %eax; inc %eax; hlt");
static void test_sti_shadow(void)
{
    struct rig *rig = start32(sti_shadow, sti_shadow_end);
    rig->intr_vector = 0x20;
    cpu_signal(rig->cpu, CPU_SIGNAL_INTR);
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), 0x20);
    CHECK_EQ(rig->cpu->reg[EAX], 1);
    rig_free(rig);
}

GUEST(ss_shadow, "32", "mov %eax, %ss; inc %ecx; inc %ecx; hlt");
static void test_mov_ss_shadow(void)
{
    struct rig *rig = start32(ss_shadow, ss_shadow_end);
    rig->cpu->reg[EAX] = 0x10;
    rig->cpu->eflags |= FLAG_IF;
    rig->intr_vector = 0x20;
    interp_run(rig->cpu, 1);
    cpu_signal(rig->cpu, CPU_SIGNAL_INTR | CPU_SIGNAL_NMI);
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), EXC_NMI);
    CHECK_EQ(rig->cpu->reg[ECX], 1);
    rig_free(rig);
}

GUEST(sti_hlt, "32", "sti; hlt; inc %eax; cli; hlt");
GUEST(iret, "32", "iret");
static void test_hlt_wakes(void)
{
    struct rig *rig = start32(sti_hlt, sti_hlt_end);
    rig_handler(rig, 0x21, iret, iret_end);
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig->cpu->reg[EAX], 0);
    rig->intr_vector = 0x21;
    cpu_signal(rig->cpu, CPU_SIGNAL_INTR);
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig->cpu->reg[EAX], 1);
    rig_free(rig);
}

/* A device interrupts in the middle of REP OUTS: the handler sees EIP at the instruction, and the rest follows. */
GUEST(rep_outs, "32", "mov $10, %ecx; mov $0x20000, %esi; mov $0x80, %dx; rep outsl; hlt");
GUEST(note_ecx, "32", "mov %ecx, %ebx; mov (%esp), %ebp; mov 8(%esp), %edi; iret");
static void interrupt_at_4(struct rig *rig)
{
    if (rig->out_count == 4)
        cpu_signal(rig->cpu, CPU_SIGNAL_INTR);
}
static void test_rep_interrupted(void)
{
    struct rig *rig = start32(rep_outs, rep_outs_end);
    rig_handler(rig, 0x21, note_ecx, note_ecx_end);
    rig->cpu->eflags |= FLAG_IF;
    rig->intr_vector = 0x21;
    rig->on_out = interrupt_at_4;
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig->out_count, 10);
    CHECK_EQ(rig->cpu->reg[EBX], 6);
    CHECK_EQ(rig->cpu->reg[EBP], RIG_CODE + 5 + 5 + 4);
    CHECK_EQ(rig->cpu->reg[EDI] & FLAG_RF, FLAG_RF);
    CHECK_EQ(rig->cpu->instructions, 3 + 1 + 4 + 1);
    rig_free(rig);
}

/* REP MOVS into an absent page: what was copied counts, and the instruction goes on from there. */
GUEST(rep_movs, "32", "rep movsl; hlt");
static void test_rep_faults(void)
{
    struct rig *rig = start32(rep_movs, rep_movs_end);
    struct cpu *cpu = rig->cpu;
    for (uint32_t i = 0; i < 16; i++)
        rig_poke(rig, RIG_DATA + 4 * i, &i, 4);
    rig_paging(rig);
    rig_map(rig, 0x41000, 0);
    cpu->reg[ECX] = 16;
    cpu->reg[ESI] = RIG_DATA;
    cpu->reg[EDI] = 0x41000 - 20;
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), EXC_PF);
    CHECK_EQ(cpu->reg[ECX], 11);
    CHECK_EQ(cpu->reg[EDI], 0x41000);
    rig_map(rig, 0x41000, 0x41000 | 7);
    cpu->halted = false;
    cpu->eip = RIG_CODE;
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    for (uint32_t i = 0; i < 16; i++)
        CHECK_EQ(rig_peek32(rig, 0x41000 - 20 + 4 * i), i);
    rig_free(rig);
}

/* An endless program. */
GUEST(endless, "32", "1: mov $1, %eax; outl %eax, $0x80; jmp 1b");
static void test_stop(void)
{
    struct rig *rig = start32(endless, endless_end);
    cpu_signal(rig->cpu, CPU_SIGNAL_STOP);
    CHECK_EQ(rig_run(rig), CPU_EXIT_STOP);
    CHECK_EQ(rig->cpu->instructions, 0);
    rig_free(rig);
}

static void test_budget_is_exact(void)
{
    struct rig *rig = start32(sti_shadow, sti_shadow_end);
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ(interp_run(rig->cpu, 1), CPU_EXIT_BUDGET);
    CHECK_EQ(rig->cpu->reg[EAX], 2);
    CHECK_EQ(rig->cpu->instructions, 3);
    rig_free(rig);
}

/* ---- debugging ---- */

GUEST(step, "32", "pushf; orl $0x100, (%esp); popf; inc %eax; inc %eax; hlt");
GUEST(step_handler, "32", "incl %ebx; mov (%esp), %ebp; iret");
static void test_single_step(void)
{
    struct rig *rig = start32(step, step_end);
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), EXC_DB);
    CHECK_EQ(rig->cpu->reg[EAX], 1); /* not behind POPF itself */
    CHECK_EQ(rig->cpu->dr[6] & 0x4000, 0x4000);
    CHECK_EQ(rig_peek32(rig, rig->cpu->reg[ESP]), RIG_CODE + 10);
    rig_free(rig);
}

GUEST(step_rep, "32", "rep stosb; hlt");
static void test_single_step_rep(void)
{
    struct rig *rig = start32(step_rep, step_rep_end);
    rig_handler(rig, EXC_DB, step_handler, step_handler_end);
    rig->cpu->eflags |= FLAG_TF;
    rig->cpu->reg[EDI] = RIG_DATA;
    rig->cpu->reg[ECX] = 5;
    for (uint32_t i = 1; i <= 5; i++) {
        for (unsigned n = 0; n < 10 && rig->cpu->reg[EBX] < i; n++)
            interp_run(rig->cpu, 1);
        CHECK_EQ(rig->cpu->reg[ECX], 5 - i);
        interp_run(rig->cpu, 1); /* the handler notes EIP */
        CHECK_EQ(rig->cpu->reg[EBP], i < 5 ? RIG_CODE : RIG_CODE + 2);
    }
    rig_free(rig);
}

GUEST(step_ss, "32", "mov %eax, %ss; inc %ecx; inc %ecx; hlt");
static void test_single_step_mov_ss(void)
{
    struct rig *rig = start32(step_ss, step_ss_end);
    rig->cpu->reg[EAX] = 0x10;
    rig->cpu->eflags |= FLAG_TF;
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), EXC_DB);
    CHECK_EQ(rig->cpu->reg[ECX], 1);
    rig_free(rig);
}

GUEST(breakpoints, "32", "inc %eax; inc %eax; mov %eax, 0x20004; inc %eax; hlt");
GUEST(go_on, "32", "incl %ebx; mov (%esp), %ebp; orl $0x10000, 8(%esp); iret");
static void test_breakpoint(void)
{
    struct rig *rig = start32(breakpoints, breakpoints_end);
    rig_handler(rig, EXC_DB, go_on, go_on_end);
    rig->cpu->dr[1] = RIG_CODE + 1;
    rig->cpu->dr[7] = 0x404;
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig->cpu->reg[EBX], 1); /* once: RF lets the instruction pass */
    CHECK_EQ(rig->cpu->reg[EBP], RIG_CODE + 1);
    CHECK_EQ(rig->cpu->reg[EAX], 3);
    CHECK_EQ(rig->cpu->dr[6] & 15, 2);
    rig_free(rig);
}

static void test_watchpoint(void)
{
    struct rig *rig = start32(breakpoints, breakpoints_end);
    interp_run(rig->cpu, 3); /* the page is cached for writes */
    rig->cpu->eip = RIG_CODE;
    rig->cpu->dr[0] = 0x20006;
    rig->cpu->dr[7] = 0x50401; /* two bytes, writes */
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), EXC_DB);
    CHECK_EQ(rig_peek32(rig, rig->cpu->reg[ESP]), RIG_CODE + 7); /* a trap: behind the MOV */
    CHECK_EQ(rig->cpu->dr[6] & 15, 1);
    rig_free(rig);
}

/* ---- faults ---- */

GUEST(undefined, "32", "inc %eax; ud2");
static void test_undefined(void)
{
    struct rig *rig = start32(undefined, undefined_end);
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), EXC_UD);
    CHECK_EQ(rig_peek32(rig, rig->cpu->reg[ESP]), RIG_CODE + 1);
    CHECK_EQ(rig->cpu->instructions, 2);
    rig_free(rig);
}

static int vector_of(const char *bytes, uint32_t count, bool v16)
{
    struct rig *rig = rig_new();
    (v16 ? rig_real16 : rig_flat32)(rig, (const uint8_t *)bytes, (const uint8_t *)bytes + count);
    rig->cpu->reg[EBX] = rig->cpu->reg[ESI] = rig->cpu->reg[EDI] = v16 ? 0 : RIG_DATA;
    interp_run(rig->cpu, 2);
    int vector = rig_vector(rig);
    rig_free(rig);
    return vector;
}
#define VECTOR32(bytes) vector_of(bytes "\x90\x90", sizeof(bytes) + 1, false)
static void test_what_exists(void)
{
    CHECK_EQ(VECTOR32("\xf0\x01\x03"), -1);     /* lock add %eax, (%ebx) */
    CHECK_EQ(VECTOR32("\xf0\x01\xc3"), EXC_UD); /* lock with a register */
    CHECK_EQ(VECTOR32("\xf0\x39\x03"), EXC_UD); /* lock cmp */
    CHECK_EQ(VECTOR32("\xf0\x89\x03"), EXC_UD); /* lock mov */
    CHECK_EQ(VECTOR32("\xf0\x90"), EXC_UD);
    CHECK_EQ(VECTOR32("\x82\xc0\x01"), -1);         /* alias of 80 */
    CHECK_EQ(VECTOR32("\xc0\xf0\x01"), -1);         /* SHL as /6 */
    CHECK_EQ(VECTOR32("\xf6\xc8\x01"), -1);         /* TEST as /1 */
    CHECK_EQ(VECTOR32("\xd6"), -1);                 /* SALC */
    CHECK_EQ(VECTOR32("\x0f\x1f\x44\x00\x00"), -1); /* long NOP */
    CHECK_EQ(VECTOR32("\xf3\x0f\x1e\xfb"), -1);     /* ENDBR32 is a NOP */
    CHECK_EQ(VECTOR32("\x0f\x18\x03"), -1);         /* PREFETCHNTA */
    CHECK_EQ(VECTOR32("\xc5\xf8\x77"), EXC_UD);     /* VZEROUPPER */
    CHECK_EQ(VECTOR32("\xc4\xe2\x79\x18\x03"), EXC_UD);
    CHECK_EQ(VECTOR32("\x62\xf1\x7c\x48\x28\xc1"), EXC_UD); /* EVEX */
    CHECK_EQ(VECTOR32("\xc4\x03"), -1);                     /* LES, not VEX: memory operand */
    CHECK_EQ(VECTOR32("\x0f\x0b"), EXC_UD);
    CHECK_EQ(VECTOR32("\x0f\xff\xc0"), EXC_UD);
    CHECK_EQ(VECTOR32("\x8d\xc0"), EXC_UD);         /* LEA of a register */
    CHECK_EQ(VECTOR32("\x8e\xc8"), EXC_UD);         /* MOV to CS */
    CHECK_EQ(VECTOR32("\xf3\x0f\xb8\xc0"), EXC_UD); /* POPCNT */
    CHECK_EQ(VECTOR32("\x0f\x38\x00\xc1"), EXC_UD); /* PSHUFB */
    CHECK_EQ(VECTOR32("\xf3\x0f\xbc\xc3"), -1);     /* TZCNT is BSF */
    CHECK_EQ(VECTOR32("\x0f\xc7\xc8"), EXC_UD);     /* CMPXCHG8B of a register */
    CHECK_EQ(VECTOR32("\xf0\x0f\xc7\x0b"), -1);
}

static const struct unit_test tests[] = {
    { "no interrupt right behind STI", test_sti_shadow },
    { "no interrupt, NMI neither, right behind MOV SS", test_mov_ss_shadow },
    { "an interrupt ends HLT", test_hlt_wakes },
    { "REP OUTS interrupted in the middle", test_rep_interrupted },
    { "REP MOVS faulting in the middle", test_rep_faults },
    { "the loop leaves when asked to", test_stop },
    { "the budget is exact", test_budget_is_exact },
    { "single-step begins behind the instruction after POPF", test_single_step },
    { "single-step traps behind each iteration of REP", test_single_step_rep },
    { "single-step waits behind MOV SS", test_single_step_mov_ss },
    { "an instruction breakpoint faults once", test_breakpoint },
    { "a data breakpoint traps behind the write", test_watchpoint },
    { "an undefined instruction faults with EIP at it", test_undefined },
    { "which encodings exist", test_what_exists },
};
UNIT_MAIN("interp_events", tests)
