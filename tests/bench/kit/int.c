// Integer workloads, compiled for an i686 without SSE.
#include "kit.h"

#include <stdlib.h>
#include <string.h>

#define NI __attribute__((noinline))

static u32 w_sieve(long n)
{
    static u8 a[1 << 20];
    u32 c = 0;
    for (long k = 0; k < n; k++) {
        memset(a, 1, sizeof a);
        u32 N = sizeof a;
        for (u32 i = 2; i * i < N; i++)
            if (a[i])
                for (u32 j = i * i; j < N; j += i)
                    a[j] = 0;
        c = 0;
        for (u32 i = 2; i < N; i++)
            c += a[i];
        c += k;
    }
    return c;
}

static void qs(u32 *a, int l, int r)
{
    while (l < r) {
        u32 p = a[(l + r) >> 1];
        int i = l, j = r;
        while (i <= j) {
            while (a[i] < p)
                i++;
            while (a[j] > p)
                j--;
            if (i <= j) {
                u32 t = a[i];
                a[i] = a[j];
                a[j] = t;
                i++;
                j--;
            }
        }
        if (j - l < r - i) {
            qs(a, l, j);
            l = i;
        } else {
            qs(a, i, r);
            r = j;
        }
    }
}

static u32 w_sort(long n)
{
    u32 *a = malloc(n * 4), s = 12345;
    for (long i = 0; i < n; i++)
        a[i] = xs(&s);
    qs(a, 0, n - 1);
    u32 h = 0;
    for (long i = 0; i < n; i += 97)
        h = mix(h, a[i]);
    for (long i = 1; i < n; i++)
        if (a[i - 1] > a[i])
            h ^= 0xdead;
    free(a);
    return h;
}

// dhrystone-like: record copies, strcmp, small calls, char/array tests
struct rec {
    struct rec *p;
    int disc, enumc, intc;
    char str[31];
};
static struct rec *PG, *PNext;
static int IG, BG;
static char C1G, C2G;
static int A1[50], A2[50][50];
static NI int Func1(char a, char b)
{
    char c = a, d = c;
    if (d != b)
        return 0;
    C1G = c;
    return 1;
}

static NI int Func2(const char *a, const char *b)
{
    int i = 2;
    char c = 0;
    while (i <= 2)
        if (Func1(a[i], b[i + 1]) == 0) {
            c = 'A';
            i++;
        }
    if (c >= 'W' && c < 'Z')
        i = 7;
    if (c == 'R')
        return 1;
    if (strcmp(a, b) > 0) {
        i += 7;
        IG = i;
        return 1;
    }
    return 0;
}

static NI int Func3(int e)
{
    return e == 2;
}

static NI void Proc6(int e, int *r)
{
    *r = e;
    if (!Func3(e))
        *r = 3;
    switch (e) {
    case 0: *r = 0; break;
    case 1: *r = IG > 100 ? 0 : 3; break;
    case 2: *r = 1; break;
    case 4: *r = 2;
    }
}

static NI void Proc7(int a, int b, int *c)
{
    *c = b + a + 2;
}

static NI void Proc8(int *a, int b[50][50], int c, int d)
{
    int i = c + 5;
    a[i] = d;
    a[i + 1] = a[i];
    a[i + 30] = i;
    for (int j = i; j <= i + 1; j++)
        b[i][j] = i;
    b[i][i - 1]++;
    b[i + 20 < 50 ? i + 20 : 49][i] = a[i];
    IG = 5;
}

static NI void Proc3(struct rec **r)
{
    if (PG)
        *r = PG->p;
    Proc7(10, IG, &PG->intc);
}

static NI void Proc1(struct rec *p)
{
    struct rec *n = p->p;
    *n = *PG;
    p->intc = 5;
    n->intc = p->intc;
    n->p = p->p;
    Proc3(&n->p);
    if (n->disc == 0) {
        n->intc = 6;
        Proc6(p->enumc, &n->enumc);
        n->p = PG->p;
        Proc7(n->intc, 10, &n->intc);
    } else
        *p = *p->p;
}

