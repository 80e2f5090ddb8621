/* Integer instructions: register forms against the host CPU, the rest against what the SDM says. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/unit/cpu_rig.h"
#include "tests/unit/unit.h"

#define CHECK_EQ(a, b) CU_ASSERT_EQUAL((a), (b))

/* ---- against the host ---- */

struct host_state {
    uint64_t reg[4]; /* EAX ECX EDX EBX */
    uint64_t flags;
};

static uint8_t *host_code;

static uint8_t *emit(uint8_t *at, const char *bytes, size_t count)
{
    memcpy(at, bytes, count);
    return at + count;
}

/* Runs the instruction in a 64-bit frame: operands of up to 32 bits behave as in 32-bit code. */
static void host_run(const uint8_t *insn, size_t count, struct host_state *state)
{
    uint8_t *at = host_code;
    at = emit(at, "\x53\x57", 2);                                          /* push rbx, rdi */
    at = emit(at, "\x8b\x47\x00\x8b\x4f\x08\x8b\x57\x10\x8b\x5f\x18", 12); /* mov eax..ebx, [rdi + ...] */
    at = emit(at, "\xff\x77\x20\x9d", 4);                                  /* push [rdi+20h]; popf */
    at = emit(at, (const char *)insn, count);
    at = emit(at, "\x9c\x8f\x47\x20", 4); /* pushf; pop [rdi+20h] */
    at = emit(at, "\x89\x47\x00\x89\x4f\x08\x89\x57\x10\x89\x5f\x18", 12);
    emit(at, "\x5f\x5b\xc3", 3);
    void (*run)(struct host_state *);
    memcpy(&run, &host_code, sizeof(run));
    run(state);
}

static uint64_t random_state = 88172645463325252ull;

/* Values at the edges of each size more often than chance would give them. */
static uint32_t random_operand(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    uint32_t value = (uint32_t)(random_state >> 11);
    switch (random_state >> 50 & 7) {
    case 0: return 0;
    case 1: return UINT32_MAX;
    case 2: return 0x80000000u >> (value & 31);
    case 3: return value & 0xff;
    case 4: return (uint32_t)(int8_t)value;
    case 5: return value & 0x80008080;
    default: return value;
    }
}

#define S FLAG_SF
#define Z FLAG_ZF
#define A FLAG_AF
#define P FLAG_PF
#define C FLAG_CF
#define O FLAG_OF

