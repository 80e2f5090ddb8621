/* run.c - `abbey run`: a machine in the foreground. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cli/cli.h"
#include "core/machine/machine.h"

static const char help[] = "usage: abbey run FILE [OPTION]...\n"
                           "\n"
                           "Runs the machine that FILE describes in the foreground until it powers off. FILE is a\n"
                           "path, or the bare name of a machine that came with Abbey (`linux-direct`).\n"
                           "\n"
                           "  --set PATH=VALUE    override a value of the machine file, e.g. memory=1G,\n"
                           "                      boot.kernel=vmlinuz, devices.com1.irq=3; may be repeated\n"
                           "  --engine NAME       auto, bt or interp: same as --set cpu.engine=NAME\n"
                           "  --control PATH      take commands on a UNIX socket (`abbey ctl PATH` lists\n"
                           "                      them): same as --set control.socket=PATH\n"
                           "  --stats FILE        at the end, write counters as one JSON object\n"
                           "  --perf-map[=FILE]   name translated code for the host's perf, in /tmp/perf-PID.map\n"
                           "  --system-map FILE   the guest kernel's System.map, for these names\n"
                           "  --trace-units FROM-TO[=FILE]\n"
                           "                      list the units translated for these guest addresses, in\n"
                           "                      hexadecimal, with their host code; on stderr without FILE\n"
                           "  --timeout SECONDS   end the run after that time, with status 124\n"
                           "\n"
                           "Exit status: 0 the guest powered off; 1 the machine file or the host could not give what\n"
                           "was asked; 2 usage; 3 the guest failed; 4 a fault of Abbey itself; 124 time-out;\n"
                           "130 ended by the console's quit key (Ctrl-A x) or Ctrl-C; 143 ended by SIGTERM.\n";

struct run_options {
    const char *file;
    const char **settings;
    unsigned setting_count;
    char **made; /* those of the settings that an option stood for */
    unsigned made_count;
    const char *stats;
    uint64_t timeout;
};

static bool parse_seconds(const char *text, uint64_t *nanoseconds)
{
    char *end;
    errno = 0;
    double seconds = strtod(text, &end);
    if (errno || end == text || *end || !(seconds > 0) || seconds > 1e9)
        return false;
    *nanoseconds = (uint64_t)(seconds * (double)ABBEY_SEC);
    return true;
}

/* An option that stands for a setting. */
static void add_setting(struct run_options *run, const char *path, const char *value)
{
    size_t room = strlen(path) + strlen(value) + 2;
    char *text = malloc(room);
    if (!text)
        return;
    snprintf(text, room, "%s=%s", path, value);
    run->settings[run->setting_count++] = run->made[run->made_count++] = text;
}

static void add_perf_map(struct run_options *run, const char *path)
{
    char usual[64];
    snprintf(usual, sizeof usual, "/tmp/perf-%ld.map", (long)getpid());
    add_setting(run, "trace.perf_map", path ? path : usual);
}

/* FROM-TO[=FILE] */
static void add_units(struct run_options *run, char *text)
{
    char *file = strchr(text, '=');
    if (file) {
        *file++ = 0;
        add_setting(run, "trace.units_file", file);
    }
    add_setting(run, "trace.units", text);
}

/* -1: go on; else the exit status. */
static int parse_options(int argc, char **argv, struct run_options *run)
{
    static const struct option options[] = {
        { "set", required_argument, NULL, 's' },
        { "engine", required_argument, NULL, 'e' },
        { "perf-map", optional_argument, NULL, 'p' },
        { "system-map", required_argument, NULL, 'm' },
        { "trace-units", required_argument, NULL, 'u' },
        { "control", required_argument, NULL, 'c' },
        { "stats", required_argument, NULL, 'S' },
        { "timeout", required_argument, NULL, 't' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'c': add_setting(run, "control.socket", optarg); break;
        case 'e': add_setting(run, "cpu.engine", optarg); break;
        case 'm': add_setting(run, "trace.system_map", optarg); break;
        case 'p': add_perf_map(run, optarg); break;
        case 'u': add_units(run, optarg); break;
        case 's': run->settings[run->setting_count++] = optarg; break;
        case 'S': run->stats = optarg; break;
        case 't':
            if (!parse_seconds(optarg, &run->timeout)) {
                fprintf(stderr, "abbey run: --timeout wants a positive number of seconds, not '%s'\n", optarg);
                return CLI_USAGE;
            }
            break;
        case 'h': fputs(help, stdout); return CLI_OK;
        default: fputs("`abbey run --help` lists the options\n", stderr); return CLI_USAGE;
        }
    }
    if (argc - optind != 1) {
        fputs(argc == optind ? "abbey run: which machine? give a FILE\n" : "abbey run: one FILE only\n", stderr);
        return CLI_USAGE;
    }
    run->file = argv[optind];
    return -1;
}

static bool write_stats(struct machine *machine, const char *path)
{
    json_t *stats = machine_stats(machine);
    bool ok = stats && json_dump_file(stats, path, JSON_INDENT(2) | JSON_PRESERVE_ORDER) == 0;
    json_decref(stats);
    if (!ok)
        fprintf(stderr, "abbey: cannot write the statistics to '%s': %s\n", path, strerror(errno));
    return ok;
}

/* Says why the run ended, where that is not plain, and turns it into an exit status. */
static int end_status(enum machine_end end, uint32_t guest_status, const char *report)
{
    switch (end) {
    case MACHINE_POWER_OFF: return CLI_OK;
    case MACHINE_GUEST_EXIT:
        if (guest_status == 0)
            return CLI_OK;
        fprintf(stderr, "abbey: the guest asked for an exit with status %u\n", guest_status);
        return CLI_GUEST_FAILED;
    case MACHINE_TRIPLE_FAULT:
        fprintf(stderr, "abbey: the guest's processor shut down after a triple fault:\n%s", report);
        return CLI_GUEST_FAILED;
    case MACHINE_TIMEOUT: fputs("abbey: time-out\n", stderr); return CLI_TIMEOUT;
    case MACHINE_QUIT: return CLI_INTERRUPTED;
    case MACHINE_TERMINATED: return CLI_TERMINATED;
    case MACHINE_BOOT_FAILED: return CLI_FAILED;
    }
    return CLI_FAILED;
}

static int run_machine(const struct run_options *run)
{
    struct config *config = config_load(run->file, run->settings, run->setting_count, stderr);
    if (!config)
        return CLI_FAILED;
    int status = CLI_FAILED;
    struct machine *machine = machine_new(config, stderr);
    if (machine) {
        uint32_t guest_status = 0;
        enum machine_end end = machine_run(machine, run->timeout, &guest_status);
        char *report = machine_report(machine);
        bool stats_ok = !run->stats || write_stats(machine, run->stats);
        machine_free(machine); /* first: this restores the terminal */
        status = end_status(end, guest_status, report ? report : "");
        free(report);
        if (!stats_ok && status == CLI_OK)
            status = CLI_FAILED;
    }
    config_free(config);
    return status;
}

int cli_run(int argc, char **argv)
{
    struct run_options run = { .timeout = ABBEY_NEVER };
    size_t most = 2 * (size_t)argc;
    run.settings = calloc(most, sizeof *run.settings);
    run.made = calloc(most, sizeof *run.made);
    int status = CLI_FAILED;
    if (run.settings && run.made)
        status = parse_options(argc, argv, &run);
    if (status < 0)
        status = run_machine(&run);
    for (unsigned i = 0; i < run.made_count; i++)
        free(run.made[i]);
    free(run.made);
    free(run.settings);
    return status;
}
