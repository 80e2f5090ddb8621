/* console.h - a terminal made raw, and put back on every way out of the process. */
#ifndef ABBEY_HOSTOS_CONSOLE_H
#define ABBEY_HOSTOS_CONSOLE_H

#include "linux.h"

/* Makes the terminal `fd` raw. The process has one such terminal. 0, or -1 with errno. */
int console_raw(int fd);

/* Puts its mode back and forgets it. */
void console_cooked(void);

/* Puts its mode back for now, and makes it raw again. Async-signal-safe; nothing happens without a raw terminal. */
void console_restore(void);
void console_resume(void);

/* fn writes out what is still buffered before the process crashes; async-signal-safe; NULL: nobody. */
void console_on_crash(void (*fn)(void *arg), void *arg);

/* Everything a dying process still owes the terminal: buffered output, then its mode. Async-signal-safe. */
void console_crash(void);

#endif
