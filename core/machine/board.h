/* board.h - the mainboard: everything of a machine but its CPU. Devices, buses, interrupt lines, timers, DMA, reset,
 * state. A board without a CPU, in virtual time, is the author's bench; with one it is a machine.
 *
 * Locking: the board has no lock of its own. Whoever owns it (machine.c) holds the machine lock around every call. */
#ifndef ABBEY_CORE_BOARD_H
#define ABBEY_CORE_BOARD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/config/config.h"
#include "core/control/commands.h"
#include "core/mem/mem.h"

struct board;

/* What the owner does for the board. All called with the machine lock held. */
struct board_owner {
    uint64_t (*now)(void *opaque);                     /* virtual time, ns */
    uint64_t (*wall_clock)(void *opaque);              /* ns since 1970 UTC */
    void (*timer_changed)(void *opaque, uint64_t due); /* the earliest timer is now due then (ABBEY_NEVER: none) */
    void (*intr)(void *opaque, bool level);            /* the CPU's INTR pin */
    void (*nmi)(void *opaque);
    void (*reset)(void *opaque, uint32_t kind); /* ABBEY_RESET_...: note it and act at an instruction boundary */
    void (*power_off)(void *opaque);
    void (*exit)(void *opaque, uint32_t status);
    void (*pause)(void *opaque, const char *id, const char *reason); /* a device wants the machine to stand still */
    void (*log)(void *opaque, uint32_t level, const char *id, const char *text);
    uint32_t *(*registers)(void *opaque); /* EAX to EDI of the CPU that makes a port access */
    abbey_loop *loop;                     /* NULL on the bench */
    const abbey_hostos *host;             /* services that backends may query; NULL on the bench */
    struct commands *commands;            /* where devices add theirs, and post events; NULL: nowhere */
    uint32_t log_level;
};

/* Creates all backends and devices of the description, in its order. NULL after errors, each placed, on `errors`. `mem`
 * and `config` outlive the board. */
struct board *board_new(
    const struct config *config, struct mem *mem, const struct board_owner *owner, void *opaque, FILE *errors);
void board_free(struct board *board);

/* Port I/O as the CPU does it. Ports nobody has read as all ones. */
uint32_t board_in(struct board *board, uint16_t port, uint32_t size);
void board_out(struct board *board, uint16_t port, uint32_t size, uint32_t value);

/* The vector of the pending interrupt; 0xff when nobody drives INTR. */
uint32_t board_intr_ack(struct board *board);

/* The CPU's FERR# is active, or is so no more. Returns the level of IGNNE#; -1 when nothing is wired to the pins. */
int board_ferr(struct board *board, bool active);

/* Runs every timer that is due at `now`. */
void board_run_timers(struct board *board, uint64_t now);
uint64_t board_next_timer(const struct board *board);

/* Cold reset of all devices. */
void board_reset(struct board *board);

/* Presses the power button; false when nobody listens. */
bool board_power_button(struct board *board);

/* Adds device.list and device.describe to the owner's commands. False with the reason. */
bool board_commands_add(struct board *board, abbey_error *error);
/* Tells the devices that want to know that the machine was paused, or goes on. */
void board_paused(struct board *board, bool paused);

/* A callback of a plugin that is under way. */
struct board_call {
    char device[64];
    char plugin[160];   /* id and version */
    char callback[120]; /* "reset()", "a write of 1 bytes at 320h (offset 0h)" */
};
/* The one that this thread is in, of whichever board; false when it is in none. [any] */
bool board_call_here(struct board_call *told);
/* How many callbacks have begun; and, when that is still `calls`, the one under way on any thread. Without
 * the lock. [any] */
uint64_t board_calls(const struct board *board);
bool board_call_elsewhere(const struct board *board, uint64_t calls, struct board_call *told);

/* State of all devices, by id and register name, as JSON (blobs as hex). */
json_t *board_save(const struct board *board);
/* Puts a saved state in place; false with the reason on `errors`, then the board is as after reset. */
bool board_load(struct board *board, const json_t *state, FILE *errors);
/* Registers for people. */
void board_dump(const struct board *board, FILE *out);
/* Counters for --stats: {"id": {"accesses": n, "interrupts": n, and the plugin's statistics by name}}. */
json_t *board_stats(const struct board *board);

/* The level of a controller's input or of an ISA line, for tests; -1 when it does not exist. */
int board_irq_level(const struct board *board, const char *chip, uint32_t pin);

/* The PIRQ and SCI wiring, slots and BARs that the ACPI tables describe. */
struct board_pci_slot {
    const char *id;
    uint32_t slot, function, vendor, device;
};
unsigned board_pci_slots(const struct board *board, struct board_pci_slot *slots, unsigned room);
/* A dword of the configuration space of the device `id` as it stands; all ones when it is no PCI function. */
uint32_t board_pci_config(const struct board *board, const char *id, uint32_t offset);

/* Gives the firmware a file of `length` bytes; make() is called each time it is read. Name and opaque are good
 * as long as the board runs; a device's file of the same name goes before it. False when memory is short. */
bool board_firmware_file(
    struct board *board, const char *name, const void *(*make)(void *opaque), void *opaque, uint64_t length);

#endif
