/* parts.h - what the files of direct boot share: the memory map, the facts of the board, the formats. */
#ifndef ABBEY_CORE_BOOT_PARTS_H
#define ABBEY_CORE_BOOT_PARTS_H

#include "core/boot/boot.h"

#define KB 1024ull
#define MB (1024 * KB)
#define GB (1024 * MB)

/* Places that boot.h shows. */
#define BOOT_GDT 0x800u
#define BOOT_INFO 0x10000u
#define BOOT_CMDLINE 0x20000u
#define BOOT_EBDA 0x9fc00u
#define BOOT_ROM 0xf0000u
#define BOOT_ROM_BYTES 0x10000u
#define BOOT_TABLES_BYTES (64 * KB)

/* ---- errors ---- */

/* Fills *error with a message about a file of the machine file's place `mark` (may be NULL). Always false. */
__attribute__((format(printf, 3, 4))) bool boot_fail(
    struct boot_error *error, const struct config_mark *mark, const char *format, ...);

/* ---- files ---- */

struct image {
    const char *path;
    const struct config_mark *mark;
    uint8_t *bytes;
    uint64_t size;
};

/* Reads a whole file of at most `limit` bytes. */
bool image_read(struct image *image, uint64_t limit, struct boot_error *error);
void image_free(struct image *image);

/* Little-endian fields; the caller has checked that they lie inside. */
uint16_t get16(const uint8_t *bytes);
uint32_t get32(const uint8_t *bytes);
uint64_t get64(const uint8_t *bytes);
void put16(uint8_t *bytes, uint16_t value);
void put32(uint8_t *bytes, uint32_t value);
void put64(uint8_t *bytes, uint64_t value);

/* ---- the memory map (ACPI 2.0, 15.2) ---- */

#define RANGE_RAM 1u
#define RANGE_RESERVED 2u
#define RANGE_ACPI 3u
#define RANGE_NVS 4u

struct range {
    uint64_t start, bytes;
    uint32_t type;
};
#define RANGES_MAX 8

/* ---- facts: what the machine file put on the board ---- */

#define FACTS_UARTS 4

struct boot_facts {
    bool pci;            /* a host bridge */
    uint32_t pci_memory; /* where the window for PCI memory begins */
    int32_t isa_slot;    /* of the PIIX3 with the routing registers; -1: none */
    uint8_t pirq[4];     /* ISA lines of PIRQA#..PIRQD#, 0: none */
    bool pm;             /* a PIIX4 power management function */
    uint16_t pm_base, gpe;
    uint8_t sci, pm_timer_bits;
    const char *pm_id;
    bool dma, fdc;
    uint16_t fdc_base;
    uint8_t fdc_irq, fdc_dma;
    int32_t ide_slot; /* of the IDE controller; -1: none, or its place is not written down */
    uint32_t ide_function;
    uint8_t floppy[2]; /* types of the diskette drives as CMOS 10h knows them, 0: none */
    bool pic, pit, rtc, keyboard, mouse, display;
    uint8_t mouse_irq;
    unsigned uart_count;
    struct {
        uint16_t base;
        uint8_t irq;
    } uarts[FACTS_UARTS];
};

void facts_find(const struct config *config, struct boot_facts *facts);

/* Pin INTA#..INTD# (0..3) of a slot reaches this one of PIRQA#..PIRQD#; core/machine/pcibus.c wires it. */
static inline unsigned boot_pirq(unsigned slot, unsigned pin)
{
    return (pin + slot + 3) & 3;
}

/* ---- one machine's boot ---- */

struct boot {
    const struct config *config;
    struct mem *mem;
    struct boot_facts facts;
    struct mem_region *rom, *rom_top;
    struct range ranges[RANGES_MAX];
    unsigned range_count;
    uint64_t low_end; /* end of usable RAM below the PCI hole */
    uint32_t tables;  /* where the ACPI tables stand; 0: there are none */
    uint32_t rsdp;
    struct fwfiles *files; /* with firmware */
};

