#!/usr/bin/env bash
# verify_faults.sh - each fault that `dsgd verify --list` names is found: a row that is no control and holds without it is violated with it;
# the exit code is then 1, and 0 without a fault.
#
# With DSGD_FAULTS_PAGE=FILE the table between <!-- verify: faults --> and <!-- end --> there is written anew from what was found.
# With DSGD_VERIFY_CHECKS="NAME ..." these checks are made for each fault instead of the few that suffice here.
# shellcheck disable=SC2015,SC2016 # fail returns 0; backticks are those of Markdown
set -u
[ -z "${DSGD_SANITIZE:-}" ] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unset DSGD_DATA
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }

# checks of a fault: those of the messages and of the memory are cheap, those of rates and averages are not
checks_of() {
    if [ -n "${DSGD_VERIFY_CHECKS:-}" ]; then
        echo "$DSGD_VERIFY_CHECKS"
        return
    fi
    case $1 in
    noise-grows) echo rates ;;
    averaging | wrong-average) echo theorem1 ;;
    fixed-hashes | bound-tenth) echo lemma3 ;;
    all) echo virtual-iterate sent sampler lemma3 theorem1 rates ;;
    *) echo virtual-iterate sent sampler ;; # also what this list does not know
    esac
}
only() { for check in "$@"; do printf -- '--only %s ' "$check"; done; }
table() { # CODE FILE CHECKS OPTIONS...
    local expected=$1 file=$2 checks=$3 code=0
    shift 3
    # shellcheck disable=SC2046,SC2086 # names are words
    "$DSGD" verify $(only $checks) -q -o "$file" "$@" >/dev/null 2>err || code=$?
    [ $code -eq "$expected" ] || fail "verify $* ($checks): exit code $code, expected $expected: $(cat err)"
}

table 0 sound.tsv "$(checks_of all)"
awk -F'\t' 'NR > 1 && !/^#/ && ($3 == "violated") != ($11 == "yes") { print $3 " without a fault: " $1; bad = 1 } END { exit bad }' sound.tsv || fail 'verdicts without a fault'
faults=$("$DSGD" verify --list | awk '/^faults/ { on = 1; next } on { print $1 }')
[ "$(wc -w <<<"$faults")" -ge 15 ] || fail "only these faults: $faults"
for fault in $faults; do
    table 1 "$fault.tsv" "$(checks_of "$fault")" --fault "$fault"
    flagged=$(awk -F'\t' 'NR == FNR { sound[$1] = $3; next } sound[$1] == "holds" && $3 == "violated" && $11 == "no" { print $1 }' sound.tsv "$fault.tsv" | tr '\n' ' ')
    echo "$fault: ${flagged:-nothing}"
    grep -q 'verdicts are not as expected: ' err && [ "$(wc -l <err)" -eq 1 ] || fail "$fault: expected one sentence: $(cat err)"
    [ -n "$flagged" ] || fail "$fault is flagged by no row"
    what=$("$DSGD" verify --list | awk -v name="$fault" '/^faults/ { on = 1 } on && $1 == name { sub(/^ *[^ ]+ +/, ""); print }')
    rows=$(sed 's/ $//; s/[^ ][^ ]*/`&`/g; s/ /, /g' <<<"$flagged")
    echo "| \`$fault\` | $what | $(checks_of "$fault" | sed 's/ /, /g') | $rows |" >>faults.md
done
if [ -n "${DSGD_FAULTS_PAGE:-}" ] && [ $failures -eq 0 ]; then
    awk 'FNR == NR { table = table $0 "\n"; next }
        $0 == "<!-- verify: faults -->" { print; printf "\n| Fault | What is wrong | Checks made | Violated rows |\n|---|---|---|---|\n%s\n", table; skip = 1 }
        $0 == "<!-- end -->" { skip = 0 } !skip' faults.md "$DSGD_FAULTS_PAGE" >page.md && cat page.md >"$DSGD_FAULTS_PAGE"
fi
[ $failures -eq 0 ]
