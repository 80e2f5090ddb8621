/* extable.c - the exception table of a Linux kernel: found by its shape, and read.
 *
 * Each instruction of the kernel that may fault, because it touches user memory or something else that may not be
 * there, stands in a table with the place where the kernel goes on when it does. Entries hold distances from themselves
 * and are sorted by the instruction's address; two forms have been in use:
 *
 *     8 bytes (since 3.5)     distance of the instruction, distance of the way out
 *     12 bytes (since 4.6)    and a third word: the distance of a handler, or a number (since 5.15) that says what is
 * to be done: in the low byte its kind, in the upper half an answer such as -EFAULT
 *
 * An entry of 12 bytes at C1C35A10h, `89 47 04  mov [edi+4],eax` at C1020932h:
 *
 *     22 af 3e ff  c1020932 - c1c35a10
 *     ...          where put_user() answers -EFAULT, less c1c35a14
 *     03 00 00 00  kind 3
 *
 * No other table has that shape: dozens of entries one behind the other, whose first distances lead into code in
 * ascending order, to instructions that reach memory. The nearest relative, the table of jumps that are patched, leads
 * to jumps and NOPs.
 *
 * Not all its instructions are for user memory: some read or write model-specific registers, restore the processor's
 * floating-point state, or read a word that may run over into an unmapped page. Most of those with a memory operand
 * are, and they share one kind or one handler; what answers -EFAULT is for user memory as well, and so are strings. */
#include "linux.h"

#define REACH 0x02000000u /* between the table and its instructions; a kernel is smaller */
#define NEAR 0x1000u      /* from a table to code there is more */
#define SURE 8u           /* entries that look right, for a closer look */
#define ENTRIES_MIN 64u
#define ENTRIES_MAX 32768u
#define MEMORY_MIN 32u /* entries with memory operands */
#define WORDS 4096u
#define MINUS_EFAULT 0xfff2u
#define KINDS 32u

struct entry {
    uint32_t insn, fixup, third;
};

static struct entry entry_of(const uint32_t *words, uint32_t at, uint32_t stride)
{
    return (struct entry){ at + words[0], at + 4 + words[1], stride == 12 ? words[2] : 0 };
}

/* Could these words stand near the start of the table at `at`? */
static uint32_t looks_right(const uint32_t *words, uint32_t at, uint32_t stride)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < SURE; i++, words += stride / 4, at += stride) {
        if (-words[0] - NEAR >= REACH - NEAR || -words[1] - NEAR >= REACH - NEAR)
            return 0;
        struct entry entry = entry_of(words, at, stride);
        if (entry.insn <= last || entry.fixup == entry.insn)
            return 0;
        last = entry.insn;
    }
    return 1;
}

static int32_t entry_read(abbey_guest *guest, const struct extable *table, uint32_t index, struct entry *entry)
{
    uint32_t words[3], at = table->start + index * table->stride;
    if (abbey_guest_read(guest, at, words, table->stride) != table->stride)
        return -1;
    *entry = entry_of(words, at, table->stride);
    return 0;
}

/* How many entries there are from the start on. */
static uint32_t entries_count(abbey_guest *guest, const struct extable *table)
{
    uint32_t last = 0, count = 0;
    struct entry entry;
    while (count < ENTRIES_MAX && entry_read(guest, table, count, &entry) == 0) {
        if (entry.insn <= last || entry.insn - table->start + REACH >= 2 * REACH ||
            entry.fixup - table->start + REACH >= 2 * REACH)
            break;
        last = entry.insn;
        count++;
    }
    return count;
}

static uint32_t kind_at(abbey_guest *guest, uint32_t linear)
{
    uint8_t bytes[INSN_BYTES];
    return insn_kind(bytes, abbey_guest_read(guest, linear, bytes, sizeof(bytes)));
}

