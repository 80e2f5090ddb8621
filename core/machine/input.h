/* input.h - what users do, on its way to the guest. With the machine lock held. */
#ifndef ABBEY_CORE_INPUT_H
#define ABBEY_CORE_INPUT_H

#include <abbey/input.h>

#include "core/machine/board.h"

/* Types text, a key down or up every few milliseconds of virtual time, behind what is being typed already. UTF-8;
 * newlines are Enter. False with *error filled when a character is on no key, or there is no keyboard; nothing is typed
 * then. */
bool input_type(struct board *board, const char *text, abbey_error *error);

/* Presses keys together and lets them go: names joined by '-', such as "ctrl-alt-delete", "f2", "a". */
bool input_keys(struct board *board, const char *names, abbey_error *error);

/* One key, abbey/input.h; one keysym of X11. */
void input_key(struct board *board, uint32_t key, bool down);
void input_symbol(struct board *board, uint32_t symbol, bool down);

void input_motion(struct board *board, int32_t dx, int32_t dy, int32_t wheel, uint32_t buttons);
void input_position(struct board *board, uint32_t x, uint32_t y, int32_t wheel, uint32_t buttons);

/* ABBEY_INPUT_...: which kinds reach the guest. */
uint32_t input_listening(const struct board *board);

/* Adds input.* to the machine's commands; false with the reason. */
bool input_commands_add(struct board *board, abbey_error *error);

#endif
