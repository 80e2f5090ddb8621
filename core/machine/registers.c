/* registers.c - the interface "abbey.registers/1": the processor's registers within a port access. The board has no
 * processor; its owner lends the registers of the one that makes the access, and only as long as it lasts. */
#include "core/machine/parts.h"

static uint32_t *registers_of(abbey_dev *dev)
{
    struct board *board = device_of(dev)->board;
    return board->in_access && board->owner.registers ? board->owner.registers(board->opaque) : NULL;
}

static uint32_t registers_get(abbey_dev *dev, uint32_t number)
{
    const uint32_t *registers = registers_of(dev);
    return registers && number <= ABBEY_EDI ? registers[number] : 0;
}

static void registers_set(abbey_dev *dev, uint32_t number, uint32_t value)
{
    uint32_t *registers = registers_of(dev);
    if (registers && number <= ABBEY_EDI && number != ABBEY_ESP)
        registers[number] = value;
}

const abbey_registers_1 registers_interface = {
    .size = sizeof registers_interface, .get = registers_get, .set = registers_set
};
