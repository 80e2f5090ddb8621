// What an operating system does: calls into it, processes, faults, signals, files, threads.
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <pthread.h>
#include <poll.h>
#include <time.h>
#include <ucontext.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/epoll.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <linux/futex.h>

static u32 w_int80(long n)
{
    u32 h = 0;
    int r0 = 0;
    for (long i = 0; i < n; i++) {
        int r;
        asm volatile("int $0x80" : "=a"(r) : "0"(SYS_getppid) : "memory");
        if (i == 0)
            r0 = r;
        h += (r == r0);
    }
    return h;
}

static u32 w_vsys(long n)
{
    u32 h = 0;
    int r0 = 0;
    void *vs = (void *)getauxval(AT_SYSINFO);
    if (!vs)
        return 0;
    for (long i = 0; i < n; i++) {
        int r;
        asm volatile("call *%1" : "=a"(r) : "r"(vs), "0"(SYS_getppid) : "memory", "cc");
        if (i == 0)
            r0 = r;
        h += (r == r0);
    }
    return h;
}

static u32 w_gettime(long n)
{
    struct timespec a, b = { 0, 0 };
    u32 bad = 0;
    for (long i = 0; i < n; i++) {
        clock_gettime(CLOCK_MONOTONIC, &a);
        if (a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec))
            bad++;
        b = a;
    }
    return bad;
}

static u32 w_pipepp(long n)
{
    int a[2], b[2];
    if (pipe(a) || pipe(b))
        die("pipe");
    char c = 1;
    pid_t p = fork();
    if (!p) {
        close(a[1]);
        while (read(a[0], &c, 1) == 1) {
            c += 3;
            if (write(b[1], &c, 1) != 1)
                _exit(1);
        }
        _exit(0);
    }
    u32 h = 0;
    for (long i = 0; i < n; i++) {
        if (write(a[1], &c, 1) != 1 || read(b[0], &c, 1) != 1)
            die("pp");
        h += (u8)c;
    }
    close(a[1]);
    close(a[0]);
    close(b[0]);
    close(b[1]);
    waitpid(p, 0, 0);
    return h;
}

static u32 w_sockpp(long n)
{
    int s[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, s))
        die("sp");
    char b[64] = { 1 };
    pid_t p = fork();
    if (!p) {
        close(s[0]);
        while (read(s[1], b, 64) == 64) {
            b[0]++;
            if (write(s[1], b, 64) != 64)
                break;
        }
        _exit(0);
    }
    close(s[1]);
    u32 h = 0;
    for (long i = 0; i < n; i++) {
        if (write(s[0], b, 64) != 64 || read(s[0], b, 64) != 64)
            die("spp");
        h += (u8)b[0];
    }
    close(s[0]);
    waitpid(p, 0, 0);
    return h;
}

static volatile int *fx;
static int ftx(volatile int *a, int op, int v)
{
    return syscall(SYS_futex, a, op, v, 0, 0, 0);
}

static void *fthr(void *x)
{
    long n = (long)x;
    for (long i = 0; i < n; i++) {
        while (fx[0] != 1)
            ftx(&fx[0], FUTEX_WAIT, 0);
        fx[0] = 0;
        fx[1] = 1;
        ftx(&fx[1], FUTEX_WAKE, 1);
    }
    return 0;
}

static u32 w_futexpp(long n)
{
    static volatile int w[2];
    fx = w;
    w[0] = w[1] = 0;
    pthread_t t;
    pthread_create(&t, 0, fthr, (void *)n);
    for (long i = 0; i < n; i++) {
        fx[0] = 1;
        ftx(&fx[0], FUTEX_WAKE, 1);
        while (fx[1] != 1)
            ftx(&fx[1], FUTEX_WAIT, 0);
        fx[1] = 0;
    }
    pthread_join(t, 0);
    return n;
}

static u32 w_yield(long n)
{
    pid_t p = fork();
    if (!p) {
        for (long i = 0; i < n; i++)
            sched_yield();
        _exit(0);
    }
    for (long i = 0; i < n; i++)
        sched_yield();
    waitpid(p, 0, 0);
    return n;
}

static u32 w_fork(long n)
{
    u32 h = 0;
    for (long i = 0; i < n; i++) {
        pid_t p = fork();
        if (!p)
            _exit(i & 63);
        int st;
        waitpid(p, &st, 0);
        h += WEXITSTATUS(st);
    }
    return h;
}

