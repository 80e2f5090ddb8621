/* isolate_worker.h - inside the worker of an isolated device: what its files share. All of it is one thread's. */
#ifndef ABBEY_CORE_ISOLATE_WORKER_H
#define ABBEY_CORE_ISOLATE_WORKER_H

#include "core/machine/isolate.h"

/* ---- isolate_ask.c ---- */

/* Asks the machine. Calls that come before the answer are obeyed. */
int64_t isolate_ask(enum isolate_kind kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
/* For what gives no answer: goes with the next turn. */
void isolate_note(enum isolate_note what, uint32_t index, uint64_t value);
/* Why something fails; the machine tells the first reason of a create(). */
void isolate_reason(const char *format, ...) __attribute__((format(printf, 1, 2)));
void isolate_reason_text(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
/* Serves the machine for good; obey() does what the message says, and makes the answer. */
_Noreturn void isolate_listen(struct isolate *isolate, void (*obey)(void));

/* ---- isolate_offers.c ---- */

/* Puts the device's interrupt lines into its instance. */
void isolate_offers_take(struct isolate *isolate);
/* The table of an interface; NULL for one that is not to be had here. */
const void *isolate_offer(const char *id);
/* Calls a callback that the plugin gave to an interface. */
int64_t isolate_offer_call(enum isolate_kind kind, const uint64_t *args);

/* ---- isolate_char.c ---- */

/* Puts the device's streams into its instance; calls the plugin as the client of one. */
void isolate_streams_take(struct isolate *isolate);
int64_t isolate_stream_call(struct isolate *isolate, enum isolate_kind kind, const uint64_t *args);

#endif
