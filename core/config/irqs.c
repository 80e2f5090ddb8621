/* irqs.c - interrupt lines: from `irq: 4` to a pin of a controller, and no pin for two.
 *
 * A bare number is an ISA line, an input of the one controller that has them; `id.pin` is any controller's. A line of
 * the ISA bus is edge-triggered and belongs to one device; functions on a pci bus pull it down together and share it.
 */
#include "core/config/check.h"

#include <string.h>

#include "core/config/suggest.h"

/* The lines that an ISA slot has; the others belong to the mainboard. For the hint of what is free. */
#define ISA_SLOT_LINES 0xdef8u /* 3-7, 9-12, 14, 15 */

static unsigned inputs(const struct entry *entry)
{
    return entry->node.device->device.irq_inputs;
}

/* Controllers with ISA lines: their number, and the last. */
static unsigned isa_controllers(struct check *check, const struct entry **controller)
{
    unsigned count = 0;
    for (unsigned i = 0; i < check->device_count; i++) {
        if (check->devices[i].node.device->device.isa_lines && inputs(&check->devices[i])) {
            *controller = &check->devices[i];
            count++;
        }
    }
    return count;
}

static const char *pin_words(struct check *check, const struct entry *entry, const struct config_value *value)
{
    return arena_format(check->arena, "%s %u of '%s'", value->prop->name, value->irq_pin, entry->node.id);
}

/* A bare number, from the file or the default of the row. */
static void line_resolve(struct check *check, const struct entry *entry, struct config_value *value, uint64_t line)
{
    const struct entry *controller = NULL;
    unsigned count = isa_controllers(check, &controller);
    struct place at = entry_value_place(entry, value);
    const char *what = entry_property(check, entry, value->prop->name);
    if (count > 1)
        report_error(check->report, at, "several-controllers",
            "%s must say which controller: more than one has ISA lines; write CHIP.PIN", what);
    else if (!count && check->devices_lost)
        return;
    else if (!count)
        report_error(check->report, at, "no-controller",
            "%s means ISA line %llu, and no device of this machine has ISA lines; write `none`, or add an interrupt "
            "controller",
            what, (unsigned long long)line);
    else if (line >= inputs(controller))
        report_error(check->report, at, "out-of-range", "%s is 0 to %u, a line of '%s', not %llu", what,
            inputs(controller) - 1, controller->node.id, (unsigned long long)line);
    else {
        value->irq_chip = controller->node.id;
        value->irq_pin = (uint32_t)line;
    }
}

static void pin_resolve(struct check *check, const struct entry *entry, struct config_value *value)
{
    const char *text = value->text, *dot = strrchr(text, '.');
    struct place at = entry_value_place(entry, value);
    const char *what = entry_property(check, entry, value->prop->name);
    int64_t pin;
    bool negative, fits;
    if (!dot || !number_parse(dot + 1, false, &pin, &negative, &fits) || negative) {
        report_error(check->report, at, "wrong-type", "%s is %s, not '%s'", what, value_type_name(value->prop),
            arena_clip(check->arena, text));
        return;
    }
    const char *id = arena_copy(check->arena, text, (size_t)(dot - text));
    unsigned i = entry_find(check->devices, check->device_count, id);
    if (i == NO_ENTRY && check->devices_lost)
        return;
    if (i == NO_ENTRY || !inputs(&check->devices[i])) {
        struct suggestion near = { .wanted = id };
        for (unsigned j = 0; j < check->device_count; j++)
            if (inputs(&check->devices[j]))
                suggest_offer(&near, check->devices[j].node.id);
        struct report_item *item = report_error(check->report, at, "no-controller",
            i == NO_ENTRY ? "there is no interrupt controller '%s'" : "'%s' is no interrupt controller",
            arena_clip(check->arena, id));
        report_nearest(item, near.best);
    } else if (!fits || pin >= (int64_t)inputs(&check->devices[i])) {
        report_error(check->report, at, "out-of-range", "%s: '%s' has inputs 0 to %u, not %s", what, id,
            inputs(&check->devices[i]) - 1, arena_clip(check->arena, dot + 1));
    } else {
        value->irq_chip = check->devices[i].node.id;
        value->irq_pin = (uint32_t)pin;
    }
}