/* Are these what faults are expected of? Code that stood behind the table was for the start alone, and is gone. */
static uint32_t entries_good(abbey_guest *guest, const struct extable *table)
{
    uint32_t kinds[4] = { 0 };
    struct entry entry;
    for (uint32_t i = 0; i < table->count; i++)
        if (entry_read(guest, table, i, &entry) == 0 && entry.insn < table->start)
            kinds[kind_at(guest, entry.insn)]++;
    return kinds[INSN_MEMORY] + kinds[INSN_STRING] >= MEMORY_MIN && kinds[INSN_AWAY] * 16 <= table->count;
}

static int32_t table_at(abbey_guest *guest, const uint32_t *words, uint32_t at, struct extable *table)
{
    for (table->stride = 12; table->stride >= 8; table->stride -= 4) {
        table->start = at;
        if (!looks_right(words, at, table->stride))
            continue;
        table->count = entries_count(guest, table);
        if (table->count >= ENTRIES_MIN && entries_good(guest, table))
            return 0;
    }
    return -1;
}

int32_t extable_find(abbey_guest *guest, uint32_t from, uint32_t bytes, struct extable *table)
{
    uint32_t words[WORDS], at = from & ~3u, end = at + bytes;
    while (at < end && end > from) {
        uint32_t got = abbey_guest_read(guest, at, words, sizeof(words));
        uint32_t whole = got / 4 > SURE * 3 ? got / 4 - SURE * 3 : 0; /* so many words have enough behind them */
        for (uint32_t i = 0; i < whole; i++)
            if (table_at(guest, words + i, at + i * 4, table) == 0)
                return 0;
        at = got < sizeof(words) ? ((at + got) | 0xfffu) + 1 : at + whole * 4; /* over the page that is not there */
    }
    return -1;
}

/* ---- what it says ---- */

/* What the third word says of the kind: its handler, or its number. */
static uint32_t group_of(const struct extable *table, uint32_t index, const struct entry *entry, uint32_t handlers)
{
    uint32_t at = table->start + index * table->stride + 8;
    return handlers ? at + entry->third : entry->third & 0xff;
}

/* Are the third words distances to code? */
static uint32_t has_handlers(abbey_guest *guest, const struct extable *table)
{
    struct entry entry;
    uint32_t count = 0;
    for (uint32_t i = 0; i < table->count; i++)
        count += entry_read(guest, table, i, &entry) == 0 && -entry.third - NEAR < REACH - NEAR;
    return count * 2 > table->count;
}

/* The group that most instructions with a memory operand belong to. */
static uint32_t largest_group(abbey_guest *guest, const struct extable *table, uint32_t handlers)
{
    uint32_t group[KINDS], count[KINDS], groups = 0, best = 0;
    struct entry entry;
    for (uint32_t i = 0; i < table->count; i++) {
        if (entry_read(guest, table, i, &entry) != 0 || kind_at(guest, entry.insn) != INSN_MEMORY)
            continue;
        uint32_t this = group_of(table, i, &entry, handlers), n = 0;
        while (n < groups && group[n] != this)
            n++;
        if (n == KINDS)
            continue;
        if (n == groups) {
            group[groups] = this;
            count[groups++] = 0;
        }
        count[n]++;
        best = count[n] > count[best] ? n : best;
    }
    return groups ? group[best] : 0;
}

uint32_t extable_hint(abbey_guest *guest, const struct extable *table)
{
    uint32_t handlers = table->stride == 12 && has_handlers(guest, table), hints = 0;
    uint32_t user = table->stride == 12 ? largest_group(guest, table, handlers) : 0;
    struct entry entry;
    for (uint32_t i = 0; i < table->count; i++) {
        if (entry_read(guest, table, i, &entry) != 0 || entry.insn >= table->start)
            continue;
        uint32_t kind = kind_at(guest, entry.insn);
        uint32_t known = table->stride == 8 || group_of(table, i, &entry, handlers) == user ||
                         (!handlers && entry.third >> 16 == MINUS_EFAULT);
        if (kind == INSN_STRING || (kind == INSN_MEMORY && known))
            hints += abbey_guest_hint(guest, ABBEY_HINT_USER_ACCESS, entry.insn) == 0;
    }
    return hints;
}
