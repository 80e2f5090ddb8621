/* Translated code in segments that are not flat and in 16-bit modes, where flags are dead and counts are not exact:
 * what random programs in lock-step do not see. Each program leaves the registers that it leaves with the interpreter.
 */
#include <stdio.h>
#include <unistd.h>

#include "core/bt/internal.h"
#include "tests/unit/cpu_rig.h"
#include "tests/unit/hostfault.h"
#include "tests/unit/unit.h"

#define SEL_LIMITED 0x30u /* data: 800h bytes at RIG_DATA */
#define SEL_64K 0x38u
#define SEL_READONLY 0x40u

struct program {
    const uint8_t *code, *end, *handler, *handler_end; /* the handler is that of #GP */
    bool real;
};

struct result {
    uint32_t reg[8];
    struct bt_counters counters;
    unsigned tables;
};

static void descriptor(struct rig *rig, uint32_t selector, uint64_t value)
{
    rig_poke(rig, 0x2000 + selector, &value, sizeof(value));
}

static struct result run(const struct program *p, const char *engine, const char *switches)
{
    abbey_error error = { "" };
    struct rig *rig = rig_new_for(engine_find(engine), false);
    struct result result = { .tables = 0 };
    if (p->real)
        rig_real16(rig, p->code, p->end);
    else
        rig_flat32(rig, p->code, p->end);
    rig->cpu->gdt.limit = 0x47;
    descriptor(rig, SEL_LIMITED, 0x00409302000007ffull);
    descriptor(rig, SEL_64K, 0x004093020000ffffull);
    descriptor(rig, SEL_READONLY, 0x00cf91020000ffffull);
    rig_handler(rig, EXC_GP, p->handler, p->handler_end);
    for (uint32_t at = RIG_DATA; at < RIG_DATA + 0x10000; at += 4)
        rig_poke(rig, at, &(uint32_t){ at * 2654435761u }, 4);
    struct bt *bt = rig->cpu->bt.bt;
    if (bt)
        CU_ASSERT(bt_debug(bt, switches, &error));
    alarm(20);
    CU_ASSERT_EQUAL(rig->engine->run(rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
    alarm(0);
    memcpy(result.reg, rig->cpu->reg, sizeof(result.reg));
    if (bt) {
        result.counters = bt->counters;
        result.tables = bt->tables;
    }
    rig_free(rig);
    return result;
}

static struct result check(const struct program *p)
{
    static const char *const switches[] = { "", "no-windows", "no-liveness", "short-units" };
    struct result interp = run(p, "interp", ""), bt = { .tables = 0 };
    for (unsigned i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        bt = run(p, "bt", switches[i]);
        CU_ASSERT(bt.counters.units > 0);
        for (unsigned n = EAX; n <= EDI; n++)
            CU_ASSERT_EQUAL(bt.reg[n], interp.reg[n]);
    }
    return bt;
}

/* The handlers count in EDI and go on behind an instruction of 2 bytes. */
GUEST(skip16, "16", "push %bp; mov %sp, %bp; addw $2, 2(%bp); inc %di; pop %bp; iret");
GUEST(skip32, "32", "add $4, %esp; addl $2, (%esp); inc %edi; iret");

/* Accesses up to the limit and behind it, flags being dead at the first one and alive at the second. */
GUEST(limits16, "16",
    "mov $3, %si; xor %di, %di\n"
    "2: mov $0xfff0, %bx\n"
    "1: mov (%bx), %ax; add %ax, %dx; stc; mov (%bx), %ax; adc %ax, %dx\n"
    "inc %bx; jnz 1b; dec %si; jnz 2b; hlt");
GUEST(bytes16, "16",
    "mov $3, %si; xor %di, %di\n"
    "2: mov $0xfff0, %bx\n"
    "1: mov (%bx), %al; add %al, %dl; mov %al, (%bx); adc (%bx), %dh; inc %bx; jnz 1b; dec %si; jnz 2b; hlt");
GUEST(limits32, "32",
    "mov $0x30, %eax; mov %ax, %ds; mov $3, %esi; xor %edi, %edi\n"
    "2: mov $0x7f0, %ebx\n"
    "1: mov (%ebx), %eax; add %eax, %edx; stc; mov (%ebx), %eax; adc %eax, %edx\n"
    "mov %eax, (%ebx); add %al, %dl; inc %ebx; cmp $0x810, %ebx; jne 1b; dec %esi; jnz 2b; hlt");

static void test_limits(void)
{
    struct program p = { bytes16, bytes16_end, skip16, skip16_end, true };
    CU_ASSERT_EQUAL(check(&p).reg[EDI], 0);
    p = (struct program){ limits32, limits32_end, skip32, skip32_end, false };
    CU_ASSERT_EQUAL(check(&p).reg[EDI], 3 * 3 * 19);
}

static void test_limits16(void)
{
    struct program p = { limits16, limits16_end, skip16, skip16_end, true };
    CU_ASSERT_EQUAL(check(&p).reg[EDI] & 0xffff, 3 * 2);
}

/* SP goes through 0, and the upper half of ESP stays. */
GUEST(wrap16, "16",
    "mov $0x12340004, %esp; mov $40, %cx\n"
    "1: push %cx; push %cx; push %cx; mov %esp, %eax; add %eax, %edx; call 2f; pop %ax; pop %bx; pop %si\n"
    "loop 1b; mov $0x56780000, %esp; pushl $0x1234; popl %edi; mov %esp, %ebp; mov $0, %sp; hlt\n"
    "2: add %cx, %dx; ret");
static void test_stack_wraps(void)
{
    struct program p = { wrap16, wrap16_end, skip16, skip16_end, true };
    struct result result = check(&p);
    CU_ASSERT_EQUAL(result.reg[EBP], 0x56780000);
    CU_ASSERT_EQUAL(result.reg[ESP], 0x56780000);
}

/* More modes than there are tables for: DS, ES, FS and GS of four kinds each, twice. */
GUEST(modes32, "32",
    "mov $0x1ff, %esi; jmp 1f\n"
    "9: .word 0x10, 0x30, 0x38, 0x40\n"
    "1: mov %esi, %eax; and $3, %eax; mov %cs:(9b - modes32 + 0x10000)(,%eax,2), %ds\n"
    "mov %esi, %eax; shr $2, %eax; and $3, %eax; mov %cs:(9b - modes32 + 0x10000)(,%eax,2), %es\n"
    "mov %esi, %eax; shr $4, %eax; and $3, %eax; mov %cs:(9b - modes32 + 0x10000)(,%eax,2), %fs\n"
    "mov %esi, %eax; shr $6, %eax; and $3, %eax; mov %cs:(9b - modes32 + 0x10000)(,%eax,2), %gs\n"
    "mov $3, %ecx; 2: add %ds:0x40, %edx; adc %es:0x44, %edx; add %fs:0x48(,%ecx,4), %edx; adc %gs:0x60, %edx; loop "
    "2b\n"
    "dec %esi; jns 1b; hlt");
static void test_many_modes(void)
{
    struct program p = { modes32, modes32_end, skip32, skip32_end, false };
    struct result result = check(&p);
    CU_ASSERT_EQUAL(result.reg[ESI], UINT32_MAX);
    CU_ASSERT(result.counters.flushes > 0);
    CU_ASSERT(result.tables <= TABLES);
}

/* One function at two segments that both hold it, called far through each; and the same offset in two segments. */
GUEST(segments16, "16",
    "mov $50, %cx\n"
    "1: lcall $0x1000, $3f - segments16; lcall $0x0ff0, $0x100 + 3f - segments16; lcall $0x1010, $4f - segments16 - "
    "0x100\n"
    "loop 1b; hlt\n"
    "3: mov %cs, %ax; add %ax, %dx; call 5f; add %ax, %dx; lret\n"
    "5: pop %ax; push %ax; ret\n"
    ".org segments16 + 0x100 + (3b - segments16); 4: add $3, %dx; lret");
static void test_code_segments(void)
{
    struct program p = { segments16, segments16_end, skip16, skip16_end, true };
    CU_ASSERT_EQUAL(check(&p).reg[ECX] & 0xffff, 0);
}

static const struct unit_test tests[] = {
    { "limits of segments", test_limits },
    { "limits of 64 KB", test_limits16 },
    { "SP wraps", test_stack_wraps },
    { "more modes than tables", test_many_modes },
    { "code segments that overlap", test_code_segments },
};
UNIT_MAIN("bt_modes", tests)
