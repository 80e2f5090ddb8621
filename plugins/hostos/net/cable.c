#include "cable.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "address.h"

void cable_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool given(const char *text)
{
    return text && *text;
}

/* Names are looked up once, here: on the port's thread it could take half a minute in which nothing else is done. */
static int32_t address_find(abbey_dev *dev, const char *what, const char *text, bool udp, struct cable_address *to)
{
    struct address_host host;
    struct addrinfo hints = { .ai_socktype = udp ? SOCK_DGRAM : SOCK_STREAM }, *found = NULL;
    if (!address_host_read(text, &host))
        return abbey_fail(dev, "%s: '%s' is none like \"HOST:PORT\", \"[IPv6]:PORT\" or \"PORT\"", what, text);
    int result = getaddrinfo(host.host, host.port, &hints, &found);
    if (result)
        return abbey_fail(dev, "%s: cannot find the host '%s': %s", what, host.host,
            result == EAI_SYSTEM ? strerror(errno) : gai_strerror(result));
    memcpy(&to->at, found->ai_addr, found->ai_addrlen);
    to->bytes = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

int32_t cable_create(abbey_dev *dev, void *self, void **interface)
{
    struct cable *cable = self;
    bool udp = strcmp(cable->protocol, "udp") == 0;
    cable->fd = cable->listen_fd = -1;
    if (udp && !(given(cable->listen) && given(cable->connect)))
        return abbey_fail(dev, "UDP takes both `listen`, where frames come in, and `connect`, where they go");
    if (!udp && given(cable->listen) == given(cable->connect))
        return abbey_fail(dev, "TCP takes either `listen` or `connect`: one side waits for the other");
    if (given(cable->listen) && address_find(dev, "listen", cable->listen, udp, &cable->local))
        return -1;
    if (given(cable->connect) && address_find(dev, "connect", cable->connect, udp, &cable->remote))
        return -1;
    if (udp && cable->local.at.ss_family != cable->remote.at.ss_family)
        return abbey_fail(dev, "`listen` and `connect` are not both addresses of IPv4, or of IPv6");
    if (udp ? cable_udp_open(cable) : cable_tcp_open(cable))
        return abbey_fail(dev, "cannot listen at '%s': %s", cable->listen, strerror(errno));
    if (port_start(&cable->port, dev, udp ? &cable_udp_kind : &cable_tcp_kind, interface)) {
        cable_destroy(cable);
        return -1;
    }
    return 0;
}

void cable_destroy(void *self)
{
    struct cable *cable = self;
    port_stop(&cable->port);
    cable_close(&cable->fd);
    cable_close(&cable->listen_fd);
}
