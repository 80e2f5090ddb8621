// Floating point, compiled twice: with -DSFX=x87 -mfpmath=387, and with -DSFX=sse -msse2 -mfpmath=sse.
#include "kit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#define CAT2(a, b) a##b
#define CAT(a, b) CAT2(a, b)
#define STR2(a) #a
#define STR(a) STR2(a)
#define N(x) CAT(x##_, SFX)
// checksum: 9 significant digits of the result, so that 80-bit and 64-bit agree within one build
static u32 ckd(double d)
{
    char b[40];
    snprintf(b, sizeof b, "%.9e", d);
    u32 h = 1;
    for (char *p = b; *p; p++)
        h = mix(h, *p);
    return h;
}

static double e1[4];
static double T_ = 0.499975, T1 = 0.50025, T2 = 2.0;
static __attribute__((noinline)) void pa(double *e)
{
    for (int j = 0; j < 6; j++) {
        e[0] = (e[0] + e[1] + e[2] - e[3]) * T_;
        e[1] = (e[0] + e[1] - e[2] + e[3]) * T_;
        e[2] = (e[0] - e[1] + e[2] + e[3]) * T_;
        e[3] = (-e[0] + e[1] + e[2] + e[3]) / T2;
    }
}

static __attribute__((noinline)) void p3(double x, double y, double *z)
{
    x = T_ * (x + y);
    y = T_ * (x + y);
    *z = (x + y) / T2;
}

static u32 N(whet)(long n)
{
    double x1 = 1, x2 = -1, x3 = -1, x4 = -1, x, y, z = 0;
    int j, k, l;
    double s = 0;
    for (long it = 0; it < n; it++) {
        for (int i = 0; i < 12 * 10; i++) {
            x1 = (x1 + x2 + x3 - x4) * T_;
            x2 = (x1 + x2 - x3 + x4) * T_;
            x3 = (x1 - x2 + x3 + x4) * T_;
            x4 = (-x1 + x2 + x3 + x4) * T_;
        }
        e1[0] = 1;
        e1[1] = e1[2] = e1[3] = -1;
        for (int i = 0; i < 14 * 10; i++)
            pa(e1);
        j = 1;
        for (int i = 0; i < 345 * 10; i++) {
            j = j == 1 ? 2 : 3;
            j = j > 2 ? 0 : 1;
            j = j < 1 ? 1 : 0;
            asm volatile("" : "+r"(j));
        }
        j = 1;
        k = 2;
        l = 3;
        for (int i = 0; i < 210 * 10; i++) {
            j = j * (k - j) * (l - k);
            k = l * k - (l - j) * k;
            l = (l - k) * (k + j);
            e1[(l - 2) & 3] = j + k + l;
            e1[(k - 2) & 3] = j * k * l;
        }
        x = y = 0.5;
        for (int i = 1; i <= 32 * 10; i++) {
            x = T_ * atan(T2 * sin(x) * cos(x) / (cos(x + y) + cos(x - y) - 1.0));
            y = T_ * atan(T2 * sin(y) * cos(y) / (cos(x + y) + cos(x - y) - 1.0));
        }
        x = y = z = 1;
        for (int i = 0; i < 899 * 10; i++)
            p3(x, y, &z);
        x = 0.75;
        for (int i = 0; i < 93 * 10; i++)
            x = sqrt(exp(log(x) / T1));
        s += x + y + z + x1 + e1[3];
    }
    return ckd(s);
}

struct body {
    double x[3], v[3], m;
};
static u32 N(nbody)(long n)
{
    const double PI = 3.141592653589793, SM = 4 * PI * PI, DP = 365.24;
    struct body b[5] = { { { 0 }, { 0 }, SM },
        { { 4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01 },
            { 1.66007664274403694e-03 * DP, 7.69901118419740425e-03 * DP, -6.90460016972063023e-05 * DP },
            9.54791938424326609e-04 * SM },
        { { 8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01 },
            { -2.76742510726411899e-03 * DP, 4.99852801234917238e-03 * DP, 2.30417297573763929e-05 * DP },
            2.85885980666130812e-04 * SM },
        { { 1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01 },
            { 2.96460137564761618e-03 * DP, 2.37847173959480950e-03 * DP, -2.96589568540237556e-05 * DP },
            4.36624404335156298e-05 * SM },
        { { 1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01 },
            { 2.68067772490389322e-03 * DP, 1.62824170038242295e-03 * DP, -9.51592254519715870e-05 * DP },
            5.15138902046611451e-05 * SM } };
    double p[3] = { 0 };
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 3; k++)
            p[k] += b[i].v[k] * b[i].m;
    for (int k = 0; k < 3; k++)
        b[0].v[k] = -p[k] / SM;
    double dt = 0.001;
    for (long s = 0; s < n; s++) {
        for (int i = 0; i < 5; i++)
            for (int j = i + 1; j < 5; j++) {
                double d[3], d2 = 0;
                for (int k = 0; k < 3; k++) {
                    d[k] = b[i].x[k] - b[j].x[k];
                    d2 += d[k] * d[k];
                }
                double mag = dt / (d2 * sqrt(d2));
                for (int k = 0; k < 3; k++) {
                    b[i].v[k] -= d[k] * b[j].m * mag;
                    b[j].v[k] += d[k] * b[i].m * mag;
                }
            }
        for (int i = 0; i < 5; i++)
            for (int k = 0; k < 3; k++)
                b[i].x[k] += dt * b[i].v[k];
    }
    double e = 0;
    for (int i = 0; i < 5; i++) {
        e += 0.5 * b[i].m * (b[i].v[0] * b[i].v[0] + b[i].v[1] * b[i].v[1] + b[i].v[2] * b[i].v[2]);
        for (int j = i + 1; j < 5; j++) {
            double d2 = 0;
            for (int k = 0; k < 3; k++) {
                double q = b[i].x[k] - b[j].x[k];
                d2 += q * q;
            }
            e -= b[i].m * b[j].m / sqrt(d2);
        }
    }
    char t[40];
    snprintf(t, 40, "%.7f", e);
    u32 h = 1;
    for (char *q = t; *q; q++)
        h = mix(h, *q);
    return h;
}

