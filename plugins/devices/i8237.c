/* i8237.c - the DMA controllers of a PC: a pair of 8237A, with the page registers that make their 16 address bits 24.
 *
 * Intel 8237A High Performance Programmable DMA Controller, order number 231466 ("DS"; its headings are cited); the
 * page registers and the wiring of the pair are those of 82371SB (PIIX3), order number 290550, "DMA Registers".
 *
 *     first controller    ports 00h-0Fh     channels 0-3, bytes       pages 87h 83h 81h 82h
 *     second controller   ports C0h-DEh     channels 4-7, words       pages (8Fh) 8Bh 89h 8Ah
 *
 * The second one's channel 4 is the cascade: the first asks for the bus through it, so channels 0 to 3 work only while
 * 4 is in cascade mode and unmasked. Channels 5 to 7 count words: their address is shifted left by one, and the page's
 * bit 0 does not count.
 *
 * What stock drivers do with it. SeaBIOS: clears both, sets the cascade. Floppy drivers of DOS, Windows and Linux:
 * mask, flip-flop, mode 46h or 4Ah, address, page, count, unmask; look at the count left after an error. Sound drivers:
 * mode 58h (auto-initialize), read the count while it runs.
 *
 * A card moves bytes when it has them (abbey/isadma.h), so bus timing, priorities and compressed cycles do not show.
 * Memory-to-memory transfers, which the wiring of a PC has no use for, and software requests are not there: the bits
 * read back as data sheets say, and nothing moves.
 *
 * Example: channel 2, address 9000h, page 01h, count 511, mode 46h, unmask: the floppy controller's next 512 bytes go
 * to 19000h-191FFh; with the last one TC is raised, bit 2 of the status is set and the channel masks itself. */
#include <abbey/plugin.h>

struct channel {
    uint16_t base_address, base_count;
    uint16_t address, count;
    uint8_t mode, page;
};

struct i8237 {
    struct channel channels[8];
    uint8_t command[2], mask[2], status[2]; /* status: TC bits; the requests are in drq */
    uint8_t requests[2];                    /* of software: kept to be read */
    uint8_t flip_flop[2];
    uint8_t drq;      /* DRQ of the cards, a bit a channel */
    uint8_t pages[8]; /* page registers that are no channel's: 80h, 84h-86h, 88h, 8Ch-8Eh */
    abbey_dma *memory;
    const abbey_isadma_1 *isadma;
    abbey_dev *dev;
};
#define ABBEY_SELF struct i8237

#define COMMAND_DISABLE 0x04u
#define MODE_TYPE 0x0cu
#define MODE_TO_MEMORY 0x04u
#define MODE_FROM_MEMORY 0x08u
#define MODE_AUTO 0x10u
#define MODE_DOWN 0x20u
#define MODE_CASCADE 0xc0u

static int32_t works(const struct i8237 *d, uint32_t chip, uint32_t channel)
{
    return !(d->command[chip] & COMMAND_DISABLE) && !(d->mask[chip] >> channel & 1);
}

/* Whether a card on the channel gets the bus when it asks. */
static int32_t granted(const struct i8237 *d, uint32_t number)
{
    uint32_t chip = number >> 2;
    if ((d->channels[number].mode & MODE_CASCADE) == MODE_CASCADE || !works(d, chip, number & 3))
        return 0;
    return chip || (works(d, 1, 0) && (d->channels[4].mode & MODE_CASCADE) == MODE_CASCADE);
}

/* After the guest changed something: cards that wait get to know. */
static void grant_all(struct i8237 *d)
{
    for (uint32_t number = 0; number < 8; number++)
        if ((d->drq >> number & 1) && granted(d, number))
            d->isadma->grant(d->dev, number);
}

/* ---- the card's side ---- */

static void request(void *self, uint32_t number, uint32_t level)
{
    struct i8237 *d = self;
    uint8_t bit = (uint8_t)(1u << number);
    uint8_t before = d->drq;
    d->drq = level ? d->drq | bit : d->drq & (uint8_t)~bit;
    if (level && !(before & bit) && granted(d, number))
        d->isadma->grant(d->dev, number);
}

