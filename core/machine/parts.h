/* parts.h - inside core/machine: what the parts of a board know of each other.
 *
 *     struct board ── devices[] ── struct device: one instance of a plugin's device, `abbey_dev` first
 *         │              ├── regions   ranges of ports and memory (pio.c, mmio.c)
 *         │              ├── timers    (timer.c; the board keeps them in a heap)
 *         │              ├── sources   outputs to interrupt lines (irq.c)
 *         │              ├── inputs    if it is an interrupt controller
 *         │              └── pci, bus  its function; the bus it provides (pci.c, pcibus.c)
 *         └── backends[] the same struct, without guest-visible parts */
#ifndef ABBEY_CORE_PARTS_H
#define ABBEY_CORE_PARTS_H

#include <abbey/plugin.h>

#include "core/machine/board.h"

#define PORTS 65536u

struct device;

/* A range of ports or of memory. Those asked first have the higher rank. */
struct region {
    abbey_region handle;
    struct device *device;
    abbey_io_fn fn;
    void *self;
    uint64_t start, length;
    uint32_t max_width;
    bool ports;
    bool enabled;         /* as the device wants it */
    bool shown;           /* and there is such a place */
    bool shared;          /* may lie over others: it was described so, or moved */
    bool bar;             /* follows a BAR: configuration space says where it is */
    uint64_t first_start; /* as described: where a reset puts it */
    bool first_enabled;
    uint64_t rank;            /* among ports */
    struct mem_region *place; /* of memory */
    struct region *next;      /* of the device, in the order of creation */
    struct region *next_port; /* of the board, by rank, the highest first */
};

struct timer {
    abbey_timer handle;
    struct device *device;
    abbey_timer_fn fn;
    void *self;
    uint64_t due;   /* ABBEY_NEVER: not armed, and not in the heap */
    uint64_t alias; /* of an isolated device: what its instance holds for the handle; else 0 */
    uint64_t order; /* of arming: timers due at one time run in this order */
    uint32_t index; /* in the heap */
    struct timer *next;
};

/* An output of a device. What it drives is one of: an input of a controller, INTR, a PCI interrupt pin. */
struct source {
    abbey_irq handle;
    struct device *device; /* whose output it is */
    char name[72];         /* in saved states: the property, "intr", "intx", "line5" */
    bool level;
    struct device *chip; /* the controller, or NULL */
    uint32_t pin;
    struct source *next;
};

/* The inputs of a controller. */
struct inputs {
    uint32_t count;
    uint32_t *asserted; /* how many sources hold each at 1 */
    abbey_irq_input_fn fn;
    void *self;
    abbey_irq_pending_fn pending;
    void *pending_self;
};

/* Memory of a device that the guest sees by views. */
struct vram {
    abbey_vram handle;
    struct device *device;
    char name[32];
    struct mem_vram *mem;
    struct vram *next;
};

/* What a video adapter shows, and who looks. */
struct screen {
    abbey_screen handle;
    struct device *device;
    const abbey_screen_client_1 *client;
    void *self;
    abbey_display *display;
    abbey_surface surface; /* width 0: none yet */
};

/* A device that takes keys, motion or positions. */
struct input_taker {
    const abbey_input_client_1 *client; /* NULL: it does not */
    void *self;
    uint32_t listens; /* ABBEY_INPUT_...: what the guest makes use of */
};

struct pci_function {
    abbey_pci handle;
    struct device *device;
    struct pci_bus *bus;
    uint32_t slot, function;
    abbey_pci_desc desc;
    void *self;
    uint8_t config[256], writable[256], clears[256], reset[256];
    struct region *bars[6];
    struct region *rom;
    struct source *intx;
    bool strayed;  /* beyond configuration space; told once */
    bool intx_out; /* what the pin shows to the board: the level unless the command register disables it */
};

struct pci_bus {
    struct device *bridge;
    struct pci_function *functions[32][8];
    abbey_pci_route_fn route;
    void *route_self;
    const struct device *router;
    uint32_t asserted[4];
};

/* What a device that provides a bus tells the devices on it (bus.c). */
struct bus_offer {
    const char *id;
    const void *table;
    void *self;
};

/* Memory that lives as long as the instance. */
struct chunk {
    struct chunk *next;
    void *bytes;
};

#define ISADMA_CHANNELS 8u

/* A DMA channel of the ISA bus that a card has. */
struct isadma_channel {
    abbey_isadma handle;
    struct device *device;
    uint32_t number;
    abbey_isadma_ready_fn ready;
    void *self;
};

