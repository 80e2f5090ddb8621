/* test_board_pci.c - configuration space, BARs, interrupt pins and slots, as a guest finds them. */
#include <stdlib.h>
#include <string.h>

#include "sdk/bench/bench_impl.h"
#include "tests/unit/unit.h"

/* ---- a card with one BAR of each kind, and a router that keeps the levels ---- */

struct card {
    abbey_dev *dev;
    abbey_pci *pci;
    abbey_dma *dma;
    uint32_t pin, bar_length;
    uint32_t writes, offset;
};
#define ABBEY_SELF struct card

static void answer(void *self, abbey_io *io)
{
    struct card *card = self;
    if (io->write)
        card->writes++;
    else
        io->value = 0x1111111111111111u * ((io->offset >> 2) + 1);
}

static void config_written(void *self, uint32_t offset, uint32_t count)
{
    struct card *card = self;
    card->offset = offset << 8 | count;
}

static int32_t card_create(abbey_dev *dev, void *self)
{
    struct card *card = self;
    abbey_pci_desc desc = { .size = sizeof desc,
        .vendor = 0x1af4,
        .device = 0x1234,
        .subsystem_vendor = 0x1af4,
        .subsystem = 0x0007,
        .class_code = 0x0c0330,
        .revision = 2,
        .intx = (uint8_t)card->pin,
        .bars = { { ABBEY_PCI_BAR_IO, 4, 32, answer }, { ABBEY_PCI_BAR_MEM32, 4, card->bar_length, answer },
            { ABBEY_PCI_BAR_MEM64 | ABBEY_PCI_BAR_PREFETCH, 8, 1 << 20, answer } },
        .config_written = config_written };
    card->dev = dev;
    card->pci = abbey_pci_add(dev, &desc, card);
    card->dma = abbey_dma_open(dev);
    if (!card->pci)
        return -1;
    abbey_pci_config_set(card->pci, 0x40, 4, 0xff00aa55);
    abbey_pci_config_mask(card->pci, 0x40, 4, 0x0000ffff, 0xff000000);
    return 0;
}

struct router {
    abbey_dev *dev;
    uint8_t level[4];
};

static void route(void *self, uint32_t pirq, uint32_t level)
{
    ((struct router *)self)->level[pirq] = (uint8_t)level;
}

static int32_t router_create(abbey_dev *dev, void *self)
{
    const abbey_pci_1 *pci = abbey_query(dev, ABBEY_PCI_1);
    return pci->route(dev, route, self);
}

static const abbey_prop card_props[] = {
    ABBEY_PROP(pin, 1, "interrupt pin"),
    ABBEY_PROP(bar_length, 4096, "bytes of BAR 1"),
};
static const abbey_device devices[] = {
    { .name = "card",
        .summary = "a PCI card",
        .bus = "pci",
        .self_size = sizeof(struct card),
        .state_version = 1,
        .props = ABBEY_TABLE(card_props),
        .create = card_create },
    { .name = "router",
        .summary = "an interrupt router",
        .bus = "pci",
        .self_size = sizeof(struct router),
        .state_version = 1,
        .create = router_create },
};
static const abbey_plugin plugin = { .magic = ABBEY_MAGIC,
    .size = sizeof plugin,
    .abi_major = ABBEY_ABI_MAJOR,
    .abi_minor = ABBEY_ABI_MINOR,
    .id = "test.pci",
    .version = "1.0.0",
    .license = "MIT",
    .devices = ABBEY_TABLE(devices) };

static char *errors;
static size_t error_size;

static void errors_close(void)
{
    if (bench_errors)
        fclose(bench_errors);
    bench_errors = NULL;
    free(errors);
    errors = NULL;
}

static abbey_bench *bench_of(const char *text)
{
    char machine[2048];
    struct plugin_set *set = calloc(1, sizeof *set);
    snprintf(machine, sizeof machine, "abbey: 1\nmemory: 1M\ndevices:\n%s", text);
    if (!set || !plugin_set_add(set, &plugin, "test"))
        exit(99);
    static bool registered;
    if (!registered)
        registered = atexit(errors_close) == 0;
    errors_close();
    bench_errors = open_memstream(&errors, &error_size);
    abbey_bench *bench = bench_build(set, machine);
    fflush(bench_errors);
    return bench;
}

static void *self_of(abbey_bench *bench, const char *id)
{
    return board_device(bench->board, id)->self;
}

