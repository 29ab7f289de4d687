/* cmd_show.c - `dsgd show`: what result files say, as tables or JSON. Communication comes from ledger columns only. */
#include <argp.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "command/commands.h"
#include "command/json_out.h"
#include "command/show.h"
#include "lab/report/text_out.h"
#include "command/whole_output.h"

struct options {
    struct sweep_input sweep;
    bool json, quiet, final, each;
    struct show_window window;
};

enum { OPTION_FROM = 256, OPTION_TO, OPTION_FINAL, OPTION_EACH, OPTION_JSON };

static const struct argp_option option_table[] = {
    {"json", OPTION_JSON, NULL, 0, "One JSON document instead of tables", 0},
    {"quiet", 'q', NULL, 0, "Only the summary where there are several files", 0},
    {"each", OPTION_EACH, NULL, 0, "One row per file and no summary: files may be of different problems and datasets", 0},
    {"final", OPTION_FINAL, NULL, 0,
     "The summary's points are the last rows of runs that were made for different numbers of "
     "steps (a step size of 1/sqrt(T) has no prefixes)",
     0},
    {"from", OPTION_FROM, "STEPS", 0, "Slopes of the gap are fitted from here (a tenth of --to)", 0},
    {"to", OPTION_TO, "STEPS", 0, "... to here (the steps of the longest run)", 0},
    {0},
};

