/* test_every_device.c - what must hold for any device: every one on $ABBEY_PLUGIN_PATH is put on the bench alone, with
 * default properties, and treated as a guest and a host might treat it.
 *
 * The guest here is a stream of random accesses: to the ports and memory that the device has mapped, to its
 * configuration space, with time going by and bytes coming in. It is the same for the same seed, so that two benches
 * can be driven alike and compared. $ABBEY_TEST_SEED starts elsewhere. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/bench/bench_impl.h"
#include "tests/unit/unit.h"

#define ROUNDS 6
#define STEPS 400

static uint64_t seed_base = 1;

/* xorshift64*: small, and the same everywhere. */
static uint32_t roll(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (uint32_t)(*seed * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

static abbey_bench *bench_open(const char *device, const char *more)
{
    char text[300];
    snprintf(text, sizeof text, "abbey: 1\nmemory: 1M\ndevices:\n  dut: {device: %s%s}\n", device, more);
    return abbey_bench_machine(text);
}

/* ---- the random guest ---- */

static struct device *dut(abbey_bench *bench)
{
    return board_device(bench->board, "dut");
}

/* The device under test; in a whole machine any. */
static struct device *device_pick(abbey_bench *bench, uint64_t *seed)
{
    struct device *device = dut(bench);
    return device ? device : &bench->board->devices[roll(seed) % bench->board->device_count];
}

/* One of the ranges of a device that can be seen now, or NULL. */
static struct region *range_pick(abbey_bench *bench, uint64_t *seed)
{
    struct region *seen[64];
    unsigned count = 0;
    for (struct region *r = device_pick(bench, seed)->regions; r && count < 64; r = r->next)
        if (r->shown)
            seen[count++] = r;
    return count ? seen[roll(seed) % count] : NULL;
}

/* Values that registers care about, more often than chance would bring them. */
static uint32_t value_pick(uint64_t *seed)
{
    uint32_t value = roll(seed);
    switch (roll(seed) % 4) {
    case 0: return value & 0xff;
    case 1: return 1u << (value % 32);
    case 2: return value % 2 ? 0 : ~0u;
    default: return value;
    }
}

static uint64_t access_range(abbey_bench *bench, uint64_t *seed)
{
    struct region *r = range_pick(bench, seed);
    uint32_t size = 1u << roll(seed) % 3, write = roll(seed) % 2, value = value_pick(seed), at = roll(seed);
    if (!r)
        return 0;
    uint64_t addr = r->start + at % r->length;
    if (r->ports && write)
        abbey_out(bench, (uint16_t)addr, size, value);
    else if (r->ports)
        return abbey_in(bench, (uint16_t)addr, size);
    else if (write)
        abbey_store(bench, addr & ~(uint64_t)(size - 1), size, value);
    else
        return abbey_load(bench, addr & ~(uint64_t)(size - 1), size);
    return 0;
}

static uint64_t access_config(abbey_bench *bench, uint64_t *seed)
{
    const struct pci_function *f = device_pick(bench, seed)->pci;
    uint32_t size = 1u << roll(seed) % 3, offset = roll(seed) % 256 & ~(size - 1), value = value_pick(seed);
    if (!f)
        return 0;
    if (value % 2)
        abbey_pci_write(bench, f->slot, f->function, offset, size, value);
    return abbey_pci_read(bench, f->slot, f->function, offset, size);
}

/* One step; what the guest saw of it. */
static uint64_t step(abbey_bench *bench, uint64_t *seed)
{
    uint8_t bytes[16];
    switch (roll(seed) % 16) {
    case 0: abbey_advance(bench, roll(seed) % 2000); return 0;
    case 1: abbey_advance(bench, roll(seed) % (2 * ABBEY_MS)); return 0;
    case 2: return abbey_intr(bench) ? abbey_ack(bench) : 0x100;
    case 3: return access_config(bench, seed);
    case 4:
        for (unsigned i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)roll(seed);
        return abbey_char_feed(bench, bytes, roll(seed) % sizeof bytes);
    case 5: return abbey_char_sent(bench, bytes, sizeof bytes) ? bytes[0] : 0;
    case 6:
        /* A line into the device, if it is a controller. */
        if (dut(bench) && dut(bench)->inputs.fn)
            dut(bench)->inputs.fn(dut(bench)->inputs.self, roll(seed) % dut(bench)->inputs.count, roll(seed) % 2);
        return 0;
    default: return access_range(bench, seed);
    }
}

static void steps(abbey_bench *bench, uint64_t *seed, unsigned count)
{
    while (count--)
        step(bench, seed);
}

/* ---- over all devices ---- */

static struct plugin_set *plugins;

/* Runs `test` for each device; a failure names device and seed. */
static void for_each_device(bool (*test)(const char *name, uint64_t seed), unsigned rounds)
{
    unsigned devices = 0;
    for (unsigned i = 0; i < plugins->count; i++)
        for (unsigned k = 0; k < plugins->plugins[i].device_count && !plugins->plugins[i].refusal; k++) {
            const char *name = plugins->plugins[i].devices[k].device.name;
            devices++;
            for (unsigned round = 0; round < rounds; round++) {
                uint64_t seed = seed_base + round * 7919;
                if (!test(name, seed)) {
                    printf("# device %s, seed %" PRIu64 "\n", name, seed);
                    CU_FAIL("a device misbehaves, see above");
                    break;
                }
            }
        }
    if (!devices)
        printf("# no device plugin found: ABBEY_PLUGIN_PATH says where they are\n");
    CU_ASSERT_TRUE(devices > 0);
}

static bool create_and_free(const char *name, uint64_t seed)
{
    (void)seed;
    abbey_bench *bench = bench_open(name, "");
    if (!bench)
        return false;
    bool good = abbey_roundtrip(bench) == 0;
    abbey_bench_free(bench);
    return good;
}

static bool same_text(const char *what, const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return true;
    size_t at = 0, line = 0;
    for (; a[at] == b[at]; at++)
        if (a[at] == '\n')
            line = at + 1;
    printf("# %s: '%.*s' became '%.*s'\n", what, (int)strcspn(a + line, "\n"), a + line, (int)strcspn(b + line, "\n"),
        b + line);
    return false;
}

static bool reset_twice(const char *name, uint64_t seed)
{
    abbey_bench *bench = bench_open(name, "");
    if (!bench)
        return false;
    steps(bench, &seed, STEPS);
    abbey_bench_reset(bench);
    char *once = strdup(abbey_state(bench));
    abbey_bench_reset(bench);
    bool good = same_text("reset again", once, abbey_state(bench));
    free(once);
    abbey_bench_free(bench);
    return good;
}

/* Registers that are not kept through a reset are after one what they were at the beginning. */
static bool reset_is_like_new(const char *name, uint64_t seed)
{
    abbey_bench *used = bench_open(name, ""), *new = bench_open(name, "");
    if (!used || !new)
        return false;
    steps(used, &seed, STEPS);
    new->now = used->now;
    abbey_bench_reset(used);
    abbey_bench_reset(new);
    json_t *a = board_save(used->board), *b = board_save(new->board);
    json_t *ra = json_object_get(json_object_get(json_object_get(a, "devices"), "dut"), "registers");
    json_t *rb = json_object_get(json_object_get(json_object_get(b, "devices"), "dut"), "registers");
    const abbey_table *regs = &dut(new)->kind->regs;
    for (uint32_t i = 0; i < regs->count; i++) {
        const abbey_reg *reg = (const abbey_reg *)regs->rows + i;
        if (reg->flags & ABBEY_REG_KEEP) {
            json_object_del(ra, reg->name);
            json_object_del(rb, reg->name);
        }
    }
    char *ta = json_dumps(a, JSON_INDENT(1)), *tb = json_dumps(b, JSON_INDENT(1));
    bool good = same_text("a reset leaves something behind: new", tb, ta);
    free(ta);
    free(tb);
    json_decref(a);
    json_decref(b);
    abbey_bench_free(used);
    abbey_bench_free(new);
    return good;
}

/* One bench is saved, destroyed and restored now and then, the other never: the guest must see no difference. */
static bool restored_alike(abbey_bench *plain, abbey_bench *moved, uint64_t seed)
{
    bool good = plain && moved;
    uint64_t a = seed, b = seed;
    for (unsigned i = 0; good && i < STEPS; i++) {
        uint64_t before = a, seen = step(plain, &a), seen_moved = step(moved, &b);
        if (seen != seen_moved) {
            printf("# step %u (from seed %" PRIu64 "): the guest sees %" PRIx64 ", after a restore %" PRIx64 "\n", i,
                before, seen, seen_moved);
            good = false;
        }
        if (good && roll(&seed) % 8 == 0)
            good = abbey_roundtrip(moved) == 0;
    }
    if (good) {
        char *state = strdup(abbey_state(plain));
        good = same_text("restored now and then", state, abbey_state(moved));
        free(state);
    }
    abbey_bench_free(plain);
    abbey_bench_free(moved);
    return good;
}

static bool restored_is_the_same(const char *name, uint64_t seed)
{
    return restored_alike(bench_open(name, ""), bench_open(name, ""), seed);
}

/* The same for the shipped PC: its devices drive each other. */
static void a_whole_machine(void)
{
    static const char text[] = "abbey: 1\nbase: pc\nmemory: 2M\nbackends: {bench: {backend: bench}}\n"
                               "devices: {com1: {line: bench}}\n";
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t seed = seed_base + round * 104729;
        if (!restored_alike(abbey_bench_machine(text), abbey_bench_machine(text), seed)) {
            printf("# seed %" PRIu64 "\n", seed);
            CU_FAIL("the machine misbehaves, see above");
            return;
        }
    }
}

static bool side_by_side(const char *name, uint64_t seed)
{
    abbey_bench *idle = bench_open(name, ""), *busy = bench_open(name, "");
    if (!idle || !busy)
        return false;
    char *before = strdup(abbey_state(idle));
    steps(busy, &seed, STEPS);
    bool good = same_text("an instance that nobody touched", before, abbey_state(idle));
    free(before);
    abbey_bench_free(busy);
    good &= abbey_roundtrip(idle) == 0;
    abbey_bench_free(idle);
    return good;
}

/* A state that was damaged in a text editor, or by somebody who knows what they are doing. Numbers are changed most,
 * since they pass the syntax. It may be refused or taken; the device must stand what the guest then does. */
static void mutate(char *text, uint64_t *seed)
{
    size_t length = strlen(text);
    static const char digits[] = "0123456789abcdef";
    for (unsigned n = 1 + roll(seed) % 6; n--;) {
        size_t at = roll(seed) % length;
        unsigned kind = roll(seed) % 16;
        if (kind == 0)
            text[at] = (char)(1 + roll(seed) % 127);
        else if (kind == 1 && roll(seed) % 4 == 0)
            text[length = at ? at : 1] = 0;
        else
            for (size_t i = at; i < length; i++)
                if (text[i] >= '0' && text[i] <= '9') {
                    text[i] = digits[roll(seed) % (kind == 2 ? 16 : 10)];
                    break;
                }
    }
}

static bool damaged_state(const char *name, uint64_t seed)
{
    abbey_bench *bench = bench_open(name, "");
    if (!bench)
        return false;
    steps(bench, &seed, 100);
    for (unsigned i = 0; i < 60; i++) {
        char *text = strdup(abbey_state(bench));
        mutate(text, &seed);
        abbey_state_load(bench, text);
        free(text);
        steps(bench, &seed, 60);
    }
    bool good = abbey_roundtrip(bench) == 0;
    abbey_bench_free(bench);
    return good;
}

/* Every property at its bounds: created or refused in words, never a crash. */
static bool bounds(const char *name, uint64_t seed)
{
    const struct plugin_device *device = plugin_device_find(plugins, name);
    const abbey_prop *rows = device->device.props.rows;
    for (uint32_t i = 0; i < device->device.props.count; i++) {
        const abbey_prop *p = &rows[i];
        const int64_t values[] = { p->min, p->max, p->min - 1, p->max + 1, -1, 0, 65535, INT64_MAX };
        for (unsigned k = 0; k < sizeof values / sizeof values[0]; k++) {
            char more[120];
            snprintf(more, sizeof more, ", %s: %" PRId64, p->name, values[k]);
            abbey_bench *bench = bench_open(name, more);
            uint64_t copy = seed;
            if (bench)
                steps(bench, &copy, 30);
            abbey_bench_free(bench);
        }
    }
    return true;
}

// clang-format off
#define OVER_ALL(name, test, rounds) static void name(void) { for_each_device(test, rounds); }
OVER_ALL(creation, create_and_free, 3)
OVER_ALL(resets, reset_twice, ROUNDS)
OVER_ALL(resets_fully, reset_is_like_new, ROUNDS)
OVER_ALL(restores, restored_is_the_same, ROUNDS)
OVER_ALL(two_instances, side_by_side, 2)
OVER_ALL(property_bounds, bounds, 1)
OVER_ALL(damaged_states, damaged_state, ROUNDS)
// clang-format on

static const struct unit_test tests[] = {
    { "created with defaults, saved, restored and freed", creation },
    { "a second reset changes nothing", resets },
    { "a reset leaves nothing behind", resets_fully },
    { "a guest cannot tell that it was saved and restored", restores },
    { "the same for the shipped PC", a_whole_machine },
    { "two instances do not touch each other", two_instances },
    { "properties at and beyond their bounds", property_bounds },
    { "damaged states are refused or stood", damaged_states },
};

int main(void)
{
    const char *seed = getenv("ABBEY_TEST_SEED");
    seed_base = seed ? strtoull(seed, NULL, 10) | 1 : 1;
    printf("# seed %" PRIu64 "\n", seed_base);
    if (!getenv("ABBEY_TEST_VERBOSE") && !freopen("/dev/null", "w", stderr))
        return 99; /* refusals are expected by the thousand */
    plugins = plugin_set_open(NULL);
    int status = unit_main("every device", tests, sizeof tests / sizeof tests[0]);
    plugin_set_close(plugins);
    return status;
}
