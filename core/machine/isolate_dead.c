/* isolate_dead.c - the end of a worker, and of the card that it was.
 *
 * A worker that died, or that did not answer for five seconds and was ended for it, leaves a dead card: reads give all
 * ones, writes go nowhere, its lines fall, its timers stand still, its configuration space is gone. The machine goes
 * on, clients hear of it by the event device.crashed, and device.restart starts another worker. */
#include "core/machine/isolate.h"

bool device_dead(const struct device *device)
{
    return device->unplugged || (device->isolate && device->isolate->dead);
}

void isolate_event(struct isolate *isolate, const char *name, const char *reason)
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

void isolate_drop(struct isolate *isolate)
{
    if (isolate->watch)
        isolate->events->unwatch(isolate->watch);
    isolate->watch = NULL;
    if (isolate->process)
        isolate->processes->end(isolate->process);
    isolate->process = NULL;
}

void isolate_stop(struct isolate *isolate)
{
    isolate->dead = true;
    isolate_drop(isolate);
    for (uint32_t i = 0; i < isolate->line_count; i++) {
        isolate->levels[i] = isolate->lines[i]->level;
        abbey_irq_set(&isolate->lines[i]->handle, 0);
    }
    for (uint32_t i = 0; i < isolate->timer_count; i++) {
        isolate->timers[i].due = isolate->timers[i].timer->due;
        timer_set(isolate->timers[i].timer, ABBEY_NEVER);
    }
}

void isolate_die(struct isolate *isolate, const char *reason)
{
    char plugin[200];
    struct device *device = isolate->device;
    if (isolate->dead)
        return;
    isolate_stop(isolate);
    isolate->crashes++;
    if (device->creating || isolate->starting)
        return; /* which has a message of its own */
    device_plugin_text(device, plugin, sizeof plugin);
    device_log(device, ABBEY_LOG_ERROR, "%s: its process ended (%s) in %s; the card is dead until device.restart id=%s",
        plugin, reason, isolate->doing, device->node->id);
    isolate_event(isolate, "device.crashed", reason);
}

void isolate_ended(void *opaque, uint32_t events)
{
    struct isolate *isolate = opaque;
    abbey_error how = { "" };
    (void)events;
    if (!isolate->dead && isolate->processes->ended(isolate->process, &how))
        isolate_die(isolate, how.text);
}
