/* plugin.c - the block backends and their properties. */
#include "disk.h"

#include <string.h>

#include "service.h"

#define ABBEY_SELF struct disk
static const abbey_prop disk_props[] = {
    ABBEY_PROP_TEXT(path, NULL, "image file or block device; without one the drive is empty", .flags = ABBEY_PROP_PATH),
    ABBEY_PROP_TEXT(format, "auto", "format of the image; auto looks at it", .choices = "auto," IMAGE_CHOICES),
    ABBEY_PROP_TEXT(mode, "persistent",
        "persistent: writes go to the image; nonpersistent: they are gone at the end; undoable: they go to a redo log "
        "beside it; read-only: there are none",
        .choices = MODES),
};
#undef ABBEY_SELF

#ifdef HAVE_LIBNBD
#define ABBEY_SELF struct disk
static const abbey_prop nbd_props[] = {
    ABBEY_PROP_TEXT(uri, NULL, "the export: nbd://HOST[:PORT]/NAME, nbd+unix:///NAME?socket=PATH, nbds://... with TLS",
        .flags = ABBEY_PROP_REQUIRED),
    ABBEY_PROP(read_only, false, "write nothing, also where the server would let us"),
    ABBEY_PROP(timeout, 30, "seconds without a word of the server after which its connection counts as lost", .min = 1,
        .max = 3600),
};
#undef ABBEY_SELF
#endif

static const abbey_backend backends[] = {
    { .name = "disk",
        .summary = "a disk, CD or floppy image: " IMAGE_FORMATS,
        .kind = "block",
        .self_size = sizeof(struct disk),
        .props = ABBEY_TABLE(disk_props),
        .create = disk_create,
        .destroy = disk_destroy },
#ifdef HAVE_LIBNBD
    { .name = "nbd",
        .summary = "a disk of a network block device server",
        .kind = "block",
        .self_size = sizeof(struct disk),
        .props = ABBEY_TABLE(nbd_props),
        .create = nbd_backend_create,
        .destroy = disk_destroy },
#endif
};

static const void *query(const char *id)
{
    return strcmp(id, ABBEY_HOST_IMAGE_1) == 0 ? &image_service : NULL;
}

static const abbey_hostos hostos = {
    .size = sizeof(abbey_hostos),
    .name = "block",
    .summary = "disk images: " IMAGE_FORMATS,
    .query = query,
};

ABBEY_PLUGIN(.id = "org.abbey.block", .version = "0.1.0", .license = "MIT",
    .requires = "abbey.host.thread/1 abbey.host.event/1 abbey.host.clock/1 abbey.loop/1", .hostos = &hostos,
    .backends = ABBEY_TABLE(backends));
