/* What happens between and around instructions: self-modifying code, page borders, interrupts, debug traps. */
#include "tests/unit/cpu_rig.h"
#include "tests/unit/unit.h"

#define CHECK_EQ(a, b) CU_ASSERT_EQUAL((a), (b))

static struct rig *start32(const uint8_t *code, const uint8_t *end)
{
    struct rig *rig = rig_new();
    rig_flat32(rig, code, end);
    return rig;
}

/* ---- self-modifying code ---- */

GUEST(smc_next, "32",
    "movl $0x90909042, smc_next_at - smc_next + 0x10001\n" /* the immediate of the next instruction */
    "smc_next_at: mov $0, %eax\n"
    "hlt");
static void test_smc_next(void)
{
    struct rig *rig = start32(smc_next, smc_next_end);
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig->cpu->reg[EAX], 0x90909042);
    rig_free(rig);
}

GUEST(smc_loop, "32",
    "mov $3, %ecx\n"
    "1: incl smc_loop_at - smc_loop + 0x10001\n"
    "smc_loop_at: mov $7, %eax\n"
    "add %eax, %ebx\n"
    "loop 1b\n"
    "hlt");
static void test_smc_loop(void)
{
    struct rig *rig = start32(smc_loop, smc_loop_end);
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig->cpu->reg[EBX], 8 + 9 + 10);
    rig_free(rig);
}

/* The write goes through another linear address of the same page. */
GUEST(smc_alias, "32",
    "call 1f\n"
    "movb $5, 0x200000 + (1f - smc_alias) + 1\n"
    "call 1f\n"
    "hlt\n"
    "1: mov $1, %eax; add %eax, %ebx; ret");
static void test_smc_alias(void)
{
    struct rig *rig = start32(smc_alias, smc_alias_end);
    rig_paging(rig);
    rig_map(rig, 0x200000, RIG_CODE | 7);
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig->cpu->reg[EBX], 6);
    rig_free(rig);
}

/* REP STOS runs over itself: what is left of it must not go on from the old bytes. */
GUEST(smc_rep, "32",
    "mov $0xf4, %al\n"
    "mov $(0x10000 + 1f - smc_rep), %edi\n"
    "mov $64, %ecx\n"
    "1: rep stosb\n"
    "mov $1, %ebx");
static void test_smc_rep(void)
{
    struct rig *rig = start32(smc_rep, smc_rep_end);
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig->cpu->reg[ECX], 63);
    CHECK_EQ(rig->cpu->reg[EBX], 0);
    rig_free(rig);
}

GUEST(dma_code, "32", "1: mov $1, %eax; outl %eax, $0x80; jmp 1b");
static void test_dma_over_code(void)
{
    struct rig *rig = start32(dma_code, dma_code_end);
    CHECK_EQ(interp_run(rig->cpu, 6), CPU_EXIT_BUDGET);
    CHECK_EQ(rig->out_value, 1);
    rig_poke(rig, RIG_CODE + 1, "\x09", 1); /* not on the CPU's time: as DMA does */
    CHECK_EQ(interp_run(rig->cpu, 6), CPU_EXIT_BUDGET);
    CHECK_EQ(rig->out_value, 9);
    rig_free(rig);
}

/* The same physical page, run through two addresses and with two code sizes. */
GUEST(two_sizes, "32", "mov $0x12345678, %eax; hlt; nop; nop");
static void test_key_has_code_size(void)
{
    struct rig *rig = start32(two_sizes, two_sizes_end);
    rig_run(rig);
    CHECK_EQ(rig->cpu->reg[EAX], 0x12345678);
    rig->cpu->halted = false;
    rig->cpu->eip = RIG_CODE;
    rig->cpu->seg[CS].attr &= (uint16_t)~SEG_DB;
    interp_run(rig->cpu, 1);
    CHECK_EQ(rig->cpu->reg[EAX], 0x12345678); /* mov $0x5678, %ax */
    CHECK_EQ(rig->cpu->eip, RIG_CODE + 3);
    rig_free(rig);
}

/* ---- page borders ---- */

GUEST(cross, "32", "mov $0x11223344, %eax; hlt");
static void test_cross_page_fetch(void)
{
    struct rig *rig = start32(cross, cross_end);
    struct cpu *cpu = rig->cpu;
    rig_paging(rig);
    rig_poke(rig, 0x30000 - 2, cross, 6);
    rig_map(rig, 0x30000, 0); /* its second page is absent */
    cpu->eip = 0x30000 - 2;
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig_vector(rig), EXC_PF);
    CHECK_EQ(cpu->cr2, 0x30000);
    CHECK_EQ(rig_peek32(rig, cpu->reg[ESP] + 4), 0x30000 - 2);
    /* and is another page now */
    rig_poke(rig, 0x50000, cross + 2, 4);
    rig_map(rig, 0x30000, 0x50000 | 7);
    cpu->halted = false;
    cpu->eip = 0x30000 - 2;
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(cpu->reg[EAX], 0x11223344);
    /* Writing to the second page drops it, and so does mapping yet another. */
    rig_poke(rig, 0x50000, "\x77", 1);
    cpu->halted = false;
    cpu->eip = 0x30000 - 2;
    rig_run(rig);
    CHECK_EQ(cpu->reg[EAX], 0x11227744);
    rig_poke(rig, 0x60000, cross + 2, 4);
    rig_map(rig, 0x30000, 0x60000 | 7);
    tlb_flush_page(cpu, 0x30000);
    cpu->halted = false;
    cpu->eip = 0x30000 - 2;
    rig_run(rig);
    CHECK_EQ(cpu->reg[EAX], 0x11223344);
    rig_free(rig);
}