/* DS, "Autoinitialize": at terminal count the channel starts over, or masks itself. */
static void terminal_count(struct i8237 *d, uint32_t number)
{
    struct channel *c = &d->channels[number];
    uint32_t chip = number >> 2;
    d->status[chip] |= (uint8_t)(1u << (number & 3));
    if (c->mode & MODE_AUTO) {
        c->address = c->base_address;
        c->count = c->base_count;
    } else {
        d->mask[chip] |= (uint8_t)(1u << (number & 3));
    }
}

/* Up to `cycles` cycles at adjacent addresses. A cycle that finds no memory is counted all the same: the bus has no way
 * to say so. */
static uint32_t run(struct i8237 *d, uint32_t number, uint32_t direction, uint8_t *bytes, uint32_t cycles)
{
    struct channel *c = &d->channels[number];
    uint32_t wide = number >> 2, down = c->mode & MODE_DOWN, left = c->count + 1u;
    uint32_t straight = down ? 1 : 0x10000u - c->address; /* the page does not change with the address */
    cycles = cycles < left ? cycles : left;
    cycles = cycles < straight ? cycles : straight;
    uint32_t page = wide ? (uint32_t)(c->page & 0xfe) << 16 : (uint32_t)c->page << 16;
    uint64_t at = page + ((uint32_t)c->address << wide);
    if (direction == ABBEY_ISADMA_TO_MEMORY && (c->mode & MODE_TYPE) == MODE_TO_MEMORY)
        abbey_dma_write(d->memory, at, bytes, (uint64_t)cycles << wide);
    else if (direction == ABBEY_ISADMA_FROM_MEMORY && (c->mode & MODE_TYPE) == MODE_FROM_MEMORY)
        abbey_dma_read(d->memory, at, bytes, (uint64_t)cycles << wide);
    c->address = (uint16_t)(down ? c->address - cycles : c->address + cycles);
    c->count = (uint16_t)(c->count - cycles);
    return cycles;
}

static uint32_t move(void *self, uint32_t number, uint32_t direction, void *bytes, uint32_t count, uint32_t *tc)
{
    struct i8237 *d = self;
    uint32_t wide = number >> 2, cycles = count >> wide, done = 0;
    while (done < cycles && granted(d, number)) {
        uint32_t last = d->channels[number].count + 1u;
        uint32_t part = run(d, number, direction, (uint8_t *)bytes + ((uint64_t)done << wide), cycles - done);
        done += part;
        if (part == last) {
            terminal_count(d, number);
            *tc = 1;
            break; /* even where it starts over: the card is to hear of it */
        }
    }
    return done << wide;
}

static const abbey_isadma_chip_1 chip_ops = { .size = sizeof chip_ops, .request = request, .move = move };

/* ---- the guest's side ---- */

/* DS, "Register Description": registers 0-7, a byte at a time, the flip-flop says which. A write sets base and current
 * register, a read gives the current one. */
static void access_counters(struct i8237 *d, uint32_t chip, uint32_t reg, abbey_io *io)
{
    struct channel *c = &d->channels[chip * 4 + (reg >> 1)];
    uint16_t *base = reg & 1 ? &c->base_count : &c->base_address, *now = reg & 1 ? &c->count : &c->address;
    uint32_t shift = d->flip_flop[chip] ? 8 : 0;
    d->flip_flop[chip] ^= 1;
    if (!io->write) {
        io->value = (uint32_t)*now >> shift & 0xff;
        return;
    }
    uint32_t byte = ((uint32_t)io->value & 0xff) << shift, other = 0xff00u >> shift;
    *base = (uint16_t)((*base & other) | byte);
    *now = (uint16_t)((*now & other) | byte);
}

static void master_clear(struct i8237 *d, uint32_t chip)
{
    d->command[chip] = d->status[chip] = d->requests[chip] = d->flip_flop[chip] = 0;
    d->mask[chip] = 0x0f;
}

static uint8_t read_register(struct i8237 *d, uint32_t chip, uint32_t reg)
{
    uint8_t value = 0;
    if (reg == 8) { /* DS, "Status Register": reading clears the TC bits */
        value = (uint8_t)(d->status[chip] | ((d->drq >> 4 * chip & 15) | d->requests[chip]) << 4);
        d->status[chip] = 0;
    } else if (reg == 15) {
        value = d->mask[chip] | 0xf0; /* 82371SB, "DMA All Mask"; on the 8237A it is write-only */
    }
    return value; /* the temporary register is always clear */
}

