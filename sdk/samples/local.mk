# Samples are built from an installed SDK by the tests; here they are only shipped.
EXTRA_DIST += \
	sdk/samples/doorbell/Makefile \
	sdk/samples/doorbell/doorbell.c \
	sdk/samples/doorbell/doorbell.yaml \
	sdk/samples/doorbell/test_doorbell.c \
	sdk/samples/sample.mk \
	sdk/samples/copies/Makefile \
	sdk/samples/copies/copies.c \
	sdk/samples/copies/copies.yaml \
	sdk/samples/copies/test_copies.c \
	sdk/samples/copier/Makefile \
	sdk/samples/copier/copier.c \
	sdk/samples/copier/copier.yaml \
	sdk/samples/copier/test_copier.c \
	sdk/samples/daq/Makefile \
	sdk/samples/daq/daq.c \
	sdk/samples/daq/daq.yaml \
	sdk/samples/daq/test_daq.c \
	sdk/samples/daq/signal.csv \
	sdk/samples/rack/Makefile \
	sdk/samples/rack/rack.c \
	sdk/samples/rack/rack.h \
	sdk/samples/rack/rack.yaml \
	sdk/samples/rack/test_rack.c \
	sdk/samples/ramdisk/Makefile \
	sdk/samples/ramdisk/ramdisk.c \
	sdk/samples/ramdisk/ramdisk.yaml \
	sdk/samples/ramdisk/test_ramdisk.c \
	sdk/samples/thermometer/Makefile \
	sdk/samples/thermometer/thermometer.c \
	sdk/samples/thermometer/thermometer.yaml \
	sdk/samples/thermometer/test_thermometer.c
