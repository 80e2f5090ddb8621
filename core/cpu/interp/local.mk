core_libcore_a_SOURCES += \
	core/cpu/interp/decode.c \
	core/cpu/interp/decode.h \
	core/cpu/interp/flags.h \
	core/cpu/interp/insn.h \
	core/cpu/interp/interp.c \
	core/cpu/interp/interp.h \
	core/cpu/interp/news.c \
	core/cpu/interp/operand.h \
	core/cpu/interp/ops_alu.c \
	core/cpu/interp/ops_bcd.c \
	core/cpu/interp/ops_bits.c \
	core/cpu/interp/ops_flag.c \
	core/cpu/interp/ops_flow.c \
	core/cpu/interp/ops_move.c \
	core/cpu/interp/ops_muldiv.c \
	core/cpu/interp/ops_shift.c \
	core/cpu/interp/ops_stack.c \
	core/cpu/interp/ops_string.c \
	core/cpu/interp/optable.c \
	core/cpu/interp/runs.c \
	core/cpu/interp/runs.h \
	core/cpu/interp/stack_ops.h
