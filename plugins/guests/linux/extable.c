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

#include <stdlib.h>

#define REACH 0x02000000u /* between the table and its instructions; a kernel is smaller */
#define NEAR 0x1000u      /* from a table to code there is more */
#define SURE 8u           /* entries that look right, for a closer look */
#define ENTRIES_MIN 64u
#define ENTRIES_MAX 32768u
#define MEMORY_MIN 32u /* entries with memory operands */
#define WORDS 4096u
#define STEP 96u /* words from probe to probe: fewer than the smallest table has, and whole entries of either form */
#define MINUS_EFAULT 0xfff2u
#define KINDS 32u

struct entry {
    uint32_t at, insn, fixup, third;
    uint32_t kind; /* INSN_... */
};

static struct entry entry_of(const uint32_t *words, uint32_t at, uint32_t stride)
{
    return (struct entry){ at, at + words[0], at + 4 + words[1], stride == 12 ? words[2] : 0, INSN_OTHER };
}

/* Could these words stand in a table at `at`, away from its end? */
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

static int32_t entry_read(abbey_guest *guest, uint32_t at, uint32_t stride, struct entry *entry)
{
    uint32_t words[3];
    if (abbey_guest_read(guest, at, words, stride) != stride)
        return -1;
    *entry = entry_of(words, at, stride);
    return entry->insn - at + REACH < 2 * REACH && entry->fixup - at + REACH < 2 * REACH ? 0 : -1;
}

/* The first entry of the table that has one at `at`. */
static uint32_t entries_start(abbey_guest *guest, uint32_t at, uint32_t stride)
{
    struct entry entry, before;
    uint32_t count = 0;
    if (entry_read(guest, at, stride, &entry) != 0)
        return at;
    while (count++ < ENTRIES_MAX && entry_read(guest, at - stride, stride, &before) == 0 && before.insn < entry.insn) {
        entry = before;
        at -= stride;
    }
    return at;
}

static uint32_t kind_at(abbey_guest *guest, uint32_t linear)
{
    uint8_t bytes[INSN_BYTES];
    return insn_kind(bytes, abbey_guest_read(guest, linear, bytes, sizeof(bytes)));
}

/* Reads the table from its first entry on. Code that stood behind the table was for the start alone, and is gone. */
static void entries_read(abbey_guest *guest, uint32_t at, struct extable *table)
{
    struct entry entry;
    uint32_t last = 0;
    table->count = 0;
    while (table->count < ENTRIES_MAX &&
           entry_read(guest, at + table->count * table->stride, table->stride, &entry) == 0) {
        if (entry.insn <= last)
            break;
        last = entry.insn;
        if (entry.insn < at)
            entry.kind = kind_at(guest, entry.insn);
        table->entry[table->count++] = entry;
    }
}

/* Are these what faults are expected of? */
static uint32_t entries_good(const struct extable *table)
{
    uint32_t kinds[4] = { 0 };
    for (uint32_t i = 0; i < table->count; i++)
        kinds[table->entry[i].kind]++;
    return table->count >= ENTRIES_MIN && kinds[INSN_MEMORY] + kinds[INSN_STRING] >= MEMORY_MIN &&
           kinds[INSN_AWAY] * 16 <= table->count;
}

/* Is there a table with an entry within the next three words? */
static int32_t probe(abbey_guest *guest, const uint32_t *words, uint32_t at, struct extable *table)
{
    for (uint32_t i = 0; i < 3; i++) {
        for (table->stride = 12; table->stride >= 8; table->stride -= 4) {
            if (!looks_right(words + i, at + i * 4, table->stride))
                continue;
            entries_read(guest, entries_start(guest, at + i * 4, table->stride), table);
            if (entries_good(table))
                return 0;
        }
    }
    return -1;
}

int32_t extable_find(abbey_guest *guest, uint32_t from, uint32_t bytes, struct extable *table)
{
    uint32_t words[WORDS], at = from & ~3u, end = at + bytes;
    table->entry = malloc(ENTRIES_MAX * sizeof(*table->entry));
    while (table->entry && at < end && end > from) {
        uint32_t got = abbey_guest_read(guest, at, words, sizeof(words));
        uint32_t whole = got / 4 > SURE * 3 + 2 ? got / 4 - SURE * 3 - 2 : 0; /* so many have enough behind them */
        for (uint32_t i = 0; i < whole; i += STEP)
            if (probe(guest, words + i, at + i * 4, table) == 0)
                return 0;
        at =
            got < sizeof(words) ? ((at + got) | 0xfffu) + 1 : at + whole / STEP * STEP * 4; /* over what is not there */
    }
    extable_free(table);
    return -1;
}

void extable_free(struct extable *table)
{
    free(table->entry);
    table->entry = NULL;
}

/* ---- what it says ---- */

/* What the third word says of the kind: its handler, or its number. */
static uint32_t group_of(const struct entry *entry, uint32_t handlers)
{
    return handlers ? entry->at + 8 + entry->third : entry->third & 0xff;
}

/* Are the third words distances to code? */
static uint32_t has_handlers(const struct extable *table)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < table->count; i++)
        count += -table->entry[i].third - NEAR < REACH - NEAR;
    return count * 2 > table->count;
}

/* The group that most instructions with a memory operand belong to. */
static uint32_t largest_group(const struct extable *table, uint32_t handlers)
{
    uint32_t group[KINDS], count[KINDS], groups = 0, best = 0;
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->entry[i].kind != INSN_MEMORY)
            continue;
        uint32_t this = group_of(&table->entry[i], handlers), n = 0;
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
    uint32_t handlers = table->stride == 12 && has_handlers(table), hints = 0;
    uint32_t user = largest_group(table, handlers); /* of 8 bytes: all are one */
    for (uint32_t i = 0; i < table->count; i++) {
        const struct entry *entry = &table->entry[i];
        uint32_t known = group_of(entry, handlers) == user || (!handlers && entry->third >> 16 == MINUS_EFAULT);
        if (entry->kind == INSN_STRING || (entry->kind == INSN_MEMORY && known))
            hints += abbey_guest_hint(guest, ABBEY_HINT_USER_ACCESS, entry->insn) == 0;
    }
    return hints;
}
