/* internal.h - the translator as its parts know it: the code cache, the tables, and what each file offers the others.
 */
#ifndef ABBEY_CORE_BT_INTERNAL_H
#define ABBEY_CORE_BT_INTERNAL_H

#include "core/bt/bt.h"
#include "core/bt/emit.h"
#include "core/bt/mode.h"
#include "core/bt/trace.h"
#include "core/bt/unit.h"
#include "core/cpu/interp/runs.h"
#include "core/cpu/tlb.h"
#include "core/mem/window.h"

/* ---- register assignment ---- */

#define HOST_CPU R15   /* struct cpu * */
#define HOST_ESP R14   /* guest ESP less the pending delta */
#define HOST_TLB R10   /* &tlb->entry[tlb_index(TLB_READ, user, 0)] */
#define HOST_TABLE R11 /* jump table of the present mode */
#define HOST_EA R12    /* linear address; eip on exits */
#define HOST_ADD R13   /* addend of the page; struct link * on exits */
/* R8 and R9 are scratch. */

/* An instruction whose accesses left the window so often gets the TLB's. */
#define SOFT_NOW 3u

#define TABLES 24u            /* of so many modes at a time */
#define TABLE_PAGES_MAX 4096u /* default of bt->table_pages_max */
#define TABLE_OPEN 16384u     /* slots of all tables that are open at a time, of each kind */
#define CLOSED_BYTES 47u      /* from a unit's closed pad to its body; odd */
/* Where the slots for a CS begin in a table: near its base, so that code segments do not share them. */
static inline uint32_t table_shift(uint32_t cs_base)
{
    return cs_base % (1u << 27);
}

/* Callouts, by what the instruction may do: move EIP or change what is mapped; the same where the guest's
 * floating-point state must be in the host's registers afterwards; load a data segment register, too; change the mode
 * or turn on traps, too; never go on behind itself. */
enum { EXEC_PLAIN, EXEC_WITH_FP, EXEC_SEGMENT, EXEC_MODE, EXEC_JUMP, EXEC_KINDS };

/* A piece of the cache: code from the front, records of units from the back. The oldest is emptied when room is wanted.
 */
struct cache_segment {
    uint8_t *start, *end; /* writable addresses */
    uint8_t *code;        /* the next goes here */
    uint8_t *records;     /* the last stands here */
    struct unit **order;  /* by code address */
    uint32_t count, room;
};
#define SEGMENTS 8u
#define UNIT_BUCKETS 65536u
#define HINT_SLOTS 16384u
#define PASSINGS 256u
#define SMC_PAGES 1024u

struct bt_counters {
    uint64_t units, source_bytes, code_bytes, chains, unchains, entries, indirect_misses, invalidations, flushes;
    uint64_t evictions, evicted;
    uint64_t opens, closes;
    uint64_t invalidated_by_map, loosened, tightened, stale, revived, reloads;
    uint64_t translated, callouts, leaves, kicks, kick_steps, softened, forgiven;
    uint64_t by_opcode[4][256], leaves_by_opcode[4][256];
};

/* Switches for tests (debug.c). */
#define DEBUG_NO_WINDOWS 1u
#define DEBUG_WINDOWS 2u
#define DEBUG_NO_GUARD 4u
#define DEBUG_NO_CHAIN 8u
#define DEBUG_EVICT 16u
#define DEBUG_SHORT 32u
#define DEBUG_EXACT 64u
#define DEBUG_AT_ONCE 128u
#define DEBUG_NO_OPEN 256u
#define DEBUG_ONE_PAGE_FILLS 512u
#define DEBUG_ONE_PAGE_TLB 1024u
#define DEBUG_DROP_PAGES 2048u
#define DEBUG_KICK 4096u
#define DEBUG_KICK_SOME 8192u
#define DEBUG_LOOSE 16384u

struct bt {
    struct cpu *cpu;
    struct interp *it;
    struct executor executor;
    bool counting;
    uint16_t hot;            /* executions of a run before it is translated; the last of them by translated code */
    uint32_t debug;          /* DEBUG_... */
    struct windows *windows; /* NULL: none */
    uint64_t user_since;     /* time-stamp counter when user code was entered, for the windows; or 0 */
    uint32_t stints;         /* of user code in a window */
    bool aside;              /* a fault was not the window's: the next run is for the interpreter */
    struct unit *retired;    /* to be translated anew, because an instruction is to be done otherwise */
    bool faults;             /* bt_fault() hears of this thread's faults: divisions need no check */
    bool exact_flags;        /* keep flags exact at every instruction, dead or not: for lock-step */

