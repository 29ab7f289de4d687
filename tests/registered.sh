#!/usr/bin/env bash
# registered.sh [FOLDER] - what the registries name is tested and documented. The command tells what there is ($DSGD, or the
# program named by DSGD_LISTS), FOLDER (the tree) must hold for
#
#   each algorithm    a reference of its own: a tests/conformance/conform_*.c whose configuration says "algorithm = NAME";
#                     two faults or more in its file in tests/mutations/table.txt; rows in docs/accounting.md (what it sends),
#                     docs/methods.md (the comparison, from experiments/methods) and docs/configuration.md
#   each problem,     a test that names it; rows in docs/configuration.md
#   each dataset
#   each section of   a heading in docs/configuration.md; a test that sets it. (Keys: scripts/docs-tables.sh --check, run by
#   the configuration docs.sh)
#   each command      its --help (man pages are made of that); a command line or its name in README.md or docs/
#   each check, map   a row in docs/theory.md; verify_faults.sh plants every fault that is listed
#   and fault
#
# Before the tree itself it checks that omissions are found: a copy without one line, and a registry with one entry more.
# shellcheck disable=SC2016 # patterns of Perl
set -euo pipefail
dsgd=${DSGD_LISTS:-$DSGD}

missing() { printf '%s: %s\n' "$1" "$2"; found=1; }
# names TITLE: the words under that heading of a list on stdin
names() { sed -n "/^$1\$/,/^[a-z]/s/^  \\([a-z][a-z0-9_-]*\\) .*/\\1/p"; }
# in_code REGEX FILE...: prints the files that have it outside comments
in_code()
{
    local words=$1
    shift
    perl -0777 -e 'my $words = shift;
        for my $file (@ARGV) {
            open my $in, "<", $file or next;
            my $text = <$in>;
            if ($file =~ /\.[ch]$/) { $text =~ s{("(?:\\.|[^"\\\n])*"|\x27(?:\\.|[^\x27\\\n])*\x27)|(/\*.*?\*/|//[^\n]*)}{$1 // ""}gse; }
            else { $text =~ s/^\s*#.*$//mg; }
            print "$file\n" if $text =~ /$words/;
        }' "$words" "$@"
}
# has REGEX FILE: without a pipe that closes early
has() { grep -qE -- "$1" "$2"; }

check_algorithm()
{
    local name=$1 faults
    [ -n "$(in_code "algorithm = $name(?![a-z0-9_])" tests/conformance/conform_*.c)" ] ||
        missing "algorithm $name" "no tests/conformance/conform_*.c runs a configuration with 'algorithm = $name'"
    faults=$(grep -cE "^[a-z0-9-]+ algorithms/$name\\.c: " tests/mutations/table.txt || true)
    [ "$faults" -ge 2 ] || missing "algorithm $name" "$faults faults in algorithms/$name.c in tests/mutations/table.txt: expected two or more"
    has "^\\| ${name}[,. ]" docs/accounting.md || missing "algorithm $name" "no row in docs/accounting.md ('| $name |': what it sends)"
    has "^\\| [^|]* \\| ${name}[ |]" docs/methods.md || missing "algorithm $name" "no row in docs/methods.md (a file in experiments/methods, then make methods-docs)"
    has "^\\| \`$name\` \\|" docs/configuration.md || missing "algorithm $name" "no row in docs/configuration.md (make docs-tables)"
}

# check_role problem|dataset NAME
check_role()
{
    has "^\\| \`$2\` \\|" docs/configuration.md || missing "$1 $2" "no row in docs/configuration.md (make docs-tables)"
    [ -n "$(in_code "$1 ?= ?$2(?![a-z0-9_])|\"$2\"" "${tests[@]}")" ] || missing "$1 $2" "no test says '$1 = $2', '$1=$2' or \"$2\""
}

check_commands()
{
    local name
    for name in $("$dsgd" --help | sed -n '/^Commands:$/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p'); do
        [[ $("$dsgd" "$name" --help 2>&1) = 'Usage: '* ]] || missing "command $name" 'no --help'
        grep -qE "dsgd\`? $name([^a-z]|\$)|make( -f Makefile.experiments)? $name([^a-z-]|\$)" README.md docs/*.md ||
            missing "command $name" "neither README.md nor docs/*.md has 'dsgd $name'"
    done
}

check_tree()
{
    local name tests
    found=0
    cd "$1"
    tests=()
    for name in tests/*.c tests/*.h tests/*.sh tests/conformance/*; do
        case $name in tests/registered.sh) ;; *) tests+=("$name") ;; esac
    done
    "$dsgd" list >"$lists/all"
    "$dsgd" list engine >"$lists/engine"
    "$dsgd" verify --list >"$lists/verify"
    for name in $(names algorithms <"$lists/all"); do check_algorithm "$name"; done
    for name in $(names problems <"$lists/all"); do check_role problem "$name"; done
    for name in $(names datasets <"$lists/all"); do check_role dataset "$name"; done
    sed -n 's/^\([a-z_]*\) { }$/\1/p' "$lists/engine" >"$lists/sections"
    while read -r name; do
        has "^\`$name \\{ \\}\`\$" docs/configuration.md || missing "section $name" 'no table in docs/configuration.md (make docs-tables)'
        [ -n "$(in_code "$name \\{|$name\\.[a-z]" "${tests[@]}")" ] || missing "section $name" "no test sets one of its keys"
    done <"$lists/sections"
    check_commands
    for name in $(names checks <"$lists/verify") $(names maps <"$lists/verify") $(names faults <"$lists/verify"); do
        has "^\\| \`$name\` \\|" docs/theory.md || missing "verify $name" 'no row in docs/theory.md (make docs-tables)'
    done
    has 'verify --list \| awk .*faults' tests/verify_faults.sh || missing 'faults of verify' 'tests/verify_faults.sh does not go through dsgd verify --list'
    counted="$(names algorithms <"$lists/all" | wc -l) algorithms, $(names problems <"$lists/all" | wc -l) problems, \
$(names datasets <"$lists/all" | wc -l) datasets, $(names checks <"$lists/verify" | wc -l) checks"
    return $found
}

lists=$(mktemp -d)
trap 'rm -rf "$lists"' EXIT
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
source=$(cd "${1:-${DSGD_SOURCE:?expected a folder}}" && pwd)
(check_tree "$source") || fail 'see above'

# omit WORDS FILE PATTERN: a copy whose FILE lacks the lines (or, from a conformance file, the words) of PATTERN is refused with WORDS
copy=$lists/copy
mkdir "$copy"
cp -r "$source/README.md" "$source/docs" "$source/tests" "$copy"
omit()
{
    cp "$copy/$2" "$lists/kept"
    PATTERN=$3 perl -pi -e 's/$ENV{PATTERN}/omitted/' "$copy/$2"
    cmp -s "$copy/$2" "$lists/kept" && fail "self check: nothing in $2 is $3"
    (check_tree "$copy") >"$lists/out" 2>&1 && fail "self check: $2 without $3 is not found"
    grep -qF -- "$1" "$lists/out" || fail "self check: $2 without $3: $(cat "$lists/out")"
    mv "$lists/kept" "$copy/$2"
}
if [ $failures -eq 0 ]; then
    omit 'algorithm pkk: no tests/conformance' tests/conformance/conform_pkk.c 'algorithm = pkk'
    omit 'algorithm true_topk: 1 faults' tests/mutations/table.txt '^true-topk-workers-less-one '
    omit 'algorithm qsgd: no row in docs/accounting.md' docs/accounting.md '^\| qsgd[,. ]'
    omit 'algorithm fetchsgd: no row in docs/methods.md' docs/methods.md '\| fetchsgd '
    omit 'problem sigmoid: no row in docs/configuration.md' docs/configuration.md '^\| `sigmoid`'
    omit 'section step: no table' docs/configuration.md '^`step \{ \}`'
    omit 'verify bound-tenth: no row' docs/theory.md '^\| `bound-tenth`'
    # a registry that has one more of each
    cat >"$lists/more" <<MORE
#!/bin/bash
"$DSGD" "\$@" | sed -E 's/^(algorithms|problems|datasets|checks|maps|faults)\$/&\n  forgotten      nobody documented it/; s/^Commands:\$/&\n  forgotten  nobody/; s/^step \{ \}\$/&\nforgotten { }/'
MORE
    chmod +x "$lists/more"
    dsgd=$lists/more
    (check_tree "$copy") >"$lists/out" 2>&1 && fail 'self check: entries without anything are not found'
    for words in 'algorithm forgotten: no tests/conf' 'algorithm forgotten: 0 faults' 'algorithm forgotten: no row in docs/acc' 'algorithm forgotten: no row in docs/m' \
        'problem forgotten: no row' 'problem forgotten: no test' 'dataset forgotten: no row' 'dataset forgotten: no test' 'section forgotten: no table' \
        'section forgotten: no test' 'command forgotten: no --help' 'command forgotten: neither' 'verify forgotten: no row'; do
        grep -qF "$words" "$lists/out" || fail "self check: not reported: $words"
    done
fi
[ $failures -eq 0 ] || exit 1
(dsgd=${DSGD_LISTS:-$DSGD} && check_tree "$source" && printf 'registered: %s\n' "$counted")