/* Register forms in hexadecimal, `i` for an immediate byte, and the flags that the SDM leaves undefined. */
static const struct {
    const char *forms;
    uint32_t undefined;
} host_forms[] = {
    { "01c8 29c8 11c8 19c8 39c8 00c8 28e5 10c8 18c8 38c8 6601c8 6629c8 6611c8 6619c8 6639c8", 0 },
    { "03c1 2bc1 13c1 1bc1 3bc1 02c1 2ac1 12c1 1ac1 3ac1 05iiii 2diiii 04i 14i 2ci 3ci", 0 },
    { "83c0i 83d0i 83d8i 83e8i 83f8i 80c4i 80dci 6683c0i 6683e8i", 0 },
    { "21c8 09c8 31c8 85c8 6621c8 6609c8 6631c8 20e5 08e5 30e5 84e5 83c8i 83e0i 83f0i a8i f6c0i f7c0ii0000", A },
    { "f7d8 f6dc 66f7d8 f7d0 f6d0 fec0 fecc ffc0 ffc8 66ffc0 66ffc8", 0 },
    { "d1c0 d1c8 d1d0 d1d8 d0c0 d0c8 d0d0 d0d8 66d1c0 66d1c8 66d1d0 66d1d8", 0 },
    { "d1e0 d1e8 d1f8 d0e0 d0e8 d0f8 66d1e0 66d1e8 66d1f8 d1f0", A },
    { "c1c0i c1c8i c1d0i c1d8i 66c1c0i 66c1c8i 66c1d0i 66c1d8i c0c0i c0c8i c0d0i c0d8i", O },
    { "d3c0 d3c8 d3d0 d3d8 66d3c0 66d3c8 66d3d0 66d3d8 d2c0 d2c8 d2d0 d2d8", O },
    { "c1e0i c1e8i c1f8i d3e0 d3e8 d3f8 0fa4d0i 0facd0i 0fa5d8 0fadd8", A | O },
    { "66c1e0i 66c1e8i 66c1f8i c0e0i c0e8i c0f8i 66d3e0 66d3e8 66d3f8 d2e0 d2e8 d2f8", A | O | C },
    { "660fa4d007 660facd00f 660fa4d010", A | O },
    { "f7e1 f7e9 f6e1 f6e9 66f7e1 66f7e9 0fafc1 660fafc1 6bc1i 666bc1i 69c1iiii", S | Z | A | P },
    { "f7f1 f7f9 f6f1 f6f9 66f7f1 66f7f9", FLAGS_ARITH },
    { "0fa3c8 660fa3c8 0fabc8 660fabc8 0fb3c8 0fbbc8 660fbbc8 0fbae0i 0fbae8i 660fbaf0i 0fbaf8i", S | A | P | O },
    { "0fbcc1 660fbcc1 0fbdc1 660fbdc1", S | A | P | O | C },
    { "0fb0cb 0fb1cb 660fb1cb 0fc0cb 0fc1cb 0fc1c0 660fc1cb 86c5 87c1 6687c1 93 6693", 0 },
    { "0fc8 0fca 98 6698 99 6699 9e 9f f5 f8 f9 0fb6c5 660fb6c5 0fb7c1 0fbec5 660fbec1 0fbfc1", 0 },
    { "0f90c0 0f91c0 0f92c0 0f93c0 0f94c0 0f95c0 0f96c0 0f97c0 0f98c0 0f99c0 0f9ac0 0f9bc0 0f9cc4 0f9dc4 0f9ec4 0f9fc4",
        0 },
    { "0f40c1 0f41c1 0f42c1 0f43c1 0f44c1 0f45c1 660f46c1 660f47c1 0f48c1 0f49c1 0f4ac1 0f4bc1 0f4cc1 0f4dc1 0f4ec1",
        0 },
    { "8d0409 8d4402i 8d8cd3iiii 668d4491i 89c8 88e5 6689c8 8bd8 b0i 66b8ii b8ii0000 c6c4i", 0 },
};

/* One random case of a form; false with a note in *what when guest and host differ. */
static bool host_compare(struct rig *rig, const char *form, uint32_t undefined)
{
    uint8_t code[16];
    size_t count = 0;
    for (const char *at = form; *at && *at != ' '; count++) {
        static const char digits[] = "0123456789abcdef";
        if (*at == 'i') {
            code[count] = (uint8_t)random_operand();
            at++;
        } else {
            code[count] = (uint8_t)((strchr(digits, at[0]) - digits) << 4 | (strchr(digits, at[1]) - digits));
            at += 2;
        }
    }
    struct cpu *cpu = rig->cpu;
    struct host_state state = { .flags = (random_operand() & FLAGS_ARITH) | 0x202 };
    rig_flat32(rig, code, code + count);
    for (unsigned n = 0; n < 4; n++)
        state.reg[n] = cpu->reg[n] = random_operand();
    cpu->eflags = (uint32_t)state.flags;
    interp_run(cpu, 1);
    if (cpu->halted || cpu->eip != RIG_CODE + count) /* divisions raise #DE: the host would kill us */
        return undefined == FLAGS_ARITH && rig_peek32(rig, cpu->reg[ESP]) == RIG_CODE;
    host_run(code, count, &state);
    bool same = !((state.flags ^ cpu->eflags) & FLAGS_ARITH & ~undefined);
    for (unsigned n = 0; n < 4; n++)
        same = same && cpu->reg[n] == (uint32_t)state.reg[n];
    return same;
}

