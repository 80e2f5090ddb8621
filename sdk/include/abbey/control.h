/* abbey/control.h - a device's or backend's own commands on the control socket, its events, and the machine's pause:
 * interface "abbey.control/1".
 *
 * A command is a row: its name, what it means, the arguments as property rows over a struct, and the function. The
 * host checks the arguments as it checks a machine file, and fills the struct in:
 *
 *     struct ring_args { uint32_t times; };
 *     static const abbey_prop ring_args[] = {
 *         ABBEY_ARG(struct ring_args, times, 1, "how often", .min = 1, .max = 10),
 *     };
 *     static void ring(void *self, const void *args, abbey_message *answer)
 *     {
 *         abbey_message_integer(answer, "rung", ring_now(self, ((const struct ring_args *)args)->times));
 *     }
 *     static const abbey_command commands[] = {
 *         { .name = "ring", .meaning = "rings the bell now", .run = ring,
 *           .args = ABBEY_TABLE(ring_args), .args_size = sizeof(struct ring_args) },
 *     };
 *     int32_t create(abbey_dev *dev, void *self) { ... return abbey_commands_add(dev, commands, COUNT, self); }
 *
 * On the socket: {"execute": "ID.ring", "arguments": {"times": 2}}, ID being the device's id in the machine file; in
 * the shell: `abbey ctl SOCKET ID.ring times=2`. */
#ifndef ABBEY_CONTROL_H
#define ABBEY_CONTROL_H

#include <abbey/props.h>

#define ABBEY_CONTROL_1 "abbey.control/1"

/* A JSON object under way: the answer to a command, or an event. All calls [locked]. */
typedef struct abbey_message abbey_message;

typedef struct abbey_message_ops_1 {
    uint32_t size;
    uint32_t reserved;
    void (*integer)(abbey_message *message, const char *name, int64_t value);
    void (*number)(abbey_message *message, const char *name, double value);
    void (*boolean)(abbey_message *message, const char *name, uint32_t value);
    void (*text)(abbey_message *message, const char *name, const char *text);
    void (*json)(abbey_message *message, const char *name, const char *json);
    void (*fail)(abbey_message *message, const char *format, va_list args);
    void (*later)(abbey_message *message);
    void (*send)(abbey_message *message);
} abbey_message_ops_1;

struct abbey_message {
    const abbey_message_ops_1 *ops;
};

/* Sets a member; one of the same name is replaced. */
static inline void abbey_message_integer(abbey_message *message, const char *name, int64_t value)
{
    message->ops->integer(message, name, value);
}
static inline void abbey_message_number(abbey_message *message, const char *name, double value)
{
    message->ops->number(message, name, value);
}
static inline void abbey_message_bool(abbey_message *message, const char *name, uint32_t value)
{
    message->ops->boolean(message, name, value);
}
/* UTF-8; what is not becomes '?'. NULL becomes null. */
static inline void abbey_message_text(abbey_message *message, const char *name, const char *text)
{
    message->ops->text(message, name, text);
}
/* Any JSON value as text, for lists and objects. */
static inline void abbey_message_json(abbey_message *message, const char *name, const char *json)
{
    message->ops->json(message, name, json);
}

/* Makes the answer an error with that text; the first one counts. */
__attribute__((format(printf, 2, 3))) static inline void abbey_message_fail(
    abbey_message *message, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    message->ops->fail(message, format, args);
    va_end(args);
}

/* From a command: the answer is not ready when run() returns; abbey_message_send() will come, once. The arguments stay
 * good until then. The client waits; other clients do not. */
static inline void abbey_message_later(abbey_message *message)
{
    message->ops->later(message);
}

/* Sends an event, or an answer that was to come later; the message is gone. */
static inline void abbey_message_send(abbey_message *message)
{
    message->ops->send(message);
}

#define ABBEY_COMMAND_IO 0u   /* run() is called [io] */
#define ABBEY_COMMAND_VCPU 1u /* run() is called [vcpu], between two instructions of the guest */

typedef struct abbey_command {
    /* "ring" is said as ID.ring. A name with a dot, such as "screen.shot", is one command of the machine that several
     * devices may offer; its argument `id` then chooses, and may be left out where only one does. */
    const char *name;
    const char *meaning; /* one line */
    uint32_t thread;     /* ABBEY_COMMAND_... */
    uint32_t reserved;
    uint64_t args_size; /* of the struct that `args` describes; at most 64 KB */
    abbey_table args;   /* of abbey_prop; numbers, bools, strings. ABBEY_PROP_PATH: an absolute path arrives */
    void (*run)(void *self, const void *args, abbey_message *answer);
} abbey_command;

/* One argument: ABBEY_ARG(struct type, field, default, "meaning", ...), ABBEY_ARG_TEXT for strings. */
#define ABBEY_ARG(type_name, field, default_value, what, ...)                                                    \
    {                                                                                                            \
        .name = #field, .type = ABBEY_TYPE_OF(type_name, field), .offset = (uint32_t)offsetof(type_name, field), \
        .value = (int64_t)(default_value), .meaning = (what), __VA_ARGS__                                        \
    }
#define ABBEY_ARG_TEXT(type_name, field, default_text, what, ...)                                                \
    {                                                                                                            \
        .name = #field, .type = ABBEY_TYPE_OF(type_name, field), .offset = (uint32_t)offsetof(type_name, field), \
        .text = (default_text), .meaning = (what), __VA_ARGS__                                                   \
    }

/* Called when the machine was paused (1) and when it goes on (0). [locked] */
typedef void (*abbey_pause_fn)(void *self, uint32_t paused);

typedef struct abbey_control_1 {
    uint32_t size;
    uint32_t reserved;
    int32_t (*add)(abbey_dev *dev, const abbey_table *commands, void *self);
    abbey_message *(*event)(abbey_dev *dev, const char *name);
    void (*pause)(abbey_dev *dev, const char *reason);
    int32_t (*on_pause)(abbey_dev *dev, abbey_pause_fn fn, void *self);
} abbey_control_1;

/* What the calls do:
 *   add(dev, commands, self)   adds rows of abbey_command; 0, or -1 with the reason recorded [create]
 *   event(dev, name)           begins an event ("disk.full"); its data gets the member "id" of the device. Members are
 *                              set, then it is sent. Never NULL. Costs little while no client is there [locked]
 *   pause(dev, reason)         the machine pauses at the next instruction boundary until vm.resume; clients get the
 *                              event vm.paused with the reason and the device; one without a control socket,
 *                              which nobody could resume, goes on [locked]
 *   on_pause(dev, fn, self)    who hears of pauses; several may [create]
 * The interface is there on every host; without a control socket commands are never called and events go nowhere. Keep
 * it in the device's struct. [create] */
static inline const abbey_control_1 *abbey_control(abbey_dev *dev)
{
    return (const abbey_control_1 *)abbey_query(dev, ABBEY_CONTROL_1);
}

/* Adds a static array of commands: abbey_commands_add(dev, rows, sizeof rows / sizeof rows[0], self). [create] */
static inline int32_t abbey_commands_add(abbey_dev *dev, const abbey_command *rows, uint32_t count, void *self)
{
    const abbey_control_1 *control = abbey_control(dev);
    abbey_table table = { rows, count, (uint32_t)sizeof(*rows) };
    return control ? control->add(dev, &table, self) : 0;
}

#endif
