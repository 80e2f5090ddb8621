/* Guestopt plugins and the core: what they may read, which hints are used, and when they are asked. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/bt/internal.h"
#include "core/machine/machine.h"
#include "core/vmm/guest.h"
#include "tests/unit/cpu_rig.h"
#include "tests/unit/unit.h"

/* Engine that counts the hints it gets. */
static unsigned hinted;
static gpa_t hinted_last;

static void hint_user(struct cpu *cpu, gpa_t gpa)
{
    (void)cpu;
    hinted++;
    hinted_last = gpa;
}
static const struct engine hearing = { .name = "hearing", .hint_user = hint_user };

static uint64_t counter(const struct guest *guest, const char *name)
{
    json_t *stats = json_object();
    guest_stats(guest, stats);
    uint64_t value = (uint64_t)json_integer_value(json_object_get(json_object_get(stats, "guestopt"), name));
    json_decref(stats);
    return value;
}

/* Asks these plugins about a rig. */
static void ask(struct rig *rig, const abbey_guestopt *const *opts, unsigned count, struct guest **guest)
{
    hinted = 0;
    *guest = guest_new(rig->cpu, &hearing, opts, count);
    guest_ask(*guest);
}

GUEST(nothing, "32", "hlt");

/* ---- reading ---- */

static uint32_t reads(abbey_guest *guest)
{
    uint8_t bytes[64];
    abbey_guest_cpu cpu;
    abbey_guest_page page;
    abbey_guest_state(guest, &cpu);
    CU_ASSERT_EQUAL(cpu.eip, RIG_CODE);
    CU_ASSERT_EQUAL(cpu.gpr[4], RIG_STACK);
    CU_ASSERT(cpu.idt_base == 0x2800);
    CU_ASSERT((cpu.cr0 & CR0_PG) != 0);
    CU_ASSERT_EQUAL(abbey_guest_read(guest, RIG_DATA - 2, bytes, 4), 4);
    CU_ASSERT_EQUAL(memcmp(bytes, "abcd", 4), 0);
    CU_ASSERT_EQUAL(abbey_guest_read_physical(guest, RIG_DATA - 2, bytes, 4), 4);
    CU_ASSERT_EQUAL(memcmp(bytes, "abcd", 4), 0);
    CU_ASSERT_EQUAL(abbey_guest_find(guest, RIG_DATA + 5, &page), 0);
    CU_ASSERT_EQUAL(page.physical, RIG_DATA + 5);
    CU_ASSERT_EQUAL(page.bytes, 4096);
    CU_ASSERT_EQUAL(page.rights & (ABBEY_GUEST_USER | ABBEY_GUEST_WRITABLE), ABBEY_GUEST_USER | ABBEY_GUEST_WRITABLE);
    /* up to what is not there */
    CU_ASSERT_EQUAL(abbey_guest_find(guest, 0x40000, &page), -1);
    CU_ASSERT_EQUAL(abbey_guest_read(guest, 0x40000 - 16, bytes, sizeof(bytes)), 16);
    CU_ASSERT_EQUAL(abbey_guest_read(guest, 0xfffffff0, bytes, sizeof(bytes)), 0);
    CU_ASSERT_EQUAL(abbey_guest_read_physical(guest, (8u << 20) - 16, bytes, sizeof(bytes)), 16);
    CU_ASSERT_EQUAL(abbey_guest_read_physical(guest, UINT64_MAX - 8, bytes, sizeof(bytes)), 0);
    return 0;
}

static void test_reading(void)
{
    static const abbey_guestopt opt = { .name = "reads", .recognise = reads };
    const abbey_guestopt *opts[] = { &opt };
    struct rig *rig = rig_new();
    struct guest *guest;
    rig_flat32(rig, nothing, nothing_end);
    rig_poke(rig, RIG_DATA - 2, "abcd", 4);
    rig_paging(rig);
    rig_map(rig, 0x40000, 0);
    uint32_t entry = rig_peek32(rig, RIG_TABLES + 0x1000 + (RIG_DATA >> 12) * 4);
    ask(rig, opts, 1, &guest);
    CU_ASSERT_EQUAL(rig_peek32(rig, RIG_TABLES + 0x1000 + (RIG_DATA >> 12) * 4), entry); /* no A bit */
    CU_ASSERT_EQUAL(counter(guest, "asked"), 1);
    CU_ASSERT_EQUAL(counter(guest, "recognised"), 0);
    guest_free(guest);
    rig_free(rig);
}

/* ---- hints ---- */

static uint32_t floods(abbey_guest *guest)
{
    for (uint32_t i = 0; i < ABBEY_GUEST_HINTS_MAX; i++)
        CU_ASSERT_EQUAL_FATAL(abbey_guest_hint(guest, ABBEY_HINT_USER_ACCESS, RIG_CODE + i), 0);
    CU_ASSERT_EQUAL(abbey_guest_hint(guest, ABBEY_HINT_USER_ACCESS, RIG_CODE), -1);
    return 50;
}
static uint32_t unknowing(abbey_guest *guest)
{
    CU_ASSERT_EQUAL(abbey_guest_hint(guest, 0, RIG_CODE), -1);
    CU_ASSERT_EQUAL(abbey_guest_hint(guest, 77, RIG_CODE), -1);
    CU_ASSERT_EQUAL(abbey_guest_hint(guest, ABBEY_HINT_USER_ACCESS, RIG_CODE + 1), 0);
    return 0;
}
static uint32_t surest(abbey_guest *guest)
{
    abbey_guest_hint(guest, ABBEY_HINT_USER_ACCESS, RIG_CODE + 2);
    abbey_guest_hint(guest, ABBEY_HINT_USER_ACCESS, 0xdeadbeef); /* not mapped */
    return 51;
}

