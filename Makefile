# Cunzhang: GNU make, no configure. `make help` lists the targets.
PREFIX ?= /usr/local
VARIANT ?= release
CROSS ?=
ifeq ($(origin CC),default)
CC := $(if $(filter fuzz,$(VARIANT)),clang,$(CROSS)gcc)
endif
ifeq ($(origin AR),default)
AR := $(CROSS)ar
endif
BUILD ?= build
B := $(BUILD)/$(CROSS)$(VARIANT)
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wconversion \
        -Wno-sign-conversion -Wundef -Wformat=2 -Wswitch-enum -Wimplicit-fallthrough
# a newer compiler with a new warning must not keep anybody from building; what is submitted has none
WARN += $(if $(CI),-Werror)
F_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
F_debug   := -O0 -g3
F_asan    := -O1 -g -DSANITIZED -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
F_tsan    := -O1 -g -DSANITIZED -fsanitize=thread
F_cov     := -O0 -g --coverage
# boundaries that are met rarely are met in every seed of the simulator (lib/limit.h)
F_small   := -O2 -g -DSMALL_LIMITS
F_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
$(if $(F_$(VARIANT)),,$(error unknown VARIANT '$(VARIANT)'))
FLAGS = -std=c11 -D_GNU_SOURCE -I. $(WARN) $(F_$(VARIANT)) $(CPPFLAGS) $(CFLAGS)
# The pure layers need these and nothing else; that the simulator links so is the proof.
CORE_LIBS := -lsodium -lnettle -lmsgpackc -lzstd
TABLE_LIBS := -lminizip -lexpat -lz
WEB_LIBS := -ljansson $(TABLE_LIBS)
IO_LIBS := -lmicrohttpd -luv -llmdb -linih -lpthread
ifneq ($(CROSS),)
# Another machine: tools/deps unpacks its libraries there, and its programs run in an emulator.
MACHINE := $(CROSS:-=)
SYSROOT := build/sysroot/$(MACHINE)
CPPFLAGS += -isystem $(SYSROOT)/usr/include
LDFLAGS += -L$(SYSROOT)/usr/lib/$(MACHINE)
RUNNER := qemu-$(firstword $(subst -, ,$(MACHINE))) -L $(SYSROOT)
endif
objs = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard $(addsuffix /*.c,$(1)))))
bins = $(patsubst %.c,$(B)/%,$(sort $(wildcard $(1))))
# The rooms in their order, lowest first: a room may use those before it, never one behind it, nor the one that it is
# BESIDE. Each is an archive, and a test program of a room is linked with that room and those before it. tools/lint
# reads these lines and refuses an include or a call against the order.
ROOMS := lib proto store feed state rules query writer verify exchange import paper api io
BESIDE_verify := writer
BESIDE_paper := import
DIR_lib := lib
DIR_proto := proto
DIR_state := daemon/ledger/state
DIR_rules := daemon/ledger/rules daemon/ledger/rules/*
DIR_query := daemon/ledger/query
DIR_import := daemon/web/import
DIR_paper := daemon/web/paper
DIR_api := daemon/web/api
places = $(or $(DIR_$(1)),daemon/$(1))
# The archives up to a room, highest first, as the linker wants them.
above = $(if $(filter $(1),$(firstword $(2))),,$(call above,$(1),$(wordlist 2,99,$(2)))) $(firstword $(2))
upto = $(patsubst %,$(B)/lib%.a,$(call above,$(1),$(ROOMS)))
TESTED := $(foreach r,$(ROOMS),$(if $(wildcard tests/unit/$(r)/test_*.c),$(r)))
UNIT := $(call bins,tests/unit/*/test_*.c)
SIM := $(call bins,tests/sim/sim_*.c)
SIMLIB := $(filter-out $(patsubst %,%.o,$(SIM)),$(call objs,tests/sim))
IOT := $(call bins,tests/io/test_*.c)
FUZZ := $(call bins,tests/fuzz/fuzz_*.c)
BENCH := $(call bins,tests/bench/bench_*.c)
BENCHT := $(call bins,tests/bench/test_*.c)
BENCHLIB := $(filter-out $(patsubst %,%.o,$(BENCH) $(BENCHT)),$(call objs,tests/bench))
TOOLS := $(call bins,tests/tools/*.c)
TLIB := $(B)/libtests.a
PROGS := $(B)/cunzhangd $(B)/cunzhang
Q = $(if $(V),,@printf '  %-5s %s\n' $(1) $@;)
LINK = $(CC) $(FLAGS) -Wl,-z,relro,-z,now $(LDFLAGS) $(filter %.o,$^) $(filter %.a,$^)
# As many jobs as there are processors, unless somebody has said how many.
AGAIN = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

all: $(PROGS)
.PHONY: all help deps demo test test-run e2e e2e-run sim sim-run unit tools-tests programs check-asan check-tsan fuzz fuzz-run bench bench-run bench-quick bench-quick-run \
        install spec dict cross cross-run format lint lint-run clean force
# These do their work in a sub-make, which runs in parallel; two of them side by side in one build folder would
# write the same objects.
ifneq ($(filter demo test e2e sim lint check-asan check-tsan fuzz bench bench-quick install,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif
.DELETE_ON_ERROR:
.SECONDARY:
help:
	@echo 'make            build cunzhangd and cunzhang (VARIANT=release|debug|asan|tsan|cov|fuzz|small)'
	@echo 'make demo       a hub and three villages on this machine; ONCE=1 ends after its checks'
	@echo 'make unit       unit tests and the corpus of the fuzzers; one program: make build/release/tests/unit/ROOM/test_NAME'
	@echo 'make test       every test; SEEDS=n sets how many simulator seeds, JOBS=n how many tests at once'
	@echo 'make sim        the simulator alone; SEEDS=n FROM=n; VARIANT=small meets every limit in each seed'
	@echo 'make e2e        the scripts alone; SHIFT="2032-02-29 10:00 UTC" with clocks that say so'
	@echo 'make check-asan check-tsan   the tests under the sanitizers'
	@echo 'make cross      unit tests and simulator on big endian and on 32 bit, emulated'
	@echo 'make fuzz       libFuzzer on every decoder, FUZZ_TIME=60 seconds each'
	@echo 'make bench      the table of speeds, each beside its yardstick; ONLY=row'
	@echo 'make bench-quick   whether every row of it works, in small sizes'
	@echo 'make spec       write the tables of proto/records.def and views.def into SPEC.md and openapi.yaml'
	@echo 'make install format lint clean deps'
deps:
	@tools/deps $(DEPS)
$(B)/.flags: force		# changed flags rebuild; unchanged flags do not
	@mkdir -p $(@D); echo '*' > $(BUILD)/.gitignore
	@echo '$(CC) $(FLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(FLAGS) $(LDFLAGS)' > $@
$(B)/%.o: %.c $(B)/.flags
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(FLAGS) -MMD -MP -c $< -o $@
$(foreach r,$(ROOMS),$(eval $(B)/lib$(r).a: $(call objs,$(call places,$(r)))))
$(TLIB): $(call objs,tests/lib)
$(B)/%.a:
	$(call Q,AR)rm -f $@ && $(AR) rcs $@ $^
# Each program is linked from its object and the archives up to its room.
$(foreach r,$(TESTED),$(eval $(call bins,tests/unit/$(r)/test_*.c): $(TLIB) $(call upto,$(r))))
$(SIM): $(SIMLIB) $(TLIB) $(call upto,exchange)
$(BENCH) $(BENCHT): $(BENCHLIB)
$(FUZZ): $(if $(filter fuzz,$(VARIANT)),,$(B)/tests/fuzz/replay.o)
$(IOT) $(BENCH) $(BENCHT) $(TOOLS) $(FUZZ): $(TLIB) $(call upto,io)
$(B)/cunzhangd: $(B)/daemon/main.o $(call upto,io)
$(B)/cunzhang: $(call objs,tools/cunzhang) $(call upto,io)
LIBS = $(CORE_LIBS)
$(call bins,tests/unit/import/test_*.c tests/unit/paper/test_*.c): LIBS = $(TABLE_LIBS) $(CORE_LIBS)
$(call bins,tests/unit/api/test_*.c): LIBS = $(WEB_LIBS) $(CORE_LIBS)
$(IOT) $(BENCH) $(BENCHT) $(TOOLS) $(FUZZ) $(PROGS): LIBS = $(IO_LIBS) $(WEB_LIBS) $(CORE_LIBS)
$(BENCH) $(BENCHT): LIBS += -lm
$(FUZZ): LIBS += $(if $(filter fuzz,$(VARIANT)),-fsanitize=fuzzer)
$(B)/cunzhang: LIBS += -lcurl -lxlsxwriter
$(PROGS):
	$(call Q,LD)$(LINK) $(LIBS) -o $@
$(UNIT) $(SIM) $(IOT) $(BENCH) $(BENCHT) $(TOOLS) $(FUZZ): %: %.o
	$(call Q,LD)$(LINK) $(LIBS) -o $@

SEEDS ?= 200
FROM ?= 1
FUZZ_TIME ?= 60
unit: $(UNIT) $(IOT) $(BENCHT) $(FUZZ)
	@BIN=$(B) SKIP=e2e_ tests/run $(UNIT) -- $(IOT) $(BENCHT) -- $(FUZZ)
test:
	@tools/deps build
	+$(AGAIN) test-run
test-run: $(UNIT) $(IOT) $(BENCHT) $(FUZZ) $(SIM) $(TOOLS) $(PROGS)
	@BIN=$(B) SEEDS=$(SEEDS) tests/run $(UNIT) -- $(IOT) $(BENCHT) -- $(FUZZ) -- $(SIM)
sim:
	@tools/deps build
	+$(AGAIN) sim-run
sim-run: $(SIM)
	@set -e; for s in $(SIM); do $$s --seeds $(SEEDS) --from $(FROM); done
e2e:
	@tools/deps $(if $(SHIFT),clock,build)
	+$(AGAIN) e2e-run
e2e-run: $(TOOLS) $(PROGS)
	@BIN=$(B) SHIFT='$(SHIFT)' SKIP='@(requirements)' tests/run
check-asan check-tsan: check-%:
	+$(AGAIN) VARIANT=$* test
cross: cross-s390x-linux-gnu cross-arm-linux-gnueabihf	# big endian; 32 bit
cross-%:
	@tools/deps cross-$*
	+$(AGAIN) CROSS=$*- CC=$*-gcc cross-run
cross-run: $(UNIT) $(SIM)
	@BIN=$(B) RUNNER='$(RUNNER)' STEP=29 SEEDS=3 JOBS=1 SKIP='@(requirements|e2e_)' tests/run $(UNIT) -- -- -- $(SIM)
spec: $(B)/tests/tools/spec	# what follows from proto/records.def and daemon/ledger/query/views.def
	$< proto/SPEC.md daemon/web/api/openapi.yaml
dict: $(B)/tests/tools/dict	# another dictionary for compressed chunks: a new version of SPEC 9.8
	$< > $(B)/compress_dict.c
	mv $(B)/compress_dict.c proto/compress_dict.c
demo:
	@tools/deps build
	+$(AGAIN) VARIANT=release all tools-tests
	@BIN=$(BUILD)/release tools/demo $(if $(ONCE),--once)
tools-tests: $(TOOLS)
programs: $(FUZZ) $(SIM) $(PROGS) $(TOOLS) $(BENCH)
fuzz:
	@tools/deps fuzz
	+$(AGAIN) VARIANT=fuzz fuzz-run
fuzz-run: $(FUZZ)
	@set -e; for f in $(FUZZ); do n=$${f##*/}; mkdir -p $(B)/corpus/$$n; echo "  FUZZ  $$n"; \
	  $$f -max_total_time=$(FUZZ_TIME) -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
	  -print_final_stats=1 -artifact_prefix=$(B)/corpus/$$n- $(B)/corpus/$$n \
	  tests/fuzz/corpus/$$n; done
