/* x87: opcodes D8 to DF and WAIT. Arithmetic runs on the host (hostfp.c); what moves the state itself, or looks at
 * it without waiting for exceptions, is done here. */
#include "core/cpu/access.h"
#include "core/cpu/cpuid.h"
#include "core/cpu/fpu.h"
#include "core/cpu/interp/hostfp.h"
#include "core/cpu/interp/insn.h"
#include "core/cpu/interp/x87.h"

#include <string.h>

/* ---- the control instructions ---- */

static void check_device(struct cpu *cpu)
{
    fpu_home(cpu);
    if (cpu->cr0 & (CR0_EM | CR0_TS))
        cpu_raise(cpu, EXC_NM);
}

static void fldcw(struct cpu *cpu, const struct insn *insn)
{
    check_device(cpu);
    if (!x87_wait(cpu, true))
        return;
    cpu->fx.fcw = (uint16_t)((ld16(cpu, insn->seg, insn_address(cpu, insn)) & 0x1f3f) | 0x40);
    x87_update_summary(&cpu->fx);
}

static void fnstcw(struct cpu *cpu, const struct insn *insn)
{
    check_device(cpu);
    st16(cpu, insn->seg, insn_address(cpu, insn), cpu->fx.fcw);
}

static void fnstsw(struct cpu *cpu, const struct insn *insn)
{
    check_device(cpu);
    if (insn->mod == 3)
        cpu->reg[EAX] = (cpu->reg[EAX] & 0xffff0000) | cpu->fx.fsw;
    else
        st16(cpu, insn->seg, insn_address(cpu, insn), cpu->fx.fsw);
}

static void fnclex(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    check_device(cpu);
    cpu->fx.fsw &= (uint16_t) ~(FSW_EXCEPTIONS | FSW_SF | FSW_ES | FSW_B);
}

static void fninit(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    check_device(cpu);
    x87_init(&cpu->fx);
}

/* FNENI, FNDISI, FNSETPM: meant something to an 8087 or a 287, nothing to a 387 and its successors. */
static void fnop287(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    check_device(cpu);
}

static void fnstenv(struct cpu *cpu, const struct insn *insn)
{
    check_device(cpu);
    uint8_t image[X87_ENV_MAX];
    x87_env_store(&cpu->fx, insn->opsize, cpu_protected(cpu), image);
    stn(cpu, insn->seg, insn_address(cpu, insn), image, x87_env_size(insn->opsize), 1);
    cpu->fx.fcw |= FSW_EXCEPTIONS;
    x87_update_summary(&cpu->fx);
}

static void fldenv(struct cpu *cpu, const struct insn *insn)
{
    check_device(cpu);
    if (!x87_wait(cpu, true))
        return;
    uint8_t image[X87_ENV_MAX];
    ldn(cpu, insn->seg, insn_address(cpu, insn), image, x87_env_size(insn->opsize), 1);
    x87_env_load(&cpu->fx, insn->opsize, cpu_protected(cpu), image);
}

static void fnsave(struct cpu *cpu, const struct insn *insn)
{
    check_device(cpu);
    uint8_t image[X87_ENV_MAX + 80];
    uint32_t env = x87_env_size(insn->opsize);
    x87_env_store(&cpu->fx, insn->opsize, cpu_protected(cpu), image);
    for (unsigned i = 0; i < 8; i++)
        memcpy(image + env + 10 * i, cpu->fx.st[i], 10);
    stn(cpu, insn->seg, insn_address(cpu, insn), image, env + 80, 1);
    x87_init(&cpu->fx);
}

static void frstor(struct cpu *cpu, const struct insn *insn)
{
    check_device(cpu);
    if (!x87_wait(cpu, true))
        return;
    uint8_t image[X87_ENV_MAX + 80];
    uint32_t env = x87_env_size(insn->opsize);
    ldn(cpu, insn->seg, insn_address(cpu, insn), image, env + 80, 1);
    x87_env_load(&cpu->fx, insn->opsize, cpu_protected(cpu), image);
    for (unsigned i = 0; i < 8; i++)
        memcpy(cpu->fx.st[i], image + env + 10 * i, 10);
}