static void test_hints(void)
{
    static const abbey_guestopt opt[] = { { .name = "floods", .recognise = floods },
        { .name = "unknowing", .recognise = unknowing }, { .name = "surest", .recognise = surest },
        { .name = "silent" } };
    const abbey_guestopt *opts[] = { &opt[0], &opt[1], &opt[2], &opt[0], &opt[3] };
    struct rig *rig = rig_new();
    struct guest *guest;
    rig_flat32(rig, nothing, nothing_end);
    rig_paging(rig);
    for (uint32_t page = RIG_CODE; page < RIG_CODE + 0x3000; page += 0x1000)
        rig_map(rig, page, page | 3); /* the kernel's own */
    ask(rig, opts, 5, &guest);
    CU_ASSERT_EQUAL(hinted, 1);
    CU_ASSERT_EQUAL(hinted_last, RIG_CODE + 2);
    CU_ASSERT_EQUAL(counter(guest, "hints"), 1);
    CU_ASSERT_EQUAL(counter(guest, "refused"), 2 + 2 + 1); /* two floods, two unknown, one that leads nowhere */
    guest_free(guest);
    ask(rig, opts, 2, &guest);
    CU_ASSERT_EQUAL(hinted, 0x3000 < ABBEY_GUEST_HINTS_MAX ? 0x3000 : ABBEY_GUEST_HINTS_MAX);
    guest_free(guest);
    for (uint32_t page = RIG_CODE; page < RIG_CODE + 0x3000; page += 0x1000)
        rig_map(rig, page, page | 7);
    ask(rig, opts, 1, &guest); /* instructions of programs are not for hints */
    CU_ASSERT_EQUAL(hinted, 0);
    for (unsigned i = 0; i < 100; i++)
        guest_ask(guest);
    uint64_t asked = counter(guest, "asked");
    CU_ASSERT(asked >= 2 && asked < 100); /* not for ever */
    guest_reset(guest);
    guest_ask(guest);
    CU_ASSERT_EQUAL(counter(guest, "asked"), asked + 1);
    guest_free(guest);
    rig_free(rig);
}

/* ---- the moment ---- */

static unsigned moments;
static uint32_t moment_cpl, moment_flags;

static void moment(void *opaque)
{
    const struct cpu *cpu = opaque;
    moments++;
    moment_cpl = cpu->cpl;
    moment_flags = cpu->eflags;
}

/* A kernel with a program that calls it ten times by INT 80h. */
GUEST(program, "32", "mov $10, %ecx; 1: int $0x80; dec %ecx; jnz 1b; hlt");
GUEST(service, "32", "inc %ebx; sti; call 1f; cli; iret; 1: ret");

static void test_moment(void)
{
    struct rig *rig = rig_new_for(engine_find("bt"), false);
    alarm(20);
    rig_flat32(rig, program, program_end);
    rig_handler(rig, 0x80, service, service_end);
    bt_watch(rig->cpu->bt.bt, moment, rig->cpu);
    moments = 0;
    rig->cpu->eflags |= FLAG_IF;
    CU_ASSERT_EQUAL(rig->engine->run(rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
    CU_ASSERT_EQUAL(moments, 0); /* no user code yet */
    for (unsigned round = 1; round <= 2; round++) {
        rig_flat32(rig, program, program_end);
        rig_handler(rig, 0x80, service, service_end);
        rig_poke(rig, 0x2800 + 0x80 * 8 + 5, "\xee", 1); /* the program may */
        rig_user(rig);
        rig->cpu->halted = false;
        rig->engine->run(rig->cpu, UINT64_MAX); /* HLT at CPL 3: the handler of #GP halts */
        CU_ASSERT_EQUAL(rig->cpu->reg[EBX], 10);
        CU_ASSERT_EQUAL(moments, round);
        CU_ASSERT_EQUAL(moment_cpl, 0);
        CU_ASSERT((moment_flags & FLAG_IF) != 0);
        if (round == 1)
            bt_watch(rig->cpu->bt.bt, moment, rig->cpu); /* the machine was reset */
    }
    rig_free(rig);
}

/* A hint is believed without a fault, and changes no result. */
GUEST(store, "32", "mov $50, %ecx; 1: mov %ecx, (%edi); add (%edi), %eax; dec %ecx; jnz 1b; hlt");

static void test_hint_used(void)
{
    for (unsigned with = 0; with < 2; with++) {
        struct rig *rig = rig_new_for(engine_find("bt"), false);
        alarm(20);
        rig_flat32(rig, store, store_end);
        rig_paging(rig); /* all pages are user pages, so that the window serves none */
        struct bt *bt = rig->cpu->bt.bt;
        for (uint32_t at = RIG_CODE; with && at < RIG_CODE + 16; at++) /* instructions, and their middle */
            bt_hint_user(bt, at);
        rig->cpu->reg[EDI] = 0x30000;
        CU_ASSERT_EQUAL(rig->engine->run(rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
        CU_ASSERT_EQUAL(rig->cpu->reg[EAX], 50 * 51 / 2);
        CU_ASSERT_EQUAL(!windows_counters(rig->cpu->windows)->refused[WINDOW_USER], with);
        CU_ASSERT_EQUAL(!bt->counters.softened, with);
        rig_free(rig);
    }
}

static const struct unit_test tests[] = {
    { "plugins read what is there and change nothing", test_reading },
    { "the hints of the surest are used, and none has too many", test_hints },
    { "the kernel is looked at when it works for its first program", test_moment },
    { "a hint spares the faults and changes no result", test_hint_used },
};
UNIT_MAIN("guests and their optimizers", tests)
