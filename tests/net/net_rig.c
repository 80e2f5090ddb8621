#include "tests/net/net_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/plugin_rig.h"

struct answer {
    abbey_message message; /* first */
    struct end *end;
    bool event;
};

static const abbey_plugin *host, *nets;
static const abbey_host_thread_1 *threads;
static const abbey_host_event_1 *loops;
static char failure[512];

void net_rig_load(void)
{
    host = plugin_need("hostos/linux.so");
    nets = plugin_need("hostos/net.so");
    threads = host->hostos->query(ABBEY_HOST_THREAD_1);
    loops = host->hostos->query(ABBEY_HOST_EVENT_1);
}

static void end_lock(void *end)
{
    threads->lock(((struct end *)end)->mutex);
}

static void end_unlock(void *end)
{
    threads->unlock(((struct end *)end)->mutex);
}

/* ---- what a backend sees of the machine ---- */

static void answer_add(abbey_message *message, const char *name, const char *value)
{
    struct answer *answer = (struct answer *)message;
    size_t at = strlen(answer->end->said);
    if (!answer->event)
        snprintf(answer->end->said + at, sizeof answer->end->said - at, "%s=%s ", name, value);
}

static void answer_integer(abbey_message *message, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    answer_add(message, name, text);
}

static void answer_boolean(abbey_message *message, const char *name, uint32_t value)
{
    answer_add(message, name, value ? "1" : "0");
}

__attribute__((format(printf, 2, 0))) static void answer_fail(abbey_message *message, const char *format, va_list args)
{
    struct answer *answer = (struct answer *)message;
    vsnprintf(answer->end->said, sizeof answer->end->said, format, args);
}

static void answer_send(abbey_message *message)
{
    free(message);
}

static const abbey_message_ops_1 answer_ops = { .size = sizeof answer_ops,
    .integer = answer_integer,
    .boolean = answer_boolean,
    .text = answer_add,
    .fail = answer_fail,
    .send = answer_send };

static int32_t control_add(abbey_dev *dev, const abbey_table *commands, void *self)
{
    struct end *end = (struct end *)dev;
    end->commands = commands->rows;
    end->command_count = commands->count;
    end->command_self = self;
    return 0;
}

static abbey_message *control_event(abbey_dev *dev, const char *name)
{
    struct end *end = (struct end *)dev;
    struct answer *answer = calloc(1, sizeof *answer);
    size_t at = strlen(end->events);
    *answer = (struct answer){ { &answer_ops }, end, true };
    snprintf(end->events + at, sizeof end->events - at, "%s ", name);
    return &answer->message;
}

static abbey_loop *base_loop(abbey_dev *dev)
{
    return ((struct end *)dev)->loop;
}

static const void *base_query(abbey_dev *dev, const char *id)
{
    static const abbey_loop_1 loop = { sizeof loop, 0, base_loop };
    static const abbey_control_1 control = { sizeof control, 0, control_add, control_event, NULL, NULL };
    (void)dev;
    return strcmp(id, ABBEY_LOOP_1) == 0      ? (const void *)&loop
           : strcmp(id, ABBEY_CONTROL_1) == 0 ? (const void *)&control
                                              : host->hostos->query(id);
}

__attribute__((format(printf, 2, 0))) static int32_t base_fail(abbey_dev *dev, const char *format, va_list args)
{
    (void)dev;
    vsnprintf(failure, sizeof failure, format, args);
    return -1;
}

__attribute__((format(printf, 3, 0))) static void base_log(
    abbey_dev *dev, uint32_t level, const char *format, va_list args)
{
    struct end *end = (struct end *)dev;
    if (level > ABBEY_LOG_WARN)
        return;
    end_lock(end);
    vsnprintf(end->logged, sizeof end->logged, format, args);
    end_unlock(end);
}

/* ---- the device ---- */

static uint32_t device_receive(void *self, const abbey_net_frame *frame)
{
    struct end *end = self;
    if (end->stalled)
        return 0;
    if (end->received < END_FRAMES) {
        uint8_t *to = end->frames[end->received].data, *last = to + END_FRAME;
        end->frames[end->received].bytes = frame->bytes;
        end->frames[end->received].flags = frame->flags;
        for (uint32_t i = 0; i < frame->segment_count; i++) {
            size_t room = (size_t)(last - to), count = frame->segments[i].count;
            memcpy(to, frame->segments[i].bytes, count < room ? count : room);
            to += count < room ? count : room;
        }
    }
    end->received++;
    end->received_bytes += frame->bytes;
    return 1;
}

static void device_writable(void *self)
{
    ((struct end *)self)->writables++;
}

static void device_link(void *self, uint32_t up)
{
    struct end *end = self;
    end->links++;
    end->up = up;
}

/* ---- ends ---- */

static void io_main(void *arg)
{
    loops->run(((struct end *)arg)->loop);
}

