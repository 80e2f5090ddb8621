/* test_board.c - ports, memory, interrupt lines, timers, DMA and wires, as a device finds them. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/probe.h"
#include "tests/unit/unit.h"

#define EXPECT_LOG(probe, text) CU_ASSERT_STRING_EQUAL(probe_taken(probe), text)

static bool errors_have(const char *text)
{
    bool found = strstr(probe_errors(), text) != NULL;
    if (!found)
        printf("# no '%s' in: %s\n", text, probe_errors());
    return found;
}

static void ports_are_split_to_the_width_of_the_card(void)
{
    abbey_bench *b = probe_bench("  a: {device: probe, base: 0x300}\n  w: {device: probe, base: 0x320, width: 2}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct probe *a = probe_of(b, "a"), *w = probe_of(b, "w");
    CU_ASSERT_EQUAL(abbey_in(b, 0x300, 4), 0x04030201);
    EXPECT_LOG(a, "r0.1 r1.1 r2.1 r3.1 ");
    abbey_out(b, 0x302, 2, 0xaabb);
    EXPECT_LOG(a, "w2.1=bb w3.1=aa ");
    CU_ASSERT_EQUAL(abbey_in(b, 0x320, 4), 0x04030201);
    EXPECT_LOG(w, "r0.2 r2.2 ");
    abbey_out(b, 0x321, 4, 0x44332211);
    EXPECT_LOG(w, "w1.1=11 w2.2=3322 w4.1=44 ");
    abbey_bench_free(b);
}

static void an_access_does_not_run_over_the_end(void)
{
    abbey_bench *b = probe_bench("  a: {device: probe, base: 0x300, length: 3, width: 4}\n"
                                 "  z: {device: probe, base: 0xfffe, length: 2, width: 2}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_EQUAL(abbey_in(b, 0x300, 4), 0xff030201);
    EXPECT_LOG(probe_of(b, "a"), "r0.2 r2.1 ");
    CU_ASSERT_EQUAL(abbey_in(b, 0xffff, 4), 0xffffff02);
    abbey_out(b, 0xfffe, 4, 0x44332211);
    EXPECT_LOG(probe_of(b, "z"), "r1.1 w0.2=2211 ");
    CU_ASSERT_EQUAL(abbey_in(b, 0x400, 1), 0xff);
    CU_ASSERT_EQUAL(abbey_in(b, 0x400, 2), 0xffff);
    abbey_out(b, 0x400, 4, 0);
    abbey_bench_free(b);
}

static void ranges_over_others_are_asked_first(void)
{
    abbey_bench *b =
        probe_bench("  over: {device: probe, base: 0x302, length: 1, overlap: true}\n"
                    "  a: {device: probe, base: 0x300}\n  hid: {device: probe, base: 0x300, disabled: true}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct probe *a = probe_of(b, "a"), *over = probe_of(b, "over"), *hid = probe_of(b, "hid");
    abbey_in(b, 0x302, 1);
    EXPECT_LOG(over, "r0.1 ");
    abbey_region_enable(over->region, 0);
    abbey_in(b, 0x302, 1);
    EXPECT_LOG(a, "r2.1 ");
    abbey_region_move(hid->region, 0x301);
    abbey_in(b, 0x301, 1);
    EXPECT_LOG(a, "r1.1 ");
    abbey_region_enable(hid->region, 1);
    abbey_in(b, 0x301, 1);
    EXPECT_LOG(hid, "r0.1 ");
    abbey_region_move(hid->region, 0xfff0);
    abbey_region_move(hid->region, 0x12345678); /* nowhere */
    abbey_region_move(hid->region, UINT64_MAX);
    abbey_in(b, 0x301, 1);
    EXPECT_LOG(a, "r1.1 ");
    EXPECT_LOG(hid, "");
    abbey_region_enable(over->region, 1);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_in(b, 0x302, 1);
    EXPECT_LOG(probe_of(b, "over"), "loaded r0.1 ");
    abbey_bench_reset(b); /* everything where it was described */
    abbey_in(b, 0x301, 1);
    EXPECT_LOG(probe_of(b, "a"), "loaded r1.1 ");
    abbey_bench_free(b);
}

