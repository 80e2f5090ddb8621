// Packed SSE and SSE2, and the transcendental instructions of the x87.
#include "kit.h"

#include <emmintrin.h>
#include <stdlib.h>
#include <string.h>
static u32 w_saxpy(long n)
{
    static float x[4096] __attribute__((aligned(16))), y[4096] __attribute__((aligned(16)));
    for (int i = 0; i < 4096; i++) {
        x[i] = i & 255;
        y[i] = i & 127;
    }
    __m128 a = _mm_set1_ps(0.5f), b = _mm_set1_ps(0.25f);
    for (long k = 0; k < n; k++)
        for (int i = 0; i < 4096; i += 4)
            _mm_store_ps(y + i, _mm_add_ps(_mm_mul_ps(_mm_load_ps(y + i), b), _mm_mul_ps(_mm_load_ps(x + i), a)));
    u32 h = 0, t;
    for (int i = 0; i < 4096; i++) {
        memcpy(&t, y + i, 4);
        h = mix(h, t);
    }
    return h;
}

static u32 w_sad(long n)
{
    static u8 a[65536] __attribute__((aligned(16))), b[65536] __attribute__((aligned(16)));
    u32 s = 3;
    for (int i = 0; i < 65536; i++) {
        a[i] = xs(&s);
        b[i] = s >> 9;
    }
    __m128i acc = _mm_setzero_si128(), m = _mm_set1_epi16(257);
    for (long k = 0; k < n; k++)
        for (int i = 0; i < 65536; i += 16) {
            __m128i x = _mm_load_si128((void *)(a + i)), y = _mm_loadu_si128((void *)(b + i));
            acc = _mm_add_epi32(acc, _mm_sad_epu8(x, y));
            acc = _mm_add_epi32(acc, _mm_madd_epi16(_mm_unpacklo_epi8(x, y), m));
            acc = _mm_xor_si128(acc, _mm_packus_epi16(_mm_srli_epi16(x, 3), _mm_slli_epi16(y, 1)));
            acc = _mm_add_epi8(acc, _mm_shuffle_epi32(acc, 0x39));
        }
    u32 r[4];
    _mm_storeu_si128((void *)r, acc);
    return r[0] ^ r[1] ^ r[2] ^ r[3];
}

// raw x87 transcendental opcodes; result rounded to ~8 digits because emulators differ in the last bits
static u32 w_trans(long n)
{
    double s = 0, x = 0.1;
    for (long i = 0; i < n; i++) {
        double a, b, c, d;
        asm("fsin" : "=t"(a) : "0"(x));
        asm("fcos" : "=t"(b) : "0"(x));
        asm("fpatan" : "=t"(c) : "0"(1.5), "u"(x) : "st(1)");
        asm("fyl2x" : "=t"(d) : "0"(x + 1), "u"(1.0) : "st(1)");
        double e;
        asm("f2xm1" : "=t"(e) : "0"(x * 0.5 - 0.5));
        double f;
        asm("fsqrt" : "=t"(f) : "0"(x + 2));
        s += a * b + c - d + e * 0.5 + f;
        x += 0.000123;
        if (x > 1.9)
            x -= 1.8;
    }
    return (u32)(long long)(s / n * 1e6 + 0.5);
}

const struct workload workloads_simd[] = {
    // clang-format off
    { "fp_saxpy_sse",            w_saxpy,            60000, "packed single mul/add" },
    { "fp_simdint_sse2",         w_sad,               8000, "packed integer SSE2" },
    { "fp_trans_x87",            w_trans,          1500000, "fsin/fcos/fpatan/fyl2x/f2xm1/fsqrt" },
    { 0 }
    // clang-format on
};
