/* isolate.c - the machine's side of a device in a process of its own: its start, its calls, its death, its return.
 *
 * A worker that died, or that did not answer for five seconds and was ended for it, leaves a dead card: reads give all
 * ones, writes go nowhere, its lines fall, its timers stand still, its configuration space is gone. The machine goes
 * on, clients hear of it by the event device.crashed, and device.restart starts another worker, which runs create()
 * again and gets the registers as they were when a call had last ended well. */
#include "core/machine/isolate.h"

#include <stdlib.h>
#include <string.h>

#include "core/config/suggest.h"

#define PAGE 4096u
#define SPINS 300u
#define LOOK (50 * ABBEY_MS) /* between looks whether a silent worker is still there */
#define LIMIT (5 * ABBEY_SEC)
#define SMALL 8192u /* an instance up to this is saved behind every call, */
#define SELDOM 64u  /* a larger one behind each of so many */

/* The instance lies behind a pointer to its isolate, so that calls that get `self` alone find it. */
#define HEAD 64u

static struct isolate *isolate_of(void *self)
{
    struct isolate *isolate;
    memcpy(&isolate, (uint8_t *)self - HEAD, sizeof isolate);
    return isolate;
}

bool device_dead(const struct device *device)
{
    return device->unplugged || (device->isolate && device->isolate->dead);
}

/* ---- death ---- */

static void event_send(struct isolate *isolate, const char *name, const char *reason)
{
    char plugin[200];
    struct device *device = isolate->device;
    abbey_message *event = commands_event(device->board->owner.commands, device->node->id, name);
    device_plugin_text(device, plugin, sizeof plugin);
    abbey_message_text(event, "plugin", plugin);
    if (reason) {
        abbey_message_text(event, "reason", reason);
        abbey_message_text(event, "doing", isolate->doing);
    }
    abbey_message_send(event);
}

static void worker_drop(struct isolate *isolate)
{
    if (isolate->watch)
        isolate->events->unwatch(isolate->watch);
    isolate->watch = NULL;
    if (isolate->process)
        isolate->processes->end(isolate->process);
    isolate->process = NULL;
}

/* From now on the card is dead; what its outputs and timers were is kept for its return. */
static void stop(struct isolate *isolate)
{
    isolate->dead = true;
    worker_drop(isolate);
    for (uint32_t i = 0; i < isolate->line_count; i++) {
        isolate->levels[i] = isolate->lines[i]->level;
        abbey_irq_set(&isolate->lines[i]->handle, 0);
    }
    for (uint32_t i = 0; i < isolate->timer_count; i++) {
        isolate->timers[i].due = isolate->timers[i].timer->due;
        timer_set(isolate->timers[i].timer, ABBEY_NEVER);
    }
}

/* The same, because it has crashed. */
static void die(struct isolate *isolate, const char *reason)
{
    char plugin[200];
    struct device *device = isolate->device;
    if (isolate->dead)
        return;
    stop(isolate);
    isolate->crashes++;
    if (device->creating || isolate->starting)
        return; /* which has a message of its own */
    device_plugin_text(device, plugin, sizeof plugin);
    device_log(device, ABBEY_LOG_ERROR, "%s: its process ended (%s) in %s; the card is dead until device.restart id=%s",
        plugin, reason, isolate->doing, device->node->id);
    event_send(isolate, "device.crashed", reason);
}

/* The process has ended while nobody called it. [io] */
static void ended(void *opaque, uint32_t events)
{
    struct isolate *isolate = opaque;
    abbey_error how = { "" };
    (void)events;
    if (!isolate->dead && isolate->processes->ended(isolate->process, &how))
        die(isolate, how.text);
}

/* ---- calls ---- */

static void doing_note(struct isolate *isolate, enum isolate_kind kind, const uint64_t *args)
{
    static const char *const names[] = { [CALL_CREATE] = "create()",
        [CALL_RESET] = "reset()",
        [CALL_LOADED] = "loaded()",
        [CALL_UPGRADE] = "upgrade()",
        [CALL_DESTROY] = "destroy()",
        [CALL_CONFIG] = "config_written()",
        [CALL_TIMER] = "the callback of a timer",
        [CALL_READY] = "the callback of a DMA channel",
        [CALL_ROOM] = "room() of a stream",
        [CALL_RECEIVE] = "receive() of a stream",
        [CALL_WRITABLE] = "writable() of a stream",
        [CALL_EVENT] = "event() of a stream" };
    if (kind == CALL_REGION || kind == CALL_BAR) {
        const abbey_io io = { .addr = args[1], .offset = args[2], .size = (uint8_t)args[4], .write = args[5] != 0 };
        call_io_text(&io, isolate->doing, sizeof isolate->doing);
    } else {
        snprintf(isolate->doing, sizeof isolate->doing, "%s", names[kind]);
    }
}