static void a_clash_names_both_parties(void)
{
    CU_ASSERT_PTR_NULL(probe_bench("  com1: {device: probe, base: 0x3f8}\n  com2: {device: probe, base: 0x3f8}\n"
                                   "  com3: {device: probe, base: 0x3ff}\n  far: {device: probe, base: 0xfffa}\n"));
    CU_ASSERT(errors_have(
        "<bench>:5:3: error[device]: device 'com2': ports 3f8-3ff of 'com2' are already held by 'com1' (<bench>:4:3)"));
    CU_ASSERT(errors_have("ports 3ff-406 of 'com3' lie over 3f8-3ff that are already held by 'com1' (<bench>:4:3)"));
    CU_ASSERT(errors_have("<bench>:7:3: error[device]: device 'far': ports fffa with a length of 8 end beyond ffff"));
    CU_ASSERT_PTR_NULL(probe_bench("  a: {device: probe, memory: true}\n  b: {device: probe, memory: true}\n"));
    CU_ASSERT(errors_have("memory f0000000-f0000007 of 'b' are already held by 'a' (<bench>:4:3)"));
    CU_ASSERT_PTR_NULL(probe_bench("  a: {device: probe}\n  b: {device: probe, tolerate: true}\n"));
    CU_ASSERT(errors_have("of 'b' are already held by 'a'"));
    CU_ASSERT_PTR_NULL(probe_bench("  a: {device: probe, width: 3}\n  b: {device: probe, length: 0}\n"));
    CU_ASSERT(errors_have("width 3") && errors_have("length of 0"));
}

static void memory_is_mapped_hidden_and_moved(void)
{
    abbey_bench *b = probe_bench("  a: {device: probe, memory: true, width: 4}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct probe *a = probe_of(b, "a");
    CU_ASSERT_EQUAL(abbey_load(b, 0xf0000000, 4), 0x04030201);
    abbey_store(b, 0xf0000004, 2, 0x1234);
    EXPECT_LOG(a, "r0.4 w4.2=1234 ");
    abbey_region_enable(a->region, 0);
    CU_ASSERT_EQUAL(abbey_load(b, 0xf0000000, 4), 0xffffffff);
    abbey_region_move(a->region, 0xe0000000);
    abbey_region_enable(a->region, 1);
    CU_ASSERT_EQUAL(abbey_load(b, 0xe0000000, 1), 1);
    abbey_region_move(a->region, UINT64_MAX - 2); /* nowhere, and no crash */
    CU_ASSERT_EQUAL(abbey_load(b, 0xe0000000, 1), 0xff);
    abbey_region_move(a->region, 0xe0001000);
    abbey_region_enable(a->region, 1);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(abbey_load(b, 0xe0001000, 1), 1);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_load(b, 0xf0000000, 1), 1);
    json_t *stats = board_stats(b->board);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_object_get(stats, "a"), "accesses")), 2);
    json_decref(stats);
    abbey_bench_free(b);
}

