/* backend_tests.c - backends on the bench, which has no host: those that need one say so and are skipped. */
#include <stdlib.h>
#include <string.h>

#include "sdk/check/check.h"

/* A bench with the backend "dut" alone; NULL when it was refused. */
static abbey_bench *backend_bench(struct check *check)
{
    const char *own = check->properties ? check->properties + strspn(check->properties, " \t\n{") : "}";
    const char *form = "abbey: 1\nname: check\nmemory: 1M\nbackends:\n  dut: {backend: %s, %s\n";
    size_t room = strlen(form) + strlen(own) + strlen(check->name);
    char *text = malloc(room);
    struct plugin_set *set = check_open(check);
    if (!text || !set)
        return NULL;
    snprintf(text, room, form, check->name, own);
    char *said = NULL;
    size_t size;
    bench_errors = open_memstream(&said, &size);
    abbey_bench *bench = bench_build(set, text);
    if (bench_errors)
        fclose(bench_errors);
    bench_errors = NULL;
    if (!bench)
        check_skip(
            check, "it is not made on the bench, which has no host (give properties with --properties): %s", said);
    free(said);
    free(text);
    return bench;
}

static int backend_once(struct check *check)
{
    abbey_bench *bench = backend_bench(check);
    if (!bench)
        return CHECK_SKIPPED;
    bool given = bench->board->backends[0].interface != NULL;
    abbey_bench_free(bench);
    return given ? CHECK_PASSED : check_fail(check, "its create() returned no interface");
}

int check_backend_create(struct check *check)
{
    return check_growth(check, backend_once);
}

/* ---- disks ---- */

#define AT_ONCE (64 * 1024u)
#define MODEL_LIMIT (64u << 20)

struct asked {
    bool ended;
    int32_t result;
};

static void done(void *self, abbey_block_request *request)
{
    struct asked *asked = self;
    asked->ended = true;
    asked->result = request->result;
}

/* Submits one request and waits in virtual time. False when it does not end. */
static bool ask(abbey_bench *bench, abbey_block *block, uint32_t kind, uint64_t offset, void *bytes, uint64_t count,
    int32_t *result)
{
    struct asked asked = { false, 0 };
    abbey_block_segment segment = { bytes, count };
    abbey_block_request request = { .size = sizeof request,
        .kind = kind,
        .offset = offset,
        .bytes = count,
        .segments = &segment,
        .segment_count = 1,
        .done = done,
        .self = &asked };
    abbey_block_submit(block, &request);
    for (unsigned i = 0; i < 1000 && !asked.ended; i++)
        abbey_advance(bench, ABBEY_MS);
    *result = asked.result;
    return asked.ended;
}

static int traffic(struct check *check, abbey_bench *bench, abbey_block *block, uint64_t bytes, uint8_t *model)
{
    uint8_t *buffer = malloc(AT_ONCE), *all = model;
    int32_t result;
    for (unsigned i = 0; buffer && i < 500; i++) {
        uint64_t count = (1 + check_roll(check) % (AT_ONCE / ABBEY_BLOCK_UNIT)) * ABBEY_BLOCK_UNIT;
        count = count > bytes ? bytes : count;
        uint64_t offset = check_roll(check) % ((bytes - count) / ABBEY_BLOCK_UNIT + 1) * ABBEY_BLOCK_UNIT;
        bool write = check_roll(check) & 1;
        for (uint64_t k = 0; write && k < count; k++)
            buffer[k] = (uint8_t)check_roll(check);
        check->shared->note =
            (struct drive_note){ write ? "disk write" : "disk read", i, offset, offset, 0, 512, write };
        if (!ask(bench, block, write ? ABBEY_BLOCK_WRITE : ABBEY_BLOCK_READ, offset, buffer, count, &result))
            return check_fail(check, "a request of %llu bytes does not end", (unsigned long long)count);
        if (result != ABBEY_BLOCK_OK)
            return check_fail(check, "a %s of %llu bytes at %llu gives %d", write ? "write" : "read",
                (unsigned long long)count, (unsigned long long)offset, result);
        if (write)
            memcpy(all + offset, buffer, count);
        else if (memcmp(all + offset, buffer, count) != 0)
            return check_fail(check, "%llu bytes at %llu are not what was written there", (unsigned long long)count,
                (unsigned long long)offset);
    }
    if (!ask(bench, block, ABBEY_BLOCK_FLUSH, 0, NULL, 0, &result) || result != ABBEY_BLOCK_OK)
        return check_fail(check, "a flush does not end, or fails");
    if (!ask(bench, block, ABBEY_BLOCK_READ, bytes, buffer, ABBEY_BLOCK_UNIT, &result) ||
        result != ABBEY_BLOCK_BAD_RANGE)
        return check_fail(check, "a read behind the end gives %d and not ABBEY_BLOCK_BAD_RANGE", result);
    if (!ask(bench, block, ABBEY_BLOCK_READ, UINT64_MAX - 511, buffer, ABBEY_BLOCK_UNIT, &result) ||
        result != ABBEY_BLOCK_BAD_RANGE)
        return check_fail(check, "a read at the end of all numbers gives %d and not ABBEY_BLOCK_BAD_RANGE", result);
    free(buffer);
    return CHECK_PASSED;
}

int check_block(struct check *check)
{
    static const abbey_block_client_1 client = { .size = sizeof client };
    int32_t result;
    abbey_bench *bench = backend_bench(check);
    if (!bench)
        return CHECK_SKIPPED;
    const struct device *backend = &bench->board->backends[0];
    if (strcmp(backend->backend->kind, "block") != 0) {
        check_skip(check, "its kind is '%s'", backend->backend->kind);
        abbey_bench_free(bench);
        return CHECK_SKIPPED;
    }
    abbey_block *block = backend->interface;
    abbey_block_info info =
        abbey_block_attach(block, &client, NULL) == 0 ? abbey_block_info_get(block) : (abbey_block_info){ 0 };
    if (abbey_block_attach(block, &client, NULL) == 0)
        return check_fail(check, "it takes two clients");
    if (!(info.flags & ABBEY_BLOCK_PRESENT) || !info.bytes)
        return check_skip(check, "there is no medium (give properties with --properties)");
    if (info.bytes % ABBEY_BLOCK_UNIT)
        return check_fail(check, "its size of %llu is no multiple of 512", (unsigned long long)info.bytes);
    if (!(info.flags & ABBEY_BLOCK_WRITABLE) || info.bytes > MODEL_LIMIT)
        return check_skip(check, "it is read-only, or has more than 64 MB");
    uint8_t *model = malloc(info.bytes);
    for (uint64_t at = 0; model && at < info.bytes; at += AT_ONCE) {
        uint64_t count = info.bytes - at < AT_ONCE ? info.bytes - at : AT_ONCE;
        if (!ask(bench, block, ABBEY_BLOCK_READ, at, model + at, count, &result) || result != ABBEY_BLOCK_OK)
            return check_fail(check, "a read of %llu bytes at %llu gives %d or does not end", (unsigned long long)count,
                (unsigned long long)at, result);
    }
    int outcome = model ? traffic(check, bench, block, info.bytes, model) : check_fail(check, "out of memory");
    free(model);
    abbey_bench_free(bench);
    return outcome;
}
