/* cd_control.c - the drive's commands on the control socket: discs are put in and taken out. */
#include "ide-cd.h"

struct insert_args {
    const char *path;
    _Bool force;
};
struct eject_args {
    _Bool force;
};

static void insert(void *self, const void *given, abbey_message *answer)
{
    const struct insert_args *args = given;
    abbey_error error = { "" };
    if (abbey_block_change(((struct ide_cd *)self)->media, args->path, args->force, &error))
        abbey_message_fail(answer, "%s", error.text);
}

static void eject(void *self, const void *given, abbey_message *answer)
{
    abbey_error error = { "" };
    if (abbey_block_change(((struct ide_cd *)self)->media, NULL, ((const struct eject_args *)given)->force, &error))
        abbey_message_fail(answer, "%s", error.text);
}

static const abbey_prop insert_args[] = {
    ABBEY_ARG_TEXT(struct insert_args, path, NULL, "image of the disc", .flags = ABBEY_PROP_REQUIRED | ABBEY_PROP_PATH),
    ABBEY_ARG(struct insert_args, force, false, "also when the guest has locked the drive"),
};
static const abbey_prop eject_args[] = {
    ABBEY_ARG(struct eject_args, force, false, "also when the guest has locked the drive"),
};
static const abbey_command commands[] = {
    { .name = "cd.insert",
        .meaning = "puts a disc into the drive, in place of the one that is there",
        .args = ABBEY_TABLE(insert_args),
        .args_size = sizeof(struct insert_args),
        .run = insert },
    { .name = "cd.eject",
        .meaning = "takes the disc out; where the guest has locked the drive it is asked first",
        .args = ABBEY_TABLE(eject_args),
        .args_size = sizeof(struct eject_args),
        .run = eject },
};

int32_t cd_commands_add(struct ide_cd *cd, abbey_dev *dev)
{
    return abbey_commands_add(dev, commands, sizeof commands / sizeof commands[0], cd);
}
