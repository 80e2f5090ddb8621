/* board.c - a mainboard from a description: the instances, the base interface they get, reset, counters. */
#include "core/machine/call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The interfaces that a device may ask for; the services of the host are for backends alone. */
static const struct {
    const char *id;
    const void *table;
    bool backends;
} interfaces[] = {
    { ABBEY_PIO_1, &pio_interface, false },
    { ABBEY_MMIO_1, &mmio_interface, false },
    { ABBEY_IRQCHIP_1, &irqchip_interface, false },
    { ABBEY_TIMER_1, &timer_interface, true },
    { ABBEY_DMA_1, &dma_interface, false },
    { ABBEY_ISADMA_1, &isadma_interface, false },
    { ABBEY_VRAM_1, &vram_interface, false },
    { ABBEY_SCREEN_1, &screen_interface, false },
    { ABBEY_INPUT_1, &input_interface, true },
    { ABBEY_PCI_1, &pci_interface, false },
    { ABBEY_SYSTEM_1, &system_interface, false },
    { ABBEY_REGISTERS_1, &registers_interface, false },
    { ABBEY_COPROCESSOR_1, &coprocessor_interface, false },
    { ABBEY_BUS_1, &bus_interface, false },
    { ABBEY_FIRMWARE_1, &firmware_interface, false },
    { ABBEY_NET_1, &net_interface, false },
    { ABBEY_LOOP_1, &loop_interface, true },
    { ABBEY_CONTROL_1, &control_interface, true },
};

static const void *base_query(abbey_dev *dev, const char *id)
{
    struct device *device = device_of(dev);
    const abbey_hostos *host = device->board->owner.host;
    for (size_t i = 0; i < sizeof interfaces / sizeof interfaces[0]; i++)
        if (strcmp(interfaces[i].id, id) == 0)
            return device->kind || interfaces[i].backends ? interfaces[i].table : NULL;
    if (device->backend)
        return host ? host->query(id) : NULL;
    char plugin[200];
    device_plugin_text(device, plugin, sizeof plugin);
    device_log(
        device, ABBEY_LOG_WARN, "%s asks for the interface '%.80s', which this abbey does not offer", plugin, id);
    return NULL;
}

static int32_t base_fail(abbey_dev *dev, const char *format, va_list args)
{
    struct device *device = device_of(dev);
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    if (!device->failure)
        device->failure = strdup(text);
    return -1;
}

static void base_log(abbey_dev *dev, uint32_t level, const char *format, va_list args)
{
    struct device *device = device_of(dev);
    struct board *board = device->board;
    char text[1024];
    if (level > __atomic_load_n(&device->base.log_level, __ATOMIC_RELAXED) || !board->owner.log)
        return;
    vsnprintf(text, sizeof text, format, args);
    board->owner.log(board->opaque, level, device->node->id, text);
}

static void *base_alloc(abbey_dev *dev, uint64_t bytes)
{
    struct device *device = device_of(dev);
    if (bytes > SIZE_MAX - 64)
        return NULL;
    size_t rounded = ((size_t)bytes + 63) & ~(size_t)63;
    struct chunk *chunk = calloc(1, sizeof(*chunk));
    if (!chunk || !(chunk->bytes = aligned_alloc(64, rounded ? rounded : 64))) {
        free(chunk);
        return NULL;
    }
    memset(chunk->bytes, 0, rounded);
    chunk->next = device->chunks;
    device->chunks = chunk;
    return chunk->bytes;
}

static uint64_t base_now(abbey_dev *dev)
{
    struct board *board = device_of(dev)->board;
    return board->owner.now(board->opaque);
}

static uint32_t first_level(const struct board *board, const char *id)
{
    for (const char **traced = board->config->log_trace; traced && *traced; traced++)
        if (strcmp(*traced, id) == 0)
            return ABBEY_LOG_TRACE;
    return board->owner.log_level;
}

static void device_init(struct board *board, struct device *device, const struct config_node *node)
{
    *device = (struct device){ .handle.base = &device->base, .board = board, .node = node };
    device->base = (abbey_base_1){ .size = sizeof(abbey_base_1),
        .log_level = first_level(board, node->id),
        .query = base_query,
        .fail = base_fail,
        .log = base_log,
        .alloc = base_alloc,
        .now = base_now };
    device->kind = node->device ? &node->device->device : NULL;
    device->backend = node->backend ? &node->backend->backend : NULL;
    device->last_region = &device->regions;
    device->last_timer = &device->timers;
    device->last_source = &device->sources;
}

/* What must be there before any device is created, since devices may name those that come later. */
static bool sockets_new(struct device *device)
{
    if (device->kind->irq_inputs) {
        device->inputs.asserted = calloc(device->kind->irq_inputs, sizeof(uint32_t));
        if (!device->inputs.asserted)
            return false;
        device->inputs.count = device->kind->irq_inputs;
    }
    if (device->kind->provides && strcmp(device->kind->provides, "pci") == 0) {
        device->bus = calloc(1, sizeof(*device->bus));
        if (!device->bus)
            return false;
        device->bus->bridge = device;
    }
    return true;
}

static bool board_prepare(struct board *board)
{
    const struct config *config = board->config;
    board->ports = calloc(PORTS, sizeof(struct region *));
    board->devices = calloc(config->device_count + 1, sizeof(struct device));
    board->backends = calloc(config->backend_count + 1, sizeof(struct device));
    if (!board->ports || !board->devices || !board->backends)
        return false;
    for (; board->backend_count < config->backend_count; board->backend_count++)
        device_init(board, &board->backends[board->backend_count], &config->backends[board->backend_count]);
    while (board->device_count < config->device_count) {
        struct device *device = &board->devices[board->device_count];
        device_init(board, device, &config->devices[board->device_count++]);
        if (!sockets_new(device))
            return false;
    }
    return true;
}

