/* new.c - `abbey plugins new`: a folder with a plugin that builds, is tested and passes `abbey plugins check` as it is.
 *
 * The template is a folder of files (sdk/template, installed beside the machines) in which @NAME@, @IDENT@, @ID@,
 * @SUMMARY@ and @LICENSE@ stand for what the author says. Nothing that is there already is touched. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/cli/plugins.h"

static const char usage_text[] = "usage: abbey plugins new NAME [OPTION]...\n"
                                 "\n"
                                 "  Makes the folder NAME with a plugin to begin with: its source, a test, a machine "
                                 "that has it, a Makefile and ci.sh.\n"
                                 "  `make check` in it builds it against the installed SDK and tests it.\n"
                                 "\n"
                                 "  --kind KIND      device (the default), hostos or guestopt\n"
                                 "  --bus BUS        of a device: isa (the default) or pci\n"
                                 "  --id ID          reverse domain name of the plugin (org.example.NAME)\n"
                                 "  --summary TEXT   one line that says what it is\n"
                                 "  --license SPDX   MIT (the default), BSD-2-Clause, or any other SPDX identifier\n"
                                 "  --author TEXT    who holds the copyright\n";

struct plan {
    const char *name, *kind, *bus, *id, *summary, *license, *author;
    char ident[64], own_id[96];
    const char *templates; /* folder */
};

static int usage_error(const char *text)
{
    fprintf(stderr, "abbey plugins new: %s\n%s", text, usage_text);
    return CLI_USAGE;
}

static bool fail(const char *what, const char *path)
{
    fprintf(stderr, "abbey plugins new: %s %s: %s\n", what, path, strerror(errno));
    return false;
}

/* Copies a text, what stands between two @ replaced. */
static void fill(const struct plan *plan, FILE *in, FILE *out)
{
    const struct {
        const char *key, *value;
    } words[] = { { "@NAME@", plan->name }, { "@IDENT@", plan->ident }, { "@ID@", plan->id },
        { "@SUMMARY@", plan->summary }, { "@LICENSE@", plan->license } };
    char line[1024];
    while (fgets(line, sizeof line, in))
        for (const char *at = line; *at;) {
            size_t length = 0;
            for (unsigned i = 0; i < sizeof words / sizeof words[0] && !length; i++)
                if (strncmp(at, words[i].key, strlen(words[i].key)) == 0) {
                    fputs(words[i].value, out);
                    length = strlen(words[i].key);
                }
            if (!length)
                fputc(*at++, out);
            at += length;
        }
}

static bool file_make(const struct plan *plan, const char *folder, const char *from, const char *to, mode_t mode)
{
    char source[1200], target[300];
    snprintf(source, sizeof source, "%s/%s/%s", plan->templates, folder, from);
    snprintf(target, sizeof target, "%s/%s", plan->name, to);
    FILE *in = fopen(source, "r");
    if (!in)
        return fail("cannot read the template (see ABBEY_TEMPLATE_PATH)", source);
    FILE *out = fopen(target, "wx");
    if (out)
        fill(plan, in, out);
    bool good = out && !ferror(in) && !ferror(out);
    good = out && fclose(out) == 0 && good && (!mode || chmod(target, mode) == 0);
    fclose(in);
    return good || fail("cannot write", target);
}

static const char mit[] =
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated\n"
    "documentation files (the \"Software\"), to deal in the Software without restriction, including without limitation "
    "the\n"
    "rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to "
    "permit\n"
    "persons to whom the Software is furnished to do so, subject to the following conditions:\n\n"
    "The above copyright notice and this permission notice shall be included in all copies or substantial portions of "
    "the\n"
    "Software.\n\n"
    "THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED "
    "TO THE\n"
    "WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE "
    "AUTHORS OR\n"
    "COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR\n"
    "OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE "
    "SOFTWARE.\n";
static const char bsd2[] =
    "Redistribution and use in source and binary forms, with or without modification, are permitted provided that the\n"
    "following conditions are met:\n\n"
    "1. Redistributions of source code must retain the above copyright notice, this list of conditions and the "
    "following\n"
    "   disclaimer.\n"
    "2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the "
    "following\n"
    "   disclaimer in the documentation and/or other materials provided with the distribution.\n\n"
    "THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS \"AS IS\" AND ANY EXPRESS OR IMPLIED "
    "WARRANTIES,\n"
    "INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE "
    "ARE\n"
    "DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, "
    "INCIDENTAL,\n"
    "SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR\n"
    "SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF "
    "LIABILITY,\n"
    "WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE "
    "USE OF\n"
    "THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.\n";

