/* bench.c - the author's bench: a board without a processor, in virtual time. See abbey/bench.h.
 *
 * The board, the plugin loader and the reader of machine files are those of the core, so that what a device does here
 * it does in a machine. Only the processor, the clock and the host are missing: a test plays their parts. */
#include "sdk/bench/bench_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine/input.h"
#include "core/machine/screen.h"

#define YEAR_2000 (946684800ull * ABBEY_SEC)
#define PIRQ_LINES 16u /* abbey_line() numbers INTA# to INTD# of the PCI bus from here */

FILE *bench_errors;

FILE *bench_stderr(void)
{
    return bench_errors ? bench_errors : stderr;
}

struct stream *bench_stream(abbey_dev *dev)
{
    return &((abbey_bench *)device_of(dev)->board->opaque)->stream;
}

struct disk **bench_disks(abbey_dev *dev)
{
    return &((abbey_bench *)device_of(dev)->board->opaque)->disks;
}

struct wire **bench_wires(abbey_dev *dev)
{
    return &((abbey_bench *)device_of(dev)->board->opaque)->wires;
}

/* ---- what the board asks of its owner ---- */

static uint64_t owner_now(void *opaque)
{
    return ((abbey_bench *)opaque)->now;
}

static uint64_t owner_wall_clock(void *opaque)
{
    return YEAR_2000 + ((abbey_bench *)opaque)->now;
}

static void owner_intr(void *opaque, bool level)
{
    ((abbey_bench *)opaque)->intr = level;
}

static void owner_nmi(void *opaque)
{
    ((abbey_bench *)opaque)->events.nmis++;
}

static void owner_reset(void *opaque, uint32_t kind)
{
    abbey_bench *bench = opaque;
    if (kind == ABBEY_RESET_COLD)
        bench->events.resets++;
    else
        bench->events.cpu_resets++;
}

static void owner_power_off(void *opaque)
{
    ((abbey_bench *)opaque)->events.power_offs++;
}

static void owner_exit(void *opaque, uint32_t status)
{
    abbey_bench *bench = opaque;
    bench->events.exits++;
    bench->events.exit_status = status;
}

static void owner_log(void *opaque, uint32_t level, const char *id, const char *text)
{
    (void)opaque;
    fprintf(bench_stderr(), "bench: %s: %s%s\n", id, level == ABBEY_LOG_ERROR ? "error: " : "", text);
}

static void owner_pause(void *opaque, const char *id, const char *reason)
{
    abbey_bench *bench = opaque;
    (void)id, (void)reason;
    bench->events.pauses++;
    if (!bench->events.paused)
        board_paused(bench->board, true);
    bench->events.paused = 1;
}

static uint32_t *owner_registers(void *opaque)
{
    return ((abbey_bench *)opaque)->registers;
}

const struct board_owner bench_owner = { .now = owner_now,
    .wall_clock = owner_wall_clock,
    .intr = owner_intr,
    .nmi = owner_nmi,
    .reset = owner_reset,
    .power_off = owner_power_off,
    .exit = owner_exit,
    .pause = owner_pause,
    .registers = owner_registers,
    .log = owner_log,
    .log_level = ABBEY_LOG_WARN };

/* ---- the processor's part ---- */

uint32_t abbey_in(abbey_bench *bench, uint16_t port, uint32_t size)
{
    return board_in(bench->board, port, size);
}

void abbey_out(abbey_bench *bench, uint16_t port, uint32_t size, uint32_t value)
{
    board_out(bench->board, port, size, value);
}

int32_t abbey_ferr(abbey_bench *bench, int32_t active)
{
    return board_ferr(bench->board, active != 0);
}

uint32_t *abbey_bench_registers(abbey_bench *bench)
{
    return bench->registers;
}

uint64_t abbey_load(abbey_bench *bench, uint64_t address, uint32_t size)
{
    return mem_load(bench->mem, address, size);
}

void abbey_store(abbey_bench *bench, uint64_t address, uint32_t size, uint64_t value)
{
    mem_store(bench->mem, address, size, value);
}

int32_t abbey_intr(abbey_bench *bench)
{
    return bench->intr;
}

uint32_t abbey_ack(abbey_bench *bench)
{
    return board_intr_ack(bench->board);
}

uint8_t *abbey_ram(abbey_bench *bench, uint64_t *bytes)
{
    *bytes = mem_ram_bytes(bench->mem);
    return mem_ram(bench->mem);
}

/* ---- the buses ---- */

/* The bridge of the first PCI bus; there is one always. */
static struct device *pci_bridge(abbey_bench *bench)
{
    unsigned i = 0;
    while (i + 1 < bench->board->device_count && !bench->board->devices[i].bus)
        i++;
    return &bench->board->devices[i];
}

static uint32_t pci_address(uint32_t slot, uint32_t function, uint32_t offset)
{
    return (slot & 31) << 11 | (function & 7) << 8 | (offset & 255);
}

uint32_t abbey_pci_read(abbey_bench *bench, uint32_t slot, uint32_t function, uint32_t offset, uint32_t size)
{
    abbey_pci_cycle cycle = { .address = pci_address(slot, function, offset), .size = (uint8_t)size };
    pci_interface.cycle(&pci_bridge(bench)->handle, &cycle);
    return cycle.value;
}

void abbey_pci_write(
    abbey_bench *bench, uint32_t slot, uint32_t function, uint32_t offset, uint32_t size, uint32_t value)
{
    abbey_pci_cycle cycle = {
        .address = pci_address(slot, function, offset), .value = value, .size = (uint8_t)size, .write = 1
    };
    pci_interface.cycle(&pci_bridge(bench)->handle, &cycle);
}

