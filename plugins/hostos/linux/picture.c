/* picture.c - saving pictures of the guest's screen as PNG files, by libpng.
 *
 * The file is written beside its place and renamed when it is whole, so that nobody reads half a picture. */
#include "linux.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct writer {
    FILE *file;
    png_structp png;
    png_infop info;
    uint8_t *row;
    char reason[128];
};

static void on_error(png_structp png, png_const_charp text)
{
    struct writer *w = png_get_error_ptr(png);
    snprintf(w->reason, sizeof w->reason, "%s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

static bool rows_write(struct writer *w, const abbey_surface *surface)
{
    if (setjmp(png_jmpbuf(w->png)))
        return false;
    png_init_io(w->png, w->file);
    png_set_compression_level(w->png, 3); /* screens are mostly flat: level 9 takes ten times as long for little */
    png_set_IHDR(w->png, w->info, surface->width, surface->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
        PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(w->png, w->info);
    for (uint32_t y = 0; y < surface->height; y++) {
        const uint32_t *pixels = (const uint32_t *)((const uint8_t *)surface->pixels + (size_t)y * surface->stride);
        for (uint32_t x = 0; x < surface->width; x++) {
            w->row[3 * x] = (uint8_t)(pixels[x] >> 16);
            w->row[3 * x + 1] = (uint8_t)(pixels[x] >> 8);
            w->row[3 * x + 2] = (uint8_t)pixels[x];
        }
        png_write_row(w->png, w->row);
    }
    png_write_end(w->png, NULL);
    return true;
}

static int32_t save(const char *path, const abbey_surface *surface, abbey_error *error)
{
    struct writer w = { .reason = "out of memory" };
    size_t length = strlen(path) + 8;
    char *draft = malloc(length);
    int fd = -1;
    if (draft) {
        snprintf(draft, length, "%s.XXXXXX", path);
        fd = mkstemp(draft);
    }
    w.file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!w.file) {
        host_fail(error, "cannot write '%s': %m", path);
        if (fd >= 0) {
            close(fd);
            unlink(draft);
        }
        free(draft);
        return -1;
    }
    w.row = malloc(3u * surface->width);
    w.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w, on_error, on_warning);
    w.info = w.png ? png_create_info_struct(w.png) : NULL;
    bool good = w.row && w.info && rows_write(&w, surface);
    if (w.png)
        png_destroy_write_struct(&w.png, w.info ? &w.info : NULL);
    free(w.row);
    if (!good)
        host_fail(error, "cannot write '%s': %s", path, w.reason);
    if (fclose(w.file) != 0 && good) {
        good = false;
        host_fail(error, "cannot write '%s': %m", path);
    }
    if (good && rename(draft, path) != 0) {
        good = false;
        host_fail(error, "cannot write '%s': %m", path);
    }
    if (!good)
        unlink(draft);
    free(draft);
    return good ? 0 : -1;
}

const abbey_host_picture_1 host_picture = { .size = sizeof(abbey_host_picture_1), .save = save };
