# figure5.mk - figure 5 of the paper (supplement E.1): logistic regression and SVM, vanilla and sketched. Included by
# Makefile.experiments.
#
#   DATASET=mnist|fashion_mnist   which data; automatic: MNIST if its files are found, else Fashion-MNIST
#   QUICK=1                       T up to 1e4 and 3 seeds instead of 1e5 and 5, in files of their own
#   JOBS=N                        runs at a time, one thread each
#
# Runs depend on nothing: their names contain the hash of their configuration. Figures depend on runs. Nothing depends
# on the binary but the list of names.

DSGD_DATA ?= data
export DSGD_DATA
# As the program looks: any file of MNIST decides, so that a missing one is an error and not another dataset.
ifndef DATASET
DATASET := $(shell for f in "$(DSGD_DATA)"/mnist/{train,t10k}-*-ubyte{,.gz}; do \
	if [ -e "$$f" ]; then echo mnist; exit; fi; done; echo fashion_mnist)
endif
QUICK ?=
override QUICK := $(filter-out 0 no,$(QUICK))
JOBS ?= $(shell nproc)

FIGURE5_SWEEP := figure5$(if $(QUICK),-quick)
FIGURE5_STEM := results/figures/figure5-$(DATASET)$(if $(QUICK),-quick)
FIGURE5_PICTURES := $(addprefix $(FIGURE5_STEM),.png .svg .pdf .caption.txt)
FIGURE5_WINDOW := $(if $(QUICK),--from 1e3 --to 1e4,--from 1e4 --to 1e5)
FIGURE5_GRID := experiments/$(FIGURE5_SWEEP).sweep
FIGURE5_RUNS := build/sweeps/$(FIGURE5_SWEEP)-$(DATASET)

NOT_MNIST = echo '*** made from $(DATASET), NOT MNIST:' \
	'no MNIST in $(DSGD_DATA)/mnist, or DATASET=$(DATASET) was given' '(make -f Makefile.experiments data-mnist fetches MNIST) ***'

.PHONY: mnist figure5

mnist: build ## figure 5: logistic regression and SVM on MNIST, vanilla and sketched (QUICK=1: smaller, 2 minutes)
ifneq ($(DATASET),mnist)
	@$(NOT_MNIST)
endif
	$(call sweep_cost,$(FIGURE5_GRID),--set dataset=$(DATASET),$(FIGURE5_RUNS))
	@+$(MAKE) --no-print-directory -f Makefile.experiments DATASET=$(DATASET) $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) \
		figure5
	@cat $(FIGURE5_STEM).txt
	@printf '\npictures: %s.png, .svg, .pdf (caption: .caption.txt; this table: .txt)\n' $(FIGURE5_STEM)
ifneq ($(DATASET),mnist)
	@$(NOT_MNIST)
endif

figure5: $(FIGURE5_PICTURES) $(FIGURE5_STEM).txt

# Only where a goal needs the names of the runs: `make test` shall not ask for them.
ifneq ($(filter figure5 results/%,$(MAKECMDGOALS)),)
include $(FIGURE5_RUNS).mk
FIGURE5_logistic := $($(FIGURE5_SWEEP)_logistic)
FIGURE5_svm := $($(FIGURE5_SWEEP)_svm)
.PRECIOUS: $(FIGURE5_logistic) $(FIGURE5_svm)
figure5: SWEEP_DONE = @scripts/sweep-progress.sh $(FIGURE5_RUNS).cost.tsv
# The certified optimum first and once, not in two runs at the same time.
$(FIGURE5_logistic): | results/optimum/$(DATASET)-logistic.txt
$(FIGURE5_svm): | results/optimum/$(DATASET)-svm.txt
endif

$(DSGD):
	@scripts/build.sh $(PRESET) dsgd

$(FIGURE5_RUNS).mk: $(FIGURE5_GRID) $(wildcard experiments/*.conf) $(DSGD)
	$(call sweep_rules,$(FIGURE5_GRID),--set dataset=$(DATASET),@$$(SWEEP_RUN))

results/optimum/$(DATASET)-%.txt:
	@mkdir -p $(@D)
	@$(DSGD) optimum experiments/$*.conf --set dataset=$(DATASET) >$@.new
	@mv $@.new $@

# One run's prefixes for the logistic regression; one run for each T for the SVM.
$(FIGURE5_STEM)-logistic.tsv: $(FIGURE5_logistic)
	@mkdir -p $(@D)
	@$(DSGD) curve --minus-optimum $^ >$@.new
	@mv $@.new $@

$(FIGURE5_STEM)-svm.tsv: $(FIGURE5_svm)
	@mkdir -p $(@D)
	@$(DSGD) curve --minus-optimum --final $^ >$@.new
	@mv $@.new $@

$(FIGURE5_STEM).txt: $(FIGURE5_logistic) $(FIGURE5_svm)
	@mkdir -p $(@D)
	@$(DSGD) show --quiet $(FIGURE5_WINDOW) $(FIGURE5_logistic) >$@.new
	@echo >>$@.new
	@$(DSGD) show --quiet --final $(FIGURE5_WINDOW) $(FIGURE5_svm) >>$@.new
	@mv $@.new $@

$(FIGURE5_PICTURES) &: $(FIGURE5_STEM)-logistic.tsv $(FIGURE5_STEM)-svm.tsv plots/figure5.gp plots/style.gp scripts/plot.sh
	@scripts/plot.sh plots/figure5.gp $(FIGURE5_STEM)
