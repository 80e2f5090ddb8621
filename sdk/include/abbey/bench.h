/* abbey/bench.h - the author's bench: a board with your device, fake RAM and virtual time; no guest, no root.
 *
 * Link with libabbey-bench.a (pkg-config abbey-bench). Single-threaded; every call plays the part that its comment
 * says.
 *
 *     abbey_bench *b = abbey_bench_new("./doorbell.so", "{delay: 75, irq: 7}");
 *     abbey_out(b, 0x310, 1, 0);
 *     abbey_advance(b, 75 * ABBEY_US);
 *     CU_ASSERT_EQUAL(abbey_line(b, 7), 1);
 *     abbey_bench_free(b); */
#ifndef ABBEY_BENCH_H
#define ABBEY_BENCH_H

#include <abbey/display.h>
#include <abbey/types.h>

typedef struct abbey_bench abbey_bench;

/* A bench with one instance, id "dut", of the plugin's first device; `properties` is a YAML flow mapping, NULL for all
 * defaults. The bench supplies what it needs: 16 lines "isa" for ISA devices, a PCI bus for PCI devices. NULL, with the
 * errors on stderr, when the plugin or the properties are refused. */
abbey_bench *abbey_bench_new(const char *plugin, const char *properties);

/* A bench from a whole machine file's text ("abbey: 1\ndevices: ..."), for devices that work together; plugins are
 * looked up on $ABBEY_PLUGIN_PATH. A missing interrupt controller or PCI bus is supplied as above. */
abbey_bench *abbey_bench_machine(const char *yaml);

void abbey_bench_free(abbey_bench *bench);

/* Port and memory accesses as the guest makes them; size 1, 2, 4 (memory: 8 too). */
uint32_t abbey_in(abbey_bench *bench, uint16_t port, uint32_t size);
void abbey_out(abbey_bench *bench, uint16_t port, uint32_t size, uint32_t value);
/* EAX to EDI as the next port access finds and leaves them, by the numbers of abbey/registers.h; all zero at first.
 * What abbey_in() returns is not put into EAX. */
uint32_t *abbey_bench_registers(abbey_bench *bench);
uint64_t abbey_load(abbey_bench *bench, uint64_t address, uint32_t size);
void abbey_store(abbey_bench *bench, uint64_t address, uint32_t size, uint64_t value);

/* PCI configuration of slot.function, on the supplied or the machine's first PCI bus. */
uint32_t abbey_pci_read(abbey_bench *bench, uint32_t slot, uint32_t function, uint32_t offset, uint32_t size);
void abbey_pci_write(
    abbey_bench *bench, uint32_t slot, uint32_t function, uint32_t offset, uint32_t size, uint32_t value);

/* The 1 MB of fake RAM at guest-physical 0, for DMA; also where a BAR hides it from the guest. */
uint8_t *abbey_ram(abbey_bench *bench, uint64_t *bytes);

/* Lets virtual time pass, running timers at their due times in order. Starts at 0; the wall clock at time 0 is
 * 2000-01-01 00:00:00 UTC. */
void abbey_advance(abbey_bench *bench, uint64_t nanoseconds);

/* The level of an interrupt line: of the supplied ISA lines, or of the first controller; 16 to 19 are PIRQA# to PIRQD#
 * of the PCI bus. And of the INTR pin. */
int32_t abbey_line(abbey_bench *bench, uint32_t line);
int32_t abbey_intr(abbey_bench *bench);
/* Interrupt acknowledge: the vector. */
uint32_t abbey_ack(abbey_bench *bench);
/* The processor's FERR# becomes active (1) or inactive (0), as abbey/coprocessor.h has it: the level of IGNNE#, or -1
 * when no device is wired to the pins. */
int32_t abbey_ferr(abbey_bench *bench, int32_t active);

/* The memory backends that stand behind properties of kind char named in `properties` as "bench": what the device
 * sent since the last call (returns the count, at most `room`), and bytes for it (returns how many it took). With
 * abbey_char_stall(1) the backend takes nothing until stalled no more. */
uint32_t abbey_char_sent(abbey_bench *bench, uint8_t *bytes, uint32_t room);
uint32_t abbey_char_feed(abbey_bench *bench, const uint8_t *bytes, uint32_t count);
void abbey_char_stall(abbey_bench *bench, uint32_t on);

/* The backend "bench-disk" (kind block) is memory: `backends: { d: { backend: bench-disk, size: 1M } }`, with
 * `read_only` and `delay`, the nanoseconds of virtual time that a request takes. Its bytes, by the
 * backend's id; NULL when there is none. They stay through a round trip. */
