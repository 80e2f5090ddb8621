/* char_null.c - a character backend that takes everything and never speaks. */
#include "char.h"

static int32_t null_attach(abbey_char *chr, const abbey_char_client_1 *client, void *self)
{
    struct char_null *null = (struct char_null *)chr;
    (void)client;
    (void)self;
    if (null->attached)
        return -1;
    null->attached = true;
    return 0;
}

static uint32_t null_write(abbey_char *chr, const uint8_t *bytes, uint32_t count)
{
    (void)chr;
    (void)bytes;
    return count;
}

static void null_accept(abbey_char *chr)
{
    (void)chr;
}

int32_t char_null_create(abbey_dev *dev, void *self, void **interface)
{
    static const abbey_char_ops_1 ops = { sizeof(abbey_char_ops_1), 0, null_attach, null_write, null_accept };
    struct char_null *null = self;
    (void)dev;
    null->chr.ops = &ops;
    *interface = &null->chr;
    return 0;
}