static bool errors_have(const char *text)
{
    fflush(bench_errors);
    bool found = errors && strstr(errors, text);
    if (!found)
        printf("# no '%s' in: %s\n", text, errors ? errors : "");
    return found;
}

/* ---- tests ---- */

static void the_header_is_as_described(void)
{
    abbey_bench *b = bench_of("  c: {device: card}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0, 4), 0x12341af4);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 8, 4), 0x0c033002);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x2c, 4), 0x00071af4);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x3d, 1), 1);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x0e, 1), 0);
    for (uint32_t offset = 0; offset < 0x40; offset += 4)
        if (offset != 0x04 && offset != 0x0c && offset != 0x3c && (offset < 0x10 || offset > 0x1c))
            abbey_pci_write(b, 1, 0, offset, 4, 0xffffffff);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0, 4), 0x12341af4);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 8, 4), 0x0c033002);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x30, 4), 0);
    abbey_pci_write(b, 1, 0, 0x3c, 4, 0xffffff0b);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x3c, 4), 0x0000010b);
    /* Nobody there; an offset at the end of the space. */
    CU_ASSERT_EQUAL(abbey_pci_read(b, 2, 0, 0, 4), 0xffffffff);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 3, 0, 2), 0xffff);
    abbey_pci_write(b, 1, 0, 0xff, 4, 0);
    abbey_pci_read(b, 1, 0, 0xfe, 4);
    abbey_bench_free(b);
}

static void masks_hold_what_the_guest_may_not_write(void)
{
    abbey_bench *b = bench_of("  c: {device: card}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct card *card = self_of(b, "c");
    abbey_pci_write(b, 1, 0, 0x40, 4, 0x01ffffff);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x40, 4), 0xfe00ffff);
    CU_ASSERT_EQUAL(card->offset, 0x4004);
    abbey_pci_write(b, 1, 0, 0x41, 1, 0x12);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x40, 4), 0xfe0012ff);
    CU_ASSERT_EQUAL(card->offset, 0x4101);
    abbey_pci_config_set(card->pci, 6, 2, 0xf980); /* error bits: the guest clears them by writing ones */
    abbey_pci_write(b, 1, 0, 6, 2, 0x8000);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 6, 2), 0x7980);
    abbey_pci_write(b, 1, 0, 4, 2, 0xffff);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 4, 2), 0x0547);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x40, 4), 0xff00aa55);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 4, 4), 0);
    abbey_bench_free(b);
}

static void bars_are_sized_and_mapped(void)
{
    abbey_bench *b = bench_of("  c: {device: card}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct card *card = self_of(b, "c");
    abbey_pci_write(b, 1, 0, 4, 2, 3); /* sizing with decoding on, as some firmware does */
    for (uint32_t bar = 0; bar < 6; bar++)
        abbey_pci_write(b, 1, 0, 0x10 + 4 * bar, 4, 0xffffffff);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x10, 4), 0xffffffe1);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x14, 4), 0xfffff000);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x18, 4), 0xfff0000c);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x1c, 4), 0xffffffff);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x20, 4), 0);
    CU_ASSERT_EQUAL(abbey_load(b, 0xfffff000, 4), 0xffffffff); /* the firmware would be here */
    abbey_pci_write(b, 1, 0, 0x10, 4, 0xc000);
    abbey_pci_write(b, 1, 0, 0x14, 4, 0xe0000000);
    abbey_pci_write(b, 1, 0, 0x18, 4, 0x00000000);
    abbey_pci_write(b, 1, 0, 0x1c, 4, 0x2); /* 8 GB */
    CU_ASSERT_EQUAL(abbey_in(b, 0xc004, 4), 0x22222222);
    CU_ASSERT_EQUAL(abbey_in(b, 0xc020, 1), 0xff);
    CU_ASSERT_EQUAL(abbey_load(b, 0xe0000004, 4), 0x22222222);
    CU_ASSERT_EQUAL(abbey_load(b, 0x200000008, 8), 0x3333333333333333);
    CU_ASSERT_EQUAL(abbey_pci_bar_address(card->pci, 2), 0x200000000);
    CU_ASSERT_EQUAL(abbey_pci_bar_address(card->pci, 3), ABBEY_NEVER);
    CU_ASSERT_EQUAL(abbey_pci_bar_address(card->pci, 99), ABBEY_NEVER);
    abbey_pci_write(b, 1, 0, 4, 2, 1); /* memory decoding off */
    CU_ASSERT_EQUAL(abbey_load(b, 0xe0000004, 4), 0xffffffff);
    CU_ASSERT_EQUAL(abbey_in(b, 0xc004, 4), 0x22222222);
    abbey_pci_write(b, 1, 0, 4, 2, 3);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(abbey_load(b, 0xe0000004, 4), 0x22222222);
    CU_ASSERT_EQUAL(abbey_in(b, 0xc004, 4), 0x22222222);
    abbey_pci_write(b, 1, 0, 0x10, 4, 0x1c000); /* there are 64 K ports */
    CU_ASSERT_EQUAL(abbey_in(b, 0xc004, 4), 0xffffffff);
    abbey_pci_write(b, 1, 0, 0x1c, 4, 0xffffffff); /* and 36 bits of address */
    CU_ASSERT_EQUAL(abbey_load(b, 0x200000008, 8), UINT64_MAX);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_load(b, 0xe0000004, 4), 0xffffffff);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x18, 4), 0xc);
    abbey_bench_free(b);
}

