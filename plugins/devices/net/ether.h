/* ether.h - what Ethernet controllers share: the CRC-32 of IEEE 802.3 section 3.2.9, which is both the frame check
 * sequence and the hash of their multicast filters. */
#ifndef ABBEY_DEVICES_ETHER_H
#define ABBEY_DEVICES_ETHER_H

#include <stdint.h>

#define ETHER_SHORTEST 60u /* bytes without the frame check sequence */
#define ETHER_FCS 4u

struct ether_crc {
    uint32_t table[8][256];
};

void ether_crc_init(struct ether_crc *crc);

/* Goes on with a CRC; begin with UINT32_MAX. The frame check sequence is the complement, low byte first. */
uint32_t ether_crc_add(const struct ether_crc *crc, uint32_t value, const void *bytes, uint64_t count);

/* The CRC of an address, as hash filters take bits of it: the register of the chip, first bit received on top. */
uint32_t ether_hash(const struct ether_crc *crc, const uint8_t address[6]);

#endif
