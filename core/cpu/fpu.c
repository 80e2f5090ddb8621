#include "core/cpu/fpu.h"

#include <stddef.h>
#include <string.h>

void fpu_fetch(struct cpu *cpu)
{
    struct fxstate image;
    /* Neither waits for a pending exception. */
    __asm__ volatile("fxsave %0; fninit; fldcw %1" : "=m"(image) : "m"(cpu->bt.host_fcw));
    cpu->bt.fp_live = 0;
    cpu->fx.fcw = image.fcw;
    cpu->fx.fsw = image.fsw;
    cpu->fx.ftw = image.ftw;
    memcpy(cpu->fx.st, image.st, sizeof(image.st));
}

void fpu_take_note(struct cpu *cpu)
{
    struct fxstate *fx = &cpu->fx;
    struct cpu_bt *noted = &cpu->bt;
    if (noted->x87_op) {
        fx->fop = noted->x87_op & 0x7ff;
        fx->fip = noted->x87_ip;
        fx->fcs = cpu->seg[CS].selector;
    }
    if (noted->x87_seg) {
        fx->fdp = noted->x87_dp;
        fx->fds = cpu->seg[noted->x87_seg & 7].selector;
    }
    noted->x87_op = noted->x87_seg = 0;
}
