/* test_board_control.c - a device's own commands, events and pauses, on the author's bench. */
#include <stdlib.h>
#include <string.h>

#include "sdk/bench/bench_impl.h"
#include "tests/unit/unit.h"

struct bell {
    abbey_dev *dev;
    const abbey_control_1 *control;
    uint16_t base;
    bool clash, late;
    uint32_t rung; /* guest-visible */
    abbey_message *held;
    uint32_t heard_pauses, heard_resumes;
    uint32_t writes; /* statistics */
    uint64_t wide;
};
#define ABBEY_SELF struct bell

struct ring_args {
    uint32_t times;
    bool later;
};

static void ring(void *self, const void *given, abbey_message *answer)
{
    struct bell *bell = self;
    const struct ring_args *args = given;
    bell->rung += args->times;
    abbey_message_integer(answer, "rung", bell->rung);
    if (args->later) {
        abbey_message_later(answer);
        bell->held = answer;
    }
}

static void play(void *self, const void *args, abbey_message *answer)
{
    struct bell *bell = self;
    (void)args;
    bell->rung += 100;
    abbey_message_bool(answer, "played", 1);
}

static const abbey_prop ring_args[] = {
    ABBEY_ARG(struct ring_args, times, 1, "how often", .min = 1, .max = 10),
    ABBEY_ARG(struct ring_args, later, 0, "answer when the guest reads the port"),
};
static const abbey_command commands[] = {
    { .name = "ring",
        .meaning = "rings",
        .args = ABBEY_TABLE(ring_args),
        .args_size = sizeof(struct ring_args),
        .run = ring },
    { .name = "chime.play", .meaning = "plays", .thread = ABBEY_COMMAND_VCPU, .run = play },
};

static void on_pause(void *self, uint32_t paused)
{
    struct bell *bell = self;
    bell->heard_pauses += paused;
    bell->heard_resumes += !paused;
}

/* A write is told as an event, and of zero stops the machine; a read sends the answer that was held. */
static void port(void *self, abbey_io *io)
{
    struct bell *bell = self;
    if (io->write) {
        bell->writes++;
        abbey_trace(bell->dev, "written: %u", (unsigned)io->value);
        abbey_message *event = bell->control->event(bell->dev, "bell.written");
        abbey_message_integer(event, "value", (int64_t)io->value);
        abbey_message_send(event);
        if (!io->value)
            bell->control->pause(bell->dev, "nothing to ring with");
        return;
    }
    io->value = bell->rung;
    if (bell->held)
        abbey_message_send(bell->held);
    bell->held = NULL;
    if (bell->late) /* the SDK allows it in create() alone */
        abbey_commands_add(bell->dev, commands, 1, bell);
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct bell *bell = self;
    bell->dev = dev;
    bell->control = abbey_control(dev);
    if (abbey_commands_add(dev, commands, 2, bell) < 0 || bell->control->on_pause(dev, on_pause, bell) < 0)
        return -1;
    if (bell->clash && abbey_commands_add(dev, commands, 1, bell) < 0)
        return -1;
    return abbey_pio_map(dev, bell->base, 1, port, bell);
}

static const abbey_prop props[] = { ABBEY_PROP(base, 0x300, "port"), ABBEY_PROP(clash, 0, "adds a command twice"),
    ABBEY_PROP(late, 0, "adds a command too late") };
static const abbey_reg regs[] = { ABBEY_REG(rung, 0) };
static const abbey_stat stats[] = { ABBEY_STAT(writes, "of the port"), ABBEY_STAT(wide, "nothing") };
static const abbey_device device = { .name = "bell",
    .summary = "rings",
    .self_size = sizeof(struct bell),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .stats = ABBEY_TABLE(stats) };
static const abbey_plugin plugin = { .magic = ABBEY_MAGIC,
    .size = sizeof plugin,
    .abi_major = ABBEY_ABI_MAJOR,
    .abi_minor = ABBEY_ABI_MINOR,
    .id = "org.abbey.test.bell",
    .version = "1.0.0",
    .license = "MIT",
    .requires = ABBEY_CONTROL_1,
    .device = &device,
    .device_size = sizeof device };

static char *errors;
static size_t error_bytes;

static abbey_bench *bell_bench(const char *devices)
{
    char text[400];
    struct plugin_set *plugins = calloc(1, sizeof *plugins);
    CU_ASSERT_TRUE_FATAL(plugin_set_add(plugins, &plugin, "bell"));
    snprintf(text, sizeof text, "abbey: 1\ndevices:\n%s", devices);
    free(errors);
    bench_errors = open_memstream(&errors, &error_bytes);
    abbey_bench *bench = bench_build(plugins, text);
    fflush(bench_errors);
    return bench;
}

