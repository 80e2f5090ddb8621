/* A machine with firmware: where its image stands, what CMOS memory and the files tell it. The loader's commands are
 * carried out here as a firmware would. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/boot/parts.h"
#include "core/boot/rompath.h"
#include "tests/unit/bootcase.h"
#include "tests/unit/unit.h"

#define IMAGE_BYTES (256u * 1024)

static struct bootcase b;
static uint8_t image[IMAGE_BYTES];
static char directory[] = "/tmp/test-firmware-XXXXXX";
static char path[200];

/* ---- a board that keeps files, and a CMOS memory ---- */

static struct file {
    const char *name;
    const void *(*make)(void *opaque);
    void *opaque;
    uint64_t length;
} files[32];
static unsigned file_count;
static uint32_t pm_base = 0x0601; /* as a firmware moved it */
static uint8_t cmos[128], cmos_index;

static bool keep_file(
    void *opaque, const char *name, const void *(*make)(void *opaque), void *file_opaque, uint64_t length)
{
    (void)opaque;
    files[file_count++] = (struct file){ name, make, file_opaque, length };
    return true;
}

static bool place(void *opaque, const char *id, unsigned *slot, unsigned *function)
{
    (void)opaque;
    *slot = strcmp(id, "ide") == 0 ? 1 : 5;
    *function = strcmp(id, "ide") == 0 ? 1 : 0;
    return strcmp(id, "ide") == 0 || strcmp(id, "nic") == 0;
}

static uint32_t pci_dword(void *opaque, const char *id, uint32_t offset)
{
    (void)opaque;
    return strcmp(id, "piix4-pm") == 0 && offset == 0x40 ? pm_base : ~0u;
}

static const struct boot_board board = { place, pci_dword, keep_file, NULL };

/* A channel of IDE with a disk as its second drive. */
static struct {
    uint8_t device, control, status;
    unsigned words; /* of IDENTIFY DEVICE that were read */
    bool diagnosed, interrupts;
    uint16_t command; /* of the controller */
    uint32_t address; /* of its configuration space */
} drive;

static uint32_t ide_in(uint16_t port)
{
    static const uint16_t words[7] = { [1] = 1234, [3] = 16, [6] = 63 };
    if (port == 0x1f7)
        return drive.device & 0x10 ? drive.status : 0;
    uint32_t word = drive.words < 7 ? words[drive.words] : 0x5555;
    if (++drive.words == 256)
        drive.status = 0x50;
    return word;
}

static void ide_out(uint16_t port, uint8_t value)
{
    if (port == 0x1f6)
        drive.device = value;
    else if (port == 0x3f6)
        drive.control = value;
    else if (value == 0x90)
        drive.diagnosed = true;
    else if (value == 0xec && drive.device & 0x10)
        drive.status = 0x58;
    if (port == 0x1f7)
        drive.interrupts |= !(drive.control & 2);
}

static uint32_t cmos_in(void *opaque, uint16_t port, uint32_t size)
{
    (void)opaque;
    if ((port == 0x1f0 || port == 0x1f7) && (drive.command & 1))
        return ide_in(port);
    if (port == 0xcfc && drive.address == 0x80000904)
        return drive.command;
    return port == 0x71 && size == 1 ? cmos[cmos_index & 127] : ~0u;
}

static void cmos_out(void *opaque, uint16_t port, uint32_t size, uint32_t value)
{
    (void)opaque;
    (void)size;
    if (port == 0x70)
        cmos_index = (uint8_t)value;
    else if (port == 0x71)
        cmos[cmos_index & 127] = (uint8_t)value;
    else if (port == 0xcf8)
        drive.address = value;
    else if (port == 0xcfc && drive.address == 0x80000904)
        drive.command = (uint16_t)value;
    else if ((port == 0x1f6 || port == 0x1f7 || port == 0x3f6) && (drive.command & 1))
        ide_out(port, (uint8_t)value);
}

static void image_put(const char *name, uint64_t bytes)
{
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    CU_ASSERT_FATAL(file && fwrite(image, 1, bytes, file) == bytes && !fclose(file));
}

