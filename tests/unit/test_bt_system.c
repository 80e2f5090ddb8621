/* System instructions in translated code: flags, interrupts behind them, and going on in another mode. */
#include <stdio.h>
#include <unistd.h>
#include <x86intrin.h>

#include "core/bt/internal.h"
#include "tests/unit/cpu_rig.h"
#include "tests/unit/unit.h"

#define VECTOR 0x30u

struct bench {
    struct rig *rig;
    struct bt *bt;
};

/* Everything is translated at its first execution. */
static struct bench bench_new(const uint8_t *code, const uint8_t *end)
{
    abbey_error error = { "" };
    struct bench b = { .rig = rig_new() };
    b.bt = bt_new(b.rig->cpu, 4u << 20, false, &error);
    if (!b.bt)
        CU_FAIL_FATAL("bt_new");
    b.bt->hot = 1;
    rig_flat32(b.rig, code, end);
    alarm(20); /* the guest has no budget */
    return b;
}

static void bench_free(struct bench b)
{
    bt_free(b.bt);
    rig_free(b.rig);
    alarm(0);
}

static void raise_intr(struct rig *rig)
{
    if (rig->out_value == 3) /* the loop has been translated then */
        cpu_signal(rig->cpu, CPU_SIGNAL_INTR);
}

/* Where the interrupt that the third OUT raises is taken: EAX, and the address pushed less RIG_CODE. */
static uint32_t interrupted(const uint8_t *code, const uint8_t *end, uint32_t *eip)
{
    struct bench b = bench_new(code, end);
    b.rig->intr_vector = VECTOR;
    b.rig->on_out = raise_intr;
    CU_ASSERT_EQUAL(bt_run(b.rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
    CU_ASSERT_EQUAL(rig_vector(b.rig), VECTOR);
    *eip = rig_peek32(b.rig, b.rig->cpu->reg[ESP]) - RIG_CODE;
    uint32_t eax = b.rig->cpu->reg[EBX];
    bench_free(b);
    return eax;
}

/* EBX counts in halves: the instruction behind STI is executed, the second one not. */
GUEST(sti_shadow, "32",
    "mov $1, %eax; 1: cli; out %al, $0x80; sti; inc %ebx; add $16, %ebx; inc %eax; cmp $5, %eax; jne 1b; hlt");
static void test_sti_shadow(void)
{
    uint32_t eip;
    CU_ASSERT_EQUAL(interrupted(sti_shadow, sti_shadow_end, &eip), 2 * 17 + 1);
    CU_ASSERT_EQUAL(eip, 10);
}

GUEST(popf_on, "32",
    "mov $1, %eax; 1: cli; out %al, $0x80; push $0x202; popf; inc %ebx; inc %eax; cmp $5, %eax; jne 1b; hlt");
static void test_popf_takes(void)
{
    uint32_t eip;
    CU_ASSERT_EQUAL(interrupted(popf_on, popf_on_end, &eip), 2);
    CU_ASSERT_EQUAL(eip, 14);
}

/* Interrupts stay out while IF is clear, whatever POPF and PUSHF do around it. */
GUEST(masked, "32",
    "mov $1, %eax; 1: cli; out %al, $0x80; pushf; popf; pushf; pop %edx; inc %ebx; inc %eax; cmp $9, %eax; jne 1b; "
    "hlt");
static void test_masked(void)
{
    struct bench b = bench_new(masked, masked_end);
    b.rig->on_out = raise_intr;
    CU_ASSERT_EQUAL(bt_run(b.rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
    CU_ASSERT_EQUAL(rig_vector(b.rig), -1);
    CU_ASSERT_EQUAL(b.rig->cpu->reg[EBX], 8);
    CU_ASSERT_EQUAL(b.rig->cpu->reg[EDX] & FLAG_IF, 0);
    bench_free(b);
}

/* Every image of the low 12 bits but TF is pushed as it was popped; the sum of what differs is 0. */
GUEST(images, "32",
    "xor %ebx, %ebx; xor %esi, %esi\n"
    "1: mov %esi, %eax; and $0xcd5, %eax; or $2, %eax; push %eax; popf\n"
    "mov $7, %ecx; lea 1(%ecx), %ecx\n"
    "pushf; pop %edx; cld; push %edx; popf; xor %eax, %edx; or %edx, %ebx\n"
    "inc %esi; cmp $0x1000, %esi; jne 1b\n"
    "std; pushf; pop %esi; cld; pushf; pop %edi; hlt");
static void test_images(void)
{
    struct bench b = bench_new(images, images_end);
    CU_ASSERT_EQUAL(bt_run(b.rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
    CU_ASSERT_EQUAL(b.rig->cpu->reg[EBX], 0);
    CU_ASSERT_EQUAL(b.rig->cpu->reg[ESI] & FLAG_DF, FLAG_DF);
    CU_ASSERT_EQUAL(b.rig->cpu->reg[EDI] & FLAG_DF, 0);
    bench_free(b);
}

/* At CPL 3 with IOPL 0, POPF leaves IF alone and CLI faults. */
GUEST(
    user, "32", "mov $100, %ecx; 1: push $0x202; popf; pushf; pop %edx; push $2; popf; pushf; pop %eax; loop 1b; cli");
static void test_user_flags(void)
{
    struct bench b = bench_new(user, user_end);
    rig_user(b.rig);
    b.rig->cpu->eflags &= ~FLAG_IF;
    bt_run(b.rig->cpu, UINT64_MAX);
    CU_ASSERT_EQUAL(rig_vector(b.rig), EXC_GP);
    CU_ASSERT_EQUAL(b.rig->cpu->reg[EDX] & FLAG_IF, 0);
    CU_ASSERT_EQUAL(b.rig->cpu->reg[ECX], 0);
    bench_free(b);
}

/* A kick in front of the instruction behind STI goes on to the next boundary; in front of another it stops there. */
static void test_kick_in_shadow(void)
{
    struct bench b = bench_new(sti_shadow, sti_shadow_end);
    bt_run(b.rig->cpu, UINT64_MAX);
    unsigned shadowed = 0;
    for (unsigned i = 0; i < UNIT_BUCKETS; i++) {
        for (const struct unit *unit = b.bt->bucket[i]; unit; unit = unit->next) {
            for (unsigned n = 0; n < unit->count; n++) {
                abbey_fault fault = { .kind = ABBEY_FAULT_KICK,
                    .rip = (uint64_t)(uintptr_t)(unit->body + unit->point[n].code) };
                bool ours = unit->point[n].eip == RIG_CODE + 9 && n > 0;
                CU_ASSERT_EQUAL(bt_fault(b.bt, &fault), 1);
                CU_ASSERT_EQUAL((fault.rflags & 0x100) != 0, ours);
                shadowed += ours;
            }
        }
    }
    CU_ASSERT(shadowed > 0);
    bench_free(b);
}

/* A loop of one instruction behind STI can be stopped: it is behind STI only once. */
GUEST(sti_loop, "32", "mov $100, %ecx; sti; 1: loop 1b; hlt");

static void test_kick_in_loop(void)
{
    struct bench b = bench_new(sti_loop, sti_loop_end);
    bt_run(b.rig->cpu, UINT64_MAX);
    unsigned seen = 0;
    for (unsigned i = 0; i < UNIT_BUCKETS; i++) {
        for (const struct unit *unit = b.bt->bucket[i]; unit; unit = unit->next) {
            for (unsigned n = 0; n < unit->count; n++) {
                abbey_fault fault = { .kind = ABBEY_FAULT_KICK,
                    .rip = (uint64_t)(uintptr_t)(unit->body + unit->point[n].code) };
                CU_ASSERT_EQUAL(bt_fault(b.bt, &fault), 1);
                CU_ASSERT_EQUAL(fault.rflags & 0x100, 0);
                seen += unit->point[n].eip == RIG_CODE + 6;
            }
        }
    }
    CU_ASSERT(seen > 0);
    bench_free(b);
}

/* A segment register loaded with what it holds gets what its descriptor says now, and carry is not lost over it. */
GUEST(reload, "32",
    "mov $0x20, %eax; mov $2, %edi\n"
    "1: mov %eax, %fs; mov %fs:0, %ebx; stc; mov %eax, %fs; sbb %esi, %esi; mov %fs:0, %ecx\n"
    "movb $2, 0x2024; mov %eax, %fs; mov %fs:0, %edx; movb $0, 0x2024; dec %edi; jnz 1b\n"
    "mov %eax, %es; lgdt 0x20010; mov %eax, %es; hlt");
static void test_reload(void)
{
    const struct {
        uint16_t limit;
        uint32_t base;
    } __attribute__((packed)) table = { 0x26, 0x2000 };
    struct bench b = bench_new(reload, reload_end);
    const uint32_t at[] = { 0x11111111, 0x22222222 };
    rig_poke(b.rig, 0, &at[0], 4);
    rig_poke(b.rig, RIG_DATA, &at[1], 4);
    rig_poke(b.rig, 0x20010, &table, sizeof(table));
    CU_ASSERT_EQUAL(bt_run(b.rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
    const uint32_t *reg = b.rig->cpu->reg;
    CU_ASSERT_EQUAL(reg[EBX], at[0]);
    CU_ASSERT_EQUAL(reg[ECX], at[0]);
    CU_ASSERT_EQUAL(reg[EDX], at[1]);
    CU_ASSERT_EQUAL(reg[ESI], UINT32_MAX);
    CU_ASSERT_EQUAL(rig_vector(b.rig), EXC_GP); /* the table is too short for it by then */
    CU_ASSERT_EQUAL(rig_peek32(b.rig, reg[ESP]), 0x20);
    bench_free(b);
}

/* Real mode loads a register with another base and the same selector: that is not what protected mode loaded. */
GUEST(stale, "32",
    "mov $0x20, %ax; mov %ax, %fs; ljmp $0x30, $(1f - stale)\n"
    ".code16\n"
    "1: mov %cr0, %eax; and $~1, %al; mov %eax, %cr0; ljmp $0x1000, $(1f - stale)\n"
    "1: mov $0x20, %ax; mov %ax, %fs; mov %cr0, %eax; or $1, %al; mov %eax, %cr0; ljmpl $8, $(1f - stale + 0x10000)\n"
    ".code32\n"
    "1: mov $0x20, %eax; mov %eax, %fs; mov %fs:0, %ebx; hlt");
static void test_stale(void)
{
    struct bench b = bench_new(stale, stale_end);
    const uint32_t at[] = { 0x11111111, 0x22222222 };
    const uint8_t code16[] = { 0xff, 0xff, 0, 0, 1, 0x9b, 0, 0 };
    rig_poke(b.rig, 0x2030, code16, sizeof(code16));
    b.rig->cpu->gdt.limit = 0x37;
    rig_poke(b.rig, 0, &at[0], 4);
    rig_poke(b.rig, 0x200, &at[1], 4);
    CU_ASSERT_EQUAL(bt_run(b.rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
    CU_ASSERT_EQUAL(b.rig->cpu->reg[EBX], at[0]);
    bench_free(b);
}

/* VERW changes ZF alone. Each answer becomes a bit of EBX. */
GUEST(verw, "32",
    "xor %eax, %eax; mov $verw_selectors - verw + 0x10000, %esi; mov $6, %ecx; xor %ebx, %ebx\n"
    "1: stc; verw (%esi); sbb %edx, %edx; and %edx, %ebp; verw (%esi); setz %dl; and $1, %edx; lea (%edx,%ebx,2), "
    "%ebx\n"
    "lea 2(%esi), %esi; loop 1b; hlt\n"
    "verw_selectors: .word 0x10, 8, 0x20, 0, 0x23, 0x13");
static void test_verw(void)
{
    struct bench b = bench_new(verw, verw_end);
    b.rig->cpu->reg[EBP] = UINT32_MAX;
    CU_ASSERT_EQUAL(bt_run(b.rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
    CU_ASSERT_EQUAL(b.rig->cpu->reg[EAX], 0);
    CU_ASSERT_EQUAL(b.rig->cpu->reg[EBP], UINT32_MAX);
    CU_ASSERT_EQUAL(b.rig->cpu->reg[EBX], 0x2a); /* 101010: data; code; data; null; with an RPL that fits, and not */
    bench_free(b);
}

/* System calls between CPL 3 and 0 never come back to the loop once they are translated. */
GUEST(calls, "32",
    "jmp call_user\n"
    "call_entry: inc %ebx; mov $call_next - calls + 0x10000, %edx; mov %ebp, %ecx; sysexit\n"
    "call_user: mov $2000, %edi\n"
    "1: mov %esp, %ebp; sysenter\n"
    "call_next: dec %edi; jnz 1b; hlt");
static void test_calls_stay(void)
{
    struct bench b = bench_new(calls, calls_end);
    struct cpu *cpu = b.rig->cpu;
    rig_user(b.rig);
    cpu->sysenter_cs = 8;
    cpu->sysenter_esp = RIG_STACK;
    cpu->sysenter_eip = RIG_CODE + 2;
    bt_run(cpu, UINT64_MAX);
    CU_ASSERT_EQUAL(rig_vector(b.rig), EXC_GP); /* HLT at CPL 3 */
    CU_ASSERT_EQUAL(cpu->reg[EBX], 2000);
    CU_ASSERT(b.bt->counters.entries < 30);
    bench_free(b);
}

/* RDTSC a hundred times: the last, and whether one was below the one before it, in ESI. */
GUEST(counter, "32",
    "mov $100, %ecx; xor %esi, %esi; xor %ebx, %ebx; xor %edi, %edi\n"
    "1: stc; rdtsc; adc $0, %ebp; cmp %edi, %edx; ja 2f; jb 3f; cmp %ebx, %eax; jae 2f\n"
    "3: inc %esi\n"
    "2: mov %eax, %ebx; mov %edx, %edi; loop 1b; hlt");

/* Where virtual time is the host's, RDTSC never leaves translated code, and follows what the guest has written. */
static void test_counter(void)
{
    struct bench b = bench_new(counter, counter_end);
    struct cpu *cpu = b.rig->cpu;
    uint64_t origin = __rdtsc() - 5000;
    cpu->tsc_origin = &origin;
    cpu->tsc_offset = UINT64_C(7) << 40;
    cpu->reg[EBP] = 0;
    CU_ASSERT_EQUAL(bt_run(cpu, UINT64_MAX), CPU_EXIT_HALT);
    uint64_t last = (uint64_t)cpu->reg[EDI] << 32 | cpu->reg[EBX], bound = __rdtsc() - origin + cpu->tsc_offset;
    CU_ASSERT_EQUAL(cpu->reg[ESI], 0);
    CU_ASSERT_EQUAL(cpu->reg[EBP], 100); /* CF stays */
    CU_ASSERT(last >= cpu->tsc_offset + 5000 && last <= bound);
    CU_ASSERT_EQUAL(b.bt->counters.by_opcode[MAP_0F][0x31], 0);
    bench_free(b);
}

/* At CPL 3 it depends on CR4.TSD each time. */
static void test_counter_barred(void)
{
    for (unsigned barred = 0; barred < 2; barred++) {
        struct bench b = bench_new(counter, counter_end);
        struct cpu *cpu = b.rig->cpu;
        uint64_t origin = 0;
        cpu->tsc_origin = &origin;
        rig_user(b.rig);
        cpu->cr4 |= barred ? CR4_TSD : 0;
        bt_run(cpu, UINT64_MAX);
        CU_ASSERT_EQUAL(rig_vector(b.rig), EXC_GP); /* of RDTSC, or of HLT */
        CU_ASSERT_EQUAL(cpu->reg[ECX], barred ? 100 : 0);
        bench_free(b);
    }
}

static const struct unit_test tests[] = {
    { "STI lets an interrupt in behind the next instruction", test_sti_shadow },
    { "POPF lets an interrupt in at once", test_popf_takes },
    { "PUSHF and POPF with IF clear keep it out", test_masked },
    { "PUSHF gives what POPF took", test_images },
    { "flags at CPL 3", test_user_flags },
    { "a kick in the shadow of STI", test_kick_in_shadow },
    { "a kick in a loop of one instruction behind STI", test_kick_in_loop },
    { "RDTSC is the host's and an offset", test_counter },
    { "... unless CR4.TSD says no", test_counter_barred },
    { "a segment register is loaded with what it holds", test_reload },
    { "a selector of real mode is another one", test_stale },
    { "VERW", test_verw },
    { "system calls stay in translated code", test_calls_stay },
};
UNIT_MAIN("bt_system", tests)
