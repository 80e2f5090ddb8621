/* input_control.c - keyboard and mouse on the control socket: the commands input.*. */
#include "core/control/commands.h"
#include "core/machine/input.h"
#include "core/machine/parts.h"

struct type_args {
    const char *text;
};
static const abbey_prop type_args[] = {
    ABBEY_ARG_TEXT(struct type_args, text, NULL, "what to type; a newline is Enter", .flags = ABBEY_PROP_REQUIRED),
};

static void input_type_run(void *self, const void *args, abbey_message *answer)
{
    abbey_error error = { "" };
    if (!input_type(self, ((const struct type_args *)args)->text, &error))
        abbey_message_fail(answer, "%s", error.text);
}

struct key_args {
    const char *keys;
};
static const abbey_prop key_args[] = {
    ABBEY_ARG_TEXT(struct key_args, keys, NULL, "keys to press together, joined by '-': ctrl-alt-delete, f12, enter",
        .flags = ABBEY_PROP_REQUIRED),
};

static void input_key_run(void *self, const void *args, abbey_message *answer)
{
    abbey_error error = { "" };
    if (!input_keys(self, ((const struct key_args *)args)->keys, &error))
        abbey_message_fail(answer, "%s", error.text);
}

struct mouse_args {
    int32_t dx, dy, x, y, wheel;
    uint32_t buttons;
};
static const abbey_prop mouse_args[] = {
    ABBEY_ARG(struct mouse_args, dx, 0, "dots to the right"),
    ABBEY_ARG(struct mouse_args, dy, 0, "dots down"),
    ABBEY_ARG(struct mouse_args, x, -1, "position from the left in place of dx: 0 to 65535", .min = -1, .max = 65535),
    ABBEY_ARG(struct mouse_args, y, -1, "position from the top in place of dy", .min = -1, .max = 65535),
    ABBEY_ARG(struct mouse_args, wheel, 0, "steps towards the user"),
    ABBEY_ARG(struct mouse_args, buttons, 0, "held now: 1 left, 2 right, 4 middle, added up", .max = 7),
};

static void input_mouse_run(void *self, const void *args, abbey_message *answer)
{
    struct board *board = self;
    const struct mouse_args *mouse = args;
    if (!(input_listening(board) & (ABBEY_INPUT_MOTION | ABBEY_INPUT_POSITION)))
        abbey_message_fail(answer, "the machine has no mouse");
    else if (mouse->x >= 0 && mouse->y >= 0)
        input_position(board, (uint32_t)mouse->x, (uint32_t)mouse->y, mouse->wheel, mouse->buttons);
    else
        input_motion(board, mouse->dx, mouse->dy, mouse->wheel, mouse->buttons);
}

static const abbey_command rows[] = {
    { .name = "input.type",
        .meaning = "types text on the keyboard",
        .args = ABBEY_TABLE(type_args),
        .args_size = sizeof(struct type_args),
        .run = input_type_run },
    { .name = "input.key",
        .meaning = "presses keys together and lets them go",
        .args = ABBEY_TABLE(key_args),
        .args_size = sizeof(struct key_args),
        .run = input_key_run },
    { .name = "input.mouse",
        .meaning = "moves the mouse, turns its wheel, holds its buttons",
        .args = ABBEY_TABLE(mouse_args),
        .args_size = sizeof(struct mouse_args),
        .run = input_mouse_run },
};

bool input_commands_add(struct board *board, abbey_error *error)
{
    const abbey_table table = ABBEY_TABLE(rows);
    return commands_add(board->owner.commands, NULL, &table, board, error);
}
