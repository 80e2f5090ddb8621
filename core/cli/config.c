/* config.c - `abbey config`: what a machine file says, without running it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/config/config.h"

static const char usage_text[] =
    "usage: abbey config check [--json] [--set PATH=VALUE]... FILE...\n"
    "       abbey config show [--json] [--set PATH=VALUE]... FILE\n"
    "       abbey config schema\n"
    "\n"
    "FILE is a machine file, or the name of one in $ABBEY_CONFIG_PATH or among those that Abbey brings.\n"
    "\n"
    "  check    reports every error with its place; status 0 when there is none, else 1\n"
    "  show     prints the machine with its bases and settings merged, each line with the place it came from\n"
    "  schema   prints the JSON Schema of machine files with the properties of all plugins, for editors\n"
    "\n"
    "  --set PATH=VALUE   lays a value over the file: memory=1G, devices.com1.irq=3, devices.nic=null\n"
    "  --json             check: the errors as an array; show: an array of {path, value, file, line}\n";

#define MOST_SETTINGS 256

struct arguments {
    const char *settings[MOST_SETTINGS];
    unsigned setting_count;
    char **files;
    unsigned file_count;
    bool json;
};

static int usage_error(const char *text, const char *what)
{
    fprintf(stderr, "abbey config: %s%s; `abbey config --help` tells more\n", text, what);
    return CLI_USAGE;
}

/* CLI_OK, or the status to end with. */
static int arguments_parse(struct arguments *arguments, int argc, char **argv)
{
    static const struct option options[] = {
        { "set", required_argument, NULL, 's' },
        { "json", no_argument, NULL, 'j' },
        { 0 },
    };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'j')
            arguments->json = true;
        else if (c != 's')
            return usage_error("unknown option", "");
        else if (arguments->setting_count == MOST_SETTINGS)
            return usage_error("too many settings", "");
        else
            arguments->settings[arguments->setting_count++] = optarg;
    }
    arguments->files = argv + optind;
    arguments->file_count = (unsigned)(argc - optind);
    return CLI_OK;
}

static int check(const struct arguments *arguments)
{
    int status = CLI_OK;
    for (unsigned i = 0; i < arguments->file_count; i++) {
        struct config_request request = {
            .file = arguments->files[i], .settings = arguments->settings, .setting_count = arguments->setting_count
        };
        if (arguments->json) {
            status = config_check_json(&request, stdout) < 0 ? CLI_FAILED : status;
            continue;
        }
        struct config *config = config_read(&request, stderr);
        if (config)
            printf("%s: ok\n", arguments->files[i]);
        else
            status = CLI_FAILED;
        config_free(config);
    }
    return status;
}

static int show(const struct arguments *arguments)
{
    struct config_request request = {
        .file = arguments->files[0], .settings = arguments->settings, .setting_count = arguments->setting_count
    };
    return config_show(&request, arguments->json, stdout, stderr) < 0 ? CLI_FAILED : CLI_OK;
}

static int schema(void)
{
    struct plugin_set *plugins = plugin_set_open(NULL);
    config_schema(plugins, stdout);
    plugin_set_close(plugins);
    return CLI_OK;
}

int cli_config(int argc, char **argv)
{
    struct arguments arguments = { .json = false };
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            fputs(usage_text, stdout);
            return CLI_OK;
        }
    }
    if (argc < 2)
        return usage_error("say check, show or schema", "");
    const char *command = argv[1];
    int status = arguments_parse(&arguments, argc - 1, argv + 1);
    if (status != CLI_OK)
        return status;
    if (!strcmp(command, "schema"))
        return arguments.file_count ? usage_error("schema takes no file", "") : schema();
    bool is_check = !strcmp(command, "check");
    if (!is_check && strcmp(command, "show") != 0)
        return usage_error("there is no command ", command);
    if (!arguments.file_count || (!is_check && arguments.file_count > 1))
        return usage_error(is_check ? "name a machine file" : "name one machine file", "");
    if (is_check && arguments.json && arguments.file_count > 1)
        return usage_error("--json takes one machine file", "");
    return is_check ? check(&arguments) : show(&arguments);
}
