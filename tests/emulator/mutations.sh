#!/usr/bin/env bash
# mutations.sh [--list | --sample N] [NAME or PATTERN...] - plants faults in the kernels, one at a time, and runs the suites of operations on the
# emulated device until one notices: plain in two orders, and checked. Exit code 1 if a fault survives, 2 if the suites fail without one.
#
# faults.pl finds barriers, atomics, clearings, waits and bounds; mutations.txt has faults that are written by hand. All are compiled into one
# plain and one checked library, each switched on by its number (fault.h), so a fault costs a run of a suite and not a build.
# A pattern is the beginning of a name: sim/select_keys.h, sim/draw.cu:draw_kernel:plain. What has been found is kept in the folder of the work
# until all faults were planted in one call, so an interrupted call goes on where it was. A sample has N faults of two small files, which
# DSGD_MUTATIONS_KEY chooses.
#
# DSGD_BUILD: the folder of a build with its tests. DSGD_MUTATIONS: the folder of the work. CXX: the compiler.
set -euo pipefail
cd "${DSGD_SOURCE:-$(dirname "$0")/../..}"
source_folder=$PWD
build=$(cd "${DSGD_BUILD:-build/release}" && pwd)
work=${DSGD_MUTATIONS:-$build/tests/emulator/mutations}
objects=$build/tests/emulator/CMakeFiles
sample=0
case ${1:-} in
--list) exec perl tests/emulator/faults.pl list "$source_folder" ;;
--sample) sample=${2:?expected a number} work=$work-sample && shift 2 ;;
esac
mkdir -p "$work/tree/units"
work=$(cd "$work" && pwd)
results=$work/results
touch "$results"
export TMPDIR=$work
perl tests/emulator/faults.pl plant "$source_folder" "$work/tree" || exit 2

