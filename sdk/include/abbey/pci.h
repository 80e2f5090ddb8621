/* abbey/pci.h - PCI functions, host bridges and interrupt routers: interface "abbey.pci/1".
 *
 * The host owns configuration space (PCI 2.1, chapter 6): it keeps the 256 bytes, applies write masks, sizes and maps
 * BARs, and saves it all. A function describes itself in create() and is called back for its BARs; it may look at
 * configuration writes after they took effect. Slot and function number come from `addr: "SS.F"` of the machine file,
 * or from the first free slot. */
#ifndef ABBEY_PCI_H
#define ABBEY_PCI_H

#include <abbey/io.h>
#include <abbey/irq.h>

typedef struct abbey_pci abbey_pci;

#define ABBEY_PCI_BAR_NONE 0u
#define ABBEY_PCI_BAR_IO 1u
#define ABBEY_PCI_BAR_MEM32 2u
#define ABBEY_PCI_BAR_MEM64 3u    /* takes the next BAR as well */
#define ABBEY_PCI_BAR_PREFETCH 4u /* or-ed to a memory kind */
#define ABBEY_PCI_BAR_VRAM 8u     /* or-ed to a memory kind: abbey_vram_bar() says what it shows, and `fn` is NULL */

typedef struct abbey_pci_bar {
    uint32_t kind;      /* ABBEY_PCI_BAR_... */
    uint32_t max_width; /* as in abbey_region_desc */
    uint64_t length;    /* bytes or ports, a power of two; at least 4 for ports, 16 for memory */
    abbey_io_fn fn;
} abbey_pci_bar;

typedef struct abbey_pci_desc {
    uint32_t size; /* sizeof(abbey_pci_desc) */
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t class_code; /* 24 bits: class, subclass, programming interface */
    uint8_t revision;
    uint8_t multifunction; /* 1 in function 0 of a device that has others */
    uint8_t intx;          /* interrupt pin: 0 none, 1 INTA# ... 4 INTD# */
    uint8_t reserved;
    abbey_pci_bar bars[6];
    /* Called after the guest wrote `count` bytes (1, 2, 4) at `offset`; may be NULL. [vcpu] */
    void (*config_written)(void *self, uint32_t offset, uint32_t count);
    /* The expansion ROM (PCI 2.1, 6.2.5.2): copied by the host, made up to a power of two with zeros. NULL: none. */
    const void *rom;
    uint64_t rom_bytes; /* up to 16 MB */
} abbey_pci_desc;

typedef struct abbey_pci_ops_1 {
    uint32_t size;
    uint32_t reserved;
    uint32_t (*config_get)(abbey_pci *pci, uint32_t offset, uint32_t count);
    void (*config_set)(abbey_pci *pci, uint32_t offset, uint32_t count, uint32_t value);
    void (*config_mask)(abbey_pci *pci, uint32_t offset, uint32_t count, uint32_t writable, uint32_t write_1_clears);
    abbey_irq *(*intx)(abbey_pci *pci);
    uint64_t (*bar)(abbey_pci *pci, uint32_t index);
} abbey_pci_ops_1;

struct abbey_pci {
    const abbey_pci_ops_1 *ops;
};

/* An access to configuration space by a host bridge. */
typedef struct abbey_pci_cycle {
    uint32_t address; /* bus 23:16, device 15:11, function 10:8, register 7:0, as in CONFIG_ADDRESS */
    uint32_t value;
    uint8_t size; /* 1, 2, 4 */
    uint8_t write;
    uint8_t reserved[2];
} abbey_pci_cycle;

/* Called when the level of interrupt line PIRQA# (0) to PIRQD# (3) changes. Pin p (INTA# = 0) of slot s drives line
 * (s + p - 1) mod 4, as on boards with a PIIX. [locked] */
typedef void (*abbey_pci_route_fn)(void *self, uint32_t pirq, uint32_t level);

typedef struct abbey_pci_1 {
    uint32_t size;
    uint32_t reserved;
    abbey_pci *(*add)(abbey_dev *dev, const abbey_pci_desc *desc, void *self);
    void (*cycle)(abbey_dev *dev, abbey_pci_cycle *cycle);
    int32_t (*route)(abbey_dev *dev, abbey_pci_route_fn fn, void *self);
} abbey_pci_1;

#define ABBEY_PCI_1 "abbey.pci/1"

/* Puts a function on the bus. NULL with a reported reason when the description or its place is wrong. [create] */
static inline abbey_pci *abbey_pci_add(abbey_dev *dev, const abbey_pci_desc *desc, void *self)
{
    const abbey_pci_1 *pci = (const abbey_pci_1 *)abbey_query(dev, ABBEY_PCI_1);
    return pci->add(dev, desc, self);
}

/* Host bridge: runs one configuration cycle on the bus that this device provides; reads where nothing answers give
 * all ones. The bridge keeps `const abbey_pci_1 *` from abbey_query() and calls ->cycle(). [vcpu]
 * Router: takes the four interrupt lines of the bus with ->route(), once a bus. [create] */

/* `count` (1, 2, 4) bytes of configuration space as the guest reads them. [create] [locked] */
static inline uint32_t abbey_pci_config_get(abbey_pci *pci, uint32_t offset, uint32_t count)
{
    return pci->ops->config_get(pci, offset, count);
}

/* Changes configuration space from the device's side, write masks not regarded. In create() it sets reset values.
 * [create] [locked] */
static inline void abbey_pci_config_set(abbey_pci *pci, uint32_t offset, uint32_t count, uint32_t value)
{
    pci->ops->config_set(pci, offset, count, value);
}

/* Which bits of a register the guest may write, and which it clears by writing one. The standard header is set up by
 * the host; a device states its own registers from 40h on. [create] */
static inline void abbey_pci_config_mask(
    abbey_pci *pci, uint32_t offset, uint32_t count, uint32_t writable, uint32_t write_1_clears)
{
    pci->ops->config_mask(pci, offset, count, writable, write_1_clears);
}

/* The interrupt pin of the function; NULL when `intx` is 0. [create] */
static inline abbey_irq *abbey_pci_intx(abbey_pci *pci)
{
    return pci->ops->intx(pci);
}

/* Where BAR `index` (0..5) is mapped now, or ABBEY_NEVER when it is off. [locked] */
static inline uint64_t abbey_pci_bar_address(abbey_pci *pci, uint32_t index)
{
    return pci->ops->bar(pci, index);
}

#endif
