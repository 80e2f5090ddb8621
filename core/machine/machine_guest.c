/* machine_guest.c - `guest.optimize` of a machine file: the plugins that are asked whether they know the guest. */
#include "core/machine/machine_impl.h"

#include <stdlib.h>

static void ask(void *opaque)
{
    guest_ask(opaque);
}

bool machine_guest_new(struct machine *machine)
{
    const struct config *config = machine->config;
    const struct engine *engine = machine->vcpu.engine;
    unsigned count = 0;
    while (config->optimize && config->optimize[count])
        count++;
    if (!count || !engine->watch) /* an engine that takes no hints needs nobody to give them */
        return true;
    machine->guestopts = calloc(count, sizeof *machine->guestopts);
    if (!machine->guestopts)
        return false;
    for (unsigned i = 0; i < count; i++) {
        const struct plugin *plugin = plugin_guestopt_find(config->plugins, config->optimize[i]);
        if (!plugin) {
            fprintf(machine->errors, "abbey: no guestopt '%s' among the plugins found; see `abbey plugins list`\n",
                config->optimize[i]);
            return false;
        }
        machine->guestopts[i] = &plugin->guestopt;
    }
    machine->guest = guest_new(machine->cpu, engine, machine->guestopts, count);
    return machine->guest != NULL;
}

void machine_guest_reset(struct machine *machine)
{
    if (!machine->guest)
        return;
    guest_reset(machine->guest);
    machine->vcpu.engine->watch(machine->cpu, ask, machine->guest);
}

void machine_guest_free(struct machine *machine)
{
    guest_free(machine->guest);
    free(machine->guestopts);
}
