# SPDX-License-Identifier: EUPL-1.2
# make, make demo, make test, make valgrind, make torture, make simulate, make attack, make bench, make bench-broker, make fuzz, make install. Everything made lies under $(BUILD).
# make SANITIZE=address,undefined test   make CC=clang

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
comma := ,
BUILD ?= build
SANITIZE ?=
OPTIMISE ?= -O2
ifneq ($(SANITIZE),)
override BUILD := $(BUILD)/sanitize-$(subst $(comma),-,$(SANITIZE))
SANITIZE_FLAGS := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
endif

# Debian 12 packages that a build and the tests need.
DEPS := gcc make pkg-config protobuf-c-compiler libprotobuf-c-dev libzmq3-dev liblmdb-dev libcmocka-dev libsodium-dev nettle-dev \
	libcsv-dev libjansson-dev libinih-dev uthash-dev libunistring-dev libseccomp-dev iso-codes python3 \
	python3-scipy coinor-cbc libglpk-dev
PACKAGES := libzmq libprotobuf-c lmdb libsodium nettle jansson inih libseccomp

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
CPPFLAGS += -I. -I$(BUILD)/gen -D_GNU_SOURCE
CFLAGS ?= $(OPTIMISE) -g
FLAGS = -std=c11 -ffp-contract=off $(WARN) $(CFLAGS) $(SANITIZE_FLAGS) -fstack-protector-strong -ffile-prefix-map=$(CURDIR)=. -pthread
LDFLAGS += -Wl,--as-needed
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
# libcsv and libunistring ship no pkg-config file.
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lcsv -lunistring -lm
CMOCKA_LIBS = $(shell pkg-config --libs cmocka 2>/dev/null)

