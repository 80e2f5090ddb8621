#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool address_read(const char *text, uint32_t *address, uint32_t *bits)
{
    char word[16], *end;
    size_t length = strcspn(text, "/");
    struct in_addr in;
    if (text[length] != '/' || length >= sizeof word || text[length + 1] < '0' || text[length + 1] > '9')
        return false;
    memcpy(word, text, length);
    word[length] = 0;
    unsigned long value = strtoul(text + length + 1, &end, 10);
    if (inet_pton(AF_INET, word, &in) != 1 || *end || value < 1 || value > 31)
        return false;
    *address = ntohl(in.s_addr);
    *bits = (uint32_t)value;
    return true;
}

bool address_host_read(const char *text, struct address_host *host)
{
    const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text, *name = colon ? text : "127.0.0.1";
    size_t length = colon ? (size_t)(colon - text) : strlen(name), digits = strlen(port);
    unsigned long value = strtoul(port, NULL, 10);
    if (digits < 1 || digits > 5 || strspn(port, "0123456789") != digits || value < 1 || value > 65535)
        return false;
    bool brackets = length > 2 && name[0] == '[' && name[length - 1] == ']';
    if (brackets) {
        name++;
        length -= 2;
    }
    if (!length || length >= sizeof host->host || (!brackets && strcspn(name, ":[]") < length))
        return false;
    memcpy(host->host, name, length);
    host->host[length] = 0;
    memcpy(host->port, port, digits + 1);
    return true;
}
