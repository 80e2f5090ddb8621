/* mc146818_calendar.c - between seconds since 1970 and what the clock's registers show of them. */
#include "mc146818.h"

/* Days since 1970-01-01 of a proleptic Gregorian date; month 1..12, any day. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, yoe = year - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = doy - (153 * mp + 2) / 5 + 1;
    *month = mp < 10 ? mp + 3 : mp - 9;
    *year = yoe + era * 400 + (*month <= 2);
}

uint8_t calendar_number(const struct mc146818 *r, int64_t n)
{
    return (uint8_t)(r->cmos[B] & B_DM ? n : n / 10 % 10 << 4 | n % 10);
}

static int64_t decode(const struct mc146818 *r, uint8_t byte)
{
    return r->cmos[B] & B_DM ? byte : (byte >> 4) * 10 + (byte & 15);
}

uint8_t calendar_hour(const struct mc146818 *r, int64_t hour)
{
    if (r->cmos[B] & B_24)
        return calendar_number(r, hour);
    return (uint8_t)(calendar_number(r, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? HOURS_PM : 0));
}

static int64_t decode_hour(const struct mc146818 *r, uint8_t byte)
{
    if (r->cmos[B] & B_24)
        return decode(r, byte);
    return decode(r, byte & 0x7f) % 12 + (byte & HOURS_PM ? 12 : 0);
}

/* The true day of the week, 0 Sunday; 1970-01-01 was a Thursday. */
static int64_t weekday_of(int64_t days)
{
    return ((days + 4) % 7 + 7) % 7;
}

void calendar_show(struct mc146818 *r, int64_t second)
{
    int64_t days = second / DAY_SECONDS - (second % DAY_SECONDS < 0), in_day = second - days * DAY_SECONDS;
    int64_t year, month, day;
    date_of(days, &year, &month, &day);
    r->cmos[SECONDS] = calendar_number(r, in_day % 60);
    r->cmos[MINUTES] = calendar_number(r, in_day / 60 % 60);
    r->cmos[HOURS] = calendar_hour(r, in_day / 3600);
    r->cmos[WEEKDAY] = calendar_number(r, (weekday_of(days) + r->week) % 7 + 1);
    r->cmos[DAY] = calendar_number(r, day);
    r->cmos[MONTH] = calendar_number(r, month);
    r->cmos[YEAR] = calendar_number(r, (year % 100 + 100) % 100);
    r->cmos[CENTURY] = calendar_number(r, (year / 100 % 100 + 100) % 100);
}

/* What the registers say, whatever software put there: a month out of range counts as January, the rest carries. */
int64_t calendar_read(struct mc146818 *r)
{
    int64_t month = decode(r, r->cmos[MONTH]);
    int64_t year = decode(r, r->cmos[CENTURY]) * 100 + decode(r, r->cmos[YEAR]);
    int64_t days = days_of(year, month < 1 || month > 12 ? 1 : month, decode(r, r->cmos[DAY]));
    r->week = (uint8_t)((decode(r, r->cmos[WEEKDAY]) + 13 - weekday_of(days)) % 7);
    return days * DAY_SECONDS + decode_hour(r, r->cmos[HOURS]) * 3600 + decode(r, r->cmos[MINUTES]) * 60 +
           decode(r, r->cmos[SECONDS]);
}
