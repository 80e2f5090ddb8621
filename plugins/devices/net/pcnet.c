/* pcnet.c - ports, registers and states of the Am79C970A. */
#include "pcnet.h"

#include <string.h>

#define INTERRUPTS (CSR0_BABL | CSR0_MISS | CSR0_MERR | CSR0_RINT | CSR0_TINT | CSR0_IDON)
#define CLEARED (INTERRUPTS | CSR0_CERR) /* by writing 1 */
#define CSR4_CLEARED 0x026au             /* MFCO, UINT, RCVCCO, TXSTRT, JAB */
#define CSR4_UINTCMD 0x0080u
#define CSR4_UINT 0x0040u
#define CSR5_CLEARED 0x0a90u /* SINT, SLPINT, EXDINT, MPINT; each is enabled by the bit below it */
#define CHIP_LOW 0x1003u     /* CSR88: version 2, part 2621h, AMD */
#define CHIP_HIGH 0x0262u
#define DWIO 0x0080u   /* in BCR18 */
#define LEDOUT 0x8000u /* in BCR4: the link is up */
#define SSIZE32 0x0100u
#define POLL_FIRST 2u /* milliseconds; the chip's default is 1.6 */
#define POLL_LAST 128u

/* ---- interrupts ---- */

static void interrupt_update(struct pcnet *p)
{
    uint16_t c0 = p->csr[0], c4 = p->csr[4], c5 = p->csr[5];
    uint32_t c0_now = c0 & INTERRUPTS & ~(uint32_t)p->csr[3];
    uint32_t c4_now = (c4 & ~((uint32_t)c4 << 1) & CSR4_CLEARED) | (c4 & CSR4_UINT);
    uint32_t c5_now = c5 & (uint32_t)c5 << 1 & CSR5_CLEARED;
    bool wanted = (c0_now | c4_now | c5_now) != 0;
    c0 &= (uint16_t) ~(CSR0_ERR | CSR0_INTR);
    c0 |= c0 & (CSR0_BABL | CSR0_CERR | CSR0_MISS | CSR0_MERR) ? CSR0_ERR : 0;
    c0 |= wanted ? CSR0_INTR : 0;
    p->csr[0] = c0;
    abbey_irq_set(p->irq, wanted && c0 & CSR0_IENA);
}

void pcnet_status(struct pcnet *p, uint16_t bits)
{
    p->csr[0] |= bits;
    interrupt_update(p);
}

/* ---- states ---- */

static void stop(struct pcnet *p)
{
    p->csr[0] = CSR0_STOP;
    p->csr[4] &= (uint16_t)~CSR4_CLEARED;
    p->csr[5] &= (uint16_t) ~(CSR5_CLEARED | CSR5_SPND);
    p->tx_quiet = 0;
    abbey_timer_cancel(p->poll);
    abbey_timer_cancel(p->tint);
    interrupt_update(p);
    pcnet_receive_again(p); /* what waits is not for us any more */
}

/* Descriptor rings of 1 << code entries, at most 512 ("Initialization Block"). */
static uint16_t ring_length(uint32_t code)
{
    return (uint16_t)(0u - (1u << (code < 9 ? code : 9)));
}

static void initialize(struct pcnet *p)
{
    uint8_t block[28];
    bool wide = p->bcr[20] & SSIZE32;
    uint32_t rx, tx, rx_code, tx_code;
    uint64_t at = p->csr[1] | (uint32_t)p->csr[2] << 16;
    if (abbey_dma_read(p->dma, at, block, wide ? 28 : 24)) {
        pcnet_status(p, CSR0_MERR);
        return;
    }
    memcpy(&p->csr[15], block, 2);
    memcpy(&p->csr[12], block + (wide ? 4 : 2), 6);
    memcpy(&p->csr[8], block + (wide ? 12 : 8), 8);
    memcpy(&rx, block + (wide ? 20 : 16), 4);
    memcpy(&tx, block + (wide ? 24 : 20), 4);
    if (wide) {
        rx_code = block[2] >> 4;
        tx_code = block[3] >> 4;
    } else {
        rx_code = rx >> 29;
        tx_code = tx >> 29;
        rx = (rx & 0xffffff) | (uint32_t)(p->csr[2] & 0xff00) << 16;
        tx = (tx & 0xffffff) | (uint32_t)(p->csr[2] & 0xff00) << 16;
    }
    p->csr[24] = (uint16_t)(rx & ~7u);
    p->csr[25] = (uint16_t)(rx >> 16);
    p->csr[30] = (uint16_t)(tx & ~7u);
    p->csr[31] = (uint16_t)(tx >> 16);
    p->csr[72] = p->csr[76] = ring_length(rx_code);
    p->csr[74] = p->csr[78] = ring_length(tx_code);
    p->csr[0] &= (uint16_t)~CSR0_STOP;
    pcnet_status(p, CSR0_IDON | CSR0_INIT);
}

