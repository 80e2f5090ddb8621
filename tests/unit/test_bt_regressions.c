/* What lock-step runs found, each as a program of its own, under every engine. */
#include <stdio.h>
#include <string.h>
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

/* lockstep-random, seed 1285: SHLD and SHRD of 16 bits by more than 16, where processors differ, and the second and
 * third time it is a unit that does them. */
GUEST(shift_double, "32",
    "mov $3, %ecx; xor %ebp, %ebp\n"
    "1: push %ecx; mov $0x8765, %eax; mov $0x4321, %edx\n"
    "shldw $31, %ax, %dx; pushf; pop %ebx; and $1, %ebx; add %edx, %ebx\n"
    "mov $27, %cl; shrdw %cl, %ax, %dx; pushf; pop %esi; and $1, %esi; add %edx, %esi\n"
    "shldw $12, %ax, %dx; xor %edx, %ebx\n"
    "rol $5, %ebp; xor %ebx, %ebp; xor %esi, %ebp; pop %ecx; loop 1b; hlt");

static void test_shift_double(void)
{
    uint32_t meant = 0;
    for (unsigned i = 0; i < 2; i++) {
        const struct engine *engine = engine_find(i ? "auto" : "interp");
        struct rig *rig = rig_new_for(engine, true);
        rig_flat32(rig, shift_double, shift_double_end);
        CU_ASSERT_EQUAL(engine->run(rig->cpu, 1000), CPU_EXIT_HALT);
        if (i)
            CU_ASSERT_EQUAL(rig->cpu->reg[EBP], meant);
        meant = rig->cpu->reg[EBP];
        rig_free(rig);
    }
}

/* lockstep-random, seed 20026: what comes up while an interrupt is delivered through a trap gate is taken in front of
 * its handler's first instruction. */
GUEST(first_handler, "32", "inc %edi; hlt");
GUEST(second_handler, "32", "mov %edi, %edx; iret");

static void raise_second(void *self, abbey_io *io)
{
    struct rig *rig = self;
    if (!io->write)
        return;
    rig->intr_vector = 0x41;
    cpu_signal(rig->cpu, CPU_SIGNAL_INTR);
}

static void test_interrupt_in_delivery(void)
{
    const struct engine *engine;
    for (unsigned i = 0; (engine = engine_at(i)); i++) {
        struct rig *rig = rig_new_for(engine, true);
        rig_flat32(rig, count_up, count_up_end);
        CU_ASSERT(mem_add_mmio(rig->mem, 0xa0000, 4096, 4, raise_second, rig) != NULL);
        rig_handler(rig, 0x40, first_handler, first_handler_end);
        rig_handler(rig, 0x41, second_handler, second_handler_end);
        rig_poke(rig, 0x2800 + 8 * 0x40 + 5, "\x8f", 1); /* a trap gate: IF stays */
        rig->intr_vector = 0x40;
        rig->cpu->eflags |= FLAG_IF;
        rig->cpu->reg[ESP] = 0xa0004; /* EFLAGS goes to the device, the rest to memory below it */
        rig->cpu->reg[EDI] = 0;
        rig->cpu->reg[EDX] = 7;
        cpu_signal(rig->cpu, CPU_SIGNAL_INTR);
        CU_ASSERT_EQUAL(engine->run(rig->cpu, 1000), CPU_EXIT_HALT);
        CU_ASSERT_EQUAL(rig->cpu->reg[EDX], 0);
        CU_ASSERT_EQUAL(rig->cpu->reg[EDI], 1);
        rig_free(rig);
    }
}

/* lockstep-random, seed 100741: an instruction that goes on in device memory is fetched each time, and never in a unit.
 */
GUEST(call_9ffff, "32", "mov $3, %ecx; 1: call *%ebx; add %eax, %edi; loop 1b; hlt");

static void count_fetches(void *self, abbey_io *io)
{
    static const uint8_t code[] = { 1, 0, 0, 0, 0xc3 }; /* of MOV EAX,1; RET */
    uint32_t *fetches = self;
    *fetches += io->offset == 0;
    io->value = 0;
    for (uint32_t i = 0; i < io->size && io->offset + i < sizeof(code); i++)
        io->value |= (uint64_t)code[io->offset + i] << 8 * i;
    io->value += io->offset == 0 ? *fetches : 0;
}

static void test_into_device(void)
{
    const struct engine *engine;
    for (unsigned i = 0; (engine = engine_at(i)); i++) {
        uint32_t fetches = 0;
        struct rig *rig = rig_new_for(engine, true);
        rig_flat32(rig, call_9ffff, call_9ffff_end);
        CU_ASSERT(mem_add_mmio(rig->mem, 0xa0000, 4096, 1, count_fetches, &fetches) != NULL);
        rig_poke(rig, 0x9ffff, "\xb8", 1);
        rig->cpu->reg[EBX] = 0x9ffff;
        rig->cpu->reg[EDI] = 0;
        CU_ASSERT_EQUAL(engine->run(rig->cpu, 1000), CPU_EXIT_HALT);
        CU_ASSERT_EQUAL(rig->cpu->reg[EDI], 3 + 1 + 2 + 3);
        rig_free(rig);
    }
}

