# shellcheck shell=bash
# plot_tables.sh - what plots.sh and plots_files.sh share: a folder, a copy of the scripts in it, tables as dsgd curve prints them. They source it.
# shellcheck disable=SC2015,SC2016,SC2034 # fail returns 0; dollars are meant; used by those
[ -z "${DSGD_SANITIZE:-}" ] || exit 77 # none of our programs runs
command -v gnuplot >/dev/null || { echo 'no gnuplot'; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export TMPDIR=$work/tmp
mkdir tmp bin
canary=$work/pwned
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
safe() { [ ! -e "$canary" ] || { fail "$*: a command in it was run"; rm -f "$canary"; }; }
# a copy of the scripts, under a name that asks for trouble
tree="$work/the tree's \$(touch pwned)"
mkdir -p "$tree"
cp -r "$DSGD_SOURCE/scripts" "$DSGD_SOURCE/plots" "$tree/"
plot="$tree/scripts/plot.sh"
# sentence CODE WORDS -- COMMAND...: that exit code, one line on stderr with the words
sentence()
{
    local expected=$1 words=$2 code
    shift 3
    "$@" >out 2>err
    code=$?
    [ $code -eq "$expected" ] || fail "$*: exit code $code, expected $expected: $(cat err)"
    [ "$(wc -l <err)" -eq 1 ] || fail "$*: expected one sentence: $(cat err)"
    grep -qF -- "$words" err || fail "$*: no '$words' in: $(cat err)"
}

# curves FILE LABEL...: as dsgd curve prints them, one block a label
curves()
{
    local file=$1 label T i=0 dataset=${DATASET-a dataset}
    shift
    for label in "$@"; do
        [ $i -eq 0 ] || printf '\n\n'
        i=$((i + 1))
        printf '# label: %s\n# dataset: %s\n# runs: 3\n# ratio values: %s\n%s# at w*: test_error 0.01\n# at w*: train_error 0.01\n' "$label" "$dataset" "${RATIO-1.0000}" "${HEAVY-}"
        printf '# step\tseeds\tgap\tgap_low\tgap_high\ttest_error\ttest_error_low\ttest_error_high\ttest_loss_excess\ttest_loss_excess_low\ttest_loss_excess_high\ttrain_error\ttrain_error_low\ttrain_error_high\twords\twords_low\twords_high\n# 1'
        printf '\t1%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
        for T in 1 2 3 4; do printf '\n1e%d\t3\t%se-%d\t1e-5\t1e-1\t0.02\t0.015\t0.03\t%se-%d\t1e-5\t1e-1\t0.02\t0.015\t0.03\t1e%d\t1e%d\t1e%d' $T $i $T $i $T $((T + 2)) $((T + 2)) $((T + 2)); done
        echo
    done >"$file"
}
# figure STEM LABEL...: both tables of plots/figure5.gp
figure() { curves "$1-logistic.tsv" "${@:2}"; curves "$1-svm.tsv" "${@:2}"; }
# words STEM LABEL...: the tables of plots/words.gp
words() { curves "$1-figure5.tsv" "${@:2}"; curves "$1-rare.tsv" "${@:2}"; curves "$1-power.tsv" "${@:2}"; }