/* Whether the machine starts from firmware and not from a kernel file. */
static inline bool boot_has_firmware(const struct boot *boot)
{
    return !boot->config->boot.kernel && boot->config->firmware.bios;
}

void ranges_make(struct boot *boot);

/* Whether [start, start + bytes) is all RAM that a kernel may use. */
bool range_usable(const struct boot *boot, uint64_t start, uint64_t bytes);

#define ACPI_RSDP_BYTES 20u
#define ACPI_RSDP_RSDT 16u /* offsets of addresses: in the RSDP, in the FADT */
#define ACPI_FADT_FACS 36u
#define ACPI_FADT_DSDT 40u
#define ACPI_FADT_X_DSDT 140u

/* The tables as they will stand in memory, and where each is in the image. */
struct acpi_image {
    uint8_t bytes[BOOT_TABLES_BYTES];
    uint32_t length;
    uint32_t rsdt, rsdt_bytes, rsdt_fadt; /* the last: of the FADT's address in the RSDT */
    uint32_t fadt, fadt_bytes, facs;
};
/* Makes the tables for address `base`; the FACS at offset `facs_at`, or behind the others when that is 0. False when
 * memory is short. */
bool acpi_make(const struct boot_facts *facts, uint32_t base, uint32_t facs_at, struct acpi_image *image);
/* Writes the tables at boot->tables; false when memory is short. */
bool acpi_write(struct boot *boot);
/* The pointer to tables at `base`. */
void acpi_rsdp(uint32_t base, uint8_t rsdp[ACPI_RSDP_BYTES]);

/* ---- firmware ---- */

/* Maps the image that the machine file names; false with *error filled. */
bool firmware_map(struct boot *boot, struct boot_error *error);
void firmware_files_discard(struct boot *boot);

/* Through the ports: what the set-up program of a PC would have left in the CMOS memory of its clock. */
void cmos_set_up(const struct boot *boot, const struct boot_ports *ports);

/* A hard disk as CMOS memory has it. */
struct cmos_disk {
    uint8_t type; /* 0: none */
    uint8_t bytes[9];
};
/* Asks the drives of the first channel of the IDE controller, where there is one. */
void cmos_disks(const struct boot_facts *facts, const struct boot_ports *ports, struct cmos_disk disks[2]);

#define SMBIOS_ANCHOR_BYTES 31u
#define SMBIOS_ROOM 1024u
/* Makes the SMBIOS structures and the entry point whose address is still to be filled in; returns their length. */
uint32_t smbios_make(const struct boot *boot, uint8_t tables[SMBIOS_ROOM], uint8_t anchor[SMBIOS_ANCHOR_BYTES]);

/* Fills the image of the ROM at F0000h. */
void rom_make(const struct boot *boot, uint8_t *rom);

/* The shapes of code page 437, a byte a line, the leftmost dot in bit 7. */
void font_draw(uint8_t cells[256][16]);
/* Text mode 3, a cleared screen, and what the BIOS data area says of it. */
void textmode_set(const struct boot *boot, const struct boot_ports *ports);

/* Through the ports, what a BIOS does. */
void chores_do(const struct boot *boot, const struct boot_ports *ports);

/* The CPU in 32-bit protected mode with flat segments, interrupts off; or in real mode at `entry`. */
void state_flat(struct boot *boot, struct cpu *cpu, uint32_t entry);
void state_real(struct cpu *cpu, uint32_t entry);

/* ---- formats: each loads and sets the CPU ---- */

bool linux_recognize(const struct image *kernel);
bool linux_load(struct boot *boot, const struct image *kernel, const struct image *initrd, struct cpu *cpu,
    struct boot_error *error);
bool multiboot_recognize(const struct image *kernel);
bool multiboot_load(struct boot *boot, const struct image *kernel, const struct image *module, struct cpu *cpu,
    struct boot_error *error);
bool raw_load(struct boot *boot, const struct image *kernel, struct cpu *cpu, struct boot_error *error);

#endif
