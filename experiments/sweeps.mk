# sweeps.mk - grids of runs (docs/sweeps.md). Included by Makefile.experiments.
#
#   SWEEP=experiments/NAME.sweep    the grid
#   SET="key=value ..."             overrides keys of all runs
#   JOBS=N (or make's -jN)          runs at a time, one thread each
#   RUN_OPTIONS="--snapshot 5"      more options for each dsgd run
#
# Runs depend on nothing: their names contain the hash of their configuration. A result has its name only when it is
# complete, so an interrupted make must not remove it.

SWEEP ?=
SET ?=
RUN_OPTIONS ?=
JOBS ?= $(shell nproc)
SWEEP_SET = $(foreach setting,$(SET),--set '$(setting)')
SWEEP_NAME = $(basename $(notdir $(SWEEP)))
# Other settings are other rules.
SWEEP_STEM := build/sweeps/$(SWEEP_NAME)$(if $(SET),-$(firstword $(shell printf '%s' '$(SET)' | cksum)))
SWEEP_RUN = $(DSGD) run --threads 1 $(RUN_OPTIONS)

# $(call sweep_cost,FILE.sweep,SETTINGS,STEM): prints what is to do, what it costs, and keeps the estimates for SWEEP_DONE.
# -jN stands in MAKEFLAGS only while a recipe runs.
define sweep_cost
@mkdir -p build/sweeps
@$(DSGD) sweep $(1) $(2) --threads 1 --jobs $(or $(patsubst -j%,%,$(filter -j%,$(MAKEFLAGS))),$(JOBS)) >$(3).cost.new
@if grep -q "$$(printf '\tto do\t')" $(3).cost.new; then mv $(3).cost.new $(3).cost.tsv; else rm $(3).cost.new; fi
endef
# $(call sweep_rules,FILE.sweep,SETTINGS,COMMAND): writes $@, the rules of the runs.
define sweep_rules
@mkdir -p $(@D)
@$(DSGD) sweep $(1) $(2) --threads 1 --quiet --make --command '$(3)' >$@.new
@mv $@.new $@
endef

.PHONY: sweep sweep-runs list-runs sweep-given

sweep-given:
	@[ -n "$(SWEEP)" ] || { echo 'sweep: no sweep is given: expected SWEEP=experiments/quadratic.sweep or another' >&2; exit 2; }

sweep: sweep-given build ## makes the missing runs of SWEEP=FILE.sweep (SET="key=value ...", JOBS=N; docs/sweeps.md)
	$(call sweep_cost,$(SWEEP),$(SWEEP_SET),$(SWEEP_STEM))
	@+$(MAKE) --no-print-directory -f Makefile.experiments $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) sweep-runs

list-runs: sweep-given ## prints the runs of SWEEP=FILE.sweep, a command a line, for GNU parallel and Slurm arrays
	@{ scripts/setup.sh run; scripts/build.sh $(PRESET) dsgd; } >&2
	@$(DSGD) sweep $(SWEEP) $(SWEEP_SET) --threads 1 --list --command '$(SWEEP_RUN)'

ifneq ($(filter sweep-runs,$(MAKECMDGOALS)),)
include $(SWEEP_STEM).mk
.PRECIOUS: $($(SWEEP_NAME))
sweep-runs: SWEEP_DONE = @scripts/sweep-progress.sh $(SWEEP_STEM).cost.tsv
sweep-runs: $($(SWEEP_NAME))
	@:
endif

$(SWEEP_STEM).mk: $(SWEEP) $(wildcard $(dir $(SWEEP))*.conf) $(DSGD)
	$(call sweep_rules,$(SWEEP),$(SWEEP_SET),@$$(SWEEP_RUN))
