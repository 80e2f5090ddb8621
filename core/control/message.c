/* message.c - answers and events while they are put together. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/control/parts.h"

#define DESC_ROOM 2048u

/* Text from a plugin or a guest may be anything. */
static json_t *json_text(const char *text)
{
    json_t *string = text ? json_string(text) : json_null();
    if (string)
        return string;
    struct arena arena = { 0 };
    string = json_string(arena_printable(&arena, text));
    arena_free(&arena);
    return string;
}

json_t *error_new(
    const char *class, const char *path, const char *expected, const char *nearest, const char *format, ...)
{
    char desc[DESC_ROOM];
    va_list args;
    va_start(args, format);
    vsnprintf(desc, sizeof desc, format, args);
    va_end(args);
    json_t *error = json_pack("{s:s, s:o}", "class", class, "desc", json_text(desc));
    if (path)
        json_object_set_new(error, "path", json_text(path));
    if (expected)
        json_object_set_new(error, "expected", json_text(expected));
    if (nearest)
        json_object_set_new(error, "nearest", json_text(nearest));
    return error;
}

void message_free(struct message *message)
{
    if (message->link) {
        *message->link = message->next;
        if (message->next)
            message->next->link = message->link;
    }
    json_decref(message->value);
    json_decref(message->error);
    json_decref(message->request_id);
    arena_free(&message->arena);
    free(message->event);
    free(message);
}

static void member_set(abbey_message *handle, const char *name, json_t *value)
{
    struct message *message = (struct message *)handle;
    if (!message->value)
        message->value = json_object();
    json_object_set_new(message->value, name, value);
}

static void message_integer(abbey_message *handle, const char *name, int64_t value)
{
    member_set(handle, name, json_integer((json_int_t)value));
}

static void message_number(abbey_message *handle, const char *name, double value)
{
    json_t *number = json_real(value); /* NULL for what JSON has no form for */
    member_set(handle, name, number ? number : json_null());
}

static void message_boolean(abbey_message *handle, const char *name, uint32_t value)
{
    member_set(handle, name, json_boolean(value != 0));
}

static void message_text(abbey_message *handle, const char *name, const char *text)
{
    member_set(handle, name, json_text(text));
}

static void message_json(abbey_message *handle, const char *name, const char *json)
{
    json_t *value = json_loads(json, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    member_set(handle, name, value ? value : json_text(json));
}

static void message_fail(abbey_message *handle, const char *format, va_list args)
{
    char text[DESC_ROOM];
    vsnprintf(text, sizeof text, format, args);
    message_error(handle, error_new("GenericError", NULL, NULL, NULL, "%s", text));
}

static void message_later(abbey_message *handle)
{
    ((struct message *)handle)->later = true;
}

static void answer_send(struct message *message)
{
    json_t *answer = json_object();
    json_t *value = message->error ? message->error : message->value;
    if (value)
        json_object_set(answer, message->error ? "error" : "return", value);
    else
        json_object_set_new(answer, "return", json_object());
    if (message->request_id)
        json_object_set(answer, "id", message->request_id);
    message->answer(message->opaque, answer);
    json_decref(answer);
}

static void event_send(const struct message *message)
{
    const struct commands *commands = message->commands;
    uint64_t now = commands->owner.wall_clock(commands->owner.opaque);
    json_t *event = json_pack("{s:s, s:O*, s:{s:I, s:I}}", "event", message->event, "data", message->value, "timestamp",
        "seconds", (json_int_t)(now / ABBEY_SEC), "microseconds", (json_int_t)(now % ABBEY_SEC / ABBEY_US));
    if (event)
        commands->event(commands->event_opaque, event);
    json_decref(event);
}

static void message_send(abbey_message *handle)
{
    struct message *message = (struct message *)handle;
    if (message->running) {
        message->sent = true;
        return;
    }
    if (message->event && message->commands && message->commands->event)
        event_send(message);
    else if (message->answer)
        answer_send(message);
    message_free(message);
}

const abbey_message_ops_1 message_ops = { .size = sizeof message_ops,
    .integer = message_integer,
    .number = message_number,
    .boolean = message_boolean,
    .text = message_text,
    .json = message_json,
    .fail = message_fail,
    .later = message_later,
    .send = message_send };

void message_return(abbey_message *handle, json_t *value)
{
    struct message *message = (struct message *)handle;
    json_decref(message->value);
    message->value = value;
}

void message_error(abbey_message *handle, json_t *error)
{
    struct message *message = (struct message *)handle;
    if (message->error)
        json_decref(error);
    else
        message->error = error;
}

abbey_message *commands_event(struct commands *commands, const char *id, const char *name)
{
    struct message *message = calloc(1, sizeof *message);
    while (!message) /* an event is less than a page: wait until there is one */
        message = calloc(1, sizeof *message);
    message->handle.ops = &message_ops;
    message->commands = commands;
    message->event = strdup(name);
    if (id)
        message_text(&message->handle, "id", id);
    return &message->handle;
}
