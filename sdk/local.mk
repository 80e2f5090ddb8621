pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = sdk/abbey-plugin.pc
abbeyincludedir = $(includedir)/abbey
abbeyinclude_HEADERS = \
	sdk/include/abbey/bench.h \
	sdk/include/abbey/block.h \
	sdk/include/abbey/bus.h \
	sdk/include/abbey/chardev.h \
	sdk/include/abbey/control.h \
	sdk/include/abbey/coprocessor.h \
	sdk/include/abbey/dev.h \
	sdk/include/abbey/cp437.h \
	sdk/include/abbey/display.h \
	sdk/include/abbey/dma.h \
	sdk/include/abbey/firmware.h \
	sdk/include/abbey/guestopt.h \
	sdk/include/abbey/host.h \
	sdk/include/abbey/image.h \
	sdk/include/abbey/input.h \
	sdk/include/abbey/io.h \
	sdk/include/abbey/irq.h \
	sdk/include/abbey/isadma.h \
	sdk/include/abbey/net.h \
	sdk/include/abbey/pci.h \
	sdk/include/abbey/plugin.h \
	sdk/include/abbey/props.h \
	sdk/include/abbey/registers.h \
	sdk/include/abbey/system.h \
	sdk/include/abbey/timer.h \
	sdk/include/abbey/types.h \
	sdk/include/abbey/vram.h
# The manual: Markdown, and the same as manual pages (`man abbey-manual`); the reference is made from the headers.
MANUAL = abi backends control data-sheet guest-optimization isolation machine-files quirks statistics testing tutorial
dist_doc_DATA = sdk/doc/README.md $(MANUAL:%=sdk/doc/%.md)
doc_DATA = sdk/doc/reference.md
man_MANS = sdk/doc/abbey-manual.7 $(MANUAL:%=sdk/doc/abbey-%.7) sdk/doc/abbey-reference.7
EXTRA_DIST += sdk/doc/reference.awk sdk/doc/man.awk
CLEANFILES += sdk/doc/reference.md $(man_MANS)
sdk/doc/reference.md: sdk/doc/reference.awk $(abbeyinclude_HEADERS)
	$(AM_V_GEN)$(MKDIR_P) sdk/doc && $(AWK) -f $(srcdir)/sdk/doc/reference.awk \
		$(abbeyinclude_HEADERS:%=$(srcdir)/%) >$@.new && mv $@.new $@
MAKE_PAGE = $(AM_V_GEN)$(MKDIR_P) sdk/doc && page=$@ && page=$${page\#\#*/abbey-} && \
	$(AWK) -v name=$${page%.7} -f $(srcdir)/sdk/doc/man.awk $< >$@.new && mv $@.new $@
sdk/doc/abbey-manual.7: sdk/doc/README.md sdk/doc/man.awk
	$(MAKE_PAGE)
sdk/doc/abbey-%.7: sdk/doc/%.md sdk/doc/man.awk
	$(MAKE_PAGE)
include sdk/bench/local.mk
include sdk/check/local.mk
include sdk/template/local.mk
include sdk/samples/local.mk
