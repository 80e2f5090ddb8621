// Memory and string workloads, compiled for an i686 without SSE.
#include "kit.h"

#include <stdlib.h>
#include <string.h>

// string instructions, short and medium lengths
static u32 w_strops(long n)
{
    static u8 a[4096], b[4096];
    u32 h = 0;
    for (int i = 0; i < 4096; i++)
        a[i] = i * 7;
    for (long i = 0; i < n; i++) {
        u32 len = (i * 37) & 127;
        void *d = b + (i & 511), *s = a + ((i * 3) & 1023);
        u32 c = len;
        asm volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(c)::"memory");
        c = len >> 2;
        d = b + 2048;
        asm volatile("rep stosl" : "+D"(d), "+c"(c) : "a"(i) : "memory");
        c = 64;
        d = b + (i & 511);
        asm volatile("repne scasb" : "+D"(d), "+c"(c) : "a"(i & 255) : "memory", "cc");
        h = mix(h, c);
        c = 32;
        d = b;
        s = a;
        asm volatile("repe cmpsb" : "+D"(d), "+S"(s), "+c"(c)::"memory", "cc");
        h += c;
    }
    for (int i = 0; i < 4096; i++)
        h = mix(h, b[i]);
    return h;
}

static u32 w_repmovs(long n)
{
    u32 sz = 4 << 20;
    u8 *a = malloc(sz), *b = malloc(sz);
    memset(a, 5, sz);
    u32 h = 0;
    for (long i = 0; i < n; i++) {
        a[i] = i;
        void *d = b, *s = a;
        u32 c = sz / 4;
        asm volatile("rep movsl" : "+D"(d), "+S"(s), "+c"(c)::"memory");
        h = mix(h, b[i]);
    }
    free(a);
    free(b);
    return h;
}

static u32 w_memcpy(long n)
{
    u32 sz = 4 << 20;
    u8 *a = malloc(sz), *b = malloc(sz);
    memset(a, 5, sz);
    u32 h = 0;
    for (long i = 0; i < n; i++) {
        a[i] = i;
        memcpy(b, a, sz);
        h = mix(h, b[i]);
        asm volatile("" ::: "memory");
    }
    free(a);
    free(b);
    return h;
}

static u32 w_strlib(long n)
{
    static char b[4096];
    u32 h = 0;
    for (int i = 0; i < 4095; i++)
        b[i] = 'a' + i % 23;
    for (long i = 0; i < n; i++) {
        u32 o = (i * 7) & 2047;
        b[o + 300] = 0;
        h += strlen(b + o);
        b[o + 300] = 'x';
        h += (char *)memchr(b + o, 'x', 1000) - b;
        h += strcmp(b + (o & 63), b + (o & 63) + 23) > 0;
        h += (char *)strchr(b + o, 'c') - b;
    }
    return h;
}

// random pointer chase over 32 MB: data TLB / soft-MMU lookups
static u32 w_chase(long n)
{
    u32 N = 8 << 20;
    u32 *a = malloc(N * 4);
    for (u32 i = 0; i < N; i++)
        a[i] = i;
    u32 s = 99;
    for (u32 i = N - 1; i > 0; i--) {
        u32 j = (u32)(((u64)xs(&s) * i) >> 32);
        u32 t = a[i];
        a[i] = a[j];
        a[j] = t;
    }
    u32 p = 0;
    for (long i = 0; i < n; i++)
        p = a[p];
    free(a);
    return p;
}

// one access per page over 64 MB, sequential: TLB capacity misses only
static u32 w_stride(long n)
{
    u32 N = 64 << 20;
    volatile u8 *a = calloc(1, N);
    u32 h = 0;
    for (long i = 0; i < n; i++)
        for (u32 j = 0; j < N; j += 4096 + 64) {
            a[j] += 1;
            h += a[j];
        }
    free((void *)a);
    return h;
}

// unaligned and page-crossing accesses
static u32 w_unalign(long n)
{
    u8 *a = calloc(1, 1 << 16);
    u32 h = 0;
    for (long i = 0; i < n; i++) {
        u32 o = ((i * 4093) & 0xfff0) | 3;
        if (o > 65528)
            o = 65528;
        volatile u32 *p = (volatile u32 *)(a + o);
        *p += i;
        h = h * 3 + *p;
    }
    free(a);
    return h;
}

const struct workload workloads_mem[] = {
    // clang-format off
    { "mem_strops",              w_strops,         3000000, "short rep movs/stos/scas/cmps" },
    { "mem_strlib",              w_strlib,         1500000, "glibc strlen/memchr/strcmp/strchr" },
    { "mem_repmovs",             w_repmovs,            400, "rep movsl 4 MB" },
    { "mem_memcpy",              w_memcpy,             400, "glibc memcpy 4 MB" },
    { "mem_unalign",             w_unalign,       60000000, "unaligned rmw" },
    { "mem_chase",               w_chase,          8000000, "random pointer chase in 32 MB" },
    { "mem_stride",              w_stride,             600, "page stride over 64 MB" },
    { 0 }
    // clang-format on
};