static void a_bar_hides_ram_from_the_guest_alone(void)
{
    abbey_bench *b = bench_of("  c: {device: card, bar_length: 32}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    uint64_t bytes;
    uint8_t *ram = abbey_ram(b, &bytes);
    abbey_store(b, 0x48, 4, 0x12345678);
    abbey_pci_write(b, 1, 0, 0x14, 4, 0x40);
    abbey_pci_write(b, 1, 0, 4, 2, 2);
    CU_ASSERT_EQUAL(abbey_load(b, 0x48, 4), 0x33333333);
    CU_ASSERT_PTR_EQUAL(abbey_ram(b, &bytes), ram);
    CU_ASSERT_EQUAL(ram[0x48], 0x78);
    abbey_pci_write(b, 1, 0, 4, 2, 0);
    CU_ASSERT_EQUAL(abbey_load(b, 0x48, 4), 0x12345678);
    abbey_bench_free(b);
}

static void pins_are_turned_and_joined(void)
{
    abbey_bench *b =
        bench_of("  r: {device: router}\n  c: {device: card, addr: \"01.0\", pin: 1}\n"
                 "  d: {device: card, addr: \"05.0\", pin: 1}\n  e: {device: card, addr: \"04.0\", pin: 4}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct card *c = self_of(b, "c"), *d = self_of(b, "d"), *e = self_of(b, "e");
    struct router *r = self_of(b, "r");
    abbey_irq_set(abbey_pci_intx(c->pci), 1); /* slot 1 INTA#: line 0; so does slot 5 */
    CU_ASSERT(r->level[0] == 1 && r->level[1] == 0 && r->level[2] == 0 && r->level[3] == 0);
    CU_ASSERT_EQUAL(abbey_line(b, 16), 1);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 6, 2) & 8, 8);
    abbey_irq_set(abbey_pci_intx(d->pci), 1);
    abbey_irq_set(abbey_pci_intx(c->pci), 0);
    CU_ASSERT_EQUAL(r->level[0], 1);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    c = self_of(b, "c"), d = self_of(b, "d"), e = self_of(b, "e"), r = self_of(b, "r");
    abbey_irq_set(abbey_pci_intx(e->pci), 1); /* slot 4 INTD#: line (4 + 3 - 1) mod 4 = 2 */
    CU_ASSERT(r->level[2] == 1);
    abbey_pci_write(b, 5, 0, 4, 2, 0x0400); /* interrupt disable: the pin goes, the status bit stays */
    CU_ASSERT_EQUAL(abbey_line(b, 16), 0);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 5, 0, 6, 2) & 8, 8);
    abbey_pci_write(b, 5, 0, 4, 2, 0);
    CU_ASSERT_EQUAL(abbey_line(b, 16), 1);
    CU_ASSERT_EQUAL(r->level[0], 1);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_line(b, 16), 0);
    CU_ASSERT_EQUAL(abbey_line(b, 18), 0);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 5, 0, 6, 2) & 8, 0);
    abbey_irq_set(abbey_pci_intx(d->pci), 1);
    CU_ASSERT_EQUAL(abbey_line(b, 16), 1);
    abbey_bench_free(b);
    CU_ASSERT_PTR_NULL(bench_of("  r: {device: router}\n  s: {device: router}\n"));
    CU_ASSERT(errors_have("already routed by 'r' (<bench>:4:3)"));
}