static u32 fexec(long n, char *const av[])
{
    u32 h = 0;
    for (long i = 0; i < n; i++) {
        pid_t p = fork();
        if (!p) {
            execve(av[0], av, environ);
            _exit(99);
        }
        int st;
        waitpid(p, &st, 0);
        h += WEXITSTATUS(st) + 1;
    }
    return h;
}

static u32 w_fexec_s(long n)
{
    char *av[] = { "/bin/tinytrue", 0 };
    return fexec(n, av);
}

static u32 w_fexec_b(long n)
{
    char *av[] = { "/bin/busybox", "true", 0 };
    return fexec(n, av);
}

static u32 w_pgfault(long n)
{
    u32 h = 0;
    for (long k = 0; k < n; k++) {
        u8 *p = mmap(0, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            die("mmap");
        madvise(p, 64 << 20, MADV_NOHUGEPAGE);
        for (u32 i = 0; i < (64u << 20); i += 4096) {
            p[i] = i >> 12;
        }
        for (u32 i = 0; i < (64u << 20); i += 4096 * 61)
            h += p[i];
        munmap(p, 64 << 20);
    }
    return h;
}

static u32 w_cow(long n)
{
    u8 *p = mmap(0, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(p, 8 << 20, MADV_NOHUGEPAGE);
    memset(p, 1, 8 << 20);
    u32 h = 0;
    for (long k = 0; k < n; k++) {
        pid_t c = fork();
        if (!c) {
            for (u32 i = 0; i < (8u << 20); i += 4096)
                p[i]++;
            _exit(p[4096]);
        }
        int st;
        waitpid(c, &st, 0);
        h += WEXITSTATUS(st);
    }
    munmap(p, 8 << 20);
    return h;
}

static u32 w_mprotect(long n)
{
    volatile u8 *p = mmap(0, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    u32 h = 0;
    for (long i = 0; i < n; i++) {
        u32 k = (i & 15) * 4096;
        p[k]++;
        mprotect((void *)(p + k), 4096, PROT_READ);
        h += p[k];
        mprotect((void *)(p + k), 4096, PROT_READ | PROT_WRITE);
    }
    munmap((void *)p, 16 * 4096);
    return h;
}

static u32 w_mmap(long n)
{
    u32 h = 0;
    for (long i = 0; i < n; i++) {
        volatile u8 *p = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        p[0] = i;
        p[32768] = i >> 3;
        h += p[0] + p[32768];
        munmap((void *)p, 65536);
    }
    return h;
}

static u32 w_mmapfile(long n)
{
    int fd = open("/tmp/kb.mm", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || ftruncate(fd, 4 << 20))
        die("mmf");
    u32 h = 0;
    for (long k = 0; k < n; k++) {
        volatile u8 *p = mmap(0, 4 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        for (u32 i = 0; i < (4u << 20); i += 4096) {
            p[i] += 1;
            h += p[i];
        }
        munmap((void *)p, 4 << 20);
    }
    close(fd);
    unlink("/tmp/kb.mm");
    return h;
}

static volatile u32 sc;
static void hs(int s)
{
    sc++;
}

static u32 w_sig(long n)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = hs;
    sigaction(SIGUSR1, &sa, 0);
    sc = 0;
    pid_t me = getpid();
    for (long i = 0; i < n; i++)
        syscall(SYS_tgkill, me, me, SIGUSR1);
    return sc;
}

static u8 *sp_;
static void hseg(int s, siginfo_t *si, void *u)
{
    sc++;
    mprotect((void *)((uintptr_t)si->si_addr & ~4095u), 4096, PROT_READ | PROT_WRITE);
}

static u32 w_segv(long n)
{
    sp_ = mmap(0, 64 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_sigaction = hseg;
    sa.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &sa, 0);
    sc = 0;
    for (long i = 0; i < n; i++) {
        volatile u8 *p = sp_ + (i & 63) * 4096;
        *p = i;
        mprotect((void *)p, 4096, PROT_READ);
    }
    signal(SIGSEGV, SIG_DFL);
    munmap(sp_, 64 * 4096);
    return sc;
}

static void hill(int s, siginfo_t *si, void *u)
{
    sc++;
    ((ucontext_t *)u)->uc_mcontext.gregs[REG_EIP] += 2;
}

static u32 w_ill(long n)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_sigaction = hill;
    sa.sa_flags = SA_SIGINFO;
    sigaction(SIGILL, &sa, 0);
    sc = 0;
    for (long i = 0; i < n; i++)
        asm volatile("ud2");
    signal(SIGILL, SIG_DFL);
    return sc;
}

static u32 w_file(long n)
{
    u32 h = 0;
    char b[256];
    memset(b, 'x', 256);
    for (long i = 0; i < n; i++) {
        char nm[40];
        sprintf(nm, "/tmp/kbf%ld", i & 255);
        int fd = open(nm, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd < 0)
            die("creat");
        h += write(fd, b, 100 + (i & 127));
        close(fd);
        struct stat st;
        stat(nm, &st);
        h += st.st_size;
        unlink(nm);
    }
    return h;
}

static u32 w_stat(long n)
{
    u32 h = 0;
    struct stat st;
    for (long i = 0; i < n; i++) {
        h += stat("/proc/self/../../tmp/.", &st);
        h += access("/bin/nonexistent", F_OK);
    }
    return h;
}

static u32 w_openread(long n)
{
    u32 h = 0;
    char b[1024];
    for (long i = 0; i < n; i++) {
        int fd = open("/proc/self/stat", O_RDONLY);
        if (fd < 0)
            die("proc");
        h += read(fd, b, 1024) > 0;
        close(fd);
    }
    return h;
}

static u32 w_copy(long n)
{
    u32 h = 0;
    static u8 b[4096];
    int f = open("/tmp/kba", O_RDWR | O_CREAT | O_TRUNC, 0600);
    u32 s = 1;
    for (int i = 0; i < 4096; i++) {
        for (int k = 0; k < 4096; k += 4)
            *(u32 *)(b + k) = xs(&s) + i;
        if (write(f, b, 4096) != 4096)
            die("w");
    }
    for (long k = 0; k < n; k++) {
        int g = open("/tmp/kbb", O_RDWR | O_CREAT | O_TRUNC, 0600);
        lseek(f, 0, 0);
        while (read(f, b, 4096) == 4096) {
            if (write(g, b, 4096) != 4096)
                die("w2");
            h = mix(h, *(u32 *)b);
        }
        close(g);
    }
    close(f);
    unlink("/tmp/kba");
    unlink("/tmp/kbb");
    return h;
}

static void *thr(void *x)
{
    return x;
}

static u32 w_thread(long n)
{
    u32 h = 0;
    for (long i = 0; i < n; i++) {
        pthread_t t;
        void *r;
        if (pthread_create(&t, 0, thr, (void *)i))
            die("thr");
        pthread_join(t, &r);
        h += (u32)(long)r;
    }
    return h;
}

static pthread_mutex_t mx = PTHREAD_MUTEX_INITIALIZER;
static u32 mc;
static void *mthr(void *x)
{
    long n = (long)x;
    for (long i = 0; i < n; i++) {
        pthread_mutex_lock(&mx);
        mc++;
        pthread_mutex_unlock(&mx);
    }
    return 0;
}

static u32 w_mutex(long n)
{
    pthread_t t[2];
    mc = 0;
    for (int i = 0; i < 2; i++)
        pthread_create(t + i, 0, mthr, (void *)n);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], 0);
    return mc;
}

