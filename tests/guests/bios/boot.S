/* A diskette that tests the services of the BIOS and the ways to reset, in real mode, and tells on the first serial port:
 * "ok NAME" or "not ok NAME", at last "done". Run by tests/guests/bios.sh.
 *
 * Sector 1 is loaded by the BIOS at 7C00h and loads sectors 2 to 8 behind itself; a reset that starts the machine anew
 * comes here again, and sector 20 remembers how often (`starts`). */
        .code16
        .globl _start
        .set MARK, 20           /* sector of the counter */
        .set BUFFER, 0x9000
        .set OTHER, 0x9400

.macro  check name              /* CF set: it failed */
        call    report
        .asciz  "\name"
.endm

_start: ljmp    $0, $1f
1:      xor     %ax, %ax
        mov     %ax, %ds
        mov     %ax, %es
        mov     %ax, %ss
        mov     $0x7c00, %sp
        sti
        cld
        mov     $0x0207, %ax    /* read 7 sectors */
        mov     $0x7e00, %bx
        mov     $0x0002, %cx
        xor     %dx, %dx
        int     $0x13
        jnc     main
        mov     $'!', %al
        call    put
        hlt

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

puts:   lodsb                   /* the text at SI */
        test    %al, %al
        jz      1f
        call    put
        jmp     puts
1:      ret

report: pop     %bp             /* the name stands behind the call */
        mov     $good, %si
        jnc     1f
        mov     $bad, %si
1:      call    puts
        mov     %bp, %si
        call    puts
        mov     %si, %bp
        mov     $10, %al
        call    put
        jmp     *%bp
good:   .asciz  "ok "
bad:    .asciz  "not ok "
done:   .asciz  "done\n"

        .org    510
        .word   0xaa55

/* AX: function and count; the sector MARK of the diskette and BUFFER. */
mark:   mov     $BUFFER, %bx
        mov     $MARK - 18, %cl
        mov     $0, %ch
        mov     $0x0100, %dx    /* head 1, drive A: */
        int     $0x13
        ret

main:   mov     $0x0201, %ax
        call    mark
        incb    BUFFER          /* starts */
        mov     $0x0301, %ax
        call    mark
        cmpb    $1, BUFFER
        je      first
        cmpb    $2, BUFFER
        je      second
        jmp     third

/* ---- first start ---- */

first:  clc
        check   "the boot sector reads more sectors"

        mov     $0x0201, %ax    /* what was written comes back */
        movb    $0, BUFFER
        call    mark
        jc      1f
        cmpb    $1, BUFFER
        je      1f
        stc
1:      check   "int 13h writes a sector and reads it"

        mov     $0x08, %ah      /* geometry: 80 cylinders, 18 sectors, 2 heads */
        xor     %dx, %dx
        int     $0x13
        push    $0
        pop     %es
        jc      1f
        cmp     $0x4f12, %cx
        jne     2f
        cmp     $1, %dh
        je      1f
2:      stc
1:      check   "int 13h tells the geometry of the drive"

        mov     $0x0201, %ax    /* sector 19 of a track of 18 */
        mov     $BUFFER, %bx
        mov     $0x0113, %cx
        xor     %dx, %dx
        int     $0x13
        cmc
        check   "int 13h fails on a sector that is not there"

        xor     %ax, %ax
        xor     %dx, %dx
        int     $0x13
        check   "int 13h resets the controller"

        mov     $0x0512, %ax    /* format cylinder 5, head 0 */
        mov     $ids, %bx
        mov     $0x0501, %cx
        xor     %dx, %dx
        int     $0x13
        jc      1f
        mov     $0x0201, %ax
        mov     $BUFFER, %bx
        mov     $0x0512, %cx
        xor     %dx, %dx
        int     $0x13
        jc      1f
        cmpw    $0xf6f6, BUFFER + 510
        je      1f
        stc
