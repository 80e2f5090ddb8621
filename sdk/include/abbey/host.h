/* abbey/host.h - plugins of kind hostos: how the VMM lives on a host, and the host's resources behind devices.
 *
 * The core reaches the operating system through the services below and in no other way. A service is a small table
 * fetched by id from abbey_hostos.query(); one that a host does not have is NULL. Handles are opaque; a call that can
 * fail returns 0 or -1 and fills an abbey_error.
 *
 * Backends (disks, consoles, networks, displays) are created like devices, from property rows; create() stores the
 * interface that the devices of its kind use. They watch host handles through "abbey.host.event/1", which they obtain
 * by abbey_query() on their abbey_dev together with the machine's loop (abbey_loop()). */
#ifndef ABBEY_HOST_H
#define ABBEY_HOST_H

#include <abbey/dev.h>

typedef struct abbey_hostos {
    uint32_t size;
    uint32_t reserved;
    const char *name; /* what `host: { backend: name }` says */
    const char *summary;
    /* The service named `id`, or NULL. The tables live for ever. [any] */
    const void *(*query)(const char *id);
} abbey_hostos;

/* A kind of backend. `name` is what `backend:` in a machine file says. */
typedef struct abbey_backend {
    const char *name;
    const char *summary;
    const char *kind; /* the interface it offers: "char" (abbey_char *), "block" (abbey_block *), "display"
                         (abbey_display *), "net" (abbey_net *) */
    uint64_t self_size;
    abbey_table props; /* of abbey_prop */
    /* Builds one and stores its interface in *interface. 0, or negative after abbey_fail(). [create] */
    int32_t (*create)(abbey_dev *dev, void *self, void **interface);
    /* Frees it, flushes what was written, restores what was changed (a terminal's mode). [create] */
    void (*destroy)(void *self);
} abbey_backend;

/* ---- Memory objects and mappings ---- */

#define ABBEY_HOST_MEM_1 "abbey.host.mem/1"

typedef struct abbey_memobj abbey_memobj;

#define ABBEY_MAP_READ 1u
#define ABBEY_MAP_WRITE 2u
#define ABBEY_MAP_EXEC 4u

/* All of it [any]. Sizes, offsets and addresses are multiples of page_size. */
typedef struct abbey_host_mem_1 {
    uint32_t size;
    uint32_t page_size; /* bytes */
    /* An object of zeroed pages, allocated as they are touched. */
    abbey_memobj *(*create)(const char *name, uint64_t bytes, abbey_error *error);
    void (*destroy)(abbey_memobj *object); /* mappings made from it stay good until unmapped */
    /* Address space without access, aligned to `align` (a power of two). Never placed below 4 GB. */
    void *(*reserve)(uint64_t bytes, uint64_t align, abbey_error *error);
    void (*release)(void *start, uint64_t bytes); /* of a whole reservation, or of a mapping made with at == NULL */
    /* Maps part of an object: at `at`, inside a reservation, or anywhere when `at` is NULL. NULL on failure. */
    void *(*map)(abbey_memobj *object, uint64_t offset, uint64_t bytes, uint32_t prot, void *at, abbey_error *error);
    int32_t (*unmap)(void *at, uint64_t bytes, abbey_error *error); /* back to a reservation without access */
    int32_t (*protect)(void *at, uint64_t bytes, uint32_t prot, abbey_error *error);
    int32_t (*discard)(abbey_memobj *object, uint64_t offset, uint64_t bytes); /* the pages read as zero again */
    /* As create(), for generated code: the host's profiler takes mappings of it for code that no file holds, and names
     * what is in it as the process says (on Linux by /tmp/perf-PID.map). */
    abbey_memobj *(*create_code)(uint64_t bytes, abbey_error *error);
} abbey_host_mem_1;

/* ---- Clocks ---- */

#define ABBEY_HOST_CLOCK_1 "abbey.host.clock/1"

typedef struct abbey_host_clock_1 {
    uint32_t size;
    uint32_t reserved;
    uint64_t (*monotonic)(void); /* ns from an arbitrary start, never backwards [any] */
    uint64_t (*realtime)(void);  /* ns since 1970-01-01 00:00 UTC [any] */
    uint64_t (*tsc_hz)(void);    /* ticks a second of the host's time-stamp counter, measured once; 0: unusable [any] */
} abbey_host_clock_1;

/* ---- Threads ---- */

#define ABBEY_HOST_THREAD_1 "abbey.host.thread/1"

typedef struct abbey_thread abbey_thread;
typedef struct abbey_mutex abbey_mutex;
typedef struct abbey_cond abbey_cond;

