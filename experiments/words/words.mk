# words.mk - where sketches win and where they do not: error against words sent and received by a worker. Included by Makefile.experiments.
#
#   QUICK=1     one seed instead of three, in files of its own
#   JOBS=N      runs at a time, one thread each
#
# Left the logistic regression of figure 5, whose runs are shared with `mnist` (DATASET as there), then problems with heavy coordinates.

override WORDS_SWEEP := experiments/words/words$(if $(QUICK),-quick).sweep
override WORDS_STEM = results/figures/words-$(DATASET)$(if $(QUICK),-quick)

.PHONY: words

words: figure5 ## error against words sent: figure 5's problem, rare features, a power law (QUICK=1: one seed)
	+@SWEEP=$(WORDS_SWEEP) scripts/sweep.sh $(DSGD) $(JOBS_NOW) $(JOBS_FLAG) sweep-runs
	@$(DSGD) curve -o $(WORDS_STEM)-figure5.tsv $(FIGURE5_LOGISTIC)
	@$(DSGD) curve -o $(WORDS_STEM)-rare.tsv --block rare $(WORDS_SWEEP)
	@$(DSGD) curve -o $(WORDS_STEM)-power.tsv --block power $(WORDS_SWEEP)
	@scripts/plot.sh plots/words.gp $(WORDS_STEM)
	@printf 'pictures: %s.png, .svg, .pdf (caption: .caption.txt)\n' $(WORDS_STEM)
	@$(NOT_MNIST)
