/* abbey/props.h - a device's properties, registers and statistics, as tables.
 *
 * One row feeds many uses: a property row feeds validation of the machine file, `abbey plugins describe`, the JSON
 * schema and the manual; a register row feeds save, restore, reset and dump; a row of statistics, what tells how a
 * machine does. The type of a row is taken from the field it names, so that the two cannot disagree. Before using the
 * macros a source defines ABBEY_SELF as its struct.
 *
 *     #define ABBEY_SELF struct doorbell
 *     static const abbey_prop props[] = {
 *         ABBEY_PROP(base, 0x310, "I/O port", .min = 0x100, .max = 0x3ff),
 *         ABBEY_PROP(irq,  5,     "ISA interrupt line"),
 *     };
 *     static const abbey_reg regs[] = { ABBEY_REG(rung, 0), ABBEY_REG(timer, 0) }; */
#ifndef ABBEY_PROPS_H
#define ABBEY_PROPS_H

#include <abbey/block.h>
#include <abbey/chardev.h>
#include <abbey/display.h>
#include <abbey/irq.h>
#include <abbey/net.h>
#include <abbey/timer.h>

#define ABBEY_TYPE_U8 1u
#define ABBEY_TYPE_U16 2u
#define ABBEY_TYPE_U32 3u
#define ABBEY_TYPE_U64 4u
#define ABBEY_TYPE_I32 5u
#define ABBEY_TYPE_BOOL 6u   /* _Bool field; `true` or `false` in YAML */
#define ABBEY_TYPE_STRING 7u /* const char * field; the host owns the text */
#define ABBEY_TYPE_IRQ 8u    /* abbey_irq * field; a line number, `id.pin`, or `none` */
#define ABBEY_TYPE_CHAR 9u   /* abbey_char * field; the id of a backend of kind char, or none */
#define ABBEY_TYPE_TIMER 10u /* abbey_timer * field; registers only */
#define ABBEY_TYPE_BLOB 11u  /* array of integers; registers only */
#define ABBEY_TYPE_I64 12u
#define ABBEY_TYPE_BLOCK 13u   /* abbey_block * field; the id of a backend of kind block, or none */
#define ABBEY_TYPE_DISPLAY 14u /* abbey_display * field; the id of a backend of kind display, or none */
#define ABBEY_TYPE_NET 15u     /* abbey_net * field; the id of a backend of kind net, or none */

#define ABBEY_TYPEOF(field) ABBEY_TYPE_OF(ABBEY_SELF, field)
#define ABBEY_TYPE_OF(type_name, field) \
    _Generic(((type_name *)0)->field,                                                                                 \
        uint8_t: ABBEY_TYPE_U8, uint16_t: ABBEY_TYPE_U16, uint32_t: ABBEY_TYPE_U32, uint64_t: ABBEY_TYPE_U64,          \
        int32_t: ABBEY_TYPE_I32, int64_t: ABBEY_TYPE_I64, _Bool: ABBEY_TYPE_BOOL, const char *: ABBEY_TYPE_STRING,     \
        abbey_irq *: ABBEY_TYPE_IRQ, abbey_char *: ABBEY_TYPE_CHAR, abbey_block *: ABBEY_TYPE_BLOCK,                   \
        abbey_display *: ABBEY_TYPE_DISPLAY, abbey_net *: ABBEY_TYPE_NET, abbey_timer *: ABBEY_TYPE_TIMER,             \
        uint8_t *: ABBEY_TYPE_BLOB, uint16_t *: ABBEY_TYPE_BLOB, uint32_t *: ABBEY_TYPE_BLOB, uint64_t *: ABBEY_TYPE_BLOB)

#define ABBEY_PROP_REQUIRED 1u /* the machine file must give it */
#define ABBEY_PROP_BYTES 2u    /* a size: 64K, 16M, 1G are understood */
#define ABBEY_PROP_PATH 4u     /* a string that names a file: relative to the machine file that says it */
#define ABBEY_PROP_LIST 8u     /* a string that may be written as a list of strings: they come one a line */