/* A file that the firmware may ask for: bytes, or who makes them when they are asked for. */
struct firmware_file {
    struct device *device; /* who gave it; NULL: the host */
    const char *name;
    const void *bytes;
    const void *(*make)(void *opaque);
    void *opaque;
    uint64_t length;
    struct firmware_file *next;
};

/* Who hears of pauses. */
struct pause_listener {
    struct pause_listener *next;
    abbey_pause_fn fn;
    void *self;
};

struct dma {
    abbey_dma handle;
    struct device *device;
};

struct device {
    abbey_dev handle;  /* first: what the plugin holds is this */
    abbey_base_1 base; /* with the level of its own messages */
    struct board *board;
    const struct config_node *node;
    const abbey_device *kind; /* NULL for a backend */
    const abbey_backend *backend;
    void *self, *interface; /* of a backend: what its devices use */
    bool creating, created;
    bool unplugged; /* a PCI function that is not in its slot */
    char *failure;
    struct chunk *chunks;
    struct region *regions, **last_region;
    struct timer *timers, **last_timer;
    struct source *sources, **last_source;
    struct inputs inputs;
    struct dma *dma;
    struct vram *vrams;
    struct screen *screen;
    struct input_taker input;
    struct pci_function *pci;
    struct pci_bus *bus;
    struct bus_offer offer;
    uint64_t accesses, interrupts;
    struct isolate *isolate; /* in a process of its own, or NULL */
};

/* What users do, on its way. */
struct input_state {
    uint8_t down[32]; /* a bit for each key that is held */
    bool placed;      /* x and y are the last position, in dots */
    int32_t x, y;
    uint16_t *queue; /* to be typed: keys, with bit 8 for down */
    size_t first, last;
    uint64_t waited;     /* ns since the keyboard was found busy; past the bound until it is so no more */
    struct timer *timer; /* of the next one */
    struct device desk;  /* whose timer it is: nobody's */
};

struct call; /* call.h */

struct board {
    const struct config *config;
    struct mem *mem;
    struct board_owner owner;
    void *opaque;
    struct device *devices, *backends;
    unsigned device_count, backend_count;

    struct call *call; /* of a plugin's callback, the innermost; on the stack of who calls */
    uint64_t calls;    /* begun so far */

    struct region **ports; /* who answers at each port */
    bool in_access;        /* a port access is under way */
    struct region *port_regions;
    uint64_t port_rank;

    struct input_state *input;
    struct timer **heap;
    uint32_t heap_count, heap_room;
    uint64_t timer_order, timer_told;
    bool timers_running;

    struct firmware_file *firmware_files; /* by name */
    uint32_t firmware_count;

    struct isadma_channel *isadma[ISADMA_CHANNELS];
    const abbey_isadma_chip_1 *isadma_chip;
    void *isadma_self;
    const struct device *isadma_device;

    struct source *intr;
    abbey_intr_ack_fn intr_ack;
    void *intr_self;

    uint32_t a20_on, a20_spoke; /* bit per source */
    uint8_t shadow[64];         /* mode of each page from C0000h, 80h: was set */
    abbey_power_button_fn button;
    void *button_self;
    const struct device *button_device;
    abbey_ferr_fn ferr;
    void *ferr_self;
    const struct device *ferr_device;
    struct pause_listener *listeners;
};

/* The instance behind a handle. */
static inline struct device *device_of(abbey_dev *dev)
{
    return (struct device *)dev;
}

/* device.c */
bool device_create(struct device *device, FILE *errors);
void device_destroy(struct device *device);
void device_reset_registers(struct device *device);
/* Puts the properties into the instance again; the lines are those that were connected. */
void device_properties_apply(struct device *device);
__attribute__((format(printf, 2, 3))) void device_fail(struct device *device, const char *format, ...);
__attribute__((format(printf, 3, 4))) void device_log(struct device *device, uint32_t level, const char *format, ...);
/* Reports a call that is only allowed in create(); true when it is not made there. */
bool device_too_late(struct device *device, const char *call);
/* "file:line:col", or "default configuration", of where the device stands; the buffer is the caller's. */
const char *device_where(const struct device *device, char *text, size_t room);
struct device *board_device(const struct board *board, const char *id);

/* board.c: the plugin's own statistics, by name. */
json_t *device_stats(const struct device *device);

/* call.c: "org.example.daq 1.0.0"; "a write of 1 bytes at 320h (offset 0h)". */
void device_plugin_text(const struct device *device, char *text, size_t room);
void call_io_text(const abbey_io *io, char *text, size_t room);

