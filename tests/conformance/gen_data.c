#include "tests/conformance/gen.h"

#include <string.h>

static uint64_t random64(struct gen *gen)
{
    uint64_t z = gen->random += 0x9e3779b97f4a7c15ull; /* splitmix64 */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

uint32_t gen_random(struct gen *gen)
{
    return (uint32_t)(random64(gen) >> 16);
}

uint32_t gen_below(struct gen *gen, uint32_t limit)
{
    return (uint32_t)((uint64_t)gen_random(gen) * limit >> 32);
}

bool gen_once_in(struct gen *gen, uint32_t n)
{
    return gen_below(gen, n) == 0;
}

uint32_t gen_interesting(struct gen *gen)
{
    static const uint32_t values[] = { 0, 1, 2, 3, 7, 8, 9, 10, 15, 16, 31, 32, 33, 0x7e, 0x7f, 0x80, 0x81, 0xff, 0x100,
        0x101, 0x7ffe, 0x7fff, 0x8000, 0x8001, 0xffff, 0x10000, 0x10001, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001,
        0xfffffffe, 0xffffffff, 0xffffff80, 0xffff8000, 0x55555555, 0xaaaaaaaa, 0x99999999, 0x0f0f0f0f };
    uint32_t r = gen_random(gen);
    switch (gen_below(gen, 8)) {
    case 0: return values[gen_below(gen, sizeof values / sizeof values[0])];
    case 1: return values[gen_below(gen, sizeof values / sizeof values[0])] ^ (r & 0xff00ff00);
    case 2: return r & 0xff;
    case 3: return (uint32_t)((int32_t)r >> (r & 31));
    default: return r;
    }
}

/* ---- data ---- */

static uint32_t random_f32(struct gen *gen)
{
    static const uint32_t values[] = { 0, 0x3f800000, 0x00000001, 0x007fffff, 0x00800000, 0x00800001, 0x7f7fffff,
        0x7f800000, 0x7fc00000, 0x7f800001, 0x7fffffff, 0x3f000000, 0x40000000, 0x40490fdb, 0x4f000000, 0x4effffff,
        0x5f000000, 0x3fc00000, 0x47000000, 0x46fffe00, 0x4b000000, 0x0c000000, 0x1a000000, 0x73000000 };
    uint32_t r = gen_random(gen);
    switch (gen_below(gen, 8)) {
    case 0:
    case 1: return values[gen_below(gen, sizeof values / sizeof values[0])] | (r & 0x80000000);
    case 2: return r;
    case 3: return (r & 0x807fffff) | (1 + gen_below(gen, 4)) << 23;    /* nearly tiny */
    case 4: return (r & 0x807fffff) | (250 + gen_below(gen, 5)) << 23;  /* nearly infinite */
    case 5: return (r & 0x80ff0000) | (117 + gen_below(gen, 40)) << 23; /* few bits: exact results */
    default: return (r & 0x807fffff) | (117 + gen_below(gen, 40)) << 23;
    }
}

static uint64_t random_f64(struct gen *gen)
{
    static const uint64_t values[] = { 0, 0x3ff0000000000000, 1, 0x000fffffffffffff, 0x0010000000000000,
        0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001, 0x7fffffffffffffff,
        0x3fe0000000000000, 0x4000000000000000, 0x400921fb54442d18, 0x41e0000000000000, 0x41dfffffffc00000,
        0x41dfffffffe00000, 0x43e0000000000000, 0x3690000000000000, 0x380fffffe0000000, 0x47efffffe0000000,
        0x47effffff0000000, 0x3810000000000000, 0x40dfffc000000000 };
    uint64_t r = random64(gen), sign = r & 0x8000000000000000, fraction = r & 0x000fffffffffffff;
    switch (gen_below(gen, 9)) {
    case 0:
    case 1: return values[gen_below(gen, sizeof values / sizeof values[0])] | sign;
    case 2: return r;
    case 3: return sign | fraction | (uint64_t)(1 + gen_below(gen, 4)) << 52;
    case 4: return sign | fraction | (uint64_t)(2042 + gen_below(gen, 5)) << 52;
    case 5: return sign | fraction | (uint64_t)(0x360 + gen_below(gen, 0x40)) << 52; /* around single's smallest */
    case 6: return sign | (fraction & 0x000fff0000000000) | (uint64_t)(1013 + gen_below(gen, 70)) << 52;
    default: return sign | fraction | (uint64_t)(1013 + gen_below(gen, 70)) << 52;
    }
}

static void random_f80(struct gen *gen, uint8_t *to)
{
    uint64_t r = random64(gen), significand = r | 0x8000000000000000;
    uint32_t exponent = 16383 - 20 + gen_below(gen, 90);
    switch (gen_below(gen, 16)) {
    case 0: exponent = 0, significand = 0; break;                                  /* zero */
    case 1: exponent = 0, significand = r >> 1; break;                             /* denormal */
    case 2: exponent = 0x7fff, significand = 0x8000000000000000; break;            /* infinity */
    case 3: exponent = 0x7fff, significand = r | 0xc000000000000000; break;        /* quiet NaN */
    case 4: exponent = 0x7fff, significand = (r >> 2) | 0x8000000000000000; break; /* signalling NaN */
    case 5: exponent = gen_random(gen) & 0x7fff, significand = r; break;           /* anything, unnormals too */
    case 6: exponent = 1 + gen_below(gen, 3); break;                               /* nearly tiny */
    case 7: exponent = 0x7ffc + gen_below(gen, 3); break;                          /* nearly infinite */
    case 8: exponent = 0, significand = r | 0x8000000000000000; break;             /* pseudo-denormal */
    case 9: exponent = 16383 + gen_below(gen, 64), significand = significand >> 40 << 40; break; /* an integer, often */
    case 10: exponent = 16383, significand = 0x8000000000000000; break;                          /* one */
    case 11:
        exponent = (uint32_t[]){ 16383 - 127, 16383 - 1023, 16383 + 127, 16383 + 1023 }[r & 3] - 2 + gen_below(gen, 4);
        break;
    default: break;
    }
    memcpy(to, &significand, 8);
    to[8] = (uint8_t)exponent;
    to[9] = (uint8_t)(exponent >> 8 | (gen_random(gen) & 0x80));
}

static void random_bcd(struct gen *gen, uint8_t *to)
{
    uint32_t digits = gen_below(gen, 19);
    memset(to, 0, 10);
    for (uint32_t i = 0; i < digits; i++)
        to[i / 2] = (uint8_t)(to[i / 2] | gen_below(gen, 10) << 4 * (i & 1));
    to[9] = gen_once_in(gen, 2) ? 0x80 : 0;
}

void gen_data(struct gen *gen, enum data data, uint8_t *to, uint32_t count)
{
    static const uint32_t sizes[] = { 4, 4, 8, 10, 10 };
    for (uint32_t at = 0; at < count; at += sizes[data]) {
        uint8_t value[16];
        uint32_t size = count - at < sizes[data] ? count - at : sizes[data], value32;
        uint64_t value64;
        switch (data) {
        case D_INT: value32 = gen_interesting(gen), memcpy(value, &value32, 4); break;
        case D_F32: value32 = random_f32(gen), memcpy(value, &value32, 4); break;
        case D_F64: value64 = random_f64(gen), memcpy(value, &value64, 8); break;
        case D_F80: random_f80(gen, value); break;
        case D_BCD: random_bcd(gen, value); break;
        }
        memcpy(to + at, value, size);
    }
}
