#!/usr/bin/env bash
# docs.sh - what README and docs/*.md say is so: every command line and snippet runs, tables and the schema are current, links
# lead somewhere, public headers are documented, man pages can be made.
#
# A copy of the tree stands for a fresh clone, with a small made dataset in data/mnist and the built command in build/release.
# Blocks run in the order of the page, `sh` by bash, `python` and `gnuplot` by these. In a page,
#   <!-- not run: REASON -->   before a block: shown in the list at the end, not run
#   <!-- file: NAME -->        before a block: its text becomes this file
# Lines that start the project's own `make ... mnist` or `make ... test` are tests elsewhere. A block gets 60 s.
set -euo pipefail
[ -z "${DSGD_SANITIZE:-}" ] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset DSGD_DATA DSGD_CACHE OMP_NUM_THREADS
export DSGD_SETUP=skip LC_ALL=C.UTF-8
python=${PYTHON:-/usr/bin/python3}
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }

clone=$work/clone
mkdir -p "$clone/build/release"
tar -C "$DSGD_SOURCE" --exclude=./build --exclude=./results --exclude=./data --exclude=./.git -cf - . | tar -C "$clone" -xf -
ln -s "$DSGD" "$clone/build/release/dsgd"
printf '#!/bin/sh\n# the command is built already\n' >"$clone/scripts/build.sh"
cd "$clone"

# 200 + 100 images of 28 x 28 in ten classes, in MNIST's format and under its names
mkdir -p data/mnist
perl -e '
    my $state = 1;
    sub draw { $state = ($state * 1103515245 + 12345) % 2147483648; int($state / 65536) }
    for my $set (["train", 200], ["t10k", 100]) {
        my ($name, $n) = @$set;
        open my $images, ">:raw", "data/mnist/$name-images-idx3-ubyte" or die;
        open my $labels, ">:raw", "data/mnist/$name-labels-idx1-ubyte" or die;
        print $images pack("N4", 0x803, $n, 28, 28);
        print $labels pack("N2", 0x801, $n);
        for my $i (0 .. $n - 1) {
            print $labels chr($i % 10);
            print $images map { chr($_ % 10 == $i % 10 ? 128 + draw() % 128 : draw() % 64) } 0 .. 783;
        }
    }'

