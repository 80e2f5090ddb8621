/* address.h - addresses as users write them. */
#ifndef ABBEY_NET_ADDRESS_H
#define ABBEY_NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/* "192.168.77.1/24": the address in the byte order of this host, and how many bits name the network, 1 to 31. */
bool address_read(const char *text, uint32_t *address, uint32_t *bits);

/* Splits "HOST:PORT", "[IPv6]:PORT" or "PORT"; without a host it is 127.0.0.1. False when it is none of them. */
struct address_host {
    char host[256];
    char port[6];
};
bool address_host_read(const char *text, struct address_host *host);

#endif
