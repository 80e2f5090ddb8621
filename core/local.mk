include core/config/local.mk
include core/plugin/local.mk
include core/machine/local.mk
include core/cpu/local.mk
include core/mem/local.mk
include core/vmm/local.mk
include core/boot/local.mk
include core/cli/local.mk
