/* interp.c - the loop: runs of decoded instructions, and what happens between instructions.
 *
 * The normal path looks at nothing between the instructions of a run but `broken`. All that must be seen at every
 * boundary - single-step, breakpoints, the shadow of STI and MOV SS, RF - sends the loop through step_special(), one
 * instruction at a time. Instructions that can turn any of these on, or unmask interrupts, end a run (OP_ENDS).
 *
 * Order at a boundary (SDM vol. 3, table 6-2): traps of the instruction before, NMI, INTR, instruction breakpoints,
 * faults of fetching. */
#include "core/cpu/interp/interp.h"

#include <stdlib.h>

#include "core/cpu/access.h"
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/hostfp.h"
#include "core/cpu/interp/runs.h"
#include "core/cpu/system.h"

#define DR6_BS 0x4000u
#define ITERATIONS_MAX 4096u /* of REP at a time */

/* The interpreter that runs on this thread: hooks called from elsewhere must not touch its caches. */
static _Thread_local const struct interp *running;

static void code_written(void *opaque, gpa_t gpa, uint32_t count)
{
    if (running == opaque)
        runs_drop(opaque, gpa, count);
    else
        news_written(opaque, gpa, count);
}

/* What stands at a physical address is another thing now. */
static void map_changed(void *opaque)
{
    struct interp *it = opaque;
    if (running != it) {
        news_map(it);
        return;
    }
    tlb_map_changed(it->cpu);
    interp_flush(it);
}

static void pages_void(void *opaque, gpa_t first, gpa_t last)
{
    news_pages(opaque, first, last);
}

struct interp *interp_new(struct cpu *cpu)
{
    struct interp *it = calloc(1, sizeof(*it));
    if (!it)
        return NULL;
    it->cpu = cpu;
    cpu->hostfp = hostfp_new(mem_host(cpu->mem), &(abbey_error){ 0 });
    if (!cpu->hostfp || !runs_init(it) || !decoder_init(&it->decoder, cpu->model->features)) {
        interp_free(it);
        return NULL;
    }
    mem_on_code_write(cpu->mem, code_written, it);
    mem_on_map_change(cpu->mem, map_changed, it);
    mem_on_pages(cpu->mem, pages_void, it);
    return it;
}

void interp_free(struct interp *it)
{
    if (!it)
        return;
    runs_flush(it);
    hostfp_free(it->cpu->hostfp);
    it->cpu->hostfp = NULL;
    decoder_free(&it->decoder);
    runs_free(it);
    free(it);
}

void interp_break(struct interp *it)
{
    it->broken = true;
}

void interp_flush(struct interp *it)
{
    it->flush_wanted = true;
    it->broken = true;
}

bool interp_yields(struct cpu *cpu)
{
    struct interp *it = cpu->interp;
    uint32_t signals = atomic_load_explicit(&cpu->signals, memory_order_relaxed);
    if (it->single || it->broken || ++it->iterations >= ITERATIONS_MAX)
        return true;
    if (!(cpu->eflags & FLAG_IF))
        signals &= ~CPU_SIGNAL_INTR;
    if (cpu->nmi_blocked)
        signals &= ~CPU_SIGNAL_NMI;
    return signals != 0;
}

void interp_again(struct cpu *cpu)
{
    cpu->eip = cpu->insn_eip;
    cpu->eflags |= FLAG_RF; /* what comes now pushes it set (SDM vol. 3, 17.3.1.1); no breakpoint is met twice */
    cpu->instructions--;
    cpu->interp->end--;
}

/* The run at CS:EIP: by the links of the last one, which are checked beside the path that the processor speculates on,
 * so that a short loop does not wait for the TLB and the hash. */
