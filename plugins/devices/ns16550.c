/* ns16550.c - serial port: the 16550A with its FIFOs, on the PC's card.
 *
 * National Semiconductor PC16550D Universal Asynchronous Receiver/Transmitter with FIFOs data sheet, TL/C/8652 (today
 * SNLS378), section 8 ("DS 8.x"); the gate of the interrupt line by OUT2 is the IBM Asynchronous Communications
 * Adapter's.
 *
 * What stock drivers do with it. Linux: tells a 16550A by the scratch register, by loopback (MCR 1Ah must read back as
 * MSR 9xh) and by IIR C0h after enabling the FIFOs; checks that enabling the THRE interrupt raises it each time; clears
 * the FIFOs at every open; runs on trigger 8, timeout and THRE interrupts. Windows NT and 9x: the same FIFO test, 14
 * byte trigger, modem status deltas. DOS and SeaBIOS: polled, through LSR alone, DTR and RTS raised first.
 *
 * The wire has no speed unless `pace` says so: a byte written leaves at once, and THRE interrupts follow each other as
 * fast as the guest takes them. What the backend does not take waits in the transmitter FIFO with THRE low, which is
 * how a slow far side slows the guest. Receiving goes as fast as the guest reads; with `hold` the far side waits until
 * the guest raises RTS, or input would be lost to the clearing of FIFOs while a driver starts.
 *
 * Example: FCR = 81h (trigger 8). Eleven bytes arrive: at the eighth RDA is raised; the guest reads four, RDA falls;
 * four character times later the timeout interrupt (IIR CCh) tells of the seven left. */
#include <string.h>

#include "ns16550.h"

#define ABBEY_SELF struct ns16550

/* DS 8.4 */
static uint8_t line_status(const struct ns16550 *u)
{
    uint8_t lsr = u->lsr;
    if (u->rx_count)
        lsr |= (uint8_t)(LSR_DR | u->rx_error[u->rx_head]);
    for (uint32_t i = 0; (u->fcr & FCR_ENABLE) && i < u->rx_count; i++)
        if (u->rx_error[(u->rx_head + i) % FIFO])
            lsr |= LSR_FIFO_ERROR;
    if (!u->tx_count)
        lsr |= u->shifting ? LSR_THRE : LSR_THRE | LSR_TEMT;
    return lsr;
}

