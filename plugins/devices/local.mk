# Each chip: its shared object, its source, the plugin link flags.
plugin_PROGRAMS += plugins/devices/i8259.so
plugins_devices_i8259_so_SOURCES = plugins/devices/i8259.c
plugins_devices_i8259_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/i8254.so
plugins_devices_i8254_so_SOURCES = plugins/devices/i8254.c plugins/devices/i8254_channel.c \
	plugins/devices/i8254_channel.h
plugins_devices_i8254_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/mc146818.so
plugins_devices_mc146818_so_SOURCES = plugins/devices/mc146818.c plugins/devices/mc146818.h \
	plugins/devices/mc146818_calendar.c
plugins_devices_mc146818_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/ns16550.so
plugins_devices_ns16550_so_SOURCES = plugins/devices/ns16550.c plugins/devices/ns16550.h \
	plugins/devices/ns16550_line.c
plugins_devices_ns16550_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/i440fx.so
plugins_devices_i440fx_so_SOURCES = plugins/devices/i440fx.c
plugins_devices_i440fx_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/debugcon.so
plugins_devices_debugcon_so_SOURCES = plugins/devices/debugcon.c
plugins_devices_debugcon_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/debug-exit.so
plugins_devices_debug_exit_so_SOURCES = plugins/devices/debug-exit.c
plugins_devices_debug_exit_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/piix3.so
plugins_devices_piix3_so_SOURCES = plugins/devices/piix3.c
plugins_devices_piix3_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/piix4-pm.so
plugins_devices_piix4_pm_so_SOURCES = plugins/devices/piix4-pm.c
plugins_devices_piix4_pm_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/i8042.so
plugins_devices_i8042_so_SOURCES = plugins/devices/i8042.c plugins/devices/i8042.h plugins/devices/i8042_user.c \
	plugins/devices/ps2.h plugins/devices/ps2kbd.c plugins/devices/ps2mouse.c \
	plugins/devices/vmmouse.c plugins/devices/vmmouse.h
plugins_devices_i8042_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/fw-cfg.so
plugins_devices_fw_cfg_so_SOURCES = plugins/devices/fw-cfg.c
plugins_devices_fw_cfg_so_LDFLAGS = $(PLUGIN_LINK)
plugin_PROGRAMS += plugins/devices/piix3-ide.so
plugins_devices_piix3_ide_so_SOURCES = plugins/devices/ide/piix3-ide.c plugins/devices/ide/ide-bus.h
plugins_devices_piix3_ide_so_LDFLAGS = $(PLUGIN_LINK)

ATA_DRIVE = plugins/devices/ide/ata.c plugins/devices/ide/ata.h plugins/devices/ide/ata_identify.c \
	plugins/devices/ide/ide-bus.h

plugin_PROGRAMS += plugins/devices/ide-disk.so
plugins_devices_ide_disk_so_SOURCES = plugins/devices/ide/ide-disk.c plugins/devices/ide/ide-disk.h \
	plugins/devices/ide/disk_transfer.c plugins/devices/ide/identify.c $(ATA_DRIVE)
plugins_devices_ide_disk_so_LDFLAGS = $(PLUGIN_LINK)
plugin_PROGRAMS += plugins/devices/vga.so
plugins_devices_vga_so_SOURCES = \
	plugins/devices/vga/dispi.c \
	plugins/devices/vga/lines.c \
	plugins/devices/vga/memory.c \
	plugins/devices/vga/mode.c \
	plugins/devices/vga/picture.c \
	plugins/devices/vga/ports.c \
	plugins/devices/vga/vga.c \
	plugins/devices/vga/vga.h
plugins_devices_vga_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/ide-cd.so
plugins_devices_ide_cd_so_SOURCES = plugins/devices/ide/ide-cd.c plugins/devices/ide/ide-cd.h \
	plugins/devices/ide/cd_control.c plugins/devices/ide/cd_identify.c plugins/devices/ide/packet.c \
	plugins/devices/ide/packet.h plugins/devices/ide/packet_disc.c $(ATA_DRIVE)
plugins_devices_ide_cd_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/i8237.so
plugins_devices_i8237_so_SOURCES = plugins/devices/i8237.c
plugins_devices_i8237_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/i82077aa.so
plugins_devices_i82077aa_so_SOURCES = \
	plugins/devices/fdc/command.c \
	plugins/devices/fdc/drive.c \
	plugins/devices/fdc/drive_control.c \
	plugins/devices/fdc/fdc.c \
	plugins/devices/fdc/fdc.h \
	plugins/devices/fdc/transfer.c
plugins_devices_i82077aa_so_LDFLAGS = $(PLUGIN_LINK)

VIRTIO = plugins/devices/virtio/virtio.h plugins/devices/virtio/ring.c plugins/devices/virtio/virtio-pci.c

plugin_PROGRAMS += plugins/devices/virtio-blk.so
plugins_devices_virtio_blk_so_SOURCES = plugins/devices/virtio/virtio-blk.c $(VIRTIO)
plugins_devices_virtio_blk_so_LDFLAGS = $(PLUGIN_LINK)

ETHER = plugins/devices/net/ether.c plugins/devices/net/ether.h

plugin_PROGRAMS += plugins/devices/pcnet.so
plugins_devices_pcnet_so_SOURCES = \
	plugins/devices/net/pcnet.c \
	plugins/devices/net/pcnet.h \
	plugins/devices/net/pcnet_receive.c \
	plugins/devices/net/pcnet_ring.c \
	plugins/devices/net/pcnet_transmit.c \
	$(ETHER)
plugins_devices_pcnet_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/virtio-net.so
plugins_devices_virtio_net_so_SOURCES = plugins/devices/virtio/virtio-net.c $(VIRTIO)
plugins_devices_virtio_net_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/e1000.so
plugins_devices_e1000_so_SOURCES = \
	plugins/devices/net/e1000.c \
	plugins/devices/net/e1000.h \
	plugins/devices/net/e1000_phy.c \
	plugins/devices/net/e1000_receive.c \
	plugins/devices/net/e1000_transmit.c \
	$(ETHER)
plugins_devices_e1000_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/ne2000.so
plugins_devices_ne2000_so_SOURCES = plugins/devices/net/ne2000.c plugins/devices/net/ne2000.h \
	plugins/devices/net/ne2000_frames.c $(ETHER)
plugins_devices_ne2000_so_LDFLAGS = $(PLUGIN_LINK)
