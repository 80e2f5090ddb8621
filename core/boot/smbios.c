/* SMBIOS structures (System Management BIOS Reference Specification 2.8, DSP0134): what the machine is, for inventories
 * and for drivers that look for it by name. The firmware adds what only it knows, structure 0, and puts the tables
 * where guests look for them. */
#include "core/boot/parts.h"

#include <string.h>

struct writer {
    uint8_t *bytes;
    uint32_t used, count, largest;
    uint32_t start; /* of the structure that is being written */
};

/* Opens structure `type` with `length` formatted bytes, all zero behind the header (6.1.2). */
static uint8_t *structure_open(struct writer *w, uint8_t type, uint8_t length)
{
    uint8_t *at = w->bytes + w->used;
    w->start = w->used;
    memset(at, 0, length);
    at[0] = type;
    at[1] = length;
    put16(at + 2, (uint16_t)(0x100 * type)); /* handle */
    w->used += length;
    return at;
}

/* The strings of a structure, numbered from 1, and the zero that ends it; without strings there are two. */
static void structure_close(struct writer *w, const char *const *strings)
{
    for (unsigned i = 0; strings && strings[i]; i++) {
        size_t length = strlen(strings[i]) + 1;
        memcpy(w->bytes + w->used, strings[i], length);
        w->used += (uint32_t)length;
    }
    if (!strings)
        w->bytes[w->used++] = 0;
    w->bytes[w->used++] = 0;
    w->count++;
    if (w->used - w->start > w->largest)
        w->largest = w->used - w->start;
}

static void system_write(struct writer *w, const char *serial)
{
    const char *const strings[] = { "Abbey", "Abbey PC", "i440FX", serial && *serial ? serial : NULL, NULL };
    uint8_t *at = structure_open(w, 1, 27); /* 7.2 */
    at[4] = 1;                              /* manufacturer */
    at[5] = 2;                              /* product */
    at[6] = 3;                              /* version */
    at[7] = strings[3] ? 4 : 0;             /* serial number */
    at[24] = 6;                             /* woken by the power switch */
    structure_close(w, strings);
}

static void chassis_write(struct writer *w)
{
    static const char *const strings[] = { "Abbey", NULL };
    uint8_t *at = structure_open(w, 3, 21); /* 7.4 */
    at[4] = 1;                              /* manufacturer */
    at[5] = 3;                              /* desktop */
    at[9] = at[10] = at[11] = 3;            /* boot-up, power supply, thermal: safe */
    at[12] = 2;                             /* security: unknown */
    structure_close(w, strings);
}

static void processor_write(struct writer *w)
{
    static const char *const strings[] = { "CPU 1", "Abbey", NULL };
    uint8_t *at = structure_open(w, 4, 42); /* 7.5 */
    at[4] = 1;                              /* socket */
    at[5] = 3;                              /* central processor */
    at[6] = 1;                              /* family: other; CPUID says it */
    at[7] = 2;                              /* manufacturer */
    at[24] = 0x41;                          /* populated, enabled */
    at[25] = 1;                             /* upgrade: other */
    put16(at + 26, 0xffff);                 /* caches: not described */
    put16(at + 28, 0xffff);
    put16(at + 30, 0xffff);
    at[35] = at[36] = at[37] = 1; /* cores, enabled, threads */
    structure_close(w, strings);
}

static void memory_write(struct writer *w, uint64_t bytes)
{
    static const char *const strings[] = { "DIMM 1", NULL };
    uint8_t *array = structure_open(w, 16, 23); /* 7.17 */
    array[4] = 3;                               /* on the mainboard */
    array[5] = 3;                               /* system memory */
    array[6] = 3;                               /* no error correction */
    put32(array + 7, 0x80000000);               /* capacity: see the extended field */
    put16(array + 11, 0xfffe);                  /* no error information */
    put16(array + 13, 1);                       /* devices */
    put64(array + 15, bytes);
    structure_close(w, NULL);
    uint8_t *device = structure_open(w, 17, 40); /* 7.18 */
    put16(device + 4, 0x1000);                   /* of the array above */
    put16(device + 6, 0xfffe);
    put16(device + 8, 64);
    put16(device + 10, 64);
    put16(device + 12, bytes < 32767 * MB ? (uint16_t)(bytes / MB) : 0x7fff);
    put32(device + 28, bytes < 32767 * MB ? 0 : (uint32_t)(bytes / MB)); /* extended size */
    device[14] = 9;                                                      /* DIMM */
    device[16] = 1;                                                      /* locator */
    device[18] = 7;                                                      /* RAM */
    put16(device + 19, 2);
    structure_close(w, strings);
}

/* An address range of the array, in KB (7.20); its last is inclusive. */
static void range_write(struct writer *w, uint16_t handle, uint64_t start, uint64_t bytes)
{
    uint8_t *at = structure_open(w, 19, 31);
    put16(at + 2, handle);
    put32(at + 4, start < 4 * GB ? (uint32_t)(start / KB) : UINT32_MAX);
    put32(at + 8, start < 4 * GB ? (uint32_t)((start + bytes) / KB - 1) : UINT32_MAX);
    put16(at + 12, 0x1000);
    at[14] = 1;
    if (start >= 4 * GB) {
        put64(at + 15, start);
        put64(at + 23, start + bytes - 1);
    }
    structure_close(w, NULL);
}

static void checksum_set(uint8_t *bytes, uint32_t count, uint32_t at)
{
    uint8_t sum = 0;
    bytes[at] = 0;
    for (uint32_t i = 0; i < count; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[at] = (uint8_t)-sum;
}

uint32_t smbios_make(const struct boot *boot, uint8_t tables[SMBIOS_ROOM], uint8_t anchor[SMBIOS_ANCHOR_BYTES])
{
    struct writer w = { .bytes = tables };
    uint64_t ram = mem_ram_bytes(boot->mem), low = mem_low_bytes(boot->mem);
    system_write(&w, boot->config->firmware.serial);
    chassis_write(&w);
    processor_write(&w);
    memory_write(&w, ram);
    range_write(&w, 0x1300, 0, low);
    if (ram > low)
        range_write(&w, 0x1301, 4 * GB, ram - low);
    structure_open(&w, 32, 11); /* 7.33: no errors at boot */
    structure_close(&w, NULL);
    structure_open(&w, 127, 4); /* 7.45: end */
    structure_close(&w, NULL);

    memset(anchor, 0, SMBIOS_ANCHOR_BYTES); /* 5.2.1 */
    memcpy(anchor, "_SM_", 4);
    anchor[5] = SMBIOS_ANCHOR_BYTES;
    anchor[6] = 2;
    anchor[7] = 8;
    put16(anchor + 8, (uint16_t)w.largest);
    memcpy(anchor + 16, "_DMI_", 5);
    put16(anchor + 22, (uint16_t)w.used);
    put16(anchor + 28, (uint16_t)w.count);
    anchor[30] = 0x28;
    checksum_set(anchor + 16, 15, 5);
    checksum_set(anchor, SMBIOS_ANCHOR_BYTES, 4);
    return w.used;
}
