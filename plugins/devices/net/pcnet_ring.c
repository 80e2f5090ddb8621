/* pcnet_ring.c - descriptors. BCR20 says which of three layouts they have ("Software style"):
 *
 *     0: 8 bytes    address 15:0 | flags 15:8, address 23:16 | byte count | status
 *     2: 16 bytes   address      | flags 31:16, byte count   | status     | -
 *     3: 16 bytes   status       | flags 31:16, byte count   | address    | -
 *
 * Counters CSR72 and CSR74 number the current descriptor, CSR76 and CSR78 hold the lengths, all as negative numbers. */
#include "pcnet.h"

#include <string.h>

#define STYLE(p) ((p)->bcr[20] & 0xffu)

static const struct {
    uint8_t base, counter, length;
} rings[2] = { { 24, 72, 76 }, { 30, 74, 78 } };

uint32_t pcnet_ring_length(const struct pcnet *p, unsigned ring)
{
    return 0x10000u - p->csr[rings[ring].length];
}

void pcnet_ring_advance(struct pcnet *p, unsigned ring)
{
    uint16_t *counter = &p->csr[rings[ring].counter];
    *counter = (uint16_t)(*counter + 1);
    if (*counter < p->csr[rings[ring].length]) /* past -1, or set to what it cannot be */
        *counter = p->csr[rings[ring].length];
}

static uint64_t place(const struct pcnet *p, unsigned ring, uint32_t ahead)
{
    uint32_t length = pcnet_ring_length(p, ring);
    uint32_t index = (uint16_t)(p->csr[rings[ring].counter] - p->csr[rings[ring].length]);
    uint32_t base = p->csr[rings[ring].base] | (uint32_t)p->csr[rings[ring].base + 1] << 16;
    return (uint64_t)base + (index + ahead) % length * (STYLE(p) ? 16u : 8u);
}

bool pcnet_descriptor_read(struct pcnet *p, unsigned ring, uint32_t ahead, struct pcnet_descriptor *d)
{
    uint32_t words[4] = { 0 };
    uint16_t halves[4];
    *d = (struct pcnet_descriptor){ .at = place(p, ring, ahead) };
    if (abbey_dma_read(p->dma, d->at, words, STYLE(p) ? 16 : 8)) {
        pcnet_status(p, CSR0_MERR);
        return false;
    }
    if (STYLE(p)) {
        d->address = words[STYLE(p) == 3 ? 2 : 0];
        d->flags = (uint16_t)(words[1] >> 16);
        d->bytes = (uint16_t)(-words[1] & 0xfff);
    } else {
        memcpy(halves, words, sizeof halves);
        d->address = halves[0] | (halves[1] & 0xffu) << 16 | (uint32_t)(p->csr[2] & 0xff00) << 16;
        d->flags = halves[1] & 0xff00;
        d->bytes = (uint16_t)(-halves[2] & 0xfff);
    }
    if (!d->bytes)
        d->bytes = 4096;
    return true;
}

void pcnet_descriptor_write(struct pcnet *p, unsigned ring, const struct pcnet_descriptor *d)
{
    uint64_t status_at = d->at + (STYLE(p) == 0 ? 6 : STYLE(p) == 2 ? 8 : 0);
    uint16_t half = ring ? d->errors & 0xfc00 : d->count;
    uint32_t word = ring ? (uint32_t)d->errors << 16 : d->count;
    uint8_t owner = (uint8_t)(d->flags >> 8), matches = (uint8_t)d->flags;
    if (STYLE(p)) {
        abbey_dma_write(p->dma, status_at, &word, 4);
        abbey_dma_write(p->dma, d->at + 6, &matches, 1);
        abbey_dma_write(p->dma, d->at + 7, &owner, 1);
    } else {
        abbey_dma_write(p->dma, status_at, &half, 2);
        abbey_dma_write(p->dma, d->at + 3, &owner, 1);
    }
}
