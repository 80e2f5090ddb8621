/* copier.c - a PCI card with 64 KB of memory of its own and a bus-master engine that fills it, or empties it, by a
 * list.
 *
 * BAR 0, 4 KB of memory space, dword registers:
 *   00h  list     guest-physical address of the list, a multiple of 8
 *   04h  offset   in the card's memory where the copy begins
 *   08h  control  write: bit 0 starts, bit 1 direction (0 to the card, 1 to the guest); read: bit 0 while it is busy
 *   0Ch  status   bit 0 done, bit 1 a fault: no memory there, not a bus master, or the card's memory ended; writing
 *                 ones clears them, and with the last the interrupt (INTA#)
 *   10h  copied   bytes
 * BAR 1, 64 KB of memory space: the card's memory, at memory speed.
 *
 * An entry of the list has two dwords: a guest-physical address, and a length of up to 64 KB with bit 31 set in the
 * last. A copy takes 1 us and then 10 ns a byte; nothing has moved before that time has passed, and all has after it.
 */
#include <abbey/plugin.h>

#define MEMORY 65536u
#define ENTRIES 256u /* a list without an end is a fault */
#define LAST 0x80000000u

#define DONE 1u
#define FAULT 2u

struct copier {
    abbey_dma *dma;
    abbey_irq *intx;
    abbey_vram *memory;
    abbey_timer *timer; /* of the end of the copy */
    uint32_t list, offset, control, status, copied;
};
#define ABBEY_SELF struct copier

/* Goes through the list; false when the list is wrong. With `move` the bytes are copied, without it only counted. */
static _Bool list_walk(struct copier *c, _Bool move, uint32_t *bytes)
{
    uint32_t entry[2], at = c->offset;
    for (uint32_t i = 0; i < ENTRIES; i++) {
        if (abbey_dma_read(c->dma, c->list + 8ull * i, entry, sizeof entry) < 0)
            return 0;
        uint32_t length = entry[1] & ~LAST;
        if (length > MEMORY || at > MEMORY - length)
            return 0;
        if (move && (c->control & 2 ? abbey_dma_write(c->dma, entry[0], c->memory->bytes + at, length)
                                    : abbey_dma_read(c->dma, entry[0], c->memory->bytes + at, length)) < 0)
            return 0;
        if (move && !(c->control & 2) && length)
            abbey_vram_touch(c->memory, at, length);
        at += length;
        *bytes += length;
        if (entry[1] & LAST)
            return 1;
    }
    return 0;
}

static void finish(void *self)
{
    struct copier *c = self;
    c->copied = 0;
    c->status |= list_walk(c, 1, &c->copied) ? DONE : FAULT;
    c->control &= ~1u;
    abbey_irq_set(c->intx, 1);
}

static void control_write(struct copier *c, uint32_t value)
{
    uint32_t bytes = 0;
    if (c->control & 1)
        return;
    c->control = value & 3;
    if (!(value & 1))
        return;
    list_walk(c, 0, &bytes);
    abbey_timer_arm(c->timer, ABBEY_US + 10ull * bytes);
}

static void status_write(struct copier *c, uint32_t value)
{
    c->status &= ~value;
    if (!c->status)
        abbey_irq_set(c->intx, 0);
}

static void access(void *self, abbey_io *io)
{
    struct copier *c = self;
    uint32_t value = (uint32_t)io->value;
    if (io->size != 4) {
        io->value = ~0ull;
        return;
    }
    if (!io->write) {
        const uint32_t shown[] = { c->list, c->offset, c->control, c->status, c->copied };
        io->value = io->offset / 4 < sizeof shown / sizeof shown[0] ? shown[io->offset / 4] : 0;
        return;
    }
    switch (io->offset) {
    case 0x00: c->list = value & ~7u; break;
    case 0x04: c->offset = value & (MEMORY - 1); break;
    case 0x08: control_write(c, value); break;
    case 0x0c: status_write(c, value); break;
    default: break;
    }
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct copier *c = self;
    abbey_pci_desc desc = { .size = sizeof desc,
        .vendor = 0x1234, /* nobody's: a card to be sold needs its maker's */
        .device = 0xc091,
        .class_code = 0x088000, /* a system peripheral of another kind */
        .intx = 1,
        .bars = { { .kind = ABBEY_PCI_BAR_MEM32, .length = 4096, .max_width = 4, .fn = access },
            { .kind = ABBEY_PCI_BAR_MEM32 | ABBEY_PCI_BAR_PREFETCH | ABBEY_PCI_BAR_VRAM, .length = MEMORY } } };
    abbey_pci *pci = abbey_pci_add(dev, &desc, c);
    c->dma = abbey_dma_open(dev);
    c->timer = abbey_timer_new(dev, finish, c);
    c->memory = abbey_vram_new(dev, "memory", MEMORY);
    if (!pci || !c->dma || !c->timer || !c->memory || abbey_vram_bar(c->memory, pci, 1) < 0)
        return -1;
    c->intx = abbey_pci_intx(pci);
    return 0;
}

static const abbey_reg regs[] = { ABBEY_REG(timer, 0), ABBEY_REG(list, 0), ABBEY_REG(offset, 0), ABBEY_REG(control, 0),
    ABBEY_REG(status, 0), ABBEY_REG(copied, 0) };

static const abbey_device device = {
    .name = "copier",
    .summary = "64 KB of memory and a bus-master engine with scatter and gather",
    .bus = "pci",
    .self_size = sizeof(struct copier),
    .state_version = 1,
    .regs = ABBEY_TABLE(regs),
    .create = create,
};
ABBEY_PLUGIN(.id = "org.example.copier", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pci/1 abbey.dma/1 abbey.vram/1 abbey.timer/1", .device = &device);
