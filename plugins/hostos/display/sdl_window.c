/* sdl_window.c - the window's side of the SDL display: what is shown, and what the user does there. */
#include "sdl.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "sdl_keys.h"

static void title_set(struct sdl *sdl)
{
    char title[200];
    snprintf(title, sizeof title, "%s - Abbey%s",
        sdl->end.source && sdl->end.source->name ? sdl->end.source->name : "machine",
        sdl->grabbed ? " - Ctrl-Alt releases the pointer" : "");
    SDL_SetWindowTitle(sdl->window, title);
}

static void grab(struct sdl *sdl, bool on)
{
    if (sdl->grabbed == on)
        return;
    sdl->grabbed = on;
    SDL_SetRelativeMouseMode(on ? SDL_TRUE : SDL_FALSE);
    title_set(sdl);
}

static void size_set(struct sdl *sdl, uint32_t width, uint32_t height)
{
    if (sdl->texture)
        SDL_DestroyTexture(sdl->texture);
    sdl->texture =
        SDL_CreateTexture(sdl->renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING, (int)width, (int)height);
    sdl->shown_width = width;
    sdl->shown_height = height;
    SDL_RenderSetLogicalSize(sdl->renderer, (int)width, (int)height);
    SDL_SetWindowSize(sdl->window, (int)width, (int)height);
    title_set(sdl);
}

static void show(struct sdl *sdl)
{
    atomic_store(&sdl->pushed, false);
    sdl->end.threads->lock(sdl->end.mutex);
    uint32_t width = sdl->end.width, height = sdl->end.height;
    if (width && (width != sdl->shown_width || height != sdl->shown_height))
        size_set(sdl, width, height);
    if (width && sdl->texture)
        SDL_UpdateTexture(sdl->texture, NULL, sdl->end.picture, (int)width * 4);
    sdl->end.threads->unlock(sdl->end.mutex);
    SDL_RenderClear(sdl->renderer);
    if (sdl->texture)
        SDL_RenderCopy(sdl->renderer, sdl->texture, NULL, NULL);
    SDL_RenderPresent(sdl->renderer);
}

