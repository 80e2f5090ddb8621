/* x87: every memory form and every register form. */
#include "tests/conformance/gen.h"

/* An environment whose control word and status are likely ones; the rest is random data already. */
static void environment(struct gen *gen)
{
    uint32_t step = gen->row->size == 14 || gen->row->size == 94 ? 2 : 4;
    uint32_t fcw = (gen_random(gen) & 0xffc0) | (gen_once_in(gen, 3) ? gen_random(gen) & 0x3f : 0x3f);
    gen_poke(gen, gen->target, fcw, 2);
    gen_poke(gen, gen->target + step, gen_random(gen), 2);
    gen_poke(gen, gen->target + 2 * step, gen_random(gen), 2);
}

static void control_word(struct gen *gen)
{
    gen_poke(gen, gen->target, (gen_random(gen) & 0xffc0) | (gen_once_in(gen, 3) ? gen_random(gen) & 0x3f : 0x3f), 2);
}

// clang-format off
#define ARITH(op, size, data, what)                                              \
    { "FADD " what,  op " /0", size, data, ROW_X87 | ROW_MEM },                  \
    { "FMUL " what,  op " /1", size, data, ROW_X87 | ROW_MEM },                  \
    { "FCOM " what,  op " /2", size, data, ROW_X87 | ROW_MEM },                  \
    { "FCOMP " what, op " /3", size, data, ROW_X87 | ROW_MEM },                  \
    { "FSUB " what,  op " /4", size, data, ROW_X87 | ROW_MEM },                  \
    { "FSUBR " what, op " /5", size, data, ROW_X87 | ROW_MEM },                  \
    { "FDIV " what,  op " /6", size, data, ROW_X87 | ROW_MEM },                  \
    { "FDIVR " what, op " /7", size, data, ROW_X87 | ROW_MEM }
#define MEM(name, enc, size, data) { name, enc, size, data, ROW_X87 | ROW_MEM }
#define REG(name, enc) { name, enc, 0, D_F80, ROW_X87 }

