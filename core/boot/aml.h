/* aml.h - writes ACPI machine language (ACPI 2.0, chapter 17.2) and resource descriptors (6.4) into a buffer.
 *
 * Packages nest: aml_open() starts one, aml_close() ends the innermost and puts its length in front of its contents.
 *
 *     aml_scope(&aml, "\\_SB");             Scope (\_SB) {
 *     aml_device(&aml, "SPKR");                 Device (SPKR) {
 *     aml_name(&aml, "_HID");                       Name (_HID,
 *     aml_eisa_id(&aml, "PNP0800");                     EisaId ("PNP0800"))
 *     aml_close(&aml);                          }
 *     aml_close(&aml);                      } */
#ifndef ABBEY_CORE_BOOT_AML_H
#define ABBEY_CORE_BOOT_AML_H

#include <stdbool.h>
#include <stdint.h>

#define AML_DEPTH 8
#define AML_ROOM 16384u

struct aml {
    uint8_t bytes[AML_ROOM];
    uint32_t used;
    bool full; /* something did not fit: the contents are good for nothing */
    uint32_t open[AML_DEPTH];
    unsigned depth;
};

void aml_byte(struct aml *aml, uint8_t byte);
void aml_word(struct aml *aml, uint16_t word);
void aml_dword(struct aml *aml, uint32_t dword);

/* A path: "\\_SB.PCI0", "LNKA"; segments are filled up with underscores. */
void aml_path(struct aml *aml, const char *path);
void aml_integer(struct aml *aml, uint32_t value);
void aml_eisa_id(struct aml *aml, const char *id);
/* Buffer with these bytes. */
void aml_buffer(struct aml *aml, const uint8_t *bytes, uint32_t count);

/* Opens a package behind its opcode; what stands between the length and the contents follows. */
void aml_open(struct aml *aml, uint16_t opcode);
void aml_close(struct aml *aml);

#define AML_NAME 0x08
#define AML_SCOPE 0x10
#define AML_BUFFER 0x11
#define AML_PACKAGE 0x12
#define AML_METHOD 0x14
#define AML_ARG0 0x68
#define AML_STORE 0x70
#define AML_AND 0x7b
#define AML_OR 0x7d
#define AML_DWORD_FIELD 0x8a
#define AML_LLESS 0x95
#define AML_IF 0xa0
#define AML_RETURN 0xa4
#define AML_OP_REGION 0x5b80
#define AML_FIELD 0x5b81
#define AML_DEVICE 0x5b82

void aml_scope(struct aml *aml, const char *path);
void aml_device(struct aml *aml, const char *name);
void aml_method(struct aml *aml, const char *name, uint8_t arguments, bool serialized);
/* Name (name, ...): the object follows. */
void aml_name(struct aml *aml, const char *name);
void aml_package(struct aml *aml, uint8_t elements);

/* Resource descriptors. */
void res_io(struct aml *res, uint16_t start, uint8_t count);
void res_irq(struct aml *res, uint32_t irq);                              /* edge-triggered, not shared */
void res_dma(struct aml *res, uint8_t channels);                          /* a mask; bytes, not a bus master */
void res_irq_shared(struct aml *res, const uint8_t *irqs, uint8_t count); /* level, active low */
void res_bus_window(struct aml *res, uint16_t first, uint16_t last);
void res_io_window(struct aml *res, uint16_t first, uint16_t last);
void res_memory_window(struct aml *res, uint32_t first, uint32_t last);
/* Name (_CRS or _PRS, ResourceTemplate of what was collected); `res` is empty again. */
void aml_resources(struct aml *aml, const char *name, struct aml *res);

#endif
