/* abbey/system.h - the wires of the mainboard: A20, reset, power, non-maskable interrupt, shadow RAM, wall clock:
 * interface "abbey.system/1". Chip sets and keyboard controllers use it. */
#ifndef ABBEY_SYSTEM_H
#define ABBEY_SYSTEM_H

#include <abbey/dev.h>

#define ABBEY_RESET_COLD 0u /* power-on values everywhere */
#define ABBEY_RESET_CPU 1u  /* INIT: the processor alone */

#define ABBEY_SHADOW_READ_RAM 1u  /* reads come from RAM, else from the ROM or bus below */
#define ABBEY_SHADOW_WRITE_RAM 2u /* writes go to RAM, else to the ROM or bus below */

/* Called when the user presses the power button (SIGTERM, `vm.powerdown`). [io] */
typedef void (*abbey_power_button_fn)(void *self);

typedef struct abbey_system_1 {
    uint32_t size;
    uint32_t reserved;
    void (*a20)(abbey_dev *dev, uint32_t source, uint32_t on);
    void (*reset)(abbey_dev *dev, uint32_t kind);
    void (*power_off)(abbey_dev *dev);
    void (*exit)(abbey_dev *dev, uint32_t status);
    void (*nmi)(abbey_dev *dev);
    void (*shadow)(abbey_dev *dev, uint64_t start, uint64_t length, uint32_t mode);
    int32_t (*power_button)(abbey_dev *dev, abbey_power_button_fn fn, void *self);
    uint64_t (*memory)(abbey_dev *dev);
    uint64_t (*wall_clock)(abbey_dev *dev);
} abbey_system_1;

#define ABBEY_SYSTEM_1 "abbey.system/1"

/* The interface; every host has it. Keep it in the device's struct. [create] */
static inline const abbey_system_1 *abbey_system(abbey_dev *dev)
{
    return (const abbey_system_1 *)abbey_query(dev, ABBEY_SYSTEM_1);
}

/* What the calls do, all of them [locked]:
 *   a20(dev, source, on)   one of several gates that are OR-ed (source 0: keyboard controller, 1: port 92h); A20 is
 *                          masked while all sources that ever spoke are off; after a cold reset nobody has spoken
 *   reset(dev, kind)       ABBEY_RESET_...; takes effect at the next instruction boundary of the guest
 *   power_off(dev)         the machine ends with exit status 0
 *   exit(dev, status)      the machine ends; a status other than 0 means that the guest failed
 *   nmi(dev)               a non-maskable interrupt
 *   shadow(...)            ABBEY_SHADOW_... for whole pages of C0000h-FFFFFh; until it is called, and again after a
 * cold reset, a page shows firmware where the board has some, and RAM elsewhere power_button(...)      [create] who
 * hears the power button; 0, or -1 when somebody does already memory(dev)            bytes of RAM wall_clock(dev)
 * nanoseconds since 1970-01-01 00:00 UTC, going on with virtual time */

#endif