static const struct row rows[] = {
    ARITH("D8", 4, D_F32, "m32fp"), ARITH("DC", 8, D_F64, "m64fp"), ARITH("DA", 4, D_INT, "m32int"), ARITH("DE", 2, D_INT, "m16int"),
    MEM("FLD m32fp", "D9 /0", 4, D_F32), MEM("FST m32fp", "D9 /2", 4, D_F32), MEM("FSTP m32fp", "D9 /3", 4, D_F32),
    MEM("FLD m64fp", "DD /0", 8, D_F64), MEM("FST m64fp", "DD /2", 8, D_F64), MEM("FSTP m64fp", "DD /3", 8, D_F64),
    MEM("FLD m80fp", "DB /5", 10, D_F80), MEM("FSTP m80fp", "DB /7", 10, D_F80),
    MEM("FILD m16int", "DF /0", 2, D_INT), MEM("FIST m16int", "DF /2", 2, D_INT), MEM("FISTP m16int", "DF /3", 2, D_INT),
    MEM("FILD m32int", "DB /0", 4, D_INT), MEM("FIST m32int", "DB /2", 4, D_INT), MEM("FISTP m32int", "DB /3", 4, D_INT),
    MEM("FILD m64int", "DF /5", 8, D_INT), MEM("FISTP m64int", "DF /7", 8, D_INT),
    MEM("FBLD m80bcd", "DF /4", 10, D_BCD), MEM("FBSTP m80bcd", "DF /6", 10, D_BCD),
    { "FLDCW m16",  "D9 /5", 2, D_INT, ROW_X87 | ROW_MEM, .memory = control_word },
    MEM("FNSTCW m16", "D9 /7", 2, D_INT), MEM("FNSTSW m16", "DD /7", 2, D_INT),
    { "FLDENV m28",  "D9 /4",    28, D_INT, ROW_X87 | ROW_MEM, .memory = environment },
    { "FLDENV m14",  "66 D9 /4", 14, D_INT, ROW_X87 | ROW_MEM, .memory = environment },
    { "FNSTENV m28", "D9 /6",    28, D_INT, ROW_X87 | ROW_MEM | ROW_PARTIAL },
    { "FNSTENV m14", "66 D9 /6", 14, D_INT, ROW_X87 | ROW_MEM | ROW_PARTIAL },
    { "FRSTOR m108", "DD /4",    108, D_F80, ROW_X87 | ROW_MEM, .memory = environment },
    { "FRSTOR m94",  "66 DD /4", 94, D_F80, ROW_X87 | ROW_MEM, .memory = environment },
    { "FNSAVE m108", "DD /6",    108, D_F80, ROW_X87 | ROW_MEM | ROW_PARTIAL },
    { "FNSAVE m94",  "66 DD /6", 94, D_F80, ROW_X87 | ROW_MEM | ROW_PARTIAL },

    REG("FADD ST,ST(i)", "D8 C0+r"), REG("FMUL ST,ST(i)", "D8 C8+r"), REG("FCOM ST(i)", "D8 D0+r"), REG("FCOMP ST(i)", "D8 D8+r"),
    REG("FSUB ST,ST(i)", "D8 E0+r"), REG("FSUBR ST,ST(i)", "D8 E8+r"), REG("FDIV ST,ST(i)", "D8 F0+r"), REG("FDIVR ST,ST(i)", "D8 F8+r"),
    REG("FLD ST(i)", "D9 C0+r"), REG("FXCH ST(i)", "D9 C8+r"), REG("FNOP", "D9 D0"), REG("FSTP ST(i) (D9 D8)", "D9 D8+r"),
    REG("FCHS", "D9 E0"), REG("FABS", "D9 E1"), REG("FTST", "D9 E4"), REG("FXAM", "D9 E5"),
    REG("FLD1", "D9 E8"), REG("FLDL2T", "D9 E9"), REG("FLDL2E", "D9 EA"), REG("FLDPI", "D9 EB"), REG("FLDLG2", "D9 EC"),
    REG("FLDLN2", "D9 ED"), REG("FLDZ", "D9 EE"),
    REG("F2XM1", "D9 F0"), REG("FYL2X", "D9 F1"), REG("FPTAN", "D9 F2"), REG("FPATAN", "D9 F3"), REG("FXTRACT", "D9 F4"),
    REG("FPREM1", "D9 F5"), REG("FDECSTP", "D9 F6"), REG("FINCSTP", "D9 F7"), REG("FPREM", "D9 F8"), REG("FYL2XP1", "D9 F9"),
    REG("FSQRT", "D9 FA"), REG("FSINCOS", "D9 FB"), REG("FRNDINT", "D9 FC"), REG("FSCALE", "D9 FD"), REG("FSIN", "D9 FE"), REG("FCOS", "D9 FF"),
    REG("FCMOVB ST,ST(i)", "DA C0+r"), REG("FCMOVE ST,ST(i)", "DA C8+r"), REG("FCMOVBE ST,ST(i)", "DA D0+r"), REG("FCMOVU ST,ST(i)", "DA D8+r"),
    REG("FUCOMPP", "DA E9"),
    REG("FCMOVNB ST,ST(i)", "DB C0+r"), REG("FCMOVNE ST,ST(i)", "DB C8+r"), REG("FCMOVNBE ST,ST(i)", "DB D0+r"), REG("FCMOVNU ST,ST(i)", "DB D8+r"),
    REG("FNENI", "DB E0"), REG("FNDISI", "DB E1"), REG("FNCLEX", "DB E2"), REG("FNINIT", "DB E3"), REG("FNSETPM", "DB E4"),
    REG("FUCOMI ST,ST(i)", "DB E8+r"), REG("FCOMI ST,ST(i)", "DB F0+r"),
    REG("FADD ST(i),ST", "DC C0+r"), REG("FMUL ST(i),ST", "DC C8+r"), REG("FCOM ST(i) (DC D0)", "DC D0+r"), REG("FCOMP ST(i) (DC D8)", "DC D8+r"),
    REG("FSUBR ST(i),ST", "DC E0+r"), REG("FSUB ST(i),ST", "DC E8+r"), REG("FDIVR ST(i),ST", "DC F0+r"), REG("FDIV ST(i),ST", "DC F8+r"),
    REG("FFREE ST(i)", "DD C0+r"), REG("FXCH ST(i) (DD C8)", "DD C8+r"), REG("FST ST(i)", "DD D0+r"), REG("FSTP ST(i)", "DD D8+r"),
    REG("FUCOM ST(i)", "DD E0+r"), REG("FUCOMP ST(i)", "DD E8+r"),
    REG("FADDP ST(i),ST", "DE C0+r"), REG("FMULP ST(i),ST", "DE C8+r"), REG("FCOMP ST(i) (DE D0)", "DE D0+r"), REG("FCOMPP", "DE D9"),
    REG("FSUBRP ST(i),ST", "DE E0+r"), REG("FSUBP ST(i),ST", "DE E8+r"), REG("FDIVRP ST(i),ST", "DE F0+r"), REG("FDIVP ST(i),ST", "DE F8+r"),
    REG("FFREEP ST(i)", "DF C0+r"), REG("FXCH ST(i) (DF C8)", "DF C8+r"), REG("FSTP ST(i) (DF D0)", "DF D0+r"), REG("FSTP ST(i) (DF D8)", "DF D8+r"),
    REG("FNSTSW AX", "DF E0"), REG("FUCOMIP ST,ST(i)", "DF E8+r"), REG("FCOMIP ST,ST(i)", "DF F0+r"),
    REG("FWAIT", "9B"),
    MEM("(D9 /1)", "D9 /1", 4, D_INT), MEM("(DB /4)", "DB /4", 4, D_INT), MEM("(DB /6)", "DB /6", 4, D_INT), MEM("(DD /5)", "DD /5", 4, D_INT),
    REG("(D9 D1)", "D9 D1"), REG("(D9 E2)", "D9 E2"), REG("(D9 E6)", "D9 E6"), REG("(D9 EF)", "D9 EF"), REG("(DA E0+i)", "DA E0+r"),
    REG("(DA F0+i)", "DA F0+r"), REG("(DA F8+i)", "DA F8+r"), REG("(DB E5)", "DB E5"), REG("(DB F8+i)", "DB F8+r"), REG("(DD F0+i)", "DD F0+r"),
    REG("(DD F8+i)", "DD F8+r"), REG("(DE D8)", "DE D8"), REG("(DF E1)", "DF E1"), REG("(DF F8+i)", "DF F8+r"),
};
// clang-format on

const struct row_table rows_x87 = { "x87", rows, sizeof rows / sizeof rows[0] };