static NI void Proc2(int *x)
{
    int l = *x + 10;
    for (;;) {
        if (C1G == 'A') {
            l--;
            *x = l - IG;
            break;
        }
        break;
    }
}

static NI void Proc4(void)
{
    int b = C1G == 'A';
    BG = b | BG;
    C2G = 'B';
}

static NI void Proc5(void)
{
    C1G = 'A';
    BG = 0;
}

static u32 w_dhry(long n)
{
    static struct rec r1, r2;
    PNext = &r1;
    PG = &r2;
    PG->p = PNext;
    PG->disc = 0;
    PG->enumc = 2;
    PG->intc = 40;
    strcpy(PG->str, "DHRYSTONE PROGRAM, SOME STRING");
    char s1[31], s2[31];
    strcpy(s1, "DHRYSTONE PROGRAM, 1'ST STRING");
    A2[8][7] = 10;
    int i1 = 0, i2 = 0, i3 = 0, e = 0;
    u32 h = 0;
    for (long k = 1; k <= n; k++) {
        Proc5();
        Proc4();
        i1 = 2;
        i2 = 3;
        strcpy(s2, "DHRYSTONE PROGRAM, 2'ND STRING");
        e = 1;
        BG = !Func2(s1, s2);
        while (i1 < i2) {
            i3 = 5 * i1 - i2;
            Proc7(i1, i2, &i3);
            i1++;
        }
        Proc8(A1, A2, i1, i3);
        Proc1(PG);
        for (char c = 'A'; c <= C2G; c++)
            if (e == Func1(c, 'C')) {
                Proc6(0, &e);
                strcpy(s2, "DHRYSTONE PROGRAM, 3'RD STRING");
                i2 = k;
                IG = k;
            }
        i2 = i2 * i1;
        i1 = i2 / i3;
        i2 = 7 * (i2 - i3) - i1;
        Proc2(&i1);
        h = h * 31 + i1 + i2;
    }
    return mix(h, IG + BG + C1G + C2G + A1[8] + A2[8][7]);
}

// coremark-like: linked list find/sort/reverse, small matrix, state machine, crc16
struct nd {
    struct nd *n;
    short v, i;
};
static u16 crc16(u16 c, u16 d)
{
    for (int i = 0; i < 16; i++) {
        int x = ((d & 1) ^ (c & 1));
        d >>= 1;
        if (x) {
            c ^= 0x4002;
            c >>= 1;
            c |= 0x8000;
        } else {
            c >>= 1;
            c &= 0x7fff;
        }
    }
    return c;
}

static struct nd *msort(struct nd *l)
{
    if (!l || !l->n)
        return l;
    struct nd *s = l, *f = l->n;
    while (f && f->n) {
        s = s->n;
        f = f->n->n;
    }
    f = s->n;
    s->n = 0;
    l = msort(l);
    f = msort(f);
    struct nd h, *t = &h;
    while (l && f) {
        if (l->v <= f->v) {
            t->n = l;
            l = l->n;
        } else {
            t->n = f;
            f = f->n;
        }
        t = t->n;
    }
    t->n = l ? l : f;
    return h.n;
}

