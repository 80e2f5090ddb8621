/* machine_boot.c - a machine after power-on or reset: the CPU's reset state, and what the machine file boots from. */
#include "core/machine/machine_impl.h"

#include <string.h>

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

static bool pci_place(void *opaque, const char *id, unsigned *slot, unsigned *function)
{
    struct board_pci_slot slots[256];
    unsigned count = board_pci_slots(((struct machine *)opaque)->board, slots, 256);
    for (unsigned i = 0; i < count && i < 256; i++) {
        if (strcmp(slots[i].id, id) == 0) {
            *slot = slots[i].slot;
            *function = slots[i].function;
            return true;
        }
    }
    return false;
}

static uint32_t pci_config(void *opaque, const char *id, uint32_t offset)
{
    return board_pci_config(((struct machine *)opaque)->board, id, offset);
}

static bool offer_file(
    void *opaque, const char *name, const void *(*make)(void *opaque), void *file_opaque, uint64_t length)
{
    return board_firmware_file(((struct machine *)opaque)->board, name, make, file_opaque, length);
}

bool machine_boot_new(struct machine *machine)
{
    struct boot_error error = { 0 };
    const struct boot_board board = { pci_place, pci_config, offer_file, machine };
    if (machine->config->boot.kernel || machine->config->firmware.bios) {
        machine->boot = boot_new(machine->config, machine->mem, &error);
        if (!machine->boot || !boot_files(machine->boot, &board, &error)) {
            boot_complain(machine, &error);
            return false;
        }
    } else {
        fprintf(machine->errors,
            "abbey: machine '%s' has nothing to boot from; give it a kernel with --set boot.kernel=FILE, or firmware "
            "with "
            "--set firmware.bios=seabios\n",
            machine->config->name);
    }
    return machine->boot != NULL;
}

bool machine_boot(struct machine *machine)
{
    struct boot_error error = { 0 };
    const struct boot_ports ports = { port_in, port_out, machine };
    cpu_reset(machine->cpu, false);
    machine_guest_reset(machine);
    if (boot_start(machine->boot, machine->cpu, &ports, &error))
        return true;
    boot_complain(machine, &error);
    return false;
}