PROTOS := $(sort $(wildcard proto/*.proto))
GEN_C := $(PROTOS:%.proto=$(BUILD)/gen/%.pb-c.c)
GEN_H := $(GEN_C:.c=.h)
GEN_O := $(GEN_C:.c=.o)

objects = $(patsubst %.c,$(BUILD)/%.o,$(sort $(foreach dir,$(1),$(wildcard $(dir)/*.c))))
PROTO_O := $(call objects,proto proto/codes) $(GEN_O)
STORE_O := $(call objects,store)
MATCH_O := $(call objects,broker/match)
BROKER_O := $(call objects,broker broker/front broker/desk)
LINK_O := $(call objects,clients/link)
MUSTER_O := $(call objects,clients/muster)

LIB := $(BUILD)/lib
UNIT_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/unit/*_test.c)))
SYSTEM_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/system/*_test.c)))
SUPPORT_O := $(patsubst %.c,$(BUILD)/%.o,$(sort $(filter-out %_test.c tests/torture/%shim.c tests/torture/torture.c tests/fuzz/driver.c,$(wildcard tests/unit/*.c tests/system/*.c tests/torture/*.c tests/fuzz/*.c))))

.PHONY: all demo test torture simulate attack bench bench-broker fuzz install clean tests
.SECONDARY:
.DELETE_ON_ERROR:

all: $(BUILD)/bin/muster $(BUILD)/bin/musterd

# What is missing is installed before anything is generated, so a fresh machine needs one command.
$(BUILD)/deps: tests/deps.sh
	@mkdir -p $(@D)
	@tests/deps.sh $(DEPS)
	@touch $@

$(BUILD)/gen/%.pb-c.c $(BUILD)/gen/%.pb-c.h &: %.proto | $(BUILD)/deps
	@mkdir -p $(BUILD)/gen
	protoc-c --c_out=$(BUILD)/gen $<

$(BUILD)/gen/%.pb-c.o: $(BUILD)/gen/%.pb-c.c $(GEN_H)
	@mkdir -p $(@D)
	$(CC) -std=c11 $(CFLAGS) $(SANITIZE_FLAGS) $(CPPFLAGS) $(PKG_CFLAGS) -w -c -o $@ $<

$(BUILD)/broker/match/%.o: OPTIMISE := -O3

$(BUILD)/%.o: %.c | $(GEN_H)
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CPPFLAGS) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

define archive
	@mkdir -p $(@D)
	@rm -f $@
	ar rcs $@ $^
endef
$(LIB)/libproto.a: $(PROTO_O) ; $(archive)
$(LIB)/libstore.a: $(STORE_O) ; $(archive)
$(LIB)/libmatch.a: $(MATCH_O) ; $(archive)
$(LIB)/libbroker.a: $(filter-out $(BUILD)/broker/main.o,$(BROKER_O)) ; $(archive)
$(LIB)/liblink.a: $(LINK_O) ; $(archive)
$(LIB)/libmuster.a: $(filter-out $(BUILD)/clients/muster/main.o,$(MUSTER_O)) ; $(archive)
$(LIB)/libsupport.a: $(SUPPORT_O) ; $(archive)

$(BUILD)/bin/musterd: $(BUILD)/broker/main.o $(LIB)/libbroker.a $(LIB)/libmatch.a $(LIB)/libstore.a $(LIB)/libproto.a
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/bin/muster: $(BUILD)/clients/muster/main.o $(LIB)/libmuster.a $(LIB)/liblink.a $(LIB)/libmatch.a $(LIB)/libproto.a
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

TEST_LIBS = $(LIB)/libsupport.a $(LIB)/libmuster.a $(LIB)/liblink.a $(LIB)/libbroker.a $(LIB)/libmatch.a $(LIB)/libstore.a $(LIB)/libproto.a
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(TEST_LIBS) -Wl,--end-group $(PKG_LIBS) $(CMOCKA_LIBS) -lglpk

# A faulty disk, memory that runs out and messages that bring the front down, to preload; never linked, since they stand before the C library's calls.
SHIMS := $(BUILD)/tests/torture/shim.so $(BUILD)/tests/torture/memory_shim.so $(BUILD)/tests/torture/front_shim.so
$(SHIMS): $(BUILD)/%.so: %.c $(wildcard tests/torture/*.h)
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARN) -O2 -g -fPIC -shared -D_GNU_SOURCE -I. -o $@ $<

tests: all $(UNIT_TESTS) $(SYSTEM_TESTS) $(SHIMS)

# Long by CYCLES=, the same choices again by SEED=; PARTS= chooses among the parts that tests/torture/torture.c names.
CYCLES ?= 150
TORTURE := $(BUILD)/tests/torture/torture
torture: all $(SHIMS) $(TORTURE)
	@mkdir -p build/bench
	$(TORTURE) --cycles $(CYCLES) $(if $(SEED),--seed $(SEED)) --json build/bench/torture.json $(PARTS)

# Whole brokers from seeds; a seed again by SEED=, with every step by VERBOSE=1. What is wrapped is between the exchange's parts and the simulation.
SEEDS ?= 100
SIMULATE := $(BUILD)/tests/simulate/simulate
SIMULATE_O := $(call objects,tests/simulate)
SIMULATE_WRAPPED := metrics_write sodium_malloc sodium_free store_keep log_find_submission desk_apply gate_check_verb \
	gate_check_submission seal_answer request_current_party envelope_verify tlog_head_verify desk_check_version audit_plan parked_look \
	pipe_pack_head exchange_admission state_held
simulate: $(SIMULATE)
	@mkdir -p build/bench
	$(SIMULATE) $(if $(SEED),--seed $(SEED),--seeds $(SEEDS) --json build/bench/simulate.json) $(if $(VERBOSE),--verbose)

$(BUILD)/tests/system/simulate_test $(BUILD)/tests/system/simulate_mistakes_test: $(SIMULATE)

$(SIMULATE): $(SIMULATE_O) $(TEST_LIBS)
	$(CC) $(FLAGS) $(LDFLAGS) $(SIMULATE_WRAPPED:%=-Wl,--wrap=%) -o $@ $(SIMULATE_O) -Wl,--start-group $(TEST_LIBS) -Wl,--end-group $(PKG_LIBS) -ldl

test: tests
	@tests/run.sh $(UNIT_TESTS) $(SYSTEM_TESTS)

# The tests under Valgrind's memcheck: no invalid access, no value used that was never set, no block lost. Left out, each for its reason: what measures time,
# what takes half an hour under it, what maps room for a second large store or starts itself anew, which Valgrind refuses, and what starts musterd, whose
# processes allow themselves fewer system calls than Valgrind makes; all of it runs with the sanitizers (make SANITIZE=address,undefined test).
VALGRIND := valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --child-silent-after-fork=yes
VALGRIND_LEFT_OUT := pace signals_attack exchange journal redaction store
VALGRIND_SYSTEM := plan_command plan_export cli_offline
VALGRIND_TESTS := $(filter-out $(VALGRIND_LEFT_OUT:%=$(BUILD)/tests/unit/%_test),$(UNIT_TESTS)) $(VALGRIND_SYSTEM:%=$(BUILD)/tests/system/%_test)
.PHONY: valgrind
valgrind: all $(VALGRIND_TESTS)
	@echo "left out: $(VALGRIND_LEFT_OUT:%=unit/%_test) (time, room, processes of their own), system/ but $(VALGRIND_SYSTEM:%=%_test) (musterd confines itself)"
	@TEST_UNDER="$(VALGRIND)" TEST_PATIENCE=30 TEST_TIMEOUT=1800 tests/run.sh $(VALGRIND_TESTS)

# Every target of tests/fuzz with clang's libFuzzer: FUZZ_RUNS executions each, or FUZZ_SECONDS where it is not set; FUZZ_TARGETS= chooses (shell patterns).
# What it found grows in build/fuzz/corpus; figures of all runs so far in build/bench/fuzz.json. FUZZ_SANITIZE=undefined runs two to four times as many in the
# same time, without the address sanitizer and without looking at what is compared: for the many that come after a run with both.
FUZZ_SECONDS ?= 20
FUZZ_RUNS ?=
FUZZ_TARGETS ?= *
FUZZ_SANITIZE ?= address,undefined
FUZZ_GROUPS := $(patsubst tests/fuzz/%_targets.c,%,$(sort $(wildcard tests/fuzz/*_targets.c)))
fuzz:
	@$(MAKE) --no-print-directory CC=clang SANITIZE=fuzzer-no-link,$(FUZZ_SANITIZE) fuzz-run

# Planning and the readers of sheets compare far more than they branch on: guided by that, nothing is found that edges and compared words do not show, at half the pace.
ifneq ($(findstring fuzzer,$(SANITIZE)),)
$(BUILD)/broker/match/%.o $(BUILD)/proto/csv%.o $(BUILD)/proto/marking%.o $(BUILD)/proto/scenario%.o: SANITIZE_FLAGS += -fno-sanitize-coverage=trace-cmp
ifeq ($(findstring address,$(SANITIZE)),)
SANITIZE_FLAGS += -fno-sanitize-coverage=trace-cmp -fsanitize-trap=undefined
endif
endif

.PHONY: fuzz-run
fuzz-run: $(FUZZ_GROUPS:%=$(BUILD)/fuzz/%)
	@mkdir -p build/bench
	@tests/fuzz/run.py --programs $(BUILD)/fuzz --json build/bench/fuzz.json --sanitize $(FUZZ_SANITIZE) --corpus build/fuzz/corpus $(if $(FUZZ_RUNS),--runs $(FUZZ_RUNS),--seconds $(FUZZ_SECONDS)) '$(FUZZ_TARGETS)'

# tests/fuzz/keys_targets.c says why.
FUZZ_WRAP := -Wl,--wrap=vault_read -Wl,--wrap=vault_end -Wl,--wrap=sodium_malloc -Wl,--wrap=sodium_free
$(BUILD)/tests/unit/fuzz_test: LDFLAGS += $(FUZZ_WRAP)

# Without the address sanitizer clang would put interceptors of libFuzzer's before the C library's comparisons, for half of the pace that leaving it out gives.
ifneq ($(findstring address,$(SANITIZE)),)
FUZZ_ENGINE := -fsanitize=fuzzer
else
FUZZ_ENGINE_LIBS = $(shell $(CC) -print-file-name=libclang_rt.fuzzer-$(shell uname -m).a) -lstdc++
endif

# A program a group, so that libFuzzer watches little more than what a target reaches.
FUZZ_LIBS = $(LIB)/libsupport.a $(LIB)/libmuster.a $(LIB)/liblink.a $(LIB)/libbroker.a $(LIB)/libmatch.a $(LIB)/libstore.a $(LIB)/libproto.a
$(BUILD)/fuzz/%: tests/fuzz/driver.c $(FUZZ_LIBS)
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CPPFLAGS) $(PKG_CFLAGS) -DFUZZ_GROUP=fuzz_group_$* $(FUZZ_ENGINE) $(LDFLAGS) $(FUZZ_WRAP) -o $@ $< -Wl,--start-group $(FUZZ_LIBS) -Wl,--end-group $(PKG_LIBS) $(CMOCKA_LIBS) $(FUZZ_ENGINE_LIBS)

# Random histories of pooled need against an attacker.
HISTORIES ?= 10000
attack: $(BUILD)/tests/unit/signals_attack_test
	SIGNALS_HISTORIES=$(HISTORIES) $<

demo: all
	@BIN=$(BUILD)/bin tests/demo.sh

bench: all
	@mkdir -p build/bench
	@BIN=$(BUILD)/bin tests/bench/run.sh

# The broker beside a bare loop of its libraries. A musterd that takes signatures as given is made for it, under tests/bench alone.
BENCH_O := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/bench/unsigned.c,$(wildcard tests/bench/*.c)))
bench-broker: all $(BUILD)/tests/bench/broker $(BUILD)/tests/bench/bin/musterd
	@mkdir -p build/bench
	@$(BUILD)/tests/bench/broker $(BUILD)/tests/bench/bin/musterd build/bench

$(BUILD)/tests/bench/broker: $(BENCH_O) $(TEST_LIBS)
	$(CC) $(FLAGS) $(LDFLAGS) -o $@ $(BENCH_O) -Wl,--start-group $(TEST_LIBS) -Wl,--end-group $(PKG_LIBS)

$(BUILD)/tests/bench/bin/musterd: $(BUILD)/broker/main.o $(BUILD)/tests/bench/unsigned.o $(LIB)/libbroker.a $(LIB)/libmatch.a $(LIB)/libstore.a $(LIB)/libproto.a
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(LDFLAGS) -Wl,--wrap=envelope_verify -o $@ $^ $(PKG_LIBS)

# GNU's directory variables; DESTDIR for packagers.
prefix ?= /usr/local
bindir ?= $(prefix)/bin
sbindir ?= $(prefix)/sbin
mandir ?= $(prefix)/share/man
unitdir ?= /lib/systemd/system
completiondir ?= $(prefix)/share/bash-completion/completions
install: all
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(sbindir) $(DESTDIR)$(unitdir) $(DESTDIR)$(completiondir)
	install -m 755 $(BUILD)/bin/muster $(DESTDIR)$(bindir)/muster
	install -m 755 $(BUILD)/bin/musterd $(DESTDIR)$(sbindir)/musterd
	for page in clients/muster/*.[1-9] broker/*.[1-9]; do \
		install -D -m 644 $$page $(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/} || exit 1; done
	install -m 644 broker/musterd.service $(DESTDIR)$(unitdir)/musterd.service
	$(BUILD)/bin/muster completion >$(DESTDIR)$(completiondir)/muster

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