/* The text of a licence that is short; of others the identifier, by which the text is found. */
static bool license_make(const struct plan *plan)
{
    char target[300];
    time_t now = time(NULL);
    const struct tm *date = gmtime(&now);
    snprintf(target, sizeof target, "%s/LICENSE", plan->name);
    FILE *out = fopen(target, "wx");
    if (!out)
        return fail("cannot write", target);
    fprintf(out, "SPDX-License-Identifier: %s\n\nCopyright (c) %d %s\n", plan->license,
        date ? date->tm_year + 1900 : 1970, plan->author);
    if (strcmp(plan->license, "MIT") == 0)
        fprintf(out, "\n%s", mit);
    else if (strcmp(plan->license, "BSD-2-Clause") == 0)
        fprintf(out, "\n%s", bsd2);
    return fclose(out) == 0 || fail("cannot write", target);
}

static bool folder_make(const struct plan *plan)
{
    const char *kind = strcmp(plan->kind, "device") == 0 ? plan->bus : plan->kind;
    char source[80], test[80], machine[80];
    snprintf(source, sizeof source, "%s.c", plan->name);
    snprintf(test, sizeof test, "test_%s.c", plan->name);
    snprintf(machine, sizeof machine, "%s.yaml", plan->name);
    if (mkdir(plan->name, 0777) != 0)
        return fail("cannot make the folder", plan->name);
    return file_make(plan, kind, "plugin.c", source, 0) && file_make(plan, kind, "test.c", test, 0) &&
           file_make(plan, kind, "machine.yaml", machine, 0) && file_make(plan, "common", "Makefile", "Makefile", 0) &&
           file_make(plan, "common", "README.md", "README.md", 0) &&
           file_make(plan, "common", "ci.sh", "ci.sh", 0755) &&
           file_make(plan, "common", "gitignore", ".gitignore", 0) && license_make(plan);
}

/* A name that can stand in a machine file, in a file name and, with _ for -, in C. */
static bool name_good(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > 40 || !islower((unsigned char)name[0]))
        return false;
    for (const char *c = name; *c; c++)
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '-')
            return false;
    return true;
}

/* What stands in strings of C and YAML must not end them. */
static bool text_good(const char *text)
{
    for (const char *c = text; *c; c++)
        if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ' || (*c == '*' && c[1] == '/'))
            return false;
    return *text && strlen(text) < 200;
}

static bool one_of(const char *value, const char *a, const char *b, const char *c)
{
    return !strcmp(value, a) || !strcmp(value, b) || (c && !strcmp(value, c));
}

static int make(struct plan *plan)
{
    if (!name_good(plan->name))
        return usage_error("NAME is a lower-case letter, then lower-case letters, digits and '-', at most 40");
    if (!one_of(plan->kind, "device", "hostos", "guestopt"))
        return usage_error("--kind is device, hostos or guestopt");
    if (!one_of(plan->bus, "isa", "pci", NULL))
        return usage_error("--bus is isa or pci");
    if (!text_good(plan->id) || !strchr(plan->id, '.') || strpbrk(plan->id, " /@"))
        return usage_error("--id is a reverse domain name like org.example.doorbell");
    if (!text_good(plan->summary) || !text_good(plan->license) || !text_good(plan->author))
        return usage_error("--summary, --license and --author are one line without quotes and backslashes");
    if (!folder_make(plan))
        return CLI_FAILED;
    printf("made %s; now: cd %s && make check\n", plan->name, plan->name);
    return CLI_OK;
}

int cli_plugins_new(int argc, char **argv)
{
    static const struct option options[] = { { "kind", required_argument, NULL, 'k' },
        { "bus", required_argument, NULL, 'b' }, { "id", required_argument, NULL, 'i' },
        { "summary", required_argument, NULL, 's' }, { "license", required_argument, NULL, 'l' },
        { "author", required_argument, NULL, 'a' }, { "help", no_argument, NULL, 'h' }, { 0 } };
    const char *own = getenv("ABBEY_TEMPLATE_PATH");
    struct plan plan = { .kind = "device", .bus = "isa", .license = "MIT", .author = "its authors" };
    plan.templates = own && *own ? own : ABBEY_TEMPLATE_DIR;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 'k': plan.kind = optarg; break;
        case 'b': plan.bus = optarg; break;
        case 'i': plan.id = optarg; break;
        case 's': plan.summary = optarg; break;
        case 'l': plan.license = optarg; break;
        case 'a': plan.author = optarg; break;
        case 'h': fputs(usage_text, stdout); return CLI_OK;
        default: return usage_error("see the usage");
        }
    }
    if (argc - optind != 1)
        return usage_error("which name?");
    plan.name = argv[optind];
    snprintf(plan.ident, sizeof plan.ident, "%s", plan.name);
    for (char *c = plan.ident; *c; c++)
        *c = *c == '-' ? '_' : *c;
    snprintf(plan.own_id, sizeof plan.own_id, "org.example.%s", plan.name);
    plan.id = plan.id ? plan.id : plan.own_id;
    if (!plan.summary)
        plan.summary = strcmp(plan.kind, "hostos") == 0     ? "a first backend"
                       : strcmp(plan.kind, "guestopt") == 0 ? "a first guest optimization"
                                                            : "a first device";
    return make(&plan);
}
