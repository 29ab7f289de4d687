# data.mk - the data that is no Debian package. Included by Makefile.experiments.
#
#   DSGD_DATA=FOLDER        where datasets lie (data); MNIST goes to FOLDER/mnist
#   DSGD_MNIST_URLS="..."   other mirrors

.PHONY: data-mnist

data-mnist: ## fetches MNIST into data/mnist, resumes what was interrupted, checks SHA-256
	@scripts/setup.sh data
	@scripts/fetch-mnist.sh
