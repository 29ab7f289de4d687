#!/usr/bin/env bash
# emulated_graph.sh - steps that set out as one graph (sim/cuda/step.cu) have the bits of steps that go launch by launch: the digest of a run on
# an emulated device with graphs, without, and as the device likes, and how many graphs there were. An algorithm whose steps wait records few.
# Where there is no pinned memory (pinned.cu) there are none.
#
# DSGD: the program. DSGD_CUDA_LIBRARY: the emulated library.
set -euo pipefail
fail() { printf 'emulated_graph: %s\n' "$1" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
steps=40

# run GRAPHS SETTING ...: digest, launches outside graphs, graphs.
run()
{
    local graphs=$1 words=()
    shift
    for word in "$@"; do words+=(--set "$word"); done
    [ "$graphs" = auto ] || export DSGD_CUDA_GRAPH=$graphs
    EMU_COUNT=$scratch/count EMU_ORDER=7 "$DSGD" run "$scratch/run.conf" "${words[@]}" --set backend=cuda --restart --quiet -o "$scratch/run.h5"
    unset DSGD_CUDA_GRAPH
    printf '%s %s\n' "$("$DSGD" digest "$scratch/run.h5" | cut -d' ' -f1)" "$(cat "$scratch/count")"
}

printf 'problem = logistic\ndataset = synthetic\nsynthetic { n = 200 n_test = 50 features = 30 }\nworkers = 3\nsteps = %d\nseed = 2\n' "$steps" >"$scratch/run.conf"
printf 'step_size = constant\nstep { constant = 0.05 }\nlog { every = 10 oracle = true }\n' >>"$scratch/run.conf"

# Settings, and the least number of graphs in 40 steps: the rows, 14 of them, want observed ones, which go launch by
# launch. Steps
# that wait for lengths are tried again after 1, 3, 7, 15 others.
while read -r least settings; do
    read -ra words <<<"$settings"
    read -r without launches none < <(run 0 "${words[@]}")
    read -r with fewer graphs < <(run 1 "${words[@]}")
    read -r auto _ same < <(run auto "${words[@]}")
    [ "$without $without" = "$with $auto" ] || fail "$settings: without graphs $without, with $with, as the device likes $auto: expected one digest"
    [ "$none" -eq 0 ] || fail "$settings: $none graphs with DSGD_CUDA_GRAPH=0"
    [ "$graphs" -ge "$least" ] || fail "$settings: $graphs graphs in $steps steps: expected at least $least"
    [ "$same" -eq "$graphs" ] || fail "$settings: $same graphs by itself, $graphs with DSGD_CUDA_GRAPH=1: expected as many, vectors are short here"
    read -r pageable _ many < <(EMU_PINNED=0 run 1 "${words[@]}")
    [ "$pageable $many" = "$without 0" ] || fail "$settings: $pageable and $many graphs without pinned memory: expected $without and none"
    [ "$fewer" -lt "$launches" ] || fail "$settings: $fewer launches beside the graphs, $launches without: expected fewer"
    printf '%s: %d launches; %d graphs and %d launches\n' "$settings" "$launches" "$graphs" "$fewer"
done <<'END'
25 algorithm=sgd
25 algorithm=sgd server_momentum=0.9 average=uniform
2 algorithm=local_topk local_topk.k=5
25 algorithm=signsgd
25 algorithm=terngrad
2 algorithm=sketched_sgd sketched_sgd.k=5 sketched_sgd.rows=3 sketched_sgd.cols=16 sketched_sgd.variant=topk
25 algorithm=random_k random_k.k=5
2 algorithm=threshold threshold.threshold=0.01
END
