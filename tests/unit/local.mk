# One program a file: add it to check_PROGRAMS and TESTS, give it UNIT_CPPFLAGS, UNIT_CFLAGS, UNIT_LIBS.

check_PROGRAMS += tests/unit/test_mem tests/unit/test_walk
TESTS += tests/unit/test_mem tests/unit/test_walk
tests_unit_test_mem_SOURCES = tests/unit/test_mem.c
tests_unit_test_mem_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_mem_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_mem_LDADD = $(UNIT_LIBS)
tests_unit_test_walk_SOURCES = tests/unit/test_walk.c
tests_unit_test_walk_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_walk_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_walk_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_boot tests/unit/acpi_dump
TESTS += tests/unit/test_boot tests/unit/acpi.sh
EXTRA_DIST += tests/unit/acpi.sh
tests_unit_test_boot_SOURCES = tests/unit/test_boot.c tests/unit/bootcase.c tests/unit/bootcase.h
tests_unit_test_boot_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_boot_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_boot_LDADD = $(UNIT_LIBS)
tests_unit_acpi_dump_SOURCES = tests/unit/acpi_dump.c tests/unit/bootcase.c tests/unit/bootcase.h
tests_unit_acpi_dump_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_acpi_dump_CFLAGS = $(UNIT_CFLAGS)
tests_unit_acpi_dump_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_firmware
TESTS += tests/unit/test_firmware
tests_unit_test_firmware_SOURCES = tests/unit/test_firmware.c tests/unit/bootcase.c tests/unit/bootcase.h
tests_unit_test_firmware_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_firmware_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_firmware_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_interp
TESTS += tests/unit/test_interp
tests_unit_test_interp_SOURCES = tests/unit/test_interp.c
tests_unit_test_interp_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_interp_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_interp_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_config tests/unit/test_config_errors tests/unit/test_config_files tests/unit/test_config_show
TESTS += tests/unit/test_config tests/unit/test_config_errors tests/unit/test_config_files tests/unit/test_config_show
CONFIG_RIG = tests/unit/config_rig.c tests/unit/config_rig.h tests/unit/config_fixture.c tests/unit/config_fixture.h
tests_unit_test_config_SOURCES = tests/unit/test_config.c $(CONFIG_RIG)
tests_unit_test_config_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_config_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_config_LDADD = $(UNIT_LIBS)
tests_unit_test_config_files_SOURCES = tests/unit/test_config_files.c $(CONFIG_RIG)
tests_unit_test_config_files_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_config_files_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_config_files_LDADD = $(UNIT_LIBS)
tests_unit_test_config_show_SOURCES = tests/unit/test_config_show.c $(CONFIG_RIG)
tests_unit_test_config_show_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_config_show_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_config_show_LDADD = $(UNIT_LIBS)
tests_unit_test_config_errors_SOURCES = tests/unit/test_config_errors.c tests/unit/config_errors.h \
	tests/unit/config_errors_text.c tests/unit/config_errors_keys.c tests/unit/config_errors_devices.c \
	tests/unit/config_errors_buses.c tests/unit/config_errors_irqs.c tests/unit/config_errors_backends.c \
	tests/unit/config_errors_merge.c \
	tests/unit/config_fixture.c tests/unit/config_fixture.h
tests_unit_test_config_errors_CPPFLAGS = $(UNIT_CPPFLAGS) -DABBEY_CONFIG_DIR='"$(configdir)"'
tests_unit_test_config_errors_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_config_errors_LDADD = $(UNIT_LIBS)
# The Linux host plugin, loaded as the core would, without the core.
HOST_RIG_LIBS = tests/unit/libunit.a $(CUNIT_LIBS)
check_PROGRAMS += tests/unit/test_host_mem
TESTS += tests/unit/test_host_mem
tests_unit_test_host_mem_SOURCES = tests/unit/test_host_mem.c tests/unit/host_rig.c tests/unit/host_rig.h
tests_unit_test_host_mem_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_host_mem_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_host_mem_LDADD = $(HOST_RIG_LIBS)
check_PROGRAMS += tests/unit/test_host_fault
TESTS += tests/unit/test_host_fault
tests_unit_test_host_fault_SOURCES = tests/unit/test_host_fault.c tests/unit/host_rig.c tests/unit/host_rig.h
tests_unit_test_host_fault_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_host_fault_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_host_fault_LDADD = $(HOST_RIG_LIBS)
check_PROGRAMS += tests/unit/test_host_event
TESTS += tests/unit/test_host_event
tests_unit_test_host_event_SOURCES = tests/unit/test_host_event.c tests/unit/host_rig.c tests/unit/host_rig.h
tests_unit_test_host_event_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_host_event_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_host_event_LDADD = $(HOST_RIG_LIBS)
check_PROGRAMS += tests/unit/test_host_char
TESTS += tests/unit/test_host_char
tests_unit_test_host_char_SOURCES = tests/unit/test_host_char.c tests/unit/host_rig.c tests/unit/host_rig.h
tests_unit_test_host_char_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_host_char_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_host_char_LDADD = $(HOST_RIG_LIBS)
check_PROGRAMS += tests/unit/test_host_stdio
TESTS += tests/unit/test_host_stdio
tests_unit_test_host_stdio_SOURCES = tests/unit/test_host_stdio.c tests/unit/host_rig.c tests/unit/host_rig.h
tests_unit_test_host_stdio_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_host_stdio_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_host_stdio_LDADD = $(HOST_RIG_LIBS)

