# shellcheck shell=bash
# fetch-files.sh - fetches packed files from the first mirror that has them, checked and resumed. Sourced by fetch-mnist.sh and fetch-multi30k.sh,
# which set what is fetched:
#
#   program=fetch-mnist title=MNIST subfolder=mnist   names in sentences and in ${DSGD_DATA:-data}
#   mirrors=(URL...) names=(NAME...)                  NAME.gz is asked of URL/NAME.gz
#   declare -A published=([NAME]=SHA-256...)          of what NAME.gz unpacks to
#   largest='10 MB' most=BYTES unpacked=BYTES         in sentences; bytes of one packed file (a multiple of 1024), bytes of one unpacked file that
#                                                     are looked at
#   count=four known='as published'                   of the files, and what their sums are, in a sentence
#   urls_name=DSGD_MNIST_URLS sums_name=DSGD_MNIST_SUMS   variables that a user may set; see fetch-mnist.sh
#
# What has arrived stays in SUBFOLDER/.dsgd-fetch/NAME.gz.part: after an interruption the same command goes on there, also on
# another mirror. The files get their names only when all that were missing have arrived and the SHA-256 of what they unpack
# to is right (mirrors may have packed the same bytes differently). Files that are already there are never touched, links
# included: a wrong one is an error.
#
# Nothing else is written or deleted: the folder .dsgd-fetch is made by this script, for its owner alone, and goes when all
# is there. Everything happens from inside it, so that no link put in place meanwhile leads elsewhere; a folder that is a
# link is not written to. A mirror cannot fill the disk: no file grows beyond `most` bytes.
#
# Exit codes: 0 the files are there and right, 2 bad input, 3 network or input/output, 130 interrupted.
# shellcheck disable=SC2154 # the script that sources this sets them
set -euo pipefail
private=.dsgd-fetch
attempts=4 # on one mirror, as long as each brings bytes
# shellcheck source=scripts/fetch-one.sh
. "$(dirname "${BASH_SOURCE[0]}")/fetch-one.sh"

# inspect FILE SUM: does what FILE unpacks to have this sum? If not, `found` says what it is. Plain files are their own
# unpacked form. Nothing but a regular file is opened: a FIFO would never end.
inspect()
{
    found='' broken=''
    local sum
    if [ ! -f "$1" ]; then
        found="no regular file" broken=yes
        return 1
    fi
    if ! sum=$(gzip -dcf 2>"$scratch/gzip" <"$1" | head -c "$unpacked" | sha256sum); then
        sum=$(grep . "$scratch/gzip" | tail -n 1) || sum='stdin: more than expected'
        found="$(bytes_of "$1") bytes that do not unpack (${sum#*stdin: })" broken=yes
        return 1
    fi
    sum=${sum%% *}
    [ "$sum" != "$2" ] || return 0
    found="$(bytes_of "$1") bytes that unpack to SHA-256 $sum"
    return 1
}

# fetch URL PART SUM: true when PART is whole and right. Otherwise one sentence, and PART keeps what is worth keeping.
fetch()
{
    local url=$1 part=$2 sum=$3 attempt=0 before after code
    while [ $((++attempt)) -le $attempts ]; do
        before=$(bytes_of "$part")
        [ "$before" -eq 0 ] || say "goes on with $url after $before bytes"
        code=0
        download "$url" "$part" || code=$?
        after=$(bytes_of "$part")
        if [ "$code" -eq 0 ]; then
            inspect "$part" "$sum" && return 0
            rm -f -- "$part"
            warn "$url: got $found, expected SHA-256 $sum; discarded"
            # Two mirrors may pack differently: what was begun elsewhere is not this mirror's fault.
            [ "$before" -gt 0 ] || return 1
        elif [ "$code" -eq 63 ] || { [ "$code" -eq 23 ] && [ "$after" -ge "$most" ]; }; then
            [ "$after" -lt "$most" ] || rm -f -- "$part"
            warn "$url: more than $most bytes, expected a packed file of $title, $largest at most; given up"
            [ "$before" -gt 0 ] && [ "$after" -ge "$most" ] || return 1 # with what was begun elsewhere it was too much
        elif [ "$code" -eq 23 ]; then
            fail 3 "$folder/$private/$part: cannot be written ($why), expected a writable folder with 12 MB left"
        elif [ "$code" -eq 33 ] || [ "$code" -eq 36 ] || [ "$reply" = 416 ]; then
            rm -f -- "$part"
            warn "$url: does not go on after $before bytes ($why), expected the rest; starts again"
        elif [ "$after" -gt "$before" ]; then
            warn "$url: broke off after $after bytes ($why), expected the whole file"
        else
            warn "$url: got nothing ($why), expected a file"
            return 1
        fi
    done
    warn "$url: given up after $attempts attempts"
    return 1
}

