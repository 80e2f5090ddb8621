/* instance_tests.c - where a device keeps what it knows: in its instance, and in the rows of its register table.
 *
 * Two instances on two boards in one process share nothing but the globals of the plugin, so a device that keeps
 * anything there answers otherwise when another is busy. And a fresh instance that was given the saved state of one
 * that was driven must have the same bytes, but for pointers: what differs is not in the register table. */
#define _GNU_SOURCE /* dl_iterate_phdr() */
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/check/check.h"

#define STEPS 4000u

/* ---- two instances ---- */

/* The writable part of a shared object. */
struct globals {
    const char *path;
    uint8_t *start;
    size_t count;
};

static int globals_find(struct dl_phdr_info *info, size_t size, void *opaque)
{
    struct globals *g = opaque;
    uintptr_t low = 0, high = 0, fixed = 0;
    (void)size;
    if (strcmp(info->dlpi_name, g->path) != 0)
        return 0;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && p->p_flags & PF_W) {
            low = info->dlpi_addr + p->p_vaddr;
            high = low + p->p_memsz;
        } else if (p->p_type == PT_GNU_RELRO) {
            fixed = info->dlpi_addr + p->p_vaddr + p->p_memsz; /* read-only once it is loaded */
        }
    }
    low = fixed > low && fixed < high ? fixed : low;
    g->start = (uint8_t *)low;
    g->count = high - low;
    return 1;
}

/* Drives the device, `other` in turn with it when there is one; what the guest of the first saw. */
static uint64_t drive_beside(struct check *check, uint64_t seed, abbey_bench *bench, abbey_bench *other)
{
    struct check first = *check, second = *check;
    uint64_t seen = 0;
    first.seed = seed;
    second.seed = ~seed | 1;
    for (unsigned i = 0; i < STEPS / 20; i++) {
        seen = seen * 31 + check_drive(&first, bench, 20);
        if (other)
            check_drive(&second, other, 20);
    }
    return seen;
}

/* What a sanitizer has put between the variables may be read here as well. */
__attribute__((no_sanitize("address"))) static uint8_t global_byte(const struct globals *g, size_t index)
{
    return *(const volatile uint8_t *)(g->start + index);
}

static uint8_t *globals_copy(const struct globals *g)
{
    uint8_t *copy = malloc(g->count + 1);
    for (size_t i = 0; copy && i < g->count; i++)
        copy[i] = global_byte(g, i);
    return copy;
}

static int globals_changed(struct check *check, const struct globals *g, const uint8_t *before)
{
    for (size_t i = 0; i < g->count; i++)
        if (global_byte(g, i) != before[i])
            return check_fail(check,
                "a global variable changed, byte %zu of %zu of the writable data of the file (`nm -n` tells which): "
                "keep "
                "it in the instance",
                i, g->count);
    return CHECK_PASSED;
}

int check_two_instances(struct check *check)
{
    uint64_t seed = check->seed;
    abbey_bench *alone = check_bench_or_fail(check);
    if (!alone)
        return CHECK_FAILED;
    struct globals g = { .path = plugin_device_find(alone->plugins, check->name)->plugin->path };
    dl_iterate_phdr(globals_find, &g);
    uint8_t *before = globals_copy(&g);
    uint64_t seen_alone = drive_beside(check, seed, alone, NULL);
    char *state_alone = strdup(abbey_state(alone));
    abbey_bench *bench = check_bench_or_fail(check), *other = bench ? check_bench_or_fail(check) : NULL;
    if (!other)
        return CHECK_FAILED;
    uint64_t seen = drive_beside(check, seed, bench, other);
    if (seen != seen_alone || strcmp(state_alone, abbey_state(bench)) != 0)
        return check_fail(check, "an instance %s when another is used beside it: it keeps something outside its struct",
            seen != seen_alone ? "answers otherwise" : "has another state");
    return before ? globals_changed(check, &g, before) : CHECK_PASSED;
}

/* ---- reset ---- */

/* The saved registers less what a reset keeps. */
static json_t *state_without_kept(abbey_bench *bench)
{
    json_t *state = json_loads(abbey_state(bench), 0, NULL);
    for (unsigned i = 0; i < bench->board->device_count; i++) {
        const struct device *d = &bench->board->devices[i];
        json_t *registers =
            json_object_get(json_object_get(json_object_get(state, "devices"), d->node->id), "registers");
        for (uint32_t k = 0; k < d->kind->regs.count; k++) {
            const abbey_reg *reg = (const abbey_reg *)d->kind->regs.rows + k;
            if (reg->flags & ABBEY_REG_KEEP)
                json_object_del(registers, reg->name);
        }
    }
    return state;
}

/* The first path at which two states differ. */
static bool difference(const json_t *a, const json_t *b, char *path, size_t room)
{
    const char *key;
    json_t *value;
    size_t length = strlen(path);
    if (json_equal((json_t *)a, (json_t *)b))
        return false;
    if (!json_is_object(a) || !json_is_object(b))
        return true;
    json_object_foreach((json_t *)a, key, value)
    {
        snprintf(path + length, room - length, "%s%s", length ? "." : "", key);
        if (difference(value, json_object_get(b, key), path, room))
            return true;
    }
    path[length] = 0;
    return true;
}

/* The first statistic that is less than in an earlier copy of the instance, NULL when none is; those of the copy
 * become those of now, for a comparison of all else. (One of 32 bits that overflows in so short a drive is wrong too.)
 */