# blocks FOLDER PAGE: writes FOLDER/NNNN.LANGUAGE (or .file-NAME, .skip with the reason), NNNN = line of the block's fence
blocks()
{
    mkdir -p "$1"
    OUT=$1 perl -e '
        my ($note, $kind, $text, $start) = ("", "", "", 0);
        while (my $line = <>) {
            if ($kind) {
                if ($line =~ /^```\s*$/) {
                    open my $out, ">", sprintf("%s/%04d.%s", $ENV{OUT}, $start, $kind) or die;
                    print $out $text;
                    ($kind, $note) = ("", "");
                } elsif ($kind ne "skip") { $text .= $line; }
            } elsif ($line =~ /^<!-- (not run|file): (.*?) -->\s*$/) { $note = "$1 $2"; }
            elsif ($line =~ /^```(\w*)\s*$/) {
                ($kind, $text, $start) = ($1 || "text", "", $.);
                if ($note =~ /^file (.*)/) { $kind = "file-$1"; }
                if ($note =~ /^not run (.*)/) { ($kind, $text) = ("skip", "$1\n"); }
            } elsif ($line =~ /\S/) { $note = ""; }
        }
        die "a block begins in line $start and does not end\n" if $kind;' "$2"
}

skipped=()
# run_page PAGE: all blocks of a page; counts in `ran`
ran=0
run_page()
{
    local page=$1 block place lines
    rm -rf "$work/blocks"
    blocks "$work/blocks" "$page" || { fail "$page: its blocks cannot be read"; return; }
    for block in "$work"/blocks/*; do
        [ -e "$block" ] || continue
        place=$(basename "$block")
        place="$page:$((10#${place%%.*}))"
        case $block in
        *.file-*) cp "$block" "${block##*.file-}" ;;
        *.skip) skipped+=("$place: $(cat "$block")") ;;
        *.sh)
            lines=$(grep -cE '^ *make -f Makefile.experiments (mnist|test)( |$)' "$block" || true)
            [ "$lines" -eq 0 ] || skipped+=("$place: $lines lines of make mnist, make test")
            sed -i -E '/^ *make -f Makefile.experiments (mnist|test)( |$)/d' "$block"
            timeout 60 bash -euo pipefail "$block" >"$work/log" 2>&1 || fail "$place: exit code $?: $(tail -n 5 "$work/log")"
            ran=$((ran + $(grep -cvE '^ *(#|$)' "$block" || true))) ;;
        *.python)
            if "$python" -c 'import h5py, xarray' 2>/dev/null; then
                timeout 60 "$python" -W error::DeprecationWarning "$block" >"$work/log" 2>&1 || fail "$place: exit code $?: $(tail -n 5 "$work/log")"
                ran=$((ran + 1))
            else
                skipped+=("$place: no h5py or xarray")
            fi ;;
        *.gnuplot)
            if command -v gnuplot >/dev/null; then
                timeout 60 gnuplot "$block" >"$work/log" 2>&1 || fail "$place: exit code $?"
                [ ! -s "$work/log" ] || fail "$place: gnuplot says $(head -n 3 "$work/log")"
                ran=$((ran + 1))
            else
                skipped+=("$place: no gnuplot")
            fi ;;
        esac
    done
}

# A page that is wrong must be found.
# shellcheck disable=SC2016 # backquotes of Markdown
printf '```sh\ntrue\nfalse\necho no\n```\n' >planted.md
run_page planted.md >/dev/null
[ $failures -eq 1 ] || { echo 'FAILED self check: a failing command line is not found'; exit 1; }
# shellcheck disable=SC2016 # backquotes of Markdown
printf '<!-- not run: a reason -->\n```sh\nfalse\n```\n<!-- file: made.txt -->\n```\nmade\n```\n```sh\ngrep -q made made.txt\n```\n' >planted.md
run_page planted.md
[ "$failures ${skipped[0]}" = '1 planted.md:2: a reason' ] || { echo 'FAILED self check: markers'; exit 1; }
failures=0 ran=0 skipped=()
rm -f planted.md made.txt

start=$SECONDS
for page in README.md docs/*.md; do run_page "$page"; done
printf 'docs: %d command lines and snippets in %d s\n' $ran $((SECONDS - start))
[ ${#skipped[@]} -eq 0 ] || printf 'not run: %s\n' "${skipped[@]}"

# Links to files of the tree, and files named in back quotes with a folder.
for page in README.md CONTRIBUTING.md CHANGELOG.md docs/*.md examples/external/README.md; do
    while read -r link; do
        [ -e "$(dirname "$page")/${link%%#*}" ] || fail "$page: link to $link, which is not there"
    done < <(grep -oE '\]\([^)]+\)' "$page" | sed 's/^](//; s/)$//' | grep -vE '^(https?:|mailto:|#)' || true)
done

scripts/docs-tables.sh "$DSGD" --check || fail 'tables in docs/*.md are not current'

# The schema: names and units of files of three kinds, and a snapshot.
if "$python" -c 'import h5py' 2>/dev/null; then
    run="build/release/dsgd run --quiet"
    $run experiments/figure5/logistic_heavymix.conf --set steps=20 -o schema-data.h5 || fail 'run with data'
    printf 'problem = quadratic\nquadratic { kappa = 10 }\nalgorithm = local_topk\nsteps = 100000000\naverage = uniform\nstep { constant = 0.01 }\n' >schema.conf
    $run schema.conf --set steps=20 -o schema-quadratic.h5 || fail 'run without data'
    # shellcheck disable=SC2086 # command and words
    env --default-signal=INT $run schema.conf --snapshot-steps 100 -o schema-snapshot.h5 2>"$work/log" &
    pid=$!
    for ((i = 0; i < 200; ++i)); do
        [ ! -e schema-snapshot.h5.tmp ] || break
        sleep 0.1
    done
    kill -INT $pid
    status=0
    wait $pid || status=$?
    [ $status -eq 130 ] || fail "an interrupted run ends with $status: $(cat "$work/log")"
    "$python" - docs/schema.md schema-data.h5 schema-quadratic.h5 schema-snapshot.h5.tmp <<'PYTHON' || fail 'docs/schema.md and a real file differ'
import re, sys
import h5py

sections, section, columns, only_snapshots = {}, None, {}, {"/": {}}
for line in open(sys.argv[1]):
    if m := re.match(r"## (?:`(/\w+)`|(Root attributes))", line):
        section = m[1] or "/"
        sections[section] = {}
    elif line.startswith("## "):
        section = None
    elif m := re.match(r"\| `(\w+)` \| `(\w+)` \| `(\S+)` \|", line):
        columns.setdefault(m[1], {})[m[2]] = m[3]  # problem, column, unit
    elif (m := re.match(r"\| `([\w/]+)` \| ([^|]+?) \| (snapshots only)?", line)) and section:
        (sections if not m[3] else only_snapshots)[section][m[1]] = m[2]

bad = 0
def compare(path, where, said, found):
    global bad
    for name in sorted(said.keys() ^ found.keys()):
        print(f"{path}: {where} {name}: {'only in the file' if name in found else 'only in the page'}")
        bad = 1
    for name in said.keys() & found.keys():
        if said[name] != found[name]:
            print(f"{path}: {where} {name}: {said[name]} in the page, {found[name]} in the file")
            bad = 1

def kind(value):
    return "text" if isinstance(value, bytes) else "integer" if value.dtype.kind in "iu" else "real"

for path in sys.argv[2:]:
    with h5py.File(path) as f:
        snapshot = path.endswith(".tmp")
        groups = {"/" + name for name in f}
        compare(path, "group", dict.fromkeys(s for s in sections if s != "/" and (snapshot or s != "/state")), dict.fromkeys(groups))
        compare(path, "attribute", sections["/"] | (only_snapshots["/"] if snapshot else {}), {name: kind(value) for name, value in f.attrs.items()})
        metrics = columns[f.attrs["problem"].decode()]
        for table in ("/trace", "/ledger", "/oracle", "/time", "/model"):
            said = dict(sections[table], **(metrics if table == "/trace" else {}))
            compare(path, table, said, {name: data.attrs["units"].decode() if "units" in data.attrs else "-" for name, data in f[table].items()})
            for name, data in f[table].items():
                if "units" in data.attrs and not data.attrs["long_name"]:
                    print(f"{path}: {table}/{name} has no long_name")
                    bad = 1
        said = {name: said for name, said in sections["/optimum"].items() if name != "metric_NAME"}
        said.update({f"metric_{name}": "real" for name in metrics})
        compare(path, "/optimum", said, {name: kind(value) for name, value in f["/optimum"].attrs.items()})
        if snapshot:
            engine = {name.split("/")[1]: "" for name in sections["/state"] if name.startswith("engine/")}
            compare(path, "/state/engine", engine, dict.fromkeys(f["/state/engine"], ""))
            compare(path, "/state", dict.fromkeys(name.split("/")[0] for name in sections["/state"]), dict.fromkeys(f["/state"]))
sys.exit(bad)
PYTHON
else
    echo 'not run: comparison of docs/schema.md, no h5py'
fi

# Public headers: the installed ones are the documented ones; Doxygen has nothing to say.
installed=$(grep -oE '\b(sim|algorithms|convex|datasets|deep)/[a-z_]+\.h' scripts/install.cmake | sort)
documented=$(grep -oE '\b(sim|algorithms|convex|datasets|deep)/[a-z_]+\.h' docs/Doxyfile | sort)
[ "$installed" = "$documented" ] || fail "headers installed and documented differ: $(diff <(echo "$installed") <(echo "$documented") || true)"
if command -v doxygen >/dev/null; then
    doxygen docs/Doxyfile >"$work/log" 2>&1 || fail "doxygen: $(head -n 5 "$work/log")"
else
    echo 'not run: doxygen (scripts/setup.sh docs)'
fi
if command -v help2man >/dev/null; then
    scripts/man.sh "$DSGD" man || fail 'man pages'
    for name in $(build/release/dsgd --help | sed -n '/^Commands:$/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p'); do
        [ -s "man/dsgd-$name.1" ] || fail "no man page dsgd-$name.1"
    done
    ! command -v man >/dev/null || for page in man/*.1; do
        man --warnings -l "$page" >/dev/null 2>"$work/log" || fail "$page: man fails"
        [ ! -s "$work/log" ] || fail "$page: $(head -n 2 "$work/log")"
    done
else
    echo 'not run: man pages, no help2man (scripts/setup.sh docs)'
fi

[ $failures -eq 0 ] || { printf '%d failures\n' $failures; exit 1; }
echo 'docs: everything is as it says'
