#!/usr/bin/env bash
# docs-tables.sh DSGD [--check] - the tables of docs/*.md that the command itself knows, written anew between their markers.
#
#   <!-- dsgd list: keys --> ... <!-- end -->      every section's keys, defaults, ranges, meanings
#   <!-- dsgd list: names --> ... <!-- end -->     algorithms, problems, datasets
#   <!-- dsgd list: columns --> ... <!-- end -->   the columns of /trace that each problem brings
#   <!-- dsgd list: checks --> ... <!-- end -->    checks, maps and faults of dsgd verify
#
# --check writes nothing and fails, naming the files that are not current.
set -euo pipefail
if [ $# -lt 1 ] || [ $# -gt 2 ] || [ "${2:---check}" != --check ]; then
    printf "docs-tables: '%s': expected DSGD [--check]\n" "$*" >&2
    exit 2
fi
dsgd=$(realpath "$1") mode=${2:-write}
cd "$(dirname "$0")/.."

names() { "$dsgd" list "$1" | sed -n 's/^  \([a-z][a-z0-9_]*\) .*/\1/p'; }

# stdin: what `dsgd list NAME` prints; stdout: Markdown tables
key_tables()
{
    perl -ne '
        sub cell { my $text = shift; $text =~ s/\|/\\|/g; $text =~ s/([*<>])/\\$1/g; $text }
        sub table {
            my $from = grep { defined $_->[4] } @row;
            print "\n`$section`\n\n| Key | Default | Range | Meaning |", $from ? " Default from |" : "", "\n|---|---|---|---|", $from ? "---|" : "", "\n" if @row;
            print "| `$_->[0]` | `$_->[1]` | $_->[2] | $_->[3] |", $from ? " " . ($_->[4] // "") . " |" : "", "\n" for @row;
            @row = ();
        }
        if (/^(top level|\w+ \{ \})$/) { table(); $section = $1; }
        elsif (/^columns of/) { table(); $section = ""; }
        elsif ($section and /^  (\w+)\s+= ("[^"]*"|\S+)\s+(.*?)\s*$/) {
            my ($key, $default, $range) = ($1, $2, cell($3));
            chomp(my $help = <>);
            $help =~ s/^\s+//;
            push @row, [$key, $default, $range, cell($help)];
        }
        elsif (@row and /^      default from: (.*?)\s*$/) { $row[-1][4] = cell($1); }
        END { table(); }'
}

block()
{
    local name role
    case $1 in
    keys)
        "$dsgd" list engine | key_tables
        for role in datasets problems algorithms; do
            for name in $(names $role); do "$dsgd" list "$name" | key_tables; done
        done ;;
    names)
        for role in algorithms problems datasets; do
            printf '\n| %s | |\n|---|---|\n' "$role"
            "$dsgd" list $role | perl -0777 -ne '
                while (/^  (\w+) +(.*(?:\n {4,}.*)*)/mg) {
                    my ($name, $text) = ($1, $2);
                    my ($title, @more) = split /\n +/, $text;
                    $text = join "; ", $title . (@more ? " (" . shift(@more) . ")" : ""), @more;
                    $text =~ s/([|*<>])/\\$1/g;
                    print "| `$name` | $text |\n";
                }'
        done ;;
    columns)
        printf '\n| Problem | Column | Unit | Meaning |\n|---|---|---|---|\n'
        for name in $(names problems); do
            "$dsgd" list "$name" | PROBLEM=$name perl -ne '
                if (/^columns of/) { $on = 1; }
                elsif ($on and /^  (\w+)\s+\[(.*?)\] (.*?)\s*$/) {
                    my ($n, $u, $h) = ($1, $2, $3);
                    $h =~ s/([|*<>])/\\$1/g;
                    print "| `$ENV{PROBLEM}` | `$n` | `$u` | $h |\n";
                }'
        done ;;
    checks)
        for role in checks maps faults; do
            printf '\n| %s | |\n|---|---|\n' "$role"
            "$dsgd" verify --list | ROLE=$role perl -ne '
                if (/^(\w[\w ]*)$/) { $on = $1 eq $ENV{ROLE}; }
                elsif ($on and /^  (\S+)\s+(.*?)\s*$/) {
                    my ($n, $h) = ($1, $2);
                    $h =~ s/([|*<>])/\\$1/g;
                    print "| `$n` | $h |\n";
                }'
        done ;;
    *) printf 'docs-tables: marker %s: expected keys, names, columns or checks\n' "$1" >&2; return 1 ;;
    esac
    printf '\n'
}

# shellcheck source=scripts/replace.sh
. scripts/replace.sh
scratch=$(mktemp -d)
replace_scratch=$scratch
stale=()
for file in docs/*.md; do
    grep -q '^<!-- dsgd list: ' "$file" || continue
    out=$scratch/page skip=no
    : >"$out"
    while IFS= read -r line; do
        if [[ $line = '<!-- end -->' ]]; then skip=no; fi
        [ $skip = yes ] || printf '%s\n' "$line" >>"$out"
        if [[ $line =~ ^'<!-- dsgd list: '([a-z]+)' -->'$ ]]; then
            block "${BASH_REMATCH[1]}" >>"$out"
            skip=yes
        fi
    done <"$file"
    cmp -s "$out" "$file" && continue
    stale+=("$file")
    if [ "$mode" = write ]; then
        replace "$file" <"$out"
        printf 'docs-tables: %s written\n' "$file"
    fi
done
if [ "$mode" = --check ] && [ ${#stale[@]} -gt 0 ]; then
    printf 'docs-tables: tables are not current in %s: expected the output of scripts/docs-tables.sh %s\n' "${stale[*]}" "$1" >&2
    exit 1
fi