static void irq_resolve(struct check *check, const struct entry *entry, struct config_value *value)
{
    int64_t line = value->integer;
    bool negative = line < 0, fits = true;
    if (!value->text) {
        if (!negative)
            line_resolve(check, entry, value, (uint64_t)line);
    } else if (strcmp(value->text, "none") != 0) {
        if (number_parse(value->text, false, &line, &negative, &fits) && !negative)
            line_resolve(check, entry, value, fits ? (uint64_t)line : UINT64_MAX);
        else
            pin_resolve(check, entry, value);
    }
}

/* One holder of a pin. */
struct holder {
    const struct entry *entry;
    const struct config_value *value;
    struct place at;
    bool is_default, pci;
    bool told; /* it clashes, and once is enough */
};

static const char *free_pins(struct check *check, const struct holder *holders, unsigned count, const char *chip)
{
    const struct entry *controller = &check->devices[entry_find(check->devices, check->device_count, chip)];
    bool isa = controller->node.device->device.isa_lines;
    const char *list = "";
    for (unsigned pin = 0; pin < inputs(controller) && pin < 64; pin++) {
        bool held = isa && (pin > 15 || !(ISA_SLOT_LINES >> pin & 1));
        for (unsigned i = 0; i < count && !held; i++)
            held = holders[i].value->irq_pin == pin && !strcmp(holders[i].value->irq_chip, chip);
        if (!held)
            list = arena_format(check->arena, "%s%s%u", list, *list ? ", " : "", pin);
    }
    return arena_format(
        check->arena, "%s free on %s: %s", isa ? "lines" : "pins", isa ? "isa" : chip, *list ? list : "none");
}

/* `loser` gets the error: the one said later, or the one that was not said at all. */
static void clash_report(struct check *check, const struct holder *holders, unsigned count, struct holder *loser,
    const struct holder *keeper)
{
    if (loser->told)
        return;
    loser->told = true;
    report_error(check->report, loser->at, "irq-clash", "%s%s is already held by '%s' (%s); %s",
        pin_words(check, loser->entry, loser->value), loser->is_default ? ", its default," : "", keeper->entry->node.id,
        report_where(check->report, keeper->at.mark), free_pins(check, holders, count, loser->value->irq_chip));
}

void check_irqs(struct check *check)
{
    unsigned count = 0, most = 0;
    for (unsigned i = 0; i < check->device_count; i++)
        most += check->devices[i].node.value_count;
    struct holder *holders = arena_alloc(check->arena, (most + 1) * sizeof(*holders));
    for (unsigned i = 0; i < check->device_count; i++) {
        struct entry *entry = &check->devices[i];
        const char *bus = entry->node.device->device.bus;
        for (unsigned j = 0; j < entry->node.value_count; j++) {
            struct config_value *value = &entry->node.values[j];
            if (value->prop->type != ABBEY_TYPE_IRQ)
                continue;
            irq_resolve(check, entry, value);
            value->text = NULL;
            if (value->irq_chip)
                holders[count++] = (struct holder){ .entry = entry,
                    .value = value,
                    .at = entry_value_place(entry, value),
                    .is_default = !value->mark.file,
                    .pci = bus && !strcmp(bus, "pci") };
        }
    }
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < i; j++) {
            struct holder *a = &holders[i], *b = &holders[j];
            if (a->value->irq_pin != b->value->irq_pin || strcmp(a->value->irq_chip, b->value->irq_chip) != 0 ||
                (a->pci && b->pci))
                continue;
            bool a_loses =
                a->is_default != b->is_default ? a->is_default : report_after(check->report, a->at.mark, b->at.mark);
            clash_report(check, holders, count, a_loses ? a : b, a_loses ? b : a);
        }
    }
}
