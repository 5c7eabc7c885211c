# SPDX-License-Identifier: GPL-2.0-only
#
# make                  modules, policies, tool
# make install          the tool, the policies and their man pages
# make dkms-install     the modules, for KVER and for every kernel to come
# make demo             see it work, in a virtual machine
# make check            all tests on all kernels [KERNEL=name] [TESTS='glob']
#
# KVER=<release> or KDIR=<headers> choose the kernel to build for, V=1 shows
# the commands. README.md says more.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
PREFIX ?= /usr
DESTDIR ?=
MEM ?= 2G

export BPF_OOM_VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
SRCDIR := /usr/src/bpf-oom-$(BPF_OOM_VERSION)

all: modules user

# --- kernel modules ---------------------------------------------------------

modules:
	scripts/build-modules.sh $(abspath $(KDIR))

# --- tool and policies ------------------------------------------------------

user:
	$(MAKE) -C bpf KDIR=$(abspath $(KDIR)) all

# --- install ----------------------------------------------------------------

install: user
	$(MAKE) -C bpf KDIR=$(abspath $(KDIR)) install

# What DKMS needs to build the modules, and nothing else. It runs as root at
# each new kernel, so it must not stay the property of whoever cloned this.
DKMS_FILES := COPYING Kbuild Makefile dkms.conf include \
	$(addprefix module/,Kbuild $(notdir $(wildcard module/*.[ch]))) \
	$(addprefix module/shim/,Kbuild klp-symbols.list \
		$(notdir $(wildcard module/shim/*.[ch]))) \
	$(addprefix scripts/,Makefile build-modules.sh $(notdir $(wildcard scripts/*.[ch])))

dkms-install: dkms-uninstall
	install -d $(SRCDIR)
	@tar cf - --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
		--exclude=btf-id.h --exclude="*.mod.c" $(DKMS_FILES) | tar xf - -C $(SRCDIR)
	dkms add -m bpf-oom -v $(BPF_OOM_VERSION)
	dkms install -m bpf-oom -v $(BPF_OOM_VERSION) -k $(KVER)

dkms-uninstall:
	if dkms status -m bpf-oom -v $(BPF_OOM_VERSION) | grep -q .; then \
		dkms remove -m bpf-oom -v $(BPF_OOM_VERSION) --all; fi
	rm -rf $(SRCDIR)

# A staging directory has nothing to do with DKMS on this machine.
uninstall: $(if $(DESTDIR),,dkms-uninstall)
	$(MAKE) -C bpf uninstall

# --- test -------------------------------------------------------------------

tests:
	$(MAKE) -C tests KDIR=$(abspath $(KDIR)) all

tests-install: tests
	$(MAKE) -C tests KDIR=$(abspath $(KDIR)) install

check:
	tests/check.sh $(if $(KERNEL),-k '$(KERNEL)') $(if $(TESTS),-t '$(TESTS)')

style:
	tests/style.sh

demo:
	tests/vm/demo.sh

vm:
	tests/vm/run.sh -m $(MEM) $(KERNEL) $(if $(CMD),"$$CMD")
vm: export CMD := $(value CMD)

vm-list:
	tests/vm/list.sh

clean:
	$(MAKE) -C bpf clean
	$(MAKE) -C tests clean
	$(MAKE) -C scripts clean
	if [ -d $(KDIR) ]; then $(MAKE) -C $(abspath $(KDIR)) M=$(CURDIR) clean; fi
	rm -rf module/.gen module/shim/btf-id.h

.PHONY: all modules user install dkms-install dkms-uninstall uninstall \
	tests tests-install check style demo vm vm-list clean
