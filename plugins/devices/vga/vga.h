/* vga.h - the VGA: what its files share.
 *
 *     vga.c       the instance: properties, registers, PCI and ISA variants, reset
 *     ports.c     the ports 3B0h-3DFh: sequencer, CRT controller, graphics and attribute controller, DAC, status
 *     memory.c    the window at A0000h-BFFFFh: odd/even, planes, chained
 *     dispi.c     the Bochs VBE extensions: packed and banked modes, the linear frame buffer
 *     mode.c      what the registers say of the picture: size, timing, addresses
 *     lines.c     one line of the picture, in each kind of mode
 *     picture.c   the surface: what changed, and who is told
 *
 * References: IBM Personal System/2 Hardware Interface Technical Reference, "Video Subsystem" ("PS/2"); Bochs' VBE
 * DISPI specification for dispi.c ("VBE_DISPI").
 *
 * Display memory. The four planes are interleaved: byte `offset` of plane p is bytes[4 * offset + p], so that one
 * 32-bit load is what the latches hold. In chain-4 modes the processor's address A is plane A & 3 at offset A >> 2, as
 * later chips have it (the VGA itself leaves gaps, offset A & ~3), so that chained memory is linear and can be
 * shown to the guest without a call for each access. The CRT controller's doubleword mode, which steps over those gaps,
 * then steps by one. */
#ifndef PLUGINS_DEVICES_VGA_H
#define PLUGINS_DEVICES_VGA_H

#include <abbey/plugin.h>

#define VGA_MEMORY 0x40000u /* bytes that the VGA proper sees: four planes of 64 KB */
#define VGA_WINDOW 0xa0000u
#define VGA_WINDOW_LENGTH 0x20000u
#define VGA_BANK 0x10000u

/* Limits of the picture. */
#define VGA_WIDTH_MAX 2560u
#define VGA_HEIGHT_MAX 2048u
#define VGA_CELLS_MAX 65536u

/* Sequencer, graphics controller, CRT controller and attribute controller registers. */
enum { SEQ_RESET, SEQ_CLOCK, SEQ_MAP_MASK, SEQ_FONT, SEQ_MEMORY, SEQ_COUNT };
enum { GC_SET, GC_SET_ENABLE, GC_COMPARE, GC_FUNCTION, GC_READ_MAP, GC_MODE, GC_MISC, GC_IGNORE, GC_MASK, GC_COUNT };
enum {
    CR_HTOTAL = 0x00,
    CR_HDISPLAY = 0x01,
    CR_HBLANK = 0x02,
    CR_HBLANK_END = 0x03,
    CR_VTOTAL = 0x06,
    CR_OVERFLOW = 0x07,
    CR_ROW_SCAN = 0x08,
    CR_MAX_SCAN = 0x09,
    CR_CURSOR_START = 0x0a,
    CR_CURSOR_END = 0x0b,
    CR_START = 0x0c, /* high; low */
    CR_CURSOR = 0x0e,
    CR_VRETRACE = 0x10,
    CR_VRETRACE_END = 0x11,
    CR_VDISPLAY = 0x12,
    CR_OFFSET = 0x13,
    CR_UNDERLINE = 0x14,
    CR_MODE = 0x17,
    CR_COMPARE = 0x18,
    CR_COUNT = 0x19
};
enum { ATTR_MODE = 0x10, ATTR_OVERSCAN, ATTR_PLANES, ATTR_PAN, ATTR_COLOUR, ATTR_COUNT };

#define SEQ_CHAIN4 0x08u     /* SEQ_MEMORY */
#define SEQ_SEQUENTIAL 0x04u /* SEQ_MEMORY: not odd/even */

/* DISPI registers, by index. */
enum {
    DISPI_ID,
    DISPI_WIDTH,
    DISPI_HEIGHT,
    DISPI_BPP,
    DISPI_ENABLE,
    DISPI_BANK,
    DISPI_VIRT_WIDTH,
    DISPI_VIRT_HEIGHT,
    DISPI_X,
    DISPI_Y,
    DISPI_MEMORY,
    DISPI_COUNT
};
#define DISPI_ENABLED 0x01u
#define DISPI_GETCAPS 0x02u
#define DISPI_8BIT_DAC 0x20u