static void dma_needs_the_bus(void)
{
    abbey_bench *b = bench_of("  c: {device: card, pin: 0}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct card *card = self_of(b, "c");
    uint64_t count = 16;
    uint32_t word = 5;
    CU_ASSERT_PTR_NULL(abbey_pci_intx(card->pci));
    CU_ASSERT_EQUAL(abbey_dma_write(card->dma, 0x1000, &word, 4), -1);
    CU_ASSERT_PTR_NULL(abbey_dma_map(card->dma, 0x1000, &count, 0));
    abbey_pci_write(b, 1, 0, 4, 2, 4);
    CU_ASSERT_EQUAL(abbey_dma_write(card->dma, 0x1000, &word, 4), 0);
    CU_ASSERT_EQUAL(abbey_load(b, 0x1000, 4), 5);
    abbey_bench_free(b);
}

static void slots_are_given_out(void)
{
    abbey_bench *b = bench_of("  a: {device: card}\n  b: {device: card, addr: \"01.0\"}\n  c: {device: card}\n"
                              "  f: {device: card, addr: \"01.2\"}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct board_pci_slot slots[8];
    CU_ASSERT_EQUAL(board_pci_slots(b->board, slots, 8), 4);
    for (unsigned i = 0; i < 4; i++) {
        uint32_t slot = slots[i].id[0] == 'a' ? 2 : slots[i].id[0] == 'c' ? 3 : 1;
        CU_ASSERT_EQUAL(slots[i].slot, slot);
        CU_ASSERT_EQUAL(slots[i].function, slots[i].id[0] == 'f' ? 2u : 0u);
        CU_ASSERT_EQUAL(slots[i].device, 0x1234);
    }
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x0e, 1), 0x80); /* function 0 says that there are others */
    CU_ASSERT_EQUAL(abbey_pci_read(b, 2, 0, 0x0e, 1), 0);
    CU_ASSERT_EQUAL(board_pci_slots(b->board, slots, 1), 4);
    abbey_bench_free(b);
    CU_ASSERT_PTR_NULL(bench_of("  a: {device: card, addr: \"03.0\"}\n  b: {device: card, addr: \"03.0\"}\n"));
    CU_ASSERT(errors_have("'a'") && errors_have("'b'") && errors_have("<bench>:4"));
    CU_ASSERT_PTR_NULL(bench_of("  a: {device: card, bar_length: 4095}\n  b: {device: card, bar_length: 8}\n"));
    CU_ASSERT(errors_have("BAR 1: kind 2, length fff;") && errors_have("BAR 1: kind 2, length 8;"));
    CU_ASSERT_PTR_NULL(bench_of("  a: {device: card, pin: 5}\n"));
    CU_ASSERT(errors_have("interrupt pin 5"));
    char many[2000] = "";
    for (unsigned i = 0; i < 32; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "  a%u: {device: card}\n", i);
    CU_ASSERT_PTR_NULL(bench_of(many));
    CU_ASSERT(errors_have("device 'a31': all 31 slots"));
}

static void a_state_of_another_card_is_refused(void)
{
    abbey_bench *b = bench_of("  c: {device: card}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    char *state = strdup(abbey_state(b));
    char *at = strstr(state, "\"f41a3412");
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    at[1] = '0';
    CU_ASSERT_EQUAL(abbey_state_load(b, state), -1);
    CU_ASSERT(
        errors_have("state: devices.c.pci: error[state]: it is of a function 1a04:1234, the device is 1af4:1234"));
    at[1] = 'f';
    CU_ASSERT_EQUAL(abbey_state_load(b, state), 0);
    /* A BAR with bits that its size does not allow is put right. */
    memcpy(at + 1 + 2 * 4, "03", 2);
    memcpy(at + 1 + 2 * 0x14, "ff0f00e0", 8);
    CU_ASSERT_EQUAL(abbey_state_load(b, state), 0);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x14, 4), 0xe0000000);
    CU_ASSERT_EQUAL(abbey_load(b, 0xe0000000, 4), 0x11111111);
    free(state);
    abbey_bench_free(b);
}

static bool said(const char *answer, const char *text)
{
    bool found = answer && strstr(answer, text);
    if (!found)
        printf("# no '%s' in: %s\n", text, answer ? answer : "(none)");
    return found;
}

