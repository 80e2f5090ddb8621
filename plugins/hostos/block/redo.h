/* redo.h - redo logs: what the guest wrote to an undoable disk.
 *
 * The log of IMAGE is IMAGE.redo, a qcow2 image that holds the clusters written. While it is there IMAGE must not
 * change, so it cannot be opened for writing. A commit first renames the log to IMAGE.redo-commit: from then on IMAGE
 * is half old and half new until the commit has been finished, which can be done as often as it takes, and nothing else
 * is allowed. */
#ifndef ABBEY_BLOCK_REDO_H
#define ABBEY_BLOCK_REDO_H

#include "image.h"

#include <abbey/image.h>

#define REDO_NONE 0
#define REDO_LOG 1    /* there is a log */
#define REDO_COMMIT 2 /* a commit was begun */

int redo_state(const char *path);

/* The image with its log on top, which is made when there is none. */
struct image *redo_open(const char *path, const char *format, abbey_error *error);
/* The image with a log on top that has no name and goes when it is closed. */
struct image *redo_open_unnamed(const char *path, const char *format, abbey_error *error);

int32_t redo_commit(const char *path, abbey_progress_fn progress, void *arg, abbey_error *error);
int32_t redo_discard(const char *path, abbey_error *error);

#endif
