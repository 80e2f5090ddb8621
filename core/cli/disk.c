/* disk.c - `abbey disk`: disk images and their redo logs, by the service of the plugin that has the formats. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <abbey/image.h>

#include "core/cli/cli.h"
#include "core/plugin/plugins.h"

static const char usage_text[] =
    "usage: abbey disk create [OPTION]... FILE SIZE\n"
    "       abbey disk create [OPTION]... --backing IMAGE FILE\n"
    "       abbey disk info [--format NAME] [--json] FILE\n"
    "       abbey disk convert [OPTION]... FROM TO\n"
    "       abbey disk commit [--json] FILE\n"
    "       abbey disk discard [--json] FILE\n"
    "\n"
    "  create    a new, empty image; SIZE is a number of bytes, or such as 512M, 20G\n"
    "  info      what an image is, and whether it has a redo log\n"
    "  convert   a copy in another format, without what is zero\n"
    "  commit    writes the redo log of an undoable disk into its image; an interrupted commit is finished\n"
    "  discard   throws the redo log away: the image is as it was\n"
    "\n"
    "  --format NAME          raw, qcow2 or vmdk; by default by the ending of the name (.qcow2, .vmdk), else raw;\n"
    "                         info: by looking at the file\n"
    "  --from-format NAME     of FROM; by default by looking at the file\n"
    "  --cluster BYTES        unit of allocation of a qcow2 image\n"
    "  --backing IMAGE        the new qcow2 image holds what differs from IMAGE, which is named relative to FILE\n"
    "  --backing-format NAME  of IMAGE\n"
    "  --json                 the result for programs\n"
    "\n"
    "An image that a machine is using is locked; all of these then fail and name the process.\n";

struct disk_command {
    const abbey_host_image_1 *images;
    abbey_image_options options;
    const char *from_format;
    bool json;
    bool terminal; /* show progress */
    int shown;     /* per cent */
};

static void progress_show(void *arg, uint64_t done, uint64_t total)
{
    struct disk_command *c = arg;
    int percent = total ? (int)((double)done * 100 / (double)total) : 100;
    if (!c->terminal || percent == c->shown)
        return;
    c->shown = percent;
    fprintf(stderr, "\r%3d %%", percent);
    if (percent == 100)
        fputs("\r\033[K", stderr);
    fflush(stderr);
}

static bool size_parse(const char *text, uint64_t *bytes)
{
    static const char units[] = "KMGT";
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if (errno || end == text || *text == '-' || (*end && (!unit || end[1])) || number > UINT64_MAX >> shift)
        return false;
    *bytes = (uint64_t)number << shift;
    return true;
}