    abbey_memobj *object;
    const abbey_host_mem_1 *host;
    uint8_t *write, *exec; /* the two mappings */
    uint64_t bytes;
    struct cache_segment segment[SEGMENTS];
    unsigned segments, filling; /* how many there are; which new units go to */
    uint8_t *first_unit;        /* behind the stubs (writable address) */
    uint8_t *stub_enter, *stub_exit, *stub_exec[EXEC_KINDS], *stub_fp_load, *stub_miss, *stub_plain,
        *stub_closed[2]; /* addresses they run at; closed: [1] for units whose CS is not flat */

    struct unit *bucket[UNIT_BUCKETS]; /* units by their key */
    struct hint {                      /* of the instruction at a physical address, which `tag` tells from others */
        uint8_t tag, faults;
        uint8_t changes; /* of its constant, seen by comparisons */
        bool passing;    /* none of the faults was for a reason that stays */
    } hint[HINT_SLOTS];
    struct { /* bt_watch() */
        void (*fn)(void *opaque);
        void *opaque;
        uint32_t idt;
        bool seen, due; /* user code has run, with `idt`; and the kernel has not since */
    } watch;
    struct passing { /* a unit with such an instruction, as unit_find() wants it */
        uint64_t key;
        uint32_t eip, mode;
    } passing[PASSINGS];
    unsigned passings, passing_looks;
    uint64_t passing_since; /* time-stamp counter when the first of those that pass was learned; 0: there are none */
    struct {
        uint32_t mode;
        void **slot;
        abbey_memobj *object;
    } table[TABLES];
    unsigned tables;
    uint32_t table_pages, table_pages_max; /* of tables, that are in use; a guest that uses more begins anew */
    void **opened[2][TABLE_OPEN];
    struct {
        uint64_t changes, flushes, global_flushes, page_flushes;
    } tlb_seen;       /* for which slots are open */
    bool inside;      /* translated code was entered, and not counted yet */
    uint64_t entered; /* instructions less callouts then */
    struct smc_page { /* what is known of a page frame: smc.c */
        uint32_t frame;
        uint16_t cost;
        uint8_t turns; /* how often it was changed over */
        bool loose, busy;
        uint64_t until;
    } smc[SMC_PAGES];
    struct smc_page *smc_turning; /* to be changed over before translated code is entered again, or NULL */
    uint64_t smc_next;            /* entries at which to look for what has calmed down */
    bool smc_clearing;
    struct link *link; /* by which translated code was left last */
    struct bt_counters counters;
    struct trace *trace; /* NULL: nobody looks */
};

/* ---- stubs.c ---- */

/* Writes the code that leads from C to translated code and back. */
void stubs_make(struct bt *bt, struct code *code);
/* Runs translated code at `entry` until it leaves; the link it left by, LINK_MISS, or NULL. */
#define LINK_MISS ((struct link *)1) /* by an indirect jump whose target the table did not know */
#define LINK_STALE 2u                /* added to the address of a unit that is not what its source says any more */
struct link *stub_call_enter(struct bt *bt, const uint8_t *entry);

/* ---- fault.c ---- */

/* Is the run at hand for the interpreter, because translated code faulted at it? Said once. */
bool fault_aside(struct bt *bt);

/* ---- watch.c ---- */

/* Looks at what is about to run, for bt_watch(). */
void watch_look(struct bt *bt);

/* ---- fp_note.c ---- */

/* Notes in cpu->bt what translated code has not noted yet when it stands at this point, with these registers. */
void fp_note_at(struct bt *bt, const struct unit *unit, const struct point *at, const uint64_t *gpr);

/* ---- cache.c ---- */

bool cache_init(struct bt *bt, abbey_error *error);
void cache_free(struct bt *bt);
/* Forgets all units. */
void cache_flush(struct bt *bt);
/* Room for the record of a unit with at most so much, and for its code, which is to be written to *code; older units
 * may go. NULL when memory is short. */
struct unit *cache_unit(
    struct bt *bt, struct code *code, unsigned count, unsigned parts, unsigned links, unsigned chunks);
/* Drops the oldest units. */
void cache_evict(struct bt *bt);
/* Keeps the unit whose code ends at `code` and whose record, with all that belongs to it, begins at `records`. */
void cache_keep(struct bt *bt, struct unit *unit, uint8_t *code, uint8_t *records);
/* The unit whose code runs at `rip`, or NULL. */
struct unit *cache_find(const struct bt *bt, const uint8_t *rip);

/* ---- hint.c ---- */

/* Is the memory access of the instruction at a physical address to be the TLB's, in the window's place? *passing is set
 * when that is only for a time. */
bool hint_soft(const struct bt *bt, gpa_t gpa, bool *passing);
/* Its access left the window once more, for a reason that will pass or not. Returns the same. */
bool hint_raise(struct bt *bt, gpa_t gpa, bool passing);
/* A comparison found the constant of the instruction changed; is it to be reloaded each time? */
void hint_change(struct bt *bt, gpa_t gpa);
bool hint_reload(const struct bt *bt, gpa_t gpa);
/* Forgets what was learned for a time, if the time is over, and drops the units that it is in. Not while translated
 * code runs. */
