/* mode.c - what becomes of the guest's writes: the modes of a disk. */
#include "disk.h"

#include <string.h>

#include "redo.h"

struct image *mode_open(const char *path, const char *format, const char *mode, abbey_error *error)
{
    int redo = redo_state(path);
    if (redo == REDO_COMMIT) {
        image_fail(
            error, "'%s': a commit of its redo log was begun and not finished; run `abbey disk commit %s`", path, path);
        return NULL;
    }
    if (strcmp(mode, "read-only") == 0)
        return image_open(path, format, 0, 0, error);
    if (strcmp(mode, "nonpersistent") == 0)
        return redo_open_unnamed(path, format, error);
    if (strcmp(mode, "undoable") == 0)
        return redo_open(path, format, error);
    if (redo == REDO_LOG) {
        image_fail(error,
            "'%s' has a redo log, which would be worth nothing after a change of the image; use mode undoable, or "
            "`abbey "
            "disk commit` or `discard` it first",
            path);
        return NULL;
    }
    return image_open(path, format, IMAGE_WRITE, 0, error);
}
