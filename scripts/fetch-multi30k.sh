#!/usr/bin/env bash
# fetch-multi30k.sh - fetches Multi30k's English and German sentences (task 1: training, validation, test of 2016) into ${DSGD_DATA:-data}/multi30k/,
# from the first mirror that has them. How: fetch-files.sh.
#
#   DSGD_MULTI30K_URLS   base URLs, separated by blanks, tried in this order instead of the list below
#   DSGD_MULTI30K_SUMS   file of lines "SHA-256 NAME", sums of the unpacked files, instead of those below (tests)
#
# The sums are those of the files in the repository of the data set's authors, which publishes none beside them.
#
# Exit codes: 0 the six files are there and right, 2 bad input, 3 network or input/output, 130 interrupted.
# shellcheck disable=SC2034 # fetch-files.sh reads them
set -euo pipefail
export LC_ALL=C
unset CDPATH # cd means what it says

program=fetch-multi30k title=Multi30k subfolder=multi30k count=six known='as in the repository'
mirrors=(https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw/ https://github.com/multi30k/dataset/raw/master/data/task1/raw/)
names=(train.en train.de val.en val.de test_2016_flickr.en test_2016_flickr.de)
declare -A published=(
    [train.en]=460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6
    [train.de]=2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3eae3945779e9ddf72
    [val.en]=1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227
    [val.de]=660e09eb7e1da2f856ea13ee5ad3cf6d36b3d5b0b733c857e94c5747a3dfc660
    [test_2016_flickr.en]=399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182
    [test_2016_flickr.de]=4be6b5b3236b79c25475c6bb829800a7ce559e9ba7a1f6c2394fe4d40be46d16
)
largest='700 kB'
most=$((1 << 20))     # bytes of one packed file: the largest has 637 kB
unpacked=$((8 << 20)) # bytes of one unpacked file that are looked at: the largest has 2.1 MB
urls_name=DSGD_MULTI30K_URLS sums_name=DSGD_MULTI30K_SUMS
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/fetch-files.sh
. "$here/fetch-files.sh"
