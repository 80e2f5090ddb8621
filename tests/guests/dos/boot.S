/* A diskette with programs as they were written for real mode: near and far calls, segments loaded all the time, string
 * instructions, interrupts, code that changes itself. Each leaves a checksum, which is told on the first serial port as
 * "NAME SUM", at last "done". Run by tests/guests/dos.sh.
 *
 * ROUNDS says how often each program does its work. Code runs at 1000h:0; 2000h and 3000h are segments of data, 5000h of
 * the stack. A program is called far; it has DS = ES = 2000h, and leaves its checksum in DX. */
        .code16
        .globl _start
#ifndef ROUNDS
#define ROUNDS 20
#endif
        .set CODE, 0x1000
        .set DATA, 0x2000
        .set STACK, 0x5000

_start: ljmp    $0x7c0, $1f - _start
1:      xor     %ax, %ax
        mov     %ax, %ss
        mov     $0x7c00, %sp
        sti
        mov     $CODE, %ax
        mov     %ax, %es
        mov     $0x0208, %ax    /* read 8 sectors */
        xor     %bx, %bx
        mov     $0x0001, %cx
        xor     %dx, %dx
        int     $0x13
        jc      1b
        ljmp    $CODE, $main - _start
        .org    510
        .word   0xaa55

put:    push    %ax             /* AL to COM1 */
        push    %dx
        mov     %al, %ah
        mov     $0x3fd, %dx
1:      in      %dx, %al
        test    $0x20, %al
        jz      1b
        mov     $0x3f8, %dx
        mov     %ah, %al
        out     %al, %dx
        pop     %dx
        pop     %ax
        ret

hex:    mov     $4, %cx         /* DX to COM1 */
1:      rol     $4, %dx
        mov     %dl, %al
        and     $15, %al
        add     $0x90, %al      /* the way without a branch */
        daa
        adc     $0x40, %al
        daa
        call    put
        loop    1b
        ret

puts:   lodsb   %cs:(%si), %al  /* the text at SI */
        test    %al, %al
        jz      1f
        call    put
        jmp     puts
1:      ret

main:   mov     $STACK, %ax
        mov     %ax, %ss
        mov     $0x1000, %sp
        mov     $table - _start, %si
2:      lodsw   %cs:(%si), %ax
        test    %ax, %ax
        jz      3f
        mov     %ax, %cs:entry - _start
        call    puts
        push    %si
        mov     $DATA, %ax
        mov     %ax, %ds
        mov     %ax, %es
        xor     %dx, %dx
        mov     $ROUNDS, %cx
1:      push    %cx
        cld
        lcall   *%cs:entry - _start
        pop     %cx
        loop    1b
        call    hex
        mov     $newline - _start, %si
        call    puts
        pop     %si
        jmp     2b
3:      mov     $done - _start, %si
        call    puts
1:      hlt
        jmp     1b

newline: .asciz "\r\n"
done:   .asciz  "done\r\n"
entry:  .word   0, CODE
table:  .word   sieve - _start
        .asciz  "sieve "
        .word   strings - _start
        .asciz  "strings "
        .word   far_calls - _start
        .asciz  "far "
        .word   recursion - _start
        .asciz  "recursion "
        .word   services - _start
        .asciz  "interrupts "
        .word   patched - _start
        .asciz  "patched "
        .word   wide - _start
        .asciz  "wide "
        .word   errors - _start
        .asciz  "errors "
        .word   0

/* Primes below 16384 among odd numbers; DX += their count. */
sieve:  mov     $8192, %cx
        xor     %di, %di
        mov     $0x0101, %ax
        shr     $1, %cx
        rep     stosw
        xor     %si, %si
1:      cmpb    $0, (%si)
        je      3f
        inc     %dx
        lea     3(%si), %ax     /* the number is 2 SI + 3 */
        add     %si, %ax
        mov     %si, %di
        add     %ax, %di
        jmp     4f
2:      movb    $0, (%di)
        add     %ax, %di
4:      cmp     $8192, %di
        jb      2b
3:      inc     %si
        cmp     $8192, %si
        jb      1b
        lret

/* Copies with and without repeat prefixes, in both directions, between segments. */
strings: push   %ds
        push    %es
        mov     $0x3000, %ax
        mov     %ax, %es
        xor     %di, %di
        mov     $4000, %cx
        mov     %dx, %ax
1:      stosw
        imul    $31, %ax, %ax
        add     $7, %ax
        loop    1b
        mov     %es, %ax
        mov     %ax, %ds
        mov     $DATA, %ax
        mov     %ax, %es
        xor     %si, %si
        mov     $0xf000, %di
        mov     $2000, %cx
        rep     movsw
        mov     $0x0ffe, %di
        mov     $0x1000, %si
        mov     $500, %cx
        std
        rep     movsw
        cld
        mov     $3000, %cx
        xor     %si, %si
1:      lodsb
        xor     $0x55, %al
        stosb
        add     %al, %dl
        adc     $0, %dh
        loop    1b
        mov     $0x3000, %ax
        mov     %ax, %es
        xor     %di, %di
        mov     $4000, %cx
        mov     $0x77, %al
        repne   scasb
        add     %cx, %dx
        xor     %si, %si
        mov     $1, %di
        mov     $100, %cx
        repe    cmpsb
        adc     %cx, %dx
        pop     %es
        pop     %ds
        lret