static double positive(const char *text, struct argp_state *state)
{
    char *end = NULL;
    const double value = strtod(text, &end);
    if (end == text || *end || !(value > 0.0) || !isfinite(value)) {
        argp_error(state, "%s: expected a positive number of steps", text);
    }
    return value;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case OPTION_JSON: o->json = true; return 0;
    case 'q': o->quiet = true; return 0;
    case OPTION_EACH: o->each = true; return 0;
    case OPTION_FINAL: o->final = true; return 0;
    case OPTION_FROM: o->window.from = positive(argument, state); return 0;
    case OPTION_TO: o->window.to = positive(argument, state); return 0;
    case ARGP_KEY_INIT: state->child_inputs[0] = state->child_inputs[1] = &o->sweep; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

enum dsgd_status show_facts(const struct dsgd_runfile *run, struct show_facts *out)
{
    const double loss = dsgd_run_last(run, "test_loss"), error = dsgd_run_last(run, "test_error");
    *out = (struct show_facts){.steps_done = dsgd_run_steps_done(run),
                               .objective = dsgd_run_last(run, "objective"),
                               .gap = dsgd_run_last(run, "gap"),
                               .test_loss = loss,
                               .test_loss_excess = loss - dsgd_run_optimum(run, "test_loss"),
                               .test_error = 100.0 * error,
                               .test_error_excess = 100.0 * (error - dsgd_run_optimum(run, "test_error"))};
    const enum dsgd_status status = dsgd_comm_from_ledger(dsgd_runfile_table(run, "ledger"), run->d, &out->comm);
    if (status == DSGD_OK) { return status; }
    char reason[DSGD_MESSAGE_MAX];
    snprintf(reason, sizeof reason, "%s", dsgd_error());
    return dsgd_fail(status, "%s: %s", run->path, reason);
}

/* A blank and a number for people, to the right; "-" where it is not known. */
__attribute__((format(printf, 3, 0))) static void print_number(FILE *out, int width, const char *format, double value)
{
    char text[48];
    if (isnan(value)) {
        snprintf(text, sizeof text, "-");
    } else {
        snprintf(text, sizeof text, format, value);
    }
    fprintf(out, " %*s", width, text);
}

/* The dataset's name; with the beginning of its SHA-256 where the set has other data under this name. */
static void name_dataset(const struct run_set *set, int r, char name[80])
{
    const struct dsgd_runfile *run = set->run[r];
    bool same = true;
    for (int q = 0; q < set->runs; ++q) {
        same = same && (strcmp(set->run[q]->dataset, run->dataset) != 0 ||
                        strcmp(set->run[q]->dataset_sha256, run->dataset_sha256) == 0);
    }
    snprintf(name, 80, "%s%s%.8s", run->dataset, same ? "" : ":", same ? "" : run->dataset_sha256);
}

static int wider(int width, const char *text)
{
    const int other = dsgd_text_width(text);
    return other > width ? other : width;
}

/* Widths of the columns that hold names. */
struct widths {
    int label, problem, dataset, status;
};

static struct widths measure(const struct run_set *set)
{
    struct widths w = {5, 9, 13, 8};
    char dataset[80];
    for (int r = 0; r < set->runs; ++r) {
        name_dataset(set, r, dataset);
        w.label = wider(w.label, dsgd_run_label(set->run[r]));
        w.problem = wider(w.problem, set->run[r]->problem);
        w.dataset = wider(w.dataset, dataset);
        w.status = wider(w.status, set->run[r]->status);
    }
    return w;
}

static void print_table(FILE *out, const struct run_set *set, const struct show_facts *facts)
{
    const struct widths w = measure(set);
    fprintf(out, "%-*s %-*s %-*s %5s %9s %-*s %12s %10s %10s %7s %8s %13s %6s %6s\n", w.label, "label", w.problem, "problem", w.dataset,
            "dataset", "seed", "steps", w.status, "status", "objective", "gap", "test loss", "test", "points", "values per", "ratio", "ratio");
    fprintf(out, "%-*s %-*s %-*s %5s %9s %-*s %12s %10s %10s %7s %8s %13s %6s %6s\n", w.label, "", w.problem, "", w.dataset, "", "",
            "done", w.status, "", "", "", "- at w*", "error %", "- at w*", "worker & step", "values", "wire");
    for (int r = 0; r < set->runs; ++r) {
        const struct dsgd_runfile *run = set->run[r];
        const struct show_facts *f = &facts[r];
        char values[32], dataset[80];
        name_dataset(set, r, dataset);
        if (f->comm.values_least < f->comm.values_most) {
            snprintf(values, sizeof values, "%.4g..%.4g", f->comm.values_least, f->comm.values_most);
        } else {
            snprintf(values, sizeof values, "%.6g", f->comm.values);
        }
        dsgd_print_padded(out, -w.label, dsgd_run_label(run));
        fputc(' ', out);
        dsgd_print_padded(out, -w.problem, run->problem);
        fputc(' ', out);
        dsgd_print_padded(out, -w.dataset, dataset);
        fprintf(out, " %5lld %9lld ", (long long)run->seed, (long long)f->steps_done);
        dsgd_print_padded(out, -w.status, run->status);
        print_number(out, 12, "%.7g", f->objective);
        print_number(out, 10, "%.3e", f->gap);
        print_number(out, 10, "%.3e", f->test_loss_excess);
        print_number(out, 7, "%.3f", f->test_error);
        print_number(out, 8, "%+.3f", f->test_error_excess);
        fprintf(out, " %13s", values);
        print_number(out, 6, "%.2f", f->comm.ratio_values);
        print_number(out, 6, "%.2f", f->comm.ratio_wire);
        fputc('\n', out);
    }
}

/* The last row of /trace by its columns' names. */
static json_t *last_row(const struct dsgd_runfile *run)
{
    const struct dsgd_table *trace = dsgd_runfile_table(run, "trace");
    json_t *row = json_object();
    for (int c = 0; row && trace->rows > 0 && c < trace->columns; ++c) {
        if (!trace->column[c].integer) { json_set_number(row, trace->column[c].name, dsgd_run_last(run, trace->column[c].name)); }
    }
    return row;
}

static json_t *facts_json(const struct dsgd_runfile *run, const struct show_facts *f)
{
    const struct comm *c = &f->comm;
    json_t *comm = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "worker_steps",
                             json_number(c->worker_steps), "values_up", json_number(c->values_up), "values_down",
                             json_number(c->values_down), "values", json_number(c->values), "values_step_min",
                             json_number(c->values_least), "values_step_max", json_number(c->values_most), "wire_up",
                             json_number(c->wire_up), "wire_down", json_number(c->wire_down), "wire",
                             json_number(c->wire), "wire_step_min", json_number(c->wire_least), "wire_step_max",
                             json_number(c->wire_most), "broadcast", json_number(c->broadcast), "ratio_values",
                             json_number(c->ratio_values), "ratio_wire", json_number(c->ratio_wire));
    json_t *facts = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "results_version", (json_int_t)run->results_version, "seed",
        (json_int_t)run->seed, "steps", (json_int_t)run->steps, "steps_done", (json_int_t)f->steps_done, "d", (json_int_t)run->d,
        "objective", json_number(f->objective), "f_star", json_number(run->f_star), "gap", json_number(f->gap), "test_loss",
        json_number(f->test_loss), "test_loss_minus_optimum", json_number(f->test_loss_excess), "test_error_percent",
        json_number(f->test_error), "test_error_minus_optimum_points", json_number(f->test_error_excess), "communication", comm, "last_row", last_row(run));
    json_set_text(facts, "file", run->path);
    json_set_text(facts, "label", dsgd_run_label(run));
    json_set_text(facts, "algorithm", run->algorithm);
    json_set_text(facts, "problem", run->problem);
    json_set_text(facts, "dataset", run->dataset);
    json_set_text(facts, "dataset_title", run->dataset_title);
    json_set_text(facts, "dataset_sha256", run->dataset_sha256);
    json_set_text(facts, "plugins", run->plugins);
    json_set_text(facts, "hash_family", run->hash_family);
    json_set_text(facts, "status", run->status);
    json_set_text(facts, "config_sha256", run->config_sha256);
    return facts;
}

