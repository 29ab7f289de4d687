#!/usr/bin/env bash
# fetch-cifar10.sh - fetches CIFAR-10's binary version and unpacks it into ${DSGD_DATA:-data}/cifar-10-batches-bin/.
#
#   DSGD_CIFAR10_URLS   URLs of the archive, separated by blanks, tried in this order instead of its author's
#   DSGD_CIFAR10_SUMS   file of lines "SUM NAME", with the MD5 of cifar-10-binary.tar.gz and the SHA-1 of the six files, instead of the
#                       published ones (tests)
#
# What has arrived stays in .dsgd-fetch-cifar10/archive of the data folder: after an interruption the same command goes on there. The archive is
# unpacked only if its MD5 is the one that its author publishes; the files get their names only if the SHA-1 of each is right. Files that are
# already there are never touched, links included: a wrong one is an error. Nothing else is written or deleted. An archive
# that is already in the data folder (cifar-10-binary.tar.gz) is read in place of a download, and stays.
#
# Exit codes: 0 the six files are there and right, 2 bad input, 3 network or input/output, 130 interrupted.
set -euo pipefail
export LC_ALL=C
unset CDPATH # cd means what it says

archive=cifar-10-binary.tar.gz
urls=("https://www.cs.toronto.edu/~kriz/$archive")
inside=cifar-10-batches-bin
names=(data_batch_1.bin data_batch_2.bin data_batch_3.bin data_batch_4.bin data_batch_5.bin test_batch.bin)
# MD5 of the archive: its author's page. SHA-1 of the files: Apache MXNet, gluon.data.vision.CIFAR10.
declare -A published=(
    [$archive]=c32a1d4ab5d03f1284b67883e8d87530
    [data_batch_1.bin]=aadd24acce27caa71bf4b10992e9e7b2d74c2540
    [data_batch_2.bin]=c0ba65cce70568cd57b4e03e9ac8d2a5367c1795
    [data_batch_3.bin]=1dd00a74ab1d17a6e7d73e185b69dbf31242f295
    [data_batch_4.bin]=aab85764eb3584312d3c7f65fd2fd016e36a258e
    [data_batch_5.bin]=26e2849e66a845b7f1e4614ae70f4889ae604628
    [test_batch.bin]=67eb016db431130d61cd03c7ad570b013799c88c
)
most=$((192 << 20)) # bytes of the archive, a multiple of 1024: it is published with 170 MB
private=.dsgd-fetch-cifar10
program=fetch-cifar10
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/fetch-one.sh
. "$here/fetch-one.sh"

# is_archive FILE: is its MD5 the published one? Nothing but a regular file is opened, since a FIFO would never end.
is_archive()
{
    local sum
    found='no regular file'
    [ -f "$1" ] || return 1
    sum=$(md5sum <"$1") || fail 3 "$1: cannot be read, expected a file that can"
    found="MD5 ${sum%% *}"
    [ "${sum%% *}" = "${published[$archive]}" ]
}

# inspect FILE SUM: does what FILE unpacks to have this SHA-1? Plain files are their own unpacked form. If not, `found` says what it is, and
# `broken` is set if it is nothing that could be read.
inspect()
{
    found='' broken=''
    local sum
    if [ ! -f "$1" ]; then
        found='no regular file' broken=yes
        return 1
    fi
    if ! sum=$(gzip -dcf 2>/dev/null <"$1" | head -c "$most" | sha1sum); then
        found='bytes that do not unpack' broken=yes
        return 1
    fi
    found="SHA-1 ${sum%% *}"
    [ "${sum%% *}" = "$2" ]
}

# survey FOLDER: which of the six files are not there, into `missing`. As in the reader: the gzip goes first, and one that cannot be
# read hides no right plain file.
survey()
{
    local name file there
    missing=()
    for name in "${names[@]}"; do
        there=
        for file in "$name.gz" "$name"; do
            if [ ! -e "$1/$file" ] && [ ! -L "$1/$file" ]; then continue; fi
            if inspect "$1/$file" "${published[$name]}"; then
                there=$file
                break
            fi
            if [ -n "$broken" ] && [ "$file" = "$name.gz" ] && [ -f "$1/$name" ]; then continue; fi
            fail 2 "$folder/$file: is there and is $found, expected SHA-1 ${published[$name]};" \
                "move it away, then the same command fetches it"
        done
        [ -n "$there" ] || missing+=("$name")
    done
}

