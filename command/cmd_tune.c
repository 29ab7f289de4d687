/* cmd_tune.c - dsgd tune: chooses the value of one key on held-out training examples and writes it as a small file. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/commands.h"
#include "command/json_out.h"
#include "command/options.h"
#include "command/run_one.h"
#include "lab/report/text_out.h"
#include "lab/sweep/tune.h"
#include "command/whole_output.h"

struct tune_options {
    struct common_options common;
    struct tune_request request;
    const char *output;
    char *list;                           /* --values, cut into its words */
    const char *value[TUNE_POINTS_MAX];   /* borrowed from list */
    bool is_grid;                         /* an option of the grid was given */
};

enum { KEY_KEY = 1000, KEY_FROM, KEY_FACTOR, KEY_POINTS, KEY_MOST, KEY_METRIC, KEY_SEEDS, KEY_VALUES };

static const struct argp_option tune_options_table[] = {
    {"key", KEY_KEY, "KEY", 0, "The key to choose (step.constant)", 0},
    {"values", KEY_VALUES, "LIST", 0, "These values, with commas between them, in place of a grid that grows", 0},
    {"from", KEY_FROM, "VALUE", 0, "The grid's first value (0.1)", 0},
    {"factor", KEY_FACTOR, "RATIO", 0, "From one value to the next (2)", 0},
    {"points", KEY_POINTS, "N", 0, "Values to begin with (5)", 0},
    {"most", KEY_MOST, "N", 0, "Values at most; if the best one is still at an end then, there is no answer and exit code 2 (24)", 0},
    {"metric", KEY_METRIC, "COLUMN", 0, "Column of the last row whose mean over the seeds shall be least (valid_loss or else test_error; of a problem with neither its objective)", 0},
    {"seeds", KEY_SEEDS, "LIST", 0, "Seeds (101,102,103); no seed of the final runs should be among them", 0},
    {"output", 'o', "FILE", 0, "Also write the value as a piece of a configuration; replaces nothing but such a file", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse_seeds(struct argp_state *state, const char *text, struct tune_request *request)
{
    const char *at = text;
    request->seeds = 0;
    for (;;) {
        char *end = NULL;
        const long long seed = *at >= '0' && *at <= '9' ? strtoll(at, &end, 10) : -1;
        bool good = end && seed >= 0 && seed <= 4294967295LL && (*end == '\0' || *end == ',') && request->seeds < TUNE_SEEDS_MAX;
        for (int j = 0; good && j < request->seeds; ++j) { good = request->seed[j] != seed; }
        if (!good) {
            argp_error(state, "--seeds %s: expected at most %d different whole numbers from 0 to 4294967295, with commas between them",
                       text, (int)TUNE_SEEDS_MAX);
            return ARGP_ERR_UNKNOWN;
        }
        request->seed[request->seeds++] = seed;
        if (*end == '\0') { return 0; }
        at = end + 1;
    }
}

/* Words between commas. */
static error_t parse_values(struct argp_state *state, const char *text, struct tune_options *options)
{
    free(options->list);
    options->list = strdup(text);
    if (!options->list) { return ENOMEM; }
    options->request.points = 0;
    for (char *at = options->list; at;) {
        char *comma = strchr(at, ',');
        if (comma) { *comma = '\0'; }
        bool good = *at && strlen(at) < DSGD_TEXT_MAX && options->request.points < TUNE_POINTS_MAX;
        for (int j = 0; good && j < options->request.points; ++j) { good = strcmp(options->value[j], at) != 0; }
        if (!good) {
            argp_error(state, "--values %s: expected at most %d different values, with commas between them", text, (int)TUNE_POINTS_MAX);
            return EINVAL;
        }
        options->value[options->request.points++] = at;
        at = comma ? comma + 1 : NULL;
    }
    options->request.values = options->value;
    options->request.most = options->request.points;
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct tune_options *options = state->input;
    struct tune_request *request = &options->request;
    int64_t n = 0;
    error_t error = 0;
    options->is_grid = options->is_grid || key == KEY_FROM || key == KEY_FACTOR || key == KEY_POINTS || key == KEY_MOST;
    switch (key) {
    case KEY_VALUES: return parse_values(state, arg, options);
    case KEY_KEY: request->key = arg; return 0;
    case KEY_FROM: return option_real(state, "--from", arg, 1e-30, 1e30, &request->from);
    case KEY_FACTOR: return option_real(state, "--factor", arg, 1.01, 1000.0, &request->factor);
    case KEY_POINTS:
        error = option_integer(state, "--points", arg, 1, TUNE_POINTS_MAX, &n);
        request->points = (int)n;
        return error;
    case KEY_MOST:
        error = option_integer(state, "--most", arg, 3, TUNE_POINTS_MAX, &n);
        request->most = (int)n;
        return error;
    case KEY_METRIC: request->metric = arg; return 0;
    case KEY_SEEDS: return parse_seeds(state, arg, request);
    case 'o': options->output = arg; return 0;
    case ARGP_KEY_INIT: state->child_inputs[0] = &options->common; return 0;
    case ARGP_KEY_END:
        if (request->values && options->is_grid) { argp_error(state, "--values: expected without --from, --factor, --points and --most, which make a grid"); }
        if (request->points > request->most) {
            argp_error(state, "--points %d: expected at most --most %d", request->points, request->most);
        }
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* The table; `prefix` makes its lines comments. */
static void print_table(FILE *out, const char *prefix, const struct tune_request *r, const struct tune *t)
{
    fprintf(out, "%s%s of ", prefix, r->key);
    dsgd_print_shown(out, t->name);
    fprintf(out, " by mean %s (least is best) over %d seeds", t->metric, r->seeds);
    for (int j = 0; j < r->seeds; ++j) { fprintf(out, "%s%lld", j ? ", " : " (", (long long)r->seed[j]); }
    fprintf(out, ")\n%sdata: ", prefix);
    dsgd_print_shown(out, t->dataset_title);
    if (strcmp(t->dataset_sha256, "none") != 0) { fprintf(out, " (sha256 %.8s)", t->dataset_sha256); }
    fprintf(out, "\n%s%-12s %-12s each seed\n", prefix, "value", "mean");
    for (int p = 0; p < t->points; ++p) {
        fprintf(out, "%s%-12s %-12.6g", prefix, t->point[p].text, t->point[p].mean);
        for (int j = 0; j < r->seeds; ++j) { fprintf(out, " %.6g", t->point[p].value[j]); }
        fprintf(out, "%s\n", p == t->best ? "  <- best" : "");
    }
}

static enum dsgd_status write_fragment(const char *path, const struct tune_request *r, const struct tune *t)
{
    struct whole_output whole;
    DSGD_TRY(whole_output_open(&whole));
    FILE *out = whole.out;
    const char *value = t->point[t->best].text, *dot = strchr(r->key, '.');
    fputs("# written by dsgd tune\n", out);
    print_table(out, "# ", r, t);
    fprintf(out, "# --set %s=%s\n", r->key, value);
    if (dot) {
        fprintf(out, "%.*s {\n    %s = %s\n}\n", (int)(dot - r->key), r->key, dot + 1, value);
    } else {
        fprintf(out, "%s = %s\n", r->key, value);
    }
    return whole_output_close(&whole, DSGD_OK, path, TEXT_FILE_HASH);
}

static enum dsgd_status print_json(const struct tune_request *r, const struct tune *t)
{
    json_t *root = json_object(), *points = json_array();
    for (int p = 0; p < t->points; ++p) {
        json_t *each = json_array(), *point = json_object();
        for (int j = 0; j < r->seeds; ++j) { json_array_append_new(each, json_number(t->point[p].value[j])); }
        json_set_text(point, "value", t->point[p].text);
        json_set_number(point, "mean", t->point[p].mean);
        json_object_set_new(point, "each_seed", each);
        json_array_append_new(points, point);
    }
    json_set_text(root, "config", t->name);
    json_set_text(root, "key", r->key);
    json_set_text(root, "metric", t->metric);
    json_set_text(root, "best", t->point[t->best].text);
    json_set_text(root, "dataset_title", t->dataset_title);
    json_set_text(root, "dataset_sha256", t->dataset_sha256);
    json_object_set_new(root, "made", json_integer(t->made));
    json_object_set_new(root, "points", points);
    return json_print(root);
}

static enum dsgd_status tune_all(const struct tune_options *options)
{
    struct tune tune;
    if (options->output) { DSGD_TRY(dsgd_text_file_check(options->output)); }
    enum dsgd_status status = dsgd_tune_search(&options->request, &tune);
    if (status == DSGD_OK && options->output) { status = write_fragment(options->output, &options->request, &tune); }
    if (status == DSGD_OK && options->common.json) {
        status = print_json(&options->request, &tune);
    } else if (status == DSGD_OK && !options->common.quiet) {
        print_table(stdout, "", &options->request, &tune);
        printf("%d runs made, %d were there\n", tune.made, tune.points * options->request.seeds - tune.made);
    } else if (status == DSGD_EINPUT && tune.points == options->request.most && !options->common.quiet) {
        print_table(stderr, "", &options->request, &tune); /* an end of the grid: what it looks like there */
    }
    dsgd_tune_clear(&tune);
    return status;
}

/* Two that try the same value share its runs. */
static enum dsgd_status make(void *context, const char *path, const struct dsgd_session *session)
{
    const struct tune_options *options = context;
    const struct run_one_options one = {.quiet = true, .snapshot_seconds = DSGD_SNAPSHOT_S, .wish = {.wait = true}};
    return run_one(path, &one, session, options->request.argc, options->request.argv);
}

static void tried(void *context, const char *name, const char *metric, const struct tune_point *point)
{
    const struct tune_options *options = context;
    fprintf(stderr, "%s  %s = %-10s  mean %s %.6g\n", name, options->request.key, point->text, metric, point->mean);
}

static int command(int argc, char **argv)
{
    static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {
        tune_options_table, parse, "CONFIG",
        "Chooses the value of one key: runs a geometric grid, each value with each seed, on held-out training examples "
        "(DATASET.split = tuning, set by this command), and takes the value whose last rows are best on average.\v"
        "The grid grows by one value at an end as long as the best one stands there. A diverged run counts as infinite; of equally "
        "good values the middle one is taken. Every run is a result like that of dsgd run: what is there is not made again.",
        children, NULL, NULL};
    struct tune_options options = {.request = {.key = "step.constant", .from = 0.1, .factor = 2.0,
                                               .points = 5, .most = 24, .seed = {101, 102, 103}, .seeds = 3,
                                               .argc = argc, .argv = argv}};
    if (argp_parse(&argp, argc, argv, 0, NULL, &options)) { return 2; }
    options.request.config = options.common.config;
    options.request.data = options.common.data;
    options.request.set = options.common.set;
    options.request.sets = options.common.sets;
    options.request.threads = options.common.threads;
    const struct dsgd_session_options open = common_session(&options.common, false);
    options.request.say = open.say;
    options.request.say_context = open.say_context;
    options.request.make = make;
    options.request.tried = options.common.quiet ? NULL : tried;
    options.request.context = &options;
    const enum dsgd_status status = tune_all(&options);
    common_options_clear(&options.common);
    free(options.list);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_tune = {"tune", "choose a key's value on held-out training examples", command};