static void test_against_host(void)
{
    struct rig *rig = rig_new();
    host_code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_PTR_NOT_EQUAL_FATAL(host_code, MAP_FAILED);
    for (unsigned row = 0; row < sizeof(host_forms) / sizeof(host_forms[0]); row++) {
        for (const char *form = host_forms[row].forms; form; form = strchr(form, ' ')) {
            form += *form == ' ';
            unsigned wrong = 0;
            for (unsigned i = 0; i < 200; i++)
                wrong += !host_compare(rig, form, host_forms[row].undefined);
            if (wrong)
                printf("# %.*s: %u of 200 differ\n", (int)strcspn(form, " "), form, wrong);
            CHECK_EQ(wrong, 0);
        }
    }
    munmap(host_code, 4096);
    rig_free(rig);
}

/* ---- against the manual ---- */

static struct rig *run32(const uint8_t *code, const uint8_t *end)
{
    struct rig *rig = rig_new();
    rig_flat32(rig, code, end);
    CHECK_EQ(rig_run(rig), CPU_EXIT_HALT);
    return rig;
}

/* A row: code, its end, and the register that must hold the value at its HLT. */
#define EXPECT(name, n, value)                          \
    do {                                                \
        struct rig *rig_ = run32(name, name##_end);     \
        CHECK_EQ(rig_->cpu->reg[n], (uint32_t)(value)); \
        CHECK_EQ(rig_vector(rig_), -1);                 \
        rig_free(rig_);                                 \
    } while (0)

GUEST(bts_far, "32", "mov $-33, %eax; btsl %eax, 0x20010; mov 0x20008, %ebx; hlt");
GUEST(bts_far16, "32", "mov $0xffff0010, %eax; btsw %ax, 0x20010; mov 0x20010, %ebx; hlt");
GUEST(btr_near, "32", "movl $-1, 0x20000; btrl $33, 0x20000; sbb %ecx, %ecx; mov 0x20000, %ebx; hlt");
static void test_bit_offsets(void)
{
    EXPECT(bts_far, EBX, 0x80000000u);
    EXPECT(bts_far16, EBX, 0x00010000);
    EXPECT(btr_near, EBX, ~2u);
    EXPECT(btr_near, ECX, -1);
}

GUEST(cx8_equal, "32",
    "movl $1, 0x20000; movl $2, 0x20004; mov $1, %eax; mov $2, %edx; mov $7, %ebx; mov $8, %ecx\n"
    "lock cmpxchg8b 0x20000; mov 0x20004, %esi; sete %al; hlt");
GUEST(cx8_other, "32", "movl $5, 0x20000; movl $6, 0x20004; lock cmpxchg8b 0x20000; lea (%eax,%edx,8), %ebx; hlt");
static void test_cmpxchg8b(void)
{
    EXPECT(cx8_equal, ESI, 8);
    EXPECT(cx8_equal, EAX, 1);
    EXPECT(cx8_other, EBX, 5 + 6 * 8);
}

GUEST(enter_3, "32", "mov $0x8800, %ebp; movl $0x11, 0x87fc; movl $0x22, 0x87f8; enter $0x20, $3; hlt");
GUEST(enter_leave, "32", "mov $77, %ebp; enter $64, $0; leave; hlt");
static void test_enter(void)
{
    struct rig *rig = run32(enter_3, enter_3_end);
    CHECK_EQ(rig->cpu->reg[EBP], RIG_STACK - 4);
    CHECK_EQ(rig->cpu->reg[ESP], RIG_STACK - 16 - 0x20);
    CHECK_EQ(rig_peek32(rig, RIG_STACK - 4), 0x8800);
    CHECK_EQ(rig_peek32(rig, RIG_STACK - 8), 0x11);
    CHECK_EQ(rig_peek32(rig, RIG_STACK - 12), 0x22);
    CHECK_EQ(rig_peek32(rig, RIG_STACK - 16), RIG_STACK - 4);
    rig_free(rig);
    EXPECT(enter_leave, EBP, 77);
    EXPECT(enter_leave, ESP, RIG_STACK);
}

GUEST(pusha_popa, "32",
    "mov $1, %eax; mov $2, %ecx; mov $3, %edx; mov $4, %ebx; mov $5, %ebp; mov $6, %esi; mov $7, %edi\n"
    "pusha; mov 12(%esp), %eax; mov %eax, 0x20000; xor %edi, %edi; popa; hlt");
GUEST(push_esp, "32", "push %esp; pop %eax; hlt");
GUEST(pop_esp_mem, "32", "push $9; pop 4(%esp); mov 4(%esp), %eax; hlt");
GUEST(pop_esp, "32", "push $0x8000; pop %esp; hlt");
GUEST(push_imm8, "32", "push $-2; pop %eax; pushw $-3; pop %bx; hlt");
GUEST(push_ds, "32", "movl $-1, 0x8ffc; push %ds; pop %eax; hlt");
static void test_stack(void)
{
    struct rig *rig = run32(pusha_popa, pusha_popa_end);
    CHECK_EQ(rig_peek32(rig, 0x20000), RIG_STACK);
    CHECK_EQ(rig->cpu->reg[EDI], 7);
    CHECK_EQ(rig->cpu->reg[EAX], 1);
    CHECK_EQ(rig->cpu->reg[ESP], RIG_STACK);
    rig_free(rig);
    EXPECT(push_esp, EAX, RIG_STACK);
    EXPECT(pop_esp_mem, EAX, 9);
    EXPECT(pop_esp, ESP, 0x8000);
    EXPECT(push_imm8, EAX, -2);
    EXPECT(push_imm8, EBX, 0xfffd);
    EXPECT(push_ds, EAX, 0x10);
}

/* With SS.B clear only SP counts and moves. */
GUEST(sp16, "32", "push %eax; pop %ebx; call 1f; hlt; 1: ret");
static void test_16_bit_stack(void)
{
    struct rig *rig = rig_new();
    rig_flat32(rig, sp16, sp16_end);
    rig->cpu->seg[SS].attr &= (uint16_t)~SEG_DB;
    rig->cpu->reg[ESP] = 0x55550000 | RIG_STACK;
    rig->cpu->reg[EAX] = 42;
    rig_run(rig);
    CHECK_EQ(rig->cpu->reg[EBX], 42);
    CHECK_EQ(rig->cpu->reg[ESP], 0x55550000 | RIG_STACK);
    rig_free(rig);
}

GUEST(push_limit, "32", "push %eax; hlt");
static void test_stack_limit(void)
{
    struct rig *rig = rig_new();
    rig_flat32(rig, push_limit, push_limit_end);
    rig_user(rig); /* so that the handler gets another stack */
    rig->cpu->seg[SS].limit = RIG_STACK - 2;
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), EXC_SS);
    CHECK_EQ(rig_peek32(rig, rig->cpu->reg[ESP] + 16), RIG_STACK); /* ESP as before */
    rig_free(rig);
}

