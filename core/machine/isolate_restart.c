/* isolate_restart.c - the return of a dead card: device.restart starts another worker, which runs create() again and
 * gets the registers as they were when a call had last ended well. */
#include <stdlib.h>
#include <string.h>

#include "core/config/suggest.h"
#include "core/machine/isolate.h"

/* The registers as they were, but for timers, whose fields hold what the new worker has put there; and statistics,
 * which count for the whole run. */
static void registers_return(struct isolate *isolate, const uint8_t *saved)
{
    struct device *device = isolate->device;
    for (uint32_t i = 0; i < isolate->real->regs.count; i++) {
        const abbey_reg *reg = (const abbey_reg *)isolate->real->regs.rows + i;
        if (reg->type != ABBEY_TYPE_TIMER)
            memcpy((uint8_t *)device->self + reg->offset, saved + reg->offset, reg->bytes);
    }
    for (uint32_t i = 0; i < isolate->real->stats.count; i++) {
        const abbey_stat *stat = (const abbey_stat *)isolate->real->stats.rows + i;
        memcpy((uint8_t *)device->self + stat->offset, saved + stat->offset, stat->bytes);
    }
}

static bool restart(struct isolate *isolate, abbey_error *error)
{
    struct device *device = isolate->device;
    uint64_t bytes = isolate->real->self_size;
    uint8_t *saved = malloc(bytes);
    int64_t result = 0;
    if (!saved) {
        snprintf(error->text, sizeof error->text, "out of memory");
        return false;
    }
    if (!isolate->dead)
        isolate_stop(isolate);
    memcpy(saved, isolate->saved, bytes);
    memset(device->self, 0, bytes);
    isolate->starting = true;
    device_properties_apply(device);
    bool good = isolate_start(isolate, error);
    if (good) {
        registers_return(isolate, saved);
        for (uint32_t i = 0; i < isolate->timer_count; i++)
            timer_set(isolate->timers[i].timer, isolate->timers[i].due);
        for (uint32_t i = 0; i < isolate->line_count; i++)
            abbey_irq_set(&isolate->lines[i]->handle, isolate->levels[i]);
        good = !isolate->real->loaded || (isolate_call(isolate, CALL_LOADED, NULL, 0, &result) && result >= 0);
        if (!good)
            snprintf(error->text, sizeof error->text, "the plugin refuses the registers as they were");
    }
    for (uint32_t i = 0; good && i < isolate->stream_count; i++)
        abbey_char_accept(isolate->streams[i].real); /* what came in the meantime */
    isolate->starting = false;
    free(saved);
    free(device->failure);
    device->failure = NULL;
    if (good)
        isolate_event(isolate, "device.restarted", NULL);
    return good;
}

/* ---- what clients ask ---- */

struct restart_args {
    const char *id;
};

static void restart_run(void *self, const void *args, abbey_message *answer)
{
    struct board *board = self;
    const char *id = ((const struct restart_args *)args)->id;
    struct suggestion near = { .wanted = id };
    struct device *device = board_device(board, id);
    abbey_error error = { "" };
    for (unsigned i = 0; i < board->device_count; i++)
        if (board->devices[i].isolate)
            suggest_offer(&near, board->devices[i].node->id);
    if (!device || !device->isolate) {
        message_error(answer, error_new("DeviceNotFound", "arguments.id", NULL, near.best,
                                  device ? "'%.80s' is not isolated: `isolate: true` in the machine file"
                                         : "the machine has no device '%.80s'",
                                  id));
        return;
    }
    if (device->isolate->depth) { /* cannot be: calls come with the lock held, and so do commands */
        abbey_message_fail(answer, "it is called just now");
        return;
    }
    if (!restart(device->isolate, &error)) {
        abbey_message_fail(answer, "%s", error.text);
        return;
    }
    abbey_message_integer(answer, "crashes", (int64_t)device->isolate->crashes);
    abbey_message_integer(answer, "process", device->isolate->processes->id(device->isolate->process));
}

json_t *isolate_json(const struct device *device)
{
    const struct isolate *isolate = device->isolate;
    if (!isolate)
        return NULL;
    json_int_t process = isolate->process ? (json_int_t)isolate->processes->id(isolate->process) : 0;
    return json_pack(
        "{s:b, s:I, s:I}", "dead", (int)isolate->dead, "process", process, "crashes", (json_int_t)isolate->crashes);
}

static const abbey_prop restart_args[] = {
    ABBEY_ARG_TEXT(struct restart_args, id, NULL, "of a device with `isolate: true`", .flags = ABBEY_PROP_REQUIRED),
};
static const abbey_command rows[] = {
    { .name = "device.restart",
        .meaning = "starts the process of an isolated device anew, with the registers that it had",
        .args = ABBEY_TABLE(restart_args),
        .args_size = sizeof(struct restart_args),
        .run = restart_run },
};

bool isolate_commands_add(struct board *board, abbey_error *error)
{
    const abbey_table table = ABBEY_TABLE(rows);
    return commands_add(board->owner.commands, NULL, &table, board, error);
}
