/* transfer.c - commands with data: sectors go between the medium and a buffer, and between the buffer and the host.
 *
 * The stages of one command; each sector goes round once:
 *
 *     BEGIN -> (read)  LOAD -> HOST -> next sector, LOAD ...   -> results
 *           -> (write) HOST -> STORE -> next sector, HOST ...  -> results
 *           -> READ ID: results; VERIFY: LOAD only; FORMAT: HOST takes the 4 bytes of a sector's ID, STORE its filler
 *
 * LOAD and STORE wait for the host's file, HOST for the DMA channel or for the processor. A sector at a time keeps what
 * the guest sees right: the count left in the DMA controller, the sector where an error was.
 *
 * The parameters stand in fifo[]: 0 command (MT 80h, MFM 40h), 1 head and unit, 2-5 C H R N, 6 EOT, 8 SC. As the
 * transfer goes on C, H and R move with it, and are the results ("Result Phase Table" of the data sheet). */
#include "fdc.h"

#include <string.h>

#define MULTI_TRACK 0x80u
#define MFM 0x40u
#define SKIP 0x20u
#define VERIFY_COUNT 0x80u /* EC in byte 1 of VERIFY */
#define IMPLIED_SEEK 0x40u /* EIS of CONFIGURE */

#define BEGIN_TIME (50 * ABBEY_US)

enum stage { STAGE_NONE, STAGE_BEGIN, STAGE_LOAD, STAGE_HOST, STAGE_STORE, STAGES };

enum kind { KIND_READ, KIND_WRITE, KIND_VERIFY, KIND_ID, KIND_FORMAT };

static enum kind kind_of(const struct fdc *f)
{
    switch (f->fifo[0] & 0x1f) {
    case 0x05:
    case 0x09: return KIND_WRITE;
    case 0x16: return KIND_VERIFY;
    case 0x0a: return KIND_ID;
    case 0x0d: return KIND_FORMAT;
    default: return KIND_READ;
    }
}

uint32_t fdc_transfer_to_host(const struct fdc *f)
{
    return kind_of(f) == KIND_READ;
}

uint32_t fdc_transfer_wants_host(const struct fdc *f)
{
    return f->stage == STAGE_HOST && !fdc_by_dma(f);
}

static uint32_t head_of(const struct fdc *f)
{
    return f->fifo[1] >> 2 & 1;
}

static uint32_t host_bytes(const struct fdc *f)
{
    return kind_of(f) == KIND_FORMAT ? 4 : FDC_SECTOR;
}

/* ---- results ---- */

static void stage_set(struct fdc *f, enum stage stage)
{
    f->stage = (uint8_t)stage;
    if (stage != STAGE_HOST)
        abbey_isadma_request(f->dma, 0);
}

static void finish(struct fdc *f, uint32_t st0)
{
    const uint8_t chrn[4] = { f->fifo[2], f->fifo[3], f->fifo[4], f->fifo[5] };
    stage_set(f, STAGE_NONE);
    f->fifo[0] = (uint8_t)(st0 | (f->fifo[1] & 7u));
    f->fifo[1] = f->st1;
    f->fifo[2] = f->st2;
    memcpy(f->fifo + 3, chrn, sizeof chrn);
    fdc_result(f, 7, 1);
}

static void fail(struct fdc *f, uint32_t st1, uint32_t st2)
{
    f->st1 |= (uint8_t)st1;
    f->st2 |= (uint8_t)st2;
    finish(f, ST0_ABNORMAL);
}

/* ---- where the sector is ---- */

/* Whether address marks come by under the head. */
static uint32_t track_readable(const struct fdc *f)
{
    const struct fdc_drive *drive = fdc_drive(f);
    return (f->fifo[0] & MFM) && fdc_drive_readable(drive, f->rate) && (f->dor >> (4 + drive->unit) & 1) &&
           head_of(f) < drive->geometry->heads && fdc_drive_cylinder(drive) >= 0 &&
           (uint32_t)fdc_drive_cylinder(drive) < drive->geometry->cylinders;
}

/* The offset of sector C, H, R, N on the track under the head; -1 with the command ended when it is not there. */
static int64_t sector_find(struct fdc *f, const uint8_t chrn[4])
{
    if (!track_readable(f)) {
        fail(f, ST1_NO_MARK, 0);
        return -1;
    }
    const struct fdc_drive *drive = fdc_drive(f);
    const struct fdc_geometry *g = drive->geometry;
    uint32_t cylinder = (uint32_t)fdc_drive_cylinder(drive), wrong = chrn[0] != cylinder;
    if (wrong || chrn[1] != head_of(f) || chrn[3] != 2 || chrn[2] < 1 || chrn[2] > g->sectors) {
        fail(f, ST1_NO_DATA, wrong ? ST2_WRONG_CYLINDER : 0);
        return -1;
    }
    return (int64_t)((cylinder * g->heads + head_of(f)) * g->sectors + chrn[2] - 1) * FDC_SECTOR;
}

/* ---- the host's side ---- */

static void sector_done(struct fdc *f);
static void store(struct fdc *f);

