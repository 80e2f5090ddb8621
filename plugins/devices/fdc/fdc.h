/* fdc.h - inside the diskette controller: its state, its drives, and who does what.
 *
 *     fdc.c       the registers; reset; the three phases of a command
 *     command.c   what each command byte means: parameters in, results out, moving heads
 *     transfer.c  sectors between medium, buffer and host
 *     drive.c     the drive: its medium and geometry, its head, the disk-change line */
#ifndef ABBEY_FDC_H
#define ABBEY_FDC_H

#include <abbey/plugin.h>

#define FDC_DRIVES 4u
#define FDC_SECTOR 512u
#define FDC_LINK "org.abbey.floppy/1"

/* Status register 0 (82077AA, "Status Register Encoding"). */
#define ST0_ABNORMAL 0x40u
#define ST0_INVALID 0x80u
#define ST0_POLLING 0xc0u
#define ST0_SEEK_END 0x20u
#define ST0_EQUIPMENT 0x10u
#define ST0_HEAD 0x04u
/* Status register 1. */
#define ST1_END 0x80u
#define ST1_DATA 0x20u
#define ST1_OVERRUN 0x10u
#define ST1_NO_DATA 0x04u
#define ST1_PROTECTED 0x02u
#define ST1_NO_MARK 0x01u
/* Status register 2. */
#define ST2_CONTROL_MARK 0x40u
#define ST2_DATA 0x20u
#define ST2_WRONG_CYLINDER 0x10u

/* Data rates as the low bits of DSR and CCR say them. */
#define RATE_500K 0u
#define RATE_300K 1u
#define RATE_250K 2u
#define RATE_1M 3u

/* What a medium is formatted as. */
struct fdc_geometry {
    uint32_t sectors, heads, cylinders;
    uint8_t rate; /* in a drive that is made for it */
};

struct fdc;

struct fdc_drive {
    abbey_block *media;
    uint8_t unit;
    const char *type;
    const struct fdc_geometry *geometry; /* NULL: no medium, or one that this drive cannot read */
    uint8_t cylinder;                    /* where the head is */
    uint8_t changed;                     /* the disk-change line: a medium went since the head last moved */
    uint8_t read_only;
    struct fdc *fdc;
    abbey_dev *dev;
};

/* What the controller offers to its drives. */
struct fdc_link {
    int32_t (*attach)(struct fdc *fdc, struct fdc_drive *drive);
};

enum fdc_phase { FDC_COMMAND, FDC_EXECUTION, FDC_RESULT };

struct fdc {
    uint16_t base;
    uint8_t dma_channel;
    abbey_irq *irq;

    uint8_t dor, rate, phase;
    uint8_t fifo[16]; /* a command and its parameters, or results */
    uint8_t fifo_at, fifo_count;
    uint8_t precompensation; /* DSR */
    uint8_t specify[2], configure[2], perpendicular, lock;
    uint8_t pending[FDC_DRIVES]; /* ST0 for SENSE INTERRUPT STATUS; 0: none */
    uint8_t seeking;             /* a bit a drive */
    uint8_t interrupt;           /* the INT pin before DMAGATE */
    uint8_t target[FDC_DRIVES];  /* cylinder that a seek ends at */
    uint8_t st1, st2;
    uint8_t end_of_track; /* of the last command that had one, for DUMPREG */

    /* A transfer: C, H, R of the sector it is at, in fifo[2..4]. */
    uint8_t buffer[FDC_SECTOR];
    uint16_t buffer_at;
    uint8_t stage; /* TRANSFER_... */
    uint8_t tc;    /* the host has ended the transfer */
    uint8_t left;  /* FORMAT, VERIFY: sectors still to do */
    abbey_timer *timer, *seek_timer;

    /* Not guest-visible: the one request under way, and its next try when it could not start. */
    abbey_timer *again;
    uint8_t io_buffer[FDC_SECTOR];
    abbey_block_segment segment;
    abbey_block_request request;
    uint8_t io_busy, io_stale, io_waiting;

    struct fdc_drive *drives[FDC_DRIVES];
    abbey_isadma *dma;
    abbey_dev *dev;
};

/* fdc.c */
void fdc_interrupt(struct fdc *f, uint32_t level);
/* Ends a command with `count` result bytes in fifo[]; an interrupt says so if asked for. */
void fdc_result(struct fdc *f, uint32_t count, uint32_t interrupt);
void fdc_idle(struct fdc *f);
struct fdc_drive *fdc_drive(const struct fdc *f); /* of the command under way; NULL: nothing is connected */
uint32_t fdc_by_dma(const struct fdc *f);

/* command.c */
uint32_t fdc_command_length(uint8_t command);
void fdc_command_run(struct fdc *f);
void fdc_seeks_end(void *self); /* of the seek timer */

/* transfer.c */
void fdc_transfer_start(struct fdc *f);
void fdc_transfer_due(void *self);   /* of the timer */
void fdc_transfer_again(void *self); /* of the timer `again` */
void fdc_transfer_ready(void *self); /* of the DMA channel */
void fdc_transfer_stop(struct fdc *f);
/* A byte of the execution phase without DMA. */
uint8_t fdc_transfer_read(struct fdc *f);
void fdc_transfer_write(struct fdc *f, uint8_t byte);
uint32_t fdc_transfer_to_host(const struct fdc *f);
/* Whether the host may access the data register in the execution phase. */
uint32_t fdc_transfer_wants_host(const struct fdc *f);
int32_t fdc_transfer_loaded(struct fdc *f);

/* drive.c */
extern const abbey_prop fdc_drive_props[3];
extern const abbey_reg fdc_drive_regs[2];
int32_t fdc_drive_create(abbey_dev *dev, void *self);
/* drive_control.c: adds floppy.insert and floppy.eject; 0, or -1 after a reported reason. [create] */
int32_t fdc_drive_commands(struct fdc_drive *drive, abbey_dev *dev);
int32_t fdc_drive_loaded(void *self);
/* The cylinder under the head by the medium's own count, or -1: a 40-track medium in an 80-track drive has one at every
 * other step. */
int32_t fdc_drive_cylinder(const struct fdc_drive *drive);
/* Whether there is a medium that can be read at this rate. */
uint32_t fdc_drive_readable(const struct fdc_drive *drive, uint32_t rate);
/* The head moves; a step pulse tells that a new medium is in. */
void fdc_drive_seek(struct fdc_drive *drive, uint32_t cylinder);

#endif
