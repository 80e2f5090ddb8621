/* sdl.h - what the two sides of the SDL display share: the machine's (sdl.c) and the window's (sdl_window.c). */
#ifndef PLUGINS_HOSTOS_DISPLAY_SDL_H
#define PLUGINS_HOSTOS_DISPLAY_SDL_H

#include <SDL2/SDL.h>
#include <stdbool.h>

#include "screen_end.h"

struct sdl {
    struct screen_end end; /* first */
    bool full_screen;

    atomic_bool pushed;
    atomic_uint listening; /* ABBEY_INPUT_..., told to the window's thread */
    uint32_t wake;         /* SDL's number for our event */

    /* Of the window's thread. */
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture;
    uint32_t shown_width, shown_height;
    bool grabbed, chord; /* chord: Ctrl and Alt are down, and nothing else was pressed since */
    uint32_t buttons;

    /* Of the mutex. */
    abbey_cond *ready; /* the window is there, or cannot be */
    int started;       /* 0 not yet, 1 well, -1 not */
    char failure[200];
};

/* What the user does, from the window's thread to the I/O thread. */
enum sdl_what { SDL_WHAT_KEY, SDL_WHAT_MOTION, SDL_WHAT_POSITION, SDL_WHAT_SEEN };

struct sdl_event {
    struct sdl *sdl;
    enum sdl_what what;
    uint32_t key, down;
    int32_t x, y, wheel;
    uint32_t buttons;
};

void sdl_post(struct sdl *sdl, struct sdl_event event);

/* The window's thread. */
void sdl_window_main(void *arg);

#endif
