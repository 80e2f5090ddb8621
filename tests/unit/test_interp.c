/* Where instructions and operands come from: self-modifying code, page borders, the TLB, segments. */
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

/* Reads and writes ECX pages from 200000h on, loads CR3, and reads 40000h again. */
GUEST(crowd, "32",
    "mov 0x40000, %eax; mov $0x200000, %esi\n"
    "1: mov (%esi), %edx; mov %edx, (%esi); add $0x1000, %esi; loop 1b\n"
    "nop; mov %cr3, %edx; mov %edx, %cr3; mov 0x40000, %ebx; hlt");
static void test_flush_after_many(void)
{
    static const uint32_t pages[] = { 1, 500, 600 }; /* the last are more fills than a flush looks at one by one */
    for (unsigned i = 0; i < 3; i++) {
        struct rig *rig = start32(crowd, crowd_end);
        rig_paging(rig);
        rig_poke(rig, 0x40000, "\x01", 1);
        rig_poke(rig, 0x41000, "\x02", 1);
        rig->cpu->reg[ECX] = pages[i];
        interp_run(rig->cpu, 2 + 4 * pages[i]);
        rig_map(rig, 0x40000, 0x41000 | 7);
        rig_run(rig);
        CHECK_EQ(rig->cpu->reg[EAX], 1);
        CHECK_EQ(rig->cpu->reg[EBX], 2);
        rig_free(rig);
    }
}

GUEST(large, "32", "mov 0x401000, %eax; invlpg 0x400000; mov 0x401000, %ebx; hlt");
static void test_invlpg_large(void)
{
    struct rig *rig = start32(large, large_end);
    const uint32_t first = 0x400087, second = 0x000087;
    rig->cpu->cr4 |= CR4_PSE;
    rig_paging(rig);
    rig_poke(rig, RIG_TABLES + 4, &first, 4);
    rig_poke(rig, 0x401000, "\x01", 1);
    rig_poke(rig, 0x1000, "\x02", 1);
    interp_run(rig->cpu, 1);
    rig_poke(rig, RIG_TABLES + 4, &second, 4);
    rig_run(rig);
    CHECK_EQ(rig->cpu->reg[EAX], 1);
    CHECK_EQ(rig->cpu->reg[EBX], 2);
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
    { "a CR3 load drops few and many cached pages", test_flush_after_many },
    { "INVLPG drops the whole of a large page", test_invlpg_large },
    { "a page cached for level 0 is closed to level 3", test_user_rights },
    { "alignment check", test_alignment_check },
    { "segment limits and types", test_segment_limits },
};
UNIT_MAIN("interp", tests)