/* The buffer is full or empty, or the host has ended the transfer in the middle: the rest is zeros. */
static void host_done(struct fdc *f)
{
    stage_set(f, STAGE_NONE);
    if (fdc_transfer_to_host(f)) {
        sector_done(f);
        return;
    }
    if (kind_of(f) == KIND_FORMAT) { /* the ID of the sector; its content is the filler */
        memcpy(f->fifo + 6, f->buffer, 4);
        memset(f->buffer, f->fifo[5], FDC_SECTOR);
    } else {
        memset(f->buffer + f->buffer_at, 0, FDC_SECTOR - f->buffer_at);
    }
    store(f);
}

static void host_begin(struct fdc *f)
{
    f->buffer_at = 0;
    stage_set(f, STAGE_HOST);
    if (fdc_by_dma(f))
        abbey_isadma_request(f->dma, 1);
    else
        fdc_interrupt(f, 1);
}

void fdc_transfer_ready(void *self)
{
    struct fdc *f = self;
    uint32_t tc = 0, direction = fdc_transfer_to_host(f) ? ABBEY_ISADMA_TO_MEMORY : ABBEY_ISADMA_FROM_MEMORY;
    if (f->stage != STAGE_HOST || !fdc_by_dma(f))
        return;
    uint32_t wanted = host_bytes(f) - f->buffer_at;
    uint32_t moved = abbey_isadma_move(f->dma, direction, f->buffer + f->buffer_at, wanted, &tc);
    f->buffer_at = (uint16_t)(f->buffer_at + moved);
    f->tc |= tc != 0;
    if (moved == wanted || tc)
        host_done(f);
}

uint8_t fdc_transfer_read(struct fdc *f)
{
    uint8_t value = f->buffer[f->buffer_at++];
    fdc_interrupt(f, 0);
    if (f->buffer_at == FDC_SECTOR)
        host_done(f);
    return value;
}

void fdc_transfer_write(struct fdc *f, uint8_t byte)
{
    f->buffer[f->buffer_at++] = byte;
    fdc_interrupt(f, 0);
    if (f->buffer_at == host_bytes(f))
        host_done(f);
}

/* ---- the medium's side ---- */

static void io_done(void *self, abbey_block_request *request);

/* Starts the request of the stage, unless one that a reset has left behind is still under way: then when that ends. */
static void io_start(struct fdc *f, uint32_t kind, uint64_t offset)
{
    if (f->io_busy) {
        f->io_waiting = 1;
        return;
    }
    f->io_busy = 1;
    if (kind == ABBEY_BLOCK_WRITE)
        memcpy(f->io_buffer, f->buffer, FDC_SECTOR);
    f->segment = (abbey_block_segment){ f->io_buffer, FDC_SECTOR };
    f->request = (abbey_block_request){ .size = sizeof f->request,
        .kind = kind,
        .offset = offset,
        .bytes = FDC_SECTOR,
        .segments = &f->segment,
        .segment_count = 1,
        .done = io_done,
        .self = f };
    abbey_block_submit(fdc_drive(f)->media, &f->request);
}

static void load(struct fdc *f)
{
    int64_t offset = sector_find(f, f->fifo + 2);
    if (offset < 0)
        return;
    stage_set(f, STAGE_LOAD);
    io_start(f, ABBEY_BLOCK_READ, (uint64_t)offset);
}

static void store(struct fdc *f)
{
    /* FORMAT: an ID that the image has no place for cannot be kept. */
    int64_t offset = sector_find(f, f->fifo + (kind_of(f) == KIND_FORMAT ? 6 : 2));
    if (offset < 0)
        return;
    stage_set(f, STAGE_STORE);
    io_start(f, ABBEY_BLOCK_WRITE, (uint64_t)offset);
}

static void io_failed(struct fdc *f, int32_t result)
{
    abbey_log(f->dev, ABBEY_LOG_WARN, "a sector could not be %s", f->stage == STAGE_STORE ? "written" : "read");
    if (result == ABBEY_BLOCK_READ_ONLY)
        fail(f, ST1_PROTECTED, 0);
    else if (result == ABBEY_BLOCK_NO_MEDIUM)
        fail(f, ST1_NO_MARK, 0);
    else
        fail(f, ST1_DATA, ST2_DATA);
}

static void io_done(void *self, abbey_block_request *request)
{
    struct fdc *f = self;
    f->io_busy = 0;
    if (f->io_stale) {
        f->io_stale = 0;
        if (f->io_waiting)
            abbey_timer_arm(f->again, 0);
        f->io_waiting = 0;
    } else if (request->result != ABBEY_BLOCK_OK) {
        io_failed(f, request->result);
    } else if (f->stage == STAGE_LOAD) {
        memcpy(f->buffer, f->io_buffer, FDC_SECTOR);
        if (kind_of(f) == KIND_VERIFY)
            sector_done(f);
        else
            host_begin(f);
    } else {
        sector_done(f);
    }
}

/* ---- from sector to sector ---- */