int32_t abbey_line(abbey_bench *bench, uint32_t line)
{
    const struct pci_bus *bus = pci_bridge(bench)->bus;
    if (line >= PIRQ_LINES && line < PIRQ_LINES + 4)
        return bus->asserted[line - PIRQ_LINES] != 0;
    return board_irq_level(bench->board, NULL, line);
}

/* ---- time, power ---- */

void abbey_advance(abbey_bench *bench, uint64_t nanoseconds)
{
    uint64_t end = bench->now + nanoseconds;
    for (uint64_t next; (next = board_next_timer(bench->board)) <= end;) {
        if (next > bench->now)
            bench->now = next;
        board_run_timers(bench->board, bench->now);
    }
    bench->now = end;
}

void abbey_bench_reset(abbey_bench *bench)
{
    board_reset(bench->board);
}

void abbey_events_get(abbey_bench *bench, abbey_events *events)
{
    uint32_t size = events->size && events->size < sizeof bench->events ? events->size : (uint32_t)sizeof bench->events;
    bench->events.a20 = (mem_a20_mask(bench->mem) >> 20) & 1;
    memcpy(events, &bench->events, size);
    events->size = size;
}

void abbey_events_clear(abbey_bench *bench)
{
    bench->events = (abbey_events){ .size = sizeof bench->events, .paused = bench->events.paused };
}

int32_t abbey_power_press(abbey_bench *bench)
{
    return board_power_button(bench->board) ? 0 : -1;
}

/* ---- the byte stream ---- */

uint32_t abbey_char_sent(abbey_bench *bench, uint8_t *bytes, uint32_t room)
{
    struct stream *s = &bench->stream;
    uint32_t count = s->sent_count < room ? s->sent_count : room;
    if (count)
        memcpy(bytes, s->sent, count);
    s->sent_count -= count;
    if (s->sent_count)
        memmove(s->sent, s->sent + count, s->sent_count);
    return count;
}

uint32_t abbey_char_feed(abbey_bench *bench, const uint8_t *bytes, uint32_t count)
{
    struct stream *s = &bench->stream;
    uint32_t done = 0;
    while (s->client && done < count) {
        uint32_t room = s->client->room(s->client_self), part = room < count - done ? room : count - done;
        if (!part)
            break;
        s->client->receive(s->client_self, bytes + done, part);
        done += part;
    }
    return done;
}

void abbey_char_stall(abbey_bench *bench, uint32_t on)
{
    struct stream *s = &bench->stream;
    bool was = s->stalled;
    s->stalled = on != 0;
    if (was && !s->stalled && s->client && s->client->writable)
        s->client->writable(s->client_self);
}

/* ---- the screen ---- */

int32_t abbey_picture(abbey_bench *bench, abbey_surface *surface)
{
    return screen_picture(bench->board, NULL, surface) ? 0 : -1;
}

int32_t abbey_text_screen(abbey_bench *bench, abbey_text *text)
{
    return screen_text(bench->board, NULL, text) ? 0 : -1;
}

/* ---- the user ---- */

void abbey_press(abbey_bench *bench, uint32_t key, uint32_t down)
{
    input_key(bench->board, key, down != 0);
}

void abbey_symbol(abbey_bench *bench, uint32_t symbol, uint32_t down)
{
    input_symbol(bench->board, symbol, down != 0);
}

int32_t abbey_type(abbey_bench *bench, const char *text)
{
    abbey_error error = { "" };
    return input_type(bench->board, text, &error) ? 0 : -1;
}

void abbey_move(abbey_bench *bench, int32_t dx, int32_t dy, int32_t wheel, uint32_t buttons)
{
    input_motion(bench->board, dx, dy, wheel, buttons);
}

void abbey_point(abbey_bench *bench, uint32_t x, uint32_t y, int32_t wheel, uint32_t buttons)
{
    input_position(bench->board, x, y, wheel, buttons);
}

/* ---- state ---- */

int32_t abbey_roundtrip(abbey_bench *bench)
{
    json_t *before = board_save(bench->board);
    board_free(bench->board);
    bench->board = NULL;
    if (!bench_board(bench)) {
        json_decref(before);
        fputs("bench: the board could not be built a second time\n", stderr);
        abort(); /* nothing is left that a later call could act on */
    }
    bool loaded = board_load(bench->board, before, bench_stderr());
    json_t *after = board_save(bench->board);
    bool same = loaded && json_equal(before, after);
    if (!same) {
        char *a = json_dumps(before, JSON_INDENT(1)), *b = json_dumps(after, JSON_INDENT(1));
        fprintf(bench_stderr(), "bench: the state %s.\nsaved: %s\nloaded: %s\n",
            loaded ? "changed on its way" : "was refused", a, b);
        free(a);
        free(b);
    }
    json_decref(before);
    json_decref(after);
    return same ? 0 : -1;
}

int64_t abbey_statistic(abbey_bench *bench, const char *id, const char *name)
{
    json_t *all = board_stats(bench->board), *value = json_object_get(json_object_get(all, id), name);
    int64_t count = json_is_integer(value) ? json_integer_value(value) : -1;
    json_decref(all);
    return count;
}

const char *abbey_state(abbey_bench *bench)
{
    json_t *state = board_save(bench->board);
    free(bench->state);
    bench->state = json_dumps(state, JSON_INDENT(1));
    json_decref(state);
    return bench->state;
}

int32_t abbey_state_load(abbey_bench *bench, const char *text)
{
    json_error_t error;
    json_t *state = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!state) {
        fprintf(bench_stderr(), "state:%d:%d: error[state]: %s\n", error.line, error.column, error.text);
        board_reset(bench->board);
        return -1;
    }
    bool good = board_load(bench->board, state, bench_stderr());
    json_decref(state);
    return good ? 0 : -1;
}
