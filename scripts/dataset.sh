#!/usr/bin/env bash
# dataset.sh DATA - mnist if the folder holds any file of MNIST, else fashion_mnist.
set -euo pipefail
[ $# -eq 1 ] || { printf 'dataset: %d arguments: expected the data folder\n' $# >&2; exit 2; }
for file in "$1"/mnist/{train,t10k}-*-ubyte{,.gz}; do
    if [ -e "$file" ]; then echo mnist; exit; fi
done
echo fashion_mnist
