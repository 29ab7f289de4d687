#!/usr/bin/env bash
# setup.sh - the Debian 12 packages that dsgd needs: installs what is missing, silent when nothing is.
#
#   scripts/setup.sh run      what building and running the experiments needs
#   scripts/setup.sh test     that, and what the tests need besides
#   scripts/setup.sh data     what fetching data from the network needs
#   scripts/setup.sh text     that, and what making ids of texts needs
#   scripts/setup.sh docs     what man pages and the headers' HTML need
#   scripts/setup.sh --list [run|test|data|text|docs]   prints the packages
#
# Exit codes: 0 everything is there, 2 something is missing and cannot be installed from here, 3 apt-get failed.
# DSGD_SETUP=skip trusts the system and checks nothing.
set -euo pipefail

# Compilers (the C++ one: the emulator of CUDA in the tests) and build.
run=(gcc g++ libc6-dev cmake ninja-build make pkgconf git)
# Libraries of the program. cmocka and liblinear are small and used by tests only, but one configuration builds both.
run+=(libhdf5-dev libgsl-dev libnlopt-dev nettle-dev libconfuse-dev libjansson-dev zlib1g-dev librandom123-dev
    libcmocka-dev liblinear-dev)
# Deep models; a build without it leaves them out.
run+=(libdnnl-dev)
# Figures, and the dataset that stands in for MNIST.
run+=(gnuplot-nox fonts-dejavu-core dataset-fashion-mnist)

# The thread sanitizer's build uses clang (gcc brings the address and undefined-behaviour ones); readers of result files;
# every script passes shellcheck.
test=(clang-14 libomp-14-dev libclang-rt-14-dev shellcheck python3 python3-numpy python3-h5py python3-h5netcdf python3-xarray)

# Fetching MNIST; `test` has it too, the fetcher has a test against a server on this machine.
data=(curl ca-certificates)

# Vocabularies and ids of parallel texts; `test` has it too.
text=(sentencepiece)

# Man pages and the headers as HTML.
docs=(help2man man-db doxygen)

fail()
{
    printf 'setup: %s\n' "$2" >&2
    exit "$1"
}

usage="expected 'run', 'test', 'data', 'text', 'docs' or '--list [run|test|data|text|docs]'"
list=no
if [ "${1:-}" = --list ]; then
    list=yes
    shift
    [ $# -gt 0 ] || set -- test
fi
[ $# -eq 1 ] || fail 2 "$# arguments: $usage"
case $1 in
run) packages=("${run[@]}") ;;
test) packages=("${run[@]}" "${test[@]}" "${data[@]}" "${text[@]}") ;;
data) packages=("${data[@]}") ;;
text) packages=("${data[@]}" "${text[@]}") ;;
docs) packages=("${docs[@]}") ;;
*) fail 2 "argument '$1': $usage" ;;
esac

if [ $list = yes ]; then
    printf '%s\n' "${packages[@]}"
    exit 0
fi
[ "${DSGD_SETUP:-}" != skip ] || exit 0

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    [ "$1" != data ] || fail 2 "this system has no apt; install curl and CA certificates, then set DSGD_SETUP=skip"
    [ "$1" != text ] || fail 2 "this system has no apt; install curl, CA certificates and sentencepiece's programs, then set DSGD_SETUP=skip"
    [ "$1" != docs ] || fail 2 "this system has no apt; install help2man, man and doxygen, then set DSGD_SETUP=skip"
    fail 2 "this system has no apt; install a C11 compiler with OpenMP, cmake >= 3.25, ninja, pkg-config, gnuplot and the \
libraries HDF5 (with HL), GSL, NLopt, nettle, libConfuse, jansson, zlib, Random123, oneDNN, cmocka, liblinear (tests also: clang 14 \
with libomp, shellcheck, Python with h5py, h5netcdf, xarray), then set DSGD_SETUP=skip"
fi

declare -A installed=()
while read -r state package; do
    if [ "$state" = ii ] || [ "$state" = hi ]; then installed[$package]=yes; fi
done < <(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
    [ -n "${installed[$package]:-}" ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    who='as root' sudo=
    if command -v sudo >/dev/null; then who='in a terminal' sudo='sudo '; fi
    fail 2 "packages are missing, please type $who: \
${sudo}apt-get update && ${sudo}apt-get install --no-install-recommends ${missing[*]}"
fi

printf 'setup: apt-get installs %d missing packages: %s\n' ${#missing[@]} "${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
if ! "${apt[@]}" update >"$log" 2>&1; then
    cat "$log" >&2
    fail 3 "'apt-get update' failed, see above"
fi
if ! "${apt[@]}" install --no-install-recommends "${missing[@]}" >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    fail 3 "'apt-get install' failed, see above; without a network, or on another release than Debian 12, install by hand, then set DSGD_SETUP=skip"
fi
