# language.mk - a Transformer and LSTMs on the generated language under every compressor: token error against steps and against words sent (docs/deep.md).
# Included by Makefile.experiments.
#
#   QUICK=1   300 steps, one seed: a demonstration; else 1200 steps, three seeds
#   JOBS=N    runs at a time, one thread each
override LANGUAGE_MODELS := transformer lstm
override LANGUAGE_METHODS := sketched true_topk local_topk random_k
override LANGUAGE_SET := $(if $(QUICK),steps=300 log.every=50 eval.examples=20)
override LANGUAGE_RUNS := $(LANGUAGE_MODELS:%=language-%)

.PHONY: language $(LANGUAGE_RUNS)

language: $(LANGUAGE_RUNS) ## A Transformer and LSTMs that translate a generated language under five methods (QUICK=1: 300 steps; JOBS=N)

$(LANGUAGE_RUNS): language-%: build
	+@SET="$(LANGUAGE_SET)" METHODS_FOLDER=experiments/language METHODS_STEPS=given METHODS_CURVE=yes METHODS_COLUMNS="valid_loss bleu" \
		scripts/methods.sh $(DSGD) $(JOBS_NOW) "$(JOBS_FLAG)" results/figures/language-$*$(if $(QUICK),-quick) "$(if $(QUICK),1,1 2 3)" \
		grammar_$* $(LANGUAGE_METHODS:%=grammar_$*_%)
	@scripts/plot.sh plots/deep.gp results/figures/language-$*$(if $(QUICK),-quick)
	@sed '/^# end /d' results/figures/language-$*$(if $(QUICK),-quick).txt
