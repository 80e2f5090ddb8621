#include <getopt.h>
#include <jansson.h>
#include <stdio.h>

#include <abbey/types.h>

#include "config.h"
#include "core/cli/cli.h"
#include "core/cpu/cpuid.h"
#include "core/vmm/vcpu.h"

static void print_json(void)
{
    json_t *engines = json_array(), *models = json_array();
    for (unsigned i = 0; engine_at(i); i++)
        json_array_append_new(engines, json_string(engine_at(i)->name));
    for (unsigned i = 0; cpu_model_at(i); i++)
        json_array_append_new(models, json_string(cpu_model_at(i)->name));
    json_t *root = json_pack("{s:s, s:[ii], s:o, s:o}", "version", PACKAGE_VERSION, "abi", ABBEY_ABI_MAJOR,
        ABBEY_ABI_MINOR, "engines", engines, "cpu_models", models);
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

static void print_text(void)
{
    printf("abbey %s\nplugin interface %u.%u\nengines:", PACKAGE_VERSION, ABBEY_ABI_MAJOR, ABBEY_ABI_MINOR);
    for (unsigned i = 0; engine_at(i); i++)
        printf(" %s", engine_at(i)->name);
    fputs("\nCPU models:\n", stdout);
    for (unsigned i = 0; cpu_model_at(i); i++)
        printf("  %-12s %s\n", cpu_model_at(i)->name, cpu_model_at(i)->summary);
}

int cli_version(int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' },
        { 0 } };
    bool json = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'h') {
            puts("usage: abbey version [--json]");
            return CLI_OK;
        }
        if (c != 'j')
            return CLI_USAGE;
        json = true;
    }
    (json ? print_json : print_text)();
    return CLI_OK;
}
