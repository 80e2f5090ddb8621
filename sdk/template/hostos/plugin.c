/* @NAME@.c - @SUMMARY@.
 *
 * A backend of kind char: what a device sends comes back after `delay`, its letters in upper case. It needs nothing of
 * the host but time. One that does asks for the services of <abbey/host.h> in create(), by abbey_query(). */
#include <abbey/plugin.h>

#define ROOM 64

struct @IDENT@ {
    abbey_char chr; /* first: what the device holds is this */
    uint32_t delay; /* from the machine file */
    abbey_timer *timer;
    const abbey_char_client_1 *client;
    void *client_self;
    uint8_t waiting[ROOM];
    uint32_t count;
};
#define ABBEY_SELF struct @IDENT@

static struct @IDENT@ *of(abbey_char *chr)
{
    return (struct @IDENT@ *)chr;
}

static int32_t attach(abbey_char *chr, const abbey_char_client_1 *client, void *self)
{
    struct @IDENT@ *b = of(chr);
    if (b->client)
        return -1;
    b->client = client;
    b->client_self = self;
    return 0;
}

static uint32_t send(abbey_char *chr, const uint8_t *bytes, uint32_t count)
{
    struct @IDENT@ *b = of(chr);
    uint32_t taken = 0;
    while (taken < count && b->count < ROOM) {
        uint8_t byte = bytes[taken++];
        b->waiting[b->count++] = (uint8_t)(byte >= 'a' && byte <= 'z' ? byte - 'a' + 'A' : byte);
    }
    if (taken && abbey_timer_due(b->timer) == ABBEY_NEVER)
        abbey_timer_arm(b->timer, b->delay * ABBEY_US);
    return taken;
}

/* Hands over what the device has room for; the rest waits for accept(). */
static void answer(void *self)
{
    struct @IDENT@ *b = self;
    uint32_t room = b->client ? b->client->room(b->client_self) : 0, given = room < b->count ? room : b->count;
    if (!given)
        return;
    b->client->receive(b->client_self, b->waiting, given);
    b->count -= given;
    for (uint32_t i = 0; i < b->count; i++)
        b->waiting[i] = b->waiting[i + given];
    if (b->client->writable)
        b->client->writable(b->client_self);
}

static void accept(abbey_char *chr)
{
    struct @IDENT@ *b = of(chr);
    if (b->count && abbey_timer_due(b->timer) == ABBEY_NEVER)
        abbey_timer_arm(b->timer, 0);
}

static const abbey_char_ops_1 ops = { .size = sizeof ops, .attach = attach, .write = send, .accept = accept };

static int32_t create(abbey_dev *dev, void *self, void **interface)
{
    struct @IDENT@ *b = self;
    b->chr.ops = &ops;
    b->timer = abbey_timer_new(dev, answer, b);
    *interface = &b->chr;
    return b->timer ? 0 : -1;
}

static const abbey_prop props[] = {
    ABBEY_PROP(delay, 100, "microseconds until the answer", .max = 1000000),
};

static const abbey_backend backends[] = {
    { .name = "@NAME@",
        .summary = "@SUMMARY@",
        .kind = "char",
        .self_size = sizeof(struct @IDENT@),
        .props = ABBEY_TABLE(props),
        .create = create },
};
ABBEY_PLUGIN(.id = "@ID@", .version = "0.1.0", .license = "@LICENSE@", .requires = "abbey.timer/1",
    .backends = ABBEY_TABLE(backends));
