# The devices on the author's bench: a program a chip, the plugin loaded from this build.
DEVICE_TESTS = \
	tests/devices/test_i8259 \
	tests/devices/test_i8254 \
	tests/devices/test_mc146818 \
	tests/devices/test_ns16550 \
	tests/devices/test_i8042 \
	tests/devices/test_vmmouse \
	tests/devices/test_i440fx \
	tests/devices/test_piix3 \
	tests/devices/test_ide_disk \
	tests/devices/test_ide_cd \
	tests/devices/test_virtio_blk \
	tests/devices/test_pcnet \
	tests/devices/test_ne2000 \
	tests/devices/test_e1000 \
	tests/devices/test_virtio_net \
	tests/devices/test_piix4_pm \
	tests/devices/test_fw_cfg \
	tests/devices/test_i8237 \
	tests/devices/test_fdc \
	tests/devices/test_debug \
	tests/devices/test_vga \
	tests/devices/test_vga_dispi \
	tests/devices/test_vga_graphics
check_PROGRAMS += $(DEVICE_TESTS)
TESTS += $(DEVICE_TESTS)
$(DEVICE_TESTS): $(plugin_PROGRAMS)

# A PCI function for the tests of the interrupt router.
check_PROGRAMS += tests/devices/pci-pin.so
tests_devices_pci_pin_so_SOURCES = tests/devices/pci-pin.c
tests_devices_pci_pin_so_LDFLAGS = $(PLUGIN_LINK)
$(DEVICE_TESTS): tests/devices/pci-pin.so

# A card with a file for the firmware.
check_PROGRAMS += tests/devices/rom-card.so
tests_devices_rom_card_so_SOURCES = tests/devices/rom-card.c
tests_devices_rom_card_so_LDFLAGS = $(PLUGIN_LINK)
$(DEVICE_TESTS): tests/devices/rom-card.so

# A card on a DMA channel.
check_PROGRAMS += tests/devices/dma-card.so
tests_devices_dma_card_so_SOURCES = tests/devices/dma-card.c
tests_devices_dma_card_so_LDFLAGS = $(PLUGIN_LINK)
$(DEVICE_TESTS): tests/devices/dma-card.so

tests_devices_test_i8237_SOURCES = tests/devices/test_i8237.c
tests_devices_test_i8237_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_i8237_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_i8237_LDADD = $(DEVICE_LIBS)

tests_devices_test_fdc_SOURCES = tests/devices/test_fdc.c
tests_devices_test_fdc_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_fdc_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_fdc_LDADD = $(DEVICE_LIBS)

tests_devices_test_fw_cfg_SOURCES = tests/devices/test_fw_cfg.c
tests_devices_test_fw_cfg_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_fw_cfg_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_fw_cfg_LDADD = $(DEVICE_LIBS)

DEVICE_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
DEVICE_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
DEVICE_LIBS = tests/devices/libdut.a $(BENCH_LIBS) $(CUNIT_LIBS) -lpthread

check_LIBRARIES += tests/devices/libdut.a
tests_devices_libdut_a_SOURCES = tests/devices/dut.c tests/devices/dut.h tests/devices/dut_race.c tests/unit/unit.c tests/unit/unit.h
tests_devices_libdut_a_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_libdut_a_CFLAGS = $(DEVICE_CFLAGS)

tests_devices_test_i8259_SOURCES = tests/devices/test_i8259.c
tests_devices_test_i8259_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_i8259_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_i8259_LDADD = $(DEVICE_LIBS)

tests_devices_test_i8254_SOURCES = tests/devices/test_i8254.c
tests_devices_test_i8254_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_i8254_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_i8254_LDADD = $(DEVICE_LIBS)

tests_devices_test_mc146818_SOURCES = tests/devices/test_mc146818.c
tests_devices_test_mc146818_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_mc146818_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_mc146818_LDADD = $(DEVICE_LIBS)