static u32 w_pipebw(long n)
{
    int a[2];
    if (pipe(a))
        die("pipe");
    static u8 b[65536];
    pid_t p = fork();
    if (!p) {
        close(a[0]);
        for (long i = 0; i < n; i++) {
            memset(b, i, 16);
            if (write(a[1], b, 65536) != 65536)
                _exit(1);
        }
        _exit(0);
    }
    close(a[1]);
    u32 h = 0;
    u64 tot = 0;
    int r;
    while ((r = read(a[0], b, 65536)) > 0) {
        h += b[0] * 0;
        tot += r;
    }
    close(a[0]);
    waitpid(p, 0, 0);
    return (u32)tot + h;
}

static u32 w_tcplo(long n)
{
    int l = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in sa;
    memset(&sa, 0, sizeof sa);
    sa.sin_family = AF_INET;
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(l, (void *)&sa, sizeof sa) || listen(l, 1))
        die("bind");
    socklen_t sl = sizeof sa;
    getsockname(l, (void *)&sa, &sl);
    static u8 b[16384];
    pid_t p = fork();
    if (!p) {
        int s = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(s, (void *)&sa, sizeof sa))
            _exit(1);
        for (long i = 0; i < n; i++) {
            int o = 0;
            while (o < 16384) {
                int r = write(s, b + o, 16384 - o);
                if (r <= 0)
                    _exit(2);
                o += r;
            }
        }
        close(s);
        _exit(0);
    }
    int c = accept(l, 0, 0);
    u64 tot = 0;
    int r;
    while ((r = read(c, b, 16384)) > 0)
        tot += r;
    close(c);
    close(l);
    waitpid(p, 0, 0);
    return (u32)tot;
}