static void poll_arm(struct pcnet *p)
{
    if (p->csr[0] & (CSR0_TXON | CSR0_RXON) && (p->rx_waits || !(p->csr[4] & CSR4_DPOLL)))
        abbey_timer_arm(p->poll, p->poll_wait * ABBEY_MS);
}

static void start(struct pcnet *p)
{
    p->csr[0] &= (uint16_t) ~(CSR0_STOP | CSR0_RXON | CSR0_TXON);
    p->csr[0] |=
        (uint16_t)(CSR0_STRT | (p->csr[15] & MODE_DRX ? 0u : CSR0_RXON) | (p->csr[15] & MODE_DTX ? 0u : CSR0_TXON));
    p->poll_wait = POLL_FIRST;
    interrupt_update(p);
    pcnet_transmit(p);
    poll_arm(p);
}

/* The chip looks for transmit descriptors every 1.6 ms. Since drivers demand transmission, this does it ever more
 * seldom as long as it finds nothing, so that an idle guest costs nothing. */
static void on_poll(void *self)
{
    struct pcnet *p = self;
    bool found = pcnet_transmit(p) || p->rx_waits;
    pcnet_receive_again(p);
    p->poll_wait = (uint16_t)(found ? POLL_FIRST : p->poll_wait < POLL_LAST ? p->poll_wait * 2u : POLL_LAST);
    poll_arm(p);
}

static void soft_reset(struct pcnet *p)
{
    p->csr[3] = 0;
    p->csr[4] = 0x0115;
    p->csr[5] = 0;
    p->csr[15] = 0;
    p->rap = 0;
    stop(p);
}

static void station_load(struct pcnet *p)
{
    uint16_t sum = 0;
    memset(p->aprom, 0, sizeof p->aprom);
    memcpy(p->aprom, p->station, 6);
    p->aprom[14] = p->aprom[15] = 'W';
    for (unsigned i = 0; i < 12; i++)
        sum = (uint16_t)(sum + p->aprom[i]);
    sum = (uint16_t)(sum + 2 * 'W');
    memcpy(p->aprom + 12, &sum, 2);
    memcpy(&p->csr[12], p->station, 6);
}

static void reset(void *self)
{
    static const struct {
        uint8_t index;
        uint16_t value;
    } values[] = { { 0, 5 }, { 1, 5 }, { 2, 2 }, { 4, 0xc0 }, { 5, 0x84 }, { 6, 0x88 }, { 7, 0x90 }, { 18, 0x9001 },
        { 19, 0xa002 }, { 20, 0x0200 }, { 22, 0xff06 } };
    struct pcnet *p = self;
    memset(p->csr, 0, sizeof p->csr);
    memset(p->bcr, 0, sizeof p->bcr);
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++)
        p->bcr[values[i].index] = values[i].value;
    p->csr[72] = p->csr[74] = p->csr[76] = p->csr[78] = UINT16_MAX;
    p->csr[80] = 0x1410;
    p->csr[88] = CHIP_LOW;
    p->csr[89] = CHIP_HIGH;
    station_load(p);
    soft_reset(p);
}

/* ---- control and status registers ---- */