# From the mirror that served the last file, then from the others.
fetch_from_mirrors()
{
    local name=$1 mirror order=("${mirrors[@]}")
    [ -z "$good" ] || order=("$good" "${mirrors[@]}")
    local -A tried=()
    for mirror in "${order[@]}"; do
        [ -z "${tried[$mirror]:-}" ] || continue
        tried[$mirror]=yes
        if fetch "$mirror$name.gz" "$name.gz.part" "${published[$name]}"; then
            good=$mirror
            say "$name.gz: $(bytes_of "$name.gz.part") bytes from $mirror"
            return 0
        fi
    done
    return 1
}

# survey BASE: what is not there yet, into `missing`; BASE is the folder, or .. from inside the private one. As in the reader:
# the gzip goes first, and one that does not unpack hides no right plain file.
survey()
{
    local name file there
    missing=()
    for name in "${names[@]}"; do
        there=
        for file in "$name.gz" "$name"; do
            [ -e "$1/$file" ] || [ -L "$1/$file" ] || continue
            if inspect "$1/$file" "${published[$name]}"; then
                there=$file
                break
            fi
            if [ -n "$broken" ] && [ "$file" = "$name.gz" ] && inspect "$1/$name" "${published[$name]}"; then
                say "$folder/$file cannot be used and is passed over, $name is right"
                there=$name
                break
            fi
            inspect "$1/$file" "${published[$name]}" || true # for `found`
            [ "$found" = 'no regular file' ] || found="has $found"
            fail 2 "$folder/$file: is there and ${found/#no /is no }, expected SHA-256 ${published[$name]};" \
                "move it away, then the same command fetches it"
        done
        [ -n "$there" ] || missing+=("$name")
    done
}

