# multi30k.mk - a Transformer and LSTMs on Multi30k, English to German, under ten methods: loss and BLEU against steps and words sent (docs/deep.md).
# Included by Makefile.experiments. The data: make -f Makefile.experiments data-multi30k.
#
#   DATASET=parallel|grammar  which sentences: ids in DSGD_DATA/parallel, or the generated language
#   QUICK=1                   the generated language, 30 steps, one seed, the step sizes of the configurations: shows that all of it runs
#   JOBS=N                    runs at a time, one thread each
#
# Learning rate and momentum (0.9 or none) of each method are chosen first, on the same grids for all, by the loss on held-out sentences in runs of a quarter
# of the steps; then three seeds with them.
override MULTI30K_MODELS := transformer lstm
override MULTI30K_METHODS := sketched sketched_40x random_k random_k_40x true_topk local_topk signsgd terngrad powersgd
override MULTI30K_DATASET := $(if $(QUICK),grammar,$(or $(value DATASET),parallel))
override MULTI30K_MADE := $(if $(filter grammar,$(MULTI30K_DATASET)),-grammar)
override MULTI30K_STEM = results/figures/multi30k-$*$(MULTI30K_MADE)$(if $(QUICK),-quick)
override MULTI30K_SET = "dataset=$(MULTI30K_DATASET)$(if $(QUICK), steps=30 step.warmup=5 log.every=10 log.evaluate_every=30 eval.examples=10 $*.decode=20)"
override MULTI30K_TUNE := --factor 2 --points 3 --seeds 101 --metric valid_loss
override MULTI30K_TUNED := $(foreach model,$(MULTI30K_MODELS),tune-multi30k_$(model) $(MULTI30K_METHODS:%=tune-multi30k_$(model)_%))

.PHONY: multi30k $(MULTI30K_MODELS:%=multi30k-%) multi30k-more $(MULTI30K_TUNED)

multi30k: $(MULTI30K_MODELS:%=multi30k-%) ## Translation of Multi30k, Transformer and LSTMs, ten methods, three seeds: loss and BLEU (3 core-hours a model; QUICK=1; JOBS=N)

$(MULTI30K_MODELS:%=multi30k-%): multi30k-%: build
	+@$(if $(QUICK),,DSGD_COMMAND=$(DSGD) $(MAKE_WORD) --no-print-directory -f Makefile.experiments $(JOBS_FLAG) DATASET=$(MULTI30K_DATASET) $(filter tune-multi30k_$*%,$(MULTI30K_TUNED)))
	+@SET=$(MULTI30K_SET) METHODS_FOLDER=experiments/language METHODS_STEPS=$(if $(QUICK),given,tuned) METHODS_CURVE=yes METHODS_COLUMNS="valid_loss bleu" \
		scripts/methods.sh $(DSGD) $(JOBS_NOW) "$(JOBS_FLAG)" $(MULTI30K_STEM) "$(if $(QUICK),1,1 2 3)" multi30k_$* $(MULTI30K_METHODS:%=multi30k_$*_%)
	@scripts/plot.sh plots/deep.gp $(MULTI30K_STEM)
	@sed '/^# end /d' $(MULTI30K_STEM).txt
	@printf '\npictures: %s.png, .svg, .pdf (caption: .caption.txt; this table: .txt, .md, .tsv)\n' $(MULTI30K_STEM)
	@[ $(MULTI30K_DATASET) = parallel ] || printf '*** made from %s, NOT Multi30k ***\n' $(MULTI30K_DATASET)

$(MULTI30K_TUNED): tune-%:
	+@SET="dataset=$(MULTI30K_DATASET) steps=300 log.every=300 log.evaluate_every=300 $(call language_model,$*).decode=0" scripts/tune-momentum.sh $(DSGD) experiments/language/$*.conf \
		experiments/language/multi30k_$(call language_model,$*).conf results/figures/multi30k-$(call language_model,$*)$(MULTI30K_MADE)/$*.tuned.conf $(MULTI30K_TUNE)

# Figure 2 of the paper at this size, true top-k over k; and whether more steps close the gap of a sketch.
multi30k-more: build ## Multi30k, Transformer: true top-k over k (figure 2), Sketched-SGD at once, half again and twice the steps (1 core-hour; JOBS=N)
	+@SWEEP=experiments/language/multi30k_figure2.sweep SET="dataset=$(MULTI30K_DATASET)" scripts/sweep.sh $(DSGD) $(JOBS_NOW) $(JOBS_FLAG) sweep-runs
	+@SWEEP=experiments/language/multi30k_steps.sweep SET="dataset=$(MULTI30K_DATASET)" scripts/sweep.sh $(DSGD) $(JOBS_NOW) $(JOBS_FLAG) sweep-runs
	@for sweep in figure2 steps; do $(DSGD) table --settings dataset=$(MULTI30K_DATASET) --column valid_loss --column bleu \
			-o results/figures/multi30k-$$sweep$(MULTI30K_MADE).txt experiments/language/multi30k_$$sweep.sweep || exit; \
		printf '\n%s\n' "$$sweep"; sed '/^# end /d' results/figures/multi30k-$$sweep$(MULTI30K_MADE).txt; done

# The paper's own size: each sweep says first what it costs.
.PHONY: language-paper
language-paper: build ## Translation at the paper's size, WMT'14, both models: table 1, figures 1 and 2 (years of a CPU core; says what it costs first; JOBS=N)
	+@for sweep in paper_transformer paper_lstm paper_transformer_figure2 paper_lstm_figure2; do \
		SWEEP=experiments/language/$$sweep.sweep SET="dataset=$(MULTI30K_DATASET)" scripts/sweep.sh $(DSGD) $(JOBS_NOW) $(JOBS_FLAG) sweep-runs || exit; done
	@for sweep in paper_transformer paper_lstm paper_transformer_figure2 paper_lstm_figure2; do \
		$(DSGD) table --settings dataset=$(MULTI30K_DATASET) --column valid_loss --column bleu -o results/figures/language-$$sweep.txt experiments/language/$$sweep.sweep || exit; done