/* isolate.c: takes the plugin's place before the properties are applied; starts its process after. False with a
 * recorded reason. */
bool isolate_prepare(struct device *device);
bool isolate_create(struct device *device);
void isolate_free(struct device *device);
/* isolate_restart.c */
bool isolate_commands_add(struct board *board, abbey_error *error);
/* {"dead", "process", "crashes"}; NULL when the device is not isolated. */
json_t *isolate_json(const struct device *device);
/* isolate_dead.c: nobody answers, since the process of the device has ended, or it is not plugged in. */
bool device_dead(const struct device *device);

/* plug.c: behind create(), false with a recorded reason; later. */
bool plug_created(struct device *device);
void plug_set(struct device *device, bool plugged);
bool plug_commands_add(struct board *board, abbey_error *error);

/* interface.c */
const void *interface_find(struct device *device, const char *id);

/* pio.c, mmio.c: `bar` ranges start disabled and are nobody's clash. NULL with a recorded reason. */
struct region *pio_add(struct device *device, const abbey_region_desc *desc, void *self, bool bar);
struct region *mmio_add(struct device *device, const abbey_region_desc *desc, void *self, bool bar);
/* Ranges of memory that need no callback: a view of a device's memory from `offset`, and a ROM, whose bytes are copied.
 */
struct region *view_add(
    struct device *device, const abbey_region_desc *desc, struct mem_vram *vram, uint64_t offset, bool bar);
struct region *rom_add(struct device *device, uint64_t length, const void *bytes);
/* Puts a range somewhere, shown or not, over all others. */
void region_place(struct region *region, uint64_t start, bool enabled);
void region_reset(struct region *region);
void pio_free(struct region *region);
void mmio_free(struct region *region);
extern const abbey_io_1 pio_interface, mmio_interface;

/* timer.c */
extern const abbey_timer_1 timer_interface;
void timer_set(struct timer *timer, uint64_t due);
/* A timer of the device; NULL when memory is short. */
struct timer *timer_new(struct device *device, abbey_timer_fn fn, void *self);
void timers_free(struct device *device);

/* irq.c */
extern const abbey_irqchip_1 irqchip_interface;
struct source *source_new(struct device *device, const char *name, const abbey_irq_ops_1 *ops);
struct source *source_connect(struct device *device, const char *name, struct device *chip, uint32_t pin);
/* Sets all levels to 0, or recounts the inputs after levels were changed; tells nobody. */
void irq_clear(struct board *board);
void irq_recount(struct board *board);

/* firmware.c */
extern const abbey_firmware_1 firmware_interface;
extern const abbey_net_1 net_interface;
void firmware_files_free(struct board *board);

/* isadma.c */
extern const abbey_isadma_1 isadma_interface;
void isadma_free(struct board *board);

/* dma.c */
extern const abbey_dma_1 dma_interface;

/* bus.c */
extern const abbey_bus_1 bus_interface;

/* input.c */
extern const abbey_input_1 input_interface;
bool input_new(struct board *board);
void input_reset(struct board *board);
void input_free(struct board *board);

/* screen.c */
extern const abbey_screen_1 screen_interface;

/* vram.c */
extern const abbey_vram_1 vram_interface;
void vrams_free(struct device *device);
void vrams_clear(struct device *device);

/* pci.c, pcibus.c */
extern const abbey_pci_1 pci_interface;
struct pci_function *pci_function_new(struct device *device, const abbey_pci_desc *desc, void *self);
void pci_function_free(struct pci_function *f);
uint32_t pci_config_read(const struct pci_function *f, uint32_t offset, uint32_t count);
void pci_config_write(struct pci_function *f, uint32_t offset, uint32_t count, uint32_t value);
void pci_function_reset(struct pci_function *f);
void pci_update(struct pci_function *f); /* maps BARs as configuration space says */
/* Shows the memory behind BAR `index`; false with a recorded reason. */
bool pci_bar_show(struct device *device, abbey_pci *pci, uint32_t index, struct vram *vram);
bool pci_intx_shown(const struct pci_function *f);
void pci_pin_set(struct pci_function *f, bool level);
void pci_pins_recount(struct pci_bus *bus);
void pci_created(struct board *board); /* after all create() calls */

/* control.c */
extern const abbey_control_1 control_interface;

/* system.c */
extern const abbey_system_1 system_interface;
extern const abbey_registers_1 registers_interface; /* registers.c */
extern const abbey_loop_1 loop_interface;
extern const abbey_coprocessor_1 coprocessor_interface; /* coprocessor.c */
void system_reset(struct board *board);
void system_apply(struct board *board);

#endif
