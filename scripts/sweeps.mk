# sweeps.mk - grids of runs (docs/sweeps.md). Included by Makefile.experiments.
#
#   SWEEP=experiments/NAME.sweep    the grid
#   SET="key=value ..."             overrides keys of all runs; "two words" in double quotes
#   JOBS=N (or make's -jN)          runs at a time, one thread each
#   RUN_OPTIONS="--snapshot 5"      more options for each dsgd run

.PHONY: sweep list-runs sweep-given

sweep-given:
	@[ -n "$${SWEEP:-}" ] || { echo 'sweep: no sweep is given: expected SWEEP=experiments/convex/quadratic.sweep or another' >&2; exit 2; }

sweep: sweep-given build ## makes the missing runs of SWEEP=FILE.sweep (SET="key=value ...", JOBS=N; docs/sweeps.md)
	+@scripts/sweep.sh $(DSGD) $(JOBS_NOW) $(JOBS_FLAG) sweep-runs

list-runs: sweep-given ## prints the runs of SWEEP=FILE.sweep, a command per line, for GNU parallel and Slurm arrays
	@{ scripts/setup.sh run; scripts/build.sh $(PRESET) dsgd; } >&2
	@program=$(DSGD); "$$program" sweep --settings "$${SET:-}" --threads 1 --list --command "\"$$program\" run --threads 1 $${RUN_OPTIONS:-}" -- "$$SWEEP"
