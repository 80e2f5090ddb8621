// Code that changes itself, and code made at run time.
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
typedef u32 (*cf)(u32) __attribute__((regparm(1))); // argument in eax, result in eax
static u8 *rwx(u32 sz)
{
    u8 *p = mmap(0, sz, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        die("rwx");
    return p;
}

static u8 *p8(u8 *p, u8 v)
{
    *p = v;
    return p + 1;
}

static u8 *p32(u8 *p, u32 v)
{
    memcpy(p, &v, 4);
    return p + 4;
}

// emit k random ALU instructions on eax/ecx, then ret: about 5k bytes
static u8 *gen(u8 *p, u32 seed, int k)
{
    u32 s = seed * 2654435761u | 1;
    p = p8(p, 0xb9);
    p = p32(p, seed);
    for (int i = 0; i < k; i++) {
        u32 r = xs(&s);
        switch (r & 7) {
        case 0:
            p = p8(p, 0x05);
            p = p32(p, r >> 3);
            break;
        case 1:
            p = p8(p, 0x35);
            p = p32(p, r >> 3);
            break;
        case 2:
            p = p8(p, 0x2d);
            p = p32(p, r >> 3);
            break;
        case 3:
            p = p8(p, 0x01);
            p = p8(p, 0xc8);
            break;
        case 4:
            p = p8(p, 0x31);
            p = p8(p, 0xc1);
            break;
        case 5:
            p = p8(p, 0xc1);
            p = p8(p, 0xc0);
            p = p8(p, (r >> 8 & 31) | 1);
            break;
        case 6:
            p = p8(p, 0x69);
            p = p8(p, 0xc9);
            p = p32(p, (r >> 3) | 1);
            break;
        case 7: // test al,imm; jz +2; xor eax,ecx
            p = p8(p, 0xa8);
            p = p8(p, r >> 8);
            p = p8(p, 0x74);
            p = p8(p, 2);
            p = p8(p, 0x31);
            p = p8(p, 0xc8);
            break;
        }
    }
    return p8(p, 0xc3);
}

static u32 w_imm(long n)
{
    u8 *p = rwx(4096);
    u8 *q = p8(p, 0x05);
    q = p32(q, 0);
    q = p8(q, 0xc1);
    q = p8(q, 0xc0);
    q = p8(q, 7);
    p8(q, 0xc3);
    u32 x = 1;
    for (long i = 0; i < n; i++) {
        *(volatile u32 *)(p + 1) = i * 77;
        x = ((cf)p)(x);
    }
    munmap(p, 4096);
    return x;
}

static u32 w_self(long n)
{
    u8 *p = rwx(4096), *q = p;
    q = p8(q, 0x31);
    q = p8(q, 0xd2); // xor edx,edx
    q = p8(q, 0x89);
    q = p8(q, 0xc1); // mov ecx,eax
    u8 *L = q;
    q = p8(q, 0x89);
    q = p8(q, 0x0d);
    q = p32(q, (u32)(q + 4 + 1)); // mov [patch],ecx
    q = p8(q, 0xb8);
    q = p32(q, 0); // mov eax,imm
    q = p8(q, 0x01);
    q = p8(q, 0xc2);
    q = p8(q, 0xc1);
    q = p8(q, 0xc2);
    q = p8(q, 3);
    q = p8(q, 0x49);
    q = p8(q, 0x75);
    q = p8(q, (u8)(L - (q + 1)));
    q = p8(q, 0x89);
    q = p8(q, 0xd0);
    q = p8(q, 0xc3);
    u32 r = ((cf)p)(n);
    munmap(p, 4096);
    return r;
}

static u32 w_ring(long n)
{
    u32 SZ = 256 << 10;
    u8 *p = rwx(SZ);
    u32 off = 0, x = 1;
    for (long i = 0; i < n; i++) {
        if (off + 512 > SZ)
            off = 0;
        u8 *e = gen(p + off, i & 1023, 40);
        u32 nx = (e - p + 15) & ~15u;
        for (int k = 0; k < 10; k++)
            x = ((cf)(p + off))(x);
        off = nx;
    }
    munmap(p, SZ);
    return x;
}

static u32 w_page(long n)
{
    u8 *p = rwx(4096);
    u32 x = 1;
    for (long i = 0; i < n; i++) {
        gen(p, i & 255, 600);
        for (int k = 0; k < 20; k++)
            x = ((cf)p)(x + k);
    }
    munmap(p, 4096);
    return x;
}

static u32 w_fresh(long n)
{
    u32 x = 1;
    for (long i = 0; i < n; i++) {
        u8 *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        gen(p, i, 200);
        mprotect(p, 8192, PROT_READ | PROT_EXEC);
        for (int k = 0; k < 20; k++)
            x = ((cf)p)(x);
        munmap(p, 8192);
    }
    return x;
}

static u32 w_wxtoggle(long n)
{
    u8 *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    gen(p, 1, 100);
    u32 x = 1;
    for (long i = 0; i < n; i++) {
        mprotect(p, 4096, PROT_READ | PROT_WRITE);
        *(volatile u32 *)(p + 1) = i;
        mprotect(p, 4096, PROT_READ | PROT_EXEC);
        x = ((cf)p)(x);
    }
    munmap(p, 4096);
    return x;
}

static u32 w_alias(long n)
{
    int fd = syscall(SYS_memfd_create, "k", 0);
    if (fd < 0 || ftruncate(fd, 4096))
        die("memfd");
    u8 *w = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
       *x = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    if (x == MAP_FAILED)
        die("alias");
    gen(w, 5, 20);
    u32 r = 1;
    for (long i = 0; i < n; i++) {
        *(volatile u32 *)(w + 1) = i * 3;
        r = ((cf)x)(r);
    }
    munmap(w, 4096);
    munmap(x, 4096);
    close(fd);
    return r;
}

// data on the same page as hot code (no code is changed)
static u32 w_samepage(long n)
{
    u8 *p = rwx(4096), *q = p;
    u32 d = (u32)p + 2048;
    q = p8(q, 0x89);
    q = p8(q, 0xc1);
    u8 *L = q;
    q = p8(q, 0x01);
    q = p8(q, 0x0d);
    q = p32(q, d);
    q = p8(q, 0xff);
    q = p8(q, 0x05);
    q = p32(q, d + 64);
    q = p8(q, 0x49);
    q = p8(q, 0x75);
    q = p8(q, (u8)(L - (q + 1)));
    q = p8(q, 0xa1);
    q = p32(q, d);
    q = p8(q, 0x03);
    q = p8(q, 0x05);
    q = p32(q, d + 64);
    q = p8(q, 0xc3);
    u32 r = ((cf)p)(n);
    munmap(p, 4096);
    return r;
}

// inline-cache style call patching
static u32 w_patchcall(long n)
{
    u8 *p = rwx(8192);
    u8 *q = p;
    q = p8(q, 0xe8);
    q = p32(q, 0);
    q = p8(q, 0x40);
    q = p8(q, 0xc3);
    u8 *f[4];
    q = p + 4096;
    for (int i = 0; i < 4; i++) {
        f[i] = q;
        q = gen(q, i + 1, 6);
    }
    u32 x = 1;
    for (long i = 0; i < n; i++) {
        if ((i & 7) == 0)
            *(volatile u32 *)(p + 1) = (u32)(f[(i >> 3) & 3] - (p + 5));
        x = ((cf)p)(x);
    }
    munmap(p, 8192);
    return x;
}

// cold code: n unique functions run once (translation throughput), then a working set run many times
static u32 w_cold(long n)
{
    u32 per = 288, SZ = n * per;
    u8 *p = rwx(SZ);
    for (long i = 0; i < n; i++)
        gen(p + i * per, i + 7, 48);
    u32 x = 1;
    for (long i = 0; i < n; i++)
        x = ((cf)(p + i * per))(x);
    munmap(p, SZ);
    return x;
}

static u32 w_bigws(long n)
{
    u32 per = 288, K = 6000, SZ = K * per;
    u8 *p = rwx(SZ);
    for (u32 i = 0; i < K; i++)
        gen(p + i * per, i + 7, 48);
    u32 x = 1, s = 77;
    for (long k = 0; k < n; k++) {
        u32 j = xs(&s) % K;
        x = ((cf)(p + j * per))(x);
    }
    munmap(p, SZ);
    return x;
}

const struct workload workloads_smc[] = {
    // clang-format off
    { "smc_imm",                 w_imm,             300000, "patch an immediate, call" },
    { "smc_self",                w_self,            200000, "store into the next instruction, same block" },
    { "smc_ring",                w_ring,             12000, "generate 160 B into a ring, run 10x" },
    { "smc_page",                w_page,              1500, "rewrite a page of code, run 20x" },
    { "smc_fresh",               w_fresh,             6000, "mmap, generate, mprotect RX, run 20x, munmap" },
    { "smc_wxtoggle",            w_wxtoggle,         60000, "W^X mprotect toggle per patch" },
    { "smc_alias",               w_alias,           300000, "write through one mapping, run through another" },
    { "smc_samepage",            w_samepage,       6000000, "data writes on the hot code's page" },
    { "smc_patchcall",           w_patchcall,      2000000, "repatch call target every 8th call" },
    { "smc_cold",                w_cold,             40000, "40000 unique 220-byte functions run once" },
    { "smc_bigws",               w_bigws,          3000000, "random calls in a 6000-function (1.7 MB) set" },
    { 0 }
    // clang-format on
};