static void write_register(struct i8237 *d, uint32_t chip, uint32_t reg, uint8_t value)
{
    uint8_t bit = (uint8_t)(1u << (value & 3));
    uint8_t *bits = reg == 9 ? &d->requests[chip] : &d->mask[chip];
    switch (reg) {
    case 8: d->command[chip] = value; break;
    case 9:
    case 10: *bits = value & 4 ? *bits | bit : *bits & (uint8_t)~bit; break;
    case 11: d->channels[chip * 4 + (value & 3)].mode = value & 0xfc; break;
    case 12: d->flip_flop[chip] = 0; break;
    case 13: master_clear(d, chip); break;
    case 14: d->mask[chip] = 0; break;
    case 15: d->mask[chip] = value & 15; break;
    default: break;
    }
    grant_all(d);
}

static void access_chip(struct i8237 *d, uint32_t chip, uint32_t reg, abbey_io *io)
{
    if (reg < 8)
        access_counters(d, chip, reg, io);
    else if (io->write)
        write_register(d, chip, reg, (uint8_t)io->value);
    else
        io->value = read_register(d, chip, reg);
}

static void access_first(void *self, abbey_io *io)
{
    access_chip(self, 0, (uint32_t)io->offset, io);
}

/* Address bit 0 is not connected to the second controller. */
static void access_second(void *self, abbey_io *io)
{
    access_chip(self, 1, (uint32_t)io->offset >> 1, io);
}

/* Ports 81h-8Fh; 80h is where POST codes go, another device's. */
static void access_pages(void *self, abbey_io *io)
{
    /* Of which channel a register is, by its low four bits; 8 and more: a register of its own. */
    static const uint8_t owners[16] = { 8, 2, 3, 1, 9, 10, 11, 0, 12, 6, 7, 5, 13, 14, 15, 4 };
    struct i8237 *d = self;
    uint32_t owner = owners[(io->addr) & 15];
    uint8_t *page = owner < 8 ? &d->channels[owner].page : &d->pages[owner - 8];
    if (io->write)
        *page = (uint8_t)io->value;
    else
        io->value = *page;
}

static void reset(void *self)
{
    struct i8237 *d = self;
    master_clear(d, 0);
    master_clear(d, 1);
}

static int32_t loaded(void *self)
{
    const struct i8237 *d = self;
    return (d->mask[0] | d->mask[1]) <= 15 && (d->flip_flop[0] | d->flip_flop[1]) <= 1 ? 0 : -1;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct i8237 *d = self;
    d->dev = dev;
    d->isadma = (const abbey_isadma_1 *)abbey_query(dev, ABBEY_ISADMA_1);
    d->memory = abbey_dma_open(dev);
    if (!d->memory || d->isadma->chip(dev, &chip_ops, d))
        return -1;
    if (abbey_pio_map(dev, 0x00, 16, access_first, d) || abbey_pio_map(dev, 0xc0, 32, access_second, d))
        return -1;
    return abbey_pio_map(dev, 0x81, 15, access_pages, d);
}

#define CHANNEL_REGS(n)                                                                                              \
    ABBEY_REG(channels[n].base_address, 0), ABBEY_REG(channels[n].base_count, 0), ABBEY_REG(channels[n].address, 0), \
        ABBEY_REG(channels[n].count, 0), ABBEY_REG(channels[n].mode, 0), ABBEY_REG(channels[n].page, 0)

static const abbey_reg regs[] = {
    CHANNEL_REGS(0),
    CHANNEL_REGS(1),
    CHANNEL_REGS(2),
    CHANNEL_REGS(3),
    CHANNEL_REGS(4),
    CHANNEL_REGS(5),
    CHANNEL_REGS(6),
    CHANNEL_REGS(7),
    ABBEY_REG(command, 0),
    ABBEY_REG(mask, 0x0f),
    ABBEY_REG(status, 0),
    ABBEY_REG(requests, 0),
    ABBEY_REG(flip_flop, 0),
    ABBEY_REG(drq, 0),
    ABBEY_REG(pages, 0),
};

static const abbey_device device = { .name = "i8237",
    .summary = "the pair of 8237A DMA controllers of a PC, with its page registers",
    .self_size = sizeof(struct i8237),
    .state_version = 1,
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
    .loaded = loaded };
ABBEY_PLUGIN(.id = "org.abbey.i8237", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.dma/1 abbey.isadma/1", .device = &device);
