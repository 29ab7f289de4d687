#!/usr/bin/env bash
# dependencies.sh [FOLDER] - rules of the source tree that no compiler checks.
#
# - Includes point one way: sim <- record, datasets, algorithms, theory; these <- convex, deep <- lab <- verify, bench <- command; all <- tests.
#   sim knows no HDF5. No circle between folders, folders within folders included.
# - Recipes are no programs: no .c or .h file in experiments/.
# - What handles and devices are made of (sim/inside.h, sim/device_ops.h, sim/ops.h, sim/cpu/...) is included by sim/, by code of a
#   device (convex/cpu, convex/kernels.c), by benchmarks and by tests alone: everybody else has handles.
# - A library folder never ends the process (abort, exit) and never prints to stdout or stderr: it returns a status.
# - A library folder takes no elementary function from libm, whose last bits depend on library and processor (sim/kernel/maths.h has them).
# - No .c or .h file is longer than 500 lines; more than 400 are mentioned.
# Before the tree itself it checks that violations planted in a scratch tree are found.
set -euo pipefail

# The rules, one line for each folder: itself and what it may include.
rules='sim: sim
record: record sim
datasets: datasets sim
algorithms: algorithms sim
theory: theory sim
convex: convex record datasets sim
deep: deep record datasets sim
lab: lab deep convex record datasets algorithms theory sim
verify: verify lab theory deep convex record datasets algorithms sim
bench: bench lab theory convex record datasets algorithms sim
command: command bench verify lab theory deep convex record datasets algorithms sim
experiments:
tests: tests command bench verify lab theory deep convex record datasets algorithms sim'
libraries='sim record datasets algorithms convex deep theory lab verify bench'

