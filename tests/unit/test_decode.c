/* The short way of decoding against the long one. */
#include <string.h>
#include <stdio.h>

#include "core/cpu/interp/decode.h"
#include "tests/unit/unit.h"

static uint64_t dice = 88172645463325252u;

static uint8_t random_byte(void)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (uint8_t)(dice >> 32);
}

/* Both ways for the bytes, of which `count` are there. */
static bool same(
    const struct decoder *brief, const struct decoder *whole, const uint8_t *bytes, uint32_t count, bool code32)
{
    struct insn a, b;
    bool ends_a, ends_b;
    bool there_a = decode(brief, bytes, count, code32, &a, &ends_a);
    bool there_b = decode(whole, bytes, count, code32, &b, &ends_b);
    if (there_a != there_b || ends_a != ends_b || a.exec != b.exec || a.length != b.length)
        return false;
    return !a.length || !memcmp(&a, &b, sizeof(a));
}

static void compare(struct decoder *brief, struct decoder *whole, unsigned prefix, unsigned map, unsigned opcode)
{
    static const uint8_t prefixes[] = { 0, 0x66, 0x65, 0x26, 0xf0, 0xf3, 0x67 };
    uint8_t bytes[16];
    for (unsigned modrm = 0; modrm < 256; modrm++) {
        unsigned at = 0;
        for (unsigned i = 0; i < sizeof(bytes); i++)
            bytes[i] = random_byte();
        if (prefixes[prefix])
            bytes[at++] = prefixes[prefix];
        if (map)
            bytes[at++] = 0x0f;
        bytes[at++] = (uint8_t)opcode;
        bytes[at] = (uint8_t)modrm;
        for (uint32_t count = modrm % 16 ? 15 : 1; count <= 15; count++)
            for (unsigned code32 = 0; code32 < 2; code32++)
                if (!same(brief, whole, bytes, count, code32)) {
                    CU_FAIL("the two differ");
                    printf("# prefix %02x map %u: %02x %02x %02x %02x, %u bytes\n", prefixes[prefix], map, bytes[0],
                        bytes[1], bytes[2], bytes[3], count);
                    return;
                }
    }
}

static void test_all(void)
{
    struct decoder brief, whole;
    CU_ASSERT_FATAL(decoder_init(&brief, UINT64_MAX) && decoder_init(&whole, UINT64_MAX));
    whole.common = false;
    for (unsigned prefix = 0; prefix < 7; prefix++)
        for (unsigned map = 0; map < 2; map++)
            for (unsigned opcode = 0; opcode < 256; opcode++)
                compare(&brief, &whole, prefix, map, opcode);
    decoder_free(&brief);
    decoder_free(&whole);
}

static const struct unit_test tests[] = {
    { "every opcode of the two large maps, with every ModRM", test_all },
};
UNIT_MAIN("decoder", tests)
