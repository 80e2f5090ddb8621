/* forward.c - reads "tcp 2222 -> 22", "udp 192.0.2.1:5353 -> 10.0.2.20:53". */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "nat.h"

#define BLANK " \t"

/* "22" or "10.0.2.15:22", up to a blank or the end; moves *text behind it. */
static bool end_read(const char **text, struct in_addr *address, uint16_t *port)
{
    char word[64];
    size_t length = strcspn(*text, BLANK);
    if (!length || length >= sizeof word)
        return false;
    memcpy(word, *text, length);
    word[length] = 0;
    *text += length;
    *text += strspn(*text, BLANK);
    char *number = strrchr(word, ':'), *end;
    if (number)
        *number++ = 0;
    if (number && inet_pton(AF_INET, word, address) != 1)
        return false;
    number = number ? number : word;
    unsigned long value = strtoul(number, &end, 10);
    *port = (uint16_t)value;
    return *number >= '0' && *number <= '9' && !*end && value >= 1 && value <= 65535;
}

bool forward_read(const char *text, struct forward *forward)
{
    *forward = (struct forward){ .host.s_addr = htonl(INADDR_LOOPBACK) };
    text += strspn(text, BLANK);
    forward->udp = strncmp(text, "udp", 3) == 0;
    if (!forward->udp && strncmp(text, "tcp", 3) != 0)
        return false;
    text += 3;
    if (!strspn(text, BLANK))
        return false;
    text += strspn(text, BLANK);
    if (!end_read(&text, &forward->host, &forward->host_port) || strncmp(text, "->", 2) != 0)
        return false;
    text += 2;
    text += strspn(text, BLANK);
    return end_read(&text, &forward->guest, &forward->guest_port) && !*text;
}
