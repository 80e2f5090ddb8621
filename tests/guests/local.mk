# Small guests of ours, and real ones that boot.
guest_tests = \
	tests/guests/bios.sh \
	tests/guests/boots.sh \
	tests/guests/control.sh \
	tests/guests/crowd.sh \
	tests/guests/daq.sh \
	tests/guests/debian.sh \
	tests/guests/disk-live.sh \
	tests/guests/disk.sh \
	tests/guests/diskette.sh \
	tests/guests/dos.sh \
	tests/guests/endings.sh \
	tests/guests/firmware.sh \
	tests/guests/hostile.sh \
	tests/guests/installer.sh \
	tests/guests/linux-686-pae.sh \
	tests/guests/linux-686.sh \
	tests/guests/media.sh \
	tests/guests/net-boot.sh \
	tests/guests/net-e1000.sh \
	tests/guests/net-ne2000.sh \
	tests/guests/net-ne2k-pci.sh \
	tests/guests/net-nat.sh \
	tests/guests/net-pcnet.sh \
	tests/guests/net-switch.sh \
	tests/guests/net-tap.sh \
	tests/guests/net-virtio-legacy.sh \
	tests/guests/net-virtio.sh \
	tests/guests/optimize.sh \
	tests/guests/plug.sh \
	tests/guests/system-loose.sh \
	tests/guests/system-soft.sh \
	tests/guests/system-stress.sh \
	tests/guests/system-windows.sh \
	tests/guests/system.sh
TESTS += $(guest_tests)
EXTRA_DIST += $(guest_tests) tests/guests/fetch-files tests/guests/fetch-linux tests/guests/free-ports \
	tests/guests/guest-initrd tests/guests/guest.bash tests/guests/init tests/guests/linux.bash tests/guests/make-debian \
	tests/guests/media.bash tests/guests/net-peer tests/guests/net.bash

# The guest of system-level checks: a freestanding 32-bit program, run by tests/unit/test_system_guest.c.
system_guest = tests/guests/system/system.elf
system_guest_cc = -m32 -march=i586 -std=gnu11 -O1 -Wall -Wextra -ffreestanding -fno-pic -fno-pie -fno-stack-protector \
	-fcf-protection=none -mgeneral-regs-only -fno-asynchronous-unwind-tables
system_guest_ld = -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack \
	-Wl,-T,$(abs_top_srcdir)/tests/guests/system/system.ld
system_guest_srcs = \
	tests/guests/system/boot.S \
	tests/guests/system/checks_debug.c \
	tests/guests/system/checks_gate.c \
	tests/guests/system/checks_interrupt.c \
	tests/guests/system/checks_paging.c \
	tests/guests/system/checks_privilege.c \
	tests/guests/system/checks_real.c \
	tests/guests/system/checks_segment.c \
	tests/guests/system/checks_task.c \
	tests/guests/system/checks_transfer.c \
	tests/guests/system/checks_v86.c \
	tests/guests/system/guest.c
system_guest_hdrs = tests/guests/system/guest.h tests/guests/system/layout.h
EXTRA_DIST += $(system_guest_srcs) $(system_guest_hdrs) tests/guests/system/system.ld
EXTRA_DIST += tests/guests/system/cross-qemu tests/guests/system/qemu-7.2.txt
CLEANFILES += $(system_guest)
$(system_guest): $(system_guest_srcs) $(system_guest_hdrs) tests/guests/system/system.ld
	$(AM_V_CCLD)$(MKDIR_P) tests/guests/system && cd $(srcdir) && $(CC) $(system_guest_cc) $(system_guest_ld) \
		-o $(abs_builddir)/$@ $(system_guest_srcs)

# A guest that means harm, and what is laid around the monitor to see whether it does any.
hostile_guest = tests/guests/hostile/hostile.elf
hostile_guest_srcs = tests/guests/hostile/boot.S tests/guests/hostile/forms.c tests/guests/hostile/hostile.c
hostile_canary = tests/guests/hostile/canary.so
EXTRA_DIST += $(hostile_guest_srcs) tests/guests/hostile/hostile.h tests/guests/hostile/canary.c
CLEANFILES += $(hostile_guest) $(hostile_canary)
$(hostile_guest): $(hostile_guest_srcs) tests/guests/hostile/hostile.h tests/guests/system/system.ld
	$(AM_V_CCLD)$(MKDIR_P) tests/guests/hostile && cd $(srcdir) && $(CC) $(system_guest_cc) $(system_guest_ld) \
		-o $(abs_builddir)/$@ $(hostile_guest_srcs)
$(hostile_canary): tests/guests/hostile/canary.c
	$(AM_V_CCLD)$(MKDIR_P) tests/guests/hostile && $(CC) -shared -fPIC -O2 -Wall -Wextra -o $@ \
		$(srcdir)/tests/guests/hostile/canary.c
check_DATA += $(hostile_guest) $(hostile_canary)

# A diskette with checks of BIOS services, for tests/guests/bios.sh.
bios_guest = tests/guests/bios/boot.img
EXTRA_DIST += tests/guests/bios/boot.S
CLEANFILES += $(bios_guest) $(bios_guest:.img=.elf)
check_DATA += $(bios_guest)
$(bios_guest): tests/guests/bios/boot.S
	$(AM_V_GEN)$(MKDIR_P) tests/guests/bios && $(CC) -m32 -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-Ttext=0x7c00 \
		-o $(@:.img=.elf) $(srcdir)/tests/guests/bios/boot.S && $(OBJCOPY) -O binary -j .text $(@:.img=.elf) $@

# A plugin with wrong hints, for tests/guests/optimize.sh.
guess_plugin = tests/guests/guess/guess.so
EXTRA_DIST += tests/guests/guess/guess.c
CLEANFILES += $(guess_plugin)
check_DATA += $(guess_plugin)
$(guess_plugin): tests/guests/guess/guess.c
	$(AM_V_CCLD)$(MKDIR_P) tests/guests/guess && $(CC) -I$(top_srcdir)/sdk/include $(CFLAGS) $(WARN_CFLAGS) -std=gnu11 -fPIC \
		-fvisibility=hidden -shared -o $@ $(srcdir)/tests/guests/guess/guess.c
# A diskette with programs for real mode, for tests/guests/dos.sh.
dos_guest = tests/guests/dos/boot.img
EXTRA_DIST += tests/guests/dos/boot.S
CLEANFILES += $(dos_guest) $(dos_guest:.img=.elf)
check_DATA += $(dos_guest)
$(dos_guest): tests/guests/dos/boot.S
	$(AM_V_GEN)$(MKDIR_P) tests/guests/dos && $(CC) -m32 -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-Ttext=0 \
		-o $(@:.img=.elf) $(srcdir)/tests/guests/dos/boot.S && $(OBJCOPY) -O binary -j .text $(@:.img=.elf) $@

# The analog input of the SDK's samples, used by a program in a guest.
EXTRA_DIST += tests/guests/daq/daq_user.c
