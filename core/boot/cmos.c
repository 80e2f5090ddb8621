/* The CMOS memory of a PC tells its firmware, and some drivers, what the board has: memory, diskette drives, the order
 * of boot. On a real one the set-up program wrote it; here it follows from the machine file, anew at each cold start.
 * Where what stands is the IBM PC/AT Technical Reference up to 33h, and beyond it the convention of Bochs, which
 * SeaBIOS reads. */
#include "core/boot/parts.h"

#define PORT_INDEX 0x70u
#define PORT_DATA 0x71u

#define DISKETTES 0x10u
#define DISKS 0x12u /* 15 in a nibble: see the type beyond */
#define DISK_TYPE 0x19u
#define DISK_USERS_OWN 0x1bu /* nine bytes for each */
#define EQUIPMENT 0x14u
#define BASE_KB 0x15u
#define EXTENDED_KB 0x17u /* above 1 MB, up to 64 MB */
#define CHECKSUM 0x2eu    /* of 10h to 2Dh, the high byte first */
#define EXTENDED_KB_POST 0x30u
#define ABOVE_16M 0x34u /* in 64 KB, up to 4 GB */
#define BOOT_2 0x38u
#define BOOT_1 0x3du
#define ABOVE_4G 0x5bu /* in 64 KB, three bytes */

#define EQUIPMENT_DISKETTE 0x01u
#define EQUIPMENT_FPU 0x02u
#define EQUIPMENT_MOUSE 0x04u

/* The order of boot without a list of devices: hard disk, diskette, CD; a nibble each, 1 diskette, 2 disk, 3 CD. */
#define ORDER_1 0x12u
#define ORDER_2 0x30u

static uint8_t cmos_read(const struct boot_ports *ports, uint32_t at)
{
    ports->out(ports->opaque, PORT_INDEX, 1, at);
    return (uint8_t)ports->in(ports->opaque, PORT_DATA, 1);
}

static void cmos_write(const struct boot_ports *ports, uint32_t at, uint32_t value, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        ports->out(ports->opaque, PORT_INDEX, 1, at + i);
        ports->out(ports->opaque, PORT_DATA, 1, value >> 8 * i & 0xff);
    }
}

static uint32_t least(uint64_t value, uint32_t most)
{
    return value < most ? (uint32_t)value : most;
}

static void memory_write(const struct boot *boot, const struct boot_ports *ports)
{
    uint64_t low = mem_low_bytes(boot->mem), high = mem_ram_bytes(boot->mem) - low;
    uint32_t extended = low > MB ? least((low - MB) / KB, 63 * 1024) : 0;
    cmos_write(ports, BASE_KB, 640, 2);
    cmos_write(ports, EXTENDED_KB, extended, 2);
    cmos_write(ports, EXTENDED_KB_POST, extended, 2);
    cmos_write(ports, ABOVE_16M, low > 16 * MB ? (uint32_t)((low - 16 * MB) / (64 * KB)) : 0, 2);
    cmos_write(ports, ABOVE_4G, (uint32_t)(high / (64 * KB)), 3);
}

static void disks_write(const struct boot_facts *facts, const struct boot_ports *ports)
{
    struct cmos_disk disks[2];
    cmos_disks(facts, ports, disks);
    cmos_write(ports, DISKS, (disks[0].type ? 0xf0u : 0) | (disks[1].type ? 0x0fu : 0), 1);
    for (uint32_t unit = 0; unit < 2; unit++) {
        cmos_write(ports, DISK_TYPE + unit, disks[unit].type, 1);
        for (uint32_t i = 0; i < sizeof disks[unit].bytes; i++)
            cmos_write(ports, DISK_USERS_OWN + unit * (uint32_t)sizeof disks[unit].bytes + i, disks[unit].bytes[i], 1);
    }
}

void cmos_set_up(const struct boot *boot, const struct boot_ports *ports)
{
    const struct boot_facts *facts = &boot->facts;
    if (!facts->rtc)
        return;
    uint32_t drives = (facts->floppy[0] ? 1u : 0) + (facts->floppy[1] ? 1u : 0);
    uint32_t equipment = EQUIPMENT_FPU | (facts->mouse ? EQUIPMENT_MOUSE : 0);
    if (drives)
        equipment |= EQUIPMENT_DISKETTE | (drives - 1) << 6;
    cmos_write(ports, DISKETTES, (uint32_t)facts->floppy[0] << 4 | facts->floppy[1], 1);
    cmos_write(ports, EQUIPMENT, equipment, 1);
    cmos_write(ports, BOOT_1, ORDER_1, 1);
    cmos_write(ports, BOOT_2, ORDER_2, 1);
    memory_write(boot, ports);
    disks_write(facts, ports);
    uint32_t sum = 0;
    for (uint32_t at = 0x10; at < CHECKSUM; at++)
        sum += cmos_read(ports, at);
    cmos_write(ports, CHECKSUM, sum >> 8 & 0xff, 1);
    cmos_write(ports, CHECKSUM + 1, sum & 0xff, 1);
}
