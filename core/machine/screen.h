/* screen.h - what the guest's screens show at this moment. All calls with the machine lock held; `id` is that of a
 * video adapter, or NULL for the first one of the machine. */
#ifndef ABBEY_CORE_SCREEN_H
#define ABBEY_CORE_SCREEN_H

#include <abbey/display.h>

#include "core/machine/board.h"

/* The id of adapter number `index`, or NULL behind the last one. */
const char *screen_id(const struct board *board, unsigned index);

/* The picture, brought up to date; it is good as long as the lock is held. False: no such adapter, or it shows nothing.
 */
bool screen_picture(struct board *board, const char *id, abbey_surface *surface);

/* The cells of a text mode, good as long as the lock is held; false in graphics modes. */
bool screen_text(struct board *board, const char *id, abbey_text *text);

/* The same as lines of UTF-8 without blanks at their ends, for free(); NULL as above, or when memory is short. */
char *screen_lines(struct board *board, const char *id);

/* Saves the picture as a PNG file; false with *error filled. */
bool screen_shot(struct board *board, const char *id, const char *path, abbey_error *error);

/* Adds screen.text and screen.shot to the machine's commands; false with the reason. */
bool screen_commands_add(struct board *board, abbey_error *error);

#endif
