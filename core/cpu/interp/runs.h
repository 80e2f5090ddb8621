/* runs.h - the cache of decoded runs: straight-line instructions by physical address, dropped when their bytes change.
 */
#ifndef ABBEY_CORE_RUNS_H
#define ABBEY_CORE_RUNS_H

#include "core/cpu/interp/decode.h"
#include "core/cpu/interp/interp.h"

#define RUN_INSNS 32u      /* at most in one run */
#define RUN_BUCKETS 32768u /* hash of runs by key */
#define PAGE_BUCKETS 4096u /* hash of pages by frame */
#define PAGES_MAX 16384u   /* pages with runs */
#define ARENA_BYTES (24u << 20)

struct code_page;
struct part; /* of core/bt */

/* What came behind a run lately: good while nothing was dropped, no translation flushed (struct tlb, `changes`) and the
 * level is the same. */
struct run_link {
    struct run *to;
    uint32_t linear;
    bool user;
    uint64_t changes;
};

/* A run lies in one page, or is a single instruction that crosses into a second one. */
struct run {
    uint64_t key;              /* run_key() */
    struct run *next;          /* in its bucket */
    struct code_page *page[2]; /* [1] only when it crosses */
    struct run *page_next[2];  /* in the list of that page */
    uint32_t bytes;
    uint16_t count;
    uint16_t heat;      /* how often the executor saw it, as far as it counts */
    struct part *parts; /* what the executor made from it */
    bool ends;          /* at an instruction behind which control does not simply go on, or must be looked at */
    struct run_link link[2];
    struct insn insn[];
};

struct code_page {
    uint64_t frame;
    uint64_t granules; /* a bit for each 64 bytes that hold decoded ones */
    struct run *runs;
    struct code_page *next;
};

/* What other threads changed (DMA), to be applied before the next run; CPU_SIGNAL_CACHE is set while there is any. */
#define NEWS_MAX 64u
struct news {
    atomic_flag lock;
    uint32_t count; /* more than NEWS_MAX: too many to tell apart */
    bool map;
    bool pages; /* host addresses of [first, last] are void */
    gpa_t first, last;
    struct {
        gpa_t gpa;
        uint32_t count;
    } written[NEWS_MAX];
};

/* Something that may execute runs in the interpreter's place: the translator. */
struct executor {
    void *opaque;
    /* Executes from the start of the run on, at CS:EIP, as far as it likes; false when the interpreter is to do it. */
    bool (*execute)(void *opaque, struct run *run);
    void (*dropped)(void *opaque, struct run *run); /* its bytes change */
    void (*flushed)(void *opaque);                  /* all runs are gone */
};

struct interp {
    struct cpu *cpu;
    const struct executor *executor; /* NULL: none */
    struct decoder decoder;
    struct run *bucket[RUN_BUCKETS];
    struct code_page *page_bucket[PAGE_BUCKETS];
    struct code_page *pages; /* pool of PAGES_MAX */
    uint32_t pages_used;
    struct code_page *pages_free;
    uint8_t *arena;
    uint32_t arena_used;

    struct run *current; /* under way */
    bool broken;         /* leave the run behind the instruction under way */
    bool flush_wanted;   /* drop all before the next run */
    struct news news;
    bool single;         /* one instruction, one REP iteration */
    uint32_t iterations; /* of REP in this run */
    uint64_t end;        /* of the budget, in cpu->instructions */
    struct run *last;    /* that ran; its links are looked at first. The scratch run has none */
    struct run *scratch; /* one instruction that is not cached */
};

static inline uint64_t run_key(gpa_t gpa, bool code32)
{
    return gpa << 1 | code32;
}

static inline uint32_t run_hash(uint64_t key)
{
    return (uint32_t)(key ^ key >> 15) % RUN_BUCKETS;
}

bool runs_init(struct interp *it);
void runs_free(struct interp *it);

/* Decodes a new run at CS:eip and caches it; raises. With `alone` it is one instruction and not cached. */
struct run *run_make(struct interp *it, uint32_t eip, bool alone);

/* The run at CS:eip for looking ahead, decoded if need be: raises nothing, walks no page table, drops nothing. NULL
 * when that does not do. */
struct run *run_ahead(struct interp *it, uint32_t eip);

/* The cached run that crosses into a page still goes on in the page that follows now? Raises. */
bool run_crosses_same(struct cpu *cpu, const struct run *run, uint32_t linear);

/* Drops runs that hold a byte of [gpa, gpa + count). */
void runs_drop(struct interp *it, gpa_t gpa, uint32_t count);

/* From other threads: bytes were written, the map changed. */
void news_written(struct interp *it, gpa_t gpa, uint32_t count);
void news_map(struct interp *it);
/* Host addresses became void; from any thread. */
void news_pages(struct interp *it, gpa_t first, gpa_t last);
/* Applies the news. Not while a run is under way. */
void news_apply(struct interp *it);

/* Drops everything. Not while a run is under way. */
void runs_flush(struct interp *it);

#endif
