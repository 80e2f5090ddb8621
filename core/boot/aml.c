#include "core/boot/aml.h"

#include <string.h>

void aml_byte(struct aml *aml, uint8_t byte)
{
    if (aml->used == AML_ROOM)
        aml->full = true;
    else
        aml->bytes[aml->used++] = byte;
}

void aml_word(struct aml *aml, uint16_t word)
{
    aml_byte(aml, (uint8_t)word);
    aml_byte(aml, (uint8_t)(word >> 8));
}

void aml_dword(struct aml *aml, uint32_t dword)
{
    aml_word(aml, (uint16_t)dword);
    aml_word(aml, (uint16_t)(dword >> 16));
}

/* ---- names and data ---- */

void aml_path(struct aml *aml, const char *path)
{
    if (*path == '\\') {
        aml_byte(aml, '\\');
        path++;
    }
    uint8_t segments = 1;
    for (const char *p = path; *p; p++)
        segments = (uint8_t)(segments + (*p == '.'));
    if (segments == 2) {
        aml_byte(aml, 0x2e); /* DualNamePrefix */
    } else if (segments > 2) {
        aml_byte(aml, 0x2f); /* MultiNamePrefix */
        aml_byte(aml, segments);
    }
    for (;;) {
        for (unsigned i = 0; i < 4; i++)
            aml_byte(aml, (uint8_t)(*path && *path != '.' ? *path++ : '_'));
        if (!*path)
            break;
        path++;
    }
}

void aml_integer(struct aml *aml, uint32_t value)
{
    if (value <= 1) {
        aml_byte(aml, (uint8_t)value); /* ZeroOp, OneOp */
    } else if (value <= 0xff) {
        aml_byte(aml, 0x0a);
        aml_byte(aml, (uint8_t)value);
    } else if (value <= 0xffff) {
        aml_byte(aml, 0x0b);
        aml_word(aml, (uint16_t)value);
    } else {
        aml_byte(aml, 0x0c);
        aml_dword(aml, value);
    }
}

static uint32_t hex(char digit)
{
    return digit <= '9' ? (uint32_t)(digit - '0') : (uint32_t)(digit - 'A' + 10);
}

/* Three letters in five bits each, four digits in four bits each, most significant byte first (ACPI 2.0, 16.2.3.3). */
void aml_eisa_id(struct aml *aml, const char *id)
{
    uint32_t value = (uint32_t)(id[0] & 31) << 26 | (uint32_t)(id[1] & 31) << 21 | (uint32_t)(id[2] & 31) << 16 |
                     hex(id[3]) << 12 | hex(id[4]) << 8 | hex(id[5]) << 4 | hex(id[6]);
    aml_byte(aml, 0x0c);
    aml_dword(aml, __builtin_bswap32(value));
}

void aml_buffer(struct aml *aml, const uint8_t *bytes, uint32_t count)
{
    aml_open(aml, AML_BUFFER);
    aml_integer(aml, count);
    for (uint32_t i = 0; i < count; i++)
        aml_byte(aml, bytes[i]);
    aml_close(aml);
}

/* ---- packages ---- */

static void opcode_write(struct aml *aml, uint16_t opcode)
{
    if (opcode > 0xff)
        aml_byte(aml, (uint8_t)(opcode >> 8));
    aml_byte(aml, (uint8_t)opcode);
}

void aml_open(struct aml *aml, uint16_t opcode)
{
    opcode_write(aml, opcode);
    if (aml->depth == AML_DEPTH)
        aml->full = true;
    else
        aml->open[aml->depth++] = aml->used;
}

/* PkgLength (17.2.4) counts itself: one byte up to 63, else four bits in the first and eight in each that follows. */
void aml_close(struct aml *aml)
{
    if (aml->full)
        return;
    uint32_t start = aml->open[--aml->depth], length = aml->used - start;
    uint32_t extra = length + 1 <= 63 ? 0 : length + 2 <= 0xfff ? 1 : 2;
    if (aml->used + 1 + extra > AML_ROOM) {
        aml->full = true;
        return;
    }
    memmove(aml->bytes + start + 1 + extra, aml->bytes + start, length);
    aml->used += 1 + extra;
    length += 1 + extra;
    aml->bytes[start] = (uint8_t)(extra ? extra << 6 | (length & 15) : length);
    for (uint32_t i = 0; i < extra; i++)
        aml->bytes[start + 1 + i] = (uint8_t)(length >> (4 + 8 * i));
}

