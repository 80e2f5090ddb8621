/* irq.c - interrupt lines: every output of a device is a source, every input of a controller the OR of its sources.
 *
 * The level is kept here, per source, so that two devices may share a line, and a state is saved without asking the
 * plugins. Inputs exist before any device is created: a device may drive a controller that comes later in the file,
 * and the controller hears the levels that stand already when it asks for them. */
#include "core/machine/call.h"

#include <stdlib.h>
#include <string.h>

struct source *source_new(struct device *device, const char *name, const abbey_irq_ops_1 *ops)
{
    struct source *source = calloc(1, sizeof(*source));
    if (!source) {
        device_fail(device, "out of memory for an interrupt line");
        return NULL;
    }
    *source = (struct source){ .handle.ops = ops, .device = device };
    snprintf(source->name, sizeof source->name, "%s", name);
    *device->last_source = source;
    device->last_source = &source->next;
    return source;
}

/* True when the level of the source changes with it. */
static bool source_takes(struct source *source, uint32_t level)
{
    if (source->level == (level != 0) || source->device->unplugged)
        return false;
    source->level = level != 0;
    source->device->interrupts += source->level;
    return true;
}

static void line_set(abbey_irq *handle, uint32_t level)
{
    struct source *source = (struct source *)handle;
    struct inputs *inputs = &source->chip->inputs;
    if (!source_takes(source, level))
        return;
    uint32_t *asserted = &inputs->asserted[source->pin];
    bool before = *asserted != 0;
    *asserted = source->level ? *asserted + 1 : *asserted - 1;
    bool after = *asserted != 0;
    if (before == after || !inputs->fn)
        return;
    struct call call;
    call_begin(&call, source->chip, "the callback of its interrupt inputs", NULL);
    inputs->fn(inputs->self, source->pin, after);
    call_end(&call);
}

static uint32_t line_pending(abbey_irq *handle)
{
    const struct source *source = (const struct source *)handle;
    const struct inputs *inputs = &source->chip->inputs;
    return inputs->pending ? inputs->pending(inputs->pending_self, source->pin) : 0;
}

static const abbey_irq_ops_1 line_ops = { .size = sizeof line_ops, .set = line_set, .pending = line_pending };

struct source *source_connect(struct device *device, const char *name, struct device *chip, uint32_t pin)
{
    struct source *source = source_new(device, name, &line_ops);
    if (source) {
        source->chip = chip;
        source->pin = pin;
    }
    return source;
}

static void intr_set(abbey_irq *handle, uint32_t level)
{
    struct source *source = (struct source *)handle;
    struct board *board = source->device->board;
    if (source_takes(source, level) && board->owner.intr)
        board->owner.intr(board->opaque, source->level);
}

static const abbey_irq_ops_1 intr_ops = { .size = sizeof intr_ops, .set = intr_set };

static int32_t chip_inputs(abbey_dev *dev, abbey_irq_input_fn fn, void *self)
{
    struct device *device = device_of(dev);
    if (device_too_late(device, "abbey_irq_inputs"))
        return -1;
    if (device->inputs.count == 0) {
        device_fail(device, "it takes interrupt inputs, but its descriptor has irq_inputs 0");
        return -1;
    }
    device->inputs.fn = fn;
    device->inputs.self = self;
    for (uint32_t pin = 0; pin < device->inputs.count; pin++)
        if (device->inputs.asserted[pin])
            fn(self, pin, 1);
    return 0;
}

static abbey_irq *chip_intr(abbey_dev *dev, abbey_intr_ack_fn ack, void *self)
{
    struct device *device = device_of(dev);
    struct board *board = device->board;
    char where[300];
    if (device_too_late(device, "abbey_intr_connect"))
        return NULL;
    if (board->intr) {
        device_fail(device, "the INTR pin of the processor is already driven by '%s' (%s)",
            board->intr->device->node->id, device_where(board->intr->device, where, sizeof where));
        return NULL;
    }
    board->intr = source_new(device, "intr", &intr_ops);
    if (!board->intr)
        return NULL;
    board->intr_ack = ack;
    board->intr_self = self;
    return &board->intr->handle;
}

/* The controller whose inputs are the ISA lines; it need not be created yet. */
static struct device *isa_controller(struct board *board)
{
    for (unsigned i = 0; i < board->device_count; i++)
        if (board->devices[i].inputs.count && board->devices[i].kind->isa_lines)
            return &board->devices[i];
    return NULL;
}

static abbey_irq *chip_line(abbey_dev *dev, uint32_t pin)
{
    struct device *device = device_of(dev), *chip = isa_controller(device->board);
    char name[32];
    unsigned twins = 0;
    if (device_too_late(device, "abbey_irq_line") || !chip || pin >= chip->inputs.count)
        return NULL;
    snprintf(name, sizeof name, "line%u", pin);
    for (const struct source *s = device->sources; s; s = s->next)
        if (strcmp(s->name, name) == 0)
            snprintf(name, sizeof name, "line%u.%u", pin, ++twins);
    struct source *source = source_connect(device, name, chip, pin);
    return source ? &source->handle : NULL;
}

static int32_t chip_pending(abbey_dev *dev, abbey_irq_pending_fn fn, void *self)
{
    struct device *device = device_of(dev);
    if (device_too_late(device, "abbey_irq_answer"))
        return -1;
    if (device->inputs.count == 0) {
        device_fail(device, "it answers for interrupt inputs, but its descriptor has irq_inputs 0");
        return -1;
    }
    device->inputs.pending = fn;
    device->inputs.pending_self = self;
    return 0;
}

const abbey_irqchip_1 irqchip_interface = { .size = sizeof irqchip_interface,
    .inputs = chip_inputs,
    .intr = chip_intr,
    .line = chip_line,
    .pending = chip_pending };

uint32_t board_intr_ack(struct board *board)
{
    return board->intr_ack ? board->intr_ack(board->intr_self) & 0xff : 0xff;
}

void irq_recount(struct board *board)
{
    for (unsigned i = 0; i < board->device_count; i++)
        for (uint32_t pin = 0; pin < board->devices[i].inputs.count; pin++)
            board->devices[i].inputs.asserted[pin] = 0;
    for (unsigned i = 0; i < board->device_count; i++) {
        for (struct source *s = board->devices[i].sources; s; s = s->next)
            if (s->chip && s->level)
                s->chip->inputs.asserted[s->pin]++;
        if (board->devices[i].bus)
            pci_pins_recount(board->devices[i].bus);
    }
}

void irq_clear(struct board *board)
{
    for (unsigned i = 0; i < board->device_count; i++)
        for (struct source *s = board->devices[i].sources; s; s = s->next)
            s->level = false;
    irq_recount(board);
}

/* The controller of that id, or the first whose inputs are the ISA lines, or else the first at all. */
static const struct device *chip_find(const struct board *board, const char *id)
{
    const struct device *first = NULL;
    if (id)
        return board_device(board, id);
    for (unsigned i = 0; i < board->device_count; i++) {
        const struct device *d = &board->devices[i];
        if (d->inputs.count && d->kind->isa_lines)
            return d;
        if (d->inputs.count && !first)
            first = d;
    }
    return first;
}

int board_irq_level(const struct board *board, const char *chip, uint32_t pin)
{
    const struct device *device = chip_find(board, chip);
    if (!device || pin >= device->inputs.count)
        return -1;
    return device->inputs.asserted[pin] != 0;
}
