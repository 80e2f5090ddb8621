/* ns16550_line.c - the serial port's receiver and transmitter, with their FIFOs ("DS": the data sheet that ns16550.c
 * names). */
#include "ns16550.h"

#define RETRY (10 * ABBEY_MS) /* of a byte that the backend did not take */

static uint32_t depth(const struct ns16550 *u)
{
    return u->fcr & FCR_ENABLE ? FIFO : 1;
}

/* One character on the wire (DS 8.1, 8.3): start, 5-8 data, parity, stop bits of a divided 1.8432 MHz / 16. */
static uint64_t character_time(const struct ns16550 *u)
{
    uint64_t divisor = (uint64_t)u->dlm << 8 | u->dll;
    uint64_t bits = 1 + 5 + (u->lcr & 3u) + (u->lcr >> 3 & 1u) + 1 + (u->lcr >> 2 & 1u);
    return (divisor ? divisor : 0x10000) * bits * 16 * ABBEY_SEC / 1843200;
}

/* DS 8.5: bytes at which the received-data interrupt rises. */
uint32_t uart_trigger(const struct ns16550 *u)
{
    static const uint8_t level[4] = { 1, 4, 8, 14 };
    return u->fcr & FCR_ENABLE ? level[u->fcr >> 6] : 1;
}

/* ---- receiver ---- */

/* DS 8.12.1: the timeout runs from the last byte put in or taken out. */
void uart_timeout_restart(struct ns16550 *u)
{
    u->timeout = 0;
    if ((u->fcr & FCR_ENABLE) && u->rx_count && u->rx_count < uart_trigger(u))
        abbey_timer_arm(u->rx_timer, 4 * character_time(u));
    else
        abbey_timer_cancel(u->rx_timer);
}

void uart_rx_timeout(void *self)
{
    struct ns16550 *u = self;
    u->timeout = u->rx_count != 0;
    uart_irq_update(u);
}

void uart_rx_put(struct ns16550 *u, uint8_t byte, uint8_t error)
{
    if (u->rx_count >= depth(u)) {
        u->lsr |= LSR_OE; /* DS 8.4: without FIFO the new byte replaces the old, with it is lost */
        u->overruns++;
        if (!(u->fcr & FCR_ENABLE)) {
            u->rx[u->rx_head] = byte;
            u->rx_error[u->rx_head] = error;
        }
        return;
    }
    uint32_t at = (u->rx_head + u->rx_count++) % FIFO;
    u->rx[at] = byte;
    u->rx_error[at] = error;
    uart_timeout_restart(u);
}

uint32_t uart_room(void *self)
{
    const struct ns16550 *u = self;
    if ((u->mcr & MCR_LOOP) || (u->hold && !(u->mcr & MCR_RTS)))
        return 0;
    return depth(u) - (u->rx_count < depth(u) ? u->rx_count : depth(u));
}

void uart_receive(void *self, const uint8_t *bytes, uint32_t count)
{
    struct ns16550 *u = self;
    for (uint32_t i = 0; i < count; i++)
        uart_rx_put(u, bytes[i], 0);
    uart_irq_update(u);
}

uint8_t uart_read(struct ns16550 *u)
{
    if (!u->rx_count)
        return u->last;
    u->last = u->rx[u->rx_head];
    u->rx_head = (uint8_t)((u->rx_head + 1) % FIFO);
    u->rx_count--;
    uart_timeout_restart(u);
    uart_irq_update(u);
    if (!u->rx_count)
        abbey_char_accept(u->line);
    return u->last;
}

void uart_rx_clear(struct ns16550 *u)
{
    u->rx_head = u->rx_count = 0;
    uart_timeout_restart(u);
}

/* ---- transmitter ---- */

/* XXX: a backend has no way to be told of a break; only loopback shows it. */
static void send(struct ns16550 *u)
{
    while (u->tx_count) {
        uint8_t byte = u->tx[u->tx_head];
        if (u->mcr & MCR_LOOP) {
            uart_rx_put(u, byte, 0);
        } else if (!abbey_char_write(u->line, &byte, 1)) {
            abbey_timer_arm(
                u->tx_timer, RETRY); /* should uart_writable() not come: the backend may be another by then */
            return;
        }
        u->tx_head = (uint8_t)((u->tx_head + 1) % FIFO);
        u->tx_count--;
    }
}

/* Paced: moves a byte from the FIFO to the idle shift register, whose emptying takes a character time. */
static void shift_next(struct ns16550 *u)
{
    if (u->shifting || !u->tx_count)
        return;
    u->shift = u->tx[u->tx_head];
    u->tx_head = (uint8_t)((u->tx_head + 1) % FIFO);
    u->tx_count--;
    u->shifting = 1;
    if (!u->tx_count)
        u->thri = 1;
    abbey_timer_arm(u->tx_timer, character_time(u));
}

void uart_tx_run(struct ns16550 *u)
{
    if (u->pace) {
        shift_next(u);
    } else if (u->tx_count) {
        send(u);
        if (!u->tx_count)
            u->thri = 1; /* DS 8.12.2: the transmitter holding register became empty */
    }
    uart_irq_update(u);
}

void uart_tx_shifted(void *self)
{
    struct ns16550 *u = self;
    if (u->shifting) {
        if (u->mcr & MCR_LOOP) {
            uart_rx_put(u, u->shift, 0);
        } else if (!abbey_char_write(u->line, &u->shift, 1)) {
            abbey_timer_arm(u->tx_timer, RETRY);
            return;
        }
        u->shifting = 0;
    }
    uart_tx_run(u);
}

void uart_writable(void *self)
{
    struct ns16550 *u = self;
    if (!u->pace) /* paced, the timer is soon enough */
        uart_tx_run(u);
}

void uart_write(struct ns16550 *u, uint8_t byte)
{
    u->thri = 0;
    if (u->tx_count >= depth(u)) /* overwrites: the guest did not look at THRE */
        u->tx[(u->tx_head + u->tx_count - 1u) % FIFO] = byte;
    else
        u->tx[(u->tx_head + u->tx_count++) % FIFO] = byte;
    uart_tx_run(u);
}

void uart_event(void *self, uint32_t what)
{
    struct ns16550 *u = self;
    if (what != ABBEY_CHAR_BREAK || (u->mcr & MCR_LOOP))
        return;
    uart_rx_put(u, 0, LSR_BI); /* DS 8.4: a break is one zero character, whatever its length */
    uart_irq_update(u);
}
