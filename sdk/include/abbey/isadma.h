/* abbey/isadma.h - the DMA channels of the ISA bus: interface "abbey.isadma/1".
 *
 * A card has a field `uint8_t dma` with a property row and opens that channel in create(). While it wants to move bytes
 * it drives DRQ; whenever the controller grants the channel (DACK), because the guest has programmed and unmasked it,
 * the card's ready() is called and moves bytes with abbey_isadma_move(), and goes on later with the same call as its
 * own speed allows: the controller counts, and says when the terminal count was reached.
 *
 *     static void ready(void *self) {
 *         struct card *c = self;
 *         uint32_t tc, moved = abbey_isadma_move(c->dma, ABBEY_ISADMA_FROM_MEMORY, c->buffer, sizeof c->buffer, &tc);
 *         if (tc)
 *             abbey_isadma_request(c->dma, 0);
 *     }
 *
 * Channels 0 to 3 move bytes, 5 to 7 words; 4 connects the two halves of the controller and is nobody's. The controller
 * is a device too, and registers itself with ->chip(). A machine without one grants nothing. */
#ifndef ABBEY_ISADMA_H
#define ABBEY_ISADMA_H

#include <abbey/dev.h>

typedef struct abbey_isadma abbey_isadma;

#define ABBEY_ISADMA_TO_MEMORY 0u
#define ABBEY_ISADMA_FROM_MEMORY 1u

/* Called when the channel is granted while the card requests it: within abbey_isadma_request(), or when the guest
 * programs the controller. [locked] */
typedef void (*abbey_isadma_ready_fn)(void *self);

typedef struct abbey_isadma_ops_1 {
    uint32_t size;
    uint32_t reserved;
    void (*request)(abbey_isadma *channel, uint32_t level);
    uint32_t (*move)(abbey_isadma *channel, uint32_t direction, void *bytes, uint32_t count, uint32_t *tc);
} abbey_isadma_ops_1;

struct abbey_isadma {
    const abbey_isadma_ops_1 *ops;
};

/* The controller's side. All [locked]. */
typedef struct abbey_isadma_chip_1 {
    uint32_t size;
    uint32_t reserved;
    void (*request)(void *self, uint32_t channel, uint32_t level);
    uint32_t (*move)(
        void *self, uint32_t channel, uint32_t direction, void *bytes, uint32_t count, uint32_t *terminal_count);
} abbey_isadma_chip_1;

typedef struct abbey_isadma_1 {
    uint32_t size;
    uint32_t reserved;
    abbey_isadma *(*open)(abbey_dev *dev, uint32_t channel, abbey_isadma_ready_fn ready, void *self);
    int32_t (*chip)(abbey_dev *dev, const abbey_isadma_chip_1 *chip, void *self);
    void (*grant)(abbey_dev *dev, uint32_t channel);
} abbey_isadma_1;

#define ABBEY_ISADMA_1 "abbey.isadma/1"

/* Takes a channel (0 to 3, 5 to 7) for this card; it lives as long as the device. NULL with a reported reason: there
 * is no such channel, or another card has it. [create] */
static inline abbey_isadma *abbey_isadma_open(abbey_dev *dev, uint32_t channel, abbey_isadma_ready_fn ready, void *self)
{
    const abbey_isadma_1 *isadma = (const abbey_isadma_1 *)abbey_query(dev, ABBEY_ISADMA_1);
    return isadma->open(dev, channel, ready, self);
}

/* Drives DRQ: 1 asserted, 0 not. After a reset no card requests. [locked] */
static inline void abbey_isadma_request(abbey_isadma *channel, uint32_t level)
{
    channel->ops->request(channel, level);
}

/* Moves up to `count` bytes between the card and memory at the place and in the direction that the guest programmed;
 * returns how many cycles' bytes the controller gave, 0 while the channel is not granted. Where the guest programmed
 * the other direction, or verification, the bytes are counted and not moved (what the card would read is then
 * undefined). *tc is 1 when the count ran out with the last of them. Channels 5 to 7 move whole words. [locked] */
static inline uint32_t abbey_isadma_move(
    abbey_isadma *channel, uint32_t direction, void *bytes, uint32_t count, uint32_t *tc)
{
    return channel->ops->move(channel, direction, bytes, count, tc);
}

/* For the controller:
 *   chip(dev, chip, self)  makes it the controller of the machine's channels; -1 with a reported reason when there is
 *                          one already [create]
 *   grant(dev, channel)    tells the card on a channel that requests it that it is granted [locked] */

#endif
