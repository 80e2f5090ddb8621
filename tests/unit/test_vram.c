/* test_vram.c - memory of devices: as the map shows it, which writes are noticed, behind BARs, in saved states. */
#include <stdlib.h>
#include <string.h>

#include "sdk/bench/bench_impl.h"
#include "tests/unit/hostmem.h"
#include "tests/unit/unit.h"

#define MB (1ull << 20)
#define WINDOW 0xa0000u
#define LINEAR 0xe0000000u

/* ---- core/mem ---- */

struct rig {
    struct mem *mem;
    struct mem_vram *vram;
    struct mem_region *window, *linear;
    gpa_t first, last; /* of the last call of the hook */
    unsigned asked;
};

static void pages_hook(void *opaque, gpa_t first, gpa_t last)
{
    struct rig *rig = opaque;
    rig->first = first;
    rig->last = last;
    rig->asked++;
}

static struct rig rig_new(void)
{
    abbey_error error = { "" };
    struct rig rig = { .mem = mem_new(&hostmem, 2 * MB, 3584 * MB, &error) };
    rig.vram = mem_vram_new(rig.mem, "test", 1 * MB, &error);
    rig.window = mem_add_view(rig.mem, WINDOW, 0x10000, rig.vram, 0);
    rig.linear = mem_add_view(rig.mem, LINEAR, 1 * MB, rig.vram, 0);
    if (!rig.window || !rig.linear)
        CU_FAIL_FATAL("no views");
    return rig;
}

static void rig_free(struct rig *rig)
{
    mem_region_remove(rig->window);
    mem_region_remove(rig->linear);
    mem_vram_free(rig->vram);
    mem_free(rig->mem);
}

static void views_show_the_same_bytes(void)
{
    struct rig r = rig_new();
    mem_store(r.mem, WINDOW + 0x1234, 4, 0x11223344);
    CU_ASSERT_EQUAL(mem_load(r.mem, LINEAR + 0x1234, 4), 0x11223344);
    CU_ASSERT_EQUAL(mem_vram_bytes(r.vram)[0x1237], 0x11);
    mem_view_aim(r.window, 0x20000);
    mem_store(r.mem, WINDOW, 1, 0x5a);
    CU_ASSERT_EQUAL(mem_load(r.mem, LINEAR + 0x20000, 1), 0x5a);
    mem_region_enable(r.window, false);
    CU_ASSERT_EQUAL(mem_load(r.mem, WINDOW, 1), 0xff);
    mem_region_move(r.linear, 0xd0000000);
    CU_ASSERT_EQUAL(mem_load(r.mem, 0xd0001234, 4), 0x11223344);
    CU_ASSERT_EQUAL(mem_load(r.mem, LINEAR, 4), 0xffffffff);
    CU_ASSERT_PTR_NULL(mem_add_view(r.mem, WINDOW, 0x10000, r.vram, 1 * MB - 0x1000));
    rig_free(&r);
}

static void backings_are_named(void)
{
    struct rig r = rig_new();
    abbey_memobj *ram = NULL, *window = NULL, *linear = NULL;
    uint64_t offset = 0;
    bool marked = false;
    CU_ASSERT_TRUE(mem_backing(r.mem, 0x5678, false, &marked, &ram, &offset));
    CU_ASSERT_EQUAL(offset, 0x5000);
    CU_ASSERT_TRUE(mem_backing(r.mem, WINDOW + 0x2000, true, &marked, &window, &offset));
    CU_ASSERT_EQUAL(offset, 0x2000);
    CU_ASSERT_TRUE(marked); /* clean: a store has to be noticed */
    CU_ASSERT_TRUE(mem_backing(r.mem, LINEAR, false, &marked, &linear, &offset));
    CU_ASSERT_PTR_EQUAL(window, linear);
    CU_ASSERT_PTR_NOT_EQUAL(window, ram);
    CU_ASSERT_FALSE(mem_backing(r.mem, 0xd0000000, false, &marked, &ram, &offset));
    mem_view_aim(r.window, 0x30000); /* banks come and go too often to be mapped */
    CU_ASSERT_FALSE(mem_backing(r.mem, WINDOW + 0x2000, false, &marked, &window, &offset));
    CU_ASSERT_TRUE(mem_backing(r.mem, LINEAR, false, &marked, &linear, &offset));
    struct mem_region *rom = mem_add_rom(r.mem, 0xf0000, 0x1000, mem_vram_bytes(r.vram));
    CU_ASSERT_FALSE(mem_backing(r.mem, 0xf0000, false, &marked, &ram, &offset));
    mem_region_remove(rom);
    rig_free(&r);
}

