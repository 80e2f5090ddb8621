/* rack.c - a card with a bus of its own: an ISA card that leads to a rack of eight modules, and one kind of module,
 * eight relays that fall off when nobody has set them for a while. Other plugins can bring other modules (rack.h).
 *
 * Ports: +0 the place that is selected, 0 to 7; read, bit 7 says whether any module wants attention. +1 the byte of the
 * module there; FFh from an empty place. The card's interrupt is the OR of the modules' attention. */
#include <abbey/plugin.h>

#include "rack.h"

/* ---- the card ---- */

struct rack {
    abbey_dev *dev;
    uint16_t base;
    abbey_irq *irq;
    struct {
        const rack_module_1 *module;
        void *self;
    } places[RACK_PLACES];
    uint8_t selected, attention; /* guest-visible; a bit for each place */
};
#define ABBEY_SELF struct rack

static int32_t rack_attach(void *self, uint32_t place, const rack_module_1 *module, void *module_self)
{
    struct rack *r = self;
    if (place >= RACK_PLACES || r->places[place].module)
        return -1;
    r->places[place].module = module;
    r->places[place].self = module_self;
    return 0;
}

static void rack_attention(void *self, uint32_t place, uint32_t level)
{
    struct rack *r = self;
    uint8_t bit = (uint8_t)(1u << place);
    r->attention = level ? r->attention | bit : r->attention & (uint8_t)~bit;
    abbey_irq_set(r->irq, r->attention != 0);
}

static const rack_1 rack_table = { .size = sizeof rack_table, .attach = rack_attach, .attention = rack_attention };

static void rack_port(void *self, abbey_io *io)
{
    struct rack *r = self;
    const rack_module_1 *module = r->places[r->selected].module;
    if (io->offset == 0 && io->write)
        r->selected = io->value & (RACK_PLACES - 1);
    else if (io->offset == 0)
        io->value = r->selected | (r->attention ? 0x80u : 0u);
    else if (module && io->write)
        module->write(r->places[r->selected].self, (uint8_t)io->value);
    else if (module)
        io->value = module->read(r->places[r->selected].self);
}

static int32_t rack_create(abbey_dev *dev, void *self)
{
    struct rack *r = self;
    r->dev = dev;
    if (abbey_bus_offer(dev, RACK_1, &rack_table, r))
        return -1;
    return abbey_pio_map(dev, r->base, 2, rack_port, r);
}

/* A state may come from anywhere. */
static int32_t rack_loaded(void *self)
{
    return ((const struct rack *)self)->selected < RACK_PLACES ? 0 : -1;
}

static const abbey_prop rack_props[] = {
    ABBEY_PROP(base, 0x330, "first of two I/O ports", .min = 0x100, .max = 0x3fe),
    ABBEY_PROP(irq, 7, "ISA interrupt line"),
};
static const abbey_reg rack_regs[] = { ABBEY_REG(selected, 0), ABBEY_REG(attention, 0) };
#undef ABBEY_SELF

/* ---- the relays ---- */

struct relays {
    const rack_1 *rack;
    void *rack_self;
    uint32_t place, hold;
    abbey_timer *timer; /* guest-visible */
    uint8_t state;
};
#define ABBEY_SELF struct relays

static void relays_fall(void *self)
{
    struct relays *m = self;
    m->state = 0;
    m->rack->attention(m->rack_self, m->place, 1);
}

static uint8_t relays_read(void *self)
{
    struct relays *m = self;
    m->rack->attention(m->rack_self, m->place, 0);
    return m->state;
}

static void relays_write(void *self, uint8_t value)
{
    struct relays *m = self;
    m->state = value;
    if (value)
        abbey_timer_arm(m->timer, m->hold * ABBEY_MS);
    else
        abbey_timer_cancel(m->timer);
}

static const rack_module_1 relays_table = { .size = sizeof relays_table, .read = relays_read, .write = relays_write };

static int32_t relays_create(abbey_dev *dev, void *self)
{
    struct relays *m = self;
    m->rack = abbey_bus_find(dev, RACK_1, &m->rack_self);
    m->timer = abbey_timer_new(dev, relays_fall, m);
    if (!m->rack || !m->timer)
        return -1;
    if (m->rack->attach(m->rack_self, m->place, &relays_table, m))
        return abbey_fail(dev, "place: %u is taken; a rack has 0 to %u", m->place, RACK_PLACES - 1);
    return 0;
}

static const abbey_prop relays_props[] = {
    ABBEY_PROP(place, 0, "place in the rack", .max = RACK_PLACES - 1),
    ABBEY_PROP(hold, 1000, "milliseconds until the relays fall off", .min = 1, .max = 60000),
};
static const abbey_reg relays_regs[] = { ABBEY_REG(state, 0), ABBEY_REG(timer, 0) };

static const abbey_device devices[] = {
    { .name = "rack",
        .summary = "an ISA card that leads to a rack of modules",
        .bus = "isa",
        .provides = "rack",
        .self_size = sizeof(struct rack),
        .state_version = 1,
        .props = ABBEY_TABLE(rack_props),
        .regs = ABBEY_TABLE(rack_regs),
        .create = rack_create,
        .loaded = rack_loaded },
    { .name = "rack-relays",
        .summary = "eight relays in a rack, which fall off by themselves",
        .bus = "rack",
        .self_size = sizeof(struct relays),
        .state_version = 1,
        .props = ABBEY_TABLE(relays_props),
        .regs = ABBEY_TABLE(relays_regs),
        .create = relays_create },
};
ABBEY_PLUGIN(.id = "org.example.rack", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.timer/1 abbey.bus/1", .devices = ABBEY_TABLE(devices));
