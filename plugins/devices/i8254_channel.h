/* i8254_channel.h - one counter of the interval timer, at ticks of its clock that the caller names. */
#ifndef ABBEY_I8254_CHANNEL_H
#define ABBEY_I8254_CHANNEL_H

#include <abbey/plugin.h>

#define I8254_ACCESS_WORD 3

struct i8254_channel {
    uint64_t start;     /* tick at which the counting element was loaded */
    uint64_t switch_at; /* modes 2 and 3: tick at which `reload` replaces `count`; ABBEY_NEVER: no new count */
    uint32_t count;     /* what was loaded, 1..10000h */
    uint32_t reload;    /* the count register */
    uint32_t elapsed;   /* ticks counted when the gate stopped the count, modes 0 and 4 */
    uint32_t held;      /* what a stopped element shows */
    uint8_t mode;       /* 0..5 */
    uint8_t bcd;
    uint8_t access; /* RW1 RW0: 1 low byte, 2 high byte, 3 low then high */
    uint8_t gate;
    uint8_t counting;   /* the element was loaded since the control word and nothing has stopped it */
    uint8_t stopped;    /* modes 0 and 4 loaded, but the gate is low */
    uint8_t second;     /* mode 3: this run of half-cycles began with the low one */
    uint8_t before;     /* OUT until `start` */
    uint8_t write_high; /* the next byte written is the high one */
    uint8_t read_high;
    uint8_t low_byte; /* written, waiting for the high one */
    uint8_t null_count;
    uint8_t latched; /* bit 0: the count is latched, bit 1: the status is */
    uint8_t latched_status;
    uint16_t latched_count;
};

/* The control word: stops the channel until a count is written. */
void channel_program(struct i8254_channel *c, uint8_t word, uint64_t tick);
/* A byte of the count, or of the latch, as the control word says which. */
void channel_write(struct i8254_channel *c, uint8_t value, uint64_t tick);
uint8_t channel_read(struct i8254_channel *c, uint64_t tick);
/* What the next reads show, until they have. */
void channel_latch_count(struct i8254_channel *c, uint64_t tick);
void channel_latch_status(struct i8254_channel *c, uint64_t tick);
/* The level of GATE, 0 or 1. */
void channel_gate(struct i8254_channel *c, uint8_t gate, uint64_t tick);
/* Lets a new count of modes 2 and 3 in when its time has come; the others may be called afterwards for this tick. */
void channel_sync(struct i8254_channel *c, uint64_t tick);
/* The level of OUT. */
uint32_t channel_out(const struct i8254_channel *c, uint64_t tick);
/* The next tick after `tick` at which OUT may change by itself, or ABBEY_NEVER. */
uint64_t channel_edge(const struct i8254_channel *c, uint64_t tick);

#endif
