/* nat.c - libslirp on a port's thread.
 *
 * libslirp is given whole packets of up to 64 KB when the guest's driver makes such: one write to a socket then moves
 * what would have been forty frames. Its addresses in the network 10.0.2.0/24: .2 the gateway, .3 the name server, from
 * .15 on the guest. */
#include "nat.h"

#include <arpa/inet.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "offload.h"

#define CUT (ABBEY_NET_TCP4 | ABBEY_NET_TCP6)
#define GATEWAY 2u
#define NAMESERVER 3u
#define FIRST_GUEST 15u

struct nat_timer {
    struct nat_timer *next;
    SlirpTimerId id;
    void *opaque;
    int64_t due; /* ms; negative: not set */
};

/* ---- what libslirp calls ---- */

/* Whether packets may grow on their way to the guest: a rate and losses are for frames as they are on a wire. */
static bool in_merges(struct nat *nat)
{
    const uint32_t both = ABBEY_NET_CHECKSUM | ABBEY_NET_TCP4;
    return (atomic_load(&nat->port.takes) & both) == both && !nat->port.rate && !nat->port.loss;
}

static void in_end(struct nat *nat)
{
    struct record *record = merge_end(&nat->in);
    if (record)
        port_received(&nat->port, record);
}

/* libslirp cuts a stream into frames, all at once: for a guest that takes it so it is put together again, in the ring.
 */
static ssize_t on_send(const void *frame, size_t count, void *opaque)
{
    struct nat *nat = opaque;
    uint32_t bytes = (uint32_t)count;
    if (count > ABBEY_NET_FRAME || merge_add(&nat->in, frame, bytes, true))
        return (ssize_t)count;
    in_end(nat);
    bool grows = in_merges(nat) && merge_can_begin(frame, bytes, true);
    struct record *record = port_receive(&nat->port, grows ? ABBEY_NET_LARGE : bytes);
    if (!record)
        return (ssize_t)count;
    memcpy(record->data, frame, bytes);
    record->bytes = bytes;
    record->flags = ABBEY_NET_GOOD; /* libslirp has just made the sums */
    if (grows)
        merge_begin(&nat->in, record);
    else
        port_received(&nat->port, record);
    return (ssize_t)count;
}

static void on_guest_error(const char *message, void *opaque)
{
    abbey_log(((struct nat *)opaque)->port.dev, ABBEY_LOG_DEBUG, "%s", message);
}

static int64_t on_clock(void *opaque)
{
    return (int64_t)((struct nat *)opaque)->clock->monotonic();
}

static void *on_timer_new(SlirpTimerId id, void *timer_opaque, void *opaque)
{
    struct nat *nat = opaque;
    struct nat_timer *timer = calloc(1, sizeof *timer);
    if (!timer)
        abort(); /* as libslirp does when memory is short */
    *timer = (struct nat_timer){ .next = nat->timers, .id = id, .opaque = timer_opaque, .due = -1 };
    return nat->timers = timer;
}

static void on_timer_free(void *which, void *opaque)
{
    struct nat *nat = opaque;
    struct nat_timer **link = &nat->timers;
    while (*link && *link != which)
        link = &(*link)->next;
    if (*link)
        *link = (*link)->next;
    free(which);
}

static void on_timer_mod(void *timer, int64_t due, void *opaque)
{
    (void)opaque;
    ((struct nat_timer *)timer)->due = due;
}

static void on_descriptor(int fd, void *opaque)
{
    (void)fd, (void)opaque; /* they are asked for in each round */
}

static void on_notify(void *opaque)
{
    (void)opaque; /* nothing of ours waits for a buffer of libslirp */
}

static const SlirpCb callbacks = {
    .send_packet = on_send,
    .guest_error = on_guest_error,
    .clock_get_ns = on_clock,
    .timer_new_opaque = on_timer_new,
    .timer_free = on_timer_free,
    .timer_mod = on_timer_mod,
    .register_poll_fd = on_descriptor,
    .unregister_poll_fd = on_descriptor,
    .notify = on_notify,
};

/* ---- the thread ---- */

static const struct {
    int slirp;
    short poll;
} events[] = {
    { SLIRP_POLL_IN, POLLIN },
    { SLIRP_POLL_OUT, POLLOUT },
    { SLIRP_POLL_PRI, POLLPRI },
    { SLIRP_POLL_ERR, POLLERR },
    { SLIRP_POLL_HUP, POLLHUP },
};

static int on_add(int fd, int wanted, void *opaque)
{
    short set = 0;
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        set = (short)(set | (wanted & events[i].slirp ? events[i].poll : 0));
    return port_poll_add(opaque, fd, set);
}

static int on_result(int index, void *opaque)
{
    const struct port_polls *polls = opaque;
    int got = 0;
    if (!polls || index < 0 || (unsigned)index >= polls->count)
        return 0;
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        got |= polls->fds[index].revents & events[i].poll ? events[i].slirp : 0;
    return got;
}

static void nat_prepare(struct port *port, struct port_polls *polls, bool room)
{
    struct nat *nat = (struct nat *)port;
    uint32_t timeout = UINT32_MAX;
    int64_t now = on_clock(nat) / (int64_t)ABBEY_MS;
    nat->filled = room;
    if (room)
        slirp_pollfds_fill(nat->slirp, &timeout, on_add, polls);
    for (const struct nat_timer *timer = nat->timers; timer; timer = timer->next)
        if (timer->due >= 0) {
            int64_t left = timer->due > now ? timer->due - now : 0;
            timeout = left < timeout ? (uint32_t)left : timeout;
        }
    polls->timeout = timeout > INT32_MAX ? -1 : (int)timeout;
}

