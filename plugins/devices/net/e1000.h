/* e1000.h - Intel 82540EM Gigabit Ethernet controller ("PCI/PCI-X Family of Gigabit Ethernet Controllers Software
 * Developer's Manual", 317453; cited as "SDM").
 *
 *     e1000.c           registers, interrupts and their moderation, the device
 *     e1000_phy.c       what stands behind EECD and MDIC: the EEPROM and the transceiver
 *     e1000_transmit.c  descriptors of frames to go, with checksums and segmentation
 *     e1000_receive.c   address filters, descriptors of frames to come
 *
 * Not there: VLAN tags inserted and filtered by the chip, and wake-up. */
#ifndef ABBEY_E1000_H
#define ABBEY_E1000_H

#include <stdbool.h>

#include <abbey/plugin.h>

#include "ether.h"

/* SDM table 13-63, ICR */
#define ICR_TXDW 0x01u
#define ICR_TXQE 0x02u
#define ICR_LSC 0x04u
#define ICR_RXDMT0 0x10u
#define ICR_RXT0 0x80u

#define RCTL_EN 0x02u
#define RCTL_UPE 0x08u
#define RCTL_MPE 0x10u
#define RCTL_LPE 0x20u
#define RCTL_BAM 0x8000u
#define RCTL_BSEX 0x02000000u
#define RCTL_SECRC 0x04000000u
#define TCTL_EN 0x02u

#define E1000_SEGMENTS 160u
#define E1000_STATISTICS 64u

struct e1000_ring {
    uint32_t base_low, base_high, length, head, tail;
};

struct e1000 {
    abbey_net *net;
    const char *mac;

    abbey_dev *dev;
    abbey_pci *pci;
    abbey_dma *dma;
    abbey_irq *irq;
    struct ether_crc crc;
    uint8_t station[6];
    bool transmitting;
    abbey_net_segment segments[E1000_SEGMENTS];

    /* Registers: */
    abbey_timer *moderation;
    uint64_t quiet_until; /* no interrupt before that time: ITR */
    uint32_t ctrl, ctrl_ext, eecd, eerd, fcal, fcah, fct, vet, itr, icr, ims, rctl, fcttv, txcw, tctl, tipg, ait,
        ledctl, pba, fcrtl, fcrth, rdtr, rxdctl, radv, rsrpd, tidv, txdctl, tadv, rxcsum, wuc, wufc, ipav, manc, mdic,
        io_address;
    struct e1000_ring rx, tx;
    uint32_t statistics[E1000_STATISTICS];
    uint32_t mta[128], ra[32], vfta[128];
    uint16_t phy[32];
    /* The context of segmentation and checksums (SDM 3.3.6), as its descriptor has it. */
    uint32_t context[4];
    /* The EEPROM under way. */
    uint32_t rom_in;
    uint16_t rom_out;
    uint8_t rom_bits, rom_reading, rom_level;
    uint8_t rx_waits; /* a frame was refused */
};

/* Counts a frame in two of the statistics, which stand from 4000h on. */
#define E1000_GPRC 0x1du
#define E1000_GPTC 0x20u
#define E1000_TPR 0x34u
#define E1000_TPT 0x35u
static inline void e1000_count(struct e1000 *e, uint32_t good, uint32_t total)
{
    e->statistics[good]++;
    e->statistics[total]++;
}

/* Sets causes and interrupts, now or when ITR allows. */
void e1000_cause(struct e1000 *e, uint32_t causes);

/* ---- e1000_phy.c ---- */

void e1000_phy_reset(struct e1000 *e);
uint32_t e1000_mdic_write(struct e1000 *e, uint32_t value);
uint16_t e1000_rom_word(const struct e1000 *e, uint32_t index);
void e1000_eecd_write(struct e1000 *e, uint32_t value);
uint32_t e1000_eecd_read(const struct e1000 *e);

/* ---- e1000_transmit.c, e1000_receive.c ---- */

void e1000_transmit(struct e1000 *e);
uint32_t e1000_receive(struct e1000 *e, const abbey_net_frame *frame);

static inline uint32_t e1000_ring_count(const struct e1000_ring *ring)
{
    return ring->length / 16;
}

static inline uint64_t e1000_ring_at(const struct e1000_ring *ring, uint32_t index)
{
    return (ring->base_low | (uint64_t)ring->base_high << 32) + 16ull * index;
}

#endif
