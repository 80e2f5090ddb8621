# The smallest program that succeeds, for os_fork_exec_tiny.
        .globl _start
_start: xor %ebx, %ebx
        mov $1, %eax # exit
        int $0x80
        .section .note.GNU-stack, "", @progbits
