# methods.mk - all methods on one problem, each with its own tuned step size (docs/methods.md). Included by Makefile.experiments.
#
#   METHODS="sgd signsgd ..."     which files of experiments/methods; all by default
#   DATASET=mnist|fashion_mnist   which data, as for `mnist`
#   QUICK=1                       60 steps (dgc: without its warm-up, which is longer), a short grid on the held-out loss and one seed each, in files of their own: a test, no comparison
#   SET="key=value ..."           overrides keys of all runs, in files of their own
#   JOBS=N (or make's -jN)        methods or runs at a time, one thread each
#
# methods-docs takes none of the first four: the tables of docs/methods.md are those of all methods on MNIST.
#
# Step sizes first (dsgd tune), then one sweep of all methods with them: each is asked what it still needs, and that alone is made.

# What a user gives would shorten or replace these tables without a word.
$(if $(filter methods-docs,$(MAKECMDGOALS)),$(foreach v,METHODS QUICK SET $(if $(filter-out mnist,$(DATASET)),DATASET),$(if $(value $v),$(call \
	refuse,$v,none with methods-docs: it writes both tables of docs/methods.md whole; the goal methods makes a table of these alone))))

$(call default,METHODS,sgd sgd_fp16 sgd_bf16 sketched_topk sketched_topk_momentum sketched_topk_fp16 sketched_heavymix true_topk pkk \
	pkk_inexact local_topk dgc threshold random_k random_k_unbiased signsgd signum ef_signsgd ef_signsgd_both qsgd qsgd_both qsgd_elias \
	terngrad terngrad_own powersgd fetchsgd fetchsgd_10k local_sgd)
$(if $(strip $(call rest,METHODS,$(letters) $(digits) _)),$(call refuse,METHODS,names of experiments/methods with blanks between them))
# A method that is named twice is one.
override once = $(if $1,$(firstword $1) $(call once,$(filter-out $(firstword $1),$1)))
override METHODS := $(strip $(call once,$(METHODS)))

override METHODS_STEM = results/methods$(if $(filter-out mnist,$(DATASET)),-$(DATASET))$(if $(QUICK),-quick)$(if $(value SET),-$(firstword $(shell \
	printf '%s' $(call quote,SET) | cksum)))
# Later ones win.
override METHODS_SET = "dataset=$(DATASET) $(if $(QUICK),steps=60 local_topk.warmup=0) $${SET:-}"
override METHODS_SEEDS := $(if $(QUICK),1,1 2 3 4 5)
# The first grid reaches far down: where a large step leaves nothing but noise, a chance minimum would stop a shorter one.
override METHODS_TUNE := $(if $(QUICK),--seeds 101 --points 3 --most 40 --metric test_loss,--from 0.0015625 --factor 2 --points 11)
override METHODS_TUNED := $(METHODS:%=tune-%)

.PHONY: methods methods-tuned methods-docs $(METHODS_TUNED)

methods: build ## one row per method: accuracy with a tuned step size, compression (QUICK=1: a test; METHODS="sgd ..."; JOBS=N)
	@$(NOT_MNIST)
	@echo 'methods: $(words $(METHODS)), for each at least $(if $(QUICK),3,33) runs to choose a step size and $(words $(METHODS_SEEDS)) with it; what is there is not made again'
	+@DSGD_COMMAND=$(DSGD) $(MAKE_WORD) --no-print-directory -f Makefile.experiments DATASET=$(DATASET) $(JOBS_FLAG) methods-tuned
	+@SET=$(METHODS_SET) scripts/methods.sh $(DSGD) $(JOBS_NOW) "$(JOBS_FLAG)" $(METHODS_STEM) "$(METHODS_SEEDS)" $(METHODS)
	@sed '/^# end /d' $(METHODS_STEM).txt
	@printf '\nalso as %s.tsv and %s.md\n' $(METHODS_STEM) $(METHODS_STEM)

methods-tuned: $(METHODS_TUNED)

$(METHODS_TUNED): tune-%:
	@$(DSGD) tune experiments/methods/$*.conf --settings $(METHODS_SET) $(METHODS_TUNE) --threads 1 -o $(METHODS_STEM)/$*.tuned.conf >/dev/null

methods-docs: methods ## writes the tables of docs/methods.md anew
	@scripts/methods-docs.sh $(METHODS_STEM) docs/methods.md $(METHODS)
