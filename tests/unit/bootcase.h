/* bootcase.h - a board for tests of direct boot: memory, a CPU, ports that record, a machine description. */
#ifndef ABBEY_TESTS_UNIT_BOOTCASE_H
#define ABBEY_TESTS_UNIT_BOOTCASE_H

#include "core/boot/boot.h"

struct bootcase {
    struct mem *mem;
    struct cpu cpu;
    struct boot *boot;
    struct config config;
    struct config_node devices[9];
    struct boot_ports ports;
    struct boot_error error;
    uint32_t pci_address;
    uint8_t piix3[256], pm[256]; /* their configuration space */
    uint16_t elcr, pm_control;
    uint8_t port92;
};

/* A PC with i440fx, piix3 at 1.0, piix4-pm at 1.3, 8259, 8254, RTC, keyboard and COM1. */
void bootcase_new(struct bootcase *b, uint64_t ram_bytes);
/* Boots; true, or false with b->error. */
bool bootcase_start(struct bootcase *b);
void bootcase_free(struct bootcase *b);

uint32_t bootcase_load(struct bootcase *b, uint64_t gpa, uint32_t size);
bool bootcase_equal(struct bootcase *b, uint64_t gpa, const void *bytes, uint64_t count);

#endif
