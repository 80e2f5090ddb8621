/* pcnet.h - AMD PCnet-PCI II (Am79C970A), data sheet publication 19436: an Ethernet controller that fetches frames from
 * rings of descriptors in memory by itself.
 *
 *     pcnet.c           ports, registers, initialization, interrupts
 *     pcnet_ring.c      descriptors in their three layouts
 *     pcnet_transmit.c  frames of the guest
 *     pcnet_receive.c   frames for the guest
 *
 * Two things differ from the wire: a frame for which there is no descriptor waits in the backend, where the chip would
 * count it as missed; and the interrupt for transmitted frames comes within TINT_DELAY or with half of the ring,
 * whatever is first, where the chip would need as much time for the frame itself. */
#ifndef ABBEY_PCNET_H
#define ABBEY_PCNET_H

#include <stdbool.h>

#include <abbey/plugin.h>

#include "ether.h"

/* CSR0, section "CSR0: PCnet-PCI II Controller Status Register" */
#define CSR0_ERR 0x8000u
#define CSR0_BABL 0x4000u
#define CSR0_CERR 0x2000u
#define CSR0_MISS 0x1000u
#define CSR0_MERR 0x0800u
#define CSR0_RINT 0x0400u
#define CSR0_TINT 0x0200u
#define CSR0_IDON 0x0100u
#define CSR0_INTR 0x0080u
#define CSR0_IENA 0x0040u
#define CSR0_RXON 0x0020u
#define CSR0_TXON 0x0010u
#define CSR0_TDMD 0x0008u
#define CSR0_STOP 0x0004u
#define CSR0_STRT 0x0002u
#define CSR0_INIT 0x0001u

#define CSR3_DXSUFLO 0x0040u
#define CSR4_DPOLL 0x1000u
#define CSR4_APAD_XMT 0x0800u
#define CSR4_ASTRP_RCV 0x0400u
#define CSR5_TOKINTD 0x8000u
#define CSR5_LTINTEN 0x4000u
#define CSR5_SPND 0x0001u

/* CSR15, mode */
#define MODE_PROM 0x8000u
#define MODE_DRCVBC 0x4000u
#define MODE_DRCVPA 0x2000u
#define MODE_DXMTFCS 0x0008u
#define MODE_LOOP 0x0004u
#define MODE_DTX 0x0002u
#define MODE_DRX 0x0001u

/* The upper half of RMD1 and TMD1, in all layouts. */
#define MD_OWN 0x8000u
#define MD_ERR 0x4000u
#define RMD_CRC 0x0800u
#define RMD_BUFF 0x0400u
#define TMD_LTINT 0x1000u
#define MD_STP 0x0200u
#define MD_ENP 0x0100u
#define RMD_PAM 0x0040u /* these three not in the 16-bit layout */
#define RMD_LAFM 0x0020u
#define RMD_BAM 0x0010u

/* The upper half of TMD2 (32-bit layouts). */
#define TMD_BUFF 0x8000u
#define TMD_UFLO 0x4000u
#define TMD_LCAR 0x0800u

#define PCNET_CSRS 128u
#define PCNET_BCRS 32u

struct pcnet {
    abbey_net *net;
    const char *mac;

    abbey_dev *dev;
    abbey_pci *pci;
    abbey_dma *dma;
    abbey_irq *irq;
    struct ether_crc crc;
    uint8_t station[6];
    bool transmitting;

    /* Registers: */
    abbey_timer *poll; /* looks for descriptors as the chip does by itself */
    abbey_timer *tint; /* TINT that is held back */
    uint16_t csr[PCNET_CSRS], bcr[PCNET_BCRS];
    uint8_t aprom[16];
    uint16_t rap;
    uint8_t dwio;
    uint8_t rx_waits;   /* a frame was refused */
    uint16_t tx_quiet;  /* frames sent since TINT */
    uint16_t poll_wait; /* milliseconds */
};

/* Sets bits of CSR0 and drives the interrupt line. */
void pcnet_status(struct pcnet *p, uint16_t bits);

/* ---- pcnet_ring.c ---- */

struct pcnet_descriptor {
    uint64_t at;      /* where it stands */
    uint32_t address; /* of the buffer */
    uint16_t flags;   /* MD_OWN, ... */
    uint16_t bytes;   /* of the buffer */
    uint16_t errors;  /* TMD_BUFF, ...; transmit alone */
    uint16_t count;   /* MCNT, receive alone */
};

/* Ring 0 receives, ring 1 transmits; `ahead` counts from the current descriptor. False, with MERR, when it cannot be
 * read. */
bool pcnet_descriptor_read(struct pcnet *p, unsigned ring, uint32_t ahead, struct pcnet_descriptor *d);
/* Writes back flags and errors or count, the owner last. */
void pcnet_descriptor_write(struct pcnet *p, unsigned ring, const struct pcnet_descriptor *d);
void pcnet_ring_advance(struct pcnet *p, unsigned ring);
uint32_t pcnet_ring_length(const struct pcnet *p, unsigned ring);

/* ---- pcnet_transmit.c, pcnet_receive.c ---- */

/* Sends what is ready; whether there was something. */
bool pcnet_transmit(struct pcnet *p);
void pcnet_tint(void *self);

/* A frame from the network, or in loop-back the chip's own. 0: no descriptor is free. */
uint32_t pcnet_receive(struct pcnet *p, const abbey_net_frame *frame);
/* After the guest did something: a frame that was refused may find room now. */
void pcnet_receive_again(struct pcnet *p);

#endif