/* A machine of so much RAM, with the image of `bytes` bytes as its firmware. */
static bool machine(uint64_t ram, uint64_t bytes)
{
    for (unsigned i = 0; i < sizeof image; i++)
        image[i] = (uint8_t)(i / 251);
    image_put("image.bin", bytes);
    bootcase_new(&b, ram);
    b.devices[b.config.device_count++] =
        (struct config_node){ .id = "piix3-ide", .type = "piix3-ide", .pci_slot = 1, .pci_function = 1 };
    b.config.memory = ram;
    b.config.firmware.bios = path;
    b.config.firmware.serial = "VMware-1";
    b.ports = (struct boot_ports){ cmos_in, cmos_out, NULL };
    file_count = 0;
    memset(cmos, 0, sizeof cmos);
    memset(&drive, 0, sizeof drive);
    drive.status = 0x50;
    return bootcase_start(&b) && boot_files(b.boot, &board, &b.error);
}

static const struct file *file_find(const char *name)
{
    for (unsigned i = 0; i < file_count; i++)
        if (strcmp(files[i].name, name) == 0)
            return &files[i];
    return NULL;
}

static const uint8_t *file_bytes(const char *name, uint64_t *length)
{
    const struct file *file = file_find(name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    *length = file->length;
    return file->make(file->opaque);
}

static uint8_t sum(const uint8_t *bytes, uint64_t count)
{
    uint8_t total = 0;
    while (count--)
        total = (uint8_t)(total + *bytes++);
    return total;
}

/* ---- the image ---- */

static void image_is_mapped(void)
{
    CU_ASSERT_TRUE_FATAL(machine(32 * MB, IMAGE_BYTES));
    CU_ASSERT_TRUE(bootcase_equal(&b, 0xfffc0000, image, IMAGE_BYTES));
    CU_ASSERT_TRUE(bootcase_equal(&b, 0xe0000, image + IMAGE_BYTES - 128 * KB, 128 * KB));
    mem_store(b.mem, 0xf0000, 1, 0x5a);
    CU_ASSERT_EQUAL(bootcase_load(&b, 0xf0000, 1), image[IMAGE_BYTES - 64 * KB]);
    bootcase_free(&b);

    CU_ASSERT_TRUE_FATAL(machine(32 * MB, 64 * KB)); /* an old one, of one segment */
    CU_ASSERT_TRUE(bootcase_equal(&b, 0xf0000, image, 64 * KB));
    CU_ASSERT_TRUE(bootcase_equal(&b, 0xffff0000, image, 64 * KB));
    mem_store(b.mem, 0xe0000, 1, 0x5a);
    CU_ASSERT_EQUAL(bootcase_load(&b, 0xe0000, 1), 0x5a); /* no ROM there */
    bootcase_free(&b);
}

static bool refused(const char *bios, const char *reason)
{
    bootcase_new(&b, 32 * MB);
    b.config.firmware.bios = bios;
    bool found = !bootcase_start(&b) && strstr(b.error.error.text, reason) && strstr(b.error.error.text, bios);
    if (!found)
        printf("# %s\n", b.error.error.text);
    bootcase_free(&b);
    return found;
}

static void bad_images(void)
{
    image_put("odd.bin", 1000);
    CU_ASSERT_TRUE(refused(path, "no multiple of 4 KB"));
    snprintf(path, sizeof path, "%s/none", directory);
    CU_ASSERT_TRUE(refused(path, "No such file"));
    CU_ASSERT_TRUE(refused("rom-of-nobody", "looked for rom-of-nobody in"));
}

static void names(void)
{
    uint64_t length;
    char reason[500];
    image_put("bios-256k.bin", 4096);
    setenv("ABBEY_FIRMWARE_PATH", directory, 1); /* goes before the packages */
    uint8_t *bytes = rompath_read("seabios", MB, &length, reason, sizeof reason);
    CU_ASSERT_TRUE(bytes && length == 4096 && memcmp(bytes, image, 4096) == 0);
    free(bytes);
    bytes = rompath_read("bios-256k", MB, &length, reason, sizeof reason);
    CU_ASSERT_PTR_NOT_NULL(bytes);
    free(bytes);
    CU_ASSERT_PTR_NULL(rompath_read("seabios", 1000, &length, reason, sizeof reason));
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, "longer than"));
    CU_ASSERT_PTR_NULL(rompath_read("", MB, &length, reason, sizeof reason));
    unsetenv("ABBEY_FIRMWARE_PATH");
}

