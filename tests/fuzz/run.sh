#!/usr/bin/env bash
# run.sh - runs the fuzzers that scripts/build.sh fuzz built, one after the other, on one core at the lowest priority.
#
#   tests/fuzz/run.sh [SECONDS [NAME...]]       so long each (600), from now on
#   tests/fuzz/run.sh --until SECONDS [NAME...] until each has had so long since its program last changed: what earlier calls
#                                               did counts, so that a long set can be interrupted and goes on
#
# NAME: what stands behind fuzz_ in the names of tests/fuzz/fuzz_*.c; default all. Each starts from its corpus and from what
# earlier calls found; both lie in build/fuzz/NAME (DSGD_FUZZ_BUILD/NAME):
#   work/            inputs that reach something new
#   found/ours/      inputs that break something in our code, a text with the stack beside each: fix, then copy them to
#                    tests/fuzz/corpus/NAME
#   found/hdf5/      the innermost frame that is neither libc's nor a sanitizer's lies in libhdf5: 1.10 breaks at damaged files
#   found/unclear/   no stack: run the program on the file (build/fuzz/tests/fuzz_NAME FILE)
#   found/gone/      breaks nothing when it runs alone: it depended on inputs before it. Where libhdf5 reads damaged files it may
#                    have damaged the heap; from other fuzzers this is a finding
# A finding ends nothing. At the end one line for each: inputs executed, edges and features (cov, ft) at start and end, inputs in
# work/, findings. Exit code 1 if a finding is new and not libhdf5's. Leaks are not reported: libConfuse has its own.
set -euo pipefail
cd "$(dirname "$0")/../.."
until=no
if [ "${1:-}" = --until ]; then
    until=yes
    shift
