/* abbey/display.h - pictures: screens of the guest (interface "abbey.screen/1"), and displays that show them, kind
 * "display".
 *
 * A video adapter makes a screen in create(), connected to the display that its property names, or to none. It draws
 * into a surface of its own when it is asked to refresh: at the rate of the display while somebody looks, for a picture
 * that the user saves, never else. The host stands between the two and keeps the surface.
 *
 *     adapter                         host                        display (VNC, window, terminal)
 *     refresh()        <-----------------------------------------  every 30 ms while a viewer is there
 *     abbey_screen_surface()  ----->  keeps it  ----------------->  surface()     only when size or memory changed
 *     abbey_screen_update()   ------------------------------------>  update()     for each rectangle that changed */
#ifndef ABBEY_DISPLAY_H
#define ABBEY_DISPLAY_H

#include <abbey/dev.h>

/* A picture: rows of 32-bit pixels, blue in bits 7:0, green 15:8, red 23:16. */
typedef struct abbey_surface {
    uint32_t size; /* sizeof(abbey_surface) */
    uint32_t width, height;
    uint32_t stride; /* bytes from row to row, a multiple of 4 */
    const uint32_t *pixels;
} abbey_surface;

#define ABBEY_TEXT_NO_CURSOR UINT32_MAX

/* A screen in text mode: row by row, the character (code page 437) in bits 7:0 of a cell, the VGA attribute in 15:8. */
typedef struct abbey_text {
    uint32_t size; /* sizeof(abbey_text) */
    uint32_t columns, rows;
    uint32_t cursor; /* index of the cell, or ABBEY_TEXT_NO_CURSOR */
    const uint16_t *cells;
} abbey_text;

/* ---- the adapter's side ---- */

/* All callbacks [locked], and on the I/O thread in a running machine. */
typedef struct abbey_screen_client_1 {
    uint32_t size;
    uint32_t reserved;
    /* Brings the surface up to date and reports what changed since the last call. */
    void (*refresh)(void *self);
    /* 1 with *text filled in text mode, good until the guest runs on; 0 in graphics modes. May be NULL. */
    uint32_t (*text)(void *self, abbey_text *text);
} abbey_screen_client_1;

typedef struct abbey_screen abbey_screen;
typedef struct abbey_display abbey_display;

typedef struct abbey_screen_ops_1 {
    uint32_t size;
    uint32_t reserved;
    void (*surface)(abbey_screen *screen, const abbey_surface *surface);
    void (*update)(abbey_screen *screen, uint32_t x, uint32_t y, uint32_t width, uint32_t height);
} abbey_screen_ops_1;

struct abbey_screen {
    const abbey_screen_ops_1 *ops;
};

typedef struct abbey_screen_1 {
    uint32_t size;
    uint32_t reserved;
    abbey_screen *(*create)(abbey_dev *dev, abbey_display *display, const abbey_screen_client_1 *client, void *self);
} abbey_screen_1;

#define ABBEY_SCREEN_1 "abbey.screen/1"

/* The one screen of this adapter, shown by `display` (NULL: by nobody, but pictures can be saved). It lives as long as
 * the device. NULL with a reported reason. [create] */
static inline abbey_screen *abbey_screen_new(
    abbey_dev *dev, abbey_display *display, const abbey_screen_client_1 *client, void *self)
{
    const abbey_screen_1 *screens = (const abbey_screen_1 *)abbey_query(dev, ABBEY_SCREEN_1);
    return screens->create(dev, display, client, self);
}

/* The picture has another size, or stands elsewhere; all of it counts as changed. The pixels stay there until the next
 * call, or the end of the device. [locked] */
static inline void abbey_screen_surface(abbey_screen *screen, const abbey_surface *surface)
{
    screen->ops->surface(screen, surface);
}

/* These pixels changed; the rectangle lies inside the surface. [locked] */
static inline void abbey_screen_update(abbey_screen *screen, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    screen->ops->update(screen, x, y, width, height);
}

/* ---- the display's side ---- */

/* What a display asks of the screen that it shows. [io] */
typedef struct abbey_display_source_1 {
    uint32_t size;
    uint32_t reserved;
    void (*refresh)(void *source);                    /* surface() and update() come from inside it */
    uint32_t (*text)(void *source, abbey_text *text); /* as above; 0 also where the adapter cannot tell */
    const char *name;                                 /* of the machine, for a title */
} abbey_display_source_1;

typedef struct abbey_display_ops_1 {
    uint32_t size;
    uint32_t reserved;
    /* The screen that is to be shown; `source` is handed back. 0, or -1 when there is one already. [create] */
    int32_t (*attach)(abbey_display *display, const abbey_display_source_1 *calls, void *source);
    void (*surface)(abbey_display *display, const abbey_surface *surface);                           /* [locked] */
    void (*update)(abbey_display *display, uint32_t x, uint32_t y, uint32_t width, uint32_t height); /* [locked] */
} abbey_display_ops_1;

struct abbey_display {
    const abbey_display_ops_1 *ops;
};

/* ---- saving pictures: a service of the host ---- */

#define ABBEY_HOST_PICTURE_1 "abbey.host.picture/1"

typedef struct abbey_host_picture_1 {
    uint32_t size;
    uint32_t reserved;
    /* Writes a PNG file, whole or not at all. 0, or -1 with *error filled. [any] */
    int32_t (*save)(const char *path, const abbey_surface *surface, abbey_error *error);
} abbey_host_picture_1;

#endif