bench bench-quick:
	@tools/deps build
	+$(AGAIN) VARIANT=release $@-run
bench-run bench-quick-run: $(BENCH) $(PROGS)
	@BIN=$(B) $(BENCH) $(if $(findstring quick,$@),--quick) $(ONLY:%=--only %)
install:
	+$(AGAIN) VARIANT=release all
	install -Dm755 $(BUILD)/$(CROSS)release/cunzhangd $(DESTDIR)$(PREFIX)/sbin/cunzhangd
	install -Dm755 $(BUILD)/$(CROSS)release/cunzhang $(DESTDIR)$(PREFIX)/bin/cunzhang
FMT = $(shell find lib proto daemon tools tests -name '*.[ch]')
format:
	clang-format --style=file:tools/lint/clang-format -i $(FMT)
lint:
	@tools/deps lint
	+$(AGAIN) lint-run
lint-run: $(call upto,io)
	@clang-format --style=file:tools/lint/clang-format --dry-run -Werror $(FMT)
	tools/lint/selftest
	@tools/lint/check-source $(FMT)
	tools/lint/check-pure $(call upto,exchange)
	tools/lint/check-rooms $(B)
	cppcheck -q -j$(shell nproc) --enable=warning,portability --inline-suppr --error-exitcode=1 \
	  --library=tools/lint/cppcheck.cfg --suppressions-list=tools/lint/cppcheck -I. lib proto daemon tools
clean:
	rm -rf $(BUILD)
-include $(shell find $(B) -name '*.d' 2>/dev/null)