static enum dsgd_status group(const struct run_set *set, const struct options *o, struct curve_set *out)
{
    *out = (struct curve_set){.curves = 0};
    DSGD_TRY(dsgd_run_set_comparable(set));
    DSGD_TRY(dsgd_curve_set_create(set, o->final, out));
    return sweep_input_arrange(&o->sweep, out);
}

static enum dsgd_status print_json(FILE *out, const struct run_set *set, const struct show_facts *facts, const struct options *o)
{
    json_t *runs = json_array(), *summary = json_array();
    enum dsgd_status status = runs && summary ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for JSON");
    for (int r = 0; r < set->runs && status == DSGD_OK; ++r) {
        if (json_array_append_new(runs, facts_json(set->run[r], &facts[r])) != 0) { status = dsgd_fail(DSGD_ENOMEM, "no memory for JSON"); }
    }
    if (status == DSGD_OK && set->runs > 1 && !o->each) {
        struct curve_set curves;
        status = group(set, o, &curves);
        if (status == DSGD_OK) { status = show_summary(&curves, &o->window, out, summary); }
        dsgd_curve_set_destroy(&curves);
    }
    if (status == DSGD_OK) { status = json_write(json_pack("{s:O, s:O}", "runs", runs, "summary", summary), out); }
    json_decref(runs);
    json_decref(summary);
    return status;
}

static enum dsgd_status print_text(FILE *out, const struct run_set *set, const struct show_facts *facts, const struct options *o)
{
    if (set->runs == 1) {
        show_block(out, set->run[0], &facts[0]);
        return DSGD_OK;
    }
    if (o->each) {
        print_table(out, set, facts);
        return DSGD_OK;
    }
    struct curve_set curves; /* before anything is printed: files may not belong together */
    enum dsgd_status status = group(set, o, &curves);
    if (status == DSGD_OK && !o->quiet) {
        print_table(out, set, facts);
        fputc('\n', out);
    }
    if (status == DSGD_OK) { status = show_summary(&curves, &o->window, out, NULL); }
    dsgd_curve_set_destroy(&curves);
    return status;
}

static enum dsgd_status print(const struct run_set *set, const struct show_facts *facts, const struct options *o)
{
    struct whole_output whole;
    DSGD_TRY(whole_output_open(&whole));
    const enum dsgd_status status = o->json ? print_json(whole.out, set, facts, o) : print_text(whole.out, set, facts, o);
    return whole_output_close(&whole, status, o->sweep.output, o->json ? TEXT_FILE_JSON : TEXT_FILE_HASH);
}

/* The last decade of the longest run, as far as the user does not say. */
static void default_window(const struct run_set *set, struct show_window *window)
{
    if (isnan(window->to)) {
        window->to = isnan(window->from) ? 1.0 : window->from * 10.0;
        for (int r = 0; r < set->runs; ++r) { window->to = fmax(window->to, (double)dsgd_run_steps_done(set->run[r])); }
    }
    if (isnan(window->from)) { window->from = window->to / 10.0; }
}

static int show(int argc, char **argv)
{
    struct options o = {.window = {(double)NAN, (double)NAN}};
    static const struct argp_child children[] = {{&sweep_input_argp, 0, NULL, 0}, {&curve_names_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        option_table,
        parse,
        "FILE...",
        "Prints what result files say; several files also get a summary over seeds, for which they must "
        "be of one problem and dataset.",
        children,
        NULL,
        NULL};
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0) { return 2; }
    if (o.window.from >= o.window.to) {
        fprintf(stderr, "dsgd show: --from %g --to %g: expected from < to\n", o.window.from, o.window.to);
        return 2;
    }
    struct run_set set;
    enum dsgd_status status = sweep_input_read(&o.sweep, &set);
    if (status != DSGD_OK) {
        sweep_input_clear(&o.sweep);
        return command_fail(status);
    }
    default_window(&set, &o.window);
    struct show_facts *facts = calloc((size_t)set.runs, sizeof *facts);
    if (!facts) { status = dsgd_fail(DSGD_ENOMEM, "no memory for %d runs", set.runs); }
    for (int r = 0; r < set.runs && status == DSGD_OK; ++r) {
        status = show_facts(set.run[r], &facts[r]);
        if (status == DSGD_OK && !o.quiet && strcmp(set.run[r]->status, "running") == 0) {
            char path[4096];
            fprintf(stderr, "dsgd: %s is a snapshot of an unfinished run\n", dsgd_text_shown_into(path, sizeof path, set.run[r]->path));
        }
    }
    if (status == DSGD_OK) { status = print(&set, facts, &o); }
    free(facts);
    dsgd_run_set_destroy(&set);
    sweep_input_clear(&o.sweep);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_show = {"show", "print results: error, gap, communication, summary over seeds", show};