typedef struct abbey_host_thread_1 {
    uint32_t size;
    uint32_t reserved;
    abbey_thread *(*start)(const char *name, void (*run)(void *arg), void *arg, abbey_error *error);
    void (*join)(abbey_thread *thread); /* waits for its end and frees the handle */
    abbey_mutex *(*mutex_new)(void);    /* not recursive; NULL when memory is short */
    void (*mutex_free)(abbey_mutex *mutex);
    void (*lock)(abbey_mutex *mutex);
    void (*unlock)(abbey_mutex *mutex);
    abbey_cond *(*cond_new)(void);
    void (*cond_free)(abbey_cond *cond);
    /* Waits with `mutex` held until woken or until monotonic time `deadline` (ABBEY_NEVER: no limit); may wake early.
     */
    void (*wait)(abbey_cond *cond, abbey_mutex *mutex, uint64_t deadline);
    void (*wake)(abbey_cond *cond); /* wakes all */
} abbey_host_thread_1;

/* ---- Events: one loop a machine, run by its I/O thread ---- */

#define ABBEY_HOST_EVENT_1 "abbey.host.event/1"

typedef struct abbey_loop abbey_loop;
typedef struct abbey_watch abbey_watch;

#define ABBEY_EVENT_READ 1u
#define ABBEY_EVENT_WRITE 2u
#define ABBEY_EVENT_HANGUP 4u /* always reported, never asked for */

#define ABBEY_ASKED_TERMINATE 1u    /* the user or the system asks the process to end (SIGTERM, SIGHUP) */
#define ABBEY_ASKED_INTERRUPT 2u    /* Ctrl-C while the terminal is not raw (SIGINT) */
#define ABBEY_ASKED_CONSOLE_QUIT 3u /* the quit key of the console (Ctrl-A x) */

typedef struct abbey_host_event_1 {
    uint32_t size;
    uint32_t reserved;
    /* `lock` and `unlock` bracket every callback of the loop: the machine lock. Both may be NULL. */
    abbey_loop *(*loop_new)(void (*lock)(void *arg), void (*unlock)(void *arg), void *arg, abbey_error *error);
    void (*loop_free)(abbey_loop *loop);
    void (*run)(abbey_loop *loop);  /* until stop(); [io] */
    void (*stop)(abbey_loop *loop); /* [any] */
    /* Runs fn once on the I/O thread, in order of posting. [any] */
    void (*post)(abbey_loop *loop, void (*fn)(void *arg), void *arg);
    /* Calls fn once at monotonic time `when`; a loop has one such alarm, and setting replaces it. [any] */
    void (*alarm)(abbey_loop *loop, uint64_t when, void (*fn)(void *arg), void *arg);
    /* Watches a host handle (a file descriptor on POSIX hosts); events may be 0 for hang-ups alone. NULL on failure.
     * [create] [locked] */
    abbey_watch *(*watch)(
        abbey_loop *loop, int64_t handle, uint32_t events, void (*fn)(void *arg, uint32_t events), void *arg);
    void (*rewatch)(abbey_watch *watch, uint32_t events); /* [locked] */
    void (*unwatch)(abbey_watch *watch);                  /* no callback comes after it [locked] */
    /* Who hears ABBEY_ASKED_...; one a process, NULL restores the defaults. [create] */
    void (*on_asked)(abbey_loop *loop, void (*fn)(void *arg, uint32_t what), void *arg);
    /* Reports a request of the console to the handler of on_asked(). [io] */
    void (*ask)(abbey_loop *loop, uint32_t what);
} abbey_host_event_1;

/* The loop of the machine that `dev` belongs to: interface "abbey.loop/1". */
typedef struct abbey_loop_1 {
    uint32_t size;
    uint32_t reserved;
    abbey_loop *(*loop)(abbey_dev *dev);
} abbey_loop_1;

#define ABBEY_LOOP_1 "abbey.loop/1"

/* The machine's loop. NULL in a machine without one (the author's bench). [create] */
static inline abbey_loop *abbey_loop_get(abbey_dev *dev)
{
    const abbey_loop_1 *loops = (const abbey_loop_1 *)abbey_query(dev, ABBEY_LOOP_1);
    return loops ? loops->loop(dev) : NULL;
}

/* ---- Local sockets: streams of bytes between processes of one user ---- */

#define ABBEY_HOST_LOCAL_1 "abbey.host.local/1"

typedef struct abbey_listener abbey_listener;

#define ABBEY_LOCAL_AGAIN (-1) /* nothing to read now, or no room to write: watch the handle */
#define ABBEY_LOCAL_GONE (-2)  /* the far side has gone, or the host failed */

/* Handles are for abbey_host_event_1.watch(). No call waits. All of it [any]. */
typedef struct abbey_host_local_1 {
    uint32_t size;
    uint32_t reserved;
    /* Listens at `path`, which other users cannot open. A socket that a dead process left there is replaced; one that
     * somebody serves, and any other file, is refused. NULL with the reason. */
    abbey_listener *(*listen)(const char *path, abbey_error *error);
    int64_t (*handle)(const abbey_listener *listener);            /* readable when somebody has come */
    int64_t (*accept)(abbey_listener *listener);                  /* the handle of the next one, or negative */
    void (*unlisten)(abbey_listener *listener);                   /* removes the path, unless another took it */
    int64_t (*connect)(const char *path, abbey_error *error);     /* the handle, or -1 */
    int64_t (*read)(int64_t handle, void *bytes, uint64_t count); /* how many; 0: the far side sends no more */
    int64_t (*write)(int64_t handle, const void *bytes, uint64_t count);
    void (*close)(int64_t handle);
} abbey_host_local_1;

