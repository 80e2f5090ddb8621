#include "nbd_log.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_MAX (32u << 20)

bool nbd_log_add(struct nbd_log *log, uint64_t offset, const uint8_t *from, uint64_t bytes)
{
    struct nbd_note *note = malloc(sizeof *note + (from ? bytes : 0));
    if (!note)
        return false;
    *note = (struct nbd_note){ .offset = offset, .bytes = bytes, .data = from ? (uint8_t *)(note + 1) : NULL };
    if (from)
        memcpy(note->data, from, bytes);
    if (log->last)
        log->last->next = note;
    else
        log->first = note;
    log->last = note;
    log->kept += sizeof *note + (from ? bytes : 0);
    return true;
}

bool nbd_log_full(const struct nbd_log *log)
{
    return log->kept > KEPT_MAX;
}

void nbd_log_clear(struct nbd_log *log)
{
    for (struct nbd_note *note = log->first; note;) {
        struct nbd_note *next = note->next;
        free(note);
        note = next;
    }
    *log = (struct nbd_log){ 0 };
}
