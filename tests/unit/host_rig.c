#include "tests/unit/host_rig.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/plugin_rig.h"

const abbey_host_mem_1 *rig_mem;
const abbey_host_clock_1 *rig_clock;
const abbey_host_thread_1 *rig_thread;
const abbey_host_event_1 *rig_event;
const abbey_host_fault_1 *rig_fault;
const abbey_host_window_1 *rig_window;
const abbey_hostos *rig_hostos;
static const abbey_plugin *plugin;

/* A background job of a shell, or what nohup starts, begins with some signals ignored, and the host leaves them so. */
static void signals_reset(void)
{
    static const int numbers[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        signal(numbers[i], SIG_DFL);
}

void rig_load(void)
{
    signals_reset();
    plugin = plugin_need("hostos/linux.so");
    rig_hostos = plugin->hostos;
    rig_mem = plugin->hostos->query(ABBEY_HOST_MEM_1);
    rig_clock = plugin->hostos->query(ABBEY_HOST_CLOCK_1);
    rig_thread = plugin->hostos->query(ABBEY_HOST_THREAD_1);
    rig_event = plugin->hostos->query(ABBEY_HOST_EVENT_1);
    rig_fault = plugin->hostos->query(ABBEY_HOST_FAULT_1);
    rig_window = plugin->hostos->query(ABBEY_HOST_WINDOW_1);
}

void rig_lock(void *rig)
{
    rig_thread->lock(((struct rig *)rig)->mutex);
}

void rig_unlock(void *rig)
{
    rig_thread->unlock(((struct rig *)rig)->mutex);
}

static abbey_loop *base_loop(abbey_dev *dev)
{
    return ((struct rig *)dev)->loop;
}

static const void *base_query(abbey_dev *dev, const char *id)
{
    static const abbey_loop_1 loops = { sizeof(abbey_loop_1), 0, base_loop };
    if (((struct rig *)dev)->no_loop)
        return NULL;
    return strcmp(id, ABBEY_HOST_EVENT_1) == 0 ? (const void *)rig_event
           : strcmp(id, ABBEY_LOOP_1) == 0     ? (const void *)&loops
                                               : NULL;
}

__attribute__((format(printf, 2, 0))) static int32_t base_fail(abbey_dev *dev, const char *format, va_list args)
{
    struct rig *rig = (struct rig *)dev;
    vsnprintf(rig->failure, sizeof rig->failure, format, args);
    return -1;
}

__attribute__((format(printf, 3, 0))) static void base_log(
    abbey_dev *dev, uint32_t level, const char *format, va_list args)
{
    struct rig *rig = (struct rig *)dev;
    (void)level;
    vsnprintf(rig->logged, sizeof rig->logged, format, args);
}

static uint32_t device_room(void *self)
{
    struct rig *rig = self;
    uint32_t left = (uint32_t)sizeof rig->received - rig->received_count;
    return rig->room < left ? rig->room : left;
}

static void device_receive(void *self, const uint8_t *bytes, uint32_t count)
{
    struct rig *rig = self;
    memcpy(rig->received + rig->received_count, bytes, count);
    rig->received_count += count;
    rig->room -= count;
    if (rig->on_receive)
        rig->on_receive(rig, bytes, count);
}

static void device_writable(void *self)
{
    struct rig *rig = self;
    rig->writables++;
    if (rig->on_writable)
        rig->on_writable(rig);
}

static void device_event(void *self, uint32_t event)
{
    struct rig *rig = self;
    rig->opened += event == ABBEY_CHAR_OPENED;
    rig->closed += event == ABBEY_CHAR_CLOSED;
    rig->breaks += event == ABBEY_CHAR_BREAK;
}

static void on_asked(void *arg, uint32_t what)
{
    ((struct rig *)arg)->asked = what;
}

void rig_open(struct rig *rig)
{
    static const abbey_base_1 base = {
        .size = sizeof base, .log_level = ABBEY_LOG_DEBUG, .query = base_query, .fail = base_fail, .log = base_log
    };
    memset(rig, 0, sizeof *rig);
    rig->dev.base = &base;
    rig->room = sizeof rig->received;
    rig->mutex = rig_thread->mutex_new();
    rig->loop = rig_event->loop_new(rig_lock, rig_unlock, rig, NULL);
    rig_event->on_asked(rig->loop, on_asked, rig);
}

int rig_create(struct rig *rig, const char *name, ...)
{
    static const abbey_char_client_1 client = { sizeof(abbey_char_client_1), 0, device_room, device_receive,
        device_writable, device_event };
    va_list args;
    rig->backend = plugin_backend(plugin, name);
    va_start(args, name);
    rig->self = backend_instance(rig->backend, args);
    va_end(args);
    void *interface = NULL;
    int32_t result = rig->backend->create(&rig->dev, rig->self, &interface);
    if (result != 0) {
        free(rig->self);
        rig->self = NULL;
        return -1;
    }
    rig->chr = interface;
    return abbey_char_attach(rig->chr, &client, rig);
}

static void io_main(void *arg)
{
    rig_event->run(((struct rig *)arg)->loop);
}

void rig_start(struct rig *rig)
{
    rig->io = rig_thread->start("io", io_main, rig, NULL);
}

void rig_close(struct rig *rig)
{
    if (rig->io) {
        rig_event->stop(rig->loop);
        rig_thread->join(rig->io);
    }
    if (rig->self && rig->backend->destroy)
        rig->backend->destroy(rig->self);
    free(rig->self);
    rig_event->loop_free(rig->loop);
    rig_thread->mutex_free(rig->mutex);
}

uint32_t rig_write(struct rig *rig, const void *bytes, uint32_t count)
{
    rig_lock(rig);
    uint32_t taken = abbey_char_write(rig->chr, bytes, count);
    rig_unlock(rig);
    return taken;
}

bool rig_wait(struct rig *rig, const uint32_t *counter, uint32_t least)
{
    for (int tries = 0; tries < 5000; tries++) {
        rig_lock(rig);
        bool reached = *counter >= least;
        rig_unlock(rig);
        if (reached)
            return true;
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    return false;
}
