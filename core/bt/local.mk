core_libcore_a_SOURCES += \
	core/bt/bt.h \
	core/bt/cache.c \
	core/bt/debug.c \
	core/bt/emit.c \
	core/bt/emit.h \
	core/bt/exec.c \
	core/bt/exits.c \
	core/bt/fault.c \
	core/bt/flow.c \
	core/bt/fp.c \
	core/bt/forms.c \
	core/bt/internal.h \
	core/bt/liveness.c \
	core/bt/mode.c \
	core/bt/operand.c \
	core/bt/plan.c \
	core/bt/rows.c \
	core/bt/run.c \
	core/bt/stats.c \
	core/bt/stubs.c \
	core/bt/symbols.c \
	core/bt/symbols.h \
	core/bt/trace.c \
	core/bt/trace.h \
	core/bt/translate.c \
	core/bt/unit.c \
	core/bt/xlat.h
