/* parts.h - inside core/control: commands, and messages under way. */
#ifndef ABBEY_CORE_CONTROL_PARTS_H
#define ABBEY_CORE_CONTROL_PARTS_H

#include "core/config/arena.h"
#include "core/control/commands.h"

struct command {
    char *name; /* as requests say it */
    char *id;   /* of the device or backend; NULL: the core */
    bool shared;
    abbey_command row; /* its args are this command's copy */
    void *self;
    struct command *next;
};

/* An answer or event being built. */
struct message {
    abbey_message handle; /* first */
    struct commands *commands;
    json_t *value; /* NULL: an empty object */
    json_t *error;
    bool later;   /* the answer does not come with the end of run() */
    bool running; /* run() has not returned */
    bool sent;    /* in run() */
    /* Of an answer: */
    const struct command *command;
    json_t *request_id;
    commands_answer_fn answer; /* NULL: nobody waits */
    void *opaque;
    struct arena arena; /* of the arguments */
    void *args;
    struct message *next, **link; /* among those outstanding */
    struct message *next_vcpu;
    /* Of an event: */
    char *event;
};

struct commands {
    struct commands_owner owner;
    struct command *first, **last;
    struct message *outstanding;
    struct message *vcpu, **vcpu_last;
    void (*event)(void *opaque, const json_t *event);
    void *event_opaque;
};

/* message.c */
extern const abbey_message_ops_1 message_ops;
void message_free(struct message *message);

/* args.c: fills *args by the rows from the members of `object`, which may be NULL; the error, or NULL. Text lives in
 * the arena. `skip` is a member that is no argument of the row's, or NULL. */
json_t *args_read(
    struct arena *arena, const abbey_command *row, const json_t *object, const char *cwd, const char *skip, void *args);

#endif