static u32 w_poll(long n)
{
    struct pollfd pf[64];
    int fds[64][2];
    for (int i = 0; i < 64; i++) {
        if (pipe(fds[i]))
            die("pipe");
        pf[i].fd = fds[i][0];
        pf[i].events = POLLIN;
    }
    if (write(fds[63][1], "x", 1) != 1)
        die("w");
    u32 h = 0;
    for (long i = 0; i < n; i++)
        h += poll(pf, 64, 0);
    for (int i = 0; i < 64; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
    return h;
}

static u32 w_nanosleep(long n)
{
    struct timespec t = { 0, 1000000 };
    for (long i = 0; i < n; i++)
        nanosleep(&t, 0);
    return n;
}

// 1 kHz-ish interval timer interrupting a busy loop: counts delivered signals over a fixed wall time
static u32 w_itimer(long n)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = hs;
    sigaction(SIGALRM, &sa, 0);
    sc = 0;
    struct itimerval it = { { 0, 4000 }, { 0, 4000 } }, z = { { 0, 0 }, { 0, 0 } };
    setitimer(ITIMER_REAL, &it, 0);
    while ((long)sc < n)
        asm volatile("");
    setitimer(ITIMER_REAL, &z, 0);
    return n;
}

const struct workload workloads_os[] = {
    // clang-format off
    { "os_syscall_int80",        w_int80,           500000, "getppid via int 0x80" },
    { "os_syscall_vdso",         w_vsys,           1000000, "getppid via AT_SYSINFO (sysenter)" },
    { "os_clock_gettime",        w_gettime,        3000000, "clock_gettime(MONOTONIC)" },
    { "os_pipe_pp",              w_pipepp,           30000, "pipe ping-pong, 2 processes" },
    { "os_unix_pp",              w_sockpp,           30000, "AF_UNIX 64-byte ping-pong" },
    { "os_futex_pp",             w_futexpp,          50000, "futex ping-pong, 2 threads" },
    { "os_yield",                w_yield,           100000, "sched_yield, 2 processes" },
    { "os_fork_exit",            w_fork,              4000, "fork+exit+wait" },
    { "os_fork_exec_tiny",       w_fexec_s,           1500, "fork+exec static 200-byte program" },
    { "os_fork_exec_busybox",    w_fexec_b,            800, "fork+exec static busybox true" },
    { "os_pgfault_64M",          w_pgfault,              8, "touch 64 MB anonymous" },
    { "os_cow",                  w_cow,                 40, "fork + 8 MB copy-on-write" },
    { "os_mprotect",             w_mprotect,         80000, "mprotect toggle + touch" },
    { "os_mmap_munmap",          w_mmap,             50000, "mmap/touch 2/munmap" },
    { "os_mmap_tmpfs",           w_mmapfile,           300, "mmap 4 MB tmpfs file and touch" },
    { "os_signal",               w_sig,             150000, "tgkill self + handler" },
    { "os_segv",                 w_segv,             60000, "SIGSEGV + mprotect" },
    { "os_sigill",               w_ill,             120000, "ud2 + handler" },
    { "os_file_cd",              w_file,             30000, "create/write/stat/unlink on tmpfs" },
    { "os_stat",                 w_stat,             80000, "path lookup" },
    { "os_proc_read",            w_openread,         40000, "open/read/close /proc/self/stat" },
    { "os_copy_tmpfs",           w_copy,                15, "4K read/write copy of 16 MB" },
    { "os_thread",               w_thread,           10000, "pthread create+join" },
    { "os_mutex",                w_mutex,          5000000, "2 threads on one mutex" },
    { "os_pipe_bw",              w_pipebw,            8000, "64K pipe writes" },
    { "os_tcp_lo",               w_tcplo,            16000, "TCP loopback 16K writes" },
    { "os_poll64",               w_poll,            150000, "poll 64 fds" },
    { "os_nanosleep_1ms",        w_nanosleep,          200, "200 x nanosleep(1 ms)" },
    { "os_itimer_4ms",           w_itimer,             100, "100 x 4 ms itimer over a busy loop" },
    { 0 }
    // clang-format on
};
