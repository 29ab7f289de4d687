# methods.mk - all methods on one problem, each with its own tuned step size (docs/methods.md). Included by Makefile.experiments.
#
#   METHODS="sgd signsgd ..."     which files of experiments/methods; all by default
#   DATASET=mnist|fashion_mnist   which data, as for `mnist`
#   QUICK=1                       60 steps (dgc: a shorter warm-up), a short grid on the held-out loss and one seed each, in files of their own: a test, no comparison
#   SET="key=value ..."           overrides keys of all runs, in files of their own
#   JOBS=N (or make's -jN)        methods at a time, one thread each
#
# A result's name contains the hash of its configuration, so each method is asked what it still needs, and that alone is made.

METHODS ?= sgd sgd_fp16 sgd_bf16 sketched_topk sketched_topk_momentum sketched_topk_fp16 sketched_heavymix true_topk pkk \
	pkk_inexact local_topk dgc random_k random_k_unbiased signsgd signum ef_signsgd ef_signsgd_both qsgd qsgd_both qsgd_elias \
	terngrad terngrad_own powersgd fetchsgd local_sgd

METHODS_STEM := results/methods$(if $(filter-out mnist,$(DATASET)),-$(DATASET))$(if $(QUICK),-quick)$(if \
	$(SET),-$(firstword $(shell printf '%s' '$(SET)' | cksum)))
METHODS_SET = --set dataset=$(DATASET) $(if $(QUICK),--set steps=60) $(SWEEP_SET)
METHODS_SEEDS := $(if $(QUICK),1,1 2 3 4 5)
# The first grid reaches far down: where a large step leaves nothing but noise, a chance minimum would stop a shorter one.
METHODS_TUNE := $(if $(QUICK),--seeds 101 --points 3 --most 40 --metric test_loss,--from 0.0015625 --factor 2 --points 11)
METHODS_FILES := $(METHODS:%=$(METHODS_STEM)/%.files)

.PHONY: methods methods-runs methods-docs methods-now

methods: build ## one row a method: accuracy with a tuned step size, compression (QUICK=1: a test; METHODS="sgd ..."; JOBS=N)
ifneq ($(DATASET),mnist)
	@$(NOT_MNIST)
endif
	@echo 'methods: $(words $(METHODS)), for each at least $(if $(QUICK),3,33) runs to choose a step size and $(words $(METHODS_SEEDS)) with it; what is there is not made again'
	@+$(MAKE) --no-print-directory -f Makefile.experiments DATASET=$(DATASET) $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) methods-runs
	@cat $(METHODS_STEM).txt
	@printf '\nalso as %s.tsv and %s.md\n' $(METHODS_STEM) $(METHODS_STEM)

methods-runs: $(METHODS_STEM).tsv $(METHODS_STEM).md $(METHODS_STEM).txt

methods-docs: methods ## writes the tables of docs/methods.md anew
	@scripts/methods-docs.sh $(METHODS_STEM) docs/methods.md $(METHODS)

$(METHODS_FILES): $(METHODS_STEM)/%.files: methods-now
	@scripts/method.sh $(DSGD) experiments/methods/$*.conf $(METHODS_STEM) '$(METHODS_SEEDS)' '$(METHODS_TUNE)' $(METHODS_SET) \
		$(if $(and $(QUICK),$(filter dgc,$*)),--set local_topk.warmup=10)

$(METHODS_STEM).tsv: METHODS_FORM = --tsv
$(METHODS_STEM).md: METHODS_FORM = --markdown
$(METHODS_STEM).tsv $(METHODS_STEM).md $(METHODS_STEM).txt: $(METHODS_FILES)
	@$(DSGD) table $(METHODS_FORM) $$(cat $^) >$@.new
	@mv $@.new $@