static inline struct run *run_follow(struct interp *it, struct cpu *cpu)
{
    struct run *last = it->last;
    const struct segment *cs = &cpu->seg[CS];
    uint32_t linear = cs->base + cpu->eip;
    bool user = cpu->cpl == 3;
    for (unsigned i = 0; i < 2; i++) {
        const struct run_link *link = &last->link[i];
        if (link->linear == linear && link->changes == cpu->tlb->changes && link->user == user &&
            (uint64_t)cpu->eip + link->to->bytes - 1 <= cs->limit && (link->to->key & 1) == !!(cs->attr & SEG_DB))
            return link->to;
    }
    struct run *run = run_find(it, run_key_now(cpu));
    bool kept = last == it->last && last != it->scratch; /* not flushed in between */
    if (kept && run != it->scratch && !run->part[1].page) {
        last->link[1] = last->link[0];
        last->link[0] = (struct run_link){ .to = run, .linear = linear, .user = user, .changes = cpu->tlb->changes };
    }
    return run;
}

/* Executes the first `count` instructions of the run, or fewer when it breaks. */
static inline void run_execute(struct interp *it, struct cpu *cpu, struct run *run, uint64_t count)
{
    const struct insn *insn = run->insn, *end = insn + count;
    it->current = run;
    it->broken = false;
    it->iterations = 0;
    uint32_t eip = cpu->eip; /* only the last instruction of a run changes it otherwise */
    do {
        cpu->insn_eip = eip;
        cpu->eip = eip += insn->length;
        insn->exec(cpu, insn);
        cpu->instructions++;
    } while (++insn != end && !it->broken);
    it->current = NULL;
}

/* The instruction breakpoints at CS:EIP, as DR6 bits. */
static uint32_t breakpoints_at(const struct cpu *cpu)
{
    uint32_t linear = cpu->seg[CS].base + cpu->eip, dr7 = cpu->dr[7], hits = 0;
    for (unsigned n = 0; n < 4; n++)
        if ((dr7 >> (2 * n) & 3) && !(dr7 >> (16 + 4 * n) & 3) && cpu->dr[n] == linear)
            hits |= 1u << n;
    return hits;
}

/* INT n, INT3, INT1, INTO: they clear TF, and with it their own single-step trap. */
static bool insn_is_int(const struct insn *insn)
{
    return insn->map == MAP_1BYTE && ((insn->opcode >= 0xcc && insn->opcode <= 0xce) || insn->opcode == 0xf1);
}

static bool special(const struct cpu *cpu)
{
    return (cpu->eflags & (FLAG_TF | FLAG_RF)) || ((cpu->dr[7] | cpu->tlb->watch[4]) & 0xff) || cpu->shadow_sti ||
           cpu->shadow_ss;
}

/* One instruction with everything that may happen around it. */
static void step_special(struct interp *it, struct cpu *cpu)
{
    bool tf = (cpu->eflags & FLAG_TF) != 0;
    uint32_t hits = cpu->shadow_ss || (cpu->eflags & FLAG_RF) ? 0 : breakpoints_at(cpu);
    tlb_watch_update(cpu);
    cpu->shadow_sti = cpu->shadow_ss = false;
    cpu->insn_eip = cpu->eip;
    if (hits) {
        cpu->dr[6] |= hits;
        trap_deliver(cpu, EXC_DB); /* the one fault that does not set RF in what it pushes (SDM vol. 3, 17.3.1.1) */
        it->end--;
        return;
    }
    struct run *run = run_find(it, run_key_now(cpu));
    cpu->eflags &= ~FLAG_RF; /* what a fault pushes has it set again */
    it->single = tf || ((cpu->dr[7] & 0xff) != 0);
    run_execute(it, cpu, run, 1);
    it->single = false;

    if (cpu->shadow_ss)
        return; /* traps wait for the instruction behind MOV SS (SDM vol. 3, 6.8.3) */
    uint32_t dr6 = cpu->tlb->watch_hits;
    cpu->tlb->watch_hits = 0;
    if (tf && !(insn_is_int(run->insn) && !(cpu->eflags & FLAG_TF)))
        dr6 |= DR6_BS;
    if (dr6) {
        cpu->dr[6] |= dr6;
        cpu->insn_eip = cpu->eip;
        trap_deliver(cpu, EXC_DB);
    }
}