/* C, H, R of the sector behind the present one. */
static void advance(struct fdc *f)
{
    uint32_t multi = f->fifo[0] & MULTI_TRACK, head = head_of(f);
    if (f->fifo[4] != f->fifo[6]) {
        f->fifo[4]++;
        return;
    }
    f->fifo[4] = 1;
    if (!multi || head)
        f->fifo[2]++;
    if (multi)
        f->fifo[3] ^= 1;
}

/* The last sector that the command may go to: EOT, of side 1 if it goes over both. */
static uint32_t at_end(const struct fdc *f)
{
    return f->fifo[4] == f->fifo[6] && (!(f->fifo[0] & MULTI_TRACK) || head_of(f));
}

static void format_next(struct fdc *f)
{
    if (--f->left && !f->tc) {
        host_begin(f);
        return;
    }
    memcpy(f->fifo + 2, f->fifo + 6, 4); /* "C, H, R, N have no meaning" */
    finish(f, 0);
}

static void sector_done(struct fdc *f)
{
    enum kind kind = kind_of(f);
    if (kind == KIND_FORMAT) {
        format_next(f);
        return;
    }
    uint32_t counted = kind == KIND_VERIFY && (f->fifo[1] & VERIFY_COUNT), end = at_end(f), side = head_of(f);
    if (counted && --f->left == 0)
        f->tc = 1;
    /* READ DELETED DATA over ordinary sectors: the first is read, then the command ends (data sheet, "SK"). */
    uint32_t mark = (f->fifo[0] & 0x1f) == 0x0c;
    if (mark)
        f->st2 |= ST2_CONTROL_MARK;
    advance(f);
    if (f->tc || mark || (end && kind == KIND_VERIFY && !counted)) {
        finish(f, 0);
    } else if (end) {
        fail(f, ST1_END, 0);
    } else {
        if ((f->fifo[0] & MULTI_TRACK) && f->fifo[4] == 1 && !side)
            f->fifo[1] |= 4; /* the other side */
        if (kind == KIND_WRITE)
            host_begin(f);
        else
            load(f);
    }
}

/* ---- a command ---- */

static void begin_id(struct fdc *f)
{
    if (!track_readable(f)) {
        fail(f, ST1_NO_MARK, 0);
        return;
    }
    f->fifo[2] = (uint8_t)fdc_drive_cylinder(fdc_drive(f));
    f->fifo[3] = (uint8_t)head_of(f);
    f->fifo[4] = 1;
    f->fifo[5] = 2;
    finish(f, 0);
}

static void begin(struct fdc *f)
{
    enum kind kind = kind_of(f);
    struct fdc_drive *drive = fdc_drive(f);
    uint32_t writes = kind == KIND_WRITE || kind == KIND_FORMAT;
    if (drive && (f->configure[0] & IMPLIED_SEEK) && kind != KIND_ID && kind != KIND_FORMAT)
        fdc_drive_seek(drive, f->fifo[2]);
    if (kind == KIND_ID) {
        begin_id(f);
    } else if (writes && drive && drive->geometry && drive->read_only) {
        fail(f, ST1_PROTECTED, 0);
    } else if (kind == KIND_FORMAT && (!track_readable(f) || !f->left)) {
        fail(f, ST1_NO_MARK, 0);
    } else if (writes) {
        if (kind == KIND_FORMAT || sector_find(f, f->fifo + 2) >= 0)
            host_begin(f);
    } else {
        load(f);
    }
}

void fdc_transfer_start(struct fdc *f)
{
    enum kind kind = kind_of(f);
    f->phase = FDC_EXECUTION;
    f->st1 = f->st2 = f->tc = 0;
    f->left = kind == KIND_FORMAT ? f->fifo[3] : f->fifo[8];
    if ((f->fifo[0] & 0xbf) == 0x02)
        f->fifo[4] = 1; /* READ TRACK begins behind the index */
    stage_set(f, STAGE_BEGIN);
    abbey_timer_arm(f->timer, BEGIN_TIME);
}

void fdc_transfer_due(void *self)
{
    struct fdc *f = self;
    if (f->stage == STAGE_BEGIN)
        begin(f);
}

void fdc_transfer_again(void *self)
{
    struct fdc *f = self;
    if (f->stage == STAGE_LOAD)
        load(f);
    else if (f->stage == STAGE_STORE)
        store(f);
}

void fdc_transfer_stop(struct fdc *f)
{
    abbey_timer_cancel(f->timer);
    abbey_timer_cancel(f->again);
    stage_set(f, STAGE_NONE);
    f->io_stale = f->io_busy;
    f->io_waiting = 0;
}

/* What was under way when the state was saved is asked for again. -1: no such state. */
int32_t fdc_transfer_loaded(struct fdc *f)
{
    if (f->stage >= STAGES || (f->stage == STAGE_HOST && f->buffer_at >= host_bytes(f)))
        return -1;
    if (f->stage != STAGE_NONE && f->phase != FDC_EXECUTION)
        return -1;
    f->io_stale = f->io_busy;
    f->io_waiting = 0;
    if (f->stage == STAGE_LOAD || f->stage == STAGE_STORE)
        abbey_timer_arm(f->again, 0);
    return 0;
}