GUEST(loop_16, "16", "mov $3, %cx; 1: inc %ax; loop 1b; jcxz 2f; inc %bx; 2: hlt");
GUEST(jmp_66, "16", ".byte 0x66, 0xe9; .long 1f - . - 4; hlt; 1: inc %ax; hlt");
static void test_flow_16(void)
{
    struct rig *rig = rig_new();
    rig_real16(rig, loop_16, loop_16_end);
    rig->cpu->reg[ECX] = 0xabcd0000;
    rig_run(rig);
    CHECK_EQ(rig->cpu->reg[EAX], 3);
    CHECK_EQ(rig->cpu->reg[EBX], 0);
    CHECK_EQ(rig->cpu->reg[ECX], 0xabcd0000);
    rig_real16(rig, jmp_66, jmp_66_end);
    rig_run(rig);
    CHECK_EQ(rig->cpu->reg[EAX], 1);
    rig_free(rig);
}

GUEST(jmp_limit, "32", "jmp .+0x1000; hlt");
GUEST(jmp_cut, "32", ".byte 0x66, 0xe9, 0x00, 0x00; hlt"); /* jmp with a 16-bit operand: EIP loses its upper half */
static void test_targets(void)
{
    struct rig *rig = rig_new();
    rig_flat32(rig, jmp_limit, jmp_limit_end);
    rig->cpu->seg[CS].limit = RIG_CODE + 0xfff;
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), EXC_GP);
    CHECK_EQ(rig_peek32(rig, rig->cpu->reg[ESP] + 4), RIG_CODE); /* at the jump, not at its target */
    rig_flat32(rig, jmp_cut, jmp_cut_end);
    interp_run(rig->cpu, 1);
    CHECK_EQ(rig->cpu->eip, (RIG_CODE + 4) & 0xffff);
    rig_free(rig);
}

