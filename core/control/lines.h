/* lines.h - bytes in, lines out: at most CONTROL_LINE bytes each, so that no peer makes us keep more. */
#ifndef ABBEY_CORE_CONTROL_LINES_H
#define ABBEY_CORE_CONTROL_LINES_H

#include <stdbool.h>
#include <stddef.h>

#define CONTROL_LINE (1u << 20) /* bytes, without the line feed */

/* A queue of bytes. */
struct bytes {
    char *at;
    size_t start, count, room;
};

/* False, with nothing changed, when memory is short. */
bool bytes_add(struct bytes *bytes, const void *from, size_t count);
/* Takes `count` bytes away from the front. */
void bytes_drop(struct bytes *bytes, size_t count);
void bytes_free(struct bytes *bytes);

struct lines {
    struct bytes bytes;
    size_t searched; /* of them, no line feed in there */
    bool skipping;   /* the rest of a line that was too long */
};

#define LINES_NONE 0u
#define LINES_ONE 1u
#define LINES_TOO_LONG 2u /* said once for such a line, which is then skipped */

/* The next line, good until lines_done(). With `end` what is left without a line feed is a line too. */
unsigned lines_next(struct lines *lines, bool end, const char **line, size_t *length);
/* The line has been dealt with. */
void lines_done(struct lines *lines, size_t length);

#endif
