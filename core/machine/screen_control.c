/* screen_control.c - the commands of the control socket that look at a screen: as text, and as a picture. */
#include "core/machine/screen.h"

#include <stdlib.h>
#include <string.h>

#include "core/control/commands.h"
#include "core/machine/parts.h"

struct screen_args {
    const char *id;
    const char *file;
};

/* An adapter by that name, or the first; false after an error was answered. */
static bool screen_find(const struct board *board, const struct screen_args *args, abbey_message *answer)
{
    unsigned i = 0;
    while (screen_id(board, i) && args->id && strcmp(screen_id(board, i), args->id) != 0)
        i++;
    if (screen_id(board, i))
        return true;
    message_error(answer, args->id ? error_new("DeviceNotFound", "arguments.id", NULL, screen_id(board, 0),
                                         "the machine has no video adapter '%.80s'", args->id)
                                   : error_new("DeviceNotFound", NULL, NULL, NULL, "the machine has no video adapter"));
    return false;
}

static void text(void *self, const void *args, abbey_message *answer)
{
    struct board *board = self;
    const struct screen_args *a = args;
    if (!screen_find(board, a, answer))
        return;
    char *lines = screen_lines(board, a->id);
    abbey_text screen;
    if (lines)
        abbey_message_text(answer, "text", lines);
    else
        message_error(answer, error_new("GenericError", NULL, NULL, NULL, "the screen is in a graphics mode, or off"));
    free(lines);
    if (screen_text(board, a->id, &screen) && screen.cursor != ABBEY_TEXT_NO_CURSOR) {
        abbey_message_integer(answer, "row", screen.cursor / screen.columns);
        abbey_message_integer(answer, "column", screen.cursor % screen.columns);
    }
}

static void shot(void *self, const void *args, abbey_message *answer)
{
    struct board *board = self;
    const struct screen_args *a = args;
    abbey_error error = { "" };
    if (screen_find(board, a, answer) && !screen_shot(board, a->id, a->file, &error))
        message_error(answer, error_new("GenericError", "arguments.file", NULL, NULL, "%s", error.text));
}

#define ID_ARG ABBEY_ARG_TEXT(struct screen_args, id, NULL, "of the video adapter; the first where absent")
static const abbey_prop text_args[] = { ID_ARG };
static const abbey_prop shot_args[] = {
    ID_ARG,
    ABBEY_ARG_TEXT(struct screen_args, file, NULL, "PNG file to write", .flags = ABBEY_PROP_REQUIRED | ABBEY_PROP_PATH),
};

static const abbey_command rows[] = {
    { .name = "screen.text",
        .meaning = "the screen in a text mode, line by line",
        .args = ABBEY_TABLE(text_args),
        .args_size = sizeof(struct screen_args),
        .run = text },
    { .name = "screen.shot",
        .meaning = "saves a picture of the screen",
        .args = ABBEY_TABLE(shot_args),
        .args_size = sizeof(struct screen_args),
        .run = shot },
};

bool screen_commands_add(struct board *board, abbey_error *error)
{
    const abbey_table table = ABBEY_TABLE(rows);
    return commands_add(board->owner.commands, NULL, &table, board, error);
}
