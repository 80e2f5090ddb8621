/* check.c - `abbey plugins check`: the options of the author's test suite (sdk/check). */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "core/cli/plugins.h"
#include "sdk/check/check.h"

static const char usage_text[] =
    "usage: abbey plugins check [OPTION]... FILE.so\n"
    "\n"
    "  Runs the tests that every plugin must pass, each in a process of its own, for each device and backend in the "
    "file.\n"
    "  Exits with 0 when none failed.\n"
    "\n"
    "  --properties '{...}'  what every instance is given, as in a machine file\n"
    "  --device NAME         only this device or backend\n"
    "  --test NAME           only this test; --list tells their names\n"
    "  --seed N              of all that is random; it is printed, and the same seed does the same\n"
    "  --accesses N          how many random accesses the test `accesses` makes (1000000)\n"
    "  --verbose             shows what the plugin and the bench write to stderr\n"
    "  --json                the results for programs\n";

static int usage_error(const char *text)
{
    fprintf(stderr, "abbey plugins check: %s\n%s", text, usage_text);
    return CLI_USAGE;
}

static int list(void)
{
    for (unsigned i = 0; i < check_test_count; i++)
        printf("%-14s %s\n", check_tests[i].name, check_tests[i].about);
    return CLI_OK;
}

static bool number(const char *text, uint64_t *value)
{
    char *end;
    *value = strtoull(text, &end, 0);
    return *text && !*end;
}

int cli_plugins_check(int argc, char **argv)
{
    static const struct option options[] = { { "properties", required_argument, NULL, 'p' },
        { "device", required_argument, NULL, 'd' }, { "test", required_argument, NULL, 't' },
        { "seed", required_argument, NULL, 's' }, { "accesses", required_argument, NULL, 'a' },
        { "verbose", no_argument, NULL, 'v' }, { "json", no_argument, NULL, 'j' }, { "list", no_argument, NULL, 'l' },
        { "help", no_argument, NULL, 'h' }, { 0 } };
    struct check_options o = { .seed = (uint64_t)time(NULL), .accesses = 1000000 };
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 'p': o.properties = optarg; break;
        case 'd': o.device = optarg; break;
        case 't': o.test = optarg; break;
        case 'v': o.verbose = true; break;
        case 'j': o.json = true; break;
        case 'l': return list();
        case 'h': fputs(usage_text, stdout); return CLI_OK;
        case 's':
        case 'a':
            if (!number(optarg, c == 's' ? &o.seed : &o.accesses))
                return usage_error("--seed and --accesses take a number");
            break;
        default: return usage_error("see the usage");
        }
    }
    if (argc - optind != 1)
        return usage_error("which file?");
    if (o.properties && o.properties[0] != '{')
        return usage_error("--properties takes a flow mapping like '{irq: 5}'");
    o.path = argv[optind];
    int failed = check_run(&o);
    if (failed < 0)
        return usage_error("there is no test of that name; --list tells them");
    return failed ? CLI_FAILED : CLI_OK;
}