static void a_writer_is_noticed_once(void)
{
    struct rig r = rig_new();
    uint64_t pages[4];
    bool marked;
    CU_ASSERT_FALSE(mem_vram_take(r.vram, 0, 1 * MB, pages));
    mem_store(r.mem, WINDOW + 0x3ffc, 4, 1);
    CU_ASSERT_PTR_NOT_NULL(mem_page(r.mem, LINEAR + 0x3000, true, &marked));
    CU_ASSERT_FALSE(marked); /* by either view */
    mem_page(r.mem, LINEAR + 0x4000, true, &marked);
    CU_ASSERT_TRUE(marked);
    mem_write(r.mem, LINEAR + 0x10fff, "ab", 2);
    mem_vram_touch(r.vram, 0xff000, 1);
    CU_ASSERT_TRUE(mem_vram_take(r.vram, 0, 1 * MB, pages));
    CU_ASSERT_EQUAL(pages[0], 1ull << 3 | 1ull << 0x10 | 1ull << 0x11);
    CU_ASSERT_EQUAL(pages[3], 1ull << 63);
    mem_page(r.mem, LINEAR + 0x3000, true, &marked);
    CU_ASSERT_TRUE(marked);
    /* Nobody keeps addresses here, so they are settled: reported once more, and then no longer. */
    mem_vram_take(r.vram, 0, 1 * MB, pages);
    CU_ASSERT_FALSE(mem_vram_take(r.vram, 0, 1 * MB, pages));
    mem_store(r.mem, LINEAR + 0x5000, 1, 1);
    CU_ASSERT_TRUE(mem_vram_take(r.vram, 0x4000, 0x3000, pages)); /* bits count from the start of the part */
    CU_ASSERT_EQUAL(pages[0], 2);
    rig_free(&r);
}

/* A CPU that goes on writing by an address from before the page was taken. */
static void late_writers_are_seen(void)
{
    struct rig r = rig_new();
    uint64_t pages[4];
    mem_on_pages(r.mem, pages_hook, &r);
    mem_store(r.mem, LINEAR + 0x7000, 1, 1);
    CU_ASSERT_TRUE(mem_vram_take(r.vram, 0, 1 * MB, pages));
    CU_ASSERT_EQUAL(r.asked, 2); /* a view each; the linear one, which is older, comes last */
    CU_ASSERT(r.first == WINDOW + 0x7000 || r.first == LINEAR + 0x7000);
    CU_ASSERT_EQUAL(r.last - r.first, 0xfff);
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(mem_vram_take(r.vram, 0, 1 * MB, pages)); /* not settled: it may have been written since */
        CU_ASSERT_EQUAL(pages[0], 1 << 7);
    }
    CU_ASSERT_EQUAL(r.asked, 2); /* once is enough */
    mem_settle(r.mem, mem_pages_asked(r.mem));
    CU_ASSERT_TRUE(mem_vram_take(r.vram, 0, 1 * MB, pages));
    CU_ASSERT_FALSE(mem_vram_take(r.vram, 0, 1 * MB, pages));
    mem_view_aim(r.window, 0x10000); /* the first time the map has changed */
    CU_ASSERT_EQUAL(r.asked, 2);
    mem_view_aim(r.window, 0x20000);
    CU_ASSERT_EQUAL(r.asked, 3);
    CU_ASSERT_EQUAL(r.first, WINDOW);
    CU_ASSERT_EQUAL(r.last, WINDOW + 0xffff);
    rig_free(&r);
}

/* ---- a card on the board ---- */

struct card {
    abbey_pci *pci;
    abbey_vram *vram;
    abbey_region *window;
    uint64_t length;
};
#define ABBEY_SELF struct card

static const uint8_t rom[5000] = { 0x55, 0xaa, 10, [4999] = 0x77 };

static int32_t card_create(abbey_dev *dev, void *self)
{
    struct card *card = self;
    abbey_pci_desc desc = { .size = sizeof desc,
        .vendor = 0x1af4,
        .device = 0x4321,
        .class_code = 0x030000,
        .bars = { { ABBEY_PCI_BAR_MEM32 | ABBEY_PCI_BAR_PREFETCH | ABBEY_PCI_BAR_VRAM, 0, card->length, NULL } },
        .rom = rom,
        .rom_bytes = sizeof rom };
    abbey_vram_view view = { .size = sizeof view, .start = WINDOW, .length = 0x10000, .overlap = 1 };
    card->pci = abbey_pci_add(dev, &desc, card);
    card->vram = abbey_vram_new(dev, "frames", 1 << 20);
    if (!card->pci || !card->vram || abbey_vram_bar(card->vram, card->pci, 0) != 0)
        return -1;
    card->window = abbey_vram_map(card->vram, &view);
    return card->window ? 0 : -1;
}

static const abbey_prop props[] = { ABBEY_PROP(length, 1 << 20, "bytes of BAR 0") };
static const abbey_device devices[] = { { .name = "card",
    .summary = "a card with memory",
    .bus = "pci",
    .self_size = sizeof(struct card),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .create = card_create } };
static const abbey_plugin plugin = { .magic = ABBEY_MAGIC,
    .size = sizeof plugin,
    .abi_major = ABBEY_ABI_MAJOR,
    .abi_minor = ABBEY_ABI_MINOR,
    .id = "test.vram",
    .version = "1.0.0",
    .license = "MIT",
    .devices = ABBEY_TABLE(devices) };

