/* ne2000.h - the NE2000 and its PCI successor, the RTL8029: a National DP8390 (data sheet of July 1993, section 10 for
 * the registers) with 16 KB of buffer, and ports where the original has a bus of its own.
 *
 *     base + 00h  the DP8390's registers, in pages
 *     base + 10h  the buffer: "remote DMA" moves on with each access
 *     base + 18h  reset, by reading
 *
 *     buffer 0000h  the address PROM, each byte twice
 *            4000h  16 KB: frames to go, and a ring of pages of 256 bytes for frames to come
 *
 * ne2000.c has ports, registers and the buffer; ne2000_frames.c has frames of the guest and for it. */
#ifndef ABBEY_NE2000_H
#define ABBEY_NE2000_H

#include <stdbool.h>

#include <abbey/plugin.h>

#include "ether.h"

#define CR_STP 0x01u
#define CR_STA 0x02u
#define CR_TXP 0x04u
#define CR_READ 0x08u
#define CR_WRITE 0x10u
#define CR_DMA 0x38u

#define ISR_PRX 0x01u
#define ISR_PTX 0x02u
#define ISR_RDC 0x40u
#define ISR_RST 0x80u

#define TCR_LOOP 0x06u
#define DCR_WORDS 0x01u

#define BUFFER 0x4000u /* where it begins, and its size */

struct ne2000 {
    abbey_net *net;
    abbey_irq *irq;
    const char *mac;
    uint16_t base;

    struct ether_crc crc;
    uint8_t station[6];
    bool pci; /* an RTL8029 */

    /* Registers: */
    uint8_t cr, isr, imr, dcr, rcr, tcr, tsr, rsr, pstart, pstop, bnry, curr, tpsr;
    uint16_t tbcr, rsar, rbcr;
    uint8_t par[6], mar[8];
    uint8_t rx_waits;
    uint8_t memory[BUFFER];
};

static inline void ne2000_interrupt(struct ne2000 *n)
{
    abbey_irq_set(n->irq, (n->isr & n->imr & 0x7f) != 0);
}

/* At an address of remote DMA, of which the buffer alone can be written. */
static inline void ne2000_put(struct ne2000 *n, uint16_t at, uint8_t value)
{
    if (at >= BUFFER && at < 2 * BUFFER)
        n->memory[at - BUFFER] = value;
}

/* ne2000_frames.c: sends what the registers say, if there is something to go and room for it. */
void ne2000_transmit(struct ne2000 *n);
/* A frame that was refused finds room, or nobody wants it any more. */
void ne2000_receive_again(struct ne2000 *n);

extern const abbey_net_client_1 ne2000_client;

#endif
