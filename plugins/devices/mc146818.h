/* mc146818.h - the real-time clock: what its files share. */
#ifndef ABBEY_MC146818_H
#define ABBEY_MC146818_H

#include <abbey/plugin.h>

struct mc146818 {
    int32_t utc_offset;
    abbey_irq *irq;
    uint8_t cmos[128];
    uint8_t bank1[128];
    uint8_t index, index1;
    uint8_t flags;   /* register C: PF, AF, UF; IRQF is computed */
    uint8_t nmi_off; /* bit 7 of port 70h */
    int64_t second;  /* since 1970, as the clock counts; while it is held, what it will go on from */
    uint64_t anchor; /* wall clock in ns that belongs to `second` */
    uint64_t seen;   /* wall clock up to which flags were raised */
    uint8_t week;    /* day of the week that software wrote, as a difference to the true one */
    abbey_timer *timer;
    abbey_dev *dev;
    const abbey_system_1 *system;
};

// clang-format off
enum reg { SECONDS, SECONDS_ALARM, MINUTES, MINUTES_ALARM, HOURS, HOURS_ALARM, WEEKDAY, DAY, MONTH, YEAR, A, B, C, D,
    CENTURY = 0x32 };
// clang-format on

#define A_UIP 0x80
#define A_DV 0x70
#define A_RS 0x0f
#define B_SET 0x80
#define B_PIE 0x40
#define B_AIE 0x20
#define B_UIE 0x10
#define B_SQWE 0x08
#define B_DM 0x04 /* binary instead of BCD */
#define B_24 0x02
#define C_IRQF 0x80
#define C_PF 0x40
#define C_AF 0x20
#define C_UF 0x10
#define D_VRT 0x80
#define HOURS_PM 0x80

#define DAY_SECONDS 86400

/* Numbers as register B wants them: BCD or binary, hours of 12 or 24. */
uint8_t calendar_number(const struct mc146818 *r, int64_t n);
uint8_t calendar_hour(const struct mc146818 *r, int64_t hour);
/* Puts a second since 1970 into the registers. */
void calendar_show(struct mc146818 *r, int64_t second);
/* What the registers say, whatever software put there. */
int64_t calendar_read(struct mc146818 *r);

#endif
