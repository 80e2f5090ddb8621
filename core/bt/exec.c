/* exec.c - one whole instruction by the interpreter, called from translated code, and where that goes on.
 *
 * Most callouts return to the code behind them. But the instruction may have gone elsewhere, changed the mode or what
 * is mapped: then the unit that called no longer stands for what comes, and control goes through the jump table of the
 * mode of now to the unit at cpu->eip, whose pad checks the address and the page. A system call is so a callout and a
 * jump; the loop in interp.c sees nothing of it. It is gone back to only when the loop has something to do: an
 * interrupt to take, a trap or a shadow to watch, code to drop.
 *
 * Example: SYSENTER at CPL 3. The callout stores registers, system_enter() changes CS, SS, ESP and EIP; the mode is now
 * that of CPL 0, so bt.table and bt.tlb are replaced; the stub loads registers again (and the base of the TLB), and
 * jumps to the slot of the kernel's entry point. The slot leads to the loop when there is no such unit yet. */
#include "core/bt/internal.h"
#include "core/cpu/fpu.h"

/* Does the loop have to look at things before the next instruction? `mode_too`: the instruction may also have changed
 * what only few instructions change. */
static inline bool loop_wanted(struct bt *bt, struct cpu *cpu, bool mode_too)
{
    if (bt->it->broken || cpu->shadow_ss)
        return true;
    if (atomic_load_explicit(&cpu->signals, memory_order_relaxed) && interp_yields(cpu))
        return true;
    return mode_too && (cpu->shadow_sti || cpu->halted || cpu->shutdown || (cpu->eflags & (FLAG_TF | FLAG_RF)) ||
                           ((cpu->dr[7] | cpu->tlb->watch[4]) & 0xff));
}

static inline void exec(struct bt *bt, struct cpu *cpu, const struct insn *insn)
{
    bt->counters.callouts++;
    bt->counters.by_opcode[insn->map][insn->opcode]++;
    bt->it->iterations = 0;
    fpu_pointers(cpu);
    insn->exec(cpu, insn);
    cpu->instructions++;
}

static uint32_t leave(struct bt *bt, const struct insn *insn)
{
    bt->counters.leaves++;
    bt->counters.leaves_by_opcode[insn->map][insn->opcode]++;
    return EXEC_LEAVE;
}

/* Prepares the jump to the unit at CS:EIP in the mode of now. */
static uint32_t next(struct bt *bt, struct cpu *cpu, const struct insn *insn)
{
    uint32_t mode = mode_now(bt);
    void **table = mode == MODE_NONE ? NULL : table_find(bt, mode);
    if (!table || (cpu->eflags & FLAG_RF)) /* RF: a string instruction goes on */
        return leave(bt, insn);
    if (mode != cpu->bt.mode)
        mode_enter(bt, mode, table);
    table_follow(bt);
    cpu->bt.next = *table_slot(bt, table, cpu->eip, cpu->seg[CS].base);
    return EXEC_NEXT;
}

uint32_t bt_exec(struct cpu *cpu, const struct insn *insn)
{
    struct bt *bt = cpu->bt.bt;
    uint32_t eip = cpu->eip;
    uint64_t changes = cpu->tlb->changes; /* of translations: the page of the unit may be another one now */
    exec(bt, cpu, insn);
    if (__builtin_expect(loop_wanted(bt, cpu, false), 0))
        return leave(bt, insn);
    return cpu->eip == eip && cpu->tlb->changes == changes ? EXEC_ON : next(bt, cpu, insn);
}

/* The register that it loads. */
static inline unsigned segment_of(const struct insn *insn)
{
    if (insn->map == MAP_1BYTE && insn->opcode == 0x8e)
        return insn->reg;
    if (insn->map == MAP_1BYTE && insn->opcode >= 0xc4) /* LES, LDS */
        return insn->opcode == 0xc4 ? ES : DS;
    return insn->map == MAP_0F && insn->opcode >= 0xb4 ? insn->opcode - 0xb0u : insn->opcode >> 3 & 7;
}

/* Of the mode only so much is looked at as can have changed. */
uint32_t bt_exec_segment(struct cpu *cpu, const struct insn *insn)
{
    struct bt *bt = cpu->bt.bt;
    uint32_t eip = cpu->eip;
    uint64_t changes = cpu->tlb->changes;
    unsigned seg = segment_of(insn);
    exec(bt, cpu, insn);
    if (__builtin_expect(loop_wanted(bt, cpu, false), 0))
        return leave(bt, insn);
    bool on = cpu->eip == eip && cpu->tlb->changes == changes &&
              mode_of_segment(cpu, seg) == (cpu->bt.mode & MODE_SEGMENT(seg, 3));
    return on ? EXEC_ON : next(bt, cpu, insn);
}

uint32_t bt_exec_mode(struct cpu *cpu, const struct insn *insn)
{
    struct bt *bt = cpu->bt.bt;
    uint32_t eip = cpu->eip;
    uint64_t changes = cpu->tlb->changes;
    exec(bt, cpu, insn);
    if (__builtin_expect(loop_wanted(bt, cpu, true), 0))
        return leave(bt, insn);
    bool on = cpu->eip == eip && cpu->tlb->changes == changes && mode_of(cpu) == (cpu->bt.mode & ~MODE_SOFT);
    return on ? EXEC_ON : next(bt, cpu, insn);
}

uint32_t bt_exec_jump(struct cpu *cpu, const struct insn *insn)
{
    struct bt *bt = cpu->bt.bt;
    exec(bt, cpu, insn);
    if (__builtin_expect(loop_wanted(bt, cpu, true), 0))
        return leave(bt, insn);
    return next(bt, cpu, insn);
}