uint8_t *abbey_disk(abbey_bench *bench, const char *id, uint64_t *bytes);
/* Takes the medium away (0) or puts it in (1), and tells the device. */
void abbey_disk_insert(abbey_bench *bench, const char *id, uint32_t on);
/* While set, each request fails with ABBEY_BLOCK_FAILED. */
void abbey_disk_break(abbey_bench *bench, const char *id, uint32_t on);
/* What was asked of it so far. */
typedef struct abbey_disk_counts {
    uint32_t size;
    uint32_t reads, writes, flushes, discards, zeroes;
    uint32_t locked; /* the guest holds the door */
} abbey_disk_counts;
void abbey_disk_counts_get(abbey_bench *bench, const char *id, abbey_disk_counts *counts);

/* The backend "bench-net" (kind net): the test is the network. `backends: { n: { backend: bench-net } }`.
 * A frame for the device: 1 when it was taken, 0 when there was no room, -1 without such a backend. */
int32_t abbey_net_feed(abbey_bench *bench, const char *id, const void *frame, uint32_t bytes);
/* The oldest frame that the device sent and nobody took: its length, at most `room` bytes stored; 0 when there is
 * none. In *flags, which may be NULL, what the device left to be done (ABBEY_NET_...). */
uint32_t abbey_net_sent(abbey_bench *bench, const char *id, void *frame, uint32_t room, uint32_t *flags);
/* While set, the network takes no frames. */
void abbey_net_stall(abbey_bench *bench, const char *id, uint32_t on);
/* Plugs the cable in, or out. */
void abbey_net_plug(abbey_bench *bench, const char *id, uint32_t up);
/* How often the device has said that it has room again. */
uint32_t abbey_net_accepts(abbey_bench *bench, const char *id);

/* What the first screen shows now: the picture, or the cells of a text mode, good until the next call to the bench. 0,
 * or -1 when it shows none. */
int32_t abbey_picture(abbey_bench *bench, abbey_surface *surface);
int32_t abbey_text_screen(abbey_bench *bench, abbey_text *text);

/* What a user does (abbey/input.h): keys, text typed key by key as time passes (0, or -1 for characters on no key),
 * motion, positions. */
void abbey_press(abbey_bench *bench, uint32_t key, uint32_t down);
int32_t abbey_type(abbey_bench *bench, const char *text);
void abbey_move(abbey_bench *bench, int32_t dx, int32_t dy, int32_t wheel, uint32_t buttons);
void abbey_point(abbey_bench *bench, uint32_t x, uint32_t y, int32_t wheel, uint32_t buttons);
/* The same for the X11 keysym of a key. */
void abbey_symbol(abbey_bench *bench, uint32_t symbol, uint32_t down);

/* Cold reset. */
void abbey_bench_reset(abbey_bench *bench);

/* Save, destroy, create, load, save again and compare: 0, or -1 with the difference on stderr. Time goes on. */
int32_t abbey_roundtrip(abbey_bench *bench);

/* The saved registers as text, for comparing; the bench owns it until the next call. */
const char *abbey_state(abbey_bench *bench);
/* Loads such a text: 0, or -1 when it is refused. */
int32_t abbey_state_load(abbey_bench *bench, const char *state);

/* A statistic of the device `id` (of abbey_bench_new(): "dut"), or its `accesses` or `interrupts`; -1 when there is no
 * such device or statistic. */
int64_t abbey_statistic(abbey_bench *bench, const char *id, const char *name);

/* What the devices asked of the mainboard since the last call of abbey_events_clear(). */
typedef struct abbey_events {
    uint32_t size;
    uint32_t resets;     /* ABBEY_RESET_COLD */
    uint32_t cpu_resets; /* ABBEY_RESET_CPU */
    uint32_t power_offs;
    uint32_t exits;
    uint32_t exit_status;
    uint32_t nmis;
    uint32_t a20;    /* present state */
    uint32_t pauses; /* abbey_control_1.pause() */
    uint32_t paused; /* present state */
} abbey_events;
void abbey_events_get(abbey_bench *bench, abbey_events *events);
void abbey_events_clear(abbey_bench *bench);
/* Lets the bench go on after a pause, as vm.resume does. */
void abbey_resume(abbey_bench *bench);

/* Runs a command of a device's own, "dut.ring" or "screen.shot", as the control socket does; `arguments` is a JSON
 * object or NULL. The answer is JSON, {"return": ...} or {"error": ...}; {} while the device has not sent it yet. The
 * bench owns the text until the next call. */
const char *abbey_command_run(abbey_bench *bench, const char *name, const char *arguments);
/* The answer again, for one that comes later. */
const char *abbey_command_answer(abbey_bench *bench);
/* The events posted since the last call, as a JSON array of {"event": NAME, "data": {...}}; owned as above. */
const char *abbey_events_text(abbey_bench *bench);

/* A guest made of bytes, for fuzzers: each eight are one thing that may happen to the device "dut" (an access of any
 * size to one of its ranges, to its configuration space, time going by, bytes on its line). Any bytes will do, and the
 * same bytes do the same. Returns a digest of all that the guest saw. */
uint64_t abbey_drive(abbey_bench *bench, const uint8_t *bytes, uint64_t count);

/* Presses the power button: 0, or -1 when nobody listens. */
int32_t abbey_power_press(abbey_bench *bench);

#endif