# The manual of machine files, the shipped machines, and `abbey config` with the real plugins.
EXTRA_DIST += tests/unit/test_machine_files.sh
TESTS += tests/unit/test_machine_files.sh

check_PROGRAMS += tests/unit/test_plugins
TESTS += tests/unit/test_plugins
tests_unit_test_plugins_SOURCES = tests/unit/test_plugins.c
tests_unit_test_plugins_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_plugins_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_plugins_LDADD = $(UNIT_LIBS)

# Every device plugin on the plugin path, on the bench.
check_PROGRAMS += tests/unit/test_every_device
TESTS += tests/unit/test_every_device
tests_unit_test_every_device_SOURCES = tests/unit/test_every_device.c
tests_unit_test_every_device_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_every_device_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_every_device_LDADD = sdk/bench/libbench.a $(UNIT_LIBS)

# The board, through a device that does as it is told.
check_PROGRAMS += tests/unit/test_board tests/unit/test_board_pci tests/unit/test_board_state
TESTS += tests/unit/test_board tests/unit/test_board_pci tests/unit/test_board_state
tests_unit_test_board_SOURCES = tests/unit/test_board.c tests/unit/probe.c tests/unit/probe.h
tests_unit_test_board_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_board_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_board_LDADD = sdk/bench/libbench.a $(UNIT_LIBS)
tests_unit_test_board_pci_SOURCES = tests/unit/test_board_pci.c
tests_unit_test_board_pci_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_board_pci_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_board_pci_LDADD = sdk/bench/libbench.a $(UNIT_LIBS)
tests_unit_test_board_state_SOURCES = tests/unit/test_board_state.c tests/unit/probe.c tests/unit/probe.h
tests_unit_test_board_state_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_board_state_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_board_state_LDADD = sdk/bench/libbench.a $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_interp_ops
TESTS += tests/unit/test_interp_ops
tests_unit_test_interp_ops_SOURCES = tests/unit/test_interp_ops.c
tests_unit_test_interp_ops_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_interp_ops_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_interp_ops_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_system_guest
TESTS += tests/unit/test_system_guest
tests_unit_test_system_guest_SOURCES = tests/unit/test_system_guest.c
tests_unit_test_system_guest_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_system_guest_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_system_guest_LDADD = $(UNIT_LIBS)
EXTRA_tests_unit_test_system_guest_DEPENDENCIES = $(system_guest)
check_PROGRAMS += tests/unit/test_x87
TESTS += tests/unit/test_x87
tests_unit_test_x87_SOURCES = tests/unit/test_x87.c
tests_unit_test_x87_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_x87_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_x87_LDADD = $(UNIT_LIBS) -lm