# fetch URL: true when `archive` is whole and right. Otherwise one sentence, and `archive` keeps what is worth keeping.
fetch()
{
    local attempt before after code
    for attempt in 1 2 3 4; do
        before=$(bytes_of archive)
        if [ "$before" -gt 0 ]; then say "goes on with $1 after $before bytes"; else say "fetches $1 (170 MB)"; fi
        code=0
        download "$1" archive || code=$?
        after=$(bytes_of archive)
        if [ "$code" -eq 0 ]; then
            is_archive archive && return 0
            rm -f -- archive
            warn "$1: got $found, expected MD5 ${published[$archive]}; discarded"
            [ "$before" -gt 0 ] || return 1 # what was begun elsewhere may have been another file
        elif [ "$code" -eq 63 ] || { [ "$code" -eq 23 ] && [ "$after" -ge "$most" ]; }; then
            rm -f -- archive
            warn "$1: more than $most bytes, expected the archive of CIFAR-10, 170 MB; given up"
            return 1
        elif [ "$code" -eq 23 ]; then
            fail 3 "$data/$private/archive: cannot be written ($why), expected a writable folder with 400 MB left"
        elif [ "$code" -eq 33 ] || [ "$code" -eq 36 ] || [ "$reply" = 416 ]; then
            rm -f -- archive
            warn "$1: does not go on after $before bytes ($why), expected the rest; starts again"
        elif [ "$after" -gt "$before" ]; then
            warn "$1: broke off after $after bytes ($why), expected the whole file"
        else
            warn "$1: got nothing ($why), expected a file"
            return 1
        fi
    done
    warn "$1: given up after $attempt attempts"
    return 1
}

# Goes into the private folder and takes the lock there. False if another process has just removed it, being ready.
enter()
{
    local file
    cd -- "$start"
    if ! mkdir -p -- "$data" 2>/dev/null || ! cd -- "$data" 2>/dev/null; then
        fail 3 "$data: cannot be made or written, expected a writable folder; DSGD_DATA=FOLDER names another"
    fi
    if ! mkdir -m 700 -- $private 2>/dev/null; then
        if [ ! -e $private ] && [ ! -L $private ]; then fail 3 "$data: cannot be written, expected a writable folder; DSGD_DATA=FOLDER names another"; fi
        if [ -L $private ] || [ ! -d $private ] || [ ! -O $private ]; then
            fail 2 "$data/$private: not made by this script for you, expected a folder of your own; move it away"
        fi
    fi
    cd -- $private 2>/dev/null || return 1
    stands_in ../$private || return 1
    for file in lock archive "${names[@]}"; do
        [ -e "$file" ] || [ -L "$file" ] || continue
        if [ -L "$file" ] || [ ! -f "$file" ] || [ "$(stat -c %h -- "$file")" -gt 1 ]; then
            fail 2 "$data/$private/$file: a link or no regular file, expected what this script wrote; move it away"
        fi
    done
    { exec 9>>lock; } 2>/dev/null || return 1
    flock -n 9 || fail 2 "$data: another process fetches CIFAR-10 into it, expected one at a time"
    [ -e lock ]
}

# unpack ARCHIVE: the six files, each by its name, here; whatever else is in it, and however it is called, stays inside.
unpack()
{
    local name
    for name in "${missing[@]}"; do
        if ! tar -xzOf "$1" "$inside/$name" >"$name" 2>"$scratch/tar"; then
            fail 3 "$data/$private/$name: cannot be unpacked ($(grep -m 1 . "$scratch/tar" || echo 'disk full')), expected room for 190 MB"
        fi
        inspect "$name" "${published[$name]}" || fail 3 "$inside/$name in the archive: $found, expected SHA-1 ${published[$name]}"
    done
}

interrupted()
{
    trap '' INT TERM HUP
    [ -z "$child" ] || { kill "$child" 2>/dev/null || true; wait "$child" 2>/dev/null || true; }
    fail 130 "interrupted; what has arrived stays in $data/$private, the same command goes on there"
}

