/* boot.S - entry, exception stubs, and the ways into and out of a check.
 *
 * run_check() saves the kernel's context and starts a body at level 0, at level 3 or in v86 mode. Whatever ends it - an
 * exception, the `int $VECTOR_DONE` behind a user body, a plain return - comes back to the caller of run_check() with
 * `trap` filled. */
#include "layout.h"

    .section .multiboot, "a"
    .align 4
    .long 0x1badb002, 0, -0x1badb002 /* Multiboot 1: magic, flags, checksum */

    .text
    .globl start
start:
    cli
    cld
    movl %ebx, %esi
    movl $kernel_stack_top, %esp
    pushl $0
    popfl
    pushl %esi
    pushl %eax
    call guest_main
1:  hlt
    jmp 1b

/* ---- exception stubs: vector * 8 bytes apart ---- */

    .macro stub vector
    .align 16
    .if \vector == 8 || (\vector >= 10 && \vector <= 14) || \vector == 17
    .else
    pushl $0
    .endif
    pushl $\vector
    jmp stub_common
    .endm

    .altmacro
    .align 16
    .globl stubs
stubs:
    .set v, 0
    .rept 256
    stub %v
    .set v, v + 1
    .endr
    .noaltmacro

/* A handler whose frame is looked at raw: 16-bit gates, gates of odd shapes. */
    .align 16
    .globl stub_raw
stub_raw:
    pushl $0
    pushl $VECTOR_RAW
    jmp stub_common

stub_common:
    pushal
    pushl %ds
    pushl %es
    pushl %fs
    pushl %gs
    movw $KDATA, %ax
    movw %ax, %ds
    movw %ax, %es
    movl %esp, %eax
    movl %ss, %ebx
    larl %ebx, %ecx
    testl $0x400000, %ecx /* B */
    jnz 1f
    movzwl %ax, %eax
1:
    /* 32 dwords of what lies on the stack, through SS because it may have a base. */
    movl $32, %ecx
    xorl %edi, %edi
2:  movl %ss:(%eax,%edi,4), %edx
    movl %edx, trap_stack(,%edi,4)
    incl %edi
    loop 2b
    movl %eax, trap_esp
    movl %ebx, trap_ss
    movw %cs, trap_cs
    strw trap_tr
    jmp kernel_return

/* ---- into a check ---- */

/* void run_check(void (*body)(void), unsigned level) */
    .globl run_check
run_check:
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl 20(%esp), %eax
    movl 24(%esp), %ecx
    movl %esp, kernel_esp
    movl $VECTOR_NONE, trap_stack + 48
    cmpl $3, %ecx
    je 1f
    call *%eax
    movl $VECTOR_RETURNED, trap_stack + 48
    jmp kernel_return
1:  movw $UDATA, %cx
    movw %cx, %ds
    movw %cx, %es
    movw %cx, %fs
    movw %cx, %gs
    pushl $UDATA
    pushl $user_stack_top - 4
    pushl $2
    pushl $UCODE
    pushl %eax
    iret

/* What a body at level 3 returns to. */
    .globl user_done
user_done:
    int $VECTOR_DONE

/* void enter_v86(void): out of a level-0 body, by the frame in v86_frame. */
    .globl enter_v86
enter_v86:
    movl $9, %ecx
1:  pushl v86_frame - 4(, %ecx, 4)
    loop 1b
    iret

/* ---- out of it ---- */

    .globl kernel_return
kernel_return:
    movl %cr2, %eax
    movl %eax, trap_cr2
    movl %cr0, %eax
    movl %eax, trap_cr0
    movl $0x11, %eax
    movl %eax, %cr0
    jmp 1f
1:  movw $KDATA, %ax
    movw %ax, %ss
    movl kernel_esp, %esp
    pushl $2
    popfl
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    xorl %eax, %eax
    movl %eax, %dr7
    ljmp $KCODE, $2f
2:  popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret

/* Stores all registers where trap_check() can compare them; used by the FAULT macro of guest.h. Through SS, because DS is
 * often what a check spoils. */
    .globl snapshot
snapshot:
    movl %eax, %ss:snap + 0
    movl %ecx, %ss:snap + 4
    movl %edx, %ss:snap + 8
    movl %ebx, %ss:snap + 12
    leal 4(%esp), %eax
    movl %eax, %ss:snap + 16
    movl %ebp, %ss:snap + 20
    movl %esi, %ss:snap + 24
    movl %edi, %ss:snap + 28
    movl %ds, %eax
    movl %eax, %ss:snap + 32
    movl %es, %eax
    movl %eax, %ss:snap + 36
    movl %fs, %eax
    movl %eax, %ss:snap + 40
    movl %gs, %eax
    movl %eax, %ss:snap + 44
    pushfl
    popl %eax
    movl %eax, %ss:snap + 48
    movl $1, %ss:snap + 52
    movl %ss:snap, %eax
    ret

/* ---- real mode ---- */

/* void enter_real(void): a level-0 body that goes on at 1000:0000 in real mode. The code below REAL_BASE is copied there;
 * vectors of the IVT lead to its stubs, which come back here. */
    .globl enter_real
enter_real:
    ljmp $KCODE16, $REAL_BASE

    .code16
    .globl real_begin, real_end, real_stubs
real_begin:
    movw $KDATA16, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss
    movl %cr0, %eax
    andb $0xfe, %al
    movl %eax, %cr0
    ljmp $0, $(1f - real_begin + REAL_BASE)
1:  movw $0x2000, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $0xfffc, %esp
    xorl %eax, %eax
    xorl %ebx, %ebx
    ljmp $0x1000, $0

/* 32 stubs of 4 bytes: the vector is known by the return address of the call. */
    .align 16
real_stubs:
    .rept 32
    .byte 0xe8
    .word real_common - . - 2
    nop
    .endr
real_common:
    popw %cs:real_stub - real_begin + REAL_BASE
    movl %eax, %cs:real_eax - real_begin + REAL_BASE
    movl %esp, %cs:real_esp - real_begin + REAL_BASE
    popw %cs:real_frame - real_begin + REAL_BASE
    popw %cs:real_frame + 2 - real_begin + REAL_BASE
    popw %cs:real_frame + 4 - real_begin + REAL_BASE
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    data32 ljmp $KCODE, $real_back
real_stub:
    .word 0
    .globl real_frame, real_eax, real_esp, real_stub
real_eax:
    .long 0
real_esp:
    .long 0
real_frame:
    .word 0, 0, 0
real_end:
    .code32
real_back:
    movw $KDATA, %ax
    movw %ax, %ds
    movl $VECTOR_REAL, trap_stack + 48
    jmp kernel_return

    .bss
    .align 16
    .globl kernel_stack_top, user_stack_top, trap_stack_top, user_stack
    .skip 16384
kernel_stack_top:
user_stack:
    .skip 8192
user_stack_top:
    .skip 8192
trap_stack_top:
    .globl kernel_esp, trap_stack, trap_esp, trap_ss, trap_cs, trap_cr2, trap_cr0, trap_tr, snap, v86_frame
kernel_esp:
    .skip 4
trap_stack:
    .skip 256
trap_esp:
    .skip 4
trap_ss:
    .skip 4
trap_cs:
    .skip 4
trap_cr2:
    .skip 4
trap_cr0:
    .skip 4
trap_tr:
    .skip 4
snap:
    .skip 64
v86_frame:
    .skip 64
