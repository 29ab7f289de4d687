#!/usr/bin/env bash
# fetch-mnist.sh - fetches the four MNIST files into ${DSGD_DATA:-data}/mnist/, from the first mirror that has them. How: fetch-files.sh.
#
#   DSGD_MNIST_URLS   base URLs, separated by blanks, tried in this order instead of the list below
#   DSGD_MNIST_SUMS   file of lines "SHA-256 NAME", sums of the unpacked files, instead of the published ones (tests)
#
# Exit codes: 0 the four files are there and right, 2 bad input, 3 network or input/output, 130 interrupted.
# shellcheck disable=SC2034 # fetch-files.sh reads them
set -euo pipefail
export LC_ALL=C
unset CDPATH # cd means what it says

program=fetch-mnist title=MNIST subfolder=mnist count=four known='as published'
mirrors=(https://ossci-datasets.s3.amazonaws.com/mnist/ https://storage.googleapis.com/cvdf-datasets/mnist/)
names=(train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte)
declare -A published=(
    [train-images-idx3-ubyte]=ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db
    [train-labels-idx1-ubyte]=65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5
    [t10k-images-idx3-ubyte]=0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7
    [t10k-labels-idx1-ubyte]=ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2
)
largest='10 MB'
most=$((16 << 20))     # bytes of one packed file: the largest is published with 10 MB
unpacked=$((64 << 20)) # bytes of one unpacked file that are looked at: the largest has 47 MB
urls_name=DSGD_MNIST_URLS sums_name=DSGD_MNIST_SUMS
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/fetch-files.sh
. "$here/fetch-files.sh"
