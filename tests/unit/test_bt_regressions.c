/* What lock-step runs found, each as a program of its own, under every engine. */
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/cpu_rig.h"
#include "tests/unit/unit.h"

/* lockstep-random, seed 111: the page's writable address in the TLB outlived the mark as code. */
GUEST(patch_data, "32",
    "movl $0x000001b8, 0x20000; movl $0x90c300, 0x20004; mov $0x20000, %ebx\n" /* mov eax, 1; ret */
    "call *%ebx; mov %eax, %esi\n"
    "movb $2, 0x20001\n"
    "call *%ebx; mov %eax, %edi\n"
    "hlt");

static void test_written_then_executed(void)
{
    const struct engine *engine;
    for (unsigned i = 0; (engine = engine_at(i)); i++) {
        struct rig *rig = rig_new_for(engine, true);
        rig_flat32(rig, patch_data, patch_data_end);
        CU_ASSERT_EQUAL(engine->run(rig->cpu, 1000), CPU_EXIT_HALT);
        CU_ASSERT_EQUAL(rig->cpu->reg[ESI], 1);
        CU_ASSERT_EQUAL(rig->cpu->reg[EDI], 2);
        rig_free(rig);
    }
}

/* lockstep-random, seed 1514: the guest ran on behind a triple fault. */
GUEST(count_up, "32", "1: inc %eax; jmp 1b");

static void test_shutdown_by_interrupt(void)
{
    const struct engine *engine;
    for (unsigned i = 0; (engine = engine_at(i)); i++) {
        struct rig *rig = rig_new_for(engine, true);
        rig_flat32(rig, count_up, count_up_end);
        rig->cpu->eflags |= FLAG_IF;
        CU_ASSERT_EQUAL(engine->run(rig->cpu, 100), CPU_EXIT_BUDGET);
        uint32_t counted = rig->cpu->reg[EAX];
        rig->cpu->idt.limit = 0;
        cpu_signal(rig->cpu, CPU_SIGNAL_INTR);
        CU_ASSERT_EQUAL(engine->run(rig->cpu, 100), CPU_EXIT_TRIPLE_FAULT);
        CU_ASSERT_EQUAL(rig->cpu->reg[EAX], counted);
        rig_free(rig);
    }
}

/* lockstep-random, seed 110: with INTR held back, a run that had been left early was taken for something to do. */
/* The NOP at 1000ch becomes INC ECX. */
GUEST(patch_ahead, "32", "mov $8, %ecx; 1: movb $0x41, 0x1000c; nop; dec %ecx; loop 1b; hlt");

static void test_masked_interrupt(void)
{
    const struct engine *engine;
    alarm(20); /* the failure is to stand still */
    for (unsigned i = 0; (engine = engine_at(i)); i++) {
        struct rig *rig = rig_new_for(engine, true);
        rig_flat32(rig, patch_ahead, patch_ahead_end);
        cpu_signal(rig->cpu, CPU_SIGNAL_INTR);
        CU_ASSERT_EQUAL(engine->run(rig->cpu, 1000), CPU_EXIT_HALT);
        CU_ASSERT_EQUAL(rig->cpu->reg[ECX], 0);
        CU_ASSERT_EQUAL(rig_peek32(rig, RIG_CODE + 12) & 0xff, 0x41);
        rig_free(rig);
    }
    alarm(0);
}

/* Every other division is by 0; the handler makes the divisor 1. Divisions run natively where faults are attached. */
GUEST(divide, "32",
    "mov $50, %ecx; 1: mov %ecx, %ebx; and $1, %ebx; mov $100, %eax; xor %edx, %edx; push $7; div %ebx\n"
    "pop %ebp; add %eax, %edi; loop 1b; hlt");
GUEST(divide_error, "32", "inc %esi; mov $1, %ebx; iret");

static void test_divide_error(void)
{
    const struct engine *engine;
    for (unsigned i = 0; (engine = engine_at(i)); i++) {
        struct rig *rig = rig_new_for(engine, true);
        rig_flat32(rig, divide, divide_end);
        rig_handler(rig, EXC_DE, divide_error, divide_error_end);
        CU_ASSERT_EQUAL(engine->run(rig->cpu, 10000), CPU_EXIT_HALT);
        CU_ASSERT_EQUAL(rig->cpu->reg[ESI], 25);
        CU_ASSERT_EQUAL(rig->cpu->reg[EDI], 5000);
        CU_ASSERT_EQUAL(rig->cpu->reg[EBP], 7);
        CU_ASSERT_EQUAL(rig->cpu->reg[ESP], RIG_STACK);
        rig_free(rig);
    }
}

static const struct unit_test tests[] = {
    { "code on a page that had been written is changed", test_written_then_executed },
    { "an interrupt that cannot be delivered stops the guest at once", test_shutdown_by_interrupt },
    { "a division by zero is the guest's fault, not ours", test_divide_error },
    { "a masked interrupt does not keep the guest from going on", test_masked_interrupt },
};
UNIT_MAIN("engine regressions", tests)