read_sums()
{
    local sum name
    [ -r "$DSGD_CIFAR10_SUMS" ] || fail 2 "DSGD_CIFAR10_SUMS: $DSGD_CIFAR10_SUMS cannot be read, expected a file of sums"
    published=()
    while read -r sum name || [ -n "$sum" ]; do
        [[ $sum =~ ^[0-9a-f]{32,40}$ ]] || fail 2 "$DSGD_CIFAR10_SUMS: '$sum $name', expected lines 'SUM NAME'"
        published[$name]=$sum
    done <"$DSGD_CIFAR10_SUMS"
    for name in $archive "${names[@]}"; do
        [ -n "${published[$name]:-}" ] || fail 2 "$DSGD_CIFAR10_SUMS: no sum of $name, expected one for each file"
    done
}

[ $# -eq 0 ] || fail 2 "argument '$1': expected none; DSGD_DATA and DSGD_CIFAR10_URLS are read from the environment"
[ -z "${DSGD_CIFAR10_SUMS:-}" ] || read_sums
if [ -n "${DSGD_CIFAR10_URLS:-}" ]; then read -r -d '' -a urls <<<"$DSGD_CIFAR10_URLS" || true; fi
[ ${#urls[@]} -gt 0 ] || fail 2 "DSGD_CIFAR10_URLS: blank, expected URLs separated by blanks"
for url in "${urls[@]}"; do
    [[ $url =~ ^(https?|file)://. ]] || fail 2 "DSGD_CIFAR10_URLS: '$url', expected URLs that begin with https://, http:// or file://"
done

data=${DSGD_DATA:-data}
folder=$data/$inside
child='' start=$PWD
scratch=$(cd -- "${TMPDIR:-/tmp}" 2>/dev/null && mktemp -d -p "$PWD") || fail 3 "no temporary folder, expected a writable ${TMPDIR:-/tmp}"
trap 'rm -rf "$scratch"' EXIT
trap interrupted INT TERM HUP

# Before anything is written: a complete folder may be read-only.
survey "$folder"
if [ ${#missing[@]} -gt 0 ]; then
    if [ -L "$folder" ]; then
        fail 2 "$folder: a symbolic link to a folder that lacks ${missing[*]}, expected a folder to write into; DSGD_DATA=FOLDER names the one that holds the real one"
    fi
    command -v curl >/dev/null || fail 2 "curl is not installed, please type scripts/setup.sh data"
    enter || enter || fail 3 "$data/$private: vanishes, expected a writable folder that stays"
    survey "../$inside"
    whole=archive
    if [ -f "../$archive" ]; then # the user's own download
        is_archive "../$archive" ||
            fail 2 "$data/$archive: is there and is $found, expected MD5 ${published[$archive]}; move it away, then the same command fetches it"
        whole=../$archive
    elif ! { [ -s archive ] && is_archive archive; }; then
        good=
        for url in "${urls[@]}"; do
            if fetch "$url"; then
                good=$url
                break
            fi
        done
        [ -n "$good" ] || fail 3 "$archive: not got from any of ${urls[*]} (reasons above), expected one that has it;" \
            "the same command tries again, DSGD_CIFAR10_URLS names other addresses, and a file $data/$archive is taken instead"
        say "$archive: $(bytes_of archive) bytes from $good, MD5 as published"
    fi
    unpack "$whole"
    if ! mkdir -p -- "../$inside" 2>/dev/null || [ -L "../$inside" ]; then fail 3 "$folder: cannot be made, expected a writable folder"; fi
    for name in "${missing[@]}"; do
        # -n: what has appeared there meanwhile is the user's
        if ! sync -- "$name" || ! mv -nT -- "$name" "../$inside/$name" || [ -e "$name" ]; then
            fail 3 "$data/$private/$name: cannot be moved to its place, expected to become $folder/$name"
        fi
    done
    sync -- "../$inside"
    rm -f -- archive "${names[@]}" lock # safe now: whoever made another lock finds a complete folder
    cd ..
    rmdir -- $private 2>/dev/null || true
fi
say "$folder: the six files of CIFAR-10 are there, SHA-1 as published"
