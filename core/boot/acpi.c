/* The ACPI tables (ACPI 2.0, chapter 5): RSDP -> RSDT -> FADT -> DSDT and FACS. No MADT, because the board has one CPU
 * and no APIC. ACPI mode is always on: SMI_CMD is 0 (4.7.2.5), and the chip comes out of reset with SCI_EN set, or
 * chores.c sets it. */
#include "core/boot/dsdt.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 36u
#define RSDT_BYTES (HEADER_BYTES + 4)
#define FADT_BYTES 244u
#define FACS_BYTES 64u

/* Offsets of the tables from the first. */
#define RSDT_AT 0x000u
#define FADT_AT 0x040u
#define DSDT_AT 0x140u

#define SPACE_IO 1u

/* IAPC_BOOT_ARCH and Flags of the FADT (5.2.8). */
#define ARCH_LEGACY_DEVICES 1u
#define ARCH_8042 2u
#define ARCH_NO_VGA 4u
#define FLAG_WBINVD 1u
#define FLAG_PROC_C1 4u
#define FLAG_NO_SLEEP_BUTTON 0x20u
#define FLAG_NO_FIXED_RTC_WAKE 0x40u
#define FLAG_TIMER_32 0x100u
#define FLAG_RESET_REG 0x400u

static void checksum_set(uint8_t *table, uint32_t bytes, uint32_t at)
{
    uint8_t sum = 0;
    table[at] = 0;
    for (uint32_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + table[i]);
    table[at] = (uint8_t)-sum;
}

static void header_write(uint8_t *table, const char *signature, uint32_t bytes, uint8_t revision)
{
    memcpy(table, signature, 4);
    put32(table + 4, bytes);
    table[8] = revision;
    memcpy(table + 10, "ABBEY ABBEYPC ", 14); /* OEM, OEM table */
    put32(table + 24, 1);
    memcpy(table + 28, "ABBY", 4);
    put32(table + 32, 1);
    checksum_set(table, bytes, 9);
}

/* Generic address (5.2.3.1). */
static void gas(uint8_t *at, uint32_t port, uint32_t bytes)
{
    at[0] = SPACE_IO;
    at[1] = (uint8_t)(bytes * 8);
    put64(at + 4, port);
}

static void fadt_write(const struct boot_facts *facts, uint32_t base, uint32_t facs_at, uint8_t *fadt)
{
    put32(fadt + ACPI_FADT_FACS, base + facs_at);
    put32(fadt + ACPI_FADT_DSDT, base + DSDT_AT);
    fadt[45] = 1; /* desktop */
    put16(fadt + 46, facts->sci);
    put32(fadt + 56, facts->pm_base);      /* PM1a_EVT_BLK */
    put32(fadt + 64, facts->pm_base + 4u); /* PM1a_CNT_BLK */
    put32(fadt + 76, facts->pm_base + 8u); /* PM_TMR_BLK */
    put32(fadt + 80, facts->gpe);          /* GPE0_BLK */
    fadt[88] = 4;                          /* PM1_EVT_LEN */
    fadt[89] = 2;                          /* PM1_CNT_LEN */
    fadt[91] = 4;                          /* PM_TMR_LEN */
    fadt[92] = facts->gpe ? 4 : 0;         /* GPE0_BLK_LEN */
    put16(fadt + 96, 0xfff);               /* no C2, no C3 */
    put16(fadt + 98, 0xfff);
    fadt[108] = facts->rtc ? 0x32 : 0; /* CENTURY, in CMOS */
    put16(fadt + 109,
        (uint16_t)(ARCH_LEGACY_DEVICES | (facts->keyboard ? ARCH_8042 : 0) | (facts->display ? 0 : ARCH_NO_VGA)));
    put32(fadt + 112, FLAG_WBINVD | FLAG_PROC_C1 | FLAG_NO_SLEEP_BUTTON | FLAG_NO_FIXED_RTC_WAKE |
                          (facts->isa_slot >= 0 ? FLAG_RESET_REG : 0) |
                          (facts->pm_timer_bits == 32 ? FLAG_TIMER_32 : 0));
    if (facts->isa_slot >= 0) {
        gas(fadt + 116, 0xcf9, 1);
        fadt[128] = 6; /* hard reset, now (82371SB, 2.2.5 reset control) */
    }
    put64(fadt + ACPI_FADT_X_DSDT, base + DSDT_AT);
    gas(fadt + 148, facts->pm_base, 4);
    gas(fadt + 172, facts->pm_base + 4u, 2);
    gas(fadt + 208, facts->pm_base + 8u, 4);
    if (facts->gpe)
        gas(fadt + 220, facts->gpe, 4);
    header_write(fadt, "FACP", FADT_BYTES, 3);
}

void acpi_rsdp(uint32_t base, uint8_t rsdp[ACPI_RSDP_BYTES])
{
    memset(rsdp, 0, ACPI_RSDP_BYTES);
    memcpy(rsdp, "RSD PTR ", 8);
    memcpy(rsdp + 9, "ABBEY ", 6);
    put32(rsdp + ACPI_RSDP_RSDT, base + RSDT_AT);
    checksum_set(rsdp, ACPI_RSDP_BYTES, 8);
}

bool acpi_make(const struct boot_facts *facts, uint32_t base, uint32_t facs_at, struct acpi_image *image)
{
    struct aml *dsdt = calloc(1, sizeof *dsdt);
    if (!dsdt)
        return false;
    dsdt->used = HEADER_BYTES;
    bool fits = dsdt_write(dsdt, facts);
    uint32_t dsdt_end = DSDT_AT + ((dsdt->used + 63) & ~63u); /* a FACS is aligned to 64 bytes (5.2.10) */
    image->facs = facs_at ? facs_at : dsdt_end;
    image->length = image->facs + FACS_BYTES;
    fits = fits && image->facs >= dsdt_end && image->length <= sizeof image->bytes;
    if (fits) {
        uint8_t *at = image->bytes;
        memset(at, 0, sizeof image->bytes);
        header_write(dsdt->bytes, "DSDT", dsdt->used, 1); /* revision 1: integers of 32 bits */
        memcpy(at + DSDT_AT, dsdt->bytes, dsdt->used);
        fadt_write(facts, base, image->facs, at + FADT_AT);
        put32(at + RSDT_AT + HEADER_BYTES, base + FADT_AT);
        header_write(at + RSDT_AT, "RSDT", RSDT_BYTES, 1);
        memcpy(at + image->facs, "FACS", 4);
        put32(at + image->facs + 4, FACS_BYTES);
        at[image->facs + 32] = 1; /* version */
        image->rsdt = RSDT_AT;
        image->fadt = FADT_AT;
        image->rsdt_fadt = RSDT_AT + HEADER_BYTES;
        image->rsdt_bytes = RSDT_BYTES;
        image->fadt_bytes = FADT_BYTES;
    }
    free(dsdt);
    return fits;
}

/* The FACS, which the guest writes, stands in the part of type NVS: the last page. */
bool acpi_write(struct boot *boot)
{
    struct acpi_image *image = malloc(sizeof *image);
    bool good = image && acpi_make(&boot->facts, boot->tables, BOOT_TABLES_BYTES - 4 * KB, image);
    if (good)
        mem_write(boot->mem, boot->tables, image->bytes, image->length);
    free(image);
    return good;
}
