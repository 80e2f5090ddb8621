/* screen-of - runs a machine until its screen shows a text, and saves what it shows.
 *
 *     screen-of [--set PATH=VALUE]... [--until TEXT] [--limit MILLIONS] [--png FILE] FILE
 *
 * The machine runs on the instruction clock, so that a run repeats. Every ten million instructions the text screen is
 * looked at; when it has TEXT, or when the limit is reached (2,000 million instructions), the lines of the text screen
 * are printed, and the picture is saved. Exit status 0: the text was seen, or none was asked for; 1: it was not; 2:
 * something else went wrong. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine/machine_impl.h"
#include "core/machine/screen.h"

#define SLICE 10000000ull
#define SETTINGS 32u

struct options {
    const char *settings[SETTINGS];
    unsigned setting_count;
    const char *until, *png;
    uint64_t limit;
};

static int parse(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        { "set", required_argument, NULL, 's' },
        { "until", required_argument, NULL, 'u' },
        { "limit", required_argument, NULL, 'l' },
        { "png", required_argument, NULL, 'p' },
        { NULL, 0, NULL, 0 },
    };
    int option;
    *options = (struct options){ .limit = 2000 };
    options->settings[options->setting_count++] = "cpu.clock=instructions";
    while ((option = getopt_long(argc, argv, "", names, NULL)) >= 0) {
        switch (option) {
        case 's':
            if (options->setting_count == SETTINGS)
                return -1;
            options->settings[options->setting_count++] = optarg;
            break;
        case 'u': options->until = optarg; break;
        case 'l': options->limit = strtoull(optarg, NULL, 10); break;
        case 'p': options->png = optarg; break;
        default: return -1;
        }
    }
    return argc - optind == 1 ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct options options;
    if (parse(argc, argv, &options) != 0) {
        fputs("usage: screen-of [--set PATH=VALUE]... [--until TEXT] [--limit MILLIONS] [--png FILE] FILE\n", stderr);
        return 2;
    }
    struct config *config = config_load(argv[optind], options.settings, options.setting_count, stderr);
    struct machine *machine = config ? machine_new(config, stderr) : NULL;
    if (!machine)
        return 2;
    char *lines = NULL;
    bool seen = false, running = true;
    for (uint64_t at = 0; at < options.limit * 1000000 && !seen && running; at += SLICE) {
        running = machine_advance(machine, SLICE);
        free(lines);
        lines = screen_lines(machine->board, NULL);
        seen = options.until && lines && strstr(lines, options.until);
    }
    printf("%s", lines ? lines : "(no text screen)\n");
    free(lines);
    abbey_error error = { "" };
    int status = seen || !options.until ? 0 : 1;
    char *report = status ? machine_report(machine) : NULL;
    if (report)
        fprintf(
            stderr, "screen-of: no '%s'%s:\n%s", options.until, running ? "" : ", and the machine has ended", report);
    free(report);
    if (options.png && !screen_shot(machine->board, NULL, options.png, &error)) {
        fprintf(stderr, "screen-of: %s\n", error.text);
        status = 2;
    }
    machine_free(machine);
    config_free(config);
    return status;
}
