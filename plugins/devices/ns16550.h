/* ns16550.h - the serial port: what its files share. */
#ifndef ABBEY_NS16550_H
#define ABBEY_NS16550_H

#include <abbey/plugin.h>

#define FIFO 16

struct ns16550 {
    uint16_t base;
    _Bool pace, hold;
    abbey_irq *irq;
    abbey_char *line;
    uint8_t ier, lcr, mcr, scr, fcr, dll, dlm;
    uint8_t lsr;  /* OE alone; the rest is computed */
    uint8_t msr;  /* deltas in 3:0; 7:4 as they were when the deltas were taken */
    uint8_t thri; /* the THRE interrupt waits to be shown */
    uint8_t timeout;
    uint8_t rx[FIFO], rx_error[FIFO], rx_head, rx_count;
    uint8_t tx[FIFO], tx_head, tx_count;
    uint8_t shifting; /* paced: the shift register holds `shift` */
    uint8_t shift;
    uint8_t last;          /* what RBR shows when nothing new is there */
    abbey_timer *tx_timer; /* the shift register is empty, or a byte is to be offered again */
    abbey_timer *rx_timer; /* character time-out */
    uint64_t overruns;     /* statistics */
};

#define IER_RDA 0x01
#define IER_THRE 0x02
#define IER_LINE 0x04
#define IER_MODEM 0x08
#define IIR_NONE 0x01
#define IIR_MODEM 0x00
#define IIR_THRE 0x02
#define IIR_RDA 0x04
#define IIR_LINE 0x06
#define IIR_TIMEOUT 0x0c
#define IIR_FIFO 0xc0
#define FCR_ENABLE 0x01
#define FCR_CLEAR_RX 0x02
#define FCR_CLEAR_TX 0x04
#define LCR_BREAK 0x40
#define LCR_DLAB 0x80
#define MCR_DTR 0x01
#define MCR_RTS 0x02
#define MCR_OUT1 0x04
#define MCR_OUT2 0x08
#define MCR_LOOP 0x10
#define LSR_DR 0x01
#define LSR_OE 0x02
#define LSR_BI 0x10
#define LSR_ERRORS 0x1e
#define LSR_THRE 0x20
#define LSR_TEMT 0x40
#define LSR_FIFO_ERROR 0x80
#define MSR_CTS 0x10
#define MSR_DSR 0x20
#define MSR_RI 0x40
#define MSR_DCD 0x80

/* ns16550.c: the interrupt line follows the registers. */
void uart_irq_update(struct ns16550 *u);

/* ns16550_line.c: what the registers ask of the line. Bytes at which the received-data interrupt rises. */
uint32_t uart_trigger(const struct ns16550 *u);
/* Begins to wait for more bytes than there are, or stops. */
void uart_timeout_restart(struct ns16550 *u);
/* A byte from the line, or from itself in loopback, with what is wrong with it (LSR_...). */
void uart_rx_put(struct ns16550 *u, uint8_t byte, uint8_t error);
uint8_t uart_read(struct ns16550 *u);
void uart_rx_clear(struct ns16550 *u);
void uart_write(struct ns16550 *u, uint8_t byte);
/* Sends what can be sent now. */
void uart_tx_run(struct ns16550 *u);
/* Timers, and what the backend calls. */
void uart_rx_timeout(void *self);
void uart_tx_shifted(void *self);
uint32_t uart_room(void *self);
void uart_receive(void *self, const uint8_t *bytes, uint32_t count);
void uart_writable(void *self);
void uart_event(void *self, uint32_t what);

#endif
