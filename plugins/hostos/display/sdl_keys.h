/* sdl_keys.h - keys of SDL as those of abbey/input.h. */
#ifndef PLUGINS_HOSTOS_DISPLAY_SDL_KEYS_H
#define PLUGINS_HOSTOS_DISPLAY_SDL_KEYS_H

#include <SDL2/SDL.h>

/* 0 for keys that a PC keyboard does not have. */
uint32_t sdl_key(SDL_Scancode code);

#endif
