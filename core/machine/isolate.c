/* isolate.c - a device in a process of its own, as the board makes it: what stands where the plugin would, the memory
 * that both sides share, and the start of the worker. */
#include "core/machine/isolate.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096u

/* The instance lies behind a pointer to its isolate, so that calls that get `self` alone find it. */
#define HEAD 64u

static struct isolate *isolate_of(void *self)
{
    struct isolate *isolate;
    memcpy(&isolate, (uint8_t *)self - HEAD, sizeof isolate);
    return isolate;
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
        isolate_save(isolate);
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

bool isolate_start(struct isolate *isolate, abbey_error *error)
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
            board->owner.loop, isolate->processes->handle(isolate->process), ABBEY_EVENT_READ, isolate_ended, isolate);
    if (isolate_call(isolate, CALL_CREATE, NULL, 0, &result) && result >= 0 && !device->failure)
        return true;
    isolate->wire->failure[sizeof isolate->wire->failure - 1] = 0;
    snprintf(error->text, sizeof error->text, "%.200s",
        device->failure             ? device->failure
        : isolate->wire->failure[0] ? isolate->wire->failure
        : isolate->dead             ? "its process ended in create()"
                                    : "its create() failed and gave no reason");
    isolate->dead = true;
    isolate_drop(isolate);
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
    isolate->serve = isolate_serve;
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
    if (isolate->dma && isolate_start(isolate, &error))
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
        isolate_drop(isolate);
    if (isolate->wire)
        isolate->processes->unshare(isolate->wire, isolate->shared_bytes);
    free(isolate->saved);
    free(isolate);
    device->isolate = NULL;
    device->self = NULL;
}
