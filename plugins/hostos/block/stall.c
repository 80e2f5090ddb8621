/* stall.c - what the host cannot do now and may be able to do later: there is no room on its disk, or a server has
 * gone. The request waits and begins again until it works; the guest is told nothing. Users are told, and the machine
 * is paused, so that the guest's clock does not run into the time limits of its drivers: at once when there is no room,
 * for that takes somebody to make some; for a server after a while, since it may only be starting again. */
#include "disk.h"

#include <errno.h>
#include <string.h>

#define RETRY (1 * ABBEY_SEC)

/* Stalls by what causes them. */
static const struct cause {
    int status, also;
    uint64_t patience; /* before users are told */
    const char *event, *what, *over;
} causes[] = {
    { ENOSPC, EDQUOT, 0, "disk.full", "there is no room on the host to write a disk", "there is room again for" },
    { ENOTCONN, ENOTCONN, 10 * ABBEY_SEC, "disk.lost", "the server of a disk does not answer",
        "the server is there again of" },
};

static const struct cause *cause_of(int status)
{
    for (unsigned i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (status == -causes[i].status || status == -causes[i].also)
            return &causes[i];
    return NULL;
}

/* [io] */
static void stall_tell(void *arg)
{
    struct disk *disk = arg;
    const struct cause *cause = cause_of(disk->stalled);
    if (!cause || !disk->control)
        return;
    abbey_message *event = disk->control->event(disk->dev, cause->event);
    abbey_message_text(event, "path", disk->path ? disk->path : disk->uri ? disk->uri : "");
    abbey_message_send(event);
    disk->control->pause(disk->dev, cause->what);
}

bool stall_wait(struct disk *disk, struct stall *stall, int status)
{
    const struct cause *cause = cause_of(status);
    if (!cause)
        return false;
    disk->threads->lock(disk->mutex);
    uint64_t now = disk->clock->monotonic();
    if (!disk->quit)
        disk->threads->wait(disk->wake, disk->mutex, now + RETRY);
    bool more = !disk->quit;
    disk->threads->unlock(disk->mutex);
    if (!more)
        return false;
    disk->stalled = status;
    if (!stall->since) {
        stall->since = now;
        abbey_log(disk->dev, ABBEY_LOG_ERROR, "'%s': %s: %s; the guest waits", disk->image->path, cause->what,
            strerror(-status));
    }
    if (!stall->told && now - stall->since >= cause->patience) {
        stall->told = true;
        disk->event->post(disk->loop, stall_tell, disk);
    }
    return true;
}

void stall_end(struct disk *disk, const struct stall *stall, int status)
{
    const struct cause *cause = stall->since ? cause_of(disk->stalled) : NULL;
    disk->stalled = 0;
    if (cause && !cause_of(status))
        abbey_log(disk->dev, ABBEY_LOG_WARN, "%s '%s'", cause->over, disk->image->path);
}
