/* signals.h - the signals that the outside sends: requests, and ends that must leave a terminal as it was. */
#ifndef ABBEY_HOSTOS_SIGNALS_H
#define ABBEY_HOSTOS_SIGNALS_H

#include "linux.h"

/* Installs the handlers, once a process. A signal that the user had ignored (nohup, a job in the background) or that
 * somebody else handles stays as it is. */
void signals_install(void);

/* From now on requests are noted and `wake_fd` (an eventfd) is written to; -1: they end the process again. */
void signals_ask(int wake_fd);

/* Takes one noted request: ABBEY_ASKED_..., or 0 when there is none left. */
uint32_t signals_take(void);

/* What a request does when nobody listens: ends the process as the signal would. */
void signals_default(uint32_t what);

#endif