# Goes into the private folder and takes the lock there. False if another process has just removed it, being ready.
enter()
{
    local file whole
    cd -- "$start" # a second try begins there again
    if [ -L "$folder" ]; then
        fail 2 "$folder: a symbolic link, expected a folder to write into; DSGD_DATA=FOLDER names the one that holds the real $subfolder"
    fi
    if ! mkdir -p -- "$folder" 2>/dev/null || ! cd -- "$folder" 2>/dev/null; then
        fail 3 "$folder: cannot be made or written, expected a writable folder; DSGD_DATA=FOLDER names another"
    fi
    case $folder in
    /*) whole=$folder ;;
    *) whole=$start/$folder ;;
    esac
    stands_in "$whole" || fail 2 "$folder: became a symbolic link, expected a folder to write into"
    if ! mkdir -m 700 -- $private 2>/dev/null; then
        if [ ! -e $private ] && [ ! -L $private ]; then
            fail 3 "$folder: cannot be made or written, expected a writable folder; DSGD_DATA=FOLDER names another"
        fi
        if [ -L $private ] || [ ! -d $private ] || [ ! -O $private ]; then
            fail 2 "$folder/$private: not made by this script for you, expected a folder of your own; move it away"
        fi
    fi
    cd -- $private 2>/dev/null || return 1
    stands_in ../$private || return 1
    for file in lock "${names[@]/%/.gz.part}"; do
        [ -e "$file" ] || [ -L "$file" ] || continue
        if [ -L "$file" ] || [ ! -f "$file" ] || [ "$(stat -c %h -- "$file")" -gt 1 ]; then
            fail 2 "$folder/$private/$file: a link or no regular file, expected what this script wrote; move it away"
        fi
    done
    { exec 9>>lock; } 2>/dev/null || return 1
    # One at a time. A curl that outlives a killed script holds the lock too.
    flock -n 9 || fail 2 "$folder: another process fetches files into it, expected one at a time"
    [ -e lock ]
}

interrupted()
{
    trap '' INT TERM HUP
    [ -z "$child" ] || { kill "$child" 2>/dev/null || true; wait "$child" 2>/dev/null || true; }
    fail 130 "interrupted; what has arrived stays in $folder/$private, the same command goes on there"
}

read_sums()
{
    local sum name
    [ -r "${!sums_name}" ] || fail 2 "$sums_name: ${!sums_name} cannot be read, expected a file of sums"
    published=()
    while read -r sum name || [ -n "$sum" ]; do
        [[ $sum =~ ^[0-9a-f]{64}$ ]] || fail 2 "${!sums_name}: '$sum $name', expected lines 'SHA-256 NAME'"
        published["$name"]=$sum
    done <"${!sums_name}"
    for name in "${names[@]}"; do
        [ -n "${published[$name]:-}" ] || fail 2 "${!sums_name}: no sum of $name, expected one for each file"
    done
}

[ $# -eq 0 ] || fail 2 "argument '$1': expected none; DSGD_DATA and $urls_name are read from the environment"
[ -z "${!sums_name:-}" ] || read_sums
if [ -n "${!urls_name:-}" ]; then read -r -d '' -a mirrors <<<"${!urls_name}" || true; fi
[ ${#mirrors[@]} -gt 0 ] || fail 2 "$urls_name: blank, expected base URLs separated by blanks"
for m in "${!mirrors[@]}"; do
    [[ ${mirrors[m]} =~ ^(https?|file)://. ]] ||
        fail 2 "$urls_name: '${mirrors[m]}', expected base URLs that begin with https://, http:// or file://"
    mirrors[m]=${mirrors[m]%/}/
done

folder=${DSGD_DATA:-data}/$subfolder
child='' good=''
start=$PWD
scratch=$(cd -- "${TMPDIR:-/tmp}" 2>/dev/null && mktemp -d -p "$PWD") || fail 3 "no temporary folder, expected a writable ${TMPDIR:-/tmp}"
trap 'rm -rf "$scratch"' EXIT
trap interrupted INT TERM HUP

# Before anything is written: a complete folder may be read-only.
survey "$folder"
if [ ${#missing[@]} -gt 0 ]; then
    command -v curl >/dev/null || fail 2 "curl is not installed, please type scripts/setup.sh data"
    enter || enter || fail 3 "$folder/$private: vanishes, expected a writable folder that stays"
    survey ..
    for name in "${missing[@]}"; do
        part=$name.gz.part
        if [ -s "$part" ] && inspect "$part" "${published[$name]}"; then continue; fi
        fetch_from_mirrors "$name" || fail 3 "$name.gz: not got from any of ${mirrors[*]} (reasons above), expected one" \
            "that has it; the same command tries again, $urls_name names other mirrors"
    done
    for name in "${missing[@]}"; do
        part=$name.gz.part
        # -n: what has appeared there meanwhile is the user's
        if ! sync -- "$part" || ! mv -nT -- "$part" "../$name.gz" || [ -e "$part" ]; then
            fail 3 "$folder/$private/$part: cannot be moved to its place, expected to become $folder/$name.gz"
        fi
    done
    sync -- ..
    # Safe now: whoever made another lock finds a complete folder.
    rm -f -- lock "${names[@]/%/.gz.part}"
    cd ..
    rmdir -- $private 2>/dev/null || true
fi
say "$folder: the $count files of $title are there, SHA-256 $known"