GUEST(cross_write, "32", "addl $1, 0x21ffe; hlt");
static void test_cross_page_write(void)
{
    struct rig *rig = start32(cross_write, cross_write_end);
    rig_paging(rig);
    rig_map(rig, 0x22000, 0x22000 | 5); /* read-only */
    rig->cpu->eflags |= FLAG_CF;
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig_vector(rig), EXC_PF);
    CHECK_EQ(rig->cpu->cr2, 0x22000);
    CHECK_EQ(rig_peek32(rig, rig->cpu->reg[ESP]), PF_PRESENT | PF_WRITE);
    CHECK_EQ(rig_peek32(rig, 0x21ffc), 0);
    CHECK_EQ(rig_peek32(rig, rig->cpu->reg[ESP] + 12) & FLAG_CF, FLAG_CF);
    rig_free(rig);
}

/* Both linear pages are the same frame, and the instruction crosses from it into itself. */
static void test_cross_into_itself(void)
{
    struct rig *rig = start32(cross, cross_end);
    rig_paging(rig);
    rig_poke(rig, 0x31000 - 2, cross, 2);
    rig_poke(rig, 0x30000, cross + 2, 4);
    rig_map(rig, 0x32000, 0x30000 | 7);
    rig_map(rig, 0x33000, 0x30000 | 7);
    rig->cpu->eip = 0x33000 - 2;
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig->cpu->reg[EAX], 0x11223344);
    rig_poke(rig, 0x30000, "\x55", 1);
    rig->cpu->halted = false;
    rig->cpu->eip = 0x33000 - 2;
    rig_run(rig);
    CHECK_EQ(rig->cpu->reg[EAX], 0x11225544);
    rig_free(rig);
}

GUEST(limit_code, "16", "mov $0x1234, %ax");
static void test_limit_of_cs(void)
{
    struct rig *rig = rig_new();
    rig_real16(rig, limit_code, limit_code_end);
    rig_poke(rig, 0x1fffe, limit_code, 2); /* its third byte would be at 1000:10000 */
    rig->cpu->eip = 0xfffe;
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig_vector(rig), EXC_GP);
    rig_free(rig);
}

GUEST(long_insn, "32", ".fill 14, 1, 0x66; mov $0x1234, %eax; hlt");
static void test_too_long(void)
{
    struct rig *rig = start32(long_insn, long_insn_end);
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig_vector(rig), EXC_GP);
    rig_free(rig);
}

/* ---- the TLB ---- */

GUEST(dirty, "32", "mov 0x40000, %eax; mov %eax, 0x40000; hlt");
static void test_dirty_bit(void)
{
    struct rig *rig = start32(dirty, dirty_end);
    rig_paging(rig);
    interp_run(rig->cpu, 1);
    CHECK_EQ(rig_peek32(rig, RIG_TABLES + 4096 + 0x40 * 4) & 0x60, 0x20);
    interp_run(rig->cpu, 1);
    CHECK_EQ(rig_peek32(rig, RIG_TABLES + 4096 + 0x40 * 4) & 0x60, 0x60);
    rig_free(rig);
}

GUEST(stale, "32", "mov 0x40000, %eax; mov 0x40000, %ebx; invlpg 0x40000; mov 0x40000, %ecx; hlt");
static void test_invlpg(void)
{
    struct rig *rig = start32(stale, stale_end);
    rig_paging(rig);
    rig_poke(rig, 0x40000, "\x01", 1);
    rig_poke(rig, 0x41000, "\x02", 1);
    interp_run(rig->cpu, 1);
    rig_map(rig, 0x40000, 0x41000 | 7);
    interp_run(rig->cpu, 1);
    CHECK_EQ(rig->cpu->reg[EBX], 1);
    rig_run(rig);
    CHECK_EQ(rig->cpu->reg[ECX], 2);
    rig_free(rig);
}

GUEST(global, "32",
    "mov 0x40000, %eax; mov 0x42000, %eax; mov %cr3, %edx; mov %edx, %cr3\n"
    "mov 0x40000, %ebx; mov 0x42000, %ecx; hlt");