static void full_screen_switch(struct sdl *sdl)
{
    sdl->full_screen = !sdl->full_screen;
    SDL_SetWindowFullscreen(sdl->window, sdl->full_screen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    if (!sdl->full_screen && sdl->shown_width)
        SDL_SetWindowSize(sdl->window, (int)sdl->shown_width, (int)sdl->shown_height);
}

static bool is_chord(uint16_t modifiers)
{
    return (modifiers & KMOD_CTRL) && (modifiers & KMOD_ALT);
}

static void on_key(struct sdl *sdl, const SDL_KeyboardEvent *key)
{
    bool down = key->type == SDL_KEYDOWN, chord = is_chord(key->keysym.mod);
    uint32_t code = sdl_key(key->keysym.scancode);
    if (key->repeat)
        return; /* the guest's keyboard repeats by itself */
    if (down && chord && key->keysym.scancode == SDL_SCANCODE_RETURN) {
        sdl->chord = false;
        full_screen_switch(sdl);
        return;
    }
    if (!down && sdl->chord)
        grab(sdl, false);
    sdl->chord = down && chord;
    if (code)
        sdl_post(sdl, (struct sdl_event){ .what = SDL_WHAT_KEY, .key = code, .down = down });
}

static void pointer_post(struct sdl *sdl, int x, int y, int dx, int dy, int wheel)
{
    struct sdl_event event = { .what = SDL_WHAT_MOTION, .x = dx, .y = dy, .wheel = wheel, .buttons = sdl->buttons };
    if (atomic_load(&sdl->listening) & ABBEY_INPUT_POSITION) {
        int right = (int)sdl->shown_width - 1, low = (int)sdl->shown_height - 1;
        grab(sdl, false);
        event.what = SDL_WHAT_POSITION;
        event.x = right > 0 ? (x < 0 ? 0 : x > right ? right : x) * (int)ABBEY_POSITION_MAX / right : 0;
        event.y = low > 0 ? (y < 0 ? 0 : y > low ? low : y) * (int)ABBEY_POSITION_MAX / low : 0;
    } else if (!sdl->grabbed) {
        return;
    }
    sdl_post(sdl, event);
}

static void on_button(struct sdl *sdl, const SDL_MouseButtonEvent *button)
{
    uint32_t bit = button->button == SDL_BUTTON_LEFT     ? ABBEY_BUTTON_LEFT
                   : button->button == SDL_BUTTON_RIGHT  ? ABBEY_BUTTON_RIGHT
                   : button->button == SDL_BUTTON_MIDDLE ? ABBEY_BUTTON_MIDDLE
                                                         : 0;
    uint32_t listening = atomic_load(&sdl->listening);
    if (!sdl->grabbed && (listening & ABBEY_INPUT_MOTION) && !(listening & ABBEY_INPUT_POSITION)) {
        grab(sdl, button->type == SDL_MOUSEBUTTONDOWN); /* the click that takes the pointer is not the guest's */
        return;
    }
    sdl->buttons = button->type == SDL_MOUSEBUTTONDOWN ? sdl->buttons | bit : sdl->buttons & ~bit;
    pointer_post(sdl, button->x, button->y, 0, 0, 0);
}

/* Keys and buttons that are down when the focus goes would stay down. */
static void focus_lost(struct sdl *sdl)
{
    const uint8_t *down = SDL_GetKeyboardState(NULL);
    for (int code = 0; code < SDL_NUM_SCANCODES; code++)
        if (down[code] && sdl_key((SDL_Scancode)code))
            sdl_post(sdl, (struct sdl_event){ .what = SDL_WHAT_KEY, .key = sdl_key((SDL_Scancode)code) });
    grab(sdl, false);
    sdl->chord = false;
}

static void on_window(struct sdl *sdl, const SDL_WindowEvent *window)
{
    switch (window->event) {
    case SDL_WINDOWEVENT_SHOWN:
    case SDL_WINDOWEVENT_RESTORED: sdl_post(sdl, (struct sdl_event){ .what = SDL_WHAT_SEEN, .down = 1 }); break;
    case SDL_WINDOWEVENT_HIDDEN:
    case SDL_WINDOWEVENT_MINIMIZED: sdl_post(sdl, (struct sdl_event){ .what = SDL_WHAT_SEEN }); break;
    case SDL_WINDOWEVENT_EXPOSED:
    case SDL_WINDOWEVENT_SIZE_CHANGED: show(sdl); break;
    case SDL_WINDOWEVENT_FOCUS_LOST: focus_lost(sdl); break;
    case SDL_WINDOWEVENT_CLOSE: kill(getpid(), SIGTERM); break;
    }
}

static void on_event(struct sdl *sdl, const SDL_Event *event)
{
    int x, y;
    switch (event->type) {
    case SDL_WINDOWEVENT: on_window(sdl, &event->window); break;
    case SDL_KEYDOWN:
    case SDL_KEYUP: on_key(sdl, &event->key); break;
    case SDL_MOUSEMOTION:
        pointer_post(sdl, event->motion.x, event->motion.y, event->motion.xrel, event->motion.yrel, 0);
        break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP: on_button(sdl, &event->button); break;
    case SDL_MOUSEWHEEL: /* positive away from the user */
        SDL_GetMouseState(&x, &y);
        pointer_post(sdl, x, y, 0, 0, -event->wheel.y);
        break;
    default:
        if (event->type == sdl->wake)
            show(sdl);
    }
}

static bool window_open(struct sdl *sdl)
{
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0)
        return false;
    sdl->wake = SDL_RegisterEvents(1);
    sdl->window = SDL_CreateWindow("Abbey", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, 720, 400,
        SDL_WINDOW_RESIZABLE | (sdl->full_screen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0));
    sdl->renderer = sdl->window ? SDL_CreateRenderer(sdl->window, -1, 0) : NULL;
    return sdl->renderer != NULL;
}

static void window_close(struct sdl *sdl)
{
    if (sdl->texture)
        SDL_DestroyTexture(sdl->texture);
    if (sdl->renderer)
        SDL_DestroyRenderer(sdl->renderer);
    if (sdl->window)
        SDL_DestroyWindow(sdl->window);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
}

void sdl_window_main(void *arg)
{
    struct sdl *sdl = arg;
    SDL_Event event;
    bool good = window_open(sdl);
    sdl->end.threads->lock(sdl->end.mutex);
    sdl->started = good ? 1 : -1;
    if (!good)
        snprintf(sdl->failure, sizeof sdl->failure, "%s", SDL_GetError());
    sdl->end.threads->wake(sdl->ready);
    sdl->end.threads->unlock(sdl->end.mutex);
    while (good && !atomic_load(&sdl->end.quit))
        if (SDL_WaitEvent(&event))
            on_event(sdl, &event);
    window_close(sdl);
}