/* ---- Faults: what the hardware says of an access or an instruction of the VMM's own thread ---- */

#define ABBEY_HOST_FAULT_1 "abbey.host.fault/1"

#define ABBEY_FAULT_NONE 0u    /* abort(), or a fault signal sent from outside: only on_crash() hears of it */
#define ABBEY_FAULT_ACCESS 1u  /* page fault: addr, write are good */
#define ABBEY_FAULT_GENERAL 2u /* general protection: no address */
#define ABBEY_FAULT_ILLEGAL 3u /* undefined instruction */
#define ABBEY_FAULT_FLOAT 4u   /* x87 or SIMD exception, or integer division */
#define ABBEY_FAULT_STEP 5u    /* trap flag or breakpoint */
#define ABBEY_FAULT_KICK 6u    /* kick() from another thread */

/* What was running. `gpr` is in encoding order (RAX RCX RDX RBX RSP RBP RSI RDI R8..R15); changes are put back. */
typedef struct abbey_fault {
    uint32_t size;
    uint32_t kind;
    uint32_t write;
    uint32_t code; /* the processor's error code where it gives one */
    uint64_t addr;
    uint64_t gpr[16];
    uint64_t rip;
    uint64_t rflags;
    void *fx; /* FXSAVE image of the interrupted code, or NULL */
} abbey_fault;

typedef struct abbey_host_fault_1 {
    uint32_t size;
    uint32_t reserved;
    /* Makes the calling thread deliver its faults to fn, which returns 1 when it dealt with it and 0 for "a fault of
     * Abbey itself". fn runs on a stack of its own and may change the registers. [vcpu] */
    int32_t (*attach)(int32_t (*fn)(void *arg, abbey_fault *fault), void *arg, abbey_error *error);
    void (*detach)(void);
    /* Delivers ABBEY_FAULT_KICK to a thread that attached. [any] */
    void (*kick)(abbey_thread *thread);
    /* Where to write the report when a fault belongs to nobody, before the process ends with status 4. [any] */
    void (*on_crash)(void (*fn)(void *arg, const abbey_fault *fault), void *arg);
} abbey_host_fault_1;

/* ---- Processes: for what is not trusted with the address space of this one ---- */

#define ABBEY_HOST_PROCESS_1 "abbey.host.process/1"

typedef struct abbey_process abbey_process;

/* A process begins as a copy of this one, with its code and data at the same addresses; memory objects and what share()
 * gave are the same memory in both. It has no handles of this one, no other thread, dies of its own faults, and ends
 * with this one. All of it [any]. */
typedef struct abbey_host_process_1 {
    uint32_t size;
    uint32_t reserved;
    void *(*share)(uint64_t bytes, abbey_error *error); /* zeroed pages, shared with processes started after it */
    void (*unshare)(void *start, uint64_t bytes);
    /* Runs run(arg) in a process; NULL with the reason. `name` is what the host's tools show, up to 15 bytes. */
    abbey_process *(*start)(const char *name, void (*run)(void *arg), void *arg, abbey_error *error);
    int64_t (*handle)(const abbey_process *process); /* for abbey_host_event_1.watch(): readable when it has ended */
    int64_t (*id)(const abbey_process *process);     /* as the host's tools name it */
    int32_t (*ended)(abbey_process *process, abbey_error *how); /* 0: it runs; 1: it has ended, and how */
    void (*end)(abbey_process *process);                        /* kills it if need be, and frees the handle */
    /* On a word of shared memory: waits while it holds `value`, until woken or for that long; may return early. */
    void (*wait)(uint32_t *word, uint32_t value, uint64_t nanoseconds);
    void (*wake)(uint32_t *word);
} abbey_host_process_1;

/* ---- Windows: address spaces of a guest as address space of the process ---- */

#define ABBEY_HOST_WINDOW_1 "abbey.host.window/1"

typedef struct abbey_guard abbey_guard;

/* All of it [vcpu] but mappings_max(). Addresses and sizes are multiples of the page size. */
typedef struct abbey_host_window_1 {
    uint32_t size;
    uint32_t reserved;
    /* Where the segment GS of the calling thread begins from now on. */
    int32_t (*set_gs)(uint64_t base);
    /* How many mappings the process may have; one page in a reservation makes two. [any] */
    uint64_t (*mappings_max)(void);
    /* A guard takes the right to write away from single pages of mappings without splitting them: a store there is
     * delivered as ABBEY_FAULT_ACCESS. NULL where the host has no such thing. */
    abbey_guard *(*guard_new)(void);
    void (*guard_free)(abbey_guard *guard);
    /* Puts a writable mapping of a memory object under the guard; unmapping or replacing it takes it away. */
    int32_t (*guard_add)(abbey_guard *guard, void *at, uint64_t bytes);
    /* Takes the right to write from pages under the guard, or gives it back. */
    int32_t (*guard_set)(abbey_guard *guard, void *at, uint64_t bytes, uint32_t protect);
} abbey_host_window_1;

#endif
