/* kit.c - what the tests have in common: dice, benches, failures. */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include <dlfcn.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/check/check.h"

#define RAM_TEXT "memory: 1M\n"

static int record(struct check *check, int result, const char *format, va_list args)
{
    if (!check->shared->reason[0])
        vsnprintf(check->shared->reason, sizeof check->shared->reason, format, args);
    return result;
}

int check_fail(struct check *check, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int result = record(check, CHECK_FAILED, format, args);
    va_end(args);
    return result;
}

int check_skip(struct check *check, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int result = record(check, CHECK_SKIPPED, format, args);
    va_end(args);
    return result;
}

/* xorshift64*: small, and the same everywhere. */
uint32_t check_roll(struct check *check)
{
    uint64_t *seed = &check->seed;
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (uint32_t)(*seed * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

void check_step_bytes(struct check *check, uint8_t step[DRIVE_STEP])
{
    uint32_t words[2] = { check_roll(check), check_roll(check) };
    memcpy(step, words, DRIVE_STEP);
}

uint64_t check_drive(struct check *check, abbey_bench *bench, uint64_t count)
{
    uint64_t seen = 14695981039346656037u;
    uint8_t step[DRIVE_STEP];
    while (count--) {
        check_step_bytes(check, step);
        seen = (seen ^ drive_step(bench, "dut", step, &check->shared->note)) * 1099511628211u;
    }
    return seen;
}

/* ---- what the bench says goes into memory, for reasons ---- */

static char *said;
static size_t said_size;

static void listen(void)
{
    if (bench_errors)
        fclose(bench_errors);
    free(said);
    said = NULL;
    bench_errors = open_memstream(&said, &said_size);
}

const char *check_said(void)
{
    if (bench_errors)
        fflush(bench_errors);
    return said && said[0] ? said : "it gave no reason";
}

/* ---- benches ---- */

/* The plugin alone; one that sits on a bus of another plugin, with all that are found. */
struct plugin_set *check_plugin_set(const struct check *check)
{
    struct plugin_set *set = plugin_set_open_file(check->path);
    const abbey_device *device = set ? check_device(set, check->name) : NULL;
    if (!device || !device->bus || !strcmp(device->bus, "isa") || !strcmp(device->bus, "pci"))
        return set;
    plugin_set_close(set);
    char *folder = strdup(check->path), *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        *slash = 0;
    const char *extra[] = { slash ? folder : ".", NULL };
    set = plugin_set_open(extra);
    free(folder);
    return set;
}

const abbey_device *check_device(const struct plugin_set *set, const char *name)
{
    const struct plugin_device *found = name && set ? plugin_device_find(set, name) : NULL;
    return found ? &found->device : NULL;
}

const abbey_backend *check_backend(const struct plugin_set *set, const char *name)
{
    const struct plugin_backend *found = name && set ? plugin_backend_find(set, name) : NULL;
    return found ? &found->backend : NULL;
}

struct plugin_set *check_open(struct check *check)
{
    struct plugin_set *set = plugin_set_open_file(check->path);
    if (set && set->count && !set->plugins[0].refusal)
        return set;
    check_fail(check, "%s", set && set->count ? set->plugins[0].refusal : "out of memory");
    plugin_set_close(set);
    return NULL;
}

/* Whether the text of a flow mapping gives the property. Good enough for what is only a default: a clash is reported.
 */
bool check_given(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = text; at && (at = strstr(at, name)); at += length) {
        const char *end = at + length;
        bool starts = at == text || strchr("{, \t\n\"'", at[-1]);
        if (starts && end[strspn(end, "\"' \t")] == ':')
            return true;
    }
    return false;
}

/* Writes what the device must or may be given: backends of the bench for what it connects to, something for what is
 * required. */
static void needs_write(FILE *text, const struct check *check, const abbey_device *device, const char *more)
{
    const abbey_prop *props = device->props.rows;
    bool stream = false;
    for (uint32_t i = 0; i < device->props.count; i++) {
        const abbey_prop *p = &props[i];
        if (check_given(check->properties, p->name) || check_given(more, p->name))
            continue;
        if (p->type == ABBEY_TYPE_CHAR && !stream) {
            fprintf(text, ", %s: bench", p->name);
            stream = true;
        } else if (p->type == ABBEY_TYPE_BLOCK) {
            fprintf(text, ", %s: disk-%s", p->name, p->name);
        } else if (p->flags & ABBEY_PROP_REQUIRED && p->type == ABBEY_TYPE_STRING) {
            fprintf(text, ", %s: %.*s", p->name, p->choices ? (int)strcspn(p->choices, ",") : 1,
                p->choices ? p->choices : "x");
        } else if (p->flags & ABBEY_PROP_REQUIRED && p->type == ABBEY_TYPE_BOOL) {
            fprintf(text, ", %s: false", p->name);
        } else if (p->flags & ABBEY_PROP_REQUIRED && p->type == ABBEY_TYPE_IRQ) {
            fprintf(text, ", %s: 5", p->name);
        } else if (p->flags & ABBEY_PROP_REQUIRED && p->type <= ABBEY_TYPE_I64 && p->type != ABBEY_TYPE_CHAR) {
            fprintf(text, ", %s: %lld", p->name, (long long)p->min);
        }
    }
}

static void disks_write(FILE *text, const abbey_device *device)
{
    const abbey_prop *props = device->props.rows;
    for (uint32_t i = 0; i < device->props.count; i++)
        if (props[i].type == ABBEY_TYPE_BLOCK)
            fprintf(text, "  disk-%s: {backend: bench-disk, size: 1M, delay: 0}\n", props[i].name);
}

static bool has_disks(const abbey_device *device)
{
    const abbey_prop *props = device->props.rows;
    for (uint32_t i = 0; i < device->props.count; i++)
        if (props[i].type == ABBEY_TYPE_BLOCK)
            return true;
    return false;
}

abbey_bench *check_bench(struct check *check, const char *more)
{
    struct plugin_set *plugins = check_plugin_set(check);
    const abbey_device *device = check_device(plugins, check->name);
    char *machine = NULL;
    size_t size;
    listen();
    FILE *text = device ? open_memstream(&machine, &size) : NULL;
    if (!text) {
        plugin_set_close(plugins);
        return NULL;
    }
    const char *own = check->properties ? check->properties + strspn(check->properties, " \t\n{") : "}";
    int length = (int)strlen(own);
    while (length && strchr("} \t\n", own[length - 1]))
        length--;
    fprintf(text, "abbey: 1\nname: check\n" RAM_TEXT "devices:\n  dut: {device: %s", check->name);
    needs_write(text, check, device, more);
    fprintf(text, "%s%.*s%s%s}\n", length ? ", " : "", length, own, more ? ", " : "", more ? more : "");
    if (has_disks(device)) {
        fputs("backends:\n", text);
        disks_write(text, device);
    }
    fclose(text);
    abbey_bench *bench = bench_build(plugins, machine);
    free(machine);
    return bench;
}

abbey_bench *check_bench_or_fail(struct check *check)
{
    abbey_bench *bench = check_bench(check, NULL);
    if (!bench)
        check_fail(
            check, "cannot be created with default properties (give others with --properties): %s", check_said());
    return bench;
}

struct device *check_dut(abbey_bench *bench)
{
    return board_device(bench->board, "dut");
}

abbey_bench *check_copy(struct check *check, abbey_bench *from)
{
    abbey_bench *to = check_bench_or_fail(check);
    uint64_t bytes, same;
    if (!to)
        return NULL;
    to->now = from->now;
    uint8_t *source = abbey_ram(from, &bytes), *target = abbey_ram(to, &same);
    memcpy(target, source, bytes);
    for (const struct disk *disk = from->disks; disk; disk = disk->next) {
        uint8_t *copy = abbey_disk(to, disk->id, &same);
        if (copy && same == disk->count)
            memcpy(copy, disk->bytes, same);
    }
    if (abbey_state_load(to, abbey_state(from)) == 0)
        return to;
    check_fail(check, "a state that it saved is refused: %s", check_said());
    abbey_bench_free(to);
    return NULL;
}

/* A sanitizer keeps its own books. */
uint64_t check_heap(void)
{
    size_t (*sanitizer)(void);
    *(void **)&sanitizer = dlsym(RTLD_DEFAULT, "__sanitizer_get_current_allocated_bytes");
    if (sanitizer)
        return sanitizer();
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}
