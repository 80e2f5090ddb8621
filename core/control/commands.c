/* commands.c - commands by name: adding rows, finding one, running it on its thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config.h"
#include "core/config/suggest.h"
#include "core/control/parts.h"
#include "core/plugin/plugins.h"

#define MOST_ROWS 256u
#define MOST_ARGS 64u
#define ARGS_BYTES 65536u

struct commands *commands_new(const struct commands_owner *owner)
{
    struct commands *commands = calloc(1, sizeof *commands);
    if (!commands)
        return NULL;
    commands->owner = *owner;
    commands->last = &commands->first;
    commands->vcpu_last = &commands->vcpu;
    return commands;
}

static void command_free(struct command *command)
{
    free((void *)command->row.args.rows);
    free(command->name);
    free(command->id);
    free(command);
}

void commands_free(struct commands *commands)
{
    if (!commands)
        return;
    while (commands->outstanding)
        message_free(commands->outstanding);
    for (struct command *c = commands->first, *next; c; c = next) {
        next = c->next;
        command_free(c);
    }
    free(commands);
}

static bool fail(abbey_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(abbey_error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return false;
}

/* ---- adding ---- */

/* The rows of a plugin are of its own size; those of the core pass through here as well. */
static bool row_take(struct command *command, const void *from, uint32_t stride, abbey_error *error)
{
    abbey_command *row = &command->row;
    bool known = plugin_copy_struct(row, sizeof *row, from, stride);
    abbey_table args = row->args;
    row->args = (abbey_table){ NULL, 0, 0 }; /* until it is a copy of ours */
    if (!known)
        return fail(error, "a command has %u bytes and uses some that this abbey does not know; update abbey", stride);
    if (!row->name || !plugin_name_good(row->name))
        return fail(error, "a command has no good name");
    if (!row->meaning || !row->run || row->thread > ABBEY_COMMAND_VCPU)
        return fail(error, "command '%s' has no meaning, no run() or a thread that is none", row->name);
    if (row->args_size > ARGS_BYTES || args.count > MOST_ARGS)
        return fail(error, "command '%s' has too large arguments", row->name);
    char what[100];
    snprintf(what, sizeof what, "command '%s'", row->name);
    row->args = args;
    if (!plugin_copy_args(what, &row->args, row->args_size, error))
        return false;
    const abbey_prop *rows = row->args.rows;
    for (uint32_t i = 0; i < row->args.count; i++)
        if (strchr(row->name, '.') && strcmp(rows[i].name, "id") == 0 && command->id)
            return fail(error, "command '%s' has an argument 'id', which chooses the device", row->name);
    return true;
}

/* One name has one owner, or is shared by several of the same kind. */
static bool name_free(const struct commands *commands, const struct command *command, abbey_error *error)
{
    for (const struct command *c = commands->first; c; c = c->next) {
        if (strcmp(c->name, command->name) != 0 || (c->shared && command->shared && strcmp(c->id, command->id) != 0))
            continue;
        return fail(
            error, "the command '%s' is already %s%s", c->name, c->id ? "of " : "abbey's own", c->id ? c->id : "");
    }
    return true;
}

bool commands_add(struct commands *commands, const char *id, const abbey_table *rows, void *self, abbey_error *error)
{
    if (rows->count > MOST_ROWS || rows->stride % 8 || rows->stride < sizeof(abbey_command))
        return fail(error, "%u commands of %u bytes each are no table of commands", rows->count, rows->stride);
    for (uint32_t i = 0; i < rows->count; i++) {
        struct command *command = calloc(1, sizeof *command);
        if (command && id)
            command->id = strdup(id);
        bool good =
            command && row_take(command, (const char *)rows->rows + (size_t)i * rows->stride, rows->stride, error);
        if (good) {
            char name[160];
            command->shared = id && strchr(command->row.name, '.');
            snprintf(name, sizeof name, "%s%s%s", id && !command->shared ? id : "", id && !command->shared ? "." : "",
                command->row.name);
            command->name = strdup(name);
            command->self = self;
            good = command->name && name_free(commands, command, error);
        }
        if (!good) {
            if (command)
                command_free(command);
            return false;
        }
        *commands->last = command;
        commands->last = &command->next;
    }
    return true;
}