struct end *end_new(const char *name, ...)
{
    static const abbey_base_1 base = {
        .size = sizeof base, .log_level = ABBEY_LOG_DEBUG, .query = base_query, .fail = base_fail, .log = base_log
    };
    static const abbey_net_client_1 client = {
        .size = sizeof client, .receive = device_receive, .writable = device_writable, .link = device_link
    };
    struct end *end = calloc(1, sizeof *end);
    void *interface = NULL;
    end->dev.base = &base;
    end->frames = calloc(END_FRAMES, sizeof *end->frames);
    end->mutex = threads->mutex_new();
    end->loop = loops->loop_new(end_lock, end_unlock, end, NULL);
    end->backend = plugin_backend(nets, name);
    va_list args;
    va_start(args, name);
    end->self = backend_instance(end->backend, args);
    va_end(args);
    failure[0] = 0;
    if (end->backend->create(&end->dev, end->self, &interface)) {
        free(end->self);
        end->self = NULL;
        end_free(end);
        return NULL;
    }
    end->net = interface;
    abbey_net_attach(end->net, &client, end);
    end_lock(end);
    end->up = abbey_net_link(end->net);
    end_unlock(end);
    end->io = threads->start("io", io_main, end, NULL);
    return end;
}

const char *end_failure(void)
{
    return failure;
}

void end_free(struct end *end)
{
    if (!end)
        return;
    if (end->io) {
        loops->stop(end->loop);
        threads->join(end->io);
    }
    if (end->self)
        end->backend->destroy(end->self);
    free(end->self);
    loops->loop_free(end->loop);
    threads->mutex_free(end->mutex);
    free(end->frames);
    free(end);
}

/* ---- frames ---- */

static void frame_fill(uint8_t *frame, uint32_t number, uint32_t bytes)
{
    static const uint8_t head[14] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
    memcpy(frame, head, sizeof head);
    for (uint32_t i = sizeof head; i < bytes; i++)
        frame[i] = (uint8_t)((number >> 8 * (i % 4)) + i / 4);
}

bool end_send(struct end *end, uint32_t number, uint32_t bytes)
{
    uint8_t frame[ABBEY_NET_LARGE + 1];
    frame_fill(frame, number, bytes);
    abbey_net_segment segments[2] = { { frame, 14 }, { frame + 14, bytes - 14 } };
    abbey_net_frame what = { .size = sizeof what, .bytes = bytes, .segments = segments, .segment_count = 2 };
    end_lock(end);
    uint32_t taken = abbey_net_send(end->net, &what);
    abbey_net_flush(end->net);
    end_unlock(end);
    return taken != 0;
}

static void short_sleep(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

bool end_push(struct end *end, uint32_t number, uint32_t bytes)
{
    for (unsigned tries = 0; tries < 5000; tries++) {
        if (end_send(end, number, bytes))
            return true;
        short_sleep();
    }
    return false;
}

bool end_has(struct end *end, uint32_t index, uint32_t number, uint32_t bytes)
{
    uint8_t frame[END_FRAME];
    frame_fill(frame, number, bytes < END_FRAME ? bytes : END_FRAME);
    end_lock(end);
    bool same = index < end->received && index < END_FRAMES && end->frames[index].bytes == bytes &&
                memcmp(end->frames[index].data, frame, bytes < END_FRAME ? bytes : END_FRAME) == 0;
    end_unlock(end);
    return same;
}

void end_command(struct end *end, const char *name, const void *args)
{
    struct answer answer = { { &answer_ops }, end, false };
    end_lock(end);
    end->said[0] = 0;
    for (uint32_t i = 0; i < end->command_count; i++)
        if (strcmp(end->commands[i].name, name) == 0)
            end->commands[i].run(end->command_self, args, &answer.message);
    end_unlock(end);
}

uint64_t end_count(struct end *end, const char *name)
{
    char word[64];
    end_command(end, "net.info", NULL);
    snprintf(word, sizeof word, " %s=", name);
    const char *found = strstr(end->said, word);
    return found ? strtoull(found + strlen(word), NULL, 10) : UINT64_MAX;
}

void end_stall(struct end *end, bool on)
{
    end_lock(end);
    end->stalled = on;
    if (!on)
        abbey_net_accept(end->net);
    end_unlock(end);
}

bool end_wait(struct end *end, const _Atomic uint32_t *counter, uint32_t least)
{
    for (int tries = 0; tries < 10000; tries++) {
        end_lock(end);
        bool reached = *counter >= least;
        end_unlock(end);
        if (reached)
            return true;
        short_sleep();
    }
    return false;
}

bool end_wait_up(struct end *end, bool up)
{
    for (int tries = 0; tries < 10000; tries++) {
        end_lock(end);
        bool reached = end->up == up;
        end_unlock(end);
        if (reached)
            return true;
        short_sleep();
    }
    return false;
}