static u32 w_core(long n)
{
    static struct nd pool[600];
    static short A[24][24], B[24][24];
    static int C[24][24] __attribute__((unused));
    static const char *in[4] = { "5012,-1.5,+7e3,0x1F,", "1234.500,-874,+122,-.5e-3,", "T0.3e-1F,-T.T++Tq,1T3.4e4z,",
        "35.54400,.1234500,-110.700,+0.64400," };
    u16 crc = 0;
    u32 st[8] = { 0 };
    for (long k = 0; k < n; k++) {
        for (int i = 0; i < 600; i++) {
            pool[i].n = i < 599 ? &pool[i + 1] : 0;
            pool[i].v = (short)((i * 7919 + k * 31) & 0x7fff);
            pool[i].i = i;
        }
        struct nd *l = msort(pool);
        struct nd *r = 0;
        while (l) {
            struct nd *x = l->n;
            l->n = r;
            r = l;
            l = x;
        }
        for (struct nd *p = r; p; p = p->n)
            if ((p->v & 15) == 0)
                crc = crc16(crc, p->v);
        for (int i = 0; i < 24; i++)
            for (int j = 0; j < 24; j++) {
                A[i][j] = (i * j + k) & 0xff;
                B[i][j] = (i + j * 3 + k) & 0xff;
            }
        int acc = 0;
        for (int i = 0; i < 24; i++)
            for (int j = 0; j < 24; j++) {
                int s = 0;
                for (int m = 0; m < 24; m++)
                    s += A[i][m] * B[m][j];
                C[i][j] = s;
                acc += s >> 3;
            }
        crc = crc16(crc, acc);
        for (int q = 0; q < 16; q++) {
            const char *s = in[(q + k) & 3];
            int state = 0;
            for (; *s; s++) {
                char c = *s;
                switch (state) {
                case 0:
                    if (c >= '0' && c <= '9')
                        state = 1;
                    else if (c == '+' || c == '-')
                        state = 2;
                    else if (c == '.')
                        state = 3;
                    else
                        state = 7;
                    break;
                case 2:
                    if (c >= '0' && c <= '9')
                        state = 1;
                    else if (c == '.')
                        state = 3;
                    else
                        state = 7;
                    break;
                case 1:
                    if (c == '.')
                        state = 3;
                    else if (c == ',') {
                        st[1]++;
                        state = 0;
                    } else if (!(c >= '0' && c <= '9'))
                        state = 7;
                    break;
                case 3:
                    if (c == 'e' || c == 'E')
                        state = 4;
                    else if (c == ',') {
                        st[3]++;
                        state = 0;
                    } else if (!(c >= '0' && c <= '9'))
                        state = 7;
                    break;
                case 4:
                    if (c == '+' || c == '-')
                        state = 5;
                    else
                        state = 7;
                    break;
                case 5:
                    if (c >= '0' && c <= '9')
                        state = 6;
                    else
                        state = 7;
                    break;
                case 6:
                    if (c == ',') {
                        st[6]++;
                        state = 0;
                    }
                    break;
                default:
                    if (c == ',') {
                        st[7]++;
                        state = 0;
                    }
                }
            }
        }
        crc = crc16(crc, st[(k)&7]);
    }
    return crc | (st[7] << 16);
}

static u32 w_crc32(long n)
{
    static u32 T[256];
    static u8 b[65536];
    for (u32 i = 0; i < 256; i++) {
        u32 c = i;
        for (int j = 0; j < 8; j++)
            c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
        T[i] = c;
    }
    u32 s = 7;
    for (int i = 0; i < 65536; i++)
        b[i] = xs(&s);
    u32 c = ~0u;
    for (long k = 0; k < n; k++)
        for (int i = 0; i < 65536; i++)
            c = T[(c ^ b[i]) & 255] ^ (c >> 8);
    return ~c;
}

static const u32 K256[64] = { 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152,
    0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138,
    0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70,
    0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
    0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa,
    0xa4506ceb, 0xbef9a3f7, 0xc67178f2 };
