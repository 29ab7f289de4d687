# deep.mk - LeNet-5 on MNIST under every compressor: error against steps and against words sent (docs/deep.md). Included by Makefile.experiments.
#
#   QUICK=1                              seven methods, 500 steps, the step sizes of the configurations: minutes, a demonstration
#   DATASET=mnist|fashion_mnist|images   which data: MNIST if its files are found, else generated pictures (images)
#   JOBS=N                               runs at a time, one thread each
#
# Without QUICK each method's learning rate and the momentum of its update, 0.9 or none, are chosen first on held-out images, on the same grids
# for all (scripts/tune-momentum.sh); then three seeds run with them.

# What the user gave, before figure5.mk finds a dataset of its own; looked for when it is needed, and once.
override DEEP_DATASET := $(value DATASET)
ifeq ($(DEEP_DATASET),)
override DEEP_DATASET = $(eval override DEEP_DATASET := $$(if $$(filter mnist,$$(shell scripts/dataset.sh $$(call quote,DSGD_DATA))),mnist,images))$(DEEP_DATASET)
endif

override DEEP_METHODS := lenet lenet_sketched lenet_sketched_r1 lenet_local_topk lenet_random_k lenet_random_k_equal lenet_signsgd $(if $(QUICK),,lenet_terngrad lenet_true_topk lenet_powersgd lenet_sketched_fp16)
override DEEP_STEM = results/figures/deep-$(DEEP_DATASET)$(if $(QUICK),-quick)
override DEEP_SET = "dataset=$(DEEP_DATASET)$(if $(QUICK), steps=500 step.peak_at=100 log.every=50 eval.examples=1000)$(if $(filter images,$(DEEP_DATASET)), images.noise=0.02)"
override DEEP_SEEDS := 1 2 3
override DEEP_TUNE := --factor 2 --points 3 --seeds 101 --metric test_error
override DEEP_TUNED := $(DEEP_METHODS:%=tune-deep-%)

.PHONY: deep deep-tuned $(DEEP_TUNED)

deep: build ## LeNet-5 under eleven compressors: error against steps and words sent (QUICK=1: seven, 2 minutes; JOBS=N)
	+@$(if $(QUICK),,DSGD_COMMAND=$(DSGD) $(MAKE_WORD) --no-print-directory -f Makefile.experiments DATASET=$(DEEP_DATASET) $(JOBS_FLAG) deep-tuned)
	+@SET=$(DEEP_SET) METHODS_FOLDER=experiments/deep METHODS_STEPS=$(if $(QUICK),given,tuned) METHODS_CURVE=yes \
		scripts/methods.sh $(DSGD) $(JOBS_NOW) "$(JOBS_FLAG)" $(DEEP_STEM) "$(DEEP_SEEDS)" $(DEEP_METHODS)
	@scripts/plot.sh plots/deep.gp $(DEEP_STEM)
	@sed '/^# end /d' $(DEEP_STEM).txt
	@printf '\npictures: %s.png, .svg, .pdf (caption: .caption.txt; this table: .txt, .md, .tsv)\n' $(DEEP_STEM)
	@[ $(DEEP_DATASET) = mnist ] || printf '*** made from %s, NOT MNIST ***\n' $(DEEP_DATASET)

deep-tuned: $(DEEP_TUNED)

# Half, once and twice the configuration's step size, further where the best stands at an end.
$(DEEP_TUNED): tune-deep-%:
	+@SET=$(DEEP_SET)" log.evaluate_every=2000" scripts/tune-momentum.sh $(DSGD) experiments/deep/$*.conf experiments/deep/lenet.conf $(DEEP_STEM)/$*.tuned.conf $(DEEP_TUNE)

# --- Figures 3 and 4 of the paper, at the size of LeNet-5 ---

override DEEP_SIZES_STEM = results/figures/deep-sizes-$(DEEP_DATASET)
override DEEP_SIZES_SET = dataset=$(DEEP_DATASET) log.evaluate_every=1000000$(if $(filter images,$(DEEP_DATASET)), images.noise=0.02)

.PHONY: deep-sizes

deep-sizes: build ## LeNet-5: accuracy against compression, workers and steps, as in figures 3 and 4 of the paper (135 runs; JOBS=N)
	+@SWEEP=experiments/deep/figure3.sweep SET="$(DEEP_SIZES_SET)" scripts/sweep.sh $(DSGD) $(JOBS_NOW) $(JOBS_FLAG) sweep-runs
	+@SWEEP=experiments/deep/figure4.sweep SET="$(DEEP_SIZES_SET)" scripts/sweep.sh $(DSGD) $(JOBS_NOW) $(JOBS_FLAG) sweep-runs
	+@SWEEP=experiments/deep/steps.sweep SET="$(DEEP_SIZES_SET)" scripts/sweep.sh $(DSGD) $(JOBS_NOW) $(JOBS_FLAG) sweep-runs
	@for block in once half_again twice; do \
		$(DSGD) table --settings "$(DEEP_SIZES_SET)" --block $$block -o $(DEEP_SIZES_STEM)-$$block.txt experiments/deep/steps.sweep || exit; done
	@for block in sgd columns k candidates local random; do \
		$(DSGD) curve --settings "$(DEEP_SIZES_SET)" --block $$block -o $(DEEP_SIZES_STEM)-$$block.tsv experiments/deep/figure3.sweep || exit; done
	@for block in w1 w4 w16 w64; do \
		$(DSGD) curve --settings "$(DEEP_SIZES_SET)" --block $$block -o $(DEEP_SIZES_STEM)-$$block.tsv experiments/deep/figure4.sweep || exit; done
	@scripts/plot.sh plots/deep_sizes.gp $(DEEP_SIZES_STEM)
	@for block in once half_again twice; do printf '\n%s\n' "$$block"; sed '/^# end /d' $(DEEP_SIZES_STEM)-$$block.txt; done
	@printf 'pictures: %s.png, .svg, .pdf (caption: .caption.txt; tables: -*.tsv, -once.txt, -half_again.txt, -twice.txt)\n' $(DEEP_SIZES_STEM)
	@[ $(DEEP_DATASET) = mnist ] || printf '*** made from %s, NOT MNIST ***\n' $(DEEP_DATASET)