static abbey_bench *bench_of(const char *more)
{
    char machine[200];
    struct plugin_set *set = calloc(1, sizeof *set);
    snprintf(machine, sizeof machine, "abbey: 1\nmemory: 1M\ndevices:\n  c: {device: card, addr: '02.0'%s}\n", more);
    if (!set || !plugin_set_add(set, &plugin, "test"))
        exit(99);
    return bench_build(set, machine);
}

static struct card *card_of(abbey_bench *bench)
{
    return board_device(bench->board, "c")->self;
}

static void a_bar_shows_the_memory(void)
{
    abbey_bench *b = bench_of("");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_pci_write(b, 2, 0, 0x10, 4, 0xffffffff);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 2, 0, 0x10, 4), 0xfff00008);
    abbey_pci_write(b, 2, 0, 0x10, 4, LINEAR);
    abbey_pci_write(b, 2, 0, 4, 2, 2);
    abbey_store(b, LINEAR + 0x54321, 1, 0xa5);
    CU_ASSERT_EQUAL(card_of(b)->vram->bytes[0x54321], 0xa5);
    abbey_vram_aim(card_of(b)->vram, card_of(b)->window, 0x50000);
    CU_ASSERT_EQUAL(abbey_load(b, WINDOW + 0x4321, 1), 0xa5);
    abbey_pci_write(b, 2, 0, 4, 2, 0);
    CU_ASSERT_EQUAL(abbey_load(b, LINEAR + 0x54321, 1), 0xff);
    abbey_bench_free(b);
}

static void the_expansion_rom_is_decoded(void)
{
    abbey_bench *b = bench_of("");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_pci_write(b, 2, 0, 0x30, 4, 0xfffffffe);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 2, 0, 0x30, 4), 0xffffe000);
    abbey_pci_write(b, 2, 0, 4, 2, 2);
    abbey_pci_write(b, 2, 0, 0x30, 4, 0xd0000000);
    CU_ASSERT_EQUAL(abbey_load(b, 0xd0000000, 2), 0xffff); /* its own enable bit is clear */
    abbey_pci_write(b, 2, 0, 0x30, 4, 0xd0000001);
    CU_ASSERT_EQUAL(abbey_load(b, 0xd0000000, 2), 0xaa55);
    CU_ASSERT_EQUAL(abbey_load(b, 0xd0000000 + 4999, 1), 0x77);
    CU_ASSERT_EQUAL(abbey_load(b, 0xd0000000 + 5000, 1), 0);
    abbey_store(b, 0xd0000000, 1, 0);
    CU_ASSERT_EQUAL(abbey_load(b, 0xd0000000, 2), 0xaa55);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(abbey_load(b, 0xd0000000, 2), 0xaa55);
    abbey_bench_free(b);
}

static void states_hold_the_bytes(void)
{
    abbey_bench *b = bench_of("");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_store(b, WINDOW + 0xfff, 1, 0x12);
    abbey_store(b, WINDOW + 0x5040, 4, 0x34567890);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(abbey_load(b, WINDOW + 0xfff, 1), 0x12);
    CU_ASSERT_EQUAL(abbey_load(b, WINDOW + 0x5040, 4), 0x34567890);
    char *saved = strdup(abbey_state(b));
    abbey_store(b, WINDOW + 0x9000, 1, 1);
    CU_ASSERT_EQUAL(abbey_state_load(b, saved), 0);
    CU_ASSERT_EQUAL(abbey_load(b, WINDOW + 0x9000, 1), 0); /* what the state does not have is zero */
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_load(b, WINDOW + 0x5040, 4), 0);
    char *list = strstr(saved, "\"frames\""), *at = list ? strstr(list, "4032") : NULL; /* FC0h, the line of FFFh */
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    bench_errors = fopen("/dev/null", "w");
    memcpy(at, "9999999", 7); /* beyond the memory */
    CU_ASSERT_EQUAL(abbey_state_load(b, saved), -1);
    fclose(bench_errors);
    bench_errors = NULL;
    free(saved);
    abbey_bench_free(b);
}

static void bars_longer_than_the_memory_are_refused(void)
{
    char *text = NULL;
    size_t size;
    bench_errors = open_memstream(&text, &size);
    abbey_bench *b = bench_of(", length: 2097152");
    fclose(bench_errors);
    bench_errors = NULL;
    CU_ASSERT_PTR_NULL(b);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "BAR 0 cannot show the memory 'frames' of 100000 bytes"));
    free(text);
}

static const struct unit_test tests[] = {
    { "two views show the same bytes, and follow their regions", views_show_the_same_bytes },
    { "every plain page has an object and an offset", backings_are_named },
    { "the first store to a page is noticed, by any view", a_writer_is_noticed_once },
    { "a store by an old address is not lost", late_writers_are_seen },
    { "a BAR shows the memory of a card", a_bar_shows_the_memory },
    { "the expansion ROM is sized, enabled and read", the_expansion_rom_is_decoded },
    { "saved states hold the bytes", states_hold_the_bytes },
    { "a BAR longer than the memory is refused", bars_longer_than_the_memory_are_refused },
};

UNIT_MAIN("vram", tests)