/* The devices stand before the controller in the file: they may drive it before it listens. */
static void a_shared_line_is_the_or_of_its_sources(void)
{
    abbey_bench *b = probe_bench("  a: {device: probe, base: 0x300, irq: pic.3}\n"
                                 "  c: {device: probe, base: 0x320, irq: pic.4}\n  pic: {device: chip}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct probe *a = probe_of(b, "a"), *pic = probe_of(b, "pic");
    probe_taken(pic);
    struct source *twin = source_connect(board_device(b->board, "c"), "twin", board_device(b->board, "pic"), 3);
    abbey_irq_set(a->irq, 1);
    abbey_irq_set(a->irq, 1);
    abbey_irq_set(&twin->handle, 1);
    EXPECT_LOG(pic, "+3 ");
    CU_ASSERT_EQUAL(abbey_intr(b), 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x23);
    abbey_irq_set(a->irq, 0);
    EXPECT_LOG(pic, "ack ");
    CU_ASSERT_EQUAL(board_irq_level(b->board, "pic", 3), 1);
    abbey_irq_set(&twin->handle, 0);
    EXPECT_LOG(pic, "-3 ");
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    abbey_irq_set(a->irq, 1); /* a pulse */
    abbey_irq_set(a->irq, 0);
    EXPECT_LOG(pic, "+3 -3 ");
    CU_ASSERT_EQUAL(board_irq_level(b->board, "pic", 8), -1);
    CU_ASSERT_EQUAL(board_irq_level(b->board, "a", 0), -1);
    CU_ASSERT_EQUAL(board_irq_level(b->board, "nobody", 0), -1);
    CU_ASSERT_EQUAL(abbey_irq_pending(a->irq), 0);
    CU_ASSERT_EQUAL(abbey_irq_pending(NULL), 0);
    abbey_irq_set(NULL, 1); /* not connected */
    abbey_bench_free(b);
}

static void levels_are_saved_by_the_board(void)
{
    abbey_bench *b = probe_bench("  a: {device: probe, irq: pic.3}\n  pic: {device: chip}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_irq_set(probe_of(b, "a")->irq, 1);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(board_irq_level(b->board, "pic", 3), 1);
    CU_ASSERT_EQUAL(abbey_intr(b), 1);
    EXPECT_LOG(probe_of(b, "pic"), ""); /* the controller has its own registers */
    abbey_irq_set(probe_of(b, "a")->irq, 0);
    EXPECT_LOG(probe_of(b, "pic"), "-3 ");
    abbey_irq_set(probe_of(b, "a")->irq, 1);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(board_irq_level(b->board, "pic", 3), 0);
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    abbey_bench_free(b);
    CU_ASSERT_PTR_NULL(probe_bench("  p: {device: chip}\n  q: {device: chip}\n"));
    CU_ASSERT(errors_have("device 'q': the INTR pin of the processor is already driven by 'p' (<bench>:4:3)"));
}

static void timers_run_in_order(void)
{
    abbey_bench *b = probe_bench("  a: {device: probe}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct probe *a = probe_of(b, "a");
    abbey_timer_arm(a->timers[2], 100);
    abbey_timer_arm(a->timers[0], 300);
    abbey_timer_arm(a->timers[1], 100); /* after timer 2, which was armed for the same time before */
    CU_ASSERT_EQUAL(abbey_timer_due(a->timers[1]), abbey_now(a->dev) + 100);
    abbey_advance(b, 99);
    EXPECT_LOG(a, "");
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0); /* timer 2 stands in no row: it is forgotten */
    a = probe_of(b, "a");
    abbey_advance(b, 1);
    EXPECT_LOG(a, "loaded t1 ");
    CU_ASSERT_EQUAL(abbey_timer_due(a->timers[1]), ABBEY_NEVER);
    abbey_timer_cancel(a->timers[0]);
    abbey_timer_arm_at(a->timers[1], 5); /* long past: at once */
    abbey_advance(b, 1000);
    EXPECT_LOG(a, "t1 ");
    abbey_timer_arm(a->timers[0], 10);
    abbey_timer_arm(a->timers[0], 20);
    abbey_bench_reset(b);
    abbey_advance(b, 1000);
    EXPECT_LOG(a, "");
    abbey_timer_arm(a->timers[0], 0);
    abbey_timer_arm(a->timers[3], 0); /* for ever: the caller comes back all the same */
    board_run_timers(b->board, b->now);
    EXPECT_LOG(a, "t0 ");
    CU_ASSERT_TRUE(a->u32 > 0);
    CU_ASSERT_EQUAL(board_next_timer(b->board), b->now);
    abbey_timer_cancel(a->timers[3]);
    CU_ASSERT_EQUAL(board_next_timer(b->board), ABBEY_NEVER);
    abbey_bench_free(b);
}

/* Many timers, armed, moved and cancelled at random: what runs, runs in order. */
static void the_heap_keeps_its_order(void)
{
    abbey_bench *b = probe_bench("  a: {device: probe, base: 0x100}\n  b: {device: probe, base: 0x110}\n"
                                 "  c: {device: probe, base: 0x120}\n  d: {device: probe, base: 0x130}\n"
                                 "  e: {device: probe, base: 0x140}\n  f: {device: probe, base: 0x150}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    srand(7);
    for (unsigned round = 0; round < 3000; round++) {
        char id[2] = { (char)('a' + rand() % 6), 0 };
        abbey_timer *timer = probe_of(b, id)->timers[rand() % 3];
        if (rand() % 4)
            abbey_timer_arm(timer, (uint64_t)(rand() % 50));
        else
            abbey_timer_cancel(timer);
        for (uint32_t i = 1; i < b->board->heap_count; i++)
            CU_ASSERT_FATAL(b->board->heap[(i - 1) / 2]->due <= b->board->heap[i]->due);
        for (uint32_t i = 0; i < b->board->heap_count; i++)
            CU_ASSERT_FATAL(b->board->heap[i]->index == i);
        if (rand() % 3 == 0)
            abbey_advance(b, (uint64_t)(rand() % 20));
        CU_ASSERT_FATAL(board_next_timer(b->board) >= b->now || board_next_timer(b->board) == ABBEY_NEVER);
    }
    abbey_bench_free(b);
}

static unsigned code_writes;

static void code_written(void *opaque, gpa_t gpa, uint32_t count)
{
    (void)count;
    code_writes++;
    mem_unmark(opaque, gpa, MEM_MARK_CODE);
}

static void dma_is_checked(void)
{
    abbey_bench *b = probe_bench("  a: {device: probe}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_dma *dma = probe_of(b, "a")->dma;
    uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    uint64_t count;
    uint8_t *ram = abbey_ram(b, &count);
    CU_ASSERT_EQUAL(abbey_dma_write(dma, 0x1ffffc, bytes, 8), -1); /* over the end of RAM */
    CU_ASSERT_EQUAL(abbey_dma_write(dma, UINT64_MAX - 3, bytes, 8), -1);
    CU_ASSERT_EQUAL(abbey_dma_read(dma, 0x80000000, bytes, 8), -1);
    CU_ASSERT_EQUAL(abbey_dma_write(dma, 0x8000, "abbey", 5), 0);
    CU_ASSERT_EQUAL(memcmp(ram + 0x8000, "abbey", 5), 0);

    count = 16;
    uint8_t *view = abbey_dma_map(dma, 0x8000, &count, 1);
    CU_ASSERT_PTR_EQUAL(view, ram + 0x8000);
    mem_on_code_write(b->mem, code_written, b->mem);
    mem_mark(b->mem, 0x8000, MEM_MARK_CODE); /* while the view is open */
    memcpy(view, "ABBEY", 5);
    abbey_dma_unmap(dma, view, 5);
    CU_ASSERT_EQUAL(code_writes, 1);

    count = 16;
    CU_ASSERT_PTR_NULL(abbey_dma_map(dma, 0x80000000, &count, 1));
    CU_ASSERT_PTR_NULL(abbey_dma_map(dma, UINT64_MAX - 8, &count, 0));
    count = 16;
    CU_ASSERT_PTR_NOT_NULL(abbey_dma_map(dma, 0x1000, &count, 1)); /* left open: freed with the board */
    abbey_dma_unmap(dma, bytes, 4);                                /* no view: ignored */
    abbey_bench_free(b);
}

static void button(void *self)
{
    probe_log(self, "button ");
}

static void the_wires_of_the_board(void)
{
    abbey_bench *b = probe_bench("  a: {device: probe, base: 0x100}\n  b: {device: probe, base: 0x200}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct probe *a = probe_of(b, "a");
    const abbey_system_1 *s = abbey_system(a->dev);
    abbey_events e = { .size = sizeof e };
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 1); /* nobody has spoken */
    s->a20(a->dev, 0, 0);
    s->a20(a->dev, 1, 0);
    s->a20(a->dev, 99, 1); /* no such gate */
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 0);
    s->a20(a->dev, 1, 1);
    s->a20(a->dev, 0, 0);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 1);
    s->a20(a->dev, 1, 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 0);
    abbey_bench_reset(b);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 1);

    a = probe_of(b, "a");
    s->reset(a->dev, ABBEY_RESET_COLD);
    s->reset(a->dev, ABBEY_RESET_CPU);
    s->reset(a->dev, 77);
    s->power_off(a->dev);
    s->exit(a->dev, 42);
    s->nmi(a->dev);
    abbey_events_get(b, &e);
    CU_ASSERT(
        e.resets == 1 && e.cpu_resets == 1 && e.power_offs == 1 && e.exits == 1 && e.exit_status == 42 && e.nmis == 1);
    CU_ASSERT_EQUAL(s->memory(a->dev), 2 << 20);
    CU_ASSERT_EQUAL(s->wall_clock(a->dev) / ABBEY_SEC, 946684800);
    CU_ASSERT_EQUAL(abbey_power_press(b), -1);
    CU_ASSERT_EQUAL(s->power_button(a->dev, button, a), -1); /* only in create() */
    CU_ASSERT(errors_have("calls power_button() outside create()"));
    abbey_bench_free(b);
}

static void shadow_ram_comes_and_goes(void)
{
    abbey_bench *b = probe_bench("  a: {device: probe}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct probe *a = probe_of(b, "a");
    const abbey_system_1 *s = abbey_system(a->dev);
    abbey_store(b, 0xc8000, 1, 0x55);
    s->shadow(a->dev, 0xc8000, 0x1000, 0);
    CU_ASSERT_EQUAL(abbey_load(b, 0xc8000, 1), 0xff);
    s->shadow(a->dev, 0xc8000, 0x1000, ABBEY_SHADOW_READ_RAM);
    abbey_store(b, 0xc8000, 1, 0x66);
    CU_ASSERT_EQUAL(abbey_load(b, 0xc8000, 1), 0x55);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_store(b, 0xc8000, 1, 0x66);
    CU_ASSERT_EQUAL(abbey_load(b, 0xc8000, 1), 0x55);
    abbey_bench_reset(b);
    abbey_store(b, 0xc8000, 1, 0x66);
    CU_ASSERT_EQUAL(abbey_load(b, 0xc8000, 1), 0x66);
    a = probe_of(b, "a");
    s->shadow(a->dev, 0x1000, 0x1000, 0); /* not shadow RAM; said, and nothing done */
    s->shadow(a->dev, 0xff000, 0x2000, 0);
    s->shadow(a->dev, UINT64_MAX - 0xfff, 0x2000, 0);
    CU_ASSERT(errors_have("asks for shadow RAM outside C0000h-FFFFFh"));
    abbey_bench_free(b);
}

static void a_failed_create_is_reported_and_undone(void)
{
    unsigned before = probe_destroyed;
    CU_ASSERT_PTR_NULL(probe_bench("  a: {device: probe}\n  b: {device: probe, fail: true, note: on purpose}\n"
                                   "  c: {device: probe, fail: true}\n"));
    CU_ASSERT(errors_have("<bench>:5:3: error[device]: device 'b': it was told to fail: on purpose"));
    CU_ASSERT(errors_have("<bench>:6:3: error[device]: device 'c': its create() failed and gave no reason"));
    CU_ASSERT_EQUAL(probe_destroyed, before + 1); /* of the one that was created */
}

static void create_calls_elsewhere_are_refused(void)
{
    abbey_bench *b = probe_bench("  a: {device: probe}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    struct probe *a = probe_of(b, "a");
    CU_ASSERT_PTR_NULL(abbey_timer_new(a->dev, button, a));
    CU_ASSERT_EQUAL(abbey_pio_map(a->dev, 0x500, 1, NULL, a), -1);
    CU_ASSERT_PTR_NULL(abbey_irq_line(a->dev, 3));
    CU_ASSERT(errors_have("a: error: calls abbey_timer_new() outside create()"));
    CU_ASSERT_PTR_NULL(abbey_query(a->dev, "abbey.teleport/1"));
    CU_ASSERT_PTR_NULL(abbey_query(a->dev, ABBEY_HOST_MEM_1)); /* the host's services are for backends */
    CU_ASSERT_PTR_NULL(abbey_loop_get(a->dev));
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "ports: wide accesses are split to the width of the card", ports_are_split_to_the_width_of_the_card },
    { "ports: an access does not run over the end of a range", an_access_does_not_run_over_the_end },
    { "ports: ranges over others, shown, hidden, moved, saved", ranges_over_others_are_asked_first },
    { "a clash names both parties, and all errors come at once", a_clash_names_both_parties },
    { "memory is mapped, hidden, moved, saved, counted", memory_is_mapped_hidden_and_moved },
    { "a shared interrupt line is the OR of its sources", a_shared_line_is_the_or_of_its_sources },
    { "interrupt levels are saved by the board; one drives INTR", levels_are_saved_by_the_board },
    { "timers run in order, and none keeps the board for ever", timers_run_in_order },
    { "the heap of timers keeps its order", the_heap_keeps_its_order },
    { "DMA is checked, and tells of written code", dma_is_checked },
    { "A20, reset, power, NMI, clocks", the_wires_of_the_board },
    { "shadow RAM comes and goes", shadow_ram_comes_and_goes },
    { "a failed create() is reported with its place, and undone", a_failed_create_is_reported_and_undone },
    { "calls that belong into create() are refused elsewhere", create_calls_elsewhere_are_refused },
};
UNIT_MAIN("board", tests)
