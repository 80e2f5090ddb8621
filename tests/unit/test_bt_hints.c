/* Instructions that windows do not serve: what the translator learns of them, keeps, and forgives. */
#include <unistd.h>

#include "core/bt/internal.h"
#include "tests/unit/cpu_rig.h"
#include "tests/unit/unit.h"

/* Windows from the first instruction on; a RET at 20000h. */
static struct rig *windows_rig(const uint8_t *code, const uint8_t *end)
{
    struct rig *rig = rig_new_for(engine_find("bt"), false);
    rig_flat32(rig, code, end);
    rig_poke(rig, 0x20000, "\xc3", 1);
    alarm(20); /* the guest has no budget */
    return rig;
}

static const struct bt_counters *counters(struct rig *rig)
{
    return &rig->cpu->bt.bt->counters;
}

static void again(struct rig *rig, uint32_t edi)
{
    rig->cpu->eip = RIG_CODE;
    rig->cpu->reg[EDI] = edi;
    rig->cpu->halted = false;
    CU_ASSERT_EQUAL(rig->engine->run(rig->cpu, UINT64_MAX), CPU_EXIT_HALT);
}

/* What was learned for a time is over now. */
static void time_passes(struct rig *rig)
{
    struct bt *bt = rig->cpu->bt.bt;
    bt->passing_looks = UINT32_MAX; /* the next look counts */
    if (bt->passing_since)
        bt->passing_since = 1;
}

/* Stores 100 times at EDI, and executes the RET in between. */
GUEST(stores, "32",
    "mov $0x20000, %ebx; mov $100, %ecx\n"
    "1: call *%ebx; mov %ecx, (%edi); dec %ecx; jnz 1b; hlt");

#define NOTHING 0x900000u /* behind all memory */

static void test_device_passes(void)
{
    struct rig *rig = windows_rig(stores, stores_end);
    again(rig, NOTHING);
    uint64_t softened = counters(rig)->softened;
    CU_ASSERT(softened > 0);
    uint64_t faults = windows_counters(rig->cpu->windows)->refused[WINDOW_DEVICE];
    again(rig, NOTHING);
    CU_ASSERT_EQUAL(windows_counters(rig->cpu->windows)->refused[WINDOW_DEVICE], faults);
    CU_ASSERT_EQUAL(counters(rig)->forgiven, 0);
    time_passes(rig);
    again(rig, 0x30000);
    CU_ASSERT(counters(rig)->forgiven > 0);
    CU_ASSERT_EQUAL(counters(rig)->softened, softened);
    again(rig, NOTHING); /* and learned again */
    CU_ASSERT(counters(rig)->softened > softened);
    CU_ASSERT_EQUAL(rig_peek32(rig, 0x30000), 1);
    rig_free(rig);
}

static void test_user_stays(void)
{
    struct rig *rig = windows_rig(stores, stores_end);
    rig_paging(rig); /* all pages are user pages */
    for (unsigned i = 0; i < SOFT_NOW; i++)
        again(rig, 0x30000);
    uint64_t softened = counters(rig)->softened;
    CU_ASSERT(softened > 0);
    time_passes(rig);
    again(rig, 0x30000);
    CU_ASSERT_EQUAL(counters(rig)->forgiven, 0);
    CU_ASSERT_EQUAL(counters(rig)->softened, softened);
    rig_free(rig);
}

static const struct unit_test tests[] = {
    { "what addresses without memory taught is forgiven", test_device_passes },
    { "what user pages taught stays", test_user_stays },
};
UNIT_MAIN("translator hints", tests)