/* lockstep-random, seed 105283: PUSHA into a page that is there and one that is not stores nothing. */
GUEST(pusha_out, "32", "mov $0x31010, %esp; pusha; hlt");

static void test_pusha(void)
{
    const struct engine *engine;
    for (unsigned i = 0; (engine = engine_at(i)); i++) {
        struct rig *rig = rig_new_for(engine, true);
        rig_flat32(rig, pusha_out, pusha_out_end);
        rig_paging(rig);
        rig_map(rig, 0x30000, 0x30003);
        rig_map(rig, 0x31000, 0);
        for (uint32_t at = 0x30ff0; at < 0x31000; at++)
            rig_poke(rig, at, "\x5a", 1);
        memset(rig->cpu->reg, 0x11, sizeof(rig->cpu->reg));
        CU_ASSERT_EQUAL(engine->run(rig->cpu, 1000), CPU_EXIT_TRIPLE_FAULT); /* the stack is gone */
        CU_ASSERT_EQUAL(rig->cpu->cr2, 0x3100c);
        CU_ASSERT_EQUAL(rig->cpu->reg[ESP], 0x31010);
        for (uint32_t at = 0x30ff0; at < 0x31000; at += 4)
            CU_ASSERT_EQUAL(rig_peek32(rig, at), 0x5a5a5a5a);
        rig_free(rig);
    }
}

/* lockstep-random, seed 400932: a bit of MXCSR that the host's processor has and the guest's has not, each in turn. */
GUEST(load_mxcsr, "32", "mov $32, %ecx; mov $1, %eax; 1: mov %eax, 0x20000; ldmxcsr 0x20000; roll %eax; loop 1b; hlt");
GUEST(refused_gp, "32", "inc %esi; add $4, %esp; addl $7, (%esp); iret"); /* goes on behind LDMXCSR */

static void test_mxcsr(void)
{
    const struct engine *engine;
    for (unsigned i = 0; (engine = engine_at(i)); i++) {
        struct rig *rig = rig_new_for(engine, true);
        rig_flat32(rig, load_mxcsr, load_mxcsr_end);
        rig_handler(rig, EXC_GP, refused_gp, refused_gp_end);
        rig->cpu->cr4 |= CR4_OSFXSR;
        rig->cpu->reg[ESI] = 0;
        CU_ASSERT_EQUAL(engine->run(rig->cpu, 10000), CPU_EXIT_HALT);
        CU_ASSERT_EQUAL(rig->cpu->reg[ESI], 16);
        rig_free(rig);
    }
}

/* lockstep-ends, seed 503634: a page that CMPS reads second is not accessed when the first one is not there; but a host
 * may read it first. */
GUEST(compare_out, "32", "mov $0x31000, %esi; mov $0x30000, %edi; mov $4, %ecx; cld; repe cmpsl; hlt");
GUEST(compare_in, "32", "mov $0x20000, %esi; mov $0x30000, %edi; mov $4, %ecx; cld; repe cmpsl; hlt");

static void test_repeated_compare(void)
{
    const struct engine *engine;
    for (unsigned i = 0; (engine = engine_at(i)); i++) {
        for (unsigned there = 0; there < 2; there++) {
            struct rig *rig = rig_new_for(engine, false);
            rig_flat32(rig, there ? compare_in : compare_out, there ? compare_in_end : compare_out_end);
            rig_paging(rig);
            rig_map(rig, 0x20000, 0x20003);
            rig_map(rig, 0x30000, 0x30003);
            rig_map(rig, 0x31000, 0);
            CU_ASSERT_EQUAL(engine->run(rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
            CU_ASSERT_EQUAL(rig_vector(rig), there ? -1 : EXC_PF);
            CU_ASSERT_EQUAL(rig->cpu->reg[ECX], there ? 0 : 4);
            CU_ASSERT_EQUAL(rig_peek32(rig, RIG_TABLES + 0x1000 + 4 * 0x30), there ? 0x30023 : 0x30003);
            rig_free(rig);
        }
    }
}

static const struct unit_test tests[] = {
    { "code on a page that had been written is changed", test_written_then_executed },
    { "an interrupt that cannot be delivered stops the guest at once", test_shutdown_by_interrupt },
    { "a division by zero is the guest's fault, not ours", test_divide_error },
    { "SHLD and SHRD of 16 bits by more than 16 are the same in all engines", test_shift_double },
    { "an interrupt that comes while another is delivered is taken in front of its handler",
        test_interrupt_in_delivery },
    { "an instruction that goes on in device memory is fetched each time", test_into_device },
    { "PUSHA that faults in the upper of two pages changes nothing in the lower one", test_pusha },
    { "LDMXCSR refuses what the guest's processor has not", test_mxcsr },
    { "REPE CMPS that faults at its source does not access its destination", test_repeated_compare },
    { "a masked interrupt does not keep the guest from going on", test_masked_interrupt },
};
UNIT_MAIN("engine regressions", tests)