tests_devices_test_ns16550_SOURCES = tests/devices/test_ns16550.c
tests_devices_test_ns16550_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_ns16550_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_ns16550_LDADD = $(DEVICE_LIBS)

tests_devices_test_i8042_SOURCES = tests/devices/test_i8042.c plugins/devices/ps2.h plugins/devices/ps2kbd.c plugins/devices/ps2mouse.c
tests_devices_test_i8042_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_i8042_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_i8042_LDADD = $(DEVICE_LIBS)

tests_devices_test_vmmouse_SOURCES = tests/devices/test_vmmouse.c
tests_devices_test_vmmouse_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_vmmouse_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_vmmouse_LDADD = $(DEVICE_LIBS)

tests_devices_test_i440fx_SOURCES = tests/devices/test_i440fx.c
tests_devices_test_i440fx_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_i440fx_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_i440fx_LDADD = $(DEVICE_LIBS)

tests_devices_test_piix3_SOURCES = tests/devices/test_piix3.c
tests_devices_test_piix3_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_piix3_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_piix3_LDADD = $(DEVICE_LIBS)

tests_devices_test_piix4_pm_SOURCES = tests/devices/test_piix4_pm.c
tests_devices_test_piix4_pm_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_piix4_pm_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_piix4_pm_LDADD = $(DEVICE_LIBS)

IDE_RIG = tests/devices/ide_rig.c tests/devices/ide_rig.h
tests_devices_test_ide_disk_SOURCES = tests/devices/test_ide_disk.c $(IDE_RIG)
tests_devices_test_ide_disk_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_ide_disk_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_ide_disk_LDADD = $(DEVICE_LIBS)

tests_devices_test_ide_cd_SOURCES = tests/devices/test_ide_cd.c $(IDE_RIG)
tests_devices_test_ide_cd_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_ide_cd_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_ide_cd_LDADD = $(DEVICE_LIBS)

tests_devices_test_virtio_blk_SOURCES = tests/devices/test_virtio_blk.c
tests_devices_test_virtio_blk_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_virtio_blk_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_virtio_blk_LDADD = $(DEVICE_LIBS)

tests_devices_test_debug_SOURCES = tests/devices/test_debug.c
tests_devices_test_debug_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_debug_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_debug_LDADD = $(DEVICE_LIBS)

VGA_RIG = tests/devices/vga_rig.c tests/devices/vga_rig.h
tests_devices_test_vga_SOURCES = tests/devices/test_vga.c $(VGA_RIG)
tests_devices_test_vga_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_vga_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_vga_LDADD = $(DEVICE_LIBS)
tests_devices_test_vga_dispi_SOURCES = tests/devices/test_vga_dispi.c $(VGA_RIG)
tests_devices_test_vga_dispi_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_vga_dispi_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_vga_dispi_LDADD = $(DEVICE_LIBS)
tests_devices_test_vga_graphics_SOURCES = tests/devices/test_vga_graphics.c $(VGA_RIG)
tests_devices_test_vga_graphics_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_vga_graphics_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_vga_graphics_LDADD = $(DEVICE_LIBS)

tests_devices_test_pcnet_SOURCES = tests/devices/test_pcnet.c
tests_devices_test_pcnet_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_pcnet_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_pcnet_LDADD = $(DEVICE_LIBS)

tests_devices_test_virtio_net_SOURCES = tests/devices/test_virtio_net.c
tests_devices_test_virtio_net_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_virtio_net_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_virtio_net_LDADD = $(DEVICE_LIBS)

tests_devices_test_e1000_SOURCES = tests/devices/test_e1000.c
tests_devices_test_e1000_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_e1000_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_e1000_LDADD = $(DEVICE_LIBS)

tests_devices_test_ne2000_SOURCES = tests/devices/test_ne2000.c
tests_devices_test_ne2000_CPPFLAGS = $(DEVICE_CPPFLAGS)
tests_devices_test_ne2000_CFLAGS = $(DEVICE_CFLAGS)
tests_devices_test_ne2000_LDADD = $(DEVICE_LIBS)
