/* forms.c - the ways in which an instruction names memory. */
#include "hostile.h"

#define STRING_(x) #x
#define FORM(id, text) \
    void id(void);     \
    __asm__(".text\n" STRING_(id) ":\n" text "\n ret\n")

/* EAX: value; EBX + ECX * scale + disp: address. A form that loses ESP saves it in EDX, EBP or ESI. */
FORM(load32, "movl (%ebx), %eax");
FORM(load16, "movw (%ebx), %ax");
FORM(load8, "movb (%ebx), %al");
FORM(load8h, "movb (%ebx), %ah; movb %ah, %al");
FORM(loadzx8, "movzbl (%ebx), %eax");
FORM(loadsx16, "movswl (%ebx), %eax");
FORM(load_d8, "movl 127(%ebx), %eax");
FORM(load_d8n, "movl -128(%ebx), %eax");
FORM(load_d32, "movl 0x7fffffff(%ebx), %eax");
FORM(load_d32n, "movl -0x80000000(%ebx), %eax");
FORM(load_x1, "movl (%ebx,%ecx), %eax");
FORM(load_x2, "movl 4(%ebx,%ecx,2), %eax");
FORM(load_x4, "movl -0x12345678(%ebx,%ecx,4), %eax");
FORM(load_x8, "movl 0x7654321(%ebx,%ecx,8), %eax");
FORM(load_noebx, "imull $8, %ecx; negl %ecx; leal (%ebx,%ecx), %edx; movl (,%edx), %eax");
FORM(load_ebp, "movl %ebx, %ebp; movl (%ebp), %eax");
FORM(load_ebp8, "movl %ebx, %ebp; movl 100(%ebp), %eax");
FORM(load_esp, "movl %esp, %edx; movl %ebx, %esp; movl (%esp), %eax; movl %edx, %esp");
FORM(load_esp8, "movl %esp, %edx; movl %ebx, %esp; movl -100(%esp), %eax; movl %edx, %esp");
FORM(load_espx, "movl %esp, %edx; movl %ebx, %esp; movl (%esp,%ecx,8), %eax; movl %edx, %esp");
FORM(load_cs, "movl %cs:(%ebx), %eax");
FORM(load_ss, "movl %ss:(%ebx), %eax");
FORM(load_es, "movl %es:(%ebx), %eax");
FORM(load_fs, "movw $0x33, %dx; movw %dx, %fs; subl $0x40000000, %ebx; movl %fs:(%ebx), %eax");
FORM(load_gs, "movw $0x3b, %dx; movw %dx, %gs; addl $0x1000, %ebx; movl %gs:(%ebx), %eax");
FORM(pop32, "movl %esp, %edx; movl %ebx, %esp; popl %eax; movl %edx, %esp");
FORM(pop_mem, "pushl $0xcccccccc; popl (%ebx)");
FORM(pop_esp, "movl %esp, %edx; movl %ebx, %esp; popl %esp; movl %esp, %eax; movl %edx, %esp");
FORM(push_mem, "pushl (%ebx); popl %eax");
FORM(leave_any, "movl %esp, %edx; movl %ebx, %ebp; leave; movl %ebp, %eax; movl %edx, %esp");
FORM(lods, "movl %ebx, %esi; lodsl");
FORM(lods_std, "std; movl %ebx, %esi; lodsl; cld");
FORM(scas, "movl %ebx, %edi; scasl; movl (%ebx), %eax");
FORM(movs_load, "movl %ebx, %esi; subl $8, %esp; movl %esp, %edi; movsl; popl %eax; popl %edx");
FORM(xlat, "movl %ebx, %edx; xorl %eax, %eax; xlatb");
FORM(cmp_load, "cmpl (%ebx), %eax; movl (%ebx), %eax");
FORM(test_load, "testl %eax, (%ebx); movl (%ebx), %eax");
FORM(imul_load, "movl $1, %edx; imull (%ebx), %edx; movl %edx, %eax");
FORM(fild, "fildl (%ebx); subl $8, %esp; fistpl (%esp); popl %eax; popl %edx");
FORM(cmov, "cmpl %eax, %eax; cmovzl (%ebx), %eax");
FORM(movd_load, "movd (%ebx), %mm0; movd %mm0, %eax; emms");
FORM(movd_xmm, "movd (%ebx), %xmm0; movd %xmm0, %eax");
FORM(movups_load, "movups (%ebx), %xmm0; movd %xmm0, %eax");
FORM(load_addr16, "movl (%bx), %eax");