static void test_global_pages(void)
{
    struct rig *rig = start32(global, global_end);
    rig->cpu->cr4 |= CR4_PGE;
    rig_paging(rig);
    rig_map(rig, 0x40000, 0x40000 | 0x107);
    rig_poke(rig, 0x41000, "\x02", 1);
    interp_run(rig->cpu, 2);
    rig_map(rig, 0x40000, 0x41000 | 0x107);
    rig_map(rig, 0x42000, 0x41000 | 7);
    rig_run(rig);
    CHECK_EQ(rig->cpu->reg[EBX], 0); /* kept */
    CHECK_EQ(rig->cpu->reg[ECX], 2); /* dropped */
    rig_free(rig);
}

GUEST(supervisor, "32", "mov 0x40000, %eax; hlt");
static void test_user_rights(void)
{
    struct rig *rig = start32(supervisor, supervisor_end);
    rig_paging(rig);
    rig_map(rig, 0x40000, 0x40000 | 3);
    interp_run(rig->cpu, 1); /* level 0 may, and is cached */
    CHECK_EQ(rig->cpu->eip, RIG_CODE + 5);
    rig_user(rig);
    rig->cpu->eip = RIG_CODE;
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), EXC_PF);
    CHECK_EQ(rig_peek32(rig, rig->cpu->reg[ESP]), PF_PRESENT | PF_USER);
    rig_free(rig);
}

GUEST(misaligned, "32", "mov 0x20001, %ax; hlt");
static void test_alignment_check(void)
{
    struct rig *rig = start32(misaligned, misaligned_end);
    rig_user(rig);
    rig->cpu->cr0 |= CR0_AM;
    rig->cpu->eflags |= FLAG_AC;
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), EXC_AC);
    rig_free(rig);
}

/* ---- segments ---- */

GUEST(segments, "32", "mov %ds:(%esi), %eax; hlt");
static int vector_of_read(uint32_t offset, uint32_t limit, uint16_t attr)
{
    struct rig *rig = start32(segments, segments_end);
    rig->cpu->reg[ESI] = offset;
    rig->cpu->seg[DS].limit = limit;
    rig->cpu->seg[DS].attr = attr;
    rig_run(rig);
    int vector = rig_vector(rig);
    rig_free(rig);
    return vector;
}
static void test_segment_limits(void)
{
    CHECK_EQ(vector_of_read(0xffc, 0xfff, 0x4093), -1);
    CHECK_EQ(vector_of_read(0xffd, 0xfff, 0x4093), EXC_GP);
    CHECK_EQ(vector_of_read(0x1000, 0xfff, 0x4097), -1); /* expand-down, 4 GB above */
    CHECK_EQ(vector_of_read(0xfff, 0xfff, 0x4097), EXC_GP);
    CHECK_EQ(vector_of_read(0xfffd, 0xfff, 0x0097), EXC_GP); /* expand-down, 64 KB above */
    CHECK_EQ(vector_of_read(0xfffc, 0xfff, 0x0097), -1);
    CHECK_EQ(vector_of_read(0x1000, 0xffff, 0x0000), EXC_GP); /* null selector */
    CHECK_EQ(vector_of_read(0x1000, 0xffff, 0x4099), EXC_GP); /* execute-only */
    CHECK_EQ(vector_of_read(0x1000, 0xffff, 0x409b), -1);     /* readable code */
    CHECK_EQ(vector_of_read(0xfffffffe, 0xffffffff, 0xc093), EXC_GP);
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
GUEST(note_ecx, "32", "mov %ecx, %ebx; mov (%esp), %ebp; iret");
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
    CHECK_EQ(rig->cpu->instructions, 3 + 1 + 3 + 1);
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

static void test_stop(void)
{
    struct rig *rig = start32(dma_code, dma_code_end);
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
static void test_breakpoint(void)
{
    struct rig *rig = start32(breakpoints, breakpoints_end);
    rig_handler(rig, EXC_DB, step_handler, step_handler_end);
    rig->cpu->dr[1] = RIG_CODE + 1;
    rig->cpu->dr[7] = 0x404;
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    CHECK_EQ(rig->cpu->reg[EBX], 1); /* once: IRET brings RF back, which lets the instruction pass */
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
    { "code that changes its next instruction", test_smc_next },
    { "code that changes itself in a loop", test_smc_loop },
    { "code changed through another linear address", test_smc_alias },
    { "REP STOS over its own bytes", test_smc_rep },
    { "DMA over code", test_dma_over_code },
    { "decoded code knows its code size", test_key_has_code_size },
    { "an instruction across two pages: fault, remap, change", test_cross_page_fetch },
    { "a write across two pages checks both first", test_cross_page_write },
    { "an instruction that crosses into its own frame", test_cross_into_itself },
    { "an instruction that goes on behind the limit of CS", test_limit_of_cs },
    { "an instruction longer than 15 bytes", test_too_long },
    { "the D bit is set by the first write, not by a read", test_dirty_bit },
    { "stale translations until INVLPG", test_invlpg },
    { "global pages survive a CR3 load", test_global_pages },
    { "a page cached for level 0 is closed to level 3", test_user_rights },
    { "alignment check", test_alignment_check },
    { "segment limits and types", test_segment_limits },
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
UNIT_MAIN("interp", tests)
