/* abbey/plugin.h - the one header a plugin includes: its descriptor, and all interfaces.
 *
 * A plugin is a shared object that exports one const symbol, `abbey_plugin_entry`. It has no constructors and links
 * nothing of the host: calls go through tables that the host hands over. */
#ifndef ABBEY_PLUGIN_H
#define ABBEY_PLUGIN_H

#include <abbey/block.h>
#include <abbey/bus.h>
#include <abbey/chardev.h>
#include <abbey/control.h>
#include <abbey/coprocessor.h>
#include <abbey/dev.h>
#include <abbey/display.h>
#include <abbey/dma.h>
#include <abbey/firmware.h>
#include <abbey/guestopt.h>
#include <abbey/host.h>
#include <abbey/image.h>
#include <abbey/input.h>
#include <abbey/io.h>
#include <abbey/irq.h>
#include <abbey/isadma.h>
#include <abbey/net.h>
#include <abbey/pci.h>
#include <abbey/props.h>
#include <abbey/registers.h>
#include <abbey/system.h>
#include <abbey/timer.h>
#include <abbey/types.h>
#include <abbey/vram.h>

/* A kind of virtual hardware. `name` is what `device:` in a machine file says. */
typedef struct abbey_device {
    const char *name;
    const char *summary;
    const char *bus;        /* what it is put on: "isa", "pci", ...; NULL: straight on the board */
    uint64_t self_size;     /* bytes of the instance struct; the host zeroes it and fills the properties in */
    uint32_t state_version; /* of the register table, from 1 */
    uint32_t reserved;
    abbey_table props; /* of abbey_prop */
    abbey_table regs;  /* of abbey_reg */
    /* Builds one instance. 0, or a negative value after abbey_fail(). [create] */
    int32_t (*create)(abbey_dev *dev, void *self);
    /* Frees what create() took beyond abbey_alloc(), timers, regions; may be NULL. [create] */
    void (*destroy)(void *self);
    /* After the registers got their reset values: drive outputs accordingly; may be NULL. [create] [locked] */
    void (*reset)(void *self);
    /* After the registers were restored: rebuild what follows from them; -1 refuses the state; may be NULL. [create] */
    int32_t (*loaded)(void *self);
    /* Given the registers of an older `version`, with new ones at reset: make them fit; may be NULL. [create] */
    int32_t (*upgrade)(void *self, uint32_t version);
    const char *provides; /* the bus it offers to others, or NULL */
    uint32_t irq_inputs;  /* number of interrupt inputs, pins 0..n-1; 0 if it is no controller */
    uint32_t isa_lines;   /* 1: the inputs are the ISA lines that a bare `irq: 4` means */
    abbey_table stats;    /* of abbey_stat */
} abbey_device;

#define ABBEY_MAGIC 0x79656262u /* "bbey", little-endian */

/* What a plugin says of itself. magic, size, abi_major and abi_minor never move, so that a host can always print what
 * it refuses to run. The version is MAJOR.MINOR.PATCH. */
typedef struct abbey_plugin {
    uint32_t magic;
    uint32_t size;
    uint32_t abi_major;
    uint32_t abi_minor;
    const char *id; /* reverse domain name, unique: "org.example.doorbell" */
    const char *version;
    const char *license;  /* SPDX expression */
    const char *requires; /* interface ids it cannot do without, space-separated, or NULL: refusal happens at load */
    const char *optional; /* interface ids it uses where they exist, or NULL */
    abbey_table devices;  /* of abbey_device */
    abbey_table backends; /* of abbey_backend */
    const abbey_device *device; /* the short form for a plugin with one device */
    const abbey_hostos *hostos;
    const abbey_guestopt *guestopt;
    uint64_t device_size; /* bytes of what `device` points to; 0: it ends with isa_lines. ABBEY_PLUGIN() sets it */
} abbey_plugin;

#define ABBEY_PLUGIN_SYMBOL "abbey_plugin_entry"

/* ABBEY_PLUGIN(.id = ..., .version = ..., .license = ..., .device = &device); - once in a plugin. */
#define ABBEY_PLUGIN(...)                                                                                  \
    extern const abbey_plugin abbey_plugin_entry;                                                          \
    __attribute__((visibility("default"))) const abbey_plugin abbey_plugin_entry = { .magic = ABBEY_MAGIC, \
        .size = sizeof(abbey_plugin),                                                                      \
        .abi_major = ABBEY_ABI_MAJOR,                                                                      \
        .abi_minor = ABBEY_ABI_MINOR,                                                                      \
        .device_size = sizeof(abbey_device),                                                               \
        __VA_ARGS__ }

#endif
