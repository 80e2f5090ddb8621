/* boot.S - entry, exceptions, and calls that an exception may end. */
#define KCODE 0x08
#define KDATA 0x10
#define UCODE 0x1b
#define UDATA 0x23

    .section .multiboot, "a"
    .align 4
    .long 0x1badb002, 0, -0x1badb002 /* Multiboot 1: magic, flags, checksum */

    .text
    .globl start
start:
    cli
    cld
    movl $kernel_stack_top, %esp
    pushl $0
    popfl
    call hostile_main
1:  hlt
    jmp 1b

/* ---- all vectors: 16 bytes apart ---- */

    .altmacro
    .macro stub vector
    .align 16
    .if \vector == 8 || (\vector >= 10 && \vector <= 14) || \vector == 17
    .else
    pushl $0
    .endif
    pushl $\vector
    jmp common
    .endm
    .align 16
    .globl stubs
stubs:
    .set v, 0
    .rept 256
    stub %v
    .set v, v + 1
    .endr
    .noaltmacro

/* Whatever happened ends the guarded call or the stay at level 3 that was under way. */
common:
    cld
    movw $KDATA, %ax
    movw %ax, %ds
    movw %ax, %es
    popl %eax
    movl %eax, trap_vector
    movl 4(%esp), %eax
    movl %eax, trap_eip
    movl 8(%esp), %ecx /* CS it came from */
    movl guard_esp, %edx
    testl $3, %ecx
    jnz 1f
    movl %edx, %esp
    jmp guard_return
1:  cmpl $0, guard_user
    jne 2f
    movl %edx, %esp /* a stay at level 3: back to who sent it there */
    jmp guard_return
2:  pushl $UDATA /* a guarded call of level 3 goes on there */
    pushl %edx
    pushl $2
    pushl $UCODE
    pushl $guard_return_user
    movw $UDATA, %ax
    movw %ax, %ds
    movw %ax, %es
    iret

/* uint32_t guarded(void (*fn)(void), uint32_t eax, uint32_t ebx, uint32_t ecx): runs fn with registers as given; its EAX. */
    .globl guarded
guarded:
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl $-1, trap_vector
    movl %esp, guard_esp
    movl 20(%esp), %esi
    movl 24(%esp), %eax
    movl 28(%esp), %ebx
    movl 32(%esp), %ecx
    call *%esi
guard_return_user:
    movl guard_esp, %esp /* fn may have lost it */
guard_return:
    cld
    fninit
    movw %ss, %dx
    movw %dx, %ds
    movw %dx, %es
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret

/* void at_level3(uint32_t eip, uint32_t esp, uint32_t eflags, const uint32_t *registers): until an exception. */
    .globl at_level3
at_level3:
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl %esp, guard_esp
    movl $0, guard_user
    movl 20(%esp), %ecx
    movl 24(%esp), %edx
    movl 28(%esp), %ebx
    movl 32(%esp), %esi
    movw $UDATA, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    pushl $UDATA
    pushl %edx
    pushl %ebx
    pushl $UCODE
    pushl %ecx
    movl (%esi), %eax
    movl 4(%esi), %ecx
    movl 8(%esi), %edx
    movl 12(%esi), %ebx
    movl 16(%esi), %ebp
    movl 24(%esi), %edi
    movl 20(%esi), %esi
    iret

/* void run_at_level3(void (*fn)(void)): fn ends with leave_level3(). Its guarded calls stay at level 3. */
    .globl run_at_level3
run_at_level3:
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl %esp, outer_esp
    movl $1, guard_user
    movl 20(%esp), %eax
    movw $UDATA, %cx
    movw %cx, %ds
    movw %cx, %es
    pushl $UDATA
    pushl $user_stack_top
    pushl $2
    pushl $UCODE
    pushl %eax
    iret

    .globl leave_level3
leave_level3:
    int $0x80

/* Gate of INT 80h. */
    .globl level3_done
level3_done:
    movw $KDATA, %ax
    movw %ax, %ds
    movw %ax, %es
    movl outer_esp, %esp
    movl $0, guard_user
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret

    .globl load_tables
load_tables: /* void load_tables(gdtr, idtr) */
    movl 4(%esp), %eax
    lgdt (%eax)
    movl 8(%esp), %eax
    lidt (%eax)
    ljmp $KCODE, $1f
1:  movw $KDATA, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $0x28, %ax
    ltr %ax
    ret

    .bss
    .align 16
    .globl trap_vector, trap_eip, guard_user, user_stack_top, kernel_stack_top, exception_stack_top
trap_vector: .long 0
trap_eip:    .long 0
guard_esp:   .long 0
guard_user:  .long 0
outer_esp:   .long 0
    .align 4096
    .skip 16384
kernel_stack_top:
    .skip 16384
user_stack_top:
    .skip 16384
exception_stack_top:
