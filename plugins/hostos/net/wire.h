/* wire.h - numbers in frames: the highest byte first, anywhere. */
#ifndef ABBEY_NET_WIRE_H
#define ABBEY_NET_WIRE_H

#include <stdint.h>

#define WIRE_TYPE_VLAN 0x8100u
#define WIRE_TYPE_IP4 0x0800u
#define WIRE_TYPE_IP6 0x86ddu
#define WIRE_PROTOCOL_TCP 6u

static inline uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static inline void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline uint32_t get32(const uint8_t *at)
{
    return get16(at) << 16 | get16(at + 2);
}

static inline void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

#endif
