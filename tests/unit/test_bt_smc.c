/* Pages whose code changes (core/bt/smc.c): every program under every engine, the translator with windows; and what the
 * translator did about it. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "core/bt/internal.h"
#include "tests/unit/cpu_rig.h"
#include "tests/unit/unit.h"

/* What the translator counted; NULL for other engines, and where there are no windows here. */
static const struct bt_counters *counted(const struct rig *rig)
{
    const struct bt *bt = rig->cpu->bt.bt;
    return bt && bt->windows ? &bt->counters : NULL;
}

static struct rig *rig_at(unsigned i, const uint8_t *code, const uint8_t *end)
{
    const struct engine *engine = engine_at(i);
    if (!engine)
        return NULL;
    struct rig *rig = rig_new_for(engine, false);
    rig_flat32(rig, code, end);
    alarm(60); /* the guest has no budget */
    return rig;
}

static const uint32_t *run(struct rig *rig)
{
    CU_ASSERT_EQUAL(rig->engine->run(rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
    return rig->cpu->reg;
}

static void done(struct rig *rig)
{
    rig_free(rig);
    alarm(0);
}

#define EACH_ENGINE(rig, code)                     \
    for (                                          \
        struct {                                   \
            unsigned i;                            \
            struct rig *now;                       \
        } at = { 0, rig_at(0, code, code##_end) }; \
        at.now && (rig = at.now); done(rig), at.now = rig_at(++at.i, code, code##_end))

/* A variable beside the loop that counts in it. */
GUEST(data_beside, "32",
    "mov $60000, %ecx\n"
    "1: add %ecx, 0x10800; incl 0x10840; dec %ecx; jnz 1b\n"
    "mov 0x10800, %eax; mov 0x10840, %ebx; hlt");

static void test_data_beside(void)
{
    struct rig *rig;
    EACH_ENGINE(rig, data_beside)
    {
        const uint32_t *reg = run(rig);
        CU_ASSERT_EQUAL(reg[EAX], 60000u * 60001u / 2);
        CU_ASSERT_EQUAL(reg[EBX], 60000);
        const struct bt_counters *c = counted(rig);
        CU_ASSERT(!c || c->callouts < 6000);
        CU_ASSERT(!c || c->loosened == 1);
        CU_ASSERT(!c || c->units < 100);
    }
}

/* mov eax,imm; shl; ret at 20000h, with another constant each time. */
GUEST(constants, "32",
    "movl $0x000000b8, 0x20000; movl $0xc301e000, 0x20004; movb $0xd1, 0x20005; movl $0xc3e0, 0x20006\n"
    "mov $20000, %ecx; mov $0x20000, %edx; xor %ebx, %ebx\n"
    "1: mov %ecx, 0x20001; call *%edx; add %eax, %ebx; rol $3, %ebx; dec %ecx; jnz 1b; hlt");

static void test_constants(void)
{
    struct rig *rig;
    uint32_t meant = 0;
    for (uint32_t i = 20000; i; i--) {
        meant += i << 1;
        meant = meant << 3 | meant >> 29;
    }
    EACH_ENGINE(rig, constants)
    {
        CU_ASSERT_EQUAL(run(rig)[EBX], meant);
        const struct bt_counters *c = counted(rig);
        CU_ASSERT(!c || (c->reloads && c->stale < 100 && c->units < 100));
    }
}

/* Every form whose constant is read from its source, each with another constant each time: EAX, its double and so on,
 * and two targets in turn. */
#define PATCH(label) "mov %eax, (.L" label " - 4 - all_constants + 0x10000); add %eax, %eax\n"
GUEST(all_constants, "32",
    "xor %esi, %esi; mov $0x77777777, %edi; mov $3000, %ecx\n"
    "1: imul $0x1234567, %ecx, %eax\n" PATCH("mov") PATCH("add") PATCH("cmp") PATCH("imul") PATCH("sub") PATCH("store")
        PATCH("rmw")
            PATCH("push") "mov $(.Lone - .Lcall), %eax; mov $(.Lthree - .Ljmp), %ebx; test $1, %cl; jz 2f\n"
                          "mov $(.Ltwo - .Lcall), %eax; mov $(.Lfour - .Ljmp), %ebx\n"
                          "2: mov %eax, (.Lcall - 4 - all_constants + 0x10000); mov %ebx, (.Ljmp - 4 - all_constants + "
                          "0x10000)\n"
                          "call .Lbody; loop 1b; hlt\n"
                          ".Lbody: mov $0x12345678, %eax; .Lmov: add $0x12345678, %eax; .Ladd: adc %esi, %esi\n"
                          "cmp $0x12345678, %eax; .Lcmp: adc %eax, %esi; imul $0x12345678, %edi, %ebx; .Limul: xor "
                          "%ebx, %esi\n"
                          "mov $0x23456789, %ebx; sub $0x12345678, %ebx; .Lsub: sbb %ebx, %esi\n"
                          "movl $0x12345678, 0x20010; .Lstore: addl $0x12345678, 0x20010; .Lrmw: adc 0x20010, %esi\n"
                          "pushl $0x12345678; .Lpush: pop %edx; xor %edx, %esi\n"
                          ".byte 0xe8; .long .Lone - .Lcall; .Lcall: add %eax, %esi; .byte 0xe9; .long .Lthree - "
                          ".Ljmp; .Ljmp: hlt\n"
                          ".Lone: mov $7, %eax; ret; .Ltwo: mov $9, %eax; ret\n"
                          ".Lthree: rol $5, %esi; ret; .Lfour: xor $1, %esi; ret");

static void test_all_constants(void)
{
    struct rig *rig;
    uint32_t meant = 0;
    EACH_ENGINE(rig, all_constants)
    {
        uint32_t result = run(rig)[ESI];
        CU_ASSERT(rig->engine != engine_at(0) || (meant = result));
        CU_ASSERT_EQUAL(result, meant);
        const struct bt_counters *c = counted(rig);
        CU_ASSERT(!c || c->reloads >= 10);
        CU_ASSERT(!c || c->units < 600);
    }
}

/* Code alternates between INC EAX and DEC EAX right behind the store, in one unit. */
GUEST(forms, "32",
    "mov $20000, %ecx; xor %eax, %eax; mov $8, %dl\n"
    "1: xor %dl, (2f - forms + 0x10000)\n"
    "2: inc %eax; imul $3, %eax; dec %ecx; jnz 1b; hlt");

static void test_forms(void)
{
    struct rig *rig;
    uint32_t meant = 0;
    for (unsigned i = 0; i < 20000; i++)
        meant = (i % 2 ? meant + 1 : meant - 1) * 3;
    EACH_ENGINE(rig, forms)
    {
        CU_ASSERT_EQUAL(run(rig)[EAX], meant);
        const struct bt_counters *c = counted(rig);
        CU_ASSERT(!c || (c->stale > 1000 && c->units < 200));
    }
}

/* OR ECX,ECX, in front of which no flag is alive, becomes ADC AL,0 just when it comes up, and is put back: then the
 * carry of the ADD is asked for, which is not that of STC. */
GUEST(flags_alive, "32",
    "mov $5000, %ecx; mov $1, %eax\n"
    "1: stc; push %ecx; add $4, %esp; movw $0x0014, (2f - flags_alive + 0x10000)\n"
    "2: or %ecx, %ecx; movw $0xc909, (2b - flags_alive + 0x10000); add $0x100, %eax; dec %ecx; jnz 1b; hlt");

static void test_flags_alive(void)
{
    struct rig *rig;
    for (unsigned loose = 0; loose < 2; loose++) {
        EACH_ENGINE(rig, flags_alive)
        {
            if (loose && rig->cpu->bt.bt)
                rig->cpu->bt.bt->debug |= DEBUG_LOOSE; /* from the start, else after some rounds */
            CU_ASSERT_EQUAL(run(rig)[EAX], 5000 * 0x100 + 1);
        }
    }
}

/* Written at 30000h, executed at 40000h, where the same page stands: another instruction each time, in the middle of
 * what is executed. */
GUEST(alias, "32",
    "movl $0x90909090, 0x30000; movl $0xc3909090, 0x30004; mov $10000, %ecx; mov $0x40000, %edx; xor %eax, %eax\n"
    "1: mov %ecx, %ebx; and $1, %ebx; shl $3, %ebx; add $0x40, %ebx; mov %bl, 0x30003\n"
    "call *%edx; imul $3, %eax; loop 1b; hlt");

static void test_alias(void)
{
    struct rig *rig;
    uint32_t meant = 0;
    for (uint32_t i = 10000; i; i--)
        meant = (i & 1 ? meant - 1 : meant + 1) * 3;
    EACH_ENGINE(rig, alias)
    {
        rig_paging(rig);
        rig_map(rig, 0x40000, 0x30000 | 7);
        CU_ASSERT_EQUAL(run(rig)[EAX], meant);
        const struct bt_counters *c = counted(rig);
        CU_ASSERT(!c || c->units < 200);
    }
}

/* A device changes the instruction behind the OUT that starts it, on this thread or another one; the page is loose from
 * what went before. */
GUEST(device, "32",
    "mov $4000, %ecx; xor %ebx, %ebx\n"
    "1: mov %ecx, (2f - 4 - device + 0x10000); mov $1, %eax; 2: add %eax, %ebx; loop 1b\n"
    "mov $2000, %ecx\n"
    "3: mov %cl, %al; out %al, $0x80; mov $1, %eax; 4: add %eax, %ebx; loop 3b; hlt\n"
    ".globl device_here; device_here: .long 4b - 4 - device + 0x10000");
extern const uint32_t device_here;

static void *write_number(void *arg)
{
    struct rig *rig = arg;
    uint32_t value = rig->out_count * 5;
    rig_poke(rig, device_here, &value, sizeof(value));
    return NULL;
}

static void write_on_thread(struct rig *rig)
{
    pthread_t thread;
    pthread_create(&thread, NULL, write_number, rig);
    pthread_join(thread, NULL);
}

static void write_here(struct rig *rig)
{
    write_number(rig);
}

static void test_device(void)
{
    struct rig *rig;
    for (unsigned other = 0; other < 2; other++) {
        EACH_ENGINE(rig, device)
        {
            rig->on_out = other ? write_on_thread : write_here;
            CU_ASSERT_EQUAL(run(rig)[EBX], 4000u * 4001 / 2 + 5 * (2000u * 2001 / 2));
            const struct bt_counters *c = counted(rig);
            CU_ASSERT(!c || c->loosened >= 1);
        }
    }
}

/* REP MOVSB copies over itself: what is repeated becomes NOPs in the midst of it. */
GUEST(repeated, "32",
    "mov $300, %edx; xor %ebx, %ebx\n"
    "1: mov $0x20000, %esi; mov $(2f - repeated + 0x10000 - 16), %edi; mov $64, %ecx; cld; jmp 3f\n"
    ".fill 32, 1, 0x90\n"
    "2: rep movsb; add %ecx, %ebx\n"
    ".fill 64, 1, 0x90\n"
    "movw $0xa4f3, (2b - repeated + 0x10000); dec %edx; jnz 1b; hlt\n"
    "3: jmp 2b");

static void test_repeated(void)
{
    struct rig *rig;
    uint8_t nops[64];
    memset(nops, 0x90, sizeof(nops));
    memcpy(nops + 18, (const uint8_t[]){ 0x01, 0xcb }, 2); /* add %ecx, %ebx stays */
    EACH_ENGINE(rig, repeated)
    {
        rig_poke(rig, 0x20000, nops, sizeof(nops));
        CU_ASSERT_EQUAL(run(rig)[EBX], 300u * 47);
    }
}

/* A loop whose page is loose, and is written no more: 40000 times an NMI leads to the loop in interp.c and back. */
GUEST(calms_down, "32",
    "mov $3000, %ecx; xor %ebx, %ebx\n"
    "1: add %ecx, (3f - calms_down + 0x10000); dec %ecx; jnz 1b\n"
    "mov $40000, %ecx\n"
    "2: out %al, $0x80; add $3, %ebx; dec %ecx; jnz 2b; hlt\n"
    "3: .long 0");
GUEST(back, "32", "inc %edi; iret");

static void interrupt(struct rig *rig)
{
    cpu_signal(rig->cpu, CPU_SIGNAL_NMI);
}

static void test_calms_down(void)
{
    struct rig *rig;
    EACH_ENGINE(rig, calms_down)
    {
        rig_handler(rig, EXC_NMI, back, back_end);
        rig->on_out = interrupt;
        CU_ASSERT_EQUAL(run(rig)[EBX], 120000);
        CU_ASSERT_EQUAL(rig->cpu->reg[EDI], 40000);
        const struct bt_counters *c = counted(rig);
        CU_ASSERT(!c || (c->loosened >= 1 && c->tightened >= 1));
        CU_ASSERT(!c || !(mem_marks(rig->mem, RIG_CODE) & MEM_MARK_LOOSE));
    }
}

/* A page that held code is memory like any other, once it is written over. */
GUEST(reused, "32",
    "mov $0x20000, %edx; movl $0xc340c340, 0x20000; movl $0xc340c340, 0x20ff8; xor %eax, %eax\n"
    "call *%edx; add $0xff8, %edx; call *%edx\n"
    "mov $2000, %ebp\n"
    "1: mov $0x20004, %edi; mov $0x300, %ecx\n"
    "2: mov %ebp, (%edi); add $4, %edi; dec %ecx; jnz 2b; dec %ebp; jnz 1b; hlt");

static void test_reused(void)
{
    struct rig *rig;
    EACH_ENGINE(rig, reused)
    {
        CU_ASSERT_EQUAL(run(rig)[EAX], 2);
        const struct bt_counters *c = counted(rig);
        CU_ASSERT(!c || (!c->loosened && c->callouts < 10000));
    }
}

static const struct unit_test tests[] = {
    { "a variable beside the loop that counts in it", test_data_beside },
    { "a constant that is another one each time", test_constants },
    { "each form of instruction with a constant that changes", test_all_constants },
    { "a store to the next instruction, which alternates", test_forms },
    { "a store that makes flags alive", test_flags_alive },
    { "code written at one address and executed at another", test_alias },
    { "a device writes the next instruction", test_device },
    { "a repeated instruction writes over itself", test_repeated },
    { "a page is left alone after a time", test_calms_down },
    { "a page that holds code no more", test_reused },
};
UNIT_MAIN("self-modifying code", tests)
