/* machine_boot.c - a machine after power-on or reset: the CPU's reset state, and what the machine file boots from. */
#include "core/machine/machine_impl.h"

#include "core/boot/boot.h"

static void boot_complain(struct machine *machine, const struct boot_error *error)
{
    if (error->mark.file)
        fprintf(machine->errors, "%s:%u:%u: error[boot]: %s\n", error->mark.file, error->mark.line, error->mark.column,
            error->error.text);
    else
        fprintf(machine->errors, "abbey: %s\n", error->error.text);
}

static uint32_t port_in(void *opaque, uint16_t port, uint32_t size)
{
    return board_in(((struct machine *)opaque)->board, port, size);
}

static void port_out(void *opaque, uint16_t port, uint32_t size, uint32_t value)
{
    board_out(((struct machine *)opaque)->board, port, size, value);
}

bool machine_boot_new(struct machine *machine)
{
    struct boot_error error = { 0 };
    if (machine->config->boot.kernel) {
        machine->boot = boot_new(machine->config, machine->mem, &error);
        if (!machine->boot)
            boot_complain(machine, &error);
    } else {
        fprintf(machine->errors,
            "abbey: machine '%s' has nothing to boot from; give it a kernel with --set boot.kernel=FILE\n",
            machine->config->name);
    }
    return machine->boot != NULL;
}

bool machine_boot(struct machine *machine)
{
    struct boot_error error = { 0 };
    const struct boot_ports ports = { port_in, port_out, machine };
    cpu_reset(machine->cpu, false);
    if (boot_start(machine->boot, machine->cpu, &ports, &error))
        return true;
    boot_complain(machine, &error);
    return false;
}