/* One property. `min` and `max` bound integers; max 0 means the field's own limit. `choices` names the only values of
 * a string, comma-separated. The default of an irq is a line number, or -1 for none. */
typedef struct abbey_prop {
    const char *name;
    uint32_t type;
    uint32_t offset; /* of the field, in bytes */
    uint32_t flags;
    uint32_t reserved;
    int64_t value;       /* default of integers, bools, irqs */
    const char *text;    /* default of strings; NULL stays NULL */
    const char *meaning; /* one line, with the unit */
    int64_t min, max;
    const char *choices;
} abbey_prop;

/* ABBEY_PROP(field, default, "meaning", .min = ..., .max = ...) for integers, bools and interrupt lines. */
#define ABBEY_PROP(field, default_value, what, ...)                                                   \
    {                                                                                                 \
        .name = #field, .type = ABBEY_TYPEOF(field), .offset = (uint32_t)offsetof(ABBEY_SELF, field), \
        .value = (int64_t)(default_value), .meaning = (what), __VA_ARGS__                             \
    }

/* ABBEY_PROP_TEXT(field, "default" or NULL, "meaning", ...) for strings and backends (a backend's default is NULL). */
#define ABBEY_PROP_TEXT(field, default_text, what, ...)                                               \
    {                                                                                                 \
        .name = #field, .type = ABBEY_TYPEOF(field), .offset = (uint32_t)offsetof(ABBEY_SELF, field), \
        .text = (default_text), .meaning = (what), __VA_ARGS__                                        \
    }

#define ABBEY_REG_KEEP 1u /* reset leaves it alone (battery-backed) */

/* One register: saved under its name, set to `reset` at reset, shown by a dump. */
typedef struct abbey_reg {
    const char *name;
    uint32_t type;
    uint32_t offset;
    uint32_t bytes; /* size of the field */
    uint32_t flags;
    uint64_t reset; /* every byte of a blob is set to the low 8 bits; a timer is always cancelled */
} abbey_reg;

/* ABBEY_REG(field, reset value, ...) - the field may be nested: ABBEY_REG(chan[0].count, 0). */
#define ABBEY_REG(field, reset_value, ...)                                                                 \
    {                                                                                                      \
        .name = #field, .type = ABBEY_TYPEOF(field), .offset = (uint32_t)offsetof(ABBEY_SELF, field),      \
        .bytes = (uint32_t)sizeof(((ABBEY_SELF *)0)->field), .reset = (uint64_t)(reset_value), __VA_ARGS__ \
    }

/* One statistic: a counter that tells who runs the machine what the guest cannot see, such as frames that were dropped.
 * It starts at 0 and only grows; it is no state: neither saved nor restored, and a reset leaves it alone. The host
 * reads it at any time, on any thread, with one aligned load: one thread alone may write it, or the callbacks, which
 * never run beside each other. One of 32 bits starts at 0 again when it is full. */
typedef struct abbey_stat {
    const char *name; /* letters, digits, `-`, `_`, `.`; in vm.stats beside `accesses` and `interrupts` of the host */
    const char *meaning; /* one line, with the unit */
    uint32_t offset;     /* of the field, in bytes: in no row of the other tables */
    uint32_t bytes;      /* size of the field, 4 or 8 */
} abbey_stat;

/* ABBEY_STAT(field, "meaning") - the field is a uint32_t or a uint64_t of the instance. */
#define ABBEY_STAT(field, what)                                                             \
    {                                                                                       \
        .name = #field, .meaning = (what), .offset = (uint32_t)offsetof(ABBEY_SELF, field), \
        .bytes = _Generic(((ABBEY_SELF *)0)->field, uint32_t : 4u, uint64_t : 8u)           \
    }

#endif
