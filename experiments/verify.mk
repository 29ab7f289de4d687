# verify.mk - the theory held against measurements (docs/theory.md). Included by Makefile.experiments.
#
#   FULL=1     the full set and the full grids (up to two hours), not the quick ones (minutes)
#   SEED=N     changes all seeds (1)
#   JOBS=N     checks at a time
#
# Rows are stored in results/verify as soon as a check is done: interrupted and repeated, a set makes what is missing.

FULL ?=
override FULL := $(filter-out 0 no,$(FULL))
SEED ?= 1
VERIFY_SET := $(if $(FULL),full,quick)
VERIFY_OPTIONS := --seed $(SEED) $(if $(FULL),--full)
VERIFY_STEM := results/verify/$(VERIFY_SET)-s$(SEED)
VERIFY_MAPS := contraction hashes excess memory workers figure5
VERIFY_FIGURES := $(VERIFY_MAPS:%=results/figures/verify-%-$(VERIFY_SET).png)
VERIFY_TABLES := $(VERIFY_FIGURES:.png=.tsv)

.PHONY: verify verify-figures verify-docs

verify: build ## holds every statement of the theory against measurements: a table with verdicts (FULL=1: up to two hours)
	@$(DSGD) verify $(VERIFY_OPTIONS) --threads $(JOBS) -o $(VERIFY_STEM).tsv
	@printf 'all rows with settings, digests and commands: %s.tsv\n' $(VERIFY_STEM)

.SECONDARY: $(VERIFY_TABLES)
$(VERIFY_TABLES): results/figures/verify-%-$(VERIFY_SET).tsv: | build
	@$(DSGD) verify --map $* $(VERIFY_OPTIONS) -o $@

$(VERIFY_FIGURES): results/figures/verify-%-$(VERIFY_SET).png: results/figures/verify-%-$(VERIFY_SET).tsv plots/verify_%.gp plots/style.gp
	@scripts/plot.sh plots/verify_$*.gp $(basename $@)
	@printf 'wrote %s.{png,svg,pdf}\n' $(basename $@)

verify-figures: $(VERIFY_FIGURES) ## maps and curves: where HEAVYMIX contracts, hashes, excess risk, memory, workers

verify-docs: verify ## writes the table of docs/theory.md and docs/verify.tsv anew
	@scripts/verify-docs.sh $(DSGD) $(VERIFY_STEM).tsv docs/theory.md docs/verify.tsv $(VERIFY_OPTIONS)
