/* random.h - repeatable random numbers: the seed is all that a failure report needs. */
#ifndef ABBEY_TESTS_LOCKSTEP_RANDOM_H
#define ABBEY_TESTS_LOCKSTEP_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

/* splitmix64 */
static inline uint64_t dice_64(struct dice *dice)
{
    uint64_t z = dice->state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static inline uint32_t dice_32(struct dice *dice)
{
    return (uint32_t)(dice_64(dice) >> 16);
}

/* 0 to limit - 1. */
static inline uint32_t dice_below(struct dice *dice, uint32_t limit)
{
    return (uint32_t)((uint64_t)dice_32(dice) * limit >> 32);
}

static inline bool dice_once_in(struct dice *dice, uint32_t n)
{
    return dice_below(dice, n) == 0;
}

#define DICE_PICK(dice, array) ((array)[dice_below((dice), sizeof(array) / sizeof((array)[0]))])

#endif
