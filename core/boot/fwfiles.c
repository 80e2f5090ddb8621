/* The files that firmware asks the board for, as SeaBIOS knows them (docs/Runtime_config.md of SeaBIOS; the ACPI
 * loader's commands are described in its src/fw/romfile_loader.h and in docs/specs/fw_cfg.rst of QEMU):
 *
 *     etc/e820                 RAM, as entries of {address, length, type}
 *     bootorder                a line of device path for each device of firmware.boot
 *     etc/show-boot-menu, etc/boot-menu-wait
 *     etc/acpi/rsdp, etc/acpi/tables, etc/table-loader
 *     etc/smbios/smbios-anchor, etc/smbios/smbios-tables
 *
 * ACPI tables hold addresses of each other, which only the firmware knows. They are made for address 0, and the loader
 * file is a list of commands of 128 bytes: "allocate the file etc/acpi/tables", "add its address to the four bytes at
 * 64 of that file", "compute the checksum over these bytes". They are made when they are read, because by then the
 * firmware has chosen the ports of the power management, which the tables tell. */
#include "core/boot/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLES "etc/acpi/tables"
#define RSDP "etc/acpi/rsdp"

#define COMMAND_BYTES 128u
#define COMMANDS_MAX 12u
#define FILE_BYTES 56u
#define ALLOCATE 1u
#define ADD_POINTER 2u
#define ADD_CHECKSUM 3u
#define ZONE_HIGH 1u
#define ZONE_FSEG 2u

#define ORDER_BYTES 2048u

struct fwfiles {
    struct boot_board board;
    struct boot *boot;
    uint8_t e820[2 * 20];
    uint8_t show_menu[1], menu_wait[4];
    char order[ORDER_BYTES];
    struct acpi_image acpi;
    uint8_t rsdp[ACPI_RSDP_BYTES];
    uint8_t loader[COMMANDS_MAX * COMMAND_BYTES];
    uint8_t smbios[SMBIOS_ROOM], anchor[SMBIOS_ANCHOR_BYTES];
};

/* ---- memory ---- */

static uint64_t e820_make(struct fwfiles *f)
{
    uint64_t low = mem_low_bytes(f->boot->mem), high = mem_ram_bytes(f->boot->mem) - low;
    put64(f->e820, 0);
    put64(f->e820 + 8, low);
    put32(f->e820 + 16, RANGE_RAM);
    put64(f->e820 + 20, 4 * GB);
    put64(f->e820 + 28, high);
    put32(f->e820 + 36, RANGE_RAM);
    return high ? 40 : 20;
}

/* ---- order of boot ---- */

static const struct config_node *node_find(const struct config *config, const char *id)
{
    for (unsigned i = 0; id && i < config->device_count; i++)
        if (strcmp(config->devices[i].id, id) == 0)
            return &config->devices[i];
    return NULL;
}

static uint32_t property(const struct config_node *node, const char *name, uint32_t other)
{
    for (unsigned i = 0; i < node->value_count; i++)
        if (strcmp(node->values[i].prop->name, name) == 0)
            return (uint32_t)node->values[i].integer;
    return other;
}

/* The path of a PCI function, "/pci@i0cf8/x@4,1"; the firmware compares what stands behind the @. False when the device
 * is none. */
static bool pci_path(const struct fwfiles *f, const char *id, char *path, size_t room)
{
    unsigned slot, function;
    if (!f->board.pci_place(f->board.opaque, id, &slot, &function))
        return false;
    snprintf(path, room, function ? "/pci@i0cf8/pci@%x,%x" : "/pci@i0cf8/pci@%x", slot, function);
    return true;
}

/* A drive's path has the controller's before it. */
static bool device_path(const struct fwfiles *f, const char *id, char *path, size_t room)
{
    const struct config_node *node = node_find(f->boot->config, id);
    const struct config_node *parent = node ? node_find(f->boot->config, node->bus) : NULL;
    char bus[64];
    if (!node)
        return false;
    if (pci_path(f, id, path, room))
        return true;
    if (!parent || !parent->device || !parent->device->device.provides)
        return false;
    const char *kind = parent->device->device.provides;
    uint32_t unit = property(node, "unit", 0);
    if (strcmp(kind, "ide") == 0 && pci_path(f, parent->id, bus, sizeof bus))
        snprintf(path, room, "%s/drive@%x/disk@%x", bus, unit >> 1, unit & 1);
    else if (strcmp(kind, "floppy") == 0)
        snprintf(path, room, "/pci@i0cf8/isa@%x/fdc@03f0/floppy@%x", (unsigned)f->boot->facts.isa_slot, unit);
    else
        return false;
    return true;
}

/* The list ends with a zero, as the firmware expects. */
static uint64_t order_make(struct fwfiles *f)
{
    const char **ids = f->boot->config->firmware.boot;
    size_t used = 0;
    for (unsigned i = 0; ids && ids[i]; i++) {
        char path[128];
        if (!device_path(f, ids[i], path, sizeof path) || used + strlen(path) + 2 > sizeof f->order)
            continue;
        used += (size_t)snprintf(f->order + used, sizeof f->order - used, used ? "\n%s" : "%s", path);
    }
    return used ? used + 1 : 0;
}

/* ---- ACPI ---- */

static bool acpi_fill(struct fwfiles *f)
{
    struct boot_facts facts = f->boot->facts;
    uint32_t base = facts.pm ? f->board.pci_config(f->board.opaque, facts.pm_id, 0x40) : 0; /* PMBASE */
    if (facts.pm && (base & 1) && base <= 0xffff)
        facts.pm_base = (uint16_t)(base & 0xffc0);
    return acpi_make(&facts, 0, 0, &f->acpi);
}

