# language.mk - a Transformer and LSTMs on the generated language under five compressors: loss, BLEU and token error against steps and against words sent
# (docs/deep.md). Included by Makefile.experiments.
#
#   QUICK=1   300 steps, one seed, the step sizes of the configurations: a demonstration
#   JOBS=N    runs at a time, one thread each
#
# Without QUICK each method's learning rate and momentum (0.9 or none) are chosen first by the loss on held-out sentences in runs of half the steps, on the same
# grids for all; then three seeds with them.
override LANGUAGE_MODELS := transformer lstm
override LANGUAGE_METHODS := sketched true_topk local_topk random_k
override LANGUAGE_STEM = results/figures/language-$*$(if $(QUICK),-quick)
override LANGUAGE_SET := "$(if $(QUICK),steps=300 log.every=50 eval.examples=20)"
override LANGUAGE_TUNE := --factor 2 --points 3 --seeds 101 --metric valid_loss
override LANGUAGE_TUNED := $(foreach model,$(LANGUAGE_MODELS),tune-grammar_$(model) $(LANGUAGE_METHODS:%=tune-grammar_$(model)_%))

.PHONY: language $(LANGUAGE_MODELS:%=language-%) $(LANGUAGE_TUNED)

language: $(LANGUAGE_MODELS:%=language-%) ## A Transformer and LSTMs that translate a generated language under five methods (half a core-hour; QUICK=1: minutes; JOBS=N)

$(LANGUAGE_MODELS:%=language-%): language-%: build
	+@$(if $(QUICK),,DSGD_COMMAND=$(DSGD) $(MAKE_WORD) --no-print-directory -f Makefile.experiments $(JOBS_FLAG) $(filter tune-grammar_$*%,$(LANGUAGE_TUNED)))
	+@SET=$(LANGUAGE_SET) METHODS_FOLDER=experiments/language METHODS_STEPS=$(if $(QUICK),given,tuned) METHODS_CURVE=yes METHODS_COLUMNS="valid_loss sequence_error bleu" \
		scripts/methods.sh $(DSGD) $(JOBS_NOW) "$(JOBS_FLAG)" $(LANGUAGE_STEM) "$(if $(QUICK),1,1 2 3)" grammar_$* $(LANGUAGE_METHODS:%=grammar_$*_%)
	@scripts/plot.sh plots/deep.gp $(LANGUAGE_STEM)
	@sed '/^# end /d' $(LANGUAGE_STEM).txt

# transformer of grammar_transformer_true_topk
override language_model = $(word 2,$(subst _, ,$1))
$(LANGUAGE_TUNED): tune-%:
	+@SET="steps=600 log.every=600 log.evaluate_every=600 $(call language_model,$*).decode=0" scripts/tune-momentum.sh $(DSGD) experiments/language/$*.conf \
		experiments/language/grammar_$(call language_model,$*).conf results/figures/language-$(call language_model,$*)/$*.tuned.conf $(LANGUAGE_TUNE)
