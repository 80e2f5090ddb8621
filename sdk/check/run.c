/* run.c - runs each test in a process of its own and says what came of it.
 *
 * The child shares one page with the runner: the reason it gives, and a note of the step it is at, which is what tells
 * where a child that crashed or hung had come to. A child is ended after a minute of processor time or two minutes. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdk/check/check.h"

#define CPU_LIMIT 60u /* seconds of a test */
#define CLOCK_LIMIT 120u

struct run {
    const struct check_options *options;
    struct check_shared *shared;
    json_t *results;
    unsigned passed, failed, skipped;
};

/* One seed for the run; a test has its own, so that it is the same when it is run alone. */
static uint64_t seed_of(uint64_t seed, const char *test, const char *name)
{
    uint64_t hash = seed ^ 14695981039346656037u;
    for (const char *c = test; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 1099511628211u;
    for (const char *c = name ? name : ""; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 1099511628211u;
    return hash ? hash : 1;
}

/* Never returns. */
static void child(struct run *run, const struct check_test *test, const char *name)
{
    const struct check_options *o = run->options;
    struct check check = { .path = o->path,
        .properties = o->properties,
        .name = name,
        .seed = seed_of(o->seed, test->name, name),
        .accesses = o->accesses,
        .shared = run->shared };
    struct rlimit cpu = { CPU_LIMIT, CPU_LIMIT }, core = { 0, 0 };
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_CORE, &core);
    alarm(CLOCK_LIMIT);
    if (!o->verbose && !freopen("/dev/null", "w", stderr))
        _exit(CHECK_FAILED);
    _exit(test->run(&check));
}

static const char *signal_meaning(int number)
{
    return number == SIGALRM   ? "did not end in time: stopped"
           : number == SIGXCPU ? "used a minute of processor time: stopped"
           : number == SIGKILL ? "used a minute of processor time: stopped"
                               : "crashed";
}

/* Turns the end of the child into a result, with a reason where it gave none. */
static int result_of(struct run *run, int status)
{
    struct check_shared *shared = run->shared;
    char where[200];
    drive_tell(&shared->note, where, sizeof where);
    if (WIFEXITED(status) && WEXITSTATUS(status) <= CHECK_SKIPPED &&
        (WEXITSTATUS(status) == CHECK_PASSED || shared->reason[0]))
        return WEXITSTATUS(status);
    if (WIFSIGNALED(status))
        snprintf(shared->reason, sizeof shared->reason, "%s (%s) in %s", signal_meaning(WTERMSIG(status)),
            strsignal(WTERMSIG(status)), where);
    else
        snprintf(shared->reason, sizeof shared->reason, "ended the process with status %d in %s", WEXITSTATUS(status),
            where);
    return CHECK_FAILED;
}

static void tell(struct run *run, const struct check_test *test, const char *name, int result)
{
    static const char *const words[] = { "passed", "failed", "skipped" };
    const struct check_options *o = run->options;
    char replay[700];
    snprintf(replay, sizeof replay, "abbey plugins check --seed %" PRIu64 " --test %s%s%s%s%s%s %s", o->seed,
        test->name, name ? " --device " : "", name ? name : "", o->properties ? " --properties '" : "",
        o->properties ? o->properties : "", o->properties ? "'" : "", o->path);
    if (o->json) {
        json_t *row = json_pack(
            "{s:s, s:s?, s:s, s:s}", "test", test->name, "name", name, "result", words[result], "about", test->about);
        if (result != CHECK_PASSED)
            json_object_set_new(row, "reason", json_string(run->shared->reason));
        if (result == CHECK_FAILED)
            json_object_set_new(row, "replay", json_string(replay));
        json_array_append_new(run->results, row);
        return;
    }
    printf("  %-8s %-14s %s\n", words[result], test->name, name ? name : "");
    if (result != CHECK_PASSED)
        printf("           %s\n", run->shared->reason);
    if (result == CHECK_FAILED)
        printf("           again: %s\n", replay);
    fflush(stdout);
}

/* False when the file cannot be loaded, and there is no use in going on. */
static bool test_run(struct run *run, const struct check_test *test, const char *name)
{
    int status = 0;
    memset(run->shared, 0, sizeof *run->shared);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        child(run, test, name);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    int result = pid > 0 ? result_of(run, status) : CHECK_FAILED;
    if (pid < 0)
        snprintf(run->shared->reason, sizeof run->shared->reason, "no process for it: %s", strerror(errno));
    run->passed += result == CHECK_PASSED;
    run->failed += result == CHECK_FAILED;
    run->skipped += result == CHECK_SKIPPED;
    tell(run, test, name, result);
    return result != CHECK_FAILED;
}

static bool wanted(const struct check_options *o, const struct check_test *test, const char *name)
{
    return (!o->test || strcmp(o->test, test->name) == 0) && (!name || !o->device || strcmp(o->device, name) == 0);
}

/* What the file is, from a process that may crash over it: the names of devices and backends come through a pipe. The
 * list belongs to the caller; NULL when the file cannot be loaded. */
static json_t *contents(const char *path)
{
    int ends[2];
    if (pipe(ends) < 0)
        return NULL;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        struct plugin_set *set = plugin_set_open_file(path);
        const struct plugin *p = set && set->count && !set->plugins[0].refusal ? &set->plugins[0] : NULL;
        if (!p)
            _exit(1);
        json_t *devices = json_array(), *backends = json_array();
        for (unsigned i = 0; i < p->device_count; i++)
            json_array_append_new(devices, json_string(p->devices[i].device.name));
        for (unsigned i = 0; i < p->backend_count; i++)
            json_array_append_new(backends, json_string(p->backends[i].backend.name));
        json_t *all =
            json_pack("{s:s, s:s, s:i, s:i, s:o, s:o}", "id", p->entry.id, "version", p->entry.version, "major",
                (int)p->entry.abi_major, "minor", (int)p->entry.abi_minor, "devices", devices, "backends", backends);
        _exit(json_dumpfd(all, ends[1], 0) == 0 ? 0 : 1);
    }
    close(ends[1]);
    json_t *all = pid > 0 ? json_loadfd(ends[0], 0, NULL) : NULL;
    close(ends[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return all;
}

static void scope_run(struct run *run, unsigned scope, const json_t *names)
{
    size_t index;
    const json_t *name;
    json_array_foreach((json_t *)names, index, name)
    {
        for (unsigned i = 0; i < check_test_count; i++)
            if (check_tests[i].scope == scope && wanted(run->options, &check_tests[i], json_string_value(name)))
                test_run(run, &check_tests[i], json_string_value(name));
    }
}

static void summary(struct run *run, const json_t *all)
{
    const struct check_options *o = run->options;
    if (!o->json) {
        printf("%u passed, %u failed, %u skipped\n", run->passed, run->failed, run->skipped);
        return;
    }
    json_t *root = json_pack("{s:s, s:s, s:O?, s:O?, s:i, s:i, s:i, s:O}", "path", o->path, "seed", "", "id",
        json_object_get(all, "id"), "version", json_object_get(all, "version"), "passed", (int)run->passed, "failed",
        (int)run->failed, "skipped", (int)run->skipped, "tests", run->results);
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, o->seed);
    json_object_set_new(root, "seed", json_string(seed));
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

int check_run(const struct check_options *options)
{
    struct run run = { .options = options, .results = json_array() };
    bool known = options->test == NULL;
    for (unsigned i = 0; i < check_test_count; i++)
        known |= options->test && strcmp(options->test, check_tests[i].name) == 0;
    run.shared = mmap(NULL, sizeof *run.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!known || run.shared == MAP_FAILED) {
        json_decref(run.results);
        return -1;
    }
    json_t *all = contents(options->path);
    if (!options->json && all)
        printf("%s: %s %s, ABI %d.%d; seed %" PRIu64 "\n", options->path, json_string_value(json_object_get(all, "id")),
            json_string_value(json_object_get(all, "version")), (int)json_integer_value(json_object_get(all, "major")),
            (int)json_integer_value(json_object_get(all, "minor")), options->seed);
    else if (!options->json)
        printf("%s; seed %" PRIu64 "\n", options->path, options->seed);
    bool good = true;
    for (unsigned i = 0; i < check_test_count && good; i++)
        if (check_tests[i].scope == CHECK_FILE && wanted(options, &check_tests[i], NULL))
            good = test_run(&run, &check_tests[i], NULL) || all;
    if (all) {
        scope_run(&run, CHECK_DEVICE, json_object_get(all, "devices"));
        scope_run(&run, CHECK_BACKEND, json_object_get(all, "backends"));
    }
    if (!run.passed && !run.failed && !run.skipped) {
        snprintf(run.shared->reason, sizeof run.shared->reason, "nothing was tested");
        fprintf(
            stderr, "abbey plugins check: nothing to test: no device or backend of that name in %s\n", options->path);
        run.failed = 1;
    }
    summary(&run, all);
    json_decref(all);
    json_decref(run.results);
    munmap(run.shared, sizeof *run.shared);
    return (int)run.failed;
}