/* DS 8.9; in loopback the outputs are wired to the inputs (DS 8.8). The far side of a backend is always ready. */
static uint8_t modem_inputs(const struct ns16550 *u)
{
    if (!(u->mcr & MCR_LOOP))
        return MSR_CTS | MSR_DSR | MSR_DCD;
    return (uint8_t)((u->mcr & MCR_RTS ? MSR_CTS : 0) | (u->mcr & MCR_DTR ? MSR_DSR : 0) |
                     (u->mcr & MCR_OUT1 ? MSR_RI : 0) | (u->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

/* The interrupt of highest priority (DS 8.6, table IV). */
static uint8_t interrupt_id(const struct ns16550 *u)
{
    if ((u->ier & IER_LINE) && (line_status(u) & LSR_ERRORS))
        return IIR_LINE;
    if ((u->ier & IER_RDA) && u->rx_count >= uart_trigger(u))
        return IIR_RDA;
    if ((u->ier & IER_RDA) && u->timeout)
        return IIR_TIMEOUT;
    if ((u->ier & IER_THRE) && u->thri)
        return IIR_THRE;
    if ((u->ier & IER_MODEM) && (u->msr & 0x0f))
        return IIR_MODEM;
    return IIR_NONE;
}

/* The adapter's line driver is enabled by OUT2, which loopback forces inactive (DS 8.8). */
void uart_irq_update(struct ns16550 *u)
{
    int gate = (u->mcr & MCR_OUT2) && !(u->mcr & MCR_LOOP);
    abbey_irq_set(u->irq, gate && interrupt_id(u) != IIR_NONE);
}

/* ---- registers ---- */

/* DS 8.5: changing FIFO mode clears both FIFOs; the other bits are taken only with bit 0 set. */
static void write_fcr(struct ns16550 *u, uint8_t value)
{
    uint8_t clear = value;
    if ((u->fcr ^ value) & FCR_ENABLE)
        clear = FCR_CLEAR_RX | FCR_CLEAR_TX;
    u->fcr = value & FCR_ENABLE ? value & 0xc9 : 0;
    if (clear & FCR_CLEAR_RX)
        uart_rx_clear(u);
    if ((clear & FCR_CLEAR_TX) && u->tx_count) {
        u->tx_head = u->tx_count = 0;
        u->thri = 1;
    }
    uart_timeout_restart(u);
    uart_irq_update(u);
    abbey_char_accept(u->line);
}

static void write_mcr(struct ns16550 *u, uint8_t value)
{
    uint8_t before = modem_inputs(u);
    uint8_t was = u->mcr;
    u->mcr = value & 0x1f;
    uint8_t after = modem_inputs(u), changed = before ^ after;
    u->msr |= (uint8_t)((changed & (MSR_CTS | MSR_DSR | MSR_DCD)) >> 4);
    if ((before & MSR_RI) && !(after & MSR_RI))
        u->msr |= MSR_RI >> 4; /* TERI: the trailing edge alone */
    uart_irq_update(u);
    if ((was ^ u->mcr) & (MCR_LOOP | MCR_RTS)) {
        abbey_char_accept(u->line);
        if (!(u->mcr & MCR_LOOP))
            uart_tx_run(u);
    }
}

static void write_register(struct ns16550 *u, uint32_t reg, uint8_t value)
{
    uint8_t was;
    switch (reg) {
    case 0:
        if (u->lcr & LCR_DLAB)
            u->dll = value;
        else
            uart_write(u, value);
        break;
    case 1:
        if (u->lcr & LCR_DLAB) {
            u->dlm = value;
            break;
        }
        was = u->ier;
        u->ier = value & 0x0f;
        if ((u->ier & ~was & IER_THRE) && !u->tx_count)
            u->thri = 1; /* enabling it with THRE set raises it at once */
        uart_irq_update(u);
        break;
    case 2: write_fcr(u, value); break;
    case 3:
        was = u->lcr;
        u->lcr = value;
        if ((value & ~was & LCR_BREAK) && (u->mcr & MCR_LOOP)) {
            uart_rx_put(u, 0, LSR_BI);
            uart_irq_update(u);
        }
        break;
    case 4: write_mcr(u, value); break;
    case 7: u->scr = value; break;
    default: break; /* LSR is for factory testing, MSR read-only */
    }
}

static uint8_t read_register(struct ns16550 *u, uint32_t reg)
{
    uint8_t value;
    switch (reg) {
    case 0: return u->lcr & LCR_DLAB ? u->dll : uart_read(u);
    case 1: return u->lcr & LCR_DLAB ? u->dlm : u->ier;
    case 2:
        value = interrupt_id(u);
        if (value == IIR_THRE) { /* DS 8.6: the read that shows THRE clears it */
            u->thri = 0;
            uart_irq_update(u);
        }
        return (uint8_t)(value | (u->fcr & FCR_ENABLE ? IIR_FIFO : 0));
    case 3: return u->lcr;
    case 4: return u->mcr;
    case 5:
        value = line_status(u);
        u->lsr = 0; /* reading clears the error of the top byte, and OE */
        u->rx_error[u->rx_head] = 0;
        uart_irq_update(u);
        return value;
    case 6:
        value = (uint8_t)(modem_inputs(u) | (u->msr & 0x0f));
        u->msr = 0;
        uart_irq_update(u);
        return value;
    default: return u->scr;
    }
}

static void access_ports(void *self, abbey_io *io)
{
    struct ns16550 *u = self;
    if (io->write)
        write_register(u, (uint32_t)io->offset & 7, (uint8_t)io->value);
    else
        io->value = read_register(u, (uint32_t)io->offset & 7);
}

static void reset(void *self)
{
    struct ns16550 *u = self;
    abbey_irq_set(u->irq, 0);
}

static int32_t loaded(void *self)
{
    struct ns16550 *u = self;
    if (u->rx_head >= FIFO || u->tx_head >= FIFO || u->rx_count > FIFO || u->tx_count > FIFO)
        return -1;
    abbey_char_accept(u->line);
    return 0;
}

static const abbey_char_client_1 client = {
    .size = sizeof client, .room = uart_room, .receive = uart_receive, .writable = uart_writable, .event = uart_event
};

static int32_t create(abbey_dev *dev, void *self)
{
    struct ns16550 *u = self;
    u->tx_timer = abbey_timer_new(dev, uart_tx_shifted, u);
    u->rx_timer = abbey_timer_new(dev, uart_rx_timeout, u);
    if (!u->tx_timer || !u->rx_timer)
        return abbey_fail(dev, "no memory for a timer");
    if (u->base & 7)
        return abbey_fail(dev, "base 0x%x is not a multiple of 8", u->base);
    if (abbey_char_attach(u->line, &client, u))
        return abbey_fail(dev, "another device uses the backend of 'line'");
    return abbey_pio_map(dev, u->base, 8, access_ports, u);
}

static const abbey_prop props[] = {
    ABBEY_PROP(base, 0x3f8, "first of 8 I/O ports, a multiple of 8", .min = 0x100, .max = 0xfff8),
    ABBEY_PROP(irq, 4, "interrupt line"),
    ABBEY_PROP_TEXT(line, NULL, "what the line is connected to"),
    ABBEY_PROP(pace, 0, "send no faster than the divisor latch says"),
    ABBEY_PROP(hold, 1, "keep input waiting at the far side until the guest raises RTS"),
};

/* DS 8.0, table II: reset leaves LSR with THRE and TEMT, and everything else here zero. */
static const abbey_reg regs[] = {
    ABBEY_REG(ier, 0),
    ABBEY_REG(lcr, 0),
    ABBEY_REG(mcr, 0),
    ABBEY_REG(scr, 0),
    ABBEY_REG(fcr, 0),
    ABBEY_REG(dll, 0),
    ABBEY_REG(dlm, 0),
    ABBEY_REG(lsr, 0),
    ABBEY_REG(msr, 0),
    ABBEY_REG(thri, 0),
    ABBEY_REG(timeout, 0),
    ABBEY_REG(rx, 0),
    ABBEY_REG(rx_error, 0),
    ABBEY_REG(rx_head, 0),
    ABBEY_REG(rx_count, 0),
    ABBEY_REG(tx, 0),
    ABBEY_REG(tx_head, 0),
    ABBEY_REG(tx_count, 0),
    ABBEY_REG(shifting, 0),
    ABBEY_REG(shift, 0),
    ABBEY_REG(last, 0),
    ABBEY_REG(tx_timer, 0),
    ABBEY_REG(rx_timer, 0),
};

static const abbey_stat stats[] = {
    ABBEY_STAT(overruns, "characters lost because the guest had not read earlier ones"),
};

static const abbey_device device = { .name = "ns16550",
    .summary = "16550A serial port",
    .bus = "isa",
    .self_size = sizeof(struct ns16550),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
    .loaded = loaded,
    .stats = ABBEY_TABLE(stats) };
ABBEY_PLUGIN(.id = "org.abbey.ns16550", .version = "1.0.0", .license = "MIT", .requires = "abbey.pio/1 abbey.timer/1",
    .device = &device);