/* ---- finding ---- */

static json_t *not_found(const struct commands *commands, const char *name)
{
    struct suggestion near = { .wanted = name };
    for (const struct command *c = commands->first; c; c = c->next)
        suggest_offer(&near, c->name);
    return error_new(
        "CommandNotFound", "execute", NULL, near.best, "there is no command '%.100s'; `schema` lists all", name);
}

/* Which of the devices that offer a shared command is meant. */
static const struct command *choose(
    const struct command *first, const json_t *wanted, struct arena *arena, json_t **error)
{
    const struct command *found = NULL;
    const char *id = json_string_value(wanted), *ids = NULL;
    struct suggestion near = { .wanted = id ? id : "" };
    unsigned count = 0;
    for (const struct command *c = first; c; c = c->next) {
        if (strcmp(c->name, first->name) != 0)
            continue;
        count++;
        suggest_offer(&near, c->id);
        ids = ids ? arena_format(arena, "%s,%s", ids, c->id) : c->id;
        if (!wanted || (id && strcmp(c->id, id) == 0))
            found = c;
    }
    if (wanted && !found)
        *error = error_new("DeviceNotFound", "arguments.id", ids, near.best, "'%s' is offered by %s, not by %.80s",
            first->name, ids, id ? id : "that");
    else if (!wanted && count > 1)
        *error = error_new(
            "BadArgument", "arguments.id", ids, NULL, "'%s' is offered by %s: say which by `id`", first->name, ids);
    return *error ? NULL : found;
}

static const struct command *find(
    const struct commands *commands, const char *name, const json_t *args, struct arena *arena, json_t **error)
{
    for (const struct command *c = commands->first; c; c = c->next)
        if (strcmp(c->name, name) == 0)
            return c->shared ? choose(c, json_object_get(args, "id"), arena, error) : c;
    *error = not_found(commands, name);
    return NULL;
}

/* ---- running ---- */

static json_t *request_check(const json_t *request)
{
    static const char *const known[] = { "execute", "arguments", "id", "cwd" };
    const char *key;
    json_t *member;
    if (!json_is_object(request))
        return error_new("BadRequest", NULL, "{\"execute\": NAME, ...}", NULL, "a request is an object");
    json_object_foreach((json_t *)request, key, member)
    {
        struct suggestion near = { .wanted = key };
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            suggest_offer(&near, known[i]);
            found |= strcmp(key, known[i]) == 0;
        }
        if (!found)
            return error_new(
                "BadRequest", key, "execute,arguments,id,cwd", near.best, "a request has no member '%.80s'", key);
    }
    if (!json_is_string(json_object_get(request, "execute")))
        return error_new("BadRequest", "execute", "text", NULL, "`execute` names a command");
    json_t *args = json_object_get(request, "arguments"), *cwd = json_object_get(request, "cwd");
    if (args && !json_is_object(args))
        return error_new("BadRequest", "arguments", "an object", NULL, "`arguments` is an object");
    if (cwd && (!json_is_string(cwd) || json_string_value(cwd)[0] != '/'))
        return error_new("BadRequest", "cwd", "an absolute path", NULL, "`cwd` is an absolute path");
    return NULL;
}

/* True when the answer comes later. */
static bool run(struct message *message)
{
    const struct command *command = message->command;
    message->running = true;
    command->row.run(command->self, message->args, &message->handle);
    message->running = false;
    if (message->later && !message->sent)
        return true;
    message->handle.ops->send(&message->handle);
    return false;
}