GUEST(bound_in, "32", "movl $-5, 0x20000; movl $5, 0x20004; mov $-5, %eax; bound %eax, 0x20000; hlt");
GUEST(bound_out, "32", "movl $-5, 0x20000; movl $5, 0x20004; mov $6, %eax; bound %eax, 0x20000; hlt");
static void test_bound(void)
{
    EXPECT(bound_in, EAX, -5);
    struct rig *rig = run32(bound_out, bound_out_end);
    CHECK_EQ(rig_vector(rig), EXC_BR);
    rig_free(rig);
}

GUEST(overlap, "32",
    "movl $0x04030201, 0x20000; mov $0x20000, %esi; mov $0x20001, %edi; mov $7, %ecx; rep movsb\n"
    "mov 0x20004, %eax; hlt");
GUEST(backwards, "32",
    "movl $0x04030201, 0x20000; mov $0x20003, %esi; mov $0x20007, %edi; mov $4, %ecx; std; rep movsb\n"
    "mov 0x20004, %eax; hlt");
GUEST(find, "32",
    "movl $0x00030201, 0x20000; mov $0x20000, %edi; mov $-1, %ecx; xor %eax, %eax; repne scasb; not %ecx; hlt");
GUEST(compare, "32",
    "movl $0x04030201, 0x20000; movl $0x04990201, 0x20010; mov $0x20000, %esi; mov $0x20010, %edi\n"
    "mov $4, %ecx; repe cmpsb; setb %al; hlt");
GUEST(many, "32", "mov $0x12345678, %eax; mov $0x20ffe, %edi; mov $5000, %ecx; rep stosl; mov -4(%edi), %ebx; hlt");
GUEST(none, "32", "xor %ecx, %ecx; mov $1, %edi; rep stosl; hlt");
static void test_strings(void)
{
    EXPECT(overlap, EAX, 0x01010101);
    EXPECT(backwards, EAX, 0x04030201);
    EXPECT(find, ECX, 4);
    EXPECT(compare, ECX, 1);
    EXPECT(compare, EAX, 1);
    EXPECT(many, EBX, 0x12345678);
    EXPECT(many, EDI, 0x20ffe + 20000);
    EXPECT(many, ECX, 0);
    EXPECT(none, EDI, 1);
}

/* Addresses of 16 bits wrap inside the segment; DI wraps too. */
GUEST(wrap_16, "16", "mov $0xfffe, %di; mov $0x55, %al; mov $4, %cx; rep stosb; hlt");
static void test_string_wrap(void)
{
    struct rig *rig = rig_new();
    rig_real16(rig, wrap_16, wrap_16_end);
    rig_run(rig);
    CHECK_EQ(rig->cpu->reg[EDI] & 0xffff, 2);
    CHECK_EQ(rig_peek32(rig, 0x20000), 0x5555);
    CHECK_EQ(rig_peek32(rig, 0x2fffc), 0x55550000);
    rig_free(rig);
}

