#!/usr/bin/env bash
# plot.sh [-v] SCRIPT.gp STEM - draws STEM.png, STEM.svg, STEM.pdf and STEM.caption.txt with gnuplot from the tables that SCRIPT.gp names
# in its line "# tables: SUFFIX..." (STEM followed by SUFFIX; without that line STEM.tsv and all STEM-*.tsv). Relative names start at the
# top folder of the project.
#
# STEM.made holds the SHA-256 of all that the pictures were made from and of the pictures. Where nothing changed, nothing is drawn (-v
# says so). A picture that stands in STEM.made under no hash is somebody's own, or was edited: it is refused.
#
# No name and no content reaches gnuplot code or a shell: gnuplot works in a private folder on copies with fixed names, without the
# user's settings; what labels and captions need from a table comes through plot-facts.pl. gnuplot warns where it should fail: anything
# on its stderr is a failure, and then the earlier pictures stay.
#
# Exit codes: 0 drawn or up to date, 2 refused (arguments, tables, somebody's file), 3 reading or writing failed, 130 interrupted.
set -euo pipefail
export LC_ALL=C.UTF-8
unset CDPATH
here=.
[[ ${BASH_SOURCE[0]} != */* ]] || here=${BASH_SOURCE[0]%/*}
cd -- "$here/.." || exit 3
root=$PWD
first_line='dsgd pictures 1: SHA-256 of what they are made from and of the pictures; written and read by scripts/plot.sh'
mark_line='scripts/plot.sh keeps new pictures here until all are written'

# One sentence, whatever the names in it.
fail() { local code=$1; shift; local text=$*; printf 'plot: %s\n' "${text//[[:cntrl:]]/?}" >&2; exit "$code"; }

work='' child='' lock=''
declare -A staging=() # folder -> folder of ours in it, on the same file system as the target
cleanup()
{
    [ -z "$child" ] || kill "$child" 2>/dev/null || true
    [ -z "$work" ] || rm -rf -- "$work"
    local folder
    for folder in "${staging[@]}"; do rm -rf -- "$folder"; done
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
trap '' XFSZ # a limit of file sizes is an error of writing, not an end

verbose=
[ "${1-}" != -v ] || { verbose=1; shift; }
[ $# -eq 2 ] || fail 2 "$# arguments: expected [-v] SCRIPT.gp STEM"
script=$1 stem=$2
[[ $script == /* ]] || script=$root/$script
[[ $stem == /* ]] || stem=$root/$stem
folder=${stem%/*}/
[ -n "${stem##*/}" ] || fail 2 "STEM $2: expected a name after the last /"
[ "$(printf '%s.caption.txt' "${stem##*/}" | wc -c)" -le 255 ] || fail 2 "STEM $2: expected a name of at most 243 bytes"
[ -d "$folder" ] || fail 2 "STEM $2: expected a folder $folder"
[ -f "$script" ] || fail 2 "$1: expected a gnuplot script"
gnuplot=$(type -P gnuplot) || fail 2 'gnuplot is not installed: expected the package gnuplot-nox'
[[ $gnuplot == /* ]] || gnuplot=$PWD/$gnuplot

# try WHAT COMMAND...: its error messages become the end of our sentence
try() { local what=$1 said; shift; said=$("$@" 2>&1 >/dev/null) || fail 3 "$what: ${said##*: }"; }
copy() { cat <"$1" >"$2"; }
write() { printf '%s\n' "$2" >"$1"; }
sha() { local sum; sum=$(sha256sum 2>&1 <"$1") || fail 3 "cannot read $1: ${sum##*: }"; printf '%s' "${sum%% *}"; }

# --- copies: what is hashed is what is drawn, whatever happens to the tables meanwhile ---
work=$(mktemp -d "${TMPDIR:-/tmp}/dsgd-plot-XXXXXXXXXX" 2>&1) || { said=$work work=''; fail 3 "cannot make a temporary folder in TMPDIR: ${said##*: }"; }
[[ $work == /* ]] || work=$PWD/$work
mkdir "$work/plots"
clean=(env -i "PATH=$PATH" "HOME=$work" "TMPDIR=$work" LC_ALL=C.UTF-8) # no settings, fonts or library paths of the user
[ -z "${LD_LIBRARY_PATH-}" ] || clean+=("LD_LIBRARY_PATH=$LD_LIBRARY_PATH")
try "cannot copy $script" copy "$script" "$work/plots/figure.gp"
try 'cannot copy plots/style.gp' copy plots/style.gp "$work/plots/style.gp"
suffixes=()
declared=$(sed -n 's/^# tables: //p' "$work/plots/figure.gp")
if [ -n "$declared" ]; then
    read -r -d '' -a suffixes <<<"$declared" || true
else
    [ ! -e "$stem.tsv" ] || suffixes=(.tsv)
    for table in "$stem"-*.tsv; do [ ! -e "$table" ] || suffixes+=("${table#"$stem"}"); done
    [ ${#suffixes[@]} -gt 0 ] || fail 2 "no $stem.tsv and no $stem-*.tsv: expected a table to draw"
fi
"${clean[@]}" "$gnuplot" --version </dev/null >"$work/version" 2>&1 || fail 3 "$gnuplot --version fails: expected a gnuplot that runs"
made_from=''
# input WORDS FILE: a line of the stamp
input() { local sum; sum=$(sha "$2"); made_from+=${made_from:+$'\n'}"$1 $sum"; }
input gnuplot "$work/version"
input script "$work/plots/figure.gp"
input style.gp "$work/plots/style.gp"
input plot.sh scripts/plot.sh
input plot-facts.pl scripts/plot-facts.pl
tables=()
for suffix in "${suffixes[@]}"; do
    [[ $suffix =~ ^(-[A-Za-z0-9_.-]+)?\.tsv$ ]] || fail 2 "$stem$suffix: expected no characters but letters, digits, . _ - after the stem"
    [ -f "$stem$suffix" ] || fail 2 "no table $stem$suffix: expected one of dsgd curve or dsgd verify --map"
    try "cannot copy $stem$suffix" copy "$stem$suffix" "$work/figure$suffix"
    tables+=("figure$suffix")
    input "table $suffix" "$work/figure$suffix"
done

# --- the stamp ---
# follow NAME: sets `target` to where a file of that name is written; links are followed
follow()
{
    target=$1
    if [ -L "$1" ]; then
        IFS= read -r -d '' target < <(readlink -fz -- "$1") || fail 2 "$1: expected a link to a place where a file can be"
    fi
    [ ! -e "$target" ] || [ -f "$target" ] || fail 2 "$1 is no file: expected a picture of ours or nothing there"
}

# read_stamp: sets recorded[NAME] to the hash of the picture last made, known["NAME HASH"] for all that are ours, stamp_from
declare -A recorded known
read_stamp()
{
    recorded=() known=() stamp_from=
    follow "$stem.made"
    [ -e "$target" ] || return 0
    local line word name sum
    { IFS= read -r line || [ -n "$line" ]; } <"$target" || line=
    [ "$line" = "$first_line" ] || fail 2 "$stem.made was not written by plot.sh: expected a stamp of ours or nothing there"
    while IFS= read -r line; do
        read -r word name sum <<<"$line"
        case $word in
        "dsgd") ;;
        picture) recorded[$name]=$sum known["$name $sum"]=1 ;;
        earlier) known["$name $sum"]=1 ;;
        *) stamp_from+=${stamp_from:+$'\n'}$line ;;
        esac
    done <"$target"
}

# look: reads stamp and pictures; refuses what is not ours; sets `current` (NAME -> hash) and `fresh`
declare -A current
look()
{
    local name
    read_stamp
    current=() fresh=1
    [ "$stamp_from" = "$made_from" ] && [ -n "${recorded[png]-}" ] || fresh=
    for name in png svg pdf caption.txt; do
        follow "$stem.$name"
        if [ -e "$target" ]; then
            current[$name]=$(sha "$target")
            [ -n "${known["$name ${current[$name]}"]-}" ] ||
                fail 2 "$stem.$name is no picture of ours or was changed since: expected to replace only those (move it away or choose another STEM)"
        fi
        [ -z "${recorded[$name]-}" ] || [ "${recorded[$name]}" = "${current[$name]-}" ] || fresh=
    done
}

# One writer of the folder at a time, for the moments of looking and moving; a file system without locks has to do without.
hold() { [ -n "$lock" ] || [ ! -r "$folder" ] || { exec {lock}<"$folder"; flock "$lock" 2>/dev/null || true; }; }
release() { [ -z "$lock" ] || exec {lock}<&-; lock=; }

# tidy FOLDER: removes folders of ours whose writer is dead
tidy()
{
    local leftover
    for leftover in "$1".dsgd-plot-*/; do
        if [ -L "${leftover%/}" ] || [ ! -f "$leftover/mark" ] || ! grep -qxF -- "$mark_line" "$leftover/mark" ||
            ! flock -n "$leftover/mark" true 2>/dev/null; then continue; fi
        rm -f -- "$leftover"/{png,svg,pdf,caption.txt,made,mark}
        rmdir -- "$leftover" 2>/dev/null || true
    done
}

hold
look
tidy "$folder"
release
if [ -n "$fresh" ]; then
    [ -z "$verbose" ] || printf 'plot: %s is up to date\n' "${stem//[[:cntrl:]]/?}"
    exit 0
fi

# --- draw ---
cd -- "$work"
printf "stem = 'figure'\n" >facts.gp
"${clean[@]}" perl "$root/scripts/plot-facts.pl" "${tables[@]}" >>facts.gp || exit $?
for format in png svg pdf; do
    "${clean[@]}" "$gnuplot" -d -e "format = '$format'" facts.gp plots/figure.gp </dev/null >/dev/null 2>messages & child=$!
    code=0
    { wait "$child" || code=$?; } 2>/dev/null # bash would tell of a child that was killed
    child=''
    [ $code -le 128 ] || fail 3 "cannot draw $stem.$format: gnuplot was ended by signal $((code - 128)): expected memory for it"
    if [ $code -ne 0 ] || [ -s messages ]; then
        said=$(tr -d '\000' <messages | grep ' line [0-9]*: ' | head -n 1) || said=$(tr -d '\000' <messages | grep . | head -n 1) || said="exit code $code"
        ! grep -q 'No space left\|cannot open file; output not changed\|write error' messages || fail 3 "cannot draw $stem.$format: gnuplot says: ${said:0:300}"
        fail 2 "$1 cannot draw $stem.$format: expected tables of the kind that it draws; gnuplot says: ${said:0:300}"
    fi
done
# whole files: a full disk does not stop cairo; the end of CDATA is not allowed in the text of an SVG, where gnuplot leaves it; a PDF that says
# when it was made would never be the same twice
ends() { tail -c 16 "figure.$1" 2>/dev/null | grep -qaF -- "$2" || fail 3 "$stem.$1 could not be drawn in whole: expected room in TMPDIR"; }
[ ! -e figure.caption.txt ] || [ "$(tail -c 1 figure.caption.txt | od -An -c | tr -d ' ')" = '\n' ] ||
    fail 3 "$stem.caption.txt could not be written in whole: expected room in TMPDIR"
ends png IEND
ends svg '</svg>'
ends pdf '%%EOF'
"${clean[@]}" perl -0777 -pi -e 's/\]\]>/]]&gt;/g unless /<!\[CDATA\[/' figure.svg || fail 3 "cannot write $stem.svg"
"${clean[@]}" perl -0777 -pi -e 's/\/CreationDate \(D:\K[0-9]{14}/19700101000000/g' figure.pdf || fail 3 "cannot write $stem.pdf"
cd -- "$root"

# --- into place ---
# stage NAME: sets `target` and `new`, a place beside it
stage()
{
    local beside made held
    follow "$stem.$1"
    beside=${target%/*}/
    if [ -z "${staging[$beside]-}" ]; then
        tidy "$beside"
        made=$(mktemp -d "$beside.dsgd-plot-XXXXXXXXXX" 2>&1) || fail 3 "cannot write into $beside: ${made##*: }"
        staging[$beside]=$made
        exec {held}>"$made/mark"
        flock -n "$held" 2>/dev/null || true
        try "cannot write into $beside" write "$made/mark" "$mark_line"
    fi
    new=${staging[$beside]}/$1
}

hold
look
stamp=$first_line$'\n'$made_from
ready=()
for name in png svg pdf caption.txt; do
    [ -f "$work/figure.$name" ] || continue
    stage "$name"
    try "cannot write $stem.$name" copy "$work/figure.$name" "$new"
    try "cannot write $stem.$name" sync -- "$new"
    ready+=("$new" "$target")
    sum=$(sha "$new")
    stamp+=$'\n'"picture $name $sum"
done
for name in "${!current[@]}"; do stamp+=$'\n'"earlier $name ${current[$name]}"; done
# The stamp goes first and knows the earlier pictures too: whatever ends this script, every file is known to the next one.
stage made
try "cannot write $stem.made" write "$new" "$stamp"
try "cannot write $stem.made" sync -- "$new"
try "cannot write $stem.made" mv -fT -- "$new" "$target"
try "cannot write into $folder" sync -- "${target%/*}/"
for ((i = 0; i < ${#ready[@]}; i += 2)); do
    try "cannot write ${ready[i + 1]}" mv -fT -- "${ready[i]}" "${ready[i + 1]}"
done
for beside in "${!staging[@]}"; do try "cannot write into $beside" sync -- "$beside"; done
release