static void csr0_write(struct pcnet *p, uint16_t value)
{
    uint16_t before = p->csr[0];
    if (value & CSR0_STOP) { /* overrides the rest */
        stop(p);
        return;
    }
    p->csr[0] &= (uint16_t) ~((value & CLEARED) | CSR0_IENA);
    p->csr[0] |= value & CSR0_IENA;
    if (value & CSR0_INIT && !(before & CSR0_INIT))
        initialize(p);
    if (value & CSR0_STRT && !(before & CSR0_STRT))
        start(p);
    if (value & CSR0_TDMD)
        pcnet_transmit(p);
    pcnet_receive_again(p);
    if (p->rx_waits && abbey_timer_due(p->poll) == ABBEY_NEVER)
        poll_arm(p);
    interrupt_update(p);
}

static bool halted(const struct pcnet *p)
{
    return p->csr[0] & CSR0_STOP || p->csr[5] & CSR5_SPND;
}

static void csr_write(struct pcnet *p, uint32_t index, uint16_t value)
{
    switch (index) {
    case 0: csr0_write(p, value); return;
    case 3: p->csr[3] = value & 0x5f7c; break;
    case 4:
        p->csr[4] = (uint16_t)((value & ~(CSR4_CLEARED | CSR4_UINTCMD)) | (p->csr[4] & CSR4_CLEARED & ~value));
        p->csr[4] |= value & CSR4_UINTCMD ? CSR4_UINT : 0;
        break;
    case 5:
        p->csr[5] = (uint16_t)((value & ~CSR5_CLEARED) | (p->csr[5] & CSR5_CLEARED & ~value));
        pcnet_transmit(p);
        pcnet_receive_again(p);
        break;
    case 16:
    case 17: csr_write(p, index - 15, value); return; /* CSR1 and CSR2 once more */
    case 58:
        if (halted(p))
            p->bcr[20] = (uint16_t)((value & 0x00ff) | (value & 0xff ? 0x0300 : 0x0200));
        break;
    case 0x7f:
    case 88:
    case 89: break;
    default:
        if (halted(p) || index == 46 || index == 47 || index >= 112)
            p->csr[index] = value;
        break;
    }
    interrupt_update(p);
}

static uint16_t csr_read(const struct pcnet *p, uint32_t index)
{
    switch (index) {
    case 16:
    case 17: return p->csr[index - 15];
    case 58: return p->bcr[20];
    default: return p->csr[index];
    }
}

/* ---- bus configuration registers ---- */

static void bcr_write(struct pcnet *p, uint32_t index, uint16_t value)
{
    switch (index) {
    case 2: p->bcr[2] = value & 0x5107; break;
    case 4:
    case 5:
    case 6:
    case 7: p->bcr[index] = value & 0x7fff; break;
    case 9: p->bcr[9] = value & 7; break;
    case 18: p->bcr[18] = value & 0xff67; break;
    case 19: p->bcr[19] = (uint16_t)((p->bcr[19] & 0xa000) | (value & 0x1f)); break;
    case 20: csr_write(p, 58, value); break;
    case 22: p->bcr[22] = value; break;
    default: break;
    }
}

static uint16_t bcr_read(const struct pcnet *p, uint32_t index)
{
    switch (index) {
    case 4:
    case 5:
    case 6:
    case 7: return (uint16_t)(p->bcr[index] | (p->bcr[index] & 0x40 && abbey_net_link(p->net) ? LEDOUT : 0u));
    case 18: return (uint16_t)(p->bcr[18] | (p->dwio ? DWIO : 0u));
    default: return p->bcr[index];
    }
}

/* ---- ports and memory ---- */

static void register_access(struct pcnet *p, uint32_t which, abbey_io *io)
{
    uint32_t csr = p->rap & (PCNET_CSRS - 1), bcr = p->rap & (PCNET_BCRS - 1);
    uint16_t value = (uint16_t)io->value;
    switch (which) {
    case 0: /* RDP */
        if (io->write)
            csr_write(p, csr, value);
        else
            io->value = csr_read(p, csr);
        break;
    case 1: /* RAP */
        if (io->write)
            p->rap = value & 0x7f;
        else
            io->value = p->rap;
        break;
    case 2: /* RESET: by reading */
        if (!io->write) {
            soft_reset(p);
            io->value = 0;
        }
        break;
    default: /* BDP */
        if (io->write)
            bcr_write(p, bcr, value);
        else
            io->value = bcr_read(p, bcr);
        break;
    }
}

