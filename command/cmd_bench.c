/* cmd_bench.c - dsgd bench: how fast operations, rounds, small problems and deep gradients are on this machine, beside what it can move. */
#include <argp.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "command/commands.h"
#include "command/general.h"
#include "command/json_out.h"
#include "command/options.h"
#include "lab/report/grid.h"

enum { KEY_VECTOR = 6000, KEY_ONLY, KEY_BACKEND };
static const size_t RESNET9 = 6573120; /* parameters of the paper's image model */

static const struct part {
    const char *name;
    enum dsgd_status (*measure)(const struct bench_options *options, struct bench_lines *out);
    bool sized; /* by d and k */
} parts[] = {{"kernels", bench_kernels, true}, {"round", bench_rounds, true}, {"mnist", bench_mnist, false}, {"deep", bench_deep, false}};
enum { PARTS = sizeof parts / sizeof *parts };

struct bench {
    struct bench_options options;
    struct common_options sets; /* of --set alone */
    const struct part *part;
    bool json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct bench *bench = state->input;
    struct bench_options *o = &bench->options;
    int64_t n = 0;
    error_t error = 0;
    switch (key) {
    case 'n':
        error = option_integer(state, "--turns", arg, 1, BENCH_TURNS_MAX, &n);
        o->turns = (int)n;
        return error;
    case 't':
        error = option_integer(state, "--threads", arg, 1, 1024, &n);
        o->threads = (int)n;
        return error;
    case 'D':
        error = option_integer(state, "--dimension", arg, 1 << 20, 1000000000, &n);
        o->d = (size_t)n;
        return error;
    case 'k':
        error = option_integer(state, "-k", arg, 1, 1 << 24, &n);
        o->k = (size_t)n;
        return error;
    case 's': return option_set(&bench->sets, arg);
    case 'd': o->data = arg; return 0;
    case 'j': bench->json = true; return 0;
    case KEY_VECTOR: o->vector = arg; return 0;
    case KEY_ONLY: o->only = arg; return 0;
    case KEY_BACKEND: o->backend = arg; return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) { argp_error(state, "%s: expected one argument", arg); }
        for (int j = 0; j < PARTS; ++j) {
            if (strcmp(arg, parts[j].name) == 0) { bench->part = &parts[j]; }
        }
        if (!bench->part) { o->config = arg; }
        return 0;
    case ARGP_KEY_END:
        if (!bench->part && !o->config) { argp_error(state, "expected kernels, round, mnist, deep, or a configuration"); }
        if (o->k > o->d) { argp_error(state, "-k %zu: expected at most d = %zu", o->k, o->d); }
        return 0;
    case ARGP_KEY_INIT: return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static void fill(struct dsgd_grid *grid, const struct bench_lines *lines)
{
    static const char *const column[] = {"name", "min_s", "median_s", "max_s", "turns", "ceiling", "ceiling_s", "fraction", "per_second", "operations", "what"};
    for (size_t c = 0; c < sizeof column / sizeof *column; ++c) { dsgd_grid_column(grid, column[c]); }
    for (size_t j = 0; j < lines->lines; ++j) {
        const struct bench_line *line = &lines->line[j];
        const bool bounded = line->limit[0] != '\0';
        dsgd_grid_text(grid, line->name);
        dsgd_grid_real(grid, 6, line->second[0]);
        dsgd_grid_real(grid, 6, line->second[line->turns / 2]);
        dsgd_grid_real(grid, 6, line->second[line->turns - 1]);
        dsgd_grid_integer(grid, line->turns);
        dsgd_grid_text(grid, line->limit);
        dsgd_grid_real(grid, 6, bounded ? line->ceiling[line->turns / 2] : (double)NAN);
        dsgd_grid_real(grid, 4, line->fraction);
        dsgd_grid_real(grid, 6, line->per_second > 0.0 ? line->per_second : (double)NAN);
        dsgd_grid_real(grid, 6, line->operations > 0.0 ? line->operations : (double)NAN);
        dsgd_grid_text(grid, line->of);
    }
}

/* Seconds in the unit that shows three digits. */
static const char *shown(double seconds, char text[32])
{
    if (seconds >= 1.0) {
        snprintf(text, 32, "%.3g s", seconds);
    } else if (seconds >= 1e-3) {
        snprintf(text, 32, "%.3g ms", 1e3 * seconds);
    } else {
        snprintf(text, 32, "%.3g us", 1e6 * seconds);
    }
    return text;
}

static void print(const struct bench *bench, const struct bench_lines *lines)
{
    char min[32], median[32], max[32], limit[32];
    const struct bench_options *o = &bench->options;
    if (lines->left_out) {
        printf("%s\n", lines->left_out);
        return;
    }
    if (bench->part && bench->part->sized) { printf("d = %zu, k = %zu, ", o->d, o->k); }
    printf("%d thread%s, up to %d turns\n%-22s %9s %9s %9s  %-18s %s\n", o->threads, o->threads == 1 ? "" : "s", o->turns, "", "min", "median", "max", "of the ceiling", "what");
    for (size_t j = 0; j < lines->lines; ++j) {
        const struct bench_line *line = &lines->line[j];
        limit[0] = '\0';
        if (line->limit[0] != '\0') { snprintf(limit, sizeof limit, "%3.0f %% of %s", 100.0 * line->fraction, line->limit); }
        if (line->per_second > 0.0) { snprintf(limit, sizeof limit, "%.0f steps/s", line->per_second); }
        if (line->operations > 0.0) { snprintf(limit, sizeof limit, "%.1f Gflop/s", 1e-9 * line->operations / line->second[line->turns / 2]); }
        printf("%-22s %9s %9s %9s  %-18s %s\n", line->name, shown(line->second[0], min), shown(line->second[line->turns / 2], median),
               shown(line->second[line->turns - 1], max), limit, line->of);
    }
}

static enum dsgd_status report(const struct bench *bench, const struct bench_lines *lines)
{
    if (!bench->json) {
        print(bench, lines);
        return DSGD_OK;
    }
    struct dsgd_grid grid = {.columns = 0};
    fill(&grid, lines);
    json_t *root = json_object();
    json_set_number(root, "d", (double)bench->options.d);
    json_set_number(root, "k", (double)bench->options.k);
    json_set_number(root, "threads", bench->options.threads);
    if (lines->left_out) { json_object_set_new(root, "left_out", json_string(lines->left_out)); }
    json_object_set_new(root, "lines", json_grid(&grid));
    dsgd_grid_clear(&grid);
    return json_print(root);
}

static int command(int argc, char **argv)
{
    static const struct argp_option table[] = {
        {"turns", 'n', "N", 0, "Measurements of each line (default 7)", 0},
        {"threads", 't', "N", 0, "Threads (default: all cores; a configuration's settings have one)", 0},
        {"dimension", 'D', "D", 0, "kernels, round: coordinates (default 6573120, ResNet-9)", 0},
        {"chosen", 'k', "K", 0, "kernels, round: coordinates that are chosen (default 50000)", 0},
        {"backend", KEY_BACKEND, "DEVICE", 0, "kernels, round: cpu, cuda, cuda:1 (default cpu)", 0},
        {"only", KEY_ONLY, "WORDS", 0, "Lines whose name contains one of these words, with commas between them", 0},
        {"vector", KEY_VECTOR, "FILE", 0, "kernels, round: D floats (raw, little-endian) in place of a heavy-tailed vector", 0},
        {"set", 's', "KEY=VALUE", 0, "mnist, configuration: override a key; repeatable", 0},
        {"data", 'd', "FOLDER", 0, "Folder of the datasets (default: $DSGD_DATA, then data/)", 0},
        {"json", 'j', NULL, 0, "Report as JSON, seconds", 0},
        {NULL, 0, NULL, 0, NULL, 0}};
    static const struct argp_child children[] = {{&general_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {table, parse, "kernels|round|mnist|deep|CONFIG",
                                     "Times operations, rounds without gradients, small problems, or gradients of deep models, beside what the machine can move."
                                     "\vkernels: the operations of a device. round: rounds on stored gradients. mnist: steps on MNIST, and epochs of ten "
                                     "classes. deep: gradients of mlp, lenet and resnet9 on generated images, of transformer and lstm on generated sentences; with --threads N, of N workers side by side. CONFIG: steps of five algorithms on a configuration's problem, W = 4, batch 1.\nCeilings: read and copy of "
                                     "vectors; cells, 64 floats added to a random segment of a table; gather, floats read at random places of a table; on a GPU its copies of a vector, and of a table that its cache holds.",
                                     children, NULL, NULL};
    static struct bench bench;
    bench.options = (struct bench_options){.backend = "cpu", .d = RESNET9, .k = 50000, .turns = 7, .threads = omp_get_max_threads()};
    if (argp_parse(&argp, argc, argv, 0, NULL, &bench)) { return 2; }
    bench.options.set = bench.sets.set;
    bench.options.sets = bench.sets.sets;
    struct bench_lines lines = {.lines = 0};
    enum dsgd_status status = (bench.part ? bench.part->measure : bench_settings)(&bench.options, &lines);
    if (status == DSGD_OK) { status = report(&bench, &lines); }
    bench_lines_clear(&lines);
    common_options_clear(&bench.sets);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_bench = {"bench", "measure how fast operations, rounds and steps are", command};
