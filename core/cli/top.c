/* top.c - `abbey top`: where the time of a slow guest goes, live.
 *
 * Two samples of vm.stats, some time apart, make a page: the shares of the states in that time, then every counter that
 * moved, as a rate, in two columns by group. Devices and opcodes come with the busiest first. On a terminal the page is
 * drawn again and again on the alternate screen; elsewhere pages follow each other. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cli/cli.h"
#include "core/cli/link.h"

#define ROWS 20u        /* lines of a column on a terminal of 24 */
#define MOST_LINES 200u /* of both columns, where there is no terminal */
#define BUSIEST 8u      /* devices, and opcodes */
#define ANSWER_TIME (10 * ABBEY_SEC)

static const char help[] = "usage: abbey top [--once] [--interval SECONDS] SOCKET\n"
                           "\n"
                           "Shows where the time of a running machine goes: the share of the guest, of devices and of\n"
                           "sleep, and each counter that moves, a second. SOCKET is its control socket. Ctrl-C ends.\n"
                           "\n"
                           "  --once                one page, and done\n"
                           "  --interval SECONDS    between two samples; 1\n"
                           "\n"
                           "Exit status: 0; 1 the machine answered with an error; 2 usage; 3 it cannot be reached, or\n"
                           "went away.\n";

struct line {
    char text[48];
};

struct page {
    struct line *lines;
    unsigned count;
};

static void line_add(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line_add(struct page *page, const char *format, ...)
{
    va_list args;
    if (page->count == MOST_LINES)
        return;
    va_start(args, format);
    vsnprintf(page->lines[page->count].text, sizeof page->lines[0].text, format, args);
    va_end(args);
    page->count++;
}

/* 9.9, 99999, 123.4k, 12.3M: at most six characters. */
static const char *short_number(double value, char text[16])
{
    static const char units[] = " kMGTP";
    unsigned unit = 0;
    while (value >= (unit ? 999.95 : 99999.5) && unit + 2 < sizeof units) {
        value /= 1000;
        unit++;
    }
    snprintf(text, 16, unit ? "%.1f%c" : value < 10 ? "%.1f" : "%.0f", value, units[unit]);
    return text;
}

/* ---- rates ---- */

struct rate {
    const char *name;
    double total, rate;
};

static double number_of(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static void rate_add(struct page *page, const struct rate *rate)
{
    char total[16], each[16];
    line_add(page, "  %-19.19s %7s %8s", rate->name, short_number(rate->total, total), short_number(rate->rate, each));
}

static int busier(const void *left, const void *right)
{
    const struct rate *a = left, *b = right;
    return a->rate != b->rate ? (a->rate < b->rate ? 1 : -1) : strcmp(a->name, b->name);
}

/* The counters of a group that moved; `most` of them with the busiest first, or, 0, all in their order. */
static void group_add(
    struct page *page, const char *title, const json_t *now, const json_t *before, double seconds, unsigned most)
{
    struct rate *rates = calloc(json_object_size(now) + 1, sizeof *rates);
    unsigned count = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)now, name, value)
    {
        double total = json_number_value(value), moved = total - number_of(before, name);
        if (rates && json_is_number(value) && json_object_get(before, name) && moved > 0)
            rates[count++] = (struct rate){ name, total, moved / seconds };
    }
    if (count)
        line_add(page, "%-21.21s %7s %8s", title, "total", "a second");
    if (count && most)
        qsort(rates, count, sizeof *rates, busier);
    for (unsigned i = 0; i < count && (!most || i < most); i++)
        rate_add(page, &rates[i]);
    free(rates);
}

/* {"com1": {"accesses": 7, ...}} as {"com1": 7}. */
static json_t *devices_flat(const json_t *devices, const char *counter)
{
    json_t *flat = json_object();
    const char *id;
    json_t *device;
    json_object_foreach((json_t *)devices, id, device) json_object_set(flat, id, json_object_get(device, counter));
    return flat;
}

static void devices_add(
    struct page *page, const char *title, const char *counter, const json_t *now, const json_t *before, double seconds)
{
    json_t *flat_now = devices_flat(json_object_get(now, "devices"), counter);
    json_t *flat_before = devices_flat(json_object_get(before, "devices"), counter);
    group_add(page, title, flat_now, flat_before, seconds, BUSIEST);
    json_decref(flat_now);
    json_decref(flat_before);
}

/* {"com1": {"accesses": 7, "overruns": 1}} as {"com1.overruns": 1}: what the devices count themselves. */
static json_t *own_flat(const json_t *devices)
{
    json_t *flat = json_object(), *device, *value;
    const char *id, *name;
    json_object_foreach((json_t *)devices, id, device) json_object_foreach(device, name, value)
    {
        char key[140];
        snprintf(key, sizeof key, "%s.%s", id, name);
        if (strcmp(name, "accesses") != 0 && strcmp(name, "interrupts") != 0)
            json_object_set(flat, key, value);
    }
    return flat;
}

static void own_add(struct page *page, const json_t *now, const json_t *before, double seconds)
{
    json_t *flat_now = own_flat(json_object_get(now, "devices"));
    json_t *flat_before = own_flat(json_object_get(before, "devices"));
    group_add(page, "device statistics", flat_now, flat_before, seconds, BUSIEST);
    json_decref(flat_now);
    json_decref(flat_before);
}

