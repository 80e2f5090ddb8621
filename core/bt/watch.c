/* watch.c - when a kernel is at work for its first program: the moment to find out what kernel it is.
 *
 * Before, it may still be moving itself about; behind the entry of an exception or a system call it may still run in
 * page tables that hold little of it, those of the program. With interrupts enabled it is at home. Kernels are told
 * apart by their IDT. */
#include "core/bt/internal.h"
#include "core/cpu/fpu.h"

void bt_watch(struct bt *bt, void (*fn)(void *opaque), void *opaque)
{
    bt->watch.fn = fn;
    bt->watch.opaque = opaque;
    bt->watch.seen = bt->watch.due = false;
}

void watch_look(struct bt *bt)
{
    struct cpu *cpu = bt->cpu;
    if (!bt->watch.fn || !cpu_protected(cpu))
        return;
    if (cpu->cpl == 3 && (!bt->watch.seen || bt->watch.idt != cpu->idt.base)) {
        bt->watch.idt = cpu->idt.base;
        bt->watch.seen = bt->watch.due = true;
    } else if (bt->watch.due && cpu->cpl == 0 && (cpu->eflags & FLAG_IF)) {
        bt->watch.due = false;
        fpu_home(cpu); /* a plugin may compute */
        bt->watch.fn(bt->watch.opaque);
    }
}
