/* net.c - station addresses of network adapters: interface "abbey.net/1".
 *
 * An address that nobody gave is 02 AB and 32 bits made from the names of the machine and the device. 02 says
 * "locally administered" and "one station" (IEEE 802, 8.2): no maker of cards has such addresses. */
#include "core/machine/parts.h"

#include <ctype.h>
#include <string.h>

/* FNV-1a, with the terminating zero, so that "ab" + "c" differs from "a" + "bc". */
static uint32_t name_hash(uint32_t hash, const char *name)
{
    do
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    while (*name++);
    return hash;
}

static int digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

static bool address_read(const char *text, uint8_t *mac)
{
    for (unsigned i = 0; i < 6; i++, text += 3) {
        int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);
        if (low < 0 || (i < 5 ? text[2] != ':' && text[2] != '-' : text[2] != 0))
            return false;
        mac[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static int32_t net_address(abbey_dev *dev, const char *text, uint8_t *mac)
{
    struct device *device = device_of(dev);
    if (text && *text) {
        if (!address_read(text, mac)) {
            device_fail(device, "'%s' is no station address such as 52:54:00:12:34:56", text);
            return -1;
        }
        if (mac[0] & 1) {
            device_fail(device, "'%s' is the address of a group; that of a station has an even first byte", text);
            return -1;
        }
        return 0;
    }
    uint32_t hash = name_hash(2166136261u, device->board->config->name ? device->board->config->name : "");
    hash = name_hash(hash, device->node->id);
    mac[0] = 0x02;
    mac[1] = 0xab;
    for (unsigned i = 0; i < 4; i++)
        mac[2 + i] = (uint8_t)(hash >> (24 - 8 * i));
    return 0;
}

const abbey_net_1 net_interface = { .size = sizeof net_interface, .address = net_address };