/* ---- what it is told ---- */

static uint32_t cmos16(unsigned at)
{
    return cmos[at] | (uint32_t)cmos[at + 1] << 8;
}

static void cmos_tells_memory(void)
{
    CU_ASSERT_TRUE_FATAL(machine(8 * MB, IMAGE_BYTES));
    CU_ASSERT_EQUAL(cmos16(0x15), 640);
    CU_ASSERT_EQUAL(cmos16(0x17), 7 * 1024);
    CU_ASSERT_EQUAL(cmos16(0x30), 7 * 1024);
    CU_ASSERT_EQUAL(cmos16(0x34), 0);
    uint32_t check = 0;
    for (unsigned i = 0x10; i < 0x2e; i++)
        check += cmos[i];
    CU_ASSERT_EQUAL(check, (uint32_t)cmos[0x2e] << 8 | cmos[0x2f]);
    bootcase_free(&b);
    CU_ASSERT_TRUE_FATAL(machine(5 * GB, IMAGE_BYTES));
    CU_ASSERT_EQUAL(cmos16(0x17), 63 * 1024); /* the most that a BIOS tells here */
    CU_ASSERT_EQUAL(cmos16(0x34), (3584 - 16) * 16);
    CU_ASSERT_EQUAL(cmos16(0x5b), (5 * 1024 - 3584) * 16);
    bootcase_free(&b);
}

static void cmos_tells_disks(void)
{
    static const uint8_t none[10] = { 0 },
                         user[9] = { 1234 & 255, 1234 >> 8, 16, 255, 255, 0xc8, 1234 & 255, 1234 >> 8, 63 };
    CU_ASSERT_TRUE_FATAL(machine(8 * MB, IMAGE_BYTES));
    CU_ASSERT_EQUAL(cmos[0x12], 0x0f);
    CU_ASSERT_EQUAL(cmos[0x1a], 47);
    CU_ASSERT_EQUAL(memcmp(cmos + 0x24, user, sizeof user), 0);
    CU_ASSERT_EQUAL(cmos[0x19], 0);
    CU_ASSERT_EQUAL(memcmp(cmos + 0x1b, none, 9), 0);
    CU_ASSERT_EQUAL(drive.words, 256);
    CU_ASSERT_TRUE(drive.diagnosed);
    CU_ASSERT_FALSE(drive.interrupts);
    CU_ASSERT_EQUAL(drive.control, 0);
    CU_ASSERT_EQUAL(drive.device, 0xa0);
    CU_ASSERT_EQUAL(drive.command, 0);
    bootcase_free(&b);
}

static void e820(void)
{
    uint64_t length;
    CU_ASSERT_TRUE_FATAL(machine(5 * GB, IMAGE_BYTES));
    const uint8_t *bytes = file_bytes("etc/e820", &length);
    CU_ASSERT_EQUAL(length, 40);
    CU_ASSERT_EQUAL(get64(bytes), 0);
    CU_ASSERT_EQUAL(get64(bytes + 8), 3584 * MB);
    CU_ASSERT_EQUAL(get64(bytes + 20), 4 * GB);
    CU_ASSERT_EQUAL(get64(bytes + 28), 5 * GB - 3584 * MB);
    CU_ASSERT_EQUAL(get32(bytes + 36), 1);
    bootcase_free(&b);
    CU_ASSERT_TRUE_FATAL(machine(64 * MB, IMAGE_BYTES));
    bytes = file_bytes("etc/e820", &length);
    CU_ASSERT_EQUAL(length, 20);
    CU_ASSERT_EQUAL(get64(bytes + 8), 64 * MB);
    bootcase_free(&b);
}

/* Puts both files at addresses of its choice, then adds, and sums up. */
static uint8_t tables[BOOT_TABLES_BYTES], rsdp[64];
#define TABLES_AT 0x07f00040u
#define RSDP_AT 0xf5550u

static uint8_t *loaded(const uint8_t *name)
{
    const char *text = (const char *)name;
    CU_ASSERT_TRUE_FATAL(strcmp(text, "etc/acpi/tables") == 0 || strcmp(text, "etc/acpi/rsdp") == 0);
    return strcmp(text, "etc/acpi/rsdp") == 0 ? rsdp : tables;
}