fi
seconds=${1:-600}
shift || true
case $seconds in '' | *[!0-9]*) echo "run.sh: '$seconds': expected seconds" >&2; exit 2 ;; esac
build=$(realpath "${DSGD_FUZZ_BUILD:-build/fuzz}")
mapfile -t known < <(printf '%s\n' tests/fuzz/fuzz_*.c | sed 's/.*fuzz_\(.*\)\.c/\1/')
[ $# -gt 0 ] || set -- "${known[@]}"
for name in "$@"; do
    [ -x "$build/tests/fuzz_$name" ] || { echo "run.sh: no $build/tests/fuzz_$name: expected scripts/build.sh fuzz, then one of: ${known[*]}" >&2; exit 2; }
done
symbolizer=$(command -v llvm-symbolizer-14 || command -v llvm-symbolizer || true)
[ -n "$symbolizer" ] || echo 'run.sh: no llvm-symbolizer: stacks without names, findings stay unclear' >&2

# place REPORT: ours, hdf5 or unclear. The first stack of a report is where it broke; "freed by", "allocated by" follow.
place()
{
    perl -ne '
        last if /^\s+#0 / and $seen++;
        next unless /^\s+#\d+ 0x/;
        next if m{ in (__asan|__interceptor|__sanitizer|__ubsan|__lsan|fuzzer::|operator |(__)?(abort|raise|gsignal|memcpy|memmove|memset)\b)};
        next if m{[ /](compiler-rt|csu|sysdeps|libio|stdlib|string|nptl|signal|malloc)/|/(libc|libm|libpthread|ld-linux)[-.\w]*\.so};
        if (/libhdf5/) { $place = "hdf5"; last; }
        if (m{(sim|datasets|algorithms|convex|theory|verify|experiments|lab|command|record|deep|tests)/[\w/]+\.[ch]\b}) { $place = "ours"; last; }
        END { print $place // "unclear" }' "$1"
}

# sort_findings NAME: runs each new finding alone and moves it to its place; prints how many there are for each place.
sort_findings()
{
    local file where report=$build/$1/report
    declare -A count=([ours]=0 [hdf5]=0 [unclear]=0 [gone]=0)
    for file in "$build/$1"/found/{crash,timeout,oom,leak}-*; do
        [ -f "$file" ] || continue
        # memory is limited by the call here, which has a stack, not by a look from outside
        where=gone
        with_sanitizers timeout 120 "$build/tests/fuzz_$1" -timeout=10 -rss_limit_mb=0 -malloc_limit_mb=1024 "$file" >"$report" 2>&1 ||
            where=$(place "$report")
        [ "$where" != gone ] || grep -q 'fuzz/near.h' "tests/fuzz/fuzz_$1.c" || where=unclear
        mkdir -p "$build/$1/found/$where"
        mv "$file" "$build/$1/found/$where"
        mv "$report" "$build/$1/found/$where/${file##*/}.txt"
        count[$where]=$((count[$where] + 1))
    done
    printf '%d\t%d\t%d\t%d\n' "${count[ours]}" "${count[hdf5]}" "${count[unclear]}" "${count[gone]}"
}

with_sanitizers()
{
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=16${symbolizer:+:external_symbolizer_path=$symbolizer} \
        UBSAN_OPTIONS=print_stacktrace=1${symbolizer:+:external_symbolizer_path=$symbolizer} DSGD_CACHE=$build/optima OMP_NUM_THREADS=1 \
        nice -n 19 "$@"
}

# slice NAME SECONDS: appends to slices.tsv: program seconds inputs cov ft cov ft corpus corpus ours hdf5 unclear gone
slice()
{
    local name=$1 length=$2 here=$build/$1 options before code=0 start=$SECONDS
    read -r -a options < <(sed -n '1,10s/.*Options: \(-[-a-z_=0-9 ]*[0-9]\).*/\1/p' "tests/fuzz/fuzz_$name.c") || options=()
    mkdir -p "$here/work" "$here/found" "tests/fuzz/corpus/$name"
    before=$(find "$here/work" -type f | wc -l)
    # libFuzzer in a process of its own that starts the program again after each finding
    with_sanitizers "$build/tests/fuzz_$name" "${options[@]}" -fork=1 -ignore_crashes=1 -ignore_ooms=1 -ignore_timeouts=1 \
        -max_total_time="$length" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$here/found/" "$here/work" \
        "$PWD/tests/fuzz/corpus/$name" >"$here/log" 2>&1 || code=$?
    local findings numbers
    findings=$(sort_findings "$name")
    find "$DSGD_FUZZ_TMP" -mindepth 1 -delete
    numbers=$(perl -ne '
        if (/^#(\d+): cov: (\d+) ft: (\d+)/) { @first = ($2, $3) if !@first; @last = ($1, $2, $3); }
        END { printf "%d\t%d\t%d\t%d\t%d\n", @last ? ($last[0], @first, @last[1, 2]) : (0) x 5; }' "$here/log")
    [ "${numbers%%$'\t'*}" != 0 ] || { echo "fuzz_$name: nothing was executed (exit code $code), see $here/log" >&2; }
    printf '%s\t%d\t%s\t%d\t%d\t%s\n' "$program" $((SECONDS - start)) "$numbers" "$before" "$(find "$here/work" -type f | wc -l)" "$findings" >>"$here/slices.tsv"
    [ "${numbers%%$'\t'*}" != 0 ]
}

spent() { awk -F'\t' -v program="$program" '$1 == program { s += $2 } END { print s + 0 }' "$1/slices.tsv" 2>/dev/null || echo 0; }

# What crashes leaves its files behind.
parent=/tmp
[ ! -w /dev/shm ] || parent=/dev/shm
DSGD_FUZZ_TMP=$(mktemp -d "$parent/dsgd-fuzz-run-XXXXXX")
export DSGD_FUZZ_TMP
trap 'rm -rf "$DSGD_FUZZ_TMP"' EXIT

bad=0
for name in "$@"; do
    here=$build/$name
    program=$(sha256sum "$build/tests/fuzz_$name" | cut -c1-16)
    mkdir -p "$here"
    touch "$here/slices.tsv"
    done=$(spent "$here") lines=$(wc -l <"$here/slices.tsv")
    goal=$((done + seconds))
    if [ $until = yes ]; then
        goal=$seconds
        lines=0
    fi
    # in slices: what a kill loses is at most one of them
    while [ "$done" -lt "$goal" ]; do
        length=$((goal - done))
        [ $length -le 120 ] || length=120
        slice "$name" $length || { bad=1; break; }
        done=$(spent "$here")
    done
    awk -F'\t' -v name="$name" -v program="$program" -v from="$lines" '
        NR > from && $1 == program { if (!n++) { cov = $4; ft = $5; corpus = $8 } s += $2; inputs += $3; cov1 = $6; ft1 = $7; corpus1 = $9; ours += $10; hdf5 += $11; unclear += $12; gone += $13 }
        END { printf "fuzz_%s: %d s, %d inputs, cov %d to %d, ft %d to %d, corpus %d to %d, findings: %d ours, %d in libhdf5, %d unclear, %d gone\n",
                  name, s, inputs, cov, cov1, ft, ft1, corpus, corpus1, ours, hdf5, unclear, gone; exit(ours + unclear > 0) }' "$here/slices.tsv" || bad=1
done
exit $bad
