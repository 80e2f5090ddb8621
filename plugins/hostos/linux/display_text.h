/* display_text.h - the display in the terminal: its instance, for the table of backends. */
#ifndef ABBEY_HOSTOS_DISPLAY_TEXT_H
#define ABBEY_HOSTOS_DISPLAY_TEXT_H

#include "keys.h"
#include "linux.h"

struct display_text {
    abbey_display display;
    abbey_dev *dev;
    const abbey_input_1 *input;
    const abbey_host_event_1 *event;
    abbey_loop *loop;
    const abbey_display_source_1 *source;
    void *source_self;
    int timer_fd;
    abbey_watch *timer, *watch;
    bool raw; /* the terminal is */
    struct keys keys;

    /* The terminal: its size, what stands there, where its cursor is. */
    uint32_t rows, columns;
    uint32_t shown_rows, shown_columns; /* of the guest's screen; 0: graphics */
    uint16_t *cells;
    uint32_t row, column;
    uint32_t cursor;
    int attribute; /* -1: unknown */
    bool redraw;
    char *out;
    size_t out_count;
};

int32_t display_text_create(abbey_dev *dev, void *self, void **interface);
void display_text_destroy(void *self);

#endif