static void loader_run(void)
{
    uint64_t length;
    const uint8_t *commands = file_bytes("etc/table-loader", &length);
    CU_ASSERT_EQUAL_FATAL(length % 128, 0);
    for (const uint8_t *c = commands; c < commands + length; c += 128) {
        uint64_t bytes;
        if (get32(c) == 1) {
            const uint8_t *file = file_bytes((const char *)c + 4, &bytes);
            memcpy(loaded(c + 4), file, bytes);
            CU_ASSERT_EQUAL(c[4 + 60], loaded(c + 4) == rsdp ? 2 : 1); /* zone: the RSDP where guests look */
            CU_ASSERT_EQUAL((loaded(c + 4) == rsdp ? RSDP_AT : TABLES_AT) % get32(c + 4 + 56), 0);
        } else if (get32(c) == 2) {
            uint8_t *at = loaded(c + 4) + get32(c + 4 + 112);
            CU_ASSERT_EQUAL(loaded(c + 4 + 56), tables);
            if (c[4 + 116] == 8)
                put64(at, get64(at) + TABLES_AT);
            else
                put32(at, get32(at) + TABLES_AT);
        } else {
            CU_ASSERT_EQUAL(get32(c), 3);
            uint8_t *file = loaded(c + 4);
            uint32_t at = get32(c + 4 + 56), start = get32(c + 4 + 60), count = get32(c + 4 + 64);
            file[at] = (uint8_t)(file[at] - sum(file + start, count));
        }
    }
}

static void acpi_by_loader(void)
{
    CU_ASSERT_TRUE_FATAL(machine(128 * MB, IMAGE_BYTES));
    pm_base = 0x601;
    loader_run();
    CU_ASSERT_TRUE(memcmp(rsdp, "RSD PTR ", 8) == 0);
    CU_ASSERT_EQUAL(sum(rsdp, 20), 0);
    const uint8_t *rsdt = tables + (get32(rsdp + 16) - TABLES_AT);
    CU_ASSERT_TRUE(memcmp(rsdt, "RSDT", 4) == 0);
    CU_ASSERT_EQUAL(sum(rsdt, get32(rsdt + 4)), 0);
    const uint8_t *fadt = tables + (get32(rsdt + 36) - TABLES_AT);
    CU_ASSERT_TRUE(memcmp(fadt, "FACP", 4) == 0);
    CU_ASSERT_EQUAL(sum(fadt, get32(fadt + 4)), 0);
    CU_ASSERT_EQUAL(get32(fadt + 56), 0x600); /* where the firmware put it, not the property of the chip */
    CU_ASSERT_EQUAL(get32(fadt + 40), get64(fadt + 140));
    const uint8_t *dsdt = tables + (get32(fadt + 40) - TABLES_AT), *facs = tables + (get32(fadt + 36) - TABLES_AT);
    CU_ASSERT_TRUE(memcmp(dsdt, "DSDT", 4) == 0);
    CU_ASSERT_EQUAL(sum(dsdt, get32(dsdt + 4)), 0);
    CU_ASSERT_TRUE(memcmp(facs, "FACS", 4) == 0);
    CU_ASSERT_EQUAL((TABLES_AT + (uint32_t)(facs - tables)) & 63, 0);
    bootcase_free(&b);

    CU_ASSERT_TRUE_FATAL(machine(128 * MB, IMAGE_BYTES)); /* nothing to tell without power management */
    CU_ASSERT_PTR_NOT_NULL(file_find("etc/table-loader"));
    boot_free(b.boot);
    b.boot = NULL;
    b.devices[2].type = "nothing";
    file_count = 0;
    CU_ASSERT_TRUE_FATAL(bootcase_start(&b) && boot_files(b.boot, &board, &b.error));
    CU_ASSERT_PTR_NULL(file_find("etc/table-loader"));
    bootcase_free(&b);
}