static const char *stat_lessened(const struct device *device, uint8_t *copy)
{
    const uint8_t *self = device->self;
    const char *lessened = NULL;
    for (uint32_t i = 0; i < device->kind->stats.count; i++) {
        const abbey_stat *stat = (const abbey_stat *)device->kind->stats.rows + i;
        uint64_t then = 0, now = 0;
        memcpy(&then, copy + stat->offset, stat->bytes);
        memcpy(&now, self + stat->offset, stat->bytes);
        memcpy(copy + stat->offset, &now, stat->bytes);
        if (now < then && !lessened)
            lessened = stat->name;
    }
    return lessened;
}

int check_reset(struct check *check)
{
    abbey_bench *fresh = check_bench_or_fail(check), *bench = fresh ? check_bench_or_fail(check) : NULL;
    char path[300] = "";
    if (!bench)
        return CHECK_FAILED;
    size_t count = check_dut(bench)->kind->self_size;
    uint8_t *once = malloc(count);
    for (unsigned round = 0; round < 20 && once; round++) {
        check_drive(check, bench, STEPS / 20);
        memcpy(once, check_dut(bench)->self, count);
        abbey_bench_reset(bench);
        const char *lessened = stat_lessened(check_dut(bench), once);
        if (lessened)
            return check_fail(check, "a reset sets the statistic '%s' back; statistics only grow", lessened);
        memcpy(once, check_dut(bench)->self, count);
        fresh->now = bench->now; /* a device may note when it was reset */
        abbey_bench_reset(fresh);
        json_t *new = state_without_kept(fresh), *now = state_without_kept(bench);
        json_t *first = json_loads(abbey_state(bench), 0, NULL);
        if (difference(new, now, path, sizeof path))
            return check_fail(check,
                "after a reset %s is not what it is when the machine is switched on; ABBEY_REG_KEEP says what a reset "
                "leaves alone",
                path);
        abbey_bench_reset(bench);
        json_t *second = json_loads(abbey_state(bench), 0, NULL);
        stat_lessened(check_dut(bench), once); /* a reset may be what is counted */
        if (difference(first, second, path, sizeof path) || memcmp(once, check_dut(bench)->self, count) != 0)
            return check_fail(check, "a second reset changes %s", path[0] ? path : "the instance");
        json_decref(first);
        json_decref(second);
        json_decref(new);
        json_decref(now);
    }
    return CHECK_PASSED;
}

/* ---- the register table ---- */

static bool in_row(const struct device *device, size_t offset)
{
    for (uint32_t i = 0; i < device->kind->regs.count; i++) {
        const abbey_reg *reg = (const abbey_reg *)device->kind->regs.rows + i;
        if (offset >= reg->offset && offset - reg->offset < reg->bytes)
            return true;
    }
    return false;
}

static bool in_stat(const struct device *device, size_t offset)
{
    for (uint32_t i = 0; i < device->kind->stats.count; i++) {
        const abbey_stat *stat = (const abbey_stat *)device->kind->stats.rows + i;
        if (offset >= stat->offset && offset - stat->offset < stat->bytes)
            return true;
    }
    return false;
}

/* The row before an offset, to say where it is. */
static const char *row_before(const struct device *device, size_t offset)
{
    const abbey_reg *best = NULL;
    for (uint32_t i = 0; i < device->kind->regs.count; i++) {
        const abbey_reg *reg = (const abbey_reg *)device->kind->regs.rows + i;
        if (reg->offset <= offset && (!best || reg->offset > best->offset))
            best = reg;
    }
    return best ? best->name : "the start";
}

/* A word that is an address in this process: of the heap, of code, of a mapping. It belongs to the instance and not to
 * the state. */
static bool address(const uint8_t *self, size_t word, size_t count)
{
    uint64_t value = 0;
    if (word + 8 > count)
        return false;
    memcpy(&value, self + word, sizeof value);
    return value >= UINT64_C(0x500000000000) && value < UINT64_C(0x800000000000);
}

static int compare(struct check *check, abbey_bench *driven, abbey_bench *given)
{
    const struct device *a = check_dut(driven), *b = check_dut(given);
    const uint8_t *x = a->self, *y = b->self;
    size_t count = a->kind->self_size;
    for (size_t i = 0; i < count; i++) {
        size_t word = i & ~(size_t)7, last = i;
        if (x[i] == y[i] || in_row(a, i) || in_stat(a, i) || address(x, word, count) || address(y, word, count))
            continue;
        while (last + 1 < count && x[last + 1] != y[last + 1] && !in_row(a, last + 1) && !in_stat(a, last + 1))
            last++;
        return check_fail(check,
            "bytes %zu to %zu of the instance (behind '%s') hold what the device was told and stand in no row of the "
            "register table: they are lost when the machine is saved. Add ABBEY_REG(), or compute them in loaded()",
            i, last, row_before(a, i));
    }
    return CHECK_PASSED;
}

int check_registers(struct check *check)
{
    abbey_bench *bench = check_bench_or_fail(check);
    for (unsigned round = 0; bench && round < 20; round++) {
        check_drive(check, bench, STEPS / 10);
        abbey_bench *given = check_copy(check, bench);
        if (!given || compare(check, bench, given))
            return CHECK_FAILED;
        abbey_bench_free(given);
    }
    abbey_bench_free(bench);
    return bench ? CHECK_PASSED : CHECK_FAILED;
}
