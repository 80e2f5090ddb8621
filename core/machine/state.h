/* state.h - inside core/machine: a saved state between its reading and its putting in place. */
#ifndef ABBEY_CORE_STATE_H
#define ABBEY_CORE_STATE_H

#include "core/machine/parts.h"

#define STATE_VERSION 1

/* What a state says of one device, checked and not yet in place. */
struct staged {
    uint8_t *self;    /* registers in the places of the instance */
    bool *given;      /* per register row */
    int64_t *due;     /* per register row, of timers: ns from now, INT64_MAX for not armed */
    bool *levels;     /* per source */
    uint64_t *starts; /* per range that follows no BAR */
    bool *enabled;
    uint32_t version;
    bool unplugged;
    uint8_t config[256];
    const json_t *vram; /* of the state, checked; NULL: the device has no such memory */
};

struct reader {
    struct board *board;
    FILE *errors;
    struct staged *staged; /* per device */
    uint32_t a20_on, a20_spoke;
    uint8_t shadow[64];
    const char *id; /* of the device being read */
};

/* Row `index` of the register table. */
const abbey_reg *reg_at(const struct device *device, uint32_t index);
/* The timer whose handle the field of a row holds; NULL when it is none of this device's. */
struct timer *timer_field(const struct device *device, const abbey_reg *reg);
/* `count` bytes from hex digits, or false; and the other way. */
bool hex_read(const json_t *json, uint8_t *bytes, size_t count);
json_t *hex_json(const uint8_t *bytes, size_t count);
/* The memory of a device that is not RAM (vram.c): saved, checked, put in place. */
json_t *vrams_json(const struct device *device);
bool vrams_read(struct reader *reader, const struct device *device, const json_t *json);
void vrams_place(struct device *device, const json_t *json);

/* A register as JSON. */
json_t *reg_json(const struct device *device, const abbey_reg *reg);

/* The first pass: fills reader->staged, one for each device; false with the reasons on reader->errors. */
bool state_read(struct reader *reader, const json_t *state);
void stage_free(struct staged *staged);
/* Writes why a state is refused; always false. */
__attribute__((format(printf, 3, 4))) bool state_refuse(
    const struct reader *reader, const char *place, const char *format, ...);

#endif
