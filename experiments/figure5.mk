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
DATASET ?= $(if $(wildcard $(DSGD_DATA)/mnist/train-images* data/mnist/train-images*),mnist,fashion_mnist)
QUICK ?=
override QUICK := $(filter-out 0 no,$(QUICK))
JOBS ?= $(shell nproc)

FIGURE5_EXTENT := $(if $(QUICK),quick,all)
FIGURE5_STEM := results/figures/figure5-$(DATASET)$(if $(QUICK),-quick)
FIGURE5_PICTURES := $(addprefix $(FIGURE5_STEM),.png .svg .pdf .caption.txt)
FIGURE5_WINDOW := $(if $(QUICK),--from 1e3 --to 1e4,--from 1e4 --to 1e5)
FIGURE5_LIST := build/figure5-$(DATASET)-$(FIGURE5_EXTENT).mk
FIGURE5_CONF := $(wildcard experiments/*.conf)
FIGURE5_RUN = @$(DSGD) run --threads 1

.PHONY: mnist figure5

mnist: build ## figure 5: logistic regression and SVM on MNIST, vanilla and sketched (QUICK=1: smaller, 2 minutes)
ifneq ($(DATASET),mnist)
	@echo '*** the figure is made from $(DATASET), NOT MNIST (no files in $(DSGD_DATA)/mnist or data/mnist, or DATASET given) ***'
endif
	@+$(MAKE) --no-print-directory -f Makefile.experiments DATASET=$(DATASET) $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) \
		figure5
	@cat $(FIGURE5_STEM).txt
	@printf '\npictures: %s.png, .svg, .pdf (caption: .caption.txt; this table: .txt)\n' $(FIGURE5_STEM)

figure5: $(FIGURE5_PICTURES) $(FIGURE5_STEM).txt

# Only where a goal needs the names of the runs: `make test` shall not ask for them.
ifneq ($(filter figure5 results/%,$(MAKECMDGOALS)),)
include $(FIGURE5_LIST)
endif

$(DSGD):
	@scripts/build.sh $(PRESET) dsgd

$(FIGURE5_LIST): scripts/list-runs.sh $(FIGURE5_CONF) $(DSGD)
	@mkdir -p $(@D)
	@scripts/list-runs.sh $(DSGD) $(DATASET) $(FIGURE5_EXTENT) >$@.new
	@mv $@.new $@

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
