# verify.mk - the theory held against measurements (docs/theory.md). Included by Makefile.experiments.
#
#   FULL=1     the full set and the full grids (up to two hours), not the quick ones (minutes)
#   SEED=N     changes all seeds (1)
#   JOBS=N     checks at a time
#
# Rows are stored in results/verify as soon as a check is done: interrupted and repeated, a set makes what is missing. What is
# current is decided by dsgd verify and scripts/plot.sh, by content; nothing here looks at the time of a file.

override VERIFY_MAPS := contraction hashes excess memory workers figure5
override VERIFY_FIGURES := $(VERIFY_MAPS:%=verify-figure-%)

# In recipes variables come from the environment: what a user writes there is no text of make or of the shell. dsgd refuses a
# SEED that is no number before anything is named after it. Figures of another seed are other files.
override verify_set = seed=$${SEED:-1} set=quick options=(); \
    case $${FULL:-} in '' | 0 | no) ;; *) set=full options=(--full) ;; esac; \
    options+=(--seed "$$seed"); name=$$set; [ "$$seed" = 1 ] || name+=-s$$seed

.PHONY: verify verify-figures verify-docs verify-faults-docs verify-compressors verify-compressors-docs $(VERIFY_FIGURES)

verify: build ## holds every statement of the theory against measurements: a table with verdicts (FULL=1: up to two hours)
	@$(verify_set); rows=results/verify/$$set-s$$seed.tsv; \
	$(DSGD) verify "$${options[@]}" $${JOBS:+--threads "$$JOBS"} -o "$$rows"; \
	printf 'all rows with settings, digests and commands: %s\n' "$$rows"

$(VERIFY_FIGURES): verify-figure-%: build
	@$(verify_set); stem=results/figures/verify-$*-$$name; \
	$(DSGD) verify --map $* "$${options[@]}" -o "$$stem.tsv"; \
	scripts/plot.sh plots/verify_$*.gp "$$stem"; \
	printf '%s.{png,svg,pdf}\n' "$$stem"

verify-figures: $(VERIFY_FIGURES) ## maps and curves: where HEAVYMIX contracts, hashes, excess risk, memory, workers

verify-docs: verify ## writes the table of docs/theory.md and docs/verify.tsv anew
	@$(verify_set); scripts/verify-docs.sh $(DSGD) "results/verify/$$set-s$$seed.tsv" docs/theory.md docs/verify.tsv "$${options[@]}"

verify-faults-docs: build ## plants each fault and writes the table of docs/theory.md that says which rows saw it
	@DSGD=$$PWD/$(DSGD) DSGD_FAULTS_PAGE=$$PWD/docs/theory.md bash tests/verify_faults.sh

verify-compressors: build ## what every compressor leaves of five vector shapes (FULL=1: more seeds)
	@$(verify_set); table=results/figures/verify-compressors-$$name.tsv; \
	$(DSGD) verify --map compressors "$${options[@]}" -o "$$table"; \
	grep -v '^# end ' "$$table"

verify-compressors-docs: build ## writes the table of docs/methods.md that says it
	@$(verify_set); table=results/figures/verify-compressors-$$name.tsv; \
	$(DSGD) verify --map compressors "$${options[@]}" -o "$$table"; \
	scripts/compressors-docs.sh "$$table" docs/methods.md
