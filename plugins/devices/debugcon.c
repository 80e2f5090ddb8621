/* debugcon.c - the debug console: a port whose bytes go to a host stream.
 *
 * There is no data sheet. The convention comes from Bochs (its "port E9 hack", Bochs user manual, section "Debugger:
 * port_e9_hack"): a write sends a byte, and a read gives E9h so that a guest can tell that the console is there.
 * SeaBIOS sends its log here when it finds that value; so do kernels and test guests; no driver of Windows or DOS
 * touches it.
 *
 * What the far side does not take at once waits in a ring; when that is full the newest bytes are dropped, because the
 * console has no way to slow the guest down. */
#include <abbey/plugin.h>

#define RING 4096u
#define PRESENT 0xe9u
#define RETRY (10 * ABBEY_MS)

struct debugcon {
    uint16_t port;
    abbey_char *line;
    uint8_t ring[RING];
    uint32_t head, count;
    abbey_timer *retry;
};
#define ABBEY_SELF struct debugcon

static void flush(void *self)
{
    struct debugcon *d = self;
    while (d->count) {
        uint32_t run = d->count < RING - d->head ? d->count : RING - d->head;
        uint32_t sent = abbey_char_write(d->line, d->ring + d->head, run);
        d->head = (d->head + sent) % RING;
        d->count -= sent;
        if (sent < run) {
            abbey_timer_arm(d->retry, RETRY); /* should writable() not come: the backend may be another by then */
            return;
        }
    }
}

static void access_port(void *self, abbey_io *io)
{
    struct debugcon *d = self;
    if (!io->write) {
        io->value = PRESENT;
        return;
    }
    if (d->count == RING)
        return;
    d->ring[(d->head + d->count++) % RING] = (uint8_t)io->value;
    flush(d);
}

static uint32_t room(void *self)
{
    (void)self;
    return 0; /* it never listens */
}

static void receive(void *self, const uint8_t *bytes, uint32_t count)
{
    (void)self;
    (void)bytes;
    (void)count;
}

static const abbey_char_client_1 client = {
    .size = sizeof client, .room = room, .receive = receive, .writable = flush
};

static int32_t loaded(void *self)
{
    const struct debugcon *d = self;
    return d->head < RING && d->count <= RING ? 0 : -1;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct debugcon *d = self;
    d->retry = abbey_timer_new(dev, flush, d);
    if (!d->retry)
        return abbey_fail(dev, "no memory for a timer");
    if (abbey_char_attach(d->line, &client, d))
        return abbey_fail(dev, "another device uses the backend of 'line'");
    return abbey_pio_map(dev, d->port, 1, access_port, d);
}

static const abbey_prop props[] = {
    ABBEY_PROP(port, 0xe9, "I/O port"),
    ABBEY_PROP_TEXT(line, NULL, "where the bytes go"),
};
/* What was said before a reset is still to be heard. */
static const abbey_reg regs[] = {
    ABBEY_REG(ring, 0, .flags = ABBEY_REG_KEEP),
    ABBEY_REG(head, 0, .flags = ABBEY_REG_KEEP),
    ABBEY_REG(count, 0, .flags = ABBEY_REG_KEEP),
    ABBEY_REG(retry, 0, .flags = ABBEY_REG_KEEP),
};

static const abbey_device device = { .name = "debugcon",
    .summary = "debug console: bytes written to a port go to a stream",
    .bus = "isa",
    .self_size = sizeof(struct debugcon),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .loaded = loaded };
ABBEY_PLUGIN(.id = "org.abbey.debugcon", .version = "1.0.0", .license = "MIT", .requires = "abbey.pio/1 abbey.timer/1",
    .device = &device);
