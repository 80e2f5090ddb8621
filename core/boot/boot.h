/* boot.h - what a machine starts from: firmware, or a kernel file.
 *
 * Firmware: its image is mapped as ROM below 4 GB and at the end of the first megabyte, and the processor starts at its
 * reset vector. What it must know of the board stands in CMOS memory, and in files that it reads through the chip that
 * shows them (abbey/firmware.h).
 *
 * Direct boot: a kernel file in memory, the CPU at its entry, and the rest of what a firmware leaves behind. Three
 * formats: bzImage (the 32-bit entry of the Linux boot protocol), Multiboot 1 (ELF, or a flat image with load addresses
 * in its header), and a raw image. What a BIOS would do to the board is done through its ports: A20, the routing of the
 * PCI interrupts, the base of the power management registers. The ACPI tables describe the devices that the machine
 * file names.
 *
 * A machine makes one `struct boot` and calls boot_start() after every reset. Guest-physical memory as direct boot
 * leaves it:
 *
 *     00400h-004FFh   BIOS data: 639 KB of memory, extended data at 9FC00h
 *     00800h          a GDT: 10h flat code, 18h flat data
 *     10000h          Linux: boot_params ("zero page"); the command line at 20000h. Multiboot: the information, or
 *                     elsewhere below 9FC00h when the kernel itself is there
 *     9FC00h-9FFFFh   reserved: extended BIOS data, with the ACPI pointer (RSDP) at 9FC10h
 *     F0000h-FFFFFh   ROM: the RSDP once more, and the reset vector, which resets the whole machine through port CF9h
 *     top - 64 KB     below the end of RAM or 3.5 GB: ACPI tables, reserved */
#ifndef ABBEY_CORE_BOOT_H
#define ABBEY_CORE_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/config/config.h"
#include "core/cpu/cpu.h"
#include "core/mem/mem.h"

struct boot;

/* The board's ports, called with the machine lock held. */
struct boot_ports {
    uint32_t (*in)(void *opaque, uint16_t port, uint32_t size);
    void (*out)(void *opaque, uint16_t port, uint32_t size, uint32_t value);
    void *opaque;
};

struct boot_error {
    abbey_error error;       /* names the file and the rule */
    struct config_mark mark; /* of boot.kernel or boot.initrd; file NULL: nowhere in particular */
};

/* What the firmware's files depend on, and where they go: the board's devices, with the machine lock held. */
struct boot_board {
    /* Slot and function of the device `id`; false when it is no PCI function. */
    bool (*pci_place)(void *opaque, const char *id, unsigned *slot, unsigned *function);
    /* A dword of its configuration space as it stands. */
    uint32_t (*pci_config)(void *opaque, const char *id, uint32_t offset);
    /* Offers a file of `length` bytes; make() is called each time it is read. False when memory is short. */
    bool (*file)(void *opaque, const char *name, const void *(*make)(void *opaque), void *file_opaque, uint64_t length);
    void *opaque;
};

/* Of a machine whose config->boot.kernel or config->firmware.bios is not NULL; the kernel goes before. Config and
 * memory outlive it. Maps the ROM. */
struct boot *boot_new(const struct config *config, struct mem *mem, struct boot_error *error);
void boot_free(struct boot *boot);

/* Offers the firmware's files to the board, once; a machine without firmware has none. */
bool boot_files(struct boot *boot, const struct boot_board *board, struct boot_error *error);

/* Sets up the board and the CPU, which was reset before; without firmware, reads the kernel and fills memory. The files
 * are read anew each time, so that a reboot takes a new kernel. false with *error filled. */
bool boot_start(struct boot *boot, struct cpu *cpu, const struct boot_ports *ports, struct boot_error *error);

#endif
