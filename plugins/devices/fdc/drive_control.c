/* drive_control.c - the drive's commands on the control socket: diskettes are put in and taken out. */
#include "fdc.h"

struct insert_args {
    const char *path;
};

static void insert(void *self, const void *given, abbey_message *answer)
{
    abbey_error error = { "" };
    if (abbey_block_change(((struct fdc_drive *)self)->media, ((const struct insert_args *)given)->path, 1, &error))
        abbey_message_fail(answer, "%s", error.text);
}

static void eject(void *self, const void *given, abbey_message *answer)
{
    abbey_error error = { "" };
    (void)given;
    if (abbey_block_change(((struct fdc_drive *)self)->media, NULL, 1, &error))
        abbey_message_fail(answer, "%s", error.text);
}

static const abbey_prop insert_args[] = {
    ABBEY_ARG_TEXT(
        struct insert_args, path, NULL, "image of the diskette", .flags = ABBEY_PROP_REQUIRED | ABBEY_PROP_PATH),
};
static const abbey_command commands[] = {
    { .name = "floppy.insert",
        .meaning = "puts a diskette into the drive, in place of the one that is there",
        .args = ABBEY_TABLE(insert_args),
        .args_size = sizeof(struct insert_args),
        .run = insert },
    { .name = "floppy.eject", .meaning = "takes the diskette out", .run = eject },
};

int32_t fdc_drive_commands(struct fdc_drive *drive, abbey_dev *dev)
{
    return abbey_commands_add(dev, commands, sizeof commands / sizeof commands[0], drive);
}