FORM(store32, "movl %eax, (%ebx)");
FORM(store16, "movw %ax, (%ebx)");
FORM(store8, "movb %al, (%ebx)");
FORM(store8h, "movb %ah, (%ebx)");
FORM(store_imm, "movl $0xcccccccc, (%ebx)");
FORM(store_d8n, "movl %eax, -128(%ebx)");
FORM(store_d32, "movl %eax, 0x7fffffff(%ebx)");
FORM(store_x8, "movl %eax, 0x1234567(%ebx,%ecx,8)");
FORM(store_esp, "movl %esp, %edx; movl %ebx, %esp; movl %eax, (%esp); movl %edx, %esp");
FORM(push32, "movl %esp, %edx; leal 4(%ebx), %esp; pushl %eax; movl %edx, %esp");
FORM(push_imm, "movl %esp, %edx; leal 4(%ebx), %esp; pushl $0xcccccccc; movl %edx, %esp");
FORM(pusha,
    "movl %esp, trap_esp; movl $0xcccccccc, %ecx; movl %ecx, %edx; movl %ecx, %ebp; movl %ecx, %esi; "
    "movl %ecx, %edi; leal 32(%ebx), %esp; movl %ecx, %ebx; pushal; movl $0xcccccccc, 12(%esp); movl trap_esp, %esp");
FORM(call_push, "movl %esp, %edx; leal 4(%ebx), %esp; call 1f; 1: movl $0xcccccccc, (%esp); movl %edx, %esp");
FORM(enter_any, "movl %esp, %edx; movl $0xcccccccc, %ebp; leal 4(%ebx), %esp; enter $16, $0; movl %edx, %esp");
FORM(stos, "movl %ebx, %edi; stosl");
FORM(stos_std, "std; movl %ebx, %edi; stosl; cld");
FORM(rep_stos, "movl %ebx, %edi; movl $8, %ecx; rep stosl");
FORM(rep_movs, "movl %ebx, %esi; movl %ebx, %edi; movl $8, %ecx; rep movsl");
FORM(xchg, "xchgl %eax, (%ebx)");
FORM(xadd, "movl (%ebx), %eax; xorl %edx, %edx; lock xaddl %edx, (%ebx)");
FORM(cmpxchg, "movl (%ebx), %eax; movl %eax, %edx; lock cmpxchgl %edx, (%ebx)");
FORM(cmpxchg8b,
    "movl (%ebx), %eax; movl 4(%ebx), %edx; movl %ebx, %edi; movl %eax, %ebx; movl %edx, %ecx; cmpxchg8b (%edi)");
FORM(or_store, "orl $0, (%ebx)");
FORM(not_twice, "notl (%ebx); notl (%ebx)");
FORM(bts_far, "movl $0x7fffffe0, %edx; subl $0x0ffffffc, %ebx; btl %edx, (%ebx)");
FORM(bts_neg, "movl $-0x80000000, %edx; addl $0x10000000, %ebx; btl %edx, (%ebx)");
FORM(btc_twice, "movl $35, %edx; btcl %edx, -4(%ebx); btcl %edx, -4(%ebx)");
FORM(shld_store, "shldl $0, %eax, (%ebx)");
FORM(fistp, "pushl %eax; fildl (%esp); popl %edx; fistpl (%ebx)");
FORM(fstp80, "fldt (%ebx); fstpt (%ebx)");
FORM(fnsave, "fnsave (%ebx); frstor (%ebx); movl $27, %ecx; movl %ebx, %edi; rep stosl");
FORM(fxsave, "fxsave (%ebx); movl $128, %ecx; movl %ebx, %edi; rep stosl");
FORM(movups_store, "movups (%ebx), %xmm1; movups %xmm1, (%ebx)");
FORM(movntq, "movd %eax, %mm0; punpckldq %mm0, %mm0; movntq %mm0, (%ebx); emms");
FORM(sidt, "sidt (%ebx); movw %ax, (%ebx); movl %eax, 2(%ebx)");
FORM(store_sreg, "movw %ds, (%ebx); movw %ax, (%ebx)");

/* Where control goes to the address. */
FORM(jump_reg, "jmp *%ebx");
FORM(call_reg, "call *%ebx");
FORM(jump_mem, "jmp *(%ebx)");
FORM(call_mem, "call *(%ebx)");
FORM(ret_to, "pushl %ebx; ret");
FORM(ret_on, "movl %ebx, %esp; ret");
FORM(ret_far, "movl %ebx, %esp; lret");
FORM(iret_on, "movl %ebx, %esp; iret");
FORM(popf_on, "movl %esp, %edx; movl %ebx, %esp; popfl; movl %edx, %esp; pushl $2; popfl");
FORM(far_load, "les (%ebx), %eax");
FORM(bound_any, "bound %eax, (%ebx)");

uint32_t trap_esp; /* for forms that have no register left */