enum vga_kind { VGA_BLANK, VGA_TEXT, VGA_PLANES, VGA_CGA, VGA_PACKED, VGA_DISPI };

/* What the registers mean for the picture. All counts are dots and scan lines as they appear. */
struct vga_mode {
    enum vga_kind kind;
    uint32_t width, height;
    uint32_t bpp;          /* of DISPI modes: 4, 8, 15, 16, 24, 32 */
    uint32_t cell_width;   /* of text: dots of a character, doubled ones counted once */
    uint32_t scans;        /* scan lines of a row of characters, before doubling */
    uint32_t double_dots;  /* 1: each dot appears twice */
    uint32_t double_scans; /* 1: each scan line appears twice */
    uint32_t columns;      /* characters, or groups of eight dots, in a line */
    uint32_t start, pitch; /* of the CRT controller's address counter */
    uint32_t compare;      /* the scan line behind which the address starts again at 0 */
    uint32_t pan;          /* dots by which the picture is shifted to the left */
};

struct vga {
    abbey_dev *dev;
    uint64_t vram_bytes;
    abbey_display *display;
    const char *rom;
    abbey_pci *pci;
    abbey_vram *vram;
    abbey_screen *screen;
    abbey_region *linear; /* the view at A0000h */

    uint8_t misc, feature, seq_index, gc_index, cr_index, attr_index, attr_data;
    uint8_t seq[SEQ_COUNT], gc[GC_COUNT], cr[CR_COUNT], attr[ATTR_COUNT];
    uint8_t dac[768], dac_mask, dac_read, dac_write, dac_part, dac_reading, dac_latch[3];
    uint8_t latch[4];
    uint16_t dispi[DISPI_COUNT], dispi_index;
    uint8_t dispi_low; /* of a data word that comes in two halves */

    /* The picture; follows from the above. */
    struct vga_mode mode;
    uint32_t *pixels;
    uint32_t palette[256]; /* pixels of the DAC */
    uint32_t colours[16];  /* pixels of the attribute controller */
    uint16_t *cells;
    uint8_t stale;  /* registers changed: everything is drawn again */
    uint8_t blinks; /* some character does */
    uint32_t phase; /* of blinking, when it was drawn */
};

/* ports.c */
uint8_t vga_port_read(struct vga *v, uint32_t port);
void vga_port_write(struct vga *v, uint32_t port, uint8_t value);
int32_t vga_ports_map(struct vga *v);

/* memory.c */
int32_t vga_memory_map(struct vga *v);
/* The window may be seen in another way now. */
void vga_window_update(struct vga *v);

/* dispi.c */
int32_t vga_dispi_map(struct vga *v);
/* BAR 2: the ports 3C0h-3DFh at 400h, the DISPI registers at 500h. */
void vga_dispi_mmio(void *self, abbey_io *io);
/* Bytes from line to line. */
uint32_t vga_dispi_pitch(const struct vga *v);
/* The first byte that is shown. */
uint64_t vga_dispi_start(const struct vga *v);
/* Whether the mode, if one is on, lies inside memory. */
int vga_dispi_good(const struct vga *v);

static inline int vga_dispi_on(const struct vga *v)
{
    return v->dispi[DISPI_ENABLE] & DISPI_ENABLED;
}

/* mode.c */
void vga_mode_find(const struct vga *v, struct vga_mode *mode);
/* Status register 1, bits 0 and 3, at this moment. */
uint8_t vga_retrace(const struct vga *v);
/* What the address counter reads from memory: an offset in the planes. */
uint32_t vga_fetch(const struct vga *v, uint32_t counter, uint32_t scan);
/* Address counter and scan line within the row of a scan line of the picture, without doubling. */
struct vga_row {
    uint32_t counter, scan, pan, row;
};
struct vga_row vga_row_at(const struct vga *v, const struct vga_mode *mode, uint32_t line);

/* lines.c */
void vga_line(const struct vga *v, uint32_t y, uint32_t *pixels);
/* A frame of 1/60 s: characters blink with bit 4 of the count, the cursor with bit 3. */
#define VGA_BLINK_CELLS 16u
#define VGA_BLINK_CURSOR 8u
uint32_t vga_frames(const struct vga *v);
int vga_cursor_on(const struct vga *v);

/* picture.c */
void vga_palette_update(struct vga *v);
extern const abbey_screen_client_1 vga_screen_client;

#endif
