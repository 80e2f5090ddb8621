/* guess.c - a guestopt plugin that is sure of every guest and wrong about it: hints for whatever the kernel runs, with
 * nothing known of it, and for addresses that lead nowhere. The guest must not notice.
 *
 * ABBEY_GUESS_SEED chooses what is guessed (default 1). */
#include <stdlib.h>

#include <abbey/plugin.h>

#define STACK_WORDS 2048u
#define AROUND 96u /* bytes before and behind a return address */

static uint32_t random_next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state ^ *state >> 16;
}

static uint32_t recognise(abbey_guest *guest)
{
    const char *text = getenv("ABBEY_GUESS_SEED");
    uint32_t seed = text ? (uint32_t)strtoul(text, NULL, 0) : 1, words[STACK_WORDS];
    uint8_t bytes[256];
    abbey_guest_cpu cpu;
    abbey_guest_page page;
    abbey_guest_state(guest, &cpu);
    for (uint32_t i = 0; i < 500; i++) { /* anywhere */
        uint32_t at = random_next(&seed);
        abbey_guest_hint(guest, random_next(&seed), at);
        abbey_guest_hint(guest, ABBEY_HINT_USER_ACCESS, at);
        abbey_guest_find(guest, at, &page);
        abbey_guest_read(guest, at, bytes, sizeof(bytes));
        abbey_guest_read_physical(guest, (uint64_t)at << (at & 31), bytes, sizeof(bytes));
    }
    /* Code that the kernel runs: each byte near to what may be a return address on its stack. */
    uint32_t count = abbey_guest_read(guest, cpu.gpr[4], words, sizeof(words)) / 4;
    for (uint32_t i = 0; i < count; i++)
        if ((words[i] ^ cpu.eip) < 0x02000000 && abbey_guest_find(guest, words[i], &page) == 0)
            for (uint32_t at = words[i] - AROUND; at != words[i] + AROUND; at++)
                if (random_next(&seed) & 1)
                    abbey_guest_hint(guest, ABBEY_HINT_USER_ACCESS, at);
    for (uint32_t i = 0; i < ABBEY_GUEST_HINTS_MAX; i++) /* and too many, around where it is */
        abbey_guest_hint(guest, ABBEY_HINT_USER_ACCESS, (cpu.eip & ~0xffffu) + random_next(&seed) % 0x20000);
    return 100;
}

static const abbey_guestopt guess = {
    .size = sizeof(guess),
    .name = "guess",
    .summary = "wrong hints for any guest",
    .recognise = recognise,
};

ABBEY_PLUGIN(.id = "org.abbey.test.guess", .version = "0.1.0", .license = "MIT", .requires = ABBEY_GUESTOPT_1,
    .guestopt = &guess);
