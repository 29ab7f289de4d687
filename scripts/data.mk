# data.mk - the data that is no Debian package. Included by Makefile.experiments.
#
#   DSGD_DATA=FOLDER        where datasets lie (data); MNIST goes to FOLDER/mnist,
#                           CIFAR-10 to FOLDER/cifar-10-batches-bin
#   DSGD_MNIST_URLS="..."   other mirrors
#   DSGD_CIFAR10_URLS="..." other addresses of cifar-10-binary.tar.gz

.PHONY: data-mnist data-cifar10

data-mnist: ## fetches MNIST into data/mnist, resumes what was interrupted, checks SHA-256
	@scripts/setup.sh data
	@scripts/fetch-mnist.sh

data-cifar10: ## fetches CIFAR-10 (170 MB) and unpacks it into data/cifar-10-batches-bin, resumes, checks MD5 and SHA-1
	@scripts/setup.sh data
	@scripts/fetch-cifar10.sh
