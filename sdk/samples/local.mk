# Samples are built from an installed SDK by the tests; here they are only shipped.
EXTRA_DIST += \
	sdk/samples/doorbell/Makefile \
	sdk/samples/doorbell/doorbell.c \
	sdk/samples/doorbell/doorbell.yaml \
	sdk/samples/doorbell/test_doorbell.c