void hint_forgive(struct bt *bt);
/* Remembers a new unit for that, if it has to do with it. Units beyond PASSINGS at a time stay as they are. */
void hint_note(struct bt *bt, const struct unit *unit);

/* ---- unit.c ---- */

/* Where the unit has an instruction. */
gpa_t unit_gpa(const struct unit *unit, uint32_t eip);

/* The bucket for one of several versions of the code with this key, which begins with `word`. */
static inline uint64_t unit_place(uint64_t key, uint32_t word)
{
    return key ^ ((uint64_t)word << 32 | word) * 0xff51afd7ed558ccdull;
}
/* The unit for the code with this key at this address in the present CS, or NULL. Of several versions, the one that
 * memory has now. */
struct unit *unit_find(struct bt *bt, uint64_t key, uint32_t eip, uint32_t mode);
/* Enters it into what unit_find() looks at. */
void unit_add(struct bt *bt, struct unit *unit);
/* Tag and frame of the fetch TLB for the address. */
uint64_t unit_page_now(const struct cpu *cpu, uint32_t linear, bool user);
/* Makes the gate expect what page[0] says. */
void gate_set(struct unit *unit);
/* Makes the checks expect what the fetch TLB holds now, where that is another attribute of the same frame. */
void unit_set_pages(struct bt *bt, struct unit *unit);
/* Nothing leads to the unit by itself, but it is kept for when its source comes back. */
void unit_shelve(struct bt *bt, struct unit *unit);
/* What led to the unit leads to the other one, of the same address and mode. */
void unit_replace(struct bt *bt, struct unit *unit, struct unit *by);
/* Makes the link lead to the unit. */
void link_connect(struct bt *bt, struct link *link, struct unit *to);
/* Nothing leads to the unit any more. Its memory stays as it is. */
void unit_drop(struct bt *bt, struct unit *unit);

/* ---- table.c ---- */

/* The table of a mode, or NULL when it has none. */
void **table_find(const struct bt *bt, uint32_t mode);
/* Makes one if need be. False when memory is short, or when there are too many: then all are forgotten soon. */
bool table_make(struct bt *bt, uint32_t mode);
/* Empties all tables. */
void tables_clear(struct bt *bt);
void tables_free(struct bt *bt);
/* Indirect jumps find the unit from now on; no longer. */
void table_list(struct bt *bt, struct unit *unit);
void table_unlist(struct bt *bt, struct unit *unit);
/* Empties them when they have become too large. Not while translated code runs. */
void tables_bound(struct bt *bt);
/* The slot of EIP in a table. */
void **table_slot(struct bt *bt, void **table, uint32_t eip, uint32_t cs_base);
/* Closes what must be looked at again because of what happened to translations, before translated code runs. */
void table_follow(struct bt *bt);
/* ---- check.c ---- */

/* Is its source what it was? */
bool check_same(const struct unit *unit);
/* The first byte of it that is not, or NULL. */
const uint8_t *check_differs(const struct unit *unit);

/* ---- smc.c ---- */

/* A store to a page with code was noticed by the interpreter; by a fault in a window; and it cost a unit. The second is
 * false where nothing will come of it. */
void smc_written(struct bt *bt, uint64_t frame);
bool smc_fault(struct bt *bt, gpa_t gpa);
void smc_invalidated(struct bt *bt, uint64_t frame);
/* Changes pages over whose time has come. Not while translated code runs. */
void smc_work(struct bt *bt);
/* Makes the page loose at once, for a test. */
void smc_force(struct bt *bt, uint64_t frame);
/* The comparison of the unit has failed. */
void smc_stale(struct bt *bt, const struct unit *unit);

/* ---- translate.c ---- */

/* Translates the run at CS:EIP in the present mode; NULL when memory is short. Older units may go. */
struct unit *unit_translate(struct bt *bt, struct run *run, uint32_t mode);

/* ---- exec.c ---- */

/* Where translated code goes on behind a callout. */
enum {
    EXEC_ON,    /* behind it */
    EXEC_NEXT,  /* at cpu->bt.next, with cpu->eip in R12D */
    EXEC_LEAVE, /* nowhere: back to the loop */
};
/* An instruction by the interpreter, for each kind of callout: cpu->insn_eip and cpu->eip are set. */
uint32_t bt_exec(struct cpu *cpu, const struct insn *insn);
uint32_t bt_exec_segment(struct cpu *cpu, const struct insn *insn);
uint32_t bt_exec_mode(struct cpu *cpu, const struct insn *insn);
uint32_t bt_exec_jump(struct cpu *cpu, const struct insn *insn);

static inline uint8_t *to_write(const struct bt *bt, uint8_t *exec)
{
    return exec + (bt->write - bt->exec);
}

#define CPU_FIELD(field) ((int32_t)offsetof(struct cpu, field))

#endif
