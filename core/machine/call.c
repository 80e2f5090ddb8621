/* call.c - the callback that is under way, as text, for whoever has to tell that it goes wrong. */
#include "core/machine/call.h"

#include <inttypes.h>

_Thread_local const struct call *call_here;

void device_plugin_text(const struct device *device, char *text, size_t room)
{
    const struct config_node *node = device->node;
    const struct plugin *plugin = node->device ? node->device->plugin : node->backend ? node->backend->plugin : NULL;
    if (plugin)
        snprintf(text, room, "%s %s", plugin->entry.id, plugin->entry.version);
    else
        snprintf(text, room, "the board");
}

void call_io_text(const abbey_io *io, char *text, size_t room)
{
    snprintf(text, room, "a %s of %u bytes at %" PRIx64 "h (offset %" PRIx64 "h)", io->write ? "write" : "read",
        io->size, io->addr, io->offset);
}

static void told_fill(struct board_call *told, const struct device *device, const char *what, const abbey_io *io)
{
    snprintf(told->device, sizeof told->device, "%s", device->node->id);
    device_plugin_text(device, told->plugin, sizeof told->plugin);
    if (what)
        snprintf(told->callback, sizeof told->callback, "%s", what);
    else
        call_io_text(io, told->callback, sizeof told->callback);
}

bool board_call_here(struct board_call *told)
{
    if (!call_here)
        return false;
    told_fill(told, call_here->device, call_here->what, call_here->io);
    return true;
}

uint64_t board_calls(const struct board *board)
{
    return __atomic_load_n(&board->calls, __ATOMIC_ACQUIRE);
}

/* The record lies on the stack of the thread that made the call and goes with it; so it is copied, and believed only
 * when it is still there and no other was begun in the meantime. */
bool board_call_elsewhere(const struct board *board, uint64_t calls, struct board_call *told)
{
    const struct call *call = __atomic_load_n(&board->call, __ATOMIC_ACQUIRE);
    if (!call || board_calls(board) != calls)
        return false;
    const struct call copy = *call;
    if (__atomic_load_n(&board->call, __ATOMIC_ACQUIRE) != call || board_calls(board) != calls)
        return false;
    abbey_io io = { 0 };
    if (!copy.what)
        io = (abbey_io){
            .addr = copy.io->addr, .offset = copy.io->offset, .size = copy.io->size, .write = copy.io->write
        };
    told_fill(told, copy.device, copy.what, &io);
    return __atomic_load_n(&board->call, __ATOMIC_ACQUIRE) == call && board_calls(board) == calls;
}
