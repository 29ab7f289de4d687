/* sweep_input.c - the options of commands that read results, and sweep files among their arguments. Interface: sweep_input.h. */
#include "command/sweep_input.h"
#include "command/general.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/reading.h"
#include "lab/report/labels.h"
#include "lab/sweep/sweep.h"
#include "record/text_file.h"
#include "lab/report/text_out.h"

enum { KEY_BLOCK = 6000, KEY_SETTINGS, KEY_UNSEALED };

static const struct argp_option table[] = {
    {"output", 'o', "FILE", 0, "To this file instead of standard output; replaces nothing but what this program wrote", 1},
    {"unsealed", KEY_UNSEALED, NULL, 0, "Also read files without an intact checksum (edited or damaged); every output marks them", 1},
    {NULL, 0, NULL, 0, "For FILE.sweep, which stands for the results of that sweep:", 2},
    {"block", KEY_BLOCK, "NAME", 0, "Only this block of the sweep", 2},
    {"set", 's', "KEY=VALUE", 0, "Override a key of all its runs, also as section.key=value; repeatable", 2},
    {"settings", KEY_SETTINGS, "TEXT", 0, "Several --set in one text, with blanks between them", 2},
    {"data", 'd', "FOLDER", 0, "Folder of the datasets (default: $DSGD_DATA, then data/)", 2},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct sweep_input *input = state->input;
    switch (key) {
    case KEY_UNSEALED: input->unsealed = true; return 0;
    case KEY_BLOCK: input->block = arg; return 0;
    case 's': return option_set(&input->common, arg);
    case KEY_SETTINGS: return option_settings(state, &input->common, arg);
    case 'd': input->common.data = arg; return 0;
    case 'o': input->output = arg; return 0;
    case ARGP_KEY_ARGS:
        input->file = state->argv + state->next;
        input->files = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "no FILE: expected results of dsgd run"); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child general[] = {{&general_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};

const struct argp sweep_input_argp = {table, parse, NULL, NULL, general, NULL, NULL};

void sweep_input_clear(struct sweep_input *input)
{
    common_options_clear(&input->common);
    free(input->label);
    input->label = NULL;
    input->labels = 0;
}

enum { KEY_LABEL = 6100, KEY_SORT };

static const struct argp_option names_table[] = {
    {"label", KEY_LABEL, "OLD=NEW", 0, "Call the curve NEW whose label is OLD, or alone begins with OLD; repeatable. Nothing is run again", 1},
    {"sort", KEY_SORT, "BY", 0, "Order: given (default), label, a key such as workers or local_topk.k, or a column of /trace (its last value); "
     "with - in front descending", 1},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse_names(int key, char *arg, struct argp_state *state)
{
    struct sweep_input *input = state->input;
    if (key == KEY_SORT) { return input->sort = arg, 0; }
    if (key != KEY_LABEL) { return ARGP_ERR_UNKNOWN; }
    const char **grown = realloc(input->label, (input->labels + 1) * sizeof *grown);
    if (!grown) { return ENOMEM; }
    input->label = grown;
    input->label[input->labels++] = arg;
    return 0;
}

const struct argp curve_names_argp = {names_table, parse_names, NULL, NULL, NULL, NULL, NULL};

enum dsgd_status sweep_input_arrange(const struct sweep_input *input, struct curve_set *curves)
{
    if (input->sort) { DSGD_TRY(dsgd_curve_sort(curves, input->sort)); }
    for (size_t j = 0; j < input->labels; ++j) { DSGD_TRY(dsgd_curve_rename(curves, input->label[j])); }
    return DSGD_OK;
}

/* Whether a file's name says that it is a sweep. */
static bool is_sweep(const char *file)
{
    const size_t length = strlen(file);
    return length >= 6 && strcmp(file + length - 6, ".sweep") == 0;
}

/* Whether an option was given that only sweeps have. */
static bool has_sweep_options(const struct sweep_input *input)
{
    return input->block || input->common.sets > 0 || input->common.data;
}

/* What is not there would silently be missing from a table or picture. */
static enum dsgd_status check_all_there(const struct sweep *sweep, const char *block)
{
    size_t runs = 0, missing = 0, found = 0;
    const char *first = NULL;
    for (size_t j = 0; j < sweep->runs; ++j) {
        const struct sweep_run *run = &sweep->run[j];
        if (!dsgd_sweep_selected(run, block)) { continue; }
        if (run->state == SWEEP_DAMAGED) { return dsgd_fail(DSGD_EINPUT, "sweep %s: %s", sweep->path, run->reason); }
        runs += run->state != SWEEP_IMPOSSIBLE;
        found += run->state == SWEEP_DONE;
        missing += run->state == SWEEP_TO_DO;
        if (!first && run->state == SWEEP_TO_DO) { first = run->path; }
    }
    if (missing > 0) {
        return dsgd_fail(DSGD_EINPUT, "sweep %s: %zu of %zu results are missing, the first %s: expected all; with the same options "
                         "dsgd sweep %s --list --missing prints the commands that make them", sweep->path, missing, runs, first, sweep->path);
    }
    if (found > 0) { return DSGD_OK; }
    return sweep->no_data ? dsgd_fail(DSGD_EINPUT, "sweep %s: %s", sweep->path, sweep->no_data)
                          : dsgd_fail(DSGD_EINPUT, "sweep %s: all combinations are impossible: expected one with a result", sweep->path);
}

static enum dsgd_status collect(const struct sweep *sweep, const char *block, struct dsgd_result_names *names)
{
    size_t there = 0, without = 0;
    DSGD_TRY(check_all_there(sweep, block));
    for (size_t j = 0; j < sweep->runs; ++j) {
        const struct sweep_run *run = &sweep->run[j];
        if (!dsgd_sweep_selected(run, block)) { continue; }
        without += run->state == SWEEP_NO_DATA;
        if (run->state != SWEEP_DONE) { continue; }
        ++there;
        DSGD_TRY(dsgd_result_names_add(names, run->path, run->label));
    }
    if (sweep->no_data) {
        fprintf(stderr, "dsgd: ");
        dsgd_print_shown(stderr, sweep->no_data);
        fprintf(stderr, ": the %zu results of ", there);
        dsgd_print_shown(stderr, sweep->path);
        fprintf(stderr, " that are there are taken, of any data; %zu are not there\n", without);
    }
    return DSGD_OK;
}

static enum dsgd_status expand(const struct sweep_input *input, struct data_shelf *shelf, const char *file, struct dsgd_result_names *names)
{
    struct sweep sweep;
    const struct dsgd_session_options open = common_session(&input->common, true);
    DSGD_TRY(dsgd_sweep_load(file, input->common.set, input->common.sets, shelf, &sweep));
    enum dsgd_status status = dsgd_sweep_check_block(&sweep, input->block);
    if (status == DSGD_OK) { status = dsgd_sweep_check(&sweep, input->block, shelf, &open, 0.0); }
    if (status == DSGD_OK) { status = collect(&sweep, input->block, names); }
    dsgd_sweep_clear(&sweep);
    return status;
}

/* The arguments with each sweep replaced by its results. */
static enum dsgd_status expand_all(const struct sweep_input *input, struct dsgd_result_names *names)
{
    struct data_shelf shelf = {.folder = input->common.data};
    enum dsgd_status status = DSGD_OK;
    bool sweeps = false;
    for (int f = 0; f < input->files && status == DSGD_OK; ++f) {
        if (is_sweep(input->file[f])) {
            sweeps = true;
            status = expand(input, &shelf, input->file[f], names);
        } else {
            status = dsgd_result_names_add(names, input->file[f], NULL);
        }
    }
    if (status == DSGD_OK && !sweeps && has_sweep_options(input)) {
        status = dsgd_fail(DSGD_EINPUT, "--block, --set and --data belong to a sweep: expected a FILE.sweep among the files");
    }
    dsgd_data_shelf_clear(&shelf);
    return status;
}

static enum dsgd_status open_unsealed(const char *path, struct dsgd_runfile **out)
{
    return reading_open(path, true, out);
}

enum dsgd_status sweep_input_read(const struct sweep_input *input, struct run_set *out)
{
    struct dsgd_result_names names = {.n = 0};
    if (input->output) { DSGD_TRY(dsgd_text_file_check(input->output)); }
    enum dsgd_status status = expand_all(input, &names);
    if (status == DSGD_OK) { status = dsgd_run_set_read(&names, input->unsealed ? open_unsealed : dsgd_runfile_read, out); }
    dsgd_result_names_clear(&names);
    return status;
}