1:      check   "int 13h formats a track"

        mov     $0xe820, %ax
        movl    $0x534d4150, %edx
        movzwl  %ax, %eax
        xorl    %ebx, %ebx
        movl    $20, %ecx
        mov     $BUFFER, %di
        int     $0x15
        jc      1f
        cmpl    $0x534d4150, %eax
        jne     2f
        cmpl    $0x9fc00, BUFFER + 8
        jne     2f
        cmpl    $1, BUFFER + 16
        je      1f
2:      stc
1:      check   "int 15h E820 begins with 639 KB of RAM"

        int     $0x12
        cmp     $639, %ax
        je      1f
        stc
1:      check   "int 12h says 639 KB"

        mov     $0x02, %ah
        int     $0x1a           /* the clock: BCD hours */
        jc      1f
        cmp     $0x24, %ch
        cmc
1:      check   "int 1Ah reads the clock"

        sti                     /* the tick counter goes on */
        mov     0x46c, %ax
        mov     $200, %cx
1:      hlt
        cmp     0x46c, %ax
        jne     2f
        loop    1b
        stc
        jmp     3f
2:      clc
3:      check   "the timer ticks"

        mov     $0x2400, %ax    /* A20 off: FFFF:7E10 is 0:7E00 */
        int     $0x15
        call    a20
        cmc
        check   "int 15h closes the A20 gate"
        mov     $0x2401, %ax
        int     $0x15
        call    a20
        check   "int 15h opens the A20 gate"
        in      $0x92, %al
        and     $0xfd, %al
        out     %al, $0x92
        call    a20
        cmc
        check   "port 92h closes the A20 gate"
        in      $0x92, %al
        or      $2, %al
        out     %al, $0x92
        call    a20
        check   "port 92h opens the A20 gate"

        mov     $resume_1, %ax  /* resets of the processor alone go on where 40:67 says */
        mov     $0xfe, %bl
        call    arm
        mov     %bl, %al
        out     %al, $0x64
        jmp     stuck
resume_1:
        call    revive
        check   "a reset by the keyboard controller resumes"
        mov     $resume_2, %ax
        call    arm
        in      $0x92, %al
        or      $1, %al
        out     %al, $0x92
        jmp     stuck
resume_2:
        call    revive
        check   "a reset by port 92h resumes"

        mov     $0xcf9, %dx     /* and now everything */
        mov     $2, %al
        out     %al, %dx
        mov     $6, %al
        out     %al, %dx
stuck:  mov     $50, %cx
1:      hlt
        loop    1b
        stc
        check   "a reset happens"
        jmp     end

/* CF clear: 0:OTHER and FFFF:OTHER+10h are different bytes. */
a20:    push    $0xffff
        pop     %fs
        movb    $0x11, OTHER
        movb    $0x22, %fs:OTHER + 0x10
        cmpb    $0x11, OTHER
        je      1f
        stc
1:      ret

/* Shutdown code 0Ah: jump to the address at 40:67 without touching the interrupt controller. */
arm:    mov     %ax, 0x467
        movw    $0, 0x469
        mov     $0x0f, %al
        out     %al, $0x70
        mov     $0x0a, %al
        out     %al, $0x71
        ret
revive: pop     %bx
        xor     %ax, %ax
        mov     %ax, %ds
        mov     %ax, %es
        mov     %ax, %ss
        mov     $0x7c00, %sp
        cld
        sti
        clc
        jmp     *%bx

/* ---- second start: by port CF9h ---- */

second: clc
        check   "a reset by port CF9h starts the machine anew"
        movw    $0, 0x472       /* a cold start */
        ljmp    $0xffff, $0

/* ---- third start: by a jump to the reset vector ---- */

third:  clc
        check   "a jump to FFFF:0 starts the machine anew"
end:    mov     $done, %si
        call    puts
1:      cli
        hlt
        jmp     1b

ids:    .set    r, 1
        .rept   18
        .byte   5, 0, r, 2
        .set    r, r + 1
        .endr
        .org    8 * 512
