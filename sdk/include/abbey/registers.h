/* abbey/registers.h - the processor's general registers, for devices whose ports take and give more than EAX: interface
 * "abbey.registers/1". Chips need none of it; protocols between a guest's driver and a virtual machine do. */
#ifndef ABBEY_REGISTERS_H
#define ABBEY_REGISTERS_H

#include <abbey/dev.h>

#define ABBEY_EAX 0u
#define ABBEY_ECX 1u
#define ABBEY_EDX 2u
#define ABBEY_EBX 3u
#define ABBEY_ESP 4u
#define ABBEY_EBP 5u
#define ABBEY_ESI 6u
#define ABBEY_EDI 7u

/* Both have a meaning only within the callback of a port, where they are the registers of the processor that makes
 * the access; elsewhere get() gives 0 and set() does nothing. What IN reads goes into AL, AX or EAX after the callback.
 * [vcpu] */
typedef struct abbey_registers_1 {
    uint32_t size;
    uint32_t reserved;
    uint32_t (*get)(abbey_dev *dev, uint32_t number);             /* ABBEY_E.. */
    void (*set)(abbey_dev *dev, uint32_t number, uint32_t value); /* ESP is left alone */
} abbey_registers_1;

#define ABBEY_REGISTERS_1 "abbey.registers/1"

/* The interface; every host has it. Keep it in the device's struct. [create] */
static inline const abbey_registers_1 *abbey_registers(abbey_dev *dev)
{
    return (const abbey_registers_1 *)abbey_query(dev, ABBEY_REGISTERS_1);
}

#endif
