/* fuzz_devices.c - every device of a whole machine under random accesses: its ports, its memory, its configuration
 * space, with media, networks, a serial line and a user behind the devices, and rings and tables in RAM that are random
 * too.
 *
 * Each device in turn is the one that most accesses go to; some go to the others, since drives are reached through
 * their controller, and interrupts and DMA through theirs. BARs are put in place as firmware does it, again and again,
 * because random configuration takes them away. Nothing is expected of what is read: a crash, a hang, a leak
 * (in a build with sanitizers), or a state that cannot be saved and restored is a failure.
 *
 * ABBEY_FUZZ_COUNT is the number of accesses for each device (default 20000; the long run is 10000000), ABBEY_FUZZ_SEED
 * where it begins, ABBEY_FUZZ_DEVICE the one device that is wanted, by its id in the machine below. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/bench/bench_impl.h"
#include "tests/unit/unit.h"

#define RAM_BYTES (2u << 20)
#define SETUP_EVERY 4096u
#define ROUND_TRIP_EVERY 16384u

static const char machine[] =
    "abbey: 1\nbase: pc\nmemory: 2M\n"
    "backends:\n"
    "  line: { backend: bench }\n"
    "  h: { backend: bench-disk, size: 1M, delay: 5000 }\n"
    "  v: { backend: bench-disk, size: 256K }\n"
    "  c: { backend: bench-disk, size: 600K, read_only: true }\n"
    "  f: { backend: bench-disk, size: 1440K }\n"
    "  n1: { backend: bench-net }\n  n2: { backend: bench-net }\n  n3: { backend: bench-net }\n"
    "  n4: { backend: bench-net }\n  n5: { backend: bench-net }\n"
    "devices:\n"
    "  com1: { line: line }\n  hd0: { media: h }\n  cd0: { media: c }\n  fd0: { media: f }\n  nic: { net: n1 }\n"
    "  vd: { device: virtio-blk, bus: pci, media: v }\n  vn: { device: virtio-net, bus: pci, net: n2 }\n  e1: { "
    "device: e1000, bus: pci, net: n3 }\n"
    "  ne: { device: ne2000, bus: isa, base: 0x300, irq: 5, net: n4 }\n  np: { device: ne2k-pci, bus: pci, net: n5 }\n"
    "  exit: { device: debug-exit, bus: isa }\n";
static const char *const media[] = { "h", "v", "c", "f" };
static const char *const nets[] = { "n1", "n2", "n3", "n4", "n5" };
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static uint64_t state = 1;

/* xorshift64*: the same everywhere. */
static uint32_t roll(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)(state * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

/* Values that registers care about more often than chance would bring them: bytes, single bits, addresses of RAM. */
static uint32_t value_pick(void)
{
    uint32_t value = roll();
    switch (roll() % 8) {
    case 0: return 1u << value % 32;
    case 1: return value % 2 ? 0 : ~0u;
    case 2:
    case 3: return value % RAM_BYTES & ~15u;
    case 4: return value;
    default: return value & 0xff;
    }
}

/* ---- what firmware does ---- */

static uint32_t pci_get(abbey_bench *b, const struct pci_function *f, uint32_t offset)
{
    return abbey_pci_read(b, f->slot, f->function, offset, 4);
}

static void pci_put(abbey_bench *b, const struct pci_function *f, uint32_t offset, uint32_t value)
{
    abbey_pci_write(b, f->slot, f->function, offset, 4, value);
}

/* Puts the BARs of all functions side by side, and lets them decode and be masters. */
static void set_up(abbey_bench *b)
{
    uint32_t port = 0xc000, address = 0xe0000000;
    for (unsigned i = 0; i < b->board->device_count; i++) {
        const struct pci_function *f = b->board->devices[i].pci;
        if (!f)
            continue;
        for (uint32_t bar = 0x10; bar < 0x28; bar += 4) {
            pci_put(b, f, bar, ~0u);
            uint32_t mask = pci_get(b, f, bar);
            if (mask & 1) {
                pci_put(b, f, bar, port);
                port += 0x100;
            } else if (mask) {
                uint32_t bytes = ~(mask & ~15u) + 1;
                address = (address + bytes - 1) & ~(bytes - 1);
                pci_put(b, f, bar, address);
                address += bytes;
            }
        }
        pci_put(b, f, 4, 7);
    }
}

/* ---- what a guest does ---- */

static void access_range(abbey_bench *b, const struct device *device)
{
    struct region *seen[64];
    unsigned count = 0;
    for (struct region *r = device->regions; r && count < COUNT(seen); r = r->next)
        if (r->shown)
            seen[count++] = r;
    if (!count)
        return;
    const struct region *r = seen[roll() % count];
    uint32_t size = 1u << roll() % 3;
    uint64_t at = r->start + (roll() % 4 ? roll() % (r->length < 64 ? r->length : 64) : roll() % r->length);
    bool write = roll() % 3;
    if (r->ports && write)
        abbey_out(b, (uint16_t)at, size, value_pick());
    else if (r->ports)
        abbey_in(b, (uint16_t)at, size);
    else if (write)
        abbey_store(b, at & ~(uint64_t)(size - 1), size, value_pick());
    else
        abbey_load(b, at & ~(uint64_t)(size - 1), size);
}

/* Tables and rings: small numbers and addresses, a few bytes in a row. */
static void scribble(abbey_bench *b)
{
    uint64_t bytes;
    uint8_t *ram = abbey_ram(b, &bytes);
    uint32_t at = value_pick() % (uint32_t)(bytes - 64) & ~3u;
    for (uint32_t i = 0; i < 64; i += 4) {
        uint32_t value = value_pick();
        memcpy(ram + at + i, &value, 4);
    }
}

/* ---- what the world does ---- */

static void world(abbey_bench *b)
{
    uint8_t frame[1600];
    const char *net = nets[roll() % COUNT(nets)];
    switch (roll() % 12) {
    case 0:
        for (unsigned i = 0; i < 64; i++)
            frame[i] = (uint8_t)value_pick();
        memset(frame + 64, 0xa5, sizeof frame - 64);
        abbey_net_feed(b, net, frame, 14 + roll() % 1500);
        break;
    case 1: abbey_net_sent(b, net, frame, sizeof frame, NULL); break;
    case 2: abbey_net_stall(b, net, roll() % 4 == 0); break;
    case 3: abbey_net_plug(b, net, roll() % 4 != 0); break;
    case 4: abbey_disk_insert(b, media[2 + roll() % 2], roll() % 4 != 0); break;
    case 5: abbey_disk_break(b, media[roll() % COUNT(media)], roll() % 8 == 0); break;
    case 6: abbey_press(b, roll() % 256, roll() % 2); break;
    case 7: abbey_move(b, (int32_t)roll() % 600, (int32_t)roll() % 600, (int32_t)(roll() % 3) - 1, roll() % 8); break;
    case 8: abbey_point(b, roll() % 70000, roll() % 70000, 0, roll() % 8); break;
    case 9: abbey_char_feed(b, frame, (memset(frame, (int)roll(), 16), roll() % 16)); break;
    case 10: abbey_char_sent(b, frame, sizeof frame); break;
    default: abbey_resume(b); break;
    }
}

static void step(abbey_bench *b, const struct device *target)
{
    const struct device *device = roll() % 4 ? target : &b->board->devices[roll() % b->board->device_count];
    uint32_t kind = roll() % 64;
    if (kind < 3) {
        abbey_advance(b, roll() % (kind ? 3000 : 2 * ABBEY_MS));
    } else if (kind == 3 && device->pci && roll() % 8 == 0) {
        const struct pci_function *f = device->pci;
        uint32_t size = 1u << roll() % 3;
        abbey_pci_write(b, f->slot, f->function, roll() % 256 & ~(size - 1), size, value_pick());
    } else if (kind == 4 && device->pci) {
        pci_get(b, device->pci, roll() % 256 & ~3u);
    } else if (kind == 5) {
        scribble(b);
    } else if (kind == 6) {
        world(b);
    } else if (kind == 7) {
        if (abbey_intr(b))
            abbey_ack(b);
    } else {
        access_range(b, device);
    }
}

/* ---- over all devices ---- */

static uint64_t wanted(const char *name, uint64_t otherwise)
{
    const char *given = getenv(name);
    return given ? strtoull(given, NULL, 0) : otherwise;
}

/* The device of that number, since a round trip makes new ones. */
static bool fuzzed(abbey_bench *b, unsigned number, uint64_t accesses)
{
    for (uint64_t i = 0; i < accesses; i++) {
        if (i % SETUP_EVERY == 0)
            set_up(b);
        step(b, &b->board->devices[number]);
        if (i % ROUND_TRIP_EVERY == ROUND_TRIP_EVERY - 1) {
            if (abbey_roundtrip(b) != 0)
                return false;
            if (roll() % 4 == 0)
                abbey_bench_reset(b);
        }
    }
    return abbey_roundtrip(b) == 0;
}

static void every_device(void)
{
    const char *only = getenv("ABBEY_FUZZ_DEVICE");
    uint64_t seed = wanted("ABBEY_FUZZ_SEED", 1), accesses = wanted("ABBEY_FUZZ_COUNT", 20000);
    unsigned tried = 0;
    abbey_bench *probe = abbey_bench_machine(machine);
    CU_ASSERT_PTR_NOT_NULL_FATAL(probe);
    unsigned count = probe->board->device_count;
    abbey_bench_free(probe);
    for (unsigned i = 0; i < count; i++) {
        abbey_bench *b = abbey_bench_machine(machine);
        CU_ASSERT_PTR_NOT_NULL_FATAL(b);
        const char *id = b->board->devices[i].node->id;
        if (b->board->devices[i].kind && (!only || strcmp(only, id) == 0)) {
            state = seed * 2 + 1;
            tried++;
            printf("# %s: %" PRIu64 " accesses from seed %" PRIu64 "\n", id, accesses, seed);
            fflush(stdout);
            CU_ASSERT_TRUE(fuzzed(b, i, accesses));
        }
        abbey_bench_free(b);
    }
    CU_ASSERT_TRUE(tried > 0);
}

static const struct unit_test tests[] = {
    { "random accesses to every device of a machine", every_device },
};

int main(void)
{
    if (!getenv("ABBEY_TEST_VERBOSE") && !freopen("/dev/null", "w", stderr))
        return 99; /* what devices refuse is expected by the thousand */
    return unit_main("fuzz devices", tests, COUNT(tests));
}