static void fwait(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    fpu_home(cpu);
    if ((cpu->cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
        cpu_raise(cpu, EXC_NM);
    x87_wait(cpu, true);
}

/* ---- everything else ---- */

/* Memory forms by opcode and ModRM.reg: a load or a store of so many bytes, or a handler. Neither: undefined. */
struct memory_form {
    uint8_t load, store;
    insn_fn control;
};

#define L(bytes)        \
    {                   \
        .load = (bytes) \
    }
#define S(bytes)         \
    {                    \
        .store = (bytes) \
    }
#define C(fn)           \
    {                   \
        .control = (fn) \
    }
#define U \
    {     \
        0 \
    }
// clang-format off
static const struct memory_form memory_forms[8][8] = {
    /*        /0     /1    /2    /3    /4         /5        /6         /7 */
    /* D8 */ { L(4), L(4), L(4), L(4), L(4),      L(4),     L(4),      L(4) },       /* FADD..FDIVR m32fp */
    /* D9 */ { L(4), U,    S(4), S(4), C(fldenv), C(fldcw), C(fnstenv), C(fnstcw) }, /* FLD FST FSTP m32fp */
    /* DA */ { L(4), L(4), L(4), L(4), L(4),      L(4),     L(4),      L(4) },       /* FIADD..FIDIVR m32int */
    /* DB */ { L(4), S(4), S(4), S(4), U,         L(10),    U,         S(10) },      /* FILD FISTTP FIST FISTP m32int, FLD FSTP m80fp */
    /* DC */ { L(8), L(8), L(8), L(8), L(8),      L(8),     L(8),      L(8) },       /* FADD..FDIVR m64fp */
    /* DD */ { L(8), S(8), S(8), S(8), C(frstor), U,        C(fnsave), C(fnstsw) },  /* FLD m64fp, FISTTP m64int, FST FSTP m64fp */
    /* DE */ { L(2), L(2), L(2), L(2), L(2),      L(2),     L(2),      L(2) },       /* FIADD..FIDIVR m16int */
    /* DF */ { L(2), S(2), S(2), S(2), L(10),     L(8),     S(10),     S(8) },       /* FILD FISTTP FIST FISTP m16int, FBLD, FILD m64int, FBSTP, FISTP m64int */
};
// clang-format on
#undef L
#undef S
#undef C
#undef U

/* Register forms that the host may run: a bit for each ModRM byte C0h + n. The undocumented aliases of FCOM, FXCH and
 * FSTP (D9 D8, DC D0, DC D8, DD C8, DE D0, DF C8-DF) and FFREEP (DF C0) exist on every processor since the 387. */
#define ROW(n) (0xffull << 8 * (n)) /* all of ModRM.reg = n */
#define ONE(modrm) (1ull << ((modrm)-0xc0))
static const uint64_t register_forms[8] = {
    /* D8 */ ~0ull,
    /* D9 */ ROW(0) | ROW(1) | ONE(0xd0) | ROW(3) | ONE(0xe0) | ONE(0xe1) | ONE(0xe4) | ONE(0xe5) | (0x7full << 40) |
        ROW(6) | ROW(7),
    /* DA */ ROW(0) | ROW(1) | ROW(2) | ROW(3) | ONE(0xe9),
    /* DB */ ROW(0) | ROW(1) | ROW(2) | ROW(3) | ROW(5) | ROW(6),
    /* DC */ ~0ull,
    /* DD */ ROW(0) | ROW(1) | ROW(2) | ROW(3) | ROW(4) | ROW(5),
    /* DE */ ROW(0) | ROW(1) | ROW(2) | ONE(0xd9) | ROW(4) | ROW(5) | ROW(6) | ROW(7),
    /* DF */ ROW(0) | ROW(1) | ROW(2) | ROW(3) | ROW(5) | ROW(6),
};

/* Register forms that are control instructions. */
static const struct {
    uint8_t opcode, modrm;
    insn_fn control;
} register_controls[] = {
    { 0xdb, 0xe0, fnop287 }, /* FNENI */
    { 0xdb, 0xe1, fnop287 }, /* FNDISI */
    { 0xdb, 0xe2, fnclex },
    { 0xdb, 0xe3, fninit },
    { 0xdb, 0xe4, fnop287 }, /* FNSETPM */
    { 0xdf, 0xe0, fnstsw },
};

bool x87_form_of(const struct insn *insn, struct x87_form *form)
{
    unsigned opcode = insn->opcode & 7;
    *form = (struct x87_form){ .notes = true };
    if (insn->mod == 3) {
        if (register_forms[opcode] >> (insn->modrm - 0xc0) & 1)
            return true;
        form->notes = false;
        return insn->opcode == 0xdf && insn->modrm == 0xe0; /* FNSTSW AX */
    }
    const struct memory_form *memory = &memory_forms[opcode][insn->reg];
    form->load = memory->load;
    form->store = memory->store;
    if (memory->control) {
        form->notes = false;
        form->load = memory->control == fldcw ? 2 : 0;
        form->store = memory->control == fnstcw || memory->control == fnstsw ? 2 : 0;
    }
    return form->load || form->store;
}

/* FCMOVcc reads flags; FCOMI, FUCOMI and their popping forms write them. */
static uint32_t flags_kind(const struct insn *insn)
{
    bool fcmov = (insn->opcode == 0xda || insn->opcode == 0xdb) && insn->reg < 4;
    bool fcomi = (insn->opcode == 0xdb || insn->opcode == 0xdf) && (insn->reg == 5 || insn->reg == 6);
    return fcmov || fcomi ? HOSTFP_FLAGS : 0;
}

/* FXRSTOR of the snippet must not fault: a state that came from a file may have any MXCSR. */
static void state_sanitize(struct fxstate *fx)
{
    fx->mxcsr &= 0xffff;
}

/* The instruction's addresses, which stay ours: the host's own are those of the snippet. */
static void note_instruction(struct cpu *cpu, const struct insn *insn)
{
    cpu->fx.fip = cpu->insn_eip;
    cpu->fx.fcs = cpu->seg[CS].selector;
    cpu->fx.fop = (uint16_t)((insn->opcode & 7) << 8 | insn->modrm);
}

/* Exceptions that pend here are ignored (IGNNE#): the host must not see them, and they go on pending. Returns the
 * unmasked ones that the instruction raised. */
static uint32_t run_on_host(hostfp_fn fn, struct hostfp_frame *frame, struct fxstate *from, struct fxstate *to)
{
    uint16_t ignored = (uint16_t)x87_pending(from);
    if (!ignored) {
        fn(frame, from, to);
        return x87_pending(to);
    }
    from->fsw &= (uint16_t)~ignored;
    x87_update_summary(from);
    fn(frame, from, to);
    uint32_t raised = x87_pending(to);
    from->fsw |= ignored;
    to->fsw |= ignored;
    x87_update_summary(from);
    x87_update_summary(to);
    return raised;
}

static void x87_register(struct cpu *cpu, const struct insn *insn)
{
    if (!(register_forms[insn->opcode & 7] >> (insn->modrm - 0xc0) & 1)) {
        for (unsigned i = 0; i < sizeof register_controls / sizeof register_controls[0]; i++)
            if (register_controls[i].opcode == insn->opcode && register_controls[i].modrm == insn->modrm) {
                register_controls[i].control(cpu, insn);
                return;
            }
        cpu_raise(cpu, EXC_UD);
    }
    check_device(cpu);
    if (!x87_wait(cpu, true))
        return;
    struct fxstate *fx = &cpu->fx;
    struct hostfp_frame *frame = hostfp_frame(cpu->hostfp);
    uint32_t flags = flags_kind(insn), fdp = fx->fdp;
    uint16_t fds = fx->fds;
    if (flags)
        frame->eflags = (cpu->eflags & FLAGS_ARITH) | 2;
    state_sanitize(fx);
    run_on_host(
        hostfp_snippet(cpu->hostfp, HOSTFP_KEY(HOSTFP_X87 | flags, insn->opcode, insn->modrm, 0)), frame, fx, fx);
    if (flags)
        cpu->eflags = (cpu->eflags & ~FLAGS_ARITH) | ((uint32_t)frame->eflags & FLAGS_ARITH);
    fx->fdp = fdp;
    fx->fds = fds;
    note_instruction(cpu, insn);
}

static void operand_load(struct cpu *cpu, const struct insn *insn, uint32_t ea, uint32_t bytes, uint8_t *to)
{
    uint64_t value;
    switch (bytes) {
    case 2: value = ld16(cpu, insn->seg, ea); break;
    case 4: value = ld32(cpu, insn->seg, ea); break;
    case 8: value = ld64(cpu, insn->seg, ea); break;
    default: ldn(cpu, insn->seg, ea, to, bytes, 1); return;
    }
    memcpy(to, &value, 8);
}

static void operand_store(struct cpu *cpu, const struct insn *insn, uint32_t ea, uint32_t bytes, const uint8_t *from)
{
    uint64_t value;
    memcpy(&value, from, 8);
    switch (bytes) {
    case 2: st16(cpu, insn->seg, ea, (uint16_t)value); break;
    case 4: st32(cpu, insn->seg, ea, (uint32_t)value); break;
    case 8: st64(cpu, insn->seg, ea, value); break;
    default: stn(cpu, insn->seg, ea, from, bytes, 1);
    }
}

static void x87_memory(struct cpu *cpu, const struct insn *insn)
{
    const struct memory_form *form = &memory_forms[insn->opcode & 7][insn->reg];
    if (form->control) {
        form->control(cpu, insn);
        return;
    }
    if (!form->load && !form->store)
        cpu_raise(cpu, EXC_UD);
    check_device(cpu);
    if (!x87_wait(cpu, true))
        return;
    struct hostfp_frame *frame = hostfp_frame(cpu->hostfp);
    hostfp_fn fn = hostfp_snippet(cpu->hostfp, HOSTFP_KEY(HOSTFP_X87, insn->opcode, insn->reg << 3 | 7, 0));
    uint32_t ea = insn_address(cpu, insn);
    state_sanitize(&cpu->fx);
    if (form->load) {
        operand_load(cpu, insn, ea, form->load, frame->operand);
        run_on_host(fn, frame, &cpu->fx, &cpu->fx);
    } else {
        struct fxstate after; /* the register state changes only if the store does not fault */
        uint32_t raised = run_on_host(fn, frame, &cpu->fx, &after);
        /* Any unmasked exception but precision leaves the destination as it was (SDM vol. 1, 8.5). */
        if (!(raised & ~FSW_PE))
            operand_store(cpu, insn, ea, form->store, frame->operand);
        else
            probe_write(cpu, insn->seg, ea, form->store);
        memcpy(&cpu->fx, &after, offsetof(struct fxstate, reserved3));
    }
    cpu->fx.fdp = ea;
    cpu->fx.fds = cpu->seg[insn->seg].selector;
    note_instruction(cpu, insn);
}

static void x87(struct cpu *cpu, const struct insn *insn)
{
    if (insn->mod == 3)
        x87_register(cpu, insn);
    else
        x87_memory(cpu, insn);
    x87_ferr_update(cpu);
}

#define FISTTP(op)                                                \
    {                                                             \
        MAP_1BYTE, op, op, 1, OP_MEM, CPUID_FPU | CPUID_SSE3, x87 \
    }
static const struct op_row rows[] = {
    { MAP_1BYTE, 0x9b, 0x9b, -1, 0, 0, fwait },
    FISTTP(0xdb),
    FISTTP(0xdd),
    FISTTP(0xdf),
    { MAP_1BYTE, 0xd8, 0xdf, -1, 0, CPUID_FPU, x87 },
};

const struct op_table ops_x87 = { rows, sizeof rows / sizeof rows[0] };
