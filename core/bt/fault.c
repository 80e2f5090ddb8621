/* fault.c - what the host's processor reports of translated code, and the kicks of other threads.
 *
 * The side table of a unit (struct point) leads from RIP to the instruction of the guest. Code is emitted so that up to
 * an instruction's last access that may fault its registers and flags are still what they were before it.
 *
 * Another thread sets cpu->signals and makes the host interrupt this thread. Where RIP is then:
 *
 *   - outside the cache: `kicked` is set; entering and bt_exec() look at it.
 *   - in the cache, where an instruction of the guest begins: the registers are the guest's but for the pending change
 * of ESP. RIP is set to the exit stub, R12D to the instruction's eip.
 *   - in front of a round of a repeated string instruction: the same.
 *   - elsewhere in the cache: the trap flag is set, and after the next host instruction the question is asked again. */
#include "core/bt/internal.h"

#define HOST_TF 0x100u

/* The point at which the unit's code stands when RIP is exactly there, or in the comparison before it; or NULL. */
static const struct point *point_at(const struct unit *unit, const uint8_t *rip)
{
    uint64_t offset = (uint64_t)(rip - unit->body);
    unsigned low = 0, high = unit->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (unit->point[middle].code < offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (rip < unit->body || low == unit->count)
        return NULL;
    const struct point *point = &unit->point[low];
    uint64_t before = point->code - offset;
    return !before || (before >= LEAD_TAIL && before <= point->lead) ? point : NULL;
}

/* A repeated string instruction (strings.c), as its opcode for bytes; or 0. What it has done so far stands in the
 * registers. */
static unsigned at_string(const uint8_t *rip)
{
    unsigned opcode = rip[rip[1] == 0x66 ? 2 : 1] & 0xfe;
    bool string = opcode == 0xa4 || opcode == 0xa6 || (opcode >= 0xaa && opcode <= 0xae);
    return (rip[0] == 0xf2 || rip[0] == 0xf3) && string ? opcode : 0;
}

/* Of those, one that names two places: MOVS, CMPS. */
static bool at_two_places(const uint8_t *rip)
{
    return (at_string(rip) & 0xfc) == 0xa4;
}

/* RSI and RDI as addresses of the guest again. */
static void string_home(abbey_fault *fault)
{
    unsigned opcode = at_string((const uint8_t *)(uintptr_t)fault->rip);
    if (opcode == 0xa4 || opcode == 0xa6 || opcode == 0xac)
        fault->gpr[RSI] = (uint32_t)(fault->gpr[RSI] - fault->gpr[R9]);
    if (opcode && opcode != 0xac)
        fault->gpr[RDI] = (uint32_t)(fault->gpr[RDI] - fault->gpr[HOST_ADD]);
}

static void divert(struct bt *bt, abbey_fault *fault, const struct unit *unit, const struct point *point)
{
    string_home(fault);
    fp_note_at(bt, unit, point, fault->gpr);
    fault->gpr[HOST_EA] = point->eip;
    fault->gpr[HOST_ADD] = 0;
    uint64_t esp = fault->gpr[HOST_ESP], moved = esp + (uint64_t)(int64_t)point->delta;
    fault->gpr[HOST_ESP] = unit->mode & MODE_STACK16 ? (esp & ~0xffffull) | (moved & 0xffff) : (uint32_t)moved;
    fault->rip = (uint64_t)(uintptr_t)bt->stub_exit;
    fault->rflags &= ~(uint64_t)HOST_TF;
    bt->cpu->shadow_sti = point->shadowed;
    if (bt->counting)
        bt->cpu->instructions += (uint64_t)(point - unit->point);
}

/* The instruction whose code holds RIP. */
static const struct point *point_of(const struct unit *unit, const uint8_t *rip)
{
    const struct point *found = NULL;
    for (unsigned i = 0; i < unit->count && unit->body + unit->point[i].code <= rip; i++)
        found = &unit->point[i];
    return found;
}

bool fault_aside(struct bt *bt)
{
    bool aside = bt->aside;
    bt->aside = false;
    if (bt->retired && !bt->retired->dead)
        unit_drop(bt, bt->retired);
    bt->retired = NULL;
    return aside;
}

/* The instruction is taken back, and left to the interpreter. */
static void set_aside(struct bt *bt, abbey_fault *fault, const struct unit *unit, const struct point *point)
{
    divert(bt, fault, unit, point);
    bt->aside = true;
}

/* An instruction that the processor refuses: a division by zero, an x87 instruction in front of which an exception
 * pends, a SIMD exception, a misaligned SSE operand. The interpreter raises what the guest is to see. */
static bool insn_fault(struct bt *bt, abbey_fault *fault)
{
    const uint8_t *rip = (const uint8_t *)(uintptr_t)fault->rip;
    const struct unit *unit = cache_find(bt, rip);
    const struct point *point = unit ? point_of(unit, rip) : NULL;
    if (point)
        set_aside(bt, fault, unit, point);
    return point;
}

/* A jump by a slot whose page was never used, which leads to address 0. */
static bool jump_fault(struct bt *bt, abbey_fault *fault)
{
    struct cpu *cpu = bt->cpu;
    if (fault->rip || fault->gpr[HOST_CPU] != (uintptr_t)cpu || fault->gpr[HOST_TABLE] != (uintptr_t)cpu->bt.table)
        return false;
    table_slot(bt, cpu->bt.table, (uint32_t)fault->gpr[HOST_EA], cpu->seg[CS].base);
    fault->rip = (uintptr_t)bt->stub_miss;
    return true;
}

/* An access to guest memory that the window does not serve as it is. Where it cannot be made to, the instruction is
 * taken back and left to the interpreter; an instruction to which that happens again and again is translated anew, with
 * the TLB's access. */
static bool access_fault(struct bt *bt, abbey_fault *fault)
{
    const uint8_t *rip = (const uint8_t *)(uintptr_t)fault->rip;
    struct unit *unit = cache_find(bt, rip);
    const struct point *point = unit ? point_of(unit, rip) : NULL;
    if (!point || !bt->windows || (unit->mode & MODE_SOFT))
        return false;
    const struct paging *paging = &bt->cpu->paging;
    bool user = unit->mode & MODE_USER;
    /* The host may ask for the second place first, and the guest's access to the other one may fault: then the bit is
     * not to be set. */
    if (at_two_places(rip) && windows_first_use(bt->windows, paging, fault->addr, fault->write, user)) {
        set_aside(bt, fault, unit, point);
        return true;
    }
    enum window_answer answer = windows_fault(bt->windows, paging, fault->addr, fault->write, user);
    if (answer == WINDOW_RETRY || answer == WINDOW_NONE)
        return answer == WINDOW_RETRY;
    /* Each unit that it is in, as it comes up. */
    bool counted = answer == WINDOW_MARKED && smc_fault(bt, windows_marked(bt->windows));
    if (answer != WINDOW_GUEST && !counted && hint_raise(bt, unit_gpa(unit, point->eip), answer != WINDOW_USER)) {
        bt->retired = unit;
        bt->counters.softened++;
    }
    set_aside(bt, fault, unit, point);
    return true;
}

int32_t bt_fault(void *arg, abbey_fault *fault)
{
    struct bt *bt = arg;
    if (fault->kind == ABBEY_FAULT_ACCESS)
        return jump_fault(bt, fault) || access_fault(bt, fault);
    if (fault->kind == ABBEY_FAULT_FLOAT || fault->kind == ABBEY_FAULT_GENERAL)
        return insn_fault(bt, fault);
    if (fault->kind != ABBEY_FAULT_KICK && fault->kind != ABBEY_FAULT_STEP)
        return 0;
    const uint8_t *rip = (const uint8_t *)(uintptr_t)fault->rip;
    if (rip < bt->exec || rip >= bt->exec + bt->bytes) {
        bt->cpu->bt.kicked = 1;
        fault->rflags &= ~(uint64_t)HOST_TF;
        return 1;
    }
    if (fault->kind == ABBEY_FAULT_KICK)
        bt->counters.kicks++;
    else
        bt->counters.kick_steps++;
    const struct unit *unit = cache_find(bt, rip);
    const struct point *point = !unit ? NULL : at_string(rip) ? point_of(unit, rip) : point_at(unit, rip);
    /* A loop of one instruction may come back to a point in the shadow of STI for ever: the interpreter does it then.
     */
    if (point && (!point->shadowed || fault->kind == ABBEY_FAULT_STEP))
        divert(bt, fault, unit, point);
    else
        fault->rflags |= HOST_TF;
    return 1;
}
