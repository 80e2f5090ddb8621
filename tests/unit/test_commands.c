/* test_commands.c - commands by name: who may add what, how arguments are typed, on which thread they run, when the
 * answer comes. Without sockets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/control/commands.h"
#include "tests/unit/unit.h"

struct args {
    uint8_t small;
    int64_t wide;
    uint64_t bytes;
    _Bool yes;
    const char *text, *mode, *path;
};

static const abbey_prop all_args[] = {
    ABBEY_ARG(struct args, small, 3, "a small number", .min = 1, .max = 9),
    ABBEY_ARG(struct args, wide, -1, "a wide one"),
    ABBEY_ARG(struct args, bytes, 65536, "a size", .flags = ABBEY_PROP_BYTES),
    ABBEY_ARG(struct args, yes, 0, "or no"),
    ABBEY_ARG_TEXT(struct args, text, NULL, "any text"),
    ABBEY_ARG_TEXT(struct args, mode, "fast", "a choice", .choices = "fast,slow"),
    ABBEY_ARG_TEXT(struct args, path, NULL, "a file", .flags = ABBEY_PROP_PATH),
};
static const abbey_prop needed_args[] = {
    ABBEY_ARG(struct args, small, 0, "must be given", .flags = ABBEY_PROP_REQUIRED),
};

static struct commands *commands;
static abbey_message *held; /* by `later` */
static unsigned vcpu_wanted, answers;
static char *answer_text, *event_text;

static uint64_t wall_clock(void *opaque)
{
    (void)opaque;
    return 1700000000 * ABBEY_SEC + 12345 * ABBEY_US;
}

static void vcpu_work(void *opaque)
{
    (void)opaque;
    vcpu_wanted++;
}

static void on_answer(void *opaque, const json_t *answer)
{
    (void)opaque;
    free(answer_text);
    answer_text = json_dumps(answer, JSON_COMPACT);
    answers++;
}

static void on_event(void *opaque, const json_t *event)
{
    (void)opaque;
    free(event_text);
    event_text = json_dumps(event, JSON_COMPACT);
}

static void echo(void *self, const void *given, abbey_message *answer)
{
    const struct args *args = given;
    abbey_message_text(answer, "self", self);
    abbey_message_integer(answer, "small", args->small);
    abbey_message_integer(answer, "wide", args->wide);
    abbey_message_integer(answer, "bytes", (int64_t)args->bytes);
    abbey_message_bool(answer, "yes", args->yes);
    abbey_message_text(answer, "text", args->text);
    abbey_message_text(answer, "mode", args->mode);
    abbey_message_text(answer, "path", args->path);
}

static void who(void *self, const void *args, abbey_message *answer)
{
    (void)args;
    abbey_message_text(answer, "self", self);
}

static void fails(void *self, const void *args, abbey_message *answer)
{
    (void)self, (void)args;
    abbey_message_integer(answer, "lost", 1);
    abbey_message_fail(answer, "the %s is \xff full", "tray");
    abbey_message_fail(answer, "the second error is not told");
}

static void later(void *self, const void *args, abbey_message *answer)
{
    (void)self, (void)args;
    abbey_message_later(answer);
    held = answer;
}

static void at_once(void *self, const void *args, abbey_message *answer)
{
    (void)self, (void)args;
    abbey_message_later(answer);
    abbey_message_json(answer, "list", "[1, {\"a\": null}]");
    abbey_message_json(answer, "broken", "[1,");
    abbey_message_number(answer, "half", 0.5);
    abbey_message_send(answer);
}

#define ROW(n, ...)                                      \
    {                                                    \
        .name = n, .meaning = "of the test", __VA_ARGS__ \
    }
static const abbey_command core_rows[] = {
    ROW("core.echo", .args = ABBEY_TABLE(all_args), .args_size = sizeof(struct args), .run = echo),
    ROW("core.needs", .args = ABBEY_TABLE(needed_args), .args_size = sizeof(struct args), .run = who),
    ROW("core.fails", .run = fails),
    ROW("core.later", .run = later),
    ROW("core.at-once", .run = at_once),
    ROW("core.vcpu", .thread = ABBEY_COMMAND_VCPU, .run = who),
};
static const abbey_command device_rows[] = { ROW("ring", .run = who), ROW("screen.shot", .run = who) };

static bool add(const char *id, const abbey_command *rows, uint32_t count, char *self, abbey_error *error)
{
    abbey_table table = { rows, count, sizeof *rows };
    return commands_add(commands, id, &table, self, error);
}

