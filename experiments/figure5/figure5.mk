# figure5.mk - figure 5 of the paper (supplement E.1): logistic regression and SVM, vanilla and sketched. Included by
# Makefile.experiments.
#
#   DATASET=mnist|fashion_mnist   which data; automatic: MNIST if its files are found, else Fashion-MNIST
#   QUICK=1                       T up to 1e4 and 3 seeds instead of 1e5 and 5, in files of their own
#   JOBS=N                        runs at a time, one thread each
#
# Tables and pictures are made of the sweep's results every time; a file that would say the same is not touched.

# Looked for when it is needed, and once. As the program looks: any file of MNIST decides, so that a missing one is an error
# and not another dataset.
ifeq ($(value DATASET),)
override DATASET = $(eval override DATASET := $$(shell scripts/dataset.sh $$(call quote,DSGD_DATA)))$(DATASET)
endif

override FIGURE5_SWEEP := experiments/figure5/figure5$(if $(QUICK),-quick).sweep
override FIGURE5_STEM = results/figures/figure5-$(DATASET)$(if $(QUICK),-quick)
override FIGURE5_WINDOW := $(if $(QUICK),--from 1e3 --to 1e4,--from 1e4 --to 1e5)
# One run's prefixes for the logistic regression; one run for each T for the SVM.
override FIGURE5_LOGISTIC = --set dataset=$(DATASET) --block logistic $(FIGURE5_SWEEP)
override FIGURE5_SVM = --set dataset=$(DATASET) --final --block svm $(FIGURE5_SWEEP)

override NOT_MNIST = if [ $(DATASET) != mnist ]; then printf '*** made from %s, NOT MNIST: no MNIST in %s/mnist, or DATASET=%s was given (make -f Makefile.experiments data-mnist fetches MNIST) ***\n' \
	$(DATASET) "$${DSGD_DATA//[[:cntrl:]]/?}" $(DATASET); fi

.PHONY: mnist figure5

mnist: figure5 ## figure 5: logistic regression and SVM on MNIST, vanilla and sketched (QUICK=1: smaller, 2 minutes)
	@sed '/^# end /d' $(FIGURE5_STEM)-logistic.txt
	@echo
	@sed '/^# end /d' $(FIGURE5_STEM)-svm.txt
	@printf '\npictures: %s.png, .svg, .pdf (caption: .caption.txt; these tables: -logistic.txt, -svm.txt)\n' $(FIGURE5_STEM)
	@$(NOT_MNIST)

figure5: build
	@$(NOT_MNIST)
	+@SWEEP=$(FIGURE5_SWEEP) SET=dataset=$(DATASET) scripts/sweep.sh $(DSGD) $(JOBS_NOW) $(JOBS_FLAG) sweep-runs
	@$(DSGD) curve --minus-optimum -o $(FIGURE5_STEM)-logistic.tsv $(FIGURE5_LOGISTIC)
	@$(DSGD) curve --minus-optimum -o $(FIGURE5_STEM)-svm.tsv $(FIGURE5_SVM)
	@$(DSGD) show --quiet $(FIGURE5_WINDOW) -o $(FIGURE5_STEM)-logistic.txt $(FIGURE5_LOGISTIC)
	@$(DSGD) show --quiet $(FIGURE5_WINDOW) -o $(FIGURE5_STEM)-svm.txt $(FIGURE5_SVM)
	@scripts/plot.sh plots/figure5.gp $(FIGURE5_STEM)
