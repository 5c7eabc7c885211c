# SPDX-License-Identifier: GPL-2.0-only
#
# make                  modules, policies, tool
# make install          the tool, the policies and their man pages
# make dkms-install     the modules, for KVER and for every kernel to come
# make uninstall        all of it, unless a policy is attached [FORCE=1]
# make demo             see it work, in a virtual machine
# make check            all tests on all kernels [KERNEL=name] [TESTS='glob']
# make check-unit       the unit tests: seconds, and no kernel [TESTS='glob']
# make bench-psi        what acting on pressure brings [KERNEL=] [RUNS=20] [PARTS=]
# make bench-oom        what a policy costs [KERNEL=] [PARTS=]
#
# KVER=<release> or KDIR=<headers> choose the kernel to build for, V=1 shows
# the commands. README.md says more.

# Headers know which kernel they are of.
ifneq ($(KDIR),)
KVER ?= $(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null || uname -r)
DKMS_KDIR := $(abspath $(KDIR))
endif
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
PREFIX ?= /usr
DESTDIR ?=
MEM ?= 2G

# A command for the shell of a VM: the dollars in it are not for make. What stands
# on the command line is only changed by override.
ifdef CMD
override CMD := $(value CMD)
export CMD
endif

export BPF_OOM_VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

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

dkms-install:
	scripts/dkms.sh install $(KVER) $(DKMS_KDIR)

dkms-uninstall:
	scripts/dkms.sh uninstall

# A staging directory has nothing to do with DKMS on this machine. First what may
# refuse, because policies are attached: nothing is half done then.
uninstall:
	$(MAKE) -C bpf uninstall
	$(if $(DESTDIR),,scripts/dkms.sh uninstall)

# --- test -------------------------------------------------------------------

tests:
	$(MAKE) -C tests KDIR=$(abspath $(KDIR)) all

tests-install: tests
	$(MAKE) -C tests KDIR=$(abspath $(KDIR)) install

check:
	tests/check.sh $(if $(KERNEL),-k '$(KERNEL)') $(if $(TESTS),-t '$(TESTS)')

# In the build root, where the kernels are named, they are run as they are.
check-unit:
	$(if $(KERNELS),,tests/in-root.sh) make -C tests/unit check $(if $(TESTS),TESTS='$(TESTS)')

style:
	tests/style.sh

bench-psi:
	tests/bench/psi.sh $(if $(KERNEL),-k '$(KERNEL)') $(if $(RUNS),-n '$(RUNS)') $(PARTS)

bench-oom:
	tests/bench/oom.sh $(if $(KERNEL),-k '$(KERNEL)') $(PARTS)

demo:
	tests/vm/demo.sh

vm:
	tests/vm/run.sh -m $(MEM) $(KERNEL) $(if $(CMD),"$$CMD")

vm-list:
	tests/vm/list.sh

clean:
	$(MAKE) -C bpf clean
	$(MAKE) -C tests clean
	$(MAKE) -C tests/unit clean
	$(MAKE) -C scripts clean
	if [ -d $(KDIR) ]; then $(MAKE) -C $(abspath $(KDIR)) M=$(CURDIR) clean; fi
	rm -rf module/.gen module/shim/btf-id.h

.PHONY: all modules user install dkms-install dkms-uninstall uninstall \
	tests tests-install check check-unit style bench-psi bench-oom demo vm vm-list clean