static void open_all(void)
{
    static const struct commands_owner owner = { NULL, wall_clock, vcpu_work };
    abbey_error error = { "" };
    static char self[3][8] = { "core", "bell", "horn" };
    commands = commands_new(&owner);
    CU_ASSERT_TRUE_FATAL(add(NULL, core_rows, sizeof core_rows / sizeof core_rows[0], self[0], &error));
    CU_ASSERT_TRUE_FATAL(add("bell", device_rows, 2, self[1], &error));
    CU_ASSERT_TRUE_FATAL(add("horn", device_rows, 2, self[2], &error));
    commands_on_event(commands, on_event, NULL);
    vcpu_wanted = answers = 0;
}

static void close_all(void)
{
    commands_free(commands);
    free(answer_text);
    free(event_text);
    answer_text = event_text = NULL;
}

static struct message *ask(const char *text)
{
    json_t *request = json_loads(text, JSON_DECODE_ANY, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    free(answer_text);
    answer_text = NULL;
    struct message *pending = commands_request(commands, request, on_answer, NULL);
    json_decref(request);
    return pending;
}

/* The answer to the request has that text in it. */
static void answers_with(const char *request, const char *part)
{
    ask(request);
    bool found = answer_text && strstr(answer_text, part);
    if (!found)
        printf("# %s\n#   answers %s\n#   lacks   %s\n", request, answer_text ? answer_text : "nothing", part);
    CU_ASSERT(found);
}

static void arguments_are_typed_by_their_rows(void)
{
    open_all();
    answers_with("{\"execute\": \"core.echo\", \"id\": [1, {\"x\": null}]}",
        "{\"return\":{\"self\":\"core\",\"small\":3,\"wide\":-1,\"bytes\":65536,\"yes\":false,\"text\":null,"
        "\"mode\":\"fast\",\"path\":null},\"id\":[1,{\"x\":null}]}");
    answers_with(
        "{\"execute\": \"core.echo\", \"cwd\": \"/home/x\", \"arguments\": {\"small\": 9, \"wide\": "
        "-9223372036854775808, "
        "\"bytes\": \"16M\", \"yes\": true, \"text\": \"a\\nb \\u00e9\", \"mode\": \"slow\", \"path\": \"y/z\"}}",
        "{\"return\":{\"self\":\"core\",\"small\":9,\"wide\":-9223372036854775808,\"bytes\":16777216,\"yes\":true,"
        "\"text\":\"a\\nb \303\251\",\"mode\":\"slow\",\"path\":\"/home/x/y/z\"}}");
    answers_with("{\"execute\": \"core.echo\", \"arguments\": {\"small\": null, \"text\": 12, \"wide\": \"0x10\", "
                 "\"path\": \"/a\"}}",
        "\"small\":3,\"wide\":16,\"bytes\":65536,\"yes\":false,\"text\":\"12\",\"mode\":\"fast\",\"path\":\"/a\"");
    close_all();
}

static void bad_requests_say_where_and_what(void)
{
    static const struct {
        const char *request, *part;
    } rows[] = {
        { "[]", "\"class\":\"BadRequest\"" },
        { "{}", "\"path\":\"execute\"" },
        { "{\"execute\": 7}", "\"path\":\"execute\"" },
        { "{\"execute\": \"core.echo\", \"argument\": {}}",
            "\"path\":\"argument\",\"expected\":\"execute,arguments,id,cwd\",\"nearest\":\"arguments\"" },
        { "{\"execute\": \"core.echo\", \"arguments\": []}", "\"path\":\"arguments\",\"expected\":\"an object\"" },
        { "{\"execute\": \"core.echo\", \"cwd\": \"here\"}", "\"path\":\"cwd\"" },
        { "{\"execute\": \"core.ecoh\", \"id\": 3}",
            "\"class\":\"CommandNotFound\",\"desc\":\"there is no command 'core.ecoh'; `schema` lists "
            "all\",\"path\":\"execute\",\"nearest\":\"core.echo\"},\"id\":3}" },
        { "{\"execute\": \"bell.rin\"}", "\"nearest\":\"bell.ring\"" },
        { "{\"execute\": \"core.echo\", \"arguments\": {\"smal\": 1}}",
            "\"path\":\"arguments.smal\",\"expected\":\"small,wide,bytes,yes,text,mode,path\",\"nearest\":\"small\"" },
        { "{\"execute\": \"core.echo\", \"arguments\": {\"small\": 10}}",
            "\"class\":\"BadArgument\",\"desc\":\"'small' is 1 to 9, not "
            "10\",\"path\":\"arguments.small\",\"expected\":\"a whole number, 1 to 9\"" },
        { "{\"execute\": \"core.echo\", \"arguments\": {\"small\": -1}}", "\"path\":\"arguments.small\"" },
        { "{\"execute\": \"core.echo\", \"arguments\": {\"small\": 1.5}}",
            "\"desc\":\"'small' is a whole number, not a fraction\"" },
        { "{\"execute\": \"core.echo\", \"arguments\": {\"small\": [1]}}", "not a list" },
        { "{\"execute\": \"core.echo\", \"arguments\": {\"yes\": 1}}",
            "\"path\":\"arguments.yes\",\"expected\":\"true or false\"" },
        { "{\"execute\": \"core.echo\", \"arguments\": {\"text\": {}}}", "\"path\":\"arguments.text\"" },
        { "{\"execute\": \"core.echo\", \"arguments\": {\"mode\": \"slwo\"}}",
            "\"expected\":\"fast,slow\",\"nearest\":\"slow\"" },
        { "{\"execute\": \"core.echo\", \"arguments\": {\"id\": \"x\"}}", "there is no argument 'id'" },
        { "{\"execute\": \"core.needs\"}",
            "\"desc\":\"the argument 'small' is missing: must be given\",\"path\":\"arguments.small\"" },
        { "{\"execute\": \"core.fails\"}", "{\"error\":{\"class\":\"GenericError\",\"desc\":\"the tray is ? full\"}}" },
    };
    open_all();
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        answers_with(rows[i].request, rows[i].part);
    close_all();
}

static void devices_have_their_own_and_share(void)
{
    open_all();
    answers_with("{\"execute\": \"bell.ring\"}", "\"self\":\"bell\"");
    answers_with("{\"execute\": \"horn.ring\"}", "\"self\":\"horn\"");
    answers_with("{\"execute\": \"ring\"}", "CommandNotFound");
    answers_with("{\"execute\": \"screen.shot\", \"arguments\": {\"id\": \"horn\"}}", "\"self\":\"horn\"");
    answers_with("{\"execute\": \"screen.shot\"}", "\"class\":\"BadArgument\"");
    answers_with("{\"execute\": \"screen.shot\"}", "\"path\":\"arguments.id\",\"expected\":\"bell,horn\"");
    answers_with("{\"execute\": \"screen.shot\", \"arguments\": {\"id\": \"hron\"}}",
        "\"class\":\"DeviceNotFound\",\"desc\":\"'screen.shot' is offered by bell,horn, not by "
        "hron\",\"path\":\"arguments.id\","
        "\"expected\":\"bell,horn\",\"nearest\":\"horn\"");
    json_t *schema = commands_schema(commands, NULL), *names = commands_of(commands, "bell");
    CU_ASSERT_EQUAL(json_object_size(schema), 6 + 2 + 1);
    CU_ASSERT_PTR_NOT_NULL(
        json_object_get(json_object_get(json_object_get(schema, "screen.shot"), "properties"), "id"));
    CU_ASSERT_EQUAL(json_array_size(names), 2);
    CU_ASSERT_PTR_NULL(commands_schema(commands, "nothing"));
    json_decref(schema);
    json_decref(names);
    close_all();
}

static const abbey_prop irq_args[] = { { .name = "irq", .type = ABBEY_TYPE_IRQ, .meaning = "a line", .value = -1 } };
static const abbey_prop outside_args[] = {
    { .name = "far", .type = ABBEY_TYPE_U32, .meaning = "beyond", .offset = 4 }
};
static const abbey_prop id_args[] = { { .name = "id", .type = ABBEY_TYPE_U32, .meaning = "taken" } };

static void bad_rows_are_refused_with_the_reason(void)
{
    static const struct {
        abbey_command row;
        const char *part;
    } rows[] = {
        { ROW("ring", .run = who), "the command 'bell.ring' is already of bell" },
        { ROW("screen.shot", .run = who), "already of bell" },
        { ROW("bad name", .run = who), "no good name" },
        { ROW(NULL, .run = who), "no good name" },
        { ROW("x"), "no run()" },
        { ROW("x", .thread = 7, .run = who), "a thread that is none" },
        { ROW("x", .run = who, .args_size = 1 << 20), "too large" },
        { ROW("x", .run = who, .args = ABBEY_TABLE(irq_args), .args_size = 8), "'irq'" },
        { ROW("x", .run = who, .args = ABBEY_TABLE(outside_args), .args_size = 7), "'far'" },
        { ROW("y.x", .run = who, .args = ABBEY_TABLE(id_args), .args_size = 8), "chooses the device" },
    };
    open_all();
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        abbey_error error = { "" };
        CU_ASSERT_FALSE(add("bell", &rows[i].row, 1, NULL, &error));
        if (!strstr(error.text, rows[i].part))
            printf("# row %u: %s\n", i, error.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, rows[i].part));
    }
    abbey_error error = { "" };
    CU_ASSERT_FALSE(add("core", &(abbey_command)ROW("echo", .run = who), 1, NULL, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "'core.echo' is already abbey's own"));
    /* A plugin of tomorrow: longer rows are taken while what is behind is zero. */
    struct {
        abbey_command row;
        uint64_t more;
    } longer[2] = { { ROW("one", .run = who), 0 }, { ROW("two", .run = who), 0 } };
    abbey_table table = { longer, 2, sizeof longer[0] };
    CU_ASSERT_TRUE(commands_add(commands, "new", &table, NULL, &error));
    answers_with("{\"execute\": \"new.two\"}", "return");
    longer[1].row.name = "three";
    longer[0].row.name = "four";
    longer[1].more = 1;
    CU_ASSERT_FALSE(commands_add(commands, "new", &table, NULL, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "update abbey"));
    close_all();
}