/* Far calls through pointers, LES and LDS, and arguments on the stack. */
far_calls: push %ds
        mov     $1000, %cx
        movw    $0x100, 0x40    /* a far pointer to 3000:0100 */
        movw    $0x3000, 0x42
1:      les     0x40, %di
        push    %dx
        push    %cx
        lcall   $CODE, $1f - _start
        mov     %ax, %es:(%di)
        lds     0x40, %si
        add     (%si), %dx
        push    %ss
        pop     %es
        mov     $DATA, %ax
        mov     %ax, %ds
        addw    $3, 0x40
        andw    $0x7fff, 0x40
        loop    1b
        pop     %ds
        lret
1:      push    %bp
        mov     %sp, %bp
        push    %ds
        push    %cs
        pop     %ds
        mov     6(%bp), %ax
        imul    8(%bp), %ax
        xor     4(%bp), %ax
        add     salt - _start, %ax
        pop     %ds
        pop     %bp
        lret    $4
salt:   .word   0x1234

/* DX += fib(14), with a frame for each call. */
recursion: mov  $14, %ax
        call    1f
        add     %ax, %dx
        lret
1:      enter   $2, $0
        cmp     $2, %ax
        jb      2f
        dec     %ax
        mov     %ax, -2(%bp)
        call    1b
        xchg    -2(%bp), %ax
        dec     %ax
        call    1b
        add     -2(%bp), %ax
2:      leave
        ret

/* Software interrupts with flags as answers, and CLI, STI, PUSHF and POPF around. */
services: push  %ds
        xor     %ax, %ax
        mov     %ax, %ds
        movw    $2f - _start, 0x60 * 4
        movw    $CODE, 0x60 * 4 + 2
        pop     %ds
        mov     $500, %cx
1:      mov     %cx, %ax
        int     $0x60
        adc     %ax, %dx
        pushf
        cli
        add     $5, %dx
        popf
        sti
        loop    1b
        lret
2:      push    %bp
        mov     %sp, %bp
        push    %bx
        mov     %ax, %bx
        shl     $3, %ax
        add     %bx, %ax
        andw    $0xfffe, 6(%bp)   /* CF of the caller */
        test    $1, %al
        jz      3f
        orw     $1, 6(%bp)
3:      pop     %bx
        pop     %bp
        iret

/* Constants in the loop, its operation, and a routine that is written anew. */
patched: push   %ds
        push    %cs
        pop     %ds
        mov     $200, %cx
1:      mov     %cl, 3f + 2 - _start
        mov     %cx, 4f + 1 - _start
        mov     %cl, %al
        and     $0x38, %al      /* ADD ... CMP */
        or      $0xc2, %al
        mov     %al, 5f + 1 - _start
        jmp     2f
2:
3:      add     $0x7f, %dx
4:      mov     $0x1234, %ax
5:      .byte   0x81, 0xc2, 0x11, 0x22  /* op dx, imm16 */
        xor     %ax, %dx
        loop    1b
        pop     %ds
        lret

/* 32-bit operands and addresses in 16-bit code. */
wide:   movzx   %dx, %eax
        mov     $2000, %ecx
        mov     $0x4000, %ebx
1:      imul    $1103515245, %eax, %eax
        add     $12345, %eax
        mov     %eax, (%ebx, %ecx, 4)
        push    %eax
        shr     $16, %eax
        pop     %esi
        xor     %ax, %dx
        mov     (%ebx, %ecx, 4), %eax
        dec     %ecx
        jnz     1b
        lret

/* Errors of the coprocessor, which come as IRQ 13: the handler has BUSY# taken away by port F0h, may then use waiting
 * instructions before it clears the error (IGNNE#), and counts what it finds. */
errors: push    %ds
        push    %es
        xor     %ax, %ax
        mov     %ax, %es
        push    %es:0x75 * 4
        push    %es:0x75 * 4 + 2
        cli
        movw    $2f - _start, %es:0x75 * 4
        mov     %cs, %es:0x75 * 4 + 2
        sti
        fninit
        movw    $0x037b, 0      /* division by zero is unmasked */
        fldcw   0
        mov     $100, %cx
1:      fld1
        fldz
        fdivrp                  /* 1 / 0 */
        fwait                   /* is told here */
        add     %cx, %dx
        fninit
        fldcw   0
        loop    1b
        fninit
        cli
        pop     %es:0x75 * 4 + 2
        pop     %es:0x75 * 4
        sti
        pop     %es
        pop     %ds
        lret
2:      push    %ax
        fnstsw  %ax
        add     %ax, %dx
        mov     $0, %al
        out     %al, $0xf0
        fldpi                   /* would wait for ever */
        fistps  2
        add     2, %dx
        fnclex
        mov     $0x20, %al
        out     %al, $0xa0
        out     %al, $0x20
        rol     $1, %dx
        pop     %ax
        iret
        .org    8 * 512