static void bench_end(abbey_bench *bench)
{
    abbey_bench_free(bench);
    fclose(bench_errors);
    bench_errors = NULL;
}

static struct bell *bell_of(abbey_bench *bench, const char *id)
{
    return board_device(bench->board, id)->self;
}

static void each_device_has_its_own_commands(void)
{
    abbey_bench *b = bell_bench("  one: {device: bell}\n  two: {device: bell, base: 0x301}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_STRING_EQUAL(abbey_command_run(b, "one.ring", "{\"times\": 3}"), "{\"return\":{\"rung\":3}}");
    CU_ASSERT_STRING_EQUAL(abbey_command_run(b, "two.ring", NULL), "{\"return\":{\"rung\":1}}");
    CU_ASSERT_EQUAL(abbey_in(b, 0x300, 1), 3);
    CU_ASSERT_EQUAL(abbey_in(b, 0x301, 1), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(abbey_command_run(b, "one.ring", "{\"times\": 11}"), "'times' is 1 to 10, not 11"));
    CU_ASSERT_PTR_NOT_NULL(strstr(abbey_command_run(b, "one.ring", "{"), "JSONError"));
    CU_ASSERT_PTR_NOT_NULL(strstr(abbey_command_run(b, "chime.play", NULL), "\"expected\":\"one,two\""));
    CU_ASSERT_STRING_EQUAL(abbey_command_run(b, "chime.play", "{\"id\": \"two\"}"), "{\"return\":{\"played\":true}}");
    CU_ASSERT_EQUAL(abbey_in(b, 0x301, 1), 101);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0); /* the devices made anew have theirs */
    CU_ASSERT_STRING_EQUAL(abbey_command_run(b, "one.ring", NULL), "{\"return\":{\"rung\":4}}");
    bench_end(b);
}

static void an_answer_may_come_later(void)
{
    abbey_bench *b = bell_bench("  one: {device: bell}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_STRING_EQUAL(abbey_command_run(b, "one.ring", "{\"later\": true}"), "{}");
    abbey_in(b, 0x300, 1);
    CU_ASSERT_STRING_EQUAL(abbey_command_answer(b), "{\"return\":{\"rung\":1}}");
    bench_end(b);
}

static void events_and_pauses_come_out(void)
{
    abbey_bench *b = bell_bench("  one: {device: bell}\n");
    abbey_events events = { .size = sizeof events };
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_STRING_EQUAL(abbey_events_text(b), "[]");
    abbey_out(b, 0x300, 1, 7);
    abbey_events_get(b, &events);
    CU_ASSERT_EQUAL(events.paused, 0);
    abbey_out(b, 0x300, 1, 0);
    abbey_out(b, 0x300, 1, 0);
    CU_ASSERT_STRING_EQUAL(abbey_events_text(b), "[{\"data\":{\"id\":\"one\",\"value\":7},\"event\":\"bell.written\"},"
                                                 "{\"data\":{\"id\":\"one\",\"value\":0},\"event\":\"bell.written\"},"
                                                 "{\"data\":{\"id\":\"one\",\"value\":0},\"event\":\"bell.written\"}]");
    CU_ASSERT_STRING_EQUAL(abbey_events_text(b), "[]");
    abbey_events_get(b, &events);
    CU_ASSERT_EQUAL(events.paused, 1);
    CU_ASSERT_EQUAL(events.pauses, 2);
    CU_ASSERT_EQUAL(bell_of(b, "one")->heard_pauses, 1);
    abbey_resume(b);
    abbey_resume(b);
    CU_ASSERT_EQUAL(bell_of(b, "one")->heard_resumes, 1);
    abbey_events_get(b, &events);
    CU_ASSERT_EQUAL(events.paused, 0);
    bench_end(b);
}

static void a_device_is_described(void)
{
    abbey_bench *b = bell_bench("  one: {device: bell}\n");
    abbey_error error = { "" };
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_TRUE(board_commands_add(b->board, &error));
    bell_of(b, "one")->wide = 5000000000;
    abbey_command_run(b, "one.ring", NULL);
    const char *text = abbey_command_run(b, "device.describe", "{\"id\": \"one\"}");
    static const char *const parts[] = { "\"commands\":[\"one.ring\",\"chime.play\"]", "\"registers\":{\"rung\":1}",
        "\"base\":768", "\"clash\":false", "\"type\":\"bell\"",
        "{\"length\":1,\"shown\":true,\"space\":\"ports\",\"start\":768}", "\"accesses\":0",
        "\"statistics\":{\"wide\":5000000000,\"writes\":0}" };

    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(text, parts[i]));
    CU_ASSERT_PTR_NOT_NULL(strstr(abbey_command_run(b, "device.describe", "{\"id\": \"on\"}"), "\"nearest\":\"one\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(abbey_command_run(b, "device.list", NULL), "\"id\":\"one\""));
    bench_end(b);
}

