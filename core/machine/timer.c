/* timer.c - timers in virtual time: a binary heap by due time, then by order of arming. */
#include "core/machine/call.h"

#include <stdlib.h>

/* A timer that arms itself at once must not keep the caller for ever; what is left over runs at the next call. */
#define RUNS_AT_ONCE 4096u

static bool timer_before(const struct timer *a, const struct timer *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void heap_put(struct board *board, uint32_t index, struct timer *timer)
{
    board->heap[index] = timer;
    timer->index = index;
}

static void heap_up(struct board *board, uint32_t index)
{
    struct timer *timer = board->heap[index];
    for (; index && timer_before(timer, board->heap[(index - 1) / 2]); index = (index - 1) / 2)
        heap_put(board, index, board->heap[(index - 1) / 2]);
    heap_put(board, index, timer);
}

static void heap_down(struct board *board, uint32_t index)
{
    struct timer *timer = board->heap[index];
    for (;;) {
        uint32_t child = 2 * index + 1;
        if (child >= board->heap_count)
            break;
        if (child + 1 < board->heap_count && timer_before(board->heap[child + 1], board->heap[child]))
            child++;
        if (!timer_before(board->heap[child], timer))
            break;
        heap_put(board, index, board->heap[child]);
        index = child;
    }
    heap_put(board, index, timer);
}

static void heap_remove(struct board *board, struct timer *timer)
{
    uint32_t index = timer->index;
    struct timer *last = board->heap[--board->heap_count];
    timer->due = ABBEY_NEVER;
    if (last == timer)
        return;
    heap_put(board, index, last);
    heap_down(board, index);
    heap_up(board, last->index);
}

uint64_t board_next_timer(const struct board *board)
{
    return board->heap_count ? board->heap[0]->due : ABBEY_NEVER;
}

static void tell_owner(struct board *board)
{
    uint64_t next = board_next_timer(board);
    if (next == board->timer_told || board->timers_running)
        return;
    board->timer_told = next;
    if (board->owner.timer_changed)
        board->owner.timer_changed(board->opaque, next);
}

void timer_set(struct timer *timer, uint64_t due)
{
    struct board *board = timer->device->board;
    if (timer->due != ABBEY_NEVER)
        heap_remove(board, timer);
    if (due != ABBEY_NEVER && !timer->device->unplugged) {
        timer->due = due;
        timer->order = board->timer_order++;
        heap_put(board, board->heap_count++, timer);
        heap_up(board, timer->index);
    }
    tell_owner(board);
}

void board_run_timers(struct board *board, uint64_t now)
{
    board->timers_running = true; /* what they arm is told once, at the end */
    for (unsigned runs = 0; runs < RUNS_AT_ONCE && board_next_timer(board) <= now; runs++) {
        struct timer *timer = board->heap[0];
        heap_remove(board, timer);
        struct call call;
        call_begin(&call, timer->device, "the callback of a timer", NULL);
        timer->fn(timer->self);
        call_end(&call);
    }
    board->timers_running = false;
    tell_owner(board);
}

static void arm_at(abbey_timer *handle, uint64_t when)
{
    timer_set((struct timer *)handle, when);
}

static uint64_t due(abbey_timer *handle)
{
    return ((struct timer *)handle)->due;
}

static uint64_t now(abbey_timer *handle)
{
    struct board *board = ((struct timer *)handle)->device->board;
    return board->owner.now(board->opaque);
}

static const abbey_timer_ops_1 ops = { .size = sizeof ops, .arm_at = arm_at, .due = due, .now = now };

/* The heap has room for every timer from its creation on, so that arming cannot fail. */
static bool heap_grow(struct board *board)
{
    uint32_t count = 2; /* the new one, and the board's own */
    for (unsigned i = 0; i < board->device_count + board->backend_count; i++) {
        struct device *d = i < board->device_count ? &board->devices[i] : &board->backends[i - board->device_count];
        for (struct timer *t = d->timers; t; t = t->next)
            count++;
    }
    if (count <= board->heap_room)
        return true;
    struct timer **grown = realloc(board->heap, 2 * count * sizeof(*grown));
    if (!grown)
        return false;
    board->heap = grown;
    board->heap_room = 2 * count;
    return true;
}

struct timer *timer_new(struct device *device, abbey_timer_fn fn, void *self)
{
    struct timer *timer = heap_grow(device->board) ? calloc(1, sizeof(*timer)) : NULL;
    if (!timer)
        return NULL;
    *timer = (struct timer){ .handle.ops = &ops, .device = device, .fn = fn, .self = self, .due = ABBEY_NEVER };
    *device->last_timer = timer;
    device->last_timer = &timer->next;
    return timer;
}

static abbey_timer *create(abbey_dev *dev, abbey_timer_fn fn, void *self)
{
    struct device *device = device_of(dev);
    if (device_too_late(device, "abbey_timer_new"))
        return NULL;
    struct timer *timer = timer_new(device, fn, self);
    if (!timer)
        device_fail(device, "out of memory for a timer");
    return timer ? &timer->handle : NULL;
}

void timers_free(struct device *device)
{
    for (struct timer *t = device->timers, *next; t; t = next) {
        next = t->next;
        if (t->due != ABBEY_NEVER)
            heap_remove(device->board, t);
        free(t);
    }
    device->timers = NULL;
}

const abbey_timer_1 timer_interface = { .size = sizeof timer_interface, .create = create };
