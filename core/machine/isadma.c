/* isadma.c - the DMA channels of the ISA bus: which card has which, and who the controller is. The controller may be
 * created after the cards; without one a request is never granted. */
#include "core/machine/call.h"

#include <stdlib.h>

static struct isadma_channel *channel_of(abbey_isadma *handle)
{
    return (struct isadma_channel *)handle;
}

static void channel_request(abbey_isadma *handle, uint32_t level)
{
    const struct isadma_channel *channel = channel_of(handle);
    const struct board *board = channel->device->board;
    if (board->isadma_chip)
        board->isadma_chip->request(board->isadma_self, channel->number, level != 0);
}

static uint32_t channel_move(abbey_isadma *handle, uint32_t direction, void *bytes, uint32_t count, uint32_t *tc)
{
    const struct isadma_channel *channel = channel_of(handle);
    const struct board *board = channel->device->board;
    *tc = 0;
    return board->isadma_chip
               ? board->isadma_chip->move(board->isadma_self, channel->number, direction, bytes, count, tc)
               : 0;
}

static const abbey_isadma_ops_1 ops = { .size = sizeof ops, .request = channel_request, .move = channel_move };

static abbey_isadma *isadma_open(abbey_dev *dev, uint32_t number, abbey_isadma_ready_fn ready, void *self)
{
    struct device *device = device_of(dev);
    struct board *board = device->board;
    char where[300];
    if (device_too_late(device, "abbey_isadma_open"))
        return NULL;
    if (number >= ISADMA_CHANNELS || number == 4 || !ready) {
        device_fail(
            device, "there is no DMA channel %u for cards; there are 0 to 3 for bytes, 5 to 7 for words", number);
        return NULL;
    }
    const struct isadma_channel *other = board->isadma[number];
    if (other) {
        device_fail(device, "DMA channel %u is already held by '%s' (%s)", number, other->device->node->id,
            device_where(other->device, where, sizeof where));
        return NULL;
    }
    struct isadma_channel *channel = calloc(1, sizeof(*channel));
    if (!channel) {
        device_fail(device, "out of memory for a DMA channel");
        return NULL;
    }
    *channel =
        (struct isadma_channel){ .handle.ops = &ops, .device = device, .number = number, .ready = ready, .self = self };
    board->isadma[number] = channel;
    return &channel->handle;
}

static int32_t isadma_chip(abbey_dev *dev, const abbey_isadma_chip_1 *chip, void *self)
{
    struct device *device = device_of(dev);
    struct board *board = device->board;
    char where[300];
    if (device_too_late(device, "chip"))
        return -1;
    if (board->isadma_chip) {
        device_fail(device, "the DMA channels are already controlled by '%s' (%s)", board->isadma_device->node->id,
            device_where(board->isadma_device, where, sizeof where));
        return -1;
    }
    board->isadma_chip = chip;
    board->isadma_self = self;
    board->isadma_device = device;
    return 0;
}

static void isadma_grant(abbey_dev *dev, uint32_t number)
{
    struct board *board = device_of(dev)->board;
    const struct isadma_channel *channel = number < ISADMA_CHANNELS ? board->isadma[number] : NULL;
    if (!channel)
        return;
    struct call call;
    call_begin(&call, channel->device, "the callback of a DMA channel", NULL);
    channel->ready(channel->self);
    call_end(&call);
}

const abbey_isadma_1 isadma_interface = {
    .size = sizeof isadma_interface, .open = isadma_open, .chip = isadma_chip, .grant = isadma_grant
};

void isadma_free(struct board *board)
{
    for (unsigned i = 0; i < ISADMA_CHANNELS; i++)
        free(board->isadma[i]);
}