struct board *board_new(
    const struct config *config, struct mem *mem, const struct board_owner *owner, void *opaque, FILE *errors)
{
    struct board *board = calloc(1, sizeof(*board));
    if (!board)
        return NULL;
    board->config = config;
    board->mem = mem;
    board->owner = *owner;
    board->opaque = opaque;
    board->timer_told = ABBEY_NEVER;
    bool good = input_new(board) && board_prepare(board);
    if (!good)
        fprintf(errors, "%s: error[memory]: out of memory for the board\n", config->name ? config->name : "machine");
    /* All that can be created is, so that all errors come at once. */
    bool created = good;
    for (unsigned i = 0; good && i < board->backend_count; i++)
        created &= device_create(&board->backends[i], errors);
    for (unsigned i = 0; good && i < board->device_count; i++)
        created &= device_create(&board->devices[i], errors);
    if (!created) {
        board_free(board);
        return NULL;
    }
    pci_created(board);
    board_reset(board);
    return board;
}

static void device_free(struct device *device)
{
    timers_free(device);
    for (struct region *r = device->regions, *next; r; r = next) {
        next = r->next;
        if (r->ports)
            pio_free(r);
        else
            mmio_free(r);
    }
    vrams_free(device);
    for (struct source *s = device->sources, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    for (struct chunk *c = device->chunks, *next; c; c = next) {
        next = c->next;
        free(c->bytes);
        free(c);
    }
    pci_function_free(device->pci);
    free(device->bus);
    free(device->dma);
    free(device->screen);
    free(device->inputs.asserted);
    free(device->failure);
    isolate_free(device); /* and with it the instance */
    free(device->self);
}

void board_free(struct board *board)
{
    if (!board)
        return;
    /* Users before what they use; no part goes before every plugin had its say. */
    for (unsigned i = board->device_count; i-- > 0;)
        device_destroy(&board->devices[i]);
    for (unsigned i = board->backend_count; i-- > 0;)
        device_destroy(&board->backends[i]);
    for (unsigned i = board->device_count; i-- > 0;)
        device_free(&board->devices[i]);
    for (unsigned i = board->backend_count; i-- > 0;)
        device_free(&board->backends[i]);
    firmware_files_free(board);
    isadma_free(board);
    for (struct pause_listener *l = board->listeners, *next; l; l = next) {
        next = l->next;
        free(l);
    }
    input_free(board);
    free(board->devices);
    free(board->backends);
    free(board->ports);
    free(board->heap);
    free(board);
}

/* A timer is kept when a KEEP row names its field. */
static bool timer_kept(const struct device *device, const struct timer *timer)
{
    for (uint32_t i = 0; i < device->kind->regs.count; i++) {
        const abbey_reg *reg = (const abbey_reg *)device->kind->regs.rows + i;
        const void *field;
        if (reg->type != ABBEY_TYPE_TIMER || !(reg->flags & ABBEY_REG_KEEP))
            continue;
        memcpy(&field, (const uint8_t *)device->self + reg->offset, sizeof field);
        if (field == timer || (timer->alias && (uintptr_t)field == timer->alias))
            return true;
    }
    return false;
}

/* Everything the host keeps goes back first, in silence; then each device drives its outputs as its reset values say.
 */
void board_reset(struct board *board)
{
    irq_clear(board);
    system_reset(board);
    input_reset(board);
    for (unsigned i = 0; i < board->device_count; i++) {
        struct device *device = &board->devices[i];
        for (struct timer *t = device->timers; t; t = t->next)
            if (!timer_kept(device, t))
                timer_set(t, ABBEY_NEVER);
        for (struct region *r = device->regions; r; r = r->next)
            region_reset(r);
        if (device->pci)
            pci_function_reset(device->pci);
        vrams_clear(device);
        device_reset_registers(device);
    }
    if (board->intr && board->owner.intr)
        board->owner.intr(board->opaque, false);
    for (unsigned i = 0; i < board->device_count; i++) {
        struct call call;
        if (!board->devices[i].kind->reset)
            continue;
        call_begin(&call, &board->devices[i], "reset()", NULL);
        board->devices[i].kind->reset(board->devices[i].self);
        call_end(&call);
    }
}

/* The plugin may be writing on a thread of its own: one load each. */
json_t *device_stats(const struct device *device)
{
    json_t *stats = json_object();
    for (uint32_t i = 0; i < device->kind->stats.count; i++) {
        const abbey_stat *stat = (const abbey_stat *)device->kind->stats.rows + i;
        const void *field = (const uint8_t *)device->self + stat->offset;
        uint64_t value = stat->bytes == 4 ? __atomic_load_n((const uint32_t *)field, __ATOMIC_RELAXED)
                                          : __atomic_load_n((const uint64_t *)field, __ATOMIC_RELAXED);
        json_object_set_new(stats, stat->name, json_integer((json_int_t)value));
    }
    return stats;
}

json_t *board_stats(const struct board *board)
{
    json_t *stats = json_object();
    for (unsigned i = 0; i < board->device_count; i++) {
        const struct device *device = &board->devices[i];
        json_t *all = device_stats(device);
        json_object_set_new(all, "accesses", json_integer((json_int_t)device->accesses));
        json_object_set_new(all, "interrupts", json_integer((json_int_t)device->interrupts));
        json_object_set_new(stats, device->node->id, all);
    }
    return stats;
}
