/* screen.c - between video adapters and displays: the interface "abbey.screen/1", and pictures of screens. */
#include "core/machine/screen.h"

#include <stdlib.h>
#include <string.h>

#include <abbey/cp437.h>

#include "core/machine/parts.h"

static void screen_surface(abbey_screen *handle, const abbey_surface *surface)
{
    struct screen *screen = (struct screen *)handle;
    memset(&screen->surface, 0, sizeof screen->surface);
    memcpy(&screen->surface, surface, surface->size < sizeof screen->surface ? surface->size : sizeof screen->surface);
    screen->surface.size = sizeof screen->surface;
    if (screen->display)
        screen->display->ops->surface(screen->display, &screen->surface);
}

static void screen_update(abbey_screen *handle, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    struct screen *screen = (struct screen *)handle;
    if (screen->display)
        screen->display->ops->update(screen->display, x, y, width, height);
}

static const abbey_screen_ops_1 ops = { .size = sizeof ops, .surface = screen_surface, .update = screen_update };

/* ---- what the display asks ---- */

static void source_refresh(void *source)
{
    struct screen *screen = source;
    screen->client->refresh(screen->self);
}

static uint32_t source_text(void *source, abbey_text *text)
{
    struct screen *screen = source;
    return screen->client->text ? screen->client->text(screen->self, text) : 0;
}

static abbey_screen *screen_create(
    abbey_dev *dev, abbey_display *display, const abbey_screen_client_1 *client, void *self)
{
    struct device *device = device_of(dev);
    if (device_too_late(device, "abbey_screen_new"))
        return NULL;
    struct screen *screen = device->screen ? NULL : calloc(1, sizeof(*screen) + sizeof(abbey_display_source_1));
    if (!screen) {
        device_fail(device, "it has a screen already, or memory is short");
        return NULL;
    }
    *screen = (struct screen){ .handle.ops = &ops, .device = device, .client = client, .self = self };
    abbey_display_source_1 *calls = (abbey_display_source_1 *)(screen + 1);
    *calls = (abbey_display_source_1){
        .size = sizeof *calls, .refresh = source_refresh, .text = source_text, .name = device->board->config->name
    };
    device->screen = screen;
    screen->display = display;
    if (display && display->ops->attach(display, calls, screen) != 0) {
        device_fail(device, "its display shows another screen already");
        return NULL;
    }
    return &screen->handle;
}

const abbey_screen_1 screen_interface = { .size = sizeof screen_interface, .create = screen_create };

/* ---- pictures ---- */

const char *screen_id(const struct board *board, unsigned index)
{
    for (unsigned i = 0; i < board->device_count; i++)
        if (board->devices[i].screen && index-- == 0)
            return board->devices[i].node->id;
    return NULL;
}

static struct screen *screen_find(const struct board *board, const char *id)
{
    const struct device *device = board_device(board, id ? id : screen_id(board, 0));
    return device ? device->screen : NULL;
}

bool screen_picture(struct board *board, const char *id, abbey_surface *surface)
{
    struct screen *screen = screen_find(board, id);
    if (!screen)
        return false;
    screen->client->refresh(screen->self);
    *surface = screen->surface;
    return surface->width && surface->height;
}

bool screen_text(struct board *board, const char *id, abbey_text *text)
{
    struct screen *screen = screen_find(board, id);
    *text = (abbey_text){ .size = sizeof *text };
    return screen && source_text(screen, text);
}

char *screen_lines(struct board *board, const char *id)
{
    abbey_text text;
    if (!screen_text(board, id, &text))
        return NULL;
    char *lines = malloc((size_t)text.rows * (3 * text.columns + 1) + 1), *at = lines;
    for (uint32_t row = 0; lines && row < text.rows; row++) {
        char *end = at;
        for (uint32_t column = 0; column < text.columns; column++) {
            uint8_t character = (uint8_t)text.cells[row * text.columns + column];
            at += abbey_cp437_utf8(character, at);
            if (character && character != ' ' && character != 0xff)
                end = at;
        }
        *end = '\n';
        at = end + 1;
    }
    if (lines)
        *at = 0;
    return lines;
}

bool screen_shot(struct board *board, const char *id, const char *path, abbey_error *error)
{
    abbey_surface surface;
    const abbey_host_picture_1 *pictures = board->owner.host ? board->owner.host->query(ABBEY_HOST_PICTURE_1) : NULL;
    if (!pictures) {
        snprintf(error->text, sizeof error->text, "this abbey was built without libpng, so it cannot save pictures");
        return false;
    }
    if (!screen_picture(board, id, &surface)) {
        if (!screen_find(board, id))
            snprintf(error->text, sizeof error->text, id ? "there is no screen '%s'" : "the machine has no screen", id);
        else
            snprintf(error->text, sizeof error->text, "the screen shows nothing yet");
        return false;
    }
    return pictures->save(path, &surface, error) == 0;
}