# Suites that touch a file; the quicker and the more thorough first.
suites_of() # FILE
{
    case $1 in
    convex/*) echo problem_kernels ;;
    sim/cuda/vec.*) echo ops_vec ;;
    sim/cuda/group* | sim/cuda/sum.h | sim/cuda/map.h | sim/cuda/four.h) echo ops_alike_group ops_group ops_alike_fold ;;
    sim/cuda/level.*) echo ops_alike_group ops_group ops_alike_fold:sums_over_workers votes ;;
    sim/cuda/sparse*) echo ops_sparse ops_alike_fold ;;
    sim/cuda/fold* | sim/cuda/planes.h) echo ops_fold ops_alike_fold:sums* votes ;;
    sim/cuda/model.* | sim/cuda/probe*) echo ops_alike_fold:model_and_probes ops_model ;;
    sim/cuda/wire.*) echo ops_codec ;;
    sim/cuda/launch.h) echo ops_sparse ops_alike_group ops_alike_fold ;;
    sim/cuda/constant.*) echo ops_alike_group ops_alike_fold ;;
    sim/cuda/memory.*) echo ops_vec runs ops_sparse ops_alike_fold graph ;;
    sim/cuda/step.* | sim/cuda/pinned.*) echo graph runs ;;
    sim/cuda/compact.h) echo ops_sparse ops_alike_fold ops_alike_choice:selections ops_alike_choice:sketches ;;
    sim/cuda/draw.* | sim/cuda/select.*) echo ops_alike_choice:draws* ops_alike_choice:selections ops_sketch ;;
    sim/cuda/sketch* | sim/cuda/scan.*) echo ops_alike_choice:sketches ops_sketch ;;
    sim/cuda/select_*) echo ops_alike_choice:selections ops_alike_choice:sketches ops_sketch ;;
    *) echo 'no suites' ;;
    esac
}

# The names of objects: sim_cuda_draw.
units() { sed 's|/|_|g; s|\.cu$||' <<<"$1"; }

mapfile -t faults < <(perl tests/emulator/faults.pl list "$source_folder")
chosen=() # which of them
small=()  # files of a sample
if [ "$sample" -gt 0 ]; then
    mapfile -t order < <(for j in "${!faults[@]}"; do
        name=$(cut -f2,3 <<<"${faults[j]}")
        printf '%s %s\n' "$(cksum <<<"${DSGD_MUTATIONS_KEY:-1} $name" | cut -d' ' -f1)" "$j"
    done | sort -n | cut -d' ' -f2)
    for j in "${order[@]}"; do
        IFS=$'\t' read -r _ _ file _ _ none <<<"${faults[j]}"
        if [[ $file != *.cu ]] || [ -n "$none" ] || [ "${#chosen[@]}" -ge "$sample" ]; then continue; fi
        [ "$(stat -c %s "$objects/emulated.dir/$(units "$file").cu.cpp.o")" -lt 400000 ] || continue
        if [[ " ${small[*]} " != *" $file "* ]]; then
            [ "${#small[@]}" -lt 2 ] || continue
            small+=("$file")
        fi
        chosen+=("$j")
    done
else
    for j in "${!faults[@]}"; do
        name=$(cut -f2 <<<"${faults[j]}")
        [ $# -gt 0 ] || chosen+=("$j")
        for pattern; do
            if [[ $name == "$pattern"* ]]; then chosen+=("$j") && break; fi
        done
    done
    mapfile -t small < <(printf '%s\n' sim/cuda/*.cu convex/cuda/*.cu)
fi
[ "${#chosen[@]}" -gt 0 ] || { printf 'mutations: no such fault: %s\n' "$*"; exit 2; }

# The libraries: those files with all faults in them, the others as they are in the build.
flags="-std=gnu++17 -O1 -w -fPIC -ffp-contract=off -fvisibility=hidden -I$work/tree -I. -Itests/emulator -I$build/generated -include tests/emulator/fault.h"
compile() # MODE FILE
{
    printf 'build %s/%s/%s.o: cxx %s/tree/units/%s.cpp\n  flags = %s %s\n' "$work" "$1" "$(units "$2")" "$work" "$(units "$2")" "$flags" "$3"
}
for file in "${small[@]}"; do
    unit=$work/tree/units/$(units "$file").cpp
    [ -e "$unit" ] || printf '#include "%s"\n' "$file" >"$unit"
done
{
    printf 'builddir = %s\nrule cxx\n  command = %s %s %s -MMD -MF %s.d -c %s -o %s\n  depfile = %s.d\n  deps = gcc\n' "$work" \
        "${CMAKE_CXX_COMPILER_LAUNCHER:-}" "${CXX:-c++}" "\$flags" "\$out" "\$in" "\$out" "\$out"
    for file in "${small[@]}"; do
        compile plain "$file" ''
        compile checked "$file" -fsanitize=thread
    done
} >"$work/build.ninja"
ninja -j1 -f "$work/build.ninja" >"$work/log" || { tail -n 40 "$work/log"; exit 2; }
library() # MODE KERNELS EMULATOR
{
    local object list=()
    for object in sim/cuda/*.cu convex/cuda/*.cu; do
        object=$(units "$object")
        if [ -e "$work/tree/units/$object.cpp" ]; then
            list+=("$work/$1/$object.o")
        else
            list+=("$objects/$2.dir/$object.cu.cpp.o")
        fi
    done
    "${CXX:-c++}" -shared -o "$work/$1/libdsgd_cuda.so" "${list[@]}" "$objects/$3.dir"/{threads,memory,streams}.cpp.o "${@:4}"
}
library plain emulated emulated
library checked emulated_kernels_checked emulated_checked "$objects/emulated_checked.dir/checker.cpp.o"

printf 'problem = softmax\ndataset = synthetic\nsynthetic { n = 300 n_test = 100 features = 25 }\nalgorithm = terngrad\nworkers = 5\nsteps = 4\n' >"$work/run.conf"
passes() # MODE ORDER DEVICES GRID SUITE SECONDS; EMU_FAULT says with which fault
{
    export DSGD_CUDA_LIBRARY=$work/$1/libdsgd_cuda.so EMU_ORDER=$2 EMU_DEVICES=$3 EMU_GRID_MOST=$4
    local command=("$build/tests/test_${5%%:*}")
    if [ "$5" = runs ]; then
        command=(env "DSGD_RESULTS=$work" "DSGD=$build/dsgd" "DSGD_BUILD=$build" "DSGD_EMULATED=$DSGD_CUDA_LIBRARY" bash tests/emulated.sh "$work/run.conf")
    elif [ "$5" = graph ]; then
        command=(env "DSGD_RESULTS=$work" "DSGD=$build/dsgd" bash tests/emulated_graph.sh)
    elif [[ $5 == *:* ]]; then
        command+=("${5#*:}")
    fi
    { (ulimit -S -t "$6" && exec "${command[@]}") >"$work/said" 2>&1; } 2>/dev/null # and no word of bash that a limit was reached
}

# A suite that fails by itself shows nothing: each is seen to pass without a fault before it is believed. Sets `seconds`, what a run may take of a
# processor, whoever else is at work: a kernel with a fault may have no end.
believe() # MODE ORDER DEVICES GRID SUITE
{
    local known TIMEFORMAT=%U
    if known=$(grep -F "passes $*: " "$results"); then
        seconds=${known##*: }
        return
    fi
    if ! { time EMU_FAULT=0 passes "$@" 1800; } 2>"$work/took"; then
        printf 'mutations: %s %s fails without a fault:\n' "$1" "$5"
        tail -n 20 "$work/said"
        exit 2
    fi
    seconds=$(tail -n 1 "$work/took")
    seconds=$((4 * ${seconds%%.*} + 20))
    printf 'passes %s: %d\n' "$*" "$seconds" >>"$results"
}

# Sets `who` notices; to nothing if nobody does. The checked library first: it needs one look, and a fault can keep a plain kernel from its end.
look_for() # NUMBER FILE
{
    local run suite suites how code
    read -r -a suites < <(suites_of "$2")
    rm -f "$work/reached"
    for run in 'checked 3 2 2' 'plain 7 3 65535' 'plain reverse 1 2'; do
        for suite in "${suites[@]}"; do
            # shellcheck disable=SC2086 # a run is four words
            believe $run "$suite"
            code=0
            # shellcheck disable=SC2086 # the same
            EMU_FAULT=$1 EMU_FAULT_REACHED=$work/reached passes $run "$suite" "$seconds" || code=$?
            [ "$code" -ne 0 ] || continue
            how=$(grep -m 1 -ohE 'without order|nobody has written|past the end|outside the arrays|host memory|nobody can go on|different __syncthreads|lanes that are done|stale|differs' \
                "$work/said" | head -1 || true)
            [ "$code" -ne 152 ] || how='has no end' # SIGXCPU
            who="${run%% *} $suite${how:+: $how}"
            return
        done
    done
    who=
}

planted=0 found=0 survived=0 exempt=0
for j in "${chosen[@]}"; do
    IFS=$'\t' read -r number name file line meaning none <<<"${faults[j]}"
    if [ -n "$none" ]; then
        exempt=$((exempt + 1))
        continue
    fi
    planted=$((planted + 1))
    if known=$(grep -m 1 "^found $name by " "$results"); then
        found=$((found + 1))
        printf '%s\n' "$known"
        continue
    fi
    look_for "$number" "$file"
    if [ -n "$who" ]; then
        found=$((found + 1))
        printf 'found %s by %s\n' "$name" "$who" | tee -a "$results"
    else
        survived=$((survived + 1))
        printf 'SURVIVED %s (%s:%s): %s%s\n' "$name" "$file" "$line" "$meaning" "$([ -e "$work/reached" ] || echo '; no suite gets there')"
    fi
done
printf 'mutations: %d faults planted, %d found, %d survived; %d are none\n' "$planted" "$found" "$survived" "$exempt"
if [ $# -eq 0 ] || [ "$sample" -gt 0 ]; then rm -f "$results"; fi # the next call begins anew
[ "$survived" -eq 0 ]
