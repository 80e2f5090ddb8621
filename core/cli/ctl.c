/* ctl.c - `abbey ctl`: one control command from the shell. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/cli/link.h"

static const char help[] =
    "usage: abbey ctl [--json] [--timeout SECONDS] SOCKET [COMMAND [KEY=VALUE]...]\n"
    "\n"
    "Has a running machine carry out COMMAND and prints what it answers. SOCKET is the path that the machine has as\n"
    "control.socket, or was started with as --control. Without COMMAND the commands of the machine are listed.\n"
    "\n"
    "A VALUE that is JSON is taken as such (75, true, null, \"text\", [1, 2]); any other is text. Relative paths "
    "start\n"
    "in the present directory.\n"
    "\n"
    "  --json               print the answer as JSON\n"
    "  --timeout SECONDS    give up when there is no answer by then\n"
    "\n"
    "  abbey ctl pc.sock                                   lists the commands of the machine\n"
    "  abbey ctl pc.sock schema command=device.describe    tells about the arguments of one\n"
    "  abbey ctl pc.sock device.describe id=com1\n"
    "\n"
    "Exit status: 0 done; 1 the machine answered with an error; 2 usage; 3 nobody answered.\n";

static int usage_error(const char *text, const char *what)
{
    fprintf(stderr, "abbey ctl: %s%s; `abbey ctl --help` tells more\n", text, what);
    return CLI_USAGE;
}

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

/* KEY=VALUE into the object; CLI_OK or the status to end with. */
static int argument_add(json_t *args, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return usage_error("an argument is KEY=VALUE, not ", text);
    json_t *value = json_loads(equals + 1, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    if (!value)
        value = json_string(equals + 1);
    char *key = strndup(text, (size_t)(equals - text));
    bool twice = key && json_object_get(args, key);
    bool good = key && value && !twice && json_object_set(args, key, value) == 0;
    free(key);
    json_decref(value);
    return good ? CLI_OK : usage_error(twice ? "given twice: " : "no UTF-8 text: ", text);
}

/* ---- what people read: as YAML would have it ---- */

static bool is_plain(const json_t *value)
{
    return !json_is_object(value) && !json_is_array(value);
}

static void plain_print(const json_t *value)
{
    char *text =
        json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
    puts(text ? text : json_string_value(value));
    free(text);
}

/* The members or elements of a value, each on lines of its own; the first of them goes on in a line that was begun. */
static void value_print(const json_t *value, int indent, bool begun)
{
    const char *key;
    json_t *member;
    size_t i;
    if (is_plain(value)) {
        plain_print(value);
        return;
    }
    json_object_foreach((json_t *)value, key, member)
    {
        bool nested = !is_plain(member) && (json_object_size(member) || json_array_size(member));
        printf("%*s%s:%s", begun ? 0 : indent, "", key, nested ? "\n" : " ");
        begun = false;
        if (nested)
            value_print(member, indent + 2, false);
        else if (is_plain(member))
            plain_print(member);
        else
            puts(json_is_array(member) ? "[]" : "{}");
    }
    json_array_foreach((json_t *)value, i, member)
    {
        printf("%*s- ", begun ? 0 : indent, "");
        begun = false;
        value_print(member, indent + 2, true);
    }
}

/* Each command on a line, with what it does. */
static void commands_print(const json_t *schema)
{
    const char *name;
    json_t *command;
    json_object_foreach(json_object_get(schema, "commands"), name, command)
    {
        const char *meaning = json_string_value(json_object_get(command, "description"));
        printf("%-20s %s\n", name, meaning ? meaning : "");
    }
}

static int answer_print(const json_t *answer, bool json, bool list)
{
    const json_t *error = json_object_get(answer, "error"), *value = json_object_get(answer, "return");
    if (json && (error || value)) {
        json_dumpf(error ? error : value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
        putchar('\n');
    }
    if (error)
        link_tell(error, "abbey ctl");
    else if (value && list && !json)
        commands_print(value);
    else if (value && !json)
        value_print(value, 0, false);
    return error ? LINK_REFUSED : value ? CLI_OK : LINK_UNREACHABLE;
}

/* `command` NULL: lists the commands. */
static int call(const char *path, const char *command, json_t *args, uint64_t timeout, bool json)
{
    bool list = !command;
    command = command ? command : "schema";
    struct link link;
    abbey_error error = { "out of memory" };
    if (!link_open(&link, path, "abbey ctl"))
        return LINK_UNREACHABLE;
    char *cwd = realpath(".", NULL);
    json_t *answer = client_call(link.client, command, args, cwd, timeout, &error);
    int status = LINK_UNREACHABLE;
    if (answer)
        status = answer_print(answer, json, list);
    else
        fprintf(stderr, "abbey ctl: %s: %s\n", command, error.text);
    json_decref(answer);
    free(cwd);
    link_close(&link);
    return status;
}

int cli_ctl(int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' },
        { "timeout", required_argument, NULL, 't' }, { 0 } };
    uint64_t timeout = ABBEY_NEVER;
    bool json = false;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            return CLI_OK;
        }
        if (c == 't' && !parse_seconds(optarg, &timeout))
            return usage_error("--timeout wants a positive number of seconds, not ", optarg);
        if (c == '?')
            return usage_error("unknown option", "");
        json |= c == 'j';
    }
    if (argc == optind)
        return usage_error("which machine? give its SOCKET", "");
    json_t *args = json_object();
    int status = CLI_OK;
    for (int i = optind + 2; status == CLI_OK && i < argc; i++)
        status = argument_add(args, argv[i]);
    if (status == CLI_OK)
        status = call(argv[optind], optind + 1 < argc ? argv[optind + 1] : NULL, args, timeout, json);
    json_decref(args);
    return status;
}