static uint8_t *command(uint8_t **at, uint32_t number)
{
    uint8_t *bytes = *at;
    *at += COMMAND_BYTES;
    put32(bytes, number);
    return bytes + 4;
}

static void allocate(uint8_t **at, const char *file, uint32_t align, uint8_t zone)
{
    uint8_t *c = command(at, ALLOCATE);
    strcpy((char *)c, file);
    put32(c + FILE_BYTES, align);
    c[FILE_BYTES + 4] = zone;
}

/* Adds the address of etc/acpi/tables to the field of `bytes` bytes at `offset`. */
static void add_pointer(uint8_t **at, const char *file, uint32_t offset, uint8_t bytes)
{
    uint8_t *c = command(at, ADD_POINTER);
    strcpy((char *)c, file);
    strcpy((char *)c + FILE_BYTES, TABLES);
    put32(c + 2 * FILE_BYTES, offset);
    c[2 * FILE_BYTES + 4] = bytes;
}

static void add_checksum(uint8_t **at, const char *file, uint32_t start, uint32_t length, uint32_t offset)
{
    uint8_t *c = command(at, ADD_CHECKSUM);
    strcpy((char *)c, file);
    put32(c + FILE_BYTES, offset);
    put32(c + FILE_BYTES + 4, start);
    put32(c + FILE_BYTES + 8, length);
}

static uint64_t loader_make(struct fwfiles *f)
{
    const struct acpi_image *acpi = &f->acpi;
    uint8_t *at = f->loader;
    allocate(&at, TABLES, 64, ZONE_HIGH);
    allocate(&at, RSDP, 16, ZONE_FSEG);
    add_pointer(&at, TABLES, acpi->fadt + ACPI_FADT_FACS, 4);
    add_pointer(&at, TABLES, acpi->fadt + ACPI_FADT_DSDT, 4);
    add_pointer(&at, TABLES, acpi->fadt + ACPI_FADT_X_DSDT, 8);
    add_checksum(&at, TABLES, acpi->fadt, acpi->fadt_bytes, acpi->fadt + 9);
    add_pointer(&at, TABLES, acpi->rsdt_fadt, 4);
    add_checksum(&at, TABLES, acpi->rsdt, acpi->rsdt_bytes, acpi->rsdt + 9);
    add_pointer(&at, RSDP, ACPI_RSDP_RSDT, 4);
    add_checksum(&at, RSDP, 0, ACPI_RSDP_BYTES, 8);
    return (uint64_t)(at - f->loader);
}

/* ---- makers, called when a file is read ---- */

// clang-format off
static const void *get_e820(void *opaque) { return ((struct fwfiles *)opaque)->e820; }
static const void *get_order(void *opaque) { return ((struct fwfiles *)opaque)->order; }
static const void *get_show_menu(void *opaque) { return ((struct fwfiles *)opaque)->show_menu; }
static const void *get_menu_wait(void *opaque) { return ((struct fwfiles *)opaque)->menu_wait; }
static const void *get_rsdp(void *opaque) { return ((struct fwfiles *)opaque)->rsdp; }
static const void *get_loader(void *opaque) { return ((struct fwfiles *)opaque)->loader; }
static const void *get_smbios(void *opaque) { return ((struct fwfiles *)opaque)->smbios; }
static const void *get_anchor(void *opaque) { return ((struct fwfiles *)opaque)->anchor; }
// clang-format on

static const void *get_tables(void *opaque)
{
    struct fwfiles *f = opaque;
    acpi_fill(f); /* fits, since it did when the machine was made */
    return f->acpi.bytes;
}

static bool files_offer(struct fwfiles *f)
{
    const struct config_firmware *config = &f->boot->config->firmware;
    const struct boot_board *board = &f->board;
    f->show_menu[0] = config->menu;
    put32(f->menu_wait, config->menu_wait);
    uint64_t order = order_make(f), smbios = smbios_make(f->boot, f->smbios, f->anchor);
    bool good = board->file(board->opaque, "etc/e820", get_e820, f, e820_make(f)) &&
                board->file(board->opaque, "etc/show-boot-menu", get_show_menu, f, sizeof f->show_menu) &&
                board->file(board->opaque, "etc/boot-menu-wait", get_menu_wait, f, sizeof f->menu_wait) &&
                board->file(board->opaque, "etc/smbios/smbios-tables", get_smbios, f, smbios) &&
                board->file(board->opaque, "etc/smbios/smbios-anchor", get_anchor, f, sizeof f->anchor);
    if (good && order)
        good = board->file(board->opaque, "bootorder", get_order, f, order);
    if (good && f->boot->facts.pm) {
        good = acpi_fill(f);
        acpi_rsdp(0, f->rsdp);
        good = good && board->file(board->opaque, TABLES, get_tables, f, f->acpi.length) &&
               board->file(board->opaque, RSDP, get_rsdp, f, sizeof f->rsdp) &&
               board->file(board->opaque, "etc/table-loader", get_loader, f, loader_make(f));
    }
    return good;
}

bool boot_files(struct boot *boot, const struct boot_board *board, struct boot_error *error)
{
    if (!boot_has_firmware(boot))
        return true;
    boot->files = calloc(1, sizeof *boot->files);
    if (boot->files) {
        boot->files->board = *board;
        boot->files->boot = boot;
        if (files_offer(boot->files))
            return true;
    }
    return boot_fail(error, NULL, "no memory for the firmware's files");
}

void firmware_files_discard(struct boot *boot)
{
    free(boot->files);
    boot->files = NULL;
}
