/* control.c - the bench as the other side of the control socket: runs commands, keeps events. */
#include <stdlib.h>

#include "sdk/bench/bench_impl.h"

static uint64_t owner_wall_clock(void *opaque)
{
    return bench_owner.wall_clock(opaque);
}

/* There is one thread, which stands between two instructions always. */
static void owner_vcpu_work(void *opaque)
{
    (void)opaque;
}

static void on_event(void *opaque, const json_t *event)
{
    abbey_bench *bench = opaque;
    json_t *copy = json_copy((json_t *)event);
    json_object_del(copy, "timestamp"); /* tests compare texts */
    if (!bench->messages)
        bench->messages = json_array();
    json_array_append_new(bench->messages, copy);
}

bool bench_commands(abbey_bench *bench)
{
    const struct commands_owner owner = { bench, owner_wall_clock, owner_vcpu_work };
    commands_free(bench->commands); /* of the board before */
    bench->commands = commands_new(&owner);
    if (!bench->commands)
        return false;
    commands_on_event(bench->commands, on_event, bench);
    return true;
}

static const char *text_of(abbey_bench *bench, json_t *value)
{
    free(bench->text);
    bench->text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    return bench->text;
}

static void on_answer(void *opaque, const json_t *answer)
{
    abbey_bench *bench = opaque;
    json_decref(bench->answer);
    bench->answer = json_incref((json_t *)answer);
}

const char *abbey_command_run(abbey_bench *bench, const char *name, const char *arguments)
{
    json_error_t where;
    json_t *args = json_loads(arguments ? arguments : "{}", JSON_REJECT_DUPLICATES, &where);
    json_t *request = args ? json_pack("{s:s, s:o}", "execute", name, "arguments", args) : NULL;
    json_decref(bench->answer);
    bench->answer = NULL;
    if (request) {
        commands_request(bench->commands, request, on_answer, bench);
        commands_run_vcpu(bench->commands);
    } else {
        bench->answer = json_pack("{s:o}", "error", error_new("JSONError", NULL, NULL, NULL, "%s", where.text));
    }
    json_decref(request);
    return abbey_command_answer(bench);
}

const char *abbey_command_answer(abbey_bench *bench)
{
    if (!bench->answer)
        bench->answer = json_object();
    return text_of(bench, bench->answer);
}

const char *abbey_events_text(abbey_bench *bench)
{
    if (!bench->messages)
        bench->messages = json_array();
    const char *text = text_of(bench, bench->messages);
    json_array_clear(bench->messages);
    return text;
}

void abbey_resume(abbey_bench *bench)
{
    if (!bench->events.paused)
        return;
    bench->events.paused = 0;
    board_paused(bench->board, false);
}