GUEST(big_real, "16", "mov %fs:(%ebx), %eax; hlt");
static void test_big_real_mode(void)
{
    struct rig *rig = rig_new();
    uint32_t value = 0xcafe;
    rig_real16(rig, big_real, big_real_end);
    rig_poke(rig, 0x300000, &value, 4);
    rig->cpu->seg[FS] = (struct segment){ .attr = 0x93, .limit = UINT32_MAX };
    rig->cpu->reg[EBX] = 0x300000;
    rig_run(rig);
    CHECK_EQ(rig->cpu->reg[EAX], 0xcafe);
    rig->cpu->seg[FS].limit = 0xffff;
    rig->cpu->halted = false;
    rig->cpu->eip = 0;
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), EXC_GP);
    rig_free(rig);
}

GUEST(cli_user, "32", "cli; hlt");
GUEST(popf_user, "32", "pushf; andl $~0x200, (%esp); orl $0x3000, (%esp); popf; pushf; pop %eax; ud2");
static void test_flags_of_users(void)
{
    struct rig *rig = rig_new();
    rig_flat32(rig, cli_user, cli_user_end);
    rig_user(rig);
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), EXC_GP);
    rig_flat32(rig, popf_user, popf_user_end);
    rig_user(rig);
    rig->cpu->eflags |= FLAG_IF;
    rig_run(rig);
    CHECK_EQ(rig_vector(rig), EXC_UD);
    CHECK_EQ(rig->cpu->reg[EAX] & (FLAG_IF | FLAG_IOPL), FLAG_IF);
    rig_free(rig);
}

GUEST(lds, "32", "movl $0x1234, 0x20000; movw $0x10, 0x20004; lds 0x20000, %eax; mov %ds, %ebx; hlt");
GUEST(seg_to_reg, "32", "mov $-1, %eax; mov %ds, %eax; mov $-1, %ebx; mov %ds, %bx; hlt");
GUEST(xlat, "32", "movb $0x99, 0x20007; mov $0x20000, %ebx; mov $7, %al; xlat; hlt");
GUEST(addr16, "32", "movl $0x77, 0x1234; mov $0xffff1000, %ebx; mov $0xabcd0234, %esi; mov (%bx,%si), %eax; hlt");
static void test_addresses(void)
{
    EXPECT(lds, EAX, 0x1234);
    EXPECT(lds, EBX, 0x10);
    EXPECT(seg_to_reg, EAX, 0x10);
    EXPECT(seg_to_reg, EBX, 0xffff0010);
    EXPECT(xlat, EAX, 0x99);
    EXPECT(addr16, EAX, 0x77);
}

static const struct unit_test tests[] = {
    { "register forms agree with the host", test_against_host },
    { "bit offsets reach behind the operand", test_bit_offsets },
    { "CMPXCHG8B", test_cmpxchg8b },
    { "ENTER and LEAVE, nested frames", test_enter },
    { "PUSH, POP, PUSHA, POPA", test_stack },
    { "a 16-bit stack in 32-bit code", test_16_bit_stack },
    { "a push behind the limit changes nothing", test_stack_limit },
    { "LOOP, JCXZ and 66-prefixed jumps in 16-bit code", test_flow_16 },
    { "jump targets against the limit and the operand size", test_targets },
    { "BOUND", test_bound },
    { "string instructions, repeated and overlapping", test_strings },
    { "string addresses of 16 bits wrap", test_string_wrap },
    { "big real mode", test_big_real_mode },
    { "CLI and POPF at level 3", test_flags_of_users },
    { "far pointers, selectors, XLAT, 16-bit addresses", test_addresses },
};
UNIT_MAIN("interp_ops", tests)