/* 32 bytes: the address PROM, then four registers, two bytes apart or, once a double word was written to RDP, four. */
static void access(void *self, abbey_io *io)
{
    struct pcnet *p = self;
    uint32_t offset = (uint32_t)io->offset, step = p->dwio ? 4 : 2;
    if (!io->write)
        io->value = UINT64_MAX;
    if (offset < 16) {
        if (!io->write && offset + io->size <= 16) {
            io->value = 0;
            memcpy(&io->value, p->aprom + offset, io->size);
        } else if (io->write && io->size == 1 && p->bcr[2] & 0x0100) { /* APROMWE */
            p->aprom[offset] = (uint8_t)io->value;
        }
    } else if (offset == 16 && io->write && io->size == 4 && !p->dwio) {
        p->dwio = 1;
    } else if (io->size == step && offset % step == 0 && (offset - 16) / step < 4) {
        register_access(p, (offset - 16) / step, io);
    }
}

/* ---- the network ---- */

static uint32_t on_receive(void *self, const abbey_net_frame *frame)
{
    struct pcnet *p = self;
    uint32_t taken = pcnet_receive(p, frame);
    if (!taken && abbey_timer_due(p->poll) == ABBEY_NEVER)
        poll_arm(p);
    return taken;
}

/* Frames that were sent are told of in the same interrupt. */
static void on_received(void *self)
{
    struct pcnet *p = self;
    pcnet_tint(p);
    interrupt_update(p);
}

static void on_writable(void *self)
{
    pcnet_transmit(self);
}

static const abbey_net_client_1 client = {
    .size = sizeof client, .receive = on_receive, .received = on_received, .writable = on_writable
};

/* ---- the device ---- */

static int32_t create(abbey_dev *dev, void *self)
{
    struct pcnet *p = self;
    abbey_pci_desc desc = { .size = sizeof desc,
        .vendor = 0x1022,
        .device = 0x2000,
        .class_code = 0x020000,
        .revision = 0x16,
        .intx = 1,
        .bars = { { .kind = ABBEY_PCI_BAR_IO, .length = 32, .max_width = 4, .fn = access },
            { .kind = ABBEY_PCI_BAR_MEM32, .length = 32, .max_width = 4, .fn = access } } };
    p->dev = dev;
    ether_crc_init(&p->crc);
    if (abbey_net_address(dev, p->mac, p->station))
        return -1;
    p->dma = abbey_dma_open(dev);
    p->pci = abbey_pci_add(dev, &desc, p);
    p->poll = abbey_timer_new(dev, on_poll, p);
    p->tint = abbey_timer_new(dev, pcnet_tint, p);
    if (!p->dma || !p->pci || !p->poll || !p->tint)
        return -1;
    p->irq = abbey_pci_intx(p->pci);
    abbey_pci_config_set(p->pci, 0x3e, 2, 0xff06); /* MIN_GNT, MAX_LAT */
    if (abbey_net_attach(p->net, &client, p))
        return abbey_fail(dev, "net: another device uses it");
    return 0;
}

#define ABBEY_SELF struct pcnet
static const abbey_prop props[] = {
    ABBEY_PROP_TEXT(net, NULL, "network that the cable leads to; none: not plugged in"),
    ABBEY_PROP_TEXT(mac, NULL, "station address; by default made from the names of machine and device"),
};
static const abbey_reg regs[] = {
    ABBEY_REG(csr, 0),
    ABBEY_REG(bcr, 0),
    ABBEY_REG(aprom, 0),
    ABBEY_REG(rap, 0),
    ABBEY_REG(dwio, 0),
    ABBEY_REG(rx_waits, 0),
    ABBEY_REG(tx_quiet, 0),
    ABBEY_REG(poll_wait, 0),
    ABBEY_REG(poll, 0),
    ABBEY_REG(tint, 0),
};
static const abbey_device device = { .name = "pcnet",
    .summary = "AMD PCnet-PCI II (Am79C970A) Ethernet adapter",
    .bus = "pci",
    .self_size = sizeof(struct pcnet),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset };
ABBEY_PLUGIN(.id = "org.abbey.pcnet", .version = "0.1.0", .license = "MIT",
    .requires = "abbey.pci/1 abbey.dma/1 abbey.timer/1 abbey.net/1", .device = &device);
