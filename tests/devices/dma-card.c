/* dma-card.c - an ISA card on a DMA channel, for the test of the controller. Its ports: +0 DRQ; +1 a write moves one
 * unit (a byte, or a word on channels 5 to 7) to memory, a read one from memory; +2 how many bytes the last move got,
 * 80h added at terminal count; +3 how often the channel was granted. */
#include <abbey/plugin.h>

struct dma_card {
    uint16_t base;
    uint8_t channel, moved, grants;
    abbey_isadma *dma;
};
#define ABBEY_SELF struct dma_card

static void ready(void *self)
{
    ((struct dma_card *)self)->grants++;
}

static void port(void *self, abbey_io *io)
{
    struct dma_card *c = self;
    uint32_t tc = 0;
    uint8_t bytes[2] = { (uint8_t)io->value, 0x77 };
    if (io->offset == 0 && io->write)
        abbey_isadma_request(c->dma, io->value & 1);
    if (io->offset == 1) {
        uint32_t direction = io->write ? ABBEY_ISADMA_TO_MEMORY : ABBEY_ISADMA_FROM_MEMORY;
        c->moved = (uint8_t)abbey_isadma_move(c->dma, direction, bytes, c->channel > 4 ? 2 : 1, &tc);
        c->moved |= tc ? 0x80 : 0;
        io->value = bytes[0];
    }
    if (io->offset == 2)
        io->value = c->moved;
    if (io->offset == 3)
        io->value = c->grants;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct dma_card *c = self;
    c->dma = abbey_isadma_open(dev, c->channel, ready, c);
    return c->dma ? abbey_pio_map(dev, c->base, 4, port, c) : -1;
}

static const abbey_prop props[] = {
    ABBEY_PROP(base, 0x300, "first of four ports"),
    ABBEY_PROP(channel, 1, "DMA channel"),
};
static const abbey_reg regs[] = { ABBEY_REG(moved, 0), ABBEY_REG(grants, 0) };
static const abbey_device device = { .name = "dma-card",
    .summary = "moves bytes on a DMA channel",
    .bus = "isa",
    .self_size = sizeof(struct dma_card),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create };
ABBEY_PLUGIN(.id = "org.abbey.test.dma-card", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.isadma/1", .device = &device);
