/* linux.c - the plugin: its services and backends by name. */
#include "linux.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "char.h"

int32_t host_fail(abbey_error *error, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        vsnprintf(error->text, sizeof error->text, format, args);
        va_end(args);
    }
    return -1;
}

static const void *query(const char *id)
{
    static const struct {
        const char *id;
        const void *table;
    } services[] = {
        { ABBEY_HOST_MEM_1, &host_mem },
        { ABBEY_HOST_CLOCK_1, &host_clock },
        { ABBEY_HOST_THREAD_1, &host_thread },
        { ABBEY_HOST_EVENT_1, &host_event },
        { ABBEY_HOST_LOCAL_1, &host_local },
        { ABBEY_HOST_FAULT_1, &host_fault },
#ifdef WITH_PNG
        { ABBEY_HOST_PICTURE_1, &host_picture },
#endif
        { ABBEY_HOST_WINDOW_1, &host_window },
        { ABBEY_HOST_PROCESS_1, &host_process },
    };
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (strcmp(id, services[i].id) == 0)
            return services[i].table;
    return NULL;
}

static const abbey_hostos hostos = {
    .size = sizeof(abbey_hostos),
    .name = "linux",
    .summary = "an ordinary process on x86-64 Linux",
    .query = query,
};

ABBEY_PLUGIN(.id = "org.abbey.linux", .version = "0.1.0", .license = "MIT", .hostos = &hostos,
    .backends = ABBEY_TABLE(host_backends));