/* What failed, or that it went well, for people or programs. */
static int finish(const struct disk_command *c, int32_t status, const abbey_error *error)
{
    if (c->terminal && c->shown >= 0)
        fputs("\r\033[K", stderr);
    if (c->json) {
        json_t *root =
            status == 0 ? json_pack("{s:b}", "ok", 1) : json_pack("{s:b, s:s}", "ok", 0, "error", error->text);
        json_dumpf(root, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(root);
    }
    if (status)
        fprintf(stderr, "abbey disk: %s\n", error->text);
    return status ? CLI_FAILED : CLI_OK;
}

static int run_create(struct disk_command *c, int argc, char **argv)
{
    abbey_error error = { "" };
    if (argc < 1 || argc > 2 || (argc == 1 && !c->options.backing)) {
        fputs("abbey disk create: give FILE and SIZE, or FILE and --backing\n", stderr);
        return CLI_USAGE;
    }
    if (argc == 2 && !size_parse(argv[1], &c->options.bytes)) {
        fprintf(stderr, "abbey disk create: a size is a number of bytes, or such as 512M, 20G, not '%s'\n", argv[1]);
        return CLI_USAGE;
    }
    return finish(c, c->images->create(argv[0], &c->options, &error), &error);
}

static void fact_json(void *arg, const char *name, const char *text, uint64_t number)
{
    json_object_set_new(arg, name, text ? json_string(text) : json_integer((json_int_t)number));
}

static void fact_text(void *arg, const char *name, const char *text, uint64_t number)
{
    (void)arg;
    if (text)
        printf("%-15s %s\n", name, text);
    else
        printf("%-15s %" PRIu64 "\n", name, number);
}

static int run_info(struct disk_command *c, int argc, char **argv)
{
    abbey_error error = { "" };
    if (argc != 1) {
        fputs("abbey disk info: give one FILE\n", stderr);
        return CLI_USAGE;
    }
    json_t *facts = json_object();
    int32_t status = c->images->info(argv[0], c->options.format, c->json ? fact_json : fact_text, facts, &error);
    if (status == 0 && c->json) {
        json_dumpf(facts, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(facts);
    return status == 0 ? CLI_OK : finish(c, status, &error);
}

static int run_convert(struct disk_command *c, int argc, char **argv)
{
    abbey_error error = { "" };
    if (argc != 2) {
        fputs("abbey disk convert: give FROM and TO\n", stderr);
        return CLI_USAGE;
    }
    return finish(
        c, c->images->convert(argv[0], c->from_format, argv[1], &c->options, progress_show, c, &error), &error);
}

static int run_commit(struct disk_command *c, int argc, char **argv)
{
    abbey_error error = { "" };
    if (argc != 1) {
        fputs("abbey disk commit: give one FILE\n", stderr);
        return CLI_USAGE;
    }
    return finish(c, c->images->commit(argv[0], progress_show, c, &error), &error);
}

static int run_discard(struct disk_command *c, int argc, char **argv)
{
    abbey_error error = { "" };
    if (argc != 1) {
        fputs("abbey disk discard: give one FILE\n", stderr);
        return CLI_USAGE;
    }
    return finish(c, c->images->discard(argv[0], &error), &error);
}

static const struct {
    const char *name;
    int (*run)(struct disk_command *c, int argc, char **argv);
} commands[] = {
    { "create", run_create },
    { "info", run_info },
    { "convert", run_convert },
    { "commit", run_commit },
    { "discard", run_discard },
};

/* -1: go on; else the exit status. */
static int options_parse(struct disk_command *c, int argc, char **argv)
{
    static const struct option options[] = {
        { "format", required_argument, NULL, 'f' },
        { "from-format", required_argument, NULL, 'F' },
        { "cluster", required_argument, NULL, 'c' },
        { "backing", required_argument, NULL, 'b' },
        { "backing-format", required_argument, NULL, 'B' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    uint64_t cluster;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (o) {
        case 'f': c->options.format = optarg; break;
        case 'F': c->from_format = optarg; break;
        case 'b': c->options.backing = optarg; break;
        case 'B': c->options.backing_format = optarg; break;
        case 'j': c->json = true; break;
        case 'c':
            if (!size_parse(optarg, &cluster) || cluster > UINT32_MAX) {
                fprintf(stderr, "abbey disk: --cluster wants a number of bytes, not '%s'\n", optarg);
                return CLI_USAGE;
            }
            c->options.cluster = (uint32_t)cluster;
            break;
        case 'h': fputs(usage_text, stdout); return CLI_OK;
        default: fputs("`abbey disk --help` lists the options\n", stderr); return CLI_USAGE;
        }
    }
    return -1;
}

/* The first plugin that offers the service. */
static const abbey_host_image_1 *service_find(const struct plugin_set *set)
{
    for (unsigned i = 0; i < set->count; i++) {
        const struct plugin *p = &set->plugins[i];
        const void *service = !p->refusal && p->entry.hostos ? p->hostos.query(ABBEY_HOST_IMAGE_1) : NULL;
        if (service)
            return service;
    }
    return NULL;
}

int cli_disk(int argc, char **argv)
{
    struct disk_command c = { .options.size = sizeof c.options, .terminal = isatty(2), .shown = -1 };
    int status = options_parse(&c, argc, argv);
    if (status >= 0)
        return status;
    argc -= optind;
    argv += optind;
    unsigned i = 0;
    while (argc && i < sizeof commands / sizeof commands[0] && strcmp(commands[i].name, argv[0]) != 0)
        i++;
    if (!argc || i == sizeof commands / sizeof commands[0]) {
        if (argc)
            fprintf(stderr, "abbey disk: no command '%s'\n", argv[0]);
        fputs(usage_text, stderr);
        return CLI_USAGE;
    }
    struct plugin_set *set = plugin_set_open(NULL);
    c.images = set ? service_find(set) : NULL;
    if (c.images)
        status = commands[i].run(&c, argc - 1, argv + 1);
    else
        fputs("abbey disk: no plugin offers disk images (" ABBEY_HOST_IMAGE_1
              "); `abbey plugins list` shows what there is\n",
            stderr);
    plugin_set_close(set);
    return c.images ? status : CLI_FAILED;
}
