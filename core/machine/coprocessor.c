/* coprocessor.c - the interface "abbey.coprocessor/1": FERR# and IGNNE#, between the processor, which is the owner's,
 * and the chip set. */
#include "core/machine/parts.h"

static int32_t wire(abbey_dev *dev, abbey_ferr_fn fn, void *self)
{
    struct device *device = device_of(dev);
    struct board *board = device->board;
    char where[300];
    if (device_too_late(device, "wire"))
        return -1;
    if (board->ferr) {
        device_fail(device, "the processor's FERR# is already wired to '%s' (%s)", board->ferr_device->node->id,
            device_where(board->ferr_device, where, sizeof where));
        return -1;
    }
    board->ferr = fn;
    board->ferr_self = self;
    board->ferr_device = device;
    return 0;
}

const abbey_coprocessor_1 coprocessor_interface = { .size = sizeof coprocessor_interface, .wire = wire };

int board_ferr(struct board *board, bool active)
{
    return board->ferr ? board->ferr(board->ferr_self, active) != 0 : -1;
}
