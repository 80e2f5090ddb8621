/* e1000_phy.c - the EEPROM with the station address, a 93C46 on the lines of EECD (SDM 5.3), and the transceiver behind
 * MDIC (SDM 13.4.8): an M88E1011 that is connected at 1000 Mb/s as soon as there is a link. */
#include "e1000.h"

#define EECD_SK 1u
#define EECD_CS 2u
#define EECD_DI 4u
#define EECD_DO 8u
#define EECD_REQ 0x40u
#define EECD_GNT 0x80u
#define EECD_PRES 0x100u
#define ROM_WORDS 64u
#define ROM_COMMAND 9u /* bits: start, two of the operation, six of the address */

#define MDIC_READY 0x10000000u
#define MDIC_ERROR 0x40000000u

uint16_t e1000_rom_word(const struct e1000 *e, uint32_t index)
{
    static const struct {
        uint8_t index;
        uint16_t value;
    } words[] = { { 0x0a, 0x4403 }, { 0x0b, 0x001e }, { 0x0c, 0x8086 }, { 0x0d, 0x100e }, { 0x0e, 0x8086 },
        { 0x0f, 0x3040 }, { 0x21, 0x7863 }, { 0x23, 0x0000 }, { 0x24, 0x4004 } };
    if (index < 3)
        return (uint16_t)(e->station[2 * index] | e->station[2 * index + 1] << 8);
    if (index == ROM_WORDS - 1) { /* all words together are BABAh */
        uint32_t sum = 0;
        for (uint32_t i = 0; i < ROM_WORDS - 1; i++)
            sum += e1000_rom_word(e, i);
        return (uint16_t)(0xbaba - sum);
    }
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].index == index)
            return words[i].value;
    return index < ROM_WORDS ? 0 : 0xffff;
}

/* A rising edge of the clock: a bit of the command in, or one of the word out, after a zero. */
static void rom_clock(struct e1000 *e, uint32_t in)
{
    if (e->rom_reading) {
        e->rom_level = (uint8_t)(e->rom_out >> 15);
        e->rom_out = (uint16_t)(e->rom_out << 1);
        return;
    }
    if (!e->rom_bits && !in)
        return; /* no start bit yet */
    e->rom_in = e->rom_in << 1 | in;
    if (++e->rom_bits < ROM_COMMAND)
        return;
    e->rom_reading = (e->rom_in >> 6 & 3) == 2;
    e->rom_out = e1000_rom_word(e, e->rom_in & 63);
    e->rom_level = 0;
    e->rom_bits = 0;
    e->rom_in = 0;
}

void e1000_eecd_write(struct e1000 *e, uint32_t value)
{
    uint32_t before = e->eecd;
    e->eecd = value & (EECD_SK | EECD_CS | EECD_DI | EECD_REQ);
    if (!(value & EECD_CS)) {
        e->rom_bits = e->rom_reading = 0;
        e->rom_in = 0;
        e->rom_level = 1; /* ready */
    } else if (value & EECD_SK & ~before) {
        rom_clock(e, value & EECD_DI ? 1 : 0);
    }
}

uint32_t e1000_eecd_read(const struct e1000 *e)
{
    return e->eecd | EECD_PRES | (e->eecd & EECD_REQ ? EECD_GNT : 0u) | (e->rom_level ? EECD_DO : 0u);
}

void e1000_phy_reset(struct e1000 *e)
{
    static const struct {
        uint8_t index;
        uint16_t value;
    } values[] = { { 0, 0x1140 }, { 2, 0x0141 }, { 3, 0x0c20 }, { 4, 0x0de1 }, { 9, 0x0e00 }, { 15, 0x3000 },
        { 16, 0x0360 }, { 20, 0x0d60 } };
    for (unsigned i = 0; i < 32; i++)
        e->phy[i] = 0;
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++)
        e->phy[values[i].index] = values[i].value;
}

static uint16_t phy_read(const struct e1000 *e, uint32_t index)
{
    bool up = abbey_net_link(e->net) != 0;
    switch (index) {
    case 1: return up ? 0x796d : 0x7949; /* what it can do; negotiated, link */
    case 5: return up ? 0xcde1 : 0;      /* the partner can do the same */
    case 6: return up ? 0x0001 : 0;
    case 10: return up ? 0x7c00 : 0;
    case 17: return up ? 0xac00 : 0; /* 1000 Mb/s, full duplex, resolved, link */
    default: return e->phy[index];
    }
}

uint32_t e1000_mdic_write(struct e1000 *e, uint32_t value)
{
    uint32_t index = value >> 16 & 31, address = value >> 21 & 31, operation = value >> 26 & 3;
    uint32_t result = (value & 0x23ffffff) | operation << 26 | MDIC_READY;
    if (address != 1 || operation == 0 || operation == 3)
        return result | MDIC_ERROR;
    if (operation == 2)
        return (result & 0xffff0000) | phy_read(e, index);
    if (index == 0 && value & 0x8000)
        e1000_phy_reset(e);
    else if (index == 0)
        e->phy[0] = value & 0x7dff & ~0x0200u; /* negotiation ends at once */
    else if (index != 1 && index != 2 && index != 3 && index != 5 && index != 10 && index != 15 && index != 17)
        e->phy[index] = (uint16_t)value;
    return result;
}
