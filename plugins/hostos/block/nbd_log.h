/* nbd_log.h - what a server was given and has not yet flushed. */
#ifndef ABBEY_BLOCK_NBD_LOG_H
#define ABBEY_BLOCK_NBD_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* A write, or with bytes of zeros that nobody kept, `data` NULL. */
struct nbd_note {
    struct nbd_note *next;
    uint64_t offset, bytes;
    uint8_t *data;
};

struct nbd_log {
    struct nbd_note *first, *last;
    uint64_t kept; /* bytes of data */
};

/* Notes a write, or zeros (`from` NULL). False when memory is short. */
bool nbd_log_add(struct nbd_log *log, uint64_t offset, const uint8_t *from, uint64_t bytes);
/* Whether it holds so much that a flush is due. */
bool nbd_log_full(const struct nbd_log *log);
/* All of it is on the server's disk. */
void nbd_log_clear(struct nbd_log *log);

#endif