/* They count for the whole run, each for its device alone, and are no state. */
static void statistics_are_told(void)
{
    abbey_bench *b = bell_bench("  one: {device: bell}\n  two: {device: bell, base: 0x310}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_out(b, 0x300, 1, 1);
    abbey_out(b, 0x300, 1, 2);
    bell_of(b, "one")->wide = UINT64_C(1) << 40;
    CU_ASSERT_EQUAL(abbey_statistic(b, "one", "writes"), 2);
    CU_ASSERT_EQUAL(abbey_statistic(b, "one", "accesses"), 2);
    CU_ASSERT_EQUAL(abbey_statistic(b, "one", "wide"), INT64_C(1) << 40);
    CU_ASSERT_EQUAL(abbey_statistic(b, "two", "writes"), 0);
    CU_ASSERT_EQUAL(abbey_statistic(b, "two", "missing"), -1);
    CU_ASSERT_EQUAL(abbey_statistic(b, "three", "writes"), -1);
    CU_ASSERT_PTR_NULL(strstr(abbey_state(b), "writes"));
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_statistic(b, "one", "writes"), 2);
    bench_end(b);
}

/* How many such lines the log has. */
static unsigned logged(const char *line)
{
    unsigned count = 0;
    fflush(bench_errors);
    for (const char *at = errors; (at = strstr(at, line)); at++)
        count++;
    return count;
}

static void trace_points_are_switched_by_device(void)
{
    abbey_bench *b = bell_bench("  one: {device: bell}\n  two: {device: bell, base: 0x310}\nlog: {trace: [two]}\n");
    abbey_error error = { "" };
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_TRUE(board_commands_add(b->board, &error));
    abbey_out(b, 0x300, 1, 7);
    abbey_out(b, 0x310, 1, 8);
    CU_ASSERT_EQUAL(logged("bench: two: written: 8"), 1);
    CU_ASSERT_EQUAL(logged("written"), 1);
    abbey_command_run(b, "device.trace", "{\"id\": \"one\"}");
    abbey_command_run(b, "device.trace", "{\"id\": \"two\", \"on\": false}");
    abbey_out(b, 0x300, 1, 9);
    abbey_out(b, 0x310, 1, 9);
    CU_ASSERT_EQUAL(logged("bench: one: written: 9"), 1);
    CU_ASSERT_EQUAL(logged("written"), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(abbey_command_run(b, "device.trace", "{\"id\": \"on\"}"), "\"nearest\":\"one\""));
    bench_end(b);
    CU_ASSERT_PTR_NULL(bell_bench("  one: {device: bell}\nlog: {trace: [won]}\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(errors, "<bench>:4:15: error[no-device]: there is neither a device nor a backend 'won'"));
    fclose(bench_errors);
    bench_errors = NULL;
}

static void mistakes_are_told_with_their_place(void)
{
    CU_ASSERT_PTR_NULL(bell_bench("  one: {device: bell, clash: true}\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(errors, "<bench>:3:3: error[device]: device 'one': the command 'one.ring' is already of one"));
    fclose(bench_errors);
    abbey_bench *b = bell_bench("  one: {device: bell, late: true}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    abbey_in(b, 0x300, 1);
    fflush(bench_errors);
    CU_ASSERT_PTR_NOT_NULL(strstr(errors, "abbey_commands_add() outside create()"));
    bench_end(b);
}

static const struct unit_test tests[] = {
    { "each device has its own commands, and shares others", each_device_has_its_own_commands },
    { "an answer may come later", an_answer_may_come_later },
    { "events and pauses come out", events_and_pauses_come_out },
    { "a device is described with its registers and commands", a_device_is_described },
    { "statistics are told, and are no state", statistics_are_told },
    { "trace points are switched on and off by device", trace_points_are_switched_by_device },
    { "a clash and a late command are told with their place", mistakes_are_told_with_their_place },
};
int main(void)
{
    int status = unit_main("board control", tests, sizeof tests / sizeof tests[0]);
    free(errors);
    return status;
}
