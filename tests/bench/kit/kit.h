// The benchmark kit: named workloads in one 32-bit program, which is also the init of the guest that runs them.
#ifndef KIT_H
#define KIT_H

#define _GNU_SOURCE
#include <stdint.h>
#include <stddef.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;

// A workload takes an iteration count and gives a checksum, which depends on the count and on nothing else: the same
// natively and in every virtual machine.
struct workload {
    const char *name;
    u32 (*run)(long n);
    long n; // iterations at a scale of 100 %
    const char *does;
};

// Each ends with a row without a name.
extern const struct workload workloads_int[], workloads_mem[], workloads_fp_x87[], workloads_fp_sse[], workloads_simd[],
    workloads_ind[], workloads_os[], workloads_smc[];

// Stirs v into the checksum h.
static inline u32 mix(u32 h, u32 v)
{
    h ^= v;
    h *= 0x9E3779B1u;
    return h ^ (h >> 15);
}

// The next of a sequence of pseudo-random numbers (xorshift32); *s is not 0.
static inline u32 xs(u32 *s)
{
    u32 x = *s;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *s = x;
}

double now(void);                                 // seconds of CLOCK_MONOTONIC
long scaled(long n, int percent);                 // at least 1
void die(const char *what);                       // ends the program: a system call failed
int env_int(const char *name, int otherwise);     // a number from the environment
int suite(const char *file, const char *filters); // runs a list of workloads; the exit status
int init(void);                                   // the guest's first process; ends in power off

#endif
