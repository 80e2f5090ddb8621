/* config.h - machine files: YAML in, a typed and checked description of a machine out.
 *
 * Every value knows the file, line and column it came from. All errors of a file are reported, not only the first. The
 * schema of a device is its plugin's property table. */
#ifndef ABBEY_CORE_CONFIG_H
#define ABBEY_CORE_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <abbey/plugin.h>

#include "core/plugin/plugins.h"

/* Where a value stands; `file` lives as long as the description. --set values have the file name "--set". */
struct config_mark {
    const char *file;
    uint32_t line, column; /* from 1 */
};

/* The value of one property of one device or backend, typed by its row. */
struct config_value {
    const abbey_prop *prop;
    struct config_mark mark; /* file NULL: the default */
    int64_t integer;         /* integers, bools; u64 as its bits */
    const char *text;        /* strings; id of a backend; NULL: none */
    /* ABBEY_TYPE_IRQ: */
    const char *irq_chip; /* id of the controller; NULL: not connected */
    uint32_t irq_pin;
};

/* One entry of `devices:` or `backends:`. Values stand in the order of the property table, all of them present. */
struct config_node {
    const char *id;
    const char *type; /* what `device:` or `backend:` said */
    struct config_mark mark;
    const struct plugin_device *device;   /* of a device */
    const struct plugin_backend *backend; /* of a backend */
    const char *bus;                      /* id of the device whose bus it is on; NULL: the board */
    int32_t pci_slot, pci_function;       /* from `addr`, or -1 */
    bool isolate;                         /* in a process of its own */
    bool unplugged;                       /* `plugged: false`: not in its slot when the machine starts */
    struct config_value *values;
    unsigned value_count;
};

struct config_boot {
    const char *kernel; /* bzImage, ELF multiboot or raw file; NULL: boot from firmware */
    const char *initrd; /* or a multiboot module */
    const char *cmdline;
    const char *format; /* "auto", "linux", "multiboot", "raw" */
    uint32_t load;      /* raw: physical address of the image */
    uint32_t entry;     /* raw: address of the first instruction */
    const char *mode;   /* raw: "real" or "protected" */
    struct config_mark kernel_mark, initrd_mark;
};

#define CONFIG_SERIAL_MAX 64u

struct config_firmware {
    const char *bios;   /* name or path of the image; NULL: none */
    const char **boot;  /* ids of devices to boot from, in this order, NULL-terminated */
    bool menu;          /* a key at the start brings a menu of devices */
    uint32_t menu_wait; /* ms that it waits for the key */
    const char *serial; /* the machine's serial number, at most CONFIG_SERIAL_MAX characters; NULL: none */
    struct config_mark bios_mark;
};

/* What to show of the translator's work; NULL: nothing. */
struct config_trace {
    const char *perf_map, *system_map;
    const char *units; /* "FROM-TO", guest addresses in hexadecimal */
    const char *units_file;
};

struct config {
    const char *name;
    uint64_t memory; /* bytes */
    const char *cpu_model;
    const char *cpu_engine; /* "auto", "bt", "interp" */
    const char *clock;      /* cpu.clock: "host", or "instructions": 1 ns each, for runs that repeat exactly */
    uint64_t cpu_cache;     /* bytes of translation cache */
    const char *cpu_debug;  /* switches of the engine for tests, with commas */
    const char *host_backend;
    const char *control_socket; /* or NULL */
    struct config_trace trace;
    const char *log_level;  /* "error" ... "trace" */
    const char **log_trace; /* ids of devices and backends whose trace points are shown, NULL-terminated */
    const char **optimize;  /* guestopt plugins, NULL-terminated */
    bool reboot;            /* a reset starts the machine anew; false: it ends the run (status 0) */
    struct config_boot boot;
    struct config_firmware firmware;
    struct config_node *backends, *devices; /* devices in an order in which each bus comes before what is on it */
    unsigned backend_count, device_count;
    struct plugin_set *plugins;
};

/* Where a machine comes from. */
struct config_request {
    const char *file; /* a path, or a bare name: NAME.yaml in $ABBEY_CONFIG_PATH and the installed directory */
    const char *text; /* not NULL: what the file holds; `file` is only its name in messages */
    size_t text_bytes;
    const char *const *settings; /* path=value, laid over the file in this order */
    unsigned setting_count;
    struct plugin_set *plugins; /* the caller's; NULL: found by plugins.path and plugin_set_open() */
};

/* Reads the machine with its bases and settings; writes all errors to `errors`. NULL when there was any. */
struct config *config_read(const struct config_request *request, FILE *errors);
/* The same for a file and the plugins that are found. */
struct config *config_load(const char *file, const char *const *settings, unsigned setting_count, FILE *errors);
void config_free(struct config *config);

/* The value of a property by name; the property exists. */
const struct config_value *config_value_find(const struct config_node *node, const char *name);

/* `abbey config check --json`: the errors as a JSON array on `out`, empty for a good machine. 0, or -1 after errors. */
int config_check_json(const struct config_request *request, FILE *out);

/* `abbey config show`: the merged machine as YAML, each line with the place it came from; or as a JSON array of
 * {path, value, file, line}. 0, or -1 after errors. */
int config_show(const struct config_request *request, bool json, FILE *out, FILE *errors);

/* JSON Schema of machine files with the properties of all plugins of the set. */
void config_schema(const struct plugin_set *plugins, FILE *out);
json_t *config_schema_json(const struct plugin_set *plugins);

/* JSON Schema of an object that has these rows as members, each of which may be missing or null unless required. */
json_t *config_rows_schema(const abbey_prop *rows, unsigned count, const char *meaning);

#endif