# Prints "FILE:LINE: text" for each violation; fails if there is one.
check_tree()
{
    (cd "$1" && find . \( -path ./build -o -path ./results -o -path ./data -o -name .git \) -prune -o \
        -type f \( -name '*.c' -o -name '*.h' -o -name '*.cu' -o -name '*.cuh' \) -print0 | sort -z |
        RULES=$rules LIBRARIES=$libraries perl -0 -e '
use strict;
my %may;
for (split /\n/, $ENV{RULES}) {
    my ($folder, @allowed) = split /[: ]+/;
    $may{$folder} = {map { $_ => 1 } @allowed};
}
my %library = map { $_ => 1 } split / /, $ENV{LIBRARIES};
# Headers that complete the handles, and who may see them.
my $inner = qr{^sim/(?:inside\.h|device_ops\.h|ops\.h|cpu/(?:cpu|ops|table)\.h|guard/.*|cuda/(?:cuda|launch|library)\.h)$};
my $insider = qr{^(?:sim/|tests/|bench/|convex/cpu/|convex/cuda/|convex/kernels\.c$)};
my $bad = 0;
my %arrow; # folder of a file -> folders that it includes, with one place each
sub report { my ($place, $text) = @_; print "$place: $text\n"; $bad = 1; }
while (my $file = <STDIN>) {
    chomp $file;
    $file =~ s{^\./}{};
    my ($folder) = $file =~ m{^([^/]+)/};
    $folder //= ".";
    my ($room) = $file =~ m{^(.*)/};
    if ($folder eq "experiments") { report($file, "a program among the recipes: expected only configurations and sweeps"); }
    open my $in, "<", $file or die "dependencies: cannot read $file\n";
    local $/ = undef;
    my $code = <$in>;
    $/ = "\0";
    my $lines = ($code =~ tr/\n//);
    if ($lines > 500) { report($file, "$lines lines: expected at most 500"); }
    elsif ($lines > 400) { print "note: $file: $lines lines\n"; }

    # Comments, then strings and characters, become blanks; line numbers stay. Includes are read in between.
    my $blank = sub { my $text = shift; $text =~ s/[^\n]/ /g; $text };
    $code =~ s{("(?:\\.|[^"\\\n])*"|\x27(?:\\.|[^\x27\\\n])*\x27)|(/\*.*?\*/|//[^\n]*)}{$1 // $blank->($2)}gse;
    my $number = 0;
    for my $line (split /\n/, $code) {
        ++$number;
        next unless $line =~ /^\s*#\s*include\s*["<]([^">]+)[">]/;
        my $path = $1;
        if ($path =~ m{(^|/)\.\./}) { report("$file:$number", "includes $path: expected a path from the top folder"); }
        if ($path =~ $inner and $file !~ $insider) { report("$file:$number", "includes $path: expected handles and operations alone (sim/device.h)"); }
        if ($folder eq "sim" and $path =~ /^hdf5/) { report("$file:$number", "includes $path: sim knows no HDF5"); }
        my ($target) = $path =~ m{^([^/]+)/};
        my ($there) = $path =~ m{^(.*)/};
        if (defined $room and defined $there and $folder ne "tests" and defined $target and $may{$target} and $there ne $room) { $arrow{$room}{$there} //= "$file:$number"; }
        next unless defined $target and $may{$target} and $may{$folder};
        if (!$may{$folder}{$target}) { report("$file:$number", "$folder includes $path: expected only " . join(" ", sort keys %{$may{$folder}})); }
    }
    next unless $library{$folder};
    $code =~ s{("(?:\\.|[^"\\\n])*"|\x27(?:\\.|[^\x27\\\n])*\x27)}{$blank->($1)}gse;
    $number = 0;
    for my $line (split /\n/, $code) {
        ++$number;
        if ($line =~ /(?<![\w.>])(abort|exit|_exit|_Exit|quick_exit)\s*\(/) { report("$file:$number", "calls $1: a library returns a status"); }
        if ($line =~ /(?<![\w.>])((?:exp|exp2|expm1|log|log2|log10|log1p|pow|sin|cos|sincos|tan|sinh|cosh|tanh|asin|acos|atan|atan2|hypot|cbrt|erf|erfc|tgamma|lgamma)[fl]?)\s*\(/) {
            report("$file:$number", "calls $1, which differs from one C library or processor to the next: expected sim/kernel/maths.h");
        }
        if ($line =~ /(?<![\w.>])(printf|vprintf|puts|putchar|perror)\s*\(/ or $line =~ /\b(stdout|stderr)\b/) {
            report("$file:$number", "prints with $1: a library returns a status or calls back");
        }
    }
}
# Circles: from each folder along the arrows back to itself; the shortest is told.
for my $start (sort keys %arrow) {
    my %from = ($start => undef);
    my @next = ($start);
    while (defined(my $at = shift @next)) {
        for my $to (sort keys %{$arrow{$at} // {}}) {
            if ($to eq $start) {
                my @way = ($at);
                unshift @way, $from{$way[0]} while defined $from{$way[0]};
                next if grep { $_ lt $start } @way; # told from its first folder
                report($arrow{$at}{$to}, "closes the circle " . join(" -> ", @way, $start) . ": expected includes that point one way");
            }
            next if exists $from{$to};
            $from{$to} = $at;
            push @next, $to;
        }
    }
}
exit $bad;')
}

# plant NAME LINES...: makes the scratch tree with one more file and expects that file to be reported.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
missed=0
plant()
{
    local file=$1
    shift
    rm -rf "${scratch:?}"/*
    mkdir -p "$scratch/sim/cpu" "$scratch/sim/kernel" "$scratch/convex/cpu" "$scratch/verify" "$scratch/record" "$scratch/lab/config" "$scratch/lab/run" "$scratch/command" "$scratch/datasets" "$scratch/algorithms" "$scratch/convex" "$scratch/deep" "$scratch/theory" \
        "$scratch/experiments" "$scratch/tests" "$scratch/build/sim"
    printf '#include "sim/b.h"\n#include <stdio.h>\n/* exit(1) on stderr */ // abort()\nconst char *s = "exit(1) \\" stdout";\nint my_exit(int);\nint f(void) { return my_exit(0) + snprintf(0, 0, "x"); }\ndouble h(double x) { return dsgd_exp(x) + a.log(x) + sqrt(x); } /* exp(x) */\n' >"$scratch/sim/a.c"
    printf '#include "command/e.h"\n#include "convex/c.h"\nint main(void) { printf(""); exit(0); }\n' >"$scratch/tests/t.c"
    printf '#include "tests/t.h"\n' >"$scratch/build/sim/x.c"
    printf '#include "sim/inside.h"\n#include "sim/device_ops.h"\n#include "sim/ops.h"\n#include "sim/cpu/cpu.h"\n#include "sim/kernel/k.h"\n' |
        tee "$scratch/sim/cpu/vec.c" "$scratch/convex/cpu/k.c" "$scratch/convex/kernels.c" >"$scratch/tests/ops.c"
    printf '#include "sim/device.h"\n#include "sim/algorithm.h"\n' | tee "$scratch/algorithms/a.c" >"$scratch/convex/p.c"
    if [ "$file" = none ]; then
        if ! check_tree "$scratch"; then
            echo 'FAILED self check: a clean tree is reported'
            missed=1
        fi
        return
    fi
    printf '%s\n' "$@" >"$scratch/$file"
    local output
    if output=$(check_tree "$scratch") || [[ $output != "$file:"* ]]; then
        printf 'FAILED self check: %s with <%s> is not found\n' "$file" "$1"
        missed=1
    fi
}
plant none
plant sim/x.h '#include "datasets/dataset.h"'
plant sim/x.c '#include "algorithms/registry.h"'
plant datasets/x.c '#include "convex/linear.h"'
plant sim/cpu/x.c '#include "convex/linear.h"'
plant convex/cpu/x.c '#include "algorithms/registry.h"'
plant algorithms/x.c '#include "sim/inside.h"'
plant algorithms/x.h '#include "sim/cpu/cpu.h"'
plant algorithms/x.c '#include "sim/guard/guard.h"'
plant convex/x.c '#include "sim/device_ops.h"'
plant convex/x.h '#include "sim/inside.h"'
plant verify/x.c '#include "sim/ops.h"'
plant command/x.c '#include "sim/device_ops.h"'
plant sim/cpu/x.c 'void g(void) { exit(1); }'
plant algorithms/x.c '#include "datasets/dataset.h"'
plant algorithms/x.c '#  include <convex/linear.h>'
plant convex/x.c '#include "algorithms/registry.h"'
plant deep/x.c '#include "convex/linear.h"'
plant convex/x.c '#include "lab/run/session.h"'
plant lab/run/x.c '#include "command/commands.h"'
plant lab/run/x.c '#include "verify/verify.h"'
plant record/x.c '#include "datasets/dataset.h"'
plant sim/x.c '#include "record/runfile.h"'
plant sim/x.c '#include <hdf5.h>'
plant sim/kernel/x.h '#include "sim/cpu/cpu.h"'
plant experiments/x.c 'int x;'
plant lab/x.c 'void g(void) { _exit(1); }'
plant sim/x.c '#include "tests/check.h"'
plant command/x.c '#include "tests/check.h"'
plant sim/x.c '#include "../convex/linear.h"'
plant convex/x.c 'int x = 0; /* */ int g(void) { abort(); }'
plant convex/x.c 'double g(double x) { return log1p(exp(-x)); }'
plant sim/x.c 'float g(float x) { return expf(x); }'
plant theory/x.c 'double g(double x) { return pow (x, 2.0); }'
plant sim/x.c 'void g(void) { exit(1); }'
plant sim/x.c 'void g(void) { fprintf(stderr, "x"); }'
plant datasets/x.c 'void g(void) { printf("x"); }'
plant tests/x.c "$(yes 'int x;' | head -501)"
[ $missed -eq 0 ] || exit 1

check_tree "${1:-${DSGD_SOURCE:?expected a folder}}" || exit 1
echo 'dependencies: no violation'
