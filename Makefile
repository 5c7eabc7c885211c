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

# Headers know which kernel they are of.
ifneq ($(KDIR),)
KVER ?= $(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null || uname -r)
DKMS_KDIR := --kernelsourcedir $(abspath $(KDIR))
endif
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

DKMS_THIS := -m bpf-oom -v $(BPF_OOM_VERSION)
# Versions that DKMS knows, and kernels that one of them is installed for.
DKMS_VERSIONS = dkms status -m bpf-oom 2>/dev/null | \
	sed -n 's|^bpf-oom/\([^,:]*\)[,:].*|\1|p' | sort -u
DKMS_KERNELS = dkms status -m bpf-oom | \
	sed -n 's|^bpf-oom/[^,]*, \([^,]*\), .*: installed.*|\1|p'

# What is installed stays until all of it is known to build anew: in a tree of
# its own, since DKMS cannot have one version twice.
dkms-install:
	@set -e; \
	old=$$($(DKMS_VERSIONS)); \
	kernels=$$({ echo '$(KVER)'; $(DKMS_KERNELS); } | awk '!seen[$$0]++'); \
	headers() { [ "$$1" != '$(KVER)' ] || echo '$(DKMS_KDIR)'; }; \
	tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	mkdir -p $$tmp/src/$(notdir $(SRCDIR)) $$tmp/dkms; \
	tar cf - --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
		--exclude=btf-id.h --exclude="*.mod.c" $(DKMS_FILES) | \
		tar xf - -C $$tmp/src/$(notdir $(SRCDIR)); \
	if [ -n "$$old" ]; then \
		trees="--sourcetree $$tmp/src --dkmstree $$tmp/dkms"; \
		dkms add $(DKMS_THIS) $$trees; \
		for k in $$kernels; do \
			dkms build $(DKMS_THIS) $$trees -k $$k $$(headers $$k) && continue; \
			cat $$tmp/dkms/bpf-oom/*/build/make.log 2>/dev/null || true; \
			echo "bpf-oom: it does not build for $$k, see above: nothing was changed. To go on without that kernel: dkms remove bpf-oom/$${old##* } -k $$k" >&2; \
			exit 1; \
		done; \
		$(MAKE) --no-print-directory dkms-uninstall; \
	fi; \
	rm -rf $(SRCDIR); \
	cp -a $$tmp/src/$(notdir $(SRCDIR)) $(SRCDIR); \
	dkms add $(DKMS_THIS); \
	for k in $$kernels; do \
		dkms install $(DKMS_THIS) -k $$k $$(headers $$k); \
	done

dkms-uninstall:
	@set -e; for v in $$($(DKMS_VERSIONS)); do \
		dkms remove -m bpf-oom -v $$v --all; \
		rm -rf /usr/src/bpf-oom-$$v; \
	done
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
