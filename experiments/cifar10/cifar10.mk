# cifar10.mk - ResNet-9 on CIFAR-10 under six methods: accuracy against values and bytes (docs/deep.md). Included by Makefile.experiments.
#
#   JOBS=N                   runs at a time, one thread each
#   DATASET=cifar10|images   which data: CIFAR-10, or generated pictures of its shape (images)
#   QUICK=1                  generated pictures, width 4, some steps, the step sizes of the configurations: shows that all of it runs
#
# Learning rate and momentum (0.9 or none) of each method are chosen first, on the same grids for all, in runs of one epoch on held-out images; then
# three seeds of five epochs. About 4 core-hours. The paper's own size, with nine methods and figures 3 and 4, is experiments/cifar10/paper*.sweep.

override CIFAR10_METHODS := resnet9 resnet9_sketched resnet9_local_topk resnet9_random_k resnet9_signsgd resnet9_terngrad
override CIFAR10_DATASET := $(if $(QUICK),images,$(or $(value DATASET),cifar10))
override CIFAR10_STEM = results/figures/cifar10$(if $(filter images,$(CIFAR10_DATASET)),-images)$(if $(QUICK),-quick)
override CIFAR10_DATA = dataset=$(CIFAR10_DATASET)$(if $(filter images,$(CIFAR10_DATASET)), images.size=32 images.channels=3)
override CIFAR10_SET = "$(CIFAR10_DATA)$(if $(QUICK), images.n=600 images.n_test=100 resnet9.width=4 steps=30 log.every=10)"
override CIFAR10_TUNE := --factor 2 --points 3 --seeds 101 --metric test_error
override CIFAR10_TUNED := $(CIFAR10_METHODS:%=tune-cifar10-%)

.PHONY: cifar10 cifar10-tuned $(CIFAR10_TUNED)

cifar10: build ## ResNet-9 of width 16 on CIFAR-10, six methods, three seeds: accuracy against values and bytes (4 core-hours; QUICK=1; JOBS=N)
	+@$(if $(QUICK),,DSGD_COMMAND=$(DSGD) $(MAKE_WORD) --no-print-directory -f Makefile.experiments $(JOBS_FLAG) cifar10-tuned)
	+@SET=$(CIFAR10_SET) METHODS_FOLDER=experiments/cifar10 METHODS_STEPS=$(if $(QUICK),given,tuned) METHODS_CURVE=yes \
		scripts/methods.sh $(DSGD) $(JOBS_NOW) "$(JOBS_FLAG)" $(CIFAR10_STEM) "1 2 3" $(CIFAR10_METHODS)
	@scripts/plot.sh plots/deep.gp $(CIFAR10_STEM)
	@sed '/^# end /d' $(CIFAR10_STEM).txt
	@printf '\npictures: %s.png, .svg, .pdf (caption: .caption.txt; this table: .txt, .md, .tsv)\n' $(CIFAR10_STEM)
	@[ $(CIFAR10_DATASET) = cifar10 ] || printf '*** made from %s, NOT CIFAR-10 ***\n' $(CIFAR10_DATASET)

cifar10-tuned: $(CIFAR10_TUNED)

$(CIFAR10_TUNED): tune-cifar10-%:
	+@SET="$(CIFAR10_DATA) steps=390 log.every=390 step.peak_at=0.2" scripts/tune-momentum.sh $(DSGD) experiments/cifar10/$*.conf experiments/cifar10/resnet9.conf \
		$(CIFAR10_STEM)/$*.tuned.conf $(CIFAR10_TUNE)

# Nine methods, figures 3 and 4 at the paper's size: each sweep says first what it costs.
.PHONY: cifar10-paper
cifar10-paper: build ## ResNet-9 at the paper's size, nine methods, figures 3 and 4 (weeks of a CPU core; says what it costs first; JOBS=N)
	+@for sweep in paper paper_figure3 paper_figure4; do \
		SWEEP=experiments/cifar10/$$sweep.sweep SET="$(CIFAR10_DATA)" scripts/sweep.sh $(DSGD) $(JOBS_NOW) $(JOBS_FLAG) sweep-runs || exit; done
	@for sweep in paper paper_figure3 paper_figure4; do \
		$(DSGD) table --settings "$(CIFAR10_DATA)" -o results/figures/cifar10-$$sweep.txt experiments/cifar10/$$sweep.sweep || exit; done
