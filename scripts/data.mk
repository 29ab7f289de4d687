# data.mk - the data that is no Debian package. Included by Makefile.experiments.
#
#   DSGD_DATA=FOLDER        where datasets lie (data); MNIST goes to FOLDER/mnist,
#                           CIFAR-10 to FOLDER/cifar-10-batches-bin, Multi30k's
#                           texts to FOLDER/multi30k, its ids to FOLDER/parallel/multi30k
#   DSGD_MNIST_URLS="..."   other mirrors
#   DSGD_MULTI30K_URLS="..." other mirrors
#   DSGD_CIFAR10_URLS="..." other addresses of cifar-10-binary.tar.gz

.PHONY: data-mnist data-cifar10 data-multi30k

data-mnist: ## fetches MNIST into data/mnist, resumes what was interrupted, checks SHA-256
	@scripts/setup.sh data
	@scripts/fetch-mnist.sh

data-cifar10: ## fetches CIFAR-10 (170 MB) and unpacks it into data/cifar-10-batches-bin, resumes, checks MD5 and SHA-1
	@scripts/setup.sh data
	@scripts/fetch-cifar10.sh

data-multi30k: ## fetches Multi30k (English, German), makes ids of 2000 joint pieces in data/parallel/multi30k, resumes, checks SHA-256
	@scripts/setup.sh text
	@scripts/fetch-multi30k.sh
	@scripts/make-parallel.sh multi30k "$${DSGD_DATA:-data}/multi30k"
