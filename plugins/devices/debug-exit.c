/* debug-exit.c - a port by which a test guest ends the machine.
 *
 * There is no data sheet; the convention is that of QEMU's isa-debug-exit: writing v ends the run with exit status
 * (v << 1) | 1, so that no guest can claim the status 0 of a proper power-off. Kernel self-tests use it; no stock
 * driver does. No machine has it unless its file says so: a guest that can reach ports could end itself by accident. */
#include <abbey/plugin.h>

struct debug_exit {
    uint16_t port;
    abbey_dev *dev;
    const abbey_system_1 *system;
};
#define ABBEY_SELF struct debug_exit

static void access_port(void *self, abbey_io *io)
{
    struct debug_exit *d = self;
    if (io->write)
        d->system->exit(d->dev, (uint32_t)io->value << 1 | 1);
    else
        io->value = 0;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct debug_exit *d = self;
    d->dev = dev;
    d->system = abbey_system(dev);
    return abbey_pio_map(dev, d->port, 1, access_port, d);
}

static const abbey_prop props[] = { ABBEY_PROP(port, 0x501, "I/O port") };

static const abbey_device device = { .name = "debug-exit",
    .summary = "ends the machine with a status chosen by the guest",
    .bus = "isa",
    .self_size = sizeof(struct debug_exit),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .create = create };
ABBEY_PLUGIN(.id = "org.abbey.debug-exit", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.system/1", .device = &device);
