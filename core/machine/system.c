/* system.c - the wires of the mainboard that no bus carries: A20, reset, power, NMI, shadow RAM, clocks. */
#include "core/machine/parts.h"

#include <string.h>

#define A20_SOURCES 32u
#define SHADOW_START 0xc0000u
#define SHADOW_END 0x100000u
#define SHADOW_SET 0x80u

static void a20_apply(struct board *board)
{
    mem_set_a20(board->mem, board->a20_spoke == 0 || board->a20_on != 0);
}

static void system_a20(abbey_dev *dev, uint32_t source, uint32_t on)
{
    struct board *board = device_of(dev)->board;
    if (source >= A20_SOURCES)
        return;
    board->a20_spoke |= 1u << source;
    board->a20_on = on ? board->a20_on | 1u << source : board->a20_on & ~(1u << source);
    a20_apply(board);
}

static void system_reset_line(abbey_dev *dev, uint32_t kind)
{
    struct board *board = device_of(dev)->board;
    if (board->owner.reset && kind <= ABBEY_RESET_CPU)
        board->owner.reset(board->opaque, kind);
}

static void system_power_off(abbey_dev *dev)
{
    struct board *board = device_of(dev)->board;
    if (board->owner.power_off)
        board->owner.power_off(board->opaque);
}

static void system_exit(abbey_dev *dev, uint32_t status)
{
    struct board *board = device_of(dev)->board;
    if (board->owner.exit)
        board->owner.exit(board->opaque, status);
}

static void system_nmi(abbey_dev *dev)
{
    struct board *board = device_of(dev)->board;
    if (board->owner.nmi)
        board->owner.nmi(board->opaque);
}

static void system_shadow(abbey_dev *dev, uint64_t start, uint64_t length, uint32_t mode)
{
    struct device *device = device_of(dev);
    mode &= ABBEY_SHADOW_READ_RAM | ABBEY_SHADOW_WRITE_RAM;
    if (start % MEM_PAGE_SIZE || length % MEM_PAGE_SIZE || start < SHADOW_START || start > SHADOW_END ||
        length > SHADOW_END - start) {
        device_log(device, ABBEY_LOG_ERROR, "asks for shadow RAM outside C0000h-FFFFFh, or for a part of a page");
        return;
    }
    for (uint64_t page = start; page < start + length; page += MEM_PAGE_SIZE)
        device->board->shadow[(page - SHADOW_START) / MEM_PAGE_SIZE] = (uint8_t)(mode | SHADOW_SET);
    if (length)
        mem_shadow(device->board->mem, start, length, mode);
}

static int32_t system_power_button(abbey_dev *dev, abbey_power_button_fn fn, void *self)
{
    struct device *device = device_of(dev);
    struct board *board = device->board;
    char where[300];
    if (device_too_late(device, "power_button"))
        return -1;
    if (board->button) {
        device_fail(device, "the power button is already heard by '%s' (%s)", board->button_device->node->id,
            device_where(board->button_device, where, sizeof where));
        return -1;
    }
    board->button = fn;
    board->button_self = self;
    board->button_device = device;
    return 0;
}

bool board_power_button(struct board *board)
{
    if (board->button)
        board->button(board->button_self);
    return board->button != NULL;
}

static uint64_t system_memory(abbey_dev *dev)
{
    return mem_ram_bytes(device_of(dev)->board->mem);
}

static uint64_t system_wall_clock(abbey_dev *dev)
{
    struct board *board = device_of(dev)->board;
    return board->owner.wall_clock(board->opaque);
}

const abbey_system_1 system_interface = { .size = sizeof system_interface,
    .a20 = system_a20,
    .reset = system_reset_line,
    .power_off = system_power_off,
    .exit = system_exit,
    .nmi = system_nmi,
    .shadow = system_shadow,
    .power_button = system_power_button,
    .memory = system_memory,
    .wall_clock = system_wall_clock };

static abbey_loop *loop_get(abbey_dev *dev)
{
    return device_of(dev)->board->owner.loop;
}

const abbey_loop_1 loop_interface = { .size = sizeof loop_interface, .loop = loop_get };

void system_reset(struct board *board)
{
    board->a20_on = board->a20_spoke = 0;
    a20_apply(board);
    memset(board->shadow, 0, sizeof board->shadow);
    mem_shadow_forget(board->mem);
}

/* Brings memory in line with restored wires. */
void system_apply(struct board *board)
{
    a20_apply(board);
    mem_shadow_forget(board->mem);
    for (uint32_t i = 0; i < sizeof board->shadow; i++)
        if (board->shadow[i] & SHADOW_SET)
            mem_shadow(board->mem, SHADOW_START + i * MEM_PAGE_SIZE, MEM_PAGE_SIZE, board->shadow[i] & ~SHADOW_SET);
}