static void timers_run(struct nat *nat)
{
    int64_t now = on_clock(nat) / (int64_t)ABBEY_MS;
    for (struct nat_timer *timer = nat->timers, *next; timer; timer = next) {
        next = timer->next;
        if (timer->due < 0 || timer->due > now)
            continue;
        timer->due = -1;
        slirp_handle_timer(nat->slirp, timer->id, timer->opaque);
    }
}

static void nat_ready(struct port *port, const struct port_polls *polls)
{
    struct nat *nat = (struct nat *)port;
    /* libslirp only reads it, through on_result(). */
    slirp_pollfds_poll(nat->slirp, 0, on_result, nat->filled ? (void *)(uintptr_t)polls : NULL);
    timers_run(nat);
    in_end(nat);
}

static void input(struct nat *nat, struct record *record)
{
    if (record->flags & CUT)
        offload_whole(record);
    else if (record->flags & ABBEY_NET_CHECKSUM)
        offload_checksum(record);
    slirp_input(nat->slirp, record->data, (int)record->bytes);
}

static void out_end(struct nat *nat)
{
    struct record *record = merge_end(&nat->out);
    if (record)
        input(nat, record);
}

/* libslirp writes to a socket for each packet, and answers each: a run of frames from an adapter that does not make
 * large packets becomes one. */
static bool nat_transmit(struct port *port, struct record *record)
{
    struct nat *nat = (struct nat *)port;
    bool known = record->flags & ABBEY_NET_CHECKSUM;
    bool frame = !(record->flags & CUT) && (!known || (record->checksum_start == 34 && record->checksum_offset == 16));
    if (frame && merge_add(&nat->out, record->data, record->bytes, known))
        return true;
    out_end(nat);
    if (frame && merge_can_begin(record->data, record->bytes, known))
        merge_begin(&nat->out, port_frame_put(&nat->out_frame, record));
    else
        input(nat, record);
    return true;
}

static void nat_transmitted(struct port *port)
{
    struct nat *nat = (struct nat *)port;
    out_end(nat);
    in_end(nat);
}

static const struct port_kind nat_kind = { .prepare = nat_prepare,
    .ready = nat_ready,
    .transmit = nat_transmit,
    .transmitted = nat_transmitted,
    .takes = ABBEY_NET_CHECKSUM | ABBEY_NET_TCP4 | ABBEY_NET_TCP6 };

/* ---- the instance ---- */

/* "10.0.2.0/24" */
static bool network_read(const char *text, uint32_t *network, uint32_t *mask)
{
    uint32_t bits;
    if (!address_read(text, network, &bits) || bits < 8 || bits > 27)
        return false;
    *mask = ~(0xffffffffu >> bits);
    return !(*network & ~*mask);
}

static int32_t forwards_add(struct nat *nat)
{
    const char *text = nat->forward ? nat->forward : "";
    while (*text) {
        struct forward f;
        char line[128];
        size_t length = strcspn(text, "\n,");
        snprintf(line, sizeof line, "%.*s", (int)(length < sizeof line ? length : sizeof line - 1), text);
        text += length + (text[length] != 0);
        if (!forward_read(line, &f))
            return abbey_fail(
                nat->port.dev, "forward '%s' is none like \"tcp 2222 -> 22\" or \"udp ADDRESS:53 -> 53\"", line);
        if (slirp_add_hostfwd(nat->slirp, f.udp, f.host, f.host_port, f.guest, f.guest_port))
            return abbey_fail(nat->port.dev, "forward '%s': cannot listen there; is the port in use?", line);
    }
    return 0;
}

static int32_t slirp_make(struct nat *nat, abbey_dev *dev)
{
    uint32_t network, mask;
    if (!network_read(nat->network, &network, &mask))
        return abbey_fail(dev, "network '%s' is none like 10.0.2.0/24, with 8 to 27 bits", nat->network);
    SlirpConfig config = { .version = 4,
        .in_enabled = true,
        .vnetwork.s_addr = htonl(network),
        .vnetmask.s_addr = htonl(mask),
        .vhost.s_addr = htonl(network + GATEWAY),
        .vdhcp_start.s_addr = htonl(network + FIRST_GUEST),
        .vnameserver.s_addr = htonl(network + NAMESERVER),
        .in6_enabled = nat->ipv6,
        .vprefix_len = 64,
        .vhostname = nat->hostname,
        .tftp_path = nat->tftp && *nat->tftp ? nat->tftp : NULL,
        .bootfile = nat->bootfile && *nat->bootfile ? nat->bootfile : NULL,
        .disable_host_loopback = !nat->host_loopback };
    inet_pton(AF_INET6, "fd00::", &config.vprefix_addr6);
    inet_pton(AF_INET6, "fd00::2", &config.vhost6);
    inet_pton(AF_INET6, "fd00::3", &config.vnameserver6);
    nat->clock = abbey_query(dev, ABBEY_HOST_CLOCK_1);
    if (!nat->clock)
        return abbey_fail(dev, "this host offers no clock");
    nat->slirp = slirp_new(&config, &callbacks, nat);
    return nat->slirp ? forwards_add(nat) : abbey_fail(dev, "libslirp does not start");
}

void nat_destroy(void *self)
{
    struct nat *nat = self;
    port_stop(&nat->port);
    if (nat->slirp)
        slirp_cleanup(nat->slirp);
    nat->slirp = NULL;
    while (nat->timers)
        on_timer_free(nat->timers, nat);
}

int32_t nat_create(abbey_dev *dev, void *self, void **interface)
{
    struct nat *nat = self;
    nat->port.dev = dev;
    if (slirp_make(nat, dev) || port_start(&nat->port, dev, &nat_kind, interface)) {
        nat_destroy(nat);
        return -1;
    }
    return 0;
}