struct message *commands_request(
    struct commands *commands, const json_t *request, commands_answer_fn answer, void *opaque)
{
    struct message *message = calloc(1, sizeof *message);
    if (!message) {
        json_t *none = json_pack("{s:{s:s, s:s}}", "error", "class", "GenericError", "desc", "out of memory");
        answer(opaque, none);
        json_decref(none);
        return NULL;
    }
    *message = (struct message){ .handle.ops = &message_ops, .commands = commands, .answer = answer, .opaque = opaque };
    const json_t *args = json_object_get(request, "arguments");
    const char *cwd = json_string_value(json_object_get(request, "cwd"));
    message->request_id = json_incref(json_object_get(request, "id"));
    json_t *error = request_check(request);
    const struct command *command =
        error ? NULL
              : find(commands, json_string_value(json_object_get(request, "execute")), args, &message->arena, &error);
    if (command) {
        message->command = command;
        message->args = arena_alloc(&message->arena, command->row.args_size + 1);
        error = args_read(&message->arena, &command->row, args, cwd, command->shared ? "id" : NULL, message->args);
    }
    if (error) {
        message->error = error;
        message->handle.ops->send(&message->handle);
        return NULL;
    }
    message->next = commands->outstanding;
    message->link = &commands->outstanding;
    if (message->next)
        message->next->link = &message->next;
    commands->outstanding = message;
    if (command->row.thread == ABBEY_COMMAND_VCPU) {
        *commands->vcpu_last = message;
        commands->vcpu_last = &message->next_vcpu;
        commands->owner.vcpu_work(commands->owner.opaque);
        return message;
    }
    return run(message) ? message : NULL;
}

void commands_forget(struct message *message)
{
    message->answer = NULL;
}

void commands_run_vcpu(struct commands *commands)
{
    for (struct message *message; (message = commands->vcpu);) {
        commands->vcpu = message->next_vcpu;
        if (!commands->vcpu)
            commands->vcpu_last = &commands->vcpu;
        run(message);
    }
}

bool commands_wait_for_vcpu(const struct commands *commands)
{
    return commands->vcpu != NULL;
}

void commands_end(struct commands *commands)
{
    commands->vcpu = NULL;
    commands->vcpu_last = &commands->vcpu;
    for (struct message *m = commands->outstanding; m; m = m->next) {
        if (!m->answer)
            continue;
        json_t *error = error_new("GenericError", NULL, NULL, NULL, "the machine has ended");
        json_t *answer = json_pack("{s:o}", "error", error);
        if (m->request_id)
            json_object_set(answer, "id", m->request_id);
        m->answer(m->opaque, answer);
        json_decref(answer);
        m->answer = NULL; /* a device may hold it still */
    }
}

void commands_on_event(struct commands *commands, void (*fn)(void *opaque, const json_t *event), void *opaque)
{
    commands->event = fn;
    commands->event_opaque = opaque;
}

/* ---- describing ---- */

static json_t *command_schema(const struct command *command)
{
    json_t *args = config_rows_schema(command->row.args.rows, command->row.args.count, command->row.meaning);
    if (command->shared)
        json_object_set_new(json_object_get(args, "properties"), "id",
            json_pack("{s:s, s:s}", "type", "string", "description", "which of the devices that offer the command"));
    return args;
}

json_t *commands_schema(const struct commands *commands, const char *name)
{
    json_t *schema = json_object();
    for (const struct command *c = commands->first; c; c = c->next)
        if ((!name || strcmp(c->name, name) == 0) && !json_object_get(schema, c->name))
            json_object_set_new(schema, c->name, command_schema(c));
    if (name && !json_object_size(schema)) {
        json_decref(schema);
        return NULL;
    }
    return schema;
}

json_t *commands_of(const struct commands *commands, const char *id)
{
    json_t *names = json_array();
    for (const struct command *c = commands->first; c; c = c->next)
        if (c->id && strcmp(c->id, id) == 0)
            json_array_append_new(names, json_string(c->name));
    return names;
}
