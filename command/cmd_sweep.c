/* cmd_sweep.c - dsgd sweep: a grid of runs as what it will cost, as a list, as rules for make, as the paths of its results. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command/commands.h"
#include "command/options.h"
#include "command/whole_output.h"
#include "lab/sweep/sweep.h"
#include "lab/report/text_out.h"
#include "lab/config/words.h"
#include "lab/plugin.h"

enum mode { MODE_COST, MODE_LIST, MODE_MAKE, MODE_PATHS };
enum { KEY_LIST = 1000, KEY_MAKE, KEY_COST, KEY_PATHS, KEY_COMMAND, KEY_JOBS, KEY_BLOCK, KEY_MISSING };
#define MEASURE_S 0.1 /* for each kind of run */

struct sweep_options {
    struct common_options common;
    enum mode mode;
    bool missing;
    const char *command, *block;
    char **word; /* [words], owned: of the command */
    size_t words;
    int64_t jobs;
};

static const struct argp_option sweep_options_table[] = {
    {"cost", KEY_COST, NULL, 0, "A line for each run with its state and what it will cost; sums on stderr (default)", 0},
    {"list", KEY_LIST, NULL, 0, "One command line for each run, for GNU parallel and Slurm arrays", 0},
    {"make", KEY_MAKE, NULL, 0, "Rules for make: sweep-runs makes the targets run-1, run-2, ..., numbered like the lines of --list; a recipe "
     "finds its target in $DSGD_SWEEP_RUN", 0},
    {"paths", KEY_PATHS, NULL, 0, "The results of the sweep, one per line, there or not", 0},
    {"block", KEY_BLOCK, "NAME", 0, "Only this block of the sweep", 0},
    {"missing", KEY_MISSING, NULL, 0, "With --list, --make and --paths: only what is to be made", 0},
    {"command", KEY_COMMAND, "TEXT", 0, "What each line of --list and --make starts with (default: dsgd run): words that are quoted where "
     "they must be, never code; double quotes hold blanks together", 0},
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
    case KEY_PATHS: options->mode = MODE_PATHS; return 0;
    case KEY_BLOCK: options->block = arg; return 0;
    case KEY_MISSING: options->missing = true; return 0;
    case KEY_COMMAND: options->command = arg; return 0;
    case KEY_JOBS: return option_integer(state, "--jobs", arg, 1, 100000, &options->jobs);
    case ARGP_KEY_INIT: state->child_inputs[0] = &options->common; return 0;
    case ARGP_KEY_END:
        if (options->common.json && options->mode != MODE_COST) { argp_error(state, "--json: expected without --list, --make and --paths, which print lines"); }
        if (options->missing && options->mode == MODE_COST) { argp_error(state, "--missing: expected --list, --make or --paths too"); }
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static enum dsgd_status split_command(struct sweep_options *options)
{
    for (const char *at = options->command;;) {
        char **grown = realloc(options->word, (options->words + 1) * sizeof *grown);
        if (!grown) { return dsgd_fail(DSGD_ENOMEM, "no memory for the command"); }
        options->word = grown;
        switch (dsgd_words_next(&at, &options->word[options->words])) {
        case WORDS_ONE: ++options->words; break;
        case WORDS_NONE: return DSGD_OK;
        case WORDS_OPEN: return dsgd_fail(DSGD_EINPUT, "--command %s: expected another \" that ends what the last one begins", options->command);
        case WORDS_MEMORY: return dsgd_fail(DSGD_ENOMEM, "no memory for the command");
        }
    }
}

static bool one_line(const char *text)
{
    return !strpbrk(text, "\n\r");
}

/* A line break would end a command of the shell, a recipe of make, a path of the list. */
static enum dsgd_status check_lines(const struct sweep *sweep, const struct sweep_options *options)
{
    const char *bad = one_line(sweep->path) ? NULL : sweep->path;
    struct dsgd_plugin_origin origin;
    for (size_t j = 0; dsgd_plugin_at(j, &origin) && !bad; ++j) { bad = one_line(origin.path) ? NULL : origin.path; }
    for (size_t w = 0; w < options->words && !bad; ++w) { bad = one_line(options->word[w]) ? NULL : options->word[w]; }
    for (size_t j = 0; j < sweep->runs && !bad; ++j) {
        const struct sweep_run *run = &sweep->run[j];
        if (!one_line(run->config)) { bad = run->config; }
        if (!one_line(run->path)) { bad = run->path; }
        for (size_t s = 0; s < run->sets && !bad; ++s) { bad = one_line(run->set[s]) ? NULL : run->set[s]; }
    }
    char shown[200];
    return bad ? dsgd_fail(DSGD_EINPUT, "\"%s\": expected names and values without line breaks, for a list of lines",
                           dsgd_text_shown_into(shown, sizeof shown, bad)) : DSGD_OK;
}

/* Whether --list, --make and --paths name the run. Where the data are not at hand nothing can be made. */
static bool listed(const struct sweep_run *run, const struct sweep_options *options)
{
    if (!dsgd_sweep_selected(run, options->block) || run->state == SWEEP_IMPOSSIBLE || run->state == SWEEP_NO_DATA) { return false; }
    if (run->no_data && options->mode != MODE_PATHS) { return false; }
    return !options->missing || dsgd_sweep_to_make(run);
}

static void print_command(const struct sweep_options *options, const struct sweep_run *run)
{
    const bool make = options->mode == MODE_MAKE;
    for (size_t w = 0; w < options->words; ++w) {
        dsgd_words_print(stdout, options->word[w], make);
        putchar(' ');
    }
    dsgd_words_print(stdout, run->config, make);
    struct dsgd_plugin_origin origin;
    for (size_t j = 0; dsgd_plugin_at(j, &origin); ++j) {
        printf(" --plugin ");
        dsgd_words_print(stdout, origin.path, make);
    }
    for (size_t j = 0; j < run->sets; ++j) {
        printf(" --set ");
        dsgd_words_print(stdout, run->set[j], make);
    }
    printf("\n");
}

static void print_list(const struct sweep_options *options, const struct sweep *sweep)
{
    for (size_t j = 0; j < sweep->runs; ++j) {
        if (!listed(&sweep->run[j], options)) { continue; }
        if (options->mode == MODE_PATHS) {
            printf("%s\n", sweep->run[j].path);
        } else {
            print_command(options, &sweep->run[j]);
        }
    }
}

/* What is to be made has been decided: the targets depend on nothing and are no files. Their numbers are the lines of the list
 * without --missing: names that stay while others are made. */
static void print_make(const struct sweep_options *options, const struct sweep *sweep)
{
    struct sweep_options all = *options;
    size_t number = 0;
    all.missing = false;
    printf("# written by dsgd sweep ");
    dsgd_print_shown(stdout, sweep->path);
    printf(" --make\nMAKEFLAGS += --no-builtin-rules\n.SUFFIXES:\nexport DSGD_SWEEP_RUN = $@\n.PHONY: sweep-runs\nsweep-runs: ;@:\n");
    for (size_t j = 0; j < sweep->runs; ++j) {
        number += listed(&sweep->run[j], &all);
        if (!listed(&sweep->run[j], options)) { continue; }
        printf(".PHONY: run-%zu\nsweep-runs: run-%zu\nrun-%zu:\n\t@", number, number, number);
        print_command(options, &sweep->run[j]);
    }
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
    size_t runs, done, damaged, impossible, no_data;
    double seconds, longest, bytes;
};

static struct sums add_up(const struct sweep *sweep, const char *block)
{
    struct sums sums = {.runs = 0};
    for (size_t j = 0; j < sweep->runs; ++j) {
        const struct sweep_run *run = &sweep->run[j];
        if (!dsgd_sweep_selected(run, block)) { continue; }
        sums.impossible += run->state == SWEEP_IMPOSSIBLE;
        sums.no_data += run->state == SWEEP_NO_DATA;
        if (run->state == SWEEP_IMPOSSIBLE || run->state == SWEEP_NO_DATA) { continue; }
        ++sums.runs;
        sums.done += run->state == SWEEP_DONE;
        sums.damaged += run->state == SWEEP_DAMAGED;
        sums.seconds += run->seconds;
        sums.bytes += run->bytes;
        if (run->seconds > sums.longest) { sums.longest = run->seconds; }
    }
    return sums;
}

static void report(const struct sweep *sweep, const struct sweep_options *options)
{
    const struct sums all = add_up(sweep, options->block);
    fprintf(stderr, "sweep ");
    dsgd_print_shown(stderr, sweep->name);
    fprintf(stderr, ": %zu runs, %zu done", all.runs, all.done);
    if (all.damaged > 0) { fprintf(stderr, ", %zu damaged", all.damaged); }
    if (all.impossible > 0) { fprintf(stderr, ", %zu impossible combinations left out", all.impossible); }
    if (all.no_data > 0) { fprintf(stderr, ", %zu without data and result", all.no_data); }
    if (sweep->same > 0 && !options->block) { fprintf(stderr, ", %zu combinations are the same run as another", sweep->same); }
    fprintf(stderr, all.done == all.runs ? ", nothing to do\n" : "\n");
    if (options->mode != MODE_COST || all.done == all.runs) { return; }
    for (size_t j = 0; j < sweep->runs; ++j) {
        const char *block = sweep->run[j].block;
        if ((j > 0 && strcmp(block, sweep->run[j - 1].block) == 0) || (options->block && strcmp(block, options->block) != 0)) { continue; }
        const struct sums part = add_up(sweep, block);
        fprintf(stderr, "  ");
        dsgd_print_padded(stderr, -12, block);
        fprintf(stderr, " %4zu of %zu to do, ", part.runs - part.done, part.runs);
        print_duration(stderr, part.seconds);
        fprintf(stderr, ", %.1f MiB\n", part.bytes / 1048576.0);
    }
    const double spread = all.seconds / (double)options->jobs;
    fprintf(stderr, "cost: about ");
    print_duration(stderr, spread > all.longest ? spread : all.longest);
    fprintf(stderr, " with %lld at a time, %.1f MiB in results (estimated from real rounds; certified optima come on top, once)\n",
            (long long)options->jobs, all.bytes / 1048576.0);
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* What nobody would guess from the list. */
static void warn(const struct sweep *sweep, const struct sweep_options *options)
{
    if (sweep->no_data) {
        fprintf(stderr, "dsgd: ");
        dsgd_print_shown(stderr, sweep->no_data);
        fprintf(stderr, ": results that are there count, of any data; nothing is made\n");
    }
    for (size_t j = 0; j < sweep->runs; ++j) {
        const struct sweep_run *run = &sweep->run[j];
        if (run->state != SWEEP_DAMAGED || !dsgd_sweep_selected(run, options->block)) { continue; }
        fprintf(stderr, "dsgd: ");
        dsgd_print_shown(stderr, run->reason);
        const bool folder = is_folder(run->path);
        fprintf(stderr, "; so that it can be made: %s ", folder ? "mv" : "rm");
        dsgd_words_print(stderr, run->path, false);
        if (folder) {
            fputc(' ', stderr);
            dsgd_words_print(stderr, run->path, false);
            fprintf(stderr, ".aside");
        }
        fprintf(stderr, "\n");
    }
}

static enum dsgd_status print_cost(const struct sweep_options *options, const struct sweep *sweep)
{
    static const char *const names[] = {[SWEEP_TO_DO] = "to do", [SWEEP_DONE] = "done", [SWEEP_DAMAGED] = "damaged",
                                        [SWEEP_IMPOSSIBLE] = "impossible", [SWEEP_NO_DATA] = "no data"};
    static const char *const column[] = {"path", "state", "seconds", "bytes", "block", "config", "steps"};
    struct dsgd_grid grid = {.columns = 0};
    for (size_t c = 0; c < sizeof column / sizeof *column; ++c) { dsgd_grid_column(&grid, column[c]); }
    for (size_t j = 0; j < sweep->runs; ++j) {
        const struct sweep_run *run = &sweep->run[j];
        if (!dsgd_sweep_selected(run, options->block)) { continue; }
        dsgd_grid_text(&grid, run->path);
        dsgd_grid_text(&grid, names[run->state]);
        dsgd_grid_real(&grid, 6, run->seconds);
        dsgd_grid_real(&grid, 12, run->bytes);
        dsgd_grid_text(&grid, run->block);
        dsgd_grid_text(&grid, run->config);
        dsgd_grid_integer(&grid, run->steps);
    }
    return whole_output_grid(&grid, options->common.json ? WHOLE_JSON : WHOLE_TSV, NULL);
}

/* The reasons of impossible combinations are a help, not a result: where they cannot be written the sweep goes on. */
static enum dsgd_status record(const struct sweep *sweep, const struct sweep_options *options)
{
    if (options->block || (options->mode != MODE_COST && options->mode != MODE_MAKE)) { return DSGD_OK; }
    const enum dsgd_status status = dsgd_sweep_record_skipped(sweep);
    if (status != DSGD_EIO && status != DSGD_EINPUT) { return status; }
    fprintf(stderr, "dsgd: warning: ");
    dsgd_print_shown(stderr, dsgd_error());
    fprintf(stderr, "; the reasons of impossible combinations are not kept\n");
    return DSGD_OK;
}

static enum dsgd_status first_reason(const struct sweep *sweep, const struct sweep_options *options)
{
    const struct sums all = add_up(sweep, options->block);
    if (all.runs > 0) { return DSGD_OK; }
    if (all.no_data > 0) { return dsgd_fail(DSGD_EINPUT, "sweep %s: %s", sweep->path, sweep->no_data); }
    for (size_t j = 0; j < sweep->runs; ++j) {
        if (!dsgd_sweep_selected(&sweep->run[j], options->block)) { continue; }
        return dsgd_fail(DSGD_EINPUT, "sweep %s: all combinations are impossible, the first because %s", sweep->path, sweep->run[j].reason);
    }
    return DSGD_OK;
}

static enum dsgd_status print(const struct sweep *sweep, const struct sweep_options *options)
{
    const enum dsgd_status possible = first_reason(sweep, options);
    if (possible != DSGD_OK && sweep->no_data) { return possible; }
    DSGD_TRY(record(sweep, options));
    switch (options->mode) {
    case MODE_COST: DSGD_TRY(print_cost(options, sweep)); break;
    case MODE_LIST:
    case MODE_PATHS: print_list(options, sweep); break;
    case MODE_MAKE: print_make(options, sweep); break;
    }
    fflush(stdout);
    warn(sweep, options);
    if (!options->common.quiet) { report(sweep, options); }
    return first_reason(sweep, options);
}

static enum dsgd_status sweep_all(struct sweep_options *options)
{
    struct sweep sweep;
    struct data_shelf shelf = {.folder = options->common.data};
    const struct dsgd_session_options open = common_session(&options->common, true);
    DSGD_TRY(split_command(options));
    enum dsgd_status status = dsgd_sweep_load(options->common.config, options->common.set, options->common.sets, &shelf, &sweep);
    if (status == DSGD_OK) {
        status = dsgd_sweep_check_block(&sweep, options->block);
        if (status == DSGD_OK) { status = check_lines(&sweep, options); }
        if (status == DSGD_OK) { status = dsgd_sweep_check(&sweep, options->block, &shelf, &open, options->mode == MODE_COST ? MEASURE_S : 0.0); }
        if (status == DSGD_OK) { status = print(&sweep, options); }
        dsgd_sweep_clear(&sweep);
    }
    dsgd_data_shelf_clear(&shelf);
    return status;
}

static int command(int argc, char **argv)
{
    static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {sweep_options_table, parse, "FILE.sweep",
                                     "Expands a grid of runs, checks every combination and tells what the sweep will cost.\v"
                                     "A sweep is blocks 'runs NAME { config = FILE.conf  key = {value, ...} }' in the words of a "
                                     "configuration. Impossible combinations are recorded with their reasons in "
                                     "results/<dataset>/<sweep>-<digits>.skipped.tsv. A run is done if its finished result is at its path, whose "
                                     "digits stand for configuration, data and results version; times of files do not matter. Where "
                                     "the data are not at hand, results of any data count, and nothing is made.", children, NULL, NULL};
    struct sweep_options options = {.command = "dsgd run", .jobs = 1};
    if (argp_parse(&argp, argc, argv, 0, NULL, &options)) { return 2; }
    enum dsgd_status status = sweep_all(&options);
    for (size_t w = 0; w < options.words; ++w) { free(options.word[w]); }
    free(options.word);
    common_options_clear(&options.common);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_sweep = {"sweep", "expand a grid of runs: cost, list, rules for make, paths (FILE.sweep)", command};
