/* runs.h - the cache of decoded runs: straight-line instructions by physical address, dropped when their bytes change.
 */
#ifndef ABBEY_CORE_RUNS_H
#define ABBEY_CORE_RUNS_H

#include "core/cpu/interp/decode.h"
#include "core/cpu/interp/interp.h"

#define RUN_INSNS 32u      /* at most in one run */
#define RUN_BUCKETS 32768u /* hash of runs by key */
#define HEAT_SLOTS 262144u
#define PAGE_BUCKETS 4096u     /* hash of pages by frame */
#define PAGES_MAX 16384u       /* pages with runs */
#define ARENA_PARTS 8u         /* dropped one after the other, the oldest first */
#define ARENA_BYTES (2u << 20) /* in each */

struct code_page;

/* What came behind a run lately: good while nothing was dropped, no translation flushed (struct tlb, `changes`) and the
 * level is the same. */
struct run_link {
    struct run *to;
    uint32_t linear;
    bool user;
    uint64_t changes;
};

/* Bytes of a page that a run or something of the executor's was made from. */
struct code_part {
    struct code_page *page;         /* NULL: none */
    struct code_part *next, **link; /* in the list of the page; `link` is what points here */
    uint16_t first, last;           /* offsets in the page */
    enum code_owner { OWNER_EXECUTOR, OWNER_RUN, OWNER_RUN_END } owner;
};

/* A run lies in one page, or is a single instruction that crosses into a second one. */
struct run {
    uint64_t key;             /* run_key() */
    struct run *next;         /* in its bucket */
    struct code_part part[2]; /* [1] only when it crosses */
    uint32_t bytes;
    uint16_t count;
    bool dropped;
    bool ends; /* at an instruction behind which control does not simply go on, or must be looked at */
    struct run_link link[2];
    struct insn insn[];
};

/* A page that carries MEM_MARK_CODE, because there are parts of it. */
struct code_page {
    uint64_t frame;
    uint64_t bytes[MEM_PAGE_SIZE / 64]; /* a bit for each byte of a part, and perhaps of parts that are gone */
    struct code_part *parts;
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

/* How often the executor saw a run, as far as it counts: here, because that outlives the run, which may have to make
 * room for others. */
struct run_heat {
    uint8_t tag, count;
    uint8_t drops; /* up when its translation was in vain, because its bytes changed; down with each new one */
};

/* Something that may execute runs in the interpreter's place: the translator. */
struct executor {
    void *opaque;
    /* Executes from CS:EIP on, whose bytes have this run_key(), as far as it likes, and returns NULL; or the run there,
     * for the interpreter to do. May raise. */
    struct run *(*execute)(void *opaque, uint64_t key);
    /* Its bytes change: calls code_part_remove() for it and for what else depends on it. */
    void (*dropped)(void *opaque, struct code_part *part);
    /* Somebody writes to a page with code, whose stores are noticed. Drops nothing. */
    void (*written)(void *opaque, uint64_t frame);
    /* What stands at physical addresses is another thing now: as if all were dropped. */
    void (*flushed)(void *opaque);
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
    struct run_heat *heat; /* HEAT_SLOTS */
    uint8_t *arena;
    unsigned arena_part; /* that new runs go to */
    uint32_t arena_used[ARENA_PARTS];

    struct run *current; /* under way */
    bool broken;         /* leave the run behind the instruction under way */
    bool flush_wanted;   /* drop all before the next run */
    struct news news;
    bool single;         /* one instruction, one REP iteration */
    bool drop_pages;     /* for tests: a store drops whatever was made from its page */
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
    return (uint32_t)(key * 0x9e3779b97f4a7c15ull >> 32) % RUN_BUCKETS;
}

/* The heat of the run with this key; another run's may have to go. */
static inline struct run_heat *run_heat(struct interp *it, uint64_t key)
{
    uint64_t hash = key * 0x9e3779b97f4a7c15ull;
    struct run_heat *heat = &it->heat[hash >> 46];
    uint8_t tag = (uint8_t)(hash >> 38);
    if (heat->tag != tag)
        *heat = (struct run_heat){ .tag = tag };
    return heat;
}

/* Has the executor seen it lately? */
static inline bool run_seen(const struct interp *it, uint64_t key)
{
    uint64_t hash = key * 0x9e3779b97f4a7c15ull;
    const struct run_heat *heat = &it->heat[hash >> 46];
    return heat->tag == (uint8_t)(hash >> 38) && heat->count;
}

bool runs_init(struct interp *it);
void runs_free(struct interp *it);

/* The run_key() of CS:EIP; raises. */
uint64_t run_key_now(struct cpu *cpu);
/* The run at CS:EIP, which has this key; raises. */
struct run *run_find(struct interp *it, uint64_t key);

/* Decodes a new run at CS:eip and caches it; raises. With `alone` it is one instruction and not cached. */
struct run *run_make(struct interp *it, uint32_t eip, bool alone);

/* The run at CS:eip for looking ahead, decoded if need be: raises nothing, walks no page table, drops none but what is
 * stale. NULL when that does not do. */
struct run *run_ahead(struct interp *it, uint32_t eip);

/* The cached run that crosses into a page still goes on in the page that follows now? Raises. */
bool run_crosses_same(struct cpu *cpu, const struct run *run, uint32_t linear);

/* Lets `part`, whose owner is set, stand for the bytes `first` to `last` of the page frame; false when there are too
 * many pages. */
bool code_part_add(struct interp *it, struct code_part *part, uint64_t frame, uint32_t first, uint32_t last);
void code_part_remove(struct interp *it, struct code_part *part);

/* Drops all runs and parts of a page. Not while a run is under way. */
void code_page_clear(struct interp *it, uint64_t frame);

/* Drops runs and parts that hold a byte of [gpa, gpa + count). */
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
