/* main.c - the `abbey` command: picks the subcommand. */
#include <stdio.h>
#include <string.h>

#include "core/cli/cli.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    { "run", cli_run, "run a machine in the foreground until it powers off" },
    { "config", cli_config, "check a machine file, show it merged, print its schema" },
    { "disk", cli_disk, "make, look at, convert disk images; commit or discard redo logs" },
    { "plugins", cli_plugins, "list what was found and refused, describe one" },
    { "ctl", cli_ctl, "have a running machine carry out a command" },
    { "top", cli_top, "show where the time of a running machine goes" },
    { "version", cli_version, "version, plugin interface, engines, CPU models" },
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void usage(FILE *out)
{
    fputs("usage: abbey COMMAND [ARGUMENT]...\n\n", out);
    for (unsigned i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`abbey COMMAND --help` tells more.\n", out);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0)
        return cli_version(1, argv + 1);
    for (unsigned i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "abbey: no command '%s'; there are:", argv[1]);
    for (unsigned i = 0; i < COMMAND_COUNT; i++)
        fprintf(stderr, " %s", commands[i].name);
    fputc('\n', stderr);
    return CLI_USAGE;
}