// clang-format off
#define LOAD(id, bytes) { #id, id, bytes, false, 0, 0 }
#define LOADX(id, bytes, d, s) { #id, id, bytes, false, d, s }
#define STORE(id, bytes) { #id, id, bytes, true, 0, 0 }
#define STOREX(id, bytes, d, s) { #id, id, bytes, true, d, s }
#define ANY(id) { #id, id, 0, false, 0, 0 }
const struct form forms[] = {
    LOAD(load32, 4), LOAD(load16, 2), LOAD(load8, 1), LOAD(load8h, 1), LOAD(loadzx8, 1), LOAD(loadsx16, 2),
    LOADX(load_d8, 4, 127, 0), LOADX(load_d8n, 4, 0xffffff80u, 0), LOADX(load_d32, 4, 0x7fffffffu, 0),
    LOADX(load_d32n, 4, 0x80000000u, 0), LOADX(load_x1, 4, 0, 1), LOADX(load_x2, 4, 4, 2),
    LOADX(load_x4, 4, 0xedcba988u, 4), LOADX(load_x8, 4, 0x7654321u, 8), LOADX(load_noebx, 4, 0, 0xfffffff8u),
    LOAD(load_ebp, 4), LOADX(load_ebp8, 4, 100, 0), LOAD(load_esp, 4), LOADX(load_esp8, 4, 0xffffff9cu, 0),
    LOADX(load_espx, 4, 0, 8), LOAD(load_cs, 4), LOAD(load_ss, 4), LOAD(load_es, 4), LOAD(load_fs, 4), LOAD(load_gs, 4),
    LOAD(pop32, 4), STORE(pop_mem, 4), LOAD(pop_esp, 4), LOAD(push_mem, 4), LOAD(leave_any, 4), LOAD(lods, 4),
    LOAD(lods_std, 4), LOAD(scas, 4), LOAD(movs_load, 4), LOAD(xlat, 1), LOAD(cmp_load, 4), LOAD(test_load, 4),
    LOAD(imul_load, 4), LOAD(fild, 4), LOAD(cmov, 4), LOAD(movd_load, 4), LOAD(movd_xmm, 4), LOAD(movups_load, 4),
    ANY(load_addr16),
    STORE(store32, 4), STORE(store16, 2), STORE(store8, 1), STORE(store8h, 1), STORE(store_imm, 4),
    STOREX(store_d8n, 4, 0xffffff80u, 0), STOREX(store_d32, 4, 0x7fffffffu, 0), STOREX(store_x8, 4, 0x1234567u, 8),
    STORE(store_esp, 4), STORE(push32, 4), STORE(push_imm, 4), STORE(pusha, 32), STORE(call_push, 4), STORE(enter_any, 4),
    STORE(stos, 4), STORE(stos_std, 4), STORE(rep_stos, 32), STORE(rep_movs, 32), STORE(xchg, 4), STORE(xadd, 4),
    STORE(cmpxchg, 4), STORE(cmpxchg8b, 8), STORE(or_store, 4), STORE(not_twice, 4), LOAD(bts_far, 0), LOAD(bts_neg, 0),
    STORE(btc_twice, 4), STORE(shld_store, 4), STORE(fistp, 4), STORE(fstp80, 10), STORE(fnsave, 108),
    STORE(fxsave, 512), STORE(movups_store, 16), STORE(movntq, 8), STORE(sidt, 6), STORE(store_sreg, 2),
    ANY(jump_reg), ANY(call_reg), ANY(jump_mem), ANY(call_mem), ANY(ret_to), ANY(ret_on), ANY(ret_far), ANY(iret_on),
    ANY(popf_on), ANY(far_load), ANY(bound_any),
};
// clang-format on
const unsigned form_count = sizeof(forms) / sizeof(forms[0]);

static uint8_t byte_at(uint32_t address)
{
    return address < RAM_BYTES ? FILL : HOLE;
}

/* An exception at level 0 leaves its frame where ESP was. */
static void refill(uint32_t address)
{
    for (uint32_t at = address - 64; at != address + 64; at++)
        if (at >= PLAY_FIRST && at < RAM_BYTES)
            *(volatile uint8_t *)at = FILL;
}

bool form_try(const struct form *form, uint32_t address, uint32_t index)
{
    uint32_t value = guarded(form->code, 0xccccccccu, address - form->disp - index * form->scale, index);
    if (!form->size)
        refill(address);
    if (trap_vector != NO_TRAP || form->write || !form->size)
        return true;
    for (uint32_t i = 0; i < form->size; i++)
        if ((uint8_t)(value >> (8 * i)) != byte_at(address + i))
            return false;
    return true;
}