/* Behind a look at what pends. */
enum events {
    EVENTS_NONE,
    EVENTS_TAKEN, /* an interrupt was delivered: what pends in front of its handler is another question */
    EVENTS_EXIT,  /* the loop is to return *exit */
};

/* Takes the first of what is pending. */
static enum events events_take(struct cpu *cpu, enum cpu_exit *exit)
{
    uint32_t signals = atomic_load_explicit(&cpu->signals, memory_order_acquire);
    cpu->insn_eip = cpu->eip;
    if (signals & CPU_SIGNAL_CACHE)
        news_apply(cpu->interp);
    *exit = CPU_EXIT_TRIPLE_FAULT;
    if (cpu->shutdown)
        return EVENTS_EXIT;
    *exit = CPU_EXIT_STOP;
    if (signals & (CPU_SIGNAL_STOP | CPU_SIGNAL_INIT))
        return EVENTS_EXIT;
    if ((signals & CPU_SIGNAL_NMI) && !cpu->nmi_blocked && !cpu->shadow_ss) {
        cpu_unsignal(cpu, CPU_SIGNAL_NMI);
        cpu->nmi_blocked = true;
        cpu->halted = false;
        interrupt_hardware(cpu, EXC_NMI);
        return EVENTS_TAKEN;
    }
    if ((signals & CPU_SIGNAL_INTR) && (cpu->eflags & FLAG_IF) && !cpu->shadow_sti && !cpu->shadow_ss) {
        cpu->halted = false;
        interrupt_hardware(cpu, cpu->bus->intr_ack(cpu->bus_opaque));
        return EVENTS_TAKEN;
    }
    *exit = CPU_EXIT_HALT;
    return cpu->halted ? EVENTS_EXIT : EVENTS_NONE;
}

static enum cpu_exit loop(struct interp *it, struct cpu *cpu)
{
    while (cpu->instructions < it->end) {
        enum cpu_exit exit;
        if (__builtin_expect(it->flush_wanted, 0))
            runs_flush(it);
        if (__builtin_expect(
                atomic_load_explicit(&cpu->signals, memory_order_relaxed) || cpu->halted || cpu->shutdown, 0)) {
            enum events events = events_take(cpu, &exit);
            if (events == EVENTS_EXIT)
                return exit;
            if (events == EVENTS_TAKEN) {
                it->end--; /* as exceptions do: the delivery itself may have raised the next one, for ever */
                continue;
            }
        }
        if (__builtin_expect(special(cpu), 0)) {
            step_special(it, cpu);
            continue;
        }
        cpu->insn_eip = cpu->eip;
        struct run *run;
        if (it->executor) {
            it->last = it->scratch;
            run = it->executor->execute(it->executor->opaque, run_key_now(cpu));
            if (!run)
                continue;
        } else {
            run = run_follow(it, cpu);
            it->last = run;
        }
        uint64_t left = it->end - cpu->instructions;
        run_execute(it, cpu, run, run->count < left ? run->count : left);
    }
    return CPU_EXIT_BUDGET;
}

enum cpu_exit interp_run(struct cpu *cpu, uint64_t budget)
{
    struct interp *it = cpu->interp;
    jmp_buf here, *outer = cpu->unwind;
    const struct interp *outer_running = running;
    it->end = budget > UINT64_MAX - cpu->instructions ? UINT64_MAX : cpu->instructions + budget;
    cpu->unwind = &here;
    running = it;
    if (setjmp(here)) {
        it->current = NULL;
        it->single = false;
        cpu->tlb->watch_hits = 0;
        exception_deliver(cpu);
        it->end--; /* a guest that only faults uses up its budget too */
    }
    enum cpu_exit exit = loop(it, cpu);
    cpu->unwind = outer;
    running = outer_running;
    return exit;
}