/* Waits for the turn. False when the worker has died or must be ended, with the reason. */
static bool turn_wait(struct isolate *isolate, abbey_error *how)
{
    uint32_t *turn = &isolate->wire->turn;
    uint64_t since = 0;
    for (unsigned spins = 0; __atomic_load_n(turn, __ATOMIC_ACQUIRE) != ISOLATE_MACHINE; spins++) {
        if (spins < SPINS) {
            __builtin_ia32_pause();
            continue;
        }
        isolate->processes->wait(turn, ISOLATE_WORKER, LOOK);
        if (__atomic_load_n(turn, __ATOMIC_ACQUIRE) == ISOLATE_MACHINE)
            return true;
        if (isolate->processes->ended(isolate->process, how))
            return false;
        since = since ? since : isolate->clock->monotonic();
        if (isolate->clock->monotonic() - since > LIMIT) {
            snprintf(how->text, sizeof how->text, "no answer for %llu seconds", LIMIT / ABBEY_SEC);
            return false;
        }
    }
    return true;
}

static void turn_give(struct isolate *isolate)
{
    struct board *board = isolate->device->board;
    isolate->wire->now = board->owner.now(board->opaque);
    isolate->wire->log_level = isolate->device->base.log_level;
    __atomic_store_n(&isolate->wire->turn, ISOLATE_WORKER, __ATOMIC_RELEASE);
    isolate->processes->wake(&isolate->wire->turn);
}

static void save(struct isolate *isolate)
{
    uint64_t bytes = isolate->real->self_size;
    if (bytes <= SMALL || isolate->saves++ % SELDOM == 0)
        memcpy(isolate->saved, isolate->device->self, bytes);
}

bool isolate_call(
    struct isolate *isolate, enum isolate_kind kind, const uint64_t *args, unsigned count, int64_t *result)
{
    struct isolate_wire *wire = isolate->wire;
    abbey_error how = { "" };
    if (isolate->dead)
        return false;
    if (!isolate->depth)
        doing_note(isolate, kind, args);
    wire->kind = (uint32_t)kind;
    for (unsigned i = 0; i < count; i++)
        wire->args[i] = args[i];
    isolate->depth++;
    for (;;) {
        uint64_t asked[6];
        turn_give(isolate);
        if (!turn_wait(isolate, &how))
            break;
        /* Out of the wire before the notes, which may take calls of their own. */
        enum isolate_kind what = (enum isolate_kind)wire->kind;
        int64_t answered = wire->result;
        memcpy(asked, wire->args, sizeof asked);
        isolate_notes(isolate);
        if (what == ISOLATE_REPLY) {
            isolate->depth--;
            if (result)
                *result = answered;
            if (!isolate->depth)
                save(isolate);
            return true;
        }
        int64_t answer = isolate_serve(isolate, what, asked);
        if (isolate->dead)
            break; /* in a call that the answer took */
        wire->result = answer;
        wire->kind = ISOLATE_REPLY;
    }
    isolate->depth--;
    die(isolate, how.text);
    return false;
}

/* ---- what the board calls in place of the plugin's functions ---- */

static void proxy_reset(void *self)
{
    struct isolate *isolate = isolate_of(self);
    if (isolate->real->reset)
        isolate_call(isolate, CALL_RESET, NULL, 0, NULL);
    if (isolate->dead) { /* it will return as it is now, with outputs and timers that a reset has put back */
        memcpy(isolate->saved, self, isolate->real->self_size);
        memset(isolate->levels, 0, sizeof isolate->levels);
        for (uint32_t i = 0; i < isolate->timer_count; i++)
            isolate->timers[i].due = ABBEY_NEVER;
    } else {
        save(isolate);
    }
}

static void proxy_destroy(void *self)
{
    isolate_call(isolate_of(self), CALL_DESTROY, NULL, 0, NULL);
}

static int32_t proxy_loaded(void *self)
{
    int64_t result = 0;
    return isolate_call(isolate_of(self), CALL_LOADED, NULL, 0, &result) ? (int32_t)result : 0;
}

static int32_t proxy_upgrade(void *self, uint32_t version)
{
    const uint64_t args[] = { version };
    int64_t result = 0;
    return isolate_call(isolate_of(self), CALL_UPGRADE, args, 1, &result) ? (int32_t)result : 0;
}

/* ---- start ---- */

/* A worker in which create() has run; false with a recorded reason. */
static bool worker_start(struct isolate *isolate, abbey_error *error)
{
    struct device *device = isolate->device;
    struct board *board = device->board;
    int64_t result = -1;
    isolate->wire->turn = ISOLATE_MACHINE;
    isolate->wire->queue_count = 0;
    isolate->wire->failure[0] = 0;
    isolate->region_next = isolate->timer_next = isolate->channel_next = 0;
    isolate->process = isolate->processes->start(device->kind->name, isolate_worker, isolate, error);
    if (!isolate->process)
        return false;
    isolate->dead = false;
    if (board->owner.loop && isolate->events)
        isolate->watch = isolate->events->watch(
            board->owner.loop, isolate->processes->handle(isolate->process), ABBEY_EVENT_READ, ended, isolate);
    if (isolate_call(isolate, CALL_CREATE, NULL, 0, &result) && result >= 0 && !device->failure)
        return true;
    isolate->wire->failure[sizeof isolate->wire->failure - 1] = 0;
    snprintf(error->text, sizeof error->text, "%.200s",
        device->failure             ? device->failure
        : isolate->wire->failure[0] ? isolate->wire->failure
        : isolate->dead             ? "its process ended in create()"
                                    : "its create() failed and gave no reason");
    isolate->dead = true;
    worker_drop(isolate);
    return false;
}

