/* commands.h - the commands of a machine by name: tables of rows that the machine, the board and plugins add, and what
 * becomes of a request. Knows neither sockets nor machines.
 *
 * All calls are made with the machine lock held. */
#ifndef ABBEY_CORE_CONTROL_COMMANDS_H
#define ABBEY_CORE_CONTROL_COMMANDS_H

#include <jansson.h>
#include <stdbool.h>

#include <abbey/control.h>

struct commands;
struct message;

/* What the owner does for them. */
struct commands_owner {
    void *opaque;
    uint64_t (*wall_clock)(void *opaque); /* ns since 1970 UTC, for the timestamps of events */
    void (*vcpu_work)(void *opaque);      /* commands_run_vcpu() is wanted on the vCPU thread */
};

/* NULL when memory is short. */
struct commands *commands_new(const struct commands_owner *owner);
void commands_free(struct commands *commands);

/* Adds rows of the core, named in full ("vm.pause"), or with `id` those of a device or backend. Rows are copied, their
 * texts and functions stay. False with the reason. */
bool commands_add(struct commands *commands, const char *id, const abbey_table *rows, void *self, abbey_error *error);

/* Carries out a request, {"execute": NAME, "arguments": {...}, "id": any, "cwd": "/..."}. `answer` is called once with
 * {"return"|"error": ..., "id": any}: before this returns, which is then NULL, or later. */
typedef void (*commands_answer_fn)(void *opaque, const json_t *answer);
struct message *commands_request(
    struct commands *commands, const json_t *request, commands_answer_fn answer, void *opaque);
/* Nobody waits for that answer any more. */
void commands_forget(struct message *message);

/* Runs what waits for the vCPU thread. [vcpu] */
void commands_run_vcpu(struct commands *commands);

/* Does any? */
bool commands_wait_for_vcpu(const struct commands *commands);

/* Answers all that is outstanding with an error: the machine has ended. */
void commands_end(struct commands *commands);

/* Who gets events, {"event": NAME, "data": {...}, "timestamp": {...}}; NULL: nobody. */
void commands_on_event(struct commands *commands, void (*fn)(void *opaque, const json_t *event), void *opaque);

/* An event under way, of a device or of the machine (`id` NULL). Never NULL: without memory it is one that vanishes. */
abbey_message *commands_event(struct commands *commands, const char *id, const char *name);

/* {"NAME": {"meaning": ..., "arguments": JSON Schema}} of all commands, or of one (NULL when there is none). */
json_t *commands_schema(const struct commands *commands, const char *name);

/* The names of an owner's commands, for device.describe. */
json_t *commands_of(const struct commands *commands, const char *id);

/* For commands of the core: the whole of what "return" says; takes the reference. */
void message_return(abbey_message *message, json_t *value);
/* The answer is this error, as error_new() made it; takes the reference. */
void message_error(abbey_message *message, json_t *error);

/* {"class", "desc", "path", "expected", "nearest"}; all but the first two may be NULL. */
json_t *error_new(const char *class, const char *path, const char *expected, const char *nearest, const char *format,
    ...) __attribute__((format(printf, 5, 6)));

#endif
