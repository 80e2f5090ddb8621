/* The hard disks in CMOS memory, where old systems look for them and not at the drives: Minix, Xenix, OS/2's and
 * Windows 9x's compatibility code. As a set-up program with "auto detect" does it, we ask the two drives of the first
 * channel by IDENTIFY DEVICE (ATA/ATAPI-5, section 8.15), before any guest runs. Types are a nibble each at 12h, where
 * 15 means the byte at 19h or 1Ah; type 47 is the user's own, whose geometry stands in nine bytes (the convention of
 * AMI's and Phoenix's set-up programs, and of Bochs). */
#include "core/boot/parts.h"

#define DATA 0x1f0u
#define DEVICE 0x1f6u
#define STATUS 0x1f7u /* written: the command */
#define CONTROL 0x3f6u
#define NO_INTERRUPTS 0x02u
#define BUSY 0x80u
#define READY_WITH_DATA 0x58u
#define IDENTIFY 0xecu
#define DIAGNOSE 0x90u

#define USERS_OWN 47u

#define CONFIG_ADDRESS 0xcf8u
#define CONFIG_DATA 0xcfcu
#define COMMAND 0x04u
#define COMMAND_IO 0x01u

static uint32_t in(const struct boot_ports *ports, uint16_t port, uint32_t size)
{
    return ports->in(ports->opaque, port, size);
}

static void out(const struct boot_ports *ports, uint16_t port, uint32_t value)
{
    ports->out(ports->opaque, port, 1, value);
}

/* Cylinders, heads and sectors of a drive; false when there is none, or it is no disk. */
static bool drive_ask(const struct boot_ports *ports, unsigned unit, uint16_t geometry[3])
{
    uint16_t words[256];
    out(ports, DEVICE, 0xa0u | unit << 4);
    uint32_t status = in(ports, STATUS, 1);
    if (!status || status & BUSY)
        return false;
    out(ports, STATUS, IDENTIFY);
    if ((in(ports, STATUS, 1) & (BUSY | READY_WITH_DATA)) != READY_WITH_DATA)
        return false;
    for (unsigned i = 0; i < 256; i++)
        words[i] = (uint16_t)in(ports, DATA, 2);
    geometry[0] = words[1];
    geometry[1] = words[3];
    geometry[2] = words[6];
    return true;
}

/* The controller answers to its ports once software has allowed it: returns what the command register was. */
static uint32_t controller_command(const struct boot_facts *facts, const struct boot_ports *ports, uint32_t value)
{
    uint32_t address = 0x80000000u | (uint32_t)facts->ide_slot << 11 | facts->ide_function << 8 | COMMAND;
    ports->out(ports->opaque, CONFIG_ADDRESS, 4, address);
    uint32_t before = in(ports, CONFIG_DATA, 2);
    ports->out(ports->opaque, CONFIG_DATA, 2, value);
    ports->out(ports->opaque, CONFIG_ADDRESS, 4, 0);
    return before;
}

static void disk_describe(struct cmos_disk *disk, const uint16_t geometry[3])
{
    *disk = (struct cmos_disk){ .type = USERS_OWN };
    disk->bytes[0] = disk->bytes[6] = (uint8_t)geometry[0]; /* cylinders; where heads land */
    disk->bytes[1] = disk->bytes[7] = (uint8_t)(geometry[0] >> 8);
    disk->bytes[2] = (uint8_t)geometry[1];
    disk->bytes[3] = disk->bytes[4] = 0xff;         /* no write precompensation */
    disk->bytes[5] = geometry[1] > 8 ? 0xc8 : 0xc0; /* control byte: no retries, more than 8 heads */
    disk->bytes[8] = (uint8_t)geometry[2];
}

void cmos_disks(const struct boot_facts *facts, const struct boot_ports *ports, struct cmos_disk disks[2])
{
    uint16_t geometry[3];
    disks[0] = disks[1] = (struct cmos_disk){ 0 };
    if (facts->ide_slot < 0)
        return;
    uint32_t before = controller_command(facts, ports, COMMAND_IO);
    out(ports, CONTROL, NO_INTERRUPTS);
    for (unsigned unit = 0; unit < 2; unit++)
        if (drive_ask(ports, unit, geometry))
            disk_describe(&disks[unit], geometry);
    out(ports, DEVICE, 0xa0);
    if (disks[0].type || disks[1].type)
        out(ports, STATUS, DIAGNOSE); /* leaves the registers as after power-on */
    in(ports, STATUS, 1);
    out(ports, CONTROL, 0);
    controller_command(facts, ports, before);
}
