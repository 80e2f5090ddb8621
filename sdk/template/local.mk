# What `abbey plugins new` makes a plugin of: installed as it stands, and built by the tests.
EXTRA_DIST += sdk/template/.clang-format
templatecommondir = $(datadir)/abbey/template/common
dist_templatecommon_DATA = sdk/template/common/Makefile sdk/template/common/README.md sdk/template/common/ci.sh sdk/template/common/gitignore
templateguestoptdir = $(datadir)/abbey/template/guestopt
dist_templateguestopt_DATA = sdk/template/guestopt/machine.yaml sdk/template/guestopt/plugin.c sdk/template/guestopt/test.c
templatehostosdir = $(datadir)/abbey/template/hostos
dist_templatehostos_DATA = sdk/template/hostos/machine.yaml sdk/template/hostos/plugin.c sdk/template/hostos/test.c
templateisadir = $(datadir)/abbey/template/isa
dist_templateisa_DATA = sdk/template/isa/machine.yaml sdk/template/isa/plugin.c sdk/template/isa/test.c
templatepcidir = $(datadir)/abbey/template/pci
dist_templatepci_DATA = sdk/template/pci/machine.yaml sdk/template/pci/plugin.c sdk/template/pci/test.c