static void groups_add(struct page *page, const json_t *now, const json_t *before, double seconds)
{
    const char *group;
    json_t *counters;
    json_object_foreach((json_t *)now, group, counters)
    {
        if (!json_is_object(counters) || !strcmp(group, "seconds_by_state") || !strcmp(group, "devices"))
            continue;
        group_add(page, group, counters, json_object_get(before, group), seconds, 0);
    }
    devices_add(page, "device accesses", "accesses", now, before, seconds);
    devices_add(page, "device interrupts", "interrupts", now, before, seconds);
    own_add(page, now, before, seconds);
    group_add(page, "callouts by opcode", json_object_get(json_object_get(now, "bt"), "callouts_by_opcode"),
        json_object_get(json_object_get(before, "bt"), "callouts_by_opcode"), seconds, BUSIEST);
}

/* ---- a page ---- */

static void states_print(const json_t *now, const json_t *before, double seconds, const char *end)
{
    const json_t *states = json_object_get(now, "seconds_by_state"),
                 *then = json_object_get(before, "seconds_by_state");
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)states, name, value)
    {
        double moved = json_number_value(value) - number_of(then, name);
        printf("%s %.0f %%  ", name, 100 * (moved > 0 ? moved : 0) / seconds);
    }
    fputs(end, stdout);
}

static void page_print(const json_t *status, const json_t *now, const json_t *before, bool terminal)
{
    const char *end = terminal ? "\033[K\n" : "\n"; /* clears what a longer line left */
    double seconds = number_of(now, "seconds") - number_of(before, "seconds");
    struct page page = { calloc(MOST_LINES, sizeof *page.lines), 0 };
    if (!page.lines || seconds <= 0)
        seconds = 1;
    if (terminal)
        fputs("\033[H", stdout);
    printf("%s  %s  %s  %.1f s%s", json_string_value(json_object_get(status, "name")),
        json_string_value(json_object_get(status, "engine")), json_string_value(json_object_get(status, "status")),
        number_of(now, "seconds"), end);
    states_print(now, before, seconds, end);
    if (page.lines)
        groups_add(&page, now, before, seconds);
    unsigned rows = terminal && page.count > 2 * ROWS ? ROWS : (page.count + 1) / 2;
    for (unsigned i = 0; i < rows; i++) {
        const char *right = i + rows < page.count ? page.lines[i + rows].text : "";
        printf(*right ? "%-40s%s%s" : "%s%s%s", page.lines[i].text, right, end);
    }
    fputs(terminal ? "\033[J" : "\n", stdout);
    fflush(stdout);
    free(page.lines);
}

/* ---- the loop ---- */

/* The value of an answer, or NULL after an error was told, with the status to end with. */
static json_t *ask(struct link *link, const char *command, const char **told, abbey_error *error, int *status)
{
    json_t *answer = client_call(link->client, command, NULL, NULL, ANSWER_TIME, error);
    json_t *value = json_incref(json_object_get(answer, "return"));
    *told = NULL;
    if (!value) {
        const char *desc = json_string_value(json_object_get(json_object_get(answer, "error"), "desc"));
        if (desc)
            snprintf(error->text, sizeof error->text, "%s", desc);
        *told = error->text;
        *status = answer ? LINK_REFUSED : LINK_UNREACHABLE;
    }
    json_decref(answer);
    return value;
}

static int watch(struct link *link, uint64_t interval, bool once)
{
    bool terminal = !once && isatty(STDOUT_FILENO), ended = false;
    abbey_error error = { "" };
    const char *told;
    int status = CLI_OK;
    json_t *before = ask(link, "vm.stats", &told, &error, &status);
    if (terminal && before)
        fputs("\033[?1049h\033[?25l\033[H\033[J", stdout); /* alternate screen, no cursor */
    while (before && !ended) {
        ended = client_pause(link->client, interval);
        if (ended) {
            told = "the machine has closed the connection";
            status = LINK_UNREACHABLE;
        }
        json_t *state = ended ? NULL : ask(link, "vm.status", &told, &error, &status);
        json_t *now = state ? ask(link, "vm.stats", &told, &error, &status) : NULL;
        if (now)
            page_print(state, now, before, terminal);
        ended |= once || !now;
        json_decref(state);
        json_decref(before);
        before = now;
    }
    json_decref(before);
    if (terminal)
        fputs("\033[?25h\033[?1049l", stdout);
    fflush(stdout);
    if (told && !client_asked(link->client))
        fprintf(stderr, "abbey top: %s\n", told);
    return client_asked(link->client) ? CLI_OK : status;
}

int cli_top(int argc, char **argv)
{
    static const struct option options[] = { { "once", no_argument, NULL, 'o' }, { "help", no_argument, NULL, 'h' },
        { "interval", required_argument, NULL, 'i' }, { 0 } };
    double interval = 1;
    bool once = false;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        char *end = NULL;
        if (c == 'h') {
            fputs(help, stdout);
            return CLI_OK;
        }
        if (c == 'i')
            interval = strtod(optarg, &end);
        if (c == '?' || (end && (*end || end == optarg || !(interval >= 0.01 && interval <= 1e6)))) {
            fputs("abbey top: see `abbey top --help`; an interval is 0.01 to 1000000 seconds\n", stderr);
            return CLI_USAGE;
        }
        once |= c == 'o';
    }
    if (argc - optind != 1) {
        fputs("abbey top: give the control SOCKET of one machine; `abbey top --help` tells more\n", stderr);
        return CLI_USAGE;
    }
    struct link link;
    if (!link_open(&link, argv[optind], "abbey top"))
        return LINK_UNREACHABLE;
    int status = watch(&link, (uint64_t)(interval * (double)ABBEY_SEC), once);
    link_close(&link);
    return status;
}