/* The commands of a machine, which a bench does not have by itself. */
static const char *plug(abbey_bench *bench, const char *command, const char *id)
{
    char arguments[80];
    abbey_error error;
    board_commands_add(bench->board, &error); /* once a board: it is made anew when a state is loaded */
    snprintf(arguments, sizeof arguments, "{\"id\": \"%s\"}", id);
    return abbey_command_run(bench, command, arguments);
}

static void a_card_comes_and_goes(void)
{
    abbey_bench *b = bench_of("  r: {device: router, addr: \"02.0\"}\n"
                              "  c: {device: card, addr: \"01.0\", plugged: false}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct card *card = self_of(b, "c");
    struct router *router = self_of(b, "r");
    uint64_t bytes;
    uint32_t word = 0x12345678;
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0, 4), 0xffffffff);
    /* Without power it drives nothing and masters nothing. */
    abbey_irq_set(abbey_pci_intx(card->pci), 1);
    CU_ASSERT_EQUAL(router->level[0], 0);
    CU_ASSERT_EQUAL(abbey_dma_write(card->dma, 0x100, &word, 4), -1);

    CU_ASSERT(said(plug(b, "device.plug", "c"), "return"));
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0, 4), 0x12341af4);
    abbey_pci_write(b, 1, 0, 0x10, 4, 0xc000);
    abbey_pci_write(b, 1, 0, 0x14, 4, 0xe0000000);
    abbey_pci_write(b, 1, 0, 4, 2, 7);
    CU_ASSERT_EQUAL(abbey_in(b, 0xc004, 4), 0x22222222);
    CU_ASSERT_EQUAL(abbey_load(b, 0xe0000004, 4), 0x22222222);
    CU_ASSERT_EQUAL(abbey_dma_write(card->dma, 0x100, &word, 4), 0);
    CU_ASSERT_EQUAL(abbey_ram(b, &bytes)[0x100], 0x78);
    abbey_irq_set(abbey_pci_intx(card->pci), 1);
    CU_ASSERT_EQUAL(router->level[0], 1);
    CU_ASSERT(said(plug(b, "device.plug", "c"), "'c' is plugged in already"));
    char *plugged = strdup(abbey_state(b));

    /* Pulled out, it takes its line and its ranges with it. */
    CU_ASSERT(said(plug(b, "device.unplug", "c"), "return"));
    CU_ASSERT_EQUAL(router->level[0], 0);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0, 4), 0xffffffff);
    CU_ASSERT_EQUAL(abbey_in(b, 0xc004, 4), 0xffffffff);
    CU_ASSERT_EQUAL(abbey_load(b, 0xe0000004, 4), 0xffffffff);
    CU_ASSERT_EQUAL(abbey_dma_write(card->dma, 0x100, &word, 4), -1);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0, 4), 0xffffffff);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0, 4), 0xffffffff);

    /* A state says whether it is there. */
    CU_ASSERT_EQUAL(abbey_state_load(b, plugged), 0);
    CU_ASSERT_EQUAL(abbey_in(b, 0xc004, 4), 0x22222222);
    CU_ASSERT(said(plug(b, "device.unplug", "c"), "return"));
    CU_ASSERT(said(plug(b, "device.plug", "c"), "return"));
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x10, 4), 1); /* as after a reset */
    CU_ASSERT_EQUAL(abbey_in(b, 0xc004, 4), 0xffffffff);
    CU_ASSERT(said(plug(b, "device.plug", "cc"), "no device 'cc'"));
    free(plugged);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "the header is as described, and read-only", the_header_is_as_described },
    { "masks: what the guest may write, and clear", masks_hold_what_the_guest_may_not_write },
    { "BARs are sized, mapped, moved, hidden, saved", bars_are_sized_and_mapped },
    { "a BAR hides RAM from the guest alone", a_bar_hides_ram_from_the_guest_alone },
    { "interrupt pins are turned by slot and joined", pins_are_turned_and_joined },
    { "DMA needs the bus master bit", dma_needs_the_bus },
    { "slots are given out, clashes and bad descriptions refused", slots_are_given_out },
    { "a state of another card is refused", a_state_of_another_card_is_refused },
    { "a card comes and goes", a_card_comes_and_goes },
};
UNIT_MAIN("pci", tests)