#define RR(x, r) (((x) >> (r)) | ((x) << (32 - (r))))
static void sha_blk(u32 *H, const u8 *p)
{
    u32 w[64];
    for (int i = 0; i < 16; i++)
        w[i] = p[4 * i] << 24 | p[4 * i + 1] << 16 | p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        u32 a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (RR(a, 7) ^ RR(a, 18) ^ (a >> 3)) + w[i - 7] + (RR(b, 17) ^ RR(b, 19) ^ (b >> 10));
    }
    u32 a = H[0], b = H[1], c = H[2], d = H[3], e = H[4], f = H[5], g = H[6], h = H[7];
    for (int i = 0; i < 64; i++) {
        u32 t1 = h + (RR(e, 6) ^ RR(e, 11) ^ RR(e, 25)) + ((e & f) ^ (~e & g)) + K256[i] + w[i],
            t2 = (RR(a, 2) ^ RR(a, 13) ^ RR(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    H[0] += a;
    H[1] += b;
    H[2] += c;
    H[3] += d;
    H[4] += e;
    H[5] += f;
    H[6] += g;
    H[7] += h;
}

static u32 w_sha256c(long n)
{
    static u8 b[65536];
    u32 s = 9;
    for (int i = 0; i < 65536; i++)
        b[i] = xs(&s);
    u32 H[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    for (long k = 0; k < n; k++)
        for (int i = 0; i < 65536; i += 64)
            sha_blk(H, b + i);
    return H[0] ^ H[7];
}

// AES-128 encrypt, one 1 KB T-table, tables computed at run time
static u8 sb[256];
static u32 Te[256];
static void aes_init(void)
{
    u8 p = 1, q = 1;
    do {
        p = p ^ (p << 1) ^ (p & 0x80 ? 0x1b : 0);
        q ^= q << 1;
        q ^= q << 2;
        q ^= q << 4;
        if (q & 0x80)
            q ^= 9;
        u8 x = q ^ (u8)(q << 1 | q >> 7) ^ (u8)(q << 2 | q >> 6) ^ (u8)(q << 3 | q >> 5) ^ (u8)(q << 4 | q >> 4);
        sb[p] = x ^ 0x63;
    } while (p != 1);
    sb[0] = 0x63;
    for (int i = 0; i < 256; i++) {
        u8 s = sb[i], s2 = (u8)(s << 1) ^ (s & 0x80 ? 0x1b : 0);
        Te[i] = (u32)s2 << 24 | s << 16 | s << 8 | (u8)(s2 ^ s);
    }
}

static u32 w_aesc(long n)
{
    aes_init();
    u32 rk[44] = { 0x2b7e1516, 0x28aed2a6, 0xabf71588, 0x09cf4f3c };
    u8 rc = 1;
    for (int i = 4; i < 44; i++) {
        u32 t = rk[i - 1];
        if (!(i & 3)) {
            t = t << 8 | t >> 24;
            t = (u32)sb[t >> 24] << 24 | sb[(t >> 16) & 255] << 16 | sb[(t >> 8) & 255] << 8 | sb[t & 255];
            t ^= (u32)rc << 24;
            rc = (rc << 1) ^ (rc & 0x80 ? 0x1b : 0);
        }
        rk[i] = rk[i - 4] ^ t;
    }
    u32 a = 0x3243f6a8, b = 0x885a308d, c = 0x313198a2, d = 0xe0370734, h = 0;
    for (long k = 0; k < n; k++) {
        a ^= rk[0];
        b ^= rk[1];
        c ^= rk[2];
        d ^= rk[3];
        for (int r = 1; r < 10; r++) {
#define TT(x, y, z, w, k) \
    (Te[(x) >> 24] ^ RR(Te[((y) >> 16) & 255], 8) ^ RR(Te[((z) >> 8) & 255], 16) ^ RR(Te[(w)&255], 24) ^ (k))
            u32 e = TT(a, b, c, d, rk[4 * r]), f = TT(b, c, d, a, rk[4 * r + 1]), g = TT(c, d, a, b, rk[4 * r + 2]),
                i = TT(d, a, b, c, rk[4 * r + 3]);
            a = e;
            b = f;
            c = g;
            d = i;
        }
#define SS(x, y, z, w, k) \
    (((u32)sb[(x) >> 24] << 24 | sb[((y) >> 16) & 255] << 16 | sb[((z) >> 8) & 255] << 8 | sb[(w)&255]) ^ (k))
        u32 e = SS(a, b, c, d, rk[40]), f = SS(b, c, d, a, rk[41]), g = SS(c, d, a, b, rk[42]),
            i = SS(d, a, b, c, rk[43]);
        a = e;
        b = f;
        c = g;
        d = i;
        if (k == 0)
            h = a;
    }
    return mix(a ^ b ^ c ^ d, h);
}

// schoolbook bignum: mul + adc chains, 64-bit intermediates
static u32 w_bignum(long n)
{
    u32 a[64], b[64], r[128], s = 3;
    for (int i = 0; i < 64; i++) {
        a[i] = xs(&s);
        b[i] = xs(&s);
    }
    for (long k = 0; k < n; k++) {
        memset(r, 0, sizeof r);
        for (int i = 0; i < 64; i++) {
            u64 c = 0;
            for (int j = 0; j < 64; j++) {
                c += (u64)a[i] * b[j] + r[i + j];
                r[i + j] = c;
                c >>= 32;
            }
            r[i + 64] = c;
        }
        for (int i = 0; i < 64; i++) {
            a[i] = r[i + 32] | 1;
        }
    }
    u32 h = 0;
    for (int i = 0; i < 128; i++)
        h = mix(h, r[i]);
    return h;
}

static u32 w_div(long n)
{
    u32 s = 11, h = 0;
    for (long i = 0; i < n; i++) {
        u32 a = xs(&s), b = (xs(&s) >> ((i & 15) + 1)) | 1;
        h += a / b;
        h ^= a % b;
        s32 c = (s32)a, d = (s32)b | 1;
        h += c / d;
        u64 q = ((u64)a << 24 | i);
        h += (u32)(q / (b | 0x10000));
        h ^= (u32)(q % b);
    }
    return h;
}

// flag-heavy code, hand written: lazy-flag designs hurt here
static u32 w_flags(long n)
{
    u32 a = 0x12345678, b = 0x9abcdef0, c = 0;
    // clang-format off
    asm volatile(
        "1: add %1, %0\n"
        "   adc $3, %2\n"
        "   rcl $1, %1\n"
        "   jnc 2f\n"
        "   sbb %2, %0\n"
        "2: add %2, %2\n"
        "   jno 3f\n"
        "   inc %1\n"
        "3: setc %%al\n"
        "   dec %0\n"
        "   movzbl %%al, %%eax\n"
        "   adc %%eax, %2\n"
        "   rcr $5, %0\n"
        "   add $7, %0\n"
        "   lahf\n"
        "   mov %%ah, %%al\n"
        "   sahf\n"
        "   adc %%eax, %1\n"
        "   jp 5f\n"
        "   xor %0, %2\n"
        "5: sub %2, %0\n"
        "   pushfl\n"
        "   popl %%edx\n"
        "   and $0x8d5, %%edx\n"
        "   test $0x80, %%dl\n"
        "   jz 4f\n"
        "   neg %0\n"
        "4: sbb %%edx, %1\n"
        "   cmc\n"
        "   adc %%edx, %2\n"
        "   cmp %0, %1\n"
        "   seta %%dl\n"
        "   setle %%dh\n"
        "   xor %%edx, %2\n"
        "   decl %3\n"
        "   jnz 1b\n"
        : "+r"(a), "+r"(b), "+r"(c), "+m"(n) : : "eax", "edx", "cc", "memory");
    // clang-format on
    return a ^ b ^ c;
}

static u32 w_bits(long n)
{
    u32 s = 5, h = 0;
    for (long i = 0; i < n; i++) {
        u32 a = xs(&s) | 1, b, c;
        asm("bsf %1,%0" : "=r"(b) : "r"(a & -(a >> 3 | 1)) : "cc");
        h += b;
        asm("bsr %1,%0" : "=r"(b) : "r"(a) : "cc");
        h ^= b;
        c = h;
        asm("shldl %%cl,%1,%0" : "+r"(c) : "r"(a), "c"(i & 31) : "cc");
        h += c;
        asm("btl %2,%1; adcl $0,%0" : "+r"(h) : "r"(a), "r"((u32)i & 31) : "cc");
        asm("btsl %1,%0; btcl %2,%0" : "+r"(h) : "r"(b), "r"(a & 31) : "cc");
        asm("bswap %0" : "+r"(h));
        asm("rorl %%cl,%0" : "+r"(h) : "c"(a & 31) : "cc");
        h += (u16)(a * h);
    }
    return h;
}

static u32 w_partial(long n)
{
    u32 a = 0x01020304, b = 0x0a0b0c0d;
    // clang-format off
    asm volatile(
        "1: add %%al, %%bh\n"
        "   xor %%bh, %%ah\n"
        "   mov %%ah, %%bl\n"
        "   add %%bx, %%ax\n"
        "   rol $3, %%ax\n"
        "   imul %%ax, %%bx\n"
        "   movsbl %%bl, %%edx\n"
        "   add %%edx, %%eax\n"
        "   movzwl %%ax, %%edx\n"
        "   xchg %%al, %%ah\n"
        "   sub %%dl, %%bh\n"
        "   xor %%edx, %%ebx\n"
        "   cwtl\n"
        "   add %%eax, %%ebx\n"
        "   decl %2\n"
        "   jnz 1b\n"
        : "+a"(a), "+b"(b), "+m"(n) : : "edx", "cc", "memory");
    // clang-format on
    return a ^ b;
}

// segment-override (TLS) accesses
static __thread volatile u32 tls_a, tls_b;
static u32 w_tls(long n)
{
    tls_a = 1;
    tls_b = 2;
    for (long i = 0; i < n; i++) {
        tls_a += tls_b;
        tls_b ^= tls_a >> 3;
    }
    return tls_a ^ tls_b;
}

// locked read-modify-write
static u32 w_atomic(long n)
{
    static volatile u32 v;
    u32 h = 0;
    for (long i = 0; i < n; i++) {
        h += __sync_fetch_and_add(&v, 3);
        __sync_bool_compare_and_swap(&v, h, i);
        __sync_lock_test_and_set(&v, h ^ i);
    }
    return h;
}

// push/pop, enter/leave, call/ret, pusha
static u32 w_stack(long n)
{
    u32 a = 1, b = 2;
    // clang-format off
    asm volatile(
        "1: push %%eax\n"
        "   push %%ebx\n"
        "   push $7\n"
        "   pop %%edx\n"
        "   pop %%eax\n"
        "   pop %%ebx\n"
        "   add %%edx, %%eax\n"
        "   pushal\n"
        "   addl $5, 16(%%esp)\n"
        "   popal\n"
        "   push %%ebp\n"
        "   mov %%esp, %%ebp\n"
        "   sub $16, %%esp\n"
        "   mov %%eax, -8(%%ebp)\n"
        "   add -8(%%ebp), %%ebx\n"
        "   leave\n"
        "   decl %2\n"
        "   jnz 1b\n"
        : "+a"(a), "+b"(b), "+m"(n) : : "edx", "cc", "memory");
    // clang-format on
    return a ^ b;
}

// null loop: pure dec/jnz, to show block-chaining overhead
static u32 w_loop(long n)
{
    u32 h = 0;
    for (long i = 0; i < n; i++)
        asm volatile("1: add $1,%0" : "+r"(h));
    return h;
}

const struct workload workloads_int[] = {
    // clang-format off
    { "int_loop",                w_loop,         600000000, "add/dec/jnz loop" },
    { "int_sieve",               w_sieve,              150, "sieve of 1M, n times" },
    { "int_sort",                w_sort,           4000000, "own quicksort of n u32" },
    { "int_dhry",                w_dhry,           4000000, "dhrystone-like" },
    { "int_core",                w_core,              8000, "coremark-like" },
    { "int_crc32",               w_crc32,             2000, "bytewise CRC32 of 64K" },
    { "int_sha256c",             w_sha256c,           1000, "plain C SHA-256 of 64K" },
    { "int_aesc",                w_aesc,           4000000, "plain C AES-128 blocks" },
    { "int_bignum",              w_bignum,           60000, "2048-bit schoolbook multiply" },
    { "int_div",                 w_div,           10000000, "32- and 64-bit division" },
    { "int_flags",               w_flags,         20000000, "flag-producing and -consuming asm" },
    { "int_bits",                w_bits,          30000000, "bsf/bsr/shld/bt/bswap/ror" },
    { "int_partial",             w_partial,       30000000, "8/16-bit partial registers" },
    { "int_stack",               w_stack,         20000000, "push/pop/pusha/leave" },
    { "int_atomic",              w_atomic,        15000000, "lock xadd/cmpxchg/xchg" },
    { "int_tls",                 w_tls,           80000000, "gs: segment override accesses" },
    { 0 }
    // clang-format on
};