static bool services_take(struct isolate *isolate)
{
    const abbey_hostos *host = isolate->device->board->owner.host;
    isolate->processes = host ? host->query(ABBEY_HOST_PROCESS_1) : NULL;
    isolate->clock = host ? host->query(ABBEY_HOST_CLOCK_1) : NULL;
    isolate->events = host ? host->query(ABBEY_HOST_EVENT_1) : NULL;
    if (isolate->processes && isolate->clock)
        return true;
    device_fail(isolate->device, "isolate: the host has no processes (%s)", ABBEY_HOST_PROCESS_1);
    return false;
}

/* What a message cannot carry. */
static bool kind_fits(struct device *device)
{
    for (unsigned i = 0; i < device->node->value_count; i++) {
        const struct config_value *value = &device->node->values[i];
        const char *kind = plugin_backend_kind(value->prop->type);
        if (kind && value->text && value->prop->type != ABBEY_TYPE_CHAR) {
            device_fail(device,
                "isolate: its property '%s' names a backend of kind '%s'; an isolated device can have those of kind "
                "'char' alone",
                value->prop->name, kind);
            return false;
        }
    }
    if (!device->kind->provides && !device->kind->irq_inputs)
        return true;
    device_fail(device, "isolate: it %s, which an isolated device cannot",
        device->kind->provides ? "provides a bus" : "is an interrupt controller");
    return false;
}

bool isolate_prepare(struct device *device)
{
    abbey_error error = { "" };
    struct isolate *isolate = calloc(1, sizeof *isolate);
    if (!isolate) {
        device_fail(device, "out of memory for its isolation");
        return false;
    }
    device->isolate = isolate;
    isolate->device = device;
    isolate->real = device->kind;
    isolate->kind = *device->kind;
    isolate->kind.destroy = device->kind->destroy ? proxy_destroy : NULL;
    isolate->kind.reset = proxy_reset;
    isolate->kind.loaded = device->kind->loaded ? proxy_loaded : NULL;
    isolate->kind.upgrade = device->kind->upgrade ? proxy_upgrade : NULL;
    if (!kind_fits(device) || !services_take(isolate))
        return false;
    device->kind = &isolate->kind;
    uint64_t wire = (sizeof *isolate->wire + HEAD + 63) & ~UINT64_C(63);
    isolate->shared_bytes = (wire + isolate->real->self_size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    isolate->wire = isolate->processes->share(isolate->shared_bytes, &error);
    isolate->saved = calloc(1, isolate->real->self_size);
    if (!isolate->wire || !isolate->saved) {
        device_fail(device, "isolate: %s", error.text[0] ? error.text : "out of memory");
        return false;
    }
    device->self = (uint8_t *)isolate->wire + wire;
    memcpy((uint8_t *)device->self - HEAD, &isolate, sizeof isolate);
    return true;
}

bool isolate_create(struct device *device)
{
    struct isolate *isolate = device->isolate;
    abbey_error error = { "" };
    for (struct source *s = device->sources; s; s = s->next) {
        if (isolate->line_count == ISOLATE_LINES - 1) {
            device_fail(device, "isolate: it has more than %u interrupt lines", ISOLATE_LINES - 1);
            return false;
        }
        isolate->lines[isolate->line_count++] = s;
    }
    isolate->wire->lines = isolate->line_count;
    for (unsigned i = 0; i < device->node->value_count; i++) {
        const struct config_value *value = &device->node->values[i];
        if (value->prop->type == ABBEY_TYPE_CHAR && value->text && !isolate_stream_add(isolate, value->prop))
            return false;
    }
    isolate->dma = dma_interface.open(&device->handle);
    if (isolate->dma && worker_start(isolate, &error))
        return true;
    device_fail(device, "%s", error.text);
    return false;
}

void isolate_free(struct device *device)
{
    struct isolate *isolate = device->isolate;
    if (!isolate)
        return;
    if (isolate->processes)
        worker_drop(isolate);
    if (isolate->wire)
        isolate->processes->unshare(isolate->wire, isolate->shared_bytes);
    free(isolate->saved);
    free(isolate);
    device->isolate = NULL;
    device->self = NULL;
}

/* ---- return ---- */

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
        stop(isolate);
    memcpy(saved, isolate->saved, bytes);
    memset(device->self, 0, bytes);
    isolate->starting = true;
    device_properties_apply(device);
    bool good = worker_start(isolate, error);
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
        event_send(isolate, "device.restarted", NULL);
    return good;
}

/* ---- device.restart ---- */

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