static void smbios(void)
{
    uint64_t length, anchor_length;
    CU_ASSERT_TRUE_FATAL(machine(5 * GB, IMAGE_BYTES));
    const uint8_t *anchor = file_bytes("etc/smbios/smbios-anchor", &anchor_length);
    const uint8_t *all = file_bytes("etc/smbios/smbios-tables", &length);
    CU_ASSERT_EQUAL(anchor_length, 31);
    CU_ASSERT_EQUAL(sum(anchor, 31), 0);
    CU_ASSERT_EQUAL(sum(anchor + 16, 15), 0);
    CU_ASSERT_EQUAL(get16(anchor + 22), length);
    unsigned count = 0, largest = 0;
    bool ended = false;
    for (const uint8_t *at = all; at < all + length && !ended; count++) {
        const uint8_t *end = at + at[1];
        while (end[0] || end[1])
            end++;
        end += 2;
        if (at[0] == 1) {
            CU_ASSERT_EQUAL(at[7], 4);
            CU_ASSERT_STRING_EQUAL(
                (const char *)at + at[1] + sizeof "Abbey" + sizeof "Abbey PC" + sizeof "i440FX", "VMware-1");
        }
        if (at[0] == 17)
            CU_ASSERT_EQUAL(get16(at + 12), 5 * 1024);
        if ((unsigned)(end - at) > largest)
            largest = (unsigned)(end - at);
        ended = at[0] == 127;
        CU_ASSERT_EQUAL(ended, end == all + length);
        at = end;
    }
    CU_ASSERT_TRUE(ended);
    CU_ASSERT_EQUAL(get16(anchor + 28), count);
    CU_ASSERT_EQUAL(get16(anchor + 8), largest);
    bootcase_free(&b);
}

static const abbey_prop prop_unit = { .name = "unit" };

static void order_of_boot(void)
{
    static struct config_value units[] = { { .prop = &prop_unit, .integer = 2 }, { .prop = &prop_unit, .integer = 1 } };
    static struct plugin_device ide = { .device = { .provides = "ide" } }, fdc = { .device = { .provides = "floppy" } };
    static const char *order[] = { "cd0", "fd1", "nic", "ns16550", NULL };
    uint64_t length;
    CU_ASSERT_TRUE_FATAL(machine(64 * MB, IMAGE_BYTES));
    CU_ASSERT_PTR_NULL(file_find("bootorder"));
    boot_free(b.boot);
    b.boot = NULL;
    file_count = 0;
    struct config_node nodes[12];
    memcpy(nodes, b.devices, sizeof b.devices);
    nodes[8] = (struct config_node){ .id = "ide", .type = "piix3-ide", .device = &ide };
    nodes[9] = (struct config_node){ .id = "cd0", .type = "ide-cd", .bus = "ide", .values = units, .value_count = 1 };
    nodes[10] = (struct config_node){ .id = "fd1", .type = "x", .bus = "fdc", .values = units + 1, .value_count = 1 };
    nodes[11] = (struct config_node){ .id = "nic", .type = "pcnet" };
    struct config_node more[13];
    memcpy(more, nodes, sizeof nodes);
    more[12] = (struct config_node){ .id = "fdc", .type = "i82077aa", .device = &fdc };
    b.config.devices = more;
    b.config.device_count = 13;
    b.config.firmware.boot = order;
    CU_ASSERT_TRUE_FATAL(bootcase_start(&b) && boot_files(b.boot, &board, &b.error));
    const uint8_t *lines = file_bytes("bootorder", &length);
    CU_ASSERT_STRING_EQUAL(
        (const char *)lines, "/pci@i0cf8/pci@1,1/drive@1/disk@0\n/pci@i0cf8/isa@1/fdc@03f0/floppy@1\n/pci@i0cf8/pci@5");
    CU_ASSERT_EQUAL(lines[length - 1], 0);
    bootcase_free(&b);
}

static const struct unit_test tests[] = {
    { "the image stands below 4 GB, and its end below 1 MB", image_is_mapped },
    { "each bad image has its own message", bad_images },
    { "images are found by name", names },
    { "CMOS memory tells how much RAM there is", cmos_tells_memory },
    { "CMOS memory tells the geometry of the disks", cmos_tells_disks },
    { "etc/e820 tells where RAM is", e820 },
    { "the loader's commands make good ACPI tables", acpi_by_loader },
    { "the SMBIOS structures agree with their entry point", smbios },
    { "firmware.boot becomes device paths", order_of_boot },
};

int main(void)
{
    if (!mkdtemp(directory))
        return 99;
    int status = unit_main("firmware", tests, sizeof tests / sizeof tests[0]);
    snprintf(path, sizeof path, "rm -rf %s", directory);
    return system(path) ? 99 : status;
}
