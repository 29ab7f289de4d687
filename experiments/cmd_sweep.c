/* cmd_sweep.c - dsgd sweep: a grid of runs as a list, as rules for make, or as what it will cost. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "experiments/commands.h"
#include "experiments/options.h"
#include "experiments/sweep.h"
#include "experiments/text_out.h"

enum mode { MODE_COST, MODE_LIST, MODE_MAKE };
enum { KEY_LIST = 1000, KEY_MAKE, KEY_COST, KEY_COMMAND, KEY_JOBS };
#define MEASURE_S 0.1 /* for each kind of run */

struct sweep_options {
    struct common_options common;
    enum mode mode;
    const char *command;
    int64_t jobs;
};

static const struct argp_option sweep_options_table[] = {
    {"cost", KEY_COST, NULL, 0, "A line for each run with its state and what it will cost; sums on stderr (default)", 0},
    {"list", KEY_LIST, NULL, 0, "One command line for each run, for GNU parallel and Slurm arrays", 0},
    {"make", KEY_MAKE, NULL, 0, "Rules for make: a target for each run, whose recipe ends with $(SWEEP_DONE); variables SWEEP and SWEEP_BLOCK", 0},
    {"command", KEY_COMMAND, "TEXT", 0, "What each line of --list and --make starts with (default: dsgd run)", 0},
    {"jobs", KEY_JOBS, "N", 0, "Runs at a time, for the time that --cost tells (default: 1)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct sweep_options *options = state->input;
    switch (key) {
    case KEY_COST: options->mode = MODE_COST; return 0;
    case KEY_LIST: options->mode = MODE_LIST; return 0;
    case KEY_MAKE: options->mode = MODE_MAKE; return 0;
    case KEY_COMMAND: options->command = arg; return 0;
    case KEY_JOBS: return option_integer(state, "--jobs", arg, 1, 100000, &options->jobs);
    case ARGP_KEY_INIT: state->child_inputs[0] = &options->common; return 0;
    case ARGP_KEY_END:
        if (options->common.json) { argp_error(state, "--json: sweep prints tables, expected --cost, --list or --make"); }
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* A word for the shell; in a recipe of make with its dollars doubled. */
static void print_word(const char *text, bool make)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=,:@%+-";
    const bool quoted = !*text || strspn(text, plain) != strlen(text);
    if (quoted) { putchar('\''); }
    for (; *text; ++text) {
        if (*text == '\'') {
            printf("'\\''");
        } else {
            if (make && *text == '$') { putchar('$'); }
            putchar(*text);
        }
    }
    if (quoted) { putchar('\''); }
}

static void print_run(const struct sweep_options *options, const struct sweep_run *run)
{
    const bool make = options->mode == MODE_MAKE;
    printf("%s ", options->command);
    print_word(run->config, make);
    for (size_t j = 0; j < run->sets; ++j) {
        printf(" --set ");
        print_word(run->set[j], make);
    }
    printf("\n");
}

static void print_list(const struct sweep_options *options, const struct sweep *sweep)
{
    for (size_t j = 0; j < sweep->runs; ++j) {
        if (!sweep->run[j].skipped && !sweep->run[j].repeated) { print_run(options, &sweep->run[j]); }
    }
}

/* A result's name contains the hash of its configuration: rules depend on nothing. */
static enum dsgd_status print_make(const struct sweep_options *options, const struct sweep *sweep)
{
    printf("# written by dsgd sweep ");
    text_shown(stdout, sweep->path);
    printf(" --make\n");
    for (size_t j = 0; j < sweep->runs; ++j) {
        const struct sweep_run *run = &sweep->run[j];
        if (run->skipped) { continue; }
        if (strpbrk(run->path, " \t\\$#:;%&|*?'\"()[]") || strpbrk(run->block, " \t\\$#:;%&|*?'\"()[]=") || strpbrk(sweep->name, " \t\\$#:;%&|*?'\"()[]=")) {
            return dsgd_fail(DSGD_EINPUT, "sweep %s: block %s, result %s: expected names that make can read, of letters, digits and ._-",
                             sweep->path, run->block, run->path);
        }
        if (!run->repeated) {
            printf("%s:\n\t", run->path);
            print_run(options, run);
            printf("\t$(SWEEP_DONE)\n");
        }
        printf("%s_%s += %s\n", sweep->name, run->block, run->path);
        if (!run->repeated) { printf("%s += %s\n", sweep->name, run->path); }
    }
    return DSGD_OK;
}

static void print_duration(FILE *out, double s)
{
    if (s < 60.0) {
        fprintf(out, "%.1f s", s);
    } else if (s < 3600.0) {
        fprintf(out, "%d min %d s", (int)(s / 60.0), (int)s % 60);
    } else {
        fprintf(out, "%d h %d min", (int)(s / 3600.0), (int)(s / 60.0) % 60);
    }
}

struct sums {
    size_t runs, done, skipped;
    double seconds, longest, bytes;
};

static struct sums add_up(const struct sweep *sweep, const char *block)
{
    struct sums sums = {.runs = 0};
    for (size_t j = 0; j < sweep->runs; ++j) {
        const struct sweep_run *run = &sweep->run[j];
        if ((block && strcmp(block, run->block) != 0) || (!block && run->repeated)) { continue; }
        if (run->skipped) {
            ++sums.skipped;
            continue;
        }
        ++sums.runs;
        sums.done += run->done;
        sums.seconds += run->seconds;
        sums.bytes += run->bytes;
        if (run->seconds > sums.longest) { sums.longest = run->seconds; }
    }
    return sums;
}

static void report(const struct sweep *sweep, const struct sweep_options *options)
{
    const struct sums all = add_up(sweep, NULL);
    fprintf(stderr, "sweep %s: %zu runs, %zu done", sweep->name, all.runs, all.done);
    if (all.skipped > 0) { fprintf(stderr, ", %zu impossible combinations left out", all.skipped); }
    if (sweep->same > 0) { fprintf(stderr, ", %zu combinations are the same run as another", sweep->same); }
    fprintf(stderr, "\n");
    if (options->mode != MODE_COST || all.done == all.runs) { return; }
    for (size_t j = 0; j < sweep->runs; ++j) {
        const char *block = sweep->run[j].block;
        if (j > 0 && strcmp(block, sweep->run[j - 1].block) == 0) { continue; }
        const struct sums part = add_up(sweep, block);
        fprintf(stderr, "  %-12s %4zu of %zu to do, ", block, part.runs - part.done, part.runs);
        print_duration(stderr, part.seconds);
        fprintf(stderr, ", %.1f MiB\n", part.bytes / 1048576.0);
    }
    const double spread = all.seconds / (double)options->jobs;
    fprintf(stderr, "cost: about ");
    print_duration(stderr, spread > all.longest ? spread : all.longest);
    fprintf(stderr, " with %lld at a time, %.1f MiB in results (estimated from real rounds; certified optima come on top, once)\n",
            (long long)options->jobs, all.bytes / 1048576.0);
}

static void print_cost(const struct sweep *sweep)
{
    printf("path\tstate\tseconds\tbytes\n");
    for (size_t j = 0; j < sweep->runs; ++j) {
        const struct sweep_run *run = &sweep->run[j];
        if (run->repeated) { continue; }
        text_tsv(stdout, run->path);
        printf("\t%s\t%.3f\t%.0f\n", run->skipped ? "impossible" : run->done ? "done" : "to do", run->seconds, run->bytes);
    }
}

static enum dsgd_status sweep_all(const struct sweep_options *options)
{
    struct sweep sweep;
    DSGD_TRY(sweep_load(options->common.config, options->common.set, options->common.sets, &sweep));
    const struct session_options open = {.data = options->common.data, .cache = session_cache_folder(),
                                         .threads = options->common.threads, .quiet = true, .dry = true};
    enum dsgd_status status = sweep_check(&sweep, &open, options->mode == MODE_COST ? MEASURE_S : 0.0);
    if (status == DSGD_OK) { status = sweep_record_skipped(&sweep); }
    if (status == DSGD_OK) {
        switch (options->mode) {
        case MODE_COST: print_cost(&sweep); break;
        case MODE_LIST: print_list(options, &sweep); break;
        case MODE_MAKE: status = print_make(options, &sweep); break;
        }
    }
    fflush(stdout);
    if (status == DSGD_OK && !options->common.quiet) { report(&sweep, options); }
    if (status == DSGD_OK && add_up(&sweep, NULL).runs == 0) {
        status = dsgd_fail(DSGD_EINPUT, "sweep %s: all combinations are impossible, the first because %s", sweep.path, sweep.run[0].skipped);
    }
    sweep_clear(&sweep);
    return status;
}

static int command(int argc, char **argv)
{
    static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {sweep_options_table, parse, "FILE.sweep",
                                     "Expands a grid of runs, checks every combination and tells what the sweep will cost.\v"
                                     "A sweep is blocks 'runs NAME { config = FILE.conf  key = {value, ...} }' in the words of a "
                                     "configuration. Impossible combinations are recorded with their reasons in "
                                     "results/<dataset>/<sweep>.skipped.tsv.", children, NULL, NULL};
    struct sweep_options options = {.command = "dsgd run", .jobs = 1};
    if (argp_parse(&argp, argc, argv, 0, NULL, &options)) { return 2; }
    enum dsgd_status status = sweep_all(&options);
    common_options_clear(&options.common);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_sweep = {"sweep", "expand a grid of runs: list, rules for make, cost (FILE.sweep)", command};