#define LN 200
static double LA[LN][LN + 1], LB[LN];
static u32 N(linpack)(long n)
{
    double r = 0;
    for (long it = 0; it < n; it++) {
        int init = 1325;
        for (int j = 0; j < LN; j++)
            LB[j] = 0;
        for (int j = 0; j < LN; j++)
            for (int i = 0; i < LN; i++) {
                init = 3125 * init % 65536;
                LA[j][i] = (init - 32768.0) / 16384.0;
                LB[i] += LA[j][i];
            }
        int ip[LN];
        for (int k = 0; k < LN - 1; k++) {
            int l = k;
            double m = fabs(LA[k][k]);
            for (int i = k + 1; i < LN; i++)
                if (fabs(LA[k][i]) > m) {
                    m = fabs(LA[k][i]);
                    l = i;
                }
            ip[k] = l;
            if (l != k) {
                double t = LA[k][l];
                LA[k][l] = LA[k][k];
                LA[k][k] = t;
            }
            double t = -1.0 / LA[k][k];
            for (int i = k + 1; i < LN; i++)
                LA[k][i] *= t;
            for (int j = k + 1; j < LN; j++) {
                double *aj = LA[j], *ak = LA[k];
                double u = aj[l];
                if (l != k) {
                    aj[l] = aj[k];
                    aj[k] = u;
                }
                for (int i = k + 1; i < LN; i++)
                    aj[i] += u * ak[i];
            }
        }
        for (int k = 0; k < LN - 1; k++) {
            int l = ip[k];
            double t = LB[l];
            if (l != k) {
                LB[l] = LB[k];
                LB[k] = t;
            }
            for (int i = k + 1; i < LN; i++)
                LB[i] += t * LA[k][i];
        }
        for (int kb = 0; kb < LN; kb++) {
            int k = LN - 1 - kb;
            LB[k] /= LA[k][k];
            double t = -LB[k];
            for (int i = 0; i < k; i++)
                LB[i] += t * LA[k][i];
        }
        r += LB[it % LN];
    }
    char t[40];
    snprintf(t, 40, "%.5f", r);
    u32 h = 1;
    for (char *q = t; *q; q++)
        h = mix(h, *q);
    return h;
}

static u32 N(mandel)(long n)
{
    u32 h = 0;
    for (long k = 0; k < n; k++)
        for (int py = 0; py < 64; py++)
            for (int px = 0; px < 64; px++) {
                double cx = px / 32.0 - 1.5, cy = py / 32.0 - 1.0, x = 0, y = 0;
                int i = 0;
                for (; i < 200; i++) {
                    double x2 = x * x, y2 = y * y;
                    if (x2 + y2 > 4)
                        break;
                    y = 2 * x * y + cy;
                    x = x2 - y2 + cx;
                }
                h = h * 7 + (i > 20 ? 20 : i);
            }
    return h;
}

static u32 N(conv)(long n)
{
    double a = 1.5, s = 0;
    float f = 0.25f;
    u32 q = 0;
    int v = 0;
    for (long i = 0; i < n; i++) {
        v = (int)(a * 3.7);
        q += (u32)(int)(a * 1e5);
        f = (float)(v * 0.01) + f * 0.5f;
        s += f + (double)(int)(q >> 8) * 1e-6;
        a += 0.37;
        if (a > 1000)
            a -= 999.5;
    }
    return ckd(s) ^ q;
}

const struct workload CAT(workloads_fp_, SFX)[] = {
    // clang-format off
    { "fp_whet_" STR(SFX),       N(whet),              400, "whetstone-like" },
    { "fp_nbody_" STR(SFX),      N(nbody),          300000, "n-body" },
    { "fp_linpack_" STR(SFX),    N(linpack),            25, "linpack 200x200" },
    { "fp_mandel_" STR(SFX),     N(mandel),             50, "mandelbrot 64x64x200" },
    { "fp_conv_" STR(SFX),       N(conv),          8000000, "int/float conversions" },
    { 0 }
    // clang-format on
};