static void answers_come_when_they_are_sent(void)
{
    open_all();
    struct message *pending = ask("{\"execute\": \"core.later\", \"id\": 5}");
    CU_ASSERT_PTR_NOT_NULL(pending);
    CU_ASSERT_PTR_NULL(answer_text);
    abbey_message_integer(held, "done", 1);
    abbey_message_send(held);
    CU_ASSERT_STRING_EQUAL(answer_text, "{\"return\":{\"done\":1},\"id\":5}");
    CU_ASSERT_PTR_NULL(ask("{\"execute\": \"core.at-once\"}"));
    CU_ASSERT_STRING_EQUAL(answer_text, "{\"return\":{\"list\":[1,{\"a\":null}],\"broken\":\"[1,\",\"half\":0.5}}");
    unsigned before = answers;
    commands_forget(ask("{\"execute\": \"core.later\"}")); /* the client went away */
    abbey_message_send(held);
    CU_ASSERT_EQUAL(answers, before);
    ask("{\"execute\": \"core.later\", \"id\": \"end\"}");
    commands_end(commands);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer_text, "the machine has ended"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer_text, "\"id\":\"end\""));
    before = answers;
    abbey_message_send(held); /* a device that ends after the machine */
    CU_ASSERT_EQUAL(answers, before);
    ask("{\"execute\": \"core.later\"}");
    close_all(); /* with one still held */
}

