/* abbey/irq.h - interrupt lines.
 *
 * A device that raises interrupts has a field `abbey_irq *irq` with a property row; the machine file connects it
 * (`irq: 4`, or `irq: pic.4` with a controller's id) and the host fills the field before create(). The host keeps
 * the level of every line, saves it, and joins several sources of a shared line by OR.
 *
 * An interrupt controller sets `irq_inputs` in its descriptor and takes the levels with abbey_irq_inputs(); the one
 * that drives the processor's INTR pin fetches it with abbey_intr_connect(). */
#ifndef ABBEY_IRQ_H
#define ABBEY_IRQ_H

#include <abbey/dev.h>

typedef struct abbey_irq abbey_irq;

typedef struct abbey_irq_ops_1 {
    uint32_t size;
    uint32_t reserved;
    void (*set)(abbey_irq *irq, uint32_t level);
    uint32_t (*pending)(abbey_irq *irq);
} abbey_irq_ops_1;

struct abbey_irq {
    const abbey_irq_ops_1 *ops;
};

/* Drives the line: 1 asserted, 0 not. A line that is not connected (NULL) swallows it. [locked] */
static inline void abbey_irq_set(abbey_irq *irq, uint32_t level)
{
    if (irq)
        irq->ops->set(irq, level);
}

/* 1 while the controller holds a request of this line that the processor has not taken yet and that is not masked: a
 * timer that sees it when its next tick is due knows that this tick would be lost. 0 where nobody can tell. [locked] */
static inline uint32_t abbey_irq_pending(abbey_irq *irq)
{
    return irq && irq->ops->size > offsetof(abbey_irq_ops_1, pending) && irq->ops->pending ? irq->ops->pending(irq) : 0;
}

/* Called when the level of input `pin` changes. [locked] */
typedef void (*abbey_irq_input_fn)(void *self, uint32_t pin, uint32_t level);

/* Interrupt acknowledge: the processor asks for the vector (0..255) of the interrupt it takes now. [vcpu] */
typedef uint32_t (*abbey_intr_ack_fn)(void *self);

/* Answers abbey_irq_pending() for input `pin`. [locked] */
typedef uint32_t (*abbey_irq_pending_fn)(void *self, uint32_t pin);

typedef struct abbey_irqchip_1 {
    uint32_t size;
    uint32_t reserved;
    int32_t (*inputs)(abbey_dev *dev, abbey_irq_input_fn fn, void *self);
    abbey_irq *(*intr)(abbey_dev *dev, abbey_intr_ack_fn ack, void *self);
    abbey_irq *(*line)(abbey_dev *dev, uint32_t pin);
    int32_t (*pending)(abbey_dev *dev, abbey_irq_pending_fn fn, void *self);
} abbey_irqchip_1;

#define ABBEY_IRQCHIP_1 "abbey.irqchip/1"

/* Takes the levels of all `irq_inputs` lines that the descriptor promised. 0, or -1 with a reported reason. [create] */
static inline int32_t abbey_irq_inputs(abbey_dev *dev, abbey_irq_input_fn fn, void *self)
{
    const abbey_irqchip_1 *chip = (const abbey_irqchip_1 *)abbey_query(dev, ABBEY_IRQCHIP_1);
    return chip->inputs(dev, fn, self);
}

/* Tells the host how to answer abbey_irq_pending(); without it the answer is 0. 0, or -1 with a reported reason.
 * [create] */
static inline int32_t abbey_irq_answer(abbey_dev *dev, abbey_irq_pending_fn fn, void *self)
{
    const abbey_irqchip_1 *chip = (const abbey_irqchip_1 *)abbey_query(dev, ABBEY_IRQCHIP_1);
    return chip->pending(dev, fn, self);
}

/* For a router that chooses the line at run time: a source of its own on ISA line `pin`, OR-ed with whoever else
 * drives it and no clash with them, since the guest decides. The controller may be created later. NULL, which swallows
 * levels, when the machine has no such line. [create] */
static inline abbey_irq *abbey_irq_line(abbey_dev *dev, uint32_t pin)
{
    const abbey_irqchip_1 *chip = (const abbey_irqchip_1 *)abbey_query(dev, ABBEY_IRQCHIP_1);
    return chip->line(dev, pin);
}

/* The processor's INTR pin; NULL, with a reported reason, when another device drives it. [create] */
static inline abbey_irq *abbey_intr_connect(abbey_dev *dev, abbey_intr_ack_fn ack, void *self)
{
    const abbey_irqchip_1 *chip = (const abbey_irqchip_1 *)abbey_query(dev, ABBEY_IRQCHIP_1);
    return chip->intr(dev, ack, self);
}

#endif
