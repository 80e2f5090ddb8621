#include "core/control/lines.h"

#include <stdlib.h>
#include <string.h>

bool bytes_add(struct bytes *bytes, const void *from, size_t count)
{
    if (bytes->start + bytes->count + count > bytes->room) {
        if (bytes->count)
            memmove(bytes->at, bytes->at + bytes->start, bytes->count);
        bytes->start = 0;
        if (bytes->count + count > bytes->room) {
            size_t room = 2 * (bytes->count + count);
            char *grown = realloc(bytes->at, room);
            if (!grown)
                return false;
            bytes->at = grown;
            bytes->room = room;
        }
    }
    memcpy(bytes->at + bytes->start + bytes->count, from, count);
    bytes->count += count;
    return true;
}

void bytes_drop(struct bytes *bytes, size_t count)
{
    bytes->start += count;
    bytes->count -= count;
    if (!bytes->count)
        bytes_free(bytes);
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->at);
    *bytes = (struct bytes){ 0 };
}

unsigned lines_next(struct lines *lines, bool end, const char **line, size_t *length)
{
    struct bytes *bytes = &lines->bytes;
    for (;;) {
        if (!bytes->count)
            return LINES_NONE;
        const char *start = bytes->at + bytes->start;
        const char *feed = lines->searched < bytes->count
                               ? memchr(start + lines->searched, '\n', bytes->count - lines->searched)
                               : NULL;
        if (lines->skipping) {
            lines_done(lines, feed ? (size_t)(feed - start) : bytes->count);
            if (!feed)
                return LINES_NONE;
            lines->skipping = false;
            continue;
        }
        size_t count = feed ? (size_t)(feed - start) : bytes->count;
        if (count > CONTROL_LINE) {
            lines->skipping = true;
            return LINES_TOO_LONG;
        }
        if (!feed && !(end && count)) {
            lines->searched = count;
            return LINES_NONE;
        }
        *line = start;
        *length = count;
        return LINES_ONE;
    }
}

void lines_done(struct lines *lines, size_t length)
{
    if (lines->bytes.count)
        bytes_drop(&lines->bytes, length < lines->bytes.count ? length + 1 : length);
    lines->searched = 0;
}