check_PROGRAMS += tests/unit/test_interp_events
TESTS += tests/unit/test_interp_events
tests_unit_test_interp_events_SOURCES = tests/unit/test_interp_events.c
tests_unit_test_interp_events_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_interp_events_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_interp_events_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_cpuid
TESTS += tests/unit/test_cpuid
tests_unit_test_cpuid_SOURCES = tests/unit/test_cpuid.c
tests_unit_test_cpuid_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_cpuid_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_cpuid_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_bt_regressions
TESTS += tests/unit/test_bt_regressions
tests_unit_test_bt_regressions_SOURCES = tests/unit/test_bt_regressions.c
tests_unit_test_bt_regressions_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bt_regressions_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_bt_regressions_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_bt_smc
TESTS += tests/unit/test_bt_smc
tests_unit_test_bt_smc_SOURCES = tests/unit/test_bt_smc.c
tests_unit_test_bt_smc_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bt_smc_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_bt_smc_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_decode
TESTS += tests/unit/test_decode
tests_unit_test_decode_SOURCES = tests/unit/test_decode.c
tests_unit_test_decode_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_decode_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_decode_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_bt_hints
TESTS += tests/unit/test_bt_hints
tests_unit_test_bt_hints_SOURCES = tests/unit/test_bt_hints.c
tests_unit_test_bt_hints_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bt_hints_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_bt_hints_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_guest
TESTS += tests/unit/test_guest
tests_unit_test_guest_SOURCES = tests/unit/test_guest.c
tests_unit_test_guest_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_guest_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_guest_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_guest_linux
TESTS += tests/unit/test_guest_linux
tests_unit_test_guest_linux_SOURCES = tests/unit/test_guest_linux.c
tests_unit_test_guest_linux_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_guest_linux_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_guest_linux_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_statistics
TESTS += tests/unit/test_statistics
tests_unit_test_statistics_SOURCES = tests/unit/test_statistics.c
tests_unit_test_statistics_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_statistics_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_statistics_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_vram
TESTS += tests/unit/test_vram
tests_unit_test_vram_SOURCES = tests/unit/test_vram.c
tests_unit_test_vram_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_vram_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_vram_LDADD = sdk/bench/libbench.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_bt_trace
TESTS += tests/unit/test_bt_trace
tests_unit_test_bt_trace_SOURCES = tests/unit/test_bt_trace.c
tests_unit_test_bt_trace_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bt_trace_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_bt_trace_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_bt_modes
TESTS += tests/unit/test_bt_modes
tests_unit_test_bt_modes_SOURCES = tests/unit/test_bt_modes.c
tests_unit_test_bt_modes_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bt_modes_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_bt_modes_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_bt_table
TESTS += tests/unit/test_bt_table
tests_unit_test_bt_table_SOURCES = tests/unit/test_bt_table.c
tests_unit_test_bt_table_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bt_table_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_bt_table_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_bt_switches
TESTS += tests/unit/test_bt_switches
tests_unit_test_bt_switches_SOURCES = tests/unit/test_bt_switches.c
tests_unit_test_bt_switches_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bt_switches_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_bt_switches_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_bt_units
TESTS += tests/unit/test_bt_units
tests_unit_test_bt_units_SOURCES = tests/unit/test_bt_units.c
tests_unit_test_bt_units_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bt_units_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_bt_units_LDADD = $(UNIT_LIBS)

# The control socket: commands by themselves, then over sockets of the real host.
check_PROGRAMS += tests/unit/test_commands
TESTS += tests/unit/test_commands
tests_unit_test_commands_SOURCES = tests/unit/test_commands.c
tests_unit_test_commands_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_commands_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_commands_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_bt_fp
TESTS += tests/unit/test_bt_fp
tests_unit_test_bt_fp_SOURCES = tests/unit/test_bt_fp.c
tests_unit_test_bt_fp_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bt_fp_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_bt_fp_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_control
TESTS += tests/unit/test_control
tests_unit_test_control_SOURCES = tests/unit/test_control.c tests/unit/host_rig.c tests/unit/host_rig.h tests/fuzz/mutate.c \
	tests/fuzz/mutate.h
tests_unit_test_control_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_control_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_control_LDADD = $(UNIT_LIBS)

# Windows of guest memory, with the real host.
check_PROGRAMS += tests/unit/test_window
TESTS += tests/unit/test_window
tests_unit_test_window_SOURCES = tests/unit/test_window.c tests/unit/host_rig.c tests/unit/host_rig.h
tests_unit_test_window_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_window_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_window_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/test_board_control
TESTS += tests/unit/test_board_control
tests_unit_test_board_control_SOURCES = tests/unit/test_board_control.c
tests_unit_test_board_control_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_board_control_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_board_control_LDADD = sdk/bench/libbench.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_bt_system
TESTS += tests/unit/test_bt_system
tests_unit_test_bt_system_SOURCES = tests/unit/test_bt_system.c
tests_unit_test_bt_system_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_bt_system_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_bt_system_LDADD = $(UNIT_LIBS)