static void vcpu_commands_wait_for_their_thread(void)
{
    open_all();
    ask("{\"execute\": \"core.vcpu\", \"id\": 1}");
    CU_ASSERT_PTR_NULL(answer_text);
    CU_ASSERT_EQUAL(vcpu_wanted, 1);
    CU_ASSERT_TRUE(commands_wait_for_vcpu(commands));
    ask("{\"execute\": \"core.vcpu\", \"id\": 2}");
    commands_run_vcpu(commands);
    CU_ASSERT_EQUAL(answers, 2);
    CU_ASSERT_STRING_EQUAL(answer_text, "{\"return\":{\"self\":\"core\"},\"id\":2}"); /* in their order */
    CU_ASSERT_FALSE(commands_wait_for_vcpu(commands));
    ask("{\"execute\": \"core.vcpu\"}");
    commands_end(commands);
    CU_ASSERT_EQUAL(answers, 3);
    commands_run_vcpu(commands);
    CU_ASSERT_EQUAL(answers, 3);
    close_all();
}

static void events_carry_data_and_time(void)
{
    open_all();
    abbey_message *event = commands_event(commands, "bell", "bell.rung");
    abbey_message_integer(event, "times", 2);
    abbey_message_integer(event, "times", 3); /* the last one counts */
    abbey_message_send(event);
    CU_ASSERT_STRING_EQUAL(event_text, "{\"event\":\"bell.rung\",\"data\":{\"id\":\"bell\",\"times\":3},"
                                       "\"timestamp\":{\"seconds\":1700000000,\"microseconds\":12345}}");
    abbey_message_send(commands_event(commands, NULL, "bare"));
    CU_ASSERT_STRING_EQUAL(
        event_text, "{\"event\":\"bare\",\"timestamp\":{\"seconds\":1700000000,\"microseconds\":12345}}");
    commands_on_event(commands, NULL, NULL);
    abbey_message_send(commands_event(commands, NULL, "unheard"));
    CU_ASSERT_PTR_NULL(strstr(event_text, "unheard"));
    close_all();
}

static const struct unit_test tests[] = {
    { "arguments are typed by their rows, with defaults", arguments_are_typed_by_their_rows },
    { "a bad request is answered with the place, the rule and the nearest name", bad_requests_say_where_and_what },
    { "devices have commands of their own, and share others", devices_have_their_own_and_share },
    { "a plugin's bad rows are refused with the reason", bad_rows_are_refused_with_the_reason },
    { "an answer comes when it is sent, or when the machine ends", answers_come_when_they_are_sent },
    { "commands for the vCPU wait for its thread", vcpu_commands_wait_for_their_thread },
    { "events carry their data and the time", events_carry_data_and_time },
};
UNIT_MAIN("commands", tests)