void aml_scope(struct aml *aml, const char *path)
{
    aml_open(aml, AML_SCOPE);
    aml_path(aml, path);
}

void aml_device(struct aml *aml, const char *name)
{
    aml_open(aml, AML_DEVICE);
    aml_path(aml, name);
}

void aml_method(struct aml *aml, const char *name, uint8_t arguments, bool serialized)
{
    aml_open(aml, AML_METHOD);
    aml_path(aml, name);
    aml_byte(aml, (uint8_t)(arguments | (serialized ? 8 : 0)));
}

void aml_name(struct aml *aml, const char *name)
{
    aml_byte(aml, AML_NAME);
    aml_path(aml, name);
}

void aml_package(struct aml *aml, uint8_t elements)
{
    aml_open(aml, AML_PACKAGE);
    aml_byte(aml, elements);
}

/* ---- resources ---- */

void res_io(struct aml *res, uint16_t start, uint8_t count)
{
    aml_byte(res, 0x47); /* 6.4.2.5 */
    aml_byte(res, 1);    /* decodes 16 bits */
    aml_word(res, start);
    aml_word(res, start);
    aml_byte(res, 1);
    aml_byte(res, count);
}

void res_dma(struct aml *res, uint8_t channels)
{
    aml_byte(res, 0x2a); /* 6.4.2.2 */
    aml_byte(res, channels);
    aml_byte(res, 0);
}

void res_irq(struct aml *res, uint32_t irq)
{
    aml_byte(res, 0x22); /* 6.4.2.1 without flags */
    aml_word(res, (uint16_t)(1u << irq));
}

void res_irq_shared(struct aml *res, const uint8_t *irqs, uint8_t count)
{
    aml_byte(res, 0x89); /* 6.4.3.6 */
    aml_word(res, (uint16_t)(2 + 4 * count));
    aml_byte(res, 0x0d); /* consumer, level, active low, shared */
    aml_byte(res, count);
    for (unsigned i = 0; i < count; i++)
        aml_dword(res, irqs[i]);
}

static void word_window(struct aml *res, uint8_t type, uint8_t type_flags, uint16_t first, uint16_t last)
{
    aml_byte(res, 0x88); /* 6.4.3.5.3 */
    aml_word(res, 13);
    aml_byte(res, type);
    aml_byte(res, 0x0c); /* minimum and maximum fixed, positive decode, producer */
    aml_byte(res, type_flags);
    aml_word(res, 0);
    aml_word(res, first);
    aml_word(res, last);
    aml_word(res, 0);
    aml_word(res, (uint16_t)(last - first + 1));
}

void res_bus_window(struct aml *res, uint16_t first, uint16_t last)
{
    word_window(res, 2, 0, first, last);
}

void res_io_window(struct aml *res, uint16_t first, uint16_t last)
{
    word_window(res, 1, 3, first, last);
}

void res_memory_window(struct aml *res, uint32_t first, uint32_t last)
{
    aml_byte(res, 0x87); /* 6.4.3.5.2 */
    aml_word(res, 23);
    aml_byte(res, 0);
    aml_byte(res, 0x0c);
    aml_byte(res, 1); /* read and write, not cached */
    aml_dword(res, 0);
    aml_dword(res, first);
    aml_dword(res, last);
    aml_dword(res, 0);
    aml_dword(res, last - first + 1);
}

void aml_resources(struct aml *aml, const char *name, struct aml *res)
{
    aml_byte(res, 0x79); /* end tag; checksum 0: not used */
    aml_byte(res, 0);
    aml->full |= res->full;
    aml_name(aml, name);
    aml_buffer(aml, res->bytes, res->used);
    res->used = 0;
}
